"""From a ticket to whoever decides: what the shipped policies propose, and where a case goes that they do not cover."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from cases.case import AwaitingApproval, Closed, Declined, NeedsAttention, Stage
from cases.loss import Loss
from cases.money import Money
from cases.proposal import ApprovalStage, Classification
from cases.ticket import Ticket, TicketStatus
from connectors.accounts.client import BelongsToAnother, NotFound
from policy.form import Policy
from store.policies import PolicyRepository
from tests.store.queued import keys
from tests.workflow.desk_at_work import DeskAtWork
from tests.workflow.played_vendors import ref, ticket
from workflow import one_case
from workflow.approval import Stale
from workflow.shadow import lead_on


def charge(key: str = "1", *, loss: str = "T-1", **fields: str) -> Ticket:
    return ticket(key, loss=loss, topic="duplicate_charge", **fields)


def needing(at_work: DeskAtWork, case_id: str = "CASE-1") -> NeedsAttention:
    case = at_work.case(case_id)
    assert isinstance(case, NeedsAttention)
    return case


def settled(at_work: DeskAtWork, case_id: str = "CASE-1") -> Declined:
    case = at_work.case(case_id)
    assert isinstance(case, Closed)
    assert isinstance(case.settled, Declined)
    return case.settled


def waiting(at_work: DeskAtWork, kind: str) -> list[str]:
    with at_work.database.read() as connection:
        return keys(connection, kind)


def test_what_only_an_account_in_shadow_tells_of_is_proposed_and_goes_no_further(at_work: DeskAtWork) -> None:
    live, at_work.desk = at_work.desk, replace(at_work.desk, shadowed=frozenset({ref("1").source}))
    at_work.tell(ticket())
    at_work.work()

    assert at_work.stage("CASE-1") is Stage.PROPOSED
    assert at_work.events("CASE-1") == ["opened", "proposed"]
    assert at_work.helpdesk.written == []

    at_work.desk = live
    with at_work.database.begin() as tx:
        assert lead_on(live, tx, now=at_work.time()) == 1
    at_work.work(one_case.PROPOSE)

    assert at_work.stage("CASE-1") is Stage.AWAITING_APPROVAL


def test_a_late_withdrawal_is_worked_out_and_the_right_person_is_asked(at_work: DeskAtWork) -> None:
    at_work.tell(ticket())
    assert (at_work.stage("CASE-1"), waiting(at_work, one_case.PROPOSE)) == (Stage.OPENED, ["CASE-1/1"])

    at_work.work(one_case.PROPOSE)

    case = at_work.case("CASE-1")
    assert isinstance(case, AwaitingApproval)
    proposal = case.proposal
    assert (proposal.classification, proposal.amount) == (Classification.GOODWILL, Money.exactly("15", "USDT"))
    assert (proposal.reason, proposal.revision) == ("six to twenty-four hours late", 1)
    assert proposal.approvals == (ApprovalStage(roles=("compensation_lead",), quorum=1),)
    assert dict(proposal.inputs)["hours_late"] == "7.5"
    assert (case.asked_at, case.decide_by) == (at_work.time(), at_work.time() + timedelta(hours=24))
    assert at_work.events("CASE-1") == ["opened", "proposed", "asked"]
    assert waiting(at_work, "note") == [f"ticket/{ref('1')}#1"]
    assert waiting(at_work, "card") == ["card/CASE-1#1"]
    assert waiting(at_work, one_case.ESCALATE) == [f"CASE-1/{proposal.fingerprint}"]


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        ({"delay_cause": "chain"}, "the delay was not ours"),
        ({"hours_late": "1.99"}, "less than two hours late"),
        ({"goodwill_paid_12_months": "600"}, "the goodwill of twelve months is used up"),
    ],
    ids=["ineligible", "too short", "nothing is left"],
)
def test_what_owes_nothing_is_declined_and_told_without_asking_anybody(
    at_work: DeskAtWork, facts: dict[str, str], reason: str
) -> None:
    at_work.facts |= facts

    at_work.tell(ticket())
    at_work.work()

    assert settled(at_work).decision is None
    assert settled(at_work).proposal.reason == reason
    assert at_work.events("CASE-1") == ["opened", "proposed", "declined", "closed"]
    assert at_work.helpdesk.states_told("1") == ["declined"]
    assert (at_work.provider.sendings, at_work.payouts("CASE-1")) == (0, ())


def test_what_a_policy_leaves_to_people_waits_for_one(at_work: DeskAtWork) -> None:
    at_work.facts["delay_cause"] = "compliance_hold"

    at_work.tell(ticket())
    at_work.work()

    assert needing(at_work).reason == "Individual review: held by compliance"
    assert at_work.helpdesk.states_told("1") == ["needs_attention"]


@pytest.mark.parametrize(("hours", "missing"), [(None, "hours_late"), ("soon", "hours_late: ")])
def test_facts_that_nobody_has_given_are_named_and_never_guessed(
    at_work: DeskAtWork, hours: str | None, missing: str
) -> None:
    at_work.facts |= {"hours_late": hours or ""}
    if hours is None:
        del at_work.facts["hours_late"]

    at_work.tell(ticket())
    at_work.work()

    case = needing(at_work)
    assert case.reason == "The policy needs facts that nobody has given."
    assert len(case.missing) == 1
    assert case.missing[0].startswith(missing)
    assert case.proposal is None

    at_work.facts["hours_late"] = "7.5"
    assert at_work.look_again("CASE-1")
    at_work.work()
    assert at_work.stage("CASE-1") is Stage.AWAITING_APPROVAL
    assert at_work.actor_of("CASE-1", "looked again") == "yuki"


def test_a_loss_that_the_account_data_does_not_know_waits_for_a_person(at_work: DeskAtWork) -> None:
    at_work.desk = replace(at_work.desk, evidence=lambda _loss: NotFound(message=""))

    at_work.tell(ticket())
    at_work.work()

    assert needing(at_work).reason == "The account data does not know this loss."
    assert needing(at_work).missing == ("transaction W-1 in the account data",)


def test_a_loss_of_another_customer_waits_for_a_person_and_tells_nothing_of_them(at_work: DeskAtWork) -> None:
    at_work.desk = replace(at_work.desk, evidence=lambda _loss: BelongsToAnother(message="C-2"))

    at_work.tell(ticket())
    at_work.work()

    assert needing(at_work).reason == "transaction W-1 belongs to another customer than the one who complains."
    assert "C-2" not in (at_work.helpdesk.written[0].note or "")


def test_a_topic_without_a_policy_in_force_waits_for_a_person(at_work: DeskAtWork) -> None:
    at_work.withdraw("delayed-withdrawal", "1")

    at_work.tell(ticket())
    at_work.work()

    reason = 'No released policy decides "delayed_withdrawal" now. Release one (makewhole policy list): '
    assert needing(at_work).reason == f"{reason}then it is looked at again."


@pytest.mark.parametrize(
    "facts",
    [
        {},
        {"delay_cause": "chain"},
        {"goodwill_paid_12_months": "600"},
        {"delay_cause": "compliance_hold"},
        {"hours_late": "unknown"},
    ],
    ids=["asked", "ineligible", "nothing left", "individual review", "missing"],
)
def test_proposing_twice_is_proposing_once(at_work: DeskAtWork, facts: dict[str, str]) -> None:
    """A worker may die between the commit of its job and the queue's note of it: the job is done again."""
    at_work.facts |= facts
    at_work.tell(ticket())
    at_work.work()
    before = at_work.case("CASE-1"), at_work.events("CASE-1"), at_work.helpdesk.written[:]

    at_work.again(one_case.PROPOSE, "CASE-1/1")
    at_work.work()

    assert (at_work.case("CASE-1"), at_work.events("CASE-1"), at_work.helpdesk.written) == before


def test_looking_again_at_what_needs_nobody_changes_nothing(at_work: DeskAtWork) -> None:
    at_work.tell(ticket())
    at_work.tell(ticket("2", loss=None))
    at_work.work()

    assert not at_work.look_again("CASE-1")
    assert not at_work.look_again("CASE-2")
    assert at_work.stages() == {"CASE-1": Stage.AWAITING_APPROVAL, "CASE-2": Stage.NEEDS_ATTENTION}


@pytest.mark.parametrize(
    "nothing",
    [
        ticket(topic=None),
        replace(ticket(), status=TicketStatus.CLOSED),
        replace(ticket(), status=TicketStatus.DELETED),
        replace(ticket(), merged_into=ref("9")),
    ],
    ids=["no topic", "closed", "deleted", "merged"],
)
def test_a_ticket_that_asks_nothing_or_is_history_opens_no_case(at_work: DeskAtWork, nothing: Ticket) -> None:
    at_work.tell(nothing)
    at_work.work()

    assert (at_work.stages(), at_work.helpdesk.written) == ({}, [])


def test_a_ticket_with_only_the_tag_is_asked_what_it_is_about(at_work: DeskAtWork) -> None:
    at_work.tell(replace(ticket(topic=None, loss=None), tags=("compensation",)))
    at_work.work()

    assert needing(at_work).missing == ("compensation_topic",)


def test_a_second_ticket_of_a_loss_joins_its_case_and_is_told_where_it_stands(at_work: DeskAtWork) -> None:
    at_work.tell(ticket("1", loss="W-88121"))
    at_work.work()

    at_work.tell(ticket("2", loss=" w-88 121 "))
    at_work.work()

    assert at_work.stages() == {"CASE-1": Stage.AWAITING_APPROVAL}
    assert at_work.case("CASE-1").about.tickets == (ref("1"), ref("2"))
    assert at_work.helpdesk.states_told("2") == ["awaiting_approval"]
    at_work.say("amelia", "CASE-1")
    at_work.work()
    assert [at_work.helpdesk.states_told(each)[-1] for each in ("1", "2")] == ["paid", "paid"]
    assert at_work.provider.payments == [(at_work.provider.payments[0][0], "mw-CASE-1", "15.00 USDT")]


def test_a_ticket_that_names_its_loss_late_joins_the_case_of_that_loss(at_work: DeskAtWork) -> None:
    at_work.tell(ticket("1"))
    at_work.tell(ticket("2", loss=None))
    at_work.work()
    assert needing(at_work, "CASE-2").missing == ("transaction_id",)

    at_work.tell(ticket("2", loss="w-1"))
    at_work.work()

    assert at_work.stages() == {"CASE-1": Stage.AWAITING_APPROVAL, "CASE-2": Stage.JOINED}
    assert at_work.case_of("2") == "CASE-1"
    assert at_work.helpdesk.states_told("2") == ["needs_attention", "awaiting_approval"]


def test_a_claim_that_changes_voids_the_approvals_given_so_far(at_work: DeskAtWork) -> None:
    at_work.facts |= {"asset": "EUR", "charge_amount": "2000", "charged_times": "2", "refunded_amount": "0", "fee": "0"}
    at_work.tell(charge())
    at_work.work()
    at_work.say("amelia", "CASE-1")
    older = at_work.proposal("CASE-1")

    at_work.tell(charge(loss="T-2"))
    assert at_work.stage("CASE-1") is Stage.OPENED
    assert at_work.answer("noah", "CASE-1", older.fingerprint) == Stale(proposal=None)
    at_work.work()

    case = at_work.case("CASE-1")
    assert isinstance(case, AwaitingApproval)
    assert (case.approvals, case.proposal.revision) == ((), 2)
    assert (case.proposal.amount, case.about.loss and case.about.loss.reference) == (older.amount, "T-2")
    assert at_work.answer("noah", "CASE-1", older.fingerprint) == Stale(proposal=case.proposal)


def test_facts_that_change_void_the_approvals_and_those_that_do_not_keep_them(at_work: DeskAtWork) -> None:
    at_work.facts |= {"asset": "EUR", "charge_amount": "2000", "charged_times": "2", "refunded_amount": "0", "fee": "0"}
    at_work.tell(charge())
    at_work.work()
    at_work.say("amelia", "CASE-1")
    agreed = at_work.case("CASE-1")
    assert isinstance(agreed, AwaitingApproval)

    at_work.tell(charge(claimed_amount="9000"))
    at_work.work()
    same = at_work.case("CASE-1")
    assert isinstance(same, AwaitingApproval)
    assert (same.approvals, same.proposal) == (agreed.approvals, agreed.proposal)

    at_work.facts["charge_amount"] = "3000"
    at_work.tell(charge(claimed_amount="9001"))
    at_work.work()
    other = at_work.case("CASE-1")
    assert isinstance(other, AwaitingApproval)
    assert (other.approvals, other.proposal.revision) == ((), 2)
    assert other.proposal.amount == Money.exactly("3000", "EUR")


def test_what_the_customer_may_still_get_counts_when_people_are_chosen(at_work: DeskAtWork) -> None:
    at_work.facts |= {"asset": "USDT", "charge_amount": "900", "charged_times": "2", "refunded_amount": "0", "fee": "0"}
    lead = ApprovalStage(roles=("compensation_lead",), quorum=1)
    finance = ApprovalStage(roles=("finance",), quorum=1)

    at_work.tell(charge("1", loss="T-1"))
    at_work.work()
    at_work.tell(charge("2", loss="T-2"))
    at_work.work()

    assert at_work.proposal("CASE-1").approvals == (lead,)
    assert at_work.proposal("CASE-2").approvals == (lead, finance)


def test_a_case_that_changed_while_its_evidence_was_read_is_worked_out_from_the_new(at_work: DeskAtWork) -> None:
    at_work.tell(ticket(loss="W-1"))
    usual = at_work.desk.evidence
    moved: list[str] = []

    def slow(loss: Loss) -> object:
        if moved:
            at_work.facts["hours_late"] = "7.5"
            return usual(loss)
        moved.append(loss.reference)
        at_work.tell(ticket(loss="W-2"))
        at_work.facts["hours_late"] = "30"
        return usual(loss)

    at_work.desk = replace(at_work.desk, evidence=slow)  # type: ignore[arg-type]  # It returns what the usual one does.
    at_work.work()

    case = at_work.case("CASE-1")
    assert isinstance(case, AwaitingApproval)
    assert case.about.loss is not None
    assert (case.about.loss.reference, case.proposal.revision) == ("W-2", 1)
    assert case.proposal.amount == Money.exactly("15", "USDT")
    assert at_work.events("CASE-1") == ["opened", "claim changed", "proposed", "asked"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AgreedByNobody:
    """Released policies whose matrices name no stages: none such loads, so that somebody must have changed them."""

    released: PolicyRepository

    def policy_for(self, connection: sa.Connection, topic: str, moment: datetime) -> Policy | None:
        found = self.released.policy_for(connection, topic, moment)
        return found and replace(found, approvals=tuple(replace(row, stages=()) for row in found.approvals))


def test_what_nobody_has_to_agree_to_is_not_paid_but_shown_to_a_person(at_work: DeskAtWork) -> None:
    changed = AgreedByNobody(released=at_work.desk.policies)
    at_work.desk = replace(at_work.desk, policies=changed)  # type: ignore[arg-type]  # All that proposing asks of it.

    at_work.tell(ticket())
    at_work.work()

    assert needing(at_work).reason == "The policy lets nobody agree to what it would give."
    assert at_work.provider.payments == []
