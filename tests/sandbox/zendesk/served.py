"""A sandbox app on a real port, a clock to put forward, and a receiver that remembers what a webhook brought."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

DEADLINE_SECONDS = 10.0
NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
TOKEN_REQUEST = {
    "grant_type": "client_credentials",
    "client_id": "makewhole",
    "client_secret": "sandbox-client-secret",
    "scope": "read write",
}


@contextmanager
def served(app: ASGIApp) -> Iterator[str]:
    """Serve an app behind uvicorn on a free loopback port and yield its address."""
    config = uvicorn.Config(app, port=0, log_level="critical", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    wait_until(lambda: server.started)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(DEADLINE_SECONDS)


def wait_until(question: Callable[[], Any], seconds: float = DEADLINE_SECONDS) -> Any:
    """Ask until the answer is true and return it; fails at the deadline."""
    deadline = time.monotonic() + seconds
    pause = threading.Event()
    while time.monotonic() < deadline:
        answer = question()
        if answer:
            return answer
        pause.wait(0.005)
    raise AssertionError(f"still not so after {seconds} s")


class Clock:
    """A clock that stands still until it is put forward."""

    def __init__(self, now: datetime = NOON) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def forward(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """One webhook request."""

    headers: dict[str, str]
    body: bytes


class Receiver:
    """An endpoint for webhooks. `answers` are given first, then 200."""

    def __init__(self) -> None:
        self.received: list[Received] = []
        self.answers: list[tuple[int, dict[str, str]]] = []
        self.app = Starlette(routes=[Route("/hook", self._take, methods=["POST"])])

    async def _take(self, request: Request) -> Response:
        self.received.append(Received(headers=dict(request.headers), body=await request.body()))
        status, headers = self.answers.pop(0) if self.answers else (200, {})
        return Response(status_code=status, headers=headers)


@contextmanager
def authorized(url: str, check: Callable[[httpx.Response], None] | None = None) -> Iterator[httpx.Client]:
    """Yield a client with a fresh OAuth token; each answer goes through `check`."""
    hooks: dict[str, list[Callable[..., Any]]] = {"response": [check] if check else []}
    with httpx.Client(base_url=url, trust_env=False, timeout=DEADLINE_SECONDS, event_hooks=hooks) as client:
        token = client.post("/oauth/tokens", json=TOKEN_REQUEST).raise_for_status().json()["access_token"]
        client.headers["Authorization"] = f"Bearer {token}"
        yield client


def a_ticket(ticket_id: int, **given: Any) -> dict[str, Any]:
    """Return a ticket for the bulk load: from C-100023 an hour before noon, unless said otherwise."""
    return {
        "id": ticket_id,
        "subject": f"Ticket {ticket_id}",
        "description": "My OKB position was liquidated.",
        "requester": {"external_id": "C-100023", "name": "Ana Silva", "email": "ana@mail.example"},
        "created_at": "2026-11-22T11:00:00Z",
        **given,
    }
