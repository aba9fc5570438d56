"""What is said outside: in order within a lane, one at a time, and never lost or overtaken."""

from collections.abc import Callable

import pytest
import sqlalchemy as sa

from store import outbox, tables
from store.cases import CaseRepository
from store.database import Database, Transaction
from store.outbox import Item, Kind, State
from tests.store.at_once import at_once
from tests.store.queued import done, keys, queued
from tests.store.stories import NOON, about, opened

LANE, OTHER = "ticket/zendesk:harbor:17", "card/CASE-1"
AT_ONCE = 6


@pytest.fixture
def lanes(database: Database, cases: CaseRepository) -> Database:
    """Keep one case for the items to be about."""
    with database.begin() as tx:
        opened(cases, tx)
    return database


def put(tx: Transaction, words: str, *, lane: str = LANE, kind: Kind = Kind.NOTE) -> None:
    outbox.put(tx, lane=lane, case_number=1, kind=kind, document=words, now=NOON)


def item(tx: Transaction, key: str) -> Item:
    found = outbox.find(tx.connection, key)
    assert found is not None
    return found


def send_next(database: Database, state: State = State.SENT) -> str | None:
    """Do the one job of the lane as a worker does; return what was said, None when there is no job."""
    with database.begin() as tx:
        job = next((job for job in queued(tx.connection) if job.kind == Kind.NOTE), None)
        if job is None:
            return None
        first = item(tx, job.key)
        assert outbox.finish(tx, first, state, now=NOON, problem="closed" if state is State.REFUSED else None)
        done(tx, job)
    return first.document


def all_said(database: Database) -> list[str]:
    said = []
    while (words := send_next(database)) is not None:
        said.append(words)
    return said


def test_a_lane_is_said_in_order_and_one_at_a_time(lanes: Database) -> None:
    with lanes.begin() as tx:
        for words in ("proposed", "approved", "paid"):
            put(tx, words)

    for number, words in enumerate(("proposed", "approved", "paid"), start=1):
        with lanes.read() as connection:
            assert keys(connection, Kind.NOTE) == [f"{LANE}#{number}"]
        assert send_next(lanes) == words
    with lanes.read() as connection:
        assert queued(connection) == ()
        assert outbox.unsent(connection, 1, Kind.NOTE) == 0


def test_an_item_whose_transaction_failed_was_never_put(lanes: Database) -> None:
    with pytest.raises(ZeroDivisionError), lanes.begin() as tx:
        put(tx, "paid")
        raise ZeroDivisionError

    with lanes.read() as connection:
        assert (outbox.find(connection, f"{LANE}#1"), queued(connection)) == (None, ())


def test_lanes_do_not_wait_for_each_other(lanes: Database) -> None:
    with lanes.begin() as tx:
        put(tx, "proposed")
        put(tx, "", lane=OTHER, kind=Kind.CARD)
        put(tx, "proposed", lane=OTHER, kind=Kind.THREAD)

        assert keys(tx.connection, Kind.NOTE) == [f"{LANE}#1"]
        assert keys(tx.connection, Kind.CARD) == [f"{OTHER}#1"]
        assert keys(tx.connection, Kind.THREAD) == []


def test_a_finish_that_comes_twice_starts_the_next_once(lanes: Database) -> None:
    with lanes.begin() as tx:
        put(tx, "proposed")
        put(tx, "approved")
        put(tx, "paid")
        first = item(tx, f"{LANE}#1")

        assert outbox.finish(tx, first, State.SENT, now=NOON)
        assert not outbox.finish(tx, first, State.REFUSED, now=NOON, problem="closed")

        assert keys(tx.connection, Kind.NOTE) == [f"{LANE}#1", f"{LANE}#2"]
        assert item(tx, f"{LANE}#1").state is State.SENT


def test_a_finish_whose_transaction_failed_starts_nothing(lanes: Database) -> None:
    with lanes.begin() as tx:
        put(tx, "proposed")
        put(tx, "approved")

    with pytest.raises(ZeroDivisionError), lanes.begin() as tx:
        outbox.finish(tx, item(tx, f"{LANE}#1"), State.SENT, now=NOON)
        raise ZeroDivisionError

    assert all_said(lanes) == ["proposed", "approved"]


def test_a_refused_item_is_shown_and_the_lane_goes_on(lanes: Database) -> None:
    with lanes.begin() as tx:
        put(tx, "proposed")
        put(tx, "approved")

    assert send_next(lanes, State.REFUSED) == "proposed"
    assert all_said(lanes) == ["approved"]
    with lanes.read() as connection:
        [(shown, problem)] = outbox.refused(connection)
    assert (shown.key, shown.state, problem) == (f"{LANE}#1", State.REFUSED, "closed")


def test_a_refused_item_waits_again_once_when_an_operator_says_so(lanes: Database) -> None:
    with lanes.begin() as tx:
        put(tx, "proposed")
    send_next(lanes, State.REFUSED)

    with lanes.begin() as tx:
        assert outbox.reopen(tx, f"{LANE}#1")
        assert not outbox.reopen(tx, f"{LANE}#1")
        assert outbox.unsent(tx.connection, 1, Kind.NOTE) == 1
        assert outbox.refused(tx.connection) == ()
        assert outbox.finish(tx, item(tx, f"{LANE}#1"), State.SENT, now=NOON)


@pytest.mark.parametrize("key", ["", LANE, f"{LANE}#", f"{LANE}#one", f"{LANE}#2", f"{LANE}#-1", "#1"])
def test_what_names_no_refused_item_is_not_reopened(lanes: Database, key: str) -> None:
    with lanes.begin() as tx:
        put(tx, "proposed")
    send_next(lanes, State.REFUSED)

    with lanes.begin() as tx:
        assert not outbox.reopen(tx, key)


def test_the_first_attempt_is_recorded_once(lanes: Database) -> None:
    with lanes.begin() as tx:
        put(tx, "proposed")
        waiting = item(tx, f"{LANE}#1")

        assert outbox.first_attempt(tx, waiting, now=NOON)
        assert not outbox.first_attempt(tx, waiting, now=NOON)


def test_items_put_at_once_are_all_said_in_the_order_of_their_places(lanes: Database) -> None:
    def put_three(number: int) -> None:
        for turn in range(3):
            with lanes.begin() as tx:
                put(tx, f"{number}.{turn}")

    at_once(AT_ONCE, put_three)
    with lanes.read() as connection:
        column = tables.outbox.c
        places = [tuple(row) for row in connection.execute(sa.select(column.sequence, column.document))]
        assert keys(connection, Kind.NOTE) == [f"{LANE}#1"]

    said = all_said(lanes)

    assert said == [words for _, words in sorted(places)]
    assert sorted(said) == sorted(f"{number}.{turn}" for number in range(AT_ONCE) for turn in range(3))
    assert all(said.index(f"{number}.0") < said.index(f"{number}.2") for number in range(AT_ONCE))


def test_putting_while_the_last_one_ends_leaves_no_lane_asleep(lanes: Database) -> None:
    """The end of the lane's last item and a new item pass each other: one of the two must start the new one."""
    with lanes.begin() as tx:
        for number in range(AT_ONCE):
            put(tx, "first", lane=f"ticket/zendesk:harbor:{number}")

    def end(lane: str) -> None:
        with lanes.begin() as tx:
            outbox.finish(tx, item(tx, f"{lane}#1"), State.SENT, now=NOON)

    def add(lane: str) -> None:
        with lanes.begin() as tx:
            put(tx, "second", lane=lane)

    def both(number: int) -> None:
        acts: tuple[Callable[[str], None], ...] = (end, add)
        acts[number % 2](f"ticket/zendesk:harbor:{number // 2}")

    at_once(2 * AT_ONCE, both)

    with lanes.read() as connection:
        started = [key for key in keys(connection, Kind.NOTE) if key.endswith("#2")]
    assert started == [f"ticket/zendesk:harbor:{number}#2" for number in range(AT_ONCE)]


def test_what_a_case_still_has_to_say_is_counted_by_kind(lanes: Database, cases: CaseRepository) -> None:
    with lanes.begin() as tx:
        opened(cases, tx, about("W-2"))
        put(tx, "proposed")
        put(tx, "approved")
        put(tx, "", lane=OTHER, kind=Kind.CARD)

        assert outbox.unsent(tx.connection, 1, Kind.NOTE) == 2
        assert outbox.unsent(tx.connection, 1, Kind.CARD) == 1
        assert outbox.unsent(tx.connection, 2, Kind.NOTE) == 0
