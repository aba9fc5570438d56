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
from starlette.types import ASGIApp

from sandbox.slack.app import create_app
from sandbox.slack.courier import Delivery

DEADLINE_SECONDS = 10.0


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
        return self.http.get("/_sandbox/state").json()

    def act(self, what: str, *, status: int = 200, **body: Any) -> dict[str, Any]:
        response = self.http.post(f"/_sandbox/act/{what}", json=body)
        assert response.status_code == status, response.text
        return response.json()

    def settings(self, **body: Any) -> dict[str, Any]:
        return self.http.post("/_sandbox/settings", json=body).raise_for_status().json()

    def fault(self, **body: Any) -> None:
        self.http.post("/_sandbox/faults", json=body).raise_for_status()

    def message(self, ts: str) -> dict[str, Any]:
        return next(one for one in self.state()["messages"] if one["ts"] == ts)


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
