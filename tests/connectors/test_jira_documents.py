"""Atlassian's documents, as text."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from connectors.jira.adf_reading import DOCUMENT, text_of


def a_document(*content: dict[str, Any]) -> dict[str, Any]:
    return {"type": "doc", "version": 1, "content": list(content)}


def a_paragraph(*content: dict[str, Any] | str) -> dict[str, Any]:
    nodes = [{"type": "text", "text": each} if isinstance(each, str) else each for each in content]
    return {"type": "paragraph", "content": nodes}


def said(*content: dict[str, Any]) -> str:
    """Return the text of a document."""
    return text_of(DOCUMENT.decode(json.dumps(a_document(*content))))


def a_list_item(*content: dict[str, Any]) -> dict[str, Any]:
    return {"type": "listItem", "content": list(content)}


EVERYTHING = (
    {"type": "heading", "attrs": {"level": 2}, "content": [{"type": "text", "text": "What happened"}]},
    a_paragraph(
        "Ask ",
        {"type": "mention", "attrs": {"id": "5b10", "text": "@Lena Vogel"}},
        {"type": "hardBreak"},
        {"type": "emoji", "attrs": {"shortName": ":warning:", "text": "⚠️"}},
        {"type": "text", "text": " the log", "marks": [{"type": "link", "attrs": {"href": "https://log.example"}}]},
        " since ",
        {"type": "date", "attrs": {"timestamp": "1793527200000"}},
        " ",
        {"type": "status", "attrs": {"text": "BLOCKED", "color": "red"}},
    ),
    {"type": "bulletList", "content": [
        a_list_item(a_paragraph("one"), {"type": "orderedList", "attrs": {"order": 3}, "content": [
            a_list_item(a_paragraph("deep"))]}),
        a_list_item(a_paragraph("two")),
    ]},
    {"type": "taskList", "attrs": {}, "content": [
        {"type": "taskItem", "attrs": {"state": "DONE"}, "content": [{"type": "text", "text": "refund"}]},
        {"type": "taskItem", "attrs": {"state": "TODO"}, "content": [{"type": "text", "text": "tell"}]},
    ]},
    {"type": "codeBlock", "content": [{"type": "text", "text": "x = 1\n  y"}]},
    {"type": "panel", "attrs": {"panelType": "info"}, "content": [a_paragraph("Mind the fee.")]},
    {"type": "blockquote", "content": [a_paragraph("I paid", {"type": "hardBreak"}, "twice")]},
    {"type": "rule"},
    {"type": "table", "content": [
        {"type": "tableRow", "content": [
            {"type": "tableHeader", "content": [a_paragraph("Asset")]},
            {"type": "tableHeader", "content": [a_paragraph("Amount")]}]},
        {"type": "tableRow", "content": [
            {"type": "tableCell", "content": [a_paragraph("USDT")]},
            {"type": "tableCell", "content": [a_paragraph("180.50")]}]},
    ]},
    {"type": "expand", "attrs": {"title": "Details"}, "content": [a_paragraph("hidden")]},
    {"type": "blockCard", "attrs": {"url": "https://harbor.zendesk.com/agent/tickets/35436"}},
    {"type": "mediaSingle", "content": [{"type": "media", "attrs": {"id": "f-1", "alt": "screen.png"}}]},
    {"type": "bodiedExtension", "attrs": {"extensionKey": "chart"}, "content": [a_paragraph("data")]},
    {"type": "somethingNew", "content": [a_paragraph("still read")]},
    {"type": "unheardOf"},
)  # fmt: skip


def test_what_stands_in_a_document_is_all_there() -> None:
    assert said(*EVERYTHING).split("\n\n") == [
        "What happened",
        "Ask @Lena Vogel\n⚠️ the log (https://log.example) since 2026-11-01 BLOCKED",
        "- one\n  3. deep\n- two",
        "[x] refund\n[ ] tell",
        "x = 1\n  y",
        "Mind the fee.",
        "> I paid\n> twice",
        "---",
        "Asset | Amount\nUSDT | 180.50",
        "Details\nhidden",
        "https://harbor.zendesk.com/agent/tickets/35436",
        "[attachment screen.png]",
        "[chart]\ndata",
        "still read",
        "[unheardOf]",
    ]


KINDS = st.sampled_from(["paragraph", "bulletList", "table", "tableRow", "taskList", "date", "text", "odd"])
ATTRIBUTES = st.dictionaries(st.sampled_from(["timestamp", "order", "url"]), st.integers() | st.text())
LEAVES: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {"type": KINDS, "text": st.text(max_size=5), "attrs": ATTRIBUTES}
)
NODES = st.recursive(
    LEAVES, lambda inner: st.fixed_dictionaries({"type": KINDS, "content": st.lists(inner, max_size=3)}), max_leaves=10
)


@given(NODES)
def test_any_document_has_a_text(node: dict[str, Any]) -> None:
    assert isinstance(text_of(DOCUMENT.decode(json.dumps(node))), str)
