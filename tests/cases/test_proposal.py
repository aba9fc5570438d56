"""What an approval is bound to: case, revision, amount, payee and policy, and nothing else."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from cases.money import Money
from cases.proposal import ApprovalStage, CaseId, Classification, DerivationLine, PersonId, Proposal
from cases.ticket import CustomerId

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
LINE = DerivationLine(name="share", expression="0.5% of value", filled="0.5% of 10", value="0.05", place="a.yaml:3")
PROPOSAL = Proposal(
    case_id=CaseId("CASE-4711"),
    revision=1,
    classification=Classification.GOODWILL,
    amount=Money.exactly("180.50", "USDT"),
    payee=CustomerId("C-100023"),
    reason="delayed six hours or more",
    derivation=(),
    policy_id="delayed-withdrawal",
    policy_version="3",
    policy_hash="ab" * 32,
    inputs=(("hours_late", "7.5"),),
    approvals=(ApprovalStage(roles=("compensation_lead",), quorum=1),),
    customer_text=(("en", "We are sorry."),),
    proposed_by="policy",
    decide_within_hours=24,
)


@pytest.mark.parametrize(
    "change",
    [
        {"case_id": CaseId("CASE-4712")},
        {"revision": 2},
        {"amount": Money.exactly("180.51", "USDT")},
        {"amount": Money.exactly("180.50", "USDC")},
        {"amount": None},
        {"payee": CustomerId("C-100024")},
        {"policy_id": "duplicate-charge"},
        {"policy_hash": "ac" * 32},
    ],
    ids=lambda change: f"another {next(iter(change))}",
)
def test_an_approval_is_void_for(change: dict[str, Any]) -> None:
    assert replace(PROPOSAL, **change).fingerprint != PROPOSAL.fingerprint


@pytest.mark.parametrize(
    "change",
    [
        {"reason": "said in other words"},
        {"derivation": (LINE,)},
        {"inputs": ()},
        {"customer_text": (("en", "Sorry."), ("zh", "抱歉"))},
        {"decide_within_hours": 48},
        {"proposed_by": PersonId("amelia")},
        {"classification": Classification.VALID_CLAIM},
    ],
    ids=lambda change: f"another {next(iter(change))}",
)
def test_an_approval_stands_for(change: dict[str, Any]) -> None:
    assert replace(PROPOSAL, **change).fingerprint == PROPOSAL.fingerprint


def test_a_fingerprint_is_sixteen_hex_digits_that_stay_for_ever() -> None:
    """It stands in buttons and in stored decisions: another algorithm would void every approval that waits."""
    assert PROPOSAL.fingerprint == "27cc682678f8e980"


def test_fields_that_run_into_each_other_are_told_apart() -> None:
    one = replace(PROPOSAL, payee=CustomerId("C-1"), policy_id="2-delayed")
    other = replace(PROPOSAL, payee=CustomerId("C-12"), policy_id="-delayed")

    assert one.fingerprint != other.fingerprint
