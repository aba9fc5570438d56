"""Numbers of many cases, exact: columns of whole numbers over a denominator, each result bounded before it is made.

Polars wraps whole numbers around silently. So every column carries the smallest and largest value it can hold, and what
128 bits might not hold is refused before it is worked out.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from math import gcd, lcm

import polars as pl

from cases.money import Rounding
from policy.expressions import Relation

MOST = 2**127 - 1
_MOST_IN_64_BITS = 2**63 - 1
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class OutOfBounds(ArithmeticError):
    """Raised when 128 bits might not hold a result of some case; the message says which and how large it may be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole:
    """A column of whole numbers.

    Fields:
        expr: Of 64 bits when the bounds allow it, else of 128.
        low: No value is below it.
        high: No value is above it.
    """

    expr: pl.Expr
    low: int
    high: int

    @property
    def constant(self) -> int | None:
        """The value that every case has; None when they may differ."""
        return self.low if self.low == self.high else None

    @property
    def dtype(self) -> pl.Int64 | pl.Int128:
        """What holds it."""
        return _dtype(self.low, self.high)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scaled:
    """A column of numbers: `top` divided by `bottom`, and by `under` where a division has no end.

    Fields:
        bottom: Above zero, one for all cases.
        under: Above zero; None stands for 1.
    """

    top: Whole
    bottom: int = 1
    under: Whole | None = None

    @property
    def constant(self) -> Fraction | None:
        """The value that every case has; None when they may differ."""
        if self.top.constant is None or self.under is not None:
            return None
        return Fraction(self.top.constant, self.bottom)


def constant(value: Fraction | int) -> Scaled:
    """Return one number for all cases; raises OutOfBounds."""
    exact = Fraction(value)
    return Scaled(top=_literal(exact.numerator), bottom=exact.denominator)


def moment(at: datetime) -> Scaled:
    """Return a moment for all cases: microseconds since 1970."""
    return constant((at - _EPOCH) // timedelta(microseconds=1))


def whole(expr: pl.Expr, low: int, high: int) -> Whole:
    """Return a column with its bounds; `expr` may be of any width that holds them. Raises OutOfBounds."""
    _within(low, high)
    return Whole(expr=expr.cast(_dtype(low, high)), low=low, high=high)


def negated(number: Scaled) -> Scaled:
    """Return a number with its sign turned."""
    return replace(number, top=_times(number.top, _literal(-1)))


def added(numbers: Sequence[Scaled]) -> Scaled:
    """Return the sum; raises OutOfBounds."""
    tops, bottom, under = _over_one(numbers)
    low, high = sum(each.low for each in tops), sum(each.high for each in tops)
    if low == high:
        return _reduced(_literal(low), bottom, under)
    _within(low, high)
    wide = _widest([*tops], low, high)
    total = tops[0].expr.cast(wide)
    for each in tops[1:]:
        if each.constant != 0:
            total = total + each.expr.cast(wide)
    return Scaled(top=whole(total, low, high), bottom=bottom, under=under)


def multiplied(one: Scaled, other: Scaled) -> Scaled:
    """Return the product; raises OutOfBounds."""
    bottom = one.bottom * other.bottom
    one_top, other_top = one.top, other.top
    for top, rest in ((one_top, other_top), (other_top, one_top)):
        if top.constant:
            shared = gcd(top.constant, bottom)
            return _reduced(_times(_literal(top.constant // shared), rest), bottom // shared, _both(one, other))
    return Scaled(top=_times(one_top, other_top), bottom=bottom, under=_both(one, other))


def divided(dividend: Scaled, divisor: Scaled) -> Scaled:
    """Return the quotient by a number that is above zero wherever it is asked for; raises OutOfBounds."""
    turned = constant(divisor.bottom)
    if divisor.under is not None:
        turned = multiplied(turned, Scaled(top=divisor.under))
    if divisor.top.constant is not None:
        bottom = max(divisor.top.constant, 1)
        return multiplied(dividend, replace(turned, bottom=bottom))
    top = divisor.top
    above_zero = pl.when(top.expr < 1).then(_literal(1).expr).otherwise(top.expr)  # Not known stays so.
    under = whole(above_zero, max(top.low, 1), max(top.high, 1))
    return multiplied(dividend, replace(turned, under=under))


def extreme(numbers: Sequence[Scaled], *, largest: bool) -> Scaled:
    """Return the largest or smallest number; raises OutOfBounds."""
    tops, bottom, under = _over_one(numbers)
    pick = max if largest else min
    found = tops[0]
    for each in tops[1:]:
        low, high = pick(found.low, each.low), pick(found.high, each.high)
        if _beats(found, each, largest=largest):
            continue
        if _beats(each, found, largest=largest):
            found = each
            continue
        wide = _widest([found, each], low, high)
        one, other = found.expr.cast(wide), each.expr.cast(wide)
        first = one >= other if largest else one <= other
        found = whole(pl.when(first).then(one).otherwise(other), low, high)
    return _reduced(found, bottom, under)


def chosen(rows: Sequence[tuple[pl.Expr, Scaled]], otherwise: Scaled) -> Scaled:
    """Return the number of the first row whose test holds; raises OutOfBounds."""
    numbers = [*(number for _, number in rows), otherwise]
    bottom = lcm(*(each.bottom for each in numbers))
    tops = [_times(each.top, _literal(bottom // each.bottom)) for each in numbers]
    tests = [test for test, _ in rows]
    under = None
    if any(each.under for each in numbers):
        under = _picked(tests, [each.under or _literal(1) for each in numbers])
    return Scaled(top=_picked(tests, tops), bottom=bottom, under=under)


def compared(relation: Relation, left: Scaled, right: Scaled) -> pl.Expr:
    """Return whether two numbers stand in a relation, exactly; raises OutOfBounds."""
    if right.constant is not None and left.under is None:
        return _beside_constant(relation, left, right.constant)
    (one, other), _, _ = _over_one((left, right))
    wide = _widest([one, other], 0, 0)
    return _RELATIONS[relation](one.expr.cast(wide), other.expr.cast(wide))


def floored(number: Scaled, *, up: bool = False) -> Scaled:
    """Return the whole number at or below each; at or above it when `up`. Raises OutOfBounds."""
    if up:
        return negated(floored(negated(number)))
    return Scaled(top=_floor(number.top, number.bottom, number.under))


def units(number: Scaled, decimals: int, rounding: Rounding) -> Whole:
    """Return numbers that are not below zero in whole units of so many decimals, rounded once; raises OutOfBounds."""
    raised = multiplied(number, constant(10**decimals))
    if raised.bottom == 1 and raised.under is None:
        return raised.top
    match rounding:
        case Rounding.DOWN:
            return floored(raised).top
        case Rounding.UP:
            return floored(raised, up=True).top
        case Rounding.HALF_UP:
            return floored(added((raised, constant(Fraction(1, 2))))).top
        case Rounding.HALF_EVEN:
            return _half_even(raised)


def pick(rows: Sequence[tuple[pl.Expr, Whole]], otherwise: Whole) -> Whole:
    """Return the whole number of the first row whose test holds."""
    return _picked([test for test, _ in rows], [*(number for _, number in rows), otherwise])


def smaller(one: Whole, other: Whole) -> Whole:
    """Return the smaller of two whole numbers."""
    return extreme((Scaled(top=one), Scaled(top=other)), largest=False).top


def _half_even(number: Scaled) -> Whole:
    """Round half up, then step back to the even neighbour where it was exactly half."""
    up = floored(added((number, constant(Fraction(1, 2))))).top
    halves = added((number, constant(Fraction(1, 2)), negated(Scaled(top=up))))
    back = compared(Relation.EQUAL, halves, constant(0)) & (up.expr % 2 != 0)
    return whole(up.expr - back.cast(up.dtype), up.low - 1, up.high)


def _beside_constant(relation: Relation, left: Scaled, limit: Fraction) -> pl.Expr:
    """Compare whole numbers with the whole number that says the same; nothing is multiplied."""
    edge = limit * left.bottom
    down = edge.__floor__()
    if down != edge:
        match relation:
            case Relation.EQUAL | Relation.UNEQUAL:
                return pl.lit(relation is Relation.UNEQUAL)
            case Relation.BELOW | Relation.AT_MOST:
                relation = Relation.AT_MOST
            case _:
                relation = Relation.ABOVE
    if down > left.top.high or down < left.top.low:
        above = down > left.top.high
        holds = relation is Relation.UNEQUAL or (above == (relation in {Relation.BELOW, Relation.AT_MOST}))
        return pl.lit(holds and relation is not Relation.EQUAL)
    return _RELATIONS[relation](left.top.expr, _literal(down).expr.cast(left.top.dtype))


_RELATIONS = {
    Relation.EQUAL: pl.Expr.eq,
    Relation.UNEQUAL: pl.Expr.ne,
    Relation.BELOW: pl.Expr.lt,
    Relation.AT_MOST: pl.Expr.le,
    Relation.ABOVE: pl.Expr.gt,
    Relation.AT_LEAST: pl.Expr.ge,
}


def _over_one(numbers: Sequence[Scaled]) -> tuple[list[Whole], int, Whole | None]:
    """Return the numerators over one denominator: the least common of the fixed ones, times every column's."""
    bottom = lcm(*(each.bottom for each in numbers))
    tops = [_times(each.top, _literal(bottom // each.bottom)) for each in numbers]
    unders: list[Whole] = []
    for each in numbers:
        if each.under is not None and not any(each.under is other for other in unders):
            unders.append(each.under)
    for under in unders:
        tops = [top if each.under is under else _times(top, under) for each, top in zip(numbers, tops, strict=True)]
    return tops, bottom, _product(unders)


def _both(one: Scaled, other: Scaled) -> Whole | None:
    return _product([each.under for each in (one, other) if each.under is not None])


def _product(unders: Sequence[Whole]) -> Whole | None:
    if not unders:
        return None
    found = unders[0]
    for each in unders[1:]:
        found = _times(found, each)
    return found


def _times(one: Whole, other: Whole) -> Whole:
    for number, rest in ((one, other), (other, one)):
        if number.constant == 1:
            return rest
        if number.constant == 0:
            return number
    corners = [left * right for left in (one.low, one.high) for right in (other.low, other.high)]
    low, high = min(corners), max(corners)
    _within(low, high)
    if low == high:
        return _literal(low)
    wide = _widest([one, other], low, high)
    return whole(one.expr.cast(wide) * other.expr.cast(wide), low, high)


def _floor(top: Whole, bottom: int, under: Whole | None) -> Whole:
    if under is None and bottom == 1:
        return top
    divisor = _literal(bottom) if under is None else _times(under, _literal(bottom))
    corners = [number // by for number in (top.low, top.high) for by in (divisor.low, divisor.high)]
    low, high = min(corners), max(corners)
    if low == high:
        return _literal(low)
    wide = _widest([top, divisor], low, high)
    return whole(top.expr.cast(wide) // divisor.expr.cast(wide), low, high)


def _reduced(top: Whole, bottom: int, under: Whole | None) -> Scaled:
    """Return a number with the smallest denominator, where the numerator is one for all cases."""
    if top.constant is None:
        return Scaled(top=top, bottom=bottom, under=under)
    exact = Fraction(top.constant, bottom)
    if not exact:
        return constant(0)
    return Scaled(top=_literal(exact.numerator), bottom=exact.denominator, under=under)


def _picked(tests: Sequence[pl.Expr], numbers: Sequence[Whole]) -> Whole:
    low, high = min(each.low for each in numbers), max(each.high for each in numbers)
    if low == high:
        return _literal(low)
    wide = _dtype(low, high)
    found = numbers[-1].expr.cast(wide)
    for test, number in zip(reversed(tests), reversed(numbers[:-1]), strict=True):
        found = pl.when(test).then(number.expr.cast(wide)).otherwise(found)
    return Whole(expr=found, low=low, high=high)


def _beats(one: Whole, other: Whole, *, largest: bool) -> bool:
    """Whether one number is picked whatever the case."""
    return one.low >= other.high if largest else one.high <= other.low


def _literal(value: int) -> Whole:
    _within(value, value)
    return Whole(expr=pl.lit(value, dtype=_dtype(value, value)), low=value, high=value)


def _widest(numbers: Sequence[Whole], low: int, high: int) -> pl.Int64 | pl.Int128:
    return _dtype(min(low, *(each.low for each in numbers)), max(high, *(each.high for each in numbers)))


def _dtype(low: int, high: int) -> pl.Int64 | pl.Int128:
    return pl.Int64() if low >= -_MOST_IN_64_BITS and high <= _MOST_IN_64_BITS else pl.Int128()


def _within(low: int, high: int) -> None:
    if low < -MOST or high > MOST:
        largest = max(abs(low), abs(high))
        raise OutOfBounds(f"may reach {largest:.1e} units, 128 bits hold {MOST:.1e}")
