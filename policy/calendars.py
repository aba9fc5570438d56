"""Counting days as a policy says: in its time zone, with its days off."""

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

MOST_DAYS = 4_000
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_OFFSET = re.compile(r"([+-])(\d{2}):(\d{2})", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """Where a day begins, and on which days nobody works.

    Fields:
        zone: "UTC", "+08:00" or a name as "Europe/London".
        days_off: Weekdays without work, 0 is Monday.
        holidays: Dates without work.
        hours: From which minute of a day to which people work, (570, 960) is 09:30 to 16:00; None: it is not said.
        other_hours: (date, hours) of working days with hours of their own.
    """

    zone: str = "UTC"
    days_off: frozenset[int] = frozenset({5, 6})
    holidays: frozenset[date] = frozenset()
    hours: tuple[int, int] | None = None
    other_hours: tuple[tuple[date, tuple[int, int]], ...] = ()

    def day(self, moment: datetime | date) -> date:
        """Return the date of a moment here; a date is the same everywhere."""
        return moment.astimezone(zone_named(self.zone)).date() if isinstance(moment, datetime) else moment

    def start(self, day: date) -> datetime:
        """Return the first moment of a day here, in UTC."""
        return datetime.combine(day, time(), tzinfo=zone_named(self.zone)).astimezone(UTC)

    def works(self, day: date) -> bool:
        """Whether people work on this day."""
        return day.weekday() not in self.days_off and day not in self.holidays


def zone_named(name: str) -> tzinfo:
    """Return a time zone; raises ValueError for one that does not exist."""
    match = _OFFSET.fullmatch(name)
    if match is None:
        try:
            return ZoneInfo(name)
        except (KeyError, OSError, ValueError):
            raise ValueError(f'"{name[:60]}" is no time zone: write UTC, +08:00 or Europe/London') from None
    sign, hours, minutes = match.groups()
    offset = timedelta(hours=int(hours), minutes=int(minutes))
    return timezone(offset if sign == "+" else -offset)


def days_between(calendar: Calendar, start: date, end: date, *, working: bool) -> int:
    """Return how many days begin after `start` and not after `end`: 4 from Thursday to Monday, 2 of them working days.

    Below zero when `end` lies before `start`. Raises OverflowError for more than MOST_DAYS working days.
    """
    first, last = calendar.day(start), calendar.day(end)
    if not working:
        return (last - first).days
    if last < first:
        return -days_between(calendar, end, start, working=True)
    span = (last - first).days
    if span > MOST_DAYS:
        raise OverflowError(f"{span} days are too many to count working days in")
    weeks, rest = divmod(span, 7)
    off = sum(first < day <= last and day.weekday() not in calendar.days_off for day in calendar.holidays)
    worked = sum((first.weekday() + number) % 7 not in calendar.days_off for number in range(1, rest + 1))
    return weeks * (7 - len(calendar.days_off)) + worked - off


def months_later(day: date, count: int) -> date:
    """Return the day of the same number so many months on; the last day of a month that has none of that number.

    Raises ValueError beyond the year 9999.
    """
    years, month = divmod(day.month - 1 + count, 12)
    length = monthrange(day.year + years, month + 1)[1]
    return date(day.year + years, month + 1, min(day.day, length))


def months_between(calendar: Calendar, start: date, end: date, *, started: bool) -> int:
    """Return how many months from the day of `start` to that of `end` are full; one more for a month that has begun.

    A month is full on the day of the same number, or on the last day of a month that has none. Below zero when `end`
    lies before `start`.
    """
    first, last = calendar.day(start), calendar.day(end)
    if last < first:
        return -months_between(calendar, end, start, started=started)
    months = (last.year - first.year) * 12 + last.month - first.month
    full_on = min(first.day, monthrange(last.year, last.month)[1])
    return months + (last.day > full_on) if started else months - (last.day < full_on)


def after_months(day: date, count: int) -> date:
    """Return the day that begins when this many full months after a day are over.

    With a count below zero, when that many months before the day begin. Raises ValueError or OverflowError before the
    year 1 and beyond the year 9999.
    """
    return months_later(day, count) + timedelta(days=count >= 0)


def after_month(day: date) -> date:
    """Return the first day after the month of a day; raises ValueError beyond the year 9999."""
    return months_later(day.replace(day=1), 1)


def after_days(calendar: Calendar, day: date, count: int, *, working: bool) -> date:
    """Return the day that begins when this many full days after a day are over.

    From a Monday on, two working days are over when Thursday begins.
    """
    if not working and count < MOST_DAYS:
        return day + timedelta(days=count + 1)
    left = count
    for _ in range(MOST_DAYS):
        if left == 0:
            return day + timedelta(days=1)
        day += timedelta(days=1)
        left -= calendar.works(day)
    raise OverflowError(f"more than {MOST_DAYS} days")
