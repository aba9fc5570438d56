"""What to do next about a payout, so that it is paid once and not less. Pure: the caller does what is returned.

A payout whose answer never came is `unknown`. It is resolved by looking it up under our reference, never by sending
it again: a provider forgets keys, and a repeat under a forgotten key is a second payment. Why each rule is as it is:
docs/decisions/0010-paying-once.md.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from payouts.attempt import Attempt, PayoutState
from payouts.ledger import PAYOUT_PROVIDER, Entry, confirmed, failed, returned, submitted
from payouts.order import PayoutOrder

#: A key is used for a repeat only in this part of its life; the rest is for clocks that differ and requests that crawl.
KEY_LIFE_USED = 0.8


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a provider promises, and how patient we are. All of it is configuration; raises ValueError when senseless.

    Fields:
        key_life: How long it remembers an idempotency key; zero when it knows none.
        looks_up: Whether payouts can be found under our reference.
        send_within: From storing a sending until its request has been read by the provider or is given up.
        visible_within: From then until a look-up is sure to show the payout.
        proof_life: How long an absence that was seen may be acted on.
        look_up_every: Pause between two look-ups of one payout; grows to a tenth of its age while it is submitted.
        pending_within: The longest a payout may stay submitted before a person asks the provider.
        patience: Sendings and look-ups without a clear word before a person looks.
    """

    key_life: timedelta
    looks_up: bool = True
    send_within: timedelta = timedelta(seconds=60)
    visible_within: timedelta = timedelta(seconds=60)
    proof_life: timedelta = timedelta(minutes=15)
    look_up_every: timedelta = timedelta(seconds=30)
    pending_within: timedelta = timedelta(days=3)
    patience: int = 20

    def __post_init__(self) -> None:
        if min(self.key_life, self.visible_within) < timedelta(0) or self.patience < 1:
            raise ValueError("key_life and visible_within may not be negative, patience is at least 1")
        if min(self.send_within, self.proof_life, self.look_up_every, self.pending_within) <= timedelta(0):
            raise ValueError("send_within, proof_life, look_up_every and pending_within must be more than nothing")

    @property
    def settle(self) -> timedelta:
        """How long after the last sending a look-up that finds nothing proves that there is nothing."""
        return self.send_within + self.visible_within


@dataclass(frozen=True, slots=True, kw_only=True)
class Send:
    """Store `attempt.sending(…)`, commit, then send under this key generation.

    Read the clock again just before the request and drop it when `not_after` is past: a worker that was frozen in
    between could otherwise send when another has already proved the payment absent. Its timeout ends there too.
    """

    key_generation: int
    not_after: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class LookUp:
    """Look it up under our reference; note the time before asking, and give both to `attempt.looked_up`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """Nothing to do before `until`; ask for the next step again then."""

    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Only a person can move it on. `reason` is one sentence for them."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """It is paid; `provider_id` is the provider's id of it."""

    provider_id: str


Step = Send | LookUp | Wait | Person | Done


def next_step(attempt: Attempt, now: datetime, terms: Terms) -> Step:
    """Return what to do about this payout now (aware; ValueError otherwise). Asking twice gives the same."""
    if now.tzinfo is None:
        raise ValueError("now must be aware")
    if attempt.held is not None:
        return Person(reason=attempt.held)
    match attempt.state:
        case PayoutState.CONFIRMED:
            return Done(provider_id=attempt.provider_id or "")
        case PayoutState.FAILED:
            return Person(reason=f"the payout failed: {attempt.reason}")
        case _:
            return _while_open(attempt, now, terms)


def entries(before: Attempt, after: Attempt, order: PayoutOrder, *, way: str = PAYOUT_PROVIDER) -> tuple[Entry, ...]:
    """Return what the ledger must hold for this change; write it in the transaction that stores `after`.

    order: Of this payout, whatever its key generation. Empty for a change that moves no money, and for a benefit that
    is none. The promise itself (`ledger.promised`) belongs to the approval.
    """
    if order.money is None:
        return ()
    old = replace(order, key_generation=before.key_generation)
    new = replace(order, key_generation=after.key_generation)
    written: list[Entry] = []
    open_before = before.under_way
    if open_before and after.key_generation != before.key_generation:
        written.append(failed(old, way))
        open_before = False
    paid_before, paid_after = before.state is PayoutState.CONFIRMED, after.state is PayoutState.CONFIRMED
    if paid_before and not paid_after:
        written.append(returned(old, way))
    if not open_before and not paid_before and (after.under_way or paid_after):
        written.append(submitted(new, way))
    if paid_after and not paid_before:
        written.append(confirmed(new, way))
    if open_before and after.state is PayoutState.FAILED:
        written.append(failed(new, way))
    return tuple(written)


def _while_open(attempt: Attempt, now: datetime, terms: Terms) -> Step:
    """Return the step for a payout that is neither paid nor failed, as long as patience lasts."""
    step = _by_state(attempt, now, terms)
    if attempt.troubles >= terms.patience and (isinstance(step, Send) or _is_idle(attempt, now, terms)):
        return Person(reason=f"no clear word after {attempt.troubles} tries, last: {attempt.reason or 'none'}")
    if attempt.not_before is not None and now < attempt.not_before and not isinstance(step, Person):
        return Wait(until=attempt.not_before)
    return step


def _by_state(attempt: Attempt, now: datetime, terms: Terms) -> Step:
    if attempt.state is PayoutState.SUBMITTED:
        return _while_submitted(attempt, now, terms)
    first_sent_at, last_sent_at = attempt.first_sent_at, attempt.last_sent_at
    if first_sent_at is None or last_sent_at is None:
        return _send(attempt.key_generation, now, terms)
    if attempt.state is PayoutState.INTENDED and _key_lives(first_sent_at, now, terms):
        return _send(attempt.key_generation, now, terms)
    return _resolve(attempt, first_sent_at, last_sent_at, now=now, terms=terms)


def _resolve(attempt: Attempt, first_sent_at: datetime, last_sent_at: datetime, *, now: datetime, terms: Terms) -> Step:
    """Return the step for a payout that may or may not have been paid: it is sent only when proved absent."""
    if not terms.looks_up:
        return Person(reason="it is not known whether it was paid, and this way of paying cannot be asked")
    settled_at = last_sent_at + terms.settle
    if _is_proof(attempt.absent_at, settled_at, now=now, terms=terms):
        lives = _key_lives(first_sent_at, now, terms)
        return _send(attempt.key_generation if lives else attempt.key_generation + 1, now, terms)
    if attempt.looked_up_at is None:
        return LookUp()
    due = attempt.looked_up_at + terms.look_up_every
    if attempt.looked_up_at < settled_at:
        due = min(due, settled_at)
    return LookUp() if now >= due else Wait(until=due)


def _while_submitted(attempt: Attempt, now: datetime, terms: Terms) -> Step:
    """Return the step for a payout that the provider has accepted; it is never sent again, whatever a look-up finds."""
    sent_at = attempt.last_sent_at or now
    overdue_at = sent_at + terms.pending_within
    if attempt.absent_at is not None and attempt.absent_at >= sent_at + terms.settle:
        return Person(reason=f"the provider accepted it as {attempt.provider_id} and no longer knows it")
    if not terms.looks_up:
        return Person(reason="accepted and never confirmed") if now >= overdue_at else Wait(until=overdue_at)
    asked_at = attempt.looked_up_at or sent_at
    due = asked_at + max(terms.look_up_every, (asked_at - sent_at) / 10)  # The longer it takes, the rarer we ask.
    if asked_at >= overdue_at:
        return Person(reason=f"the provider has had it as {attempt.provider_id} since {sent_at:%Y-%m-%d %H:%M} UTC")
    return LookUp() if now >= due else Wait(until=due)


def _send(key_generation: int, now: datetime, terms: Terms) -> Send:
    return Send(key_generation=key_generation, not_after=now + terms.send_within)


def _key_lives(first_sent_at: datetime, now: datetime, terms: Terms) -> bool:
    """Whether a request sent now under this key is sure to be read while the provider still remembers the key."""
    return now < first_sent_at + terms.key_life * KEY_LIFE_USED and (
        now + terms.send_within <= first_sent_at + terms.key_life
    )


def _is_proof(absent_at: datetime | None, settled_at: datetime, *, now: datetime, terms: Terms) -> bool:
    """Whether an absence was seen late enough after the last sending, and recently enough to act on."""
    return absent_at is not None and absent_at >= settled_at and absent_at <= now < absent_at + terms.proof_life


def _is_idle(attempt: Attempt, now: datetime, terms: Terms) -> bool:
    """Whether no sending can still be in the air, so that what a person is told will not change under them."""
    return attempt.last_sent_at is None or now >= attempt.last_sent_at + terms.settle
