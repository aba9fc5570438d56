"""Reading what a policy declares: its money, inputs and what it works out."""

import re
from collections.abc import Mapping

from cases.money import ASSETS, Rounding
from policy.form import Derived, Input, MoneyTerms
from policy.grammar import KEYWORDS
from policy.literals import unit_named
from policy.mistakes import Mistakes, did_you_mean
from policy.section import Section, expression
from policy.units import (
    BARE,
    OWN_MONEY,
    ChoiceType,
    NumberType,
    TextType,
    TimeType,
    Type,
    Unit,
    YesNoType,
)
from policy.yaml_text import Scalar

#: Names the matrix gives to what has been worked out.
RESERVED = frozenset({"amount", "classification"})
_NAME = re.compile(r"[a-z][a-z0-9_]{0,59}( [a-z0-9_]{1,60}){0,7}", re.ASCII)
_OPTION = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,59}( [A-Za-z_][A-Za-z0-9_]{0,59}){0,5}", re.ASCII)
_ROUNDINGS = {each.value.replace("_", " "): each for each in Rounding}
_KINDS = (
    "a type: number, whole number, yes/no, time, text, hours, money, USDT, quantity OKB, rate JPY per XEM,"
    ' or "one of [a, b]"'
)


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


def read_inputs(root: Section, money: MoneyTerms | None) -> tuple[Input, ...]:
    """Return the inputs with their types."""
    section = root.section("inputs")
    if section is None:
        return ()
    inputs = []
    for key, node in section.entries.values():
        _check_name(key, (), root.mistakes)
        kind = _type(node, money, root.mistakes) if isinstance(node, Scalar) else None
        if kind is None:
            if not isinstance(node, Scalar):
                root.mistakes.add(node.place, f"write {_KINDS}")
            root.mistakes.broken.add(key.text)
            kind = TextType()
        inputs.append(Input(name=key.text, type=kind, place=key.place))
    if money and money.asset_input is not None:
        _check_asset_input(money, inputs, root.mistakes)
    return tuple(inputs)


def read_derived(root: Section, inputs: Mapping[str, Type]) -> tuple[Derived, ...]:
    """Return what is worked out; each may use the inputs and what stands above it."""
    if not root.has("works out"):
        return ()
    section = root.section("works out")
    types = dict(inputs)
    derived = []
    for key, node in section.entries.values() if section else ():
        _check_name(key, types, root.mistakes)
        if not isinstance(node, Scalar):
            root.mistakes.add(node.place, "write an expression here")
            continue
        found = expression(node, types, root.mistakes)
        if found is None:
            root.mistakes.broken.add(key.text)
        else:
            types[key.text] = found.node.type
            derived.append(Derived(name=key.text, expression=found))
    return tuple(derived)


def _rounding(text: str) -> Rounding:
    if text not in _ROUNDINGS:
        raise ValueError(f'"{text[:60]}" is no rounding: {did_you_mean(text, _ROUNDINGS)}')
    return _ROUNDINGS[text]


def _check_name(key: Scalar, taken: Mapping[str, Type] | tuple[()], mistakes: Mistakes) -> None:
    if not _NAME.fullmatch(key.text):
        mistakes.add(key.place, f'"{key.text[:60]}" cannot be a name: use small letters, digits, _ and single spaces')
        return
    kept = [word for word in key.text.split() if word in KEYWORDS]
    if kept:
        mistakes.add(key.place, f'"{kept[0]}" means something in expressions: name it without that word')
    elif key.text in RESERVED or key.text in taken:
        mistakes.add(key.place, f'"{key.text}" is taken: choose another name')


def _type(scalar: Scalar, money: MoneyTerms | None, mistakes: Mistakes) -> Type | None:
    text = " ".join(scalar.text.split())
    signed = text.startswith("signed ")
    text = text.removeprefix("signed ")
    plain: dict[str, Type] = {"yes/no": YesNoType(), "time": TimeType(), "text": TextType()}
    if not signed and text in plain:
        return plain[text]
    choice = re.fullmatch(r"one of \[(.*)\]", text)
    if choice and not signed:
        return _choice([each.strip() for each in choice.group(1).split(",")], scalar, mistakes)
    try:
        return _number(text, signed=signed, money=money)
    except ValueError as error:
        mistakes.add(scalar.place, f'"{scalar.text[:60]}" is not understood ({error}): write {_KINDS}')
        return None


def _number(text: str, *, signed: bool, money: MoneyTerms | None) -> NumberType:
    if text in {"number", "whole number"}:
        return NumberType(unit=BARE, signed=signed, whole=text == "whole number")
    if text == "money":
        fixed = money.asset if money and money.asset else OWN_MONEY
        return NumberType(unit=Unit(top=fixed), signed=signed)
    return NumberType(unit=unit_named(text.removeprefix("quantity ").removeprefix("rate ")), signed=signed)


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
    unknown = (
        [each for each in found.type.options if each not in ASSETS] if isinstance(found.type, ChoiceType) else ["text"]
    )
    if unknown:
        mistakes.add(found.place, f'"{found.name}" must be "one of" known assets, as "one of [USDT, EUR]"')
