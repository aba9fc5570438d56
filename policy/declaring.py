"""Reading what a policy declares: its money, inputs and what it works out."""

import re
from collections.abc import Collection, Iterable
from collections.abc import Mapping as Named
from dataclasses import replace

from cases.money import ASSETS, Rounding
from policy.calendar_text import CALENDAR_KEYS, read_calendar
from policy.calendars import Calendar
from policy.expressions import MOST_DEPTH, Name, OverItems, depth
from policy.form import Derived, Input, MoneyTerms
from policy.grammar import KEYWORDS
from policy.literals import unit_named
from policy.mistakes import Mistakes, did_you_mean
from policy.scope import Scope
from policy.section import Section
from policy.types_meant import KINDS, type_meant
from policy.units import (
    BARE,
    OWN_MONEY,
    ChoiceType,
    DateType,
    ListType,
    NumberType,
    SeriesType,
    TextType,
    TimeType,
    Type,
    Unit,
    YesNoType,
)
from policy.working_out import worked_out
from policy.yaml_text import Mapping, Node, Scalar

#: Names that the matrix and the wording give to what has been worked out.
RESERVED = frozenset({"amount", "classification", "payments", "steps"})
_NAME = re.compile(r"[a-z][a-z0-9_]{0,59}( [a-z_][a-z0-9_]{0,59}){0,7}", re.ASCII)
_UNIT = re.compile(r"[A-Z][A-Z0-9]{1,11}", re.ASCII)
_OPTION = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,59}( [A-Za-z_][A-Za-z0-9_]{0,59}){0,5}", re.ASCII)
#: The most items of a list, and the most fields of each.
_MOST_ITEMS = 200
_MOST_FIELDS = 20
_ROUNDINGS = {each.value.replace("_", " "): each for each in Rounding}


def read_money(root: Section) -> MoneyTerms | None:
    """Return what is paid in and how it is rounded; `asset: given by <input>` lets an input name the asset."""
    section = root.section("money", ("asset", "rounding"))
    if section is None:
        return None
    rounding = section.read("rounding", _rounding)
    asset = section.scalar("asset")
    if rounding is None or asset is None:
        return None
    given = re.fullmatch(r"given by (.+)", asset.text.strip())
    if given:
        return MoneyTerms(asset=None, asset_input=given.group(1), rounding=rounding, place=asset.place)
    if asset.text.strip() not in ASSETS:
        root.mistakes.add(asset.place, f'"{asset.text[:60]}" is not a known asset: {did_you_mean(asset.text, ASSETS)}')
        return None
    return MoneyTerms(asset=asset.text.strip(), asset_input=None, rounding=rounding, place=asset.place)


def read_scope(root: Section, money: MoneyTerms | None) -> Scope:
    """Return what holds for every expression: units of its own, how days are counted, what is paid; no names yet."""
    units = {each.text: each for each in root.listed("units")} if root.has("units") else {}
    for text, scalar in units.items():
        if not _UNIT.fullmatch(text) or text in ASSETS:
            root.mistakes.add(scalar.place, f'"{text[:60]}" cannot be declared: write a new unit in capitals, as WBETH')
    calendar = Calendar()
    if root.has("calendar"):
        calendar = read_calendar(root.section("calendar", CALENDAR_KEYS))
    given_by = money.asset_input if money else None
    return Scope(types={}, units=frozenset(units), calendar=calendar, asset_input=given_by)


def read_inputs(root: Section, money: MoneyTerms | None, scope: Scope | None = None) -> tuple[Input, ...]:
    """Return the inputs with their types; `scope` has the units that the policy declares itself, and its calendar."""
    scope = scope or Scope(types={})
    section = root.section("inputs")
    if section is None:
        return ()
    inputs = []
    for key, written in section.entries.values():
        _check_name(key, (), root.mistakes)
        node, optional = _without_optional(written)
        kind = _kind(node, money, scope.units, root.mistakes)
        if optional and isinstance(kind, SeriesType):
            root.mistakes.add(node.place, "prices are never optional: a look-up that finds none says so")
        _check_asked(kind, optional, node, root.mistakes)
        if isinstance(kind, ListType) and kind.by_day:
            kind = replace(kind, calendar=scope.calendar)
        if kind is None:
            root.mistakes.broken.add(key.text)
            kind, optional = TextType(), False
        inputs.append(Input(name=key.text, type=kind, place=key.place, optional=optional))
    _check_fields(inputs, root.mistakes)
    _check_series(inputs, root.mistakes)
    if money and money.asset_input is not None:
        _check_asset_input(money, inputs, root.mistakes)
    return tuple(inputs)


def _kind(node: Node, money: MoneyTerms | None, own: frozenset[str], mistakes: Mistakes) -> Type | None:
    """Return the type of an input: in a word, or of each item of a list; None after noting what is wrong."""
    if isinstance(node, Scalar):
        return _type(node, money, own, mistakes)
    if not isinstance(node, Mapping):
        mistakes.add(node.place, f"write {KINDS}")
        return None
    section = Section(node, mistakes, keys=("list of up to", "at least", "each", "each once by"))
    most, fields = section.read("list of up to", _most), section.section("each")
    found, optional = [], set[str]()
    for key, written in fields.entries.values() if fields else ():
        _check_name(key, (), mistakes)
        value, may_be_wanting = _without_optional(written)
        optional |= {key.text} if may_be_wanting else set()
        kind = _type(value, money, own, mistakes) if isinstance(value, Scalar) else None
        _check_asked(kind, may_be_wanting, value, mistakes)
        if not isinstance(value, Scalar) or isinstance(kind, SeriesType):
            mistakes.add(value.place, "each item has plain fields: write a type as number, USDT, time or yes/no")
            kind = None
        if kind is None:
            mistakes.broken.add(key.text)
            optional -= {key.text}
        found.append((key.text, kind or TextType()))
    if fields and not 0 < len(found) <= _MOST_FIELDS:
        mistakes.add(fields.place, f"write from 1 to {_MOST_FIELDS} fields, each with its type")
    if not most or not found:
        return None
    once_by, by_day = _once_by(section, dict(found), optional)
    return ListType(
        fields=tuple(found),
        most=most,
        least=_least(section, most),
        once_by=once_by,
        by_day=frozenset(by_day),
        optional=frozenset(optional),
    )


def _check_asked(kind: Type | None, optional: bool, node: Node, mistakes: Mistakes) -> None:  # noqa: FBT001  # What was read.
    """Note a value that would read like the question whether there is one."""
    if optional and isinstance(kind, ChoiceType) and "given" in kind.options:
        mistakes.add(node.place, '"is given" asks whether there is a value at all: call this value something else')


def _without_optional(node: Node) -> tuple[Node, bool]:
    """Return a type without "optional" before it, and whether it stood there."""
    if not isinstance(node, Scalar) or not node.text.startswith("optional "):
        return node, False
    return replace(node, text=node.text.removeprefix("optional ")), True


def _least(section: Section, most: int) -> int:
    """Return how many items there are at least; 0 where nothing is said."""
    least = section.read("at least", _most) if section.has("at least") else 0
    if (least or 0) > most:
        section.mistakes.add(section.entries["at least"][1].place, f"at most {most} items are read: write no more here")
    return least or 0


def _once_by(
    section: Section, fields: Named[str, Type], optional: Collection[str]
) -> tuple[tuple[str, ...], list[str]]:
    """Return the fields that no two items share all of, and those of them of which only the day counts."""
    by: list[str] = []
    by_day: list[str] = []
    for each in section.listed("each once by") if section.has("each once by") else ():
        day = re.fullmatch(r"day of\((.+)\)", each.text)
        name = day.group(1).strip() if day else each.text
        if name not in fields:
            what = f'"{name[:60]}" is no field of an item: {did_you_mean(name, fields)}'
            section.mistakes.add(each.place, what)
        elif name in optional:
            section.mistakes.add(each.place, f'"{name}" may be wanting: items are told apart by what each one has')
        elif day and not isinstance(fields[name], TimeType):
            section.mistakes.add(each.place, f'"{name}" is no time: write it without "day of"')
        else:
            by.append(name)
            by_day += [name] if day else []
    return tuple(dict.fromkeys(by)), by_day


def _most(text: str) -> int:
    if not re.fullmatch(r"[1-9]\d{0,2}", text, re.ASCII) or int(text) > _MOST_ITEMS:
        raise ValueError(f'write "{text[:20]}" as a whole number from 1 to {_MOST_ITEMS}')
    return int(text)


def _check_fields(inputs: list[Input], mistakes: Mistakes) -> None:
    """Note fields of items that are named as an input is: which of them is meant could not be seen."""
    names = {each.name for each in inputs}
    for each in inputs:
        for name, _ in each.type.fields if isinstance(each.type, ListType) else ():
            if name in names:
                mistakes.add(
                    each.place, f'each of "{each.name}" has a "{name}", and so has the claim: name one otherwise'
                )


def _check_series(inputs: list[Input], mistakes: Mistakes) -> None:
    """Note prices whose series are named by nothing that an item or the claim says."""
    lists = [each.type for each in inputs if isinstance(each.type, ListType)]
    said = {name: kind for each in lists for name, kind in each.fields} | {each.name: each.type for each in inputs}
    naming = [name for name, kind in said.items() if isinstance(kind, TextType | ChoiceType)]
    for each in inputs:
        by = each.type.by if isinstance(each.type, SeriesType) else None
        if by is not None and by not in naming:
            known = did_you_mean(by, naming) if naming else "declare one as text"
            what = f'"{by[:60]}" is no text, nor one of a list, that an item or the claim says: {known}'
            mistakes.add(each.place, what)


def read_derived(root: Section, scope: Scope) -> tuple[tuple[Derived, ...], Scope]:
    """Return what is worked out, and the scope with its names; each may use the inputs and what stands above it."""
    if not root.has("works out"):
        return (), scope
    section = root.section("works out")
    derived: list[Derived] = []
    depths: dict[str, int] = {}
    for key, node in section.entries.values() if section else ():
        _check_name(key, _taken(scope), root.mistakes)
        found = worked_out(key, node, scope, root.mistakes)
        if not found:
            root.mistakes.broken.add(key.text)
        found = _without_repeating(scope, (*gathered_in(scope, derived), *found))
        derived += found
        depths |= _depths(found, depths)
        if depths.get(key.text, 0) > MOST_DEPTH:
            what = f"this is worked out over more than {MOST_DEPTH} steps below each other: work it out with fewer"
            root.mistakes.add(key.place, what)
            root.mistakes.stop_if_any()
        for each in found:
            if each.name == key.text:
                known = {each.name: each.expression.node.type}
                scope = scope.also_of(each.each_of, known) if each.each_of else scope.also(known)
    return tuple(derived), scope


def _without_repeating(scope: Scope, found: tuple[Derived, ...]) -> tuple[Derived, ...]:
    """Return steps of which the last, where it is a total and nothing else, is that total itself."""
    *above, last = found or (None,)
    node = last.expression.node if last else None
    if last is None or not isinstance(node, Name) or node.name not in scope.gathered:
        return found
    if node.name not in {each.name for each in above if each}:
        return found
    scope.called[node.name] = last.name
    same = replace(last, expression=scope.gathered.pop(node.name))
    return (*(each for each in above if each and each.name != node.name), same)


def gathered_in(scope: Scope, derived: Iterable[Derived]) -> tuple[Derived, ...]:
    """Return what is made of lists in the expressions read so far, without what stands among `derived` already."""
    known = {each.name for each in derived}
    return tuple(
        Derived(name=name, expression=each, each_of=each.node.within if isinstance(each.node, OverItems) else None)
        for name, each in scope.gathered.items()
        if name not in known
    )


def _taken(scope: Scope) -> Named[str, Type]:
    return {**scope.types, **{name: kind for fields in scope.items.values() for name, kind in fields.items()}}


def _depths(found: tuple[Derived, ...], known: Named[str, int]) -> dict[str, int]:
    depths = dict(known)
    for each in found:
        depths[each.name] = depth(each.expression.node, depths)
    return depths


def _rounding(text: str) -> Rounding:
    if text not in _ROUNDINGS:
        raise ValueError(f'"{text[:60]}" is no rounding: {did_you_mean(text, _ROUNDINGS)}')
    return _ROUNDINGS[text]


def _check_name(key: Scalar, taken: Named[str, Type] | tuple[()], mistakes: Mistakes) -> None:
    """Note a name that cannot be one; what uses it is then not blamed too."""
    before = len(mistakes.found)
    _note_name(key, taken, mistakes)
    if len(mistakes.found) > before and key.text not in taken:
        mistakes.broken.add(key.text)


def _note_name(key: Scalar, taken: Named[str, Type] | tuple[()], mistakes: Mistakes) -> None:
    if not _NAME.fullmatch(key.text):
        mistakes.add(
            key.place,
            f'"{key.text[:60]}" cannot be a name: use small letters, digits, _ and single'
            " spaces, each word beginning with a letter",
        )
        return
    kept = [word for word in key.text.split() if word in KEYWORDS]
    if kept:
        mistakes.add(key.place, f'"{kept[0]}" means something in expressions: name it without that word')
    elif key.text in RESERVED or key.text in taken:
        mistakes.add(key.place, f'"{key.text}" is taken: choose another name')


def _type(scalar: Scalar, money: MoneyTerms | None, own: frozenset[str], mistakes: Mistakes) -> Type | None:
    text = " ".join(scalar.text.split())
    signed, positive = text.startswith("signed "), text.startswith("positive ")
    text = text.removeprefix("signed ").removeprefix("positive ")
    plain: dict[str, Type] = {"yes/no": YesNoType(), "time": TimeType(), "date": DateType(), "text": TextType()}
    if not (signed or positive) and text in plain:
        return plain[text]
    choice = re.fullmatch(r"one of \[(.*)\]", text)
    if choice and not (signed or positive):
        return _choice([each.strip() for each in choice.group(1).split(",")], scalar, mistakes)
    try:
        if text.startswith("prices ") and not (signed or positive):
            unit, _, by = text.removeprefix("prices ").partition(" by ")
            return SeriesType(unit=unit_named(unit, own=own), by=by or None)
        return replace(_number(text, money, own), signed=signed, positive=positive)
    except ValueError as error:
        mistakes.add(scalar.place, f'"{scalar.text[:60]}" is not understood: {type_meant(text, str(error))}')
        return None


def _number(text: str, money: MoneyTerms | None, own: frozenset[str]) -> NumberType:
    if text in {"number", "whole number"}:
        return NumberType(unit=BARE, whole=text == "whole number")
    share = re.fullmatch(r"share(?: per (day|month|year))?", text)
    if share:
        return NumberType(unit=Unit(bottom=f"{share.group(1)}s") if share.group(1) else BARE, share=True)
    if text == "money":
        return NumberType(unit=Unit(top=money.asset if money and money.asset else OWN_MONEY))
    return NumberType(unit=unit_named(text.removeprefix("quantity ").removeprefix("rate "), own=own))


def _choice(options: list[str], scalar: Scalar, mistakes: Mistakes) -> Type | None:
    for option in options:
        if not _OPTION.fullmatch(option) or KEYWORDS.intersection(option.split()):
            mistakes.add(scalar.place, f'"{option[:60]}" cannot be a value of a list: use letters, digits and _')
            return None
    if len(set(options)) < len(options):
        mistakes.add(scalar.place, "a value stands twice in the list: keep one")
        return None
    return ChoiceType(options=tuple(options))


def _check_asset_input(money: MoneyTerms, inputs: list[Input], mistakes: Mistakes) -> None:
    found = next((each for each in inputs if each.name == money.asset_input), None)
    if found is None:
        names = [each.name for each in inputs]
        mistakes.add(
            money.place, f'"{money.asset_input}" is not an input: {did_you_mean(str(money.asset_input), names)}'
        )
        return
    if found.optional or not isinstance(found.type, ChoiceType):
        mistakes.add(found.place, f'"{found.name}" must be "one of" known assets, as "one of [USDT, EUR]"')
        return
    unknown = [each for each in found.type.options if each not in ASSETS]
    if unknown:
        what = f'"{unknown[0]}" of "{found.name}" is not a known asset: {did_you_mean(unknown[0], ASSETS)}'
        mistakes.add(found.place, what)
