"""Notes go out: one job writes one note, and trouble with one ticket is nobody else's."""

from datetime import timedelta

import pytest

from cases.case import Stage
from cases.proposal import Verdict
from connectors.contract import AccessRefused, TicketUpdate, TryLater, UnexpectedReply
from store import outbox
from store.outbox import Item, State
from store.records import TICKET_UPDATE
from sync.outbox import write_note
from tests.store.queued import keys
from tests.sync.an_export import Account
from tests.workflow.desk_at_work import DeskAtWork
from tests.workflow.played_vendors import ref, ticket

LANE = f"ticket/{ref('1')}"


@pytest.fixture
def declined(account: Account) -> Account:
    """Have two notes wait for one ticket: that people were asked, and that one of them said no."""
    account.at_work.tell(ticket("1"))
    account.at_work.work("propose")
    account.at_work.say("amelia", "CASE-1", Verdict.REJECT)
    return account


def item(at_work: DeskAtWork, number: int) -> Item:
    with at_work.database.read() as connection:
        found = outbox.find(connection, f"{LANE}#{number}")
    assert found is not None
    return found


def write(account: Account, number: int) -> None:
    write_note(account.at_work.desk, account, item(account.at_work, number), clock=account.at_work.time)


def started(at_work: DeskAtWork) -> list[str]:
    with at_work.database.read() as connection:
        return keys(connection, "note")


def headlines(written: list[TicketUpdate]) -> list[str]:
    return [(each.note or "").splitlines()[0] for each in written]


def test_the_notes_of_a_ticket_are_written_in_order_and_its_case_is_closed_with_the_last(declined: Account) -> None:
    assert started(declined.at_work) == [f"{LANE}#1"]
    write(declined, 1)
    assert started(declined.at_work) == [f"{LANE}#1", f"{LANE}#2"]
    assert declined.at_work.stage("CASE-1") is Stage.DECLINED

    write(declined, 2)

    assert headlines(declined.written) == [
        "Compensation PROPOSED · 15.00 USDT · CASE-1",
        "Compensation DECLINED · no amount · CASE-1",
    ]
    assert declined.at_work.stage("CASE-1") is Stage.CLOSED


@pytest.mark.parametrize("trouble", [TryLater("503", wait_seconds=1, done=None), AccessRefused("401")])
def test_a_note_that_was_not_taken_stays_first_in_its_lane(declined: Account, trouble: Exception) -> None:
    declined.troubles.append(trouble)

    with pytest.raises(type(trouble)):
        write(declined, 1)

    assert item(declined.at_work, 1).state is State.WAITING
    assert started(declined.at_work) == [f"{LANE}#1"]
    write(declined, 1)
    assert len(declined.written) == 1


def test_a_note_that_is_refused_is_shown_and_the_lane_moves_on(declined: Account) -> None:
    declined.troubles.append(UnexpectedReply("422: the ticket is closed"))

    write(declined, 1)
    write(declined, 2)

    with declined.at_work.database.read() as connection:
        [(refused, problem)] = outbox.refused(connection)
    assert (refused.key, problem) == (f"{LANE}#1", "422: the ticket is closed")
    assert headlines(declined.written) == ["Compensation DECLINED · no amount · CASE-1"]
    assert declined.at_work.stage("CASE-1") is Stage.CLOSED


def test_a_note_whose_job_is_done_again_is_written_once(declined: Account) -> None:
    """The worker died after the note was written and before it was noted down: the vendor's mark tells."""
    before = item(declined.at_work, 1)
    declined.write(outbox_update(before))

    write(declined, 1)
    write_note(declined.at_work.desk, declined, before, clock=declined.at_work.time)

    assert len(declined.written) == 1
    assert item(declined.at_work, 1).state is State.SENT
    assert started(declined.at_work) == [f"{LANE}#1", f"{LANE}#2"]


def outbox_update(waiting: Item) -> TicketUpdate:
    return TICKET_UPDATE.validate_json(waiting.document)


def test_a_note_says_what_was_true_when_it_was_put_however_late_it_is_written(declined: Account) -> None:
    declined.at_work.time.pass_by(days=3)

    write(declined, 1)

    assert dict(declined.written[0].fields)["mw_state"] == "awaiting_approval"
    assert declined.written[0].mark == "CASE-1/3"
    assert declined.at_work.time() - declined.at_work.case("CASE-1").about.opened_at >= timedelta(days=3)
