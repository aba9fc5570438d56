"""What a proposal is paid in: its parts come to exactly the amount, and each is a payment of its own."""

import hashlib
import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from cases.case import About, Approved
from cases.loss import Loss, LossKind
from cases.money import Money
from cases.parts import Form, Grant, PartState
from cases.proposal import CaseId, Proposal
from cases.ticket import CustomerId
from payouts.order import PayoutOrder
from policy.due_dates import due_dates
from policy.loading import load_policy
from policy.proposing import Claim, propose
from policy.recomputing import recompute
from tests.payouts.orders import LEAD, NOON, a_proposal
from tests.workflow.desk_at_work import FACTS
from tests.workflow.paid_in_parts import AT_ONCE, IN_INSTALMENTS, POINTS, SHIPPED, text_of

WHO = CustomerId("C-100023")
AT_ONCE_POLICY = load_policy(text_of(AT_ONCE, more=POINTS), "parts.yaml")
INSTALMENTS = load_policy(text_of(IN_INSTALMENTS), "instalments.yaml")


def proposed(value: Decimal, *, policy: object = AT_ONCE_POLICY) -> Proposal:
    """Return what is proposed for a withdrawal of this value that came four days late."""
    facts = FACTS | {"hours_late": "96", "value_usdt": str(value)}
    claim = Claim(case_id=CaseId("CASE-7"), revision=1, payee=WHO, inputs=tuple(sorted(facts.items())))
    found = propose(policy, claim)  # type: ignore[arg-type]  # One of the two above.
    assert isinstance(found, Proposal)
    return found


def orders(proposal: Proposal) -> list[PayoutOrder]:
    """Return every order that an approval of this proposal may lead to."""
    loss = Loss(kind=LossKind.TRANSACTION, reference="W-1", customer_id=WHO)
    about = About(id=CaseId("CASE-7"), topic=None, loss=loss, customer_id=WHO, tickets=(), opened_at=NOON)
    assert proposal.amount is not None
    plain = Proposal(**{name: getattr(proposal, name) for name in proposal.__slots__} | {"approvals": ()})
    approved = Approved(about=about, proposal=plain, approvals=(), amount=proposal.amount)
    payable = (number for number, part in enumerate(proposal.parts, start=1) if part.is_payable)
    return [PayoutOrder(approved=approved, part=number) for number in payable]


@given(value=st.decimals(min_value=0, max_value=10**6, places=6), in_instalments=st.booleans())
def test_parts_come_to_exactly_the_amount_and_no_key_repeats(value: Decimal, *, in_instalments: bool) -> None:
    policy = INSTALMENTS if in_instalments else AT_ONCE_POLICY
    proposal = proposed(value, policy=policy)

    made = orders(proposal)

    stand_for = [each.stands_for for each in proposal.parts if each.stands_for is not None]
    assert sum(stand_for, start=Money(minor=0, code="USDT")) == proposal.amount
    assert len({each.key for each in made}) == len({each.reference for each in made}) == len(made) > 0
    for part in proposal.parts:
        if part.form is Form.IN_KIND and part.stands_for is not None and isinstance(part.pays, Money):
            assert part.pays.amount * 50 <= part.stands_for.amount < (part.pays.amount + Decimal("1e-18")) * 50
        elif part.form is not Form.BENEFIT:
            assert part.pays == part.stands_for
    assert recompute(policy, proposal) == ()


def test_a_benefit_is_a_part_that_is_no_money() -> None:
    points = proposed(Decimal(10_000)).parts[-1]

    assert (points.form, points.pays, points.stands_for) == (Form.BENEFIT, Grant(quantity="192", code="POINTS"), None)
    assert points.state is PartState.DUE


def test_instalments_of_months_keep_their_day() -> None:
    proposal = proposed(Decimal(10_000), policy=INSTALMENTS)
    start = datetime(2027, 1, 31, 9, tzinfo=UTC)

    days = due_dates(INSTALMENTS, proposal.parts, start)

    assert [str(each.pays) for each in proposal.parts] == ["20.00 USDT", "10.00 USDT", "10.00 USDT", "10.00 USDT"]
    assert days == (start, start, start + timedelta(days=30), start + timedelta(days=60))


def test_all_at_once_in_cash_keeps_its_fingerprint_and_its_key() -> None:
    proposal = a_proposal(approvals=(LEAD,))

    bound = ["CASE-7", 1, "180.50 USDT", "C-100023", "delayed-withdrawal", "ab" * 32]
    assert proposal.fingerprint == hashlib.sha256(json.dumps(bound).encode()).hexdigest()[:16]
    plain = propose(
        load_policy(SHIPPED, "shipped.yaml"),
        Claim(case_id=CaseId("CASE-7"), revision=1, payee=WHO, inputs=tuple(sorted(FACTS.items()))),
    )
    assert isinstance(plain, Proposal)
    assert plain.parts == ()
