"""One suite, both stores: what is committed stays, what is not never happened."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from store import tables
from store.database import Database
from store.jobs import backlog, forget_done, killers
from store.migrating import current_revision, migrate, wanted_revision


def test_the_migrations_make_exactly_the_tables_we_describe(database: Database) -> None:
    with database.read() as connection:
        found = sa.inspect(connection)
        names = set(found.get_table_names()) - {"alembic_version"}

        assert set(tables.metadata.tables) <= names
        for table in tables.metadata.sorted_tables:
            assert {column["name"] for column in found.get_columns(table.name)} == {
                column.name for column in table.columns
            }
        assert current_revision(connection) == wanted_revision()


def test_migrating_twice_changes_nothing(database: Database, store_url: str) -> None:
    assert migrate(database.engine, store_url) == wanted_revision()


def test_a_job_exists_only_when_its_transaction_commits(database: Database) -> None:
    with pytest.raises(ZeroDivisionError), database.begin() as tx:
        tx.enqueue("read", "zendesk:harbor:1@a")
        raise ZeroDivisionError
    with database.read() as connection:
        assert backlog(connection) == {}

    with database.begin() as tx:
        tx.enqueue("read", "zendesk:harbor:1@a")
    with database.read() as connection:
        assert backlog(connection) == {"work": 1}


def test_the_same_job_twice_is_one_job(database: Database) -> None:
    for _ in range(3):
        with database.begin() as tx:
            tx.enqueue("read", "zendesk:harbor:1@a")

    with database.read() as connection:
        assert backlog(connection) == {"work": 1}


def test_jobs_that_are_done_are_forgotten_in_time(database: Database) -> None:
    with database.begin() as tx:
        tx.enqueue("read", "zendesk:harbor:1@a")
        assert forget_done(tx, before=datetime.now(UTC) + timedelta(hours=1)) == 0
        done = "UPDATE dbos.workflow_status SET status = 'SUCCESS'"
        tx.connection.exec_driver_sql(done if tx.on_postgres else done.replace("dbos.", ""))

    with database.begin() as tx:
        assert forget_done(tx, before=datetime.now(UTC) - timedelta(hours=1)) == 0
        assert forget_done(tx, before=datetime.now(UTC) + timedelta(hours=1)) == 1
        assert killers(tx.connection) == ()
