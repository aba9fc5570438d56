"""Nodes of arithmetic, each with what is known of its result: never below zero, always above it, kept as a ratio."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from cases.money import Rounding
from policy.arithmetic import shares_exactly
from policy.expressions import (
    Compared,
    Either,
    Extreme,
    Literal,
    Name,
    Node,
    Product,
    Quotient,
    Relation,
    Rounded,
    Sum,
    Whole,
)
from policy.units import BARE, OWN_MONEY, NumberType, Type, Unit, UnitsMixed, described, joined


def number(value: Decimal, unit: Unit = BARE) -> Literal:
    """Return a number that stands in the text; it is never below zero."""
    return Literal(value=value, type=NumberType(unit=unit, signed=value < 0, positive=value > 0))


def is_below_zero(node: Node) -> bool:
    """Say whether a node is a number with a minus before it: "-1 hours"."""
    return isinstance(node, Sum) and len(node.terms) == 1 and node.terms[0][0] < 0


def paid_in(node: Node, test: Node | None, asset_input: str | None) -> Node:
    """Return an amount as the policy's own money where the test says that the asset given is the amount's own.

    asset_input: The input that names the asset; None where the policy does.
    """
    match test:
        case Compared(relation=Relation.EQUAL, left=Name(name=name), right=Literal(value=asset)):
            if name == asset_input and isinstance(node.type, NumberType) and node.type.unit == Unit(top=str(asset)):
                return replace(node, type=replace(node.type, unit=Unit(top=OWN_MONEY)))
    return node


def numeric(node: Node) -> NumberType:
    """Return the type of a node that is a number; raises TypeError for one that is none."""
    if not isinstance(node.type, NumberType):
        raise TypeError(f"{node!r} is no number, though its type was checked")
    return node.type


def summed(terms: Sequence[tuple[int, Node]], unit: Unit) -> Sum:
    """Return terms added, or taken away where the sign is -1."""
    kinds = [numeric(term) for _, term in terms]
    signed = any(kind.signed for kind in kinds) or any(sign < 0 for sign, _ in terms)
    kind = NumberType(
        unit=unit,
        signed=signed,
        positive=not signed and any(each.positive for each in kinds),
        ratio=any(each.ratio for each in kinds),
    )
    return Sum(terms=tuple(terms), type=kind)


def product(factors: Sequence[Node], unit: Unit) -> Product:
    """Return factors multiplied."""
    kinds = [numeric(factor) for factor in factors]
    kind = NumberType(
        unit=unit,
        signed=any(each.signed for each in kinds),
        positive=all(each.positive for each in kinds),
        ratio=any(each.ratio for each in kinds),
    )
    return Product(factors=tuple(factors), type=kind)


def quotient(dividend: Node, divisor: Node, unit: Unit) -> Quotient:
    """Return one number divided by another that is always above zero."""
    above = numeric(dividend)
    exact = isinstance(divisor, Literal) and isinstance(divisor.value, Decimal) and shares_exactly(divisor.value)
    kind = NumberType(unit=unit, signed=above.signed, positive=above.positive, ratio=above.ratio or not exact)
    return Quotient(dividend=dividend, divisor=divisor, type=kind)


def extreme(parts: Sequence[Node], unit: Unit, *, largest: bool) -> Extreme:
    """Return the largest or smallest of several numbers."""
    kinds = [numeric(part) for part in parts]
    lift, each_is = (any, all) if largest else (all, any)
    kind = NumberType(
        unit=unit,
        signed=each_is(each.signed for each in kinds),
        positive=lift(each.positive for each in kinds),
        ratio=any(each.ratio for each in kinds),
    )
    return Extreme(largest=largest, parts=tuple(parts), type=kind)


def either(rows: Sequence[tuple[Node, Node]], otherwise: Node, kind: Type) -> Either:
    """Return the value of the first row whose test holds; `kind` is the type of all values, up to signs and ratios."""
    if isinstance(kind, NumberType):
        kinds = [numeric(value) for value in (*(value for _, value in rows), otherwise)]
        kind = NumberType(
            unit=kind.unit,
            signed=any(each.signed for each in kinds),
            positive=all(each.positive for each in kinds),
            ratio=any(each.ratio for each in kinds),
        )
    return Either(rows=tuple(rows), otherwise=otherwise, type=kind)


def same(one: Type, other: Type) -> Type:
    """Return the type of a choice between two values, up to signs and ratios; raises UnitsMixed."""
    if isinstance(one, NumberType) and isinstance(other, NumberType):
        return NumberType(unit=joined(one.unit, other.unit, doing="choose between"))
    if one != other:
        raise UnitsMixed(f"cannot choose between {described(one)} and {described(other)}")
    return one


def whole(part: Node, *, up: bool) -> Whole:
    """Return the whole number at or below another; at or above it when `up`."""
    kind = numeric(part)
    return Whole(
        up=up,
        part=part,
        type=NumberType(unit=kind.unit, signed=kind.signed, whole=True, positive=up and kind.positive),
    )


def rounded(part: Node, decimals: int, rounding: Rounding) -> Rounded:
    """Return a number rounded to so many decimals."""
    kind = numeric(part)
    return Rounded(
        decimals=decimals,
        rounding=rounding,
        part=part,
        type=NumberType(unit=kind.unit, signed=kind.signed, whole=decimals == 0),
    )


def tiers(subject: Node, rows: Sequence[tuple[Node, Node]], last: Node, unit: Unit) -> Node:
    """Return each slice of a number multiplied by the factor of its tier, added up.

    rows: The upper end of each tier, rising, and its factor; `last` is the factor beyond them.
    unit: What the whole comes to.
    """
    kind = numeric(subject)
    terms: list[tuple[int, Node]] = []
    below: Node = number(Decimal(0), kind.unit)
    for top, factor in rows:
        capped = extreme((subject, top), kind.unit, largest=False)
        terms.append((1, product((_slice(capped, below, kind.unit), factor), unit)))
        below = top
    terms.append((1, product((_slice(subject, below, kind.unit), last), unit)))
    return summed(terms, unit)


def _slice(subject: Node, below: Node, unit: Unit) -> Node:
    zero = number(Decimal(0), Unit(zero=True))
    return extreme((summed(((1, subject), (-1, below)), unit), zero), unit, largest=True)
