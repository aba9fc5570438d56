"""Fields on which a ticket and its case disagree: found by the mirror, settled by itself or by a person."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa

from store import tables
from store.database import Transaction


class Cause(StrEnum):
    """Why a field is in conflict. All but `overruled` keep the mirror from writing the field to that ticket.

    overruled: The owner's value was written over this one, which is kept here for a person to see.
    """

    CHANGED = "changed"
    CONTESTED = "contested"
    UNDECIDED = "undecided"
    REFUSED = "refused"
    CLOSED = "closed"
    OVERRULED = "overruled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """One field of one ticket that does not show what its case says.

    Fields:
        id: Its number.
        case_number: The case.
        ref: The ticket: "zendesk:harbor:17".
        field: Our name of the field.
        cause: What kind of conflict.
        problem: What happened, for people; the vendor's own words where it refused.
        ours: What the case says.
        theirs: What the ticket shows, or showed before it was overruled.
        found_at: Aware, UTC.
    """

    id: int
    case_number: int
    ref: str
    field: str
    cause: Cause
    problem: str
    ours: str
    theirs: str
    found_at: datetime


def add(tx: Transaction, conflict: Conflict) -> None:
    """Keep a new conflict; its `id` is replaced."""
    names = (column.name for column in tables.field_conflicts.c if column.name in Conflict.__slots__)
    row = {name: getattr(conflict, name) for name in names if name != "id"}
    tx.execute(sa.insert(tables.field_conflicts).values(**row))


def change(tx: Transaction, conflict: Conflict) -> None:
    """Keep an open conflict as it is now."""
    column = tables.field_conflicts.c
    tx.execute(
        sa.update(tables.field_conflicts)
        .where(column.id == conflict.id, column.settled_at.is_(None))
        .values(cause=conflict.cause, problem=conflict.problem, ours=conflict.ours, theirs=conflict.theirs)
    )


def settle(tx: Transaction, conflict: Conflict, *, by: str, took: str | None, now: datetime) -> bool:
    """Close a conflict; False when it was closed before. took: "ours" or "theirs"; None when it went by itself."""
    column = tables.field_conflicts.c
    closed = tx.execute(
        sa.update(tables.field_conflicts)
        .where(column.id == conflict.id, column.settled_at.is_(None))
        .values(settled_at=now, settled_by=by, took=took)
    )
    return closed.rowcount == 1


def find(connection: sa.Connection, conflict_id: int) -> Conflict | None:
    """Return the open conflict with this number; None when there is none."""
    row = connection.execute(_open().where(tables.field_conflicts.c.id == conflict_id)).mappings().one_or_none()
    return None if row is None else _conflict(row)


def on_ticket(connection: sa.Connection, ref: str) -> dict[str, Conflict]:
    """Return the open conflict of each field of a ticket that the mirror must not write, by our name of the field."""
    column = tables.field_conflicts.c
    rows = connection.execute(_open().where(column.ref == ref, column.cause != Cause.OVERRULED)).mappings()
    return {row["field"]: _conflict(row) for row in rows}


def of_field(connection: sa.Connection, case_number: int, field: str) -> tuple[Conflict, ...]:
    """Return the open conflicts over one field of a case, on any ticket, oldest first."""
    column = tables.field_conflicts.c
    rows = connection.execute(_open().where(column.case_number == case_number, column.field == field)).mappings()
    return tuple(map(_conflict, rows))


def every_open(connection: sa.Connection) -> tuple[Conflict, ...]:
    """Return every open conflict, oldest first."""
    return tuple(map(_conflict, connection.execute(_open()).mappings()))


def count_open(connection: sa.Connection) -> Mapping[str, int]:
    """Return how many conflicts are open, by cause."""
    column = tables.field_conflicts.c
    query = sa.select(column.cause, sa.func.count()).where(column.settled_at.is_(None)).group_by(column.cause)
    return {str(cause): int(count) for cause, count in connection.execute(query)}


def _open() -> sa.Select[tuple[object, ...]]:
    column = tables.field_conflicts.c
    return sa.select(tables.field_conflicts).where(column.settled_at.is_(None)).order_by(column.found_at, column.id)


def _conflict(row: sa.RowMapping) -> Conflict:
    kept = {name: row[name] for name in Conflict.__slots__}
    return Conflict(**{**kept, "cause": Cause(row["cause"])})
