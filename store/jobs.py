"""Durable jobs over DBOS, in the same database as everything else; the only module that imports it.

A job is a kind and a key. It is enqueued inside a transaction and exists when that commits; its body is idempotent.
A failure is written down and becomes a later attempt with backoff, then a dead letter that an operator can replay. A
refused access is a dead letter at once, so that it shows, and is tried again all the same: when it is mended, work goes
on by itself.
docs/decisions/0003-durable-engine.md says which defaults of DBOS are unsafe for money and what is set instead.
"""

import logging
import threading
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import sqlalchemy as sa
import structlog
from dbos import DBOS, DBOSClient, DBOSConfig, DBOSPortableJSONSerializer
from sqlalchemy import event

from connectors.contract import AccessRefused, TryLater, UnexpectedReply
from store import leases, tables
from store.cases import MovedOn
from store.database import BUSY_SECONDS, Database, Transaction, normal_url, set_sqlite_durable
from store.failures import (
    LONGEST_WAIT_SECONDS,
    MAX_ATTEMPTS,
    Attempt,
    backoff_seconds,
    bury,
    forget_failure,
    record_failure,
)

Handler = Callable[[str], None]

APPLICATION = "makewhole"
# Constant on purpose: DBOS strands waiting work whenever the version changes, and ours waits over deploys.
VERSION = "1"
WORKFLOW = "run_job"
MAX_RECOVERIES = 8
POLL_SECONDS = 0.05
#: How the queue marks a job that waits or runs.
OPEN = ("ENQUEUED", "PENDING", "DELAYED")
#: How it marks one that it does not try any more.
GIVEN_UP = ("MAX_RECOVERY_ATTEMPTS_EXCEEDED", "ERROR")
LEASE_SECONDS = 6.0
MOVED_ON_SECONDS = 0.1
SHORTEST_WAIT_SECONDS = 0.05
#: A vendor that comes back is found within this time, however long it was away.
LONGEST_VENDOR_WAIT_SECONDS = 60.0
#: Who was refused asks again after this time: longer than a refused login is remembered (`connectors.bearer`).
REFUSED_WAIT_SECONDS = 35.0

log = structlog.get_logger(__name__)


class Again(Exception):
    """The job cannot go on yet; run it again after `wait_seconds`. This is no failure and is not counted."""

    def __init__(self, wait_seconds: float) -> None:
        super().__init__(f"again in {wait_seconds} s")
        self.wait_seconds = wait_seconds


class _LeftRunning(BaseException):
    """Ends a job without an outcome. No Exception: the queue records those as the job's end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueSettings:
    """How one queue is worked off: at most `concurrency` jobs at once per worker, `per_minute` over all workers."""

    name: str
    concurrency: int
    per_minute: int | None = None


class DurableJobs:
    """Enqueues jobs; `queue_of` says which queue a job belongs to, by its kind and key."""

    def __init__(self, engine: sa.Engine, queue_of: Callable[[str, str], str]) -> None:
        self._queue_of = queue_of
        self._client = DBOSClient(
            system_database_engine=engine,
            serializer=DBOSPortableJSONSerializer(),
            application_name=APPLICATION,
            lazy=True,
            retry_connection_errors=False,
        )

    def enqueue(self, connection: sa.Connection, kind: str, key: str, delay_seconds: float = 0) -> None:
        """Put the first attempt of a job on its queue; a repeat of the same kind and key changes nothing."""
        self.enqueue_attempt(connection, Attempt(kind=kind, key=key, number=1), delay_seconds)

    def enqueue_attempt(self, connection: sa.Connection, attempt: Attempt, delay_seconds: float) -> None:
        """Put one numbered attempt of a job on its queue."""
        options: dict[str, Any] = {
            "workflow_name": WORKFLOW,
            "queue_name": self._queue_of(attempt.kind, attempt.key),
            "workflow_id": f"{attempt.kind}:{attempt.key}@{attempt.number}",
            "app_version": VERSION,
        }
        if delay_seconds > 0:
            options["delay_seconds"] = delay_seconds
        self._client.enqueue_in_transaction(connection, options, attempt.kind, attempt.key, attempt.number)  # type: ignore[arg-type]  # DBOS' own TypedDict, built in two steps.

    def try_now(self, connection: sa.Connection, kind: str, key: str, *, now: datetime) -> None:
        """Let a job be tried at once, for an operator's replay; one that waits for its time waits no longer."""
        status = _queue_table(connection, "workflow_status")
        mine = status.c.workflow_uuid.startswith(f"{kind}:{key}@", autoescape=True)
        due = {"delay_until_epoch_ms": int(now.timestamp() * 1000)}
        connection.execute(sa.update(status).where(mine, status.c.status == "DELAYED").values(due))
        if not connection.scalar(sa.select(sa.func.count()).select_from(status).where(mine, status.c.status.in_(OPEN))):
            self.enqueue_attempt(connection, next_attempt(connection, kind, key), 0)


def next_attempt(connection: sa.Connection, kind: str, key: str) -> Attempt:
    """Return the first attempt of a job that the queue has never seen, for an operator's replay."""
    status = _queue_table(connection, "workflow_status")
    name = f"{kind}:{key}@"
    ids = connection.scalars(
        sa.select(status.c.workflow_uuid).where(status.c.workflow_uuid.startswith(name, autoescape=True))
    )
    numbers = [int(each.removeprefix(name)) for each in ids if each.removeprefix(name).isdecimal()]
    return Attempt(kind=kind, key=key, number=max(numbers, default=0) + 1)


class Worker:
    """Runs jobs in this process. One per process, because DBOS is; on SQLite one per database file."""

    def __init__(self, database: Database, jobs: DurableJobs, url: str, queues: tuple[QueueSettings, ...]) -> None:
        self._database = database
        self._jobs = jobs
        self._url = url
        self._queues = queues
        self._handlers: Mapping[str, Handler] = {}
        self._stopping = threading.Event()
        self._heart: threading.Thread | None = None
        self._engine: sa.Engine | None = None
        self.executor_id = uuid.uuid4().hex

    def start(self, handlers: Mapping[str, Handler], *, on_fenced: Callable[[], None], alone: bool = False) -> None:
        """Begin working.

        on_fenced: Called when others have taken this worker for dead: it must end the process.
        alone: No other worker can be alive (a lock on the SQLite file says so); their jobs are taken over at once.
        """
        self._handlers = handlers
        with self._database.begin() as tx:
            leases.begin(tx, self.executor_id, until=_lease_end(tx))
            if alone:
                leases.declare_others_dead(tx, self.executor_id)
        silence_dbos()
        DBOS(config=self._config())

        def run_job(kind: str, key: str, number: int) -> None:
            self._run(Attempt(kind=kind, key=key, number=number))

        DBOS.workflow(name=WORKFLOW, max_recovery_attempts=MAX_RECOVERIES)(run_job)
        DBOS.listen_queues([queue.name for queue in self._queues])
        DBOS.launch()
        for queue in self._queues:
            DBOS.register_queue(
                queue.name,
                worker_concurrency=queue.concurrency,
                limiter={"limit": queue.per_minute, "period": 60.0} if queue.per_minute else None,
                polling_interval_sec=POLL_SECONDS,
                on_conflict="always_update",
            )
        self._renew()  # On a busy host the start takes long; nobody may take over from themselves.
        self._take_over()
        self._heart = threading.Thread(target=self._keep_alive, args=(on_fenced,), daemon=True)
        self._heart.start()

    def problem(self) -> str | None:
        """Return what keeps this worker from working; None when nothing does."""
        return None if self._heart and self._heart.is_alive() else "the worker does not renew its lease"

    def stop(self, *, wait_seconds: int = 5) -> None:
        """Stop taking jobs, wait for those running, and give the lease back; a job that takes longer keeps it.

        Such a job is taken over by others when the lease runs out, as that of a dead worker.
        """
        self._stopping.set()
        if self._heart:
            self._heart.join()
        DBOS.destroy(workflow_completion_timeout_sec=wait_seconds, destroy_registry=True)
        if self._engine is not None:
            self._engine.dispose()
        with self._database.begin() as tx:
            if not _is_doing(tx.connection, self.executor_id):
                leases.release(tx, self.executor_id)

    def _config(self) -> DBOSConfig:
        self._engine = _queue_engine(self._url)
        return DBOSConfig(
            name=APPLICATION,
            system_database_url=normal_url(self._url).render_as_string(hide_password=False),
            system_database_engine=self._engine,
            application_version=VERSION,
            executor_id=self.executor_id,
            serializer=DBOSPortableJSONSerializer(),
            run_migrations=False,
            use_listen_notify=False,
            enable_otlp=False,
            log_level="WARNING",
            max_executor_threads=sum(queue.concurrency for queue in self._queues) + 8,
        )

    def _run(self, attempt: Attempt) -> None:
        bound = log.bind(kind=attempt.kind, key=attempt.key, attempt=attempt.number)
        try:
            self._handlers[attempt.kind](attempt.key)
        except (Again, MovedOn) as again:
            wait_seconds = again.wait_seconds if isinstance(again, Again) else MOVED_ON_SECONDS
            self._keep(lambda tx: self._jobs.enqueue_attempt(tx.connection, attempt.following(), wait_seconds))
        except TryLater as error:
            bound.info("job waits", problem=str(error))
            self._keep(partial(self._try_again, attempt=attempt, error=error, least=error.wait_seconds, mortal=False))
        except (AccessRefused, UnexpectedReply) as error:
            bound.error("job is dead", problem=str(error))
            self._keep(partial(self._bury, attempt=attempt, error=error, again=isinstance(error, AccessRefused)))
        except Exception as error:  # noqa: BLE001  # A door: one broken job must not stop the worker.
            bound.exception("job failed")
            self._keep(partial(self._try_again, attempt=attempt, error=error, least=0.0, mortal=True))
        else:
            if attempt.number > 1:
                self._keep(partial(forget_failure, attempt=attempt))

    def _try_again(self, tx: Transaction, *, attempt: Attempt, error: Exception, least: float, mortal: bool) -> None:
        """Enqueue the next attempt with backoff; a mortal job is given up after MAX_ATTEMPTS failures.

        A vendor that is down for a day kills no job: only what is broken on our side is mortal.
        """
        now = datetime.now(UTC)
        attempts = record_failure(tx, attempt, error, now=now)
        if mortal and attempts >= MAX_ATTEMPTS:
            bury(tx, attempt, now=now)
        else:
            longest = LONGEST_WAIT_SECONDS if mortal else LONGEST_VENDOR_WAIT_SECONDS
            wait_seconds = max(least, min(backoff_seconds(attempts), longest))
            self._jobs.enqueue_attempt(tx.connection, attempt.following(), max(wait_seconds, SHORTEST_WAIT_SECONDS))

    def _bury(self, tx: Transaction, *, attempt: Attempt, error: Exception, again: bool) -> None:
        """Make a dead letter of a job; again: It is tried on, by and by, because a person may mend the cause."""
        now = datetime.now(UTC)
        attempts = record_failure(tx, attempt, error, now=now)
        bury(tx, attempt, now=now)
        if again:
            wait_seconds = max(REFUSED_WAIT_SECONDS, backoff_seconds(attempts))
            self._jobs.enqueue_attempt(tx.connection, attempt.following(), wait_seconds)

    def _keep(self, write: Callable[[Transaction], None]) -> None:
        """Write down how a job ended, however long the database is away: an error here would lose the job.

        When the worker stops meanwhile the job is left as running, and whoever takes over runs it again.
        """
        while True:
            try:
                with self._database.begin() as tx:
                    write(tx)
            except sa.exc.SQLAlchemyError:
                log.exception("how a job ended could not be kept; trying again")
                if self._stopping.wait(1.0):
                    raise _LeftRunning from None
            else:
                return

    def _keep_alive(self, on_fenced: Callable[[], None]) -> None:
        while not self._stopping.wait(LEASE_SECONDS / 3):
            try:
                if not self._renew():
                    log.error("this worker was taken for dead", executor_id=self.executor_id)
                    on_fenced()
                    return
                self._take_over()
            except sa.exc.SQLAlchemyError:
                log.exception("lease not renewed")

    def _renew(self) -> bool:
        with self._database.begin() as tx:
            return leases.renew(tx, self.executor_id, until=_lease_end(tx))

    def _take_over(self) -> None:
        with self._database.begin() as tx:
            dead = leases.declare_dead(tx, self.executor_id, now=leases.clock(tx))
            gone = (*dead, *_without_lease(tx.connection, besides=self.executor_id))
        if gone:
            log.warning("taking over jobs of dead workers", executors=gone)
            DBOS._recover_pending_workflows(list(gone))  # noqa: SLF001  # The open part has no public call; a contract test holds it.
            with self._database.begin() as tx:
                for executor_id in dead:
                    if not _is_doing(tx.connection, executor_id):
                        leases.release(tx, executor_id)


def _lease_end(tx: Transaction) -> datetime:
    return leases.clock(tx) + timedelta(seconds=LEASE_SECONDS)


def reclaim(connection: sa.Connection, kind: str, key: str) -> bool:
    """Forget that the queue itself gave a job up, so that it can be tried again; False when it did not."""
    status = _queue_table(connection, "workflow_status")
    mine = status.c.workflow_uuid.startswith(f"{kind}:{key}@", autoescape=True)
    given_up = status.c.status.in_(GIVEN_UP)
    return connection.execute(sa.update(status).where(mine, given_up).values(status="CANCELLED")).rowcount > 0


def migrate_queue(url: str) -> None:
    """Create or bring up to date the queue's own tables; safe to repeat."""
    silence_dbos()
    DBOS.migrate(normal_url(url).render_as_string(hide_password=False))


def silence_dbos() -> None:
    """Keep the library's banner out of our output; its warnings stay."""
    logging.getLogger("dbos").setLevel(logging.WARNING)


def _queue_engine(url: str) -> sa.Engine:
    """Return DBOS' own engine: it opens its transactions itself, on SQLite as immediate ones."""
    parsed = normal_url(url)
    if parsed.get_backend_name() != "sqlite":
        return sa.create_engine(parsed, pool_size=8, max_overflow=4, pool_pre_ping=True, hide_parameters=True)
    engine = sa.create_engine(
        parsed, connect_args={"timeout": BUSY_SECONDS}, pool_size=8, max_overflow=4, hide_parameters=True
    )

    def set_up(connection: Any, _record: object) -> None:
        connection.isolation_level = "IMMEDIATE"
        set_sqlite_durable(connection)

    event.listen(engine, "connect", set_up)
    return engine


def backlog(connection: sa.Connection) -> Mapping[str, int]:
    """Return how many jobs wait or run, by queue."""
    status = _queue_table(connection, "workflow_status")
    open_ones = status.c.status.in_(OPEN)
    query = sa.select(status.c.queue_name, sa.func.count()).where(open_ones).group_by(status.c.queue_name)
    return {str(name): int(count) for name, count in connection.execute(query)}


def oldest_due(connection: sa.Connection, *, now: datetime) -> datetime | None:
    """Return since when the oldest job that is due has been waiting for a worker; None when none is."""
    status = _queue_table(connection, "workflow_status")
    due_ms = sa.func.min(sa.func.coalesce(status.c.delay_until_epoch_ms, status.c.created_at))
    found = connection.scalar(sa.select(due_ms).where(status.c.status.in_(["ENQUEUED", "DELAYED"])))
    since = None if found is None else datetime.fromtimestamp(int(found) / 1000, UTC)
    return since if since is not None and since <= now else None


def _is_doing(connection: sa.Connection, executor_id: str) -> bool:
    """Whether jobs that this worker took have not ended."""
    status = _queue_table(connection, "workflow_status")
    mine = (status.c.executor_id == executor_id, status.c.status == "PENDING")
    return connection.scalar(sa.select(sa.func.count()).select_from(status).where(*mine)) != 0


def _without_lease(connection: sa.Connection, *, besides: str) -> tuple[str, ...]:
    """Return other workers that have jobs and no lease.

    Who is declared dead may live a moment longer, and take one more job after the others were taken over.
    """
    status = _queue_table(connection, "workflow_status")
    leased = sa.select(tables.leases.c.executor_id)
    theirs = (status.c.status == "PENDING", status.c.application_version == VERSION, status.c.executor_id != besides)
    query = sa.select(status.c.executor_id).where(*theirs, status.c.executor_id.not_in(leased)).distinct()
    return tuple(map(str, connection.scalars(query.order_by(status.c.executor_id))))


def killers(connection: sa.Connection) -> tuple[str, ...]:
    """Return the ids of jobs that the queue itself gave up: they ended their worker again and again."""
    status = _queue_table(connection, "workflow_status")
    query = sa.select(status.c.workflow_uuid).where(status.c.status.in_(GIVEN_UP))
    return tuple(connection.scalars(query.order_by(status.c.workflow_uuid)))


def forget_done(tx: Transaction, *, before: datetime) -> int:
    """Delete what the queue keeps of jobs that were done before this moment, and return how many."""
    status = _queue_table(tx.connection, "workflow_status")
    done = (status.c.status == "SUCCESS", status.c.updated_at < int(before.timestamp() * 1000))
    for name in ("workflow_input", "workflow_output", "operation_outputs"):
        table = _queue_table(tx.connection, name)
        tx.execute(sa.delete(table).where(table.c.workflow_uuid.in_(sa.select(status.c.workflow_uuid).where(*done))))
    return tx.execute(sa.delete(status).where(*done)).rowcount


def _queue_table(connection: sa.Connection, name: str) -> sa.TableClause:
    when = ("created_at", "updated_at", "delay_until_epoch_ms")
    names = ("workflow_uuid", "queue_name", "status", *when, "executor_id", "application_version")
    columns: list[sa.ColumnClause[Any]] = [sa.column(each) for each in names]
    schema = "dbos" if connection.dialect.name == "postgresql" else None
    return sa.table(name, *columns, schema=schema)
