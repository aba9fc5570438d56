"""Working hours: counted by the clock of the place, summer time included, the same on every path."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policy.arithmetic import TooManyDigits
from policy.calendars import Calendar
from policy.expressions import Counted
from policy.form import Policy
from policy.hours import hours_on, worked, worked_between
from policy.loading import read_policy
from policy.many import days
from policy.many.scaled import Scaled, Whole
from policy.mistakes import BadPolicy
from policy.timing import later, passed, pay_by
from tests.policy.equality import compared, generated
from tests.policy.mutations import Judge
from tests.policy.spoiling import mutants

MARKET = (Path(__file__).parent / "plans" / "market-hours.yaml").read_text(encoding="utf-8")
NEW_YORK = Calendar(zone="America/New_York", hours=(570, 960), other_hours=(hours_on("2026-11-27 09:30 to 13:00"),))
AROUND_THE_CLOCK = Calendar(zone="Europe/Berlin", days_off=frozenset(), hours=(0, 1440))
CALENDARS = (NEW_YORK, AROUND_THE_CLOCK, Calendar(zone="Australia/Lord_Howe", hours=(90, 181)), Calendar(hours=(0, 1)))
MINUTE = timedelta(minutes=1)


def plan(text: str = MARKET) -> Policy:
    return read_policy(text, "market.yaml")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


@pytest.mark.parametrize(
    ("start", "end", "hours"),
    [
        ("2026-03-06T15:30-05:00", "2026-03-09T10:30-04:00", "1.5"),  # The clock went forward in between.
        ("2026-10-30T15:30-04:00", "2026-11-02T10:30-05:00", "1.5"),  # And back.
        ("2026-03-09T16:00-04:00", "2026-03-10T09:30-04:00", "0"),
        ("2026-11-26T09:30-05:00", "2026-11-30T09:30-05:00", "10"),  # A whole day, and a half.
        ("2026-03-10T10:30-04:00", "2026-03-09T15:30-04:00", "-1.5"),
    ],
)
def test_hours_are_those_of_the_market(start: str, end: str, hours: str) -> None:
    assert passed(Counted.WORKING_HOURS, at(start), at(end), NEW_YORK) == Decimal(hours)


def test_a_day_around_the_clock_has_as_many_hours_as_it_truly_has() -> None:
    spring, autumn = (
        ("2026-03-29T00:00+01:00", "2026-03-30T00:00+02:00"),
        ("2026-10-25T00:00+02:00", "2026-10-26T00:00+01:00"),
    )

    found = [passed(Counted.WORKING_HOURS, at(start), at(end), AROUND_THE_CLOCK) for start, end in (spring, autumn)]

    assert found == [23, 25]


@pytest.mark.parametrize(
    ("start", "count", "end"),
    [
        ("2026-03-06T15:30-05:00", "1", "2026-03-09T10:00-04:00"),
        ("2026-03-06T15:30-05:00", "0.5", "2026-03-06T16:00-05:00"),
        ("2026-03-07T12:00-05:00", "6.5", "2026-03-09T16:00-04:00"),
        ("2026-11-27T12:00-05:00", "1.5", "2026-11-30T10:00-05:00"),
    ],
)
def test_so_many_working_hours_after_a_moment(start: str, count: str, end: str) -> None:
    assert later(Counted.WORKING_HOURS, at(start), Decimal(count), NEW_YORK) == at(end)


@pytest.mark.parametrize(
    ("moment", "following"),
    [
        ("2026-03-09T12:00-04:00", "2026-03-09T12:00-04:00"),
        ("2026-03-09T09:30-04:00", "2026-03-09T09:30-04:00"),
        ("2026-03-09T09:29-04:00", "2026-03-09T09:30-04:00"),
        ("2026-03-09T16:00-04:00", "2026-03-10T09:30-04:00"),
        ("2026-03-06T16:30-05:00", "2026-03-09T09:30-04:00"),
    ],
)
def test_the_next_working_time_is_the_moment_itself_in_hours(moment: str, following: str) -> None:
    assert later(Counted.NEXT_WORKING_TIME, at(moment), Decimal(0), NEW_YORK) == at(following)


_moments = st.integers(0, 60 * 24 * 14).map(lambda minutes: at("2026-03-22T00:00Z") + minutes * MINUTE)


def test_hours_that_the_clock_leaves_out_are_none() -> None:
    early = Calendar(zone="Europe/Berlin", days_off=frozenset(), hours=(150, 180))
    saturday, sunday = datetime(2026, 3, 28, 1, tzinfo=UTC), datetime(2026, 3, 29, 12, tzinfo=UTC)

    assert worked(early, date(2026, 3, 29)) is None
    assert worked_between(early, saturday, sunday) == timedelta(minutes=30)
    assert worked_between(early, saturday + timedelta(hours=1), sunday) == timedelta()


@settings(max_examples=30, deadline=None)
@given(calendar=st.sampled_from(CALENDARS), start=_moments, length=st.integers(0, 2_000))
def test_it_is_what_counting_minute_by_minute_gives(calendar: Calendar, start: datetime, length: int) -> None:
    end = start + length * MINUTE
    minutes = (start + number * MINUTE for number in range(length))
    inside = sum(later(Counted.NEXT_WORKING_TIME, each, Decimal(0), calendar) == each for each in minutes)

    found = passed(Counted.WORKING_HOURS, start, end, calendar)

    assert found == Fraction(inside, 60)
    if inside:
        again = later(Counted.WORKING_HOURS, start, Decimal(inside) / 60, calendar)
        assert isinstance(again, datetime)
        assert passed(Counted.WORKING_HOURS, start, again, calendar) == pytest.approx(found)


@settings(max_examples=20, deadline=None)
@given(
    calendar=st.sampled_from(CALENDARS),
    moments=st.lists(st.tuples(_moments, _moments), min_size=1, max_size=20),
    count=st.sampled_from(["0", "0.25", "8", "3000"]),
)
def test_columns_count_alike(calendar: Calendar, moments: list[tuple[datetime, datetime]], count: str) -> None:
    micro = timedelta(microseconds=1)
    numbers = [[(each - datetime(1970, 1, 1, tzinfo=UTC)) // micro for each in pair] for pair in moments]
    frame = pl.DataFrame(numbers, schema=["start", "end"], orient="row")
    start, end = (
        Scaled(top=Whole(expr=pl.col(name), low=frame[name].min(), high=frame[name].max()))  # type: ignore[arg-type]  # They are whole.
        for name in ("start", "end")
    )

    between, _ = days.passed(Counted.WORKING_HOURS, start, end, calendar)
    after, apart = days.later(Counted.WORKING_HOURS, start, Decimal(count), calendar)

    assert apart is not None
    found = frame.select(between=between.top.expr, after=after.top.expr, apart=apart)
    for (first, last), row in zip(moments, found.to_dicts(), strict=True):
        assert Fraction(row["between"], between.bottom) == passed(Counted.WORKING_HOURS, first, last, calendar)
        try:
            expected = later(Counted.WORKING_HOURS, first, Decimal(count), calendar)
        except TooManyDigits:
            assert row["apart"]
        else:
            assert not row["apart"]
            assert datetime(1970, 1, 1, tzinfo=UTC) + row["after"] * micro == expected


def test_a_policy_with_hours_is_decided_alike_and_in_columns() -> None:
    found = compared(plan(), list(generated(plan(), 120, 4)), explain_every=4)

    assert found.differences == ()
    assert found.in_columns > 100
    assert found.decided > 50


def test_the_suite_of_a_plan_with_hours_catches_other_hours() -> None:
    judge = Judge(plan())
    spoiled = [each for each in mutants(judge.policy) if each.kind == "other hours"]

    assert len(spoiled) >= 2
    assert [each.what for each in spoiled if not judge.catches(each.policy)] == []


def test_a_claim_may_be_paid_within_so_many_working_hours() -> None:
    within = plan().pay_within
    assert within is not None

    assert pay_by(within, at("2026-03-06T15:00-05:00")) == at("2026-03-10T12:00-04:00")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "09:30 to 16:00",
            "9:30 to 16:00",
            'write "9:30 to 16:00" as hours of one day: 09:30 to 16:00, at most to 24:00',
        ),
        ("09:30 to 16:00", "22:00 to 06:00", 'write "22:00 to 06:00" as hours of one day'),
        ("09:30 to 16:00", "09:60 to 16:00", 'write "09:60 to 16:00" as hours of one day'),
        ("09:30 to 16:00", "09:30 to 24:01", 'write "09:30 to 24:01" as hours of one day'),
        ("[2026-11-27 09:30", "[2026-11-31 09:30", "as a date with its hours: 2026-11-27 09:30 to 13:00"),
        ("[2026-11-27 09:30", "[2026-11-28 09:30", "2026-11-28 is a day off: leave it out"),
        ("  hours: 09:30 to 16:00\n", "", 'say the usual "hours:" too'),
        (
            "  hours: 09:30 to 16:00\n  other hours: [2026-11-27 09:30 to 13:00]\n",
            "",
            'say when people work, as "hours: 09:30 to 16:00" under "calendar"',
        ),
        ("next working time(claimed_at)", "next working time(hours down)", "a time is needed here, this is hours"),
    ],
)
def test_what_is_wrong_with_hours_is_said_where_it_stands(old: str, new: str, said: str) -> None:
    assert old in MARKET

    with pytest.raises(BadPolicy) as refused:
        plan(MARKET.replace(old, new, 1))

    assert [each.what for each in refused.value.mistakes if said in each.what], refused.value
