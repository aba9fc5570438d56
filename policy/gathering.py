"""What is made of the items of a list: the same on every path, and compiled."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from policy.arithmetic import added
from policy.expressions import Gathered, Node, OverItems, Value
from policy.form import Derived

_LAST = frozenset({Gathered.LARGEST, Gathered.LATEST})
Compiled = Callable[[dict[str, Any]], Any]


def gathered(what: Gathered, values: Sequence[Any]) -> Value | None:
    """Return what the values of the items come to; None for the largest or smallest of nothing.

    The number of items is that of the values, whatever they are.
    """
    if what is Gathered.NUMBER:
        return Decimal(len(values))
    if what is Gathered.TOTAL:
        return added(list(values)) if values else Decimal(0)
    return sorted(values)[-1 if what in _LAST else 0] if values else None


class KnownItem(dict[str, Any]):
    """Values by name for one item: its fields, what is worked out for it, and beyond them what the claim has.

    Fields:
        derived: What works a value out for an item, by name.
        outer: What is known of the claim.
        number: Which item of the list it is, from 1.
        notes: What was worked out, in order, where reasons are wanted.
    """

    __slots__ = ("derived", "notes", "number", "outer")
    derived: Mapping[str, Compiled]
    outer: dict[str, Any]
    number: int
    notes: list[tuple[Any, Any]]

    def __missing__(self, name: str) -> Any:
        if name not in self.derived:
            return self.outer[name]
        value = self[name] = self.derived[name](self)
        return value


def gathering(node: OverItems, compiled: Callable[[Node], Compiled]) -> Compiled:
    """Return a node as a function of what is known; it asks for the items that `known_items` makes."""
    items, what = _items_of(node.items), node.what
    value = compiled(node.value) if node.value is not None else _itself
    when = compiled(node.when) if node.when is not None else _always

    def found(known: dict[str, Any]) -> Any:
        counted = [(number, value(each)) for number, each in enumerate(known[items], start=1) if when(each)]
        result = gathered(what, [each for _, each in counted])
        if result is None:
            raise KeyError(node.items)
        if hasattr(known, "notes"):
            known.notes.append((node, tuple(counted)))
        return result

    return found


def known_items(derived: Iterable[Derived], compiled: Mapping[str, Compiled]) -> dict[str, Compiled]:
    """Return what makes the items of each list that is gone through, by a name that no input has.

    compiled: What works out each of `derived`, by its name.
    """
    every = list(derived)
    lists = {each.expression.node.items for each in every if isinstance(each.expression.node, OverItems)}
    return {
        _items_of(name): _making(name, {each.name: compiled[each.name] for each in every if each.each_of == name})
        for name in sorted(lists)
    }


def _making(name: str, derived: Mapping[str, Compiled]) -> Compiled:
    def made(known: dict[str, Any]) -> tuple[KnownItem, ...]:
        return tuple(_item(number, row, known, derived) for number, row in enumerate(known[name].rows, start=1))

    return made


def _item(number: int, row: Mapping[str, Any], known: dict[str, Any], derived: Mapping[str, Compiled]) -> KnownItem:
    item = KnownItem(row)
    item.derived, item.outer, item.number = derived, known, number
    item.notes = getattr(known, "notes", [])
    return item


def _items_of(name: str) -> str:
    return f"items of {name}:"


def _itself(_: dict[str, Any]) -> bool:
    return True


def _always(_: dict[str, Any]) -> bool:
    return True
