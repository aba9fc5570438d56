"""What goes with an amount, in columns: its parts, and what is given beside it."""

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from cases.money import Rounding, asset
from cases.parts import PartState
from policy.form import Policy
from policy.many import scaled
from policy.many.found import first_needed, only_where
from policy.many.nodes import Reader
from policy.many.outcomes import as_money, in_units
from policy.many.scaled import Scaled, Whole
from policy.payment_terms import Benefit, Part

STATES = tuple(each.value for each in PartState)
_ZERO = scaled.constant(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Extras:
    """Columns by name, and which input they need, as of a `Found`."""

    columns: Mapping[str, pl.Expr]
    needs: pl.Expr | None = None


def paid_in_parts(policy: Policy, reader: Reader, is_paid: pl.Expr, minor: Whole) -> Extras:
    """Return the parts of the amount and what is given beside it; raises OutOfBounds."""
    if policy.paid_plainly:
        return Extras(columns={})
    some = is_paid & (minor.expr > 0)
    columns: dict[str, pl.Expr] = {}
    needs: list[pl.Expr | None] = []
    left = minor
    plain = len(policy.parts) == 1 and policy.parts[0].is_plain
    for part in () if plain else policy.parts:
        took, made, needed = _part(policy, reader, part, left)
        columns |= {f"{part.name}: {what}": pl.when(some).then(each) for what, each in made.items()}
        needs.append(only_where(some, needed))
        rest = reader.keep(left.expr.cast(pl.Int128) - took.expr.cast(pl.Int128))
        left = scaled.whole(rest, 0, max(minor.high, 0))
    for benefit in policy.benefits:
        fits, gives = reader.fits(benefit.when), reader.expression(benefit.gives)
        given = _given(gives.number, benefit).expr.cast(pl.Int128)
        columns[f"{benefit.name}: given"] = pl.when(is_paid & fits.holds).then(given)
        needs.append(only_where(is_paid, first_needed(fits.needs, only_where(fits.holds, gives.needs))))
    return Extras(columns=columns, needs=first_needed(*needs))


def _given(gives: Scaled, benefit: Benefit) -> Whole:
    return scaled.units(scaled.extreme((gives, _ZERO), largest=True), benefit.decimals, Rounding.DOWN)


def _part(policy: Policy, reader: Reader, part: Part, left: Whole) -> tuple[Whole, dict[str, pl.Expr], pl.Expr | None]:
    """Return what a part takes, the columns that say so, and what that needs."""
    took, needs = _taken(policy, reader, part, left)
    may_go = reader.fits(part.waits_for) if part.waits_for else None
    state = _state(PartState.DUE)
    if may_go is not None:
        state = pl.when(may_go.holds).then(state).otherwise(_state(PartState.WAITING))
        needs.append(may_go.needs)
    if part.lapses_when:
        over = reader.fits(part.lapses_when)
        state = pl.when(over.holds).then(_state(PartState.LAPSED)).otherwise(state)
        needs[1:] = [over.needs, *(only_where(~over.holds, each) for each in needs[1:])]
    made = {"minor": took.expr.cast(pl.Int128), "state": state}
    if part.rate is not None and part.asset is not None:
        rate = reader.expression(part.rate)
        worked_out = scaled.multiplied if part.rate_gives_asset else scaled.divided
        coins = worked_out(as_money(policy, reader, took), rate.number)
        units = scaled.units(coins, asset(part.asset).decimals, Rounding.DOWN).expr.cast(pl.Int128)
        made["in kind"] = pl.when(took.expr > 0).then(units).otherwise(0)
        needs.insert(1, only_where(took.expr > 0, rate.needs))
    return took, made, first_needed(*needs)


def _taken(policy: Policy, reader: Reader, part: Part, left: Whole) -> tuple[Whole, list[pl.Expr | None]]:
    if part.takes is None:
        return left, [None]
    takes = reader.expression(part.takes)
    wanted = scaled.extreme((takes.number, _ZERO), largest=True)
    took = scaled.smaller(in_units(policy, reader, wanted, Rounding.DOWN), left)
    return Whole(expr=reader.keep(took.expr), low=took.low, high=took.high), [takes.needs]


def _state(state: PartState) -> pl.Expr:
    return pl.lit(STATES.index(state.value), dtype=pl.UInt8)
