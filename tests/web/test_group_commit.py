"""Writes that share a commit, and what happens when one of them is bad."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from store import deliveries, tables
from store.database import Database, Transaction, create_engine
from store.jobs import DurableJobs
from web.group_commit import MOST_WAITING, GroupCommit, NotWritten

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@pytest.fixture
def database(store_url: str) -> Iterator[Database]:
    engine = create_engine(store_url)
    yield Database(engine, DurableJobs(engine, lambda _kind, _key: "zendesk"))
    engine.dispose()


def keeping(name: str) -> Callable[[Transaction], bool]:
    """Return the write that keeps a delivery with this id."""

    def write(tx: Transaction) -> bool:
        return deliveries.keep(tx, source="zendesk", delivery_id=name, body="{}", now=NOW)

    return write


def kept(database: Database) -> list[str]:
    """Return the ids that are kept."""
    with database.read() as connection:
        return sorted(connection.scalars(sa.select(tables.deliveries.c.delivery_id)))


def test_one_bad_write_does_not_fail_the_others(database: Database) -> None:
    def bad(tx: Transaction) -> bool:
        keeping("half")(tx)
        tx.execute(sa.text("INSERT INTO no_such_table VALUES (1)"))
        return True

    async def all_at_once() -> list[bool | BaseException]:
        writer = GroupCommit(database, linger_seconds=0.05)
        writer.start()
        try:
            writes = (keeping("a"), bad, keeping("b"))
            return await asyncio.gather(*(writer.write(each) for each in writes), return_exceptions=True)
        finally:
            writer.close()

    first, second, third = asyncio.run(all_at_once())

    assert (first, third) == (True, True)
    assert isinstance(second, NotWritten)
    assert kept(database) == ["a", "b"]


def test_writes_that_come_together_share_one_transaction(database: Database) -> None:
    seen: list[object] = []

    def write(tx: Transaction) -> bool:
        seen.append(tx)
        return keeping(f"number {len(seen)}")(tx)

    async def all_at_once() -> None:
        writer = GroupCommit(database, linger_seconds=0.2, most_together=8)
        writer.start()
        try:
            await asyncio.gather(*(writer.write(write) for _ in range(16)))
        finally:
            writer.close()

    asyncio.run(all_at_once())

    assert len(kept(database)) == 16
    assert len({id(each) for each in seen}) <= 3


def test_a_group_is_written_in_the_order_of_what_it_touches_so_that_nobody_waits_in_a_ring(database: Database) -> None:
    seen: list[str] = []

    def touching(name: str) -> Callable[[Transaction], bool]:
        def write(tx: Transaction) -> bool:
            seen.append(name)
            return keeping(name)(tx)

        return write

    async def all_at_once() -> list[bool]:
        writer = GroupCommit(database, linger_seconds=30, most_together=4)
        writer.start()
        try:
            return await asyncio.gather(*(writer.write(touching(name), touching=name) for name in "dbca"))
        finally:
            writer.close()

    assert asyncio.run(all_at_once()) == [True] * 4
    assert seen == ["a", "b", "c", "d"]


def test_closing_writes_what_still_waits(database: Database) -> None:
    async def close_at_once() -> bool:
        writer = GroupCommit(database, linger_seconds=0.5)
        writer.start()
        waiting = asyncio.ensure_future(writer.write(keeping("last")))
        await asyncio.sleep(0)
        await asyncio.to_thread(writer.close)
        return await waiting

    assert asyncio.run(close_at_once())
    assert kept(database) == ["last"]


def test_nothing_is_taken_before_the_start_or_after_the_end(database: Database) -> None:
    writer = GroupCommit(database)

    with pytest.raises(NotWritten):
        asyncio.run(writer.write(keeping("early")))
    writer.start()
    writer.close()
    with pytest.raises(NotWritten):
        asyncio.run(writer.write(keeping("late")))

    assert kept(database) == []


def test_the_waiting_line_has_an_end_and_who_gave_up_is_not_written(database: Database) -> None:
    begun, gate = threading.Event(), threading.Event()

    def blocking(_tx: Transaction) -> bool:
        begun.set()
        return gate.wait(10)

    async def fill() -> tuple[list[bool | BaseException], bool]:
        writer = GroupCommit(database, patience_seconds=0.5)
        writer.start()
        try:
            first = asyncio.ensure_future(writer.write(blocking))
            assert await asyncio.to_thread(begun.wait, 5)
            others = [asyncio.ensure_future(writer.write(keeping(f"{n}"))) for n in range(MOST_WAITING + 1)]
            answers = await asyncio.gather(*others, return_exceptions=True)
            await asyncio.gather(first, return_exceptions=True)
            gate.set()
            await asyncio.to_thread(writer.close)
            writer.start()
            after = await writer.write(keeping("after"))
            return answers, after
        finally:
            gate.set()
            await asyncio.to_thread(writer.close)

    answers, after = asyncio.run(fill())

    assert all(isinstance(each, NotWritten) for each in answers)
    assert str(answers[-1]).startswith("too much is waiting")
    assert after
    assert kept(database) == ["after"]
