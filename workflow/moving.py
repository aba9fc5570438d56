"""How a payout moves: what is stored of it and what the books hold, in one transaction."""

from dataclasses import replace
from datetime import datetime

from payouts import attempt as attempts
from payouts import paying
from payouts.attempt import Attempt, PayoutState
from payouts.ledger import withdrawn
from store import books
from store.books import StoredPayout
from store.database import Transaction

#: Why a payout whose promise was taken back is never sent, whatever asks for it.
WITHDRAWN = "withdrawn: nothing was paid, and the claim may be proposed anew"


def move(tx: Transaction, stored: StoredPayout, after: Attempt, *, now: datetime) -> StoredPayout:
    """Store how far a payout has come, with what the books must hold for it; raises MovedOn when another was first."""
    if after == stored.attempt:
        return stored
    moved = books.move_payout(tx, stored, after, now=now)
    for entry in paying.entries(stored.attempt, after, stored.order, way=stored.way):
        books.post(tx, entry, stored.approved.about.id, now=now)
    return moved


def withdraw(tx: Transaction, stored: StoredPayout, *, now: datetime) -> None:
    """Take a promise back in the books, once it is certain that nothing was or will be paid on it."""
    ended = stored
    if stored.attempt.state is not PayoutState.FAILED and stored.attempt.held != WITHDRAWN:
        unpaid = replace(attempts.found_unpaid(stored.attempt), held=WITHDRAWN)
        ended = move(tx, stored, unpaid, now=now)
    order = ended.order
    if order.money is None:
        return
    books.post(tx, withdrawn(order, ended.approved.proposal.classification), ended.approved.about.id, now=now)
