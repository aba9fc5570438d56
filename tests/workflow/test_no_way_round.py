"""Joins, splits and corrections are no way to be paid twice, to decide one's own case, or out of shadow mode."""

from dataclasses import replace

import pytest
import sqlalchemy as sa
from alembic import command

from cases.case import AwaitingApproval, Stage
from cases.proposal import ApprovalStage, CaseId, PersonId
from cases.ticket import TicketStatus
from store import tables
from store.migrating import alembic_config
from tests.workflow.desk_at_work import DeskAtWork
from tests.workflow.test_link_answers import JIRA, SALESFORCE, TO_ENG_5, ZENDESK, join, read, split
from tests.workflow.three_desks import case_of, cause, jira, open_three_desks, salesforce, told_states, unsaid, zendesk
from workflow.approval import Counted, Decided, NotAllowed, Refusal, Stale
from workflow.changing import changed
from workflow.one_case import ask_agent
from workflow.paying import Finding

#: Amelia's own id at the helpdesk.
AMELIA = "1003"
OWN_CASE = NotAllowed(refusal=Refusal.OWN_CASE, roles=("compensation_lead",))
SECOND = replace(ZENDESK, key="2")


@pytest.fixture(autouse=True)
def _three_desks(at_work: DeskAtWork) -> None:
    open_three_desks(at_work)


def the_case_of(at_work: DeskAtWork, ref: object) -> str:
    found = case_of(at_work, ref)  # type: ignore[arg-type]
    assert found is not None
    return found


# --- Twice -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("paid", [True, False])
def test_a_third_ticket_of_a_loss_that_was_given_up_belongs_to_the_case_it_was_joined_into(
    at_work: DeskAtWork, *, paid: bool
) -> None:
    read(at_work, zendesk(), salesforce(loss="W-2"))
    join(at_work, "CASE-1", "CASE-2")
    if paid:
        at_work.say("amelia", "CASE-1")
        at_work.work()

    read(at_work, jira(loss="w-2"))

    assert case_of(at_work, JIRA) == "CASE-1"
    assert at_work.stages() == {"CASE-1": Stage.CLOSED if paid else Stage.AWAITING_APPROVAL, "CASE-2": Stage.JOINED}


def test_a_case_that_is_corrected_to_a_loss_that_was_given_up_joins_where_that_went(at_work: DeskAtWork) -> None:
    read(at_work, zendesk(), salesforce(loss="W-2"), jira(loss="W-3"))
    join(at_work, "CASE-1", "CASE-2")

    read(at_work, jira(loss="W-2"))

    assert case_of(at_work, JIRA) == "CASE-1"


@pytest.mark.parametrize("paid", [True, False])
def test_a_reference_that_is_changed_and_changed_back_undoes_no_join(at_work: DeskAtWork, *, paid: bool) -> None:
    read(at_work, zendesk(), salesforce(loss="W-2"))
    join(at_work, "CASE-1", "CASE-2")
    if paid:
        at_work.say("amelia", "CASE-1")
        at_work.work()

    read(at_work, salesforce(loss="W-9"))
    assert case_of(at_work, SALESFORCE) == "CASE-3"
    read(at_work, salesforce(loss="W-2"))

    assert case_of(at_work, SALESFORCE) == "CASE-1"
    first = Stage.CLOSED if paid else Stage.AWAITING_APPROVAL
    assert at_work.stages() == {"CASE-1": first, "CASE-2": Stage.JOINED, "CASE-3": Stage.JOINED}


def test_a_joined_loss_is_its_cases_whoever_claims_it_while_no_ticket_names_it(at_work: DeskAtWork) -> None:
    read(at_work, zendesk(), salesforce(loss="W-2"))
    join(at_work, "CASE-1", "CASE-2")
    read(at_work, salesforce(loss="W-9"))

    read(at_work, jira(loss="w-2"))

    assert case_of(at_work, JIRA) == "CASE-1"


def test_a_joined_loss_goes_along_when_its_case_is_joined_into_a_third(at_work: DeskAtWork) -> None:
    read(at_work, zendesk(), salesforce(loss="W-2"), zendesk("2", loss="W-3"))
    join(at_work, "CASE-1", "CASE-2")
    join(at_work, "CASE-3", "CASE-1")
    read(at_work, salesforce(loss="W-9"))

    read(at_work, salesforce(loss="W-2"))

    assert case_of(at_work, SALESFORCE) == "CASE-3"


def test_a_ticket_that_names_its_cases_other_loss_stays_where_it_is(at_work: DeskAtWork) -> None:
    read(at_work, zendesk(), zendesk("2"), salesforce(loss="W-2"))
    join(at_work, "CASE-1", "CASE-2")

    read(at_work, zendesk("2", loss="W-2"))

    assert at_work.case("CASE-1").about.tickets == (ZENDESK, SECOND, SALESFORCE)
    assert "ticket left" not in at_work.events("CASE-1")


def test_what_was_split_off_stays_apart_when_its_reference_is_changed_and_changed_back(at_work: DeskAtWork) -> None:
    read(at_work, zendesk(), salesforce(loss="W-2"))
    join(at_work, "CASE-1", "CASE-2")
    split(at_work, "CASE-1", "CASE-2")

    read(at_work, salesforce(loss="W-9"), salesforce(loss="W-2"))

    assert case_of(at_work, SALESFORCE) == "CASE-2"


def test_a_reference_that_is_corrected_to_that_of_its_open_case_was_a_mistake_and_is_free_again(
    at_work: DeskAtWork,
) -> None:
    read(at_work, zendesk(), salesforce(loss="W-2"))
    join(at_work, "CASE-1", "CASE-2")
    read(at_work, salesforce(loss="W-1"))

    read(at_work, jira(loss="W-2"))

    assert case_of(at_work, JIRA) == "CASE-3"


def test_a_reference_that_was_corrected_without_a_person_is_free_again(at_work: DeskAtWork) -> None:
    read(at_work, zendesk(), salesforce(loss="W-2"))
    read(at_work, salesforce(loss="W-1"))
    assert case_of(at_work, SALESFORCE) == "CASE-1"

    read(at_work, jira(loss="W-2"))

    assert case_of(at_work, JIRA) == "CASE-3"


def test_the_joins_of_before_are_remembered_by_the_migration(at_work: DeskAtWork) -> None:
    read(at_work, zendesk(), salesforce(loss="w -2"), zendesk("2", loss="W-3"), zendesk("3", loss="W-4"))
    join(at_work, "CASE-1", "CASE-2")
    read(at_work, zendesk("2", loss="W-4"))  # Joins by itself: W-3 was a mistake.
    config = alembic_config()
    with at_work.engine.begin() as connection:
        connection.execute(sa.text("DROP TABLE joined_losses"))
        config.attributes["connection"] = connection
        command.stamp(config, "0006")

        command.upgrade(config, "0007")

    with at_work.database.read() as connection:
        assert connection.execute(sa.select(tables.joined_losses)).all() == [("C-1/transaction/W-2", 1)]


def test_who_came_later_for_a_joined_loss_leaves_with_its_case(at_work: DeskAtWork) -> None:
    read(at_work, zendesk(), salesforce(loss="W-2"))
    join(at_work, "CASE-1", "CASE-2")
    read(at_work, jira(loss="W-2"))

    split(at_work, "CASE-1", "CASE-2")

    assert [case_of(at_work, each) for each in (ZENDESK, SALESFORCE, JIRA)] == ["CASE-1", "CASE-2", "CASE-2"]


def test_a_ticket_of_a_joined_loss_can_still_be_split_off(at_work: DeskAtWork) -> None:
    read(at_work, zendesk(), salesforce(loss="W-2"), jira(loss="W-2"))
    join(at_work, "CASE-1", "CASE-2")

    split(at_work, "CASE-1", JIRA)

    assert the_case_of(at_work, JIRA) not in {"CASE-1", "CASE-2"}


def test_the_last_ticket_that_names_a_loss_takes_it_along_wherever_it_stands(at_work: DeskAtWork) -> None:
    read(at_work, zendesk(links=TO_ENG_5), cause(), salesforce())
    old = at_work.proposal("CASE-1").fingerprint
    read(at_work, zendesk(loss="W-3"))

    read(at_work, salesforce(loss="W-9"))

    loss = at_work.case("CASE-1").about.loss
    assert loss is not None
    assert loss.reference == "W-9"
    assert (case_of(at_work, SALESFORCE), case_of(at_work, JIRA)) == ("CASE-1", "CASE-1")
    assert isinstance(at_work.answer("wei", "CASE-1", old), Stale)


def test_a_second_ticket_that_changes_little_speaks_for_its_case_no_more_than_before(at_work: DeskAtWork) -> None:
    read(at_work, zendesk(), salesforce())

    read(at_work, salesforce(loss=None))

    assert at_work.case("CASE-1").about.tickets == (ZENDESK, SALESFORCE)
    assert at_work.stage("CASE-1") is Stage.AWAITING_APPROVAL


def test_a_case_works_from_the_ticket_that_names_its_loss(at_work: DeskAtWork) -> None:
    del at_work.facts["hours_late"]  # Only the tickets themselves say it.
    read(at_work, zendesk(links=TO_ENG_5, hours_late="30"), cause(), salesforce(hours_late="3"))

    read(at_work, zendesk(loss="W-3", hours_late="30"))

    assert at_work.case("CASE-1").about.tickets == (JIRA, SALESFORCE)
    assert str(at_work.proposal("CASE-1").amount) == "5.00 USDT"


# --- One's own case --------------------------------------------------------------------------------------------------


def test_to_split_a_ticket_off_frees_nobody(at_work: DeskAtWork) -> None:
    told = zendesk("2", **unsaid(links=(str(ZENDESK),)))
    read(at_work, zendesk(), replace(told, handler_id=AMELIA), told)

    split(at_work, "CASE-1", SECOND)
    read(at_work, zendesk("2", loss="W-5"))

    assert at_work.say("amelia", the_case_of(at_work, SECOND)) == OWN_CASE


@pytest.mark.parametrize("other", [None, "W-5"], ids=["a case of its own", "another's case"])
def test_to_correct_a_ticket_frees_nobody(at_work: DeskAtWork, other: str | None) -> None:
    read(at_work, zendesk(), zendesk("2", handler=AMELIA), zendesk("2"))
    if other:
        read(at_work, zendesk("3", loss=other))

    read(at_work, zendesk("2", loss="W-5"))

    assert at_work.say("amelia", the_case_of(at_work, SECOND)) == OWN_CASE


def test_to_correct_a_ticket_of_a_paid_case_and_drop_it_at_once_frees_nobody(at_work: DeskAtWork) -> None:
    read(at_work, zendesk())
    at_work.say("wei", "CASE-1")
    at_work.work()
    read(at_work, zendesk(handler=AMELIA))

    read(at_work, zendesk(loss="W-5"))

    assert at_work.say("amelia", the_case_of(at_work, ZENDESK)) == OWN_CASE


def test_to_join_and_split_a_case_frees_nobody(at_work: DeskAtWork) -> None:
    read(at_work, zendesk(), zendesk("2", loss="W-2"))
    join(at_work, "CASE-1", "CASE-2")
    read(at_work, zendesk("2", loss="W-2", handler=AMELIA), zendesk("2", loss="W-2"))

    split(at_work, "CASE-1", "CASE-2")

    assert at_work.say("amelia", "CASE-2") == OWN_CASE


def test_an_approval_counts_no_more_once_its_giver_handles_the_ticket(at_work: DeskAtWork) -> None:
    read(at_work, zendesk())
    case = at_work.case("CASE-1")
    assert isinstance(case, AwaitingApproval)
    two = (ApprovalStage(roles=("compensation_lead",), quorum=2),)
    with at_work.database.begin() as tx:
        asked = replace(case, proposal=replace(case.proposal, approvals=two))
        change = changed(at_work.time(), "policy", "asked")
        at_work.desk.cases.save(tx, at_work.desk.cases.lock(tx, "CASE-1"), asked, change)
    assert isinstance(at_work.say("amelia", "CASE-1"), Counted)

    read(at_work, zendesk(handler=AMELIA))

    now = at_work.case("CASE-1")
    assert isinstance(now, AwaitingApproval)
    assert now.approvals == ()
    with at_work.database.read() as connection:
        known = at_work.desk.cases.find(connection, "CASE-1").case.about.handled_by
    assert PersonId("amelia") in {
        each.id for each in map(at_work.desk.people.by_helpdesk_id, known) if each is not None
    }


# --- Shadow mode -----------------------------------------------------------------------------------------------------


def test_what_only_accounts_in_shadow_mode_tell_of_any_more_is_not_paid(at_work: DeskAtWork) -> None:
    at_work.desk = replace(at_work.desk, shadowed=frozenset({"salesforce:harbor"}))
    read(at_work, zendesk(), salesforce())
    asked = at_work.proposal("CASE-1").fingerprint
    read(at_work, zendesk(loss="W-3"))

    assert at_work.answer("amelia", "CASE-1", asked) == Stale(proposal=None)

    at_work.work()
    assert at_work.provider.payments == []
    assert isinstance(at_work.say("amelia", the_case_of(at_work, ZENDESK)), Decided)


def test_what_was_asked_before_an_account_went_into_shadow_mode_waits_until_it_is_live(at_work: DeskAtWork) -> None:
    read(at_work, salesforce())
    live = at_work.desk
    at_work.desk = replace(live, shadowed=frozenset({"salesforce:harbor"}))

    assert at_work.say("amelia", "CASE-1") == Stale(proposal=None)

    at_work.desk = live
    assert isinstance(at_work.say("amelia", "CASE-1"), Decided)


@pytest.mark.parametrize("why", ["in shadow", "closed"])
def test_an_approvers_question_stands_where_an_agent_reads_it(at_work: DeskAtWork, why: str) -> None:
    read(at_work, jira(), zendesk())
    if why == "in shadow":
        at_work.desk = replace(at_work.desk, shadowed=frozenset({"jira:harbor"}))
    else:
        read(at_work, replace(jira(), status=TicketStatus.CLOSED, status_text="closed"))

    with at_work.database.begin() as tx:
        ask_agent(at_work.desk, tx, CaseId("CASE-1"), PersonId("amelia"), "Why so late?", now=at_work.time())
    at_work.work()

    asked = [each.ref for each in at_work.helpdesk.written if (each.note or "").startswith("Compensation QUESTION")]
    assert asked == [ZENDESK]


# --- The truth -------------------------------------------------------------------------------------------------------


def test_a_ticket_that_went_to_another_case_never_shows_that_it_was_paid(at_work: DeskAtWork) -> None:
    at_work.provider.answers = False
    read(at_work, zendesk(), salesforce())
    at_work.say("amelia", "CASE-1")
    at_work.work()
    read(at_work, salesforce(loss="W-9"))
    at_work.provider.answers = True

    at_work.found(Finding.RELEASE, "CASE-1")
    at_work.work()

    assert at_work.stage("CASE-1") is Stage.CLOSED
    assert told_states(at_work, SALESFORCE)[-1] == "awaiting_approval"
    last = [each for each in at_work.helpdesk.written if each.ref == SALESFORCE][-1]
    assert (last.note or "").startswith("Compensation PAID")
    assert (last.fields, last.add_tags, last.remove_tags) == ((), (), ())


def test_a_joined_case_that_is_split_off_and_says_nothing_of_its_loss_needs_a_person_again(at_work: DeskAtWork) -> None:
    tagged = replace(zendesk("2", topic=None, loss=None), tags=("compensation",))
    read(at_work, zendesk(), tagged)
    join(at_work, "CASE-1", "CASE-2")

    split(at_work, "CASE-1", "CASE-2")

    assert at_work.stage("CASE-2") is Stage.NEEDS_ATTENTION
