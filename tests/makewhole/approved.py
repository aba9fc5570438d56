"""Approved cases, stored as the workflow stores them."""

from dataclasses import replace

import sqlalchemy as sa

from cases.case import About, Approved
from cases.loss import Loss, LossKind
from cases.proposal import CaseId
from cases.ticket import CustomerId, TicketRef
from makewhole.assembly import House
from payouts.ledger import promised
from payouts.order import PayoutOrder
from store import books, tables
from store.audit import Change
from tests.makewhole.conftest import World
from tests.payouts.orders import LEAD, a_proposal, a_yes, money
from workflow import ending


def unpaid_number(house: House, world: World) -> int:
    """Let the next case have a number that no payment of any test was for, and return it."""
    with house.database.begin() as tx:
        last = tx.execute(sa.select(sa.func.max(tables.cases.c.number))).scalar() or 0
        # One sandbox serves every test: each pays a case of its own.
        requests = world.sandbox.get("/payouts/_sandbox/state")["requests"]
        assert isinstance(requests, list)
        last += len(requests)
        counter = sa.text("UPDATE sqlite_sequence SET seq = :last WHERE name = 'cases'")
        tx.execute(counter.bindparams(last=last))
    return int(last) + 1


def approve(house: House, number: int, *, amount: str, payee: str, revision: int = 1) -> str:
    """Approve a case with this number, which must be the next one, and return the key of its payment."""
    case_id, now = f"CASE-{number}", house.clock()
    about = About(
        id=CaseId(case_id),
        topic="delayed_withdrawal",
        loss=Loss(kind=LossKind.TRANSACTION, reference=f"WD-{number}", customer_id=CustomerId(payee)),
        customer_id=CustomerId(payee),
        tickets=(TicketRef(vendor="zendesk", account="harbor", key=str(50_000 + number)),),
        opened_at=now,
    )
    with house.database.begin() as tx:
        change = Change(at=now, actor="policy", event="approved", detail=())
        opened = replace(change, event="opened")
        stored = house.desk.cases.open(tx, about, opened) if revision == 1 else house.desk.cases.lock(tx, case_id)
        assert stored is not None
        assert stored.case.about.id == case_id
        proposal = replace(a_proposal(case_id, amount=amount, payee=payee, approvals=(LEAD,)), revision=revision)
        approved = Approved(
            about=stored.case.about, proposal=proposal, approvals=(a_yes(proposal),), amount=money(amount)
        )
        house.desk.cases.save(tx, stored, approved, change)
        books.add_payout(tx, approved, way=house.desk.pay_way, now=now)
        books.post(tx, promised(PayoutOrder(approved=approved), proposal.classification), case_id, now=now)
        tx.enqueue(ending.PAY, f"{case_id}/{proposal.fingerprint}")
    return f"{case_id}/{proposal.fingerprint}"
