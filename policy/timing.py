"""Time between moments and moments after a time, exact; the same on every path."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

from policy.arithmetic import TooManyDigits
from policy.calendars import Calendar, after_days, after_month, after_months, days_between, months_between
from policy.expressions import Counted
from policy.hours import after_working_time, worked_between
from policy.payment_terms import PayWithin

_FULL = {Counted.FULL_MONTHS: 1, Counted.FULL_YEARS: 12}
_STARTED = {Counted.STARTED_MONTHS: 1, Counted.STARTED_YEARS: 12}
_MONTHS = {Counted.MONTHS: 1, Counted.YEARS: 12}
_DATES = {Counted.DAY, Counted.MONTH}
_HOUR = 3_600_000_000
_MICROSECONDS = {Counted.MINUTES: 60_000_000, Counted.HOURS: _HOUR}
_WORKING = {Counted.WORKING_HOURS, Counted.NEXT_WORKING_TIME}


def passed(counted: Counted, start: datetime | date, end: datetime | date, calendar: Calendar) -> Decimal | Fraction:
    """Return how much time lies between two moments, or two dates; below zero when the end comes first.

    Raises TooManyDigits for more working days or hours than are counted, and at the ends of all calendars.
    """
    if counted in _MICROSECONDS and isinstance(start, datetime) and isinstance(end, datetime):
        return Fraction((end - start) // timedelta(microseconds=1), _MICROSECONDS[counted])
    try:
        if counted is Counted.WORKING_HOURS and isinstance(start, datetime) and isinstance(end, datetime):
            return Fraction(worked_between(calendar, start, end) // timedelta(microseconds=1), _HOUR)
        if counted in _FULL | _STARTED:
            return Decimal(_months(counted, start, end, calendar))
        return Decimal(days_between(calendar, start, end, working=counted is Counted.WORKING_DAYS))
    except OverflowError as error:
        raise TooManyDigits(f"time cannot be counted: {error}") from None


def _months(counted: Counted, start: date, end: date, calendar: Calendar) -> int:
    """Return months, or years of twelve: full ones rounded towards zero, started ones away from it."""
    months = months_between(calendar, start, end, started=counted in _STARTED)
    length = (_FULL | _STARTED)[counted]
    over = length - 1 if counted in _STARTED else 0
    return (abs(months) + over) // length * (1 if months >= 0 else -1)


def later(counted: Counted, start: datetime | date, count: Decimal, calendar: Calendar) -> datetime | date:
    """Return the moment some time after another, before it where the count is below zero; of a date it is a date.

    `Counted.DAY` is the day of the moment itself, `Counted.MONTH` the first day of its month. Working days are counted
    forwards only. Raises TooManyDigits before the year 1 and beyond the year 9999.
    """
    try:
        if counted in _DATES:
            return calendar.day(start) if counted is Counted.DAY else calendar.day(start).replace(day=1)
        if isinstance(start, datetime) or counted is Counted.START_OF_DAY:
            return _moment(counted, start, count, calendar)
        return _day(counted, start, count, calendar)
    except (OverflowError, ValueError) as error:
        raise TooManyDigits(f"time cannot be counted: {error}") from None


def _moment(counted: Counted, start: datetime | date, count: Decimal, calendar: Calendar) -> datetime:
    if counted in _MICROSECONDS and isinstance(start, datetime):
        return start + timedelta(microseconds=int(count * _MICROSECONDS[counted]))
    if counted in _WORKING and isinstance(start, datetime):
        return after_working_time(calendar, start, timedelta(microseconds=int(count * _HOUR)))
    day = calendar.day(start)
    return calendar.start(day if counted is Counted.START_OF_DAY else _day(counted, day, count, calendar))


def _day(counted: Counted, start: date, count: Decimal, calendar: Calendar) -> date:
    """Return the day that begins so much time after a day."""
    if counted is Counted.END_OF_MONTH:
        return after_month(start)
    if counted in _MONTHS:
        return after_months(start, int(count) * _MONTHS[counted])
    if count < 0:
        return start + timedelta(days=int(count))
    return after_days(calendar, start, int(count), working=counted is Counted.WORKING_DAYS)


def span_later(span: str, start: datetime, calendar: Calendar) -> datetime:
    """Return the moment so long after another, as `later`: a span is "1 year", "7 working days", "72 hours"."""
    count, _, unit = span.partition(" ")
    return _later(Counted(unit if unit.endswith("s") else f"{unit}s"), start, Decimal(count), calendar)


def pay_by(within: PayWithin, decided_at: datetime) -> datetime:
    """Return before which moment a claim decided then is to be paid; raises TooManyDigits beyond the year 9999.

    Decided on a Monday, two working days are over when Thursday begins.
    """
    if within.before is not None:
        return within.before.astimezone(UTC)
    return _later(within.counted, decided_at, Decimal(within.count), within.calendar)


def _later(counted: Counted, start: datetime, count: Decimal, calendar: Calendar) -> datetime:
    found = later(counted, start, count, calendar)
    if not isinstance(found, datetime):
        raise TypeError(f"{counted.value} of a time is no time")
    return found
