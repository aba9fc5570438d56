"""Which tickets are to be read again: however many webhooks ask for one, it has one reading at a time, and one more.

A ticket that is being read when it is asked for again is read once more afterwards: what changed after the first
reading began is not missed, and twenty webhooks of one change cost two readings at most.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

import sqlalchemy as sa

from cases.case import Stage
from store import tables
from store.bulk import is_one_of
from store.column_types import UTCDateTime
from store.database import Transaction, insert_into

JOB = "read"
#: A reading that has not ended by then was given up; the next who asks starts a new one.
GIVEN_UP_AFTER = timedelta(minutes=15)


def ask(tx: Transaction, ref: str, *, now: datetime, comparing: bool = False) -> None:
    """Ask for a ticket ("zendesk:harbor:17") to be read; see `ask_all`."""
    ask_all(tx, (ref,), now=now, comparing=comparing)


def ask_all(tx: Transaction, refs: Iterable[str], *, now: datetime, comparing: bool = False) -> None:
    """Ask for tickets to be read, in the transaction that has the reason, each once however often it is named.

    comparing: There is no reason but to compare them with the vendor.
    """
    column = tables.readings.c
    rows = [{"ref": ref, "asked": 1, "number": 1, "begun_at": now, "comparing": comparing} for ref in sorted({*refs})]
    if not rows:
        return
    begins = sa.or_(column.begun_at.is_(None), column.begun_at < now - GIVEN_UP_AFTER)
    changes = {
        "asked": column.asked + 1,
        # The count of askings names the reading: it has grown since the last one began, so no name comes twice.
        "number": sa.case((begins, column.asked + 1), else_=column.number),
        "begun_at": sa.case((begins, sa.literal(now, UTCDateTime)), else_=column.begun_at),
        # Whoever has a better reason than to compare makes it no comparison.
        "comparing": comparing and sa.or_(column.begun_at.is_(None), column.comparing),
    }
    upsert = insert_into(tx, tables.readings).on_conflict_do_update(index_elements=["ref"], set_=changes)
    counted = tx.connection.execute(upsert.returning(column.ref, column.asked, column.number), rows)
    for row in counted.all():
        if row.number == row.asked:
            tx.enqueue(JOB, f"{row.ref}@{row.number}")


def asked(connection: sa.Connection, ref: str) -> int:
    """Return how often the ticket was asked for by now; read it after this, and hand the number to `end`."""
    return connection.scalar(sa.select(tables.readings.c.asked).where(tables.readings.c.ref == ref)) or 0


def end(tx: Transaction, key: str, *, served: int, now: datetime) -> bool:
    """Record that a reading has ended that served the first `served` askings; later ones get a new reading.

    Returns whether nobody had a reason to ask but to compare the ticket with the vendor.
    `key` is its job's key. A reading that was given up, or is done again after a crash, may end when another one is
    under way or done: its end changes nothing, or the next who asks would wait for a reading that never comes.
    """
    ref, _, number = key.rpartition("@")
    column = tables.readings.c
    mine = (column.ref == ref, column.number == int(number), column.begun_at.is_not(None))
    ended = sa.update(tables.readings).where(*mine).values(begun_at=None, ended_at=now)
    row = tx.execute(ended.returning(column.asked, column.comparing)).one_or_none()
    if row is not None and row.asked > served:
        _begin(tx, ref, row.asked, now=now)
    return row is not None and bool(row.comparing)


def unread_since(connection: sa.Connection, source: str, since: datetime, *, most: int) -> tuple[str, ...]:
    """Return tickets of cases that are not closed which were not read whole since then, the longest unread first.

    source: "zendesk:harbor".
    """
    column, of_case = tables.readings.c, tables.ticket_cases.c
    joined = tables.ticket_cases.join(tables.cases, tables.cases.c.number == of_case.case_number)
    rows = connection.scalars(
        sa.select(of_case.ref)
        .select_from(joined.outerjoin(tables.readings, column.ref == of_case.ref))
        .where(of_case.ref.startswith(f"{source}:", autoescape=True))
        .where(tables.cases.c.stage.not_in([Stage.CLOSED, Stage.JOINED]))
        .where(sa.or_(column.ended_at.is_(None), column.ended_at < since))
        .order_by(column.ended_at.asc().nulls_first(), of_case.ref)
        .limit(most)
    )
    return tuple(rows)


def unread_since_changed(connection: sa.Connection, changed: Mapping[str, datetime]) -> tuple[str, ...]:
    """Return those of these tickets, with when they changed, that were not read whole since and are not being read."""
    column = tables.readings.c
    mine = sa.select(column.ref, column.ended_at, column.begun_at).where(is_one_of(connection, column.ref, changed))
    read = {row.ref: row for row in connection.execute(mine)}
    return tuple(
        ref
        for ref, at in changed.items()
        if ref not in read or (read[ref].begun_at is None and (read[ref].ended_at is None or read[ref].ended_at < at))
    )


def _begin(tx: Transaction, ref: str, number: int, *, now: datetime) -> None:
    begun = sa.update(tables.readings).where(tables.readings.c.ref == ref).values(number=number, begun_at=now)
    tx.execute(begun)
    tx.enqueue(JOB, f"{ref}@{number}")
