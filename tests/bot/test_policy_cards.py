"""A submitted policy in Slack: shown once, released or sent back by a click of somebody else."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.approvals import ForgedClick, PolicySaid, read_delivery
from bot.calls import SlackCalls
from bot.policies import RELEASE, SEND_BACK, PolicyValue, policy_answer_text
from bot.policy_cards import PolicyCards
from bot.words import words
from cases.people import People
from connectors.contract import TryLater
from store.policies import State, Version
from tests.bot.conftest import SandboxSlack, kinds
from tests.bot.harbor import NOON, PEOPLE, ROUTING, person
from tests.bot.payloads import click
from tests.bot.test_kept import Kept
from workflow import releasing
from workflow.releasing import Refused, Taken, WhyNot, draft

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

    def submit(self, pays: str) -> Version:
        text = SHIPPED.read_text(encoding="utf-8").replace("version: 1", "version: 2")
        text = text.replace("from: 2025-01-01", "from: 2027-01-01").replace("15 USDT", pays)
        author = self.kept.desk.people.by_id("amelia")
        assert author is not None
        given = [draft(text, SHIPPED.name, people=None)]
        with self.kept.database.begin() as tx:
            (version,) = releasing.submit(self.kept.desk, tx, given, {}, author, now=NOON)
        return version

    def show(self, version: Version, what: str = "submitted") -> None:
        self.cards.show(f"{version.id}/{version.text_hash[:16]}/{what}", now=NOON)

    def click(self, action: str, slack_id: str, version: Version | None = None) -> releasing.Outcome:
        value = PolicyValue.of(version or self.version).text()
        said = read_delivery(click(action, value, user=slack_id))
        assert isinstance(said, PolicySaid)
        return self.desk.say_of_policy(said, delivery_id=f"click:{slack_id}", now=NOON + timedelta(hours=1))

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

    own, yes = waiting.click(RELEASE, "U0AMELIA001"), waiting.click(RELEASE, "U0YUKI00001")
    waiting.show(waiting.version, "released")

    assert "actions" in kinds(asked)
    assert "<@U0YUKI00001>" in str(asked["blocks"])
    assert "<@U0AMELIA001>" not in str(asked["blocks"])
    assert f"<{page_of(waiting.version, 'en')}|Read it: what it changes, on which cases, and why>" in str(asked)
    assert isinstance(own, Refused)
    assert own.why is WhyNot.OWN_TEXT
    assert isinstance(yes, Taken)
    assert (yes.version.state, yes.version.decided_by) == (State.RELEASED, "yuki")
    released = waiting.card()
    assert "actions" not in kinds(released)
    assert "Yuki Tanaka released delayed-withdrawal@2" in str(released["blocks"])


def test_a_click_on_an_old_text_changes_nothing_and_its_card_says_so(waiting: Waiting) -> None:
    waiting.show(waiting.version)
    newer = waiting.submit("21 USDT")

    refused = waiting.click(RELEASE, "U0YUKI00001", waiting.version)
    waiting.show(waiting.version, "replaced")

    assert isinstance(refused, Refused)
    assert refused.why is WhyNot.OTHER_TEXT
    assert refused.version is not None
    assert (refused.version.state, refused.version.text_hash) == (State.SUBMITTED, newer.text_hash)
    assert "Another text was submitted in its place" in str(waiting.card()["blocks"])
    assert "actions" not in kinds(waiting.card())


def test_it_is_sent_back_and_a_second_word_comes_too_late(waiting: Waiting) -> None:
    back, late = waiting.click(SEND_BACK, "U0YUKI00001"), waiting.click(RELEASE, "U0YUKI00001")

    waiting.show(waiting.version, "rejected")

    assert isinstance(back, Taken)
    assert back.version.state is State.REJECTED
    assert isinstance(late, Refused)
    assert late.why is WhyNot.NOT_WAITING
    # Nothing was shown before it was decided, so nothing is posted any more.
    assert waiting.slack.messages() == []
    told = policy_answer_text(late, waiting.kept.desk.people, words("zh"))
    assert "Yuki Tanaka 已于" in told
    assert "退回 delayed-withdrawal@2" in told


def test_a_post_whose_answer_is_lost_is_found_again(waiting: Waiting) -> None:
    waiting.slack.fault("dropped_after_write", "POST /api/chat.postMessage")

    with pytest.raises(TryLater):
        waiting.show(waiting.version)
    waiting.show(waiting.version)

    assert len(waiting.slack.messages()) == 1


def test_a_value_that_we_never_gave_out_is_forged() -> None:
    assert isinstance(read_delivery(click(RELEASE, '{"name": "x"}')), ForgedClick)
