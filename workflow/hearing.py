"""What a ticket that was read does to the case it tells of, in the transaction that keeps the ticket."""

from dataclasses import replace
from datetime import datetime

from cases.case import About, Closed, Joined, NeedsAttention, Opened
from cases.proposal import CaseId
from cases.ticket import Ticket
from store import readings, tickets
from store.cases import MovedOn, StoredCase
from store.database import Transaction
from workflow import claims
from workflow.claims import Claim
from workflow.desk import Desk
from workflow.one_case import PROPOSE, changed, is_undecided, needs_attention, save
from workflow.telling import tell_slack, tell_ticket

SYNC = "sync"


def hear(desk: Desk, tx: Transaction, ticket: Ticket, *, before: Ticket | None, now: datetime) -> None:
    """Take in what a ticket says. `before` is what it said last; None if it was never read."""
    if before is not None and claims.says_the_same(before, ticket):
        return
    case_id = tickets.case_of(tx.connection, ticket.ref)
    if case_id is not None:
        _hear_again(desk, tx, ticket, desk.cases.lock(tx, case_id), before=before, now=now)
    else:
        _hear_first(desk, tx, ticket, now=now)


def _hear_first(desk: Desk, tx: Transaction, ticket: Ticket, *, now: datetime) -> None:
    if claims.topic_of(ticket) is not None and claims.takes_notes(ticket):
        _open(desk, tx, ticket, claims.read_claim(ticket, desk.topics), now=now)


def _open(desk: Desk, tx: Transaction, ticket: Ticket, claim: Claim, *, now: datetime) -> None:
    about = About(
        id=CaseId("CASE-0"),
        topic=claim.topic,
        loss=claim.loss,
        customer_id=claim.loss.customer_id if claim.loss else None,
        tickets=(ticket.ref,),
        opened_at=now,
        handled_by=claims.people_on(ticket),
    )
    stored = desk.cases.open(tx, about, changed(now, SYNC, "opened", ticket=str(ticket.ref)))
    if stored is not None:
        tickets.belongs_to(tx, ticket.ref, stored.number)
        _gather(desk, tx, stored, claim.missing, now=now)
        return
    known = desk.cases.for_loss(tx.connection, claim.loss) if claim.loss else None
    if known is None:
        raise MovedOn(f"the case of {ticket.ref} was opened and joined by others at once")
    _attach(desk, tx, known.case.about.id, ticket, now=now)


def _attach(desk: Desk, tx: Transaction, case_id: CaseId, ticket: Ticket, *, now: datetime) -> None:
    """Add one more ticket to a case, and tell it where the case stands."""
    stored = desk.cases.lock(tx, case_id)
    tickets.belongs_to(tx, ticket.ref, stored.number)
    if ticket.ref in stored.case.about.tickets:
        return
    about = claims.with_people(claims.with_ticket(stored.case.about, ticket.ref), ticket)
    change = changed(now, SYNC, "linked", ticket=str(ticket.ref))
    stored = save(desk, tx, stored, replace(stored.case, about=about), change)
    tell_slack(tx, stored, change)
    told = stored.case.settled if isinstance(stored.case, Closed) else stored.case
    tell_ticket(desk, tx, StoredCase(case=told, version=stored.version), ticket.ref, now=now)


def _hear_again(
    desk: Desk, tx: Transaction, ticket: Ticket, stored: StoredCase, *, before: Ticket | None, now: datetime
) -> None:
    if ticket.ref not in stored.case.about.tickets:
        return
    stored = _with_people(desk, tx, ticket, stored, now=now)
    if before is not None and claims.claims_the_same(before, ticket):
        return
    if claims.is_gone(ticket):
        _lose(desk, tx, ticket, stored, now=now)
        return
    claim, about = claims.read_claim(ticket, desk.topics), stored.case.about
    moved = claim.loss is not None and about.loss is not None and claim.loss.key != about.loss.key
    alone = is_undecided(stored.case) and len(about.tickets) == 1
    if moved and not alone:
        _leave(desk, tx, ticket, stored, now=now)
        _open(desk, tx, ticket, claim, now=now)
    elif is_undecided(stored.case) and ticket.ref == about.tickets[0] and _speaks(claim, before):
        _change_claim(desk, tx, ticket, stored, claim, now=now)


def _speaks(claim: Claim, before: Ticket | None) -> bool:
    """Whether a first ticket says anything of the claim: one that another was merged into may never have."""
    return claim.topic is not None or (before is not None and claims.topic_of(before) is not None)


def _change_claim(
    desk: Desk, tx: Transaction, ticket: Ticket, stored: StoredCase, claim: Claim, *, now: datetime
) -> None:
    """Let the only ticket, or the first of several, say anew what the case is about."""
    about = claims.with_claim(stored.case.about, claim)
    other = desk.cases.for_loss(tx.connection, claim.loss) if claim.loss else None
    if other is not None and other.case.about.id != about.id:
        change = changed(now, SYNC, "joined", into=other.case.about.id)
        joined = Joined(about=stored.case.about, into=other.case.about.id)
        tell_slack(tx, save(desk, tx, stored, joined, change), change)
        _attach(desk, tx, other.case.about.id, ticket, now=now)
    elif about != stored.case.about:
        change = changed(now, SYNC, "claim changed", ticket=str(ticket.ref))
        _gather(desk, tx, save(desk, tx, stored, Opened(about=about), change), claim.missing, now=now)
    elif claim.loss is not None:
        change = changed(now, SYNC, "ticket changed", ticket=str(ticket.ref))
        tx.enqueue(PROPOSE, f"{about.id}/{desk.cases.note(tx, stored, change).version}")


def _leave(desk: Desk, tx: Transaction, ticket: Ticket, stored: StoredCase, *, now: datetime) -> None:
    """Let a ticket go that names another loss. A case that is decided keeps it among those it told."""
    change = changed(now, SYNC, "ticket left", ticket=str(ticket.ref))
    if not is_undecided(stored.case):
        desk.cases.note(tx, stored, change)
        return
    about = claims.without_ticket(stored.case.about, ticket.ref)
    left = save(desk, tx, stored, replace(stored.case, about=about), change)
    tell_slack(tx, left, change)
    tx.enqueue(PROPOSE, f"{about.id}/{left.version}")


def _lose(desk: Desk, tx: Transaction, ticket: Ticket, stored: StoredCase, *, now: datetime) -> None:
    """Go on with the ticket that a merged one went into; an open case whose only ticket was deleted needs a person."""
    if not is_undecided(stored.case):
        return
    change = changed(now, SYNC, "ticket gone", ticket=str(ticket.ref), merged_into=str(ticket.merged_into or ""))
    about = stored.case.about
    if ticket.merged_into is not None:
        about = claims.with_survivor(about, ticket.ref, ticket.merged_into)
        if tickets.case_of(tx.connection, ticket.merged_into) is None:
            tickets.belongs_to(tx, ticket.merged_into, stored.number)
        readings.ask(tx, str(ticket.merged_into), now=now)
    else:
        about = claims.without_ticket(about, ticket.ref)
    if about.tickets:
        save(desk, tx, stored, replace(stored.case, about=about), change)
        return
    reason = f"The only ticket of this case, {ticket.ref}, was deleted."
    needs = NeedsAttention(about=stored.case.about, reason=reason, missing=(), proposal=None)
    tell_slack(tx, save(desk, tx, stored, needs, change), change)


def _with_people(desk: Desk, tx: Transaction, ticket: Ticket, stored: StoredCase, *, now: datetime) -> StoredCase:
    """Remember everybody who ever handled the ticket: to unassign oneself is no way to decide one's own case."""
    about = claims.with_people(stored.case.about, ticket)
    if about == stored.case.about or not is_undecided(stored.case):
        return stored
    change = changed(now, SYNC, "handled by others", ticket=str(ticket.ref))
    return save(desk, tx, stored, replace(stored.case, about=about), change)


def _gather(desk: Desk, tx: Transaction, stored: StoredCase, missing: tuple[str, ...], *, now: datetime) -> None:
    if missing:
        needs_attention(desk, tx, stored, "The ticket does not say enough.", missing, now=now)
    else:
        tx.enqueue(PROPOSE, f"{stored.case.about.id}/{stored.version}")
