"""The mirror: every ticket as last read, and where reading goes on."""

import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

import msgspec
import sqlalchemy as sa

from cases.proposal import CaseId
from cases.ticket import Ticket, TicketRef, TicketStatus, Vendor
from connectors.contract import Cursor
from store import bulk, tables
from store.cases import PREFIX, number_of
from store.database import Transaction, insert_into
from store.records import TICKET

#: Whatever is held while tickets are taken in is held by one of so many names: those of a page of thousands, each
#: alone, would fill PostgreSQL's table of locks.
HOLDS = 64
#: Of one customer's claims so many are looked at, the newest; of the others, those that one names or that name one.
MOST_CLAIMS = 50
_VENDORS: Mapping[str, Vendor] = {"zendesk": "zendesk", "salesforce": "salesforce", "jira": "jira"}


@dataclass(frozen=True, slots=True, kw_only=True)
class MirroredTicket:
    """A ticket as last read; `case_id` is None while it belongs to no case."""

    ticket: Ticket
    case_id: CaseId | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One ticket as it was just read. `raw` is the vendor's own record; `topic` what compensation it asks for."""

    ticket: Ticket
    raw: bytes
    topic: str | None


def parsed(ref: str) -> TicketRef:
    """Return the ticket that a stored reference names; raises KeyError or ValueError for what we never stored."""
    vendor, account, key = ref.split(":", 2)
    return TicketRef(vendor=_VENDORS[vendor], account=account, key=key)


def find(connection: sa.Connection, ref: TicketRef) -> MirroredTicket | None:
    """Return the ticket as last read; None when it never was."""
    return known(connection, (ref,)).get(ref)


def hold(tx: Transaction, ref: TicketRef) -> MirroredTicket | None:
    """Return the ticket and keep others from keeping it until this transaction ends; None when it never was read."""
    return hold_all(tx, (ref,)).get(ref)


def hold_all(tx: Transaction, refs: tuple[TicketRef, ...], *besides: str) -> dict[TicketRef, MirroredTicket]:
    """Return those of these tickets that were read before, and keep others from keeping any until the end.

    besides: What else must be held; all is taken at once and in order, so that no two wait for each other.
    """
    # A row may not exist yet, and two readers of a new ticket must not both find it missing.
    tx.hold(*{held_as(str(ref)) for ref in refs}, *besides)
    return known(tx.connection, refs)


def held_as(name: str) -> str:
    """Return what is held for the ticket, or whatever else, of this name; others share it."""
    return f"tickets/{zlib.crc32(name.encode()) % HOLDS}"


def keep(tx: Transaction, readings: tuple[Reading, ...]) -> None:
    """Keep tickets as just read, in one statement; an older reading never replaces a newer one."""
    rows = {row["ref"]: row for row in map(_row, readings)}
    if rows:
        bulk.upsert(tx, tables.tickets, tuple(rows.values()), key="ref", newer="updated_at")


def known(connection: sa.Connection, refs: tuple[TicketRef, ...]) -> dict[TicketRef, MirroredTicket]:
    """Return those of these tickets that have been read before."""
    names = [str(ref) for ref in refs]
    rows = connection.execute(_select().where(bulk.is_one_of(connection, tables.tickets.c.ref, names)))
    return {each.ticket.ref: each for each in map(_mirrored, rows)}


def belongs_to(tx: Transaction, ref: TicketRef, case_number: int) -> None:
    """Record which case a ticket belongs to, also before it was ever read."""
    insert = insert_into(tx, tables.ticket_cases)
    moved = insert.on_conflict_do_update(index_elements=["ref"], set_={"case_number": insert.excluded.case_number})
    tx.connection.execute(moved, {"ref": str(ref), "case_number": case_number})


def belongs_to_none(tx: Transaction, ref: TicketRef) -> None:
    """Record that a ticket belongs to no case (any more)."""
    tx.execute(sa.delete(tables.ticket_cases).where(tables.ticket_cases.c.ref == str(ref)))


def claims_of(connection: sa.Connection, customer_id: str) -> tuple[MirroredTicket, ...]:
    """Return this customer's newest tickets that ask for compensation and belong to a case, newest case first."""
    return tuple(map(_mirrored, connection.execute(_NEWEST_CLAIMS, {"customer": customer_id})))


def claims_about(
    connection: sa.Connection, customer_id: str, case_ids: Iterable[CaseId], words: str | None
) -> tuple[MirroredTicket, ...]:
    """Return those of this customer's claims, of any age, that belong to one of these cases or hold these words.

    words: Compared without regard to the case of letters; None to look for none.
    """
    numbers = [number_of(each) for each in case_ids]
    wanted: list[sa.ColumnElement[bool]] = [tables.ticket_cases.c.case_number.in_(numbers)]
    if words is not None:
        quoted = msgspec.json.encode(words).decode()[1:-1]
        wanted.append(tables.tickets.c.document.icontains(quoted, autoescape=True))
    return tuple(map(_mirrored, connection.execute(_CLAIMS.where(sa.or_(*wanted)), {"customer": customer_id})))


def case_of(connection: sa.Connection, ref: TicketRef) -> CaseId | None:
    """Return the case a ticket belongs to; None when it belongs to none."""
    number = connection.scalar(_CASE, {"ref": str(ref)})
    return None if number is None else CaseId(f"{PREFIX}{number}")


def cases_of(connection: sa.Connection, refs: tuple[TicketRef, ...]) -> dict[str, CaseId]:
    """Return the case of each of these tickets that belongs to one."""
    column = tables.ticket_cases.c
    query = sa.select(column.ref, column.case_number).where(column.ref.in_([str(ref) for ref in refs]))
    return {row.ref: CaseId(f"{PREFIX}{row.case_number}") for row in connection.execute(query)}


def keep_unreadable(tx: Transaction, ref: str, problem: str, *, now: datetime) -> None:
    """Remember a record that could not be understood, until it can be."""
    statement = insert_into(tx, tables.unreadable).values(ref=ref, problem=problem, seen_at=now)
    tx.execute(statement.on_conflict_do_update(index_elements=["ref"], set_={"problem": problem, "seen_at": now}))


def keep_readable(tx: Transaction, refs: Iterable[TicketRef]) -> None:
    """Remember no longer that these tickets could not be understood."""
    if tx.connection.scalar(sa.select(sa.exists().select_from(tables.unreadable))):
        mine = bulk.is_one_of(tx.connection, tables.unreadable.c.ref, [str(ref) for ref in refs])
        tx.execute(sa.delete(tables.unreadable).where(mine))


def unreadable(connection: sa.Connection) -> tuple[tuple[str, str], ...]:
    """Return (ticket, problem) of every record that could not be understood."""
    column = tables.unreadable.c
    return tuple((row.ref, row.problem) for row in connection.execute(sa.select(column.ref, column.problem)))


def every_ref(connection: sa.Connection, source: str, *, besides: TicketStatus) -> Iterator[TicketRef]:
    """Yield every mirrored ticket of a source ("jira:harbor") that does not stand so, with flat memory."""
    column = tables.tickets.c
    mine = (column.ref.startswith(f"{source}:", autoescape=True), column.status != besides)
    query = sa.select(column.ref).where(*mine).execution_options(yield_per=5_000)
    with connection.execute(query) as rows:
        for ref in rows.scalars():
            yield parsed(ref)


def count(connection: sa.Connection) -> int:
    """Return how many tickets are mirrored."""
    return connection.scalar(sa.select(sa.func.count()).select_from(tables.tickets)) or 0


def cursor(connection: sa.Connection, source: str) -> Cursor | None:
    """Return where reading a source goes on; None when it was never read."""
    found = connection.scalar(sa.select(tables.cursors.c.cursor).where(tables.cursors.c.source == source))
    return None if found is None else Cursor(found)


def forget_cursor(tx: Transaction, source: str) -> None:
    """Begin anew the next time this source is read."""
    tx.execute(sa.delete(tables.cursors).where(tables.cursors.c.source == source))


def move_cursor(tx: Transaction, source: str, to: Cursor, *, after: Cursor | None, now: datetime) -> bool:
    """Store where reading goes on; False, and nothing, when it no longer stands at `after`: another has moved it."""
    column, place = tables.cursors.c, {"cursor": to, "read_at": now}
    if after is None:
        first = insert_into(tx, tables.cursors).values(source=source, **place).on_conflict_do_nothing()
        return tx.execute(first.returning(column.source)).first() is not None
    stands = sa.and_(column.source == source, column.cursor == after)
    return tx.execute(sa.update(tables.cursors).where(stands).values(**place)).rowcount == 1


def keep_cursor(tx: Transaction, source: str, at: Cursor, *, now: datetime) -> None:
    """Store where reading goes on, in the transaction that stores what was read."""
    statement = insert_into(tx, tables.cursors).values(source=source, cursor=at, read_at=now)
    tx.execute(statement.on_conflict_do_update(index_elements=["source"], set_={"cursor": at, "read_at": now}))


def _select() -> sa.Select[tuple[str, int]]:
    joined = tables.tickets.outerjoin(tables.ticket_cases, tables.tickets.c.ref == tables.ticket_cases.c.ref)
    return sa.select(tables.tickets.c.document, tables.ticket_cases.c.case_number).select_from(joined)


# Made once: to put these together takes longer than to carry them out.
_CASE = sa.select(tables.ticket_cases.c.case_number).where(tables.ticket_cases.c.ref == sa.bindparam("ref"))
_CLAIMS = (
    _select()
    .where(tables.tickets.c.customer_id == sa.bindparam("customer"), tables.tickets.c.topic.is_not(None))
    .where(tables.ticket_cases.c.case_number.is_not(None))
    .order_by(tables.ticket_cases.c.case_number.desc(), tables.tickets.c.ref)
)
_NEWEST_CLAIMS = _CLAIMS.limit(MOST_CLAIMS)


def _mirrored(row: sa.Row[tuple[str, int]]) -> MirroredTicket:
    case_id = None if row.case_number is None else CaseId(f"{PREFIX}{row.case_number}")
    return MirroredTicket(ticket=TICKET.validate_json(row.document), case_id=case_id)


def _row(reading: Reading) -> dict[str, object]:
    ticket = reading.ticket
    return {
        "ref": str(ticket.ref),
        "customer_id": ticket.requester.customer_id if ticket.requester else None,
        "status": ticket.status,
        "topic": reading.topic,
        "document": msgspec.json.encode(ticket).decode(),
        "raw": reading.raw,
        "updated_at": ticket.updated_at,
        "name": ticket.name or None,
    }
