"""Our server on a real port, over a real database, and Zendesk's hand that signs."""

import base64
import hashlib
import json
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from cases.people import People, Person
from cases.proposal import PersonId
from connectors.contract import Delivery
from connectors.zendesk.webhook import SIGNATURE_HEADER, TIMESTAMP_HEADER, signature, verify
from store import tables
from store.cases import CaseRepository
from store.database import Database, create_engine
from store.jobs import DurableJobs, backlog
from store.policies import PolicyRepository
from web.app import Doors, create_app, server
from web.webhooks import Door

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
SECRET = "sandbox-webhook-secret"
ATTACK = "<script>alert(1)</script>'\"{{7*7}}<img src=x onerror=alert(2)>"
LINK_KEY = b"link-key-of-the-tests"
AUDIT_KEY = b"audit-key-of-the-tests"
AMELIA = Person(
    id=PersonId("amelia"),
    name="Amelia <Chen>",
    locale="en",
    slack_id="U0AMELIA001",
    helpdesk_ids=(),
    authorities=(),
    delegations=(),
    notified=True,
)


def assert_loads_nothing_but_its_style(answer: httpx.Response) -> None:
    """Assert that the page's own style is all that a browser may apply, by its digest."""
    style = re.search(r"<style>(.*?)</style>", answer.text, re.DOTALL)
    assert style is not None
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    assert answer.headers["content-security-policy"] == (
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    assert "style=" not in answer.text


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """A running server and what stands behind it."""

    port: int
    http: httpx.Client
    doors: Doors
    database: Database

    def post(self, body: bytes, headers: Mapping[str, str]) -> httpx.Response:
        """Send one delivery."""
        return self.http.post("/webhooks/zendesk/harbor", content=body, headers=dict(headers))

    def deliveries(self) -> int:
        """Return how many deliveries are kept."""
        with self.database.read() as connection:
            return connection.scalar(sa.select(sa.func.count()).select_from(tables.deliveries)) or 0

    def jobs(self) -> dict[str, int]:
        """Return the jobs that wait, by queue."""
        with self.database.read() as connection:
            return dict(backlog(connection))

    def raw(self, sent: bytes, *, hang_up: bool = False) -> bytes:
        """Send bytes as they are and return everything that is answered until the server closes, or its first part."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=10) as connection:
            connection.sendall(sent)
            if hang_up:
                connection.shutdown(socket.SHUT_WR)
            return connection.recv(65_536)


def event(number: int = 17, **changes: Any) -> bytes:
    """Return the body of one delivery about a ticket."""
    body = {
        "id": f"6b9bbadf-5725-4e92-bebe-{number:012d}",
        "type": "zen:event-type:ticket.status_changed",
        "subject": f"zen:ticket:{number}",
        "time": "2026-11-22T11:59:58Z",
        "detail": {"id": str(number), "subject": "提币延迟 Withdrawal is late"},
    }
    return json.dumps(body | changes, ensure_ascii=False).encode()


def signed(body: bytes, *, at: datetime = NOW, secret: str = SECRET) -> dict[str, str]:
    """Return the headers that Zendesk gives a body."""
    timestamp = at.isoformat().replace("+00:00", "Z")
    return {
        "Content-Type": "application/json",
        TIMESTAMP_HEADER: timestamp,
        SIGNATURE_HEADER: signature(body, timestamp=timestamp, secret=secret),
    }


@contextmanager
def running(doors: Doors) -> Iterator[int]:
    """Serve these doors on a free port until the block ends."""
    made = server(create_app(doors), host="127.0.0.1", port=0)
    listener = socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=made.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        deadline = time.monotonic() + 10
        while not made.started:
            assert thread.is_alive(), "the server did not start"
            assert time.monotonic() < deadline, "the server did not start in time"
            threading.Event().wait(0.005)
        yield int(listener.getsockname()[1])
    finally:
        made.should_exit = True
        thread.join(timeout=20)
        listener.close()
    assert not thread.is_alive()


def zendesk_door(*secrets: str) -> Door:
    """Return the door of the account "harbor", which believes these secrets."""

    def read(raw: bytes, headers: Mapping[str, str], _path_secret: str, now: datetime) -> Delivery:
        return verify(raw, headers, secrets, now)

    return Door(source="zendesk:harbor", read=read)


@pytest.fixture
def open_house(store_url: str) -> Iterator[Callable[..., House]]:
    """Return what starts a server with some doors changed; everything ends with the test."""
    with ExitStack() as stack:

        def start(**changes: Any) -> House:
            engine = create_engine(store_url)
            stack.callback(engine.dispose)
            database = Database(engine, DurableJobs(engine, lambda _kind, _key: "zendesk"))
            doors = Doors(
                database=database,
                cases=CaseRepository(audit_key=AUDIT_KEY),
                policies=PolicyRepository(audit_key=AUDIT_KEY),
                people=People(everyone=(AMELIA,)),
                webhooks=(zendesk_door(SECRET),),
                slack=None,
                link_key=LINK_KEY,
                clock=lambda: NOW,
            )
            doors = replace(doors, **changes)
            port = stack.enter_context(running(doors))
            client = httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=15)
            http = stack.enter_context(client)
            return House(port=port, http=http, doors=doors, database=database)

        yield start


@pytest.fixture
def house(open_house: Callable[..., House]) -> House:
    """Return a running server."""
    return open_house()
