"""A person settles a conflict over a field: what the case says holds, or what the ticket shows."""

from dataclasses import replace
from datetime import datetime
from typing import Literal

from store import conflicts, mirror, tickets
from store.cases import PREFIX, StoredCase
from store.conflicts import Conflict
from store.database import Transaction
from store.mirror import CaseValue
from sync.intake import parse_ref
from sync.mirror import overrule_others, put_fields
from sync.ownership import FieldRules, digest, is_ours, likeness
from sync.wanted import board_of
from workflow.changing import changed
from workflow.desk import Desk

Take = Literal["ours", "theirs"]


def settle(
    desk: Desk, rules: FieldRules, tx: Transaction, conflict_id: int, take: Take, *, person: str, now: datetime
) -> Conflict | None:
    """Settle a conflict as a person says, and have every ticket of the case brought in line; None when none is open.

    take: "ours" writes what the case says to the ticket, also when it was refused before. "theirs" makes what the
    ticket shows the case's value, for all its tickets; of a field of our own it only lets the ticket be, until the
    case changes.
    """
    found = conflicts.find(tx.connection, conflict_id)
    if found is None:
        return None
    stored = desk.cases.lock(tx, f"{PREFIX}{found.case_number}")
    if not conflicts.settle(tx, found, by=person, took=take, now=now):
        return None
    desk.cases.note(
        tx, stored, changed(now, person, "conflict settled", field=found.field, ticket=found.ref, took=take)
    )
    if take == "theirs" and is_ours(found.field):
        _let_be(desk, rules, tx, stored, found)
    elif take == "theirs":
        _take_theirs(tx, stored, found, now=now)
    else:
        _take_ours(tx, found, now=now)
    return found


def _take_ours(tx: Transaction, found: Conflict, *, now: datetime) -> None:
    ref = parse_ref(found.ref)
    known = mirror.fields_of(tx.connection, ref).get(found.field)
    if known is not None:
        anew = replace(known, written=None, alike=None, restores=0, restores_since=None)
        mirror.keep_fields(tx, (anew if known.place is None else known,))
    put_fields(tx, ref, found.case_number, now=now)


def _take_theirs(tx: Transaction, stored: StoredCase, found: Conflict, *, now: datetime) -> None:
    value = CaseValue(field=found.field, value=found.theirs, source=found.ref, changed_at=now)
    mirror.keep_value(tx, stored.number, value)
    overrule_others(tx, stored.number, value)
    for ref in stored.case.about.tickets:
        if tickets.case_of(tx.connection, ref) == stored.case.about.id:
            put_fields(tx, ref, stored.number, now=now)


def _let_be(desk: Desk, rules: FieldRules, tx: Transaction, stored: StoredCase, found: Conflict) -> None:
    """Take what the ticket shows for the vendor's way of showing what the case says now."""
    known = mirror.fields_of(tx.connection, parse_ref(found.ref)).get(found.field)
    wanted = board_of(desk, rules, tx.connection, stored).says(found.field)
    if known is not None and wanted is not None:
        mirror.keep_fields(tx, (replace(known, written=digest(wanted), alike=likeness(wanted), place=None),))
