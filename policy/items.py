"""The items of a list input: JSON text -> values, each item with the same fields."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from policy.units import ListType, Type

#: Characters of all items together.
MOST_CHARACTERS = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Items:
    """The items of a list, in the order given: the values of each by the names of its fields.

    Fields:
        members: Where they are groups, which items each holds, by their places from 0 on.
    """

    rows: tuple[Mapping[str, Any], ...]
    members: tuple[tuple[int, ...], ...] = ()


def read_items(text: str, kind: ListType, read: Callable[[str, Type], Any]) -> Items:
    """Return the items that a text lists: `[{"value": "12.50", "receipt": "yes"}]`.

    Numbers may stand without quotes, and true and false for yes and no; fields that are not declared are left alone.
    read: Gives the value of one field. Raises ValueError, as `read` does, with the item and the field; and for a list
        that is too short or too long, or in which an item stands twice.
    """
    if len(text) > MOST_CHARACTERS:
        raise ValueError(f"has {len(text)} characters, at most {MOST_CHARACTERS} are read")
    try:
        listed = json.loads(text, parse_float=str, parse_int=str, parse_constant=str, object_pairs_hook=_once)
    except (ValueError, RecursionError):
        raise ValueError(f"is no list of items, as {_as_example(kind)}") from None
    if not isinstance(listed, list) or not all(isinstance(each, dict) for each in listed):
        raise ValueError(f"is no list of items, as {_as_example(kind)}")
    if len(listed) > kind.most:
        raise ValueError(f"has {len(listed)} items, at most {kind.most} are read")
    if len(listed) < kind.least:
        raise ValueError(
            f"has {len(listed) or 'no'} item{'s' * (len(listed) != 1)}, at least {kind.least} must be told"
        )
    rows = tuple(_item(number, each, kind, read) for number, each in enumerate(listed, start=1))
    _check_once(rows, kind)
    return Items(rows=rows)


def is_blank(text: str) -> bool:
    """Say whether a text is what forms and tables send for nothing."""
    return not text.strip(" \t\r\n")


def items_text(items: list[dict[str, Any]] | dict[str, str]) -> str:
    """Return items as the text that `read_items` reads, or prices by name as `read_series_by_name` does."""
    return json.dumps(items, ensure_ascii=False, default=str)


def items_said(text: str) -> str:
    """Return items as people read them: "1) value: 1000, receipt: yes; 2) value: 60, receipt: no"; "none" for none."""
    items = json.loads(text, parse_float=str, parse_int=str)
    said = (", ".join(f"{name}: {value}" for name, value in each.items()) for each in items)
    return "; ".join(f"{number}) {each}" for number, each in enumerate(said, start=1)) or "none"


def _item(number: int, told: dict[str, Any], kind: ListType, read: Callable[[str, Type], Any]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name, of in kind.fields:
        value = told.get(name)
        if name in kind.optional and (value is None or (isinstance(value, str) and is_blank(value))):
            values[name] = None
            continue
        if isinstance(value, bool):
            value = "yes" if value else "no"
        if not isinstance(value, str):
            raise ValueError(f'item {number} {"has no" if value is None else "has no plain"} "{name}"')  # noqa: TRY004  # Of the text.
        try:
            values[name] = read(value, of)
        except ValueError as error:
            raise ValueError(f"item {number}: {name} {error}") from None
    return values


def _check_once(rows: tuple[dict[str, Any], ...], kind: ListType) -> None:
    """Raise ValueError with the first two items that say the same in each field by which they are told once."""
    first: dict[tuple[Any, ...], int] = {}
    for number, row in enumerate(rows if kind.once_by else (), start=1):
        try:
            own = tuple(kind.calendar.day(row[name]) if name in kind.by_day else row[name] for name in kind.once_by)
        except OverflowError:
            raise ValueError(f"item {number} has a time at the end of all calendars") from None
        same = first.setdefault(own, number)
        if same != number:
            by = " and ".join(f"day of({name})" if name in kind.by_day else name for name in kind.once_by)
            raise ValueError(f"items {same} and {number} are the same by {by}: each is told once")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a field stands twice")
    return found


def _as_example(kind: ListType) -> str:
    return "[{" + ", ".join(f'"{name}": "…"' for name, _ in kind.fields[:3]) + "}]"
