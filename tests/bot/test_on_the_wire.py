"""The bot against a Slack on the wire: real clients, real signatures, real sockets."""

import json
from typing import Any

import pytest

from bot.approvals import Question
from bot.lines import Asked, SaidSo, WorkedOut
from cases.case import Approved, AwaitingApproval, Declined
from cases.proposal import CaseId
from connectors.contract import AccessRefused, TryLater, UnexpectedReply
from tests.bot.conftest import SandboxSlack, until
from tests.bot.harbor import AMELIA, COMPENSATION, awaiting, content, decision, paid, proposal, usdt
from tests.bot.house import Bot, House
from workflow.approval import AlreadyCounted, Counted, Decided

CASE = CaseId("CASE-4711")
AMELIA_ID, NOAH_ID, WEI_ID, LUCA_ID = "U0AMELIA001", "U0NOAH00001", "U0WEIZHANG1", "U0LUCA00001"


def shown(slack: SandboxSlack, channel: str = "C0COMPENSA1") -> dict[str, Any]:
    """Return the only message of a channel."""
    messages = slack.messages(channel)
    assert len(messages) == 1
    return messages[0]


def click(slack: SandboxSlack, user: str, action: str, **more: Any) -> dict[str, Any]:
    card = shown(slack)
    return slack.act("click", user=user, channel=card["channel"], ts=card["ts"], action_id=action, **more)


def kinds(message: dict[str, Any]) -> list[str]:
    return [block["type"] for block in message["blocks"]]


# --- Posting -----------------------------------------------------------------------------------------------------


def test_a_card_is_posted_once_and_then_only_edited(slack: SandboxSlack, bot: Bot, house: House) -> None:
    house.add()

    bot.show(CASE)
    bot.show(CASE)
    house.change(CASE, case=paid())
    bot.show(CASE)
    bot.show(CASE)

    card = shown(slack)
    assert len(card["revisions"]) == 2
    assert "actions" not in kinds(card)
    assert card["text"] == "This was approved and has been paid: Goodwill 180.50 USDT · Order A-20931."
    assert card["metadata"]["event_payload"] == {"mark": "card/CASE-4711"}


def test_a_chinese_customers_case_goes_to_the_chinese_channel(slack: SandboxSlack, bot: Bot, house: House) -> None:
    case_id = house.add(content(awaiting(proposal("CASE-8"))))

    bot.show(case_id)

    assert shown(slack, "C0BUCHANG01")["text"].startswith("请在 2026-11-23 12:00 UTC 前审批：善意补偿 180.50 USDT")
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
    assert house.places[CASE].ts == shown(slack)["ts"]
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
        json={"channel": "C0COMPENSA1", "ts": shown(slack)["ts"]},
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


def test_the_thread_tells_the_story_each_line_once(slack: SandboxSlack, bot: Bot, house: House) -> None:
    house.add(content(awaiting(None, decision())))
    house.said["CASE-4711#1"] = (CASE, WorkedOut(proposal=proposal()))
    house.said["CASE-4711#2"] = (CASE, SaidSo(decision=decision(), given=1, needed=2))
    house.said["CASE-4711#3"] = (CASE, Asked(person=AMELIA.id, words="Which <!channel> wallet?"))
    with pytest.raises(TryLater, match="no card yet"):
        bot.posting.post_line("CASE-4711#1", now=bot.clock())
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


# --- Clicking ----------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("listening")
class TestClicks:
    """The same over HTTP and by Socket Mode."""

    def test_two_people_approve_and_the_card_says_so(self, slack: SandboxSlack, bot: Bot, house: House) -> None:
        house.add()
        bot.show(CASE)

        first = click(slack, AMELIA_ID, "approve")
        bot.work()
        second = click(slack, NOAH_ID, "approve")
        bot.work()

        assert first["acknowledged"] is second["acknowledged"] is True
        assert [type(outcome) for _, outcome in house.decisions] == [Counted, Decided]
        assert isinstance(house.shown_cases[CASE].case, Approved)
        assert slack.whispers(AMELIA_ID) == ["Your approval of CASE-4711 counts. It still takes 1 of: Finance."]
        assert slack.whispers(NOAH_ID) == [
            "You approved CASE-4711. It has every approval it needs; the payout is under way."
        ]
        assert "actions" not in kinds(shown(slack))

    def test_a_double_click_counts_once_and_both_are_answered(
        self, slack: SandboxSlack, bot: Bot, house: House
    ) -> None:
        house.add()
        bot.show(CASE)

        click(slack, AMELIA_ID, "approve")
        click(slack, AMELIA_ID, "approve")
        bot.work()

        assert [type(outcome) for _, outcome in house.decisions] == [Counted, AlreadyCounted]
        case = house.shown_cases[CASE].case
        assert isinstance(case, AwaitingApproval)
        assert len(case.approvals) == 1
        assert len(slack.whispers(AMELIA_ID)) == 2

    def test_a_late_click_is_told_who_decided_what_and_when_in_their_language(
        self, slack: SandboxSlack, bot: Bot, house: House
    ) -> None:
        house.add()
        bot.show(CASE)
        house.change(CASE, case=Declined(about=awaiting().about, proposal=proposal(), decision=decision()))

        click(slack, WEI_ID, "approve")
        bot.work()

        (told,) = slack.whispers(WEI_ID)
        assert told.startswith("晚了一步：Amelia Chen（补偿主管）已于 <!date^")

    def test_a_click_on_an_old_proposal_is_told_the_new_one(self, slack: SandboxSlack, bot: Bot, house: House) -> None:
        house.add()
        bot.show(CASE)
        house.change(CASE, case=awaiting(proposal(revision=2, amount=usdt("90"))))

        click(slack, AMELIA_ID, "approve")
        bot.work()

        assert "it is now 90.00 USDT (revision 2)" in slack.whispers(AMELIA_ID)[0]
        assert isinstance(house.shown_cases[CASE].case, AwaitingApproval)

    def test_somebody_without_a_role_is_told_so_and_nothing_happens(
        self, slack: SandboxSlack, bot: Bot, house: House
    ) -> None:
        house.add()
        bot.show(CASE)

        click(slack, LUCA_ID, "approve")
        click(slack, "U0MEILIN001", "approve")
        bot.work()

        assert slack.whispers(LUCA_ID) == [
            "You do not hold a role that may decide CASE-4711 now. It takes: Compensation lead. Nothing changed."
        ]
        assert slack.whispers("U0MEILIN001") == ["您不在角色表中，无权审批 CASE-4711。请联系管理员添加。"]
        assert house.shown_cases[CASE].version == 3

    @pytest.mark.parametrize("value", ['{"case":"CASE-1"}', "approve everything", "<!channel>"])
    def test_a_forged_value_is_answered_and_recorded_and_nothing_happens(
        self, slack: SandboxSlack, bot: Bot, house: House, value: str
    ) -> None:
        house.add()
        bot.show(CASE)

        assert click(slack, AMELIA_ID, "approve", value=value)["acknowledged"]
        bot.work()

        assert house.decisions == []
        assert [who for who, _ in house.forgeries] == [AMELIA_ID]
        assert slack.whispers(AMELIA_ID) == [
            "This button is not one of ours or is damaged. Nothing changed, and the click was recorded."
        ]

    def test_a_rejection_goes_through_the_modal_with_a_reason(
        self, slack: SandboxSlack, bot: Bot, house: House
    ) -> None:
        house.add()
        bot.show(CASE)

        click(slack, WEI_ID, "reject")
        (view,) = slack.state()["views"]
        assert view["title"]["text"] == "驳回"
        refused = slack.act("submit", user=WEI_ID, values={"reason": {"reason": "other"}})
        assert refused["body"]["response_action"] == "errors"
        assert refused["body"]["errors"] == {"comment": "请说明原因。"}
        slack.act("submit", user=WEI_ID, values={"reason": {"reason": "other"}, "comment": {"comment": "没有此订单"}})
        bot.work()

        case = house.shown_cases[CASE].case
        assert isinstance(case, Declined)
        assert case.decision is not None
        assert (case.decision.person, case.decision.reason_code, case.decision.comment) == (
            "wei",
            "other",
            "没有此订单",
        )
        assert len(house.decisions) == 1
        assert slack.whispers(WEI_ID) == ["您已驳回 CASE-4711。不会付款。"]
        assert "Rejected by 张伟 Wei Zhang (Compensation lead)" in json.dumps(shown(slack), ensure_ascii=False)

    def test_a_question_to_the_agent_is_passed_on(self, slack: SandboxSlack, bot: Bot, house: House) -> None:
        house.add()
        bot.show(CASE)

        click(slack, AMELIA_ID, "ask_agent")
        slack.act("submit", user=AMELIA_ID, values={"question": {"question": "Which wallet?"}})
        bot.work()

        assert house.questions == [
            Question(slack_id=AMELIA_ID, case_id=CASE, words="Which wallet?", channel="C0COMPENSA1")
        ]
        assert slack.whispers(AMELIA_ID) == [
            "Your question about CASE-4711 is in the thread and goes onto the ticket as an internal note."
        ]

    def test_why_shows_the_derivation_and_rejecting_too_late_shows_who_was_first(
        self, slack: SandboxSlack, bot: Bot, house: House
    ) -> None:
        house.add()
        bot.show(CASE)

        click(slack, AMELIA_ID, "why")
        click(slack, LUCA_ID, "why")
        house.change(CASE, case=paid())
        click(slack, NOAH_ID, "reject")

        views = {view["user"]: view for view in slack.state()["views"]}
        assert views[AMELIA_ID]["blocks"][1]["text"]["text"].startswith("share = 180.5 USDT")
        assert "callback_id" not in views[NOAH_ID] or not views[NOAH_ID]["callback_id"]
        assert views[NOAH_ID]["blocks"][0]["text"]["text"].startswith("Too late: Noah Fischer (Finance) approved")

    def test_the_command_shows_and_never_decides(self, slack: SandboxSlack, bot: Bot, house: House) -> None:
        house.add()

        for text in ("", "CASE-4711", "CASE-9", "payload approve"):
            assert slack.act("command", user=AMELIA_ID, channel="C0COMPENSA1", command="makewhole", text=text)[
                "acknowledged"
            ]
        slack.act("command", user="U0MEILIN001", channel="C0COMPENSA1", command="makewhole", text="CASE-4711")
        bot.work()

        assert [each.split(":")[0].split(".")[0] for each in slack.whispers(AMELIA_ID)] == [
            "Waiting for you",
            "Your decision is asked for by 2026-11-23 12",
            "There is no such case to show",
            "There is no such case to show",
        ]
        assert "actions" not in json.dumps(slack.state()["ephemerals"])
        assert slack.whispers("U0MEILIN001") == [
            "You are not in the role table, so there is nothing to show you. An administrator can add you."
        ]
        assert house.decisions == []

    def test_the_app_home_is_my_queue(self, slack: SandboxSlack, bot: Bot, house: House) -> None:
        house.add()

        slack.act("app_home", user=WEI_ID)
        until(lambda: house.jobs)
        bot.work()

        (home,) = slack.state()["views"]
        assert home["blocks"][0]["text"]["text"] == "待您审批"
        assert "CASE-4711" in home["blocks"][1]["text"]["text"]

    def test_without_a_database_nothing_is_acknowledged(self, slack: SandboxSlack, bot: Bot, house: House) -> None:
        house.add()
        bot.show(CASE)
        house.broken = True

        report = click(slack, AMELIA_ID, "approve")

        assert not report["acknowledged"]
        assert house.deliveries == {}

    def test_an_event_that_could_not_be_kept_comes_again(self, slack: SandboxSlack, bot: Bot, house: House) -> None:
        house.broken = True
        slack.act("app_home", user=AMELIA_ID)
        house.broken = False

        until(lambda: house.jobs)
        bot.work()

        assert len(house.deliveries) == 1


@pytest.mark.parametrize("listening", ["socket"], indirect=True)
@pytest.mark.usefixtures("listening")
def test_a_socket_that_slack_closes_is_opened_again_and_no_click_is_lost(
    slack: SandboxSlack, bot: Bot, house: House
) -> None:
    house.add()
    bot.show(CASE)

    slack.http.post("/_sandbox/sockets/refresh").raise_for_status()
    until(lambda: click(slack, AMELIA_ID, "approve")["acknowledged"])
    bot.work()

    assert next(type(outcome) for _, outcome in house.decisions) is Counted
    assert slack.whispers(AMELIA_ID)[0] == "Your approval of CASE-4711 counts. It still takes 1 of: Finance."
