"""Days are counted as a policy says, prices are looked up without guessing, and divisions lose nothing."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cases.money import Money, Rounding
from policy.arithmetic import TooManyDigits, kept, rounded, rounded_units, whole
from policy.calendars import Calendar, after_days, days_between, zone_named
from policy.mistakes import Mistakes
from policy.paying_out import read_pay_within
from policy.section import Section
from policy.series import Lookup, Series, found, price_at, read_series
from policy.timing import pay_by
from policy.yaml_text import read_yaml

LONDON = Calendar(zone="Europe/London", holidays=frozenset({date(2026, 4, 3), date(2026, 4, 6)}))
MONDAY = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
moments = st.datetimes(datetime(2020, 1, 1), datetime(2029, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001


def test_two_full_working_days_after_monday_are_over_when_thursday_begins() -> None:
    assert after_days(LONDON, LONDON.day(MONDAY), 2, working=True) == date(2026, 3, 5)


def test_easter_is_no_working_day() -> None:
    thursday = datetime(2026, 4, 2, 18, 0, tzinfo=UTC)

    # Friday and Monday are holidays: Tuesday and Wednesday are the two days. Summer time began on 29 March.
    assert after_days(LONDON, LONDON.day(thursday), 2, working=True) == date(2026, 4, 9)
    assert days_between(LONDON, thursday, datetime(2026, 4, 8, 12, tzinfo=UTC), working=True) == 2
    assert days_between(LONDON, thursday, datetime(2026, 4, 8, 12, tzinfo=UTC), working=False) == 6


def test_a_day_begins_where_the_policy_says() -> None:
    late = datetime(2020, 4, 9, 17, 0, tzinfo=UTC)

    assert days_between(Calendar(zone="+08:00"), MONDAY, late, working=False) == -2152
    assert days_between(Calendar(), late, late + timedelta(hours=6), working=False) == 0
    assert days_between(Calendar(zone="-10:00"), late, late + timedelta(hours=20), working=False) == 1
    with pytest.raises(ValueError, match="is no time zone"):
        zone_named("Atlantis/Capital")


@given(one=moments, other=moments)
def test_counting_back_is_counting_forth_with_the_sign_turned(one: datetime, other: datetime) -> None:
    for working in (True, False):
        assert days_between(LONDON, one, other, working=working) == -days_between(LONDON, other, one, working=working)


@given(start=moments, count=st.integers(0, 60))
def test_no_more_days_lie_before_the_end_than_were_counted(start: datetime, count: int) -> None:
    end = LONDON.start(after_days(LONDON, LONDON.day(start), count, working=True))

    assert days_between(LONDON, start, end - timedelta(microseconds=1), working=True) == count


@pytest.mark.parametrize(
    ("text", "due"),
    [
        ("72 hours", "2026-03-05T09:00:00+00:00"),
        ("2 working days", "2026-03-05T00:00:00+00:00"),
        ("7 days", "2026-03-10T00:00:00+00:00"),
        ("1 month", "2026-04-02T23:00:00+00:00"),
        ("2 years", "2028-03-03T00:00:00+00:00"),
        ("before 2026-03-04T00:00:00+08:00", "2026-03-03T16:00:00+00:00"),
    ],
)
def test_it_is_said_by_when_to_pay(text: str, due: str) -> None:
    mistakes = Mistakes()
    within = read_pay_within(Section(read_yaml(f"pay within: {text}\n", "x"), mistakes), LONDON)

    assert within is not None
    assert pay_by(within, MONDAY).isoformat() == due


PRICES = "2025-10-10T21:36:00Z 4000 1; 2025-10-10T21:37:00Z 430 3; 2025-10-11T00:00:00Z 3900.5"


def _at(minute: int) -> datetime:
    return datetime(2025, 10, 10, 21, minute, tzinfo=UTC)


def test_prices_are_looked_up_in_their_window() -> None:
    series = read_series(PRICES)

    def looked_up(lookup: Lookup, *, with_end: bool) -> Decimal | Fraction | None:
        return found(series, lookup, _at(36), _at(37), with_end=with_end)

    assert looked_up(Lookup.HIGHEST, with_end=True) == looked_up(Lookup.FIRST, with_end=True) == 4000
    assert looked_up(Lookup.LOWEST, with_end=True) == looked_up(Lookup.LAST, with_end=True) == 430
    assert looked_up(Lookup.AVERAGE, with_end=True) == 2215
    assert looked_up(Lookup.VWAP, with_end=True) == Fraction(5290, 4)
    assert looked_up(Lookup.VWAP, with_end=False) == 4000


def test_by_time_each_price_counts_for_as_long_as_it_stood() -> None:
    series = read_series("2025-10-10T21:36:00Z 100; 2025-10-10T21:40:00Z 110; 2025-10-10T21:47:00Z 130")

    def looked_up(start: int, end: int, *, with_end: bool = False) -> Decimal | Fraction | None:
        return found(series, Lookup.TWAP, _at(start), _at(end), with_end=with_end)

    assert looked_up(37, 47) == looked_up(37, 47, with_end=True) == Fraction(3 * 100 + 7 * 110, 10)
    assert looked_up(36, 50) == Fraction(4 * 100 + 7 * 110 + 3 * 130, 14)
    assert looked_up(41, 42) == 110
    assert looked_up(50, 59) == 130
    assert [looked_up(35, 50), looked_up(40, 40, with_end=True), looked_up(41, 40)] == [None] * 3


@pytest.mark.parametrize(
    ("start", "end", "with_end", "is_there"),
    [(40, 44, True, True), (40, 45, False, True), (40, 45, True, False), (46, 50, False, False), (47, 50, False, True)],
)
def test_no_average_by_time_goes_across_a_gap(start: int, end: int, *, with_end: bool, is_there: bool) -> None:
    gap = "gap 2025-10-10T21:45:00Z 2025-10-10T21:47:00Z"
    series = read_series(f"2025-10-10T21:36:00Z 100; {gap}; 2025-10-10T21:47:00Z 130")

    assert (found(series, Lookup.TWAP, _at(start), _at(end), with_end=with_end) is not None) is is_there


@given(
    prices=st.dictionaries(st.integers(0, 60), st.integers(1, 10**9), min_size=1, max_size=12),
    window=st.tuples(st.integers(0, 60), st.integers(1, 60)),
)
def test_an_average_by_time_is_that_of_the_prices_at_every_second(
    prices: dict[int, int], window: tuple[int, int]
) -> None:
    moments = [_at(0) + timedelta(seconds=each) for each in range(121)]
    series = read_series("; ".join(f"{moments[at].isoformat()} {prices[at]}" for at in sorted(prices)))
    start, length = window

    each_second = [price_at(series, moments[start + each], timedelta(days=1)) for each in range(length)]
    made = found(series, Lookup.TWAP, moments[start], moments[start + length], with_end=False)

    known = [Fraction(each) for each in each_second if each is not None]
    assert made == (sum(known, start=Fraction(0)) / length if each_second[0] is not None else None)


def test_a_gap_is_not_bridged() -> None:
    series = read_series(PRICES)

    assert found(series, Lookup.LAST, _at(38), _at(59), with_end=True) is None
    assert found(series, Lookup.VWAP, _at(36), datetime(2025, 10, 12, tzinfo=UTC), with_end=True) is None
    assert price_at(series, _at(41), timedelta(minutes=5)) == 430
    assert price_at(series, _at(43), timedelta(minutes=5)) is None
    assert price_at(series, _at(35), timedelta(days=9)) is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "holds 0 prices"),
        ("2025-10-10T21:36:00Z", "a time, a price and perhaps a volume are needed"),
        ("2025-10-10T21:36:00 4000", "a time, a price and perhaps a volume are needed"),
        ("2025-13-10T21:36:00Z 4000", "there is no such time"),
        ("2025-10-10T21:36:00Z 0", "a price is above 0"),
        ("2025-10-10T21:36:00Z -4", "a time, a price and perhaps a volume are needed"),
        ("2025-10-10T21:36:00Z 4; 2025-10-10T21:36:00Z 5", "is not in order at 2025-10-10T21:36"),
        ("2025-10-10T21:36:00Z 4;" * 6000, "5000 are needed"),
        ("9" * 400_001, "has 400001 characters"),
    ],
)
def test_prices_that_cannot_be_read_are_refused(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        read_series(text)


@given(prices=st.lists(st.tuples(st.integers(1, 10**9), st.integers(1, 10**6)), min_size=1, max_size=20))
def test_a_weighted_average_lies_between_the_extremes(prices: list[tuple[int, int]]) -> None:
    text = "; ".join(
        f"{(_at(0) + timedelta(seconds=at)).isoformat()} {price} {volume}" for at, (price, volume) in enumerate(prices)
    )
    series = read_series(text)
    assert isinstance(series, Series)

    low, high, middle = (
        found(series, each, _at(0), _at(59), with_end=True) for each in (Lookup.LOWEST, Lookup.HIGHEST, Lookup.VWAP)
    )

    assert low is not None
    assert high is not None
    assert middle is not None
    assert low <= middle <= high


@given(
    number=st.decimals(0, 10**20, places=9), rounding=st.sampled_from(Rounding), code=st.sampled_from(["JPY", "USDT"])
)
def test_a_ratio_is_rounded_as_a_decimal_is(number: Decimal, rounding: Rounding, code: str) -> None:
    assert rounded(Fraction(number), code, rounding) == Money.rounded(number, code, rounding)


def test_a_third_is_rounded_once() -> None:
    assert [rounded_units(Fraction(200, 3), each) for each in Rounding] == [67, 67, 66, 67]
    assert [rounded_units(Fraction(5, 2), each) for each in Rounding] == [3, 2, 2, 3]
    assert [whole(Fraction(-7, 3), up=each) for each in (False, True)] == [-3, -2]
    assert [whole(Decimal("2.5"), up=each) for each in (False, True)] == [2, 3]


def test_a_ratio_that_grows_too_long_is_refused() -> None:
    with pytest.raises(TooManyDigits):
        kept(Fraction(3**1200, 2**200))
