"""Which tickets are to be read again: however many webhooks ask for one, it has one reading at a time, and one more.

A ticket that is being read when it is asked for again is read once more afterwards: what changed after the first
reading began is not missed, and twenty webhooks of one change cost two readings at most.
"""

from datetime import datetime, timedelta

import sqlalchemy as sa

from store import tables
from store.database import Transaction, insert_into

JOB = "read"
#: A reading that has not ended by then was given up; the next who asks starts a new one.
GIVEN_UP_AFTER = timedelta(minutes=15)


def ask(tx: Transaction, ref: str, *, now: datetime) -> None:
    """Ask for a ticket ("zendesk:harbor:17") to be read, in the transaction that has the reason."""
    column = tables.readings.c
    statement = insert_into(tx, tables.readings).values(ref=ref, asked=1, begun_at=now)
    counted = statement.on_conflict_do_update(index_elements=["ref"], set_={"asked": column.asked + 1})
    row = tx.execute(counted.returning(column.asked, column.begun_at)).one()
    if row.asked == 1:
        tx.enqueue(JOB, f"{ref}@1")
    elif row.begun_at is None or row.begun_at < now - GIVEN_UP_AFTER:
        _begin(tx, ref, row.asked, now=now)


def asked(connection: sa.Connection, ref: str) -> int:
    """Return how often the ticket was asked for by now; read it after this, and hand the number to `end`."""
    return connection.scalar(sa.select(tables.readings.c.asked).where(tables.readings.c.ref == ref)) or 0


def end(tx: Transaction, ref: str, *, served: int, now: datetime) -> None:
    """Record that a reading has ended that served the first `served` askings; later ones get a new reading."""
    column = tables.readings.c
    ended = sa.update(tables.readings).where(column.ref == ref).values(begun_at=None)
    count = tx.execute(ended.returning(column.asked)).scalar_one_or_none()
    if count is not None and count > served:
        _begin(tx, ref, count, now=now)


def _begin(tx: Transaction, ref: str, count: int, *, now: datetime) -> None:
    tx.execute(sa.update(tables.readings).where(tables.readings.c.ref == ref).values(begun_at=now))
    tx.enqueue(JOB, f"{ref}@{count}")
