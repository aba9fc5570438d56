"""The people who decide: they look at cards that wait, click, and click again when they were not answered."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import sqlalchemy as sa

from bot.cards import APPROVE, REJECT
from bot.views import REASON_INPUT
from cases.case import AwaitingApproval, Stage
from makewhole.assembly import House
from store import tables
from tests.crash.claims import Claim, End
from tests.crash.town import Town
from workflow.approval import open_stage

LEAD, FINANCE = "U0AMELIA001", "U0NOAH00001"
#: Each rejects from a screen of their own: one person has one modal open at a time.
REJECTORS = ("U0WEIZHANG1", "U0AMELIA001")
AT_ONCE = 4


@dataclass(slots=True)
class People:
    """Everybody at their screens. `clicks` counts what the product acknowledged."""

    town: Town
    house: House
    ends: dict[str, End]
    clicks: int = 0
    _answered: set[tuple[str, int]] = field(default_factory=set)
    at_once: int = AT_ONCE

    @classmethod
    def of(cls, town: Town, house: House, claims: tuple[Claim, ...], *, at_once: int = AT_ONCE) -> "People":
        """Return people who know how each of these claims is to end; `at_once` of them click at the same time."""
        return cls(town, house, {claim.reference: claim.end for claim in claims}, at_once=at_once)

    def look(self) -> int:
        """Decide what waits, and return how many cards waited.

        What the product has acknowledged it must see through, even if it is killed at once: nobody clicks it again.
        """
        waiting = self._waiting()
        new = [each for each in waiting if (each[0].proposal.fingerprint, len(each[0].approvals)) not in self._answered]
        approvals = [each for each in new if self._end_of(each[0]) is not End.REJECTED]
        if self.at_once > 1 and approvals:
            with ThreadPoolExecutor(self.at_once) as threads:
                answered = list(threads.map(lambda each: self._approve(*each), approvals))
        else:
            answered = [self._approve(*each) for each in approvals]
        rejections = [each for each in new if self._end_of(each[0]) is End.REJECTED]
        answered += [self._reject(channel, ts) for _, channel, ts in rejections]
        for (case, _, _), done in zip(approvals + rejections, answered, strict=True):
            if done:
                self.clicks += 1
                self._answered.add((case.proposal.fingerprint, len(case.approvals)))
        return len(waiting)

    def _end_of(self, case: AwaitingApproval) -> End | None:
        return self.ends.get(case.about.loss.reference) if case.about.loss else None

    def _waiting(self) -> list[tuple[AwaitingApproval, str, str]]:
        with self.house.database.read() as connection:
            found = self.house.desk.cases.list(connection, stage=Stage.AWAITING_APPROVAL, limit=10_000)
            column = tables.cards.c
            posted = connection.execute(sa.select(column.case_number, column.channel, column.ts))
            places = {row.case_number: (row.channel, row.ts) for row in posted if row.ts is not None}
        return [
            (each.case, *places[each.number])
            for each in reversed(found)
            if isinstance(each.case, AwaitingApproval) and each.number in places
        ]

    def _approve(self, case: AwaitingApproval, channel: str, ts: str) -> bool:
        number = open_stage(case.proposal, case.approvals)
        roles = case.proposal.approvals[number or 0].roles
        user = FINANCE if roles == ("finance",) else LEAD
        done = self.town.act("click", user=user, channel=channel, ts=ts, action_id=APPROVE)
        return bool(done and done["acknowledged"])

    def _reject(self, channel: str, ts: str) -> bool:
        user = REJECTORS[0]
        done = self.town.act("click", user=user, channel=channel, ts=ts, action_id=REJECT)
        if not (done and done["acknowledged"]):
            return False
        values = {REASON_INPUT: {REASON_INPUT: "evidence_missing"}}
        sent = self.town.act("submit", user=user, values=values)
        return bool(sent and sent.get("acknowledged"))
