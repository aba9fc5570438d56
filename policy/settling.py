"""The last steps to an amount, the same on every path: never a debit, never above a limit, rounded once."""

import decimal
from collections.abc import Callable
from decimal import ROUND_DOWN, Context, Decimal
from functools import cache

from cases.money import DECIMAL_ROUNDING, EXACT, WHOLE, Money, Rounding, asset
from policy.arithmetic import Number, TooManyDigits, added, rounded
from policy.making import maker

__all__ = ["BEYOND", "TooManyDigits", "exactly", "looked_up", "room", "settled", "settler"]

#: Looked up in the matrix when amounts of another asset count too: more than any row names.
BEYOND = Decimal(10) ** 40
_ZERO = Decimal(0)
TOO_MANY_DIGITS = "a result has more than 60 digits: it cannot be worked out exactly"
_money = maker(Money)
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
    return settler(code, rounding)(exact, left)


@cache
def settler(code: str, rounding: Rounding) -> Callable[[Number, Number | None], Money]:
    """Return `settled` for one asset and one way of rounding."""
    decimals, how = asset(code).decimals, DECIMAL_ROUNDING[rounding]

    def settle(exact: Number, left: Number | None) -> Money:
        amount = max(_ZERO, exact)
        most = amount if left is None else left
        amount = min(amount, most)
        if not isinstance(amount, Decimal) or not isinstance(most, Decimal):
            return _settled_ratio(amount, left, code, rounding)
        units = amount.scaleb(decimals)
        whole = units.to_integral_value(how, WHOLE)
        if left is not None and whole > units and whole > most.scaleb(decimals):
            whole = units.to_integral_value(ROUND_DOWN, WHOLE)
        return _money(int(whole), code)

    return settle


def _settled_ratio(amount: Number, left: Number | None, code: str, rounding: Rounding) -> Money:
    paid = rounded(amount, code, rounding)
    return rounded(amount, code, Rounding.DOWN) if left is not None and paid.amount > left else paid


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
