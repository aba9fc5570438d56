"""A Jira on a real port whose every answer is held against the vendor's specifications."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from sandbox.jira.app import create_app
from tests.sandbox.jira.corrected_specification import Specification
from tests.sandbox.jira.site import BOT, Jira
from tests.sandbox.zendesk.served import DEADLINE_SECONDS, Clock, Receiver, served

Ports = list[tuple["Port", str]]


class Port:
    """An app that passes everything on to another one: to start and stop a server for each test would take longer."""

    def __init__(self) -> None:
        self.app: Starlette | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on; DELETE /_app ends the app behind."""
        if scope["type"] == "lifespan":
            for _ in range(2):
                await send({"type": f"{(await receive())['type']}.complete"})
        elif self.app is not None and scope["path"] == "/_app":
            async with self.app.router.lifespan_context(self.app):
                pass
            await Response(status_code=204)(scope, receive, send)
        elif self.app is not None:
            await self.app(scope, receive, send)


@pytest.fixture(scope="session")
def specification(shared: Path) -> Specification:
    """Return the vendor's specifications, corrected."""
    return Specification(shared / "vendor" / "jira")


@pytest.fixture(scope="session")
def ports() -> Iterator[Ports]:
    """Serve two ports: one for a file's lasting Jira, one for a test's own."""
    one, two = Port(), Port()
    with served(one) as first, served(two) as second:
        yield [(one, first), (two, second)]


@pytest.fixture
def jira(specification: Specification, ports: Ports) -> Iterator[Jira]:
    """Serve a fresh Jira at the vendor's pace with a clock that stands at noon."""
    with behind(ports[1], specification) as one:
        yield one


@pytest.fixture(scope="module")
def lasting(specification: Specification, ports: Ports) -> Iterator[Jira]:
    """Serve one Jira for all tests of a file that change nothing in it."""
    with behind(ports[0], specification) as one:
        one.settings(reads_per_second=0)
        yield one


@contextmanager
def behind(port: tuple[Port, str], specification: Specification) -> Iterator[Jira]:
    """Put a new Jira behind a port and hold its answers against the specification."""
    clock = Clock()
    place, url = port
    place.app = create_app(clock=clock)
    hooks = {"response": [specification.check]}
    with httpx.Client(base_url=url, auth=BOT, trust_env=False, timeout=DEADLINE_SECONDS, event_hooks=hooks) as http:
        yield Jira(url, clock, http)
    httpx.delete(f"{url}/_app", trust_env=False)


@pytest.fixture(scope="session")
def taking() -> Iterator[tuple[Receiver, str]]:
    """Serve a webhook endpoint."""
    taker = Receiver()
    with served(taker.app) as url:
        yield taker, f"{url}/hook"


@pytest.fixture
def receiver(taking: tuple[Receiver, str]) -> tuple[Receiver, str]:
    """Return a webhook endpoint that has received nothing yet, with its address."""
    taker, _ = taking
    taker.received.clear()
    taker.answers.clear()
    return taking
