"""The last steps to an amount."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cases.money import Money, Rounding
from policy.settling import exactly, in_units, room, settled

AMOUNTS = st.decimals(allow_nan=False, allow_infinity=False, places=8) | st.sampled_from(
    [Decimal("9" * 60), Decimal("9." + "9" * 59), Decimal("0.0000005"), Decimal("-0.0000005"), Decimal("1.0000015")]
)


@pytest.mark.parametrize("rounding", list(Rounding))
def test_rounding_never_lifts_an_amount_over_its_limit(rounding: Rounding) -> None:
    left = room(Decimal(600), Decimal("599.9999995"))

    assert settled(Decimal(40), left, "USDT", rounding) == Money(minor=0, code="USDT")


def test_an_amount_that_its_limit_does_not_touch_is_rounded_as_told() -> None:
    assert settled(Decimal("1.0000005"), Decimal(600), "USDT", Rounding.HALF_UP) == Money(minor=1_000_001, code="USDT")
    assert settled(Decimal("1.0000005"), None, "USDT", Rounding.DOWN) == Money(minor=1_000_000, code="USDT")


def test_an_amount_below_zero_is_no_debit() -> None:
    assert settled(Decimal(-85), None, "USDT", Rounding.HALF_UP) == Money(minor=0, code="USDT")
    assert settled(Decimal(-85), Decimal(10), "USDT", Rounding.UP) == Money(minor=0, code="USDT")


@pytest.mark.parametrize("rounding", list(Rounding))
@given(exact=AMOUNTS, left=AMOUNTS.map(abs))
def test_the_least_of_whole_units_is_what_is_settled(rounding: Rounding, exact: Decimal, left: Decimal) -> None:
    with exactly():
        paid = settled(exact, left, "USDT", rounding)
        alone = settled(exact, None, "USDT", rounding)
        units, most = in_units("USDT", rounding)(exact), in_units("USDT", Rounding.DOWN)(left)

    assert max(min(units, most), 0) == paid.minor
    assert max(units, 0) == alone.minor


def test_a_limit_that_is_overdrawn_leaves_nothing() -> None:
    assert room(Decimal(600), Decimal(700)) == 0
