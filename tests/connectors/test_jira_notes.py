"""Our notes and values as Jira takes them."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.jira.adf_reading import DOCUMENT, text_of
from connectors.jira.adf_writing import CUT, MOST_CHARACTERS, note
from connectors.jira.kinds import NoValue, WireField, WireSchema, value_for
from connectors.jira.marks import Left, left, property_key
from connectors.marks import mark_in_note
from sandbox.jira.adf import is_document

MARK = "CASE-4711/3"


def read_back(document: dict[str, Any]) -> str:
    return text_of(DOCUMENT.decode(json.dumps(document)))


def test_a_note_keeps_its_lines_and_links_its_addresses() -> None:
    document = note("Compensation PAID · 180.50 USDT\nCase: https://mw.example/c/1?x=a_b.\n\nSecond part", MARK)

    assert document["content"][0]["content"] == [
        {"type": "text", "text": "Compensation PAID · 180.50 USDT"},
        {"type": "hardBreak"},
        {"type": "text", "text": "Case: "},
        {
            "type": "text",
            "text": "https://mw.example/c/1?x=a_b",
            "marks": [{"type": "link", "attrs": {"href": "https://mw.example/c/1?x=a_b"}}],
        },
        {"type": "text", "text": "."},
    ]
    assert read_back(document).endswith("Second part\n\n[makewhole CASE-4711/3]")


@pytest.mark.parametrize(
    "words",
    [
        "a fee of <b> and </b>",
        "<script>alert(1)</script>",
        "2026. was a good year",
        "* stars * and _underscores_ and `ticks` and # signs",
        "    indented",
        "[ref]: http://a.example\n[text](http://b.example)",
        "补偿已支付 🎉",
    ],
)
def test_what_would_be_markup_elsewhere_stays_words_here(words: str) -> None:
    assert read_back(note(words, MARK)) == f"{words}\n\n[makewhole {MARK}]"


@given(st.text())
def test_any_words_make_a_document_that_jira_takes_and_our_mark_is_found_in_it(words: str) -> None:
    document = note(words, MARK)

    assert is_document(document)
    assert mark_in_note(read_back(document)) == MARK


@given(st.text(alphabet=st.characters(categories=["L", "N", "P", "Zs", "So"]), min_size=1))
def test_no_word_of_a_note_is_lost(words: str) -> None:
    assert read_back(note(words, MARK)).split()[:-2] == words.split()


@pytest.mark.parametrize("words", ["补" * 40_000, "a\n" * 20_000, "https://x.example/" * 3_000, '"' * 33_000])
def test_a_note_that_is_too_long_is_cut_and_says_so(words: str) -> None:
    document = note(words, MARK)

    assert len(json.dumps(document, ensure_ascii=False, separators=(",", ":"))) <= MOST_CHARACTERS
    assert read_back(document).endswith(f"\n{CUT}\n\n[makewhole {MARK}]")
    assert len(json.dumps(document, ensure_ascii=False)) > MOST_CHARACTERS - 200


def a_field(kind: str, items: str | None = None, custom: str | None = None) -> WireField:
    return WireField(id="customfield_1", schema=WireSchema(type=kind, items=items, custom=custom))


@pytest.mark.parametrize(
    ("field", "text", "value"),
    [
        (a_field("string"), "paid", "paid"),
        (a_field("string"), "", None),
        (a_field("number"), "180.50", msgspec.Raw(b"180.50")),
        (a_field("option"), "Delayed withdrawal", {"value": "Delayed withdrawal"}),
        (a_field("array", "option"), "a, b", [{"value": "a"}, {"value": "b"}]),
        (a_field("array", "string"), "a, b", ["a", "b"]),
        (a_field("datetime"), "2026-11-01T10:00:00Z", "2026-11-01T10:00:00Z"),
    ],
)
def test_a_text_becomes_the_value_that_the_field_takes(field: WireField, text: str, value: object) -> None:
    assert value_for(field, text) == value


def test_a_long_text_field_takes_a_document() -> None:
    found = value_for(a_field("string", custom="com.atlassian.jira.plugin.system.customfieldtypes:textarea"), "Paid.")

    assert is_document(found)


@pytest.mark.parametrize(
    ("field", "text"), [(None, "x"), (a_field("number"), "1e5"), (a_field("number"), "12,5"), (a_field("user"), "Lena")]
)
def test_a_text_that_cannot_be_the_value_is_refused(field: WireField | None, text: str) -> None:
    with pytest.raises(NoValue):
        value_for(field, text)


def test_marks_are_kept_by_case_and_the_oldest_go_first() -> None:
    after = Left()
    for number in range(60):
        after = after.with_mark(f"CASE-1/{number}", transition=None)

    assert (len(after.marks), after.marks[0], after.marks[-1]) == (50, "CASE-1/10", "CASE-1/59")
    assert property_key("CASE-4711/3") == property_key("CASE-4711/9") == "makewhole.CASE-4711"
    assert property_key("odd case,/1").removeprefix("makewhole.").isalnum()


@pytest.mark.parametrize("said", [None, 5, "x", [], {"marks": "x", "move": ["a"]}, {"marks": [1], "move": {}}])
def test_a_property_that_is_not_ours_counts_as_nothing(said: object) -> None:
    assert left(said) == Left()


def test_what_we_leave_is_read_as_it_was_written() -> None:
    after = Left().with_mark(MARK, transition="31")

    assert left(after.as_property("makewhole.CASE-4711")["value"]) == after
    assert after.moved() == Left(marks=(MARK,))
