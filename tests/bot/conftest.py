"""A sandbox Slack on a real port, and the bot behind its own."""

import contextlib
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.routing import Route
from starlette.types import ASGIApp

from bot.app import create_app, http_endpoint, start_socket_mode
from sandbox.slack.app import create_app as create_slack
from sandbox.slack.courier import Delivery
from tests.bot.house import Bot, House, settings_for

DEADLINE_SECONDS = 30.0


class Served:
    """An ASGI app behind uvicorn on a free loopback port."""

    def __init__(self, app: ASGIApp) -> None:
        config = uvicorn.Config(app, port=0, log_level="critical", ws="wsproto", timeout_graceful_shutdown=1)
        self.server = uvicorn.Server(config)
        self.thread = threading.Thread(target=self.server.run, daemon=True)
        self.thread.start()
        until(lambda: self.server.started)
        self.url = f"http://127.0.0.1:{self.server.servers[0].sockets[0].getsockname()[1]}"

    def stop(self) -> None:
        self.server.should_exit = True
        self.thread.join(DEADLINE_SECONDS)


def until(question: Callable[[], Any]) -> Any:
    """Ask until the answer is true; fails at the deadline."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    pause = threading.Event()
    while time.monotonic() < deadline:
        answer = question()
        if answer:
            return answer
        pause.wait(0.01)
    return pytest.fail("waited in vain")


def kinds(message: dict[str, Any]) -> list[str]:
    return [block["type"] for block in message["blocks"]]


class SandboxSlack:
    """The sandbox's Slack and its control plane."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.api = f"{url}/api/"
        self.http = httpx.Client(base_url=url, trust_env=False, timeout=DEADLINE_SECONDS)

    def state(self) -> dict[str, Any]:
        found: dict[str, Any] = self.http.get("/_sandbox/state").json()
        return found

    def act(self, what: str, **body: Any) -> dict[str, Any]:
        answer = self.http.post(f"/_sandbox/act/{what}", json=body)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def settings(self, **body: Any) -> None:
        self.http.post("/_sandbox/settings", json=body).raise_for_status()

    def fault(self, name: str, match: str, *, times: int | None = 1, **more: Any) -> None:
        body = {"fault": name, "match": match, "times": times, **more}
        self.http.post("/_sandbox/faults", json=body).raise_for_status()

    def messages(self, channel: str = "C0COMPENSA1") -> list[dict[str, Any]]:
        return [each for each in self.state()["messages"] if each["channel"] == channel and not each["is_deleted"]]

    def only_message(self, channel: str = "C0COMPENSA1") -> dict[str, Any]:
        messages = self.messages(channel)
        assert len(messages) == 1
        return messages[0]

    def click(self, user: str, action: str, **more: Any) -> dict[str, Any]:
        """Click on the only card there is."""
        card = self.only_message()
        return self.act("click", user=user, channel=card["channel"], ts=card["ts"], action_id=action, **more)

    def whispers(self, user: str) -> list[str]:
        return [each["text"] for each in self.state()["ephemerals_by_user"].get(user, [])]


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
def slack(serve: Callable[[ASGIApp], Served]) -> Iterator[SandboxSlack]:
    made = SandboxSlack(serve(create_slack(delivery=Delivery(retry_waits=(0.0, 0.05, 0.05)))).url)
    yield made
    made.http.close()


@pytest.fixture
def house() -> House:
    return House()


@pytest.fixture
def bot(slack: SandboxSlack, house: House) -> Bot:
    return Bot(house, slack.api)


@pytest.fixture(params=["http", "socket"])
def listening(request: pytest.FixtureRequest, slack: SandboxSlack, bot: Bot, serve: Callable[[ASGIApp], Served]) -> str:
    """Connect the sandbox's Slack to the bot, once over HTTP and once by Socket Mode; return the bot's own address."""
    settings = settings_for(slack.api)
    app = create_app(settings, bot.backing)

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        connection = await start_socket_mode(app, settings) if request.param == "socket" else None
        yield
        if connection is not None:
            await connection.close_async()  # type: ignore[no-untyped-call]  # Bolt's handlers are untyped.

    endpoint = http_endpoint(app, settings, bot.clock)
    served = serve(Starlette(routes=[Route("/slack", endpoint, methods=["POST"])], lifespan=lifespan))
    if request.param == "socket":
        until(lambda: slack.state()["sockets"] == 1)
        slack.settings(socket_mode=True)
    else:
        slack.settings(request_url=f"{served.url}/slack")
    return f"{served.url}/slack"
