"""Where a policy may change its mind: for each input the values at, just below and just above what its text names."""

import dataclasses
import json
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from cases.money import ASSETS, EXACT
from policy.calendars import Calendar
from policy.expressions import After, Between, Literal, Name, Node, PriceAt, Priced
from policy.form import Input, Policy
from policy.hours import worked
from policy.items import items_text
from policy.units import ChoiceType, DateType, ListType, NumberType, SeriesType, TextType, TimeType, Type, YesNoType

#: The step of a number that is no money.
_STEP = Decimal("0.000001")
_LARGE = Decimal(10) ** 9
_USUAL_MOMENT = datetime(2026, 3, 27, 12, tzinfo=UTC)
_SECOND, _MICROSECOND, _DAY = timedelta(seconds=1), timedelta(microseconds=1), timedelta(days=1)
_ENDS_OF_MONTHS = ("2024-02-29", "2025-02-28", "2025-03-01", "2026-01-31", "2026-12-31")
#: How many days around a moment are looked at where days are counted.
_DAYS = (0, 1, 2, 3, 4, 5, 6, 7, 8, 14)


def edges(policy: Policy) -> dict[str, tuple[str, ...]]:
    """Return, by input, the values that are worth trying, as text; the same ones each time."""
    nodes = tuple(nodes_of(policy))
    return {
        each.name: tuple(
            dict.fromkeys(_lists(policy, each, nodes) or _by_name(policy, each, nodes) or _values(each, nodes))
        )
        for each in policy.inputs
    }


def sign_edges(policy: Policy) -> dict[str, tuple[str, ...]]:
    """Return, by input that a sign of the scorecard looks at, the values around that sign alone."""
    signs = policy.scorecard.signs if policy.scorecard else ()
    found: dict[str, dict[str, None]] = {}
    for sign in signs:
        nodes = tuple(nodes_of(sign))
        stated = {node.value for node in nodes if isinstance(node, Literal) and isinstance(node.value, Decimal)}
        for each in policy.inputs:
            if any(isinstance(node, Name) and node.name == each.name for node in nodes):
                values = found.setdefault(each.name, {})
                values.update(dict.fromkeys(_around(each, stated)))
    return {name: tuple(values) for name, values in found.items()}


def _around(each: Input, stated: set[Decimal]) -> Iterable[str]:
    match each.type:
        case NumberType():
            tried = (value + more for value in sorted(stated) for more in (-step_of(each), Decimal(0), step_of(each)))
            return [shown(value, each.type) for value in tried if _allowed(value, each.type)]
        case ChoiceType(options=options):
            return options
        case YesNoType():
            return ("yes", "no")
        case _:
            return ()


def step_of(each: Input) -> Decimal:
    """Return the smallest step that matters: 1 for a whole number, a minor unit for money, else a millionth."""
    if not isinstance(each.type, NumberType):
        raise TypeError(f"{each.name} is no number")
    if each.type.whole:
        return Decimal(1)
    unit = each.type.unit
    return Decimal(1).scaleb(-ASSETS[unit.top].decimals) if unit.is_money and unit.top in ASSETS else _STEP


def shown(value: Decimal | date, kind: Type | None = None) -> str:
    """Return a value as a claim writes it; kind: Its type, where it may be a share."""
    if isinstance(value, date):
        return value.isoformat()
    return f"{value.scaleb(2, EXACT):f}%" if isinstance(kind, NumberType) and kind.share else f"{value:f}"


def nodes_of(part: Any) -> Iterator[Any]:
    """Yield every part of a policy that is a dataclass, however deep; examples are left out."""
    if isinstance(part, tuple | frozenset):
        for each in part:
            yield from nodes_of(each)
    elif dataclasses.is_dataclass(part):
        yield part
        for field in dataclasses.fields(part):
            if field.name not in {"examples", "together", "type"}:
                yield from nodes_of(getattr(part, field.name))


def _values(each: Input, nodes: tuple[Any, ...]) -> Iterable[str]:
    match each.type:
        case NumberType():
            return (shown(value, each.type) for value in _numbers(each, nodes))
        case ChoiceType(options=options):
            return options
        case YesNoType():
            return ("yes", "no")
        case TimeType():
            return map(shown, _moments(nodes))
        case DateType():
            return map(shown, _dates(nodes))
        case SeriesType(by=None):
            return _prices(each.name, nodes)
        case _:
            return ("", *(node.value for node in nodes if isinstance(node, Literal) and isinstance(node.value, str)))


def _lists(policy: Policy, each: Input, nodes: tuple[Any, ...]) -> list[str]:
    """Return lists of none, of too many, and with every value worth trying in one item; nothing for other inputs."""
    kind = each.type
    if not isinstance(kind, ListType):
        return []
    fields = [Input(name=name, type=of, place=each.place) for name, of in kind.fields]
    values = {field.name: tuple(dict.fromkeys(_values(field, nodes))) for field in fields}
    given = [json.loads(text) for example in policy.examples for name, text in example.given if name == each.name]
    usual = {name: tried[0] for name, tried in values.items()}
    first, *rest = next((items for items in given if items), [usual])
    changed = [{**first, name: value} for name, tried in values.items() for value in tried]
    without = [{name: text for name, text in first.items() if name != each} for each in sorted(kind.optional)]
    full = (_several(first, kind, number) for number in (kind.least - 1, kind.most, kind.most + 1) if number > 0)
    return list(
        map(
            items_text,
            (
                [],
                [first, first],
                *given,
                *full,
                without,
                *([item] for item in without),
                *([item, *rest] for item in changed),
                *([item] for item in changed),
            ),
        )
    )


def _by_name(policy: Policy, each: Input, nodes: tuple[Any, ...]) -> list[str]:
    """Return prices of several, each of the examples and all others under their names; nothing for other inputs."""
    if not isinstance(each.type, SeriesType) or each.type.by is None:
        return []
    given = [json.loads(text) for example in policy.examples for name, text in example.given if name == each.name]
    names = tuple(dict.fromkeys(name for told in given for name in told))
    tried = [dict.fromkeys(names, text) for text in _prices(each.name, nodes)]
    less = [{name: text for name, text in told.items() if name != left_out} for told in given for left_out in names]
    return list(map(items_text, (*given, *less, *tried, {})))


def _several(item: dict[str, Any], kind: ListType, number: int) -> list[dict[str, Any]]:
    """Return so many items, told apart by what makes each its own where that is a text, a number or a time."""
    types = {name: of for name, of in kind.fields if name in kind.once_by}
    return [{**item, **{name: _another(item[name], of, each) for name, of in types.items()}} for each in range(number)]


def _another(text: str, kind: Type, number: int) -> str:
    """Return another value of a type; a text that is none stays, as an example may give what cannot be read."""
    try:
        return _moved(text, kind, number)
    except (OverflowError, ValueError):
        return text


def _moved(text: str, kind: Type, number: int) -> str:
    match kind:
        case TextType():
            return f"{text}{number or ''}"
        case TimeType():
            return (datetime.fromisoformat(text) + number * _SECOND).isoformat()
        case DateType():
            return (date.fromisoformat(text) + number * _DAY).isoformat()
        case NumberType(share=False):
            return str(number + 1)
        case _:
            return text


def _numbers(each: Input, nodes: tuple[Any, ...]) -> Iterator[Decimal]:
    step = step_of(each)
    kind = each.type
    stated = {node.value for node in nodes if isinstance(node, Literal) and isinstance(node.value, Decimal)}
    tried = [Decimal(0), step, Decimal(1), Decimal(2), _LARGE, _LARGE + step]
    tried += [value + more for value in sorted(stated) for more in (-step, Decimal(0), step)]
    tried += [-value for value in tried if isinstance(kind, NumberType) and kind.signed]
    for value in tried:
        if isinstance(kind, NumberType) and _allowed(value, kind):
            yield value


def _allowed(value: Decimal, kind: NumberType) -> bool:
    if kind.whole and value != value.to_integral_value():
        return False
    return value > 0 if kind.positive else kind.signed or value >= 0


def _moments(nodes: tuple[Any, ...]) -> Iterator[datetime]:
    stated = {node.value for node in nodes if isinstance(node, Literal) and isinstance(node.value, datetime)}
    for at in sorted(stated) or [_USUAL_MOMENT]:
        yield from (at - _SECOND, at - _MICROSECOND, at, at + _MICROSECOND, at + _SECOND)
    calendars = {node.calendar for node in nodes if isinstance(node, Between | After)}
    for calendar in calendars:
        yield from _days(calendar)


def _days(calendar: Calendar) -> Iterator[datetime]:
    """Yield the ends of days around holidays, weekends and the changes of summer time."""
    for day in _days_around(calendar):
        start = calendar.start(day)
        yield from (start - _MICROSECOND, start)
        for at in worked(calendar, day) or ():
            yield from (at - _MICROSECOND, at)


def _days_around(calendar: Calendar) -> Iterator[date]:
    firsts = sorted(calendar.holidays)[:3] or [_USUAL_MOMENT.date()]
    for first in (*firsts, _USUAL_MOMENT.date()):
        yield from (first + (number - 3) * _DAY for number in _DAYS)


def _dates(nodes: tuple[Any, ...]) -> Iterator[date]:
    """Yield the days around those that stand in the text, around holidays, and at the ends of months."""
    literals = (node for node in nodes if isinstance(node, Literal) and isinstance(node.type, DateType))
    stated = {node.value for node in literals if isinstance(node.value, date)}
    for day in sorted(stated) or [_USUAL_MOMENT.date()]:
        yield from (day - _DAY, day, day + _DAY)
    counting = [node for node in nodes if isinstance(node, Between | After)]
    for calendar in {node.calendar for node in counting}:
        yield from _days_around(calendar)
    yield from (date.fromisoformat(day) for day in _ENDS_OF_MONTHS if counting)


def _prices(name: str, nodes: tuple[Any, ...]) -> Iterator[str]:
    """Yield prices at the ends of every window in which they are looked up."""
    for node in nodes:
        if isinstance(node, PriceAt) and node.told == name:
            for at in _stated(node.at):
                ends = (at - node.within - _SECOND, at - node.within, at - _SECOND, at, at + _SECOND)
                yield from _listed(ends)
        if isinstance(node, Priced) and node.told == name:
            for at in (*_stated(node.start), *_stated(node.end)):
                yield from _listed((at - _SECOND, at, at + _SECOND))


def _stated(node: Node) -> tuple[datetime, ...]:
    value = node.value if isinstance(node, Literal) else _USUAL_MOMENT
    return (value,) if isinstance(value, datetime) else ()


def _listed(moments: Iterable[datetime]) -> Iterator[str]:
    """Yield lists with one price, and one with all, each price another."""
    points = [f"{at.isoformat()} {number * 1000 + 1}.5 {number}" for number, at in enumerate(moments, 1)]
    yield from (*points, "; ".join(points))
