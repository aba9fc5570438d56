"""Connections and transactions; a transaction carries the means to enqueue a job that commits with it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.dialects import postgresql, sqlite

BUSY_SECONDS = 30


class Jobs(Protocol):
    """The durable queue, as far as a transaction needs it."""

    def enqueue(self, connection: sa.Connection, kind: str, key: str, delay_seconds: float) -> None:
        """Put a job on its queue inside the connection's transaction; a job with this kind and key runs once."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Transaction:
    """One database transaction: all of it happens or nothing, jobs included."""

    connection: sa.Connection
    jobs: Jobs

    def enqueue(self, kind: str, key: str, delay_seconds: float = 0) -> None:
        """Enqueue a job that exists when this transaction commits, and only then."""
        self.jobs.enqueue(self.connection, kind, key, delay_seconds)

    def execute(self, statement: sa.Executable) -> sa.CursorResult[Any]:
        """Run one statement of this transaction."""
        return self.connection.execute(statement)

    def hold(self, *names: str) -> None:
        """Keep others out of what these names stand for until this transaction ends; SQLite's one writer does so."""
        if self.on_postgres and names:
            wanted = sa.func.unnest(sa.literal(sorted(set(names)), postgresql.ARRAY(sa.Text))).table_valued("name")
            self.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtextextended(wanted.c.name, 0))))

    @property
    def on_postgres(self) -> bool:
        """Whether rows can and must be locked one by one; SQLite has one writer at a time."""
        return self.connection.dialect.name == "postgresql"


class Database:
    """The one database of a deployment, and the queue in it."""

    def __init__(self, engine: sa.Engine, jobs: Jobs) -> None:
        self.engine = engine
        self._jobs = jobs

    @contextmanager
    def begin(self) -> Iterator[Transaction]:
        """Open a transaction that may write; commits at the end, rolls back on an error."""
        with self.engine.begin() as connection:
            yield Transaction(connection=connection, jobs=self._jobs)

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """Open a connection for reading only; never waits for a writer."""
        with self.engine.connect().execution_options(makewhole_read_only=True) as connection:
            yield connection


def insert_into(tx: Transaction, table: sa.Table) -> postgresql.Insert | sqlite.Insert:
    """Return an insert that can be told what to do on a conflict, in the dialect of this transaction."""
    return postgresql.insert(table) if tx.on_postgres else sqlite.insert(table)


def normal_url(url: str) -> sa.URL:
    """Return the URL with our drivers: `postgresql://` is psycopg 3; `sqlite:///folder/file` makes the folder."""
    parsed = sa.make_url(url)
    if parsed.drivername in {"postgresql", "postgres"}:
        return parsed.set(drivername="postgresql+psycopg")
    if parsed.drivername == "sqlite" and parsed.database:
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
    return parsed


def create_engine(url: str, *, connections: int = 12) -> sa.Engine:
    """Return an engine set up so that nothing acknowledged is lost: WAL and full sync on SQLite."""
    parsed = normal_url(url)
    if parsed.get_backend_name() != "sqlite":
        return sa.create_engine(parsed, pool_size=connections, max_overflow=4, pool_pre_ping=True, hide_parameters=True)
    engine = sa.create_engine(
        parsed, pool_size=connections, max_overflow=4, connect_args={"timeout": BUSY_SECONDS}, hide_parameters=True
    )
    event.listen(engine, "connect", _set_up_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _set_up_sqlite(connection: Any, _record: object) -> None:
    # The driver must not open transactions by itself: a deferred one that turns into a writer fails as busy.
    connection.isolation_level = None
    set_sqlite_durable(connection)


def set_sqlite_durable(connection: Any) -> None:
    """Set one SQLite connection to write-ahead log, full sync, foreign keys and a patient busy timeout."""
    connection.execute(f"PRAGMA busy_timeout={BUSY_SECONDS * 1000}")
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA foreign_keys=ON")


def _begin_sqlite(connection: sa.Connection) -> None:
    read_only = connection.get_execution_options().get("makewhole_read_only", False)
    connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")
