"""Tickets whose words are not kept: the vendor deleted them, or their customer was erased after they were written."""

from collections.abc import Mapping

from cases.erased import without_words
from cases.ticket import Ticket, TicketRef, TicketStatus
from store import erasing
from store.database import Transaction
from store.tickets import MirroredTicket

Read = Mapping[TicketRef, tuple[Ticket, bytes]]


def as_kept(tx: Transaction, read: Read, known: Mapping[TicketRef, MirroredTicket]) -> Read:
    """Return tickets and their records as they may be kept; the caller holds them.

    known: What we know of them from before: who is erased at the vendor, too, is named by nothing else.
    """
    gone = {ref for ref, (ticket, _) in read.items() if ticket.status is TicketStatus.DELETED}
    if erasing.anybody_was(tx.connection):
        gone |= _erased(tx, read, known)
    if not gone:
        return read
    return {ref: (without_words(pair[0]), erasing.NOTHING) if ref in gone else pair for ref, pair in read.items()}


def _erased(tx: Transaction, read: Read, known: Mapping[TicketRef, MirroredTicket]) -> set[TicketRef]:
    of_cases = erasing.customers_of(tx.connection, read)
    customers = {
        ref: _customer(ticket) or _customer(known[ref].ticket if ref in known else None) or of_cases.get(ref)
        for ref, (ticket, _) in read.items()
    }
    erased_at = erasing.erased_at(tx.connection, (each for each in customers.values() if each))
    # Who writes again afterwards gives their words anew.
    return {
        ref
        for ref, customer in customers.items()
        if customer in erased_at and read[ref][0].created_at <= erased_at[str(customer)]
    }


def _customer(ticket: Ticket | None) -> str | None:
    return ticket.requester.customer_id if ticket is not None and ticket.requester else None
