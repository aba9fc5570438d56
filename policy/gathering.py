"""What is made of the items of a list: the same on every path, and compiled."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from policy.arithmetic import added
from policy.expressions import Gathered, Grouped, Node, OverItems, Value
from policy.form import Derived
from policy.items import Items

_LAST = frozenset({Gathered.LARGEST, Gathered.LATEST})
Compiled = Callable[[dict[str, Any]], Any]


def gathered(what: Gathered, values: Sequence[Any]) -> Value | None:
    """Return what the values of the items come to; None for the largest or smallest of nothing.

    The number of items is that of the values, whatever they are. Of the first or last item the value is the only one.
    """
    if what is Gathered.NUMBER:
        return Decimal(len(values))
    if what is Gathered.TOTAL:
        return added(list(values)) if values else Decimal(0)
    return sorted(values)[-1 if what in _LAST else 0] if values else None


def place_of(what: Gathered, ordering: Sequence[Any]) -> int:
    """Return the place of the first or last item; of several that share it, the one that is told first.

    ordering: What each item is told by, not empty.
    """
    return ordering.index(max(ordering) if what is Gathered.LAST else min(ordering))


def grouped(rows: Sequence[Mapping[str, Any]]) -> Items:
    """Return groups of the items that are the same in all keys; rows: The keys of each item, by name."""
    members: dict[tuple[Any, ...], list[int]] = {}
    for place, row in enumerate(rows):
        members.setdefault(tuple(row.values()), []).append(place)
    return Items(
        rows=tuple(rows[places[0]] for places in members.values()),
        members=tuple(map(tuple, members.values())),
    )


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
    by = compiled(node.by) if node.by is not None else None

    def found(known: dict[str, Any]) -> Any:
        every: Sequence[KnownItem] = known[items]
        if by is not None:
            held = [each for each in every if when(each)]
            one = [held[place_of(what, [by(each) for each in held])]] if held else []
            counted = [(each.number, value(each)) for each in one]
        else:
            counted = [(each.number, value(each)) for each in every if when(each)]
        result = gathered(what, [each for _, each in counted])
        if result is None:
            raise KeyError(node.told)
        if hasattr(known, "notes"):
            known.notes.append((node, tuple(counted)))
        return result

    return found


def grouping(node: Grouped, compiled: Callable[[Node], Compiled]) -> Compiled:
    """Return groups as a function of what is known."""
    items, keys = _items_of(node.items), [(name, compiled(key)) for name, key in node.by]

    def found(known: dict[str, Any]) -> Items:
        return grouped([{name: key(each) for name, key in keys} for each in known[items]])

    return found


def known_items(derived: Iterable[Derived], compiled: Mapping[str, Compiled]) -> dict[str, Compiled]:
    """Return what makes the items of each list that is gone through, by a name that no input has.

    compiled: What works out each of `derived`, by its name.
    """
    every = list(derived)
    groups = {each.name: node.items for each in every if isinstance(node := each.expression.node, Grouped)}
    lists = {node.items for each in every if isinstance(node := each.expression.node, OverItems | Grouped)}
    of_items = {name: {each.name: compiled[each.name] for each in every if each.each_of == name} for name in lists}
    return {_items_of(name): _making(name, of_items[name], groups.get(name)) for name in sorted(lists)}


def _making(name: str, derived: Mapping[str, Compiled], grouped_from: str | None) -> Compiled:
    def made(known: dict[str, Any]) -> tuple[KnownItem, ...]:
        return tuple(_item(number, row, known, derived) for number, row in enumerate(known[name].rows, start=1))

    def of_groups(known: dict[str, Any]) -> tuple[KnownItem, ...]:
        own = _items_of(str(grouped_from))
        for group, places in zip(groups := made(known), known[name].members, strict=True):
            group[own] = tuple(known[own][place] for place in places)
        return groups

    return made if grouped_from is None else of_groups


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
