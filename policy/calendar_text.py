"""Reading how a policy counts days: where they begin, on which nobody works, and the hours of the others."""

from dataclasses import replace
from datetime import date

from policy.calendars import WEEKDAYS, Calendar, zone_named
from policy.hours import hours_at, hours_on
from policy.mistakes import Mistakes, did_you_mean
from policy.section import Section
from policy.yaml_text import Scalar, Sequence

CALENDAR_KEYS = ("time zone", "days off", "holidays", "hours", "other hours")


def read_calendar(section: Section | None) -> Calendar:
    """Return what stands under "calendar"; what is not said, and what is wrong, is as usual."""
    if section is None:
        return Calendar()
    zone = section.read("time zone", _zone) or "UTC"
    off = section.listed("days off") if section.has("days off") else ()
    for scalar in off:
        if scalar.text not in (*WEEKDAYS, "none"):
            section.mistakes.add(scalar.place, f'"{scalar.text[:60]}" is no day: {did_you_mean(scalar.text, WEEKDAYS)}')
    holidays = section.listed("holidays") if section.has("holidays") and not _is_empty(section) else ()
    dates = [_date(each, section.mistakes) for each in holidays]
    days_off = frozenset(WEEKDAYS.index(each.text) for each in off if each.text in WEEKDAYS)
    calendar = Calendar(
        zone=zone,
        days_off=days_off if section.has("days off") else Calendar().days_off,
        holidays=frozenset(each for each in dates if each),
        hours=section.read("hours", hours_at) if section.has("hours") else None,
    )
    return replace(calendar, other_hours=_other_hours(section, calendar)) if section.has("other hours") else calendar


def _other_hours(section: Section, calendar: Calendar) -> tuple[tuple[date, tuple[int, int]], ...]:
    """Return the working days that have hours of their own."""
    found: dict[date, tuple[int, int]] = {}
    for each in section.listed("other hours"):
        try:
            day, hours = hours_on(each.text)
        except ValueError as error:
            section.mistakes.add(each.place, str(error))
            continue
        if calendar.hours is None or not calendar.works(day) or day in found:
            why = "is told twice" if day in found else "is a day off"
            what = 'say the usual "hours:" too' if calendar.hours is None else f"{day} {why}: leave it out"
            section.mistakes.add(each.place, what)
        found[day] = hours
    return tuple(sorted(found.items()))


def _is_empty(calendar: Section) -> bool:
    """Say whether the list of holidays is written and holds none."""
    node = calendar.entries["holidays"][1]
    return isinstance(node, Sequence) and not node.items


def _zone(text: str) -> str:
    zone_named(text)
    return text


def _date(scalar: Scalar, mistakes: Mistakes) -> date | None:
    try:
        return date.fromisoformat(scalar.text)
    except ValueError:
        mistakes.add(scalar.place, f'write "{scalar.text[:60]}" as a date: 2026-12-25')
        return None
