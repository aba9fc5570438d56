"""A Zendesk on a real port whose every answer is held against the vendor's specification."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from sandbox.zendesk.app import create_app
from tests.sandbox.zendesk.corrected_specification import Specification
from tests.sandbox.zendesk.served import Clock, Receiver, authorized, served


class Zendesk:
    """The sandbox under test: its address, clock, an authorized client and the control plane."""

    def __init__(self, url: str, clock: Clock, http: httpx.Client) -> None:
        self.url = url
        self.clock = clock
        self.http = http

    def load(self, *tickets: dict[str, Any], **more: Any) -> Any:
        body = {"tickets": list(tickets), **more}
        return self.http.post("/_sandbox/tickets", json=body).raise_for_status().json()

    def settings(self, **given: Any) -> None:
        self.http.post("/_sandbox/settings", json=given).raise_for_status()

    def fault(self, **given: Any) -> None:
        self.http.post("/_sandbox/faults", json=given).raise_for_status()

    def state(self) -> Any:
        return self.http.get("/_sandbox/state").raise_for_status().json()

    def get(self, path: str, **query: Any) -> Any:
        return self.http.get(path, params=query or None).raise_for_status().json()

    def put(self, ticket_id: int, **ticket: Any) -> httpx.Response:
        return self.http.put(f"/api/v2/tickets/{ticket_id}.json", json={"ticket": ticket})

    def agent(self, ticket_id: int, **edit: Any) -> None:
        body = {"ticket_id": ticket_id, **edit}
        self.http.post("/_sandbox/agents/edit", json=body).raise_for_status()


@pytest.fixture(scope="session")
def specification(shared: Path) -> Specification:
    """Return the vendor's specification, corrected."""
    return Specification(shared / "vendor" / "zendesk" / "openapi.json")


@pytest.fixture
def zendesk(specification: Specification) -> Iterator[Zendesk]:
    """Serve a fresh Zendesk at the vendor's pace with a clock that stands at noon."""
    clock = Clock()
    with served(create_app(clock=clock)) as url, authorized(url, specification.check) as http:
        yield Zendesk(url, clock, http)


@pytest.fixture
def receiver() -> Iterator[tuple[Receiver, str]]:
    """Serve a webhook endpoint and return it with its address."""
    taker = Receiver()
    with served(taker.app) as url:
        yield taker, f"{url}/hook"
