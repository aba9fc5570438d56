"""The loss calculators: never below zero, symmetric for long and short, more loss never pays less, exact to the end."""

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from functools import cache

from hypothesis import given
from hypothesis import strategies as st

from policy.calculators import CALCULATORS
from policy.compiling import Known, worked_out
from policy.declaring import read_derived, read_inputs
from policy.expressions import Value
from policy.form import Derived
from policy.mistakes import Mistakes
from policy.scope import Scope
from policy.section import Section
from policy.series import read_series
from policy.settling import exactly
from policy.yaml_text import read_yaml

INPUTS = """
inputs:
  side: one of [long, short]
  order side: one of [buy, sell]
  reference: positive rate USD per BTC
  fill: positive rate USD per BTC
  quantity: quantity BTC
  contracts: USD
  fees: USD
  tolerance: rate USD per BTC
  before: signed USD
  after: signed USD
  losses: USD
  profits: USD
  charge: USD
  times: whole number
  start: time
  end: time
  prices: prices USD per BTC
  late: days
"""
TOLD = {
    "price loss": "side: side, reference: reference, fill: fill, quantity: quantity, tolerance: tolerance, fees: fees",
    "inverse price loss": "side: side, reference: reference, fill: fill, contracts: contracts",
    "missed exit": "side: side, window start: start, window end: end, exit: fill, quantity: quantity, prices: prices",
    "slippage": "side: order side, expected: reference, fill: fill, quantity: quantity,"
    " tolerance: tolerance, pays: all",
    "failed order": "side: order side, limit: reference, later: fill, quantity: quantity, prices: prices,"
    " window start: start, window end: end",
    "result gap": "before: before, after: after",
    "equity restoration": "before: before, after: after, paid in: losses, taken out: profits",
    "net loss": "losses: losses, profits: profits, share: 30%",
    "delay": "late: late, rate: 10.34 USD per day, free: 2 days",
    "duplicate charge": "charge: charge, times: times, given back: losses, fees: fees",
}
amounts = st.integers(0, 10**24).map(lambda units: Decimal(units).scaleb(-18))
prices = st.integers(1, 10**12).map(lambda units: Decimal(units).scaleb(-6))
signed = st.integers(-(10**12), 10**12).map(lambda units: Decimal(units).scaleb(-6))


@cache
def _derived(told: str) -> tuple[Derived, ...]:
    mistakes = Mistakes()
    inputs = read_inputs(Section(read_yaml(INPUTS, "x"), mistakes), None)
    works_out = Section(read_yaml(f"works out:\n  loss: {{{told}}}\n", "x"), mistakes)
    derived, _ = read_derived(works_out, Scope(types={each.name: each.type for each in inputs}))
    assert mistakes.found == []
    return derived


def _loss(calculator: str, values: Mapping[str, Value], told: str | None = None) -> Fraction:
    known = Known(values)
    known.derived = worked_out(_derived(f"calculator: {calculator}, {told or TOLD[calculator]}"))
    with exactly():
        return Fraction(known["loss"])


def test_every_calculator_is_tried_here() -> None:
    assert set(TOLD) == set(CALCULATORS)


@given(reference=prices, fill=prices, quantity=amounts, fees=amounts, side=st.sampled_from(["long", "short"]))
def test_a_price_loss_is_the_gap_against_the_side_with_its_fees(
    reference: Decimal, fill: Decimal, quantity: Decimal, fees: Decimal, side: str
) -> None:
    values = {"reference": reference, "fill": fill, "quantity": quantity, "fees": fees, "tolerance": Decimal(0)}

    loss = _loss("price loss", {**values, "side": side})
    mirrored = _loss("price loss", {**values, "reference": fill, "fill": reference, "side": _other(side)})

    sign = 1 if side == "long" else -1
    assert loss == max(sign * Fraction(reference - fill), Fraction(0)) * Fraction(quantity) + Fraction(fees)
    assert loss == mirrored
    assert _loss(
        "price loss", {**values, "side": side}, f"{TOLD['price loss']}, fees are: included"
    ) == loss - Fraction(fees)


@given(reference=prices, fill=prices, contracts=amounts, side=st.sampled_from(["long", "short"]))
def test_an_inverse_contract_loses_coins(reference: Decimal, fill: Decimal, contracts: Decimal, side: str) -> None:
    loss = _loss("inverse price loss", {"side": side, "reference": reference, "fill": fill, "contracts": contracts})

    gap = Fraction(contracts) / Fraction(fill) - Fraction(contracts) / Fraction(reference)
    assert loss == max(gap if side == "long" else -gap, Fraction(0))


@given(reference=prices, fill=prices, worse=prices, quantity=amounts, tolerance=prices)
def test_a_worse_fill_never_pays_less(
    reference: Decimal, fill: Decimal, worse: Decimal, quantity: Decimal, tolerance: Decimal
) -> None:
    values = {"reference": reference, "quantity": quantity, "tolerance": tolerance, "fees": Decimal(0)}

    for calculator, sides in (("price loss", ("long", "short")), ("slippage", ("sell", "buy"))):
        for side, sign in zip(sides, (-1, 1), strict=True):
            told: dict[str, Value] = {**values, "side": side, "order side": side}
            near = _loss(calculator, {**told, "fill": fill})
            far = _loss(calculator, {**told, "fill": max(fill + sign * worse, Decimal("1e-6"))})
            assert 0 <= near <= far or (sign < 0 and fill < Decimal("1e-6"))


@given(before=signed, after=signed)
def test_a_result_that_got_better_is_not_paid(before: Decimal, after: Decimal) -> None:
    values = {"before": before, "after": after}

    worse = _loss("result gap", values)
    grown = _loss("result gap", values, "before: before, after: after, counts: loss grown")

    assert worse == max(Fraction(before - after), Fraction(0))
    assert 0 <= grown <= worse
    assert grown == worse or before > 0


@given(losses=amounts, profits=amounts, before=signed, after=signed)
def test_wins_and_losses_net_before_anything_is_floored(
    losses: Decimal, profits: Decimal, before: Decimal, after: Decimal
) -> None:
    values = {"losses": losses, "profits": profits, "before": before, "after": after}

    assert _loss("net loss", values) == Fraction(3, 10) * max(Fraction(losses - profits), Fraction(0))
    restored = Fraction(before) + Fraction(losses) - Fraction(profits) - Fraction(after)
    assert _loss("equity restoration", values) == max(restored, Fraction(0))


@given(late=st.integers(0, 400), charge=amounts, times=st.integers(0, 9), losses=amounts, fees=amounts)
def test_days_and_charges_are_counted_beyond_what_is_free(
    late: int, charge: Decimal, times: int, losses: Decimal, fees: Decimal
) -> None:
    values = {"charge": charge, "times": Decimal(times), "losses": losses, "fees": fees}

    owed = Fraction(charge) * max(times - 1, 0) - Fraction(losses) + Fraction(fees)
    assert _loss("delay", {"late": Decimal(late)}) == max(late - 2, 0) * Fraction("10.34")
    assert _loss("duplicate charge", values) == max(owed, Fraction(0))


def test_a_missed_exit_is_measured_at_the_best_price_of_the_window() -> None:
    values = _in_window({"quantity": Decimal(2), "fill": Decimal(95)})

    assert _loss("missed exit", {**values, "side": "long"}) == 2 * (110 - 95)
    assert _loss("missed exit", {**values, "side": "short"}) == 2 * (95 - 90)


def test_an_order_that_would_not_have_filled_lost_nothing() -> None:
    values = _in_window({"quantity": Decimal(2), "fill": Decimal(120), "order side": "buy"})

    assert _loss("failed order", {**values, "reference": Decimal(90)}) == 2 * (120 - 90)
    assert _loss("failed order", {**values, "reference": Decimal("89.99")}) == 0


def test_an_order_that_turned_out_better_is_set_off_where_the_plan_counts_both() -> None:
    values = _in_window({"quantity": Decimal(2), "fill": Decimal(80), "order side": "buy", "reference": Decimal(90)})
    both = f"{TOLD['failed order']}, counts: both"

    assert _loss("failed order", values) == 0
    assert _loss("failed order", values, both) == 2 * (80 - 90)
    assert _loss("failed order", {**values, "fill": Decimal(120)}, both) == 2 * (120 - 90)
    assert _loss("failed order", {**values, "reference": Decimal("89.99")}, both) == 0


def test_slippage_pays_beyond_the_tolerance_or_all_once_it_is_passed() -> None:
    values: dict[str, Value] = {"order side": "buy", "reference": Decimal(100), "quantity": Decimal(1)}
    values |= {"tolerance": Decimal(2)}
    beyond = TOLD["slippage"].removesuffix(", pays: all")

    assert _loss("slippage", {**values, "fill": Decimal(102)}) == 0
    assert _loss("slippage", {**values, "fill": Decimal(103)}) == 3
    assert _loss("slippage", {**values, "fill": Decimal(103)}, beyond) == 1


def _in_window(values: dict[str, Value]) -> dict[str, Value]:
    series = read_series("2026-01-01T00:00:00Z 100; 2026-01-01T00:01:00Z 110; 2026-01-01T00:02:00Z 90")
    return {**values, "prices": series, "start": series.points[0].at, "end": series.points[-1].at}


def _other(side: str) -> str:
    return "short" if side == "long" else "long"
