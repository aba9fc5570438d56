"""Cards and thread lines on the wire: posted once whatever happens, then only edited."""

import pytest

from bot.lines import Asked, SaidSo, WorkedOut
from cases.proposal import CaseId
from connectors.contract import AccessRefused, TryLater, UnexpectedReply
from tests.bot.conftest import SandboxSlack, kinds
from tests.bot.harbor import AMELIA, COMPENSATION, awaiting, content, decision, paid, proposal
from tests.bot.house import Bot, House

CASE = CaseId("CASE-4711")
AMELIA_ID, NOAH_ID, WEI_ID, LUCA_ID = "U0AMELIA001", "U0NOAH00001", "U0WEIZHANG1", "U0LUCA00001"


def test_a_card_is_posted_once_and_then_only_edited(slack: SandboxSlack, bot: Bot, house: House) -> None:
    house.add()

    bot.show(CASE)
    bot.show(CASE)
    house.change(CASE, case=paid())
    bot.show(CASE)
    bot.show(CASE)

    card = slack.only_message()
    assert len(card["revisions"]) == 2
    assert "actions" not in kinds(card)
    assert card["text"] == "This was approved and has been paid: Goodwill 180.50 USDT · Order A-20931."
    assert card["metadata"]["event_payload"] == {"mark": "card/CASE-4711"}


def test_a_chinese_customers_case_goes_to_the_chinese_channel(slack: SandboxSlack, bot: Bot, house: House) -> None:
    case_id = house.add(content(awaiting(proposal("CASE-8"))))

    bot.show(case_id)

    assert slack.only_message("C0BUCHANG01")["text"].startswith(
        "请在 2026-11-23 12:00 UTC 前审批：善意补偿 180.50 USDT"
    )
    assert slack.messages() == []


@pytest.mark.parametrize("fault", ["dropped_after_write", "slow_after_write"])
def test_a_post_whose_answer_is_lost_is_found_again(slack: SandboxSlack, bot: Bot, house: House, fault: str) -> None:
    house.add()
    slack.fault(fault, "POST /api/chat.postMessage", seconds=3)

    with pytest.raises(TryLater) as lost:
        bot.show(CASE)
    bot.show(CASE)

    assert lost.value.done is None
    assert len(slack.messages()) == 1
    assert house.places[CASE].ts == slack.only_message()["ts"]
    assert house.places[CASE].shown_version == 3


@pytest.mark.parametrize("fault", ["dropped_before", "unavailable"])
def test_a_post_that_never_arrived_is_posted_at_the_next_attempt(
    slack: SandboxSlack, bot: Bot, house: House, fault: str
) -> None:
    house.add()
    slack.fault(fault, "POST /api/chat.postMessage")

    with pytest.raises(TryLater):
        bot.show(CASE)
    assert slack.messages() == []
    bot.show(CASE)

    assert len(slack.messages()) == 1


def test_a_crash_after_the_post_does_not_post_again(slack: SandboxSlack, bot: Bot, house: House) -> None:
    house.add()
    house.mean_to_post(CASE, COMPENSATION.id, now=bot.clock())
    for number in range(250):
        slack.http.post(
            "/api/chat.postMessage",
            headers={"authorization": "Bearer xoxb-sandbox-bot"},
            json={"channel": "C0COMPENSA1", "text": f"chatter {number}"},
        )
    bot.posting._post_card(house.shown_cases[CASE], COMPENSATION.id, now=bot.clock())
    house.shown(CASE, ts=None, version=0)

    bot.show(CASE)

    cards = [each for each in slack.messages() if not each["text"].startswith("chatter")]
    assert len(cards) == 1
    assert house.places[CASE].ts == cards[0]["ts"]


def test_a_message_of_somebody_else_is_never_taken_for_ours(slack: SandboxSlack, bot: Bot, house: House) -> None:
    house.add()
    house.mean_to_post(CASE, COMPENSATION.id, now=bot.clock())
    slack.act("message", user=LUCA_ID, channel="C0COMPENSA1", text="card/CASE-4711")

    bot.show(CASE)

    assert [each["is_bot"] for each in slack.messages()] == [False, True]


def test_a_card_that_somebody_deleted_is_posted_anew(slack: SandboxSlack, bot: Bot, house: House) -> None:
    house.add()
    bot.show(CASE)
    slack.http.post(
        "/api/chat.delete",
        headers={"authorization": "Bearer xoxb-sandbox-bot"},
        json={"channel": "C0COMPENSA1", "ts": slack.only_message()["ts"]},
    )
    house.change(CASE)

    with pytest.raises(TryLater):
        bot.show(CASE)
    bot.show(CASE)

    assert len(slack.messages()) == 1


def test_too_many_requests_leave_that_channel_alone_and_no_other(slack: SandboxSlack, bot: Bot, house: House) -> None:
    house.add()
    chinese = house.add(content(awaiting(proposal("CASE-8"))))
    slack.fault("rate_limited_channel", "POST /api/chat.postMessage/C0COMPENSA1", retry_after=30)

    with pytest.raises(TryLater) as limited:
        bot.show(CASE)
    with pytest.raises(TryLater) as quiet:
        bot.posting._post_card(house.shown_cases[CASE], COMPENSATION.id, now=bot.clock())
    bot.show(chinese)

    assert (limited.value.wait_seconds, limited.value.done) == (30, False)
    assert 25 < quiet.value.wait_seconds <= 30
    assert slack.messages() == []
    assert len(slack.messages("C0BUCHANG01")) == 1


def test_a_refused_token_and_a_missing_channel_need_a_person(slack: SandboxSlack, bot: Bot, house: House) -> None:
    house.add()
    slack.fault("token_revoked", "POST /api/chat.postMessage")

    with pytest.raises(AccessRefused, match="token_revoked"):
        bot.show(CASE)
    house.places.clear()
    house.mean_to_post(CASE, "C0NOSUCHCHN", now=bot.clock())
    with pytest.raises(AccessRefused, match="channel_not_found"):
        bot.show(CASE)


def test_blocks_that_slack_does_not_take_are_said_to_be_our_mistake(bot: Bot) -> None:
    with pytest.raises(UnexpectedReply, match="invalid_arguments"):
        bot.slack.publish_home(AMELIA_ID, {"type": "home", "blocks": [{"type": "nonsense"}]}, now=bot.clock())


def test_a_line_posts_the_card_that_had_nothing_to_show_when_its_turn_was(
    slack: SandboxSlack, bot: Bot, house: House
) -> None:
    house.said["CASE-4711#2"] = (CASE, WorkedOut(proposal=proposal()))
    bot.show(CASE)
    house.add(content(awaiting()))

    bot.posting.post_line("CASE-4711#2", now=bot.clock())
    bot.show(CASE)

    card, line = slack.messages()
    assert card["metadata"]["event_payload"] == {"mark": "card/CASE-4711"}
    assert line["thread_ts"] == card["ts"]


def test_the_thread_tells_the_story_each_line_once(slack: SandboxSlack, bot: Bot, house: House) -> None:
    house.said["CASE-4711#1"] = (CASE, WorkedOut(proposal=proposal()))
    house.said["CASE-4711#2"] = (CASE, SaidSo(decision=decision(), given=1, needed=2))
    house.said["CASE-4711#3"] = (CASE, Asked(person=AMELIA.id, words="Which <!channel> wallet?"))
    with pytest.raises(TryLater, match="no card yet"):
        bot.posting.post_line("CASE-4711#1", now=bot.clock())
    house.add(content(awaiting(None, decision())))
    bot.show(CASE)
    slack.fault("dropped_after_write", "POST /api/chat.postMessage")

    with pytest.raises(TryLater):
        bot.posting.post_line("CASE-4711#1", now=bot.clock())
    for key in house.said:
        bot.posting.post_line(key, now=bot.clock())

    card, *replies = slack.messages()
    assert [each["thread_ts"] for each in replies] == [card["ts"]] * 3
    assert replies[0]["text"] == "Revision 1 proposes 180.50 USDT: delayed six hours or more."
    assert replies[0]["blocks"][1]["text"]["text"] == "share: 10% of 1805 = 180.5 USDT"
    assert replies[1]["text"].startswith("Approved by Amelia Chen (Compensation lead), <!date^")
    assert replies[1]["text"].endswith(": 1 of 2. Missing: Finance <@U0NOAH00001>")
    assert replies[2]["blocks"][1]["text"]["type"] == "plain_text"
