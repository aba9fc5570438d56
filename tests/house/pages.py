"""What stands on our pages: commands, their output, links and names."""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.house import tree

CUT = "[…]"
_FENCE = re.compile(r"^( *)```(\w*)\n(.*?)^\1```$", re.DOTALL | re.MULTILINE)
_CODE = re.compile(r"`([^`\n]+)`")
_LINK = re.compile(r"\[[^\]\n]*\]\(([^)\s]+)\)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A command on a page, and what the page says it prints.

    Fields:
        page: The page.
        command: As it is typed: ".venv/bin/makewhole audit verify".
        output: Its lines, without the indentation of the page and the blanks at their ends.
    """

    page: Path
    command: str
    output: tuple[str, ...]


def markdown() -> tuple[Path, ...]:
    """Return every page."""
    return tree.files(".md")


def for_operators() -> tuple[Path, ...]:
    """Return the pages on which every command must be found."""
    return (tree.README, tree.SETTING_UP, tree.OPERATING)


def shown(page: Path) -> Iterator[Shown]:
    """Yield every command that a page shows with its output."""
    for indent, kind, block in _FENCE.findall(page.read_text(encoding="utf-8")):
        if kind != "console":
            continue
        lines = [line.removeprefix(indent).rstrip() for line in block.splitlines()]
        starts = [place for place, line in enumerate(lines) if line.startswith("$ ")]
        for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
            output = tuple(line for line in lines[start + 1 : end])
            yield Shown(page=page, command=lines[start].removeprefix("$ "), output=output)


def typed(page: Path) -> Iterator[str]:
    """Yield everything on a page that somebody might type: spans of code, and lines of shell."""
    text = page.read_text(encoding="utf-8")
    for _indent, kind, block in _FENCE.findall(text):
        if kind in {"sh", "console"}:
            yield from (line.strip().removeprefix("$ ") for line in block.splitlines())
    yield from _CODE.findall(_FENCE.sub("", text))


def makewhole_calls(page: Path) -> Iterator[list[str]]:
    """Yield the words after `makewhole` of every call of it on a page."""
    for line in typed(page):
        found = re.match(r"(?:\.venv/bin/|python -m )?makewhole +(\S.*)", line)
        if found:
            yield shlex.split(found[1])


def links(page: Path) -> Iterator[str]:
    """Yield where the links of a page lead."""
    yield from _LINK.findall(_FENCE.sub("", page.read_text(encoding="utf-8")))


def agrees(shown_lines: tuple[str, ...], printed: tuple[str, ...]) -> bool:
    """Whether these lines were printed, in this order and without a gap but where the page marks a cut."""
    parts: list[list[str]] = [[]]
    for line in shown_lines:
        if line == CUT:
            parts.append([])
        else:
            parts[-1].append(line)
    first, *others = parts
    if list(printed[: len(first)]) != first:
        return False
    place = len(first)
    for part in others:
        found = next((at for at in range(place, len(printed) + 1) if list(printed[at : at + len(part)]) == part), None)
        if found is None:
            return False
        place = found + len(part)
    return shown_lines[-1:] == (CUT,) or place == len(printed)
