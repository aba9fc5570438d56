"""A real server on loopback for every test: the sandbox's apps over HTTP, and one that answers what a test tells it."""

import asyncio
import socket
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import requests
import uvicorn
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.types import Message, Receive, Scope, Send

from connectors.transport import Exchange
from connectors.zendesk.client import ZendeskTickets, connect
from connectors.zendesk.settings import OAuthClient, ZendeskSettings
from sandbox.accounts.app import create_app as create_accounts
from sandbox.salesforce.app import create_app as create_salesforce
from sandbox.zendesk.app import create_app as create_zendesk
from tests.connectors.salesforce_world import SalesforceWorld
from tests.connectors.world_clock import Clock

FIELDS = (
    ("claimed_amount", 900006),
    ("compensation_topic", 900001),
    ("mw_amount", 900012),
    ("mw_state", 900011),
    ("order_id", 900002),
)
START_SECONDS = 10


@dataclass
class World:
    """The sandbox as a test sees it: its address, its clock, its control plane."""

    url: str
    clock: Clock

    def settings(self, **changed: Any) -> ZendeskSettings:
        given: dict[str, Any] = {
            "subdomain": "harbor",
            "auth": OAuthClient(client_id="makewhole", client_secret="sandbox-client-secret"),
            "fields": FIELDS,
            "target": f"{self.url}/zendesk",
            "connect_seconds": 2.0,
            "read_seconds": 5.0,
            "calls_per_minute": None,
            "exports_per_minute": None,
            "updates_per_minute": None,
        }
        return ZendeskSettings(**{**given, **changed})

    def connect(self, seen: Callable[[Exchange], None] | None = None, **changed: Any) -> ZendeskTickets:
        return connect(self.settings(**changed), on_response=seen)

    def load(self, *tickets: dict[str, Any]) -> None:
        answer = requests.post(f"{self.url}/zendesk/_sandbox/tickets", json={"tickets": tickets}, timeout=10)
        assert answer.status_code == 201, answer.text

    def agent_edits(self, ticket_id: int, **edit: Any) -> None:
        body = {"ticket_id": ticket_id, **edit}
        answer = requests.post(f"{self.url}/zendesk/_sandbox/agents/edit", json=body, timeout=10)
        assert answer.status_code == 200, answer.text

    def fault(self, fault: str, match: str = "", *, room: str = "zendesk", **more: Any) -> None:
        body = {"fault": fault, "match": match, **more}
        answer = requests.post(f"{self.url}/{room}/_sandbox/faults", json=body, timeout=10)
        assert answer.status_code == 200, answer.text

    def faults(self) -> list[dict[str, Any]]:
        listed = requests.get(f"{self.url}/zendesk/_sandbox/faults", timeout=10).json()["faults"]
        assert isinstance(listed, list)
        return listed

    def ticket(self, ticket_id: int) -> dict[str, Any]:
        """Return a ticket with all its comments as the vendor keeps it."""
        state = requests.get(f"{self.url}/zendesk/_sandbox/state", params={"ids": ticket_id}, timeout=10).json()
        found = state["tickets"][0]
        assert isinstance(found, dict)
        return found

    def tokens_given(self) -> int:
        given = requests.get(f"{self.url}/zendesk/_sandbox/state", timeout=10).json()["tokens_given"]
        assert isinstance(given, int)
        return given

    def notes(self, ticket_id: int) -> list[str]:
        """Return the internal comments of a ticket."""
        return [each["body"] for each in self.ticket(ticket_id)["comments"] if not each["public"]]


def a_ticket(ticket_id: int = 35436, **changed: Any) -> dict[str, Any]:
    """Return a ticket as the sandbox loads it: a customer's withdrawal came late."""
    return {
        "id": ticket_id,
        "subject": "My withdrawal is late",
        "description": "I asked for 500 USDT yesterday and nothing arrived.",
        "status": "open",
        "requester": {"external_id": "C-100023", "name": "Ada Byrne", "email": "ada@example.com", "locale": "en-US"},
        "assignee_id": 1001,
        "tags": ["withdrawal"],
        "custom_fields": {"900001": "delayed_withdrawal", "900002": "A-20931", "900006": "12.50"},
        "created_at": "2026-11-01T10:00:00+00:00",
        "updated_at": "2026-11-01T10:00:00+00:00",
        **changed,
    }


def _system_clock() -> datetime:
    return datetime.now(UTC)


class Stage:
    """An ASGI app that is whatever the running test put on: a server takes longer to start than a sandbox."""

    def __init__(self) -> None:
        self.app = Starlette()
        self.url = ""
        self.loop: asyncio.AbstractEventLoop | None = None
        self.clock: Callable[[], datetime] = _system_clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(scope, receive, self._dated(send))

    def _dated(self, send: Send) -> Send:
        """Let every answer tell the time by the test's clock, as a vendor's answers do by its own."""

        async def dated(message: Message) -> None:
            if message["type"] == "http.response.start":
                said = format_datetime(self.clock(), usegmt=True).encode()
                message = {**message, "headers": [*message.get("headers", ()), (b"date", said)]}
            await send(message)

        return dated

    async def serve(self, server: uvicorn.Server, listener: socket.socket) -> None:
        self.loop = asyncio.get_running_loop()
        await server.serve(sockets=[listener])

    def do(self, work: Coroutine[Any, Any, object]) -> None:
        """Do something in the server's own loop."""
        assert self.loop is not None
        asyncio.run_coroutine_threadsafe(work, self.loop).result(START_SECONDS)


@pytest.fixture(scope="session")
def stage() -> Iterator[Stage]:
    """Return a server for the whole room."""
    stage = Stage()
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        stage.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        server = uvicorn.Server(
            uvicorn.Config(stage, log_level="critical", lifespan="off", timeout_graceful_shutdown=1, date_header=False)
        )
        thread = threading.Thread(target=lambda: asyncio.run(stage.serve(server, listener)), daemon=True)
        thread.start()
        until(lambda: server.started)
        yield stage
        server.should_exit = True
        thread.join(START_SECONDS)


@pytest.fixture
def world(stage: Stage) -> Iterator[World]:
    """Return a fresh sandbox Zendesk and account-data service, with the demo fields and no tickets."""
    clock = Clock()
    zendesk = create_zendesk(clock=clock, pace="fast")
    accounts = create_accounts(clock=clock)
    stage.app = Starlette(routes=[Mount("/zendesk", app=zendesk), Mount("/accounts", app=accounts)])
    life = zendesk.router.lifespan_context(zendesk)
    stage.do(life.__aenter__())
    yield World(url=stage.url, clock=clock)
    stage.do(life.__aexit__(None, None, None))


@pytest.fixture
def salesforce(stage: Stage) -> Iterator[SalesforceWorld]:
    """Return a fresh sandbox Salesforce without cases, whose every answer tells the test's time."""
    clock = Clock()
    app = create_salesforce(clock=clock, pace="fast")
    stage.app = Starlette(routes=[Mount("/salesforce", app=app)])
    stage.clock = clock
    life = app.router.lifespan_context(app)
    stage.do(life.__aenter__())
    yield SalesforceWorld(url=stage.url, clock=clock)
    stage.do(life.__aexit__(None, None, None))
    stage.clock = _system_clock


@dataclass
class Script:
    """What the scripted server answers, and what it was asked."""

    url: str = ""
    answers: list[tuple[int, dict[str, str], bytes]] = field(default_factory=list)
    asked: list[tuple[str, str, dict[str, str], bytes]] = field(default_factory=list)
    ports: set[int] = field(default_factory=set)

    def answer(self, status: int, body: bytes = b"{}", **headers: str) -> None:
        """Answer the next request like this; the last answer stays. Status 0 drops the connection instead."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.answers.append((status, named, body))


@pytest.fixture
def script() -> Iterator[Script]:
    """Return a server that answers what the test tells it to."""
    script = Script()

    class Answering(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _answer(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            script.ports.add(self.client_address[1])
            script.asked.append((self.command, self.path, dict(self.headers), self.rfile.read(length)))
            status, headers, body = script.answers.pop(0) if len(script.answers) > 1 else script.answers[0]
            if status == 0:
                self.close_connection = True
                return
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            for name, value in {"Content-Type": "application/json", **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_PUT = do_POST = do_DELETE = _answer  # noqa: N815  # The names are the library's.

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Answering) as server:
        server.daemon_threads = True
        server.handle_error = lambda *_: None  # type: ignore[method-assign]  # We hang up on long answers.
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        script.url = f"http://127.0.0.1:{server.server_address[1]}"
        yield script
        server.shutdown()
        thread.join(START_SECONDS)


def until(holds: Callable[[], bool]) -> None:
    """Wait until this holds; fails after ten seconds."""
    deadline = time.monotonic() + START_SECONDS
    while not holds():
        assert time.monotonic() < deadline, "it did not happen in time"
        threading.Event().wait(0.005)
