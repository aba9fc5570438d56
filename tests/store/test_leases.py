"""Leases: who is alive, who is taken for dead, and that a dead one never comes back as if nothing had been."""

from datetime import datetime, timedelta

from store import leases
from store.database import Database
from tests.store.stories import NOON

SIX_SECONDS = timedelta(seconds=6)


def begin(database: Database, *workers: str, until: datetime = NOON + SIX_SECONDS) -> None:
    with database.begin() as tx:
        for worker in workers:
            leases.begin(tx, worker, until=until)


def alive(database: Database, *, now: datetime) -> int:
    with database.read() as connection:
        return leases.alive(connection, now=now)


def test_a_worker_lives_as_long_as_it_renews_its_lease(database: Database) -> None:
    begin(database, "a", "b")
    with database.begin() as tx:
        assert leases.renew(tx, "a", until=NOON + 2 * SIX_SECONDS)

    assert alive(database, now=NOON) == 2
    assert alive(database, now=NOON + SIX_SECONDS) == 1
    assert alive(database, now=NOON + 2 * SIX_SECONDS) == 0


def test_a_worker_whose_lease_ran_out_is_dead_until_its_jobs_were_taken_over(database: Database) -> None:
    begin(database, "a")
    begin(database, "b", until=NOON + 2 * SIX_SECONDS)

    with database.begin() as tx:
        assert leases.declare_dead(tx, "c", now=NOON + SIX_SECONDS - timedelta(microseconds=1)) == ()
        assert leases.declare_dead(tx, "c", now=NOON + SIX_SECONDS) == ("a",)
        assert leases.declare_dead(tx, "c", now=NOON + SIX_SECONDS) == ("a",)
        leases.release(tx, "a")
        assert leases.declare_dead(tx, "c", now=NOON + SIX_SECONDS) == ()


def test_a_worker_that_was_late_to_renew_does_not_take_itself_for_dead(database: Database) -> None:
    begin(database, "a", "b")

    with database.begin() as tx:
        assert leases.declare_dead(tx, "a", now=NOON + SIX_SECONDS) == ("b",)
        assert leases.renew(tx, "a", until=NOON + 3 * SIX_SECONDS)
        assert not leases.renew(tx, "b", until=NOON + 3 * SIX_SECONDS)


def test_a_worker_that_others_declared_dead_does_not_take_its_own_jobs_over(database: Database) -> None:
    begin(database, "a")

    with database.begin() as tx:
        assert leases.declare_dead(tx, "b", now=NOON + SIX_SECONDS) == ("a",)
        assert leases.declare_dead(tx, "a", now=NOON + SIX_SECONDS) == ()


def test_a_worker_that_was_declared_dead_cannot_renew(database: Database) -> None:
    begin(database, "a")
    with database.begin() as tx:
        leases.declare_dead(tx, "c", now=NOON + SIX_SECONDS)

        assert not leases.renew(tx, "a", until=NOON + 3 * SIX_SECONDS)

    assert alive(database, now=NOON) == 0


def test_a_worker_whose_jobs_were_taken_over_cannot_renew_either(database: Database) -> None:
    """It was frozen so long that others have its jobs and have forgotten it: it must learn so, and end."""
    begin(database, "a")
    with database.begin() as tx:
        leases.declare_dead(tx, "c", now=NOON + SIX_SECONDS)
        leases.release(tx, "a")

        assert not leases.renew(tx, "a", until=NOON + 3 * SIX_SECONDS)

    assert alive(database, now=NOON) == 0


def test_who_is_alone_declares_all_others_dead_whatever_their_leases_say(database: Database) -> None:
    begin(database, "a", "b", "c")

    with database.begin() as tx:
        leases.declare_others_dead(tx, "b")

        assert sorted(leases.declare_dead(tx, "b", now=NOON)) == ["a", "c"]
        assert leases.renew(tx, "b", until=NOON + SIX_SECONDS)
    assert alive(database, now=NOON) == 1
