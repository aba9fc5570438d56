"""Months and years are counted by the calendar, alike one by one and in columns."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random

import polars as pl
import pytest

from policy.calendars import Calendar, months_later
from policy.expressions import Counted
from policy.many import days
from policy.many.scaled import OutOfBounds, Scaled, whole
from policy.settling import TooManyDigits
from policy.timing import later, passed

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
ZONES = ("UTC", "Europe/London", "+08:00")
BETWEEN = (Counted.FULL_MONTHS, Counted.STARTED_MONTHS, Counted.FULL_YEARS, Counted.STARTED_YEARS)


def _pairs() -> list[tuple[datetime, datetime]]:
    """Return moments near the ends of days and months, apart by about a month or a year."""
    random = Random(7)  # noqa: S311  # Cases, no secrets.
    starts = [_EPOCH + timedelta(days=random.randrange(12_000, 21_000)) for _ in range(400)]
    steps = (0, 1, 28, 29, 30, 31, 59, 365, 366, -1, -31, -365)
    return [
        (
            start + timedelta(seconds=random.choice((0, 1, -1, 50_000))),
            start + timedelta(days=random.choice(steps), seconds=random.choice((0, -1))),
        )
        for start in starts
    ]


PAIRS = _pairs()
FRAME = pl.DataFrame(
    {name: [(pair[place] - _EPOCH) // timedelta(microseconds=1) for pair in PAIRS] for place, name in enumerate("ab")}
)


def _column(name: str) -> Scaled:
    numbers = FRAME[name].to_list()
    return Scaled(top=whole(pl.col(name), min(numbers), max(numbers)))


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("counted", BETWEEN)
def test_months_between_are_the_same_in_columns(counted: Counted, zone: str) -> None:
    calendar = Calendar(zone=zone)

    found, apart = days.passed(counted, _column("a"), _column("b"), calendar)

    assert apart is None
    alone = [int(passed(counted, start, end, calendar)) for start, end in PAIRS]
    assert FRAME.select(found.top.expr).to_series().to_list() == alone
    assert found.top.low <= min(alone) <= max(alone) <= found.top.high


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize(
    ("counted", "count"),
    [
        *(
            (Counted.MONTHS, 1),
            (Counted.MONTHS, 25),
            (Counted.YEARS, 3),
            (Counted.END_OF_MONTH, 0),
            (Counted.MONTHS, -1),
            (Counted.YEARS, -2),
        ),
        *((Counted.DAYS, -30), (Counted.HOURS, -1), (Counted.MINUTES, -90)),
    ],
)
def test_moments_months_later_or_before_are_the_same_in_columns(counted: Counted, count: int, zone: str) -> None:
    calendar = Calendar(zone=zone)

    found, apart = days.later(counted, _column("a"), Decimal(count), calendar)

    assert apart is None
    alone = [later(counted, start, Decimal(count), calendar) for start, _ in PAIRS]
    microseconds = [(each - _EPOCH) // timedelta(microseconds=1) for each in alone]
    assert FRAME.select(found.top.expr).to_series().to_list() == microseconds


def test_a_month_after_the_last_day_is_the_last_day_of_a_shorter_month() -> None:
    day = datetime(2024, 1, 31, tzinfo=UTC).date()

    assert [f"{months_later(day, count)}" for count in (0, 1, 2, 13, -2)] == [
        "2024-01-31",
        "2024-02-29",
        "2024-03-31",
        "2025-02-28",
        "2023-11-30",
    ]


def test_a_month_ends_where_the_next_one_begins() -> None:
    london = Calendar(zone="Europe/London")

    found = [
        later(Counted.END_OF_MONTH, datetime.fromisoformat(each), Decimal(0), london).isoformat()
        for each in ("2024-02-01T00:00:00Z", "2026-03-31T22:59:59Z", "2026-03-31T23:00:00Z", "2025-12-31T23:59:59Z")
    ]

    assert found == [
        "2024-03-01T00:00:00+00:00",
        "2026-03-31T23:00:00+00:00",
        "2026-04-30T23:00:00+00:00",
        "2026-01-01T00:00:00+00:00",
    ]


def test_a_moment_beyond_all_calendars_is_not_proposed() -> None:
    with pytest.raises(TooManyDigits):
        later(Counted.YEARS, datetime(9999, 1, 1, tzinfo=UTC), Decimal(1), Calendar())
    for counted in (Counted.HOURS, Counted.DAYS, Counted.MONTHS, Counted.YEARS):
        with pytest.raises(TooManyDigits):
            later(counted, datetime(1, 1, 1, tzinfo=UTC), Decimal(-1), Calendar())


@pytest.mark.parametrize("counted", [Counted.HOURS, Counted.DAYS, Counted.MONTHS])
def test_columns_leave_a_moment_before_all_calendars_to_the_single_decision(counted: Counted) -> None:
    first = (datetime(1, 1, 1, 0, 30, tzinfo=UTC) - _EPOCH) // timedelta(microseconds=1)
    moments = Scaled(top=whole(pl.col("a"), first, first + 10**10))

    try:
        _, apart = days.later(counted, moments, Decimal(-1), Calendar())
    except OutOfBounds:
        return

    assert apart is not None
    assert pl.DataFrame({"a": [first, first + 10**10]}).select(apart).to_series().to_list() == [True, False]
