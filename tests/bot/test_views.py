"""Modals and the App Home, in the reader's language."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.reasons import REASONS
from bot.values import ButtonValue, Forged, ModalValue
from bot.views import (
    home_view,
    notice_view,
    question_mistakes,
    question_view,
    rejection_mistakes,
    rejection_view,
    why_view,
)
from cases.proposal import DerivationLine
from tests.bot.harbor import approved, awaiting, content, needing_attention, proposal

VALUE = ModalValue(case="CASE-4711", revision=1, fingerprint=proposal().fingerprint, channel="C0COMPENSA1")


@pytest.fixture(scope="module")
def view_valid(shared: Path) -> Callable[[dict[str, Any]], None]:
    schema = json.loads((shared / "vendor/slack/json-schema/AnyView.json").read_text())
    validator = jsonschema.Draft7Validator(schema)

    def check(view: dict[str, Any]) -> None:
        validator.validate(view)

    return check


@pytest.mark.parametrize("locale", ["en", "zh"])
def test_slack_would_take_every_view(locale: str, view_valid: Callable[[dict[str, Any]], None]) -> None:
    waiting = tuple(content(awaiting(proposal(f"CASE-{number}"))) for number in range(60))
    steps = tuple(
        DerivationLine(name=f"step {number}", expression="a" * 2000, filled="b" * 2000, value="1", place="x.yaml:1")
        for number in range(100)
    )

    for view in (
        rejection_view(content(), VALUE, locale),
        question_view(content(), VALUE, locale),
        why_view(content(), locale),
        why_view(content(awaiting(proposal(derivation=steps))), locale),
        why_view(content(awaiting(proposal(derivation=(), inputs=()))), locale),
        why_view(content(needing_attention()), locale),
        notice_view("Too late", "Settled.", locale),
        home_view((), locale),
        home_view(waiting, locale),
    ):
        view_valid(view)


def test_the_rejection_offers_the_closed_list_in_the_readers_language() -> None:
    view = rejection_view(content(), VALUE, "zh")

    options = view["blocks"][1]["element"]["options"]
    assert [each["value"] for each in options] == list(REASONS)
    assert options[0]["text"]["text"] == "非我方原因"
    assert view["title"]["text"] == "驳回"


def test_a_modal_carries_the_case_the_proposal_and_the_channel() -> None:
    carried = ModalValue.read(rejection_view(content(), VALUE, "en")["private_metadata"])

    assert carried == VALUE


@pytest.mark.parametrize(
    ("reason", "comment", "mistakes"),
    [
        ("amount_wrong", None, {}),
        ("other", "the order was never placed", {}),
        ("other", None, {"comment": "Say what the reason is."}),
        ("other", "  \n ", {"comment": "Say what the reason is."}),
        (None, "words", {"reason": "Choose one of the reasons."}),
        ("made_up", None, {"reason": "Choose one of the reasons."}),
        ("amount_wrong", "x" * 501, {"comment": "At most 500 characters."}),
    ],
)
def test_a_rejection_names_a_reason_and_other_needs_words(
    reason: str | None, comment: str | None, mistakes: dict[str, str]
) -> None:
    assert rejection_mistakes(reason, comment, "en") == mistakes


def test_a_question_needs_words() -> None:
    assert question_mistakes(" ", "en") == {"question": "Write your question."}
    assert question_mistakes("Which wallet?", "en") == {}


def test_why_shows_each_step_with_its_numbers_and_its_place_in_the_policy() -> None:
    view = why_view(content(), "en")

    assert view["blocks"][1]["text"]["text"] == ("share = 180.5 USDT\n10% of value_usdt\n10% of 1805\ndelayed.yaml:31")
    assert view["blocks"][-2]["text"]["text"] == "Worked out from:\nhours_late: 7.5\nvalue_usdt: 1805"
    assert view["blocks"][-1]["elements"][0]["text"] == "Policy delayed-withdrawal, version 3"


def test_the_app_home_is_the_persons_queue() -> None:
    view = home_view((content(), replace(content(approved()), url="http://127.0.0.1:8000/cases/CASE-1")), "zh")

    lines = [each["text"]["text"] for each in view["blocks"] if each["type"] == "section"]
    assert len(lines) == 2
    assert lines[0].startswith("*善意补偿 180.50 USDT · 订单 A-20931* · 截止：<!date^")


@pytest.mark.parametrize(
    "value",
    [
        None,
        7,
        "",
        "CASE-1",
        "[]",
        '{"case":"CASE-4711"}',
        '{"case":"CASE-4711","revision":"1","fingerprint":"0123456789abcdef"}',
        '{"case":"CASE-4711","revision":0,"fingerprint":"0123456789abcdef"}',
        '{"case":"CASE-4711; DROP","revision":1,"fingerprint":"0123456789abcdef"}',
        '{"case":"CASE-4711\\n","revision":1,"fingerprint":"0123456789abcdef"}',
        '{"case":"CASE-4711","revision":1,"fingerprint":"0123456789ABCDEF"}',
        '{"case":"CASE-4711","revision":1,"fingerprint":"0123456789abcdef","amount":"1"}',
        '{"case":"CASE-' + "1" * 100_000 + '"}',
    ],
)
def test_a_value_that_we_never_gave_out_is_refused(value: object) -> None:
    with pytest.raises(Forged) as refused:
        ButtonValue.read(value)

    assert "DROP" not in str(refused.value)


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=300))
def test_no_text_is_mistaken_for_a_value(text: str) -> None:
    with pytest.raises(Forged):
        ButtonValue.read(text)
