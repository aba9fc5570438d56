"""However many ask for a ticket to be read, it is read once at a time, and once more after the last of them."""

from datetime import datetime, timedelta
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from store import readings
from store.database import Database, Transaction
from store.readings import GIVEN_UP_AFTER
from tests.store.at_once import at_once
from tests.store.queued import Job, done, keys, queued
from tests.store.stories import NOON

TICKET = "zendesk:harbor:17"


def ask(database: Database, *, now: datetime = NOON) -> None:
    with database.begin() as tx:
        readings.ask(tx, TICKET, now=now)


def begin(database: Database) -> tuple[str, int]:
    """Take the one job as a worker does; return its key, and what its reading will serve."""
    with database.begin() as tx:
        [job] = queued(tx.connection)
        done(tx, job)
        return job.key, readings.asked(tx.connection, TICKET)


def end(database: Database, reading: tuple[str, int], *, now: datetime = NOON) -> None:
    key, served = reading
    with database.begin() as tx:
        readings.end(tx, key, served=served, now=now)


def jobs(database: Database) -> list[str]:
    with database.read() as connection:
        return keys(connection, readings.JOB)


def test_many_who_ask_before_it_is_read_are_served_by_one_reading(database: Database) -> None:
    for _ in range(20):
        ask(database)
    assert jobs(database) == [f"{TICKET}@1"]

    end(database, begin(database))

    assert jobs(database) == []


def test_many_who_ask_while_it_is_read_are_served_by_one_more(database: Database) -> None:
    ask(database)
    reading = begin(database)
    for _ in range(20):
        ask(database)
    assert jobs(database) == []

    end(database, reading)

    assert jobs(database) == [f"{TICKET}@21"]
    end(database, begin(database))
    assert jobs(database) == []


def test_who_asks_after_it_was_read_gets_a_new_reading(database: Database) -> None:
    ask(database)
    end(database, begin(database))

    ask(database)

    assert jobs(database) == [f"{TICKET}@2"]


@pytest.mark.parametrize(
    ("later", "started"),
    [(GIVEN_UP_AFTER, []), (GIVEN_UP_AFTER + timedelta(seconds=1), [f"{TICKET}@2"])],
)
def test_a_reading_that_never_ended_is_given_up_after_a_quarter_of_an_hour(
    database: Database, later: timedelta, started: list[str]
) -> None:
    ask(database)
    begin(database)

    ask(database, now=NOON + later)

    assert jobs(database) == started


def test_a_reading_that_was_given_up_and_ends_after_all_does_not_hide_who_asks_next(database: Database) -> None:
    """The second reading was done meanwhile; the end of the first must not look as if one were still under way."""
    ask(database)
    slow = begin(database)
    ask(database, now=NOON + timedelta(minutes=16))
    end(database, begin(database))
    end(database, slow, now=NOON + timedelta(minutes=16))
    assert jobs(database) == []

    ask(database, now=NOON + timedelta(minutes=17))

    assert jobs(database) == [f"{TICKET}@3"]


def test_a_reading_that_is_done_again_after_a_crash_takes_nothing_from_the_one_under_way(database: Database) -> None:
    ask(database)
    first = begin(database)
    ask(database)
    end(database, first)
    second = begin(database)

    end(database, (first[0], 2))

    ask(database)
    assert jobs(database) == []
    end(database, second)
    assert jobs(database) == [f"{TICKET}@3"]


def test_an_asking_whose_transaction_failed_was_never_made(database: Database) -> None:
    with pytest.raises(ZeroDivisionError), database.begin() as tx:
        readings.ask(tx, TICKET, now=NOON)
        raise ZeroDivisionError

    assert jobs(database) == []
    ask(database)
    assert jobs(database) == [f"{TICKET}@1"]


def test_many_who_ask_at_once_get_one_reading(database: Database) -> None:
    at_once(8, lambda _: ask(database))

    with database.read() as connection:
        assert keys(connection, readings.JOB) == [f"{TICKET}@1"]
        assert readings.asked(connection, TICKET) == 8


class Webhooks(RuleBasedStateMachine):
    """Webhooks that ask, workers that are slow, killed or wake up late, and time that passes; one ticket."""

    database: ClassVar[Database]

    def __init__(self) -> None:
        super().__init__()
        self.connection = self.database.engine.connect()
        self.whole = self.connection.begin()
        self.tx = Transaction(connection=self.connection, jobs=self.database._jobs)
        self.now = NOON
        self.asked = 0
        self.began_after = 0
        self.under_way: list[tuple[Job, int, int]] = []
        self.over: list[Job] = []
        self.lost_at: datetime | None = None

    @rule(minutes=st.sampled_from((0, 16)))
    def a_webhook_comes(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)
        readings.ask(self.tx, TICKET, now=self.now)
        self.asked += 1

    @precondition(lambda self: bool(queued(self.connection)))
    @rule()
    def a_worker_begins(self) -> None:
        job = queued(self.connection)[0]
        done(self.tx, job)
        self._read(job)

    @precondition(lambda self: bool(self.under_way))
    @rule(data=st.data())
    def a_reading_ends(self, data: Any) -> None:
        self._end(_one_of(self.under_way, data))

    @precondition(lambda self: bool(self.under_way))
    @rule(data=st.data())
    def a_reading_begins_anew_because_the_vendor_was_busy(self, data: Any) -> None:
        self._read(_one_of(self.under_way, data)[0])

    @precondition(lambda self: bool(self.over))
    @rule(data=st.data())
    def a_worker_died_right_after_its_reading_ended_and_it_is_done_again(self, data: Any) -> None:
        self._read(_one_of(self.over, data))

    @precondition(lambda self: bool(self.under_way))
    @rule(data=st.data())
    def a_reading_is_given_up_for_good(self, data: Any) -> None:
        _one_of(self.under_way, data)
        self.lost_at = self.now

    @invariant()
    def nobody_waits_for_a_reading_that_never_comes(self) -> None:
        waited_for = self.lost_at is not None and self.now <= self.lost_at + GIVEN_UP_AFTER
        if not waited_for and not self.under_way and not queued(self.connection):
            assert self.began_after == self.asked

    def teardown(self) -> None:
        try:
            self.a_webhook_comes(16 if self.lost_at else 0)
            while self.under_way or queued(self.connection):
                if not self.under_way:
                    self.a_worker_begins()
                self._end(self.under_way.pop())
            assert self.began_after == self.asked
        finally:
            self.whole.rollback()
            self.connection.close()

    def _read(self, job: Job) -> None:
        self.under_way.append((job, readings.asked(self.connection, TICKET), self.asked))

    def _end(self, reading: tuple[Job, int, int]) -> None:
        job, served, asked = reading
        readings.end(self.tx, job.key, served=served, now=self.now)
        self.began_after = max(self.began_after, asked)
        self.over.append(job)


def _one_of(several: list[Any], data: Any) -> Any:
    return several.pop(data.draw(st.integers(min_value=0, max_value=len(several) - 1)))


def test_after_the_last_asking_there_is_always_a_reading_that_began_later(database: Database) -> None:
    machine = type("Webhooks", (Webhooks,), {"database": database})
    examples = 40 if database.engine.dialect.name == "sqlite" else 15
    healthy = list(HealthCheck)

    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples, stateful_step_count=40, deadline=None, database=None, suppress_health_check=healthy
        ),
    )
