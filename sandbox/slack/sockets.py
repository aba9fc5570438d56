"""Socket Mode: tickets from apps.connections.open, websockets, envelopes and their acknowledgements.

https://docs.slack.dev/apis/events-api/using-socket-mode
"""

import asyncio
import itertools
import json
import secrets
import uuid
from typing import Any

from starlette.websockets import WebSocket, WebSocketDisconnect

from sandbox.slack.records import APP_ID, Json, SlackError

MOST_CONNECTIONS = 10
CONNECTION_SECONDS = 18_060
DEBUG_HOST = "applink-sandbox-1"


class Sockets:
    """The open connections of the app, and the envelopes that wait for an acknowledgement."""

    def __init__(self) -> None:
        self.tickets: set[str] = set()
        self.open: list[WebSocket] = []
        self._waiting: dict[str, asyncio.Future[Any]] = {}
        self._turn = itertools.count()

    def new_url(self, base_url: str) -> str:
        """Return a websocket address that works once; raises `too_many_websockets` past ten connections."""
        if len(self.open) >= MOST_CONNECTIONS:
            # The reference names ten connections; no independent evidence for the code past them.
            raise SlackError("too_many_websockets")
        ticket = secrets.token_urlsafe(24)
        self.tickets.add(ticket)
        return f"{base_url.replace('http', 'ws', 1)}/link/?ticket={ticket}&app_id={APP_ID}"

    async def serve(self, socket: WebSocket) -> None:
        """Greet one connection and read its acknowledgements until it ends."""
        ticket = socket.query_params.get("ticket", "")
        if ticket not in self.tickets:
            await socket.close(code=4000)
            return
        self.tickets.discard(ticket)
        await socket.accept()
        self.open.append(socket)
        try:
            await socket.send_json(self._hello())
            while True:
                self._take(await socket.receive_text())
        except WebSocketDisconnect:
            return
        finally:
            self.open.remove(socket)

    async def send(self, kind: str, payload: Json, *, extra: Json, seconds: float) -> Any:
        """Send an envelope over one of the connections and return the payload of its acknowledgement (None if bare).

        kind: "interactive", "slash_commands" or "events_api".
        Raises TimeoutError when no acknowledgement comes in time, ConnectionError when the connection is gone.
        """
        if not self.open:
            raise ConnectionError("no socket is connected")
        socket = self.open[next(self._turn) % len(self.open)]
        envelope_id = str(uuid.uuid4())
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting[envelope_id] = answer
        envelope = {"envelope_id": envelope_id, "payload": payload, "type": kind, **extra}
        try:
            await socket.send_text(json.dumps(envelope, ensure_ascii=False))
            return await asyncio.wait_for(answer, seconds)
        except (RuntimeError, WebSocketDisconnect) as error:
            raise ConnectionError("the socket closed") from error
        finally:
            del self._waiting[envelope_id]

    async def ask_to_reconnect(self) -> int:
        """Tell every connection that it will end soon, as Slack does when it moves them, and return how many."""
        warned = list(self.open)
        for socket in warned:
            await socket.send_json(
                {"type": "disconnect", "reason": "refresh_requested", "debug_info": {"host": DEBUG_HOST}}
            )
        return len(warned)

    def _hello(self) -> Json:
        return {
            "type": "hello",
            "num_connections": len(self.open),
            "connection_info": {"app_id": APP_ID},
            "debug_info": {
                "host": DEBUG_HOST,
                "build_number": 1,
                "approximate_connection_time": CONNECTION_SECONDS,
            },
        }

    def _take(self, text: str) -> None:
        try:
            message = json.loads(text)
        except json.JSONDecodeError:
            return
        answer = self._waiting.get(str(message.get("envelope_id"))) if isinstance(message, dict) else None
        if answer is not None and not answer.done():
            answer.set_result(message.get("payload"))
