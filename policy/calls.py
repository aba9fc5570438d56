"""What the functions of the language mean, once their arguments are read."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from policy import building
from policy.comparing import not_compared
from policy.expressions import (
    After,
    Between,
    Compared,
    Counted,
    Literal,
    Name,
    Node,
    PriceAt,
    Priced,
    Relation,
    SeriesOf,
)
from policy.grammar import NotUnderstood
from policy.scope import Scope
from policy.series import Lookup
from policy.units import (
    BARE,
    TIMES,
    ChoiceType,
    DateType,
    NumberType,
    SeriesType,
    TextType,
    TimeType,
    Unit,
    YesNoType,
    described,
)

_MOST_COUNT = 3_000
#: The most that is counted on from a moment, where it is less.
_MOST = {"months": 1_200, "years": 100}
_BETWEEN = (
    Counted.MINUTES,
    Counted.HOURS,
    Counted.DAYS,
    Counted.WORKING_DAYS,
    Counted.WORKING_HOURS,
    Counted.FULL_MONTHS,
    Counted.FULL_YEARS,
    Counted.STARTED_MONTHS,
    Counted.STARTED_YEARS,
)
_BACK = (Counted.MINUTES, Counted.HOURS, Counted.DAYS, Counted.MONTHS, Counted.YEARS)
_ON = (*_BACK, Counted.WORKING_DAYS, Counted.WORKING_HOURS)
_OF_TIMES = {Counted.MINUTES, Counted.HOURS, Counted.WORKING_HOURS, Counted.NEXT_WORKING_TIME}
_ENDS = tuple(each.value for each in (Counted.END_OF_MONTH, Counted.START_OF_DAY, Counted.NEXT_WORKING_TIME))
_DATES = (Counted.DAY.value, Counted.MONTH.value)
_SECONDS = {"minutes": 60, "hours": 3_600, "days": 86_400}


@dataclass(frozen=True, slots=True, kw_only=True)
class Argument:
    """What stands between the commas.

    Fields:
        node: Its meaning; the start of a window.
        end: The end of a window; None where it is no window.
        with_end: Whether the end belongs to the window: `a to b` does, `a to under b` does not.
        at: Where it starts, in characters.
    """

    node: Node
    end: Node | None = None
    with_end: bool = False
    at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A function with what it is asked about.

    Fields:
        name: "hours between".
        at: Where it starts, in characters.
    """

    name: str
    arguments: tuple[Argument, ...]
    scope: Scope
    at: int

    def node(self, number: int) -> Node:
        """Return the meaning of an argument that is no window; raises NotUnderstood."""
        argument = self.arguments[number]
        if argument.end is not None:
            raise NotUnderstood(argument.at, f'a window cannot stand here: write "{SHAPES[self.name]}"')
        return argument.node

    def time(self, number: int) -> Node:
        """Return an argument that is a time; raises NotUnderstood."""
        return self._is_time(self.node(number), self.arguments[number].at)

    def time_or_date(self, number: int) -> Node:
        """Return an argument that is a time or a date; raises NotUnderstood."""
        node = self.node(number)
        if not isinstance(node.type, TimeType | DateType):
            what = f"a time or a date is needed here, this is {described(node.type)}"
            raise NotUnderstood(self.arguments[number].at, what)
        return node

    def series(self, number: int) -> tuple[Node, str, NumberType]:
        """Return prices, the input that holds them and the type of one price; raises NotUnderstood."""
        node, at = self.node(number), self.arguments[number].at
        kind = node.type
        if not isinstance(kind, SeriesType):
            raise NotUnderstood(at, f"prices are needed here, this is {described(kind)}")
        told = kind.told or (node.name if isinstance(node, Name) else "")
        if kind.by is not None:
            raise NotUnderstood(at, f'"{told}" holds prices by {kind.by}: say of which, as "{told} of {kind.by}"')
        return node, told, NumberType(unit=kind.unit, signed=False, positive=True)

    def window(self, number: int) -> tuple[Node, Node, bool]:
        """Return a window: its start, its end, and whether the end belongs to it; raises NotUnderstood."""
        argument = self.arguments[number]
        if argument.end is None:
            raise NotUnderstood(argument.at, 'a window is needed here: "start to end" or "start to under end"')
        start, end = self._is_time(argument.node, argument.at), self._is_time(argument.end, argument.at)
        return start, end, argument.with_end

    def span(self, number: int, unit: str | None) -> tuple[Decimal, str]:
        """Return a time written in the text: (5, "minutes"); raises NotUnderstood. unit: The only one; None = any."""
        node, at = self.node(number), self.arguments[number].at
        units = (unit,) if unit else tuple(_SECONDS)
        kind = node.type.unit.top if isinstance(node.type, NumberType) else None
        if not isinstance(node, Literal) or not isinstance(node.value, Decimal) or kind not in units:
            if kind in units and not building.is_below_zero(node):
                whole = f'"if ... then {SHAPES[self.name]} else {SHAPES[self.name]}"'
                raise NotUnderstood(at, f"write {kind} as one number, as 2 {kind}; where they differ write {whole}")
            other = self.name.replace("after ", "before ", 1) if unit and building.is_below_zero(node) else ""
            backwards = f': time is counted forwards, write "{SHAPES[other]}"' if other in SHAPES else ""
            raise NotUnderstood(at, f"a number of {' or '.join(units)} is needed here, as 2 {units[0]}{backwards}")
        most = _MOST.get(str(kind), _MOST_COUNT)
        if node.value > most or (kind not in {"minutes", "hours"} and node.value != node.value.to_integral_value()):
            raise NotUnderstood(at, f"at most {most} are counted, and days, months and years are whole")
        return node.value, str(kind)

    def _is_time(self, node: Node, at: int) -> Node:
        if not isinstance(node.type, TimeType):
            days = self.name.replace("minutes", "days").replace("hours", "days")
            write = f': write "{SHAPES[days]}"' if isinstance(node.type, DateType) and days != self.name else ""
            raise NotUnderstood(at, f"a time is needed here, this is {described(node.type)}{write}")
        return node


def series_of(several: Node, which: Node, at: int, which_at: int) -> SeriesOf:
    """Return one of several series of prices; raises NotUnderstood."""
    kind = several.type
    if not isinstance(kind, SeriesType) or not isinstance(several, Name) or kind.by is None:
        what = f'"of" picks one of several prices, declared as "prices ... by ...": this is {described(kind)}'
        raise NotUnderstood(at, what)
    if not isinstance(which.type, TextType | ChoiceType):
        raise NotUnderstood(which_at, f"a text is needed here, this is {described(which.type)}")
    return SeriesOf(several=several, key=which, type=SeriesType(unit=kind.unit, told=several.name))


def called(call: Call) -> Node:
    """Return what a function call means; raises NotUnderstood."""
    shape = SHAPES[call.name]
    if len(call.arguments) != shape.count(",") + 1:
        raise NotUnderstood(call.at, f'{call.name} is asked otherwise: write "{shape}"')
    return _MEANINGS[call.name](call)


def _between(call: Call) -> Node:
    counted = Counted(call.name.removesuffix(" between"))
    exact = counted in _OF_TIMES
    _needs_hours(call, counted)
    kind = NumberType(unit=Unit(top=counted.value.split()[-1]), whole=not exact, ratio=exact)
    start, end = (call.time(each) if exact else call.time_or_date(each) for each in (0, 1))
    if type(start.type) is not type(end.type):
        raise NotUnderstood(call.arguments[1].at, not_compared(start, end, doing="count between"))
    return Between(counted=counted, start=start, end=end, calendar=call.scope.calendar, type=kind)


def _after(call: Call) -> Node:
    counted = Counted(call.name.removeprefix("after "))
    count, _ = call.span(1, counted.value.split()[-1])
    return _moved(call, counted, count)


def _before(call: Call) -> Node:
    counted = Counted(call.name.removeprefix("before "))
    count, _ = call.span(1, counted.value)
    if count == 0:
        raise NotUnderstood(call.arguments[1].at, f"write how many {counted.value} before, 1 or more")
    return _moved(call, counted, -count)


def _end_or_start(call: Call) -> Node:
    return _moved(call, Counted(call.name), Decimal(0))


def _moved(call: Call, counted: Counted, count: Decimal) -> After:
    """Return a time so much before or after another; of a date it is a date, but for the start of its day."""
    _needs_hours(call, counted)
    start = call.time(0) if counted in _OF_TIMES else call.time_or_date(0)
    kind = TimeType() if counted is Counted.START_OF_DAY else start.type
    return After(counted=counted, start=start, count=count, calendar=call.scope.calendar, type=kind)


def _needs_hours(call: Call, counted: Counted) -> None:
    if counted in {Counted.WORKING_HOURS, Counted.NEXT_WORKING_TIME} and call.scope.calendar.hours is None:
        raise NotUnderstood(call.at, 'say when people work, as "hours: 09:30 to 16:00" under "calendar"')


def _within_hours(call: Call) -> Node:
    """Return whether a moment lies in working hours: then it is the next working time itself."""
    after = _moved(call, Counted.NEXT_WORKING_TIME, Decimal(0))
    return Compared(relation=Relation.EQUAL, left=after, right=after.start, type=YesNoType())


def _date_of(call: Call) -> Node:
    counted, calendar = Counted(call.name), call.scope.calendar
    start = call.time(0) if counted is Counted.DAY else call.time_or_date(0)
    return After(counted=counted, start=start, count=Decimal(0), calendar=calendar, type=DateType())


def _whole(call: Call) -> Node:
    node = call.node(0)
    kind = node.type
    countable = isinstance(kind, NumberType) and (
        kind.unit == BARE or (kind.unit.top in TIMES and not kind.unit.bottom)
    )
    if not countable:
        what = f"minutes, hours, days or a number without a unit are counted in whole, this is {described(kind)}"
        raise NotUnderstood(call.arguments[0].at, what)
    return building.whole(node, up=call.name == "started")


def _size(call: Call) -> Node:
    node = call.node(0)
    if not isinstance(node.type, NumberType):
        raise NotUnderstood(call.arguments[0].at, f"a number is needed here, this is {described(node.type)}")
    unit = node.type.unit
    turned = building.summed(((-1, node),), unit)
    found = building.extreme((node, turned), unit, largest=True)
    return type(found)(largest=True, parts=found.parts, type=NumberType(unit=unit, signed=False, ratio=node.type.ratio))


def _price_at(call: Call) -> Node:
    series, told, kind = call.series(0)
    count, unit = call.span(2, None)
    return PriceAt(
        series=series,
        told=told,
        at=call.time(1),
        within=timedelta(microseconds=int(count * _SECONDS[unit] * 1_000_000)),
        type=kind,
    )


def _priced(call: Call) -> Node:
    series, told, kind = call.series(0)
    lookup = Lookup(call.name)
    start, end, with_end = call.window(1)
    ratio = lookup in {Lookup.AVERAGE, Lookup.VWAP, Lookup.TWAP}
    kind = NumberType(unit=kind.unit, signed=False, positive=True, ratio=ratio)
    return Priced(lookup=lookup, series=series, told=told, start=start, end=end, with_end=with_end, type=kind)


_LOOKED_UP = tuple(each.value for each in Lookup)
SHAPES = {
    **{f"{each.value} between": f"{each.value} between(start, end)" for each in _BETWEEN},
    **{f"after {each.value}": f"after {each.value}(start, 2 {each.value.split()[-1]})" for each in _ON},
    **{f"before {each.value}": f"before {each.value}(end, 2 {each.value})" for each in _BACK},
    **{each: f"{each}(time)" for each in (*_ENDS, *_DATES, "within working hours")},
    "full": "full(number)",
    "started": "started(number)",
    "size": "size(number)",
    "price at": "price at(prices, time, 5 minutes)",
    **{each: f"{each}(prices, start to end)" for each in _LOOKED_UP},
}
_MEANINGS: dict[str, Callable[[Call], Node]] = {
    **{f"{each.value} between": _between for each in _BETWEEN},
    **{f"after {each.value}": _after for each in _ON},
    **{f"before {each.value}": _before for each in _BACK},
    **dict.fromkeys(_ENDS, _end_or_start),
    **dict.fromkeys(_DATES, _date_of),
    "within working hours": _within_hours,
    "full": _whole,
    "started": _whole,
    "size": _size,
    "price at": _price_at,
    **dict.fromkeys(_LOOKED_UP, _priced),
}
