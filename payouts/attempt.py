"""How far one payout has come: what is stored of it, and what each word of the provider makes of it. Pure.

Store every change by compare-and-set on the attempt it was made from. When that fails, somebody else moved it on:
read it again and ask `paying.next_step`; a provider's word that got lost that way is found by the next look-up.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from payouts.answers import (
    Absent,
    Alarm,
    Confirmed,
    Doubled,
    Failed,
    LookUpAnswer,
    NotProcessed,
    Pending,
    Refused,
    SendAnswer,
    Unanswered,
    Unknown,
)

LONGEST_WAIT_SECONDS = 900.0
"""The longest pause between two tries, whatever the provider asks for."""


class PayoutState(StrEnum):
    """The name of each state, as it is stored and shown.

    intended: nothing is under way; `first_sent_at` still counts, as a provider's "not processed" is taken as advice.
    unknown: from the moment a sending is stored, before money moves, until the provider's word on it is stored.
    submitted: the provider has it and will pay or fail it.
    confirmed: paid.
    failed: the provider will not pay it; only a person can start again.
    """

    INTENDED = "intended"
    UNKNOWN = "unknown"
    SUBMITTED = "submitted"
    CONFIRMED = "confirmed"
    FAILED = "failed"


class NotForThis(ValueError):
    """Raised when a person's word does not fit the state: what was failed cannot be released, and so on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """All that is stored of one payout's way, the order apart. A new one is `Attempt()`. All times aware, UTC.

    Fields:
        state: See PayoutState.
        key_generation: Which key it is sent under, from 1.
        first_sent_at: When this key was first sent, stored before it was; None when it never was.
        last_sent_at: When it was last sent, under whatever key; None when it never was.
        looked_up_at: When the last look-up since the last sending was asked; None when there was none.
        absent_at: The same for the last look-up that found nothing; None when none did.
        not_before: Nothing is done until then; None when nothing needs to be waited for.
        troubles: Sendings and look-ups since the provider last gave a clear word.
        provider_id: The provider's id; None while it has not given one.
        failed_ids: Ids of payouts under our reference that have failed and are over; a look-up passes them by.
        reason: What the provider said last in words, for people; "" when nothing.
        held: Why a person must look; while it stands nothing is done. None when it may go on.
    """

    state: PayoutState = PayoutState.INTENDED
    key_generation: int = 1
    first_sent_at: datetime | None = None
    last_sent_at: datetime | None = None
    looked_up_at: datetime | None = None
    absent_at: datetime | None = None
    not_before: datetime | None = None
    troubles: int = 0
    provider_id: str | None = None
    failed_ids: tuple[str, ...] = ()
    reason: str = ""
    held: str | None = None

    @property
    def under_way(self) -> bool:
        """Whether the money of this key generation may be moving; the ledger's clearing account follows this."""
        return self.first_sent_at is not None and self.state not in {PayoutState.CONFIRMED, PayoutState.FAILED}


def may_have_moved(attempt: Attempt) -> bool:
    """Whether money of this attempt may be under way or paid; False only when it is certain that none was or will be.

    An intended attempt that a person must look at was refused by the provider, or never sent: nothing is under way.
    """
    match attempt.state:
        case PayoutState.FAILED:
            return attempt.held is not None
        case PayoutState.INTENDED:
            return attempt.first_sent_at is not None and attempt.held is None
        case _:
            return True


def sending(attempt: Attempt, *, key_generation: int, now: datetime) -> Attempt:
    """Return the attempt to store, in a committed transaction, before the request of a `paying.Send` is made.

    A crash at any later moment leaves it `unknown`, which is the truth.
    """
    same_key = key_generation == attempt.key_generation
    return replace(
        attempt,
        state=PayoutState.UNKNOWN,
        key_generation=key_generation,
        first_sent_at=attempt.first_sent_at if same_key and attempt.first_sent_at else now,
        last_sent_at=now,
        looked_up_at=None,
        absent_at=None,
        not_before=None,
        troubles=attempt.troubles + 1,
    )


def answered(attempt: Attempt, answer: SendAnswer, *, now: datetime) -> Attempt:
    """Return the attempt after the provider's answer to a sending. `attempt` is what `sending` gave."""
    match answer:
        case Confirmed() | Pending() | Failed() | Alarm():
            return _told(attempt, answer)
        case Unknown():
            return replace(attempt, reason=answer.reason)
        case NotProcessed() if attempt.state is PayoutState.UNKNOWN:
            later = _later(now, answer.wait_seconds, attempt.troubles)
            return replace(attempt, state=PayoutState.INTENDED, reason=answer.reason, not_before=later)
        case Refused() if attempt.state is PayoutState.UNKNOWN:
            return replace(attempt, state=PayoutState.INTENDED, reason=answer.reason, held=answer.reason)
        case NotProcessed() | Refused():
            return attempt  # Another worker's sending got further; what this one was told is stale.


def looked_up(attempt: Attempt, answer: LookUpAnswer, *, asked_at: datetime, settle: timedelta) -> Attempt:
    """Return the attempt after a look-up.

    asked_at: Read before the request was made, so that an absence is never dated later than it was seen.
    settle: `paying.Terms.settle`. A failure that may belong to an earlier key is believed only after it.
    """
    match answer:
        case Absent():
            return replace(attempt, looked_up_at=asked_at, absent_at=asked_at)
        case Unanswered():
            later = _later(asked_at, answer.wait_seconds, attempt.troubles)
            return replace(attempt, reason=answer.reason, not_before=later, troubles=attempt.troubles + 1)
        case Refused():
            return replace(attempt, reason=answer.reason, held=answer.reason)
        case Doubled():
            return replace(attempt, held=f"paid more than once: {', '.join(answer.provider_ids)}")
        case Failed() if not _surely_ours(attempt, answer, asked_at, settle):
            return replace(attempt, looked_up_at=asked_at, absent_at=None)
        case Confirmed() | Pending() | Failed() | Alarm():
            return replace(_told(attempt, answer), looked_up_at=asked_at, absent_at=None)


def released(attempt: Attempt) -> Attempt:
    """Return the attempt going on after a person has seen to what held it; the same key, the same proofs needed.

    Raises NotForThis for a failed one: that is started again by `again`.
    """
    if attempt.state is PayoutState.FAILED:
        raise NotForThis("a failed payout is not released but started again under a new key")
    return replace(attempt, held=None, troubles=0, not_before=None, looked_up_at=None, absent_at=None)


def again(attempt: Attempt) -> Attempt:
    """Return a new attempt under the next key after one that failed, because a person decided so; else NotForThis."""
    if attempt.state is not PayoutState.FAILED or attempt.held is not None:
        raise NotForThis(f"a payout that is {attempt.held or attempt.state} is not started again")
    return _next_key(attempt)


def found_paid(attempt: Attempt, provider_id: str) -> Attempt:
    """Return the attempt confirmed by a person who has seen the payment at the provider under this id.

    After a failure it counts as the next key generation, so that the ledger can tell it from the one that failed.
    Raises NotForThis when it is confirmed already.
    """
    if attempt.state is PayoutState.CONFIRMED:
        raise NotForThis(f"it is confirmed already as {attempt.provider_id}")
    basis = _next_key(attempt) if attempt.state is PayoutState.FAILED else attempt
    return replace(basis, state=PayoutState.CONFIRMED, provider_id=provider_id, held=None, troubles=0)


def found_unpaid(attempt: Attempt) -> Attempt:
    """Return a new attempt under the next key: a person has the provider's word that nothing was or will be paid.

    For a provider without look-up, or one whose records contradict themselves. Raises NotForThis when it is confirmed.
    """
    if attempt.state is PayoutState.CONFIRMED:
        raise NotForThis(f"it is confirmed as {attempt.provider_id}")
    return _next_key(attempt)


def _told(attempt: Attempt, answer: Confirmed | Pending | Failed | Alarm) -> Attempt:
    """Return the attempt after a clear word; a word that contradicts an earlier one holds it for a person."""
    match answer:
        case Alarm():
            return replace(attempt, held=answer.reason, reason=answer.reason)
        case Failed():
            return _told_failed(attempt, answer)
        case Confirmed() | Pending():
            ours = attempt.provider_id
            if answer.provider_id in attempt.failed_ids or (ours is not None and ours != answer.provider_id):
                earlier = ours or "failed"
                return replace(attempt, held=f"the provider says {answer.provider_id}, said {earlier} before")
            if attempt.state is PayoutState.CONFIRMED:
                return attempt
            if attempt.state is PayoutState.FAILED:
                return replace(attempt, held=f"{answer.provider_id} appeared after the payout had failed")
            state = PayoutState.CONFIRMED if isinstance(answer, Confirmed) else PayoutState.SUBMITTED
            return replace(attempt, state=state, provider_id=answer.provider_id, reason="", not_before=None, troubles=0)


def _told_failed(attempt: Attempt, answer: Failed) -> Attempt:
    ours = attempt.provider_id
    if ours is not None and ours not in answer.provider_ids:
        return replace(attempt, held=f"{', '.join(answer.provider_ids)} failed, but {ours} was accepted")
    ids = tuple(dict.fromkeys((*attempt.failed_ids, *answer.provider_ids)))
    return replace(
        attempt, state=PayoutState.FAILED, failed_ids=ids, provider_id=None, reason=answer.reason, troubles=0
    )


def _surely_ours(attempt: Attempt, answer: Failed, asked_at: datetime, settle: timedelta) -> bool:
    if attempt.provider_id in answer.provider_ids or attempt.last_sent_at is None:
        return True
    return asked_at >= attempt.last_sent_at + settle


def _next_key(attempt: Attempt) -> Attempt:
    return Attempt(
        key_generation=attempt.key_generation + 1, last_sent_at=attempt.last_sent_at, failed_ids=attempt.failed_ids
    )


def _later(now: datetime, wait_seconds: float | None, troubles: int) -> datetime:
    wait = 2.0 ** min(troubles, 16) if wait_seconds is None else wait_seconds
    return now + timedelta(seconds=min(max(wait, 1.0), LONGEST_WAIT_SECONDS))
