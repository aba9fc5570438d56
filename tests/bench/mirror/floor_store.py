"""Where the floor keeps its rows: a plain table with a key and two indexes, the raw record compressed."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

import psycopg
import zstandard

from tests.bench.mirror.floor_reading import COLUMNS, Row
from tests.bench.mirror.task import Task

DICTIONARY_BYTES = 64 * 1024
LEVEL = 1
_TEXTS = COLUMNS[1:-1]
_COLUMNS = f"{' TEXT, '.join(_TEXTS)} TEXT"
_SCHEMA = (
    f"CREATE TABLE tickets (source TEXT, id TEXT, {_COLUMNS}, raw {{blob}}, PRIMARY KEY (source, id))",
    "CREATE INDEX by_customer ON tickets (customer_id)",
    "CREATE INDEX by_change ON tickets (updated_at)",
    "CREATE TABLE cursors (source TEXT PRIMARY KEY, place TEXT NOT NULL)",
    "CREATE TABLE dictionaries (source TEXT PRIMARY KEY, dictionary {blob})",
)
_UPSERT = ", ".join(f"{name} = excluded.{name}" for name in (*_TEXTS, "raw"))
_PLACE = "INSERT INTO cursors VALUES ({0}, {0}) ON CONFLICT (source) DO UPDATE SET place = excluded.place"


class Store(Protocol):
    """Keeps pages."""

    def keep(self, rows: list[Row], place: str) -> None:
        """Keep a page's rows and the place behind it, in one commit."""
        ...

    def count(self) -> int:
        """Return how many records are kept."""
        ...


class Compressed:
    """Packs raw records with a dictionary that the first page trains."""

    def __init__(self) -> None:
        self._compress = zstandard.ZstdCompressor(level=LEVEL).compress
        self.dictionary: bytes | None = None

    def learn(self, rows: list[Row]) -> bool:
        """Train on a page's records; True when that was news. Records too few or too alike train nothing."""
        if self.dictionary is not None:
            return False
        try:
            trained = zstandard.train_dictionary(DICTIONARY_BYTES, [bytes(row[-1]) for row in rows])
        except zstandard.ZstdError:
            return False
        trained.precompute_compress(level=LEVEL)
        self.dictionary = trained.as_bytes()
        self._compress = zstandard.ZstdCompressor(
            dict_data=trained, level=LEVEL, write_checksum=False, write_content_size=True
        ).compress
        return True

    def packed(self, source: str, rows: list[Row]) -> Iterator[Row]:
        """Return the rows with their source before them and the raw record packed."""
        compress = self._compress
        for row in rows:
            yield (source, *row[:-1], compress(row[-1]))


class InSQLite:
    """A file with write-ahead log and full sync, as the product's own."""

    def __init__(self, connection: sqlite3.Connection, source: str) -> None:
        self._connection, self._source, self._compressed = connection, source, Compressed()
        for statement in _SCHEMA:
            connection.execute(statement.format(blob="BLOB"))
        marks = ", ".join("?" * (len(COLUMNS) + 1))
        self._insert = f"INSERT INTO tickets VALUES ({marks}) ON CONFLICT (source, id) DO UPDATE SET {_UPSERT}"  # noqa: S608  # Names of ours.

    def keep(self, rows: list[Row], place: str) -> None:
        """Keep a page."""
        self._connection.execute("BEGIN IMMEDIATE")
        if self._compressed.learn(rows):
            kept = (self._source, self._compressed.dictionary)
            self._connection.execute("INSERT INTO dictionaries VALUES (?, ?)", kept)
        self._connection.executemany(self._insert, self._compressed.packed(self._source, rows))
        self._connection.execute(_PLACE.format("?"), (self._source, place))
        self._connection.execute("COMMIT")

    def count(self) -> int:
        """Count."""
        return int(self._connection.execute("SELECT count(*) FROM tickets").fetchone()[0])


class InPostgres:
    """Binary COPY into a stage of this connection, and one upsert from there."""

    def __init__(self, connection: psycopg.Connection, source: str) -> None:
        self._connection, self._source, self._compressed = connection, source, Compressed()
        with connection.transaction():
            for statement in _SCHEMA:
                connection.execute(statement.format(blob="BYTEA"))
        connection.execute("CREATE TEMP TABLE stage (LIKE tickets)")
        self._copy = "COPY stage FROM STDIN (FORMAT BINARY)"
        self._upsert = f"INSERT INTO tickets SELECT * FROM stage ON CONFLICT (source, id) DO UPDATE SET {_UPSERT}"  # noqa: S608  # Names of ours.
        self._types = ["text"] * len(COLUMNS) + ["bytea"]

    def keep(self, rows: list[Row], place: str) -> None:
        """Keep a page."""
        with self._connection.transaction():
            if self._compressed.learn(rows):
                kept = (self._source, self._compressed.dictionary)
                self._connection.execute("INSERT INTO dictionaries VALUES (%s, %s)", kept)
            with self._connection.cursor().copy(self._copy) as copy:
                copy.set_types(self._types)
                for row in self._compressed.packed(self._source, rows):
                    copy.write_row(row)
            self._connection.execute(self._upsert)
            self._connection.execute("TRUNCATE stage")
            self._connection.execute(_PLACE.format("%s"), (self._source, place))

    def count(self) -> int:
        """Count."""
        found = self._connection.execute("SELECT count(*) FROM tickets").fetchone()
        return int(found[0]) if found else 0


@contextmanager
def open_store(task: Task) -> Iterator[Store]:
    """Open the store of a task, with a fresh schema."""
    if task.store == "sqlite":
        connection = sqlite3.connect(task.store_url.removeprefix("sqlite:///"), isolation_level=None)
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        yield InSQLite(connection, task.system)
        connection.close()
    else:
        with psycopg.connect(task.store_url, autocommit=True) as postgres:
            yield InPostgres(postgres, task.system)
