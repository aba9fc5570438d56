"""How far back a limit counts, where the product itself counts what a customer was paid. Pure."""

import re
from datetime import datetime, timedelta

from policy.calendars import months_later

#: A time that can be counted back from a moment: "365 days", "12 months".
SPAN = re.compile(r"([1-9]\d{0,3}) (minute|hour|day|week|month|year)s?", re.ASCII)
_LENGTH = {
    "minute": timedelta(minutes=1),
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
    "week": timedelta(weeks=1),
}
_MONTHS = {"month": 1, "year": 12}


def counts_from(window: str, now: datetime) -> datetime:
    """Return after which moment an earlier payment counts: 30 days hold what is less than 30 days old.

    Twelve months before a day is the day of the same number; raises ValueError for a time that says no length.
    """
    match = SPAN.fullmatch(window.strip())
    if match is None:
        raise ValueError(f'"{window[:60]}" says no length of time: write it as 30 days, 12 months')
    count, unit = int(match.group(1)), match.group(2)
    if unit in _LENGTH:
        return now - count * _LENGTH[unit]
    return datetime.combine(months_later(now.date(), -count * _MONTHS[unit]), now.timetz())
