"""A provider that loses answers, forgets keys and shows payments late, and workers that die; time is a number.

The world keeps what it promises in `Terms` and nothing more. What is held to account is `Rules`: the functions that
decide and store. A planted bug is the same world with one of them spoilt.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from payouts import attempt as stored
from payouts import ledger
from payouts.answers import (
    Absent,
    Confirmed,
    Doubled,
    Failed,
    LookUpAnswer,
    NotProcessed,
    Pending,
    SendAnswer,
    Unanswered,
    Unknown,
)
from payouts.attempt import Attempt, PayoutState
from payouts.ledger import Entry
from payouts.paying import Done, LookUp, Person, Send, Step, Terms, Wait, entries, next_step
from tests.payouts.orders import NOON, an_order


@dataclass(kw_only=True)
class Payment:
    """One payment at the provider."""

    id: str
    status: str
    visible_at: datetime


@dataclass(frozen=True, kw_only=True)
class Rules:
    """What is tested: the real functions, or one of them spoilt."""

    next_step: Callable[[Attempt, datetime, Terms], Step] = next_step
    sending: Callable[[Attempt, int, datetime], Attempt] = lambda attempt, generation, now: stored.sending(
        attempt, key_generation=generation, now=now
    )
    stores_before_sending: bool = True
    heeds_not_after: bool = True
    keeps_old_failures_apart: bool = True
    books: Callable[[Attempt, Attempt], tuple[Entry, ...]] = lambda before, after: entries(before, after, an_order())


@dataclass(kw_only=True)
class World:
    """One payout, its provider, its workers and the books."""

    rules: Rules
    terms: Terms
    now: datetime = NOON
    row: Attempt = field(default_factory=Attempt)
    payments: list[Payment] = field(default_factory=list)
    keys: dict[str, tuple[Payment, datetime]] = field(default_factory=dict)
    in_the_air: list[tuple[datetime, str, float, str]] = field(default_factory=list)
    frozen: list[tuple[Send, Attempt]] = field(default_factory=list)
    entries: tuple[Entry, ...] = ()
    sendings: int = 0

    def __post_init__(self) -> None:
        order = an_order()
        self.entries = (ledger.promised(order, order.approved.proposal.classification),)

    @property
    def live(self) -> list[Payment]:
        """Payments that were made or will be."""
        return [each for each in self.payments if each.status != "failed"]

    def pass_time(self, seconds: float) -> None:
        """Let time pass; requests that were in the air arrive on their way."""
        self.now += timedelta(seconds=seconds)
        arrived = [each for each in self.in_the_air if each[0] <= self.now]
        self.in_the_air = [each for each in self.in_the_air if each[0] > self.now]
        for at, key, lag, status in sorted(arrived):
            self._process(key, lag, status, at)

    def work(self, fate: str, *, lag: float, status: str) -> Step:
        """Run one job as the step says; `fate` is what becomes of its call."""
        step = self.rules.next_step(self.row, self.now, self.terms)
        match step:
            case Send():
                self._send(step, fate, lag, status)
            case LookUp():
                self._look_up(fate)
            case Wait() | Person() | Done():
                pass
        return step

    def wake(self, *, lag: float, status: str) -> None:
        """Let a worker that was frozen between storing and sending go on."""
        step, mine = self.frozen.pop()
        if self.rules.heeds_not_after and self.now > step.not_after:
            return
        payment = self._process(self._key(step), lag, status, self.now)
        if self.row == mine:  # Compare-and-set: somebody else may have moved it on.
            self._store(stored.answered(mine, _answer(payment), now=self.now))

    def settle_pending(self, status: str) -> None:
        """Let the provider make up its mind about what is pending."""
        for each in self.payments:
            if each.status == "pending":
                each.status = status

    @property
    def asks_a_person(self) -> bool:
        """Whether a person is asked who may simply let it go on: it failed, takes long, or patience ran out."""
        return self.row.held is None and isinstance(next_step(self.row, self.now, self.terms), Person)

    def start_again(self) -> None:
        """Let a person start a failed payout again, or release one that took long."""
        failed = self.row.state is PayoutState.FAILED
        self._store(stored.again(self.row) if failed else stored.released(self.row))

    def _send(self, step: Send, fate: str, lag: float, status: str) -> None:
        self.sendings += 1
        before = self.row
        mine = self.rules.sending(before, step.key_generation, self.now)
        if self.rules.stores_before_sending:
            self._store(mine)
        if fate == "dies before the call":
            return
        if fate == "freezes before the call" and self.rules.stores_before_sending:
            self.frozen.append((step, mine))
            return
        answer = self._call(self._key(step), fate, lag, status)
        if answer is not None:
            self._store(stored.answered(mine, answer, now=self.now))

    def _call(self, key: str, fate: str, lag: float, status: str) -> SendAnswer | None:
        """Return the provider's answer; None when the worker dies before it can store it."""
        lost = Unknown(reason="read timeout")
        match fate:
            case "is refused":
                return NotProcessed(reason="HTTP 503", wait_seconds=1)
            case "is lost":
                return lost
            case "arrives late":
                late = self.now + self.terms.send_within * min(lag, 1)
                self.in_the_air.append((late, key, lag, status))
                return lost
        payment = self._process(key, lag, status, self.now)
        match fate:
            case "dies after the call":
                return None
            case "is done, the answer lost":
                return lost
            case "is done, but said not to be":
                return NotProcessed(reason="HTTP 503 from a gateway", wait_seconds=None)
            case _:
                return _answer(payment)

    def _process(self, key: str, lag: float, status: str, at: datetime) -> Payment:
        known = self.keys.get(key)
        if known is not None and at < known[1] + self.terms.key_life:
            return known[0]
        payment = Payment(
            id=f"po_{len(self.payments) + 1}", status=status, visible_at=at + self.terms.visible_within * lag
        )
        self.payments.append(payment)
        self.keys[key] = (payment, at)
        return payment

    def _look_up(self, fate: str) -> None:
        if fate == "dies before the call":
            return
        answer: LookUpAnswer = Unanswered(reason="timeout", wait_seconds=None) if "lost" in fate else self._found()
        settle = self.terms.settle if self.rules.keeps_old_failures_apart else timedelta(0)
        self._store(stored.looked_up(self.row, answer, asked_at=self.now, settle=settle))

    def _found(self) -> LookUpAnswer:
        over = self.row.failed_ids if self.rules.keeps_old_failures_apart else ()
        shown = [each for each in self.payments if each.visible_at <= self.now and each.id not in over]
        live = [each for each in shown if each.status != "failed"]
        if len(live) > 1:
            return Doubled(provider_ids=tuple(each.id for each in live))
        if live:
            return _answer(live[0])
        return Failed(provider_ids=tuple(each.id for each in shown), reason="closed account") if shown else Absent()

    def _key(self, step: Send) -> str:
        return an_order(generation=step.key_generation).key

    def _store(self, after: Attempt) -> None:
        for entry in self.rules.books(self.row, after):
            self.entries = ledger.record(self.entries, entry)
        self.row = after


def _answer(payment: Payment) -> Confirmed | Pending | Failed:
    match payment.status:
        case "confirmed":
            return Confirmed(provider_id=payment.id, created_at=None)
        case "pending":
            return Pending(provider_id=payment.id)
        case _:
            return Failed(provider_ids=(payment.id,), reason="closed account")
