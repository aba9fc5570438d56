"""Approved cases and their orders, in the words of the demo world."""

from datetime import UTC, datetime

from cases.case import About, Approved
from cases.loss import Loss, LossKind
from cases.money import Money
from cases.proposal import ApprovalStage, CaseId, Classification, Decision, PersonId, Proposal, Verdict
from cases.ticket import CustomerId
from payouts.order import PayoutOrder

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
LEAD = ApprovalStage(roles=("compensation_lead",), quorum=1)


def money(text: str) -> Money:
    """Return "180.50 USDT" as money."""
    amount, code = text.split(" ")
    return Money.exactly(amount, code)


def a_proposal(
    case: str = "CASE-7", *, amount: str = "180.50 USDT", payee: str = "C-100023", approvals: tuple[ApprovalStage, ...]
) -> Proposal:
    """Return a goodwill proposal for a delayed withdrawal."""
    return Proposal(
        case_id=CaseId(case),
        revision=1,
        classification=Classification.GOODWILL,
        amount=money(amount),
        payee=CustomerId(payee),
        reason="delayed six hours or more",
        derivation=(),
        policy_id="delayed-withdrawal",
        policy_version="3",
        policy_hash="ab" * 32,
        inputs=(),
        approvals=approvals,
        customer_text=(),
        proposed_by="policy",
        decide_within_hours=24,
    )


def a_yes(proposal: Proposal, *, person: str = "amelia", stage: int = 0) -> Decision:
    """Return the approval of this proposal by one person."""
    return Decision(
        case_id=proposal.case_id,
        fingerprint=proposal.fingerprint,
        verdict=Verdict.APPROVE,
        person=PersonId(person),
        role="compensation_lead",
        stage=stage,
        reason_code=None,
        comment=None,
        decided_at=NOON,
        via="slack",
    )


def about(case: str = "CASE-7", *, customer: str = "C-100023") -> About:
    """Return what is true of a case about one hanging withdrawal."""
    loss = Loss(kind=LossKind.TRANSACTION, reference="W-88121", customer_id=CustomerId(customer))
    return About(
        id=CaseId(case),
        topic="delayed_withdrawal",
        loss=loss,
        customer_id=CustomerId(customer),
        tickets=(),
        opened_at=NOON,
    )


def an_approved(case: str = "CASE-7", *, amount: str = "180.50 USDT", payee: str = "C-100023") -> Approved:
    """Return a case that one lead has approved."""
    proposal = a_proposal(case, amount=amount, payee=payee, approvals=(LEAD,))
    return Approved(
        about=about(case, customer=payee), proposal=proposal, approvals=(a_yes(proposal),), amount=money(amount)
    )


def an_order(
    case: str = "CASE-7", *, amount: str = "180.50 USDT", payee: str = "C-100023", generation: int = 1
) -> PayoutOrder:
    """Return the order of an approved case."""
    return PayoutOrder(approved=an_approved(case, amount=amount, payee=payee), key_generation=generation)
