"""Carry out one payout, one step per job: what is about to happen is stored before it happens.

Which step comes next is payouts.paying's to say; here it is done, stored, and put into the books.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from cases.case import Approved, Case, promise_of
from cases.parts import Standing
from cases.proposal import CaseId
from connectors.contract import AccessRefused
from payouts import attempt as attempts
from payouts import paying
from payouts.answers import LookUpAnswer, SendAnswer
from payouts.attempt import Attempt
from payouts.ledger import PAYOUT_PROVIDER
from payouts.order import PayoutOrder
from payouts.paying import Done, LookUp, Person, Send, Terms, Wait
from store import books
from store.books import StoredPayout
from store.database import Transaction
from store.jobs import Again
from workflow.desk import Desk
from workflow.ending import resume, was_given_up, was_not_paid, was_paid
from workflow.moving import move

_GOING = frozenset({Standing.UNDER_WAY, Standing.LATER})


class Provider(Protocol):
    """A way of paying that answers at once."""

    def send(self, order: PayoutOrder, *, within_seconds: float) -> SendAnswer:
        """Send the order once, unless no time is left; never raises for what the provider does."""
        ...

    def look_up(self, order: PayoutOrder, *, failed_ids: tuple[str, ...]) -> LookUpAnswer:
        """Say what is known under the order's reference, besides payouts that are known to have failed."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Cashier:
    """Who pays: the provider, what it promises, and the clock its keys age by."""

    provider: Provider
    terms: Terms
    clock: Callable[[], datetime]


def pay(desk: Desk, cashier: Cashier | None, key: str) -> None:
    """Do the next step of a payout. A job: raises Again until the payout is confirmed, failed or a person's.

    key: The case, the approved proposal and perhaps what resumed it: "CASE-4711/9f1c…".
    cashier: None where finance pays; a payout that was promised through the provider is AccessRefused then, so that it
        waits as a dead letter until the provider is configured again.
    """
    stored = _to_be_paid(desk, key)
    if stored is None:
        return
    if cashier is None:
        raise AccessRefused(f"{key} is to be paid by the provider, and payouts.way is finance")
    now = cashier.clock()
    match paying.next_step(stored.attempt, now, cashier.terms):
        case Done():
            with desk.database.begin() as tx:
                was_paid(desk, tx, stored, now=now)
        case Person(reason=reason):
            with desk.database.begin() as tx:
                was_not_paid(desk, tx, stored, reason, now=now)
        case Wait(until=until):
            raise Again((until - now).total_seconds())
        case Send() as send:
            _send(desk, cashier, stored, send)
        case LookUp():
            _look_up(desk, cashier, stored)


def _to_be_paid(desk: Desk, key: str) -> StoredPayout | None:
    """Return the payout that a job is about; None when it is settled, a person's, or finance's to pay by a file."""
    case_id, name = key.split("/")[:2]
    fingerprint, _, number = name.partition(".")
    part = int(number or 0)
    with desk.database.read() as connection:
        stored = books.find_payout(connection, case_id, fingerprint, part)
        case = desk.cases.find(connection, case_id).case
    if stored is None:
        raise LookupError(f"no payout {key}")
    return stored if stored.way == PAYOUT_PROVIDER and _is_to_be_paid(case, fingerprint, part) else None


def _is_to_be_paid(case: Case, fingerprint: str, part: int) -> bool:
    promised = promise_of(case)
    if promised is None or promised.proposal.fingerprint != fingerprint:
        return False
    # A part goes on by itself while a person looks at another.
    return promised.standing[part - 1].state in _GOING if part else isinstance(case, Approved)


def _send(desk: Desk, cashier: Cashier, stored: StoredPayout, send: Send) -> None:
    now = cashier.clock()
    sending = attempts.sending(stored.attempt, key_generation=send.key_generation, now=now)
    with desk.database.begin() as tx:
        stored = move(tx, stored, sending, now=now)
    left = (send.not_after - cashier.clock()).total_seconds()
    answer = cashier.provider.send(stored.order, within_seconds=left)
    now = cashier.clock()
    _end_step(desk, stored, attempts.answered(stored.attempt, answer, now=now), now=now)


def _look_up(desk: Desk, cashier: Cashier, stored: StoredPayout) -> None:
    asked_at = cashier.clock()
    answer = cashier.provider.look_up(stored.order, failed_ids=stored.attempt.failed_ids)
    after = attempts.looked_up(stored.attempt, answer, asked_at=asked_at, settle=cashier.terms.settle)
    _end_step(desk, stored, after, now=cashier.clock())


def _end_step(desk: Desk, stored: StoredPayout, after: Attempt, *, now: datetime) -> None:
    """Store what a step came to, with what the case makes of it, in one transaction; come again if it goes on."""
    with desk.database.begin() as tx:
        # The case before its payouts, as whoever takes all its promises back.
        desk.cases.lock(tx, stored.approved.about.id)
        if settle(desk, tx, move(tx, stored, after, now=now), actor="provider", now=now):
            return
    raise Again(0)


def settle(desk: Desk, tx: Transaction, stored: StoredPayout, *, actor: str, now: datetime) -> bool:
    """Tell the case how its payout ended; False when the payout goes on. `actor` is who paid, for the history."""
    attempt = stored.attempt
    if attempt.held is not None or attempt.state is attempts.PayoutState.FAILED:
        was_not_paid(desk, tx, stored, attempt.held or f"the payout failed: {attempt.reason}", now=now)
        return True
    if attempt.state is attempts.PayoutState.CONFIRMED:
        was_paid(desk, tx, stored, actor=actor, now=now)
        return True
    return False


class Finding(StrEnum):
    """What a person has found out about a payout that waits for them."""

    RELEASE = "release"
    PAID = "paid"
    UNPAID = "unpaid"


def resolve(  # Which payout, and who found what.
    desk: Desk,
    tx: Transaction,
    case_id: CaseId,
    finding: Finding,
    *,
    person: str,
    provider_id: str,
    part: int | None = None,
    now: datetime,
) -> bool:
    """Take in what a person found out about a payout that waits for them; False when the case has none such.

    part: Which part of the case it is; None for the only one that waits.
    release: It may go on: look-ups begin anew under the same key, and nothing is sent without proof. A part that failed
        is started again under a new key.
    paid: They have seen the payment at the provider as `provider_id`.
    unpaid: They have the provider's word that nothing was or will be paid. Where nothing of the case is, the claim may
        be proposed anew; else this part is given up.
    """
    stored = resume(desk, tx, case_id, person, part=part, now=now)
    if stored is None:
        return False
    match finding:
        case Finding.RELEASE:
            failed = stored.attempt.state is attempts.PayoutState.FAILED
            free = attempts.again(stored.attempt) if failed and stored.part else attempts.released(stored.attempt)
            move(tx, stored, free, now=now)
        case Finding.PAID:
            settle(desk, tx, move(tx, stored, attempts.found_paid(stored.attempt, provider_id), now=now),
                   actor=person, now=now)  # fmt: skip
        case Finding.UNPAID:
            was_given_up(desk, tx, stored, person, now=now)
    return True
