"""How and when the amounts of a simulation are paid: in cash at once or later, waiting, in vouchers, credit or kind."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import TypeVar

import polars as pl

from cases.money import EXACT, Money
from cases.parts import PartState
from policy.form import Policy
from policy.payment_terms import Part, PayForm
from reports.budgets import total
from reports.case_files import AT

Key = TypeVar("Key")
_MOST = 2**127
_SPAN = re.compile(r"(\d+) (minute|hour|day|month|year)s?", re.ASCII)
_UNITS = {"minute": "m", "hour": "h", "day": "d", "month": "mo", "year": "y"}


class Way(StrEnum):
    """How a part of what is decided reaches the customer; together they are the amounts."""

    AT_ONCE = "cash at once"
    LATER = "cash later"
    WAITING = "waiting"
    VOUCHER = "voucher"
    CREDIT = "credit"
    IN_KIND = "in kind"
    LAPSED = "lapsed"


_WAYS = {PayForm.VOUCHER: Way.VOUCHER, PayForm.CREDIT: Way.CREDIT, PayForm.IN_KIND: Way.IN_KIND}


@dataclass(frozen=True, slots=True, kw_only=True)
class PaidAs:
    """What one way of paying comes to, in the policy's money."""

    way: Way
    a: Money
    b: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class CashIn:
    """How much cash is needed in a month: "2026-07", by the times of the cases; None where those are not known."""

    month: str | None
    a: Money
    b: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenBeside:
    """What is given that is no money of the policy: coins that are due ("OKB in kind"), a benefit ("points")."""

    name: str
    a: Decimal
    b: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Paying:
    """How and when the amounts are paid; `is_plain` says that it is all cash at once."""

    is_plain: bool
    ways: tuple[PaidAs, ...]
    cash: tuple[CashIn, ...]
    beside: tuple[GivenBeside, ...]


def paying_of(rows: pl.DataFrame, a: Policy, b: Policy) -> Paying:
    """Return how two versions pay: `rows` as of a `Simulation`."""
    ways = {name: Counter[tuple[str, Way]]() for name in "ab"}
    cash = {name: Counter[tuple[str, str | None]]() for name in "ab"}
    for name, policy in (("a", a), ("b", b)):
        for each in _streams(policy, rows, name):
            for code, month, minor in _sums(each):
                ways[name][code, each.way] += minor
                if each.way in {Way.AT_ONCE, Way.LATER}:
                    cash[name][code, month] += minor
    kinds = sorted({*ways["a"], *ways["b"]}, key=lambda each: (each[0], list(Way).index(each[1])))
    months = sorted({*cash["a"], *cash["b"]}, key=lambda each: (each[0], each[1] or "~"))
    beside = [_beside(policy, rows, name) for name, policy in (("a", a), ("b", b))]
    return Paying(
        is_plain=a.paid_plainly and b.paid_plainly,
        ways=tuple(PaidAs(way=way, **_both(ways, code, way)) for code, way in kinds),
        cash=tuple(CashIn(month=month, **_both(cash, code, month)) for code, month in months),
        beside=tuple(
            GivenBeside(name=name, a=beside[0].get(name, Decimal(0)), b=beside[1].get(name, Decimal(0)))
            for name in dict.fromkeys((*beside[0], *beside[1]))
        ),
    )


def columns_of(policy: Policy) -> Iterator[str]:
    """Yield the columns of a decision that say how it is paid; none where all of it is cash at once."""
    for part in _parts(policy):
        yield from (f"{part.name}: minor", f"{part.name}: state")
        if part.asset is not None:
            yield f"{part.name}: in kind"
    yield from (f"{each.name}: given" for each in policy.benefits)


def _parts(policy: Policy) -> tuple[Part, ...]:
    return () if len(policy.parts) == 1 and policy.parts[0].is_plain else policy.parts


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stream:
    """Payments of one way: "at", "code" and "minor" of each, and how long after `at`; None: nobody can tell."""

    way: Way
    payments: pl.DataFrame
    after: str | None


def _streams(policy: Policy, rows: pl.DataFrame, name: str) -> Iterator[_Stream]:
    known = {"at": pl.col(AT), "code": pl.col(f"asset_{name}")}
    if not _parts(policy):
        payments = rows.select(**known, minor=pl.col(f"amount_{name}_minor"))
        yield _Stream(way=Way.AT_ONCE, payments=payments, after="0h")
    for part in _parts(policy):
        units, state = f"{name}: {part.name}: minor", pl.col(f"{name}: {part.name}: state").cast(pl.String)
        paid = rows.select(**known, minor=pl.col(units), state=state)
        for way, named in ((Way.WAITING, PartState.WAITING), (Way.LAPSED, PartState.LAPSED)):
            yield _Stream(way=way, payments=paid.filter(pl.col("state") == named.value), after=None)
        due = paid.filter(pl.col("state") == PartState.DUE.value)
        if part.form in _WAYS:
            yield _Stream(way=_WAYS[part.form], payments=due, after=None)
            continue
        for number in range(part.instalments):
            way = Way.LATER if number else Way.AT_ONCE
            units_then = due.with_columns(minor=_instalment(part, number))
            yield _Stream(way=way, payments=units_then, after=_after(part, number))


def _instalment(part: Part, number: int) -> pl.Expr:
    """Return the units of one instalment, as `policy.payments.split` makes them."""
    units = pl.col("minor")
    each, rest = units // part.instalments, units % part.instalments
    if part.larger_first:
        return each + (rest > number).cast(pl.Int128)
    return each + rest if number == part.instalments - 1 else each


def _after(part: Part, number: int) -> str | None:
    """Return how long after its case an instalment is paid, as Polars writes it; None for working days."""
    span = _SPAN.fullmatch(part.every or "")
    if number == 0 or span is None:
        return None if number else "0h"
    return f"{int(span.group(1)) * number}{_UNITS[span.group(2)]}"


def _sums(stream: _Stream) -> Iterator[tuple[str, str | None, int]]:
    """Yield (asset, month, units) of what is paid."""
    month = pl.lit(None, dtype=pl.Int32)
    if stream.after is not None:
        then = pl.col("at") if stream.after == "0h" else pl.col("at").dt.offset_by(stream.after)
        month = then.dt.year() * 12 + (then.dt.month().cast(pl.Int32) - 1)
    paid = stream.payments.select("code", "minor", month=month).filter(pl.col("minor") > 0)
    largest = paid["minor"].max()
    fits = isinstance(largest, int) and largest * paid.height < _MOST
    made = pl.col("minor").sum() if fits else pl.col("minor")
    for code, number, units in paid.group_by("code", "month").agg(made).iter_rows():
        said = None if number is None else f"{number // 12:04}-{number % 12 + 1:02}"
        yield str(code), said, sum(units) if isinstance(units, list) else units


def _beside(policy: Policy, rows: pl.DataFrame, name: str) -> dict[str, Decimal]:
    found: dict[str, Decimal] = {}
    for part in _parts(policy):
        if part.asset is not None:
            due = rows[f"{name}: {part.name}: state"].cast(pl.String) == PartState.DUE.value
            coins = total(rows[f"{name}: {part.name}: in kind"].filter(due))
            key = f"{part.asset} in kind"
            found[key] = found.get(key, Decimal(0)) + Money(minor=coins, code=part.asset).amount
    for each in policy.benefits:
        found[each.name] = Decimal(total(rows[f"{name}: {each.name}: given"])).scaleb(-each.decimals, EXACT)
    return found


def _both(sums: Mapping[str, Counter[tuple[str, Key]]], code: str, key: Key) -> dict[str, Money]:
    return {name: Money(minor=each[code, key], code=code) for name, each in sums.items()}
