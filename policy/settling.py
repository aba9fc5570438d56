"""The last steps to an amount, the same on every path: never a debit, never above a limit, rounded once."""

import decimal
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal

from cases.money import EXACT, Money, Rounding
from policy.arithmetic import Number, TooManyDigits, added, rounded

__all__ = ["BEYOND", "TooManyDigits", "exactly", "room", "settled"]

#: Looked up in the matrix when amounts of another asset count too: more than any row names.
BEYOND = Decimal(10) ** 40


@contextmanager
def exactly() -> Iterator[None]:
    """Work under the exact context; a result that it cannot hold raises TooManyDigits."""
    try:
        with decimal.localcontext(EXACT):
            yield
    except (decimal.Inexact, decimal.Overflow, decimal.InvalidOperation) as error:
        raise TooManyDigits("a result has more than 60 digits: it cannot be worked out exactly") from error


def room(at_most: Number, used: Number | None) -> Number:
    """Return what is left of a limit, never below zero; used None = a limit per case."""
    left = at_most if used is None else added([at_most, -used])
    return max(left, Decimal(0))


def settled(exact: Number, left: Number | None, code: str, rounding: Rounding) -> Money:
    """Return what is paid: `exact`, cut to what is left, not below zero, rounded once.

    Rounding never lifts an amount over its limit: with 0.0000004 USDT left, half_up and up still pay nothing.
    """
    amount = max(exact, Decimal(0))
    if left is not None:
        amount = min(amount, left)
    paid = rounded(amount, code, rounding)
    if left is not None and paid.amount > left:
        return rounded(amount, code, Rounding.DOWN)
    return paid
