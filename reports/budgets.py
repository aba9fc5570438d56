"""What a policy's budget does to the amounts of many cases: each gets its share, and all of them exactly the budget."""

from dataclasses import dataclass

import polars as pl

from cases.money import Money
from policy.payment_terms import Budget
from policy.payments import pro_rata

_MOST = 2**127


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """What a budget came to.

    Fields:
        budget: What the policy says.
        asked: What all cases come to without it.
        paid: What they get.
        cut: How many of them get less than they come to.
    """

    budget: Budget
    asked: Money
    paid: Money
    cut: int


def share(budget: Budget, amounts: pl.Series) -> tuple[pl.Series, Shared]:
    """Return what each amount gets, in whole units, as `policy.payments.pro_rata` shares it out; null stays null.

    Every amount takes part, what waits in fraud review too: it may yet be paid.
    """
    asked = total(amounts)
    shares = amounts if asked <= budget.at_most.minor else _cut(amounts, asked, budget.at_most)
    sums = [Money(minor=units, code=budget.at_most.code) for units in (asked, total(shares))]
    return shares, Shared(budget=budget, asked=sums[0], paid=sums[1], cut=int((shares < amounts).sum()))


def total(amounts: pl.Series) -> int:
    """Return the sum of whole units, nulls left out, however large it is."""
    low, high = amounts.min(), amounts.max()
    if not isinstance(low, int) or not isinstance(high, int):
        return 0
    if max(-low, high) * len(amounts) >= _MOST:
        return sum(each for each in amounts if each is not None)
    return int(amounts.cast(pl.Int128).sum())


def _cut(amounts: pl.Series, asked: int, budget: Money) -> pl.Series:
    largest = amounts.max()
    if asked < _MOST and isinstance(largest, int) and largest * budget.minor < _MOST:
        return _in_columns(amounts, asked, budget.minor)
    wanted = [Money(minor=each or 0, code=budget.code) for each in amounts]
    units = [each.minor for each in pro_rata(wanted, budget)]
    return pl.Series(amounts.name, units, dtype=pl.Int128).set(amounts.is_null(), None)


def _in_columns(amounts: pl.Series, asked: int, budget: int) -> pl.Series:
    product = pl.col("units") * pl.lit(budget, dtype=pl.Int128)
    whole = pl.lit(asked, dtype=pl.Int128)
    shares = pl.DataFrame({"units": amounts.cast(pl.Int128)}).select(
        (product // whole).alias("share"), (product % whole).alias("rest")
    )
    left = budget - total(shares["share"])
    first = shares.with_row_index("place").drop_nulls("rest").sort("rest", descending=True, maintain_order=True)
    more = pl.Series("more", [0], dtype=pl.Int128).new_from_index(0, len(amounts))
    more = more.scatter(first["place"].head(left), 1)
    return (shares["share"] + more).rename(amounts.name)
