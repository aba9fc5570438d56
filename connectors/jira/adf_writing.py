"""Our notes as Atlassian documents (ADF). Pure.

Notes are plain text, and stay what they are: each block of lines is a paragraph, each line break a break, each address
a link. They are not read as Markdown: its writers join lines, make lists of years and drop what looks like HTML without
a word ("a fee of <b>" loses the end), and a note is a record.

https://developer.atlassian.com/cloud/jira/platform/apis/document/structure/
"""

import bisect
import json
import re
from collections.abc import Iterator
from typing import Any

from connectors.contract import UnexpectedReply
from connectors.marks import signed

#: Jira takes so many characters; counted here with the document's own marks, as nobody says which count is meant.
MOST_CHARACTERS = 32_767
CUT = "[... cut here: Jira takes no longer comment; the whole is on the case's page]"
_ADDRESS = re.compile(r"https?://[^\s<>\"]+[^\s<>\"'.,;:!?)\]}]")
_BLANK_LINES = re.compile(r"\n(?:[ \t]*\n)+")
_UNSENDABLE = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff]")


def note(words: str, mark: str) -> dict[str, Any]:
    """Return the document of a note with our mark as its last line; one that is too long is cut, and says so."""
    sendable = _UNSENDABLE.sub("\ufffd", words.replace("\r\n", "\n").replace("\r", "\n"))
    whole = document(signed(sendable, mark))
    return checked(whole if _size(whole) <= MOST_CHARACTERS else _cut(sendable, mark))


def document(words: str) -> dict[str, Any]:
    """Return a text as a document; an empty one has no content."""
    blocks = (block for block in _BLANK_LINES.split(words) if block.strip())
    content = [{"type": "paragraph", "content": list(_lines(block.strip("\n")))} for block in blocks]
    return {"type": "doc", "version": 1, "content": content}


def checked(found: dict[str, Any]) -> dict[str, Any]:
    """Return the document if Jira will take it; raises UnexpectedReply when it is a mistake of ours."""
    for paragraph in found["content"]:
        if not paragraph["content"] or any(node.get("text") == "" for node in paragraph["content"]):
            raise UnexpectedReply("note: a part without text; nothing was written")
    if not found["content"] or _size(found) > MOST_CHARACTERS:
        raise UnexpectedReply(f"note: {_size(found)} characters, {MOST_CHARACTERS} at most; nothing was written")
    return found


def _cut(words: str, mark: str) -> dict[str, Any]:
    """Return the longest beginning of a note that Jira takes, with a line that says so."""

    def beginning(length: int) -> dict[str, Any]:
        return document(signed(f"{words[:length].rstrip()}\n{CUT}", mark))

    fitting = bisect.bisect_right(range(len(words)), MOST_CHARACTERS, key=lambda length: _size(beginning(length)))
    return beginning(max(0, fitting - 1))


def _size(found: dict[str, Any]) -> int:
    return len(json.dumps(found, ensure_ascii=False, separators=(",", ":")))


def _lines(block: str) -> Iterator[dict[str, Any]]:
    for number, line in enumerate(block.split("\n")):
        if number:
            yield {"type": "hardBreak"}
        yield from _pieces(line)


def _pieces(line: str) -> Iterator[dict[str, Any]]:
    """Give the line's texts, addresses as links."""
    place = 0
    for found in _ADDRESS.finditer(line):
        if found.start() > place:
            yield {"type": "text", "text": line[place : found.start()]}
        link = {"type": "link", "attrs": {"href": found[0]}}
        yield {"type": "text", "text": found[0], "marks": [link]}
        place = found.end()
    if place < len(line):
        yield {"type": "text", "text": line[place:]}
