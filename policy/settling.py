"""The last steps to an amount, the same on every path: never a debit, never above a limit, rounded once."""

import decimal
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Context, Decimal
from math import ceil

from cases.money import EXACT, WHOLE, Money, Rounding, asset
from policy.arithmetic import Number, TooManyDigits, added, rounded
from policy.making import maker

__all__ = ["BEYOND", "TooManyDigits", "exactly", "in_units", "looked_up", "made_money", "room", "settled"]

#: Looked up in the matrix when amounts of another asset count too: more than any row names.
BEYOND = Decimal(10) ** 40
_ZERO = Decimal(0)
TOO_MANY_DIGITS = "a result has more than 60 digits: it cannot be worked out exactly"
made_money = maker(Money)
#: What the exact context raises where digits would be lost, and what is then said.
NOT_HELD = (decimal.Inexact, decimal.Overflow, decimal.InvalidOperation)


class exactly:  # noqa: N801  # It reads as an adverb: "with exactly():".
    """Work under the exact context; a result that it cannot hold raises TooManyDigits."""

    __slots__ = ("_before",)
    _before: Context

    def __enter__(self) -> None:
        self._before = decimal.getcontext()
        decimal.setcontext(EXACT)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> None:
        decimal.setcontext(self._before)
        if kind is not None and issubclass(kind, NOT_HELD):
            raise TooManyDigits(TOO_MANY_DIGITS) from error


def room(at_most: Number, used: Number | None) -> Number:
    """Return what is left of a limit, never below zero; used None = a limit per case."""
    left = at_most if used is None else added([at_most, -used])
    return max(left, _ZERO)


def settled(exact: Number, left: Number | None, code: str, rounding: Rounding) -> Money:
    """Return what is paid: `exact`, cut to what is left, not below zero, rounded once.

    Rounding never lifts an amount over its limit: with 0.0000004 USDT left, half_up and up still pay nothing.
    """
    amount = max(_ZERO, exact) if left is None else min(max(_ZERO, exact), left)
    paid = rounded(amount, code, rounding)
    return rounded(amount, code, Rounding.DOWN) if left is not None and paid.amount > left else paid


def in_units(code: str, rounding: Rounding) -> Callable[[Decimal], int]:
    """Return what rounds a decimal to whole minor units; 0 or below for one that is below zero.

    The same as `settled` does: the least of the rounded amount and of what the limits leave, rounded down, is what is
    paid of the least of them.
    """
    unit, twice = (Decimal((0, (digit,), asset(code).decimals)) for digit in (1, 2))

    def half_up(exact: Decimal) -> int:
        try:
            return int(exact * twice) + 1 >> 1
        except decimal.Inexact:  # Twice as much has a digit more than can be held.
            return int((exact * unit).to_integral_value(ROUND_HALF_UP, WHOLE))

    ways: dict[Rounding, Callable[[Decimal], int]] = {
        Rounding.HALF_UP: half_up,
        Rounding.HALF_EVEN: lambda exact: round(exact * unit),
        Rounding.DOWN: lambda exact: int(exact * unit),
        Rounding.UP: lambda exact: ceil(exact * unit),
    }
    return ways[rounding]


def looked_up(amount: Money | None, counted_before: tuple[Money, ...]) -> Decimal:
    """Return the amount that the matrix is looked up with: this one and the earlier ones of the same loss and customer.

    0 where nothing would be paid. An earlier amount in another asset cannot be added: the look-up then goes beyond
    every row, so that splitting over assets never needs fewer people.
    """
    if amount is None or amount.minor == 0:
        return _ZERO
    if not counted_before:
        return amount.amount
    earlier = [each for each in counted_before if each.minor > 0]
    if any(each.code != amount.code for each in earlier):
        return BEYOND
    return sum((each.amount for each in earlier), start=amount.amount)
