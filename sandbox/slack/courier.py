"""Carries interactions and events to the app, signed over HTTP or by Socket Mode, and notes what it answered.

An acknowledgement must come within three seconds. Events are sent again (at once, after one minute, after five);
interactions and commands never are. https://docs.slack.dev/apis/events-api#errors
"""

import asyncio
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlencode

import httpx

from sandbox.faults import Faults
from sandbox.slack.happenings import envelope
from sandbox.slack.records import APP_ID, SIGNING_SECRET, VERIFICATION_TOKEN, Interaction, Json
from sandbox.slack.signing import signed_headers
from sandbox.slack.sockets import Sockets
from sandbox.slack.workspace import Workspace

FORM = "application/x-www-form-urlencoded"
MOST_BODY_CHARACTERS = 20_000
MOST_CONNECTIONS = 100
SUBSCRIPTIONS = ("app_home_opened", "app_mention", "message.channels", "message.im")


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """Where the app listens, and how patient Slack is.

    interactivity, events, commands: Request URLs; None = nowhere.
    socket_mode: Send over a connected socket instead of the URLs.
    subscriptions: Events the app asked for: "message.channels".
    ack_seconds: How long an acknowledgement may take.
    retry_waits: Seconds before each further try of an event.
    """

    interactivity: str | None = None
    events: str | None = None
    commands: str | None = None
    socket_mode: bool = False
    signing_secret: str = SIGNING_SECRET
    subscriptions: tuple[str, ...] = SUBSCRIPTIONS
    ack_seconds: float = 3.0
    retry_waits: tuple[float, ...] = (0.0, 60.0, 300.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """One thing to send.

    kind: As in the log: "block_actions", "event:message".
    socket_type: "interactive", "slash_commands" or "events_api".
    payload: What it says.
    user: Who did it; "" for the app itself.
    """

    kind: str
    socket_type: str
    payload: Json
    user: str
    url: str | None
    content_type: str
    body: bytes
    attempt: int = 0
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came back: the log's record, the answer's body and whether the app forbade further tries."""

    interaction: Interaction
    answer: Any = None
    no_retry: bool = False


@dataclass(slots=True, kw_only=True)
class _Answer:
    status: int | None = None
    body: Any = None
    error: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


class Courier:
    """Sends to the app. Open it before use, close it at the end."""

    def __init__(self, *, workspace: Workspace, sockets: Sockets, faults: Faults, delivery: Delivery) -> None:
        self.workspace = workspace
        self.sockets = sockets
        self.faults = faults
        self.delivery = delivery
        self._client: httpx.AsyncClient | None = None
        self._tasks: set[asyncio.Task[Any]] = set()

    async def open(self) -> None:
        """Get ready to send."""
        limits = httpx.Limits(max_connections=MOST_CONNECTIONS)
        self._client = httpx.AsyncClient(trust_env=False, limits=limits)

    async def close(self) -> None:
        """Drop what waits for another try and close all connections."""
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._client is not None:
            await self._client.aclose()

    async def interact(self, payload: Json) -> Outcome:
        """Send a block action, view submission or view closing, once."""
        body = urlencode({"payload": json.dumps(payload, ensure_ascii=False)}).encode()
        return await self._send(
            Parcel(
                kind=payload["type"],
                socket_type="interactive",
                payload=payload,
                user=payload["user"]["id"],
                url=self.delivery.interactivity,
                content_type=FORM,
                body=body,
            )
        )

    async def command(self, payload: Json) -> Outcome:
        """Send a slash command, once."""
        return await self._send(
            Parcel(
                kind="slash_command",
                socket_type="slash_commands",
                payload=payload,
                user=payload["user_id"],
                url=self.delivery.commands,
                content_type=FORM,
                body=urlencode(payload).encode(),
            )
        )

    def announce(self, event: Json) -> asyncio.Future[Outcome] | None:
        """Begin to send an event in the background; the future holds the outcome of the first try.

        Returns None when the app did not subscribe to it or there is nowhere to send it.
        """
        if _subscription(event) not in self.delivery.subscriptions or not self._has_target():
            return None
        path = f"/{event['type']}"
        if self.faults.strike("event_lost", method="EVENT", path=path):
            return None
        delayed = self.faults.strike("event_delayed", method="EVENT", path=path)
        doubled = self.faults.strike("event_duplicated", method="EVENT", path=path)
        wrapped = envelope(self.workspace, event, app_id=APP_ID, token=VERIFICATION_TOKEN)
        first: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self._keep(self._send_event(wrapped, first=first, wait_seconds=delayed.seconds if delayed else 0.0))
        if doubled:
            self._keep(self._send_event(wrapped, first=None, wait_seconds=0.0))
        return first

    async def verify_events_url(self, url: str) -> bool:
        """Send the url_verification challenge and tell whether it came back."""
        challenge = f"challenge-{self.workspace.next_number()}"
        payload = {"token": VERIFICATION_TOKEN, "challenge": challenge, "type": "url_verification"}
        parcel = _event_parcel(payload, kind="url_verification", url=url)
        answer = await self._post(parcel)
        return answer.status == httpx.codes.OK and challenge in str(answer.body)

    def _has_target(self) -> bool:
        return bool(self.delivery.socket_mode or self.delivery.events)

    def _keep(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _send_event(self, wrapped: Json, *, first: asyncio.Future[Outcome] | None, wait_seconds: float) -> None:
        await asyncio.sleep(wait_seconds)
        parcel = _event_parcel(wrapped, kind=f"event:{wrapped['event']['type']}", url=self.delivery.events)
        outcome = await self._send(parcel)
        if first is not None and not first.done():
            first.set_result(outcome)
        for number, wait in enumerate(self.delivery.retry_waits, start=1):
            if outcome.interaction.acknowledged or outcome.no_retry:
                return
            await asyncio.sleep(wait)
            url = self.delivery.events
            outcome = await self._send(replace(parcel, attempt=number, reason=outcome.interaction.error, url=url))

    async def _send(self, parcel: Parcel) -> Outcome:
        """Send one parcel once and log it."""
        at = self.workspace.clock()
        began = time.perf_counter()
        if self.delivery.socket_mode:
            via, answer = "socket", await self._push(parcel)
        elif parcel.url:
            via, answer = "http", await self._post(parcel)
        else:
            via, answer = "none", _Answer(error="no_request_url")
        interaction = Interaction(
            id=f"I{self.workspace.next_number():08d}",
            at=at,
            kind=parcel.kind,
            user=parcel.user,
            attempt=parcel.attempt,
            via=via,
            status=answer.status,
            body=_shown_body(answer.body),
            milliseconds=round((time.perf_counter() - began) * 1000, 3),
            error=answer.error,
        )
        self.workspace.log(interaction)
        no_retry = answer.headers.get("x-slack-no-retry") == "1"
        return Outcome(interaction=interaction, answer=answer.body, no_retry=no_retry)

    async def _push(self, parcel: Parcel) -> _Answer:
        extra: Json = {"accepts_response_payload": parcel.socket_type != "events_api"}
        if parcel.socket_type == "events_api":
            reason = {"http_timeout": "timeout"}.get(parcel.reason, parcel.reason)
            extra |= {"retry_attempt": parcel.attempt, "retry_reason": reason}
        seconds = self.delivery.ack_seconds
        try:
            body = await self.sockets.send(parcel.socket_type, parcel.payload, extra=extra, seconds=seconds)
        except TimeoutError:
            return _Answer(error="http_timeout")
        except ConnectionError:
            return _Answer(error="connection_failed")
        return _Answer(status=200, body=body)

    async def _post(self, parcel: Parcel) -> _Answer:
        if self._client is None or parcel.url is None:
            return _Answer(error="no_request_url")
        timestamp = int(self.workspace.clock())
        secret = self.delivery.signing_secret
        headers = signed_headers(secret, timestamp=timestamp, body=parcel.body, content_type=parcel.content_type)
        if parcel.attempt:
            headers |= {"x-slack-retry-num": str(parcel.attempt), "x-slack-retry-reason": parcel.reason}
        sending = self._client.post(parcel.url, content=parcel.body, headers=headers, timeout=None)
        try:
            response = await asyncio.wait_for(sending, self.delivery.ack_seconds)
        except (TimeoutError, httpx.TimeoutException):
            return _Answer(error="http_timeout")
        except httpx.HTTPError:
            return _Answer(error="connection_failed")
        error = "" if response.is_success else "http_error"
        return _Answer(status=response.status_code, body=_read_body(response), error=error, headers=response.headers)


def _event_parcel(payload: Json, *, kind: str, url: str | None) -> Parcel:
    return Parcel(
        kind=kind,
        socket_type="events_api",
        payload=payload,
        user=str(payload.get("event", {}).get("user", "")),
        url=url,
        content_type="application/json",
        body=json.dumps(payload, ensure_ascii=False).encode(),
    )


def _subscription(event: Json) -> str:
    if event["type"] != "message":
        return str(event["type"])
    return "message.im" if event["channel_type"] == "im" else "message.channels"


def _read_body(response: httpx.Response) -> Any:
    if "json" not in response.headers.get("content-type", ""):
        return response.text
    try:
        return response.json()
    except json.JSONDecodeError:
        return response.text


def _shown_body(body: Any) -> str:
    if body is None:
        return ""
    shown = body if isinstance(body, str) else json.dumps(body, ensure_ascii=False)
    return shown[:MOST_BODY_CHARACTERS]
