"""Where conditions hold, as boxes over the values they compare: enough to prove that a line can never be reached."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import TypeGuard

from policy.expressions import (
    Among,
    AnyOf,
    Compared,
    Condition,
    Every,
    Given,
    Literal,
    Name,
    Node,
    Not,
    Relation,
    Value,
)
from policy.units import ChoiceType, DateType, NumberType, TimeType, Type, YesNoType

_DAY = timedelta(days=1)
MOST_BOXES = 400
MOST_PAIRS = 4_000
Ordered = Decimal | Fraction | datetime | date


class TooMany(Exception):  # Raised and caught in this room only.
    """Raised when a condition falls into more boxes than are worth looking at; nothing is then proven."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Values from `low` to `high`; None is open-ended; `with_low` and `with_high` say whether the ends belong to it."""

    low: Ordered | None = None
    with_low: bool = False
    high: Ordered | None = None
    with_high: bool = False

    @property
    def empty(self) -> bool:
        """Whether no value lies in it."""
        span = in_days(self)
        if span.low is None or span.high is None:
            return False
        return span.low > span.high or (span.low == span.high and not (span.with_low and span.with_high))  # type: ignore[operator]  # Both ends have the type of the compared value.


#: One end of a span, and whether it belongs to it.
_End = tuple[Ordered | None, bool]
Domain = Span | frozenset[Value]
#: A box: for each value that is compared, where it lies; a value that is not named lies anywhere.
Box = dict[Node, Domain]


def where(when: Condition, *, wide: bool, inside: Box | None = None) -> list[Box]:
    """Return boxes where a line fits: all of them and perhaps more when `wide`, else only such as are proven.

    inside: Where all cases lie that matter.
    """
    boxes: list[Box] = [inside or {}]
    for part in when.parts:
        boxes = crossed(boxes, where_node(part.node, holds=True, wide=wide))
    return boxes


def without(boxes: list[Box], taken: Box) -> list[Box]:
    """Return what is left of boxes when one is taken away."""
    left = [piece for box in boxes for piece in _cut(box, taken)]
    if len(left) > MOST_BOXES:
        raise TooMany
    return left


def where_node(node: Node, *, holds: bool, wide: bool) -> list[Box]:  # noqa: C901, PLR0911  # One line for each kind.
    """Return boxes where a test holds, or does not: all of them and perhaps more when `wide`, else only proven ones."""
    match node:
        case Literal(value=bool(value)):
            return [{}] if value is holds else []
        case Name(type=YesNoType()) | Given():
            return [{node: frozenset({holds})}]
        case Not(part=part):
            return where_node(part, holds=not holds, wide=wide)
        case Every(parts=parts) if holds:
            return _together(parts, holds=True, wide=wide)
        case AnyOf(parts=parts) if not holds:
            return _together(parts, holds=False, wide=wide)
        case Every(parts=parts) | AnyOf(parts=parts):
            return [box for part in parts for box in where_node(part, holds=holds, wide=wide)]
        case Compared():
            return _compared(node, holds=holds, wide=wide)
        case Among():
            return _among(node, holds=holds, wide=wide)
        case _:
            return [{}] if wide else []


def _together(parts: Iterable[Node], *, holds: bool, wide: bool) -> list[Box]:
    boxes: list[Box] = [{}]
    for part in parts:
        boxes = crossed(boxes, where_node(part, holds=holds, wide=wide))
    return boxes


def _among(node: Among, *, holds: bool, wide: bool) -> list[Box]:
    if isinstance(node.subject.type, ChoiceType) and not isinstance(node.subject, Literal):
        options, named = frozenset(node.subject.type.options), frozenset(node.options)
        chosen = options & named if holds else options - named
        return [{node.subject: chosen}] if chosen else []
    tests = tuple(
        Compared(relation=Relation.EQUAL, left=node.subject, right=_literal(option, node.subject.type), type=node.type)
        for option in node.options
    )
    return where_node(AnyOf(parts=tests, type=node.type), holds=holds, wide=wide)


def _literal(value: Value, kind: Type) -> Literal:
    return Literal(value=value, type=kind)


_OPPOSITE = {
    Relation.EQUAL: Relation.UNEQUAL,
    Relation.UNEQUAL: Relation.EQUAL,
    Relation.BELOW: Relation.AT_LEAST,
    Relation.AT_LEAST: Relation.BELOW,
    Relation.ABOVE: Relation.AT_MOST,
    Relation.AT_MOST: Relation.ABOVE,
}
_TURNED = {
    Relation.BELOW: Relation.ABOVE,
    Relation.ABOVE: Relation.BELOW,
    Relation.AT_LEAST: Relation.AT_MOST,
    Relation.AT_MOST: Relation.AT_LEAST,
}


def _compared(node: Compared, *, holds: bool, wide: bool) -> list[Box]:
    subject, limit, relation = node.left, node.right, node.relation
    if isinstance(subject, Literal):
        subject, limit, relation = limit, subject, _TURNED.get(relation, relation)
    if not isinstance(limit, Literal) or isinstance(subject, Literal):
        return [{}] if wide else []
    if not holds:
        relation = _OPPOSITE[relation]
    match subject.type:
        case ChoiceType(options=options):
            return _chosen(subject, frozenset(options), limit.value, relation)
        case YesNoType():
            return _chosen(subject, frozenset({True, False}), limit.value, relation)
        case NumberType() | TimeType() | DateType() if isinstance(limit.value, Decimal | date):
            spans = (meet(span, possible(subject)) for span in _spans(relation, limit.value))
            return [{subject: span} for span in spans if not is_empty(span)]
        case _:
            return [{}] if wide else []


def _chosen(subject: Node, options: frozenset[Value], value: Value, relation: Relation) -> list[Box]:
    chosen = options & {value} if relation is Relation.EQUAL else options - {value}
    return [{subject: chosen}] if chosen else []


def _spans(relation: Relation, limit: Ordered) -> tuple[Span, ...]:
    match relation:
        case Relation.EQUAL:
            return (Span(low=limit, with_low=True, high=limit, with_high=True),)
        case Relation.UNEQUAL:
            return (Span(high=limit), Span(low=limit))
        case Relation.BELOW | Relation.AT_MOST:
            return (Span(high=limit, with_high=relation is Relation.AT_MOST),)
        case Relation.ABOVE | Relation.AT_LEAST:
            return (Span(low=limit, with_low=relation is Relation.AT_LEAST),)


def possible(subject: Node) -> Domain:
    """Return where a value can lie at all: an input that is not signed is never below zero."""
    if isinstance(subject.type, ChoiceType):
        return frozenset(subject.type.options)
    if isinstance(subject.type, YesNoType):
        return frozenset({True, False})
    if isinstance(subject, Name) and isinstance(subject.type, NumberType) and not subject.type.signed:
        return Span(low=Decimal(0), with_low=not subject.type.positive)
    return Span()


def crossed(one: list[Box], other: list[Box]) -> list[Box]:
    """Return what each box of one list shares with each of the other; raises TooMany."""
    if len(one) * len(other) > MOST_PAIRS:
        raise TooMany
    boxes = [met for left in one for right in other if (met := both(left, right)) is not None]
    if len(boxes) > MOST_BOXES:
        raise TooMany
    return boxes


def both(one: Box, other: Box) -> Box | None:
    """Return what two boxes share; None when that is nothing."""
    shared = dict(one)
    for subject, domain in other.items():
        met = meet(shared[subject], domain) if subject in shared else domain
        if is_empty(met):
            return None
        shared[subject] = met
    return shared


def _cut(box: Box, taken: Box) -> Iterator[Box]:
    """Yield the parts of a box that lie outside another."""
    if not _touch(box, taken):
        yield box
        return
    rest = dict(box)
    for subject, domain in taken.items():
        here = rest.get(subject, possible(subject))
        for outside in _outside(here, domain):
            if not is_empty(outside):
                yield {**rest, subject: outside}
        rest[subject] = meet(here, domain)


def _touch(box: Box, taken: Box) -> bool:
    for subject, domain in taken.items():
        here = box.get(subject)
        if here is not None and is_empty(meet(here, domain)):
            return False
    return True


def _outside(here: Domain, taken: Domain) -> tuple[Domain, ...]:
    if isinstance(here, frozenset) and isinstance(taken, frozenset):
        return (here - taken,)
    if isinstance(taken, frozenset):
        return (here,)
    outside = []
    if taken.low is not None:
        outside.append(meet(here, Span(high=taken.low, with_high=not taken.with_low)))
    if taken.high is not None:
        outside.append(meet(here, Span(low=taken.high, with_low=not taken.with_high)))
    return tuple(outside)


def meet(one: Domain, other: Domain) -> Domain:
    """Return what two domains of one value share."""
    if isinstance(one, frozenset) and isinstance(other, frozenset):
        return one & other
    if isinstance(one, frozenset) or isinstance(other, frozenset):
        raise TypeError("a list and a span cannot stand for the same value")
    low, with_low = _tighter((one.low, one.with_low), (other.low, other.with_low), largest=True)
    high, with_high = _tighter((one.high, one.with_high), (other.high, other.with_high), largest=False)
    return in_days(Span(low=low, with_low=with_low, high=high, with_high=with_high))


def in_days(span: Span) -> Span:
    """Return a span of dates with ends that belong to it, as there is no day between two days; others as they are."""
    low, high = span.low, span.high
    if _is_day(low) and not span.with_low and low < date.max:
        span = replace(span, low=low + _DAY, with_low=True)
    if _is_day(high) and not span.with_high and high > date.min:
        span = replace(span, high=high - _DAY, with_high=True)
    return span


def _is_day(end: Ordered | None) -> TypeGuard[date]:
    return isinstance(end, date) and not isinstance(end, datetime)


def _tighter(one: _End, other: _End, *, largest: bool) -> _End:
    if one[0] is None or other[0] is None:
        return other if one[0] is None else one
    if one[0] == other[0]:
        return one[0], one[1] and other[1]
    first = (one[0] > other[0]) is largest  # type: ignore[operator]  # Both have the type of the compared value.
    return one if first else other


def is_empty(domain: Domain) -> bool:
    """Say whether no value lies in it."""
    return domain.empty if isinstance(domain, Span) else not domain
