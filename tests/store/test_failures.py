"""Jobs that fail: how long they wait, what is written down, and when they wait for an operator."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from connectors.contract import AccessRefused, TryLater, UnexpectedReply
from store import failures, jobs
from store.cases import MovedOn
from store.database import Database, Transaction
from store.failures import MAX_ATTEMPTS, Attempt, DeadLetter, backoff_seconds
from store.jobs import Again, DurableJobs, Worker
from tests.store.queued import KINDS, Job, queued
from tests.store.stories import NOON

PAY = Attempt(kind="pay", key="CASE-1/ab", number=1)


def tried(database: Database, act: Callable[[str], None], *, number: int = 1) -> tuple[Job, ...]:
    """Let a worker try the job of a payout; return the jobs that wait then."""
    worker = Worker(database, DurableJobs(database.engine, lambda kind, _key: KINDS[kind]), "", ())
    worker._handlers = {"pay": act}
    worker._run(Attempt(kind=PAY.kind, key=PAY.key, number=number))
    with database.read() as connection:
        return queued(connection)


def raising(error: Exception) -> Callable[[str], None]:
    def act(_key: str) -> None:
        raise error

    return act


def dead(database: Database) -> list[tuple[str, int, str]]:
    with database.read() as connection:
        return [(each.key, each.attempts, each.problem) for each in failures.dead_letters(connection)]


def since(database: Database) -> datetime:
    with database.read() as connection:
        return failures.dead_letters(connection)[0].dead_at


def counted(database: Database) -> int:
    """Return how many failures are counted; the count itself adds one and takes it back."""
    with database.engine.connect() as connection, connection.begin() as whole:
        tx = Transaction(connection=connection, jobs=database._jobs)
        before = failures.record_failure(tx, PAY, ValueError(), now=NOON) - 1
        whole.rollback()
    return before


@pytest.mark.parametrize(
    ("attempt", "seconds"), [(1, 0.5), (2, 1.0), (3, 2.0), (10, 256.0), (11, 300.0), (1026, 300.0), (100_000, 300.0)]
)
def test_each_failure_doubles_the_wait_up_to_five_minutes(attempt: int, seconds: float) -> None:
    assert backoff_seconds(attempt) == seconds


def test_a_job_that_works_leaves_nothing_behind(database: Database) -> None:
    assert tried(database, lambda _: None) == ()
    assert counted(database) == 0


@pytest.mark.parametrize("wait", [Again(5), MovedOn("CASE-1 was changed")], ids=["again", "moved on"])
def test_a_job_that_is_not_done_yet_has_not_failed(database: Database, wait: Exception) -> None:
    assert tried(database, raising(wait), number=7) == (Job(kind="pay", key=PAY.key, number=8, delayed=True),)

    assert counted(database) == 0


def test_a_vendor_that_is_busy_is_asked_later(database: Database) -> None:
    busy = TryLater("429", wait_seconds=3)

    assert tried(database, raising(busy)) == (Job(kind="pay", key=PAY.key, number=2, delayed=True),)
    assert counted(database) == 1


def test_a_job_that_works_after_all_forgets_how_it_failed(database: Database) -> None:
    tried(database, raising(TryLater("503", wait_seconds=1)))
    tried(database, raising(ZeroDivisionError()), number=2)
    assert counted(database) == 2

    tried(database, lambda _: None, number=3)

    assert counted(database) == 0


def test_an_answer_that_nobody_understands_makes_a_dead_letter_at_once(database: Database) -> None:
    assert tried(database, raising(UnexpectedReply("no JSON"))) == ()

    assert dead(database) == [(PAY.key, 1, "UnexpectedReply: no JSON")]


def test_a_refused_access_is_a_dead_letter_at_once_and_goes_on_by_itself_once_it_is_mended(database: Database) -> None:
    waiting = tried(database, raising(AccessRefused("401")))
    first = since(database)
    tried(database, raising(AccessRefused("403")), number=2)

    assert waiting == (Job(kind="pay", key=PAY.key, number=2, delayed=True),)
    assert dead(database) == [(PAY.key, 2, "AccessRefused: 403")]
    assert since(database) == first

    tried(database, lambda _: None, number=3)

    assert dead(database) == []


def test_a_refused_job_that_is_replayed_is_tried_at_once_and_not_twice(database: Database) -> None:
    queue = DurableJobs(database.engine, lambda kind, _key: KINDS[kind])
    tried(database, raising(AccessRefused("401")))

    for _ in range(2):
        with database.begin() as tx:
            queue.try_now(tx.connection, PAY.kind, PAY.key, now=NOON)

    with database.read() as connection:
        assert [job.number for job in queued(connection)] == [2]
        assert jobs.oldest_due(connection, now=NOON) == NOON


def test_a_job_that_is_broken_is_given_up_after_twenty_five_failures(database: Database) -> None:
    for number in range(1, MAX_ATTEMPTS):
        tried(database, raising(ZeroDivisionError("division by zero")), number=number)
    assert dead(database) == []

    before = len(tried(database, lambda _: None, number=1))
    after = len(tried(database, raising(ZeroDivisionError("division by zero")), number=MAX_ATTEMPTS))

    assert (before, after) == (MAX_ATTEMPTS - 1, MAX_ATTEMPTS - 1)
    assert dead(database) == [(PAY.key, MAX_ATTEMPTS, "ZeroDivisionError: division by zero")]


def test_a_vendor_that_is_down_for_days_kills_no_job(database: Database) -> None:
    with database.begin() as tx:
        failures.record_failure(tx, PAY, TryLater("503", wait_seconds=1), now=NOON)
        tx.connection.exec_driver_sql("UPDATE job_failures SET attempts = 20000")

    waiting = tried(database, raising(TryLater("503", wait_seconds=1)), number=20_001)

    assert [job.number for job in waiting] == [20_002]
    assert dead(database) == []


@pytest.mark.parametrize("words", ["a\0b", "half of a sign: \ud83d", "x" * 5_000], ids=["NUL", "surrogate", "long"])
def test_whatever_an_error_says_can_be_written_down(database: Database, words: str) -> None:
    """What PostgreSQL refuses to keep must not keep the worker trying for ever."""
    tried(database, raising(UnexpectedReply(words)))

    [(_, _, problem)] = dead(database)
    assert problem.startswith(f"UnexpectedReply: {words[0]}")
    assert len(problem) <= failures.PROBLEM_CHARACTERS


def test_dead_letters_are_listed_oldest_first(database: Database) -> None:
    with database.begin() as tx:
        for minute, key in ((2, "second"), (1, "first")):
            attempt = Attempt(kind="note", key=key, number=1)
            failures.record_failure(tx, attempt, AccessRefused("401"), now=NOON)
            failures.bury(tx, attempt, now=NOON + timedelta(minutes=minute))
        failures.record_failure(tx, PAY, TryLater("503", wait_seconds=1), now=NOON)

        assert failures.dead_letters(tx.connection) == tuple(
            DeadLetter(
                kind="note", key=key, attempts=1, problem="AccessRefused: 401", dead_at=NOON + timedelta(minutes=minute)
            )
            for minute, key in ((1, "first"), (2, "second"))
        )


def test_a_dead_letter_is_revived_once_and_counts_anew(database: Database) -> None:
    tried(database, raising(AccessRefused("401")))

    with database.begin() as tx:
        assert failures.revive(tx, PAY.kind, PAY.key)
        assert not failures.revive(tx, PAY.kind, PAY.key)
        assert not failures.revive(tx, "note", PAY.key)

    assert dead(database) == []
    assert counted(database) == 0


def test_a_replay_gets_a_number_that_the_queue_has_never_seen(database: Database) -> None:
    with database.begin() as tx:
        assert jobs.next_attempt(tx.connection, "note", "a_b%#1").number == 1
        tx.enqueue("note", "a_b%#1")
        tx.enqueue("note", "a_b%#1@7")
        tx.enqueue("note", "aXb%#1@9")
        DurableJobs(database.engine, lambda kind, _key: KINDS[kind]).enqueue_attempt(
            tx.connection, Attempt(kind="note", key="a_b%#1", number=12), 60
        )

        assert jobs.next_attempt(tx.connection, "note", "a_b%#1") == Attempt(kind="note", key="a_b%#1", number=13)
