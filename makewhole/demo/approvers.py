"""What people do in Slack on the demo's day: approve, reject, come too late, try what they may not."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import httpx

from bot.cards import APPROVE, REJECT
from bot.values import ButtonValue
from bot.views import REASON_INPUT
from cases.case import AwaitingApproval, Stage
from cases.people import Person
from makewhole.assembly import House
from makewhole.sandboxed import Sandbox
from store import cards
from workflow.approval import open_stage
from workflow.one_case import handlers_of

#: Every so many cases somebody says no.
REJECT_EVERY = 9
NOT_ALLOWED = "U0LUCA00001"
REASON = "evidence_missing"


@dataclass(slots=True)
class Approvers:
    """The people at their screens; `clicks` counts what they did."""

    house: House
    sandbox: Sandbox
    clicks: Counter[str] = field(default_factory=Counter)
    _seen: set[tuple[str, int]] = field(default_factory=set)

    def work(self, *, most: int) -> int:
        """Decide up to `most` cards that wait, and return how many were clicked."""
        done = 0
        for case in self._waiting():
            key = (case.proposal.fingerprint, len(case.approvals))
            with self.house.database.read() as connection:
                place = cards.find(connection, case.about.id)
            if key in self._seen or place is None or place.ts is None:
                continue
            if self._decide(case, place.channel, place.ts):
                self._seen.add(key)
                done += 1
            if done == most:
                break
        return done

    def _waiting(self) -> list[AwaitingApproval]:
        with self.house.database.read() as connection:
            found = self.house.desk.cases.list(connection, stage=Stage.AWAITING_APPROVAL, limit=1000)
        waiting = [each.case for each in found if isinstance(each.case, AwaitingApproval)]
        return sorted(waiting, key=lambda case: len(case.about.id) * 10_000 + int(case.about.id.rpartition("-")[2]))

    def _decide(self, case: AwaitingApproval, channel: str, ts: str) -> bool:
        able = self._able(case)
        if not able or able[0].slack_id is None:
            return False
        number = int(case.about.id.rpartition("-")[2])
        first = able[0].slack_id
        if number % REJECT_EVERY == 0 and not case.approvals:
            return self._reject(first, channel, ts)
        self._try_what_is_not_allowed(number, case, first, channel, ts)
        if not self._click("approve", first, channel, ts):
            return False
        self._come_too_late(number, able, channel, ts)
        return True

    def _try_what_is_not_allowed(  # Who, what and where.
        self, number: int, case: AwaitingApproval, slack_id: str, channel: str, ts: str
    ) -> None:
        match number % REJECT_EVERY:
            case 1:
                self._click("not_allowed", NOT_ALLOWED, channel, ts)
            case 2:
                forged = ButtonValue(case=case.about.id, revision=1, fingerprint="0" * 16).text()
                self._click("forged", slack_id, channel, ts, value=forged)
            case _:
                pass

    def _come_too_late(self, number: int, able: list[Person], channel: str, ts: str) -> None:
        match number % REJECT_EVERY:
            case 3:
                self._click("again", able[0].slack_id or "", channel, ts)
            case 4 if len(able) > 1:
                self._click("late", able[1].slack_id or "", channel, ts)
            case _:
                pass

    def _able(self, case: AwaitingApproval) -> list[Person]:
        number = open_stage(case.proposal, case.approvals)
        roles = case.proposal.approvals[number].roles if number is not None else ()
        with self.house.database.read() as connection:
            handlers = handlers_of(self.house.desk, connection, case)
        gone = {*handlers, *(each.person for each in case.approvals)}
        return [
            person
            for person in self.house.desk.people.everyone
            if person.id not in gone
            and any(each.role in roles and each.covers(case.proposal.amount) for each in person.authorities)
        ]

    def _reject(self, slack_id: str, channel: str, ts: str) -> bool:
        if not self._click("reject", slack_id, channel, ts, action=REJECT):
            return False
        values = {REASON_INPUT: {REASON_INPUT: REASON}}
        return self._act("submit", {"user": slack_id, "values": values})

    def _click(self, kind: str, slack_id: str, channel: str, ts: str, **more: str) -> bool:
        act = {"user": slack_id, "channel": channel, "ts": ts, "action_id": more.pop("action", APPROVE), **more}
        done = self._act("click", act)
        self.clicks[kind] += done
        return done

    def _act(self, what: str, act: dict[str, Any]) -> bool:
        """Return whether the product acknowledged it; while it is down, a person sees Slack's error and tries later."""
        try:
            answer = self.sandbox.post(f"/slack/_sandbox/act/{what}", act)
        except httpx.HTTPStatusError:
            return False
        return bool(answer.get("acknowledged")) and not answer.get("errors")
