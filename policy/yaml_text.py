"""YAML as strings only: every scalar stays the text that was written, and everything clever is refused with its place.

`NO` is not False, `12:30` not 750, a long decimal not a float. Aliases, anchors, tags, duplicate keys, a second
document, files over 1 MB or 20,000 entries, lines over 2,000 characters and deep nesting are refused while reading, so
that the time is bounded.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml

from policy.mistakes import BadPolicy, Mistake, Place

MOST_BYTES = 1_000_000
MOST_LINE_CHARACTERS = 2_000
MOST_DEPTH = 12
MOST_NODES = 20_000
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scalar:
    """One piece of text.

    Fields:
        text: As written, without its quotes.
        place: Where its first character stands.
        single_line: True when a character of `text` is found by counting columns from `place`.
    """

    text: str
    place: Place
    single_line: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Sequence:
    """A list."""

    items: tuple["Node", ...]
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapping:
    """Keys with their values, in the order written; no key stands twice."""

    entries: tuple[tuple[Scalar, "Node"], ...]
    place: Place


Node = Scalar | Sequence | Mapping


def read_yaml(text: str, file: str) -> Mapping:
    """Return the one mapping that a file holds; raises BadPolicy at the first thing that is not plain YAML."""
    _refuse_big(text, file)
    try:
        root = _compose(text, file)
    except yaml.reader.ReaderError as error:
        before = text[: error.position]
        column = len(before) - (before.rfind("\n") + 1) + 1
        place = Place(file=file, line=before.count("\n") + 1, column=column)
        raise _bad(place, f"remove the character U+{_code_point(error):04X}, YAML does not allow it") from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = _place(mark, file) if mark else Place(file=file, line=1, column=1)
        raise _bad(place, f"not readable as YAML: {error.problem or error.context}{_hint(text, place)}") from None
    if not isinstance(root, Mapping):
        raise _bad(root.place, 'start with a key, for example "policy: delayed-withdrawal"')
    return root


def _refuse_big(text: str, file: str) -> None:
    size = len(text.encode("utf-8", "surrogatepass"))
    if size > MOST_BYTES:
        raise _bad(
            Place(file=file, line=1, column=1),
            f"make the file smaller: it has {size} bytes, at most {MOST_BYTES} are read",
        )
    for number, line in enumerate(text.split("\n"), start=1):
        if len(line) > MOST_LINE_CHARACTERS:
            place = Place(file=file, line=number, column=MOST_LINE_CHARACTERS + 1)
            raise _bad(place, f"break the line: it has {len(line)} characters, at most {MOST_LINE_CHARACTERS} are read")


class _Open:
    """A list or mapping that is still being read."""

    def __init__(self, place: Place, *, mapping: bool) -> None:
        self.place = place
        self.mapping = mapping
        self.nodes: list[Node] = []
        self.keys: set[str] = set()

    def add(self, node: Node) -> None:
        if self.mapping and len(self.nodes) % 2 == 0:
            if not isinstance(node, Scalar):
                raise _bad(node.place, "write plain text as the key")
            if node.text in self.keys:
                raise _bad(node.place, f'"{node.text}" is written twice here: keep one')
            self.keys.add(node.text)
        self.nodes.append(node)

    def closed(self) -> Node:
        if not self.mapping:
            return Sequence(items=tuple(self.nodes), place=self.place)
        keys = (node for node in self.nodes[::2] if isinstance(node, Scalar))
        return Mapping(entries=tuple(zip(keys, self.nodes[1::2], strict=True)), place=self.place)


def _compose(text: str, file: str) -> Node:
    stack: list[_Open] = []
    root: Node | None = None
    for number, event in enumerate(_plain_events(text, file)):
        place = _place(event.start_mark, file)
        if number >= MOST_NODES:
            raise _bad(place, f"more than {MOST_NODES} entries: split the policy")
        if isinstance(event, yaml.CollectionStartEvent):
            if len(stack) >= MOST_DEPTH:
                raise _bad(place, f"nested more than {MOST_DEPTH} levels deep: write it flatter")
            stack.append(_Open(place, mapping=isinstance(event, yaml.MappingStartEvent)))
            continue
        node = _scalar(event, place) if isinstance(event, yaml.ScalarEvent) else stack.pop().closed()
        if stack:
            stack[-1].add(node)
        elif root is None:
            root = node
    return root or Scalar(text="", place=Place(file=file, line=1, column=1), single_line=True)


def _plain_events(text: str, file: str) -> Iterator[yaml.Event]:
    """Yield scalars and the starts and ends of collections; anything else that means something is refused."""
    documents = 0
    event: Any  # The stubs know no anchors and tags.
    for event in yaml.parse(text, Loader=_LOADER):
        if isinstance(event, yaml.DocumentStartEvent):
            documents += 1
            if documents > 1:
                raise _bad(_place(event.start_mark, file), 'remove "---": a file holds one policy')
        if isinstance(event, yaml.AliasEvent):
            raise _bad(_place(event.start_mark, file), f'write the text out instead of the alias "*{event.anchor}"')
        if getattr(event, "anchor", None):
            raise _bad(_place(event.start_mark, file), f'remove the anchor "&{event.anchor}": text is written out')
        if getattr(event, "tag", None):
            raise _bad(_place(event.start_mark, file), f'remove the tag "{event.tag}": everything is text')
        if isinstance(event, yaml.ScalarEvent | yaml.CollectionStartEvent | yaml.CollectionEndEvent):
            yield event


def _scalar(event: Any, place: Place) -> Scalar:
    one_line = event.start_mark.line == event.end_mark.line and event.style not in {"|", ">"}
    quoted = event.style in {"'", '"'}
    return Scalar(text=str(event.value), place=place.along(1) if quoted else place, single_line=one_line)


def _place(mark: Any, file: str) -> Place:
    return Place(file=file, line=mark.line + 1, column=mark.column + 1)


def _bad(place: Place, what: str) -> BadPolicy:
    return BadPolicy([Mistake(place=place, what=what)])


def _code_point(error: yaml.reader.ReaderError) -> int:
    return ord(error.character) if isinstance(error.character, str) else int(error.character)


def _hint(text: str, place: Place) -> str:
    lines = text.split("\n")
    line = lines[place.line - 1] if place.line <= len(lines) else ""
    if line[: place.column].rstrip().endswith(">") or ": >" in line:
        return ' (put quotes around text that starts with ">", or write "at least", "over")'
    if line.count(": ") > 1:
        return ' (put quotes around text that holds ": ")'
    return ""
