"""A customer asks to be erased: their words and personal data go, the books of what was paid stay.

What the law wants kept is kept: cases with their sealed history, payouts and the ledger, under the customer's number.
A case that is not closed needs the words: whoever decides it decides by them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from cases.case import Closed, Joined
from cases.ticket import CustomerId, TicketRef
from store import cards, erasing, tickets
from store.cards import CardPlace
from store.cases import PREFIX, StoredCase
from store.database import Transaction
from workflow.changing import changed
from workflow.desk import Desk

ERASED = "customer erased"


class StillOpen(Exception):
    """Some of the customer's cases are not closed; `cases` are they, oldest first."""

    def __init__(self, cases: tuple[StoredCase, ...]) -> None:
        """Say which, and how they stand."""
        super().__init__(", ".join(f"{each.case.about.id} is {each.case.stage}" for each in cases))
        self.cases = cases


@dataclass(frozen=True, slots=True, kw_only=True)
class Erasure:
    """What was erased, and what is left elsewhere.

    Fields:
        first: Whether the customer was never erased before.
        counts: How many records had something to erase, by what they are: "tickets", "deliveries".
        cases: Their cases, which stay.
        tickets: Their tickets at the vendors, and those of their cases that name nobody; ours show no words any more.
        cards: (case, where its card stands in Slack).
    """

    first: bool
    counts: Mapping[str, int]
    cases: tuple[StoredCase, ...]
    tickets: tuple[TicketRef, ...]
    cards: tuple[tuple[str, CardPlace], ...]


def erase_customer(  # Whom, for whom, and when.
    desk: Desk, tx: Transaction, customer_id: CustomerId, *, by: str, even_open: bool, now: datetime
) -> Erasure:
    """Erase a customer's words and personal data, and record it in the history of each of their cases.

    A repeat erases what has come since and records nothing where nothing has. Raises StillOpen unless `even_open`.
    """
    # Tickets before cases, as whoever takes a ticket in.
    numbers = desk.cases.numbers_of(tx.connection, customer_id)
    refs = erasing.tickets_of(tx.connection, customer_id, numbers)
    tickets.hold_all(tx, refs)
    cases = tuple(desk.cases.lock_all(tx, (f"{PREFIX}{number}" for number in numbers)).values())
    waiting = tuple(each for each in cases if not isinstance(each.case, Closed | Joined))
    if waiting and not even_open:
        raise StillOpen(waiting)
    first = erasing.remember(tx, customer_id, by=by, now=now)
    counts = {
        "tickets": erasing.wipe_tickets(tx, refs),
        "unreadable records": erasing.wipe_unreadable(tx, refs),
        "deliveries": erasing.wipe_deliveries(tx, refs, numbers),
        "link questions": erasing.wipe_questions(tx, refs, numbers),
        "messages": erasing.wipe_outbox(tx, numbers, now=now),
        "evidence": erasing.wipe_evidence(tx, numbers),
    }
    if first or any(counts.values()):
        change = changed(now, by, ERASED, **{name.replace(" ", "_"): str(count) for name, count in counts.items()})
        for stored in cases:
            desk.cases.note(tx, stored, change)
    places = ((each.case.about.id, cards.find(tx.connection, each.case.about.id)) for each in cases)
    return Erasure(
        first=first,
        counts=counts,
        cases=cases,
        tickets=refs,
        cards=tuple((case_id, place) for case_id, place in places if place is not None and place.ts is not None),
    )
