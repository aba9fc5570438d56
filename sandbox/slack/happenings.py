"""The events Slack tells the app about: messages, edits, mentions, an opened App Home."""

from sandbox.slack.records import BOT_USER_ID, TEAM_ID, Channel, Json, Message, View
from sandbox.slack.wire import message_json, view_json
from sandbox.slack.workspace import Workspace


def message_event(workspace: Workspace, message: Message) -> Json:
    """Return the event of a new message."""
    channel = workspace.channels[message.channel]
    return {
        **message_json(workspace, message, with_metadata=True),
        "channel": channel.id,
        "event_ts": message.ts,
        "channel_type": _channel_type(channel),
    }


def changed_event(workspace: Workspace, message: Message) -> Json:
    """Return the event of an edited message; its own ts is that of the edit."""
    channel = workspace.channels[message.channel]
    before = message.revisions[-2]
    now = message_json(workspace, message, with_metadata=True)
    return {
        "type": "message",
        "subtype": "message_changed",
        "message": now,
        "previous_message": {**now, "text": before.text, "blocks": list(before.blocks)},
        "channel": channel.id,
        "hidden": True,
        "ts": message.now.at,
        "event_ts": message.now.at,
        "channel_type": _channel_type(channel),
    }


def deleted_event(workspace: Workspace, message: Message) -> Json:
    """Return the event of a deleted message."""
    channel = workspace.channels[message.channel]
    at = workspace.next_ts()
    return {
        "type": "message",
        "subtype": "message_deleted",
        "previous_message": message_json(workspace, message),
        "channel": channel.id,
        "hidden": True,
        "deleted_ts": message.ts,
        "ts": at,
        "event_ts": at,
        "channel_type": _channel_type(channel),
    }


def mention_event(workspace: Workspace, message: Message) -> Json | None:
    """Return the app_mention event of a message that names the bot in a channel; None otherwise."""
    channel = workspace.channels[message.channel]
    if channel.direct_with or f"<@{BOT_USER_ID}>" not in message.now.text or message.user == BOT_USER_ID:
        return None
    shown = message_json(workspace, message)
    shown.pop("parent_user_id", None)  # The recorded app_mention of a reply has none.
    return {**shown, "type": "app_mention", "channel": channel.id, "event_ts": message.ts}


def home_opened_event(workspace: Workspace, *, user_id: str, view: View | None) -> Json:
    """Return the event of a person opening the app's Home tab; the view only when one was published."""
    event: Json = {
        "type": "app_home_opened",
        "user": user_id,
        "channel": workspace.direct_channel(user_id).id,
        "tab": "home",
        "event_ts": workspace.next_ts(),
    }
    return event | ({"view": view_json(view)} if view else {})


def reaction_event(workspace: Workspace, message: Message, *, user_id: str, name: str) -> Json:
    """Return the event of an added reaction."""
    return {
        "type": "reaction_added",
        "user": user_id,
        "reaction": name,
        "item_user": message.user,
        "item": {"type": "message", "channel": message.channel, "ts": message.ts},
        "event_ts": workspace.next_ts(),
    }


def envelope(workspace: Workspace, event: Json, *, app_id: str, token: str) -> Json:
    """Return the event wrapped as the Events API sends it, with a new event id."""
    number = workspace.next_number()
    return {
        "token": token,
        "team_id": TEAM_ID,
        "context_team_id": TEAM_ID,
        "api_app_id": app_id,
        "event": event,
        "type": "event_callback",
        "event_id": f"Ev{number:010d}",
        "event_time": int(workspace.clock()),
        "authorizations": [
            {
                "enterprise_id": None,
                "team_id": TEAM_ID,
                "user_id": BOT_USER_ID,
                "is_bot": True,
                "is_enterprise_install": False,
            }
        ],
        "is_ext_shared_channel": False,
        "event_context": f"4-{app_id}-{number}",
    }


def _channel_type(channel: Channel) -> str:
    return "im" if channel.direct_with else "channel"
