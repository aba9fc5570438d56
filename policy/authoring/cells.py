"""One cell of a workbook as text, and back.

A cell holds the text that would stand in the policy. What begins with `[` or `{` is a list or keys, as in the text;
what begins with `"` is text that could not stand in a cell as it is.
"""

import json
import re

from policy.mistakes import BadPolicy, Mistakes, Place
from policy.yaml_text import Mapping, Node, Scalar, Sequence, read_yaml

#: A place in a workbook is the row, and the column times this plus the character in the cell.
SPAN = 100_000
MOST_CELL_CHARACTERS = 32_767
_MEANS_MORE = ("[", "{", '"')
_SPECIAL_START = re.compile(r"[?:,\[\]{}#&*!|>'\"%@`]|-(?:\s|$)|---|\.\.\.")
_QUOTED_OR_COMMA = re.compile(r'("(?:[^"\\]|\\.)*")|, (?! )')
_SPECIAL_INSIDE = re.compile(r":(?:\s|$)|\s#")


def cell_place(sheet: str, row: int, column: int) -> Place:
    """Return the place of a cell; row and column from 1."""
    return Place(file=sheet, line=row, column=column * SPAN + 1)


def cell_named(place: Place) -> str:
    """Return a place in a workbook as people say it: "Rules!C5", "Rules!C5, character 12"."""
    column, character = divmod(place.column - 1, SPAN)
    named = f"{place.file}!{column_letters(column)}{place.line}"
    return f"{named}, character {character + 1}" if character else named


def column_letters(column: int) -> str:
    """Return what a column is called: 1 is "A", 28 is "AB"."""
    letters = ""
    while column > 0:
        column, place = divmod(column - 1, 26)
        letters = chr(ord("A") + place) + letters
    return letters


def cell_text(node: Node) -> str:
    """Return what stands in a cell for a text, a list or keys."""
    if not isinstance(node, Scalar):
        return flow_text(node)
    text = node.text
    plain = text == text.strip() and text and not text.startswith(_MEANS_MORE)
    return text if plain and text.replace("\n", "").isprintable() else quoted(text)


def node_at(text: str, place: Place, mistakes: Mistakes) -> Node:
    """Return what a cell that is not empty says; what is not readable is noted and taken as text."""
    scalar = Scalar(text=text.strip(), place=place, single_line=True)
    if not scalar.text.startswith(_MEANS_MORE):
        return scalar
    try:
        read = read_yaml(f"cell: {_over_lines(' '.join(scalar.text.splitlines()))}", place.file)
    except BadPolicy as error:
        begins = {"[": "a list", "{": "keys", '"': "quoted text"}[scalar.text[0]]
        mistakes.add(place, f"this begins as {begins} and does not end as one: {error.mistakes[0].what}")
        return scalar
    return _placed(read.entries[0][1], place)


def _over_lines(text: str) -> str:
    """Return a list with a line for each item, as a text may have no line that long; what is quoted stays in one."""
    return _QUOTED_OR_COMMA.sub(lambda found: found[1] or ",\n ", text)


def _placed(node: Node, place: Place) -> Node:
    match node:
        case Scalar():
            return Scalar(text=node.text, place=place, single_line=False)
        case Sequence():
            return Sequence(items=tuple(_placed(each, place) for each in node.items), place=place)
        case Mapping():
            entries = tuple(
                (Scalar(text=key.text, place=place, single_line=False), _placed(value, place))
                for key, value in node.entries
            )
            return Mapping(entries=entries, place=place)


def flow_text(node: Node) -> str:
    """Return a node on one line: "[a, b]", "{hours_late: under 2 hours}"."""
    match node:
        case Scalar():
            return scalar_text(node.text, inside=True)
        case Sequence():
            return f"[{', '.join(flow_text(each) for each in node.items)}]"
        case Mapping():
            pairs = (f"{scalar_text(key.text, inside=True)}: {flow_text(value)}" for key, value in node.entries)
            return f"{{{', '.join(pairs)}}}"


def scalar_text(text: str, *, inside: bool) -> str:
    """Return a text as YAML, in quotes where it needs them. inside: Whether it stands in brackets or braces."""
    special = _SPECIAL_START.match(text) or _SPECIAL_INSIDE.search(text) or (inside and re.search(r"[,\[\]{}]", text))
    if not text or text != text.strip() or special or not text.isprintable():
        return quoted(text)
    return text


def quoted(text: str) -> str:
    """Return a text in double quotes, on one line."""
    written = json.dumps(text, ensure_ascii=False)
    return "".join(each if each.isprintable() else f"\\U{ord(each):08X}" for each in written)
