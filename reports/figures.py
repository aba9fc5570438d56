"""The figures of a simulation, from its rows: totals, classifications, winners and losers, bands, movers, approvals."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import polars as pl

from cases.money import Money
from cases.proposal import Classification
from reports.budgets import total
from reports.case_files import CASE, CUSTOMER
from reports.paying import Paying, paying_of
from reports.simulating import Side, Simulation

DECADES = 6
MOVERS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """What is paid in one asset; cases_a and cases_b count the cases that get more than nothing."""

    asset: str
    a: Money
    b: Money
    cases_a: int
    cases_b: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Movement:
    """Who gets more, less or the same in one asset. more, less: How much that is in all; less is below zero."""

    asset: str
    winners: int
    more: Money
    losers: int
    less: Money
    same: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """Cases whose change lies above `over`, up to `up_to`, in the direction of `sign`."""

    asset: str
    sign: int
    over: Money
    up_to: Money
    count: int
    sum: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Mover:
    """One of the cases with the largest change; None where nothing is paid."""

    case_id: str
    customer_id: str | None
    rule_a: str
    rule_b: str
    amount_a: Money | None
    amount_b: Money | None
    change: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """A case that gets less than it comes to, because the budget does not suffice."""

    case_id: str
    customer_id: str | None
    asked: Money
    gets: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Everything that is shown of a simulation.

    Fields:
        cases: How many both versions decide.
        totals: Per asset, by its code.
        classifications: (what a holds it to be, what b does, how many), each pair that occurs.
        movements: Per asset.
        unpaid: Cases that get nothing from either.
        two_assets: Cases that are paid in another asset by b than by a.
        bands: Of the changes, from the greatest loss to the greatest gain.
        movers: Per asset, the largest changes first.
        people: (number of people, cases by a, cases by b).
        roles: (roles as the matrix says them, approvals by a, by b).
        paying: How and when the amounts are paid.
        cuts: For a and b, who is cut most by its budget; empty without one.
    """

    cases: int
    totals: tuple[Totals, ...]
    classifications: tuple[tuple[str, str, int], ...]
    movements: tuple[Movement, ...]
    unpaid: int
    two_assets: int
    bands: tuple[Band, ...]
    movers: tuple[Mover, ...]
    people: tuple[tuple[int, int, int], ...]
    roles: tuple[tuple[str, int, int], ...]
    paying: Paying
    cuts: tuple[tuple[Cut, ...], tuple[Cut, ...]]


def figures_of(simulation: Simulation) -> Figures:
    """Return the figures of a simulation."""
    rows = simulation.rows
    codes = sorted({*rows["asset_a"].unique().drop_nulls(), *rows["asset_b"].unique().drop_nulls()})
    changed = [(code, rows.filter((pl.col("asset") == code) & pl.col("change_minor").is_not_null())) for code in codes]
    pairs = rows.group_by("classification_a", "classification_b").len().sort("classification_a", "classification_b")
    return Figures(
        cases=rows.height,
        totals=tuple(_totals(rows, code) for code in codes),
        classifications=tuple((str(one), str(other), count) for one, other, count in pairs.iter_rows()),
        movements=tuple(_movement(of_it, code) for code, of_it in changed),
        unpaid=rows["asset"].null_count(),
        two_assets=rows["change_minor"].null_count(),
        bands=tuple(band for code, of_it in changed for band in _bands(of_it["change_minor"], code)),
        movers=tuple(mover for code, of_it in changed for mover in _movers(of_it, code)),
        people=_people(rows),
        roles=_roles(simulation.a, simulation.b, rows),
        paying=paying_of(rows, simulation.a.policy, simulation.b.policy),
        cuts=(tuple(_cuts(rows, simulation.a, "a")), tuple(_cuts(rows, simulation.b, "b"))),
    )


def by_classification(figures: Figures) -> tuple[tuple[str, int, int], ...]:
    """Return (classification, cases by a, cases by b) of those that occur, in the order policies name them."""
    one, other = Counter[str](), Counter[str]()
    for a, b, count in figures.classifications:
        one[a] += count
        other[b] += count
    return tuple((each.value, one[each.value], other[each.value]) for each in Classification if one[each] + other[each])


def _totals(rows: pl.DataFrame, code: str) -> Totals:
    sums: list[Money] = []
    counts: list[int] = []
    for name in "ab":
        amounts = rows.filter(pl.col(f"asset_{name}") == code)[f"amount_{name}_minor"]
        sums.append(Money(minor=total(amounts), code=code))
        counts.append(int((amounts > 0).sum()))
    return Totals(asset=code, a=sums[0], b=sums[1], cases_a=counts[0], cases_b=counts[1])


def _movement(rows: pl.DataFrame, code: str) -> Movement:
    change = rows["change_minor"]
    more, less = change.filter(change > 0), change.filter(change < 0)
    return Movement(
        asset=code,
        winners=len(more),
        more=Money(minor=total(more), code=code),
        losers=len(less),
        less=Money(minor=total(less), code=code),
        same=len(change) - len(more) - len(less),
    )


def _bands(change: pl.Series, code: str) -> Iterator[Band]:
    """Yield bands of ten times each other, from the smallest change to the largest, losses first."""
    sizes = change.abs().filter(change != 0)
    least, largest = sizes.min(), sizes.max()
    if not isinstance(least, int) or not isinstance(largest, int):
        return
    top, bottom = _decade(largest), _decade(least)
    bottom = max(bottom, top - DECADES + 1)
    edges = [0 if least <= 10 ** (bottom - 1) else 10 ** (bottom - 1), *(10**each for each in range(bottom, top + 1))]
    for sign in (-1, 1):
        signed = change.abs().filter(change > 0 if sign > 0 else change < 0)
        for over, up_to in pairwise(edges) if sign > 0 else reversed(list(pairwise(edges))):
            inside = signed.filter((signed > over) & (signed <= up_to))
            yield Band(
                asset=code,
                sign=sign,
                over=Money(minor=over, code=code),
                up_to=Money(minor=up_to, code=code),
                count=len(inside),
                sum=Money(minor=sign * total(inside), code=code),
            )


def _decade(units: int) -> int:
    """Return the power of ten that a number reaches, at least 1: 100 and 11 reach the second."""
    return max(len(str(units - 1)), 1)


def _movers(rows: pl.DataFrame, code: str) -> Iterator[Mover]:
    size = pl.col("change_minor").abs()
    largest = rows.filter(pl.col("change_minor") != 0).top_k(MOVERS, by=size)
    for row in largest.sort(size, pl.col(CASE), descending=[True, False]).iter_rows(named=True):
        yield Mover(
            case_id=row[CASE],
            customer_id=row[CUSTOMER],
            rule_a=row["rule_a"],
            rule_b=row["rule_b"],
            amount_a=_money(row["amount_a_minor"], code),
            amount_b=_money(row["amount_b_minor"], code),
            change=Money(minor=row["change_minor"], code=code),
        )


def _cuts(rows: pl.DataFrame, side: Side, name: str) -> Iterator[Cut]:
    if side.budget is None:
        return
    asked, gets, code = f"asked_{name}_minor", f"amount_{name}_minor", side.budget.budget.at_most.code
    cut = rows.filter(pl.col(gets) < pl.col(asked)).with_columns(cut=pl.col(asked) - pl.col(gets))
    for row in cut.sort("cut", CASE, descending=[True, False]).head(MOVERS).iter_rows(named=True):
        yield Cut(
            case_id=row[CASE],
            customer_id=row[CUSTOMER],
            asked=Money(minor=row[asked], code=code),
            gets=Money(minor=row[gets], code=code),
        )


def _money(minor: int | None, code: str) -> Money | None:
    return None if minor is None else Money(minor=minor, code=code)


def _people(rows: pl.DataFrame) -> tuple[tuple[int, int, int], ...]:
    counts = [Counter(dict(rows[f"people_{name}"].drop_nulls().value_counts().iter_rows())) for name in "ab"]
    return tuple((number, counts[0][number], counts[1][number]) for number in sorted({*counts[0], *counts[1]}))


def _roles(a: Side, b: Side, rows: pl.DataFrame) -> tuple[tuple[str, int, int], ...]:
    """Return how many approvals each role, or choice of roles, has to give."""
    counts: list[Counter[str]] = []
    for side, name in ((a, "a"), (b, "b")):
        load: Counter[str] = Counter()
        for number, cases in rows[f"row_{name}"].drop_nulls().value_counts().iter_rows():
            for stage in side.policy.approvals[number - 1].stages:
                load[" or ".join(stage.roles)] += stage.quorum * cases
        counts.append(load)
    return tuple((roles, counts[0][roles], counts[1][roles]) for roles in sorted({*counts[0], *counts[1]}))
