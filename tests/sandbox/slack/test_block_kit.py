"""Block Kit is refused where Slack refuses it, and taken where the vendor's schema takes it."""

import json
from typing import Any

import pytest

from sandbox.slack.block_kit import take_message_blocks, take_view
from sandbox.slack.records import SlackError

PLAIN = {"type": "plain_text", "text": "x"}


def plain(length: int) -> dict[str, Any]:
    return {"type": "plain_text", "text": "x" * length}


def section(length: int) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": "x" * length}}


def button(**changes: Any) -> dict[str, Any]:
    return {"type": "button", "text": PLAIN, **changes}


def actions(*elements: Any, **changes: Any) -> dict[str, Any]:
    return {"type": "actions", "elements": list(elements), **changes}


def modal(*blocks: Any, **changes: Any) -> dict[str, Any]:
    return {"type": "modal", "title": PLAIN, "blocks": list(blocks), **changes}


def refused(work: Any) -> tuple[str, tuple[str, ...]]:
    with pytest.raises(SlackError) as caught:
        work()
    return caught.value.code, caught.value.messages


TOO_MUCH: list[tuple[list[Any], str]] = [
    ([section(3001)], "must be less than 3001 characters [json-pointer:/blocks/0/text/text]"),
    ([{"type": "header", "text": plain(151)}], "must be less than 151 characters [json-pointer:/blocks/0/text/text]"),
    ([{"type": "section", "fields": [plain(1)] * 11}], "no more than 10 items allowed [json-pointer:/blocks/0/fields]"),
    (
        [{"type": "section", "fields": [plain(2001)]}],
        "must be less than 2001 characters [json-pointer:/blocks/0/fields/0/text]",
    ),
    ([actions(*[button()] * 26)], "no more than 25 items allowed [json-pointer:/blocks/0/elements]"),
    (
        [actions(button(text=plain(76)))],
        "must be less than 76 characters [json-pointer:/blocks/0/elements/0/text/text]",
    ),
    (
        [actions(button(value="x" * 2001))],
        "must be less than 2001 characters [json-pointer:/blocks/0/elements/0/value]",
    ),
    (
        [actions(button(action_id="x" * 256))],
        "must be less than 256 characters [json-pointer:/blocks/0/elements/0/action_id]",
    ),
    ([{"type": "divider"}] * 51, "no more than 50 items allowed [json-pointer:/blocks]"),
    (
        [{"type": "context", "elements": [PLAIN] * 11}],
        "no more than 10 items allowed [json-pointer:/blocks/0/elements]",
    ),
]
WRONG: list[tuple[list[Any], str]] = [
    ([{"type": "sectoin"}], "unsupported type: sectoin [json-pointer:/blocks/0/type]"),
    ([{"text": PLAIN}], "missing required field: type [json-pointer:/blocks/0]"),
    ([{"type": "section"}], "must define either `text` or `fields` [json-pointer:/blocks/0]"),
    ([{"type": "divider", "colour": "red"}], "invalid additional property: colour [json-pointer:/blocks/0]"),
    ([section(0)], "must be more than 0 characters [json-pointer:/blocks/0/text/text]"),
    (
        [actions(button(action_id="a"), button(action_id="a"))],
        "`action_id` must be unique within the block [json-pointer:/blocks/0/elements/1/action_id]",
    ),
    (
        [{"type": "divider", "block_id": "b"}, {"type": "divider", "block_id": "b"}],
        "Block ID needs to be unique [json-pointer:/blocks/1/block_id]",
    ),
    ([{"type": "header", "text": {"type": "mrkdwn", "text": "x"}}], "failed to match all allowed schemas"),
    (
        [actions(button(style="huge"))],
        "must be a valid enum value, one of primary, danger [json-pointer:/blocks/0/elements/0/style]",
    ),
]


@pytest.mark.parametrize(("blocks", "words"), TOO_MUCH + WRONG)
def test_a_message_that_breaks_a_rule_is_refused_with_the_place(blocks: list[Any], words: str) -> None:
    code, messages = refused(lambda: take_message_blocks(blocks))

    assert code == "invalid_blocks"
    assert any(line.startswith(f"[ERROR] {words}") for line in messages), messages


def test_the_largest_allowed_of_each_is_taken() -> None:
    taken = take_message_blocks(
        [
            section(3000),
            {"type": "header", "text": plain(150)},
            {"type": "section", "fields": [plain(20)] * 10},
            actions(*[button(value="x" * 2000, action_id=f"{n:0255}") for n in range(25)]),
            *[{"type": "divider"}] * 46,
        ]
    )

    assert len(taken) == 50
    assert len({block["block_id"] for block in taken}) == 50


def test_blocks_that_are_no_list_have_their_own_code() -> None:
    assert refused(lambda: take_message_blocks("[]"))[0] == "invalid_blocks_format"
    assert refused(lambda: take_message_blocks([["x"]]))[0] == "invalid_blocks_format"


def test_too_much_text_in_sum_is_refused() -> None:
    assert refused(lambda: take_message_blocks([section(2999)] * 5))[0] == "msg_blocks_too_long"


@pytest.mark.parametrize(
    ("view", "words"),
    [
        (modal(title=plain(25)), "must be less than 25 characters [json-pointer:/view/title/text]"),
        (modal(submit=plain(25)), "must be less than 25 characters [json-pointer:/view/submit/text]"),
        (modal(*[{"type": "divider"}] * 101), "no more than 100 items allowed [json-pointer:/view/blocks]"),
        (modal(private_metadata="x" * 3001), "must be less than 3001 characters [json-pointer:/view/private_metadata]"),
        (modal(submit_disabled=True), "invalid additional property: submit_disabled [json-pointer:/view]"),
        (
            modal({"type": "input", "label": PLAIN, "element": {"type": "plain_text_input"}}),
            "missing required field: submit [json-pointer:/view]",
        ),
        ({"type": "modal", "blocks": []}, "missing required field: title [json-pointer:/view]"),
        ({"type": "dialog", "blocks": []}, "unsupported type: dialog [json-pointer:/view/type]"),
    ],
)
def test_a_modal_that_breaks_a_rule_is_refused_with_the_place(view: Any, words: str) -> None:
    code, messages = refused(lambda: take_view(view, types=("modal",)))

    assert code == "invalid_arguments"
    assert f"[ERROR] {words}" in messages


def test_a_huge_view_has_its_own_code() -> None:
    many = [section(3000)] * 90

    assert refused(lambda: take_view(modal(*many), types=("modal",)))[0] == "view_too_large"


def test_the_vendors_own_example_views_are_taken(shared: Any) -> None:
    folder = shared / "vendor" / "slack" / "recorded-sdk"
    # These five were read back from Slack and carry its own fields (id, hash, state), which no request may.
    answers = {"view_home_006.json", *(f"view_modal_0{n}.json" for n in ("08", "09", "10"))}
    views = {path.name: json.loads(path.read_text()) for path in sorted(folder.glob("view_*.json"))}

    for name, view in views.items():
        if name in answers:
            assert refused(lambda: take_view(view, types=("modal", "home")))[0] == "invalid_arguments"  # noqa: B023
        else:
            assert take_view(view, types=("modal", "home"))["type"] == view["type"]
    assert len(views) == 16


def test_what_is_taken_satisfies_the_vendors_schema(valid: Any) -> None:
    taken = take_message_blocks(
        [
            section(10),
            {"type": "header", "text": PLAIN},
            {"type": "divider"},
            {
                "type": "context",
                "elements": [PLAIN, {"type": "image", "image_url": "https://x.example/i", "alt_text": "x"}],
            },
            actions(button(value="1", style="danger"), {"type": "datepicker"}),
            {"type": "input", "label": PLAIN, "element": {"type": "plain_text_input", "multiline": True}},
            {
                "type": "rich_text",
                "elements": [{"type": "rich_text_section", "elements": [{"type": "user", "user_id": "U0AMELIA001"}]}],
            },
        ]
    )

    valid("BlocksArray", list(taken))
