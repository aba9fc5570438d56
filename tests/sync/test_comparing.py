"""The mirror is compared with the vendor: what was missed is counted over whole rounds, and repaired."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

import pytest
import sqlalchemy as sa

from cases.case import Stage
from cases.ticket import TicketStatus
from connectors.contract import Cursor, Page, TryLater
from store import health, readings, tables
from store.health import SourceHealth
from sync.comparing import MOST_READ_AGAIN, reconcile
from sync.intake import poll, read_ticket
from sync.links import named_by
from tests.store.queued import done, queued
from tests.sync.an_export import Account
from tests.workflow.played_vendors import NOON, ref, ticket
from tests.workflow.three_desks import ACCOUNTS, commented

DAY = timedelta(days=1)


def compare(account: Account) -> int:
    return reconcile(account.intake, window=2 * DAY, clock=account.at_work.time)


def stands(account: Account) -> SourceHealth:
    with account.at_work.database.read() as connection:
        return health.of_source(connection, "zendesk:harbor")


def come(account: Account, *keys: str) -> None:
    """Let tickets come that tell of a loss each, and read them whole."""
    account.change(*(ticket(key, loss=f"W-{key}") for key in keys))
    poll(account.intake, clock=account.at_work.time)
    read_all(account)


def read_all(account: Account) -> list[str]:
    """Do every reading that waits; return the tickets."""
    with account.at_work.database.begin() as tx:
        jobs = [each for each in queued(tx.connection) if each.kind == readings.JOB]
        for job in jobs:
            done(tx, job)
    for job in jobs:
        read_ticket(account.intake, job.key, clock=account.at_work.time)
    return sorted(job.key.partition("@")[0].rpartition(":")[2] for job in jobs)


def forget(account: Account, *keys: str) -> None:
    """Let the mirror know nothing of these tickets, as if no page and no webhook had ever told."""
    with account.at_work.database.begin() as tx:
        tx.execute(sa.delete(tables.tickets).where(tables.tickets.c.ref.in_([str(ref(key)) for key in keys])))


def test_only_a_whole_round_is_recorded_and_counts_what_all_its_parts_found(account: Account) -> None:
    account.change(*(ticket(str(number), topic=None) for number in range(1, 6)))
    poll(account.intake, clock=account.at_work.time)
    forget(account, "1", "3", "5")
    account.at_work.time.pass_by(minutes=10)
    pages = iter((account.changed_since, account.changed_since))

    def until_the_limit(cursor: Cursor | None, *, start: datetime) -> Page:
        try:
            return next(pages)(cursor, start=start)
        except StopIteration:
            del account.changed_since  # From now on as before.
            raise TryLater("429", wait_seconds=60) from None

    account.changed_since = until_the_limit  # type: ignore[method-assign]  # Two pages, then the limit.
    with pytest.raises(TryLater):
        compare(account)
    assert (stands(account).reconciled_at, stands(account).differed) == (None, None)

    assert compare(account) == 1

    assert (stands(account).reconciled_at, stands(account).differed) == (account.at_work.time(), 3)
    assert compare(account) == 0
    assert stands(account).differed == 0


def test_what_changed_a_moment_ago_is_taken_in_and_was_not_missed(account: Account) -> None:
    account.change(ticket("1"))

    assert compare(account) == 0

    assert stands(account).differed == 0
    assert account.at_work.case_of("1") == "CASE-1"


def test_a_ticket_of_an_open_case_is_read_again_after_a_day_and_no_other(account: Account) -> None:
    come(account, "1", "2")
    account.change(ticket("3", topic=None))
    poll(account.intake, clock=account.at_work.time)
    account.at_work.time.pass_by(hours=23)
    compare(account)
    assert account.readings() == []

    account.at_work.time.pass_by(hours=2)
    compare(account)
    compare(account)

    assert account.readings() == ["1", "2"]
    assert read_all(account) == ["1", "2"]
    compare(account)
    assert account.readings() == []
    assert stands(account).differed == 0


def test_a_closed_case_needs_no_second_look(account: Account) -> None:
    come(account, "1")
    account.at_work.helpdesk.tickets[ref("1")] = account.changes[-1]
    account.at_work.work()
    account.at_work.say("amelia", "CASE-1")
    account.at_work.work()
    assert account.at_work.stage("CASE-1") is Stage.CLOSED
    account.at_work.time.pass_by(hours=25)

    compare(account)

    assert account.readings() == []


def test_a_ticket_that_vanished_without_a_word_is_found_repaired_and_counted(account: Account) -> None:
    come(account, "1", "2")
    account.gone.add(ref("2"))
    account.at_work.time.pass_by(hours=25)

    compare(account)
    read_all(account)

    assert account.mirrored("2").ticket.status is TicketStatus.DELETED
    assert account.at_work.events("CASE-2")[-1] == "ticket gone"
    assert stands(account).differed == 1


def test_a_change_of_which_no_page_told_is_counted_too(account: Account) -> None:
    come(account, "1")
    account.changes[-1] = replace(account.changes[-1], subject="Still no money")
    account.at_work.time.pass_by(hours=25)

    compare(account)
    read_all(account)

    assert account.mirrored("1").ticket.subject == "Still no money"
    assert stands(account).differed == 1


def test_a_ticket_of_no_case_that_was_deleted_unheard_is_found_by_the_list_of_all_once_a_day(account: Account) -> None:
    account.change(*(ticket(key, topic=None) for key in ("1", "2", "3")))
    poll(account.intake, clock=account.at_work.time)
    account.gone.add(ref("2"))
    account.changes = [each for each in account.changes if each.ref != ref("2")]
    account.at_work.time.pass_by(minutes=10)
    listed: list[int] = []

    def every_key() -> Iterator[str]:
        listed.append(1)
        yield from ("1", "3", "4")

    for _ in range(3):
        reconcile(replace(account.intake, every_key=every_key), window=2 * DAY, clock=account.at_work.time)

    assert read_all(account) == ["2"]
    assert account.mirrored("2").ticket.status is TicketStatus.DELETED
    assert len(listed) == 1
    assert stands(account).differed == 1
    account.at_work.time.pass_by(hours=25)
    reconcile(replace(account.intake, every_key=every_key), window=2 * DAY, clock=account.at_work.time)
    assert account.readings() == []
    assert len(listed) == 2


def test_what_the_list_of_all_left_out_by_mistake_stays(account: Account) -> None:
    account.change(ticket("1", topic=None))
    poll(account.intake, clock=account.at_work.time)
    account.at_work.time.pass_by(minutes=10)

    reconcile(replace(account.intake, every_key=lambda: iter(())), window=2 * DAY, clock=account.at_work.time)

    assert read_all(account) == ["1"]
    assert account.mirrored("1").ticket.status is TicketStatus.OPEN
    assert stands(account).differed == 0


def test_a_ticket_of_no_case_is_read_whole_for_what_its_comments_name_when_its_webhook_is_lost(
    account: Account,
) -> None:
    account.at_work.desk = replace(account.at_work.desk, naming=partial(named_by, accounts=ACCOUNTS))
    come(account, "1")
    comment = commented(ticket("2", topic=None), "As https://harbor.zendesk.com/agent/tickets/1 says.")
    account.change(
        replace(comment, requester=ticket("1").requester), replace(ticket("3", topic=None), status=TicketStatus.CLOSED)
    )
    poll(account.intake, clock=account.at_work.time)
    compare(account)
    assert account.readings() == []  # Its webhook may be on its way.
    account.at_work.time.pass_by(minutes=10)

    compare(account)

    assert read_all(account) == ["2"]
    assert account.at_work.case_of("2") == "CASE-1"
    compare(account)
    assert account.readings() == []
    assert stands(account).differed == 0


def test_a_reading_that_somebody_else_asked_for_is_no_comparison(account: Account) -> None:
    come(account, "1")
    account.gone.add(ref("1"))
    account.at_work.time.pass_by(hours=25)
    compare(account)

    with account.at_work.database.begin() as tx:
        readings.ask(tx, str(ref("1")), now=account.at_work.time())  # A webhook.
    read_all(account)

    assert stands(account).differed == 0
    assert account.mirrored("1").ticket.status is TicketStatus.DELETED


def test_those_that_wait_for_longest_come_first_and_not_all_at_once(account: Account) -> None:
    come(account, "1")
    refs = [str(ref(f"{number:04}")) for number in range(MOST_READ_AGAIN + 2)]
    with account.at_work.database.begin() as tx:
        case_number = tx.execute(sa.select(tables.ticket_cases.c.case_number)).scalar_one()
        rows = [{"ref": each, "case_number": case_number} for each in refs]
        tx.connection.execute(sa.insert(tables.ticket_cases), rows)
        asked = {"asked": 1, "number": 1}
        ended = [
            {"ref": each, "ended_at": NOON - timedelta(hours=hours), **asked} for hours, each in enumerate(refs[:2])
        ]
        tx.connection.execute(sa.insert(tables.readings), ended)

    def unread(since: datetime, most: int) -> list[str]:
        with account.at_work.database.read() as connection:
            return list(readings.unread_since(connection, "zendesk:harbor", since, most=most))

    assert unread(NOON, MOST_READ_AGAIN) == refs[2:]
    assert unread(NOON, len(refs)) == [*refs[2:], refs[1]]
    assert unread(NOON + DAY, len(refs) + 1) == [*refs[2:], refs[1], refs[0], str(ref("1"))]
