"""The comments of a policy's text, which YAML itself does not keep."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from policy.yaml_text import read_yaml

_COMMENT = re.compile(r"(?:^|(?<=\s))#")


@dataclass(frozen=True, slots=True, kw_only=True)
class Comment:
    """One comment.

    Fields:
        line: From 1.
        alone: Whether nothing else stands on the line.
        text: Without the "#" and the blanks around it; never empty.
    """

    line: int
    alone: bool
    text: str


def comments_in(text: str, file: str) -> tuple[Comment, ...]:
    """Return the comments of a text, from the top; raises BadPolicy when it is no plain YAML.

    A comment behind the ">" or "|" of a folded text is not found.
    """
    read_yaml(text, file)
    masked = _without_texts(text)
    found = []
    for number, (line, bare) in enumerate(zip(text.split("\n"), masked.split("\n"), strict=True), start=1):
        start = _COMMENT.search(bare)
        said = line[start.end() :].strip() if start else ""
        if start and said:
            found.append(Comment(line=number, alone=not bare[: start.start()].strip(), text=said))
    return tuple(found)


def _without_texts(text: str) -> str:
    """Return the text with every value and key blotted out, so that a "#" in one is none of a comment."""
    parts, done = [], 0
    events: Iterable[Any] = yaml.parse(text, Loader=yaml.SafeLoader)
    for event in events:
        if hasattr(event, "value"):
            start, end = event.start_mark.index, event.end_mark.index
            parts += [text[done:start], re.sub(r"[^\n]", "x", text[start:end])]
            done = end
    return "".join((*parts, text[done:]))


def notes_for(comments: tuple[Comment, ...], rows: Mapping[int, int]) -> dict[int, str]:
    """Return the comments as notes of rows, joined by line breaks.

    rows: Which row the texts on a line belong to, by line. A comment belongs to the row on its own line, one that
    stands alone to the next row below, the last ones to the last row.
    """
    lines = sorted(rows)
    notes: dict[int, list[str]] = {}
    for comment in comments:
        below = next((line for line in lines if line >= comment.line + comment.alone), lines[-1])
        notes.setdefault(rows[below], []).append(comment.text)
    return {row: "\n".join(texts) for row, texts in notes.items()}
