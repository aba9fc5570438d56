"""Types and units: what a value is counted in, and which operations keep that sensible."""

from dataclasses import dataclass, field

from cases.money import ASSETS
from policy.calendars import Calendar

#: Stands for the policy's own money where an input names the asset (duplicate charge: USDT or EUR).
OWN_MONEY = "money"
#: What time is counted in; never turned into each other silently.
TIMES = ("minutes", "hours", "days", "months", "years")


class UnitsMixed(ValueError):
    """Raised when an operation joins units that do not go together; the message says which."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """What a number is counted in: `top` per `bottom`.

    Fields:
        top: "USDT", "hours"; None for a bare number or for a rate without one.
        bottom: "XEM" in JPY per XEM; None when it is no rate.
        zero: True for a bare 0, which goes with every unit.
    """

    top: str | None = None
    bottom: str | None = None
    zero: bool = False

    def __str__(self) -> str:
        if self.bottom is None:
            return self.top or ""
        return f"{self.top or '1'} per {self.bottom.removesuffix('s') if self.bottom in TIMES else self.bottom}"

    @property
    def is_money(self) -> bool:
        """Whether it is an amount of one asset."""
        return self.bottom is None and (self.top in ASSETS or self.top == OWN_MONEY)


BARE = Unit()


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberType:
    """A number in a unit.

    Fields:
        unit: What it is counted in.
        signed: True when it may be below zero.
        whole: True when it has no decimals.
        positive: True when it is always above zero: only such a number may divide.
        ratio: True when it comes from a division that may have no end; it is then kept as a ratio, exact.
        share: True for an input that is given as a percentage, and shown as one.
    """

    unit: Unit
    signed: bool = True
    whole: bool = False
    positive: bool = False
    ratio: bool = False
    share: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class YesNoType:
    """Yes or no."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChoiceType:
    """One of a closed list of words."""

    options: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeType:
    """A moment, with its offset from UTC."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DateType:
    """A day of the calendar without a time: the same one wherever it is read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TextType:
    """Free text; it can be compared and shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesType:
    """Prices over time, each counted in `unit`: only looked up, never calculated with.

    Fields:
        by: The field or input whose values name the series, where there are several; None: there is one.
        told: The input that holds it, where it is one of several.
    """

    unit: Unit
    by: str | None = None
    told: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListType:
    """Several items, each with the same fields: only gone through, never calculated with.

    Fields:
        fields: What each item says: (name, type).
        most: How many items there are at most.
        least: How many there are at least; 0 where there may be none.
        once_by: The fields that no two items share all of: an item that is told twice is then found.
        by_day: Those of them that are times and of which only the day counts, as the calendar has it.
        optional: The fields that an item may leave out.
        groups: The list whose items are put together in these; None: they are told as they are.
    """

    fields: tuple[tuple[str, "Type"], ...]
    most: int
    least: int = 0
    once_by: tuple[str, ...] = ()
    by_day: frozenset[str] = frozenset()
    optional: frozenset[str] = frozenset()
    calendar: Calendar = field(default_factory=Calendar)
    groups: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OptionalType:
    """What may be wanting, while expressions are read: a text that uses it asks for it, or says what stands for it."""

    of: "Type"


Type = NumberType | YesNoType | ChoiceType | TimeType | DateType | TextType | SeriesType | ListType | OptionalType


def described(of: Type) -> str:  # noqa: C901, PLR0911  # One line for each type.
    """Return what to call a type in a sentence: "an amount in USDT", "yes/no"."""
    match of:
        case NumberType(unit=unit, share=True):
            return f"a share{str(unit).removeprefix('1')}"
        case NumberType(unit=unit):
            return str(unit) or "a number without a unit"
        case YesNoType():
            return "yes/no"
        case ChoiceType(options=options):
            return f"one of [{', '.join(options)}]"
        case TimeType():
            return "a time"
        case DateType():
            return "a date"
        case TextType():
            return "text"
        case SeriesType(unit=unit, by=by):
            return f"prices in {unit}{f' by {by}' if by else ''}"
        case ListType(most=most, least=least):
            return f"a list of {least} to {most}" if least else f"a list of up to {most}"
        case OptionalType(of=kind):
            return f"{described(kind)} that may be wanting"


def joined(left: Unit, right: Unit, *, doing: str) -> Unit:
    """Return the unit of a sum, a comparison or a choice between two numbers; raises UnitsMixed."""
    if right.zero or left == right:
        return left
    if left.zero:
        return right
    each = ": say it for each asset, as table(currency, EUR -> 2 EUR, USD -> 3 USD)"
    hint = each if OWN_MONEY in {left.top, right.top} and left.bottom is right.bottom is None else ""
    raise UnitsMixed(f"cannot {doing} {called(left)} and {called(right)}{hint}")


def multiplied(left: Unit, right: Unit) -> Unit:
    """Return the unit of a product; raises UnitsMixed when it would be no amount, rate or number (USDT x USDT)."""
    return _reduced(
        [left.top, right.top], [left.bottom, right.bottom], what=f"multiply {called(left)} by {called(right)}"
    )


def divided(left: Unit, right: Unit) -> Unit:
    """Return the unit of a quotient; raises UnitsMixed."""
    return _reduced(
        [left.top, right.bottom], [left.bottom, right.top], what=f"divide {called(left)} by {called(right)}"
    )


def called(unit: Unit) -> str:
    """Return what to call a unit in a sentence: "USDT", "JPY per XEM", "a number without a unit"."""
    if unit.top == OWN_MONEY and unit.bottom is None:
        return "the policy's money"
    return str(unit) or "a number without a unit"


def _reduced(over: list[str | None], under: list[str | None], *, what: str) -> Unit:
    top = [each for each in over if each is not None]
    bottom = [each for each in under if each is not None]
    for each in tuple(top):
        if each in bottom:
            top.remove(each)
            bottom.remove(each)
    if len(top) > 1 or len(bottom) > 1:
        raise UnitsMixed(f"cannot {what}")
    return Unit(top=top[0] if top else None, bottom=bottom[0] if bottom else None)
