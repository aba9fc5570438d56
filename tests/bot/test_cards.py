"""The card says what an approver must know, in the channel's language, within Slack's limits, and safely."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.cards import card
from bot.content import Contradiction, Customer, DecidedOtherwise, FraudScore, OtherTickets, SanctionsHit
from cases.case import Closed, Joined
from cases.money import Money
from cases.precedents import Consistency, Precedent
from cases.proposal import CaseId, Classification
from cases.ticket import TicketRef
from tests.bot.harbor import (
    AMELIA,
    CUSTOMER,
    NOAH,
    NOON,
    approved,
    awaiting,
    content,
    decision,
    declined,
    needing_attention,
    paid,
    proposal,
    usdt,
)

PRECEDENT = Precedent(
    case_id="CASE-4700",
    decided_at=NOON,
    agreed=True,
    amount=usdt("172"),
    policy_version="2",
    differs=(("hours_late", "5.9", "7.5"),),
)
COMPARED = Consistency(compared=12, agreed=11, nearest=(PRECEDENT,), unlike=None)
EVERY_STAGE = (
    awaiting(proposal(consistency=COMPARED)),
    awaiting(proposal(amount=None, classification=Classification.INDIVIDUAL_REVIEW)),
    approved(),
    replace(approved(), approvals=()),
    paid(),
    declined(),
    replace(declined(), decision=None),
    Closed(about=paid().about, settled=paid(), closed_at=NOON),
    Joined(about=paid().about, into=CaseId("CASE-12")),
    needing_attention(),
)
OTHER_TICKETS = tuple(TicketRef(vendor="zendesk", account="harbor", key=str(number)) for number in range(9))
WARNINGS = (
    FraudScore(score="87"),
    SanctionsHit(),
    OtherTickets(tickets=OTHER_TICKETS),
    Contradiction(fact="amount", said=(("ticket", "12"), ("account-data", "7"))),
)
HOSTILE = st.one_of(
    st.text(max_size=400),
    st.sampled_from(
        [
            "<!channel> now",
            "<!here|x>",
            "<@U0AMELIA001>",
            "<#C0COMPENSA1>",
            "<https://evil.example|harbor>",
            "a & b < c > d",
            "*bold* `code`\n> quote",
            "\u202eTDSU 05.081",
            "\x00\x1b[31m",
            "{amount} {nothing}",
            "https://evil.example/login",
            "x" * 4000,
            "<" * 4000,
            "📦" * 2000,
            "",
            " \n\t ",
        ]
    ),
)


@pytest.fixture(scope="module")
def blocks_valid(shared: Path) -> Callable[[list[dict[str, Any]]], None]:
    schema = json.loads((shared / "vendor/slack/json-schema/BlocksArray.json").read_text())
    validator = jsonschema.Draft7Validator(schema)

    def check(blocks: list[dict[str, Any]]) -> None:
        validator.validate(blocks)

    return check


def texts(value: Any) -> Iterator[dict[str, Any]]:
    """Yield every text object of some blocks."""
    if isinstance(value, list):
        for each in value:
            yield from texts(each)
    elif isinstance(value, dict):
        if value.get("type") in ("mrkdwn", "plain_text"):
            yield value
        for each in value.values():
            yield from texts(each)


def read(locale: str = "en", **changes: Any) -> list[str]:
    return [each["text"] for each in texts(card(content(**changes), locale, now=NOON).as_list())]


def test_the_card_reads_as_an_approver_needs_it() -> None:
    assert read() == [
        "Goodwill 180.50 USDT · Order A-20931",
        "delayed six hours or more · policy delayed-withdrawal, version 3",
        "*Customer*\nJonas Weber · VIP",
        "*Proposed by*\nthe policy",
        "*Loss*\nOrder A-20931",
        "*Paid to this customer in 12 months*\n40.00 USDT",
        (
            "Approvals 0 of 2 · Missing: Compensation lead <@U0AMELIA001> <@U0WEIZHANG1> · "
            "Decide by <!date^1795435200^{date_short_pretty} {time}|2026-11-23 12:00 UTC> · "
            "<http://127.0.0.1:8000/cases/CASE-4711|CASE-4711>"
        ),
        "Approve 180.50 USDT",
        "Approve 180.50 USDT?",
        "180.50 USDT will be paid to Jonas Weber (C-100023).",
        "Approve",
        "Back",
        "Ask agent…",
        "Why?",
        "Reject…",
    ]


def test_the_card_in_a_chinese_channel_is_chinese() -> None:
    lines = read("zh")

    assert lines[0] == "善意补偿 180.50 USDT · 订单 A-20931"
    assert lines[2] == "*客户*\nJonas Weber · VIP"
    assert lines[6].startswith("审批 0/2 · 尚缺：补偿主管 <@U0AMELIA001> <@U0WEIZHANG1> · 截止：<!date^")
    assert lines[7:10] == ["批准 180.50 USDT", "批准 180.50 USDT？", "将向 Jonas Weber (C-100023) 支付 180.50 USDT。"]


def test_every_button_carries_the_case_and_the_proposal_that_was_shown() -> None:
    shown = card(content(), "en", now=NOON).as_list()[-1]

    assert [each["action_id"] for each in shown["elements"]] == ["approve", "ask_agent", "why", "reject"]
    assert {each["value"] for each in shown["elements"]} == {
        f'{{"case":"CASE-4711","revision":1,"fingerprint":"{proposal().fingerprint}"}}'
    }


def test_who_approved_already_is_counted_and_the_next_role_is_called() -> None:
    progress = read(case=awaiting(None, decision(AMELIA)))[6]

    assert progress.startswith("Approvals 1 of 2 · Missing: Finance <@U0NOAH00001> · ")


def test_nobody_is_mentioned_who_may_not_decide() -> None:
    large = awaiting(proposal(amount=usdt("5000")))

    assert "Missing: Compensation lead · " in read(case=large)[6]
    assert "Missing: Compensation lead <@U0WEIZHANG1> · " in read(handlers=(AMELIA.id,))[6]


@pytest.mark.parametrize("case", EVERY_STAGE[2:])
def test_after_a_decision_no_button_is_left(case: Any) -> None:
    assert "actions" not in [each["type"] for each in card(content(case), "en", now=NOON).as_list()]


@pytest.mark.parametrize(
    ("locale", "says"),
    [("en", ":pause_button: Held back: only accounts in shadow mode"), ("zh", ":pause_button: 已暂停")],
)
def test_what_is_held_back_in_shadow_mode_says_so_and_has_no_button(locale: str, says: str) -> None:
    shown = card(content(held_back=True), locale, now=NOON)

    assert "actions" not in [each["type"] for each in shown.as_list()]
    assert shown.as_list()[-2]["text"]["text"].startswith(says)
    assert "2026-11-23" not in shown.text


def test_a_paid_card_says_who_when_and_under_which_reference() -> None:
    assert read(case=paid())[6:] == [
        (
            ":white_check_mark: Approved by Amelia Chen (Compensation lead), "
            "<!date^1795348800^{date_short_pretty} {time}|2026-11-22 12:00 UTC>\n"
            ":white_check_mark: Approved by Noah Fischer (Finance), "
            "<!date^1795348800^{date_short_pretty} {time}|2026-11-22 12:00 UTC>\n"
            ":moneybag: Paid 180.50 USDT on <!date^1795348860^{date_short_pretty} {time}|2026-11-22 12:01 UTC>"
            " · reference po_0001"
        ),
        "<http://127.0.0.1:8000/cases/CASE-4711|CASE-4711>",
    ]


def test_a_rejected_card_says_who_and_why() -> None:
    outcome = read(case=declined("see <b>the</b> order"))[6]

    assert outcome.startswith(":no_entry: Rejected by Amelia Chen (Compensation lead), <!date^")
    assert outcome.endswith("Reason: Evidence is missing or weak: see &lt;b&gt;the&lt;/b&gt; order")


def test_a_closed_case_keeps_the_card_of_how_it_ended() -> None:
    closed = Closed(about=paid().about, settled=paid(), closed_at=NOON)

    assert card(content(closed), "en", now=NOON) == card(content(paid()), "en", now=NOON)


def test_a_card_that_needs_attention_names_everything_that_is_missing() -> None:
    missing = tuple(f"fact_{number} (nobody has given it)" for number in range(9))

    assert read(case=replace(needing_attention(), missing=missing))[5].split("\n") == [
        ":raised_hand: Needs attention: The account data does not know this order.",
        "Missing:",
        *(f"• {each}" for each in missing[:8]),
        "And 1 more, see the case.",
    ]


def test_warnings_stand_on_the_card_only_when_there_are_any() -> None:
    warned = read(warnings=WARNINGS)

    assert not any(":warning:" in each for each in read())
    assert warned[6].split("\n") == [
        ":warning: Fraud score 87",
        ":warning: Possible hit on a sanctions list",
        (
            ":warning: More tickets about this loss (9): zendesk:harbor:0, zendesk:harbor:1, zendesk:harbor:2, "
            "zendesk:harbor:3 …"
        ),
        ":warning: Sources disagree on amount: ticket: 12 · account-data: 7",
    ]


def test_earlier_decisions_stand_on_the_card_in_its_language() -> None:
    with_precedents = awaiting(proposal(consistency=COMPARED))

    assert read(case=with_precedents)[6] == (
        "Earlier decisions on this line: 12, agreed to: 11 · CASE-4700: 172.00 USDT (hours late 5.9, here 7.5)"
    )
    assert read("zh", case=with_precedents)[6] == (
        "该条款此前的决定：12 件，其中同意 11 件 · CASE-4700: 172.00 USDT (hours late 5.9，本案 7.5)"
    )


def test_a_case_with_the_same_facts_that_was_decided_otherwise_is_a_warning() -> None:
    declined_then = replace(PRECEDENT, agreed=False, amount=None, differs=())

    assert read(warnings=(DecidedOtherwise(precedent=declined_then),))[6] == (
        ":warning: Decided otherwise with the same facts: CASE-4700, declined, policy version 2"
    )


def test_what_is_not_known_of_a_customer_is_said() -> None:
    unknown = Customer(id=None, name=None, tier=None, paid_12_months=None)

    assert read(customer=unknown)[2:6] == [
        "*Customer*\nunknown",
        "*Proposed by*\nthe policy",
        "*Loss*\nOrder A-20931",
        "*Paid to this customer in 12 months*\nunknown",
    ]


@pytest.mark.parametrize("locale", ["en", "zh"])
@pytest.mark.parametrize("case", EVERY_STAGE)
def test_slack_would_take_the_card_at_every_stage(case: Any, locale: str, blocks_valid: Any) -> None:
    shown = card(content(case, warnings=WARNINGS), locale, now=NOON)

    blocks_valid(shown.as_list())
    assert shown.text.endswith(("。", "."))
    assert len(shown.text) < 1000
    assert len({each["block_id"] for each in shown.as_list()}) == len(shown.as_list())


def test_an_amount_of_many_digits_fits_its_button() -> None:
    coins = Money.exactly("123456789.123456789012345678", "ETH")

    assert "Approve 123456789.123456789012345678 ETH" in read(case=awaiting(proposal(amount=coins)))


def test_the_same_case_gives_the_same_card() -> None:
    assert card(content(), "en", now=NOON).digest == card(content(), "en", now=NOON).digest
    assert card(content(), "en", now=NOON).digest != card(content(), "zh", now=NOON).digest


@settings(max_examples=300, deadline=None)
@given(words=st.tuples(*[HOSTILE] * 7), locale=st.sampled_from(["en", "zh"]), stage=st.sampled_from(range(6)))
def test_no_words_of_others_become_a_mention_a_link_or_a_broken_card(
    words: tuple[str, ...], locale: str, stage: int
) -> None:
    name, tier, reference, reason, comment, score, missing = words
    offered = proposal(reason=reason)
    stages = (
        awaiting(offered, reference=reference),
        replace(approved(), proposal=offered),
        replace(paid(), reference=reference),
        declined(comment),
        replace(needing_attention(reason), missing=(missing, missing)),
        awaiting(offered, decision(NOAH, comment=comment), reference=reference),
    )

    warnings = (FraudScore(score=score), Contradiction(fact=missing, said=((name, score),)))
    customer = Customer(id=CUSTOMER, name=name, tier=tier, paid_12_months=None)
    shown = card(content(stages[stage], customer=customer, warnings=warnings), locale, now=NOON)

    ours = r"<@U0(AMELIA001|WEIZHANG1|NOAH00001)>|<!date\^\d+\^[^|<>]*\|[^<>]*>|<http://127\.0\.0\.1:8000/[^|<>]*\|CASE-4711>"
    for each in (*texts(shown.as_list()), {"type": "mrkdwn", "text": shown.text, "verbatim": True}):
        assert not re.search("[\u202a-\u202e\u2066-\u2069\x00-\x08\x1b]", each["text"])
        if each["type"] == "mrkdwn":
            rest = re.sub(ours, "", each["text"])
            assert each["verbatim"] is True
            assert not re.search(r"[<>]|&(?!amp;|lt;|gt;)", rest)
