"""conversations.*: reading channels and their messages page by page.

Cursors are base64 of "next_ts:…" (messages) and "team:…" or "user:…" (lists), as Slack's own examples decode.
"""

import base64
import binascii
from collections.abc import Sequence
from typing import TypeVar

from sandbox.slack.asking import Call
from sandbox.slack.records import BOT_USER_ID, Channel, Json, Message, SlackError
from sandbox.slack.wire import channel_json, message_json
from sandbox.slack.workspace import Workspace

Row = TypeVar("Row")

DEFAULT_MESSAGES = 100
DEFAULT_ROWS = 100
MOST_ROWS = 999


def history(workspace: Workspace, call: Call) -> Json:
    """conversations.history: what stands in a channel, newest first, replies left out."""
    channel = _readable_channel(workspace, call)
    limit = call.count("limit", default=DEFAULT_MESSAGES, most=MOST_ROWS)
    found = [one for one in workspace.in_channel(channel.id) if _within(call, one.ts)]
    cursor = call.text("cursor")
    if cursor:
        newest = read_cursor(cursor, "next_ts")
        found = [one for one in found if one.ts.replace(".", "") <= newest]
    found.reverse()
    page, rest = found[:limit], found[limit:]
    answer: Json = {
        "messages": _shown(workspace, page, call),
        "has_more": bool(rest),
        "pin_count": 0,
    }
    answer |= {name: call.text(name) for name in ("oldest", "latest") if call.text(name)}
    if rest:
        answer["response_metadata"] = {"next_cursor": make_cursor("next_ts", rest[0].ts.replace(".", ""))}
    return answer


def replies(workspace: Workspace, call: Call) -> Json:
    """conversations.replies: a thread, its parent first, then oldest first."""
    channel = _readable_channel(workspace, call)
    try:
        asked = workspace.message(channel.id, call.needed("ts"))
    except SlackError as error:
        raise SlackError("thread_not_found" if error.code == "message_not_found" else error.code) from None
    parent = workspace.message(channel.id, asked.thread_ts) if asked.thread_ts else asked
    found = [one for one in workspace.in_thread(channel.id, parent.ts) if _within(call, one.ts)]
    limit = call.count("limit", default=MOST_ROWS, most=MOST_ROWS)
    cursor = call.text("cursor")
    if cursor:
        first = read_cursor(cursor, "next_ts")
        found = [one for one in found if one.ts.replace(".", "") >= first]
    page, rest = found[: max(limit - 1, 1)], found[max(limit - 1, 1) :]
    answer: Json = {"messages": _shown(workspace, [parent, *page], call), "has_more": bool(rest)}
    if rest:
        answer["response_metadata"] = {"next_cursor": make_cursor("next_ts", rest[0].ts.replace(".", ""))}
    return answer


def info(workspace: Workspace, call: Call) -> Json:
    """conversations.info: one channel."""
    channel = workspace.channel(call.needed("channel"))
    with_count = call.flag("include_num_members")
    return {"channel": channel_json(channel, with_locale=call.flag("include_locale"), with_count=with_count)}


def listing(workspace: Workspace, call: Call) -> Json:
    """conversations.list: channels of the wanted types, page by page."""
    types = set((call.text("types") or "public_channel").split(","))
    unknown = types - {"public_channel", "private_channel", "mpim", "im"}
    if unknown:
        raise SlackError("invalid_types")
    wanted = [
        channel
        for channel in workspace.channels.values()
        if ("im" if channel.direct_with else "public_channel") in types
        and not (channel.is_archived and call.flag("exclude_archived"))
    ]
    page, cursor = page_of(wanted, [channel.id for channel in wanted], call, kind="team")
    shown = [channel_json(channel, with_count=True) for channel in page]
    return {"channels": shown, "response_metadata": {"next_cursor": cursor}}


def members(workspace: Workspace, call: Call) -> Json:
    """conversations.members: who is in a channel, page by page."""
    channel = workspace.channel(call.needed("channel"))
    page, cursor = page_of(channel.members, channel.members, call, kind="user")
    return {"members": list(page), "response_metadata": {"next_cursor": cursor}}


def open_direct(workspace: Workspace, call: Call) -> Json:
    """conversations.open: the direct message with one person."""
    if call.text("channel"):
        channel = workspace.channel(call.text("channel"))
        already = True
    else:
        asked = [user_id for user_id in call.text("users").split(",") if user_id]
        if isinstance(call.arguments.get("users"), list):
            asked = [str(user_id) for user_id in call.arguments["users"]]
        if not asked:
            raise SlackError("users_list_not_supplied")
        if len(asked) > 1:
            # Group messages are not part of this sandbox.
            raise SlackError("invalid_user_combination")
        already = any(one.direct_with == asked[0] for one in workspace.channels.values())
        channel = workspace.direct_channel(asked[0])
    if not channel.direct_with:
        raise SlackError("method_not_supported_for_channel_type")
    shown = channel_json(channel) if call.flag("return_im") else {"id": channel.id}
    return {"channel": shown} | ({"no_op": True, "already_open": True} if already else {})


def join(workspace: Workspace, call: Call) -> Json:
    """conversations.join: let the bot into a public channel."""
    channel = workspace.channel(call.needed("channel"))
    if channel.direct_with:
        raise SlackError("method_not_supported_for_channel_type")
    if channel.is_archived:
        raise SlackError("is_archived")
    if BOT_USER_ID in channel.members:
        metadata = {"warnings": ["already_in_channel"]}
        return {
            "channel": channel_json(channel),
            "warning": "already_in_channel",
            "response_metadata": metadata,
        }
    return {"channel": channel_json(workspace.join(channel, BOT_USER_ID))}


def page_of(rows: Sequence[Row], ids: Sequence[str], call: Call, *, kind: str) -> tuple[Sequence[Row], str]:
    """Return the rows of the page a call asks for, and the cursor of the next page, "" at the end."""
    start = 0
    if call.text("cursor"):
        first = read_cursor(call.text("cursor"), kind)
        if first not in ids:
            raise SlackError("invalid_cursor")
        start = list(ids).index(first)
    limit = call.count("limit", default=DEFAULT_ROWS, most=MOST_ROWS)
    end = start + limit
    return rows[start:end], make_cursor(kind, ids[end]) if end < len(ids) else ""


def make_cursor(kind: str, place: str) -> str:
    """Return an opaque cursor: "dGVhbTpDMDYxRkE1UEI=" for "team:C061FA5PB"."""
    return base64.b64encode(f"{kind}:{place}".encode()).decode()


def read_cursor(cursor: str, kind: str) -> str:
    """Return the place a cursor points to; raises `invalid_cursor`."""
    try:
        found, _, place = base64.b64decode(cursor, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        raise SlackError("invalid_cursor") from None
    if found != kind or not place:
        raise SlackError("invalid_cursor")
    return place


def _readable_channel(workspace: Workspace, call: Call) -> Channel:
    channel = workspace.channel(call.needed("channel"))
    if BOT_USER_ID not in channel.members:
        raise SlackError("not_in_channel")
    return channel


def _within(call: Call, ts: str) -> bool:
    oldest = _moment(call, "oldest")
    latest = _moment(call, "latest")
    at = float(ts)
    if call.flag("inclusive"):
        return (oldest is None or at >= oldest) and (latest is None or at <= latest)
    return (oldest is None or at > oldest) and (latest is None or at < latest)


def _moment(call: Call, name: str) -> float | None:
    value = call.text(name)
    try:
        return float(value) if value else None
    except ValueError:
        raise SlackError(f"invalid_ts_{name}") from None


def _shown(workspace: Workspace, page: list[Message], call: Call) -> list[Json]:
    with_metadata = call.flag("include_all_metadata")
    return [message_json(workspace, one, with_metadata=with_metadata) for one in page]
