"""People say what belongs together: answers, joins and splits, until something is paid."""

from dataclasses import replace

import pytest

from cases.case import AwaitingApproval, Joined, Opened, Stage
from cases.proposal import CaseId
from cases.ticket import Ticket, TicketRef
from store import audit
from store.cases import number_of
from store.links import Answer
from tests.store.at_once import at_once
from tests.workflow.desk_at_work import DeskAtWork
from tests.workflow.three_desks import (
    address,
    asked,
    case_of,
    cause,
    groups,
    jira,
    open_three_desks,
    questions,
    salesforce,
    told_states,
    unsaid,
    zendesk,
)
from workflow import link_answers
from workflow.approval import Decided, NotAllowed, Refusal, Stale
from workflow.joining import NotPossible
from workflow.link_answers import Impossible, LinkOutcome, NotYours, Refused, Taken, TakenBefore

ZENDESK, SALESFORCE, JIRA = zendesk().ref, salesforce().ref, jira().ref
TO_ENG_5 = ("jira:harbor:ENG-5",)


@pytest.fixture(autouse=True)
def _three_desks(at_work: DeskAtWork) -> None:
    open_three_desks(at_work)


def read(at_work: DeskAtWork, *told: Ticket) -> None:
    for each in told:
        at_work.tell(each)
        at_work.work()


def answer(at_work: DeskAtWork, said: Answer, *, number: int = 1, person: str = "amelia") -> LinkOutcome:
    with at_work.database.begin() as tx:
        who = at_work.desk.people.by_id(person)
        outcome = link_answers.answer(at_work.desk, tx, number, said, who, now=at_work.time())
    at_work.work()
    return outcome


def join(at_work: DeskAtWork, case_id: str, other: TicketRef | str, *, person: str = "amelia") -> None:
    with at_work.database.begin() as tx:
        if isinstance(other, TicketRef):
            link_answers.join_ticket(at_work.desk, tx, CaseId(case_id), other, by=person, now=at_work.time())
        else:
            link_answers.join_case(at_work.desk, tx, CaseId(case_id), CaseId(other), by=person, now=at_work.time())
    at_work.work()


def split(at_work: DeskAtWork, case_id: str, other: TicketRef | str, *, person: str = "amelia") -> None:
    meant = other if isinstance(other, TicketRef) else CaseId(other)
    with at_work.database.begin() as tx:
        link_answers.split(at_work.desk, tx, CaseId(case_id), meant, by=person, now=at_work.time())
    at_work.work()


def changes(at_work: DeskAtWork, case_id: str, event: str) -> list[tuple[str, dict[str, str]]]:
    """Return who did this to a case, with its details."""
    with at_work.database.read() as connection:
        records = audit.history(connection, number_of(case_id))
    return [(each.actor, dict(each.detail)) for each in records if each.event == event]


# --- An answer -------------------------------------------------------------------------------------------------------


def test_one_loss_is_one_case_after_all(at_work: DeskAtWork) -> None:
    read(at_work, zendesk(), salesforce(**unsaid()))
    assert len(asked(at_work)) == 1

    outcome = answer(at_work, Answer.SAME)

    assert isinstance(outcome, Taken)
    assert (outcome.question.answer, outcome.question.answered_by) == (Answer.SAME, "amelia")
    assert at_work.stages() == {"CASE-1": Stage.AWAITING_APPROVAL, "CASE-2": Stage.JOINED}
    assert groups(at_work) == {frozenset((str(ZENDESK), str(SALESFORCE)))}
    assert changes(at_work, "CASE-1", "link answered") == [
        ("amelia", {"answer": "same", "question": "1", "ticket": str(SALESFORCE)})
    ]
    assert changes(at_work, "CASE-2", "joined") == [("amelia", {"into": "CASE-1"})]
    assert told_states(at_work, SALESFORCE)[-1] == "awaiting_approval"


def test_two_losses_stay_apart_whatever_links_them_later(at_work: DeskAtWork) -> None:
    read(at_work, zendesk(), salesforce(**unsaid()))

    assert isinstance(answer(at_work, Answer.APART), Taken)
    read(at_work, salesforce(**unsaid(links=(str(ZENDESK),), text="W-1")), zendesk(links=(address(SALESFORCE),)))

    assert len(groups(at_work)) == 2
    assert asked(at_work) == []


def test_one_loss_is_one_case_whatever_was_answered_when_the_ticket_says_so(at_work: DeskAtWork) -> None:
    read(at_work, zendesk(), salesforce(**unsaid()))
    answer(at_work, Answer.APART)

    read(at_work, salesforce())

    assert groups(at_work) == {frozenset((str(ZENDESK), str(SALESFORCE)))}


def test_the_first_answer_counts_and_the_second_is_told_so(at_work: DeskAtWork) -> None:
    read(at_work, zendesk(), salesforce(**unsaid()))
    answer(at_work, Answer.APART)

    late = answer(at_work, Answer.SAME, person="noah")

    assert isinstance(late, TakenBefore)
    assert (late.question.answer, late.question.answered_by) == (Answer.APART, "amelia")
    assert len(groups(at_work)) == 2


def test_of_many_answers_at_once_one_counts(at_work: DeskAtWork) -> None:
    read(at_work, zendesk(), salesforce(**unsaid()))
    amelia = at_work.desk.people.by_id("amelia")

    def say(number: int) -> LinkOutcome:
        with at_work.database.begin() as tx:
            said = (Answer.SAME, Answer.APART)[number % 2]
            return link_answers.answer(at_work.desk, tx, 1, said, amelia, now=at_work.time())

    outcomes = at_once(6, say)

    assert sorted(each.kind for each in outcomes) == ["taken", *["taken_before"] * 5]
    (taken,) = (each for each in outcomes if isinstance(each, Taken))
    assert len(groups(at_work)) == (1 if taken.question.answer is Answer.SAME else 2)


@pytest.mark.parametrize(
    ("person", "why"), [("mallory", NotYours.UNKNOWN_PERSON), ("luca", NotYours.NO_ROLE), ("mei", NotYours.NO_ROLE)]
)
def test_who_has_no_say_in_it_changes_nothing(at_work: DeskAtWork, person: str, why: NotYours) -> None:
    read(at_work, zendesk(), salesforce(**unsaid()))

    assert answer(at_work, Answer.SAME, person=person) == Refused(why=why)
    assert len(asked(at_work)) == 1
    assert answer(at_work, Answer.SAME, number=99) == Refused(why=NotYours.NO_QUESTION)


def test_who_handles_the_ticket_may_say_and_still_approves_nothing(at_work: DeskAtWork) -> None:
    read(at_work, zendesk(), zendesk("2", **unsaid(handler="1003")), zendesk("3", loss="W-3", customer="C-3"))
    read(at_work, zendesk("4", **unsaid(customer="C-3", handler="1001")))

    assert isinstance(answer(at_work, Answer.SAME, number=1), Taken)
    assert isinstance(answer(at_work, Answer.SAME, number=2, person="luca"), Taken)

    assert at_work.say("amelia", "CASE-1") == NotAllowed(refusal=Refusal.OWN_CASE, roles=("compensation_lead",))
    assert case_of(at_work, replace(ZENDESK, key="4")) == case_of(at_work, replace(ZENDESK, key="3"))


def test_a_shared_cause_goes_where_a_person_says(at_work: DeskAtWork) -> None:
    other = zendesk("2", loss="W-2", customer="C-2", links=TO_ENG_5)
    read(at_work, cause(), zendesk(links=TO_ENG_5), other)

    assert isinstance(answer(at_work, Answer.SAME), Taken)

    assert groups(at_work) == {frozenset((str(ZENDESK),)), frozenset((str(other.ref), str(JIRA)))}
    read(at_work, zendesk(links=TO_ENG_5, claimed_amount="9"), cause())
    assert case_of(at_work, JIRA) == "CASE-2"
    assert asked(at_work) == []


def test_two_cases_that_are_decided_cannot_be_made_one(at_work: DeskAtWork) -> None:
    read(at_work, zendesk(), salesforce(loss="W-2", links=(str(ZENDESK),)))
    for case_id in ("CASE-1", "CASE-2"):
        at_work.say("amelia", case_id)
        at_work.work()

    outcome = answer(at_work, Answer.SAME)

    assert outcome == Impossible(reason="CASE-2 is closed and cannot be given up.")
    assert len(asked(at_work)) == 1
    assert len(groups(at_work)) == 2


def test_an_undecided_case_is_given_up_for_the_decided_one_whichever_is_younger(at_work: DeskAtWork) -> None:
    read(at_work, zendesk(), salesforce(loss="W-2", links=(str(ZENDESK),)))
    at_work.say("amelia", "CASE-2")
    at_work.work()

    assert isinstance(answer(at_work, Answer.SAME), Taken)

    assert at_work.stages() == {"CASE-1": Stage.JOINED, "CASE-2": Stage.CLOSED}
    assert told_states(at_work, ZENDESK)[-1] == "paid"
    assert len(at_work.provider.payments) == 1


# --- A join ----------------------------------------------------------------------------------------------------------


def test_a_person_joins_a_ticket_that_no_link_brings(at_work: DeskAtWork) -> None:
    read(at_work, zendesk(), cause())

    join(at_work, "CASE-1", JIRA)

    assert case_of(at_work, JIRA) == "CASE-1"
    assert changes(at_work, "CASE-1", "linked") == [("amelia", {"ticket": str(JIRA)})]
    assert told_states(at_work, JIRA) == ["awaiting_approval"]


def test_a_person_joins_two_losses_that_are_one_and_the_ticket_stays(at_work: DeskAtWork) -> None:
    read(at_work, zendesk(), salesforce(loss="W-2"))
    old = at_work.proposal("CASE-2").fingerprint

    join(at_work, "CASE-1", "CASE-2")
    read(at_work, salesforce(loss="W-2", claimed_amount="9"))

    joined = at_work.case("CASE-2")
    assert isinstance(joined, Joined)
    assert groups(at_work) == {frozenset((str(ZENDESK), str(SALESFORCE)))}
    assert at_work.answer("amelia", "CASE-2", old) == Stale(proposal=None)
    read(at_work, salesforce(loss="W-3"))
    assert len(groups(at_work)) == 2


@pytest.mark.parametrize(
    ("case_id", "other", "why"),
    [
        ("CASE-1", "CASE-1", "CASE-1 cannot be joined with itself."),
        ("CASE-1", ZENDESK, f"{ZENDESK} is a ticket of CASE-1 already."),
        ("CASE-1", replace(ZENDESK, key="404"), "zendesk:harbor:404 has not been read yet."),
        ("CASE-3", "CASE-1", "CASE-3 is joined with CASE-1: name that one."),
        ("CASE-1", "CASE-2", "CASE-2 is closed and cannot be given up; join CASE-1 into it instead."),
    ],
)
def test_a_join_that_cannot_be_says_why_and_does_nothing(
    at_work: DeskAtWork, case_id: str, other: TicketRef | str, why: str
) -> None:
    read(at_work, zendesk(), salesforce(loss="W-2"), jira(loss="W-3"))
    at_work.say("amelia", "CASE-2")
    at_work.work()
    join(at_work, "CASE-1", "CASE-3")
    before = [at_work.events(each) for each in at_work.stages()]

    with pytest.raises(NotPossible) as refused_so:
        join(at_work, case_id, other)

    assert str(refused_so.value) == why
    assert [at_work.events(each) for each in at_work.stages()] == before


# --- A split ---------------------------------------------------------------------------------------------------------


def test_a_ticket_that_was_split_off_has_its_own_case_again_and_nothing_rejoins_it(at_work: DeskAtWork) -> None:
    linked = salesforce(**unsaid(links=(str(ZENDESK),)))
    read(at_work, zendesk(), linked)
    assert len(groups(at_work)) == 1

    split(at_work, "CASE-1", SALESFORCE)
    read(at_work, replace(linked, subject="Again"), zendesk(claimed_amount="9"), replace(linked, tags=("vip",)))

    assert groups(at_work) == {frozenset((str(ZENDESK),)), frozenset((str(SALESFORCE),))}
    assert at_work.stages() == {"CASE-1": Stage.AWAITING_APPROVAL, "CASE-2": Stage.NEEDS_ATTENTION}
    assert changes(at_work, "CASE-1", "split") == [("amelia", {"ticket": str(SALESFORCE)})]
    assert told_states(at_work, SALESFORCE)[-1] == "needs_attention"
    assert asked(at_work) == []


def test_an_issue_that_was_split_off_is_told_that_it_is_no_part_any_more(at_work: DeskAtWork) -> None:
    read(at_work, zendesk(links=TO_ENG_5), cause())

    split(at_work, "CASE-1", JIRA)
    read(at_work, zendesk(links=TO_ENG_5, claimed_amount="9"), cause())

    assert case_of(at_work, JIRA) is None
    assert told_states(at_work, JIRA) == ["awaiting_approval", ""]
    assert asked(at_work) == []


def test_a_joined_case_that_is_split_off_opens_again_and_is_proposed_anew(at_work: DeskAtWork) -> None:
    read(at_work, zendesk(), salesforce(loss="W-2"))
    old = at_work.proposal("CASE-2")
    join(at_work, "CASE-1", "CASE-2")

    split(at_work, "CASE-1", "CASE-2")

    case = at_work.case("CASE-2")
    assert isinstance(case, AwaitingApproval)
    assert case.proposal.revision == old.revision + 1
    assert groups(at_work) == {frozenset((str(ZENDESK),)), frozenset((str(SALESFORCE),))}
    assert changes(at_work, "CASE-1", "split") == [("amelia", {"case": "CASE-2", "ticket": str(SALESFORCE)})]
    assert changes(at_work, "CASE-2", "split off") == [("amelia", {"case": "CASE-1"})]
    assert isinstance(at_work.answer("amelia", "CASE-2", old.fingerprint), Stale)
    assert isinstance(at_work.say("wei", "CASE-2"), Decided)


def test_a_loss_that_came_with_a_joined_case_leaves_with_it(at_work: DeskAtWork) -> None:
    read(at_work, salesforce(**unsaid()), zendesk())
    answer(at_work, Answer.SAME)
    assert at_work.stages() == {"CASE-1": Stage.AWAITING_APPROVAL, "CASE-2": Stage.JOINED}

    split(at_work, "CASE-1", "CASE-2")

    assert at_work.stages() == {"CASE-1": Stage.NEEDS_ATTENTION, "CASE-2": Stage.AWAITING_APPROVAL}
    assert at_work.case("CASE-1").about.loss is None
    loss = at_work.case("CASE-2").about.loss
    assert loss is not None
    assert loss.reference == "W-1"
    read(at_work, zendesk(claimed_amount="9"), replace(salesforce(**unsaid()), subject="Again"))
    assert len(groups(at_work)) == 2


def test_a_join_after_a_split_counts_again(at_work: DeskAtWork) -> None:
    read(at_work, zendesk(links=TO_ENG_5), cause())
    split(at_work, "CASE-1", JIRA)

    join(at_work, "CASE-1", JIRA)

    assert case_of(at_work, JIRA) == "CASE-1"


@pytest.mark.parametrize(
    ("other", "why"),
    [
        (SALESFORCE, f"{SALESFORCE} names the loss of CASE-1, transaction W-1, and one loss is one case."),
        (JIRA, f"{JIRA} is no ticket of CASE-1."),
        ("CASE-9", "there is no case CASE-9"),
        ("CASE-1", "CASE-1 is not joined with CASE-1."),
    ],
)
def test_a_split_that_cannot_be_says_why_and_does_nothing(
    at_work: DeskAtWork, other: TicketRef | str, why: str
) -> None:
    read(at_work, zendesk(), salesforce(), cause())
    before = at_work.events("CASE-1")

    with pytest.raises((NotPossible, LookupError)) as refused_so:
        split(at_work, "CASE-1", other)

    assert str(refused_so.value).startswith(why)
    assert at_work.events("CASE-1") == before


def test_the_only_ticket_of_a_case_cannot_be_split_off(at_work: DeskAtWork) -> None:
    read(at_work, zendesk())

    with pytest.raises(NotPossible, match=f"{ZENDESK} is the only ticket of CASE-1"):
        split(at_work, "CASE-1", ZENDESK)


@pytest.mark.parametrize("paid", [True, False])
def test_nothing_is_split_off_what_is_paid_or_being_paid(at_work: DeskAtWork, *, paid: bool) -> None:
    at_work.provider.answers = paid
    read(at_work, zendesk(links=TO_ENG_5), cause())
    at_work.say("amelia", "CASE-1")
    at_work.work()
    before = at_work.events("CASE-1")

    with pytest.raises(NotPossible, match="nothing is split off it any more"):
        split(at_work, "CASE-1", JIRA)

    assert at_work.events("CASE-1") == before
    assert case_of(at_work, JIRA) == "CASE-1"


def test_a_declined_case_can_still_be_taken_apart(at_work: DeskAtWork) -> None:
    at_work.facts["delay_cause"] = "chain"
    read(at_work, zendesk(links=TO_ENG_5), cause())
    assert at_work.stage("CASE-1") is Stage.CLOSED

    split(at_work, "CASE-1", JIRA)

    assert case_of(at_work, JIRA) is None
    assert at_work.stage("CASE-1") is Stage.CLOSED


def test_a_case_that_is_reopened_by_a_split_never_pays_what_was_approved_before(at_work: DeskAtWork) -> None:
    read(at_work, zendesk(), salesforce(loss="W-2"))
    join(at_work, "CASE-1", "CASE-2")
    with at_work.database.begin() as tx:
        link_answers.split(at_work.desk, tx, CaseId("CASE-1"), CaseId("CASE-2"), by="amelia", now=at_work.time())
    assert isinstance(at_work.case("CASE-2"), Opened)
    at_work.work()

    for case_id in ("CASE-1", "CASE-2"):
        assert isinstance(at_work.say("wei", case_id), Decided)
        at_work.work()

    assert sorted(reference for _, reference, _ in at_work.provider.payments) == ["mw-CASE-1", "mw-CASE-2"]
    assert questions(at_work) == []
