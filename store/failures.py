"""Jobs that failed: how often, why, and which of them wait for an operator."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from store import tables
from store.database import Transaction, insert_into

MAX_ATTEMPTS = 25
LONGEST_WAIT_SECONDS = 300.0
PROBLEM_CHARACTERS = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """A job that a person must look at. Unless its access was refused, it is not tried again by itself.

    Fields:
        kind: What it was to do: "pay".
        key: For what: "CASE-4711/1a2b".
        attempts: How often it was tried.
        problem: What went wrong the last time.
        dead_at: When it was given up, or first refused; aware, UTC.
    """

    kind: str
    key: str
    attempts: int
    problem: str
    dead_at: datetime


def backoff_seconds(attempt: int) -> float:
    """Return how long to wait after this many attempts: 0.5 s, doubled each time, five minutes at most."""
    doublings = min(attempt - 1, 10)  # A vendor that is away for days is asked thousands of times.
    return min(0.5 * float(1 << doublings), LONGEST_WAIT_SECONDS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One try of a job; `number` counts from 1 and makes the queue's id of it unique."""

    kind: str
    key: str
    number: int

    def following(self) -> "Attempt":
        """Return the next try of the same job."""
        return Attempt(kind=self.kind, key=self.key, number=self.number + 1)


def record_failure(tx: Transaction, attempt: Attempt, error: Exception, *, now: datetime) -> int:
    """Write down that a job failed and return how often it has by now."""
    problem = writable(f"{type(error).__name__}: {error}")[:PROBLEM_CHARACTERS]
    statement = insert_into(tx, tables.job_failures).values(
        kind=attempt.kind, key=attempt.key, attempts=1, problem=problem, failed_at=now
    )
    counted = statement.on_conflict_do_update(
        index_elements=["kind", "key"],
        set_={
            "attempts": tables.job_failures.c.attempts + 1,
            "problem": problem,
            "failed_at": now,
        },
    )
    return int(tx.execute(counted.returning(tables.job_failures.c.attempts)).scalar_one())


def writable(words: str) -> str:
    """Return foreign words without what no database keeps: NUL, and halves of a sign."""
    return words.encode(errors="replace").decode().replace("\0", "?")


def forget_failure(tx: Transaction, attempt: Attempt) -> None:
    """Forget the failures of a job that has succeeded."""
    column = tables.job_failures.c
    tx.execute(sa.delete(tables.job_failures).where(column.kind == attempt.kind, column.key == attempt.key))


def bury(tx: Transaction, attempt: Attempt, *, now: datetime) -> None:
    """Make a failed job a dead letter; one that is stays so since when it was."""
    column = tables.job_failures.c
    mine = (column.kind == attempt.kind, column.key == attempt.key, column.dead_at.is_(None))
    tx.execute(sa.update(tables.job_failures).where(*mine).values(dead_at=now))


def dead_letters(connection: sa.Connection) -> tuple[DeadLetter, ...]:
    """Return every job that waits for an operator, oldest first."""
    column = tables.job_failures.c
    rows = connection.execute(
        sa.select(column.kind, column.key, column.attempts, column.problem, column.dead_at)
        .where(column.dead_at.is_not(None))
        .order_by(column.dead_at)
    )
    return tuple(DeadLetter(**row) for row in rows.mappings())


def of_key(connection: sa.Connection, key: str) -> tuple[tuple[str, str], ...]:
    """Return (kind, problem) of every job with this key whose last try failed, sorted."""
    column = tables.job_failures.c
    rows = connection.execute(sa.select(column.kind, column.problem).where(column.key == key).order_by(column.kind))
    return tuple((row.kind, row.problem) for row in rows)


def revive(tx: Transaction, kind: str, key: str) -> bool:
    """Take a dead letter back to life; False when there is none such. The caller enqueues its next attempt."""
    column = tables.job_failures.c
    revived = tx.execute(
        sa.update(tables.job_failures)
        .where(column.kind == kind, column.key == key, column.dead_at.is_not(None))
        .values(dead_at=None, attempts=0)
    )
    return revived.rowcount == 1
