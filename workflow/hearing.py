"""What a ticket that was read does to the case it tells of, in the transaction that keeps the ticket."""

from dataclasses import replace
from datetime import datetime

from cases.case import About, NeedsAttention, Opened
from cases.loss import Loss
from cases.ticket import Ticket
from store import readings, tickets
from store.cases import MovedOn, StoredCase
from store.database import Transaction
from workflow import claims, linking
from workflow.changing import changed
from workflow.claims import Claim
from workflow.desk import Desk
from workflow.ending import SYNC
from workflow.joining import case_with, forget, gather, join, losses_named, open_case, regarding
from workflow.one_case import PROPOSE, is_undecided, save
from workflow.telling import tell_slack
from workflow.waiting import look_soon


def hear(desk: Desk, tx: Transaction, ticket: Ticket, *, before: Ticket | None, now: datetime) -> None:
    """Take in what a ticket says that was read whole, and what it has to do with others.

    `before` is what it said last; None if it was never read. The caller holds `linking.holds`.
    """
    linking.lock(desk, tx, ticket)
    if tickets.case_of(tx.connection, ticket.ref) is None:
        linking.follow(desk, tx, ticket, now=now)
    hear_claim(desk, tx, ticket, before=before, now=now)
    linking.link(desk, tx, ticket, now=now)


def hear_claim(desk: Desk, tx: Transaction, ticket: Ticket, *, before: Ticket | None, now: datetime) -> None:
    """Take in what a ticket claims. `before` is what it said last; None if it was never read."""
    case_id = tickets.case_of(tx.connection, ticket.ref)
    if case_id is None:
        if claims.topic_of(ticket) is not None and claims.takes_notes(ticket):
            open_case(desk, tx, ticket, claims.read_claim(ticket, desk.topics), now=now)
    elif before is None or not claims.says_the_same(before, ticket):
        stored = desk.cases.lock(tx, case_id)
        if tickets.case_of(tx.connection, ticket.ref) != case_id:
            raise MovedOn(f"{ticket.ref} went from {case_id} to another case meanwhile")
        _hear_again(desk, tx, ticket, stored, before=before, now=now)


def _hear_again(
    desk: Desk, tx: Transaction, ticket: Ticket, stored: StoredCase, *, before: Ticket | None, now: datetime
) -> None:
    if ticket.ref not in stored.case.about.tickets:
        return
    stored = _with_people(desk, tx, ticket, stored, now=now)
    if before is not None and claims.claims_the_same(before, ticket):
        return
    look_soon(tx, stored, f"{ticket.ref}@{ticket.updated_at:%Y%m%dT%H%M%S.%f}")
    if claims.is_gone(ticket):
        _lose(desk, tx, ticket, stored, now=now)
        return
    claim, about = claims.read_claim(ticket, desk.topics), stored.case.about
    speaks = ticket.ref == about.tickets[0]
    may_carry = is_undecided(stored.case) and (speaks or _named_the_loss(desk, before, about))
    carries = may_carry and not _others_name_the_loss(desk, tx, ticket, about)
    if _names_another_loss(desk, claim, before, about) and not carries:
        _name_another(desk, tx, ticket, stored, claim, now=now)
    elif is_undecided(stored.case) and (speaks or carries or _names_it_first(claim, about)) and _speaks(claim, before):
        _change_claim(desk, tx, ticket, stored, claim, now=now)
    elif is_undecided(stored.case) and before is not None and _names(claim, about.loss):
        # It was corrected to the loss of its case: what it named before was a mistake.
        forget(desk, tx, stored, losses_named(desk, (before,)))


def _name_another(
    desk: Desk, tx: Transaction, ticket: Ticket, stored: StoredCase, claim: Claim, *, now: datetime
) -> None:
    """Take in that a ticket names a loss that is not its case's own: it goes, unless that was joined into its case."""
    about = stored.case.about
    has_it = case_with(desk, tx, claim.loss, asks=ticket.ref) if claim.loss else None
    if has_it is None or has_it.number != stored.number:
        _leave(desk, tx, ticket, stored, now=now)
        open_case(desk, tx, ticket, claim, handled_by=about.handled_by, now=now)
    elif is_undecided(stored.case):
        change = changed(now, SYNC, "ticket changed", ticket=str(ticket.ref))
        tx.enqueue(PROPOSE, f"{about.id}/{desk.cases.note(tx, stored, change).version}")


def _names_another_loss(desk: Desk, claim: Claim, before: Ticket | None, about: About) -> bool:
    """Whether a ticket says now, and did not before, that it is about another loss than its case.

    One that never said otherwise was put there by a person who knows better.
    """
    if claim.loss is None or about.loss is None or claim.loss.key == about.loss.key:
        return False
    earlier = claims.read_claim(before, desk.topics).loss if before is not None else None
    return earlier is None or earlier.key != claim.loss.key


def _named_the_loss(desk: Desk, before: Ticket | None, about: About) -> bool:
    """Whether a ticket named the loss of its case until now."""
    return before is not None and _names(claims.read_claim(before, desk.topics), about.loss)


def _names(claim: Claim, loss: Loss | None) -> bool:
    return claim.loss is not None and loss is not None and claim.loss.key == loss.key


def _names_it_first(claim: Claim, about: About) -> bool:
    return about.loss is None and claim.loss is not None


def _others_name_the_loss(desk: Desk, tx: Transaction, ticket: Ticket, about: About) -> bool:
    """Whether the case would keep its loss without this ticket; one that was never read may name it."""
    others = tuple(ref for ref in about.tickets if ref != ticket.ref)
    known = tickets.known(tx.connection, others)
    if about.loss is None or any(ref not in known for ref in others):
        return bool(others)
    named = (claims.read_claim(each.ticket, desk.topics).loss for each in known.values())
    return any(loss is not None and loss.key == about.loss.key for loss in named)


def _speaks(claim: Claim, before: Ticket | None) -> bool:
    """Whether a first ticket says anything of the claim: one that another was merged into may never have."""
    return claim.topic is not None or (before is not None and claims.topic_of(before) is not None)


def _change_claim(
    desk: Desk, tx: Transaction, ticket: Ticket, stored: StoredCase, claim: Claim, *, now: datetime
) -> None:
    """Let the ticket that speaks for a case say anew what it is about; the other tickets go with it."""
    about = claims.with_claim(claims.with_speaker(stored.case.about, ticket.ref), claim)
    other = case_with(desk, tx, claim.loss, asks=ticket.ref) if claim.loss else None
    if other is not None and other.case.about.id != about.id:
        desk.cases.lock_all(tx, (about.id, other.case.about.id))
        join(desk, tx, stored, desk.cases.lock(tx, other.case.about.id), by=SYNC, now=now)
    elif about != stored.case.about:
        change = changed(now, SYNC, "claim changed", ticket=str(ticket.ref))
        gather(desk, tx, save(desk, tx, stored, Opened(about=about), change), claim.missing, now=now)
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
    if about.tickets and not _takes_the_loss_along(desk, tx, ticket, about):
        save(desk, tx, stored, replace(stored.case, about=about), change)
        return
    which = "that names its loss" if about.tickets else "of this case"
    reason = f"The only ticket {which}, {ticket.ref}, was deleted."
    needs = NeedsAttention(about=stored.case.about, reason=reason, missing=(), proposal=None)
    tell_slack(tx, save(desk, tx, stored, needs, change), change)


def _takes_the_loss_along(desk: Desk, tx: Transaction, ticket: Ticket, about: About) -> bool:
    """Whether a ticket that was deleted was the last to name the loss of its case."""
    return about.loss is not None and ticket.merged_into is None and not _others_name_the_loss(desk, tx, ticket, about)


def _with_people(desk: Desk, tx: Transaction, ticket: Ticket, stored: StoredCase, *, now: datetime) -> StoredCase:
    """Remember everybody who ever handled the ticket: to unassign oneself is no way to decide one's own case."""
    about = claims.with_people(stored.case.about, ticket)
    if about == stored.case.about or not is_undecided(stored.case):
        return stored
    change = changed(now, SYNC, "handled by others", ticket=str(ticket.ref))
    after = regarding(desk, tx, stored.case, about)
    saved = save(desk, tx, stored, after, change)
    if after != replace(stored.case, about=about):
        tell_slack(tx, saved, change)
    return saved
