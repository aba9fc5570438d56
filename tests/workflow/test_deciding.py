"""People decide: the first word that settles it wins, every other is told so, and money follows only a yes."""

from dataclasses import replace

import pytest

from cases.case import AwaitingApproval, Closed, Declined, Paid, Stage
from cases.proposal import CaseId, PersonId, Verdict
from cases.ticket import TicketStatus
from store import outbox
from store.outbox import Kind
from tests.store.at_once import at_once
from tests.workflow.desk_at_work import DeskAtWork
from tests.workflow.played_vendors import ref, ticket
from workflow import one_case
from workflow.approval import AlreadyCounted, Counted, Decided, NotAllowed, Outcome, Refusal, Stale, TooLate

LARGE = {"asset": "EUR", "charge_amount": "2000", "charged_times": "2", "refunded_amount": "0", "fee": "0"}


@pytest.fixture
def asked(at_work: DeskAtWork) -> DeskAtWork:
    """Have one lead asked for 15 USDT."""
    at_work.tell(ticket())
    at_work.work()
    return at_work


@pytest.fixture
def large(at_work: DeskAtWork) -> DeskAtWork:
    """Have a lead and then finance asked for 2,000 EUR."""
    at_work.facts |= LARGE
    at_work.tell(ticket(topic="duplicate_charge"))
    at_work.work()
    return at_work


def settled(at_work: DeskAtWork) -> Paid | Declined:
    case = at_work.case("CASE-1")
    assert isinstance(case, Closed)
    return case.settled


def items(at_work: DeskAtWork, kind: Kind) -> int:
    with at_work.database.read() as connection:
        return outbox.unsent(connection, 1, kind)


def test_a_yes_is_paid_once_booked_and_told_on_the_ticket(asked: DeskAtWork) -> None:
    outcome = asked.say("amelia", "CASE-1")
    assert isinstance(outcome, Decided)
    assert asked.stage("CASE-1") is Stage.APPROVED
    asked.work()

    paid = settled(asked)
    assert isinstance(paid, Paid)
    assert (paid.approvals, paid.reference) == ((outcome.decision,), "po_1")
    assert asked.events("CASE-1") == ["opened", "proposed", "asked", "approved", "paid", "closed"]
    assert asked.helpdesk.states_told("1") == ["awaiting_approval", "approved", "paid"]
    assert asked.provider.payments == [(f"pay:CASE-1:{paid.proposal.fingerprint}:1", "mw-CASE-1", "15.00 USDT")]
    assert asked.balances() == {
        "asset:payout-provider:balance": "-15.00 USDT",
        "expense:compensation:goodwill": "15.00 USDT",
    }


def test_a_no_pays_nothing_and_says_who_said_it(asked: DeskAtWork) -> None:
    outcome = asked.say("amelia", "CASE-1", Verdict.REJECT)
    asked.work()

    assert isinstance(outcome, Decided)
    assert settled(asked) == Declined(
        about=settled(asked).about, proposal=settled(asked).proposal, decision=outcome.decision
    )
    assert asked.helpdesk.states_told("1") == ["awaiting_approval", "declined"]
    assert "Declined by amelia (compensation_lead), reason not_eligible" in (asked.helpdesk.written[-1].note or "")
    assert (asked.provider.sendings, asked.payouts("CASE-1"), asked.balances()) == (0, (), {})


def test_two_stages_take_two_people_one_after_the_other(large: DeskAtWork) -> None:
    early = large.say("noah", "CASE-1")
    assert early == NotAllowed(refusal=Refusal.NO_ROLE, roles=("compensation_lead",))

    first, again = large.say("amelia", "CASE-1"), large.say("amelia", "CASE-1")
    assert isinstance(first, Counted)
    assert again == AlreadyCounted(decision=first.decision)
    assert (large.stage("CASE-1"), large.payouts("CASE-1")) == (Stage.AWAITING_APPROVAL, ())

    last = large.say("noah", "CASE-1")
    assert isinstance(last, Decided)
    large.work()
    paid = settled(large)
    assert isinstance(paid, Paid)
    assert [(each.person, each.stage) for each in paid.approvals] == [("amelia", 0), ("noah", 1)]


@pytest.mark.parametrize(
    ("person", "refusal"), [("luca", Refusal.NO_ROLE), ("noah", Refusal.NO_ROLE), ("mallory", Refusal.UNKNOWN_PERSON)]
)
def test_who_may_not_decide_changes_nothing_and_is_written_down(
    asked: DeskAtWork, person: str, refusal: Refusal
) -> None:
    before, notes = asked.case("CASE-1"), len(asked.helpdesk.written)

    outcome = asked.say(person, "CASE-1")
    asked.work()

    assert isinstance(outcome, NotAllowed)
    assert outcome.refusal is refusal
    assert asked.case("CASE-1") == before
    assert asked.events("CASE-1")[-1] == "refused"
    assert asked.actor_of("CASE-1", "refused") == (person if person != "mallory" else "unknown")
    assert (len(asked.helpdesk.written), asked.provider.sendings) == (notes, 0)


@pytest.mark.parametrize("verdict", Verdict)
def test_who_comes_too_late_is_told_who_decided_and_when(asked: DeskAtWork, verdict: Verdict) -> None:
    first = asked.say("amelia", "CASE-1", verdict)
    assert isinstance(first, Decided)
    decided_at = asked.time()
    asked.work()
    asked.time.pass_by(hours=1)

    for late in (Verdict.APPROVE, Verdict.REJECT):
        outcome = asked.say("wei", "CASE-1", late)
        assert outcome == TooLate(decision=first.decision)
    assert (first.decision.person, first.decision.decided_at) == ("amelia", decided_at)
    assert len(asked.provider.payments) == (1 if verdict is Verdict.APPROVE else 0)


def test_who_comes_after_the_policy_declined_it_is_told_that_nobody_did(at_work: DeskAtWork) -> None:
    at_work.facts["delay_cause"] = "chain"
    at_work.tell(ticket())
    at_work.work()

    assert at_work.say("amelia", "CASE-1") == TooLate(decision=None)


def test_a_word_on_what_was_never_proposed_is_stale(asked: DeskAtWork) -> None:
    assert asked.answer("amelia", "CASE-1", "0" * 16) == Stale(proposal=asked.proposal("CASE-1"))
    assert asked.stage("CASE-1") is Stage.AWAITING_APPROVAL


def test_of_many_who_click_at_once_one_decides_and_it_is_paid_once(asked: DeskAtWork) -> None:
    fingerprint = asked.proposal("CASE-1").fingerprint

    def click(number: int) -> Outcome:
        verdict = Verdict.REJECT if number % 4 == 3 else Verdict.APPROVE
        return asked.answer(("amelia", "wei")[number % 2], "CASE-1", fingerprint, verdict)

    outcomes = at_once(8, click)

    decided = [each for each in outcomes if isinstance(each, Decided)]
    assert len(decided) == 1
    assert [each for each in outcomes if each not in decided] == [TooLate(decision=decided[0].decision)] * 7
    asked.work()
    assert len(asked.provider.payments) == (1 if decided[0].decision.verdict is Verdict.APPROVE else 0)


def test_nobody_deciding_in_time_is_said_in_the_thread_and_approves_nothing(asked: DeskAtWork) -> None:
    before = asked.case("CASE-1")
    assert isinstance(before, AwaitingApproval)
    asked.time.pass_by(hours=24)

    one_case.escalate(asked.desk, f"CASE-1/{before.proposal.fingerprint}", now=asked.time())

    assert asked.case("CASE-1") == before
    assert asked.events("CASE-1")[-1] == "escalated"
    assert (items(asked, Kind.THREAD), items(asked, Kind.NOTE)) == (1, 0)
    asked.work()
    assert asked.provider.sendings == 0
    assert isinstance(asked.say("amelia", "CASE-1"), Decided)


def test_what_was_decided_or_proposed_anew_is_not_said_to_be_late(asked: DeskAtWork) -> None:
    older = asked.proposal("CASE-1").fingerprint
    asked.tell(ticket(loss="W-2"))
    asked.work()
    one_case.escalate(asked.desk, f"CASE-1/{older}", now=asked.time())
    newer = asked.proposal("CASE-1").fingerprint
    asked.say("amelia", "CASE-1")
    one_case.escalate(asked.desk, f"CASE-1/{newer}", now=asked.time())

    assert older != newer
    assert "escalated" not in asked.events("CASE-1")


def test_a_question_goes_to_the_agent_and_the_thread_while_people_are_asked(asked: DeskAtWork) -> None:
    def ask() -> bool:
        with asked.database.begin() as tx:
            return one_case.ask_agent(
                asked.desk, tx, CaseId("CASE-1"), PersonId("amelia"), "Which wallet?", now=asked.time()
            )

    assert ask()
    assert (items(asked, Kind.THREAD), items(asked, Kind.NOTE)) == (1, 1)
    asked.work()
    question = asked.helpdesk.written[-1]
    assert question.ref == ref("1")
    assert (question.note or "").splitlines()[1] == "amelia asks: Which wallet?"
    assert asked.events("CASE-1")[-1] == "agent asked"

    asked.say("amelia", "CASE-1", Verdict.REJECT)
    asked.work()
    assert not ask()
    assert asked.helpdesk.states_told("1")[-1] == "declined"


def test_a_ticket_that_was_closed_meanwhile_is_not_written_to_and_the_case_ends(asked: DeskAtWork) -> None:
    asked.tell(replace(ticket(), status=TicketStatus.CLOSED, status_text="closed"))
    asked.say("amelia", "CASE-1")
    asked.work()

    assert asked.stage("CASE-1") is Stage.CLOSED
    assert asked.helpdesk.states_told("1") == ["awaiting_approval"]
    assert len(asked.provider.payments) == 1
