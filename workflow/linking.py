"""Which tickets tell of one loss: what joins by itself, what is asked, what never happens (docs/linking.md: the table).

A bond is a reason to think that two tickets tell of one loss. Bonds are looked at from both sides whenever either of
them is read whole, so that it does not matter which was first. What is certain joins, what is not becomes a question to
a person, and what contradicts itself never joins by itself.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum

from cases.links import Place
from cases.loss import reference_in
from cases.ticket import CustomerId, Ticket, TicketRef
from store import links, naming, readings, tickets
from store.cases import MovedOn, StoredCase
from store.database import Transaction
from store.links import Answer
from store.tickets import MirroredTicket
from workflow import claims, stating
from workflow.changing import changed
from workflow.claims import Claim
from workflow.desk import Desk
from workflow.ending import SYNC
from workflow.joining import attach, case_with, join, standing
from workflow.one_case import is_undecided
from workflow.stating import Stated
from workflow.telling import tell_question


class Bond(IntEnum):
    """Why two tickets may tell of one loss, the surest first."""

    LINK = 1  #: One names the other in a field or record that is made for it.
    TEXT = 2  #: One names the other in its words.
    REFERENCE = 3  #: One customer's; the words of one name the reference of the other.
    REFERENCES = 4  #: The same, and they name more than one.
    TOPIC = 5  #: One customer's and of one topic; at least one does not say which loss it is about.


@dataclass(frozen=True, slots=True, kw_only=True)
class Partner:
    """A ticket that may tell of the same loss as another, and why."""

    ticket: Ticket
    bond: Bond


@dataclass(frozen=True, slots=True, kw_only=True)
class Follows:
    """A ticket without a case belongs to this one."""

    ticket: Ticket
    case: StoredCase


@dataclass(frozen=True, slots=True, kw_only=True)
class Unites:
    """Two cases are one: the first is given up for the second."""

    gone: StoredCase
    into: StoredCase


@dataclass(frozen=True, slots=True, kw_only=True)
class Asks:
    """A person must say whether this ticket and this case are about one loss."""

    ref: TicketRef
    case: StoredCase
    reason: str


Verdict = Follows | Unites | Asks | None


def holds(desk: Desk, read: Iterable[Ticket]) -> tuple[str, ...]:
    """Return what must be held while these tickets are taken in: of two that belong together one must see the other.

    Both the ticket that names another and the named one hold that name; all claims of one customer hold the customer.
    """
    held: set[str] = set()
    for ticket in read:
        if len(held) == tickets.HOLDS:
            break
        names = (*naming.names_of(ticket), *map(str, desk.naming(ticket)))
        customer = claims.customer_of(ticket) if stating.makes_a_claim(ticket) else None
        held |= {tickets.held_as(each) for each in (*names, *((f"customer {customer}",) if customer else ()))}
    return tuple(sorted(held))


def lock(desk: Desk, tx: Transaction, ticket: Ticket) -> None:
    """Lock every case that hearing this ticket may change, in order; raises MovedOn when they change meanwhile."""
    loss = claims.read_claim(ticket, desk.topics).loss
    named = case_with(desk, tx, loss, asks=ticket.ref) if loss else None
    _lock(desk, tx, (ticket, *(each.ticket for each in _partners(desk, tx, ticket))), besides=named)


def follow(desk: Desk, tx: Transaction, ticket: Ticket, *, now: datetime) -> None:
    """Let a ticket that has no case, and names no loss itself, join the case that its links name with certainty."""
    if claims.read_claim(ticket, desk.topics).loss is None:
        _act(desk, tx, ticket, asking=False, now=now)


def link(desk: Desk, tx: Transaction, ticket: Ticket, *, now: datetime) -> None:
    """Join what a ticket was linked with as far as that is certain, and ask a person about the rest.

    The ticket was kept and heard in this transaction. What it names and nobody has read is asked for.
    """
    if _act(desk, tx, ticket, asking=False, now=now):
        _act(desk, tx, ticket, asking=True, now=now)
    if tickets.case_of(tx.connection, ticket.ref) is not None:
        _ask_for_the_unread(tx, ticket, now=now)


def _act(desk: Desk, tx: Transaction, ticket: Ticket, *, asking: bool, now: datetime) -> bool:
    """Carry out what is to be done about each partner, one after the other; False when there are none."""
    partners = _partners(desk, tx, ticket)
    if partners:
        _lock(desk, tx, (ticket, *(each.ticket for each in partners)))
    for partner in partners:
        match _weigh(desk, tx, ticket, partner):
            case Follows() as follows:
                attach(desk, tx, follows.case.case.about.id, follows.ticket, by=SYNC, now=now)
            case Unites() as unites:
                join(desk, tx, unites.gone, unites.into, by=SYNC, now=now)
            case Asks() as asks if asking:
                _ask(desk, tx, asks, now=now)
            case _:
                pass
    return bool(partners)


# --- Who may belong together ---------------------------------------------------------------------------------------


def _partners(desk: Desk, tx: Transaction, ticket: Ticket) -> tuple[Partner, ...]:
    """Return the tickets that have a bond with this one, the surest first, each once."""
    connection, bonds = tx.connection, dict[TicketRef, Bond]()
    named = naming.named_by(connection, ticket.ref)
    meant = naming.mirrored(connection, (*named, *(by := naming.naming(connection, ticket))))
    for name, place in (*named.items(), *by.items()):
        if name in meant:
            bond = Bond.LINK if place is Place.LINK else Bond.TEXT
            bonds[meant[name]] = min(bond, bonds.get(meant[name], bond))
    known = tickets.known(connection, tuple(bonds))
    for each, bond in _of_one_customer(desk, tx, ticket):
        known.setdefault(each.ticket.ref, each)
        bonds.setdefault(each.ticket.ref, bond)
    bonds.pop(ticket.ref, None)
    found = [(bond, known[ref]) for ref, bond in bonds.items()]
    found.sort(key=lambda each: (each[0], not stating.makes_a_claim(each[1].ticket), _age(each[1]), each[1].ticket.ref))
    return tuple(Partner(ticket=each.ticket, bond=bond) for bond, each in found)


def _of_one_customer(desk: Desk, tx: Transaction, ticket: Ticket) -> Iterable[tuple[MirroredTicket, Bond]]:
    """Yield the other claims of the ticket's customer that it may repeat."""
    customer = claims.customer_of(ticket) if stating.makes_a_claim(ticket) else None
    if customer is None:
        return
    mine = claims.read_claim(ticket, desk.topics)
    newest = tickets.claims_of(tx.connection, customer)
    older = _older_claims(desk, tx, ticket, mine) if len(newest) == tickets.MOST_CLAIMS else ()
    every = {each.ticket.ref: each for each in (*newest, *older)}.values()
    others = [(each, claims.read_claim(each.ticket, desk.topics)) for each in every]
    told = {loss.key for _, each in others if (loss := each.loss) and stating.mentions(ticket, loss.reference)}
    for each, theirs in others:
        if theirs.loss is not None and theirs.loss.key in told:
            yield each, Bond.REFERENCE if len(told) == 1 else Bond.REFERENCES
        elif mine.loss is not None and stating.mentions(each.ticket, mine.loss.reference):
            yield each, Bond.REFERENCE
        elif mine.topic is not None and mine.topic == theirs.topic:
            yield each, Bond.TOPIC


def _older_claims(desk: Desk, tx: Transaction, ticket: Ticket, mine: Claim) -> tuple[MirroredTicket, ...]:
    """Return the customer's claims, of any age, whose reference the ticket names or that may name its reference."""
    customer = CustomerId(claims.customer_of(ticket) or "")
    known = desk.cases.losses_of(tx.connection, customer)
    named = {
        standing(desk, tx, case_id).case.about.id
        for key, case_id in known
        if stating.mentions(ticket, reference_in(key, customer))
    }
    reference = "".join(mine.loss.reference.split()) if mine.loss is not None else None
    return tickets.claims_about(tx.connection, customer, named, reference)


def _ask_for_the_unread(tx: Transaction, ticket: Ticket, *, now: datetime) -> None:
    """Have the tickets read that this one names and that we do not know; once, however often it names them."""
    named = naming.named_by(tx.connection, ticket.ref)
    for name in sorted(named.keys() - naming.mirrored(tx.connection, named).keys()):
        if not readings.asked(tx.connection, name):
            readings.ask(tx, name, now=now)


# --- What a bond comes to ------------------------------------------------------------------------------------------


def _weigh(desk: Desk, tx: Transaction, ticket: Ticket, partner: Partner) -> Verdict:
    """Return what is to be done about two tickets as they and their cases stand now."""
    other = partner.ticket
    mine, theirs = _case_of(desk, tx, ticket.ref), _case_of(desk, tx, other.ref)
    if claims.is_gone(ticket) or claims.is_gone(other) or not (_speaks(ticket, mine) or _speaks(other, theirs)):
        return None
    if mine is not None and theirs is not None:
        return _weigh_cases(desk, tx, partner.bond, (ticket, mine), (other, theirs))
    if theirs is not None:
        return _weigh_follower(desk, tx, partner.bond, ticket, (other, theirs))
    if mine is not None:
        return _weigh_follower(desk, tx, partner.bond, other, (ticket, mine))
    return None


def _weigh_follower(
    desk: Desk, tx: Transaction, bond: Bond, ticket: Ticket, other: tuple[Ticket, StoredCase]
) -> Verdict:
    """Weigh a ticket that has no case against one that has."""
    speaker, case = other
    if not _speaks(speaker, case) or not claims.takes_notes(ticket) or _told_apart(tx, (ticket.ref,), case):
        return None
    names = (str(ticket.ref), str(case.case.about.id))
    problem = stating.contradiction(stating.stated_by(ticket, desk.topics), _stated(desk, tx, case), names)
    problem = problem or _doubt(bond, ticket, speaker, case)
    return Asks(ref=ticket.ref, case=case, reason=problem) if problem else Follows(ticket=ticket, case=case)


def _weigh_cases(
    desk: Desk, tx: Transaction, bond: Bond, one: tuple[Ticket, StoredCase], other: tuple[Ticket, StoredCase]
) -> Verdict:
    """Weigh two tickets that have a case each."""
    gone, into = sorted((one, other), key=_gives_way)
    if gone[1].number == into[1].number or not is_undecided(gone[1].case) or _apart(tx, gone[1], into[1]):
        return None
    for (follower, its), (_, another) in ((gone, into), (into, gone)):
        if not _speaks(follower, its):
            reason = f"{follower.ref} is linked with {its.case.about.id} as well, and stays there."
            return Asks(ref=follower.ref, case=another, reason=reason) if is_undecided(another.case) else None
    ids = (str(gone[1].case.about.id), str(into[1].case.about.id))
    problem = stating.contradiction(_stated(desk, tx, gone[1]), _stated(desk, tx, into[1]), ids)
    if gone[1].case.about.loss and into[1].case.about.loss:
        problem = problem or f"{ids[0]} and {ids[1]} are about different losses."
    if problem and bond is Bond.TOPIC:
        return None
    problem = problem or _doubt(bond, gone[0], into[0], into[1])
    if not problem:
        return Unites(gone=gone[1], into=into[1])
    return Asks(ref=gone[1].case.about.tickets[0], case=into[1], reason=problem)


def _gives_way(side: tuple[Ticket, StoredCase]) -> tuple[bool, int]:
    """Order two cases so that the one to give up is first: the undecided one, of two undecided the younger."""
    return not is_undecided(side[1].case), -side[1].number


def _doubt(bond: Bond, ticket: Ticket, other: Ticket, into: StoredCase) -> str | None:
    """Return why a bond alone does not join two tickets that do not contradict each other; None when it does."""
    match bond:
        case Bond.LINK:
            return None
        case Bond.TEXT if not stating.same_customer(ticket, other):
            return f"{ticket.ref} and {other.ref}: one names the other in its text, and they do not name one customer."
        case Bond.REFERENCE if not is_undecided(into.case):
            return f"{ticket.ref} has the reference in its text that {into.case.about.id} was settled for."
        case Bond.REFERENCES:
            return f"{ticket.ref} or {other.ref} has the references of several losses in its text."
        case Bond.TOPIC:
            return f"{ticket.ref} and {other.ref} are one customer's and ask for the same, and one names no reference."
        case _:
            return None


def _speaks(ticket: Ticket, case: StoredCase | None) -> bool:
    """Whether a ticket claims something: others may follow it, and its case may be joined for its sake."""
    return stating.makes_a_claim(ticket) or (case is not None and case.case.about.tickets[:1] == (ticket.ref,))


def _stated(desk: Desk, tx: Transaction, stored: StoredCase) -> Stated:
    about = stored.case.about
    known = tickets.known(tx.connection, about.tickets) if about.loss is None else {}
    return stating.stated_in(about, (each.ticket for each in known.values()), desk.topics)


def _apart(tx: Transaction, one: StoredCase, other: StoredCase) -> bool:
    """Whether a person has told a ticket that speaks for one of these cases apart from the other."""
    return _told_apart(tx, _speakers(tx, one), other) or _told_apart(tx, _speakers(tx, other), one)


def _speakers(tx: Transaction, stored: StoredCase) -> tuple[TicketRef, ...]:
    known = tickets.known(tx.connection, stored.case.about.tickets)
    return tuple(ref for ref in stored.case.about.tickets if ref in known and _speaks(known[ref].ticket, stored))


def _told_apart(tx: Transaction, refs: tuple[TicketRef, ...], case: StoredCase) -> bool:
    said = links.about(tx.connection, map(str, refs))
    return any(each.case_number == case.number and each.answer is Answer.APART for each in said)


# --- A question ----------------------------------------------------------------------------------------------------


def _ask(desk: Desk, tx: Transaction, asks: Asks, *, now: datetime) -> None:
    """Ask a person, once for a ticket and a case and whatever was joined into it."""
    for earlier in links.about(tx.connection, (str(asks.ref),)):
        if earlier.answer is None and standing(desk, tx, earlier.case_id).number == asks.case.number:
            return
    question = links.ask(tx, str(asks.ref), asks.case.number, asks.reason, now=now)
    if question is not None:
        detail = {"ticket": str(asks.ref), "question": str(question.id), "reason": asks.reason}
        stored = desk.cases.lock(tx, asks.case.case.about.id)
        desk.cases.note(tx, stored, changed(now, SYNC, "link asked", **detail))
        tell_question(tx, question, now=now)


# --- Held and locked -----------------------------------------------------------------------------------------------


def _case_of(desk: Desk, tx: Transaction, ref: TicketRef) -> StoredCase | None:
    case_id = tickets.case_of(tx.connection, ref)
    return None if case_id is None else desk.cases.find(tx.connection, case_id)


def _lock(desk: Desk, tx: Transaction, read: Iterable[Ticket], *, besides: StoredCase | None = None) -> None:
    """Lock the cases of these tickets in order; raises MovedOn when one went elsewhere meanwhile."""
    refs = tuple(each.ref for each in read)
    before = tickets.cases_of(tx.connection, refs)
    desk.cases.lock_all(tx, (*before.values(), *((besides.case.about.id,) if besides else ())))
    if tickets.cases_of(tx.connection, refs) != before:
        raise MovedOn("tickets were joined by others while they were being linked")


def _age(mirrored: MirroredTicket) -> tuple[int, str]:
    """Order tickets by their cases, the oldest first; those without one come last."""
    case_id = mirrored.case_id or "CASE-9999999999"
    return len(case_id), case_id
