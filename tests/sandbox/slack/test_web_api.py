"""The Web API as slack_sdk's own client sees it, each answer held against the vendor's schema."""

from typing import Any

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

CHANNEL = "C0COMPENSA1"
AMELIA = "U0AMELIA001"
CARD = [
    {"type": "header", "text": {"type": "plain_text", "text": "Goodwill 180.50 USDT · Order A-20931"}},
    {"type": "section", "fields": [{"type": "mrkdwn", "text": "*Customer*\nC-100023"}]},
    {
        "type": "actions",
        "block_id": "decide",
        "elements": [
            {
                "type": "button",
                "action_id": "approve",
                "text": {"type": "plain_text", "text": "Approve 180.50 USDT"},
                "style": "primary",
                "value": "CASE-1:r1",
                "confirm": {
                    "title": {"type": "plain_text", "text": "Pay 180.50 USDT?"},
                    "text": {"type": "mrkdwn", "text": "To *C-100023*"},
                    "confirm": {"type": "plain_text", "text": "Pay"},
                    "deny": {"type": "plain_text", "text": "Back"},
                },
            },
        ],
    },
]


@pytest.fixture
def client(slack: Any) -> WebClient:
    made = WebClient(token="xoxb-sandbox-bot", base_url=f"{slack.url}/api/", retry_handlers=[])
    made.proxy = None
    return made


def refusal(work: Any) -> dict[str, Any]:
    with pytest.raises(SlackApiError) as caught:
        work()
    return caught.value.response.data


def test_the_token_tells_who_we_are(client: WebClient, valid: Any) -> None:
    answer = client.auth_test()

    valid("R_AuthTest", answer.data)
    assert (answer["user_id"], answer["bot_id"], answer["team_id"]) == ("U0MAKEWHOLE", "B0MAKEWHOLE", "T0HARBOR001")


def test_a_posted_card_stands_in_the_history_with_its_metadata(client: WebClient, valid: Any) -> None:
    metadata = {"event_type": "makewhole_card", "event_payload": {"case": "CASE-1"}}

    posted = client.chat_postMessage(channel=CHANNEL, text="Goodwill 180.50 USDT", blocks=CARD, metadata=metadata)
    plain = client.conversations_history(channel=CHANNEL)
    full = client.conversations_history(channel=CHANNEL, include_all_metadata=True)

    valid("R_ChatPostMessage", posted.data)
    valid("R_ConversationsHistory", full.data)
    assert posted["message"]["blocks"][2]["block_id"] == "decide"
    assert "metadata" not in plain["messages"][0]
    assert full["messages"][0]["metadata"] == metadata
    assert full["messages"][0]["ts"] == posted["ts"]
