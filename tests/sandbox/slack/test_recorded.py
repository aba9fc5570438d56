"""The sandbox invents no field: what it writes is held against shapes and answers recorded from Slack itself."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sandbox.slack.happenings import (
    changed_event,
    deleted_event,
    envelope,
    home_opened_event,
    mention_event,
    message_event,
    reaction_event,
)
from sandbox.slack.payloads import slash_command, view_closed, view_submission
from sandbox.slack.records import Message
from sandbox.slack.seed import BOT, CHANNELS, PEOPLE, USER_GROUPS
from sandbox.slack.windows import Windows
from sandbox.slack.wire import channel_json, group_json, message_json, user_json, view_json
from sandbox.slack.workspace import Saying, Workspace

AMELIA, COMPENSATION = PEOPLE[0], CHANNELS[0]
# Blocks, state and metadata are the app's own words; the schemas judge those.
APPS_OWN = ("blocks", "state", "metadata")
# Fields these recordings lack and others have: context_team_id (reaction_added), bot_profile.user_id and app_id
# (chat.postMessage), reply_users (conversations.history), response_urls (the vendor's payload types).
ELSEWHERE = ("context_team_id", "user_id", "app_id", "reply_users", "response_urls", "blocks")


def invented(ours: Any, recorded: Any, at: str = "") -> list[str]:
    """Return the paths of fields that no recording has."""
    if isinstance(ours, list) and isinstance(recorded, list) and recorded:
        return [path for one in ours for path in invented(one, recorded[0], f"{at}[]")]
    if not isinstance(ours, dict) or not isinstance(recorded, dict) or not recorded:
        return []
    found = [f"{at}/{name}" for name in ours if name not in recorded and name not in ELSEWHERE]
    for name in ours.keys() & recorded.keys():
        if name not in APPS_OWN:
            found += invented(ours[name], recorded[name], f"{at}/{name}")
    return found


class World:
    """A workspace with a thread, a mention and a view."""

    def __init__(self) -> None:
        self.workspace = Workspace(clock=lambda: 1_763_812_800.0)
        for user in (BOT, *PEOPLE):
            self.workspace.add_user(user)
        for channel in CHANNELS:
            self.workspace.add_channel(channel)
        self.parent = self.say(BOT.id, "Case opened")
        self.opening = message_event(self.workspace, self.parent)
        self.reply = self.say(AMELIA.id, f"<@{BOT.id}> why?", thread_ts=self.parent.ts)
        body = {"type": "modal", "title": {"type": "plain_text", "text": "x"}, "blocks": []}
        self.view = Windows(self.workspace).push_for(AMELIA.id, body)

    def say(self, user_id: str, text: str, thread_ts: str | None = None) -> Message:
        saying = Saying(text=text, metadata={"event_type": "case", "event_payload": {}})
        return self.workspace.post(COMPENSATION, user_id=user_id, saying=saying, thread_ts=thread_ts)

    def event(self, inner: Any) -> Any:
        return envelope(self.workspace, inner, app_id="A0", token="t")

    def edited(self) -> Message:
        return self.workspace.edit(self.parent, saying=Saying(text="Decided"), marked_by=BOT.id)


VIEWS = "app-backend/views"
ANSWERS: list[tuple[str, str, Callable[[World], Any]]] = [
    ("users.info.json", "user", lambda _: user_json(AMELIA, with_locale=True)),
    ("users.info.json", "user", lambda _: user_json(BOT)),
    ("conversations.info.json", "channel", lambda _: channel_json(COMPENSATION, with_locale=True, with_count=True)),
    ("usergroups.list.json", "usergroups", lambda _: [group_json(USER_GROUPS[0], with_users=True, with_count=True)]),
    ("conversations.history.json", "messages", lambda w: [message_json(w.workspace, w.parent, with_metadata=True)]),
    ("conversations.replies.json", "messages", lambda w: [message_json(w.workspace, w.reply, with_metadata=True)]),
    ("views.open.json", "view", lambda w: view_json(w.view)),
    (
        f"{VIEWS}/ViewSubmissionPayload.json",
        "",
        lambda w: view_submission(AMELIA, w.view, values={}, trigger_id="1.2.3"),
    ),
    (f"{VIEWS}/ViewClosedPayload.json", "", lambda w: view_closed(AMELIA, w.view, is_cleared=True)),
    (
        "app-backend/slash-commands/SlashCommandPayload.json",
        "",
        lambda _: slash_command(AMELIA, COMPENSATION, command="/x", text="", trigger_id="1", response_url="u"),
    ),
    ("events/MessagePayload.json", "", lambda w: w.event(w.opening)),
    ("events/MessagePayload.json", "", lambda w: w.event(message_event(w.workspace, w.reply))),
    ("events/AppMentionPayload.json", "", lambda w: w.event(mention_event(w.workspace, w.reply))),
    ("events/MessageChangedPayload.json", "", lambda w: w.event(changed_event(w.workspace, w.edited()))),
    ("events/MessageDeletedPayload.json", "", lambda w: w.event(deleted_event(w.workspace, w.parent))),
    (
        "events/AppHomeOpenedPayload.json",
        "",
        lambda w: w.event(home_opened_event(w.workspace, user_id=AMELIA.id, view=w.view)),
    ),
    (
        "events/ReactionAddedPayload.json",
        "",
        lambda w: w.event(reaction_event(w.workspace, w.parent, user_id=AMELIA.id, name="eyes")),
    ),
]


@pytest.mark.parametrize(("recording", "part", "ours"), ANSWERS)
def test_no_field_is_invented(shared: Path, recording: str, part: str, ours: Callable[[World], Any]) -> None:
    recorded = json.loads((shared / "vendor" / "slack" / "shapes" / recording).read_text())

    assert invented(ours(World()), recorded[part] if part else recorded) == []


def test_a_listed_channel_has_every_field_of_the_recorded_one(shared: Path) -> None:
    path = shared / "vendor" / "slack" / "recorded-sdk" / "web_response_conversations_list.json"
    (recorded, _) = json.loads(path.read_text())["channels"]

    assert recorded.keys() <= channel_json(COMPENSATION, with_count=True).keys()
