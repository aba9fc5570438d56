"""Numbers in columns: exactly what fractions say, and refused before 128 bits might not hold them."""

from fractions import Fraction
from random import Random

import polars as pl
import pytest

from cases.money import Rounding
from policy.arithmetic import rounded_units
from policy.expressions import Relation
from policy.many import scaled
from policy.many.scaled import OutOfBounds, Scaled

COMPARED = {
    Relation.EQUAL: Fraction.__eq__,
    Relation.BELOW: Fraction.__lt__,
    Relation.AT_MOST: Fraction.__le__,
    Relation.ABOVE: Fraction.__gt__,
    Relation.AT_LEAST: Fraction.__ge__,
}


def _drawn(seed: int, low: int, high: int) -> list[int]:
    random = Random(seed)  # noqa: S311  # Numbers to calculate with.
    return [random.randint(low, high) for _ in range(300)]


TOPS, UNDERS, FINE = _drawn(1, -2_000, 2_000), _drawn(2, 1, 40), _drawn(3, -(10**20), 10**20)
FRAME = pl.DataFrame({"top": TOPS, "under": UNDERS, "fine": pl.Series(FINE, dtype=pl.Int128)})
RATIO = scaled.divided(
    Scaled(top=scaled.whole(pl.col("top"), -2_000, 2_000), bottom=10), Scaled(top=scaled.whole(pl.col("under"), 1, 40))
)
RATIOS = [Fraction(top, 10 * under) for top, under in zip(TOPS, UNDERS, strict=True)]
DECIMAL = Scaled(top=scaled.whole(pl.col("fine"), -(10**20), 10**20), bottom=10**18)
DECIMALS = [Fraction(each, 10**18) for each in FINE]


def _values(number: Scaled) -> list[Fraction]:
    under = number.under.expr if number.under else pl.lit(1)
    found = FRAME.select(top=number.top.expr, under=under)
    return [Fraction(top, number.bottom * under) for top, under in found.iter_rows()]


def test_sums_products_and_quotients_are_what_fractions_say() -> None:
    assert _values(scaled.added((RATIO, DECIMAL))) == [a + b for a, b in zip(RATIOS, DECIMALS, strict=True)]
    assert _values(scaled.multiplied(RATIO, DECIMAL)) == [a * b for a, b in zip(RATIOS, DECIMALS, strict=True)]
    third = scaled.divided(DECIMAL, scaled.constant(Fraction(3)))
    assert _values(third) == [each / 3 for each in DECIMALS]


def test_the_largest_and_smallest_are_picked_across_denominators() -> None:
    one = scaled.constant(Fraction(1, 3))

    assert _values(scaled.extreme((RATIO, DECIMAL, one), largest=True)) == [
        max(a, b, Fraction(1, 3)) for a, b in zip(RATIOS, DECIMALS, strict=True)
    ]
    assert _values(scaled.extreme((RATIO, one), largest=False)) == [min(each, Fraction(1, 3)) for each in RATIOS]


@pytest.mark.parametrize("relation", COMPARED)
@pytest.mark.parametrize("limit", [Fraction(0), Fraction(5, 2), Fraction(1, 3), Fraction(-7, 6), Fraction(10**30)])
def test_comparisons_are_exact_beside_a_number_of_the_text(relation: Relation, limit: Fraction) -> None:
    beside = scaled.constant(limit)

    for number, values in ((RATIO, RATIOS), (DECIMAL, DECIMALS)):
        found = FRAME.select(pl.col("top"), holds=scaled.compared(relation, number, beside))["holds"].to_list()
        assert found == [COMPARED[relation](each, limit) for each in values]


@pytest.mark.parametrize("rounding", Rounding)
@pytest.mark.parametrize("decimals", [0, 1, 2, 8])
def test_amounts_are_rounded_once_as_single_decisions_round(rounding: Rounding, decimals: int) -> None:
    for number, values in ((RATIO, RATIOS), (DECIMAL, DECIMALS)):
        paid = scaled.extreme((number, scaled.constant(0)), largest=True)
        found = FRAME.select(scaled.units(paid, decimals, rounding).expr).to_series().to_list()
        assert found == [rounded_units(max(each, Fraction(0)) * 10**decimals, rounding) for each in values]


@pytest.mark.parametrize("up", [True, False])
def test_whole_numbers_below_and_above_are_those_of_fractions(*, up: bool) -> None:
    found = FRAME.select(scaled.floored(RATIO, up=up).top.expr).to_series().to_list()

    assert found == [each.__ceil__() if up else each.__floor__() for each in RATIOS]


def test_what_might_not_be_held_is_refused_before_it_is_made() -> None:
    large = Scaled(top=scaled.whole(pl.col("fine"), 0, 10**38))

    with pytest.raises(OutOfBounds, match=r"may reach 1\.0e\+40 units, 128 bits hold 1\.7e\+38"):
        scaled.multiplied(DECIMAL, DECIMAL)
    with pytest.raises(OutOfBounds, match="128 bits hold"):
        scaled.added((large, large))


def test_numbers_stay_in_64_bits_where_they_fit() -> None:
    assert FRAME.select(RATIO.top.expr).dtypes == [pl.Int64]
    assert FRAME.select(DECIMAL.top.expr).dtypes == [pl.Int128]
