"""One loss told at three desks is one case: what joins by itself, what is asked, and what never happens by itself."""

from dataclasses import replace

import pytest

from cases.case import AwaitingApproval, Joined, Stage
from cases.ticket import Author, Ticket
from store import tickets
from store.tickets import Reading
from tests.workflow.desk_at_work import DeskAtWork
from tests.workflow.three_desks import (
    address,
    asked,
    case_of,
    cause,
    commented,
    groups,
    jira,
    open_three_desks,
    salesforce,
    told_states,
    unsaid,
    zendesk,
)
from workflow.approval import Decided

ZENDESK, SALESFORCE, JIRA = zendesk().ref, salesforce().ref, jira().ref
TO_ZENDESK, TO_ENG_5 = (str(ZENDESK),), ("jira:harbor:ENG-5",)


@pytest.fixture(autouse=True)
def _three_desks(at_work: DeskAtWork) -> None:
    open_three_desks(at_work)


def read(at_work: DeskAtWork, *told: Ticket) -> None:
    """Let the desks have these tickets, one after the other, and do everything that follows."""
    for each in told:
        at_work.tell(each)
        at_work.work()


def nobody(told: Ticket) -> Ticket:
    """Return a ticket that does not say whose it is."""
    return replace(told, requester=None)


# --- One loss ------------------------------------------------------------------------------------------------------


def test_one_loss_told_at_three_desks_is_one_case_one_payout_and_three_told_tickets(at_work: DeskAtWork) -> None:
    read(at_work, zendesk(), salesforce(), jira())
    assert isinstance(at_work.say("amelia", "CASE-1"), Decided)
    at_work.work()

    assert groups(at_work) == {frozenset(map(str, (ZENDESK, SALESFORCE, JIRA)))}
    assert len(at_work.provider.payments) == 1
    assert [told_states(at_work, each)[-1] for each in (ZENDESK, SALESFORCE, JIRA)] == ["paid"] * 3
    assert asked(at_work) == []


def test_a_loss_that_was_paid_is_told_to_the_desk_that_claims_it_again(at_work: DeskAtWork) -> None:
    read(at_work, zendesk())
    at_work.say("amelia", "CASE-1")
    at_work.work()

    read(at_work, salesforce(), jira(**unsaid(links=TO_ZENDESK)))

    assert at_work.stages() == {"CASE-1": Stage.CLOSED}
    assert told_states(at_work, SALESFORCE) == told_states(at_work, JIRA) == ["paid"]
    assert len(at_work.provider.payments) == 1


# --- A link that is certain ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("zendesk_first", [True, False])
def test_a_ticket_that_links_to_another_and_names_no_loss_joins_its_case(
    at_work: DeskAtWork, *, zendesk_first: bool
) -> None:
    linked = nobody(salesforce(**unsaid(links=TO_ZENDESK)))

    read(at_work, *((zendesk(), linked) if zendesk_first else (linked, zendesk())))

    assert groups(at_work) == {frozenset((str(ZENDESK), str(SALESFORCE)))}
    assert case_of(at_work, ZENDESK) == "CASE-1"
    assert isinstance(at_work.case("CASE-1"), AwaitingApproval)
    assert str(at_work.proposal("CASE-1").amount) == "15.00 USDT"
    assert asked(at_work) == []


def test_the_case_that_is_given_up_is_joined_and_says_into_which(at_work: DeskAtWork) -> None:
    read(at_work, nobody(salesforce(**unsaid())), zendesk())
    assert at_work.stages() == {"CASE-1": Stage.NEEDS_ATTENTION, "CASE-2": Stage.AWAITING_APPROVAL}

    read(at_work, nobody(salesforce(**unsaid(links=(address(ZENDESK),)))))

    gone = at_work.case("CASE-2")
    assert isinstance(gone, Joined)
    assert gone.into == "CASE-1"
    assert at_work.stage("CASE-1") is Stage.AWAITING_APPROVAL
    assert at_work.events("CASE-2")[-1] == "joined"
    assert "linked" in at_work.events("CASE-1")
    assert at_work.actor_of("CASE-2", "joined") == "sync"


def test_an_issue_that_makes_no_claim_follows_the_case_it_is_linked_from(at_work: DeskAtWork) -> None:
    read(at_work, cause(), zendesk(links=TO_ENG_5))
    at_work.say("amelia", "CASE-1")
    at_work.work()

    assert groups(at_work) == {frozenset((str(ZENDESK), str(JIRA)))}
    assert told_states(at_work, JIRA)[-1] == "paid"


def test_an_issue_that_was_never_read_is_read_once_and_joins_under_its_own_id(at_work: DeskAtWork) -> None:
    at_work.helpdesk.tickets[JIRA] = cause()

    read(at_work, zendesk(links=TO_ENG_5), zendesk(links=TO_ENG_5, claimed_amount="9"))

    assert groups(at_work) == {frozenset((str(ZENDESK), str(JIRA)))}


def test_an_issue_that_was_moved_is_found_by_its_old_key(at_work: DeskAtWork) -> None:
    moved = cause(name="OPS-7")
    at_work.helpdesk.tickets[JIRA] = replace(moved, name="ENG-5")
    read(at_work, zendesk(topic=None, links=TO_ENG_5))
    at_work.helpdesk.tickets[JIRA] = moved
    shown = at_work.helpdesk.read
    at_work.helpdesk.read = lambda ref: shown(JIRA if ref.key == "ENG-5" else ref)  # type: ignore[method-assign]  # Jira leads old keys on.

    read(at_work, zendesk(links=TO_ENG_5))

    assert groups(at_work) == {frozenset((str(ZENDESK), str(JIRA)))}


def test_a_link_that_leads_nowhere_is_looked_up_once(at_work: DeskAtWork) -> None:
    read(at_work, zendesk(links=TO_ENG_5))

    at_work.tell(zendesk(links=TO_ENG_5, claimed_amount="9"))

    assert [each.kind for each in at_work.waiting() if each.kind == "read"] == []


def test_a_cause_shared_by_two_cases_stays_with_the_first_and_a_person_is_asked(at_work: DeskAtWork) -> None:
    read(at_work, cause(), zendesk(links=TO_ENG_5), zendesk("2", loss="W-2", customer="C-2", links=TO_ENG_5))

    assert groups(at_work) == {frozenset((str(ZENDESK), str(JIRA))), frozenset(("zendesk:harbor:2",))}
    assert asked(at_work) == [(str(JIRA), "CASE-2", f"{JIRA} is linked with CASE-1 as well, and stays there.")]


def test_two_cases_do_not_become_one_through_a_cause_that_they_share(at_work: DeskAtWork) -> None:
    one, other = zendesk(links=TO_ENG_5), nobody(zendesk("2", **unsaid(links=TO_ENG_5)))

    read(at_work, one, cause(), other)

    assert at_work.stages() == {"CASE-1": Stage.AWAITING_APPROVAL, "CASE-2": Stage.NEEDS_ATTENTION}
    assert [(ref, case) for ref, case, _ in asked(at_work)] == [(str(JIRA), "CASE-2")]


def test_issues_that_are_linked_with_a_cause_do_not_follow_it(at_work: DeskAtWork) -> None:
    read(at_work, zendesk(links=TO_ENG_5), cause(links=("jira:harbor:ENG-6",)), cause("10043", "ENG-6"))

    assert groups(at_work) == {frozenset((str(ZENDESK), str(JIRA)))}
    assert asked(at_work) == []


def test_a_link_between_two_losses_is_a_question_that_says_so(at_work: DeskAtWork) -> None:
    read(at_work, zendesk(), salesforce(loss="W-2", links=TO_ZENDESK))

    assert len(groups(at_work)) == 2
    assert asked(at_work) == [(str(SALESFORCE), "CASE-1", "CASE-2 says transaction W-2, CASE-1 says transaction W-1.")]


def test_a_link_between_two_customers_is_a_question_that_says_so(at_work: DeskAtWork) -> None:
    read(at_work, zendesk(), salesforce(**unsaid(customer="C-2", links=TO_ZENDESK)))

    assert [reason for _, _, reason in asked(at_work)] == ["CASE-2 says customer C-2, CASE-1 says customer C-1."]
    assert len(groups(at_work)) == 2


def test_a_link_between_two_topics_is_a_question_that_says_so(at_work: DeskAtWork) -> None:
    read(at_work, zendesk(), nobody(jira(**unsaid(topic="duplicate_charge", links=TO_ZENDESK))))

    (question,) = asked(at_work)
    assert question[2] == "CASE-2 says topic duplicate_charge, CASE-1 says topic delayed_withdrawal."


def test_an_issue_without_a_claim_that_names_another_reference_is_a_question(at_work: DeskAtWork) -> None:
    read(at_work, zendesk(links=TO_ENG_5), replace(cause(), fields=(("transaction_id", "W-2"),)))

    assert asked(at_work) == [(str(JIRA), "CASE-1", f"{JIRA} says transaction W-2, CASE-1 says transaction W-1.")]
    assert groups(at_work) == {frozenset((str(ZENDESK),))}


def test_a_link_to_a_decided_case_joins_what_names_no_loss_and_tells_it(at_work: DeskAtWork) -> None:
    read(at_work, nobody(salesforce(**unsaid())), zendesk())
    at_work.say("amelia", "CASE-2")
    at_work.work()

    read(at_work, nobody(salesforce(**unsaid(links=TO_ZENDESK))))

    assert at_work.stages() == {"CASE-1": Stage.JOINED, "CASE-2": Stage.CLOSED}
    assert told_states(at_work, SALESFORCE)[-1] == "paid"
    assert len(at_work.provider.payments) == 1


# --- Names in words ------------------------------------------------------------------------------------------------


def test_an_address_in_words_joins_two_tickets_of_one_customer(at_work: DeskAtWork) -> None:
    read(at_work, zendesk(), commented(salesforce(topic=None, loss=None), f"See {address(ZENDESK)}."))

    assert groups(at_work) == {frozenset((str(ZENDESK), str(SALESFORCE)))}


def test_an_address_in_words_of_whom_nobody_knows_is_a_question(at_work: DeskAtWork) -> None:
    read(at_work, zendesk(), commented(cause(), f"Customer: {address(ZENDESK)}"), zendesk("2", text="Like ENG-5?"))

    assert [(ref, case) for ref, case, _ in asked(at_work)] == [(str(JIRA), "CASE-1")]
    assert str(JIRA) not in {ref for group in groups(at_work) for ref in group}


def test_a_bare_key_in_a_customers_words_is_never_more_than_a_question(at_work: DeskAtWork) -> None:
    read(at_work, cause(), commented(zendesk(), "Is it ENG-5?", by=Author.CUSTOMER))

    assert groups(at_work) == {frozenset((str(ZENDESK),))}
    assert [(ref, case) for ref, case, _ in asked(at_work)] == [(str(JIRA), "CASE-1")]


def test_what_we_wrote_ourselves_links_nothing(at_work: DeskAtWork) -> None:
    read(at_work, cause(), commented(zendesk(), f"{address(JIRA, 'ENG-5')} ENG-5", by=Author.US))

    assert asked(at_work) == []
    assert groups(at_work) == {frozenset((str(ZENDESK),))}


# --- One customer --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("the_unsaid_first", [True, False])
def test_two_claims_of_one_customer_of_which_one_names_no_reference_are_a_question(
    at_work: DeskAtWork, *, the_unsaid_first: bool
) -> None:
    told = [zendesk(), salesforce(**unsaid())]

    read(at_work, *(reversed(told) if the_unsaid_first else told))

    (question,) = asked(at_work)
    younger = ZENDESK if the_unsaid_first else SALESFORCE
    assert question[:2] == (str(younger), "CASE-1")
    assert question[2].endswith("are one customer's and ask for the same, and one names no reference.")
    assert len(groups(at_work)) == 2


def test_claims_of_one_customer_about_two_losses_are_no_question(at_work: DeskAtWork) -> None:
    read(at_work, zendesk(), salesforce(loss="W-2"), zendesk("2", topic="duplicate_charge", loss=None))

    assert asked(at_work) == []
    assert len(groups(at_work)) == 3


@pytest.mark.parametrize("the_words_first", [True, False])
def test_a_reference_in_words_joins_one_customers_claim_that_names_none(
    at_work: DeskAtWork, *, the_words_first: bool
) -> None:
    told = [zendesk(loss="W-88121"), salesforce(**unsaid(text="我的订单w-88121延迟了"))]

    read(at_work, *(reversed(told) if the_words_first else told))

    assert groups(at_work) == {frozenset((str(ZENDESK), str(SALESFORCE)))}
    assert isinstance(at_work.case("CASE-1"), AwaitingApproval)
    assert asked(at_work) == []


@pytest.mark.parametrize("words_first", [True, False])
def test_a_reference_joins_a_claim_that_is_older_than_fifty_others_of_the_customer(
    at_work: DeskAtWork, *, words_first: bool
) -> None:
    words, names = salesforce(**unsaid(text="My order w-1 is late.")), zendesk()
    first, last = (words, names) if words_first else (names, words)
    read(at_work, first, zendesk("2", loss="W-2"))
    with at_work.database.begin() as tx:
        others = [zendesk(str(number), loss="W-2") for number in range(10, 10 + tickets.MOST_CLAIMS)]
        tickets.keep(tx, tuple(Reading(ticket=each, raw=b"{}", topic="delayed_withdrawal") for each in others))
        for each in others:
            tickets.belongs_to(tx, each.ref, 2)

    read(at_work, last)

    assert case_of(at_work, last.ref) == case_of(at_work, first.ref) == "CASE-1"


@pytest.mark.parametrize("text", ["W-881219", "XW-88121", "W-88121-2", "w_88121"])
def test_a_reference_counts_as_a_whole_word_only(at_work: DeskAtWork, text: str) -> None:
    read(at_work, zendesk(loss="W-88121"), salesforce(**unsaid(text=text)))

    assert len(groups(at_work)) == 2


def test_words_that_name_two_losses_join_neither(at_work: DeskAtWork) -> None:
    read(at_work, zendesk(loss="W-1"), zendesk("2", loss="W-2"), salesforce(**unsaid(text="W-1 and W-2")))

    assert len(groups(at_work)) == 3
    assert [(ref, case) for ref, case, _ in asked(at_work)] == [
        (str(SALESFORCE), "CASE-1"),
        (str(SALESFORCE), "CASE-2"),
    ]


def test_a_claim_that_names_its_own_loss_and_another_in_words_is_a_question(at_work: DeskAtWork) -> None:
    read(at_work, zendesk(loss="W-1"), salesforce(loss="W-2", text="As with W-1."))

    assert asked(at_work) == [(str(SALESFORCE), "CASE-1", "CASE-2 says transaction W-2, CASE-1 says transaction W-1.")]


def test_the_reference_of_a_paid_loss_in_words_is_a_question(at_work: DeskAtWork) -> None:
    read(at_work, zendesk(loss="W-1"))
    at_work.say("amelia", "CASE-1")
    at_work.work()

    read(at_work, salesforce(**unsaid(text="You paid W-1 already, and now it is late again.")))

    assert at_work.stages() == {"CASE-1": Stage.CLOSED, "CASE-2": Stage.NEEDS_ATTENTION}
    (question,) = asked(at_work)
    assert question[2] == f"{SALESFORCE} has the reference in its text that CASE-1 was settled for."
