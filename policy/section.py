"""Reading one mapping of a policy file: known keys only, every mistake noted with its place."""

from collections.abc import Callable, Collection
from typing import TypeVar

from policy.expressions import Condition, Expression
from policy.going_through import of_an_item
from policy.grammar import NotUnderstood
from policy.meaning import understood
from policy.mistakes import Mistakes, did_you_mean
from policy.scope import Scope
from policy.units import YesNoType, described
from policy.yaml_text import Mapping as YamlMapping
from policy.yaml_text import Node, Scalar, Sequence

Read = TypeVar("Read")


class Section:
    """The keys of one mapping. What is asked for and absent is noted as a mistake and read as None or ""."""

    def __init__(self, node: Node, mistakes: Mistakes, *, keys: Collection[str] | None = None) -> None:
        """keys: The keys that may stand here; None = any."""
        self.place = node.place
        self.mistakes = mistakes
        self.entries: dict[str, tuple[Scalar, Node]] = {}
        if not isinstance(node, YamlMapping):
            mistakes.add(node.place, 'write keys here, as "name: text"')
            return
        for key, value in node.entries:
            if keys is not None and key.text not in keys:
                mistakes.add(key.place, f'"{key.text[:60]}" is not a key here: {_why(key.text, value, keys)}')
                continue
            self.entries[key.text] = (key, value)

    def has(self, key: str) -> bool:
        """Whether this key is written."""
        return key in self.entries

    def node(self, key: str) -> Node | None:
        """Return what stands under a key that must be there; None after noting that it is not."""
        entry = self.entries.get(key)
        if entry is None:
            self.mistakes.add(self.place, f'add "{key}:"')
            return None
        return entry[1]

    def scalar(self, key: str) -> Scalar | None:
        """Return the text under a key that must be there, never empty; None after noting what is wrong."""
        node = self.node(key)
        if node is None:
            return None
        if not isinstance(node, Scalar) or not node.text.strip():
            self.mistakes.add(node.place, f'write text after "{key}:"')
            return None
        return node

    def text(self, key: str) -> str:
        """Return the text under a key that must be there; "" after noting what is wrong."""
        scalar = self.scalar(key)
        return scalar.text.strip() if scalar else ""

    def read(self, key: str, how: Callable[[str], Read]) -> Read | None:
        """Return the text under a key, read by `how`; its ValueError is noted as the mistake."""
        scalar = self.scalar(key)
        if scalar is None:
            return None
        try:
            return how(scalar.text.strip())
        except ValueError as error:
            self.mistakes.add(scalar.place, str(error))
            return None

    def listed(self, key: str) -> tuple[Scalar, ...]:
        """Return the texts of a list that must be there and hold something."""
        node = self.node(key)
        return texts(node, self.mistakes) if node else ()

    def items(self, key: str) -> tuple[Node, ...]:
        """Return the items of a list that must be there."""
        node = self.node(key)
        if node is None:
            return ()
        if not isinstance(node, Sequence):
            self.mistakes.add(node.place, f'write a list after "{key}:", each item with "- "')
            return ()
        return node.items

    def section(self, key: str, keys: Collection[str] | None = None) -> "Section | None":
        """Return the mapping under a key that must be there."""
        node = self.node(key)
        return Section(node, self.mistakes, keys=keys) if node else None


def _why(key: str, value: Node, keys: Collection[str]) -> str:
    """Return what to write instead of a key; one without a value is the rest of a text that holds a comma."""
    if isinstance(value, Scalar) and not value.text and " " in key:
        return "between { and } a comma ends a text: put quotes around a text that holds one"
    return did_you_mean(key, keys)


def texts(node: Node, mistakes: Mistakes) -> tuple[Scalar, ...]:
    """Return the texts of a list, or the one text that stands there instead."""
    items: tuple[Node, ...] = node.items if isinstance(node, Sequence) else (node,)
    found = tuple(each for each in items if isinstance(each, Scalar) and each.text.strip())
    if len(found) != len(items) or not found:
        mistakes.add(node.place, "write a list of texts here")
    return found


def expression(scalar: Scalar, scope: Scope, mistakes: Mistakes, *, before: str = "") -> Expression | None:
    """Return what an expression means; None after noting what is wrong, with its column.

    before: Text to put before what is written, as the name of a table's column.
    """
    try:
        return understood(before + scalar.text, scope, scalar.place)
    except NotUnderstood as error:
        at = max(error.at - len(before), 0) if scalar.single_line else 0
        if not any(name in scalar.text for name in mistakes.broken):
            mistakes.add(scalar.place.along(at), str(error))
        return None


def condition(node: Node, scope: Scope, mistakes: Mistakes) -> Condition | None:
    """Return a condition: `otherwise`, a yes/no expression, or table cells by name; None after noting what is wrong."""
    if isinstance(node, YamlMapping):
        parts = [_cell(key, value, scope, mistakes) for key, value in node.entries]
        if not parts:
            mistakes.add(node.place, 'write "otherwise" for a line that always fits')
        found = tuple(part for part in parts if part)
        return Condition(parts=found, place=node.place) if parts and len(found) == len(parts) else None
    if not isinstance(node, Scalar):
        mistakes.add(node.place, 'write an expression, cells as "name: cell", or "otherwise"')
        return None
    if node.text.strip() == "otherwise":
        return Condition(parts=(), place=node.place)
    test = _yes_no(expression(node, scope, mistakes), mistakes)
    return Condition(parts=(test,), place=node.place) if test else None


def _cell(name: Scalar, cell: Node, scope: Scope, mistakes: Mistakes) -> Expression | None:
    """Return a decision-table cell as the expression "<name> is <cell>"; a list of values stands for `one of`."""
    if name.text in mistakes.broken:
        return None
    if name.text not in scope.types:
        what = f'"{name.text[:60]}" is not declared: {did_you_mean(name.text, scope.types)}'
        mistakes.add(name.place, of_an_item(name.text, scope) or what)
        return None
    if isinstance(cell, Sequence):
        values = ", ".join(each.text for each in texts(cell, mistakes))
        cell = Scalar(text=f"one of [{values}]", place=cell.place, single_line=False)
    if not isinstance(cell, Scalar) or not cell.text.strip():
        mistakes.add(cell.place, "write a value, a range or a list here")
        return None
    return _yes_no(expression(cell, scope, mistakes, before=f"{name.text} is "), mistakes)


def _yes_no(found: Expression | None, mistakes: Mistakes) -> Expression | None:
    if found and not isinstance(found.node.type, YesNoType):
        mistakes.add(found.place, f"a yes/no is needed here, this is {described(found.node.type)}")
        return None
    return found
