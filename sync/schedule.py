"""Ticks: each only enqueues a job named by its time slot, so it runs once however many hosts tick. No state here."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog
from apscheduler.schedulers.background import BackgroundScheduler
from sqlalchemy.exc import SQLAlchemyError

from store.database import Database

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """A job that is to run every so often.

    Fields:
        kind: The kind of job: "poll".
        subject: What it is about: "zendesk:harbor".
        every_seconds: A slot is this long; the job runs once a slot.
    """

    kind: str
    subject: str
    every_seconds: int

    def key(self, now: datetime) -> str:
        """Return the key of the slot that `now` is in: "zendesk:harbor@2026-11-20T12:00:00+00:00"."""
        start = int(now.timestamp()) // self.every_seconds * self.every_seconds
        return f"{self.subject}@{datetime.fromtimestamp(start, UTC).isoformat()}"

    def end(self, key: str) -> datetime | None:
        """Return when the slot of a key is over; None when the key names none, as that of a job of another reason."""
        try:
            start = datetime.fromisoformat(key.rpartition("@")[2])
        except ValueError:
            return None
        return start + timedelta(seconds=self.every_seconds)


def start_ticks(database: Database, ticks: tuple[Tick, ...], *, clock: Callable[[], datetime]) -> BackgroundScheduler:
    """Start ticking and return the scheduler, to be shut down by the caller. The first ticks come at once."""
    scheduler = BackgroundScheduler(timezone=UTC, job_defaults={"coalesce": True, "misfire_grace_time": 30})
    for tick in ticks:
        scheduler.add_job(
            run_tick, "interval", (database, tick, clock), seconds=tick.every_seconds, next_run_time=clock()
        )
    scheduler.start()
    return scheduler


def run_tick(database: Database, tick: Tick, clock: Callable[[], datetime]) -> None:
    """Enqueue the job of the present slot; when the database is down, the next tick does it."""
    try:
        with database.begin() as tx:
            tx.enqueue(tick.kind, tick.key(clock()))
    except SQLAlchemyError as error:
        log.warning("tick missed", kind=tick.kind, problem=type(error).__name__)
