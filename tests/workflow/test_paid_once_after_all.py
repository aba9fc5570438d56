"""A payout nobody knows the end of: whatever happens to the case meanwhile, its customer is paid once."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from cases.case import Approved, Closed, NeedsAttention, Paid, Stage
from cases.ticket import Ticket, TicketStatus
from payouts.answers import Failed, Refused
from payouts.attempt import PayoutState
from tests.workflow.desk_at_work import DeskAtWork
from tests.workflow.played_vendors import ref, ticket
from workflow.approval import Decided
from workflow.moving import WITHDRAWN
from workflow.paying import Finding

ONE_PAYMENT = {"asset:payout-provider:balance": "-15.00 USDT", "expense:compensation:goodwill": "15.00 USDT"}
LOCKED = "The payout needs a person: no clear word after "


@pytest.fixture
def unknown(at_work: DeskAtWork) -> DeskAtWork:
    """Return the desk with CASE-1 paid, and neither the answer nor any look-up back: a person must look."""
    at_work.provider.answers = False
    approve_one(at_work)
    assert len(at_work.provider.payments) == 1
    assert is_locked(at_work)
    at_work.time.pass_by(hours=1)
    return at_work


def approve_one(at_work: DeskAtWork) -> str:
    """Let a customer complain and a lead agree; return the key of the payout's job after it was done."""
    at_work.tell(ticket())
    at_work.work()
    fingerprint = at_work.proposal("CASE-1").fingerprint
    assert isinstance(at_work.say("amelia", "CASE-1"), Decided)
    at_work.work()
    return f"CASE-1/{fingerprint}"


def is_locked(at_work: DeskAtWork, case_id: str = "CASE-1") -> bool:
    case = at_work.case(case_id)
    return isinstance(case, NeedsAttention) and case.unsettled is not None and case.reason.startswith(LOCKED)


def settled(at_work: DeskAtWork, case_id: str = "CASE-1") -> Paid:
    """Return how a closed case was paid."""
    case = at_work.case(case_id)
    assert isinstance(case, Closed)
    assert isinstance(case.settled, Paid)
    return case.settled


def gone(each: Ticket) -> Ticket:
    return replace(each, status=TicketStatus.DELETED, status_text="deleted")


def merged(each: Ticket) -> Ticket:
    return replace(each, status=TicketStatus.CLOSED, status_text="closed", merged_into=ref("2"))


EDITS = (
    ticket(claimed_amount="15"),
    ticket(topic="duplicate_charge"),
    ticket(topic=None),
    ticket(loss=None),
    ticket(customer="C-2", loss=None),
    merged(ticket()),
    gone(ticket()),
)


def test_no_change_of_its_ticket_proposes_an_unknown_payout_anew(unknown: DeskAtWork) -> None:
    unknown.provider.answers = True

    for edit in EDITS:
        unknown.tell(edit)
        unknown.work()

        assert is_locked(unknown), edit
    assert unknown.events("CASE-1").count("proposed") == 1
    assert unknown.stages() == {"CASE-1": Stage.NEEDS_ATTENTION}
    assert unknown.provider.sendings == 1


def test_looking_again_is_refused_while_money_may_have_moved(unknown: DeskAtWork) -> None:
    asked_before = unknown.events("CASE-1")

    assert not unknown.look_again("CASE-1")
    unknown.work()

    assert unknown.events("CASE-1") == asked_before
    assert unknown.provider.sendings == 1


def test_an_approval_of_the_old_card_pays_nothing_more(unknown: DeskAtWork) -> None:
    payouts = unknown.payouts("CASE-1")

    unknown.say("wei", "CASE-1")
    unknown.work()

    assert is_locked(unknown)
    assert unknown.payouts("CASE-1") == payouts
    assert unknown.provider.sendings == 1


def test_the_loss_stays_with_the_locked_case_when_its_ticket_names_another(unknown: DeskAtWork) -> None:
    unknown.provider.answers = True

    unknown.tell(ticket(loss="W-7"))
    unknown.tell(ticket("2", loss="W-1"))
    unknown.work()
    assert isinstance(unknown.say("amelia", "CASE-2"), Decided)
    unknown.work()

    assert is_locked(unknown)
    assert unknown.stages() == {"CASE-1": Stage.NEEDS_ATTENTION, "CASE-2": Stage.CLOSED}
    assert (unknown.case_of("1"), unknown.case_of("2")) == ("CASE-2", "CASE-1")
    assert [reference for _, reference, _ in unknown.provider.payments] == ["mw-CASE-1", "mw-CASE-2"]


def test_a_second_ticket_of_the_same_loss_joins_the_locked_case(unknown: DeskAtWork) -> None:
    unknown.provider.answers = True

    unknown.tell(ticket("2", loss="w-1 "))
    unknown.work()

    assert is_locked(unknown)
    assert unknown.stages() == {"CASE-1": Stage.NEEDS_ATTENTION}
    assert unknown.case_of("2") == "CASE-1"
    assert len(unknown.provider.payments) == 1


def test_a_replayed_job_leaves_a_locked_payout_alone(unknown: DeskAtWork) -> None:
    unknown.provider.answers = True
    fingerprint = unknown.proposal("CASE-1").fingerprint

    unknown.again("pay", f"CASE-1/{fingerprint}")

    assert is_locked(unknown)
    assert unknown.provider.sendings == 1


# --- A person releases it ----------------------------------------------------------------------------------------


def test_a_released_payout_that_was_paid_is_found_and_not_sent_again(unknown: DeskAtWork) -> None:
    unknown.provider.answers = True

    assert unknown.found(Finding.RELEASE, "CASE-1")
    unknown.work()

    assert settled(unknown).reference == "po_1"
    assert unknown.provider.sendings == 1
    assert unknown.actor_of("CASE-1", "payout resumed") == "noah"
    assert unknown.balances() == ONE_PAYMENT


def test_a_released_payout_that_never_arrived_is_sent_once_it_is_proved_absent(at_work: DeskAtWork) -> None:
    at_work.provider.answers = at_work.provider.hears = False
    approve_one(at_work)
    assert is_locked(at_work)
    at_work.provider.answers = at_work.provider.hears = True

    assert at_work.found(Finding.RELEASE, "CASE-1")
    at_work.work()

    assert settled(at_work).reference == "po_1"
    assert (at_work.provider.sendings, len(at_work.provider.payments)) == (2, 1)


def test_a_released_payout_comes_back_to_a_person_while_the_provider_stays_silent(unknown: DeskAtWork) -> None:
    assert unknown.found(Finding.RELEASE, "CASE-1")
    assert isinstance(unknown.case("CASE-1"), Approved)
    unknown.work()

    assert is_locked(unknown)
    assert unknown.provider.sendings == 1


# --- A person has seen it paid -----------------------------------------------------------------------------------


def test_what_a_person_has_seen_paid_is_paid_under_the_providers_id(unknown: DeskAtWork) -> None:
    assert unknown.found(Finding.PAID, "CASE-1", provider_id="po_1")
    unknown.work()

    assert settled(unknown).reference == "po_1"
    assert unknown.actor_of("CASE-1", "paid") == "noah"
    assert unknown.balances() == ONE_PAYMENT
    assert unknown.helpdesk.states_told("1")[-1] == "paid"


@pytest.mark.parametrize("finding", Finding)
def test_a_case_without_such_a_payout_is_left_as_it_is(unknown: DeskAtWork, finding: Finding) -> None:
    unknown.found(Finding.PAID, "CASE-1", provider_id="po_1")
    unknown.work()
    before = unknown.events("CASE-1")

    assert not unknown.found(finding, "CASE-1", provider_id="po_2")
    unknown.work()

    assert settled(unknown).reference == "po_1"
    assert unknown.events("CASE-1") == before
    assert unknown.provider.sendings == 1


# --- A person has the provider's word that nothing was paid --------------------------------------------------------


def test_what_was_found_unpaid_is_proposed_and_approved_anew_and_paid_once(at_work: DeskAtWork) -> None:
    at_work.provider.answers = at_work.provider.hears = False
    old = approve_one(at_work)
    at_work.provider.answers = at_work.provider.hears = True

    assert at_work.found(Finding.UNPAID, "CASE-1")
    at_work.work()
    assert at_work.provider.sendings == 1
    assert at_work.balances() == {}
    assert at_work.look_again("CASE-1")
    at_work.work()
    assert at_work.stage("CASE-1") is Stage.AWAITING_APPROVAL
    assert at_work.proposal("CASE-1").revision == 2
    at_work.say("amelia", "CASE-1")
    at_work.work()

    assert settled(at_work).reference == "po_1"
    assert [each.attempt.held for each in at_work.payouts("CASE-1")] == [WITHDRAWN, None]
    assert at_work.balances() == ONE_PAYMENT
    at_work.again("pay", old)
    assert len(at_work.provider.payments) == 1


def test_a_withdrawn_promise_is_never_sent_whenever_its_job_is_replayed(at_work: DeskAtWork) -> None:
    at_work.provider.answers = at_work.provider.hears = False
    old = approve_one(at_work)
    at_work.provider.answers = at_work.provider.hears = True
    steps: tuple[Callable[[], object], ...] = (
        lambda: at_work.found(Finding.UNPAID, "CASE-1"),
        lambda: at_work.look_again("CASE-1"),
        lambda: at_work.work("propose"),
        lambda: at_work.say("amelia", "CASE-1"),
        at_work.work,
    )

    for step in steps:
        step()
        resumed = [each.key for each in at_work.waiting() if each.kind == "pay" and each.key.startswith(f"{old}/")]
        for key in (old, *resumed):
            at_work.again("pay", key)
        withdrawn = at_work.payouts("CASE-1")[0].attempt
        assert (withdrawn.state, withdrawn.held) == (PayoutState.INTENDED, WITHDRAWN)

    (paid,) = at_work.provider.payments
    assert paid[0] == f"pay:CASE-1:{settled(at_work).proposal.fingerprint}:1"
    assert paid[0] != f"pay:{old.replace('/', ':')}:1"


@pytest.mark.parametrize(
    "word",
    [Refused(reason="our balance does not cover it"), Failed(provider_ids=("po_x",), reason="the account is closed")],
    ids=["refused", "failed"],
)
def test_what_the_provider_will_not_pay_leaves_no_promise_in_the_books(
    at_work: DeskAtWork, word: Refused | Failed
) -> None:
    at_work.provider.words = [word]
    old = approve_one(at_work)
    case = at_work.case("CASE-1")
    assert isinstance(case, NeedsAttention)
    assert case.unsettled is None
    assert at_work.balances() == {}

    assert at_work.look_again("CASE-1")
    at_work.work()
    at_work.say("amelia", "CASE-1")
    at_work.work()
    at_work.again("pay", old)

    assert len(at_work.provider.payments) == 1
    assert settled(at_work).amount == at_work.payouts("CASE-1")[0].approved.amount
    assert at_work.balances() == ONE_PAYMENT
