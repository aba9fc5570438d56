"""Carry out one payout, one step per job: what is about to happen is stored before it happens.

Which step comes next is payouts.paying's to say; here it is done, stored, and put into the books.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from cases.case import Approved
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
from workflow.moving import move, withdraw
from workflow.one_case import resume, was_not_paid, was_paid


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
        case Done(provider_id=reference):
            with desk.database.begin() as tx:
                was_paid(desk, tx, stored.approved, reference, now=now)
        case Person(reason=reason):
            with desk.database.begin() as tx:
                _give_to_a_person(desk, tx, stored, reason, now=now)
        case Wait(until=until):
            raise Again((until - now).total_seconds())
        case Send() as send:
            _send(desk, cashier, stored, send)
        case LookUp():
            _look_up(desk, cashier, stored)


def _to_be_paid(desk: Desk, key: str) -> StoredPayout | None:
    """Return the payout that a job is about; None when it is settled, a person's, or finance's to pay by a file."""
    case_id, fingerprint = key.split("/")[:2]
    with desk.database.read() as connection:
        stored = books.find_payout(connection, case_id, fingerprint)
        case = desk.cases.find(connection, case_id).case
    if stored is None:
        raise LookupError(f"no payout {key}")
    ours = isinstance(case, Approved) and case.proposal.fingerprint == fingerprint
    return stored if ours and stored.way == PAYOUT_PROVIDER else None


def _send(desk: Desk, cashier: Cashier, stored: StoredPayout, send: Send) -> None:
    now = cashier.clock()
    sending = attempts.sending(stored.attempt, key_generation=send.key_generation, now=now)
    with desk.database.begin() as tx:
        stored = move(tx, stored, sending, now=now)
    order = PayoutOrder(approved=stored.approved, key_generation=send.key_generation)
    left = (send.not_after - cashier.clock()).total_seconds()
    answer = cashier.provider.send(order, within_seconds=left)
    now = cashier.clock()
    _end_step(desk, stored, attempts.answered(stored.attempt, answer, now=now), now=now)


def _look_up(desk: Desk, cashier: Cashier, stored: StoredPayout) -> None:
    order = PayoutOrder(approved=stored.approved, key_generation=stored.attempt.key_generation)
    asked_at = cashier.clock()
    answer = cashier.provider.look_up(order, failed_ids=stored.attempt.failed_ids)
    after = attempts.looked_up(stored.attempt, answer, asked_at=asked_at, settle=cashier.terms.settle)
    _end_step(desk, stored, after, now=cashier.clock())


def _end_step(desk: Desk, stored: StoredPayout, after: Attempt, *, now: datetime) -> None:
    """Store what a step came to, with what the case makes of it, in one transaction; come again if it goes on."""
    with desk.database.begin() as tx:
        if settle(desk, tx, move(tx, stored, after, now=now), actor="provider", now=now):
            return
    raise Again(0)


def settle(desk: Desk, tx: Transaction, stored: StoredPayout, *, actor: str, now: datetime) -> bool:
    """Tell the case how its payout ended; False when the payout goes on. `actor` is who paid, for the history."""
    attempt = stored.attempt
    if attempt.held is not None or attempt.state is attempts.PayoutState.FAILED:
        _give_to_a_person(desk, tx, stored, attempt.held or f"the payout failed: {attempt.reason}", now=now)
        return True
    if attempt.state is attempts.PayoutState.CONFIRMED:
        was_paid(desk, tx, stored.approved, attempt.provider_id or "", actor=actor, now=now)
        return True
    return False


def _give_to_a_person(desk: Desk, tx: Transaction, stored: StoredPayout, reason: str, *, now: datetime) -> None:
    """Put a payout that cannot go on before a person; the promise is taken back where nothing can have been paid."""
    over = not attempts.may_have_moved(stored.attempt)
    if over:
        withdraw(tx, stored, now=now)
    was_not_paid(desk, tx, stored.approved, reason, over=over, now=now)


class Finding(StrEnum):
    """What a person has found out about a payout that waits for them."""

    RELEASE = "release"
    PAID = "paid"
    UNPAID = "unpaid"


def resolve(  # Which case, who found what.
    desk: Desk, tx: Transaction, case_id: CaseId, finding: Finding, *, person: str, provider_id: str, now: datetime
) -> bool:
    """Take in what a person found out about an unsettled payout; False when the case has none.

    release: It may go on: look-ups begin anew under the same key, and nothing is sent without proof.
    paid: They have seen the payment at the provider as `provider_id`.
    unpaid: They have the provider's word that nothing was or will be paid; the claim may be proposed anew.
    """
    approved = resume(desk, tx, case_id, person, now=now)
    stored = books.find_payout(tx.connection, case_id, approved.proposal.fingerprint) if approved else None
    if approved is None or stored is None:
        return False
    match finding:
        case Finding.RELEASE:
            move(tx, stored, attempts.released(stored.attempt), now=now)
        case Finding.PAID:
            settle(desk, tx, move(tx, stored, attempts.found_paid(stored.attempt, provider_id), now=now),
                   actor=person, now=now)  # fmt: skip
        case Finding.UNPAID:
            withdraw(tx, stored, now=now)
            was_not_paid(desk, tx, approved, f"{person} found that nothing was paid", over=True, now=now)
    return True
