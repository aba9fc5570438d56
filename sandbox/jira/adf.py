"""Atlassian documents (ADF): what is one, and the way from and to plain text and HTML.

Evidence: the published structure of documents. Wiki markup (v2) is kept as the text it is: of its marks only paragraphs
and line breaks are understood on the way to a document.
"""

from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

from sandbox.jira.records import Rich

MOST_CHARACTERS = 32_767
DEEPEST = 40

BLOCKS = frozenset(
    (
        "paragraph",
        "heading",
        "bulletList",
        "orderedList",
        "listItem",
        "codeBlock",
        "blockquote",
        "panel",
        "rule",
        "table",
        "tableRow",
        "tableHeader",
        "tableCell",
        "mediaSingle",
        "mediaGroup",
        "media",
        "expand",
        "nestedExpand",
        "decisionList",
        "decisionItem",
        "taskList",
        "taskItem",
        "layoutSection",
        "layoutColumn",
        "blockCard",
        "embedCard",
        "extension",
        "bodiedExtension",
    )
)
INLINE = frozenset(
    (
        "text",
        "hardBreak",
        "mention",
        "emoji",
        "date",
        "status",
        "inlineCard",
        "placeholder",
        "inlineExtension",
        "mediaInline",
    )
)
MARKS = frozenset(
    (
        "strong",
        "em",
        "code",
        "strike",
        "underline",
        "link",
        "subsup",
        "textColor",
        "backgroundColor",
        "alignment",
        "indentation",
        "breakout",
        "border",
        "annotation",
    )
)
_TOP = BLOCKS - {
    "listItem",
    "tableRow",
    "tableHeader",
    "tableCell",
    "decisionItem",
    "taskItem",
    "layoutColumn",
    "media",
}
_CHILDREN: Mapping[str, frozenset[str]] = {
    "doc": frozenset(_TOP),
    "paragraph": INLINE,
    "heading": INLINE,
    "codeBlock": frozenset({"text"}),
    "bulletList": frozenset({"listItem"}),
    "orderedList": frozenset({"listItem"}),
    "table": frozenset({"tableRow"}),
    "tableRow": frozenset({"tableCell", "tableHeader"}),
    "taskList": frozenset({"taskItem", "taskList"}),
    "taskItem": INLINE,
    "decisionList": frozenset({"decisionItem"}),
    "decisionItem": INLINE,
}


def is_document(value: object) -> bool:
    """Tell whether the vendor takes this as a document: version 1, known nodes in their places, no empty text."""
    return (
        isinstance(value, Mapping)
        and value.get("type") == "doc"
        and value.get("version") == 1
        and isinstance(value.get("content"), list)
        and _children_fit(value, 0)
    )


def _children_fit(node: Mapping[str, Any], depth: int) -> bool:
    children = node.get("content", [])
    if not isinstance(children, list) or depth > DEEPEST:
        return False
    allowed = _CHILDREN.get(str(node.get("type")), BLOCKS)
    return all(
        isinstance(child, Mapping) and child.get("type") in allowed and _fits(child) and _children_fit(child, depth + 1)
        for child in children
    )


def _fits(node: Mapping[str, Any]) -> bool:
    marks = node.get("marks", [])
    if not isinstance(marks, list) or not all(isinstance(m, Mapping) and m.get("type") in MARKS for m in marks):
        return False
    match node.get("type"):
        case "text":
            return isinstance(node.get("text"), str) and node["text"] != ""
        case "heading":
            return _attribute(node, "level") in range(1, 7)
        case "mention":
            return isinstance(_attribute(node, "id"), str)
        case "inlineCard":
            return isinstance(_attribute(node, "url"), str)
        case "panel":
            return isinstance(_attribute(node, "panelType"), str)
        case _:
            return isinstance(node.get("attrs", {}), Mapping)


def _attribute(node: Mapping[str, Any], name: str) -> Any:
    attributes = node.get("attrs")
    return attributes.get(name) if isinstance(attributes, Mapping) else None


def document_of(body: Rich) -> Mapping[str, Any] | None:
    """Return the body as a document: one paragraph per block of text, a hard break per line."""
    if not isinstance(body, str):
        return body
    paragraphs: list[dict[str, Any]] = []
    for block in body.replace("\r\n", "\n").split("\n\n"):
        content: list[dict[str, Any]] = []
        for number, line in enumerate(block.split("\n")):
            content += [{"type": "hardBreak"}] if number else []
            content += [{"type": "text", "text": line}] if line else []
        paragraphs.append({"type": "paragraph", "content": content})
    return {"type": "doc", "version": 1, "content": paragraphs}


def text_of(body: Rich) -> str | None:
    """Return the body as text: blocks parted by empty lines, list items by a dash."""
    if body is None or isinstance(body, str):
        return body
    return "\n\n".join(_block_text(node) for node in body.get("content", []))


def length_of(body: Rich) -> int:
    """Return how many characters the text of a body has."""
    return len(text_of(body) or "")


def _block_text(node: Mapping[str, Any]) -> str:
    kind = node.get("type")
    if kind in ("bulletList", "orderedList", "taskList", "decisionList"):
        mark = "#" if kind == "orderedList" else "*"
        return "\n".join(f"{mark} {_block_text(item)}" for item in node.get("content", []))
    if kind == "rule":
        return "----"
    children = node.get("content", [])
    if any(child.get("type") in BLOCKS for child in children):
        return "\n".join(_block_text(child) for child in children)
    return "".join(_inline_texts(children))


def _inline_texts(nodes: list[Mapping[str, Any]]) -> Iterator[str]:
    for node in nodes:
        match node.get("type"):
            case "text":
                yield str(node["text"])
            case "hardBreak":
                yield "\n"
            case "inlineCard":
                yield str(_attribute(node, "url"))
            case _:
                yield str(_attribute(node, "text") or _attribute(node, "shortName") or "")


def html_of(body: Rich) -> str:
    """Return the body as the HTML of `renderedFields`: paragraphs and line breaks."""
    blocks = (text_of(body) or "").split("\n\n")
    return "\n\n".join(f"<p>{escape(block, quote=False).replace(chr(10), '<br/>')}</p>" for block in blocks if block)
