"""chat.* and reactions.add.

https://docs.slack.dev/reference/methods/chat.postMessage and its siblings.
"""

from dataclasses import replace
from typing import Any

from sandbox.slack.asking import Call
from sandbox.slack.block_kit import take_message_blocks
from sandbox.slack.happenings import changed_event, deleted_event, message_event, reaction_event
from sandbox.slack.records import BOT_USER_ID, TEAM_DOMAIN, Channel, Json, Message, SlackError
from sandbox.slack.wire import message_json
from sandbox.slack.workspace import Saying, Workspace

MOST_CHARACTERS = 40_000
# chat.update refuses sooner than chat.postMessage.
MOST_CHARACTERS_IN_UPDATE = 4_000
MOST_ATTACHMENTS = 100


def post_message(workspace: Workspace, call: Call) -> Json:
    """chat.postMessage: say something as the bot."""
    channel = writable_channel(workspace, call.needed("channel"))
    saying = read_saying(call, most=MOST_CHARACTERS)
    message = workspace.post(
        channel,
        user_id=BOT_USER_ID,
        saying=saying,
        thread_ts=call.text("thread_ts") or None,
        broadcast=call.flag("reply_broadcast"),
    )
    workspace.notify(message_event(workspace, message))
    shown = message_json(workspace, message, with_metadata=True)
    return {"channel": channel.id, "ts": message.ts, "message": shown}


def update(workspace: Workspace, call: Call) -> Json:
    """chat.update: replace what the bot said; text without blocks takes the blocks away."""
    channel = workspace.channel(call.needed("channel"))
    message = _own_message(workspace, channel, call, error="cant_update_message")
    given = read_saying(call, most=MOST_CHARACTERS_IN_UPDATE)
    kept = message.now
    saying = replace(
        given,
        blocks=given.blocks if "blocks" in call.arguments or given.text else kept.blocks,
        metadata=given.metadata if call.arguments.get("metadata") is not None else kept.metadata,
        attachments=given.attachments if "attachments" in call.arguments else message.attachments,
    )
    changed = workspace.edit(message, saying=saying, marked_by=None if saying.blocks else BOT_USER_ID)
    workspace.notify(changed_event(workspace, changed))
    shown = message_json(workspace, changed, with_metadata=True)
    return {"channel": channel.id, "ts": message.ts, "text": shown["text"], "message": shown}


def post_ephemeral(workspace: Workspace, call: Call) -> Json:
    """chat.postEphemeral: say something that one person sees."""
    channel = writable_channel(workspace, call.needed("channel"))
    user_id = call.needed("user")
    if user_id not in channel.members:
        raise SlackError("user_not_in_channel")
    saying = read_saying(call, most=MOST_CHARACTERS)
    thread_ts = call.text("thread_ts") or None
    return {"message_ts": workspace.whisper(channel, user_id=user_id, saying=saying, thread_ts=thread_ts).ts}


def delete(workspace: Workspace, call: Call) -> Json:
    """chat.delete: take back what the bot said."""
    channel = workspace.channel(call.needed("channel"))
    message = _own_message(workspace, channel, call, error="cant_delete_message")
    workspace.keep(replace(message, is_deleted=True))
    workspace.notify(deleted_event(workspace, message))
    return {"channel": channel.id, "ts": message.ts}


def get_permalink(workspace: Workspace, call: Call) -> Json:
    """chat.getPermalink: the address of a message."""
    channel = workspace.channel(call.needed("channel"))
    message = workspace.message(channel.id, call.needed("message_ts"))
    link = f"https://{TEAM_DOMAIN}.slack.com/archives/{channel.id}/p{message.ts.replace('.', '')}"
    if message.thread_ts:
        link += f"?thread_ts={message.thread_ts}&cid={channel.id}"
    return {"channel": channel.id, "permalink": link}


def add_reaction(workspace: Workspace, call: Call) -> Json:
    """reactions.add: react to a message as the bot."""
    name = call.text("name").strip(":")
    if not name:
        raise SlackError("invalid_name")
    if not call.text("channel") or not call.text("timestamp"):
        raise SlackError("no_item_specified")
    channel = writable_channel(workspace, call.text("channel"))
    message = workspace.message(channel.id, call.text("timestamp"))
    who = dict(message.reactions).get(name, ())
    if BOT_USER_ID in who:
        raise SlackError("already_reacted")
    workspace.keep(with_reaction(message, name=name, user_id=BOT_USER_ID))
    workspace.notify(reaction_event(workspace, message, user_id=BOT_USER_ID, name=name))
    return {}


def with_reaction(message: Message, *, name: str, user_id: str) -> Message:
    """Return the message with the person's reaction added."""
    reactions = dict(message.reactions)
    reactions[name] = (*reactions.get(name, ()), user_id)
    return replace(message, reactions=tuple(reactions.items()))


def writable_channel(workspace: Workspace, wanted: str) -> Channel:
    """Return the channel the bot may write to: by id, name, or a person's id for their direct message.

    Raises `channel_not_found`, `is_archived`, `not_in_channel`.
    """
    if wanted in workspace.users and wanted != BOT_USER_ID:
        return workspace.direct_channel(wanted)
    channel = workspace.channel(wanted)
    if channel.is_archived:
        raise SlackError("is_archived")
    if BOT_USER_ID not in channel.members:
        raise SlackError("not_in_channel")
    return channel


def read_saying(call: Call, *, most: int) -> Saying:
    """Return what is to be said; raises `no_text`, `msg_too_long`, `too_many_attachments` and the block errors."""
    blocks_given = call.structure("blocks", error="invalid_blocks_format")
    blocks = take_message_blocks(blocks_given) if blocks_given is not None else ()
    attachments = _attachments(call)
    text = call.text("text")
    if not text.strip() and not blocks and not attachments:
        raise SlackError("no_text")
    if len(text) > most:
        # The reference says chat.postMessage cuts such text and lists this code; the sandbox refuses, which is louder.
        raise SlackError("msg_too_long")
    return Saying(text=text, blocks=blocks, attachments=attachments, metadata=_metadata(call))


def _attachments(call: Call) -> tuple[Json, ...]:
    given = call.structure("attachments", error="invalid_attachments") or []
    if not isinstance(given, list):
        raise SlackError("invalid_attachments")
    if len(given) > MOST_ATTACHMENTS:
        raise SlackError("too_many_attachments")
    return tuple(given)


def _metadata(call: Call) -> Json | None:
    given: Any = call.structure("metadata", error="invalid_metadata_format")
    if not given:
        return None
    fits = isinstance(given, dict) and isinstance(given.get("event_type"), str)
    if not fits or not isinstance(given.get("event_payload"), dict):
        raise SlackError("invalid_metadata_format")
    return {"event_type": given["event_type"], "event_payload": given["event_payload"]}


def _own_message(workspace: Workspace, channel: Channel, call: Call, *, error: str) -> Message:
    message = workspace.message(channel.id, call.needed("ts"))
    if message.user != BOT_USER_ID:
        raise SlackError(error)
    return message
