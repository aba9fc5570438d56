"""On which day each payment of a proposal is due. Pure."""

from datetime import datetime, timedelta

from cases.parts import Part
from policy import payment_terms
from policy.calendars import months_later
from policy.form import Policy
from policy.timing import span_later

_MONTHS = {"month": 1, "months": 1, "year": 12, "years": 12}


def due_dates(policy: Policy, parts: tuple[Part, ...], start: datetime) -> tuple[datetime, ...]:
    """Return from when each part is to be paid: its first instalment at once, each other one so much time later.

    start: When it was approved, or when what it waited for held; aware. Raises TooManyDigits beyond the year 9999.
    """
    terms = {each.name: each for each in policy.parts}
    return tuple(
        _after(terms[each.name], each.instalment - 1, start) if each.instalment > 1 else start for each in parts
    )


def _after(terms: payment_terms.Part, times: int, start: datetime) -> datetime:
    """Return the moment when the span between two instalments has passed so often.

    Months are counted from the start, so that a payment of the 31st comes on the last day of shorter months and on the
    31st again of longer ones.
    """
    count, _, unit = (terms.every or "0 days").partition(" ")
    number = int(count) * times
    if unit in _MONTHS:
        return datetime.combine(months_later(start.date(), number * _MONTHS[unit]), start.timetz())
    if unit.startswith("day"):
        return start + timedelta(days=number)
    return span_later(f"{number} {unit}", start, terms.calendar)
