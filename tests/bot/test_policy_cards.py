"""A submitted policy in Slack: shown once, released or sent back by a click of somebody else."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.approvals import ForgedClick, NothingToDo, PolicySaid, read_delivery, submission_mistakes
from bot.calls import SlackCalls
from bot.kept_policies import KeptPolicies
from bot.policies import RELEASE, SEND_BACK, SENDING_BACK, policy_answer_text
from bot.policy_cards import PolicyCards
from bot.showing import Showing
from bot.values import PolicyModalValue, PolicyValue
from bot.words import words
from cases.people import People
from connectors.contract import TryLater
from policy.mistakes import Finding, Place, Weight
from store import policy_history
from store.policies import State, Version
from tests.bot.conftest import SandboxSlack, kinds
from tests.bot.harbor import NOON, PEOPLE, ROUTING, person
from tests.bot.payloads import click, sending_back
from tests.bot.test_kept import Kept
from workflow import releasing, submitting
from workflow.releasing import Refused, Taken, WhyNot
from workflow.submitting import draft

SHIPPED = Path(__file__).parents[2] / "config/policies/delayed-withdrawal.yaml"
YUKI = person("yuki", "Yuki Tanaka", "U0YUKI00001", role="policy_approver")


def page_of(version: Version, language: str) -> str:
    """Return the address of a version's page, as the assembly makes it."""
    return f"https://makewhole.harbor.example/policies/{version.text_hash[:16]}?key=0&lang={language}"


class Waiting:
    """A second version of a policy that Amelia has submitted, and Slack to show it in."""

    def __init__(self, kept: Kept, slack: SandboxSlack) -> None:
        kept.desk = replace(kept.desk, people=People(everyone=(*PEOPLE.everyone, YUKI)))
        self.kept = kept
        self.desk = kept.kept_desk = replace(kept.kept_desk, desk=kept.desk)
        self.slack = slack
        calls = SlackCalls(token="xoxb-sandbox-bot", bot_user_id="U0MAKEWHOLE", base_url=slack.api)
        self.cards = PolicyCards(slack=calls, desk=kept.desk, routing=ROUTING, url=page_of)
        self.version = self.submit("20 USDT")

    def submit(self, pays: str, *, found: Finding | None = None, why: str = "") -> Version:
        text = SHIPPED.read_text(encoding="utf-8").replace("version: 1", "version: 2")
        text = text.replace("from: 2025-01-01", "from: 2027-01-01").replace("15 USDT", pays)
        author = self.kept.desk.people.by_id("amelia")
        assert author is not None
        given = replace(draft(text, SHIPPED.name, people=None), findings=(found,) if found else ())
        waivers = {found.key: why} if found else {}
        with self.kept.database.begin() as tx:
            (version,) = submitting.submit(self.kept.desk, tx, [given], waivers, author, now=NOON)
        return version

    def show(self, version: Version, what: str = "submitted") -> None:
        self.cards.show(f"{version.id}/{version.text_hash[:16]}/{what}", now=NOON)

    def release(self, slack_id: str, version: Version | None = None) -> releasing.Outcome:
        return self.said(click(RELEASE, PolicyValue.of(version or self.version).text(), user=slack_id))

    def send_back(self, slack_id: str, reason: str = "The cap is missing.") -> releasing.Outcome:
        carried = PolicyModalValue(**PolicyValue.of(self.version).model_dump(), channel="C0COMPENSA1")
        return self.said(sending_back(reason, metadata=carried.text(), user=slack_id))

    def said(self, body: dict[str, Any]) -> releasing.Outcome:
        said = read_delivery(body)
        assert isinstance(said, PolicySaid)
        return self.desk.say_of_policy(said, delivery_id=f"click:{said.slack_id}", now=NOON + timedelta(hours=1))

    def modal(self, slack_id: str) -> dict[str, Any]:
        """Return what opens when this person presses *Send back*."""
        desk = self.kept.desk
        showing = Showing(cases=self.kept.cases, policies=KeptPolicies(desk=desk), people=desk.people, routing=ROUTING)
        return showing.modal(click(SEND_BACK, PolicyValue.of(self.version).text(), user=slack_id), now=NOON)

    def card(self) -> dict[str, Any]:
        return self.slack.only_message()


@pytest.fixture
def waiting(tmp_path: Path, slack: SandboxSlack) -> Iterator[Waiting]:
    kept = Kept(tmp_path)
    yield Waiting(kept, slack)
    kept.engine.dispose()


def test_it_is_shown_once_and_released_by_somebody_else(waiting: Waiting) -> None:
    waiting.show(waiting.version)
    waiting.show(waiting.version)
    asked = waiting.card()

    own, yes = waiting.release("U0AMELIA001"), waiting.release("U0YUKI00001")
    waiting.show(waiting.version, "released")

    assert "actions" in kinds(asked)
    assert "<@U0YUKI00001>" in str(asked["blocks"])
    assert "<@U0AMELIA001>" not in str(asked["blocks"])
    assert f"<{page_of(waiting.version, 'en')}|Read it: what it changes, on which cases, and why>" in str(asked)
    assert isinstance(own, Refused)
    assert own.why is WhyNot.OWN_TEXT
    assert isinstance(yes, Taken)
    assert (yes.version.state, yes.version.decided_by) == (State.RELEASED, "yuki")
    released, told = waiting.slack.messages()
    assert told["text"].startswith("<@U0AMELIA001> :white_check_mark: Yuki Tanaka released delayed-withdrawal@2 on")
    assert "actions" not in kinds(released)
    assert "Yuki Tanaka released delayed-withdrawal@2" in str(released["blocks"])


def test_a_click_on_an_old_text_changes_nothing_and_its_card_says_so(waiting: Waiting) -> None:
    waiting.show(waiting.version)
    newer = waiting.submit("21 USDT")

    refused = waiting.release("U0YUKI00001", waiting.version)
    waiting.show(waiting.version, "replaced")

    assert isinstance(refused, Refused)
    assert refused.why is WhyNot.SUBMITTED_ANEW
    assert refused.version is not None
    assert (refused.version.state, refused.version.text_hash) == (State.SUBMITTED, newer.text_hash)
    assert "Another text was submitted in its place" in str(waiting.card()["blocks"])
    assert "actions" not in kinds(waiting.card())


def test_it_goes_back_with_a_reason_that_its_author_reads(waiting: Waiting) -> None:
    waiting.show(waiting.version)
    asked = waiting.modal("U0YUKI00001")

    back = waiting.send_back("U0YUKI00001", " The cap is missing.\n<!channel> ")
    waiting.show(waiting.version, "rejected-1")
    waiting.show(waiting.version, "rejected-1")

    assert (asked["callback_id"], asked["title"]["text"]) == (SENDING_BACK, "Send back")
    assert isinstance(back, Taken)
    assert (back.version.state, back.version.reason) == (State.REJECTED, "The cap is missing.\n<!channel>")
    card, told = waiting.slack.messages()
    assert "actions" not in kinds(card)
    assert "Yuki Tanaka sent delayed-withdrawal@2 back on" in str(card["blocks"])
    assert "The cap is missing." in str(card["blocks"])
    assert "waits for its release" not in str(card["blocks"])
    assert told["thread_ts"] == card["ts"]
    assert told["text"].startswith("<@U0AMELIA001> :leftwards_arrow_with_hook: Yuki Tanaka sent")
    assert "The cap is missing." in told["text"]
    assert "<!channel>" not in str((card, told))
    with waiting.kept.database.read() as connection:
        record = policy_history.history(connection, "delayed-withdrawal")[-1]
    assert (record.actor, record.event, dict(record.detail)["reason"]) == ("yuki", "rejected", back.version.reason)


def test_nothing_goes_back_without_a_reason(waiting: Waiting) -> None:
    carried = PolicyModalValue(**PolicyValue.of(waiting.version).model_dump()).text()

    for empty in (None, "", "  \n"):
        body = sending_back(empty, metadata=carried)
        assert submission_mistakes(body, "zh") == {"why_back": "请说明需要修改什么。"}
        assert read_delivery(body) == NothingToDo(why="the modal said what to mend")
    pressed = read_delivery(click(SEND_BACK, PolicyValue.of(waiting.version).text()))
    assert pressed == NothingToDo(why="send_back_policy was answered with a modal")


@pytest.mark.parametrize(
    ("slack_id", "what"),
    [("U0LUCA00001", "You may not release delayed-withdrawal@2"), ("U0STRANGER1", "You are not in the role table")],
)
def test_whoever_may_not_decide_is_told_so_before_they_write(waiting: Waiting, slack_id: str, what: str) -> None:
    told = waiting.modal(slack_id)

    assert told["title"]["text"] != "Send back"
    assert what in str(told["blocks"])


def test_an_author_may_take_a_text_back(waiting: Waiting) -> None:
    waiting.show(waiting.version)

    back = waiting.send_back("U0AMELIA001")
    waiting.show(waiting.version, "rejected-1")

    assert isinstance(back, Taken)
    # Nobody is told what they did themselves.
    assert len(waiting.slack.messages()) == 1


def test_a_second_word_comes_too_late_and_hears_the_first(waiting: Waiting) -> None:
    back, late = waiting.send_back("U0YUKI00001"), waiting.release("U0YUKI00001")

    waiting.show(waiting.version, "rejected-1")
    modal = waiting.modal("U0YUKI00001")

    assert isinstance(back, Taken)
    assert isinstance(late, Refused)
    assert late.why is WhyNot.NOT_WAITING
    assert modal["title"]["text"] == "Nothing to do"
    assert "Nothing changed. :leftwards_arrow_with_hook: Yuki Tanaka sent delayed-withdrawal@2 back" in str(modal)
    # Nothing was shown before it was decided, so nothing is posted any more.
    assert waiting.slack.messages() == []
    told = policy_answer_text(late, waiting.kept.desk.people, words("zh"))
    assert "Yuki Tanaka 已于" in told
    assert "退回 delayed-withdrawal@2" in told
    assert "The cap is missing." in told


def test_a_click_on_waivers_that_were_replaced_changes_nothing_and_the_card_shows_the_new_ones(
    waiting: Waiting,
) -> None:
    place = Place(file=SHIPPED.name, line=60, column=5)
    found = Finding(place=place, what="it never binds", code="never-binds", about="cap", weight=Weight.FINDING)
    seen = waiting.submit("21 USDT", found=found, why="a second lock")
    waiting.show(seen)
    other = waiting.submit("21 USDT", found=found, why="the table may grow")

    refused = waiting.release("U0YUKI00001", seen)
    waiting.show(other)

    assert isinstance(refused, Refused)
    assert refused.why is WhyNot.SUBMITTED_ANEW
    assert refused.version == other
    card = str(waiting.card()["blocks"])
    assert "it never binds: the table may grow" in card
    assert "a second lock" not in card
    assert PolicyValue.of(other).text() in card
    said = policy_answer_text(refused, waiting.kept.desk.people, words("zh"))
    assert "另一份文本或其他豁免理由" in said
    assert isinstance(waiting.release("U0YUKI00001", other), Taken)


def test_a_text_that_was_replaced_cannot_go_back(waiting: Waiting) -> None:
    waiting.submit("21 USDT")

    modal, word = waiting.modal("U0YUKI00001"), waiting.send_back("U0YUKI00001")

    assert "was submitted anew, with another text or other waivers: look at its latest card" in str(modal)
    assert isinstance(word, Refused)
    assert word.why is WhyNot.SUBMITTED_ANEW
    assert word.version is not None
    assert word.version.state is State.SUBMITTED


def test_a_post_whose_answer_is_lost_is_found_again(waiting: Waiting) -> None:
    waiting.slack.fault("dropped_after_write", "POST /api/chat.postMessage")

    with pytest.raises(TryLater):
        waiting.show(waiting.version)
    waiting.show(waiting.version)

    assert len(waiting.slack.messages()) == 1


def test_a_value_that_we_never_gave_out_is_forged() -> None:
    assert isinstance(read_delivery(click(RELEASE, '{"name": "x"}')), ForgedClick)
