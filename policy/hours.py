"""Working hours: from when to when a day is worked, and how much of it lies between two moments."""

import re
from bisect import bisect_right
from calendar import isleap
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import MAXYEAR, UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import accumulate

from policy.calendars import MOST_DAYS, Calendar, zone_named

_HOURS = re.compile(r"(\d{2}):(\d{2}) to (\d{2}):(\d{2})", re.ASCII)
_ON = re.compile(r"(\d{4}-\d{2}-\d{2}) (.+)", re.ASCII)
_DAY = timedelta(days=1)
_NOTHING = timedelta()


def hours_at(text: str) -> tuple[int, int]:
    """Return hours as minutes of a day: "09:30 to 16:00" is (570, 960); raises ValueError."""
    match = _HOURS.fullmatch(text)
    numbers = [int(each) for each in match.groups()] if match else [0] * 4
    start, end = numbers[0] * 60 + numbers[1], numbers[2] * 60 + numbers[3]
    if max(numbers[1], numbers[3]) > 59 or not start < end <= 24 * 60:  # noqa: PLR2004  # Of an hour.
        raise ValueError(f'write "{text[:40]}" as hours of one day: 09:30 to 16:00, at most to 24:00')
    return start, end


def hours_on(text: str) -> tuple[date, tuple[int, int]]:
    """Return a date with its hours: "2026-11-27 09:30 to 13:00"; raises ValueError."""
    match = _ON.fullmatch(text)
    try:
        return date.fromisoformat(match.group(1) if match else ""), hours_at(match.group(2) if match else "")
    except ValueError:
        raise ValueError(f'write "{text[:40]}" as a date with its hours: 2026-11-27 09:30 to 13:00') from None


def worked(calendar: Calendar, day: date) -> tuple[datetime, datetime] | None:
    """Return from when to when a day is worked, in UTC; None for a day off, or where the clock leaves its hours out.

    What is said of a clock that is put forward or back is said by the clock: 09:30 is 09:30 in summer too.
    """
    if calendar.hours is None or not calendar.works(day):
        return None
    start, end = dict(calendar.other_hours).get(day, calendar.hours)
    begin, finish = _moment(calendar, day, start), _moment(calendar, day, end)
    return (begin, finish) if begin < finish else None


def worked_between(calendar: Calendar, start: datetime, end: datetime) -> timedelta:
    """Return how much working time lies between two moments; below zero when `end` lies before `start`.

    Raises OverflowError for more than MOST_DAYS days, and at the ends of all calendars.
    """
    if end < start:
        return -worked_between(calendar, end, start)
    first, last = calendar.day(start), calendar.day(end)
    if (last - first).days > MOST_DAYS:
        raise OverflowError(f"{(last - first).days} days are too many to count working hours in")
    over = sum((_year(calendar, year).before[-1] for year in range(first.year, last.year)), start=_NOTHING)
    return over + _until(calendar, last.year, end) - _until(calendar, first.year, start)


def after_working_time(calendar: Calendar, start: datetime, length: timedelta) -> datetime:
    """Return when so much working time after a moment is over; after none, the moment, or when hours begin next.

    From Friday 15:30, where hours are 09:30 to 16:00, one hour is over on Monday at 10:00. Raises OverflowError when it
    is not within MOST_DAYS days, and beyond the year 9999.
    """
    day, left = calendar.day(start), length
    for begin, end in _from(calendar, day.year, start):
        if (calendar.day(begin) - day).days > MOST_DAYS:
            break
        if begin + left <= end:
            return begin + left
        left -= end - begin
    raise OverflowError(f"more than {MOST_DAYS} days")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Year:
    """The working hours of a year: from and to when each working day lasts, and how much was worked before it."""

    starts: tuple[datetime, ...]
    ends: tuple[datetime, ...]
    before: tuple[timedelta, ...]


@lru_cache(maxsize=256)
def _year(calendar: Calendar, year: int) -> _Year:
    first = date(year, 1, 1)
    days = (worked(calendar, first + number * _DAY) for number in range(366) if number < 365 or isleap(year))  # noqa: PLR2004  # Days of a year.
    hours = [each for each in days if each is not None]
    lengths = accumulate((end - start for start, end in hours), initial=_NOTHING)
    return _Year(starts=tuple(each for each, _ in hours), ends=tuple(each for _, each in hours), before=tuple(lengths))


def _until(calendar: Calendar, year: int, moment: datetime) -> timedelta:
    """Return how much was worked from the beginning of a year to a moment of it."""
    hours = _year(calendar, year)
    place = bisect_right(hours.ends, moment)
    begun = moment - hours.starts[place] if place < len(hours.starts) else _NOTHING
    return hours.before[place] + max(begun, _NOTHING)


def _from(calendar: Calendar, year: int, moment: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Yield the working hours from a moment of a year on, the first ones cut at it."""
    for number in range(year, min(year + MOST_DAYS // 365 + 2, MAXYEAR + 1)):
        hours = _year(calendar, number)
        for place in range(bisect_right(hours.ends, moment), len(hours.ends)):
            yield max(hours.starts[place], moment), hours.ends[place]


def _moment(calendar: Calendar, day: date, minute: int) -> datetime:
    on, minute = (day + _DAY, 0) if minute == 24 * 60 else (day, minute)
    at = time(minute // 60, minute % 60, tzinfo=zone_named(calendar.zone))
    return datetime.combine(on, at).astimezone(UTC)
