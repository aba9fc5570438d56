"""An input that is a percentage is given as one; a step is rounded where the plan says so, alike on every path."""

from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import polars as pl
import pytest

from cases.money import Rounding
from policy.arithmetic import rounded_to
from policy.explaining import explain
from policy.facts import Unreadable, read_value
from policy.interpreting import Unknown
from policy.loading import read_policy
from policy.many.columns import WrongColumn
from policy.many.deciding import decide_many
from policy.reasons import Reasoned
from policy.units import BARE, NumberType, Unit

POLICY = read_policy((Path(__file__).parent / "plans" / "late-interest.yaml").read_text(encoding="utf-8"), "x.yaml")
SHARE = NumberType(unit=BARE, signed=False, share=True)
YEARLY = NumberType(unit=Unit(bottom="years"), share=True)


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("2.3%", SHARE, "0.023"),
        ("0%", SHARE, "0"),
        ("0.00", SHARE, "0"),
        ("100 %", SHARE, "1"),
        ("0.000000000000000001%", SHARE, "1E-20"),
        ("-0.88%", YEARLY, "-0.0088"),
        ("2.27%  per year", YEARLY, "0.0227"),
    ],
)
def test_a_share_is_read_as_it_is_written(text: str, kind: NumberType, value: str) -> None:
    assert read_value(text, kind) == Decimal(value)


@pytest.mark.parametrize(
    ("text", "kind", "why"),
    [
        ("2.3", SHARE, 'is "2.3", a percentage is needed: 2.3% or 230%'),
        ("0.023", SHARE, 'is "0.023", a percentage is needed: 0.023% or 2.3%'),
        ("", SHARE, 'is "", a percentage is needed, as 2.3%'),
        ("2.3 EUR%", SHARE, 'is in "EUR", a number without a unit is needed'),
        ("2.3% per year", SHARE, 'is "2.3% per year", a percentage is needed'),
        ("2.3% per month", YEARLY, 'is "2.3% per month", a percentage per year is needed'),
        ("-2.3%", SHARE, "is below zero"),
        ("0%", NumberType(unit=BARE, signed=False, positive=True, share=True), "is 0, more than 0 is needed"),
    ],
)
def test_a_share_that_could_mean_something_else_is_refused(text: str, kind: NumberType, why: str) -> None:
    with pytest.raises(Unreadable) as refused:
        read_value(text, kind)

    assert str(refused.value) == why


def test_the_customer_reads_a_share_as_a_percentage() -> None:
    found = explain(POLICY, POLICY.examples[0].given)

    assert isinstance(found, Reasoned)
    assert dict(found.customer_text)["en"].endswith("The reference rate was 2.27% per year.")


def test_shares_are_decided_in_columns_and_a_number_in_their_place_is_not_known() -> None:
    given = [{**dict(POLICY.examples[0].given), "customer_share": share} for share in ("33.33%", "0.3333", "0 %")]

    found = decide_many(POLICY, pl.DataFrame(given))

    assert found["amount_minor"].to_list() == [2160, None, 3240]
    assert found["missing"].to_list() == [None, "customer_share", None]
    assert found["in_columns"].to_list() == [True, False, False]


def test_a_column_of_numbers_is_no_column_of_shares() -> None:
    frame = pl.DataFrame({**{name: [text] for name, text in POLICY.examples[0].given}, "customer_share": [50]})

    with pytest.raises(
        WrongColumn, match=r"customer_share: a column of Int64 cannot be read exactly: give text, as 2\.3%"
    ):
        decide_many(POLICY, frame)


def test_a_share_without_its_percent_sign_is_missing_and_says_so() -> None:
    found = explain(POLICY, {**dict(POLICY.examples[0].given), "customer_share": "50"}.items())

    assert isinstance(found, Unknown)
    assert found.needed == {"customer_share"}


@pytest.mark.parametrize(
    ("number", "decimals", "rounding", "found"),
    [
        (Fraction(2, 3), 2, Rounding.HALF_UP, "0.67"),
        (Fraction(2, 3), 2, Rounding.DOWN, "0.66"),
        (Fraction(-2, 3), 2, Rounding.DOWN, "-0.66"),
        (Decimal("0.125"), 2, Rounding.HALF_EVEN, "0.12"),
        (Decimal("-0.125"), 2, Rounding.HALF_UP, "-0.13"),
        (Decimal("-0.001"), 2, Rounding.HALF_UP, "0.00"),
        (Decimal("0.001"), 2, Rounding.UP, "0.01"),
        (Decimal("2.5"), 0, Rounding.HALF_EVEN, "2"),
    ],
)
def test_a_step_is_rounded_as_it_says(
    number: Decimal | Fraction, decimals: int, rounding: Rounding, found: str
) -> None:
    assert str(rounded_to(number, decimals, rounding)) == found
