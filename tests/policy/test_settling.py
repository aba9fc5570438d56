"""The last steps to an amount."""

from decimal import Decimal

import pytest

from cases.money import Money, Rounding
from policy.settling import room, settled


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


def test_a_limit_that_is_overdrawn_leaves_nothing() -> None:
    assert room(Decimal(600), Decimal(700)) == 0
