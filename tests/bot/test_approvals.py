"""Clicks and modals are understood or refused, never guessed; and every outcome has an answer."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from bot.answers import answer_text
from bot.approvals import (
    DecisionRequest,
    ForgedClick,
    HomeOpened,
    NothingToDo,
    Question,
    read_delivery,
    submission_mistakes,
)
from bot.values import Forged
from bot.words import words
from cases.proposal import CaseId, Verdict
from tests.bot.harbor import AMELIA, NOAH, PEOPLE, decision, proposal, usdt
from tests.bot.payloads import click, command, home_opened, question, rejection, submission
from workflow.approval import (
    AlreadyCounted,
    Counted,
    Decided,
    NotAllowed,
    Outcome,
    Refusal,
    Stale,
    TooLate,
)

APPROVAL = DecisionRequest(
    slack_id="U0AMELIA001",
    case_id=CaseId("CASE-4711"),
    fingerprint=proposal().fingerprint,
    verdict=Verdict.APPROVE,
    reason_code=None,
    comment=None,
    channel="C0COMPENSA1",
)


@pytest.mark.parametrize(
    ("schema", "payload"),
    [
        ("BlockActions", click()),
        ("ViewSubmission", rejection("amount_wrong", None)),
        ("ViewSubmission", question("Which wallet?")),
        ("EventEnvelope", home_opened()),
        ("SlashCommandPayload", command("CASE-4711")),
    ],
)
def test_the_payloads_of_these_tests_are_as_slack_sends_them(shared: Path, schema: str, payload: Any) -> None:
    document = json.loads((shared / f"vendor/slack/json-schema/{schema}.json").read_text())

    jsonschema.Draft7Validator(document).validate(payload)


def test_a_click_on_approve_asks_for_a_decision_on_what_was_shown() -> None:
    assert read_delivery(click()) == APPROVAL


@pytest.mark.parametrize("action", ["reject", "ask_agent", "why", "anything"])
def test_a_click_that_was_answered_with_a_modal_decides_nothing(action: str) -> None:
    assert read_delivery(click(action)) == NothingToDo(why=f"{action} was answered with a modal")


def test_a_filled_in_rejection_carries_its_reason_and_remark() -> None:
    asked = read_delivery(rejection("other", " no order\n\n at all\u202e "))

    assert asked == replace(APPROVAL, verdict=Verdict.REJECT, reason_code="other", comment="no order\nat all")


def test_a_rejection_that_slack_let_through_incomplete_decides_nothing() -> None:
    assert read_delivery(rejection("other", None)) == NothingToDo(why="the modal said what to mend")
    assert submission_mistakes(rejection("other", None), "zh") == {"comment": "请说明原因。"}
    assert submission_mistakes(rejection("amount_wrong", None), "zh") == {}


def test_a_question_is_passed_on_as_it_was_written() -> None:
    assert read_delivery(question("Which wallet?")) == Question(
        slack_id="U0AMELIA001", case_id=CaseId("CASE-4711"), words="Which wallet?", channel="C0COMPENSA1"
    )


def test_opening_the_app_home_asks_for_the_queue() -> None:
    assert read_delivery(home_opened()) == HomeOpened(slack_id="U0AMELIA001")
    assert read_delivery(home_opened(tab="messages")) == NothingToDo(why="app_home_opened is no concern of ours")


@pytest.mark.parametrize("value", [None, "", "CASE-4711", '{"case":"CASE-4711"}', "null"])
def test_a_click_with_a_value_of_somebody_else_is_forged(value: str | None) -> None:
    forged = read_delivery(click(value=value))

    assert isinstance(forged, ForgedClick)
    assert (forged.slack_id, forged.channel) == ("U0AMELIA001", "C0COMPENSA1")


def test_a_modal_with_foreign_metadata_or_a_foreign_name_is_forged() -> None:
    assert isinstance(read_delivery(rejection("amount_wrong", None, metadata="{}")), ForgedClick)
    assert isinstance(read_delivery(submission("anything", {})), ForgedClick)


@pytest.mark.parametrize(
    "payload",
    [
        {"type": "block_actions"},
        {"type": "block_actions", "user": "U0AMELIA001", "actions": [{}]},
        {"type": "block_actions", "user": {"id": "U0"}, "actions": []},
        {"type": "view_submission", "user": {"id": "U0"}, "view": None},
        {"type": "event_callback", "event": 7},
    ],
)
def test_what_is_no_payload_of_slacks_is_refused(payload: dict[str, Any]) -> None:
    with pytest.raises(Forged):
        read_delivery(payload)


def test_payloads_of_other_kinds_are_no_concern_of_ours() -> None:
    assert isinstance(read_delivery(command()), NothingToDo)
    assert isinstance(read_delivery({}), NothingToDo)


DATE = "<!date^1795348800^{date_short_pretty} {time}|2026-11-22 12:00 UTC>"
ANSWERS: list[tuple[Outcome, str, str]] = [
    (
        Counted(decision=decision(), given=0, needed=1, roles=("finance", "head_of_support")),
        "Your approval of CASE-4711 counts. It still takes 1 of: Finance or Head of support.",
        "您对 CASE-4711 的批准已生效。还需 1 人批准，角色：财务或客服负责人。",
    ),
    (
        Decided(decision=decision()),
        "You approved CASE-4711. It has every approval it needs; the payout is under way.",
        "您已批准 CASE-4711。所需审批已齐，正在付款。",
    ),
    (
        Decided(decision=decision(verdict=Verdict.REJECT)),
        "You rejected CASE-4711. Nothing is paid.",
        "您已驳回 CASE-4711。不会付款。",
    ),
    (
        AlreadyCounted(decision=decision()),
        f"You approved CASE-4711 already, on {DATE}. Nothing changed.",
        f"您已于 {DATE} 批准过 CASE-4711。未作任何更改。",
    ),
    (
        TooLate(decision=decision(NOAH, Verdict.REJECT)),
        f"Too late: Noah Fischer (Finance) rejected CASE-4711 on {DATE}. Nothing changed.",
        f"晚了一步：Noah Fischer（财务）已于 {DATE} 驳回 CASE-4711。未作任何更改。",
    ),
    (
        TooLate(decision=decision(AMELIA)),
        f"Too late: Amelia Chen (Compensation lead) approved CASE-4711 on {DATE}. Nothing changed.",
        f"晚了一步：Amelia Chen（补偿主管）已于 {DATE} 批准 CASE-4711。未作任何更改。",
    ),
    (
        TooLate(decision=None),
        "CASE-4711 was settled before, without anybody's decision. Nothing changed.",
        "CASE-4711 此前已自动处理完毕，无需人工审批。未作任何更改。",
    ),
    (
        Stale(proposal=proposal(revision=2, amount=usdt("90"))),
        (
            "The proposal for CASE-4711 changed since you saw it: it is now 90.00 USDT (revision 2). "
            "Nothing changed; look at the card again and decide on that."
        ),
        "CASE-4711 的方案在您查看后已变更：现为 90.00 USDT（第 2 版）。未作任何更改，请重新查看卡片后再决定。",
    ),
    (
        Stale(proposal=None),
        (
            "CASE-4711 has no proposal to decide on now. Nothing changed. It may be proposed anew by another policy:"
            " look at its card again."
        ),
        "CASE-4711 目前没有待审批的方案，未作任何更改。可能正依据其他规则重新提出，请再次查看卡片。",
    ),
    (
        NotAllowed(refusal=Refusal.ABOVE_LIMIT, roles=("finance", "night_shift")),
        "The amount of CASE-4711 is above your limit. It takes: Finance or night shift. Nothing changed.",
        "CASE-4711 的金额超出您的审批额度。需要的角色：财务或night shift。未作任何更改。",
    ),
]


@pytest.mark.parametrize(("outcome", "english", "chinese"), ANSWERS)
def test_every_outcome_is_answered_in_the_readers_language(outcome: Outcome, english: str, chinese: str) -> None:
    assert answer_text(outcome, APPROVAL.case_id, PEOPLE, words("en")) == english
    assert answer_text(outcome, APPROVAL.case_id, PEOPLE, words("zh")) == chinese


@pytest.mark.parametrize("refusal", list(Refusal))
def test_every_refusal_says_why_and_that_nothing_changed(refusal: Refusal) -> None:
    refused = NotAllowed(refusal=refusal, roles=("finance",))

    english = answer_text(refused, APPROVAL.case_id, PEOPLE, words("en"))
    assert "Nothing changed" in english or "may not decide" in english
    assert answer_text(refused, APPROVAL.case_id, PEOPLE, words("zh")) != english
