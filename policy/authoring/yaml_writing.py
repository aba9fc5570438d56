"""A policy's keys and values written as text, the way a person would: short things on one line, notes as comments."""

from collections.abc import Iterator, Mapping
from textwrap import wrap

from policy.authoring.cells import flow_text, quoted, scalar_text
from policy.loading import KEYS
from policy.yaml_text import Mapping as YamlMapping
from policy.yaml_text import Node, Scalar, Sequence

WIDTH = 116
_MOST_QUOTED = 1_000
#: Keys that stand together at the top; a blank line parts the others.
_TOP = KEYS[: KEYS.index("inputs")]


def yaml_of(root: YamlMapping, notes: Mapping[tuple[str, int], str]) -> str:
    """Return the text of a policy. notes: Comments, by file and line of what they belong to; each is written once."""
    writer = _Writer(notes)
    text = "\n".join(writer.top(root)) + "\n"
    if writer.notes:
        raise AssertionError(f"notes without a place in the text: {sorted(writer.notes)}")
    return text


class _Writer:
    """Writes lines, and every note with the first thing that stands at its place."""

    def __init__(self, notes: Mapping[tuple[str, int], str]) -> None:
        self.notes = dict(notes)

    def top(self, root: YamlMapping) -> Iterator[str]:
        for number, (key, node) in enumerate(root.entries):
            if number and key.text not in _TOP:
                yield ""
            if isinstance(node, Scalar):
                yield from self._noted(node, self._scalar(f"{key.text}: ", node.text, 2), above=not number)
            elif self._fits(key, node):
                yield from self._noted(node, [f"{key.text}: {flow_text(node)}"])
            else:
                yield f"{key.text}:"
                yield from self._block(node, 2, open_up=key.text == "wording")

    def _fits(self, key: Scalar, node: Node) -> bool:
        """Whether a thing at the top reads well on one line: a list of words, or nothing."""
        words = isinstance(node, Sequence) and all(isinstance(each, Scalar) for each in node.items)
        short = len(key.text) + len(flow_text(node)) + 2 <= WIDTH
        return not _filled(node) or (words and short and self._noted_at_most(node))

    def _block(self, node: Node, indent: int, *, open_up: bool = False) -> Iterator[str]:
        if isinstance(node, Sequence):
            for item in node.items:
                yield from self._noted(item, list(self._item(item, indent)), indent)
        elif isinstance(node, YamlMapping):
            for key, value in node.entries:
                place = value if not isinstance(value, Scalar) or not key.text else key
                yield from self._noted(place, list(self._entry(key, value, indent, open_up=open_up)), indent)

    def _item(self, item: Node, indent: int) -> Iterator[str]:
        if isinstance(item, YamlMapping) and item.entries:
            nested = indent > 2  # noqa: PLR2004  # Lists inside a section.
            if nested and indent + 2 + len(flow_text(item)) <= WIDTH:
                yield f"{' ' * indent}- {flow_text(item)}"
                return
            lines = [line for key, value in item.entries for line in self._entry(key, value, indent + 2)]
            yield f"{' ' * indent}- {lines[0].lstrip()}"
            yield from lines[1:]
        elif isinstance(item, Scalar):
            yield from self._scalar(f"{' ' * indent}- ", item.text, indent + 2)
        else:
            yield f"{' ' * indent}- {flow_text(item)}"

    def _entry(self, key: Scalar, value: Node, indent: int, *, open_up: bool = False) -> Iterator[str]:
        start = f"{' ' * indent}{scalar_text(key.text, inside=False)}:"
        if isinstance(value, Scalar):
            yield from self._scalar(f"{start} ", value.text, indent + 2)
            return
        flow = flow_text(value)
        short = len(start) + 1 + len(flow) <= WIDTH and not open_up and not _has_lines(value)
        short = short and self._noted_at_most(value)
        if short or not _filled(value):
            yield f"{start} {flow}"
        else:
            yield start
            yield from self._block(value, indent + 2)

    def _noted_at_most(self, node: Node) -> bool:
        """Whether nothing inside a node but itself has a note, which one line could not carry."""
        own = (node.place.file, node.place.line)
        return all(place == own or place not in self.notes for place in _places(node))

    @staticmethod
    def _scalar(start: str, text: str, indent: int) -> list[str]:
        """Return a key with its text: on its line, folded, or in quotes over several lines."""
        plain = scalar_text(text, inside=False)
        if len(start) + len(plain) <= WIDTH:
            return [start + plain]
        if text.isprintable() and " ".join(text.split()) == text and all(len(each) < WIDTH for each in text.split(" ")):
            folded = wrap(text, WIDTH - indent, break_long_words=False, break_on_hyphens=False)
            return [f"{start}>-", *(" " * indent + line for line in folded)]
        if len(plain) <= _MOST_QUOTED:
            return [start + plain]
        return _over_lines(start, text, indent)

    def _noted(self, node: Node, lines: list[str], indent: int = 0, *, above: bool = False) -> Iterator[str]:
        """Yield lines with the note that stands at their place: behind the first, or above when it is long."""
        note = self.notes.pop((node.place.file, node.place.line), "")
        behind = note and not above and "\n" not in note and len(lines[0]) + len(note) + 4 <= WIDTH
        if behind and not lines[0].endswith(">-"):
            yield f"{lines[0]} # {note}"
            yield from lines[1:]
            return
        yield from (f"{' ' * indent}# {line}" for line in note.splitlines())
        yield from lines


def _places(node: Node) -> Iterator[tuple[str, int]]:
    yield (node.place.file, node.place.line)
    inner = node.items if isinstance(node, Sequence) else ()
    for each in (value for _, value in node.entries) if isinstance(node, YamlMapping) else inner:
        yield from _places(each)


def _filled(node: Node) -> bool:
    return bool(node.entries if isinstance(node, YamlMapping) else isinstance(node, Sequence) and node.items)


def _has_lines(node: Node) -> bool:
    """Whether a list holds keys: these are written one under the other."""
    return isinstance(node, Sequence) and any(isinstance(each, YamlMapping) for each in node.items)


def _over_lines(start: str, text: str, indent: int) -> list[str]:
    """Return a text in quotes over several lines, each but the last ended by a backslash that stands for nothing."""
    pieces = [text[at : at + _MOST_QUOTED // 10] for at in range(0, len(text), _MOST_QUOTED // 10)]
    written = [quoted(piece)[1:-1] for piece in pieces]
    written = [f"\\{piece}" if piece.startswith(" ") else piece for piece in written]
    return [f'{start}"\\', *(f"{' ' * indent}{piece}\\" for piece in written[:-1]), f'{" " * indent}{written[-1]}"']
