"""Exact arithmetic on both kinds of numbers: decimals, and ratios where a division has no end."""

from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal
from fractions import Fraction
from functools import reduce

from cases.money import EXACT, Money, Rounding, asset

#: A decimal of at most 60 digits, or a ratio of whole numbers. They compare exactly with each other.
Number = Decimal | Fraction
#: The most binary digits of the two numbers of a ratio together; more is refused, as a 61st digit is.
MOST_BITS = 2_000
_WHOLE = Context(prec=120)


class TooManyDigits(ArithmeticError):
    """Raised when a result has more digits than can be held exactly; nothing may be proposed from it."""


def ratio(number: Number) -> Fraction:
    """Return a number as a ratio, exact."""
    return number if isinstance(number, Fraction) else Fraction(number)


def kept(number: Fraction) -> Fraction:
    """Return a ratio that is not too long; raises TooManyDigits."""
    if number.numerator.bit_length() + number.denominator.bit_length() > MOST_BITS:
        raise TooManyDigits("a result has too many digits: it cannot be worked out exactly")
    return number


def added(numbers: list[Number]) -> Number:
    """Return the sum; a ratio when one of them is."""
    return reduce(_plus, numbers[1:], numbers[0])


def multiplied(numbers: list[Number]) -> Number:
    """Return the product; a ratio when one of them is."""
    return reduce(_times, numbers[1:], numbers[0])


def divided(dividend: Number, divisor: Number) -> Fraction:
    """Return the ratio of two numbers; the divisor is never 0, its type says so."""
    return kept(ratio(dividend) / ratio(divisor))


def whole(number: Number, *, up: bool) -> Decimal:
    """Return the whole number at or below this one; at or above it when `up`."""
    if isinstance(number, Fraction):
        return Decimal(number.__ceil__() if up else number.__floor__())
    return number.to_integral_value(ROUND_CEILING if up else ROUND_FLOOR, _WHOLE)


def rounded_to(number: Number, decimals: int, rounding: Rounding) -> Decimal:
    """Return a number rounded to so many decimals; below zero its size is. Raises TooManyDigits."""
    units = rounded_units(abs(ratio(number)) * 10**decimals, rounding)
    if units >= 10**EXACT.prec:
        raise TooManyDigits(f"a rounded step has more than {EXACT.prec} digits")
    return Decimal(f"{'-' if units and number < 0 else ''}{units}E-{decimals}")


def rounded(amount: Number, code: str, rounding: Rounding) -> Money:
    """Return an amount that is not below zero in whole minor units, rounded once as told; raises TooManyDigits."""
    if isinstance(amount, Decimal):
        return Money.rounded(amount, code, rounding)
    minor = rounded_units(amount * 10 ** asset(code).decimals, rounding)
    if minor >= 10**EXACT.prec:
        raise TooManyDigits(f"an amount has more than {EXACT.prec} digits: it cannot be paid")
    return Money(minor=minor, code=code)


def rounded_units(units: Fraction, rounding: Rounding) -> int:
    """Return whole units of a number that is not below zero."""
    down, rest = divmod(units.numerator, units.denominator)
    twice = 2 * rest - units.denominator
    match rounding:
        case Rounding.DOWN:
            return down
        case Rounding.UP:
            return down + (rest > 0)
        case Rounding.HALF_UP:
            return down + (twice >= 0)
        case Rounding.HALF_EVEN:
            return down + (twice > 0 or (twice == 0 and down % 2 == 1))


def _plus(one: Number, other: Number) -> Number:
    if isinstance(one, Decimal) and isinstance(other, Decimal):
        return one + other
    return kept(ratio(one) + ratio(other))


def _times(one: Number, other: Number) -> Number:
    if isinstance(one, Decimal) and isinstance(other, Decimal):
        return one * other
    return kept(ratio(one) * ratio(other))


def shares_exactly(divisor: Decimal) -> bool:
    """Say whether every number divided by this one has an end: 8 and 12.5 do, 3 does not."""
    rest = divisor.as_integer_ratio()[0]
    for prime in (2, 5):
        while rest > 0 and rest % prime == 0:
            rest //= prime
    return rest == 1
