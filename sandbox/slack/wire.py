"""Records as Slack writes them: users, channels, messages, views and user groups in JSON."""

from sandbox.slack.records import (
    APP_ID,
    BOT_ID,
    BOT_NAME,
    BOT_USER_ID,
    TEAM_ID,
    Channel,
    Json,
    Message,
    User,
    UserGroup,
    View,
)
from sandbox.slack.seed import FOUNDED_AT
from sandbox.slack.workspace import Workspace

# What Slack puts into `text` of a message that came with blocks only. No independent evidence but common sight.
NO_TEXT = "This content can't be displayed."
AVATAR = "https://avatars.example/{name}_{size}.png"


def user_json(user: User, *, with_locale: bool = False) -> Json:
    """Return the user as users.info gives it; the locale only when it was asked for."""
    first, _, last = user.real_name.rpartition(" ")
    profile: Json = {
        "title": user.title,
        "phone": "",
        "skype": "",
        "real_name": user.real_name,
        "real_name_normalized": user.real_name,
        "display_name": user.name,
        "display_name_normalized": user.name,
        "status_text": "",
        "status_emoji": "",
        "status_expiration": 0,
        "avatar_hash": "g0",
        "first_name": first or user.real_name,
        "last_name": last if first else "",
        "team": TEAM_ID,
        **{f"image_{size}": AVATAR.format(name=user.name, size=size) for size in (24, 32, 48, 72, 192, 512)},
    }
    if user.is_bot:
        profile |= {"api_app_id": APP_ID, "bot_id": BOT_ID, "always_active": True}
    else:
        profile["email"] = user.email
    shown: Json = {
        "id": user.id,
        "team_id": TEAM_ID,
        "name": user.name,
        "deleted": False,
        "color": "9f69e7",
        "real_name": user.real_name,
        "tz": "Asia/Shanghai" if user.locale.startswith("zh") else "Europe/Berlin",
        "tz_label": "China Standard Time" if user.locale.startswith("zh") else "Central European Time",
        "tz_offset": 28_800 if user.locale.startswith("zh") else 3_600,
        "profile": profile,
        **dict.fromkeys(("is_admin", "is_owner", "is_primary_owner", "is_restricted", "is_ultra_restricted"), False),
        "is_bot": user.is_bot,
        "is_app_user": False,
        "updated": FOUNDED_AT,
        "is_email_confirmed": not user.is_bot,
        "who_can_share_contact_card": "EVERYONE",
    }
    return shown | ({"locale": user.locale} if with_locale else {})


def channel_json(channel: Channel, *, with_locale: bool = False, with_count: bool = False) -> Json:
    """Return the conversation as conversations.info and .list give it."""
    if channel.direct_with:
        return {
            "id": channel.id,
            "created": channel.created_at,
            "is_archived": channel.is_archived,
            "is_im": True,
            "is_org_shared": False,
            "context_team_id": TEAM_ID,
            "updated": channel.created_at * 1000,
            "user": channel.direct_with,
            "is_open": True,
            "priority": 0,
        }
    shown: Json = {
        "id": channel.id,
        "name": channel.name,
        "is_channel": True,
        **dict.fromkeys(("is_group", "is_im", "is_mpim", "is_private", "is_general", "is_shared"), False),
        **dict.fromkeys(("is_org_shared", "is_ext_shared", "is_pending_ext_shared"), False),
        "created": channel.created_at,
        "is_archived": channel.is_archived,
        "unlinked": 0,
        "name_normalized": channel.name,
        "pending_shared": [],
        "context_team_id": TEAM_ID,
        "updated": channel.created_at * 1000,
        "creator": "U0YUKI00001",
        "shared_team_ids": [TEAM_ID],
        "pending_connected_team_ids": [],
        "is_member": BOT_USER_ID in channel.members,
        "topic": {"value": "", "creator": "", "last_set": 0},
        "purpose": {"value": channel.purpose, "creator": "U0YUKI00001", "last_set": channel.created_at},
        "previous_names": [],
    }
    shown |= {"locale": channel.locale} if with_locale else {}
    return shown | ({"num_members": len(channel.members)} if with_count else {})


def group_json(group: UserGroup, *, with_users: bool, with_count: bool) -> Json:
    """Return the user group as usergroups.list gives it."""
    shown: Json = {
        "id": group.id,
        "team_id": TEAM_ID,
        "is_usergroup": True,
        "is_subteam": True,
        "name": group.name,
        "description": "",
        "handle": group.handle,
        "is_external": False,
        "date_create": FOUNDED_AT,
        "date_update": FOUNDED_AT,
        "date_delete": 0,
        "auto_provision": False,
        "enterprise_subteam_id": "",
        "created_by": "U0YUKI00001",
        "updated_by": "U0YUKI00001",
        "prefs": {"channels": [], "groups": []},
        "channel_count": 0,
    }
    shown |= {"users": list(group.users)} if with_users else {}
    return shown | ({"user_count": len(group.users)} if with_count else {})


def bot_profile() -> Json:
    """Return what a message by the bot says of the bot."""
    return {
        "id": BOT_ID,
        "app_id": APP_ID,
        "user_id": BOT_USER_ID,
        "name": BOT_NAME,
        "icons": {f"image_{size}": AVATAR.format(name=BOT_NAME, size=size) for size in (36, 48, 72)},
        "deleted": False,
        "updated": FOUNDED_AT,
        "team_id": TEAM_ID,
    }


def message_json(workspace: Workspace, message: Message, *, with_metadata: bool = False) -> Json:
    """Return the message as history, replies and events give it; the metadata only when it was asked for."""
    said = message.now
    shown: Json = {
        **_author(message.user),
        "type": "message",
        "ts": message.ts,
        "text": said.text or (NO_TEXT if said.blocks else ""),
        "team": TEAM_ID,
    }
    if said.blocks:
        shown["blocks"] = list(said.blocks)
    if message.attachments:
        shown["attachments"] = list(message.attachments)
    if message.edited:
        shown["edited"] = {"user": message.edited[0], "ts": message.edited[1]}
    if message.reactions:
        shown["reactions"] = [{"name": n, "users": list(who), "count": len(who)} for n, who in message.reactions]
    if with_metadata and said.metadata:
        shown["metadata"] = said.metadata
    return shown | _thread_json(workspace, message)


def view_json(view: View, *, values: Json | None = None) -> Json:
    """Return the view as views.* answers and interaction payloads carry it.

    values: What the person has put in so far, by block and action id.
    """
    body = view.body
    return {
        "id": view.id,
        "team_id": TEAM_ID,
        "type": view.type,
        "blocks": body["blocks"],
        "private_metadata": body.get("private_metadata") or "",
        "callback_id": body.get("callback_id") or "",
        "state": {"values": values or {}},
        "hash": view.hash,
        "title": _title(body.get("title") or {"type": "plain_text", "text": "View Title"}),
        "clear_on_close": bool(body.get("clear_on_close")),
        "notify_on_close": bool(body.get("notify_on_close")),
        "close": _title(body["close"]) if body.get("close") else None,
        "submit": _title(body["submit"]) if body.get("submit") else None,
        "previous_view_id": view.previous_id,
        "root_view_id": view.root_id,
        "app_id": APP_ID,
        "external_id": view.external_id,
        "app_installed_team_id": TEAM_ID,
        "bot_id": BOT_ID,
    }


def _author(user_id: str) -> Json:
    if user_id == BOT_USER_ID:
        return {"user": user_id, "bot_id": BOT_ID, "app_id": APP_ID, "bot_profile": bot_profile()}
    return {"user": user_id}


def _thread_json(workspace: Workspace, message: Message) -> Json:
    if message.thread_ts:
        parent = workspace.messages[message.channel][message.thread_ts]
        return {"thread_ts": message.thread_ts, "parent_user_id": parent.user}
    replies = workspace.in_thread(message.channel, message.ts)
    if not replies:
        return {}
    authors = list(dict.fromkeys(reply.user for reply in replies))
    return {
        "thread_ts": message.ts,
        "reply_count": len(replies),
        "reply_users_count": len(authors),
        "latest_reply": replies[-1].ts,
        "reply_users": authors[:5],
        "is_locked": False,
        "subscribed": True,
    }


def _title(text: Json) -> Json:
    return {**text, "emoji": text.get("emoji", True)}
