"""How each source fares, for people: when it was last read, how far it has come, what the vendor says is left.

Cursors say where reading goes on; nothing here decides anything.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from connectors.contract import BudgetLeft, Page
from store import tables
from store.column_types import UTCDateTime
from store.database import Transaction, insert_into
from store.failures import writable

LONGEST_PROBLEM = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceHealth:
    """One source as it stands; every moment is aware, UTC, and None for never.

    Fields:
        source: "zendesk:harbor".
        succeeded_at: When a poll of it last ended well.
        caught_up_at: When a poll last found nothing more to read; until then the account is still being filled in.
        changed_at: The stamp of the newest ticket that was read: how far reading has come; None while the vendor
            brings tickets in no order.
        read_records: Tickets that polls have brought, repeats counted.
        problem, problem_at: Why the last poll that failed did; None once one has succeeded.
        webhook_at: When a webhook of it last came.
        read_at: When a page of it was last read.
        reconciled_at, differed: When it was last compared with the vendor to the end, and how many tickets had
            differed; those of cases that are read again one by one afterwards count as they are found.
        budget: What the vendor last said of our calls; None when it says nothing.
    """

    source: str
    succeeded_at: datetime | None = None
    caught_up_at: datetime | None = None
    changed_at: datetime | None = None
    read_records: int = 0
    problem: str | None = None
    problem_at: datetime | None = None
    webhook_at: datetime | None = None
    read_at: datetime | None = None
    reconciled_at: datetime | None = None
    differed: int | None = None
    budget: BudgetLeft | None = None


def of_source(connection: sa.Connection, source: str) -> SourceHealth:
    """Return how a source stands; one that was never read has nothing but its name."""
    row = connection.execute(sa.select(tables.sources).where(tables.sources.c.source == source)).one_or_none()
    received_at = tables.deliveries.c.received_at
    newest = sa.select(received_at).where(tables.deliveries.c.source == source).order_by(received_at.desc())
    webhook_at = connection.scalar(newest.limit(1))
    read_at = connection.scalar(sa.select(tables.cursors.c.read_at).where(tables.cursors.c.source == source))
    if row is None:
        return SourceHealth(source=source, webhook_at=webhook_at, read_at=read_at)
    return SourceHealth(
        source=source,
        succeeded_at=row.succeeded_at,
        caught_up_at=row.caught_up_at,
        changed_at=row.changed_at,
        read_records=row.read_records or 0,
        problem=row.problem,
        problem_at=row.problem_at,
        webhook_at=webhook_at,
        read_at=read_at,
        reconciled_at=row.reconciled_at,
        differed=row.differed,
        budget=_budget(row),
    )


def page_read(tx: Transaction, source: str, page: Page, *, now: datetime) -> None:
    """Record one page of a poll, in the transaction that keeps it."""
    column = tables.sources.c
    newest = max((ticket.updated_at for ticket in page.tickets), default=None) if page.in_order else None
    values: dict[str, object] = {"read_records": sa.func.coalesce(column.read_records, 0) + len(page.tickets)}
    if newest is not None:
        # A page that looks back again brings older ones; that is no step back.
        further = sa.or_(column.changed_at.is_(None), column.changed_at < newest)
        values["changed_at"] = sa.case((further, sa.literal(newest, UTCDateTime)), else_=column.changed_at)
    if page.complete:
        values["caught_up_at"] = now
    first = {"read_records": len(page.tickets), "changed_at": newest, "caught_up_at": now if page.complete else None}
    _put(tx, source, first, values)


def waited(tx: Transaction, source: str, *, now: datetime) -> None:
    """Record that the vendor is still making ready what was asked for, which is as good as a page."""
    tx.execute(sa.update(tables.cursors).where(tables.cursors.c.source == source).values(read_at=now))


def succeeded(tx: Transaction, source: str, budget: BudgetLeft | None, *, now: datetime) -> None:
    """Record that a poll ended well, and what the vendor says is left of our budget."""
    values: dict[str, object] = {"succeeded_at": now, "problem": None, "problem_at": None}
    if budget is not None:
        values |= {
            "budget_name": budget.name,
            "budget_limit": budget.limit,
            "budget_remaining": budget.remaining,
            "budget_at": budget.told_at,
        }
    _put(tx, source, values, values)


def failed(tx: Transaction, source: str, problem: str, *, now: datetime) -> None:
    """Record why a poll failed."""
    values: dict[str, object] = {"problem": writable(problem)[:LONGEST_PROBLEM], "problem_at": now}
    _put(tx, source, values, values)


def comparing(tx: Transaction, source: str, *, differed: int) -> None:
    """Record how many tickets had differed in one part of a comparison that is not at its end."""
    so_far = sa.func.coalesce(tables.sources.c.differing, 0) + differed
    _put(tx, source, {"differing": differed}, {"differing": so_far})


def reconciled(tx: Transaction, source: str, *, differed: int, now: datetime) -> int:
    """Record that a comparison with the vendor came to its end, and how many had differed in this last part of it.

    Returns how many had differed in all.
    """
    comparing(tx, source, differed=differed)
    mine = tables.sources.c.source == source
    whole = tx.execute(sa.select(tables.sources.c.differing).where(mine)).scalar_one() or 0
    tx.execute(sa.update(tables.sources).where(mine).values(reconciled_at=now, differed=whole, differing=0))
    return int(whole)


def found_different(tx: Transaction, source: str) -> None:
    """Count one more ticket that differed since the last comparison; nothing while there was none."""
    column = tables.sources.c
    compared = sa.update(tables.sources).where(column.source == source, column.differed.is_not(None))
    tx.execute(compared.values(differed=column.differed + 1))


def _put(tx: Transaction, source: str, first: Mapping[str, object], changes: Mapping[str, object]) -> None:
    statement = insert_into(tx, tables.sources).values(source=source, **first)
    tx.execute(statement.on_conflict_do_update(index_elements=["source"], set_=changes))


def _budget(row: sa.Row[tuple[object, ...]]) -> BudgetLeft | None:
    if row.budget_name is None:
        return None
    return BudgetLeft(
        name=row.budget_name, limit=row.budget_limit, remaining=row.budget_remaining, told_at=row.budget_at
    )
