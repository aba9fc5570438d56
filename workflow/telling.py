"""Tell the outside that a case has changed: its card, a line in the card's thread, a note on every ticket."""

from datetime import datetime

from cases.case import Case, Opened, Proposed
from cases.ticket import TicketRef
from store import outbox, tickets
from store.cases import StoredCase
from store.database import Transaction
from store.outbox import Kind
from store.records import TICKET_UPDATE, to_text
from workflow.claims import is_gone
from workflow.desk import Desk
from workflow.notes import update_for


def tell_everyone(desk: Desk, tx: Transaction, stored: StoredCase, *, now: datetime) -> None:
    """Put everything that this change of the case must say into the outbox, in the case's transaction."""
    tell_slack(tx, stored, now=now)
    known = tickets.known(tx.connection, stored.case.about.tickets)
    for ref in stored.case.about.tickets:
        if ref not in known or not is_gone(known[ref].ticket):
            tell_ticket(desk, tx, stored, ref, now=now)


def tell_slack(tx: Transaction, stored: StoredCase, *, now: datetime) -> None:
    """Bring the card up to date and add this change to its thread."""
    if isinstance(stored.case, Opened | Proposed):
        return
    lane, document = card_lane(stored.case), str(stored.version)
    outbox.put(tx, lane=lane, case_number=stored.number, kind=Kind.CARD, document=document, now=now)
    tell_thread(tx, stored, now=now)


def tell_thread(tx: Transaction, stored: StoredCase, *, now: datetime) -> None:
    """Add the last audit record of the case to its card's thread."""
    lane, document = card_lane(stored.case), str(stored.version)
    outbox.put(tx, lane=lane, case_number=stored.number, kind=Kind.THREAD, document=document, now=now)


def tell_ticket(desk: Desk, tx: Transaction, stored: StoredCase, ref: TicketRef, *, now: datetime) -> None:
    """Put the note for one ticket of the case into the outbox; nothing for a stage that tickets are not told of."""
    url = desk.case_url(stored.case.about.id)
    update = update_for(stored.case, version=stored.version, ref=ref, url=url)
    if update is not None:
        document = to_text(TICKET_UPDATE, update)
        outbox.put(tx, lane=ticket_lane(ref), case_number=stored.number, kind=Kind.NOTE, document=document, now=now)


def card_lane(case: Case) -> str:
    """Return the outbox lane of a case's card and thread."""
    return f"card/{case.about.id}"


def ticket_lane(ref: TicketRef) -> str:
    """Return the outbox lane of a ticket."""
    return f"ticket/{ref}"
