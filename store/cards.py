"""Where each case's card stands in Slack."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from store import tables
from store.cases import number_of
from store.database import Transaction, insert_into


@dataclass(frozen=True, slots=True, kw_only=True)
class CardPlace:
    """Where a card stands: `ts` is None until it is known, `shown_version` the case's version that it shows.

    It shows version 0 while that is not known, and while it says that its case is held back in shadow mode.
    """

    channel: str
    ts: str | None
    shown_version: int
    meant_at: datetime


def find(connection: sa.Connection, case_id: str) -> CardPlace | None:
    """Return where the card of a case stands; None when none was ever meant to be posted."""
    column = tables.cards.c
    row = connection.execute(
        sa.select(column.channel, column.ts, column.shown_version, column.meant_at).where(
            column.case_number == number_of(case_id)
        )
    ).one_or_none()
    return None if row is None else CardPlace(**row._mapping)  # noqa: SLF001  # SQLAlchemy's public name for it.


def standing(connection: sa.Connection) -> dict[int, int]:
    """Return which version each card that stands in Slack shows, by the number of its case."""
    column = tables.cards.c
    rows = connection.execute(sa.select(column.case_number, column.shown_version).where(column.ts.is_not(None)))
    return {row.case_number: row.shown_version for row in rows}


def mean_to_post(tx: Transaction, case_id: str, channel: str, *, now: datetime) -> None:
    """Record that a card will be posted; a repeat changes nothing."""
    statement = insert_into(tx, tables.cards).values(
        case_number=number_of(case_id), channel=channel, ts=None, shown_version=0, meant_at=now
    )
    tx.execute(statement.on_conflict_do_nothing())


def shown(tx: Transaction, case_id: str, *, ts: str | None, version: int) -> None:
    """Record what a card shows now."""
    column = tables.cards.c
    tx.execute(
        sa.update(tables.cards).where(column.case_number == number_of(case_id)).values(ts=ts, shown_version=version)
    )
