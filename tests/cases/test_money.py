"""Money: exact in, exact out, rounded once where it is said, and never two assets in one sum."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cases.money import ASSETS, AssetMismatch, Money, NotExact, Rounding, UnknownAsset, asset

codes = st.sampled_from(sorted(ASSETS))
minors = st.integers(min_value=-(10**40), max_value=10**40)
moneys = st.builds(Money, minor=minors, code=codes)


@pytest.mark.parametrize(
    ("written", "code", "minor"),
    [
        ("180.50", "USDT", 180_500_000),
        ("180.500000", "USDT", 180_500_000),
        ("0.000001", "USDT", 1),
        ("1", "BTC", 100_000_000),
        ("0.00000001", "BTC", 1),
        ("1", "ETH", 10**18),
        ("0.000000000000000001", "ETH", 1),
        ("88593", "JPY", 88_593),
        ("-3.20", "EUR", -320),
        ("0", "KRW", 0),
        ("1e3", "EUR", 100_000),
    ],
)
def test_an_amount_is_whole_minor_units_of_its_asset(written: str, code: str, minor: int) -> None:
    assert Money.exactly(written, code) == Money(minor=minor, code=code)
    assert Money.exactly(Decimal(written), code) == Money(minor=minor, code=code)


@pytest.mark.parametrize(
    ("minor", "code", "shown"),
    [
        (180_500_000, "USDT", "180.50"),
        (180_000_000, "USDT", "180.00"),
        (61_728_400, "USDT", "61.7284"),
        (1, "USDT", "0.000001"),
        (0, "USDT", "0.00"),
        (1, "ETH", "0.000000000000000001"),
        (10**18, "ETH", "1.00"),
        (-5_000_000, "USDT", "-5.00"),
        (88_593, "JPY", "88593"),
        (0, "JPY", "0"),
        (4_999, "EUR", "49.99"),
    ],
)
def test_an_amount_reads_as_people_write_it(minor: int, code: str, shown: str) -> None:
    assert Money(minor=minor, code=code).text() == shown
    assert str(Money(minor=minor, code=code)) == f"{shown} {code}"


@pytest.mark.parametrize(("written", "code"), [("0.5", "JPY"), ("0.0000001", "USDT"), ("1.005", "EUR"), ("0.1", "KRW")])
def test_more_decimals_than_the_asset_has_are_refused(written: str, code: str) -> None:
    with pytest.raises(NotExact, match=f"has more than {asset(code).decimals} decimals"):
        Money.exactly(written, code)


@pytest.mark.parametrize("written", ["", "ten", "1,000.00", "NaN", "Infinity", "-inf", "sNaN", "0x10", "1 000"])
def test_what_is_no_number_is_no_money(written: str) -> None:
    with pytest.raises(NotExact):
        Money.exactly(written, "USDT")


def test_sixty_digits_are_kept_and_the_sixty_first_is_refused() -> None:
    digits = "9" * 54 + ".123456"

    assert Money.exactly(digits, "USDT").text() == digits
    for longer in (f"9{digits}", f"{digits}1", "1e60", "1e5000", "1e999999", Decimal("9" * 61)):
        with pytest.raises(NotExact):
            Money.exactly(longer, "USDT")
    assert Money.exactly("0e5000", "USDT") == Money(minor=0, code="USDT")


@pytest.mark.parametrize(
    ("written", "whole"), [("0.5", 1), ("1.5", 2), ("2.5", 3), ("-0.5", -1), ("-2.5", -3), ("0.49", 0)]
)
def test_half_up_rounds_a_half_away_from_zero(written: str, whole: int) -> None:
    assert Money.rounded(Decimal(written), "JPY", Rounding.HALF_UP) == Money(minor=whole, code="JPY")


@pytest.mark.parametrize(
    ("rounding", "minors"),
    [
        (Rounding.HALF_UP, (88_593, 3, -3)),
        (Rounding.HALF_EVEN, (88_593, 2, -2)),
        (Rounding.DOWN, (88_593, 2, -2)),
        (Rounding.UP, (88_594, 3, -3)),
    ],
)
def test_each_rounding_does_what_its_name_says(rounding: Rounding, minors: tuple[int, int, int]) -> None:
    worked_out = (Decimal("88593.2745"), Decimal("2.5"), Decimal("-2.5"))

    assert tuple(Money.rounded(each, "JPY", rounding).minor for each in worked_out) == minors


def test_an_asset_that_nobody_registered_is_refused() -> None:
    with pytest.raises(UnknownAsset, match="'USTD' is not a known asset: did you mean USD"):
        Money(minor=1, code="USTD")
    with pytest.raises(UnknownAsset):
        Money.exactly("1", "usdt")


def test_two_assets_never_meet() -> None:
    tether, yen = Money(minor=1, code="USDT"), Money(minor=1, code="JPY")

    for meet in (lambda: tether + yen, lambda: tether - yen, lambda: tether < yen, lambda: tether <= yen):
        with pytest.raises(AssetMismatch, match="are different assets"):
            meet()
    assert tether != yen


@given(moneys)
def test_the_text_of_an_amount_is_the_amount(money: Money) -> None:
    assert Money.exactly(money.text(), money.code) == money
    assert Money.exactly(money.amount, money.code) == money


@given(codes, minors, minors)
def test_sums_are_exact_whatever_the_size(code: str, one: int, other: int) -> None:
    first, second = Money(minor=one, code=code), Money(minor=other, code=code)

    assert (first + second).minor == one + other
    assert first + second - second == first
    assert first + -first == Money(minor=0, code=code)
    assert (first < second) == (one < other)
    assert (first <= second) == (first.amount <= second.amount)


@given(st.decimals(allow_nan=False, allow_infinity=False, places=8, min_value=-(10**30), max_value=10**30), codes)
def test_rounding_moves_an_amount_by_less_than_one_minor_unit(amount: Decimal, code: str) -> None:
    down, up = Money.rounded(amount, code, Rounding.DOWN), Money.rounded(amount, code, Rounding.UP)
    near = Money.rounded(amount, code, Rounding.HALF_UP)

    assert abs(up.minor - down.minor) in {0, 1}
    assert near in {down, up}
    assert abs(down.amount) <= abs(amount) <= abs(up.amount)
    assert abs(near.amount - amount) * 2 <= Money(minor=1, code=code).amount
