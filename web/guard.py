"""What every answer gets, whoever makes it: safe headers, one log line without secrets, and no internals on failure."""

import time
import traceback
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any

import structlog
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from web.metrics import Metrics

log = structlog.get_logger("web.requests")

_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "Strict-Transport-Security": "max-age=31536000",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
_INTERNAL_ERROR = b'{"error":"internal"}'
_ROUTES = frozenset({"/slack/events", "/slack/interactivity", "/slack/commands", "/healthz", "/readyz", "/metrics"})
_OPEN_ROUTES = {
    "/cases/": "/cases/{case_id}",
    "/policies/": "/policies/{name}",
    "/webhooks/": "/webhooks/{vendor}",
}


class Guard:
    """Wraps the whole app. Written as plain ASGI because it runs for every delivery."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = time.perf_counter()
        answer = _Answer(send)
        try:
            await self._app(scope, receive, answer.send)
        except Exception as error:  # noqa: BLE001  # A door: the sender learns nothing of our insides.
            # The message may quote what a customer wrote, so only the kind and the places are logged.
            where = [
                f"{Path(frame.filename).name}:{frame.lineno}" for frame in traceback.extract_tb(error.__traceback__)
            ]
            log.error("request failed", path=_shown(scope), error=type(error).__name__, where=where[-8:])  # noqa: TRY400
            if answer.status == 0:
                await _say_internal_error(answer.send)
        seconds = time.perf_counter() - begun
        self._metrics.seconds.labels(route_of(scope["path"])).observe(seconds)
        log.info(
            "request",
            method=scope["method"],
            path=_shown(scope),
            status=answer.status,
            milliseconds=round(seconds * 1000, 1),
        )


class _Answer:
    """Notes the status and adds the headers as the answer passes by."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.status = 0

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = MutableHeaders(scope=_with_headers(message))
            for name, value in _HEADERS.items():
                headers.setdefault(name, value)
        await self._send(message)


def route_of(path: str) -> str:
    """Return the route of a path, one of few: a figure must not be split by what strangers make up."""
    if path in _ROUTES:
        return path
    return next((route for start, route in _OPEN_ROUTES.items() if path.startswith(start)), "other")


def _shown(scope: Scope) -> str:
    """Return the path as it may be logged: without its query and what follows a webhook's account; keys stand there."""
    path = str(scope["path"])
    shown = "/".join(path.split("/")[:4]) if path.startswith("/webhooks/") else path
    return shown[:200]


def _with_headers(message: Message) -> MutableMapping[str, Any]:
    message.setdefault("headers", [])
    return message


async def _say_internal_error(send: Send) -> None:
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(_INTERNAL_ERROR)).encode())]
    await send({"type": "http.response.start", "status": 500, "headers": headers})
    await send({"type": "http.response.body", "body": _INTERNAL_ERROR})
