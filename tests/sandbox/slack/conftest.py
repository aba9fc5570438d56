"""A Slack on a real port, and the vendor's JSON schemas to hold its answers against."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import jsonschema
import pytest
import uvicorn
from slack_bolt.adapter.starlette.async_handler import AsyncSlackRequestHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from sandbox.slack.app import create_app
from sandbox.slack.courier import Delivery

DEADLINE_SECONDS = 10.0
REASONS = ["not_covered", "other"]
MODAL = {
    "type": "modal",
    "callback_id": "reject_case",
    "notify_on_close": True,
    "private_metadata": "CASE-1:r1",
    "title": {"type": "plain_text", "text": "Reject"},
    "submit": {"type": "plain_text", "text": "Reject"},
    "blocks": [
        {
            "type": "input",
            "block_id": "reason",
            "label": {"type": "plain_text", "text": "Reason"},
            "element": {
                "type": "static_select",
                "action_id": "code",
                "options": [{"text": {"type": "plain_text", "text": one}, "value": one} for one in REASONS],
            },
        },
        {
            "type": "input",
            "block_id": "note",
            "optional": True,
            "label": {"type": "plain_text", "text": "Note"},
            "element": {"type": "plain_text_input", "action_id": "words", "multiline": True},
        },
    ],
}


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "browser: drives a real Chromium, which must be on the machine")


class Served:
    """An ASGI app behind uvicorn on a free loopback port."""

    def __init__(self, app: ASGIApp) -> None:
        config = uvicorn.Config(app, port=0, log_level="critical", ws="wsproto", timeout_graceful_shutdown=1)
        self.server = uvicorn.Server(config)
        self.thread = threading.Thread(target=self.server.run, daemon=True)
        self.thread.start()
        wait_until(lambda: self.server.started)
        self.url = f"http://127.0.0.1:{self.server.servers[0].sockets[0].getsockname()[1]}"

    def stop(self) -> None:
        self.server.should_exit = True
        self.thread.join(DEADLINE_SECONDS)


class Clock:
    """A clock that runs and can be put forward."""

    def __init__(self) -> None:
        self.ahead_seconds = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead_seconds


class Slack:
    """The sandbox under test: its address and its control plane."""

    def __init__(self, url: str, clock: Clock) -> None:
        self.url = url
        self.clock = clock
        self.http = httpx.Client(base_url=url, trust_env=False, timeout=DEADLINE_SECONDS)

    def state(self) -> dict[str, Any]:
        return dict(self.http.get("/_sandbox/state").json())

    def act(self, what: str, *, status: int = 200, **body: Any) -> dict[str, Any]:
        response = self.http.post(f"/_sandbox/act/{what}", json=body)
        assert response.status_code == status, response.text
        return dict(response.json())

    def settings(self, **body: Any) -> dict[str, Any]:
        return dict(self.http.post("/_sandbox/settings", json=body).raise_for_status().json())

    def fault(self, **body: Any) -> None:
        self.http.post("/_sandbox/faults", json=body).raise_for_status()

    def message(self, ts: str) -> dict[str, Any]:
        return next(one for one in self.state()["messages"] if one["ts"] == ts)


class Bot:
    """A Bolt app that remembers what reached it."""

    def __init__(self, slack: Any) -> None:
        self.slack = slack
        self.seen: list[tuple[str, dict[str, Any]]] = []
        self.headers: list[dict[str, str]] = []

    def bolt(self) -> AsyncApp:
        """Make the app; call it inside the loop that will run it."""
        client = AsyncWebClient(token="xoxb-sandbox-bot", base_url=f"{self.slack.url}/api/", retry_handlers=[])
        client.proxy = None
        app = AsyncApp(signing_secret="sandbox-signing-secret", client=client, process_before_response=True)
        app.action("approve")(self.approve)
        app.action("reject")(self.reject)
        app.view("reject_case")(self.submitted)
        app.view_closed("reject_case")(self.closed)
        app.command("/makewhole")(self.command)
        app.event("message")(self.event)
        app.event("app_mention")(self.event)
        app.event("app_home_opened")(self.home)
        return app

    async def approve(self, ack: Any, body: Any, respond: Any, client: Any) -> None:
        self.seen.append(("approve", body))
        await ack()
        await client.chat_update(channel=body["channel"]["id"], ts=body["message"]["ts"], text="Approved", blocks=[])
        await respond(text="Thank you", response_type="ephemeral", replace_original=False)

    async def reject(self, ack: Any, body: Any, client: Any) -> None:
        self.seen.append(("reject", body))
        await ack()
        await client.views_open(trigger_id=body["trigger_id"], view=MODAL)

    async def submitted(self, ack: Any, body: Any) -> None:
        self.seen.append(("submitted", body))
        values = body["view"]["state"]["values"]
        if values["reason"]["code"]["selected_option"]["value"] == "other" and not values["note"]["words"]["value"]:
            await ack(response_action="errors", errors={"note": "Say why"})
        else:
            await ack()

    async def closed(self, ack: Any, body: Any) -> None:
        self.seen.append(("closed", body))
        await ack()

    async def command(self, ack: Any, body: Any) -> None:
        self.seen.append(("command", body))
        await ack("Two cases wait")

    async def event(self, body: Any) -> None:
        self.seen.append((body["event"]["type"], body))

    async def home(self, body: Any, client: Any) -> None:
        self.seen.append(("home", body))
        view = {"type": "home", "blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": "Your *queue*"}}]}
        await client.views_publish(user_id=body["event"]["user"], view=view)

    def bodies(self, kind: str) -> list[dict[str, Any]]:
        return [body for name, body in self.seen if name == kind]


def http_app(bot: Bot) -> Starlette:
    made: list[AsyncSlackRequestHandler] = []

    async def slack_events(request: Request) -> Response:
        if not made:
            made.append(AsyncSlackRequestHandler(bot.bolt()))
        bot.headers.append(dict(request.headers))
        return await made[0].handle(request)

    return Starlette(routes=[Route("/slack/events", slack_events, methods=["POST"])])


def wait_until(question: Callable[[], Any], seconds: float = DEADLINE_SECONDS) -> Any:
    """Ask until the answer is true; fails at the deadline."""
    deadline = time.monotonic() + seconds
    pause = threading.Event()
    while time.monotonic() < deadline:
        answer = question()
        if answer:
            return answer
        pause.wait(0.01)
    pytest.fail("waited in vain")


def corrected(schema: Any) -> Any:
    """Return the schema with the one known gap of the vendor's answer types closed: they lag behind the block types."""
    if isinstance(schema, list):
        return [corrected(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    if "share_shortcut" in schema.get("enum", ()):
        return {**schema, "enum": [*schema["enum"], "header", "input", "markdown", "table"]}
    return {name: corrected(one) for name, one in schema.items()}


@pytest.fixture
def serve() -> Iterator[Callable[[ASGIApp], Served]]:
    running: list[Served] = []

    def start(app: ASGIApp) -> Served:
        running.append(Served(app))
        return running[-1]

    yield start
    for served in reversed(running):
        served.stop()


@pytest.fixture
def eventually() -> Callable[..., Any]:
    return wait_until


@pytest.fixture
def make_slack(serve: Callable[[ASGIApp], Served]) -> Iterator[Callable[..., Slack]]:
    made: list[Slack] = []

    def make(**delivery: Any) -> Slack:
        clock = Clock()
        app = create_app(clock=clock, delivery=Delivery(**{"retry_waits": (0.0, 0.05, 0.05), **delivery}))
        made.append(Slack(serve(app).url, clock))
        return made[-1]

    yield make
    for slack in made:
        slack.http.close()


@pytest.fixture
def slack(make_slack: Callable[..., Slack]) -> Slack:
    return make_slack()


@pytest.fixture
def make_bot(serve: Callable[[ASGIApp], Served]) -> Callable[..., Bot]:
    """Return a maker of Bolt apps; unless told otherwise the app listens over HTTP and the sandbox knows where."""

    def make(slack: Slack, *, listens: bool = True) -> Bot:
        bot = Bot(slack)
        if listens:
            slack.settings(request_url=f"{serve(http_app(bot)).url}/slack/events", verify=True)
        return bot

    return make


@pytest.fixture(scope="session")
def valid(shared: Path) -> Callable[[str, Any], None]:
    """Return a check of a value against one of the vendor's JSON schemas, by the schema's name."""
    known: dict[str, jsonschema.Draft7Validator] = {}

    def check(name: str, value: Any) -> None:
        if name not in known:
            text = (shared / "vendor" / "slack" / "json-schema" / f"{name}.json").read_text()
            known[name] = jsonschema.Draft7Validator(corrected(json.loads(text)))
        errors = [
            f"{'/'.join(map(str, error.path))}: {error.message[:300]}" for error in known[name].iter_errors(value)
        ]
        assert not errors, errors

    return check
