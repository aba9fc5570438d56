"""Atlassian documents (ADF) as plain text. Pure.

Nothing is lost silently: what has no words (a picture, an app's own node) is named in brackets, an unknown node gives
the words inside it.

https://developer.atlassian.com/cloud/jira/platform/apis/document/structure/
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import msgspec


class Mark(msgspec.Struct):
    """How a text is shown; of links the address matters."""

    type: str = ""
    attrs: dict[str, Any] | None = None


class Node(msgspec.Struct):
    """One node of a document."""

    type: str = ""
    text: str | None = None
    content: list["Node"] | None = None
    attrs: dict[str, Any] | None = None
    marks: list[Mark] | None = None


#: A plain text is what the second version of the interface has in a document's place.
DOCUMENT: msgspec.json.Decoder[Node | str | None] = msgspec.json.Decoder(Node | str | None)
_MOST_MILLISECONDS = 253_402_300_799_999


def text_of(document: Node | str | None) -> str:
    """Return the text of a document, without blank ends."""
    return _block(document).strip("\n") if isinstance(document, Node) else document or ""


def _block(node: Node) -> str:
    rendering = _BLOCKS.get(node.type)
    if rendering is not None:
        return rendering(node)
    return _inline(node) if node.content is None else _inside(node)


def _inside(node: Node, between: str = "\n\n") -> str:
    """Return the blocks of a node, or its run of text where it holds that."""
    children = node.content or []
    if all(child.type in _INLINES for child in children):
        return _run(node)
    return between.join(filter(None, map(_block, children)))


def _run(node: Node) -> str:
    return "".join(map(_inline, node.content or []))


def _inline(node: Node) -> str:
    rendering = _INLINES.get(node.type)
    if rendering is not None:
        return rendering(node)
    return _block(node) if node.content else node.text or f"[{node.type or 'nothing'}]"


def _text(node: Node) -> str:
    words = node.text or ""
    for mark in node.marks or ():
        address = (mark.attrs or {}).get("href") if mark.type == "link" else None
        if isinstance(address, str) and address not in {words, f"mailto:{words}"}:
            return f"{words} ({address})"
    return words


def _named(node: Node, *names: str, otherwise: str = "") -> str:
    """Return the first of these attributes that is a text."""
    attrs = node.attrs or {}
    return next((said for name in names if isinstance(said := attrs.get(name), str) and said), otherwise)


def _mention(node: Node) -> str:
    return _named(node, "text") or f"@{_named(node, 'id', otherwise='somebody')}"


def _card(node: Node) -> str:
    data = (node.attrs or {}).get("data")
    inside = data.get("url") or data.get("name") if isinstance(data, dict) else None
    return _named(node, "url") or (inside if isinstance(inside, str) else f"[{node.type}]")


def _date(node: Node) -> str:
    stamp = (node.attrs or {}).get("timestamp")
    try:
        milliseconds = int(str(stamp))
    except ValueError:
        return str(stamp)
    if not 0 <= milliseconds <= _MOST_MILLISECONDS:
        return str(stamp)
    return datetime.fromtimestamp(milliseconds / 1000, tz=UTC).date().isoformat()


def _media(node: Node) -> str:
    return f"[attachment {_named(node, 'alt', 'url', 'id')}".rstrip() + "]"


def _extension(node: Node) -> str:
    words = _named(node, "text", otherwise=f"[{_named(node, 'extensionKey', otherwise=node.type)}]")
    return "\n".join(filter(None, (words, _inside(node))))


def _expand(node: Node) -> str:
    return "\n".join(filter(None, (_named(node, "title"), _inside(node))))


def _bullets(node: Node) -> str:
    return "\n".join(_item(child, "- ") for child in node.content or ())


def _numbers(node: Node) -> str:
    first = (node.attrs or {}).get("order")
    start = first if isinstance(first, int) else 1
    return "\n".join(_item(child, f"{number}. ") for number, child in enumerate(node.content or (), start))


def _tasks(node: Node) -> str:
    lines = []
    for child in node.content or ():
        done = (child.attrs or {}).get("state") == "DONE"
        mark = "  " if child.type == "taskList" else "[x] " if done else "[ ] "
        lines.append(_item(child, mark))
    return "\n".join(lines)


def _item(node: Node, mark: str) -> str:
    """Return a list's item behind its mark, its further lines indented below."""
    words = _tasks(node) if node.type == "taskList" else _inside(node, "\n")
    return mark + words.replace("\n", "\n" + " " * len(mark))


def _quote(node: Node) -> str:
    return "\n".join(f"> {line}".rstrip() for line in _inside(node).split("\n"))


def _table(node: Node) -> str:
    rows = ([_inside(cell, " ").replace("\n", " ") for cell in row.content or ()] for row in node.content or ())
    return "\n".join(" | ".join(cells) for cells in rows)


_INLINES: dict[str, Callable[[Node], str]] = {
    "text": _text,
    "hardBreak": lambda _: "\n",
    "mention": _mention,
    "emoji": lambda node: _named(node, "text", "shortName", otherwise="[emoji]"),
    "inlineCard": _card,
    "date": _date,
    "status": lambda node: _named(node, "text", otherwise="[status]"),
    "placeholder": lambda node: _named(node, "text"),
    "mediaInline": _media,
    "inlineExtension": _extension,
}
_BLOCKS: dict[str, Callable[[Node], str]] = {
    "paragraph": _run,
    "heading": _run,
    "codeBlock": _run,
    "bulletList": _bullets,
    "decisionList": _bullets,
    "orderedList": _numbers,
    "taskList": _tasks,
    "blockquote": _quote,
    "table": _table,
    "rule": lambda _: "---",
    "media": _media,
    "blockCard": _card,
    "embedCard": _card,
    "expand": _expand,
    "nestedExpand": _expand,
    "extension": _extension,
    "bodiedExtension": _extension,
}
