"""Counts for who watches: cases by stage, payouts by state."""

from collections.abc import Mapping
from datetime import datetime

import sqlalchemy as sa

from store import tables


def cases_by_stage(connection: sa.Connection) -> Mapping[str, int]:
    """Return how many cases are in each stage."""
    return _count_by(connection, tables.cases.c.stage)


def payouts_by_state(connection: sa.Connection) -> Mapping[str, int]:
    """Return how many payouts are in each state."""
    return _count_by(connection, tables.payouts.c.state)


def last_polls(connection: sa.Connection) -> Mapping[str, datetime]:
    """Return when each source was last read successfully; aware, UTC."""
    column = tables.cursors.c
    # A comparison that is under way has a place of its own: "zendesk:harbor/reconcile".
    polls = sa.select(column.source, column.read_at).where(column.source.not_like("%/%"))
    rows = connection.execute(polls)
    return {row.source: row.read_at for row in rows}


def _count_by(connection: sa.Connection, column: sa.Column[str]) -> Mapping[str, int]:
    rows = connection.execute(sa.select(column, sa.func.count()).group_by(column).order_by(column))
    return {str(name): int(count) for name, count in rows}
