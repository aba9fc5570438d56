"""Working hours in many cases: counted with a table of the hours of every day that can occur, looked up by position."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from itertools import accumulate

import polars as pl

from policy.calendars import MOST_DAYS, Calendar
from policy.hours import worked
from policy.many.scaled import OutOfBounds, Scaled, Whole, whole

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST_DAY = date(1970, 1, 1)
_HOUR = 3_600_000_000
#: Later than every moment: where there are no more hours.
_NEVER = 2**62
#: From and to when each day is worked, in microseconds since 1970; how long was worked before it; which day it is.
_Table = tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...], tuple[int, ...]]


def passed(start: Whole, end: Whole, days: tuple[Whole, Whole], calendar: Calendar) -> tuple[Scaled, pl.Expr | None]:
    """Return how much working time lies between two moments, and where only the compiled policy can tell it.

    days: The days of both. Raises OutOfBounds.
    """
    first, last = days
    apart = (last.expr - first.expr).abs() > MOST_DAYS
    table = _hours(calendar, min(first.low, last.low), max(first.high, last.high))
    found, most = _until(end.expr, table) - _until(start.expr, table), table[2][-1]
    return Scaled(top=whole(found, -most, most), bottom=_HOUR), apart


def later(start: Whole, count: Decimal, day: Whole, calendar: Calendar) -> tuple[Scaled, pl.Expr]:
    """Return when so much working time after each moment is over; after none, when there is some next."""
    table = _hours(calendar, day.low, day.high + MOST_DAYS)
    starts, ends, before, days = table
    if not days:
        raise OutOfBounds("counts working hours where there are none")
    length = int(count * _HOUR)
    if length:
        target = _until(start.expr, table) + length
        place = _listed(before[1:]).search_sorted(target, side="left").cast(pl.Int64)
        found = _listed((*starts, _NEVER)).gather(place) + target - _listed(before).gather(place)
    else:
        place = _listed(ends).search_sorted(start.expr.cast(pl.Int64), side="right").cast(pl.Int64)
        found = pl.max_horizontal(_listed((*starts, _NEVER)).gather(place), start.expr.cast(pl.Int64))
    apart = _listed((*days, _NEVER)).gather(place) - day.expr > MOST_DAYS
    found = pl.when(~apart).then(found)
    return Scaled(top=whole(found, starts[0], ends[-1])), apart


def _until(at: pl.Expr, table: _Table) -> pl.Expr:
    """Return how long was worked from the first hours of the table on up to a moment."""
    starts, ends, before, _ = table
    moment = at.cast(pl.Int64)
    place = _listed(ends).search_sorted(moment, side="right").cast(pl.Int64)
    return _listed(before).gather(place) + (moment - _listed((*starts, _NEVER)).gather(place)).clip(lower_bound=0)


def _listed(numbers: Sequence[int]) -> pl.Expr:
    return pl.lit(pl.Series(numbers, dtype=pl.Int64))


@lru_cache(maxsize=16)
def _hours(calendar: Calendar, first: int, last: int) -> _Table:
    """Return the hours from the first to the last day; raises OutOfBounds."""
    microsecond = timedelta(microseconds=1)
    try:
        told = [(number, worked(calendar, _FIRST_DAY + timedelta(days=number))) for number in range(first, last + 1)]
    except OverflowError:
        raise OutOfBounds("has moments at the end of all calendars") from None
    hours = [(number, *((each - _EPOCH) // microsecond for each in of)) for number, of in told if of is not None]
    lengths = accumulate((end - start for _, start, end in hours), initial=0)
    days, starts, ends = (tuple(each[place] for each in hours) for place in range(3))
    return starts, ends, tuple(lengths), days
