"""Values as people read them: with their unit, exact, never in powers of ten."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import ROUND_DOWN, Context, Decimal, Inexact, localcontext
from enum import StrEnum
from fractions import Fraction

from cases.money import ASSETS, EXACT, Rounding
from policy.arithmetic import ratio, rounded_units
from policy.expressions import Expression, Value
from policy.items import Items
from policy.payment_terms import Benefit
from policy.series import Series, SeriesByName
from policy.units import BARE, OWN_MONEY, TIMES, NumberType, Type

_MOST_SHOWN_DECIMALS = 8
_SHOWN = Context(prec=20, rounding=ROUND_DOWN, traps=[])


def with_unit(value: Value, kind: Type, asset: str | None) -> str:
    """Return a value with its unit: "83.60 USDT", "7.5 hours", "yes". `asset` is what the policy's own money is."""
    if not isinstance(value, Decimal | Fraction):
        return bare(value)
    unit = kind.unit if isinstance(kind, NumberType) else BARE
    if unit.top is None and unit.bottom is not None:
        shown = f"{bare(value * 100)}%" if unit.bottom in TIMES else bare(value)
        return f"{shown} {str(unit).removeprefix('1 ')}"
    if isinstance(kind, NumberType) and kind.share:
        return f"{bare(value * 100)}%"
    if unit.top == OWN_MONEY:
        unit = type(unit)(top=asset, bottom=unit.bottom)
    if isinstance(value, Decimal) and unit.is_money and unit.top in ASSETS:
        return f"{_at_least(value, ASSETS[unit.top].shown)} {unit}"
    return f"{bare(value)} {unit}".strip()


def to_customer(value: Value, kind: Type, asset: str | None) -> str:
    """Return a value with its unit, an amount of money to the smallest unit that can be paid: "643.84 EUR".

    Other numbers are cut to decimals that a person reads: "0.33333333", "0.28% per year".
    """
    if not isinstance(value, Decimal | Fraction):
        return bare(value)
    unit = kind.unit if isinstance(kind, NumberType) else BARE
    code = asset if unit.top == OWN_MONEY else unit.top
    decimals = ASSETS[code].decimals if unit.is_money and code in ASSETS else _MOST_SHOWN_DECIMALS
    if isinstance(value, Fraction) or -value.as_tuple().exponent > decimals:  # type: ignore[operator]  # It is finite.
        units = rounded_units(abs(ratio(value)) * 10**decimals, Rounding.HALF_UP)
        value = Decimal(f"{'-' if units and value < 0 else ''}{units}e-{decimals}")  # Exact, however long.
    said = with_unit(value, kind, asset)
    return said.removesuffix("s") if value == 1 and unit.bottom is None and unit.top in TIMES else said


def bare(value: Value) -> str:  # noqa: C901, PLR0911  # One line for each kind of value.
    """Return a value without its unit: "83.6", "yes", "2024-01-23 09:07:00 UTC", "2024-01-23"."""
    match value:
        case bool():
            return "yes" if value else "no"
        case Decimal():
            return _at_least(value, 0)
        case Fraction():
            return _ratio(value)
        case Series() | SeriesByName():
            return _prices(value)
        case Items(rows=rows, members=members):
            return f"{len(rows)} {'group' if members else 'item'}{'' if len(rows) == 1 else 's'}"
        case datetime():
            return value.strftime("%Y-%m-%d %H:%M:%S UTC") if not value.microsecond else value.isoformat(sep=" ")
        case date():
            return value.isoformat()
        case str():
            return value
        case None:
            return "nothing"


def _prices(value: Series | SeriesByName) -> str:
    """Return how many prices there are and of when: "2 prices of BTC from … to …"; or of what there are any."""
    if isinstance(value, SeriesByName):
        return f"prices of {', '.join(value.series) or 'nothing'}"
    of = f" of {value.name}" if value.name else ""
    if not value.points:
        return f"no prices{of}"
    return f"{len(value.points)} prices{of} from {bare(value.points[0].at)} to {bare(value.points[-1].at)}"


def filled_in(expression: Expression, values: Mapping[str, Value]) -> str:
    """Return the text of an expression with values in place of names; a name without a value stays."""
    text = expression.text
    for name, start, end in reversed(expression.names):
        if name in values and not isinstance(values[name], SeriesByName):
            value = bare(values[name])
            shown = f"({value})" if value.startswith("-") else value
            text = text[:start] + shown + text[end:]
    return text


def given_beside(benefit: Benefit, value: Value) -> str:
    """Return how much of a benefit is given, rounded down to its decimals: "150 POINTS"."""
    if not isinstance(value, Decimal | Fraction):
        raise TypeError(f"{value!r} is no number, though its type was checked")
    scale = 10**benefit.decimals
    units = max((ratio(value) * scale).__floor__(), 0)
    kind = benefit.gives.node.type
    unit = kind.unit if isinstance(kind, NumberType) else BARE
    return f"{bare(Decimal(units).scaleb(-benefit.decimals, EXACT))} {unit}".strip()


def _ratio(number: Fraction) -> str:
    """Return a ratio in decimals; one that does not end is cut after twenty digits, which "…" says."""
    with localcontext(_SHOWN) as context:
        cut = Decimal(number.numerator) / Decimal(number.denominator)
        return _at_least(cut, 0) + ("…" if context.flags[Inexact] else "")


def _at_least(number: Decimal, decimals: int) -> str:
    whole, _, fraction = f"{number:f}".partition(".")
    fraction = fraction.rstrip("0").ljust(decimals, "0")
    if not fraction:
        return "0" if whole == "-0" else whole
    return f"{whole}.{fraction}"


def in_words(member: StrEnum) -> str:
    """Return a member of an enumeration as policies write it: "half up", "valid claim"."""
    return member.value.replace("_", " ")
