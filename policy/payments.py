"""The arithmetic of paying: parts, instalments and budgets, each coming to exactly what there is. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from cases.money import Money, Rounding
from cases.parts import PartState
from policy.arithmetic import Number, divided, multiplied, rounded
from policy.payment_terms import Part, PayForm


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """One part of an amount.

    Fields:
        name: The part: "after verification".
        form: What it is paid in.
        state: Whether it can be paid now.
        amount: How much, in the policy's money; all parts come to the amount.
        in_kind: How much of the other asset that is; None but in kind.
        instalments: What is paid each time; they come to `amount`, or to `in_kind`.
    """

    name: str
    form: PayForm
    state: PartState
    amount: Money
    in_kind: Money | None
    instalments: tuple[Money, ...]

    def __str__(self) -> str:
        said = f"{self.amount} {self.form.value}, {self.state.value}"
        if self.in_kind is not None:
            said = f"{self.in_kind} for {said}"
        return f"{said}, in {len(self.instalments)} instalments" if len(self.instalments) > 1 else said


def taken(wanted: Number | None, left: Money) -> Money:
    """Return what a part takes of what is left: rounded down, never more than there is; None takes all."""
    if wanted is None:
        return left
    return min(rounded(max(wanted, Decimal(0)), left.code, Rounding.DOWN), left)


def payment(part: Part, amount: Money, rate: Number | None, state: PartState) -> Payment:
    """Return one part as it is paid; `rate` is None but for a part in kind that takes something."""
    in_kind = Money(minor=0, code=part.asset) if part.asset is not None else None
    if rate is not None and part.asset is not None:
        coins = multiplied([amount.amount, rate]) if part.rate_gives_asset else divided(amount.amount, rate)
        in_kind = rounded(coins, part.asset, Rounding.DOWN)
    return Payment(
        name=part.name,
        form=part.form,
        state=state,
        amount=amount,
        in_kind=in_kind,
        instalments=split(in_kind or amount, part.instalments, larger_first=part.larger_first),
    )


def split(amount: Money, count: int, *, larger_first: bool) -> tuple[Money, ...]:
    """Return equal instalments that come to exactly the amount.

    What does not divide goes, unit by unit, to the first ones; with `larger_first` False all of it to the last.
    """
    each, rest = divmod(amount.minor, count)
    if larger_first:
        units = [each + (number < rest) for number in range(count)]
    else:
        units = [each] * (count - 1) + [each + rest]
    return tuple(Money(minor=unit, code=amount.code) for unit in units)


def pro_rata(amounts: Sequence[Money], budget: Money) -> tuple[Money, ...]:
    """Return what each gets of a budget: everything while it suffices, else its share, to exactly the budget.

    Shares are rounded down and the units left over go to the largest remainders, the earlier first among equals; nobody
    gets more than they asked for. All are of the budget's asset and none is below zero.
    """
    asked = sum(each.minor for each in amounts)
    if asked <= budget.minor:
        return tuple(amounts)
    shares = [divmod(each.minor * budget.minor, asked) for each in amounts]
    left = budget.minor - sum(units for units, _ in shares)
    first = sorted(range(len(shares)), key=lambda number: -shares[number][1])[:left]
    more = frozenset(first)
    return tuple(Money(minor=units + (number in more), code=budget.code) for number, (units, _) in enumerate(shares))
