"""Values that stand in the text of an expression: amounts, shares, numbers, times, dates, quoted words, yes and no."""

from collections.abc import Callable

from policy import building
from policy.expressions import Literal
from policy.literals import date_written, number_written, share_written, time_written, unit_named
from policy.trees import Branch, only, start_of
from policy.units import DateType, TextType, TimeType, Unit, YesNoType


def value_written(tree: Branch, own: frozenset[str]) -> Literal:
    """Return a value with its type; own: units of the policy's own. Raises NotUnderstood, and KeyError for no value."""
    return _quantity(tree, own) if tree.data == "quantity" else _READ[str(tree.data)](tree)


def _quantity(tree: Branch, own: frozenset[str]) -> Literal:
    written, _, unit = only(tree).partition(" ")
    at = start_of(tree)
    return building.number(number_written(written, at), unit_named(unit.strip(), at, own))


def _number(tree: Branch) -> Literal:
    value = number_written(only(tree), start_of(tree))
    return building.number(value, Unit(zero=value == 0))


_READ: dict[str, Callable[[Branch], Literal]] = {
    "percent": lambda tree: building.number(*share_written(only(tree), start_of(tree))),
    "number": _number,
    "time": lambda tree: Literal(value=time_written(only(tree), start_of(tree)), type=TimeType()),
    "date": lambda tree: Literal(value=date_written(only(tree), start_of(tree)), type=DateType()),
    "quoted": lambda tree: Literal(value=only(tree)[1:-1], type=TextType()),
    "yes": lambda _: Literal(value=True, type=YesNoType()),
    "no": lambda _: Literal(value=False, type=YesNoType()),
}
#: What a value is called in a tree.
VALUES = frozenset({"quantity", *_READ})
