"""Erasing a customer: their words and personal data go from every table, and later readings do not bring them back.

Cases, their sealed history, payouts and the ledger are books and stay. `workflow/erasing.py` says when it may be done.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import datetime

import msgspec
import sqlalchemy as sa

from cases.erased import without_words
from cases.evidence import Evidence
from cases.ticket import TicketRef
from store import tables
from store.bulk import is_one_of
from store.cases import PREFIX
from store.database import Transaction, insert_into
from store.outbox import Item, Kind, State, finish
from store.outbox import of_cases as items_of
from store.records import EVIDENCE, TICKET, TICKET_UPDATE, to_text
from store.tickets import parsed

#: What stands in place of a vendor's record.
NOTHING = b'{"words":"erased"}'
ERASED_WORDS = "(The words that stood here were erased.)"
#: Facts of the account data that are no reason for any amount.
PERSONAL_FACTS = frozenset({"name", "email", "phone", "language", "locale", "address"})
_CASE = re.compile(rf"{PREFIX}([0-9]+)")


def erased_at(connection: sa.Connection, customer_ids: Iterable[str]) -> Mapping[str, datetime]:
    """Return when those of these customers who were erased were."""
    column = tables.erased_customers.c
    wanted = is_one_of(connection, column.customer_id, sorted({*customer_ids}))
    rows = connection.execute(sa.select(column.customer_id, column.erased_at).where(wanted))
    return {row.customer_id: row.erased_at for row in rows}


def anybody_was(connection: sa.Connection) -> bool:
    """Whether any customer was ever erased."""
    return bool(connection.scalar(sa.select(sa.exists().select_from(tables.erased_customers))))


def remember(tx: Transaction, customer_id: str, *, by: str, now: datetime) -> bool:
    """Remember that a customer is erased, from now on; False when they were before, and it counts from now again."""
    table = tables.erased_customers
    before = erased_at(tx.connection, (customer_id,))
    statement = insert_into(tx, table).values(customer_id=customer_id, erased_at=now, erased_by=by)
    again = {"erased_at": now, "erased_by": by}
    tx.execute(statement.on_conflict_do_update(index_elements=["customer_id"], set_=again))
    return not before


def customers_of(connection: sa.Connection, refs: Iterable[TicketRef]) -> Mapping[TicketRef, str]:
    """Return the customer of the case of each of these tickets, where it belongs to one that has a customer."""
    case, ticket = tables.cases.c, tables.ticket_cases.c
    joined = tables.ticket_cases.join(tables.cases, case.number == ticket.case_number)
    mine = is_one_of(connection, ticket.ref, [str(ref) for ref in refs])
    found = sa.select(ticket.ref, case.customer_id).select_from(joined).where(mine, case.customer_id.is_not(None))
    return {parsed(row.ref): row.customer_id for row in connection.execute(found)}


def tickets_of(connection: sa.Connection, customer_id: str, case_numbers: Collection[int]) -> tuple[TicketRef, ...]:
    """Return a customer's tickets, and those of these cases of theirs that name nobody, sorted."""
    ticket, of_case = tables.tickets.c, tables.ticket_cases.c
    joined = tables.tickets.outerjoin(tables.ticket_cases, ticket.ref == of_case.ref)
    nobodys = sa.and_(ticket.customer_id.is_(None), of_case.case_number.in_(case_numbers))
    query = sa.select(ticket.ref).select_from(joined).where(sa.or_(ticket.customer_id == customer_id, nobodys))
    return tuple(sorted(map(parsed, connection.scalars(query))))


def wipe_tickets(tx: Transaction, refs: Iterable[TicketRef]) -> int:
    """Leave of tickets what `without_words` leaves and nothing of the vendors' records; return how many had more."""
    column, changed = tables.tickets.c, 0
    for ref in refs:
        row = tx.execute(sa.select(column.document, column.raw).where(column.ref == str(ref))).one()
        before = TICKET.validate_json(row.document)
        after = without_words(before)
        if after == before and bytes(row.raw) == NOTHING:
            continue
        values = {"document": msgspec.json.encode(after).decode(), "raw": NOTHING}
        tx.execute(sa.update(tables.tickets).where(column.ref == str(ref)).values(values))
        changed += 1
    return changed


def wipe_unreadable(tx: Transaction, refs: Iterable[TicketRef]) -> int:
    """Forget what could not be understood of these tickets: the message may quote it."""
    mine = is_one_of(tx.connection, tables.unreadable.c.ref, [str(ref) for ref in refs])
    return tx.execute(sa.delete(tables.unreadable).where(mine)).rowcount


def wipe_deliveries(tx: Transaction, refs: Collection[TicketRef], case_numbers: Collection[int]) -> int:
    """Empty the webhooks about these tickets and what came from Slack about these cases; return how many had more.

    Those that nobody has handled yet stay: what they ask for is still to be done.
    """
    column, names, changed = tables.deliveries.c, {str(ref) for ref in refs}, 0
    kept = sa.select(column.source, column.delivery_id, column.outcome, column.body).where(
        column.handled_at.is_not(None), column.body != ""
    )
    found = [
        (row.source, row.delivery_id)
        for row in tx.execute(kept.execution_options(yield_per=500))
        if not names.isdisjoint((row.outcome or "").split())
        or (":" not in row.source and not {int(each) for each in _CASE.findall(row.body)}.isdisjoint(case_numbers))
    ]
    for source, delivery_id in found:
        mine = (column.source == source, column.delivery_id == delivery_id)
        changed += tx.execute(sa.update(tables.deliveries).where(*mine).values(body="")).rowcount
    return changed


def wipe_questions(tx: Transaction, refs: Iterable[TicketRef], case_numbers: Collection[int]) -> int:
    """Take the reasons out of the questions about links of these tickets and cases; return how many had one."""
    column = tables.link_questions.c
    mine = sa.or_(
        is_one_of(tx.connection, column.ref, [str(ref) for ref in refs]), column.case_number.in_(case_numbers)
    )
    wiped = sa.update(tables.link_questions).where(mine, column.reason != ERASED_WORDS)
    return tx.execute(wiped.values(reason=ERASED_WORDS)).rowcount


def wipe_outbox(tx: Transaction, case_numbers: Collection[int], *, now: datetime) -> int:
    """Take comments, questions and thread lines out of what was or is to be said; return how many had any.

    What of it still waits is not said any more. Notes that tell an outcome hold nobody's words and stay.
    """
    changed = 0
    for item in items_of(tx.connection, case_numbers):
        document = _wiped(item)
        if document is None:
            continue
        column = tables.outbox.c
        mine = (column.lane == item.lane, column.sequence == item.sequence)
        tx.execute(sa.update(tables.outbox).where(*mine).values(document=document))
        if item.state is not State.SENT:
            tx.execute(sa.update(tables.outbox).where(*mine, column.state == State.REFUSED).values(state=State.ERASED))
            finish(tx, item, State.ERASED, now=now, problem="its words were erased before it was said")
        changed += 1
    return changed


def wipe_evidence(tx: Transaction, case_numbers: Collection[int]) -> int:
    """Take what names a person out of the evidence; the facts that an amount rests on stay."""
    column, changed = tables.evidence.c, 0
    mine = sa.select(column.case_number, column.source, column.document).where(column.case_number.in_(case_numbers))
    for row in tx.execute(mine).all():
        before = EVIDENCE.validate_json(row.document)
        left = without_persons(before)
        if left == before:
            continue
        place = (column.case_number == row.case_number, column.source == row.source)
        document = to_text(EVIDENCE, left)
        tx.execute(sa.update(tables.evidence).where(*place).values(document=document))
        changed += 1
    return changed


def without_persons(evidence: Evidence) -> Evidence:
    """Return what a source says of a loss without what names a person."""
    return replace(evidence, facts=tuple((name, value) for name, value in evidence.facts if name not in PERSONAL_FACTS))


def _wiped(item: Item) -> str | None:
    """Return an item's document without anybody's words; None when it holds none."""
    if item.kind is Kind.THREAD:
        return "" if item.document else None
    if item.kind is not Kind.NOTE or not item.document:
        return None
    update = TICKET_UPDATE.validate_json(item.document)
    # What tells an outcome sets fields; a comment that is passed on and an approver's question set none.
    if update.fields or update.note in {None, ERASED_WORDS}:
        return None
    return to_text(TICKET_UPDATE, replace(update, note=ERASED_WORDS))
