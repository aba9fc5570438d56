"""The people who decide: they look at cards that wait, click, and click again when nothing came of it."""

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from bot.cards import APPROVE, REJECT
from bot.views import REASON_INPUT
from cases.case import AwaitingApproval, Stage
from makewhole.assembly import House
from store import cards
from tests.crash.claims import Claim, End
from tests.crash.town import Town
from workflow.approval import open_stage

LEAD, FINANCE = "U0AMELIA001", "U0NOAH00001"
#: Each rejects from a screen of their own: one person has one modal open at a time.
REJECTORS = ("U0WEIZHANG1", "U0AMELIA001")
IMPATIENCE_SECONDS = 4.0
AT_ONCE = 4


@dataclass(slots=True)
class People:
    """Everybody at their screens. `clicks` counts what the product acknowledged."""

    town: Town
    house: House
    ends: dict[str, End]
    clicks: int = 0
    _asked_at: dict[tuple[str, int], float] = field(default_factory=dict)
    _threads: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(AT_ONCE))

    @classmethod
    def of(cls, town: Town, house: House, claims: tuple[Claim, ...]) -> "People":
        """Return people who know how each of these claims is to end."""
        return cls(town, house, {claim.reference: claim.end for claim in claims})

    def look(self, *, most: int = 100) -> int:
        """Decide what waits, up to `most` cards, and return how many waited."""
        now = time.monotonic()
        waiting = self._waiting()
        approvals: list[tuple[AwaitingApproval, str, str]] = []
        rejections: list[tuple[AwaitingApproval, str, str]] = []
        for case, channel, ts in waiting:
            key = (case.proposal.fingerprint, len(case.approvals))
            if now - self._asked_at.get(key, -IMPATIENCE_SECONDS) < IMPATIENCE_SECONDS:
                continue
            if len(approvals) + len(rejections) >= most:
                break
            self._asked_at[key] = now
            reference = case.about.loss.reference if case.about.loss else ""
            rejected = self.ends.get(reference) is End.REJECTED
            (rejections if rejected else approvals).append((case, channel, ts))
        clicked = sum(self._threads.map(lambda each: self._approve(*each), approvals))
        clicked += sum(self._reject(channel, ts) for _, channel, ts in rejections)
        self.clicks += clicked
        return len(waiting)

    def close(self) -> None:
        """Let everybody go home."""
        self._threads.shutdown()

    def _waiting(self) -> list[tuple[AwaitingApproval, str, str]]:
        with self.house.database.read() as connection:
            found = self.house.desk.cases.list(connection, stage=Stage.AWAITING_APPROVAL, limit=10_000)
            places = {each.number: cards.find(connection, each.case.about.id) for each in reversed(found)}
        return [
            (each.case, place.channel, place.ts)
            for each in reversed(found)
            if isinstance(each.case, AwaitingApproval) and (place := places[each.number]) and place.ts
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
