"""Clicks on the wire, over HTTP and by Socket Mode: real signatures, real sockets, an answer to each."""

import json

import pytest

from bot.approvals import Question
from cases.case import Approved, AwaitingApproval, Declined
from cases.proposal import CaseId
from tests.bot.conftest import SandboxSlack, kinds, until
from tests.bot.harbor import awaiting, decision, paid, proposal, usdt
from tests.bot.house import Bot, House
from workflow.approval import AlreadyCounted, Counted, Decided

CASE = CaseId("CASE-4711")
AMELIA_ID, NOAH_ID, WEI_ID, LUCA_ID = "U0AMELIA001", "U0NOAH00001", "U0WEIZHANG1", "U0LUCA00001"


@pytest.mark.usefixtures("listening")
class TestClicks:
    """The same over HTTP and by Socket Mode."""

    def test_two_people_approve_and_the_card_says_so(self, slack: SandboxSlack, bot: Bot, house: House) -> None:
        house.add()
        bot.show(CASE)

        first = slack.click(AMELIA_ID, "approve")
        bot.work()
        second = slack.click(NOAH_ID, "approve")
        bot.work()

        assert first["acknowledged"] is second["acknowledged"] is True
        assert [type(outcome) for _, outcome in house.decisions] == [Counted, Decided]
        assert isinstance(house.shown_cases[CASE].case, Approved)
        assert slack.whispers(AMELIA_ID) == ["Your approval of CASE-4711 counts. It still takes 1 of: Finance."]
        assert slack.whispers(NOAH_ID) == [
            "You approved CASE-4711. It has every approval it needs; the payout is under way."
        ]
        assert "actions" not in kinds(slack.only_message())

    def test_a_double_click_counts_once_and_both_are_answered(
        self, slack: SandboxSlack, bot: Bot, house: House
    ) -> None:
        house.add()
        bot.show(CASE)

        slack.click(AMELIA_ID, "approve")
        slack.click(AMELIA_ID, "approve")
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

        slack.click(WEI_ID, "approve")
        bot.work()

        (told,) = slack.whispers(WEI_ID)
        assert told.startswith("晚了一步：Amelia Chen（补偿主管）已于 <!date^")

    def test_a_click_on_an_old_proposal_is_told_the_new_one(self, slack: SandboxSlack, bot: Bot, house: House) -> None:
        house.add()
        bot.show(CASE)
        house.change(CASE, case=awaiting(proposal(revision=2, amount=usdt("90"))))

        slack.click(AMELIA_ID, "approve")
        bot.work()

        assert "it is now 90.00 USDT (revision 2)" in slack.whispers(AMELIA_ID)[0]
        assert isinstance(house.shown_cases[CASE].case, AwaitingApproval)

    def test_somebody_without_a_role_is_told_so_and_nothing_happens(
        self, slack: SandboxSlack, bot: Bot, house: House
    ) -> None:
        house.add()
        bot.show(CASE)

        slack.click(LUCA_ID, "approve")
        slack.click("U0MEILIN001", "approve")
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

        assert slack.click(AMELIA_ID, "approve", value=value)["acknowledged"]
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

        slack.click(WEI_ID, "reject")
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
        assert "Rejected by 张伟 Wei Zhang (Compensation lead)" in json.dumps(slack.only_message(), ensure_ascii=False)

    def test_a_question_to_the_agent_is_passed_on(self, slack: SandboxSlack, bot: Bot, house: House) -> None:
        house.add()
        bot.show(CASE)

        slack.click(AMELIA_ID, "ask_agent")
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

        slack.click(AMELIA_ID, "why")
        slack.click(LUCA_ID, "why")
        house.change(CASE, case=paid())
        slack.click(NOAH_ID, "reject")

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

        report = slack.click(AMELIA_ID, "approve")

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
    until(lambda: slack.click(AMELIA_ID, "approve")["acknowledged"])
    bot.work()

    assert next(type(outcome) for _, outcome in house.decisions) is Counted
    assert slack.whispers(AMELIA_ID)[0] == "Your approval of CASE-4711 counts. It still takes 1 of: Finance."
