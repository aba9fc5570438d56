"""What the mirror knows of fields and comments: what tickets show, what their case says, what was heard."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from cases.case import Stage
from cases.ticket import TicketRef
from store import tables
from store.database import Transaction, insert_into
from store.tickets import parsed

OVER = (Stage.CLOSED, Stage.JOINED)


@dataclass(frozen=True, slots=True, kw_only=True)
class MirroredField:
    """One field of one ticket of a case.

    Fields:
        ref: Which ticket: "zendesk:harbor:17".
        field: Our name: "order_id".
        case_number: The case it was mirrored for.
        base: Hash of the value it was last heard to show; None when it was written to and never heard.
        stamp: The vendor's stamp at that time; aware, UTC.
        written: Hash of what we last wrote there and still take for what it shows; None when somebody else wrote since.
        alike: Hash of the same value as a vendor may show it otherwise: trimmed, 12.5 for 12.50, another case.
        place: Number in the ticket's lane of a write that no reading has shown yet; None when there is none.
        restores: How often it was put back since `restores_since`.
        restores_since: When that count began; aware, UTC.
    """

    ref: str
    field: str
    case_number: int
    base: str | None
    stamp: datetime | None = None
    written: str | None = None
    alike: str | None = None
    place: int | None = None
    restores: int = 0
    restores_since: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseValue:
    """What a field of a case is, for every ticket of it.

    Fields:
        field: Our name: "order_id".
        value: As text; "" when its owner has cleared it.
        source: The ticket that gave it: "salesforce:harbor:500Ak00000A1b2CIAR".
        changed_at: The vendor's stamp of that ticket then; aware, UTC.
    """

    field: str
    value: str
    source: str
    changed_at: datetime


def fields_of(connection: sa.Connection, ref: TicketRef) -> dict[str, MirroredField]:
    """Return what is known of each mirrored field of a ticket, by our name."""
    rows = connection.execute(sa.select(tables.mirrored_fields).where(tables.mirrored_fields.c.ref == str(ref)))
    return {row["field"]: MirroredField(**row) for row in rows.mappings()}


def keep_fields(tx: Transaction, fields: Iterable[MirroredField]) -> None:
    """Keep what is known now of fields, in place of what was."""
    names = tuple(column.name for column in tables.mirrored_fields.c)
    rows = [{name: getattr(each, name) for name in names} for each in fields]
    if not rows:
        return
    statement = insert_into(tx, tables.mirrored_fields)
    changes = {name: statement.excluded[name] for name in names if name not in {"ref", "field"}}
    tx.connection.execute(statement.on_conflict_do_update(index_elements=["ref", "field"], set_=changes), rows)


def values_of(connection: sa.Connection, case_number: int) -> Mapping[str, CaseValue]:
    """Return what each mirrored field of a case is, by our name; those that nobody ever gave are absent."""
    column = tables.case_fields.c
    rows = connection.execute(
        sa.select(column.field, column.value, column.source, column.changed_at).where(column.case_number == case_number)
    )
    return {row["field"]: CaseValue(**row) for row in rows.mappings()}


def keep_value(tx: Transaction, case_number: int, value: CaseValue) -> None:
    """Make this the case's value of the field."""
    given = {"value": value.value, "source": value.source, "changed_at": value.changed_at}
    statement = insert_into(tx, tables.case_fields).values(case_number=case_number, field=value.field, **given)
    tx.execute(statement.on_conflict_do_update(index_elements=["case_number", "field"], set_=given))


def differing(connection: sa.Connection, fields: Iterable[str]) -> Mapping[int, tuple[TicketRef, ...]]:
    """Return the tickets of open cases that have one of these fields from another ticket, by the case's number."""
    case, value, shown, of_case = tables.cases.c, tables.case_fields.c, tables.mirrored_fields.c, tables.ticket_cases.c
    joined = (
        tables.case_fields.join(tables.cases, case.number == value.case_number)
        .join(tables.ticket_cases, of_case.case_number == case.number)
        .join(tables.mirrored_fields, sa.and_(shown.ref == of_case.ref, shown.field == value.field))
    )
    query = (
        sa.select(case.number, of_case.ref)
        .distinct()
        .select_from(joined)
        .where(case.stage.not_in(OVER), value.field.in_(list(fields)), value.source != of_case.ref)
        .order_by(case.number, of_case.ref)
    )
    found: dict[int, tuple[TicketRef, ...]] = {}
    for number, ref in connection.execute(query):
        found[number] = (*found.get(number, ()), parsed(ref))
    return found


def first_hearing(tx: Transaction, ref: TicketRef, comment_id: str, *, case_number: int, now: datetime) -> bool:
    """Record that a comment is heard; False when it was heard before, for whichever case."""
    statement = insert_into(tx, tables.comment_copies).values(
        source_ref=str(ref), comment_id=comment_id, case_number=case_number, copies=0, heard_at=now
    )
    heard = statement.on_conflict_do_nothing(index_elements=["source_ref", "comment_id"])
    return tx.execute(heard.returning(tables.comment_copies.c.comment_id)).one_or_none() is not None


def heard_of(connection: sa.Connection, ref: TicketRef) -> frozenset[str]:
    """Return the ids of the ticket's comments that were heard before."""
    column = tables.comment_copies.c
    return frozenset(connection.scalars(sa.select(column.comment_id).where(column.source_ref == str(ref))))


def was_copied(tx: Transaction, ref: TicketRef, comment_id: str, copies: int) -> None:
    """Record to how many other tickets a comment was passed on."""
    column = tables.comment_copies.c
    mine = (column.source_ref == str(ref), column.comment_id == comment_id)
    tx.execute(sa.update(tables.comment_copies).where(*mine).values(copies=copies))
