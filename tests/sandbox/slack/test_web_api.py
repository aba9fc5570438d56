"""The Web API as slack_sdk's own client sees it, each answer held against the vendor's schema."""

from typing import Any

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

CHANNEL = "C0COMPENSA1"
AMELIA = "U0AMELIA001"
CARD: list[dict[str, Any]] = [
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
    return dict(caught.value.response.data)


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


def test_a_card_is_edited_and_its_whole_history_kept(slack: Any, client: WebClient, valid: Any) -> None:
    metadata = {"event_type": "makewhole_card", "event_payload": {"case": "CASE-1"}}
    posted = client.chat_postMessage(channel=CHANNEL, text="Waiting", blocks=CARD, metadata=metadata)

    edited = client.chat_update(channel=CHANNEL, ts=posted["ts"], text="Approved", blocks=CARD[:2])

    valid("R_ChatUpdate", edited.data)
    kept = slack.message(posted["ts"])
    assert [revision["text"] for revision in kept["revisions"]] == ["Waiting", "Approved"]
    assert [len(revision["blocks"]) for revision in kept["revisions"]] == [3, 2]
    assert kept["metadata"] == metadata


def test_an_edit_with_text_alone_takes_the_blocks_away(client: WebClient) -> None:
    posted = client.chat_postMessage(channel=CHANNEL, text="Waiting", blocks=CARD)

    edited = client.chat_update(channel=CHANNEL, ts=posted["ts"], text="Approved")

    assert "blocks" not in edited["message"]
    assert edited["message"]["edited"]["user"] == "U0MAKEWHOLE"


def test_a_thread_is_read_parent_first(client: WebClient, valid: Any) -> None:
    parent = client.chat_postMessage(channel=CHANNEL, text="Case opened")
    replies = [
        client.chat_postMessage(channel=CHANNEL, text=text, thread_ts=parent["ts"]) for text in ("First", "Second")
    ]

    thread = client.conversations_replies(channel=CHANNEL, ts=replies[0]["ts"])
    channel = client.conversations_history(channel=CHANNEL)

    valid("R_ConversationsReplies", thread.data)
    assert [message["text"] for message in thread["messages"]] == ["Case opened", "First", "Second"]
    assert thread["messages"][0]["reply_count"] == 2
    assert [message["text"] for message in channel["messages"]] == ["Case opened"]


def test_a_private_message_reaches_one_person_and_no_history(slack: Any, client: WebClient, valid: Any) -> None:
    answer = client.chat_postEphemeral(channel=CHANNEL, user=AMELIA, text="You may not approve this one.")

    valid("R_ChatPostEphemeral", answer.data)
    assert [one["text"] for one in slack.state()["ephemerals_by_user"][AMELIA]] == ["You may not approve this one."]
    assert client.conversations_history(channel=CHANNEL)["messages"] == []


def test_history_is_read_page_by_page_without_a_gap(client: WebClient) -> None:
    sent = [client.chat_postMessage(channel=CHANNEL, text=f"Message {number}")["ts"] for number in range(7)]

    pages = [page.data for page in client.conversations_history(channel=CHANNEL, limit=3)]
    later = client.conversations_history(channel=CHANNEL, oldest=sent[4])
    with_edge = client.conversations_history(channel=CHANNEL, oldest=sent[4], inclusive=True)

    assert [[one["ts"] for one in page["messages"]] for page in pages] == [sent[:3:-1], sent[3:0:-1], sent[:1]]
    assert [page["has_more"] for page in pages] == [True, True, False]
    assert [one["ts"] for one in later["messages"]] == [sent[6], sent[5]]
    assert [one["ts"] for one in with_edge["messages"]] == [sent[6], sent[5], sent[4]]


def test_people_channels_and_groups_are_listed(client: WebClient, valid: Any) -> None:
    answers = {
        "R_UsersInfo": client.users_info(user="U0WEIZHANG1", include_locale=True),
        "R_UsersList": client.users_list(limit=3),
        "R_UsersLookupByEmail": client.users_lookupByEmail(email="amelia.chen@harbor.example"),
        "R_ConversationsInfo": client.conversations_info(channel="C0BUCHANG01", include_locale=True),
        "R_ConversationsList": client.conversations_list(),
        "R_ConversationsMembers": client.conversations_members(channel=CHANNEL, limit=2),
        "R_ConversationsOpen": client.conversations_open(users=[AMELIA]),
        "R_UsergroupsList": client.usergroups_list(include_users=True, include_count=True),
        "R_UsergroupsUsersList": client.usergroups_users_list(usergroup="S0COMPLEADS"),
    }

    for schema, answer in answers.items():
        valid(schema, answer.data)
    assert answers["R_UsersInfo"]["user"]["locale"] == "zh-CN"
    assert answers["R_ConversationsInfo"]["channel"]["locale"] == "zh-CN"
    assert [one["name"] for one in answers["R_ConversationsList"]["channels"]] == [
        "compensation",
        "补偿审批",
        "fraud-review",
    ]
    everybody = [user["id"] for page in client.users_list(limit=3) for user in page["members"]]
    assert len(everybody) == len(set(everybody)) == 11


def test_a_reaction_and_a_permalink(client: WebClient, valid: Any) -> None:
    posted = client.chat_postMessage(channel="#compensation", text="Done")

    reaction = client.reactions_add(channel=CHANNEL, timestamp=posted["ts"], name="white_check_mark")
    link = client.chat_getPermalink(channel=CHANNEL, message_ts=posted["ts"])
    again = refusal(lambda: client.reactions_add(channel=CHANNEL, timestamp=posted["ts"], name="white_check_mark"))

    valid("R_ReactionsAdd", reaction.data)
    valid("R_ChatGetPermalink", link.data)
    assert again["error"] == "already_reacted"
    assert link["permalink"].endswith("p" + posted["ts"].replace(".", ""))


def test_a_deleted_message_is_gone_for_readers_and_kept_in_the_books(slack: Any, client: WebClient, valid: Any) -> None:
    posted = client.chat_postMessage(channel=CHANNEL, text="Wrong channel")

    valid("R_ChatDelete", client.chat_delete(channel=CHANNEL, ts=posted["ts"]).data)

    assert client.conversations_history(channel=CHANNEL)["messages"] == []
    assert slack.message(posted["ts"])["is_deleted"] is True


def test_a_form_is_taken_as_well_as_json(slack: Any) -> None:
    form = {"token": "xoxb-sandbox-bot", "channel": CHANNEL, "blocks": '[{"type":"divider"}]', "text": "form"}

    answer = slack.http.post("/api/chat.postMessage", data=form).json()

    assert answer["ok"] is True
    assert answer["message"]["blocks"][0]["type"] == "divider"


def test_json_without_a_charset_is_warned_about(slack: Any) -> None:
    headers = {"Authorization": "Bearer xoxb-sandbox-bot", "content-type": "application/json"}

    answer = slack.http.post("/api/auth.test", content=b"{}", headers=headers).json()

    assert (answer["ok"], answer["warning"]) == (True, "missing_charset")


def test_every_refusal_is_one_slack_knows(slack: Any, client: WebClient, shared: Any) -> None:
    import json

    posted = client.chat_postMessage(channel=CHANNEL, text="Mine")
    theirs = slack.act("message", user=AMELIA, channel=CHANNEL, text="Hers")
    slack.http.post("/_sandbox/channels", json={"id": "C0ELSEWHERE", "name": "elsewhere", "members": [AMELIA]})
    slack.http.post("/_sandbox/channels", json={"id": "C0ARCHIVED1", "name": "old", "is_archived": True})
    cases: list[tuple[str, str, dict[str, Any]]] = [
        ("chat.postMessage", "channel_not_found", {"channel": "C0NOWHERE", "text": "x"}),
        ("chat.postMessage", "not_in_channel", {"channel": "C0ELSEWHERE", "text": "x"}),
        ("chat.postMessage", "is_archived", {"channel": "C0ARCHIVED1", "text": "x"}),
        ("chat.postMessage", "no_text", {"channel": CHANNEL}),
        ("chat.postMessage", "msg_too_long", {"channel": CHANNEL, "text": "x" * 40_001}),
        ("chat.postMessage", "too_many_attachments", {"channel": CHANNEL, "attachments": [{"text": "x"}] * 101}),
        ("chat.update", "message_not_found", {"channel": CHANNEL, "ts": "1.000001", "text": "x"}),
        ("chat.update", "cant_update_message", {"channel": CHANNEL, "ts": theirs["ts"], "text": "x"}),
        ("chat.update", "msg_too_long", {"channel": CHANNEL, "ts": posted["ts"], "text": "x" * 4_001}),
        ("chat.delete", "cant_delete_message", {"channel": CHANNEL, "ts": theirs["ts"]}),
        ("chat.postEphemeral", "user_not_in_channel", {"channel": CHANNEL, "user": "U0NOBODY", "text": "x"}),
        ("conversations.history", "invalid_ts_oldest", {"channel": CHANNEL, "oldest": "yesterday"}),
        ("conversations.replies", "thread_not_found", {"channel": CHANNEL, "ts": "1.000001"}),
        ("conversations.members", "invalid_cursor", {"channel": CHANNEL, "cursor": "?"}),
        ("conversations.open", "users_list_not_supplied", {}),
        ("conversations.open", "user_not_found", {"users": "U0NOBODY"}),
        ("conversations.join", "is_archived", {"channel": "C0ARCHIVED1"}),
        ("users.info", "user_not_found", {"user": "U0NOBODY"}),
        ("users.lookupByEmail", "users_not_found", {"email": "nobody@harbor.example"}),
        ("reactions.add", "message_not_found", {"channel": CHANNEL, "timestamp": "1.000001", "name": "ok"}),
    ]
    documented = json.loads((shared / "vendor" / "slack" / "error-codes.json").read_text())

    for method, code, arguments in cases:
        assert refusal(lambda: client.api_call(method, json=arguments))["error"] == code  # noqa: B023  # Called here.
        assert code in documented[method], (method, code)


def test_tokens_are_checked_in_slacks_words(slack: Any) -> None:
    def error(method: str, token: str | None) -> str:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return str(slack.http.post(f"/api/{method}", headers=headers).json()["error"])

    assert error("auth.test", None) == "not_authed"
    assert error("auth.test", "xoxb-other") == "invalid_auth"
    assert error("apps.connections.open", "xoxb-sandbox-bot") == "not_allowed_token_type"
    assert error("chat.unknown", "xoxb-sandbox-bot") == "unknown_method"


def test_a_bad_body_is_refused_in_slacks_words(slack: Any) -> None:
    def error(body: bytes, kind: str) -> str:
        headers = {"Authorization": "Bearer xoxb-sandbox-bot", "content-type": kind}
        return str(slack.http.post("/api/chat.postMessage", content=body, headers=headers).json()["error"])

    assert error(b"{", "application/json; charset=utf-8") == "invalid_json"
    assert error(b"[]", "application/json; charset=utf-8") == "json_not_object"
    assert error(b"x", "text/plain") == "invalid_post_type"


def test_a_channel_can_be_rate_limited_alone(slack: Any, client: WebClient) -> None:
    slack.fault(fault="rate_limited_channel", match=f"POST /api/chat.postMessage/{CHANNEL}", times=1, retry_after=7)

    with pytest.raises(SlackApiError) as caught:
        client.chat_postMessage(channel=CHANNEL, text="x")
    elsewhere = client.chat_postMessage(channel="C0FRAUDREV1", text="x")
    afterwards = client.chat_postMessage(channel=CHANNEL, text="x")

    assert (caught.value.response.status_code, caught.value.response["error"]) == (429, "ratelimited")
    assert caught.value.response.headers["Retry-After"] == "7"
    assert elsewhere["ok"]
    assert afterwards["ok"]
    assert len(slack.state()["messages"]) == 2


def test_a_message_is_posted_although_its_answer_is_lost(slack: Any, client: WebClient) -> None:
    slack.fault(fault="dropped_after_write", match="POST /api/chat.postMessage", times=1)
    metadata = {"event_type": "makewhole_card", "event_payload": {"case": "CASE-7"}}

    with pytest.raises(Exception, match=r"closed|Remote|reset"):
        client.chat_postMessage(channel=CHANNEL, text="x", metadata=metadata)

    found = client.conversations_history(channel=CHANNEL, include_all_metadata=True)["messages"]
    assert [one["metadata"] for one in found] == [metadata]


async def _posted_async(url: str) -> str:
    from slack_sdk.web.async_client import AsyncWebClient

    client = AsyncWebClient(token="xoxb-sandbox-bot", base_url=f"{url}/api/", retry_handlers=[])
    client.proxy = None
    return str((await client.chat_postMessage(channel=CHANNEL, text="async"))["message"]["text"])


def test_the_async_client_works_too(slack: Any) -> None:
    import asyncio

    assert asyncio.run(_posted_async(slack.url)) == "async"
