"""One case, from the ticket that tells of a loss to the ticket that is told how it ended.

    ticket -> Opened -> Proposed -> AwaitingApproval -> Approved -> Paid -> Closed
                 |          |              `-> Declined -----------------> Closed
                 |          `-> Declined (ineligible)
                 `-> NeedsAttention (something is missing; back to Opened when it is there)
                 `-> Joined (another case has this loss)

Every change below is one transaction that also holds its audit record, what must be said outside and the next job.
"""

from dataclasses import replace
from datetime import datetime, timedelta

import sqlalchemy as sa

from cases.case import (
    About,
    Approved,
    AwaitingApproval,
    Case,
    Closed,
    Declined,
    Joined,
    NeedsAttention,
    Opened,
    Paid,
    Proposed,
    Stage,
)
from cases.people import Person
from cases.proposal import CaseId, Classification, Decision, PersonId, Proposal, Verdict
from cases.ticket import Ticket, TicketRef
from connectors.accounts.client import BelongsToAnother, NotFound
from payouts.ledger import promised
from payouts.order import PayoutOrder
from policy.proposing import Claim, Missing, propose
from store import books, evidence, outbox, readings, tickets
from store.audit import Change
from store.cases import MovedOn, StoredCase
from store.database import Transaction
from store.outbox import Kind
from workflow import approval, claims
from workflow.approval import Counted, Decided, NotAllowed, Outcome, Refusal, Stale, TooLate, Word
from workflow.desk import Desk
from workflow.telling import put_question, tell_everyone, tell_slack, tell_thread, tell_ticket

PROPOSE, PAY, ESCALATE = "propose", "pay", "escalate"
SYNC, POLICY = "sync", "policy"
#: Stages whose outcome may still change when the tickets say something else.
UNDECIDED = (Stage.OPENED, Stage.PROPOSED, Stage.AWAITING_APPROVAL, Stage.NEEDS_ATTENTION)


# --- A ticket was read -------------------------------------------------------------------------------------------


def hear(desk: Desk, tx: Transaction, ticket: Ticket, *, before: Ticket | None, now: datetime) -> None:
    """Take in what a ticket says, in the transaction that keeps it. `before` is what it said last; None if never."""
    case_id = tickets.case_of(tx.connection, ticket.ref)
    if before is not None and claims.says_the_same(before, ticket):
        return
    if case_id is not None:
        _hear_again(desk, tx, ticket, desk.cases.lock(tx, case_id), now=now)
    elif claims.topic_of(ticket) is not None and claims.takes_notes(ticket):
        _open(desk, tx, ticket, now=now)


def _open(desk: Desk, tx: Transaction, ticket: Ticket, *, now: datetime) -> None:
    claim = claims.read_claim(ticket, desk.topics)
    about = About(
        id=CaseId("CASE-0"),
        topic=claim.topic,
        loss=claim.loss,
        customer_id=claim.loss.customer_id if claim.loss else None,
        tickets=(ticket.ref,),
        opened_at=now,
    )
    stored = desk.cases.open(tx, about, _change(now, SYNC, "opened", ticket=str(ticket.ref)))
    if stored is not None:
        tickets.belongs_to(tx, ticket.ref, stored.number)
        _gather(desk, tx, stored, claim.missing, now=now)
        return
    known = desk.cases.for_loss(tx.connection, claim.loss) if claim.loss else None
    if known is None:
        raise MovedOn(f"the case of {ticket.ref} was opened and joined by others at once")
    _attach(desk, tx, known.case.about.id, ticket.ref, now=now)


def _attach(desk: Desk, tx: Transaction, case_id: CaseId, ref: TicketRef, *, now: datetime) -> None:
    """Add one more ticket to a case, and tell it where the case stands."""
    stored = desk.cases.lock(tx, case_id)
    tickets.belongs_to(tx, ref, stored.number)
    about = claims.with_ticket(stored.case.about, ref)
    if about is stored.case.about:
        return
    change = _change(now, SYNC, "linked", ticket=str(ref))
    stored = _save(desk, tx, stored, replace(stored.case, about=about), change)
    tell_slack(tx, stored, change)
    told = stored.case.settled if isinstance(stored.case, Closed) else stored.case
    tell_ticket(desk, tx, StoredCase(case=told, version=stored.version), ref, now=now)


def _hear_again(desk: Desk, tx: Transaction, ticket: Ticket, stored: StoredCase, *, now: datetime) -> None:
    case = stored.case
    if case.stage not in UNDECIDED or ticket.ref not in case.about.tickets:
        return
    if claims.is_gone(ticket):
        _lose_ticket(desk, tx, ticket, stored, now=now)
        return
    if ticket.ref != case.about.tickets[0]:
        return  # The first ticket names the loss; the others were linked because they named the same.
    claim = claims.read_claim(ticket, desk.topics)
    other = desk.cases.for_loss(tx.connection, claim.loss) if claim.loss else None
    if other is not None and other.case.about.id != case.about.id:
        joined = Joined(about=case.about, into=other.case.about.id)
        _save(desk, tx, stored, joined, _change(now, SYNC, "joined", into=other.case.about.id))
        _attach(desk, tx, other.case.about.id, ticket.ref, now=now)
        return
    about = claims.with_claim(case.about, claim)
    if about != case.about:
        opened = _save(
            desk, tx, stored, Opened(about=about), _change(now, SYNC, "claim changed", ticket=str(ticket.ref))
        )
        _gather(desk, tx, opened, claim.missing, now=now)
    elif claim.loss is not None:
        tx.enqueue(PROPOSE, f"{case.about.id}/{ticket.updated_at.isoformat()}")


def _lose_ticket(desk: Desk, tx: Transaction, ticket: Ticket, stored: StoredCase, *, now: datetime) -> None:
    """Go on with the ticket that a merged one went into; a case whose only ticket was deleted needs a person."""
    change = _change(now, SYNC, "ticket gone", ticket=str(ticket.ref), merged_into=str(ticket.merged_into or ""))
    if ticket.merged_into is not None:
        about = claims.with_ticket(stored.case.about, ticket.merged_into)
        tickets.belongs_to(tx, ticket.merged_into, stored.number)
        readings.ask(tx, str(ticket.merged_into), now=now)
    else:
        about = claims.without_ticket(stored.case.about, ticket.ref)
    if about.tickets:
        _save(desk, tx, stored, replace(stored.case, about=about), change)
        return
    reason = f"The only ticket of this case, {ticket.ref}, was deleted."
    needs = NeedsAttention(about=stored.case.about, reason=reason, missing=(), proposal=None)
    tell_slack(tx, _save(desk, tx, stored, needs, change), change)


def _gather(desk: Desk, tx: Transaction, stored: StoredCase, missing: tuple[str, ...], *, now: datetime) -> None:
    if missing:
        _needs_attention(desk, tx, stored, "The ticket does not say enough.", missing, now=now)
    else:
        tx.enqueue(PROPOSE, f"{stored.case.about.id}/{stored.version}")


# --- A policy proposes -------------------------------------------------------------------------------------------


def make_proposal(desk: Desk, key: str, *, now: datetime) -> None:
    """Ask the account data, let the policy work out what is owed, and ask the right people. A job; twice is once.

    `key` is the case and what made it necessary: "CASE-4711/1".
    """
    case_id = key.partition("/")[0]
    with desk.database.read() as connection:
        seen = desk.cases.find(connection, case_id)
    if seen.case.stage not in UNDECIDED or seen.case.about.loss is None:
        return
    found = desk.evidence(seen.case.about.loss)
    with desk.database.begin() as tx:
        stored = desk.cases.lock(tx, case_id)
        loss = stored.case.about.loss
        if stored.case.stage not in UNDECIDED or loss != seen.case.about.loss or loss is None:
            return
        if isinstance(found, NotFound):
            missing = (f"{loss.kind} {loss.reference} in the account data",)
            _needs_attention(desk, tx, stored, "The account data does not know this loss.", missing, now=now)
        elif isinstance(found, BelongsToAnother):
            reason = f"{loss.kind} {loss.reference} belongs to another customer than the one who complains."
            _needs_attention(desk, tx, stored, reason, (), now=now)
        else:
            evidence.keep(tx, case_id, found, now=now)
            _work_out(desk, tx, stored, now=now)


def _work_out(desk: Desk, tx: Transaction, stored: StoredCase, *, now: datetime) -> None:
    about = stored.case.about
    policy = desk.policies.policy_for(about.topic or "", now)
    if policy is None:
        _needs_attention(desk, tx, stored, f"No policy in force covers {about.topic!r}.", (), now=now)
        return
    before = _proposal(stored.case)
    result = propose(policy, _claim(desk, tx, stored))
    if isinstance(result, Missing):
        names = (*result.names, *(f"{name}: {problem}" for name, problem in result.problems))
        _needs_attention(desk, tx, stored, "The policy needs facts that nobody has given.", names, now=now)
        return
    unchanged = before is not None and replace(result, revision=before.revision) == before
    if unchanged and isinstance(stored.case, AwaitingApproval):
        return
    detail = {"classification": result.classification, "amount": str(result.amount), "rule": result.reason}
    proposed = Proposed(about=replace(about, revisions=result.revision), proposal=result)
    change = _change(now, POLICY, "proposed", **detail, policy=f"{result.policy_id} {result.policy_version}")
    _route(desk, tx, _save(desk, tx, stored, proposed, change), result, now=now)


def _claim(desk: Desk, tx: Transaction, stored: StoredCase) -> Claim:
    about = stored.case.about
    mirrored = tickets.find(tx.connection, about.tickets[0])
    if mirrored is None or about.customer_id is None:
        raise LookupError(f"{about.id} has no ticket or no customer")
    return Claim(
        case_id=about.id,
        revision=about.revisions + 1,
        payee=about.customer_id,
        inputs=claims.inputs_of(mirrored.ticket, evidence.of_case(tx.connection, about.id)),
        counted_before=desk.cases.amounts_of(tx.connection, about.customer_id, about.topic, besides=about.id),
    )


def _route(desk: Desk, tx: Transaction, stored: StoredCase, proposal: Proposal, *, now: datetime) -> None:
    """Lead a proposal to who decides it: people, nobody (ineligible), or a person without a proposal to click on."""
    about = stored.case.about
    if proposal.classification is Classification.INDIVIDUAL_REVIEW:
        _needs_attention(desk, tx, stored, f"Individual review: {proposal.reason}", (), now=now)
    elif proposal.amount is None or proposal.amount.minor <= 0:
        declined = Declined(about=about, proposal=proposal, decision=None)
        change = _change(now, POLICY, "declined", reason=proposal.reason)
        tell_everyone(desk, tx, _save(desk, tx, stored, declined, change), change)
    elif not proposal.approvals:
        _approve(desk, tx, stored, (), _change(now, POLICY, "approved", amount=str(proposal.amount)))
    else:
        hours = timedelta(hours=proposal.decide_within_hours)
        asked = AwaitingApproval(about=about, proposal=proposal, approvals=(), asked_at=now, decide_by=now + hours)
        change = _change(now, POLICY, "asked", revision=str(proposal.revision))
        tell_everyone(desk, tx, _save(desk, tx, stored, asked, change), change)
        tx.enqueue(ESCALATE, f"{about.id}/{proposal.fingerprint}", delay_seconds=hours.total_seconds())


# --- People decide -----------------------------------------------------------------------------------------------


def decide(desk: Desk, tx: Transaction, case_id: CaseId, word: Word, person: Person | None) -> Outcome:
    """Take in what a person says of a proposal. The first word that settles it wins; every other is told so."""
    stored = desk.cases.lock(tx, case_id)
    case = stored.case
    if not isinstance(case, AwaitingApproval):
        return _too_late(case, word)
    if person is None:
        outcome: Outcome = NotAllowed(refusal=Refusal.UNKNOWN_PERSON, roles=())
    else:
        outcome = approval.judge(case, person, word, handlers=handlers_of(desk, tx.connection, case))
    match outcome:
        case Counted():
            more = replace(case, approvals=(*case.approvals, outcome.decision))
            change = _change(word.said_at, outcome.decision.person, "counted", role=outcome.decision.role)
            tell_slack(tx, _save(desk, tx, stored, more, change), change)
        case Decided(decision=decision) if decision.verdict is Verdict.APPROVE:
            detail = {"role": decision.role, "via": decision.via, "amount": str(case.proposal.amount)}
            change = _change(word.said_at, decision.person, "approved", **detail)
            _approve(desk, tx, stored, (*case.approvals, decision), change)
        case Decided(decision=decision):
            change = _change(word.said_at, decision.person, "declined", reason=decision.reason_code or "")
            declined = Declined(about=case.about, proposal=case.proposal, decision=decision)
            tell_everyone(desk, tx, _save(desk, tx, stored, declined, change), change)
        case NotAllowed():
            who = person.id if person else "unknown"
            desk.cases.note(tx, stored, _change(word.said_at, who, "refused", why=outcome.refusal, via=word.via))
        case _:
            pass
    return outcome


def handlers_of(desk: Desk, connection: sa.Connection, case: Case) -> tuple[PersonId, ...]:
    """Return the people who handle the case's tickets; they never decide it."""
    known = tickets.known(connection, case.about.tickets)
    ids = (f"{ref.vendor}:{ref.account}:{each.ticket.handler_id}" for ref, each in known.items())
    people = (desk.people.by_helpdesk_id(each) for each in ids)
    return tuple(person.id for person in people if person is not None)


def _approve(desk: Desk, tx: Transaction, stored: StoredCase, approvals: tuple[Decision, ...], change: Change) -> None:
    proposal = _proposal(stored.case)
    if proposal is None or proposal.amount is None:
        raise ValueError(f"{stored.case.about.id} has nothing to approve")
    approved = Approved(about=stored.case.about, proposal=proposal, approvals=approvals, amount=proposal.amount)
    order = PayoutOrder(approved=approved)
    saved = _save(desk, tx, stored, approved, change)
    books.add_payout(tx, approved, way=desk.pay_way, now=change.at)
    books.post(tx, promised(order, proposal.classification), approved.about.id, now=change.at)
    tell_everyone(desk, tx, saved, change)
    tx.enqueue(PAY, f"{approved.about.id}/{proposal.fingerprint}")


def _too_late(case: Case, word: Word) -> Outcome:
    settled = case.settled if isinstance(case, Closed) else case
    proposal = _proposal(settled)
    if proposal is None or proposal.fingerprint != word.fingerprint:
        return Stale(proposal=proposal)
    match settled:
        case Approved() | Paid():
            return TooLate(decision=settled.approvals[-1] if settled.approvals else None)
        case Declined():
            return TooLate(decision=settled.decision)
        case _:
            return Stale(proposal=None)


def escalate(desk: Desk, key: str, *, now: datetime) -> None:
    """Say in the thread that nobody decided in time. A job that runs when the time is over; it never approves."""
    case_id, _, fingerprint = key.partition("/")
    with desk.database.begin() as tx:
        stored = desk.cases.lock(tx, case_id)
        case = stored.case
        if isinstance(case, AwaitingApproval) and case.proposal.fingerprint == fingerprint:
            change = _change(now, POLICY, "escalated", decide_by=case.decide_by.isoformat())
            tell_thread(tx, desk.cases.note(tx, stored, change), change)


def ask_agent(desk: Desk, tx: Transaction, case_id: CaseId, person: PersonId, words: str, *, now: datetime) -> bool:
    """Pass an approver's question to the ticket's agent, as a note and in the thread; False when nothing is open."""
    stored = desk.cases.lock(tx, case_id)
    if not isinstance(stored.case, AwaitingApproval):
        return False
    change = _change(now, person, "agent asked", person=person, words=words)
    stored = desk.cases.note(tx, stored, change)
    tell_thread(tx, stored, change)
    put_question(tx, stored, person=person, words=words, now=now)
    return True


# --- The payout is known (workflow/paying.py carries it out) -------------------------------------------------------


def was_paid(
    desk: Desk, tx: Transaction, case: Approved, reference: str, *, actor: str = "provider", now: datetime
) -> None:
    """Take in that the payout was confirmed by the provider, or by whoever paid it."""
    stored = desk.cases.lock(tx, case.about.id)
    if not isinstance(stored.case, Approved) or stored.case.proposal.fingerprint != case.proposal.fingerprint:
        return
    paid = Paid(
        about=stored.case.about,
        proposal=case.proposal,
        approvals=case.approvals,
        amount=case.amount,
        reference=reference,
        paid_at=now,
    )
    change = _change(now, actor, "paid", amount=str(case.amount), reference=reference)
    tell_everyone(desk, tx, _save(desk, tx, stored, paid, change), change)


def was_not_paid(desk: Desk, tx: Transaction, case: Approved, reason: str, *, now: datetime) -> None:
    """Take in that the payout cannot go on by itself; a person must look."""
    stored = desk.cases.lock(tx, case.about.id)
    if isinstance(stored.case, Approved) and stored.case.proposal.fingerprint == case.proposal.fingerprint:
        _needs_attention(desk, tx, stored, f"The payout needs a person: {reason}", (), now=now)


# --- Everyone has been told ----------------------------------------------------------------------------------------


def was_told(desk: Desk, tx: Transaction, case_id: CaseId, *, now: datetime) -> None:
    """Close a settled case once no ticket of it waits for a note. Called in the transaction that ends a note."""
    stored = desk.cases.lock(tx, case_id)
    if isinstance(stored.case, Paid | Declined) and not outbox.unsent(tx.connection, stored.number, Kind.NOTE):
        closed = Closed(about=stored.case.about, settled=stored.case, closed_at=now)
        _save(desk, tx, stored, closed, _change(now, SYNC, "closed"))


# --- An operator helps ---------------------------------------------------------------------------------------------


def look_again(desk: Desk, tx: Transaction, case_id: CaseId, person: str, *, now: datetime) -> bool:
    """Gather evidence and propose anew for a case that needs attention; False when it does not need it."""
    stored = desk.cases.lock(tx, case_id)
    if not isinstance(stored.case, NeedsAttention) or stored.case.about.loss is None:
        return False
    opened = _save(desk, tx, stored, Opened(about=stored.case.about), _change(now, person, "looked again"))
    tx.enqueue(PROPOSE, f"{case_id}/{opened.version}")
    return True


def _needs_attention(
    desk: Desk, tx: Transaction, stored: StoredCase, reason: str, missing: tuple[str, ...], *, now: datetime
) -> None:
    needs = NeedsAttention(about=stored.case.about, reason=reason, missing=missing, proposal=_proposal(stored.case))
    if needs == stored.case:
        return
    change = _change(now, POLICY, "needs attention", reason=reason, missing=", ".join(missing))
    tell_everyone(desk, tx, _save(desk, tx, stored, needs, change), change)


def _proposal(case: Case) -> Proposal | None:
    match case:
        case Proposed() | AwaitingApproval() | Approved() | Declined() | Paid() | NeedsAttention():
            return case.proposal
        case _:
            return None


def _save(desk: Desk, tx: Transaction, before: StoredCase, after: Case, change: Change) -> StoredCase:
    return desk.cases.save(tx, before, after, change)


def _change(at: datetime, actor: str, event: str, **detail: str) -> Change:
    return Change(at=at, actor=actor, event=event, detail=tuple(sorted(detail.items())))
