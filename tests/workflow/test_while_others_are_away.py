"""Payments whose way was switched off, repairs that are cut short, jobs that were given up: each goes on later."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from cases.case import Approved, Stage
from connectors.contract import Cursor, Page, TryLater
from store import leases, tables
from store.jobs import LEASE_SECONDS, killers, reclaim
from sync.comparing import reconcile
from sync.intake import Intake
from tests.workflow.desk_at_work import DeskAtWork
from tests.workflow.played_vendors import PlayedHelpdesk, page, ticket

PAGES = 12


def test_a_payout_whose_way_was_switched_off_is_a_dead_letter_and_is_paid_when_it_is_back(at_work: DeskAtWork) -> None:
    cashier, at_work.cashier = at_work.cashier, None
    at_work.tell(ticket())
    at_work.work()
    at_work.say("amelia", "CASE-1")

    at_work.work()

    (dead,) = at_work.dead_letters()
    assert (dead.kind, dead.key) == ("pay", f"CASE-1/{at_work.proposal('CASE-1').fingerprint}")
    assert dead.problem == f"AccessRefused: {dead.key} is to be paid by the provider, and payouts.way is finance"
    assert isinstance(at_work.case("CASE-1"), Approved)
    assert at_work.provider.sendings == 0

    at_work.cashier = cashier
    at_work.again("pay", dead.key)
    at_work.work()

    assert at_work.stage("CASE-1") is Stage.CLOSED
    assert len(at_work.provider.payments) == 1
    assert at_work.dead_letters() == ()


def test_a_job_that_the_queue_gave_up_is_found_and_tried_again(at_work: DeskAtWork) -> None:
    at_work.tell(ticket())
    at_work.work()
    at_work.say("amelia", "CASE-1")
    (job,) = (each for each in at_work.waiting() if each.kind == "pay")
    schema = "dbos." if at_work.engine.dialect.name == "postgresql" else ""
    with at_work.database.begin() as tx:
        tx.connection.exec_driver_sql(
            f"UPDATE {schema}workflow_status SET status = 'MAX_RECOVERY_ATTEMPTS_EXCEEDED'"  # noqa: S608  # Ours.
            f" WHERE workflow_uuid = '{job.name}'"
        )
        assert killers(tx.connection) == (job.name,)
        assert not reclaim(tx.connection, "note", job.key)

    with at_work.database.begin() as tx:
        assert reclaim(tx.connection, "pay", job.key)
        assert not reclaim(tx.connection, "pay", job.key)
        at_work.jobs.try_now(tx.connection, "pay", job.key, now=at_work.time())
    at_work.work()

    assert at_work.stage("CASE-1") is Stage.CLOSED
    assert len(at_work.provider.payments) == 1
    with at_work.database.read() as connection:
        assert killers(connection) == ()


class Exports(PlayedHelpdesk):
    """A helpdesk that answers only so many exports before its limit, and has twelve pages."""

    asked: list[int]
    left: int

    def changed_since(self, cursor: Cursor | None, *, start: datetime) -> Page:
        del start
        if self.left == 0:
            raise TryLater("the exports of this minute are used up", wait_seconds=6.0)
        self.left -= 1
        number = int(cursor or 0) + 1
        self.asked.append(number)
        known = ticket(str(number), loss=f"W-{number}")
        return page(known, cursor=str(number), complete=number == PAGES)


def test_a_repair_that_is_cut_short_goes_on_where_it_was(at_work: DeskAtWork) -> None:
    exports = Exports()
    exports.asked, exports.left = [], 5
    intake = replace(at_work.intake, source=exports)

    for _ in range(2):
        with pytest.raises(TryLater):
            repair(at_work, intake)
        exports.left = 5
    repair(at_work, intake)

    assert exports.asked == list(range(1, PAGES + 1))
    assert len(at_work.stages()) == PAGES
    exports.left = PAGES
    assert repair(at_work, intake) == 0
    assert exports.asked[PAGES:] == list(range(1, PAGES + 1))


def repair(at_work: DeskAtWork, intake: Intake) -> int:
    at_work.time.pass_by(minutes=1)
    return reconcile(intake, window=timedelta(hours=26), clock=at_work.time)


def test_no_hosts_clock_declares_a_worker_dead(at_work: DeskAtWork) -> None:
    """The database's clock goes an hour behind ours; to take ours for right would kill a worker that lives."""
    if at_work.engine.dialect.name == "postgresql":
        set_back_an_hour(at_work)
    with at_work.database.begin() as tx:
        soon = leases.clock(tx) + timedelta(seconds=LEASE_SECONDS)
        tx.execute(sa.insert(tables.leases).values(executor_id="another", expires_at=soon, dead=False))

    at_work.worker._take_over()

    with at_work.database.begin() as tx:
        assert tx.execute(sa.select(tables.leases.c.dead)).scalar_one() is False
        assert leases.declare_dead(tx, "c", now=leases.clock(tx)) == ()


def set_back_an_hour(at_work: DeskAtWork) -> None:
    """Let the database tell the time of an hour ago."""
    name = at_work.engine.url.database
    with at_work.database.begin() as tx:
        before = leases.clock(tx)
        tx.connection.exec_driver_sql(
            "CREATE FUNCTION public.clock_timestamp() RETURNS timestamptz LANGUAGE sql"
            " AS $$ SELECT pg_catalog.clock_timestamp() - interval '1 hour' $$"
        )
        tx.connection.exec_driver_sql(f'ALTER DATABASE "{name}" SET search_path = public, pg_catalog')
    at_work.engine.dispose()  # The next connection goes by the new clock.
    with at_work.database.begin() as tx:
        assert leases.clock(tx) < before
