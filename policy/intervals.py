"""Where numbers can lie: exact interval arithmetic. What it returns may be too wide, never too narrow."""

from collections.abc import Callable, Iterable
from decimal import Decimal
from fractions import Fraction
from functools import reduce

from cases.money import Rounding
from policy.arithmetic import rounded_units
from policy.expressions import (
    Either,
    Extreme,
    Gathered,
    Literal,
    Name,
    Node,
    OverItems,
    Product,
    Quotient,
    Rounded,
    Sum,
    Whole,
)
from policy.form import Policy
from policy.regions import Box, Ordered, Span, TooMany, crossed, meet, where_node
from policy.units import ListType, NumberType

ANYWHERE = Span()
#: An end of more binary digits is given up: nothing is then known on that side.
_MOST_BITS = 4_000
#: More boxes of one table are not told apart.
_MOST_BOXES = 4
_ZERO = Fraction(0)


class Ranges:
    """Where the numbers of a policy lie for the cases of one box."""

    def __init__(self, policy: Policy, box: Box) -> None:
        self._derived = {each.name: each.expression.node for each in policy.derived}
        lists = policy.types.items()
        self._lists = {name: kind for name, kind in lists if isinstance(kind, ListType)}
        self._box = box
        self._named: dict[str, Span] = {}

    def of(self, node: Node, box: Box | None = None) -> Span:
        """Return where a number lies; anywhere when the node is none.

        box: A smaller one, for the inputs that the node itself names.
        """
        if not isinstance(node.type, NumberType):
            return ANYWHERE
        return _met(self._worked_out(node, self._box if box is None else box), by_type(node))

    def _worked_out(self, node: Node, box: Box) -> Span:  # noqa: C901, PLR0911  # One line for each kind of node.
        match node:
            case Literal(value=Decimal() | Fraction() as value):
                return point(Fraction(value))
            case Name(name=name):
                domain = box.get(node)
                return _met(self._name(name), domain if isinstance(domain, Span) else ANYWHERE)
            case Sum(terms=terms):
                return reduce(plus, (_signed(sign, self.of(term, box)) for sign, term in terms))
            case Product(factors=factors):
                return reduce(times, (self.of(factor, box) for factor in factors))
            case Quotient(dividend=dividend, divisor=divisor):
                return times(self.of(dividend, box), over(self.of(divisor, box)))
            case Extreme(largest=largest, parts=parts):
                return extreme([self.of(part, box) for part in parts], largest=largest)
            case Whole(up=up, part=part):
                return whole(self.of(part, box), up=up)
            case Rounded(decimals=decimals, rounding=rounding, part=part):
                return _rounded(self.of(part, box), decimals, rounding)
            case Either():
                return hull(self._rows(node, box))
            case OverItems():
                return self._over_items(node, box)
            case _:
                return ANYWHERE

    def _over_items(self, node: OverItems, box: Box) -> Span:
        """Return where what is made of a list lies: it has from no item to as many as it may have."""
        listed = self._lists[node.items]
        least = listed.least if node.when is None else 0
        count = Span(low=Fraction(least), with_low=True, high=Fraction(listed.most), with_high=True)
        if node.value is None:
            return count
        value = self.of(node.value, box)
        return times(count, value) if node.what is Gathered.TOTAL else value

    def _name(self, name: str) -> Span:
        if name not in self._derived:
            return ANYWHERE
        if name not in self._named:
            self._named[name] = self.of(self._derived[name])
        return self._named[name]

    def _rows(self, node: Either, box: Box) -> Iterable[Span]:
        """Yield where the value of each row lies that can fit at all, for the cases that fit it."""
        rest = [box]
        for test, value in node.rows:
            yield from (self.of(value, inner) for inner in _fitting(test, rest, holds=True))
            rest = _fitting(test, rest, holds=False)
        yield from (self.of(node.otherwise, inner) for inner in rest)


def _fitting(test: Node, boxes: list[Box], *, holds: bool) -> list[Box]:
    """Return the boxes in which a test may hold, or not hold; the boxes themselves where they fall into too many."""
    try:
        fitting = crossed(boxes, where_node(test, holds=holds, wide=True))
    except TooMany:
        return boxes
    return fitting if len(fitting) <= _MOST_BOXES else boxes


def by_type(node: Node) -> Span:
    """Return where a number lies by its type alone."""
    kind = node.type
    if isinstance(kind, NumberType) and not kind.signed:
        return Span(low=_ZERO, with_low=not kind.positive)
    return ANYWHERE


def point(value: Fraction) -> Span:
    """Return the span of one value."""
    return Span(low=value, with_low=True, high=value, with_high=True)


def hull(spans: Iterable[Span]) -> Span:
    """Return the smallest span that holds all; anywhere for none."""
    every = list(spans)
    if not every:
        return ANYWHERE
    low, with_low = _outermost([(each.low, each.with_low) for each in every], largest=False)
    high, with_high = _outermost([(each.high, each.with_high) for each in every], largest=True)
    return Span(low=low, with_low=with_low, high=high, with_high=with_high)


def extreme(spans: list[Span], *, largest: bool) -> Span:
    """Return where the largest or smallest of several numbers lies."""
    lows, highs = [(each.low, each.with_low) for each in spans], [(each.high, each.with_high) for each in spans]
    if largest:
        (low, with_low), (high, with_high) = _innermost(lows, largest=True), _outermost(highs, largest=True)
    else:
        (low, with_low), (high, with_high) = _outermost(lows, largest=False), _innermost(highs, largest=False)
    return Span(low=low, with_low=with_low, high=high, with_high=with_high)


def plus(one: Span, other: Span) -> Span:
    """Return where a sum lies."""
    return Span(
        low=_short(None if one.low is None or other.low is None else _number(one.low) + _number(other.low)),
        with_low=one.with_low and other.with_low,
        high=_short(None if one.high is None or other.high is None else _number(one.high) + _number(other.high)),
        with_high=one.with_high and other.with_high,
    )


def minus(one: Span) -> Span:
    """Return where a number with its sign turned lies."""
    return Span(
        low=None if one.high is None else -_number(one.high),
        with_low=one.with_high,
        high=None if one.low is None else -_number(one.low),
        with_high=one.with_low,
    )


def over(one: Span) -> Span:
    """Return where 1 divided by a number that is always above zero lies."""
    return Span(
        low=_ZERO if one.high is None else _short(1 / _number(one.high)),
        with_low=one.high is not None and one.with_high,
        high=None if one.low is None or _number(one.low) <= 0 else _short(1 / _number(one.low)),
        with_high=one.with_low,
    )


def times(one: Span, other: Span) -> Span:
    """Return where a product lies."""
    ends = [
        _multiplied(left, right)
        for left in ((one.low, one.with_low, -1), (one.high, one.with_high, 1))
        for right in ((other.low, other.with_low, -1), (other.high, other.with_high, 1))
    ]
    low, with_low = _outermost([(end, belongs) for end, belongs, sign in ends if sign <= 0], largest=False)
    high, with_high = _outermost([(end, belongs) for end, belongs, sign in ends if sign >= 0], largest=True)
    return Span(low=_short(low), with_low=with_low, high=_short(high), with_high=with_high)


def whole(one: Span, *, up: bool) -> Span:
    """Return where the whole number at or below a number lies; at or above it when `up`."""
    if up:
        return minus(whole(minus(one), up=False))
    low = None if one.low is None else Fraction(_number(one.low).__floor__())
    high = None if one.high is None else _number(one.high)
    if high is not None:
        high = high - 1 if high.denominator == 1 and not one.with_high else Fraction(high.__floor__())
    return Span(low=low, with_low=True, high=high, with_high=True)


def _rounded(one: Span, decimals: int, rounding: Rounding) -> Span:
    """Return where a rounded number lies; rounding never turns an order round."""
    ends = [None if end is None else _number(end) for end in (one.low, one.high)]
    sizes = [None if end is None else rounded_units(abs(end) * 10**decimals, rounding) for end in ends]
    low, high = (
        None if end is None or size is None else Fraction(size if end >= 0 else -size, 10**decimals)
        for end, size in zip(ends, sizes, strict=True)
    )
    return Span(low=low, with_low=True, high=high, with_high=True)


_End = tuple[Ordered | None, bool]
#: The end of a product, whether it belongs to it, and, for one that is endless (None), on which side: -1, 1; else 0.
_Product = tuple[Fraction | None, bool, int]


def _multiplied(left: tuple[Ordered | None, bool, int], right: tuple[Ordered | None, bool, int]) -> _Product:
    """Return the product of two ends; the side of an endless one comes from the sign of the other."""
    (one, with_one, one_side), (other, with_other, other_side) = left, right
    if one is not None and other is not None:
        result = _number(one) * _number(other)
        return result, (with_one and with_other) or result == 0, 0
    known = one if one is not None else other
    if known is not None and _number(known) == 0:
        return _ZERO, True, 0
    one_sign = one_side if one is None else _sign(_number(one))
    other_sign = other_side if other is None else _sign(_number(other))
    return None, False, one_sign * other_sign


def _sign(number: Fraction) -> int:
    return (number > 0) - (number < 0)


def _outermost(ends: list[_End], *, largest: bool) -> _End:
    """Return the end that reaches furthest; None, endless, wins."""
    if not ends or any(end is None for end, _ in ends):
        return None, False
    pick: Callable[[Iterable[Fraction]], Fraction] = max if largest else min
    furthest = pick(_number(end) for end, _ in ends if end is not None)
    return furthest, any(belongs for end, belongs in ends if end == furthest)


def _innermost(ends: list[_End], *, largest: bool) -> _End:
    known = [(_number(end), belongs) for end, belongs in ends if end is not None]
    if not known:
        return None, False
    pick: Callable[[Iterable[Fraction]], Fraction] = max if largest else min
    nearest = pick(end for end, _ in known)
    return nearest, all(belongs for end, belongs in known if end == nearest)


def _signed(sign: int, span: Span) -> Span:
    return span if sign > 0 else minus(span)


def _met(one: Span, other: Span) -> Span:
    met = meet(one, other)
    if not isinstance(met, Span):
        raise TypeError("two spans meet in a span")
    return met


def _number(end: Ordered) -> Fraction:
    if not isinstance(end, Decimal | Fraction):
        raise TypeError(f"{end!r} is no number, though its type was checked")
    return Fraction(end)


def _short(end: Ordered | None) -> Fraction | None:
    if end is None:
        return None
    number = _number(end)
    bits = number.numerator.bit_length() + number.denominator.bit_length()
    return number if bits <= _MOST_BITS else None
