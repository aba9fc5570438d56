"""response_url: five answers within thirty minutes, into the place the act came from.

https://docs.slack.dev/interactivity/handling-user-interaction#message_responses
The 404 bodies "expired_url" and "used_url" are as one public client's tests have them; no recording was found.
"""

import json
import secrets
from dataclasses import dataclass, replace
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from sandbox.slack.block_kit import take_message_blocks
from sandbox.slack.happenings import changed_event, deleted_event, message_event
from sandbox.slack.records import BOT_USER_ID, TEAM_ID, Channel, Json, SlackError
from sandbox.slack.workspace import Saying, Workspace

LIVES_SECONDS = 30 * 60
MOST_USES = 5
MOST_KNOWN = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyAddress:
    """Where answers of one act go.

    original_ts: The message the act was done on; None for a slash command.
    expires_at: Seconds since 1970.
    """

    channel: str
    user: str
    original_ts: str | None
    expires_at: float
    uses: int = 0


class ReplyAddresses:
    """All response URLs given out."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self._known: dict[str, ReplyAddress] = {}

    def new_url(self, base_url: str, *, kind: str, channel: Channel, user_id: str, original_ts: str | None) -> str:
        """Return a fresh response URL; kind is "actions" or "commands"."""
        key = f"{self.workspace.next_number()}/{secrets.token_urlsafe(18)}"
        if len(self._known) >= MOST_KNOWN:
            del self._known[next(iter(self._known))]
        self._known[key] = ReplyAddress(
            channel=channel.id,
            user=user_id,
            original_ts=original_ts,
            expires_at=self.workspace.clock() + LIVES_SECONDS,
        )
        return f"{base_url}/{kind}/{TEAM_ID}/{key}"

    async def receive(self, request: Request) -> Response:
        """Answer a POST to a response URL: "ok", or the refusal."""
        key = f"{request.path_params['number']}/{request.path_params['secret']}"
        address = self._known.get(key)
        if address is None or self.workspace.clock() > address.expires_at:
            return JSONResponse({"ok": False, "error": "expired_url"}, status_code=404)
        if address.uses >= MOST_USES:
            return JSONResponse({"ok": False, "error": "used_url"}, status_code=404)
        try:
            apply_reply(self.workspace, address, _read_reply(await request.body()))
        except SlackError as error:
            return PlainTextResponse(error.code, status_code=400)
        self._known[key] = replace(address, uses=address.uses + 1)
        return PlainTextResponse("ok")


def apply_reply(workspace: Workspace, address: ReplyAddress, reply: Json) -> None:
    """Do what an answer says: delete or replace the original, or say something new; private unless "in_channel"."""
    if reply.get("delete_original") and address.original_ts:
        _delete_original(workspace, address)
        return
    saying = _saying(reply)
    if reply.get("replace_original") and address.original_ts:
        _replace_original(workspace, address, saying)
        return
    channel = workspace.channels[address.channel]
    thread_ts = reply.get("thread_ts")
    if reply.get("response_type") == "in_channel":
        message = workspace.post(channel, user_id=BOT_USER_ID, saying=saying, thread_ts=thread_ts)
        workspace.notify(message_event(workspace, message))
    else:
        workspace.whisper(channel, user_id=address.user, saying=saying, thread_ts=thread_ts)


def _read_reply(raw: bytes) -> Json:
    try:
        reply = json.loads(raw)
    except (json.JSONDecodeError, UnicodeDecodeError):
        raise SlackError("invalid_payload") from None
    if not isinstance(reply, dict):
        raise SlackError("invalid_payload")
    return reply


def _replace_original(workspace: Workspace, address: ReplyAddress, saying: Saying) -> None:
    private = workspace.find_whisper(address.channel, address.original_ts or "", user_id=address.user)
    if private is not None:
        workspace.replace_whisper(private, replace(private, text=saying.text, blocks=saying.blocks))
        return
    message = workspace.message(address.channel, address.original_ts or "")
    changed = workspace.edit(message, saying=saying, marked_by=None if saying.blocks else BOT_USER_ID)
    workspace.notify(changed_event(workspace, changed))


def _delete_original(workspace: Workspace, address: ReplyAddress) -> None:
    private = workspace.find_whisper(address.channel, address.original_ts or "", user_id=address.user)
    if private is not None:
        workspace.replace_whisper(private, replace(private, is_deleted=True))
        return
    message = workspace.message(address.channel, address.original_ts or "")
    workspace.keep(replace(message, is_deleted=True))
    workspace.notify(deleted_event(workspace, message))


def _saying(reply: Json) -> Saying:
    given: Any = reply.get("blocks")
    blocks = take_message_blocks(given) if given is not None else ()
    text = str(reply.get("text") or "")
    if not text.strip() and not blocks and not reply.get("attachments"):
        raise SlackError("no_text")
    return Saying(text=text, blocks=blocks, attachments=tuple(reply.get("attachments") or ()))
