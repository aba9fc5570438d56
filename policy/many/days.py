"""Time in many cases: days counted with tables of the calendar over the days that occur, looked up by position."""

from calendar import monthrange
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from itertools import accumulate

import polars as pl

from policy.calendars import MOST_DAYS, Calendar, months_later, zone_named
from policy.expressions import Counted
from policy.many import hours
from policy.many.scaled import OutOfBounds, Scaled, Whole, added, constant, moment, whole

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST_DAY = date(1970, 1, 1)
_LAST = moment(datetime.max.replace(tzinfo=UTC)).top.low
_FIRST = moment(datetime.min.replace(tzinfo=UTC)).top.low
FIRST_DATE, LAST_DATE = ((each - _FIRST_DAY).days for each in (date.min, date.max))
_DAY = 86_400_000_000
_MICROSECONDS = {Counted.MINUTES: 60_000_000, Counted.HOURS: 3_600_000_000}
_MONTHS = {Counted.MONTHS: 1, Counted.YEARS: 12}
_FULL = {Counted.FULL_MONTHS: 1, Counted.FULL_YEARS: 12}
_STARTED = {Counted.STARTED_MONTHS: 1, Counted.STARTED_YEARS: 12}
#: The most days between the first and the last moment that a table is made for: fifty years.
_MOST_TABLE = 18_300

#: A result, and where only the compiled policy can tell it; None: nowhere.
Timed = tuple[Scaled, pl.Expr | None]


def passed(counted: Counted, start: Scaled, end: Scaled, calendar: Calendar, *, dates: bool = False) -> Timed:
    """Return how much time lies between two moments, or two dates; below zero when the end comes first.

    Raises OutOfBounds.
    """
    if counted in _MICROSECONDS:
        gone = added((end, Scaled(top=whole(-start.top.expr, -start.top.high, -start.top.low))))
        return Scaled(top=gone.top, bottom=_MICROSECONDS[counted]), None
    first, last = (each.top if dates else days_of(each.top, calendar) for each in (start, end))
    if counted is Counted.WORKING_HOURS:
        return hours.passed(start.top, end.top, (first, last), calendar)
    low, high = last.low - first.high, last.high - first.low
    apart = last.expr - first.expr
    if counted is Counted.DAYS:
        return Scaled(top=whole(apart, low, high)), None
    for each in (first, last):
        _in_a_table(each.low, each.high)
    if counted in _FULL | _STARTED:
        return Scaled(top=_months(counted, first, last)), None
    base = min(first.low, last.low)
    counts, _ = _working(calendar, base, max(first.high, last.high))
    table = pl.lit(pl.Series(counts, dtype=pl.Int64))
    worked = table.gather(last.expr - base) - table.gather(first.expr - base)
    too_many = apart.abs() > MOST_DAYS if max(high, -low) > MOST_DAYS else None
    return Scaled(top=whole(worked, min(low, 0), max(high, 0))), too_many


def later(counted: Counted, start: Scaled, count: Decimal, calendar: Calendar, *, dates: bool = False) -> Timed:
    """Return the moment some time after each, before it where the count is below zero; of dates these are dates.

    Raises OutOfBounds.
    """
    if counted is Counted.DAY:
        return Scaled(top=days_of(start.top, calendar)), None
    if counted is Counted.MONTH:
        return Scaled(top=_firsts(start.top if dates else days_of(start.top, calendar))), None
    if counted in {Counted.WORKING_HOURS, Counted.NEXT_WORKING_TIME}:
        return hours.later(start.top, count, days_of(start.top, calendar), calendar)
    if counted in _MICROSECONDS:
        found = added((start, constant(int(count * _MICROSECONDS[counted])))).top
        beyond = found.low < _FIRST or found.high > _LAST
        return Scaled(top=found), (~found.expr.is_between(_FIRST, _LAST) if beyond else None)
    day = start.top if dates else days_of(start.top, calendar)
    over, apart = _over(counted, day, int(count), calendar)
    is_date = dates and counted is not Counted.START_OF_DAY
    return (_next(over) if is_date else _starting(calendar, over)), apart


def _over(counted: Counted, day: Whole, number: int, calendar: Calendar) -> tuple[Whole, pl.Expr | None]:
    """Return the last day of what is counted on from each day, and where only the compiled policy can tell it."""
    back = 1 if number < 0 else 0  # The first moment of a day is the first one after the day before.
    if counted is Counted.DAYS or (counted is Counted.WORKING_DAYS and not number):
        number -= back
        return whole(day.expr + number, day.low + number, day.high + number), None
    _in_a_table(day.low, day.high)
    if counted is Counted.END_OF_MONTH:
        lasts = _last_days(day.low, day.high)
        over = pl.lit(pl.Series(lasts, dtype=pl.Int64)).gather(day.expr - day.low)
        return whole(over, lasts[0], lasts[-1]), None
    if counted is Counted.START_OF_DAY:
        return whole(day.expr - 1, day.low - 1, day.high - 1), None
    if counted in _MONTHS:
        ends = _month_ends(day.low, day.high, number * _MONTHS[counted])
        over = pl.lit(pl.Series(ends, dtype=pl.Int64)).gather(day.expr - day.low)
        return whole(over - back, ends[0] - back, ends[-1] - back), None
    counts, working = _working(calendar, day.low, day.high + MOST_DAYS + 1)
    if not working:
        raise OutOfBounds("counts working days where there are none")
    before = pl.lit(pl.Series(counts, dtype=pl.Int64)).gather(day.expr - day.low)
    position = before + (number - 1)
    over = pl.lit(pl.Series(working, dtype=pl.Int64)).gather(position.clip(upper_bound=len(working) - 1))
    apart = (position >= len(working)) | (over - day.expr >= MOST_DAYS)
    return whole(over, day.low, day.high + MOST_DAYS + 1), apart


def _firsts(day: Whole) -> Whole:
    """Return the first day of the month of each day; raises OutOfBounds."""
    _in_a_table(day.low, day.high)
    numbers = _in_months(day.low, day.high)[1]
    first = day.expr - pl.lit(pl.Series(numbers, dtype=pl.Int64)).gather(day.expr - day.low) + 1
    return whole(first, day.low - numbers[0] + 1, day.high - numbers[-1] + 1)


def _next(over: Whole) -> Scaled:
    """Return the day after each day; raises OutOfBounds."""
    low, high = over.low + 1, over.high + 1
    if low < FIRST_DATE or high > LAST_DATE:
        raise OutOfBounds("has dates at the end of all calendars")
    return Scaled(top=whole(over.expr + 1, low, high))


def date_number(day: date) -> int:
    """Return a date as columns hold it: days since 1970-01-01."""
    return (day - _FIRST_DAY).days


def _in_a_table(first: int, last: int) -> None:
    if last - first > _MOST_TABLE + 1:  # Moments that many days apart may touch one day more.
        raise OutOfBounds("has dates more than fifty years apart, days are counted in a table of fifty")


def _months(counted: Counted, first: Whole, last: Whole) -> Whole:
    """Return months between two days, or years of twelve, full or started; below zero when the end comes first."""
    low, high = min(first.low, last.low), max(first.high, last.high)
    tables = [pl.lit(pl.Series(each, dtype=pl.Int64)) for each in _in_months(low, high)]
    before, after = pl.min_horizontal(first.expr, last.expr) - low, pl.max_horizontal(first.expr, last.expr) - low
    months = tables[0].gather(after) - tables[0].gather(before)
    full_on = pl.min_horizontal(tables[1].gather(before), tables[2].gather(after))
    day = tables[1].gather(after)
    if counted in _STARTED:
        found = (months + (day > full_on).cast(pl.Int64) + (_STARTED[counted] - 1)) // _STARTED[counted]
    else:
        found = (months - (day < full_on).cast(pl.Int64)) // _FULL[counted]
    most = (high - low) // 28 + 1
    return whole(pl.when(last.expr < first.expr).then(-found).otherwise(found), -most, most)


@lru_cache(maxsize=64)
def _in_months(first: int, last: int) -> tuple[tuple[int, ...], ...]:
    """Return of each day its month, counted from the year 0 on, its number in it, and how many days that month has."""
    days = [_date(day) for day in range(first, last + 1)]
    months = tuple(day.year * 12 + day.month for day in days)
    return months, tuple(day.day for day in days), tuple(monthrange(day.year, day.month)[1] for day in days)


@lru_cache(maxsize=64)
def _last_days(first: int, last: int) -> tuple[int, ...]:
    """Return of each day the last day of its month."""
    days = [_date(day) for day in range(first, last + 1)]
    return tuple(number + monthrange(day.year, day.month)[1] - day.day for number, day in enumerate(days, start=first))


@lru_cache(maxsize=64)
def _month_ends(first: int, last: int, count: int) -> tuple[int, ...]:
    """Return of each day the day of the same number so many months on."""
    try:
        return tuple((months_later(_date(day), count) - _FIRST_DAY).days for day in range(first, last + 1))
    except ValueError:
        raise OutOfBounds("has moments at the end of all calendars") from None


def _starting(calendar: Calendar, over: Whole) -> Scaled:
    """Return the first moment after each day."""
    starts = _starts(calendar, over.low + 1, over.high + 1)
    table = pl.lit(pl.Series(starts, dtype=pl.Int64))
    return Scaled(top=whole(table.gather(over.expr - over.low), starts[0], starts[-1]))


def days_of(moments: Whole, calendar: Calendar) -> Whole:
    """Return the day of each moment in the calendar's time zone, counted from 1970-01-01 on."""
    if moments.high - moments.low > _MOST_TABLE * _DAY:
        raise OutOfBounds("has moments more than fifty years apart, days are counted in a table of fifty")
    froms, shifts = _shifts(calendar.zone, moments.low // _DAY - 1, moments.high // _DAY + 1)
    low, high = (moments.low + min(shifts)) // _DAY, (moments.high + max(shifts)) // _DAY
    if len(shifts) == 1:
        return whole((moments.expr + shifts[0]) // _DAY, low, high)
    after = pl.lit(pl.Series(froms, dtype=pl.Int64)).search_sorted(moments.expr, side="right")
    position = (after.cast(pl.Int64) - 1).clip(lower_bound=0)
    return whole((moments.expr + pl.lit(pl.Series(shifts, dtype=pl.Int64)).gather(position)) // _DAY, low, high)


@lru_cache(maxsize=64)
def _shifts(zone: str, first: int, last: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return from which moment on a zone has which offset, both in microseconds, over these days."""
    step = _DAY // 4
    at, end = first * _DAY, (last + 1) * _DAY
    found = [(at, _shift(zone, at))]
    while at < end:
        shift = _shift(zone, at + step)
        if shift != found[-1][1]:
            found.append((_changed(zone, at, at + step), shift))
        at += step
    return tuple(each for each, _ in found), tuple(each for _, each in found)


def _changed(zone: str, before: int, after: int) -> int:
    """Return the first microsecond of the later offset."""
    old = _shift(zone, before)
    while after - before > 1:
        middle = (before + after) // 2
        before, after = (middle, after) if _shift(zone, middle) == old else (before, middle)
    return after


def _shift(zone: str, at: int) -> int:
    try:
        local = (_EPOCH + timedelta(microseconds=at)).astimezone(zone_named(zone))
    except OverflowError:
        raise OutOfBounds("has moments at the end of all calendars") from None
    return (local.utcoffset() or timedelta()) // timedelta(microseconds=1)


@lru_cache(maxsize=64)
def _working(calendar: Calendar, first: int, last: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return how many working days lie after the first day up to each day, and which days those are."""
    works = [calendar.works(_date(day)) for day in range(first + 1, last + 1)]
    days = tuple(day for day, works_then in enumerate(works, start=first + 1) if works_then)
    return tuple(accumulate(works, initial=0)), days


@lru_cache(maxsize=64)
def _starts(calendar: Calendar, first: int, last: int) -> tuple[int, ...]:
    microsecond = timedelta(microseconds=1)
    try:
        return tuple((calendar.start(_date(day)) - _EPOCH) // microsecond for day in range(first, last + 1))
    except OverflowError:
        raise OutOfBounds("has moments at the end of all calendars") from None


def _date(day: int) -> date:
    try:
        return _FIRST_DAY + timedelta(days=day)
    except OverflowError:
        raise OutOfBounds("has moments at the end of all calendars") from None
