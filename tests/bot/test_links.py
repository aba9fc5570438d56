"""A question about a link in Slack: asked once, where the case is, answered by a click, and edited to say by whom."""

import json
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.answering import Answering
from bot.approvals import ForgedClick, LinkSaid, read_delivery
from bot.asking import PATIENCE, Asking
from bot.calls import SlackCalls
from bot.kept_links import KeptLinks
from bot.links import LinkContent, link_answer_text, question_message
from bot.values import Forged, LinkValue
from bot.words import words
from connectors.contract import TryLater
from store import links, tickets
from store.links import Answer, LinkQuestion
from store.tickets import Reading
from tests.bot.conftest import SandboxSlack
from tests.bot.harbor import NOON, PEOPLE, ROUTING
from tests.bot.payloads import click
from tests.bot.test_kept import Kept
from tests.workflow.three_desks import cause, zendesk
from workflow.link_answers import Impossible, NotYours, Refused, Taken, TakenBefore
from workflow.telling import tell_question

AMELIA_ID, WEI_ID, STRANGER_ID = "U0AMELIA001", "U0WEIZHANG1", "U0MEILIN001"
ASKED = LinkQuestion(
    id=3,
    ref="zendesk:harbor:7",
    case_number=4711,
    reason="<!channel> One names *the other*.",
    asked_at=NOON,
    answer=None,
    answered_by=None,
    answered_at=None,
)
ANSWERED = replace(ASKED, answer=Answer.SAME, answered_by="amelia", answered_at=NOON)
VALUE = LinkValue.of(ASKED).text()


def content(question: LinkQuestion = ASKED, ticket: str = "Jira ENG-5", subject: str | None = None) -> LinkContent:
    return LinkContent(
        question=question,
        ticket=ticket,
        ticket_url="https://harbor.atlassian.net/browse/ENG-5",
        subject=subject,
        reason=question.reason,
        url="http://127.0.0.1/cases/CASE-4711",
        topic=None,
        customer_id=None,
    )


def kinds(blocks: str) -> list[str]:
    return [each["type"] for each in json.loads(blocks)]


# --- What is shown ----------------------------------------------------------------------------------------------------


def test_a_question_has_two_buttons_until_it_is_answered() -> None:
    asked, answered = question_message(content(), PEOPLE, "en"), question_message(content(ANSWERED), PEOPLE, "en")

    assert asked.text == "Do Jira ENG-5 and CASE-4711 tell of one loss?"
    buttons = asked.as_list()[-1]["elements"]
    assert [(each["action_id"], each["text"]["text"]) for each in buttons] == [
        ("same_loss", "Same loss"),
        ("different_loss", "Different"),
    ]
    assert {each["value"] for each in buttons} == {VALUE}
    assert kinds(asked.blocks) == ["section", "section", "actions"]
    assert kinds(answered.blocks) == ["section", "section", "section"]
    assert "Amelia Chen said on" in answered.text
    assert answered.text.endswith("Jira ENG-5 and CASE-4711 tell of one loss.")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"answer": Answer.APART}, "Jira ENG-5 and CASE-4711 are apart."),
        ({"answered_by": "sync"}, "Jira ENG-5 and CASE-4711 tell of one loss: their tickets said so on "),
        ({"answered_by": "gone"}, "gone said on "),
    ],
)
def test_an_answer_says_who_said_what(changes: dict[str, Any], said: str) -> None:
    assert said in question_message(content(replace(ANSWERED, **changes)), PEOPLE, "en").text


def test_a_question_leads_to_its_ticket_and_its_case() -> None:
    shown = question_message(content(), PEOPLE, "en").as_list()[0]

    ticket, case = (
        "<https://harbor.atlassian.net/browse/ENG-5|Jira ENG-5>",
        "<http://127.0.0.1/cases/CASE-4711|CASE-4711>",
    )
    assert shown["text"]["text"] == f":link: Do {ticket} and {case} tell of one loss?"


def test_foreign_words_mention_nobody() -> None:
    shown = question_message(
        content(ticket="<!here> & <@U0AMELIA001>", subject="<!channel> The node is down"), PEOPLE, "en"
    )

    assert "<!here>" not in shown.text
    marked = [each["text"]["text"] for each in shown.as_list() if each.get("text", {}).get("type") == "mrkdwn"]
    assert all("<!" not in each and "<@" not in each for each in marked)


def test_a_question_is_asked_in_the_language_of_its_channel() -> None:
    assert question_message(content(), PEOPLE, "zh").text == "Jira ENG-5 与 CASE-4711 说的是同一笔损失吗？"


@pytest.mark.parametrize(
    ("outcome", "said"),
    [
        (Taken(question=ANSWERED), "Thank you. Amelia Chen said on "),
        (TakenBefore(question=ANSWERED), "This was answered already. Amelia Chen said on "),
        (Impossible(reason="CASE-1 is paid."), "That cannot be done: CASE-1 is paid. The question stays open."),
        (Refused(why=NotYours.UNKNOWN_PERSON), "You are not in the role table"),
        (Refused(why=NotYours.NO_ROLE), "You hold no role"),
        (Refused(why=NotYours.NO_QUESTION), "There is no such question any more."),
    ],
)
def test_whoever_clicks_is_told_what_came_of_it(outcome: Any, said: str) -> None:
    assert link_answer_text(outcome, PEOPLE, words("en")).startswith(said)


# --- What a click says ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("action", "same"), [("same_loss", True), ("different_loss", False)])
def test_a_click_says_which_question_and_what(action: str, *, same: bool) -> None:
    assert read_delivery(click(action, VALUE)) == LinkSaid(
        slack_id=AMELIA_ID, question=3, fingerprint=ASKED.fingerprint, same=same, channel="C0COMPENSA1"
    )


@pytest.mark.parametrize(
    "value",
    [None, "", "{}", VALUE.replace("3", '"3"'), VALUE.replace("}", ',"x":1}'), VALUE.replace("3", "0"), "[" * 9999],
)
def test_a_value_that_we_never_gave_out_is_forged(value: str | None) -> None:
    assert isinstance(read_delivery(click("same_loss", value)), ForgedClick)
    with pytest.raises(Forged):
        LinkValue.read(value)


# --- Over the wire ----------------------------------------------------------------------------------------------------


class Asked(Kept):
    """A desk with one case that waits, one question about it, and a Slack."""

    def __init__(self, folder: Path, slack: SandboxSlack) -> None:
        super().__init__(folder)
        self.slack = slack
        self.case_id = self.ask().about.id
        calls = SlackCalls(token="xoxb-sandbox-bot", bot_user_id="U0MAKEWHOLE", base_url=slack.api, timeout_seconds=5)
        kept_links = KeptLinks(desk=self.desk)
        self.asking = Asking(
            slack=calls, links=kept_links, cards=self.cards, cases=self.cases, lines=self.lines, routing=ROUTING,
            people=PEOPLE,
        )  # fmt: skip  # One line of parts.
        self.answering = Answering(
            slack=calls, inbox=self.inbox, desk=self.kept_desk, cases=self.cases, people=PEOPLE, routing=ROUTING
        )
        with self.database.begin() as tx:
            question = links.ask(tx, "zendesk:harbor:7", self.desk.cases.find(tx.connection, self.case_id).number,
                                 "It may be.", now=NOON)  # fmt: skip  # As above.
            assert question is not None
            tell_question(tx, question, now=NOON)
        self.question = question

    def show(self, *, item: int = 1, now: datetime = NOON + PATIENCE) -> None:
        self.asking.show(f"question/{self.question.id}#{item}", now=now)

    def click(self, action: str, user: str, number: int, *, value: str | None = None) -> None:
        """Let somebody click, and do the job that answers them; twice, as after a crash."""
        body = click(action, value or LinkValue.of(self.question).text(), user=user)
        self.inbox.keep("slack", f"click:{number}", json.dumps(body), now=NOON)
        for _ in range(2):
            self.answering.handle("slack", f"click:{number}", now=NOON)

    def answer(self) -> tuple[str | None, str | None]:
        with self.database.read() as connection:
            found = links.find(connection, self.question.id)
        assert found is not None
        return found.answer, found.answered_by


@pytest.fixture
def asked(tmp_path: Path, slack: SandboxSlack) -> Any:
    made = Asked(tmp_path, slack)
    yield made
    made.engine.dispose()


def stand_a_card(asked: Asked) -> str:
    """Let the case have a card in the channel."""
    from bot.cards import SlackMessage

    blocks = [{"type": "section", "text": {"type": "plain_text", "text": "The card"}}]
    ts = asked.asking.slack.post("C0COMPENSA1", SlackMessage.of("The card", blocks), mark="card/x", now=NOON)
    asked.cards.mean_to_post(asked.case_id, "C0COMPENSA1", now=NOON)
    asked.cards.shown(asked.case_id, ts=ts, version=1)
    return ts


def test_a_question_stands_in_the_thread_of_the_cases_card_once(asked: Asked, slack: SandboxSlack) -> None:
    ts = stand_a_card(asked)

    for _ in range(3):
        asked.show(now=NOON)

    (_, question) = slack.messages()
    assert question["thread_ts"] == ts
    assert question["text"] == f"Do Zendesk 7 and {asked.case_id} tell of one loss?"


def test_a_question_waits_a_moment_for_a_card_and_then_stands_in_the_channel(asked: Asked, slack: SandboxSlack) -> None:
    with pytest.raises(TryLater):
        asked.show(now=NOON + timedelta(seconds=1))
    assert slack.messages() == []

    asked.show()

    assert slack.only_message()["thread_ts"] in (None, slack.only_message()["ts"])


def test_a_post_whose_answer_was_lost_is_not_posted_twice(asked: Asked, slack: SandboxSlack) -> None:
    stand_a_card(asked)
    slack.fault("dropped_after_write", "POST /api/chat.postMessage")

    with pytest.raises(TryLater):
        asked.show(now=NOON)
    asked.show(now=NOON + timedelta(minutes=1))

    assert len(slack.messages()) == 2


def test_a_click_answers_and_the_message_says_who(asked: Asked, slack: SandboxSlack) -> None:
    stand_a_card(asked)
    asked.show(now=NOON)

    asked.click("different_loss", AMELIA_ID, 1)
    asked.click("same_loss", WEI_ID, 2)
    asked.show(item=2, now=NOON)

    assert asked.answer() == ("apart", "amelia")
    (_, question) = slack.messages()
    assert "actions" not in [block["type"] for block in question["blocks"]]
    assert "Amelia Chen said on" in question["text"]
    assert slack.whispers(AMELIA_ID)[0].startswith("Thank you. Amelia Chen said on")
    assert slack.whispers(WEI_ID)[0].startswith("此问题已有答复。Amelia Chen 于")


@pytest.mark.parametrize(("user", "value"), [(STRANGER_ID, None), (AMELIA_ID, VALUE)])
def test_a_stranger_and_a_value_of_another_question_answer_nothing(
    asked: Asked, slack: SandboxSlack, user: str, value: str | None
) -> None:
    stand_a_card(asked)
    asked.show(now=NOON)

    asked.click("same_loss", user, 1, value=value)

    assert asked.answer() == (None, None)
    assert len(slack.whispers(user)) >= 1


def test_a_question_that_somebody_deleted_in_slack_is_not_posted_again(asked: Asked, slack: SandboxSlack) -> None:
    stand_a_card(asked)
    asked.show(now=NOON)
    asked.click("different_loss", AMELIA_ID, 1)
    (_, question) = slack.messages()
    asked.asking.slack._client.chat_delete(channel=question["channel"], ts=question["ts"])

    asked.show(item=2, now=NOON)

    assert len(slack.messages()) == 1


def test_a_question_names_tickets_by_what_people_know_and_shows_no_customers_words(asked: Asked) -> None:
    told, issue = zendesk("7"), cause()
    reason = f"{told.ref} and {issue.ref}: one names the other in its text, as does zendesk:harbor:99."
    with asked.database.begin() as tx:
        tickets.keep(tx, tuple(Reading(ticket=each, raw=b"{}", topic=None) for each in (told, issue)))
        number = asked.desk.cases.find(tx.connection, asked.case_id).number
        second = links.ask(tx, str(issue.ref), number, reason, now=NOON)
    assert second is not None
    kept = KeptLinks(desk=asked.desk)

    of_customer, of_colleague = kept.content(asked.question.id), kept.content(second.id)

    assert of_customer is not None
    assert of_colleague is not None
    assert (of_customer.ticket, of_customer.subject) == ("Zendesk 7", None)
    assert of_customer.ticket_url == "https://harbor.zendesk.com/agent/tickets/7"
    assert (of_colleague.ticket, of_colleague.subject) == ("Jira ENG-5", issue.subject)
    assert of_colleague.reason == ("Zendesk 7 and Jira ENG-5: one names the other in its text, as does Zendesk 99.")
