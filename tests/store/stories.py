"""Cases that have come some way, told in one line each."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from cases.case import About, Approved, AwaitingApproval, Paid, Proposed
from cases.loss import Loss, LossKind
from cases.proposal import CaseId
from cases.ticket import CustomerId, TicketRef
from store.audit import Change
from store.cases import CaseRepository, StoredCase
from store.database import Transaction
from tests.payouts.orders import LEAD, a_proposal, a_yes

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def about(reference: str | None = "W-88121", *, customer: str = "C-100023", topic: str = "delayed_withdrawal") -> About:
    """Return what is known of a hanging withdrawal; without a reference no loss is known yet."""
    who = CustomerId(customer)
    return About(
        id=CaseId("CASE-0"),
        topic=topic,
        loss=Loss(kind=LossKind.TRANSACTION, reference=reference, customer_id=who) if reference else None,
        customer_id=who,
        tickets=(TicketRef(vendor="zendesk", account="harbor", key="17"),),
        opened_at=NOON,
    )


def change(event: str, *, minute: int = 0, actor: str = "policy", **detail: str) -> Change:
    """Return a change, so many minutes after noon."""
    return Change(at=NOON + timedelta(minutes=minute), actor=actor, event=event, detail=tuple(sorted(detail.items())))


def opened(cases: CaseRepository, tx: Transaction, known: About | None = None) -> StoredCase:
    """Open a case for a loss that has none."""
    stored = cases.open(tx, known or about(), change("opened", actor="sync"))
    assert stored is not None
    return stored


def asked(cases: CaseRepository, tx: Transaction, known: About | None = None, *, amount: str = "15 USDT") -> StoredCase:
    """Open a case and bring it to where people are asked: three records."""
    stored = opened(cases, tx, known)
    payee = stored.case.about.customer_id or ""
    proposal = a_proposal(stored.case.about.id, amount=amount, payee=payee, approvals=(LEAD,))
    proposed = Proposed(about=stored.case.about, proposal=proposal)
    stored = cases.save(tx, stored, proposed, change("proposed", minute=1, amount=amount))
    waiting = AwaitingApproval(
        about=stored.case.about, proposal=proposal, approvals=(), asked_at=NOON, decide_by=NOON + timedelta(hours=24)
    )
    return cases.save(tx, stored, waiting, change("asked", minute=2, revision="1"))


def approved(
    cases: CaseRepository, tx: Transaction, known: About | None = None, *, amount: str = "15 USDT"
) -> tuple[StoredCase, Approved]:
    """Open a case and bring it to where it is to be paid: four records."""
    stored = asked(cases, tx, known, amount=amount)
    assert isinstance(stored.case, AwaitingApproval)
    proposal = stored.case.proposal
    assert proposal.amount is not None
    agreed = Approved(about=stored.case.about, proposal=proposal, approvals=(a_yes(proposal),), amount=proposal.amount)
    return cases.save(tx, stored, agreed, change("approved", minute=3, actor="amelia", amount=amount)), agreed


def paid(cases: CaseRepository, tx: Transaction, known: About | None = None, *, amount: str = "15 USDT") -> StoredCase:
    """Open a case and bring it to where it is paid: five records."""
    stored, agreed = approved(cases, tx, known, amount=amount)
    settled = Paid(
        about=agreed.about,
        proposal=agreed.proposal,
        approvals=agreed.approvals,
        amount=agreed.amount,
        reference="po_1",
        paid_at=NOON,
    )
    return cases.save(tx, stored, settled, change("paid", minute=4, actor="provider", reference="po_1"))


def with_ticket(known: About, key: str) -> About:
    """Return the same with another ticket in place of the first."""
    return replace(known, tickets=(TicketRef(vendor="zendesk", account="harbor", key=key),))
