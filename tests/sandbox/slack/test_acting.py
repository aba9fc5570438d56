"""A Bolt app over HTTP and over Socket Mode, and people acting on what it shows."""

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_sdk.web.async_client import AsyncWebClient

CHANNEL = "C0COMPENSA1"
AMELIA = "U0AMELIA001"
PLAIN = {"type": "plain_text", "text": "Reject"}
BUTTONS = [
    {
        "type": "actions",
        "block_id": "decide",
        "elements": [
            {
                "type": "button",
                "action_id": "approve",
                "text": {"type": "plain_text", "text": "Approve"},
                "value": "CASE-1:r1",
            },
            {"type": "button", "action_id": "reject", "text": PLAIN, "value": "CASE-1:r1"},
        ],
    }
]


class SocketRunner:
    """Runs a Bolt app in Socket Mode in a loop of its own."""

    def __init__(self, bot: Any) -> None:
        self.bot = bot
        self.loop = asyncio.new_event_loop()
        self.stopping = asyncio.Event()
        self.thread = threading.Thread(target=lambda: self.loop.run_until_complete(self.run()), daemon=True)
        self.thread.start()

    async def run(self) -> None:
        web = AsyncWebClient(token="xapp-sandbox-app", base_url=f"{self.bot.slack.url}/api/", retry_handlers=[])
        web.proxy = None
        handler = AsyncSocketModeHandler(self.bot.bolt(), "xapp-sandbox-app", web_client=web)
        await handler.connect_async()  # type: ignore[no-untyped-call]  # Bolt has it untyped.
        await self.stopping.wait()
        await handler.close_async()  # type: ignore[no-untyped-call]  # As above.
        await asyncio.sleep(0)

    def stop(self) -> None:
        self.loop.call_soon_threadsafe(self.stopping.set)
        self.thread.join(10)
        self.loop.close()


@pytest.fixture(params=["http", "socket"])
def bot(request: Any, slack: Any, make_bot: Callable[..., Any], eventually: Any) -> Iterator[Any]:
    if request.param == "http":
        yield make_bot(slack)
    else:
        made = make_bot(slack, listens=False)
        slack.settings(socket_mode=True)
        runner = SocketRunner(made)
        eventually(lambda: slack.state()["sockets"] == 1)
        yield made
        runner.stop()


@pytest.fixture
def card(slack: Any) -> str:
    return post_card(slack)


def post_card(slack: Any) -> str:
    headers = {"Authorization": "Bearer xoxb-sandbox-bot"}
    body = {"channel": CHANNEL, "text": "Decide", "blocks": BUTTONS}
    return str(slack.http.post("/api/chat.postMessage", json=body, headers=headers).json()["ts"])


def test_a_click_reaches_the_app_and_the_card_changes(slack: Any, bot: Any, card: str, valid: Any) -> None:
    answer = slack.act("click", user=AMELIA, channel=CHANNEL, ts=card, action_id="approve")

    assert (answer["acknowledged"], answer["status"]) == (True, 200)
    assert 0 < answer["milliseconds"] < 3000
    valid("BlockActions", bot.bodies("approve")[0])
    assert bot.bodies("approve")[0]["actions"][0]["value"] == "CASE-1:r1"
    assert slack.message(card)["text"] == "Approved"
    assert slack.message(card)["blocks"] == []
    assert [one["text"] for one in slack.state()["ephemerals_by_user"][AMELIA]] == ["Thank you"]


def test_a_forged_value_reaches_the_app_as_it_was_forged(slack: Any, bot: Any, card: str) -> None:
    slack.act("click", user=AMELIA, channel=CHANNEL, ts=card, action_id="approve", value="CASE-9:r9")

    assert bot.bodies("approve")[0]["actions"][0]["value"] == "CASE-9:r9"


def test_a_modal_opens_complains_and_closes(slack: Any, bot: Any, card: str, valid: Any) -> None:
    slack.act("click", user=AMELIA, channel=CHANNEL, ts=card, action_id="reject")
    (view,) = slack.state()["views"]

    empty = slack.act("submit", user=AMELIA, values={})
    wordless = slack.act("submit", user=AMELIA, values={"reason": {"code": "other"}})
    still_open = len(slack.state()["views"])
    done = slack.act("submit", user=AMELIA, values={"reason": {"code": "other"}, "note": {"words": "<b>why</b>"}})

    assert (view["user"], view["is_top"], view["private_metadata"]) == (AMELIA, True, "CASE-1:r1")
    assert empty == {"sent": False, "client_errors": {"reason": "Please complete this required field."}}
    assert (wordless["response_action"], wordless["errors"], still_open) == ("errors", {"note": "Say why"}, 1)
    assert (done["acknowledged"], slack.state()["views"]) == (True, [])
    for body in bot.bodies("submitted"):
        valid("ViewSubmission", body)
    assert bot.bodies("submitted")[1]["view"]["state"]["values"]["note"]["words"] == {
        "type": "plain_text_input",
        "value": "<b>why</b>",
    }


def test_closing_a_modal_is_told(slack: Any, bot: Any, card: str, valid: Any) -> None:
    slack.act("click", user=AMELIA, channel=CHANNEL, ts=card, action_id="reject")

    answer = slack.act("close", user=AMELIA)

    assert answer["acknowledged"] is True
    assert slack.state()["views"] == []
    valid("ViewClosed", bot.bodies("closed")[0])


def test_a_command_is_answered_privately(slack: Any, bot: Any, valid: Any) -> None:
    slack.act("command", user=AMELIA, channel=CHANNEL, command="/makewhole", text="queue")

    (body,) = bot.bodies("command")
    valid("SlashCommandPayload", body)
    assert (body["text"], body["user_id"], body["channel_name"]) == ("queue", AMELIA, "compensation")
    assert [one["text"] for one in slack.state()["ephemerals_by_user"][AMELIA]] == ["Two cases wait"]


def test_a_reply_in_a_thread_and_a_mention_are_told(slack: Any, bot: Any, card: str, valid: Any) -> None:
    slack.act("message", user=AMELIA, channel=CHANNEL, thread_ts=card, text="@makewhole is 5 < 6?")

    (mention,) = bot.bodies("app_mention")
    (message,) = bot.bodies("message")
    for body in (mention, message):
        valid("EventEnvelope", body)
        assert body["event"]["thread_ts"] == card
        assert body["event"]["text"] == "<@U0MAKEWHOLE> is 5 &lt; 6?"
    assert mention["event_id"] != message["event_id"]


def test_an_opened_home_is_told_and_filled(slack: Any, bot: Any, valid: Any, eventually: Any) -> None:
    slack.act("app_home", user=AMELIA)

    (view,) = eventually(lambda: slack.state()["views"])
    assert (view["type"], view["user"]) == ("home", AMELIA)
    valid("EventEnvelope", bot.bodies("home")[0])


@pytest.mark.usefixtures("bot")
def test_the_log_tells_every_interaction_with_its_milliseconds(slack: Any, card: str) -> None:
    slack.act("click", user=AMELIA, channel=CHANNEL, ts=card, action_id="approve")

    (logged,) = [one for one in slack.state()["interactions"] if one["kind"] == "block_actions"]
    assert (logged["user"], logged["acknowledged"], logged["attempt"]) == (AMELIA, True, 0)
    assert logged["via"] in ("http", "socket")
    assert logged["milliseconds"] > 0


def test_a_forged_signature_is_refused_by_bolt(slack: Any, make_bot: Any) -> None:
    bot = make_bot(slack)

    body = "payload=" + json.dumps({"type": "block_actions"})
    headers = {"x-slack-request-timestamp": "1531420618", "x-slack-signature": "v0=00"}
    answer = slack.http.post(slack.state()["delivery"]["events"], content=body, headers=headers)

    assert answer.status_code == 401
    assert bot.seen == []


def test_a_socket_that_is_told_to_move_comes_back(slack: Any, make_bot: Any, card: str, eventually: Any) -> None:
    bot = make_bot(slack, listens=False)
    slack.settings(socket_mode=True)
    runner = SocketRunner(bot)
    eventually(lambda: slack.state()["sockets"] == 1)

    warned = slack.http.post("/_sandbox/sockets/refresh").json()["warned"]
    opened = eventually(
        lambda: slack.act("click", user=AMELIA, channel=CHANNEL, ts=card, action_id="approve")["acknowledged"]
    )
    runner.stop()

    assert (warned, opened) == (1, True)
    assert bot.bodies("approve")


def test_an_event_without_a_socket_is_sent_when_one_is_there(make_slack: Any, make_bot: Any, eventually: Any) -> None:
    slack = make_slack(retry_waits=(0.0, 0.5, 0.5))
    bot = make_bot(slack, listens=False)
    slack.settings(socket_mode=True)

    first = slack.act("message", user=AMELIA, channel=CHANNEL, text="anyone?")
    runner = SocketRunner(bot)
    eventually(lambda: bot.bodies("message"))
    runner.stop()

    assert first["error"] == "connection_failed"
    assert bot.bodies("message")[0]["event"]["text"] == "anyone?"
