"""What tickets and cases state of a loss, and where two of them contradict each other. Pure."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import reduce

from cases.case import About
from cases.loss import LossKind
from cases.ticket import Author, Ticket
from workflow import claims

#: A reference that is shorter, or has no digit, is looked for in nobody's words: it would be found anywhere.
SHORTEST_REFERENCE = 3
#: Words are searched so far.
MOST_CHARACTERS = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Stated:
    """What is stated of a loss; empty where nothing is.

    Fields:
        customers: Our ids of the customers: {"C-100023"}.
        references: What was lost, as it is compared: {"transaction W-88121"}.
        topics: What compensation is asked for: {"delayed_withdrawal"}.
    """

    customers: frozenset[str] = frozenset()
    references: frozenset[str] = frozenset()
    topics: frozenset[str] = frozenset()

    def with_(self, other: "Stated") -> "Stated":
        """Return what both state."""
        return Stated(
            customers=self.customers | other.customers,
            references=self.references | other.references,
            topics=self.topics | other.topics,
        )


def makes_a_claim(ticket: Ticket) -> bool:
    """Whether a ticket asks for compensation itself; one that does not may follow a case, and speaks for none."""
    return claims.topic_of(ticket) is not None


def stated_by(ticket: Ticket, topics: Mapping[str, LossKind]) -> Stated:
    """Return what a ticket states: of its topic's kind of loss, or of every kind when it names no topic we know."""
    customer, claim = claims.customer_of(ticket), claims.read_claim(ticket, topics)
    kind = topics.get(claim.topic or "")
    references = {each: claims.reference_of(ticket, each) for each in ((kind,) if kind else LossKind)}
    return Stated(
        customers=frozenset({customer} if customer else ()),
        references=frozenset(_compared(each, reference) for each, reference in references.items() if reference),
        topics=frozenset({claim.topic} if claim.topic else ()),
    )


def stated_in(about: About, tickets: Iterable[Ticket], topics: Mapping[str, LossKind]) -> Stated:
    """Return what a case is about; what its tickets state while its loss is not known."""
    if about.loss is not None:
        return Stated(
            customers=frozenset({about.loss.customer_id}),
            references=frozenset({_compared(about.loss.kind, about.loss.reference)}),
            topics=frozenset({about.topic} if about.topic else ()),
        )
    return reduce(Stated.with_, (stated_by(each, topics) for each in tickets), Stated())


def contradiction(one: Stated, other: Stated, names: tuple[str, str]) -> str | None:
    """Return in one sentence where two contradict each other; None when they do not. `names` says who they are.

    An order and a transaction do not contradict each other: one loss may be told by either.
    """
    pairs = [("customer ", one.customers, other.customers)]
    pairs += [("", _of_kind(one, kind), _of_kind(other, kind)) for kind in LossKind]
    pairs += [("topic ", one.topics, other.topics)]
    for what, mine, theirs in pairs:
        if mine and theirs and not mine & theirs:
            first, second = (f"{what}{' and '.join(sorted(each))}" for each in (mine, theirs))
            return f"{names[0]} says {first}, {names[1]} says {second}."
    return None


def same_customer(one: Ticket, other: Ticket) -> bool:
    """Whether both tickets say whose they are, and say the same."""
    customer = claims.customer_of(one)
    return customer is not None and customer == claims.customer_of(other)


def mentions(ticket: Ticket, reference: str) -> bool:
    """Whether the words of people on a ticket hold this reference of a loss as a whole word."""
    reference = "".join(reference.split())
    if len(reference) < SHORTEST_REFERENCE or not any(each.isdigit() for each in reference):
        return False
    whole = rf"(?<![A-Za-z0-9_-]){re.escape(reference)}(?![A-Za-z0-9_-])"
    left = MOST_CHARACTERS
    said = (each.body for each in reversed(ticket.comments) if each.written_by is not Author.US)
    for words in (ticket.subject, ticket.description, *said):
        # Most hold it nowhere, and to look for a customer's thousand references word by word takes long.
        if reference.lower() in words.lower() and re.search(whole, words[:left], re.IGNORECASE):
            return True
        left = max(0, left - len(words))
    return False


def _of_kind(stated: Stated, kind: LossKind) -> frozenset[str]:
    return frozenset(each for each in stated.references if each.startswith(f"{kind} "))


def _compared(kind: LossKind, reference: str) -> str:
    return f"{kind} {''.join(reference.split()).upper()}"
