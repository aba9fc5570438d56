"""Tell the outside that a case has changed: its card, a line in the card's thread, a note on every ticket."""

from dataclasses import dataclass
from datetime import datetime

from pydantic import TypeAdapter

from cases.case import Case, Opened, Proposed
from cases.ticket import TicketRef
from store import outbox, tickets
from store.audit import Change
from store.cases import StoredCase
from store.database import Transaction
from store.links import LinkQuestion
from store.outbox import Kind
from store.records import TICKET_UPDATE, to_text
from workflow.claims import takes_notes
from workflow.desk import Desk
from workflow.notes import farewell_for, question_for, update_for


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """One event of a case, as it is told in the card's thread.

    Fields:
        event: As in the audit record: "asked", "counted", "paid".
        detail: As in the audit record.
        case: How the case stood after it.
    """

    event: str
    detail: tuple[tuple[str, str], ...]
    case: Case


HAPPENING: TypeAdapter[Happening] = TypeAdapter(Happening)


def tell_everyone(desk: Desk, tx: Transaction, stored: StoredCase, change: Change) -> None:
    """Put everything that this change of the case must say into the outbox, in the case's transaction."""
    tell_slack(tx, stored, change)
    known = tickets.known(tx.connection, stored.case.about.tickets)
    for ref in stored.case.about.tickets:
        if ref not in known or takes_notes(known[ref].ticket):
            tell_ticket(desk, tx, stored, ref, now=change.at)


def tell_slack(tx: Transaction, stored: StoredCase, change: Change) -> None:
    """Bring the card up to date and add this change to its thread."""
    if isinstance(stored.case, Opened | Proposed):
        return
    tell_card(tx, stored, now=change.at)
    tell_thread(tx, stored, change)


def tell_card(tx: Transaction, stored: StoredCase, *, now: datetime) -> None:
    """Bring the card up to date."""
    lane = card_lane(stored.case)
    outbox.put(tx, lane=lane, case_number=stored.number, kind=Kind.CARD, document="", now=now)


def tell_thread(tx: Transaction, stored: StoredCase, change: Change) -> None:
    """Add a line to the thread of the case's card that says what happened."""
    happening = Happening(event=change.event, detail=change.detail, case=stored.case)
    document = to_text(HAPPENING, happening)
    lane = card_lane(stored.case)
    outbox.put(tx, lane=lane, case_number=stored.number, kind=Kind.THREAD, document=document, now=change.at)


def tell_ticket(desk: Desk, tx: Transaction, stored: StoredCase, ref: TicketRef, *, now: datetime) -> None:
    """Put the note for one ticket of the case into the outbox; nothing for a stage that tickets are not told of."""
    url = desk.case_url(stored.case.about.id)
    update = update_for(stored.case, version=stored.version, ref=ref, url=url)
    if update is not None:
        document = to_text(TICKET_UPDATE, update)
        outbox.put(tx, lane=ticket_lane(ref), case_number=stored.number, kind=Kind.NOTE, document=document, now=now)
        _link(desk, tx, stored, ref, str(stored.case.about.id), now=now)


def tell_question(tx: Transaction, question: LinkQuestion, *, now: datetime) -> None:
    """Let Slack show a question about a link as it stands."""
    lane, document = f"question/{question.id}", str(question.id)
    outbox.put(tx, lane=lane, case_number=question.case_number, kind=Kind.QUESTION, document=document, now=now)


def tell_apart(desk: Desk, tx: Transaction, stored: StoredCase, ref: TicketRef, *, now: datetime) -> None:
    """Tell a ticket that was taken out of a case that it tells of it no more."""
    document = to_text(TICKET_UPDATE, farewell_for(stored.case.about.id, version=stored.version, ref=ref))
    outbox.put(tx, lane=ticket_lane(ref), case_number=stored.number, kind=Kind.NOTE, document=document, now=now)
    _link(desk, tx, stored, ref, "", now=now)


def _link(desk: Desk, tx: Transaction, stored: StoredCase, ref: TicketRef, case_id: str, *, now: datetime) -> None:
    """Let a ticket's link lead to its case, or to none; nothing where it was put so last.

    The link has a lane of its own: where we may not make links, notes go out all the same.
    """
    if ref.source in desk.link_to_cases:
        lane = f"link/{ref}"
        last = outbox.latest(tx.connection, lane)
        if case_id != (last.document if last else ""):
            outbox.put(tx, lane=lane, case_number=stored.number, kind=Kind.LINK, document=case_id, now=now)


def put_question(desk: Desk, tx: Transaction, stored: StoredCase, *, person: str, words: str, now: datetime) -> None:
    """Put an approver's question to the agent as an internal note on the first ticket of the case that takes one."""
    refs = stored.case.about.tickets
    known = tickets.known(tx.connection, refs)
    live = (ref for ref in refs if ref.source not in desk.shadowed)
    ref = next((ref for ref in live if ref not in known or takes_notes(known[ref].ticket)), refs[0])
    document = to_text(TICKET_UPDATE, question_for(f"{stored.case.about.id}/{stored.version}", ref, person, words))
    outbox.put(tx, lane=ticket_lane(ref), case_number=stored.number, kind=Kind.NOTE, document=document, now=now)


def card_lane(case: Case) -> str:
    """Return the outbox lane of a case's card and thread."""
    return f"card/{case.about.id}"


def ticket_lane(ref: TicketRef) -> str:
    """Return the outbox lane of a ticket."""
    return f"ticket/{ref}"
