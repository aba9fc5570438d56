"""Bring tickets into cases, cases into one, and take them apart again; every act is on record in each case it touches.

What may be joined without being asked is linking.py's to say; here it is done. Nothing is taken apart once something
was paid or a payout is under way.
"""

from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import datetime
from itertools import chain

from cases.case import About, AwaitingApproval, Case, Closed, Declined, Joined, Opened
from cases.loss import Loss
from cases.proposal import CaseId
from cases.ticket import Ticket, TicketRef
from store import links, tickets
from store.cases import MovedOn, StoredCase
from store.database import Transaction
from store.links import Answer
from workflow import claims, stating
from workflow.changing import changed
from workflow.claims import Claim
from workflow.desk import Desk
from workflow.ending import SYNC
from workflow.one_case import PROPOSE, handlers_of, is_undecided, needs_attention, save
from workflow.telling import tell_apart, tell_question, tell_slack, tell_ticket

#: A case that was joined may have been joined into one that was joined; longer chains are broken data.
MOST_STEPS = 50


class NotPossible(Exception):
    """A person asked for a join or a split that cannot be; the message says why and what to do. Nothing was done."""


def open_case(
    desk: Desk, tx: Transaction, ticket: Ticket, claim: Claim, *, handled_by: tuple[str, ...] = (), now: datetime
) -> None:
    """Open a case for what a ticket claims, or add the ticket to the case that its loss has already.

    handled_by: Who handled the case that the ticket comes from; they decide this one no more than that one.
    """
    has_it = case_with(desk, tx, claim.loss, asks=ticket.ref) if claim.loss else None
    if has_it is not None:
        attach(desk, tx, has_it.case.about.id, ticket, by=SYNC, handled_by=handled_by, now=now)
        return
    about = About(
        id=CaseId("CASE-0"),
        topic=claim.topic,
        loss=claim.loss,
        customer_id=claim.loss.customer_id if claim.loss else None,
        tickets=(ticket.ref,),
        opened_at=now,
        handled_by=_each_once(handled_by, claims.people_on(ticket)),
    )
    stored = desk.cases.open(tx, about, changed(now, SYNC, "opened", ticket=str(ticket.ref)))
    if stored is not None:
        tickets.belongs_to(tx, ticket.ref, stored.number)
        gather(desk, tx, stored, claim.missing, now=now)
        return
    known = desk.cases.for_loss(tx.connection, claim.loss) if claim.loss else None
    if known is None:
        raise MovedOn(f"the case of {ticket.ref} was opened and joined by others at once")
    attach(desk, tx, known.case.about.id, ticket, by=SYNC, handled_by=handled_by, now=now)


def case_with(desk: Desk, tx: Transaction, loss: Loss, *, asks: TicketRef) -> StoredCase | None:
    """Return the case that has this loss: its own, or the one that a person joined it into; None for none.

    asks: The ticket that names the loss; what it was told apart from has the loss not for it.
    """
    known = desk.cases.for_loss(tx.connection, loss)
    if known is not None:
        return known
    case_id = links.joined_into(tx.connection, loss.key)
    has_it = standing(desk, tx, case_id) if case_id is not None else None
    return None if has_it is None or _is_told_apart(tx, asks, has_it) else has_it


def attach(  # Which ticket, into which case, by whom.
    desk: Desk,
    tx: Transaction,
    case_id: CaseId,
    ticket: Ticket,
    *,
    by: str,
    handled_by: tuple[str, ...] = (),
    now: datetime,
) -> None:
    """Add one more ticket to a case, and tell it where the case stands. `handled_by` as in `open_case`."""
    stored = desk.cases.lock(tx, case_id)
    tickets.belongs_to(tx, ticket.ref, stored.number)
    if ticket.ref in stored.case.about.tickets:
        return
    about = claims.with_people(claims.with_ticket(stored.case.about, ticket.ref), ticket)
    about = replace(about, handled_by=_each_once(about.handled_by, handled_by))
    change = changed(now, by, "linked", ticket=str(ticket.ref))
    was_shadow = desk.is_shadow(stored.case.about)
    stored = save(desk, tx, stored, regarding(desk, tx, stored.case, about), change)
    tell_slack(tx, stored, change)
    _tell_where_it_stands(desk, tx, stored, ticket.ref, now=now)
    if was_shadow and not desk.is_shadow(about):
        _propose_anew(tx, stored)
    if by != SYNC:
        _remember(desk, tx, stored, _losses_of(desk, tx, (ticket.ref,)))
    _settle(desk, tx, stored, by=by, now=now)


def join(desk: Desk, tx: Transaction, gone: StoredCase, into: StoredCase, *, by: str, now: datetime) -> None:
    """Give an undecided case up for another: its tickets follow, and its loss where the other knows none.

    What a person joins stays joined until it is split off, whatever a ticket says in between. What joins by itself does
    so because a ticket was corrected: what it named before was a mistake, and nobody's.
    """
    before, about = gone.case.about, into.case.about
    moved = tuple(ref for ref in before.tickets if tickets.case_of(tx.connection, ref) == before.id)
    change = changed(now, by, "joined", into=about.id)
    tell_slack(tx, save(desk, tx, gone, Joined(about=before, into=about.id), change), change)
    links.pass_on(tx, gone.number, into.number)
    linked = changed(now, by, "linked", ticket=", ".join(map(str, moved)), case=before.id)
    handled_by = _each_once(about.handled_by, before.handled_by)
    if about.loss is None and before.loss is not None:
        # Whoever names the loss speaks for the case.
        both = replace(before, id=about.id, tickets=(*moved, *about.tickets), opened_at=about.opened_at)
        after: Case = Opened(about=replace(both, revisions=about.revisions, handled_by=handled_by))
    else:
        topic, customer = about.topic or before.topic, about.customer_id or before.customer_id
        both = replace(about, tickets=(*about.tickets, *moved), topic=topic, customer_id=customer)
        after = regarding(desk, tx, into.case, replace(both, handled_by=handled_by))
    stored = save(desk, tx, into, after, linked)
    tell_slack(tx, stored, linked)
    for ref in moved:
        tickets.belongs_to(tx, ref, stored.number)
        _tell_where_it_stands(desk, tx, stored, ref, now=now)
    if by != SYNC:
        _remember(desk, tx, stored, {*_losses_of(desk, tx, moved), *_each_key(before.loss)})
    _propose_anew(tx, stored)
    _settle(desk, tx, stored, by=by, now=now)


def split_ticket(desk: Desk, tx: Transaction, case_id: CaseId, ref: TicketRef, *, by: str, now: datetime) -> None:
    """Take a ticket out of a case; one that makes a claim gets a case of its own. Raises NotPossible."""
    stored = _reversible(desk, tx, case_id)
    about = stored.case.about
    if ref not in about.tickets or tickets.case_of(tx.connection, ref) != case_id:
        raise NotPossible(f"{ref} is no ticket of {case_id}.")
    if len(about.tickets) == 1:
        raise NotPossible(f"{ref} is the only ticket of {case_id}.")
    found = tickets.find(tx.connection, ref)
    claim = claims.read_claim(found.ticket, desk.topics) if found else Claim(topic=None, loss=None, missing=())
    _refuse_one_loss(claim, about, str(ref), case_id)
    links.say(tx, str(ref), stored.number, Answer.APART, "It was split off.", by=by, now=now)
    change = changed(now, by, "split", ticket=str(ref))
    after = regarding(desk, tx, stored.case, claims.without_ticket(about, ref))
    stored = save(desk, tx, stored, after, change)
    tell_slack(tx, stored, change)
    _propose_anew(tx, stored)
    forget(desk, tx, stored, _each_key(claim.loss))
    tickets.belongs_to_none(tx, ref)
    if found is not None and stating.makes_a_claim(found.ticket) and claims.takes_notes(found.ticket):
        open_case(desk, tx, found.ticket, claim, handled_by=about.handled_by, now=now)
    elif found is not None and claims.takes_notes(found.ticket):
        tell_apart(desk, tx, stored, ref, now=now)


def split_case(desk: Desk, tx: Transaction, case_id: CaseId, joined_id: CaseId, *, by: str, now: datetime) -> None:
    """Open a joined case again with those of its tickets that are still here. Raises NotPossible."""
    desk.cases.lock_all(tx, (case_id, joined_id))
    stored, gone = _reversible(desk, tx, case_id), desk.cases.lock(tx, joined_id)
    if not isinstance(gone.case, Joined) or gone.case.into != case_id:
        raise NotPossible(f"{joined_id} is not joined with {case_id}.")
    back = _of_joined(desk, tx, stored.case.about, gone.case.about)
    stay = tuple(ref for ref in stored.case.about.tickets if ref not in back)
    if not back or not stay:
        raise NotPossible(f"{case_id} has no tickets of {joined_id} besides its own: split a ticket off instead.")
    claim, rest = _claim_of(desk, tx, back), _claim_of(desk, tx, stay)
    left = _without_them(stored.case, stay, claim, rest)
    _refuse_one_loss(claim, left, joined_id, case_id)
    taken = desk.cases.for_loss(tx.connection, claim.loss) if claim.loss else None
    if taken is not None and taken.case.about.id != case_id:
        raise NotPossible(f"The loss of {joined_id} is {taken.case.about.id}'s meanwhile.")
    for ref in back:
        links.say(tx, str(ref), stored.number, Answer.APART, "Its case was split off.", by=by, now=now)
        tickets.belongs_to(tx, ref, gone.number)
    change = changed(now, by, "split", case=joined_id, ticket=", ".join(map(str, back)))
    if left.loss != stored.case.about.loss:
        stored = save(desk, tx, stored, Opened(about=left), change)
        gather(desk, tx, stored, rest.missing, now=now)
    else:
        stored = save(desk, tx, stored, regarding(desk, tx, stored.case, left), change)
        _propose_anew(tx, stored)
    tell_slack(tx, stored, change)
    handled_by = _each_once(gone.case.about.handled_by, stored.case.about.handled_by)
    opened = Opened(about=claims.with_claim(replace(gone.case.about, tickets=back, handled_by=handled_by), claim))
    reopened = save(desk, tx, gone, opened, changed(now, by, "split off", case=case_id))
    forget(desk, tx, stored, {*_losses_of(desk, tx, back), *_each_key(gone.case.about.loss)})
    gather(desk, tx, reopened, claim.missing, now=now)


def move(desk: Desk, tx: Transaction, ticket: Ticket, case_id: CaseId, into: CaseId, *, by: str, now: datetime) -> None:
    """Take a ticket that speaks for no case from one case into another. Raises NotPossible."""
    desk.cases.lock_all(tx, (case_id, into))
    stored = _reversible(desk, tx, case_id)
    links.say(tx, str(ticket.ref), stored.number, Answer.APART, f"It went to {into}.", by=by, now=now)
    change = changed(now, by, "ticket left", ticket=str(ticket.ref), into=into)
    after = regarding(desk, tx, stored.case, claims.without_ticket(stored.case.about, ticket.ref))
    tell_slack(tx, save(desk, tx, stored, after, change), change)
    attach(desk, tx, into, ticket, by=by, handled_by=stored.case.about.handled_by, now=now)


def forget(desk: Desk, tx: Transaction, stored: StoredCase, losses: Collection[str]) -> None:
    """Let losses that were joined into a case be nobody's again; those that a ticket of it names stay."""
    if losses:
        for loss in set(losses) - _losses_of(desk, tx, stored.case.about.tickets):
            if _is_joined_into(desk, tx, loss, stored):
                links.forget_joined(tx, loss)


def losses_named(desk: Desk, read: Iterable[Ticket]) -> set[str]:
    """Return the keys of the losses that these tickets name."""
    named = (claims.read_claim(each, desk.topics).loss for each in read)
    return {loss.key for loss in named if loss is not None}


def standing(desk: Desk, tx: Transaction, case_id: CaseId) -> StoredCase:
    """Return the case that a case has become: itself, or what it was joined into."""
    for _ in range(MOST_STEPS):
        stored = desk.cases.find(tx.connection, case_id)
        if not isinstance(stored.case, Joined):
            return stored
        case_id = stored.case.into
    raise ValueError(f"{case_id} is joined in a circle")


def gather(desk: Desk, tx: Transaction, stored: StoredCase, missing: tuple[str, ...], *, now: datetime) -> None:
    """Go on to a proposal, or say what is missing for one."""
    if missing or stored.case.about.loss is None:
        needs_attention(desk, tx, stored, "The ticket does not say enough.", missing or (claims.TOPIC,), now=now)
    else:
        tx.enqueue(PROPOSE, f"{stored.case.about.id}/{stored.version}")


def _reversible(desk: Desk, tx: Transaction, case_id: CaseId) -> StoredCase:
    """Return a case from which something may still be taken."""
    stored = desk.cases.lock(tx, case_id)
    case = stored.case
    if isinstance(case, Joined):
        raise NotPossible(f"{case_id} is joined with {case.into}: name that one.")
    settled = case.settled if isinstance(case, Closed) else case
    if not is_undecided(case) and not isinstance(settled, Declined):
        raise NotPossible(
            f"{case_id} is {case.stage}: it is paid, or its payout is under way, and nothing is split off it any more. "
            "Let the ticket name its own loss at the helpdesk; it then gets a case of its own."
        )
    return stored


def _of_joined(desk: Desk, tx: Transaction, about: About, gone: About) -> tuple[TicketRef, ...]:
    """Return the tickets of a case that came with one that was joined, or came later and name its loss."""
    known = tickets.known(tx.connection, about.tickets)
    claimed = {ref: claims.read_claim(each.ticket, desk.topics).loss for ref, each in known.items()}
    theirs = gone.loss.key if gone.loss and not (about.loss and about.loss.key == gone.loss.key) else None
    return tuple(
        ref
        for ref in dict.fromkeys((*gone.tickets, *about.tickets))
        if tickets.case_of(tx.connection, ref) == about.id
        and (ref in gone.tickets or ((loss := claimed.get(ref)) is not None and loss.key == theirs))
    )


def _remember(desk: Desk, tx: Transaction, stored: StoredCase, losses: Iterable[str]) -> None:
    """Remember that these losses are a case's beside its own."""
    own = _each_key(stored.case.about.loss)
    for loss in sorted({*losses} - own):
        if not _is_joined_into(desk, tx, loss, stored):
            links.keep_joined(tx, loss, stored.number)


def _is_joined_into(desk: Desk, tx: Transaction, loss: str, stored: StoredCase) -> bool:
    case_id = links.joined_into(tx.connection, loss)
    return case_id is not None and standing(desk, tx, case_id).number == stored.number


def _losses_of(desk: Desk, tx: Transaction, refs: tuple[TicketRef, ...]) -> set[str]:
    return losses_named(desk, (each.ticket for each in tickets.known(tx.connection, refs).values()))


def _each_key(loss: Loss | None) -> set[str]:
    return {loss.key} if loss is not None else set()


def _is_told_apart(tx: Transaction, ref: TicketRef, case: StoredCase) -> bool:
    said = links.about(tx.connection, (str(ref),))
    return any(each.case_number == case.number and each.answer is Answer.APART for each in said)


def _each_once(*people: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(chain(*people)))


def _refuse_one_loss(claim: Claim, about: About, what: str, case_id: CaseId) -> None:
    if claim.loss is not None and about.loss is not None and claim.loss.key == about.loss.key:
        raise NotPossible(
            f"{what} names the loss of {case_id}, {claim.loss.kind} {claim.loss.reference}, and one loss is one case. "
            "Correct the ticket at the helpdesk: it then gets a case of its own."
        )


def _claim_of(desk: Desk, tx: Transaction, refs: tuple[TicketRef, ...]) -> Claim:
    """Return what these tickets claim: the first that names a loss speaks, else the first that makes a claim."""
    known = tickets.known(tx.connection, refs)
    read = [claims.read_claim(known[ref].ticket, desk.topics) for ref in refs if ref in known]
    named = (each for each in read if each.loss is not None)
    return next(named, None) or next((each for each in read if each.topic), Claim(topic=None, loss=None, missing=()))


def _without_them(case: Case, stay: tuple[TicketRef, ...], claim: Claim, rest: Claim) -> About:
    """Return a case without the tickets that leave; its loss goes with them when none that stays names it."""
    about = replace(case.about, tickets=stay)
    ours = about.loss is None or (rest.loss is not None and rest.loss.key == about.loss.key)
    if ours or claim.loss is None or about.loss is None or claim.loss.key != about.loss.key:
        return about
    if not is_undecided(case):
        raise NotPossible(f"{about.id} was decided on the loss of the tickets that would leave it.")
    return replace(claims.with_claim(about, rest), customer_id=rest.loss.customer_id if rest.loss else None)


def regarding(desk: Desk, tx: Transaction, case: Case, about: About) -> Case:
    """Return the case with these tickets and people; the word of an approver who handles one of them counts no more."""
    after = replace(case, about=about)
    if isinstance(after, AwaitingApproval) and after.approvals:
        handlers = set(handlers_of(desk, tx.connection, after))
        kept = tuple(each for each in after.approvals if not handlers & {each.person, each.lent_by})
        return replace(after, approvals=kept)
    return after


def _propose_anew(tx: Transaction, stored: StoredCase) -> None:
    if is_undecided(stored.case) and stored.case.about.loss is not None:
        tx.enqueue(PROPOSE, f"{stored.case.about.id}/{stored.version}")


def _tell_where_it_stands(desk: Desk, tx: Transaction, stored: StoredCase, ref: TicketRef, *, now: datetime) -> None:
    told = stored.case.settled if isinstance(stored.case, Closed) else stored.case
    tell_ticket(desk, tx, StoredCase(case=told, version=stored.version), ref, now=now)


def _settle(desk: Desk, tx: Transaction, stored: StoredCase, *, by: str, now: datetime) -> None:
    """End the questions whose ticket and case have come together."""
    for question in links.about(tx.connection, map(str, stored.case.about.tickets)):
        if question.answer is None and standing(desk, tx, question.case_id).number == stored.number:
            links.answer(tx, question.id, Answer.SAME, by=by, now=now)
            tell_question(tx, question, now=now)
