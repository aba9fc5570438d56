"""What comes after a join: who may still approve, who speaks for the case, and what a correction takes along."""

from dataclasses import replace

import pytest

from cases.case import AwaitingApproval, Closed, NeedsAttention, Stage
from cases.people import People
from cases.ticket import CustomerId, Requester, TicketStatus
from tests.workflow.desk_at_work import DeskAtWork
from tests.workflow.test_linking import JIRA, SALESFORCE, TO_ENG_5, TO_ZENDESK, ZENDESK, nobody, read
from tests.workflow.three_desks import (
    address,
    asked,
    cause,
    commented,
    groups,
    open_three_desks,
    salesforce,
    unsaid,
    zendesk,
)
from workflow.approval import Counted, NotAllowed, Refusal


@pytest.fixture(autouse=True)
def _three_desks(at_work: DeskAtWork) -> None:
    open_three_desks(at_work)


def test_who_handles_a_ticket_that_joins_approves_the_case_no_more(at_work: DeskAtWork) -> None:
    read(at_work, zendesk(), replace(cause(links=TO_ZENDESK), handler_id=None))
    linked = salesforce(topic=None, loss=None, links=TO_ZENDESK)
    amelias = replace(linked, ref=replace(ZENDESK, key="7"), name="", handler_id="1003")

    read(at_work, amelias)

    assert at_work.say("amelia", "CASE-1") == NotAllowed(refusal=Refusal.OWN_CASE, roles=("compensation_lead",))


def test_an_approval_of_who_turns_out_to_handle_it_counts_no_more(at_work: DeskAtWork) -> None:
    at_work.facts["fraud_score"] = "95"
    everyone = at_work.desk.people.everyone
    priya_handles = tuple(
        replace(each, helpdesk_ids=("zendesk:harbor:1009",)) if each.id == "priya" else each for each in everyone
    )
    at_work.desk = replace(at_work.desk, people=People(everyone=priya_handles))
    read(at_work, zendesk())
    assert isinstance(at_work.say("priya", "CASE-1"), Counted)

    read(at_work, zendesk("2", handler="1009"))

    after = at_work.case("CASE-1")
    assert isinstance(after, AwaitingApproval)
    assert after.approvals == ()
    assert isinstance(at_work.say("priya", "CASE-1"), NotAllowed)


def test_a_corrected_reference_takes_the_tickets_along_that_only_follow(at_work: DeskAtWork) -> None:
    read(at_work, zendesk(links=TO_ENG_5), cause())
    first = at_work.proposal("CASE-1").fingerprint

    read(at_work, zendesk(loss="W-2", links=TO_ENG_5))

    loss = at_work.case("CASE-1").about.loss
    assert loss is not None
    assert loss.reference == "W-2"
    assert at_work.stages() == {"CASE-1": Stage.AWAITING_APPROVAL}
    assert at_work.proposal("CASE-1").fingerprint != first
    assert groups(at_work) == {frozenset((str(ZENDESK), str(JIRA)))}


def test_tickets_that_only_follow_keep_no_loss_that_was_deleted_alive(at_work: DeskAtWork) -> None:
    read(at_work, zendesk(links=TO_ENG_5), cause())

    read(at_work, replace(zendesk(links=TO_ENG_5), status=TicketStatus.DELETED))

    case = at_work.case("CASE-1")
    assert isinstance(case, NeedsAttention)
    assert case.reason == f"The only ticket that names its loss, {ZENDESK}, was deleted."


def test_a_follower_that_names_the_loss_first_speaks_for_the_case(at_work: DeskAtWork) -> None:
    read(at_work, nobody(zendesk(**unsaid())), nobody(salesforce(**unsaid(links=TO_ZENDESK))))
    assert at_work.stages() == {"CASE-1": Stage.NEEDS_ATTENTION}

    read(at_work, salesforce(links=TO_ZENDESK))

    case = at_work.case("CASE-1")
    assert isinstance(case, AwaitingApproval)
    assert case.about.tickets == (SALESFORCE, ZENDESK)


def test_a_closed_or_deleted_ticket_joins_nothing(at_work: DeskAtWork) -> None:
    gone = [replace(cause(), status=each) for each in (TicketStatus.CLOSED, TicketStatus.DELETED)]

    read(at_work, zendesk(links=TO_ENG_5), *gone)

    assert groups(at_work) == {frozenset((str(ZENDESK),))}
    assert asked(at_work) == []


def test_a_case_that_was_closed_keeps_its_own_when_another_names_its_ticket(at_work: DeskAtWork) -> None:
    read(at_work, zendesk())
    at_work.say("amelia", "CASE-1")
    at_work.work()

    read(at_work, salesforce(loss="W-2", links=TO_ZENDESK))

    assert isinstance(at_work.case("CASE-1"), Closed)
    assert at_work.stage("CASE-2") is Stage.AWAITING_APPROVAL
    assert [case for _, case, _ in asked(at_work)] == ["CASE-1"]


def test_a_question_is_asked_once_and_ends_when_it_has_settled_itself(at_work: DeskAtWork) -> None:
    other = commented(cause(), f"Customer: {address(ZENDESK)}")
    read(at_work, zendesk(), other, commented(other, "More."), other)
    assert len(asked(at_work)) == 1

    known = Requester(id="1", name="", email=None, customer_id=CustomerId("C-1"), locale=None)
    read(at_work, replace(other, requester=known))

    assert asked(at_work) == []
    assert groups(at_work) == {frozenset((str(ZENDESK), str(JIRA)))}
