"""The parsed form of expressions: what each kind of node means, with its type. Plain data, one for all readers."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from cases.money import Rounding
from policy.calendars import Calendar
from policy.items import Items
from policy.mistakes import Place
from policy.series import Lookup, Series, SeriesByName
from policy.units import Type

#: The most nodes that one expression may visit: a table in a table in a table looks its subject up each time.
MOST_WORK = 3_000
#: The most nodes below each other, through all that is worked out: reading them takes the stack that Python has.
MOST_DEPTH = 120
#: None: an input, or a field of an item, that may be wanting and is.
Value = Decimal | Fraction | bool | str | datetime | date | Series | SeriesByName | Items | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Literal:
    """A value that stands in the text."""

    value: Value
    type: Type


@dataclass(frozen=True, slots=True, kw_only=True)
class Name:
    """The value of an input, of something worked out, or of `amount` or `classification` in the matrix."""

    name: str
    type: Type


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """Whether something that may be wanting is given."""

    name: str
    type: Type


@dataclass(frozen=True, slots=True, kw_only=True)
class Sum:
    """Terms added, or taken away where the sign is -1."""

    terms: tuple[tuple[int, "Node"], ...]
    type: Type


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """Factors multiplied from left to right."""

    factors: tuple["Node", ...]
    type: Type


@dataclass(frozen=True, slots=True, kw_only=True)
class Quotient:
    """A number divided by one that is never 0; a ratio unless it is written in the text and its share is exact."""

    dividend: "Node"
    divisor: "Node"
    type: Type


@dataclass(frozen=True, slots=True, kw_only=True)
class Extreme:
    """The largest or smallest of several numbers."""

    largest: bool
    parts: tuple["Node", ...]
    type: Type


class Relation(StrEnum):
    """How two values are compared."""

    EQUAL = "="
    UNEQUAL = "!="
    BELOW = "<"
    AT_MOST = "<="
    ABOVE = ">"
    AT_LEAST = ">="


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """Whether two values stand in a relation."""

    relation: Relation
    left: "Node"
    right: "Node"
    type: Type


@dataclass(frozen=True, slots=True, kw_only=True)
class Among:
    """Whether a value is one of a list."""

    subject: "Node"
    options: tuple[Value, ...]
    type: Type


@dataclass(frozen=True, slots=True, kw_only=True)
class Every:
    """Whether all hold; read from left to right, the first that does not hold settles it."""

    parts: tuple["Node", ...]
    type: Type


@dataclass(frozen=True, slots=True, kw_only=True)
class AnyOf:
    """Whether one holds; read from left to right, the first that holds settles it."""

    parts: tuple["Node", ...]
    type: Type


@dataclass(frozen=True, slots=True, kw_only=True)
class Not:
    """Whether something does not hold."""

    part: "Node"
    type: Type


@dataclass(frozen=True, slots=True, kw_only=True)
class Either:
    """The value of the first row whose test holds, else `otherwise`: what `if`, `table` and `band` become."""

    rows: tuple[tuple["Node", "Node"], ...]
    otherwise: "Node"
    type: Type


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole:
    """The whole number at or below another; at or above it when `up`. For counting days and units, never for money."""

    up: bool
    part: "Node"
    type: Type


@dataclass(frozen=True, slots=True, kw_only=True)
class Rounded:
    """A number rounded to so many decimals by a step that says so; below zero its size is."""

    decimals: int
    rounding: Rounding
    part: "Node"
    type: Type


class Counted(StrEnum):
    """What is counted between two moments, or from one on."""

    MINUTES = "minutes"
    HOURS = "hours"
    DAYS = "days"
    WORKING_DAYS = "working days"
    WORKING_HOURS = "working hours"
    NEXT_WORKING_TIME = "next working time"
    MONTHS = "months"
    YEARS = "years"
    END_OF_MONTH = "end of month"
    START_OF_DAY = "start of day"
    DAY = "day of"
    MONTH = "month of"
    FULL_MONTHS = "full months"
    FULL_YEARS = "full years"
    STARTED_MONTHS = "started months"
    STARTED_YEARS = "started years"


@dataclass(frozen=True, slots=True, kw_only=True)
class Between:
    """How much time lies between two moments or days, which begin as the calendar says; below zero backwards."""

    counted: Counted
    start: "Node"
    end: "Node"
    calendar: Calendar
    type: Type


@dataclass(frozen=True, slots=True, kw_only=True)
class After:
    """A moment some time after another, or before it where the count is below zero; of a day it is the day then begun.

    The day of the start is never one of the days: what is after it begins when they are over, what is before it when
    they begin. The day of a moment has a count of 0.
    """

    counted: Counted
    start: "Node"
    count: Decimal
    calendar: Calendar
    type: Type


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesOf:
    """One of several series of prices, by its name; one without a price where none is told under that name."""

    several: "Node"
    key: "Node"
    type: Type


@dataclass(frozen=True, slots=True, kw_only=True)
class Priced:
    """What is asked of the prices in a window, from `start` to `end`; without one the input `told` is missing."""

    lookup: Lookup
    series: "Node"
    told: str
    start: "Node"
    end: "Node"
    with_end: bool
    type: Type


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceAt:
    """The last price at or before a moment; when it is older than `within`, the input `told` is missing."""

    series: "Node"
    told: str
    at: "Node"
    within: timedelta
    type: Type


class Gathered(StrEnum):
    """What is made of all items of a list."""

    TOTAL = "total"
    NUMBER = "number of"
    LARGEST = "largest"
    SMALLEST = "smallest"
    LATEST = "latest"
    EARLIEST = "earliest"
    FIRST = "first"
    LAST = "last"


@dataclass(frozen=True, slots=True, kw_only=True)
class OverItems:
    """What is made of the items of a list: all of them, or those for which `when` holds.

    It is the whole of a `Derived`, never a part of another node. `value`, `when` and `by` are worked out of an item: a
    name in them is a field of the item, what is worked out for each item, or one that the claim has. A total of
    nothing is 0; the largest of nothing is not known, so the list is then missing.

    Fields:
        by: What says which item is the first or last: a number, time or date; None for all that is made of every item.
        told: The input that the items come from, where they are groups.
        within: The groups for each of which it is made, of the items of that group; None: for the claim.
    """

    what: Gathered
    items: str
    told: str
    within: str | None
    value: "Node | None"
    when: "Node | None"
    by: "Node | None"
    type: Type


@dataclass(frozen=True, slots=True, kw_only=True)
class Grouped:
    """The items of a list put together that are the same in each key, as the items of a list of their own.

    It is the whole of a `Derived`. Groups stand in the order of their first items.

    Fields:
        items: The list.
        by: (name, what is worked out for each item) of each key; it becomes a field of the group.
    """

    items: str
    by: tuple[tuple[str, "Node"], ...]
    type: Type


Node = (
    Literal
    | Name
    | Given
    | Sum
    | Product
    | Quotient
    | Extreme
    | Compared
    | Among
    | Every
    | AnyOf
    | Not
    | Either
    | Whole
    | Rounded
    | Between
    | After
    | SeriesOf
    | Priced
    | PriceAt
    | OverItems
    | Grouped
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Expression:
    """What stands at one place of the text.

    Fields:
        text: As written: "30% of net loss"; a table cell with its column: "hours_late is 2 to under 6 hours".
        node: What it means.
        names: The names used, with where each starts and ends in `text`, from left to right.
        place: Where it stands.
    """

    text: str
    node: Node
    names: tuple[tuple[str, int, int], ...]
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """When a line fits: every part must hold; no parts means it always does (`otherwise`)."""

    parts: tuple[Expression, ...]
    place: Place


def work(node: Node, known: Mapping[str, int], seen: dict[int, int] | None = None) -> int:
    """Return how many nodes are visited at most to work a node out; one that stands in two places counts twice.

    known: The work of what names stand for.
    """
    done = {} if seen is None else seen
    if isinstance(node, Name):
        return known.get(node.name, 0) + 1
    if id(node) not in done:
        done[id(node)] = 1 + sum(work(part, known, done) for part in parts_of(node))
    return done[id(node)]


def depth(node: Node, known: Mapping[str, int]) -> int:
    """Return how many nodes lie below each other at most; `known` is the depth of what names stand for."""
    if isinstance(node, Name):
        return known.get(node.name, 0) + 1
    return max((depth(part, known) for part in parts_of(node)), default=0) + 1


def parts_of(node: Node) -> tuple[Node, ...]:  # noqa: C901, PLR0911  # One line for each kind.
    """Return the nodes that stand directly in a node."""
    match node:
        case Sum(terms=terms):
            return tuple(term for _, term in terms)
        case Product(factors=parts) | Extreme(parts=parts) | Every(parts=parts) | AnyOf(parts=parts):
            return parts
        case Quotient(dividend=one, divisor=other) | Compared(left=one, right=other):
            return (one, other)
        case Between(start=one, end=other) | SeriesOf(several=one, key=other) | PriceAt(series=one, at=other):
            return (one, other)
        case Priced(series=series, start=one, end=other):
            return (series, one, other)
        case Among(subject=part) | Not(part=part) | Whole(part=part) | Rounded(part=part):
            return (part,)
        case After(start=part):
            return (part,)
        case Either(rows=rows, otherwise=otherwise):
            return (*(each for row in rows for each in row), otherwise)
        case OverItems(value=value, when=when, by=by):
            return tuple(each for each in (when, by, value) if each is not None)
        case Grouped(by=by):
            return tuple(key for _, key in by)
        case Literal() | Name() | Given():
            return ()
