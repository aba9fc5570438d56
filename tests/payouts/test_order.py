"""An order comes from an approved case that does not contradict itself, and from nothing else."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from cases.case import Approved, Declined
from cases.money import Money
from cases.proposal import CaseId, Verdict
from cases.ticket import CustomerId
from payouts.order import NotPayable, PayoutOrder
from tests.payouts.orders import LEAD, a_proposal, a_yes, about, an_approved, an_order, money

ROOT = Path(__file__).resolve().parents[2]


def test_an_order_says_what_is_paid_to_whom_under_which_key() -> None:
    approved = an_approved()

    order = PayoutOrder(approved=approved)

    assert order.key == f"pay:CASE-7:{approved.proposal.fingerprint}:1"
    assert order.reference == "mw-CASE-7"
    assert order.payee == "C-100023"
    assert order.amount == money("180.50 USDT")
    assert order.memo == "Compensation CASE-7"


def test_the_reference_stays_when_the_key_generation_and_the_proposal_change() -> None:
    first, second, other = an_order(), an_order(generation=2), an_order(amount="90 USDT")

    assert {first.reference, second.reference, other.reference} == {"mw-CASE-7"}
    assert len({first.key, second.key, other.key}) == 3
    assert an_order().key == first.key


def test_a_declined_case_gives_no_order_at_run_time() -> None:
    declined = Declined(about=about(), proposal=a_proposal(approvals=()), decision=None)

    with pytest.raises(TypeError, match="only an approved case can be paid, not Declined"):
        PayoutOrder(approved=declined)  # type: ignore[arg-type]  # This is what the type checker refuses, below.


@pytest.mark.parametrize(
    ("stage", "accepted"), [("Approved", True), ("Declined", False), ("Proposed", False), ("Paid", False)]
)
def test_the_type_checker_lets_only_an_approved_case_be_ordered(
    stage: str,
    accepted: bool,  # noqa: FBT001 - a column of the table above
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    snippet = (
        f"from cases.case import {stage}\nfrom payouts.order import PayoutOrder\n\n\n"
        f"def order(case: {stage}) -> PayoutOrder:\n    return PayoutOrder(approved=case)\n"
    )
    cache = tmp_path_factory.getbasetemp() / "mypy-cache"

    checked = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(cache), "-c", snippet],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )

    refusal = f'Argument "approved" to "PayoutOrder" has incompatible type "{stage}"; expected "Approved"'
    assert checked.returncode == (0 if accepted else 1), checked.stdout + checked.stderr
    assert (refusal in checked.stdout) is not accepted


def _other_amount(case: Approved) -> Approved:
    return replace(case, amount=money("180.51 USDT"))


def _nothing_to_pay(case: Approved) -> Approved:
    proposal = replace(case.proposal, amount=Money(minor=0, code="USDT"), approvals=())
    return replace(case, proposal=proposal, amount=Money(minor=0, code="USDT"), approvals=())


def _no_amount_proposed(case: Approved) -> Approved:
    return replace(case, proposal=replace(case.proposal, amount=None))


def _no_loss(case: Approved) -> Approved:
    return replace(case, about=replace(case.about, loss=None))


def _loss_of_another(case: Approved) -> Approved:
    return replace(case, about=about(customer="C-100099"))


def _case_of_another(case: Approved) -> Approved:
    return replace(case, about=replace(case.about, customer_id=CustomerId("C-100099")))


def _proposal_of_another_case(case: Approved) -> Approved:
    return replace(case, about=replace(case.about, id=CaseId("CASE-8")))


def _unspeakable_case(case: Approved) -> Approved:
    proposal = replace(case.proposal, case_id=CaseId("CASE 7\r\nX: y"))
    return replace(case, about=replace(case.about, id=proposal.case_id), proposal=proposal)


def _no_approval(case: Approved) -> Approved:
    return replace(case, approvals=())


def _one_person_twice(case: Approved) -> Approved:
    proposal = a_proposal(approvals=(replace(LEAD, quorum=2),))
    return replace(case, proposal=proposal, approvals=(a_yes(proposal), a_yes(proposal)))


def _another_role(case: Approved) -> Approved:
    return replace(case, approvals=(replace(case.approvals[0], role="finance"),))


def _earlier_revision(case: Approved) -> Approved:
    return replace(case, proposal=replace(case.proposal, revision=2))


def _a_no(case: Approved) -> Approved:
    return replace(case, approvals=(replace(case.approvals[0], verdict=Verdict.REJECT),))


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (_other_amount, "CASE-7: approved 180.51 USDT, but proposed 180.50 USDT"),
        (_nothing_to_pay, "CASE-7: 0.00 USDT is not more than nothing"),
        (_no_amount_proposed, "CASE-7: approved 180.50 USDT, but proposed None"),
        (_no_loss, "CASE-7: no loss is known"),
        (_loss_of_another, "CASE-7: payee C-100023 is not C-100099, who had the loss"),
        (_case_of_another, "CASE-7: payee C-100023 is not C-100099, the customer of the case"),
        (_proposal_of_another_case, "CASE-8: the proposal is for CASE-7"),
        (_unspeakable_case, "cannot stand in an idempotency key"),
        (_no_approval, "CASE-7: approval stage 0 has 0 of 1 people"),
        (_one_person_twice, "CASE-7: approval stage 0 has 1 of 2 people"),
        (_another_role, "CASE-7: approval stage 0 has 0 of 1 people"),
        (_earlier_revision, "CASE-7: amelia approved another proposal"),
        (_a_no, "CASE-7: amelia said reject"),
    ],
    ids=lambda each: each.__name__.strip("_") if callable(each) else "",
)
def test_an_approved_case_that_contradicts_itself_gives_no_order(spoil: object, reason: str) -> None:
    assert callable(spoil)
    case = spoil(an_approved())

    with pytest.raises(NotPayable, match=reason):
        PayoutOrder(approved=case)


def test_a_key_generation_below_one_gives_no_order() -> None:
    with pytest.raises(NotPayable, match="key generation 0 must be 1 or more"):
        an_order(generation=0)
