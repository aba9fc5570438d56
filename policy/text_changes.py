"""What changes between the texts of two versions, in words: section by section, line by line, by the lines' names."""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum

from policy.mistakes import Place
from policy.yaml_text import Mapping, Node, Scalar, read_yaml
from policy.yaml_text import Sequence as Listed

#: Lists whose order decides nothing.
_UNORDERED = frozenset({"examples", "together", "limits", "evidence", "other plans"})


class How(StrEnum):
    """What became of a piece of the text."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"
    MOVED = "moved"


@dataclass(frozen=True, slots=True, kw_only=True)
class TextChange:
    """One piece of the text that is not what it was.

    Fields:
        where: From the section down to the piece: ("rules", "six hours late", "pay").
        how: What became of it.
        old: As it was written; "" for what was added.
        new: As it is written now; "" for what was removed.
        place: Where it stands in the new text, or stood in the old one.
    """

    where: tuple[str, ...]
    how: How
    old: str
    new: str
    place: Place

    def __str__(self) -> str:
        named = ": ".join(self.where)
        match self.how:
            case How.ADDED:
                return f"{named}: added: {self.new}"
            case How.REMOVED:
                return f"{named}: removed: {self.old}"
            case How.MOVED:
                return f"{named}: moved from place {self.old} to place {self.new}"
            case How.CHANGED:
                return f"{named}: {self.old} -> {self.new}"


def text_changes(old: str, new: str, *, old_file: str, new_file: str) -> tuple[TextChange, ...]:
    """Return what changes between two texts, in the order of the new one; comments and layout do not count.

    Raises BadPolicy for a text that is no plain YAML.
    """
    return tuple(_between((), read_yaml(old, old_file), read_yaml(new, new_file)))


def _between(where: tuple[str, ...], old: Node, new: Node) -> Iterator[TextChange]:
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        yield from _entries(where, old, new)
    elif isinstance(old, Listed) and isinstance(new, Listed) and _has_lines(old) and _has_lines(new):
        yield from _items(where, old, new)
    elif written(old) != written(new):
        yield TextChange(where=where, how=How.CHANGED, old=written(old), new=written(new), place=new.place)


def _entries(where: tuple[str, ...], old: Mapping, new: Mapping) -> Iterator[TextChange]:
    before = {key.text: value for key, value in old.entries}
    after = {key.text: value for key, value in new.entries}
    for key, value in after.items():
        if key in before:
            yield from _between((*where, key), before[key], value)
        else:
            yield _added((*where, key), value)
    for key, value in before.items():
        if key not in after:
            yield _removed((*where, key), value)


def _items(where: tuple[str, ...], old: Listed, new: Listed) -> Iterator[TextChange]:
    """Yield what became of the lines of a list; lines are known by their names, else by when they fit."""
    before, after = _by_name(old), _by_name(new)
    renamed = _renamed(list(before), list(after))
    for name, item in after.items():
        known = name if name in before else renamed.get(name)
        if known is None:
            yield _added((*where, name), item)
        else:
            yield from _between((*where, known), before[known], item)
    for name, item in before.items():
        if name not in after and name not in renamed.values():
            yield _removed((*where, name), item)
    if where[-1] not in _UNORDERED:
        yield from _moved(where, before, after)


def _has_lines(listed: Listed) -> bool:
    """Whether a list holds lines with keys; one of plain words is told as a whole."""
    return any(not isinstance(each, Scalar) for each in listed.items)


def _by_name(listed: Listed) -> dict[str, Node]:
    """Return the lines of a list by their names; a name that comes again is numbered."""
    found: dict[str, Node] = {}
    for item in listed.items:
        name, number = _name(item), 2
        while name in found:
            name, number = f"{_name(item)} ({number})", number + 1
        found[name] = item
    return found


def _name(item: Node) -> str:
    if isinstance(item, Mapping):
        entries = {key.text: value for key, value in item.entries}
        for key in ("name", "when"):
            if key in entries:
                return written(entries[key]) if key == "name" else f"when {written(entries[key])}"
    return written(item)


def _renamed(before: Sequence[str], after: Sequence[str]) -> dict[str, str]:
    """Return new names with the old ones that stood in the same place between lines that stayed."""
    pairs: dict[str, str] = {}
    matcher = SequenceMatcher(a=before, b=after, autojunk=False)
    for kind, first, last, start, end in matcher.get_opcodes():
        old = [each for each in before[first:last] if each not in after]
        new = [each for each in after[start:end] if each not in before]
        if kind == "replace" and len(old) == len(new):
            pairs |= dict(zip(new, old, strict=True))
    return pairs


def _moved(where: tuple[str, ...], before: dict[str, Node], after: dict[str, Node]) -> Iterator[TextChange]:
    """Yield the fewest lines that must have changed their place among those that stayed."""
    old_places = {name: number for number, name in enumerate(before, start=1)}
    new_places = {name: number for number, name in enumerate(after, start=1)}
    kept = [name for name in after if name in old_places]
    staying = _longest_rising([old_places[name] for name in kept])
    for name in kept:
        if old_places[name] not in staying:
            yield TextChange(
                where=(*where, name),
                how=How.MOVED,
                old=str(old_places[name]),
                new=str(new_places[name]),
                place=after[name].place,
            )


def _longest_rising(numbers: Sequence[int]) -> frozenset[int]:
    """Return the longest run of numbers that rise from left to right, not necessarily side by side."""
    ends: list[int] = []
    before: dict[int, int | None] = {}
    for number in numbers:
        place = bisect_left(ends, number)
        before[number] = ends[place - 1] if place else None
        ends[place : place + 1] = [number]
    found, number_or_none = set[int](), ends[-1] if ends else None
    while number_or_none is not None:
        found.add(number_or_none)
        number_or_none = before[number_or_none]
    return frozenset(found)


def _added(where: tuple[str, ...], node: Node) -> TextChange:
    return TextChange(where=where, how=How.ADDED, old="", new=_without_name(node), place=node.place)


def _removed(where: tuple[str, ...], node: Node) -> TextChange:
    return TextChange(where=where, how=How.REMOVED, old=_without_name(node), new="", place=node.place)


def _without_name(node: Node) -> str:
    if isinstance(node, Mapping):
        return ", ".join(f"{key.text}: {written(value)}" for key, value in node.entries if key.text != "name")
    return written(node)


def written(node: Node) -> str:
    """Return a piece of a text on one line, as a person would write it."""
    match node:
        case Scalar(text=text):
            return " ".join(text.split())
        case Listed(items=items):
            return f"[{', '.join(map(written, items))}]"
        case Mapping(entries=entries):
            return "{" + ", ".join(f"{key.text}: {written(value)}" for key, value in entries) + "}"
