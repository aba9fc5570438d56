"""Harbor Exchange's people, cases and cards, for the bot's tests."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.content import CardContent, Customer, Shown
from bot.routing import Channel, Route, Routing
from cases.case import About, Approved, AwaitingApproval, Declined, NeedsAttention, Paid
from cases.loss import Loss, LossKind
from cases.money import Money
from cases.people import Authority, People, Person
from cases.proposal import (
    ApprovalStage,
    CaseId,
    Classification,
    Decision,
    DerivationLine,
    PersonId,
    Proposal,
    Verdict,
)
from cases.ticket import CustomerId, TicketRef

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
CUSTOMER = CustomerId("C-100023")
COMPENSATION = Channel(id="C0COMPENSA1", locale="en")
BUCHANG = Channel(id="C0BUCHANG01", locale="zh")
FRAUD_REVIEW = Channel(id="C0FRAUDREV1", locale="en")
ROUTING = Routing(
    routes=(
        Route(channel=FRAUD_REVIEW, classifications=(Classification.FRAUD_REVIEW,)),
        Route(channel=BUCHANG, languages=("zh",)),
    ),
    otherwise=COMPENSATION,
)


def usdt(amount: str) -> Money:
    return Money.exactly(amount, "USDT")


def person(id_: str, name: str, slack_id: str, *, locale: str = "en", role: str | None, limit: str = "1000") -> Person:
    held = (Authority(role=role, limits=(usdt(limit),)),) if role else ()
    return Person(
        id=PersonId(id_),
        name=name,
        locale=locale,
        slack_id=slack_id,
        helpdesk_ids=(),
        authorities=held,
        delegations=(),
        notified=True,
    )


AMELIA = person("amelia", "Amelia Chen", "U0AMELIA001", role="compensation_lead")
WEI = person("wei", "张伟 Wei Zhang", "U0WEIZHANG1", locale="zh", role="compensation_lead")
NOAH = person("noah", "Noah Fischer", "U0NOAH00001", role="finance")
LUCA = person("luca", "Luca Rossi", "U0LUCA00001", role=None)
PEOPLE = People(everyone=(AMELIA, WEI, NOAH, LUCA))


def proposal(case: str = "CASE-4711", **changes: Any) -> Proposal:
    made = Proposal(
        case_id=CaseId(case),
        revision=1,
        classification=Classification.GOODWILL,
        amount=usdt("180.50"),
        payee=CUSTOMER,
        reason="delayed six hours or more",
        derivation=(
            DerivationLine(
                name="share",
                expression="10% of value_usdt",
                filled="10% of 1805",
                value="180.5 USDT",
                place="delayed.yaml:31",
            ),
        ),
        policy_id="delayed-withdrawal",
        policy_version="3",
        policy_hash="ab" * 32,
        inputs=(("hours_late", "7.5"), ("value_usdt", "1805")),
        approvals=(
            ApprovalStage(roles=("compensation_lead",), quorum=1),
            ApprovalStage(roles=("finance",), quorum=1),
        ),
        customer_text=(("en", "We are sorry."),),
        proposed_by="policy",
        decide_within_hours=24,
    )
    return replace(made, **changes)


def about(case: str = "CASE-4711", reference: str = "A-20931") -> About:
    return About(
        id=CaseId(case),
        topic="delayed_withdrawal",
        loss=Loss(kind=LossKind.ORDER, reference=reference, customer_id=CUSTOMER),
        customer_id=CUSTOMER,
        tickets=(TicketRef(vendor="zendesk", account="harbor", key="17"),),
        opened_at=NOON - timedelta(hours=1),
    )


def decision(by: Person = AMELIA, verdict: Verdict = Verdict.APPROVE, **changes: Any) -> Decision:
    made = Decision(
        case_id=CaseId("CASE-4711"),
        fingerprint=proposal().fingerprint,
        verdict=verdict,
        person=by.id,
        role=by.authorities[0].role if by.authorities else "compensation_lead",
        stage=0,
        reason_code=None,
        comment=None,
        decided_at=NOON,
        via="slack",
    )
    return replace(made, **changes)


def awaiting(offered: Proposal | None = None, *approvals: Decision, reference: str = "A-20931") -> AwaitingApproval:
    offered = offered or proposal()
    return AwaitingApproval(
        about=about(offered.case_id, reference),
        proposal=offered,
        approvals=approvals,
        asked_at=NOON,
        decide_by=NOON + timedelta(hours=24),
    )


def approved() -> Approved:
    return Approved(
        about=about(),
        proposal=proposal(),
        approvals=(decision(AMELIA), decision(NOAH, stage=1)),
        amount=usdt("180.50"),
    )


def paid() -> Paid:
    return Paid(
        about=about(),
        proposal=proposal(),
        approvals=(decision(AMELIA), decision(NOAH, stage=1)),
        amount=usdt("180.50"),
        reference="po_0001",
        paid_at=NOON + timedelta(minutes=1),
    )


def declined(comment: str | None = None) -> Declined:
    said = decision(AMELIA, Verdict.REJECT, reason_code="evidence_missing", comment=comment)
    return Declined(about=about(), proposal=proposal(), decision=said)


def needing_attention(reason: str = "The account data does not know this order.") -> NeedsAttention:
    return NeedsAttention(about=about(), reason=reason, missing=("order_id",), proposal=None)


def content(case: Shown | None = None, **changes: Any) -> CardContent:
    made = CardContent(
        case=case or awaiting(),
        version=3,
        customer=Customer(id=CUSTOMER, name="Jonas Weber", tier="vip", paid_12_months=usdt("40")),
        warnings=(),
        handlers=(),
        people=PEOPLE,
        url="http://127.0.0.1:8000/cases/CASE-4711",
    )
    return replace(made, **changes)
