"""What a ticket claims: which loss, by whom; and what is missing to know it. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from cases.case import About
from cases.evidence import Evidence
from cases.loss import Loss, LossKind
from cases.ticket import CLAIM_TAG, CustomerId, Ticket, TicketRef, TicketStatus

TOPIC = "compensation_topic"
OURS = "mw_"
#: A topic, reference or customer id that is longer is none.
LONGEST_NAME = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What a ticket says of a loss.

    Fields:
        topic: What kind of compensation is asked; None when the ticket only says that some is.
        loss: What was lost; None when something is missing.
        missing: What the ticket must still say, by our field names: ("transaction_id",).
    """

    topic: str | None
    loss: Loss | None
    missing: tuple[str, ...]


def topic_of(ticket: Ticket) -> str | None:
    """Return what compensation a ticket asks for: its topic, "" for "some", None for none at all."""
    topic = ticket.field(TOPIC)
    if topic is not None:
        return topic
    return "" if CLAIM_TAG in ticket.tags else None


def read_claim(ticket: Ticket, topics: Mapping[str, LossKind]) -> Claim:
    """Return what the ticket claims; a topic nobody configured counts as missing."""
    topic = _one_line(ticket.field(TOPIC))
    kind = topics.get(topic or "")
    customer = customer_of(ticket)
    reference = reference_of(ticket, kind) if kind else None
    missing = []
    if kind is None:
        missing.append(TOPIC if topic is None else f"{TOPIC} (nobody configured {topic!r})")
    if customer is None:
        missing.append("customer_id (the requester's external id)")
    if kind is not None and reference is None:
        missing.append(f"{kind}_id")
    if kind is None or customer is None or reference is None:
        return Claim(topic=topic, loss=None, missing=tuple(missing))
    loss = Loss(kind=kind, reference=reference, customer_id=CustomerId(customer))
    return Claim(topic=topic, loss=loss, missing=())


def customer_of(ticket: Ticket) -> str | None:
    """Return our id of who complains; None when the ticket does not say, or says what can be none."""
    return _one_line(ticket.requester.customer_id if ticket.requester else None)


def reference_of(ticket: Ticket, kind: LossKind) -> str | None:
    """Return the order, position, transaction or incident that the ticket's field names; None for none."""
    return _one_line(ticket.field(f"{kind}_id"))


def said_fields(ticket: Ticket) -> tuple[tuple[str, str], ...]:
    """Return the fields that others fill in; ours tell how the case stands and prove nothing."""
    return tuple((name, value) for name, value in ticket.fields if not name.startswith(OURS))


def says_the_same(one: Ticket, other: Ticket) -> bool:
    """Whether a second reading of a ticket has no news for its case: the same claim, and nobody new on it."""
    return claims_the_same(one, other) and set(people_on(other)) <= set(people_on(one))


def claims_the_same(one: Ticket, other: Ticket) -> bool:
    """Whether two readings of a ticket claim the same; notes, tags and our own fields do not matter."""
    customers = [each.requester.customer_id if each.requester else None for each in (one, other)]
    same = said_fields(one) == said_fields(other) and is_gone(one) == is_gone(other)
    return same and customers[0] == customers[1] and topic_of(one) == topic_of(other)


def people_on(ticket: Ticket) -> tuple[str, ...]:
    """Return the helpdesk ids of who handles the ticket and who asked, now or ever before: "zendesk:harbor:5001"."""
    return tuple(f"{ticket.ref.source}:{each}" for each in (*_named_on(ticket), *ticket.people_before))


def with_people_before(ticket: Ticket, before: Ticket | None) -> Ticket:
    """Return a ticket that was just read with those who were on it until now: to hand it on frees nobody."""
    if before is None:
        return ticket
    named = _named_on(ticket)
    earlier = dict.fromkeys((*before.people_before, *_named_on(before)))
    return replace(ticket, people_before=tuple(each for each in earlier if each not in named))


def _named_on(ticket: Ticket) -> tuple[str, ...]:
    ids = (ticket.handler_id, ticket.requester.id if ticket.requester else None)
    return tuple(each for each in ids if each)


def _one_line(words: str | None) -> str | None:
    """Return foreign words as one line that any column holds; None for none, and for more than any real name has."""
    line = " ".join((words or "").split())
    return line if 0 < len(line) <= LONGEST_NAME else None


def is_gone(ticket: Ticket) -> bool:
    """Whether a ticket no longer speaks for itself: deleted, or merged into another."""
    return ticket.status is TicketStatus.DELETED or ticket.merged_into is not None


def takes_notes(ticket: Ticket) -> bool:
    """Whether a ticket can still be written to and opens cases: one that is closed or gone is history."""
    return ticket.status is not TicketStatus.CLOSED and not is_gone(ticket)


def with_ticket(about: About, ref: TicketRef) -> About:
    """Return the case with one more ticket; the same when it has it already."""
    if ref in about.tickets:
        return about
    return replace(about, tickets=(*about.tickets, ref))


def with_speaker(about: About, ref: TicketRef) -> About:
    """Return the case with this ticket as the first, which says what the case is about."""
    return replace(about, tickets=(ref, *(each for each in about.tickets if each != ref)))


def with_survivor(about: About, merged: TicketRef, survivor: TicketRef) -> About:
    """Return the case with the ticket that another was merged into in that one's place."""
    kept = tuple(survivor if each == merged else each for each in about.tickets)
    return replace(about, tickets=tuple(dict.fromkeys(kept)))


def with_people(about: About, ticket: Ticket) -> About:
    """Return the case with everyone on this ticket among those who handled it."""
    return replace(about, handled_by=tuple(dict.fromkeys((*about.handled_by, *people_on(ticket)))))


def without_ticket(about: About, ref: TicketRef) -> About:
    """Return the case without this ticket."""
    return replace(about, tickets=tuple(each for each in about.tickets if each != ref))


def with_claim(about: About, claim: Claim) -> About:
    """Return the case about what the ticket claims now."""
    customer_id = claim.loss.customer_id if claim.loss else about.customer_id
    return replace(about, topic=claim.topic, loss=claim.loss, customer_id=customer_id)


def names_the_loss(ticket: Ticket, about: About, topics: Mapping[str, LossKind]) -> bool:
    """Whether a ticket says itself which loss a case is about, and does not only follow another."""
    loss = read_claim(ticket, topics).loss
    return loss is not None and about.loss is not None and loss.key == about.loss.key


def inputs_of(ticket: Ticket | None, evidence: tuple[Evidence, ...]) -> tuple[tuple[str, str], ...]:
    """Return what a policy can work with, sorted: the ticket's fields if any, and over them what the evidence says."""
    facts = dict(said_fields(ticket)) if ticket else {}
    for each in evidence:
        facts.update(each.facts)
    return tuple(sorted(facts.items()))
