"""Facts as text -> values of their declared types. What cannot be read is said, never guessed."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal

from cases.money import EXACT
from policy.expressions import Value
from policy.form import Input, Policy
from policy.items import is_blank, read_items
from policy.series import read_series, read_series_by_name
from policy.units import (
    OWN_MONEY,
    ChoiceType,
    DateType,
    ListType,
    NumberType,
    OptionalType,
    SeriesType,
    TextType,
    TimeType,
    Type,
    Unit,
    YesNoType,
)

MOST_DIGITS = 60
MOST_TEXT = 1_000
_NUMBER = re.compile(r"(-?)(\d{1,100})(?:\.(\d{1,100}))?(?:\s+(\S.*))?", re.ASCII)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_TIME = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?(Z|[+-]\d{2}:\d{2})", re.ASCII)


class Unreadable(ValueError):
    """Raised for text that is no value of its type; the message says why, without repeating long text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a policy was told.

    Fields:
        values: The inputs that are known, by name; None for one that may be wanting and is.
        unreadable: Why an input that was given cannot be used, by name.
    """

    values: Mapping[str, Value]
    unreadable: Mapping[str, str]


def read_facts(policy: Policy, given: Iterable[tuple[str, str]]) -> Facts:
    """Return the values of the policy's inputs; names it does not declare are left alone."""
    declared = {each.name: each for each in policy.inputs}
    values: dict[str, Value] = {}
    unreadable: dict[str, str] = {}
    told: dict[str, str] = {}
    for name, text in given:
        if name not in declared or (declared[name].optional and is_blank(text)):
            continue
        if told.setdefault(name, text) != text:
            unreadable[name] = "is given twice with different values"
            continue
        try:
            values[name] = read_value(text, declared[name].type)
        except Unreadable as error:
            unreadable[name] = str(error)
    _check_own_money(policy, declared, values, told, unreadable)
    values |= dict.fromkeys(each.name for each in policy.inputs if each.optional and each.name not in told)
    return Facts(values={name: each for name, each in values.items() if name not in unreadable}, unreadable=unreadable)


def read_value(text: str, kind: Type) -> Value:  # noqa: C901, PLR0911, PLR0912  # One line for each type.
    """Return the value that a text stands for; raises Unreadable."""
    text = text.strip()
    if len(text) > MOST_TEXT and not isinstance(kind, SeriesType | ListType):
        raise Unreadable(f"has {len(text)} characters, at most {MOST_TEXT} are read")
    match kind:
        case NumberType():
            return _number(text, kind)
        case YesNoType():
            if text in {"yes", "no"}:
                return text == "yes"
            raise Unreadable(f"is {_shown(text)}, yes or no is needed")
        case ChoiceType(options=options):
            if text in options:
                return text
            raise Unreadable(f"is {_shown(text)}, one of {', '.join(options)} is needed")
        case TimeType():
            return _time(text)
        case DateType():
            return _date(text)
        case TextType():
            return text
        case SeriesType():
            try:
                return read_series(text) if kind.by is None else read_series_by_name(text)
            except ValueError as error:
                raise Unreadable(str(error)) from None
        case OptionalType(of=of):
            return read_value(text, of)
        case ListType():
            try:
                return read_items(text, kind, _field)
            except ValueError as error:
                raise Unreadable(str(error)) from None


def _field(text: str, kind: Type) -> Value:
    """Return the value of a field; where an input names the asset no unit may stand here, it could contradict that."""
    if isinstance(kind, NumberType) and kind.unit.top == OWN_MONEY and len(text.split()) > 1:
        raise Unreadable(f"is {_shown(text)}, a plain number is needed: the claim says the asset")
    return read_value(text, kind)


def _number(text: str, kind: NumberType) -> Decimal:
    if kind.share:
        return _share(text, kind)
    match = _NUMBER.fullmatch(text)
    if match is None:
        raise Unreadable(f"is {_shown(text)}, a plain number is needed{_without_percent(text)}")
    sign, whole, fraction, unit = match.groups()
    if len(whole.lstrip("0")) + len(fraction or "") > MOST_DIGITS:
        raise Unreadable(f"has more than {MOST_DIGITS} digits")
    if unit is not None and kind.unit.top != OWN_MONEY and unit != str(kind.unit):
        raise Unreadable(f"is in {_shown(unit)}, {_needed(kind.unit)} is needed")
    if sign and not kind.signed and Decimal(text.split(maxsplit=1)[0]) != 0:
        raise Unreadable("is below zero")
    number = Decimal(f"{sign}{whole}.{fraction}" if fraction else f"{sign}{whole}")
    if kind.positive and number <= 0:
        raise Unreadable("is 0, more than 0 is needed")
    if kind.whole and number != number.to_integral_value():
        raise Unreadable(f"is {_shown(text)}, a whole number is needed")
    return number


def _share(text: str, kind: NumberType) -> Decimal:
    """Return the number that a percentage stands for; a bare number could be meant either way, so it is refused."""
    if re.fullmatch(r"0(\.0{1,20})?", text, re.ASCII) and not kind.positive:
        return Decimal(0)
    per = str(kind.unit).removeprefix("1")
    written, percent, rest = text.partition("%")
    number = _number(written.strip(), replace(kind, share=False)) if _NUMBER.fullmatch(written.strip()) else None
    if number is None or len(written.split()) > 1 or not percent or " ".join(rest.split()) not in {"", per.strip()}:
        if number is not None and rest.split()[:1] == ["per"]:
            raise Unreadable(f"is {_shown(text)}, a percentage{per} is needed")
        raise Unreadable(f"is {_shown(text)}, a percentage{per} is needed{_as_percentage(text)}")
    return number.scaleb(-2, EXACT)


def _as_percentage(text: str) -> str:
    """Return what may be meant by a bare number: "0.023" is ": 0.023% or 2.3%"."""
    match = re.fullmatch(r"-?\d{1,20}(?:\.\d{1,20})?", text, re.ASCII)
    return f": {text}% or {(Decimal(text) * 100).normalize():f}%" if match else ", as 2.3%"


def _without_percent(text: str) -> str:
    """Return the plain number that a percentage stands for: "2.3%" is ": 0.023 for 2.3%"."""
    match = re.fullmatch(r"(-?\d{1,20}(?:\.\d{1,20})?)\s*%", text, re.ASCII)
    number = f"{Decimal(match.group(1)).scaleb(-2):f}" if match else ""
    return f': write {number} for {_shown(text)}, or declare the input as "share"' if match else ""


def _needed(unit: Unit) -> str:
    return str(unit) or "a number without a unit"


def _time(text: str) -> datetime:
    if _TIME.fullmatch(text):
        try:
            return datetime.fromisoformat(text).astimezone(UTC)
        except (ValueError, OverflowError):
            pass
    raise Unreadable(f"is {_shown(text)}, a time with its offset is needed, as 2026-03-01T09:00:00Z")


def _date(text: str) -> date:
    if _DATE.fullmatch(text):
        try:
            return date.fromisoformat(text)
        except ValueError:
            pass
    raise Unreadable(f"is {_shown(text)}, a date is needed, as 2026-03-01")


def _check_own_money(
    policy: Policy,
    declared: Mapping[str, Input],
    values: Mapping[str, Value],
    told: Mapping[str, str],
    unreadable: dict[str, str],
) -> None:
    """Note amounts in the policy's own money that name another asset than the claim."""
    asset = own_asset(policy, values)
    for name in values:
        kind = declared[name].type
        if not (isinstance(kind, NumberType) and kind.unit.top == OWN_MONEY):
            continue
        unit = told[name].split(maxsplit=1)[1:]
        if unit and asset is not None and unit[0].strip() != asset:
            unreadable[name] = f"is in {_shown(unit[0])}, {asset} is needed"


def own_asset(policy: Policy, values: Mapping[str, Value]) -> str | None:
    """Return the asset that is paid; None when an input names it and that input is not known."""
    if policy.money.asset_input is None:
        return policy.money.asset
    asset = values.get(policy.money.asset_input)
    return asset if isinstance(asset, str) else None


def _shown(text: str) -> str:
    return f'"{text[:40]}…"' if len(text) > 40 else f'"{text}"'  # noqa: PLR2004  # as many as fit a line
