"""One case, from the ticket that tells of a loss to the ticket that is told how it ended.

    ticket -> Opened -> Proposed -> AwaitingApproval -> Approved -> Paid -> Closed
                 |          |              `-> Declined -----------------> Closed
                 |          `-> Declined (ineligible)
                 `-> NeedsAttention (something is missing; back to Opened when it is there)
                 `-> Joined (another case has this loss)

How tickets are heard stands in hearing.py, what the case makes of its payouts in ending.py.
Every change below is one transaction that also holds its audit record, what must be said outside and the next job.
"""

from dataclasses import replace
from datetime import datetime, timedelta

import sqlalchemy as sa

from cases.case import (
    Approved,
    AwaitingApproval,
    Case,
    Closed,
    Declined,
    NeedsAttention,
    Opened,
    Paid,
    Proposed,
    proposal_of,
)
from cases.people import Person
from cases.proposal import CaseId, Classification, Decision, PersonId, Proposal, Verdict
from connectors.accounts.client import BelongsToAnother, NotFound
from policy.form import Policy
from policy.proposing import Claim, Missing, propose
from store import evidence, tickets
from store.audit import Change
from store.cases import MovedOn, StoredCase
from store.database import Transaction
from workflow import approval, claims
from workflow.approval import Counted, Decided, NotAllowed, Outcome, Refusal, Stale, TooLate, Word
from workflow.changing import changed
from workflow.comparing import keep_decision, set_beside
from workflow.desk import Desk
from workflow.earlier import is_still_counted, with_earlier
from workflow.ending import planned, promise, was_told
from workflow.in_force import deciding
from workflow.telling import put_question, tell_everyone, tell_slack, tell_thread
from workflow.waiting import look_soon

PROPOSE, ESCALATE = "propose", "escalate"
POLICY = "policy"


def is_undecided(case: Case) -> bool:
    """Whether a case may still become something else: nothing was settled and no money may have moved."""
    match case:
        case Opened() | Proposed() | AwaitingApproval():
            return True
        case NeedsAttention():
            return case.unsettled is None
        case _:
            return False


# --- A policy proposes -------------------------------------------------------------------------------------------


def make_proposal(desk: Desk, key: str, *, now: datetime) -> None:
    """Ask the account data, let the policy work out what is owed, and ask the right people. A job; twice is once.

    `key` is the case and what made it necessary: "CASE-4711/1".
    """
    case_id = key.partition("/")[0]
    with desk.database.read() as connection:
        seen = desk.cases.find(connection, case_id)
    if not is_undecided(seen.case) or seen.case.about.loss is None:
        return
    found = desk.evidence(seen.case.about.loss)
    with desk.database.begin() as tx:
        stored = desk.cases.lock(tx, case_id)
        if stored.version != seen.version:
            # What was asked for may be old by now: ask again rather than propose from it.
            raise MovedOn(f"{case_id} changed while its evidence was read")
        loss = seen.case.about.loss
        if isinstance(found, NotFound):
            missing = (f"{loss.kind} {loss.reference} in the account data",)
            needs_attention(desk, tx, stored, "The account data does not know this loss.", missing, now=now)
        elif isinstance(found, BelongsToAnother):
            reason = f"{loss.kind} {loss.reference} belongs to another customer than the one who complains."
            needs_attention(desk, tx, stored, reason, (), now=now)
        else:
            evidence.keep(tx, case_id, found, now=now)
            _work_out(desk, tx, stored, now=now)


def _work_out(desk: Desk, tx: Transaction, stored: StoredCase, *, now: datetime) -> None:
    about = stored.case.about
    policy = deciding(desk, tx, about.topic, now=now)
    if isinstance(policy, str):
        needs_attention(desk, tx, stored, policy, (), now=now)
        return
    before = proposal_of(stored.case)
    result = propose(policy, _claim(desk, tx, stored, policy, now=now))
    if isinstance(result, Missing):
        names = (*result.names, *(f"{name}: {problem}" for name, problem in result.problems))
        needs_attention(desk, tx, stored, "The policy needs facts that nobody has given.", names, now=now)
        return
    unchanged = before is not None and replace(result, revision=before.revision) == before
    if unchanged and _is_led_there(stored.case, result):
        return
    result = set_beside(tx, policy, result)
    detail = {"classification": result.classification, "amount": str(result.amount), "rule": result.reason}
    proposed = Proposed(about=replace(about, revisions=result.revision), proposal=result)
    change = changed(now, POLICY, "proposed", **detail, policy=f"{result.policy_id} {result.policy_version}")
    _route(desk, tx, save(desk, tx, stored, proposed, change), result, now=now)


def _claim(desk: Desk, tx: Transaction, stored: StoredCase, policy: Policy, *, now: datetime) -> Claim:
    about = stored.case.about
    if about.customer_id is None:
        raise LookupError(f"{about.id} has no customer")
    # Two claims of one customer must see each other, or splitting would need fewer people and pass every limit.
    tx.hold(f"customer/{about.customer_id}")
    known = tickets.known(tx.connection, about.tickets)
    read = [known[ref].ticket for ref in about.tickets if ref in known]
    if not read:
        raise MovedOn(f"no ticket of {about.id} has been read yet")
    # A ticket that only follows knows nothing of the loss, and may be the first once others have left.
    first = next((each for each in read if claims.names_the_loss(each, about, desk.topics)), read[0])
    told = evidence.of_case(tx.connection, about.id)
    filled = desk.prices(policy.price_inputs, claims.inputs_of(first, told))
    stakes = desk.cases.stakes_of(tx.connection, about.customer_id, about.topic, besides=about.id)
    counted = max((each.as_of for each in told), default=None)
    return Claim(
        case_id=about.id,
        revision=about.revisions + 1,
        payee=about.customer_id,
        inputs=with_earlier(desk, tx, policy, about, filled.inputs, now=now),
        sources=filled.sources,
        counted_before=tuple(each.amount for each in stakes),
        not_yet_counted=tuple(
            each.amount for each in stakes if not (counted and each.paid_at and each.paid_at <= counted)
        ),
    )


def _route(desk: Desk, tx: Transaction, stored: StoredCase, proposal: Proposal, *, now: datetime) -> None:
    """Lead a proposal to who decides it: people, nobody (ineligible), or a person without a proposal to click on.

    A case that only accounts in shadow mode tell of stays proposed: nobody is asked and nothing is paid.
    """
    about = stored.case.about
    if desk.is_shadow(about):
        return
    if proposal.classification is Classification.INDIVIDUAL_REVIEW:
        needs_attention(desk, tx, stored, _review(proposal), (), now=now)
    elif not proposal.gives_something:
        declined = Declined(about=about, proposal=proposal, decision=None)
        change = changed(now, POLICY, "declined", reason=proposal.reason)
        tell_everyone(desk, tx, save(desk, tx, stored, declined, change), change)
        was_told(desk, tx, about.id, now=now)
    elif not proposal.approvals:
        # No policy that loads says so; no way of storing one may pay by itself either.
        needs_attention(desk, tx, stored, "The policy lets nobody agree to what it would give.", (), now=now)
    else:
        hours = timedelta(hours=proposal.decide_within_hours)
        asked = AwaitingApproval(about=about, proposal=proposal, approvals=(), asked_at=now, decide_by=now + hours)
        change = changed(now, POLICY, "asked", revision=str(proposal.revision))
        tell_everyone(desk, tx, save(desk, tx, stored, asked, change), change)
        tx.enqueue(ESCALATE, f"{about.id}/{proposal.fingerprint}", delay_seconds=hours.total_seconds())


def _is_led_there(case: Case, proposal: Proposal) -> bool:
    """Whether a case waits already where this proposal leads."""
    match case:
        case AwaitingApproval():
            return True
        case NeedsAttention(reason=reason):
            return proposal.classification is Classification.INDIVIDUAL_REVIEW and reason == _review(proposal)
        case _:
            return False


def _review(proposal: Proposal) -> str:
    return f"Individual review: {proposal.reason}"


# --- People decide -----------------------------------------------------------------------------------------------


def decide(desk: Desk, tx: Transaction, case_id: CaseId, word: Word, person: Person | None) -> Outcome:
    """Take in what a person says of a proposal. The first word that settles it wins; every other is told so.

    A case that only accounts in shadow mode tell of by now cannot be decided.
    """
    stored = desk.cases.lock(tx, case_id)
    case = stored.case
    if not isinstance(case, AwaitingApproval) or desk.is_shadow(case.about):
        return _too_late(case, word)
    if person is None:
        outcome: Outcome = NotAllowed(refusal=Refusal.UNKNOWN_PERSON, roles=())
    else:
        outcome = approval.judge(case, person, word, handlers=handlers_of(desk, tx.connection, case))
    match outcome:
        case Counted(decision=decision) | Decided(decision=decision) if decision.verdict is Verdict.APPROVE and (
            outdated := _outdated(desk, tx, case, now=word.said_at)
        ):
            change = changed(word.said_at, POLICY, outdated, policy=case.proposal.policy_id)
            tx.enqueue(PROPOSE, f"{case_id}/{desk.cases.note(tx, stored, change).version}")
            return Stale(proposal=None)
        case Counted():
            more = replace(case, approvals=(*case.approvals, outcome.decision))
            change = changed(word.said_at, outcome.decision.person, "counted", role=outcome.decision.role)
            tell_slack(tx, save(desk, tx, stored, more, change), change)
        case Decided(decision=decision) if decision.verdict is Verdict.APPROVE:
            detail = {"role": decision.role, "via": decision.via, "amount": str(case.proposal.amount)}
            change = changed(word.said_at, decision.person, "approved", **detail)
            _approve(desk, tx, stored, (*case.approvals, decision), change)
        case Decided(decision=decision):
            change = changed(word.said_at, decision.person, "declined", reason=decision.reason_code or "")
            declined = Declined(about=case.about, proposal=case.proposal, decision=decision)
            tell_everyone(desk, tx, save(desk, tx, stored, declined, change), change)
            was_told(desk, tx, case_id, now=word.said_at)
        case NotAllowed():
            who = person.id if person else "unknown"
            desk.cases.note(tx, stored, changed(word.said_at, who, "refused", why=outcome.refusal, via=word.via))
        case _:
            pass
    return outcome


def _outdated(desk: Desk, tx: Transaction, case: AwaitingApproval, *, now: datetime) -> str:
    """Return what has changed so that a proposal can be agreed to no more; "" while it stands."""
    policy = deciding(desk, tx, case.about.topic, now=now)
    if not isinstance(policy, Policy) or policy.text_hash != case.proposal.policy_hash:
        return "policy changed"
    return "" if is_still_counted(desk, tx, policy, case, now=now) else "earlier payments changed"


def handlers_of(desk: Desk, connection: sa.Connection, case: Case) -> tuple[PersonId, ...]:
    """Return the people who asked for the case, or handle it or ever did; they never decide it."""
    known = tickets.known(connection, case.about.tickets).values()
    ids = {*case.about.handled_by, *(each for mirrored in known for each in claims.people_on(mirrored.ticket))}
    people = (desk.people.by_helpdesk_id(each) for each in sorted(ids))
    return tuple(person.id for person in people if person is not None)


def _approve(desk: Desk, tx: Transaction, stored: StoredCase, approvals: tuple[Decision, ...], change: Change) -> None:
    proposal = proposal_of(stored.case)
    if proposal is None or proposal.amount is None:
        raise ValueError(f"{stored.case.about.id} has nothing to approve")
    approved = Approved(
        about=stored.case.about,
        proposal=proposal,
        approvals=approvals,
        amount=proposal.amount,
        standing=planned(desk, tx, proposal, now=change.at),
    )
    saved = save(desk, tx, stored, approved, change)
    promise(desk, tx, approved, now=change.at)
    tell_everyone(desk, tx, saved, change)


def _too_late(case: Case, word: Word) -> Outcome:
    settled = case.settled if isinstance(case, Closed) else case
    proposal = proposal_of(settled)
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
            change = changed(now, POLICY, "escalated", decide_by=case.decide_by.isoformat())
            tell_thread(tx, desk.cases.note(tx, stored, change), change)


def ask_agent(desk: Desk, tx: Transaction, case_id: CaseId, person: PersonId, words: str, *, now: datetime) -> bool:
    """Pass an approver's question to the ticket's agent, as a note and in the thread; False when nothing is open."""
    stored = desk.cases.lock(tx, case_id)
    if not isinstance(stored.case, AwaitingApproval):
        return False
    change = changed(now, person, "agent asked", person=person, words=words)
    stored = desk.cases.note(tx, stored, change)
    tell_thread(tx, stored, change)
    put_question(desk, tx, stored, person=person, words=words, now=now)
    return True


# --- An operator helps ---------------------------------------------------------------------------------------------


def look_again(desk: Desk, tx: Transaction, case_id: CaseId, person: str, *, now: datetime) -> bool:
    """Gather evidence and propose anew for a case that needs attention, or look at parts that wait; False for none."""
    stored = desk.cases.lock(tx, case_id)
    case = stored.case
    if look_soon(tx, stored, f"{stored.version}"):
        desk.cases.note(tx, stored, changed(now, person, "looked again"))
        return True
    if not isinstance(case, NeedsAttention) or case.about.loss is None or case.unsettled is not None:
        return False
    opened = save(desk, tx, stored, Opened(about=stored.case.about), changed(now, person, "looked again"))
    tx.enqueue(PROPOSE, f"{case_id}/{opened.version}")
    return True


def needs_attention(
    desk: Desk, tx: Transaction, stored: StoredCase, reason: str, missing: tuple[str, ...], *, now: datetime
) -> None:
    """Put a case before a person, saying why and exactly what is missing; a repeat changes nothing."""
    needs = NeedsAttention(about=stored.case.about, reason=reason, missing=missing, proposal=proposal_of(stored.case))
    if needs == stored.case:
        return
    change = changed(now, POLICY, "needs attention", reason=reason, missing=", ".join(missing))
    tell_everyone(desk, tx, save(desk, tx, stored, needs, change), change)


def save(desk: Desk, tx: Transaction, before: StoredCase, after: Case, change: Change) -> StoredCase:
    """Replace a case with its next stage, in one step with its audit record; raises MovedOn."""
    if isinstance(after, Approved | Declined):
        keep_decision(tx, after, decided_at=change.at)
    return desk.cases.save(tx, before, after, change)
