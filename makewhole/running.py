"""Run the house: migrate, start the worker and the ticks, serve the web, and end in good order."""

import fcntl
import gc
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import structlog

from makewhole.assembly import House
from makewhole.background import handlers, queues, ticks
from store.database import normal_url
from store.jobs import Worker
from store.migrating import migrate
from sync.schedule import start_ticks
from workflow.shadow import lead_on

FENCED_EXIT_CODE = 75
log = structlog.get_logger(__name__)


class AlreadyRunning(RuntimeError):
    """Another process works on this SQLite file."""


@contextmanager
def working(house: House, *, with_ticks: bool) -> Iterator[Worker]:
    """Migrate and work in this process until the block ends; raises AlreadyRunning on SQLite when another does."""
    url = house.settings.database
    with ExitStack() as stack:
        alone = house.engine.dialect.name == "sqlite"
        if alone:
            stack.enter_context(only_worker(Path(normal_url(url).database or "")))
        migrate(house.engine, url)
        with house.database.begin() as tx:
            lead_on(house.desk, tx, now=house.clock())
        worker = Worker(house.database, house.jobs, url, queues(house.settings))
        worker.start(handlers(house), on_fenced=end_at_once, alone=alone)
        stack.callback(worker.stop)
        if with_ticks:
            scheduler = start_ticks(house.database, ticks(house.settings), clock=house.clock)
            stack.callback(scheduler.shutdown)
        yield worker


@contextmanager
def only_worker(database: Path) -> Iterator[None]:
    """Hold the right to work on a SQLite file; the system gives it back when the process dies."""
    with database.with_name(f"{database.name}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise AlreadyRunning(
                f"another makewhole works on {database}; for more workers use PostgreSQL (docs/operating.md)"
            ) from None
        yield


def settle_down() -> None:
    """Take what a started process keeps for good out of the rounds of the garbage collector.

    A page of a thousand tickets starts many rounds; each would walk through every module and model.
    """
    gc.freeze()


def end_at_once() -> None:
    """End this process: others have taken it for dead and have its jobs. Its supervisor starts it again."""
    os._exit(FENCED_EXIT_CODE)
