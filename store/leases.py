"""Which workers are alive: each renews its lease; the jobs of an expired one are taken over."""

from datetime import UTC, datetime

import sqlalchemy as sa

from store import tables
from store.database import Transaction


def clock(tx: Transaction) -> datetime:
    """Return the time all workers go by: the database's, because their hosts' clocks differ."""
    if not tx.on_postgres:
        return datetime.now(UTC)
    moment: datetime = tx.execute(sa.select(sa.func.clock_timestamp())).scalar_one()
    return moment


def begin(tx: Transaction, executor_id: str, *, until: datetime) -> None:
    """Take this worker's first lease."""
    tx.execute(sa.insert(tables.leases).values(executor_id=executor_id, expires_at=until, dead=False))


def renew(tx: Transaction, executor_id: str, *, until: datetime) -> bool:
    """Extend this worker's lease; False when others have declared it dead, and may have its jobs already.

    A lease that is gone is never taken anew: a worker that was frozen for long would go on as if nothing had been.
    """
    column = tables.leases.c
    kept = sa.update(tables.leases).where(column.executor_id == executor_id, column.dead.is_(False))
    return tx.execute(kept.values(expires_at=until)).rowcount == 1


def declare_dead(tx: Transaction, executor_id: str, *, now: datetime) -> tuple[str, ...]:
    """Declare every other worker dead whose lease has run out; return those whose jobs have not been taken over yet.

    A worker never takes itself for dead: that it waited long for the database just now is no reason to end, and its own
    jobs, which are running, must not be begun a second time beside themselves.
    """
    column = tables.leases.c
    other = column.executor_id != executor_id
    tx.execute(sa.update(tables.leases).where(column.expires_at <= now, other).values(dead=True))
    return tuple(tx.execute(sa.select(column.executor_id).where(column.dead.is_(True), other)).scalars())


def declare_others_dead(tx: Transaction, executor_id: str) -> None:
    """Declare every other worker dead, whatever its lease says; only for who knows to be the only one alive."""
    tx.execute(sa.update(tables.leases).where(tables.leases.c.executor_id != executor_id).values(dead=True))


def alive(connection: sa.Connection, *, now: datetime) -> int:
    """Return how many workers are alive."""
    column = tables.leases.c
    living = (column.expires_at > now, column.dead.is_(False))
    return connection.scalar(sa.select(sa.func.count()).select_from(tables.leases).where(*living)) or 0


def release(tx: Transaction, executor_id: str) -> None:
    """Forget a lease: its worker has ended, or its jobs have been taken over."""
    tx.execute(sa.delete(tables.leases).where(tables.leases.c.executor_id == executor_id))
