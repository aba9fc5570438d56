"""Many rows in one statement: the same outcome as one by one, on both stores."""

from contextlib import suppress
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from cases.ticket import TicketStatus
from store import bulk, tables
from store.database import Database
from tests.store.stories import NOON


def row(number: int, *, minute: int = 0, subject: str = "{}", customer: str | None = None) -> dict[str, object]:
    return {
        "ref": f"zendesk:harbor:{number}",
        "customer_id": customer,
        "status": TicketStatus.OPEN,
        "topic": None,
        "document": subject,
        "raw": bytes(range(256)),
        "updated_at": NOON + timedelta(minutes=minute),
    }


def keep(database: Database, *rows: dict[str, object]) -> None:
    with database.begin() as tx:
        bulk.upsert(tx, tables.tickets, rows, key="ref", newer="updated_at")


def kept(database: Database) -> list[sa.Row[tuple[str, str | None, str, str, bytes, datetime]]]:
    column = tables.tickets.c
    query = sa.select(column.ref, column.customer_id, column.status, column.document, column.raw, column.updated_at)
    with database.read() as connection:
        return list(connection.execute(query.order_by(column.updated_at, column.ref)))


def test_every_value_comes_back_as_it_was_given(database: Database) -> None:
    words = 'It\'s "late", {100%} \\ 提现\n'
    keep(database, row(17, subject=words, customer="C-1"), row(18, minute=1))

    first, second = kept(database)

    assert first == ("zendesk:harbor:17", "C-1", "open", words, bytes(range(256)), NOON)
    assert (second.customer_id, second.updated_at) == (None, NOON + timedelta(minutes=1))


def test_a_newer_row_replaces_an_older_one_and_never_the_other_way(database: Database) -> None:
    keep(database, row(17, minute=1, subject="first"), row(18, minute=1, subject="first"))

    keep(database, row(17, minute=2, subject="newer"), row(18, minute=0, subject="older"))
    keep(database, row(17, minute=2, subject="of the same second"))

    assert {each.ref: each.document for each in kept(database)} == {
        "zendesk:harbor:17": "of the same second",
        "zendesk:harbor:18": "first",
    }


def test_a_thousand_rows_and_none_are_both_one_page(database: Database) -> None:
    keep(database, *(row(number) for number in range(1_000)))
    keep(database)

    assert len(kept(database)) == 1_000


def test_a_moment_without_a_zone_is_refused_and_nothing_is_kept(database: Database) -> None:
    naive = row(18) | {"updated_at": datetime(2026, 1, 1)}  # noqa: DTZ001  # What is refused.

    with pytest.raises(ValueError, match="has no time zone"):
        keep(database, row(17), naive)

    assert kept(database) == []


def test_what_sqlalchemy_wrote_before_is_compared_like_what_is_written_now(database: Database) -> None:
    with database.begin() as tx:
        tx.execute(sa.insert(tables.tickets).values(row(17, minute=1, subject="first")))

    keep(database, row(17, minute=0, subject="older"))
    assert [each.document for each in kept(database)] == ["first"]

    keep(database, row(17, minute=1, subject="of the same second"))
    assert [each.document for each in kept(database)] == ["of the same second"]


def test_a_key_that_is_too_long_is_never_cut(database: Database) -> None:
    longest = "9" * 200

    with suppress(sa.exc.DataError):  # PostgreSQL refuses it; SQLite keeps it whole.
        keep(database, row(17) | {"ref": longest + "9"})

    assert longest not in [each.ref for each in kept(database)]
