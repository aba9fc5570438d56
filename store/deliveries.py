"""What arrived at a door, kept before it is answered; the sender's own id makes a repeat harmless."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from store import tables
from store.database import Transaction, insert_into


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One webhook, click, event or command.

    Fields:
        source: "zendesk", "slack".
        delivery_id: The sender's own id of it.
        body: As it came, decoded.
        received_at: Aware, UTC.
        outcome: What came of it, as its handler wrote it; None while it waits.
    """

    source: str
    delivery_id: str
    body: str
    received_at: datetime
    outcome: str | None


def keep(
    tx: Transaction, *, source: str, delivery_id: str, body: str, now: datetime, outcome: str | None = None
) -> bool:
    """Keep a delivery; False when it was kept before and nothing was done.

    `outcome` is given when all that it asks for happens in this transaction: it counts as handled then.
    """
    statement = insert_into(tx, tables.deliveries).values(
        source=source, delivery_id=delivery_id, body=body, received_at=now
    )
    if outcome is not None:
        statement = statement.values(handled_at=now, outcome=outcome)
    kept = tx.execute(statement.on_conflict_do_nothing().returning(tables.deliveries.c.delivery_id))
    return kept.one_or_none() is not None


def find(connection: sa.Connection, source: str, delivery_id: str) -> Delivery | None:
    """Return a kept delivery; None when there is none."""
    column = tables.deliveries.c
    row = connection.execute(
        sa.select(tables.deliveries).where(column.source == source, column.delivery_id == delivery_id)
    ).one_or_none()
    if row is None:
        return None
    return Delivery(
        source=row.source,
        delivery_id=row.delivery_id,
        body=row.body,
        received_at=row.received_at,
        outcome=row.outcome,
    )


def last_received(connection: sa.Connection, source: str) -> datetime | None:
    """Return when this sender's last delivery of those still kept came, aware; None when none is kept."""
    column = tables.deliveries.c
    newest: datetime | None = connection.scalar(
        sa.select(sa.func.max(column.received_at)).where(column.source == source)
    )
    return newest


def handled(tx: Transaction, delivery: Delivery, outcome: str, *, now: datetime) -> bool:
    """Record what came of a delivery; False when that was recorded before, and the first record stays."""
    column = tables.deliveries.c
    first = tx.execute(
        sa.update(tables.deliveries)
        .where(column.source == delivery.source, column.delivery_id == delivery.delivery_id)
        .where(column.handled_at.is_(None))
        .values(handled_at=now, outcome=outcome)
    )
    return first.rowcount == 1


def end(tx: Transaction, source: str, delivery_id: str, *, now: datetime) -> None:
    """Record that nothing more will come of a delivery; what was recorded of it before stays."""
    column = tables.deliveries.c
    mine = (column.source == source, column.delivery_id == delivery_id, column.handled_at.is_(None))
    tx.execute(sa.update(tables.deliveries).where(*mine).values(handled_at=now))


def forget_handled(tx: Transaction, *, before: datetime) -> int:
    """Delete handled deliveries received before this moment and return how many; their ids may repeat no more."""
    column = tables.deliveries.c
    gone = tx.execute(sa.delete(tables.deliveries).where(column.received_at < before, column.handled_at.is_not(None)))
    return gone.rowcount
