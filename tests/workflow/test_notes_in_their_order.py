"""A ticket never goes back to an older state, and a case ends once everyone has been told who can be."""

from dataclasses import replace

from cases.case import Stage
from cases.ticket import TicketStatus
from store import outbox
from store.failures import revive
from store.jobs import reclaim
from store.outbox import Kind
from tests.workflow.desk_at_work import DeskAtWork
from tests.workflow.played_vendors import ticket


def refused(at_work: DeskAtWork) -> list[str]:
    """Return the keys of the notes that the helpdesk refused for good."""
    with at_work.database.read() as connection:
        return [item.key for item, _ in outbox.refused(connection)]


def replay(at_work: DeskAtWork, key: str) -> bool:
    """Do what `makewhole deadletter replay note KEY` does."""
    with at_work.database.begin() as tx:
        found = revive(tx, Kind.NOTE, key) or reclaim(tx.connection, Kind.NOTE, key) or outbox.reopen(tx, key)
        if found:
            at_work.jobs.try_now(tx.connection, Kind.NOTE, key, now=at_work.time())
    at_work.work()
    return found


def test_a_refused_note_is_not_replayed_over_a_newer_one(at_work: DeskAtWork) -> None:
    at_work.helpdesk.refused_states = {"approved"}
    at_work.tell(ticket())
    at_work.work()
    at_work.say("amelia", "CASE-1")
    at_work.work()
    assert at_work.helpdesk.states_told("1") == ["awaiting_approval", "paid"]
    (old,) = refused(at_work)
    at_work.helpdesk.refused_states = set()

    assert not replay(at_work, old)

    assert at_work.helpdesk.states_told("1") == ["awaiting_approval", "paid"]
    assert refused(at_work) == [old]


def test_the_last_refused_note_is_replayed_once(at_work: DeskAtWork) -> None:
    at_work.helpdesk.refused_states = {"paid"}
    at_work.tell(ticket())
    at_work.work()
    at_work.say("amelia", "CASE-1")
    at_work.work()
    (last,) = refused(at_work)
    at_work.helpdesk.refused_states = set()

    assert replay(at_work, last)
    assert not replay(at_work, last)

    assert at_work.helpdesk.states_told("1") == ["awaiting_approval", "approved", "paid"]
    assert refused(at_work) == []
    assert at_work.stage("CASE-1") is Stage.CLOSED


def test_of_two_refused_notes_the_older_cannot_follow_the_newer(at_work: DeskAtWork) -> None:
    at_work.helpdesk.refused_states = {"approved", "paid"}
    at_work.tell(ticket())
    at_work.work()
    at_work.say("amelia", "CASE-1")
    at_work.work()
    approved, paid = refused(at_work)
    at_work.helpdesk.refused_states = set()

    assert replay(at_work, paid)
    assert not replay(at_work, approved)

    assert at_work.helpdesk.states_told("1") == ["awaiting_approval", "paid"]


def test_a_paid_case_whose_tickets_are_all_closed_is_closed_without_a_note(at_work: DeskAtWork) -> None:
    at_work.tell(ticket())
    at_work.work()
    at_work.say("amelia", "CASE-1")
    at_work.work("note")
    at_work.tell(replace(ticket(), status=TicketStatus.CLOSED, status_text="closed"))

    at_work.work()

    assert at_work.stage("CASE-1") is Stage.CLOSED
    assert len(at_work.provider.payments) == 1
    assert at_work.helpdesk.states_told("1") == ["awaiting_approval", "approved"]


def test_a_case_whose_last_note_was_refused_is_closed(at_work: DeskAtWork) -> None:
    at_work.helpdesk.refused_states = {"declined"}
    at_work.facts["hours_late"] = "1"
    at_work.tell(ticket())

    at_work.work()

    assert at_work.stage("CASE-1") is Stage.CLOSED
    assert len(refused(at_work)) == 1
