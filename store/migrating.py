"""Bring a database up to date: our tables by Alembic, then the queue's own."""

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from store.jobs import migrate_queue

FOLDER = Path(__file__).parent / "migrations"
# Any number will do; it keeps two processes that start together from migrating at once.
LOCK = 7_220_411


def migrate(engine: sa.Engine, url: str) -> str:
    """Apply what is missing and return the revision reached; safe to repeat, and from several processes at once."""
    config = alembic_config()
    with engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(LOCK)))
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
    migrate_queue(url)
    return wanted_revision()


def current_revision(connection: sa.Connection) -> str | None:
    """Return the revision the database is at; None for an empty one."""
    return MigrationContext.configure(connection).get_current_revision()


def wanted_revision() -> str:
    """Return the revision this program was written for."""
    head = ScriptDirectory.from_config(alembic_config()).get_current_head()
    if head is None:
        raise RuntimeError("the program carries no migrations")
    return head


def alembic_config() -> Config:
    """Return where Alembic finds our migrations."""
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    return config
