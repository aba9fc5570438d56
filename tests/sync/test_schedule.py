"""Ticks: a slot's job is enqueued once, however many hosts tick, and a host that misses one does no harm."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.database import Database, create_engine
from store.jobs import DurableJobs
from sync.schedule import Tick, run_tick, start_ticks
from tests.store.at_once import at_once, until
from tests.store.queued import KINDS, keys
from tests.workflow.played_vendors import NOON

POLL = Tick(kind="poll", subject="zendesk:harbor", every_seconds=60)
moments = st.datetimes(datetime(2020, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001  # Made aware.


@pytest.mark.parametrize(
    ("now", "slot"),
    [
        (NOON, "2026-11-22T12:00:00+00:00"),
        (NOON + timedelta(seconds=59, microseconds=999_999), "2026-11-22T12:00:00+00:00"),
        (NOON + timedelta(seconds=60), "2026-11-22T12:01:00+00:00"),
        (NOON.astimezone(timezone(timedelta(hours=8))), "2026-11-22T12:00:00+00:00"),
    ],
)
def test_a_slot_is_named_by_its_beginning_whatever_zone_the_host_is_in(now: datetime, slot: str) -> None:
    assert POLL.key(now) == f"zendesk:harbor@{slot}"


def test_a_slot_ends_when_the_next_one_begins_and_what_names_no_slot_never_does() -> None:
    assert POLL.end(POLL.key(NOON + timedelta(seconds=59))) == NOON + timedelta(seconds=60)
    assert POLL.end("zendesk:harbor@quiet-1") is None


@given(moments, st.integers(min_value=1, max_value=86_400), st.integers(min_value=0, max_value=200_000))
def test_two_moments_share_a_slot_only_when_they_are_closer_than_its_length(
    now: datetime, seconds: int, later: int
) -> None:
    tick = Tick(kind="poll", subject="a", every_seconds=seconds)
    same = tick.key(now) == tick.key(now + timedelta(seconds=later))

    assert same or later > 0
    assert not same or later < seconds


def test_a_slot_is_enqueued_once_however_many_hosts_tick(store_url: str) -> None:
    engine = create_engine(store_url, connections=12)
    database = Database(engine, DurableJobs(engine, lambda kind, _key: KINDS[kind]))

    at_once(8, lambda number: run_tick(database, POLL, lambda: NOON + timedelta(seconds=number)))
    with database.read() as connection:
        assert keys(connection, "poll") == ["zendesk:harbor@2026-11-22T12:00:00+00:00"]

    run_tick(database, POLL, lambda: NOON + timedelta(seconds=60))
    with database.read() as connection:
        assert keys(connection, "poll") == [
            "zendesk:harbor@2026-11-22T12:00:00+00:00",
            "zendesk:harbor@2026-11-22T12:01:00+00:00",
        ]
    engine.dispose()


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
def test_a_host_ticks_at_once_when_it_starts(store_url: str) -> None:
    engine = create_engine(store_url)
    database = Database(engine, DurableJobs(engine, lambda kind, _key: KINDS[kind]))
    hourly = Tick(kind="poll", subject="zendesk:harbor", every_seconds=3600)

    def enqueued() -> list[str]:
        with database.read() as connection:
            return keys(connection, "poll")

    scheduler = start_ticks(database, (hourly,), clock=lambda: datetime.now(UTC))
    found = until(enqueued)
    scheduler.shutdown()
    engine.dispose()

    assert len(found) == 1


def test_a_tick_while_the_database_is_down_is_missed_quietly() -> None:
    engine = create_engine("postgresql://127.0.0.1:1/nothing?connect_timeout=1")

    run_tick(Database(engine, DurableJobs(engine, lambda kind, _key: KINDS[kind])), POLL, lambda: NOON)
    engine.dispose()
