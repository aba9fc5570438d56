"""What a person does in Slack: click, submit, close, command, write, open the App Home; each told to the app."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sandbox.slack import payloads
from sandbox.slack.block_kit import find_element, take_view
from sandbox.slack.choices import BadChoice, chosen, complaints, state_of
from sandbox.slack.courier import Courier, Outcome
from sandbox.slack.happenings import home_opened_event, mention_event, message_event
from sandbox.slack.records import Channel, Json, Message, SlackError, User, View
from sandbox.slack.response_urls import ReplyAddress, ReplyAddresses, apply_reply
from sandbox.slack.typing_in import typed_message
from sandbox.slack.windows import Windows
from sandbox.slack.wire import message_json, view_json
from sandbox.slack.workspace import Saying, Workspace


class CannotAct(Exception):
    """The person cannot do this: there is no such thing on their screen. The message says what is missing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where an element stands: on a message, or on a private message."""

    channel: Channel
    ts: str
    thread_ts: str | None
    blocks: tuple[Json, ...]
    message: Json | None


class Acts:
    """Everything a person can do; each act answers with what the app acknowledged."""

    def __init__(self, *, workspace: Workspace, windows: Windows, courier: Courier, addresses: ReplyAddresses) -> None:
        self.workspace = workspace
        self.windows = windows
        self.courier = courier
        self.addresses = addresses

    async def click(self, act: Json, *, base_url: str) -> Json:
        """Click or choose an element of a message (channel, ts) or of a view (view_id).

        value: What the button is made to say instead of its own value: a forged click.
        choice: What is chosen in a select, radio group, date picker and the like.
        """
        user = self._user(act)
        if act.get("view_id"):
            return await self._click_in_view(user, act)
        place = self._place(user, act)
        trigger_id = self.windows.new_trigger(user.id)
        container: Json = {
            "type": "message",
            "message_ts": place.ts,
            "channel_id": place.channel.id,
            "is_ephemeral": place.message is None,
        }
        container |= {"thread_ts": place.thread_ts} if place.thread_ts else {}
        payload = payloads.block_actions(
            user, container=container, actions=[self._action(place.blocks, act)], trigger_id=trigger_id
        )
        payload["channel"] = payloads.channel_part(place.channel)
        # A private message is not repeated in the payload. No independent evidence in the recordings at hand.
        payload |= {"message": place.message} if place.message else {}
        payload["state"] = {"values": _values(list(place.blocks), act)}
        payload["response_url"] = self.addresses.new_url(
            base_url, kind="actions", channel=place.channel, user_id=user.id, original_ts=place.ts
        )
        return _report(await self.courier.interact(payload))

    async def submit(self, act: Json) -> Json:
        """Submit the modal on top (or view_id) with these values by block and action id.

        Slack's client asks for missing inputs itself: then nothing is sent and `client_errors` says why.
        """
        user, view = self._open_view(act)
        blocks = view.body["blocks"]
        values = _values(blocks, act)
        asked = complaints(blocks, values)
        if asked:
            return {"sent": False, "client_errors": asked}
        trigger_id = self.windows.new_trigger(user.id, view_id=view.id)
        payload = payloads.view_submission(user, view, values=values, trigger_id=trigger_id)
        outcome = await self.courier.interact(payload)
        report = _report(outcome)
        if outcome.interaction.acknowledged:
            report |= self._follow(view, outcome.answer)
        return report

    async def close(self, act: Json) -> Json:
        """Close the modal on top (or view_id); with `everything` the whole stack, as the cross in its corner does."""
        user, view = self._open_view(act)
        everything = bool(act.get("everything")) or bool(view.body.get("clear_on_close"))
        closed = self.windows.close(view, everything=everything)
        reports = [
            _report(await self.courier.interact(payloads.view_closed(user, one, is_cleared=everything)))
            for one in closed
            if one.body.get("notify_on_close")
        ]
        return {"closed": [one.id for one in closed], **(reports[0] if reports else {"sent": False})}

    async def command(self, act: Json, *, base_url: str) -> Json:
        """Type a slash command into a channel."""
        user = self._user(act)
        channel = self._channel(user, act)
        name = "/" + str(act.get("command", "")).removeprefix("/")
        payload = payloads.slash_command(
            user,
            channel,
            command=name,
            text=str(act.get("text", "")),
            trigger_id=self.windows.new_trigger(user.id),
            response_url=self.addresses.new_url(
                base_url, kind="commands", channel=channel, user_id=user.id, original_ts=None
            ),
        )
        outcome = await self.courier.command(payload)
        if outcome.interaction.acknowledged and outcome.answer:
            reply = outcome.answer if isinstance(outcome.answer, dict) else {"text": str(outcome.answer)}
            address = ReplyAddress(channel=channel.id, user=user.id, original_ts=None, expires_at=0.0)
            apply_reply(self.workspace, address, reply)
        return _report(outcome)

    async def message(self, act: Json) -> Json:
        """Write into a channel, a thread (thread_ts) or the direct message with the bot."""
        user = self._user(act)
        channel = self._channel(user, act)
        text, blocks = typed_message(str(act.get("text", "")), self.workspace)
        if not text.strip():
            raise CannotAct("text: there is nothing to send")
        saying = Saying(text=text, blocks=blocks)
        message = self.workspace.post(channel, user_id=user.id, saying=saying, thread_ts=act.get("thread_ts") or None)
        self.workspace.mark_read(user.id, channel.id)
        return {"ts": message.ts, "channel": channel.id, **await self._tell(self._events_of(message))}

    async def app_home(self, act: Json) -> Json:
        """Open the app's Home tab."""
        user = self._user(act)
        event = home_opened_event(self.workspace, user_id=user.id, view=self.windows.home(user.id))
        return await self._tell([event])

    async def _click_in_view(self, user: User, act: Json) -> Json:
        view = self._view(user, str(act["view_id"]))
        blocks = view.body["blocks"]
        payload = payloads.block_actions(
            user,
            container={"type": "view", "view_id": view.id},
            actions=[self._action(tuple(blocks), act)],
            trigger_id=self.windows.new_trigger(user.id, view_id=view.id),
        )
        payload["view"] = view_json(view, values=_values(blocks, act))
        return _report(await self.courier.interact(payload))

    def _action(self, blocks: tuple[Json, ...], act: Json) -> Json:
        found = find_element(blocks, str(act.get("action_id", "")), block_id=act.get("block_id"))
        if found is None:
            raise CannotAct(f"action_id: {act.get('action_id')!r} is nowhere on it")
        block, element = found
        if element["type"] == "button":
            value = act["value"] if "value" in act else element.get("value")
            held: Json = {} if value is None else {"value": value}
        else:
            held = _checked(lambda: chosen(element, act.get("choice")))
        return payloads.action_json(block, element, held=held, at=self.workspace.next_ts())

    def _place(self, user: User, act: Json) -> Place:
        channel = self._channel(user, act)
        ts = str(act.get("ts", ""))
        private = self.workspace.find_whisper(channel.id, ts, user_id=user.id)
        if private is not None:
            return Place(channel=channel, ts=ts, thread_ts=private.thread_ts, blocks=private.blocks, message=None)
        try:
            message = self.workspace.message(channel.id, ts)
        except SlackError:
            raise CannotAct(f"ts: there is no message {ts!r} that {user.real_name} sees") from None
        return Place(
            channel=channel,
            ts=ts,
            thread_ts=message.thread_ts,
            blocks=_blocks_on_screen(message, act),
            message=message_json(self.workspace, message),
        )

    def _follow(self, view: View, answer: Any) -> Json:
        """Do what the acknowledgement of a submission asks for; plain closes the modal."""
        said = answer if isinstance(answer, dict) else {}
        kind = said.get("response_action")
        try:
            if kind == "errors":
                return {"response_action": kind, "errors": said.get("errors") or {}}
            if kind == "update":
                body = take_view(said.get("view"), types=("modal",))
                self.windows.update(view, body, expected_hash=None)
            elif kind == "push":
                self.windows.push_for(view.user, take_view(said.get("view"), types=("modal",)))
            else:
                self.windows.close(view, everything=kind == "clear")
        except SlackError as error:
            return {"response_action": kind, "refused": error.code, "messages": list(error.messages)}
        return {"response_action": kind}

    def _events_of(self, message: Message) -> list[Json]:
        mention = mention_event(self.workspace, message)
        return [message_event(self.workspace, message), *([mention] if mention else [])]

    async def _tell(self, events: list[Json]) -> Json:
        """Send the events and report the first answer to each."""
        waiting = [future for future in map(self.courier.announce, events) if future is not None]
        reports = [_report(outcome) for outcome in await asyncio.gather(*waiting)]
        return {"events": reports, **(reports[0] if reports else {"sent": False})}

    def _user(self, act: Json) -> User:
        user = self.workspace.users.get(str(act.get("user", "")))
        if user is None or user.is_bot:
            raise CannotAct(f"user: there is no person {act.get('user')!r}")
        return user

    def _channel(self, user: User, act: Json) -> Channel:
        try:
            channel = self.workspace.channel(str(act.get("channel", "")))
        except SlackError:
            raise CannotAct(f"channel: there is no channel {act.get('channel')!r}") from None
        if user.id not in channel.members:
            raise CannotAct(f"channel: {user.real_name} is not in {channel.name or channel.id}")
        return channel

    def _open_view(self, act: Json) -> tuple[User, View]:
        user = self._user(act)
        view = self._view(user, str(act["view_id"])) if act.get("view_id") else self.windows.top(user.id)
        if view is None or view.type != "modal":
            raise CannotAct(f"view: {user.real_name} has no modal open")
        return user, view

    def _view(self, user: User, view_id: str) -> View:
        view = self.windows.views.get(view_id)
        if view is None or view.user != user.id:
            raise CannotAct(f"view_id: {user.real_name} does not see {view_id!r}")
        return view


def _blocks_on_screen(message: Message, act: Json) -> tuple[Json, ...]:
    """Return the newest blocks that still carry the element: a screen may lag behind an edit."""
    for revision in reversed(message.revisions):
        if find_element(revision.blocks, str(act.get("action_id", "")), block_id=act.get("block_id")):
            return revision.blocks
    return message.now.blocks


def _values(blocks: list[Json], act: Json) -> Json:
    return _checked(lambda: state_of(blocks, act.get("values") or {}))


def _checked(work: Callable[[], Json]) -> Json:
    try:
        return work()
    except BadChoice as error:
        raise CannotAct(str(error)) from None


def _report(outcome: Outcome) -> Json:
    sent = outcome.interaction
    return {
        "sent": sent.via != "none",
        "interaction": sent.id,
        "via": sent.via,
        "acknowledged": sent.acknowledged,
        "status": sent.status,
        "body": outcome.answer if outcome.answer is not None else "",
        "milliseconds": sent.milliseconds,
        "error": sent.error,
    }
