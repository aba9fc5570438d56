"""Workers over the real queue: every job is done, whatever becomes of the one who does it."""

import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from structlog.testing import capture_logs

import store.jobs
from connectors.contract import AccessRefused, TryLater
from store import failures, leases, tables
from store.cases import MovedOn
from store.database import Database, create_engine
from store.jobs import Again, DurableJobs, QueueSettings, Worker, backlog
from tests.store.a_worker import FENCED
from tests.store.at_once import until
from tests.store.queued import KINDS, taken

ROOT = Path(__file__).resolve().parents[2]
QUEUES = (QueueSettings(name="work", concurrency=4),)
#: HOUSE.md: the jobs of a dead worker are taken over within this time, at a lease of 6 s.
TAKEN_OVER_WITHIN_SECONDS = 10
NOT_KEPT = "how a job ended could not be kept; trying again"


@contextmanager
def working(
    database: Database, handlers: dict[str, Callable[[str], None]], *, on_fenced: Callable[[], None] = lambda: None
) -> Iterator[Worker]:
    url = database.engine.url.render_as_string(hide_password=False)
    worker = Worker(database, DurableJobs(database.engine, lambda kind, _key: KINDS[kind]), url, QUEUES)
    worker.start(handlers, on_fenced=on_fenced, alone=database.engine.dialect.name == "sqlite")
    try:
        yield worker
    finally:
        worker.stop(wait_seconds=0)


def enqueue(database: Database, *keys: str, kind: str = "note") -> None:
    with database.begin() as tx:
        for key in keys:
            tx.enqueue(kind, key)


def is_idle(database: Database, *, but: int = 0) -> bool:
    with database.read() as connection:
        return sum(backlog(connection).values()) == but


class Tries:
    """Job bodies that fail the first times they are tried, and count how often they were."""

    def __init__(self) -> None:
        self.times: Counter[str] = Counter()

    def failing(self, times: int, error: Callable[[], Exception]) -> Callable[[str], None]:
        def act(key: str) -> None:
            self.times[key] += 1
            if self.times[key] <= times:
                raise error()

        return act


def test_every_way_a_job_may_go_ends_where_it_should(database: Database) -> None:
    tries = Tries()

    def pay(key: str) -> None:
        tries.times[key] += 1
        with database.begin() as tx:
            tx.enqueue("note", "a note of what was never paid")
            raise AccessRefused("401")

    def escalate(key: str) -> None:
        tries.times[key] += 1
        with database.begin() as tx:
            tx.enqueue("note", "a note")

    handlers = {
        "note": tries.failing(0, ZeroDivisionError),
        "card": tries.failing(1, lambda: TryLater("429", wait_seconds=0.05)),
        "thread": tries.failing(2, lambda: Again(0.05)),
        "read": tries.failing(1, lambda: MovedOn("CASE-1")),
        "propose": tries.failing(1, ZeroDivisionError),
        "pay": pay,
        "escalate": escalate,
    }
    for kind in handlers.keys() - {"note"}:
        enqueue(database, f"{'an' if kind == 'escalate' else 'a'} {kind}", kind=kind)

    with working(database, handlers):
        until(lambda: is_idle(database, but=1))  # Whose access was refused is tried again, but not so soon.

    assert tries.times == {
        "a note": 1,
        "a card": 2,
        "a thread": 3,
        "a read": 2,
        "a propose": 2,
        "a pay": 1,
        "an escalate": 1,
    }
    with database.read() as connection:
        assert [(each.kind, each.attempts) for each in failures.dead_letters(connection)] == [("pay", 1)]
        assert connection.scalar(sa.select(sa.func.count()).select_from(tables.job_failures)) == 1
        assert leases.alive(connection, now=datetime.now(UTC)) == 0


def test_what_was_enqueued_before_a_deploy_is_done_after_it(database: Database) -> None:
    before: list[str] = []
    after: list[str] = []
    with working(database, {"note": before.append}):
        enqueue(database, "one")
        until(lambda: is_idle(database))
    enqueue(database, "two")
    assert not is_idle(database)

    with working(database, {"note": after.append}):
        until(lambda: is_idle(database))

    assert (before, after) == (["one"], ["two"])


def test_a_worker_that_was_taken_for_dead_is_told_so(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Others have taken its jobs over and forgotten its lease; it must not go on beside them."""
    monkeypatch.setattr(store.jobs, "LEASE_SECONDS", 0.6)
    fenced = threading.Event()
    with working(database, {}, on_fenced=fenced.set) as worker:
        assert worker.problem() is None
        with database.begin() as tx:
            leases.release(tx, worker.executor_id)

        assert fenced.wait(10)
        assert until(worker.problem) == "the worker does not renew its lease"


def test_a_dead_worker_is_remembered_as_long_as_a_job_of_it_is_left(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store.jobs, "LEASE_SECONDS", 0.6)
    enqueue(database, "one", "two")
    with database.begin() as tx:
        for executor in ("a", "b"):
            leases.begin(tx, executor, until=datetime(2026, 11, 20, tzinfo=UTC))
        taken(tx, "note:one@1", by="a", version=store.jobs.VERSION)
        # The queue recovers only jobs of the version that it runs: this one it cannot take over.
        taken(tx, "note:two@1", by="b", version="0")

    done: list[str] = []
    with working(database, {"note": done.append}):
        until(lambda: done)
        with database.begin() as tx:
            left = leases.declare_dead(tx, "c", now=leases.clock(tx))

    assert (done, left) == (["one"], ("b",))


def test_a_job_that_a_worker_took_after_it_was_declared_dead_and_forgotten_is_taken_over(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store.jobs, "LEASE_SECONDS", 0.6)
    done: list[str] = []

    with working(database, {"note": done.append}):
        with database.begin() as tx:
            tx.enqueue("note", "one", 60)
            taken(tx, "note:one@1", by="a", version=store.jobs.VERSION)

        until(lambda: done)

    assert done == ["one"]


class Program:
    """A worker in a process of its own, and what it wrote down."""

    def __init__(self, database: Database, file: Path, mood: str, *, alone: bool = False) -> None:
        self.file = file
        url = database.engine.url.render_as_string(hide_password=False)
        words = [sys.executable, "-m", "tests.store.a_worker", url, str(file), mood, *(["alone"] if alone else [])]
        self.process = subprocess.Popen(words, cwd=ROOT)

    def lines(self) -> list[str]:
        return self.file.read_text(encoding="utf-8").splitlines() if self.file.exists() else []

    def wrote(self, line: str, *, seconds: float = 30) -> None:
        until(lambda: line in self.lines(), seconds=seconds)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(30)


@pytest.fixture
def start(database: Database, tmp_path: Path) -> Iterator[Callable[..., Program]]:
    running: list[Program] = []

    def begin(mood: str, *, alone: bool = False) -> Program:
        running.append(Program(database, tmp_path / f"worker-{len(running)}", mood, alone=alone))
        return running[-1]

    yield begin
    for each in running:
        each.kill()


@pytest.mark.parametrize("store_url", [pytest.param("postgres", marks=pytest.mark.postgres)], indirect=True)
def test_the_jobs_of_a_killed_or_frozen_worker_are_taken_over_within_ten_seconds(
    database: Database, start: Callable[..., Program]
) -> None:
    """The contract that DBOS._recover_pending_workflows is used under, and the fencing of who was only frozen."""
    killed, frozen = start("hangs"), start("hangs")
    enqueue(database, *(f"job {number}" for number in range(8)))
    until(lambda: len([*killed.lines(), *frozen.lines()]) == 10)
    other = start("works")
    other.wrote("ready")
    begun = time.monotonic()
    killed.kill()
    frozen.process.send_signal(signal.SIGSTOP)

    for number in range(8):
        other.wrote(f"ended job {number}", seconds=TAKEN_OVER_WITHIN_SECONDS - (time.monotonic() - begun))

    frozen.process.send_signal(signal.SIGCONT)
    assert frozen.process.wait(30) == FENCED
    assert Counter(other.lines()) == Counter(
        ["ready", *(f"{what} job {n}" for n in range(8) for what in ("began", "ended"))]
    )


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
def test_on_sqlite_the_next_worker_takes_over_at_once(database: Database, start: Callable[..., Program]) -> None:
    killed = start("hangs", alone=True)
    enqueue(database, "one")
    killed.wrote("began one")
    killed.kill()

    following = start("works", alone=True)
    following.wrote("ready")

    following.wrote("ended one", seconds=2)


@pytest.mark.parametrize("store_url", [pytest.param("postgres", marks=pytest.mark.postgres)], indirect=True)
def test_a_job_that_ends_while_the_database_is_away_is_not_lost(database: Database, postgres_server: str) -> None:
    name = database.engine.url.database
    outside = create_engine(postgres_server).execution_options(isolation_level="AUTOCOMMIT")
    begun, away = threading.Event(), threading.Event()
    tries: list[str] = []

    def note(key: str) -> None:
        tries.append(key)
        begun.set()
        assert away.wait(30)
        if len(tries) == 1:
            raise Again(0.05)

    def tell(*statements: str) -> None:
        with outside.connect() as connection:
            for statement in statements:
                connection.exec_driver_sql(statement)

    enqueue(database, "one")
    with capture_logs() as said, working(database, {"note": note}):
        assert begun.wait(30)
        everyone = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"  # noqa: S608  # Our own.
        tell(f"ALTER DATABASE {name} WITH ALLOW_CONNECTIONS false", everyone)
        away.set()
        until(lambda: any(each["event"] == NOT_KEPT for each in said))
        tell(f"ALTER DATABASE {name} WITH ALLOW_CONNECTIONS true")

        until(lambda: len(tries) == 2)
        until(lambda: is_idle(database))
    outside.dispose()

    assert tries == ["one", "one"]
