"""Tickets name another loss, are merged, are edited twice in a second: each loss keeps a case that hears of it."""

from dataclasses import replace
from datetime import timedelta

from cases.case import AwaitingApproval, Joined, NeedsAttention, Stage
from cases.ticket import Ticket, TicketStatus
from store import tickets
from tests.workflow.desk_at_work import DeskAtWork
from tests.workflow.played_vendors import page, ref, take, ticket
from workflow.approval import Decided, Stale


def merged_into(key: str, each: Ticket) -> Ticket:
    """Return a ticket as its helpdesk shows it once it was merged into another."""
    return replace(each, status=TicketStatus.CLOSED, status_text="closed", merged_into=ref(key))


def names_of(at_work: DeskAtWork, case_id: str) -> list[str]:
    """Return the keys of a case's tickets, first one first."""
    return [each.key for each in at_work.case(case_id).about.tickets]


def loss_of(at_work: DeskAtWork, case_id: str) -> str | None:
    loss = at_work.case(case_id).about.loss
    return loss.reference if loss else None


def case_of(at_work: DeskAtWork, key: str) -> str:
    """Return the case of the helpdesk's ticket with this key; a number may have been skipped."""
    found = at_work.case_of(key)
    assert found is not None
    return found


# --- A ticket names another loss ---------------------------------------------------------------------------------


def test_a_second_ticket_that_is_corrected_to_another_loss_gets_a_case_of_its_own(at_work: DeskAtWork) -> None:
    at_work.tell(ticket("1", loss="W-1"))
    at_work.tell(ticket("2", loss="W-1"))
    at_work.work()
    assert names_of(at_work, "CASE-1") == ["1", "2"]

    at_work.tell(ticket("2", loss="W-2"))
    at_work.work()

    first, second = (case_of(at_work, each) for each in ("1", "2"))
    assert at_work.stages() == {first: Stage.AWAITING_APPROVAL, second: Stage.AWAITING_APPROVAL}
    assert [loss_of(at_work, each) for each in (first, second)] == ["W-1", "W-2"]
    assert [names_of(at_work, each) for each in (first, second)] == [["1"], ["2"]]
    assert "ticket left" in at_work.events(first)


def test_a_second_ticket_of_a_closed_case_may_tell_of_another_loss(at_work: DeskAtWork) -> None:
    at_work.tell(ticket("1"))
    at_work.tell(ticket("2"))
    at_work.work()
    at_work.say("amelia", "CASE-1")
    at_work.work()
    assert at_work.stage("CASE-1") is Stage.CLOSED

    at_work.tell(ticket("2", loss="W-2"))
    at_work.work()

    assert at_work.stages() == {"CASE-1": Stage.CLOSED, case_of(at_work, "2"): Stage.AWAITING_APPROVAL}
    assert names_of(at_work, "CASE-1") == ["1", "2"]
    assert len(at_work.provider.payments) == 1


def test_a_first_ticket_that_moves_to_a_known_loss_leaves_its_case_to_the_others(at_work: DeskAtWork) -> None:
    at_work.tell(ticket("1", loss="W-1"))
    at_work.tell(ticket("2", loss="W-1"))
    at_work.tell(ticket("3", loss="W-3"))
    at_work.work()

    at_work.tell(ticket("1", loss="W-3"))
    at_work.work()

    other = case_of(at_work, "3")
    assert [loss_of(at_work, each) for each in ("CASE-1", other)] == ["W-1", "W-3"]
    assert [names_of(at_work, each) for each in ("CASE-1", other)] == [["2"], ["3", "1"]]
    assert (case_of(at_work, "1"), case_of(at_work, "2")) == (other, "CASE-1")
    at_work.facts["hours_late"] = "3"
    at_work.tell(ticket("2", loss="W-1", claimed_amount="7"))
    at_work.work()
    assert str(at_work.proposal("CASE-1").amount) == "5.00 USDT"


def test_an_only_ticket_that_moves_to_a_known_loss_joins_its_case_and_is_told(at_work: DeskAtWork) -> None:
    at_work.tell(ticket("1", loss="W-1"))
    at_work.tell(ticket("2", loss="W-2"))
    at_work.work()

    at_work.tell(ticket("1", loss="W-2"))
    cards = [each.key for each in at_work.waiting() if each.kind == "card"]
    at_work.work()

    joined = at_work.case("CASE-1")
    assert isinstance(joined, Joined)
    assert joined.into == "CASE-2"
    assert [each for each in cards if each.startswith("card/CASE-1#")] != []
    assert names_of(at_work, "CASE-2") == ["2", "1"]
    told = [each for each in at_work.helpdesk.written if each.ref == ref("1")]
    assert dict(told[-1].fields)["mw_case_url"].endswith("/CASE-2")


def test_a_card_of_a_joined_case_cannot_be_approved(at_work: DeskAtWork) -> None:
    at_work.tell(ticket("1", loss="W-1"))
    at_work.tell(ticket("2", loss="W-2"))
    at_work.work()
    old = at_work.proposal("CASE-1").fingerprint
    at_work.tell(ticket("1", loss="W-2"))

    said = at_work.answer("amelia", "CASE-1", old)
    at_work.work()

    assert said == Stale(proposal=None)
    assert at_work.provider.sendings == 0


def test_a_loss_that_a_joined_case_gave_up_can_be_claimed_again(at_work: DeskAtWork) -> None:
    at_work.tell(ticket("1", loss="W-1"))
    at_work.tell(ticket("2", loss="W-2"))
    at_work.work()
    at_work.tell(ticket("1", loss="W-2"))

    at_work.tell(ticket("4", loss="W-1"))
    at_work.work()

    assert loss_of(at_work, "CASE-3") == "W-1"
    assert at_work.stage("CASE-3") is Stage.AWAITING_APPROVAL


# --- A ticket is merged into another -------------------------------------------------------------------------------


def test_the_ticket_that_another_was_merged_into_supplies_what_is_missing(at_work: DeskAtWork) -> None:
    at_work.tell(ticket("1", loss=None))
    at_work.work()
    assert at_work.stage("CASE-1") is Stage.NEEDS_ATTENTION

    at_work.tell(merged_into("2", ticket("1", loss=None)))
    at_work.tell(ticket("2", topic=None, loss=None))
    at_work.work()
    assert (names_of(at_work, "CASE-1"), at_work.case_of("2")) == (["2"], "CASE-1")
    at_work.tell(ticket("2", loss="W-1"))
    at_work.work()

    assert at_work.stages() == {"CASE-1": Stage.AWAITING_APPROVAL}
    assert loss_of(at_work, "CASE-1") == "W-1"


def test_a_survivor_without_a_word_of_the_claim_takes_nothing_from_it(at_work: DeskAtWork) -> None:
    at_work.tell(ticket("1"))
    at_work.work()

    at_work.tell(merged_into("2", ticket("1")))
    at_work.tell(ticket("2", topic=None, loss=None))
    at_work.work()

    assert at_work.stage("CASE-1") is Stage.AWAITING_APPROVAL
    assert loss_of(at_work, "CASE-1") == "W-1"
    assert isinstance(at_work.say("amelia", "CASE-1"), Decided)
    at_work.work()
    assert at_work.helpdesk.states_told("2")[-1] == "paid"


def test_a_case_still_hears_its_own_ticket_when_another_was_merged_into_it(at_work: DeskAtWork) -> None:
    at_work.tell(ticket("1", loss="W-1"))
    at_work.tell(ticket("2", loss="W-2"))
    at_work.work()
    old = at_work.proposal("CASE-2").fingerprint

    at_work.tell(merged_into("2", ticket("1", loss="W-1")))
    at_work.tell(ticket("2", loss="W-9"))
    at_work.work()

    assert at_work.case_of("2") == "CASE-2"
    assert loss_of(at_work, "CASE-2") == "W-9"
    assert isinstance(at_work.answer("amelia", "CASE-2", old), Stale)
    assert loss_of(at_work, "CASE-1") == "W-1"


def test_an_only_ticket_that_is_deleted_puts_its_case_before_a_person(at_work: DeskAtWork) -> None:
    at_work.tell(ticket("1"))
    at_work.work()

    at_work.tell(replace(ticket("1"), status=TicketStatus.DELETED, status_text="deleted"))
    at_work.work()

    case = at_work.case("CASE-1")
    assert isinstance(case, NeedsAttention)
    assert case.reason == "The only ticket of this case, zendesk:harbor:1, was deleted."


def test_a_merged_ticket_stays_quiet_however_often_it_is_exported(at_work: DeskAtWork) -> None:
    at_work.tell(ticket("1"))
    at_work.work()
    at_work.tell(merged_into("2", ticket("1")))
    at_work.tell(ticket("2", topic=None, loss=None))
    at_work.work()
    told = at_work.events("CASE-1")
    exported = replace(at_work.helpdesk.tickets[ref("1")], merged_into=None)  # An export never says it.

    for _hour in range(3):
        at_work.time.pass_by(hours=1)
        repaired = take(at_work.intake, page(exported), now=at_work.time())
        at_work.work()

        assert repaired == 0
    assert at_work.events("CASE-1") == told


def test_a_merged_ticket_that_is_stamped_anew_stays_merged(at_work: DeskAtWork) -> None:
    at_work.tell(ticket("1"))
    at_work.work()
    at_work.tell(merged_into("2", ticket("1")))
    at_work.tell(ticket("2", topic=None, loss=None))
    at_work.work()
    told = at_work.events("CASE-1")

    later = replace(
        at_work.helpdesk.tickets[ref("1")], merged_into=None, updated_at=at_work.time() + timedelta(hours=1)
    )
    take(at_work.intake, page(later), now=later.updated_at)
    at_work.work()

    assert at_work.events("CASE-1") == told
    assert names_of(at_work, "CASE-1") == ["2"]
    with at_work.database.read() as connection:
        mirrored = tickets.find(connection, ref("1"))
    assert mirrored is not None
    assert mirrored.ticket.merged_into == ref("2")


# --- Two edits within one second -----------------------------------------------------------------------------------


def test_two_edits_within_one_second_are_both_heard(at_work: DeskAtWork) -> None:
    del at_work.facts["hours_late"]  # Only the ticket itself says it.
    at_work.tell(ticket(hours_late="30"))
    at_work.work()
    at_work.time.pass_by(minutes=1)
    same_second = at_work.time()

    amounts = []
    for hours in ("7", "3"):
        at_work.put(replace(ticket(hours_late=hours), updated_at=same_second))
        at_work.work()
        amounts.append(str(at_work.proposal("CASE-1").amount))

    assert amounts == ["15.00 USDT", "5.00 USDT"]
    assert at_work.proposal("CASE-1").revision == 3


def test_an_edit_that_comes_back_within_the_same_second_voids_what_was_asked_between(at_work: DeskAtWork) -> None:
    del at_work.facts["hours_late"]
    at_work.tell(ticket(hours_late="7"))
    at_work.work()
    first = at_work.proposal("CASE-1").fingerprint
    at_work.time.pass_by(minutes=1)
    same_second = at_work.time()

    for hours in ("3", "7"):
        at_work.put(replace(ticket(hours_late=hours), updated_at=same_second))
        at_work.work()

    case = at_work.case("CASE-1")
    assert isinstance(case, AwaitingApproval)
    assert str(case.proposal.amount) == "15.00 USDT"
    assert isinstance(at_work.answer("amelia", "CASE-1", first), Stale)
