"""Which tickets name which: kept with the naming ticket, found from either side, whichever is read first."""

from collections.abc import Iterable, Mapping

import sqlalchemy as sa

from cases.links import Named, Place
from cases.ticket import Ticket, TicketRef
from store import tables
from store.bulk import is_one_of
from store.database import Transaction
from store.tickets import parsed

LONGEST_NAME = 200
#: Of the tickets that name one, so many are looked at.
MOST_NAMING = 200


def names_of(ticket: Ticket) -> tuple[str, ...]:
    """Return what others may name a ticket by: its reference, and what people call it."""
    return (str(ticket.ref), *((f"{ticket.ref.source}:{ticket.name}",) if ticket.name else ()))


def keep(tx: Transaction, named: Mapping[TicketRef, tuple[Named, ...]]) -> None:
    """Keep what these tickets name now, instead of what they named before."""
    if not named:
        return
    column = tables.ticket_links.c
    tx.execute(sa.delete(tables.ticket_links).where(is_one_of(tx.connection, column.ref, [*map(str, named)])))
    rows = [
        {"ref": str(ref), "named": str(each), "place": each.where}
        for ref, found in named.items()
        for each in found
        if len(str(each)) <= LONGEST_NAME
    ]
    if rows:
        tx.connection.execute(sa.insert(tables.ticket_links), rows)


def named_by(connection: sa.Connection, ref: TicketRef) -> dict[str, Place]:
    """Return what a ticket names, and where it does."""
    column = tables.ticket_links.c
    rows = connection.execute(sa.select(column.named, column.place).where(column.ref == str(ref)))
    return {row.named: Place(row.place) for row in rows}


def naming(connection: sa.Connection, ticket: Ticket) -> dict[str, Place]:
    """Return the references of tickets that name this one, and where; of very many, the first 200."""
    column = tables.ticket_links.c
    query = sa.select(column.ref, column.place).where(column.named.in_(names_of(ticket))).order_by(column.ref)
    found: dict[str, Place] = {}
    for row in connection.execute(query.limit(MOST_NAMING)):
        if found.get(row.ref) is not Place.LINK:
            found[row.ref] = Place(row.place)
    return found


def is_known_by(tx: Transaction, name: str, ref: TicketRef) -> None:
    """Let everything that was named so name this ticket: an issue that was moved goes by another key today."""
    column = tables.ticket_links.c
    already = sa.select(column.ref).where(column.named == str(ref))
    mine = column.named == name
    tx.execute(sa.delete(tables.ticket_links).where(mine, column.ref.in_(already)))
    tx.execute(sa.update(tables.ticket_links).where(mine).values(named=str(ref)))


def mirrored(connection: sa.Connection, names: Iterable[str]) -> dict[str, TicketRef]:
    """Return which ticket each of these names means: one that was read, by its own id before what people call it."""
    wanted = set(names)
    column = tables.tickets.c
    keys = {name.split(":", 2)[2] for name in wanted}
    called = column.name.in_(keys) & column.name.is_not(None)  # The index holds only tickets that have a name.
    query = sa.select(column.ref, column.name).where(column.ref.in_(wanted) | called)
    by_id, by_name = {}, {}
    for row in connection.execute(query.order_by(column.ref)):
        ref = parsed(row.ref)
        by_id[row.ref] = ref
        by_name[f"{ref.source}:{row.name}"] = ref
    return {name: ref for name, ref in {**by_name, **by_id}.items() if name in wanted}


def touched(connection: sa.Connection, read: Iterable[Ticket]) -> frozenset[TicketRef]:
    """Return those of these tickets that name a ticket of a case, or are named by one."""
    by_name = {name: ticket.ref for ticket in read for name in names_of(ticket)}
    column = tables.ticket_links.c
    either = (is_one_of(connection, each, by_name) for each in (column.ref, column.named))
    others: dict[str, set[TicketRef]] = {}
    for row in connection.execute(sa.union(*(sa.select(column.ref, column.named).where(each) for each in either))):
        for one, other in ((row.ref, row.named), (row.named, row.ref)):
            if one in by_name:
                others.setdefault(other, set()).add(by_name[one])
    if not others:
        return frozenset()
    refs = {name: str(ref) for name, ref in mirrored(connection, others).items()}
    of_case = tables.ticket_cases.c
    query = sa.select(of_case.ref).where(of_case.ref.in_({refs.get(name, name) for name in others}))
    cased = set(connection.scalars(query))
    return frozenset(ref for name, mine in others.items() if refs.get(name, name) in cased for ref in mine)
