"""Carry out one payout, one step per job: what is about to happen is stored before it happens.

Which step comes next is payouts.paying's to say; here it is done, stored, and put into the books.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

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
from workflow.one_case import was_not_paid, was_paid


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


def pay(desk: Desk, cashier: Cashier, key: str) -> None:
    """Do the next step of a payout. A job: raises Again until the payout is confirmed, failed or a person's.

    `key` is the case and the approved proposal: "CASE-4711/9f1c…".
    """
    case_id, _, fingerprint = key.partition("/")
    with desk.database.read() as connection:
        stored = books.find_payout(connection, case_id, fingerprint)
    if stored is None:
        raise LookupError(f"no payout {key}")
    if stored.way != PAYOUT_PROVIDER:
        return  # It was approved when finance paid, and finance takes it: see workflow.paying_by_file.
    now = cashier.clock()
    match paying.next_step(stored.attempt, now, cashier.terms):
        case Done(provider_id=reference):
            with desk.database.begin() as tx:
                was_paid(desk, tx, stored.approved, reference, now=now)
        case Person(reason=reason):
            with desk.database.begin() as tx:
                was_not_paid(desk, tx, stored.approved, reason, now=now)
        case Wait(until=until):
            raise Again((until - now).total_seconds())
        case Send() as send:
            _send(desk, cashier, stored, send)
        case LookUp():
            _look_up(desk, cashier, stored)


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
        was_not_paid(desk, tx, stored.approved, attempt.held or f"the payout failed: {attempt.reason}", now=now)
        return True
    if attempt.state is attempts.PayoutState.CONFIRMED:
        was_paid(desk, tx, stored.approved, attempt.provider_id or "", actor=actor, now=now)
        return True
    return False


def move(tx: Transaction, stored: StoredPayout, after: Attempt, *, now: datetime) -> StoredPayout:
    """Store how far a payout has come, with what the books must hold for it; raises MovedOn when another was first."""
    if after == stored.attempt:
        return stored
    moved = books.move_payout(tx, stored, after, now=now)
    for entry in paying.entries(stored.approved, stored.attempt, after, way=stored.way):
        books.post(tx, entry, stored.approved.about.id, now=now)
    return moved
