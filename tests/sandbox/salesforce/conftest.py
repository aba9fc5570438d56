"""A Salesforce org on a real port, a client that is let in, and the unmodified simple-salesforce beside it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
import requests
from simple_salesforce.api import Salesforce

from sandbox.salesforce.app import create_app
from tests.sandbox.salesforce.redirecting import salesforce_on
from tests.sandbox.zendesk.served import DEADLINE_SECONDS, Clock, served

V = "/services/data/v68.0"
TOKEN_REQUEST = {
    "grant_type": "client_credentials",
    "client_id": "sandbox-consumer-key",
    "client_secret": "sandbox-consumer-secret",
}


class Org:
    """The sandbox under test: its address, clock, a client with a token and the control plane."""

    def __init__(self, url: str, clock: Clock, http: httpx.Client) -> None:
        self.url = url
        self.clock = clock
        self.http = http

    def load(self, **rows: Any) -> Any:
        return self.http.post("/_sandbox/records", json=rows).raise_for_status().json()

    def settings(self, **given: Any) -> None:
        self.http.post("/_sandbox/settings", json=given).raise_for_status()

    def fault(self, **given: Any) -> None:
        self.http.post("/_sandbox/faults", json=given).raise_for_status()

    def act(self, act: str, **given: Any) -> Any:
        return self.http.post("/_sandbox/acts", json={"act": act, **given}).raise_for_status().json()

    def state(self) -> Any:
        return self.http.get("/_sandbox/state").raise_for_status().json()

    def get(self, path: str, **query: Any) -> Any:
        return self.http.get(V + path, params=query or None).raise_for_status().json()

    def query(self, soql: str, path: str = "/query") -> list[dict[str, Any]]:
        """Return all records without their attributes."""
        page = self.get(path, q=soql)
        records = page["records"]
        while not page["done"]:
            page = self.http.get(page["nextRecordsUrl"]).raise_for_status().json()
            records += page["records"]
        return [bare(record) for record in records]

    def refused(self, soql: str) -> tuple[str, str]:
        """Return code and message of a query that is refused."""
        answer = self.http.get(f"{V}/query", params={"q": soql})
        assert answer.status_code == 400
        return answer.json()[0]["errorCode"], answer.json()[0]["message"]


def bare(record: Any) -> Any:
    """Return a record without the attributes of it and of its parents."""
    if isinstance(record, list):
        return [bare(inner) for inner in record]
    if not isinstance(record, dict):
        return record
    return {key: bare(value) for key, value in record.items() if key != "attributes"}


@contextmanager
def an_org() -> Iterator[Org]:
    """Serve a fresh org at the vendor's pace with a clock that stands at noon."""
    clock = Clock()
    with (
        served(create_app(clock=clock)) as url,
        httpx.Client(base_url=url, trust_env=False, timeout=DEADLINE_SECONDS) as http,
    ):
        token = http.post("/services/oauth2/token", data=TOKEN_REQUEST).raise_for_status().json()["access_token"]
        http.headers["Authorization"] = f"Bearer {token}"
        yield Org(url, clock, http)


@pytest.fixture
def org() -> Iterator[Org]:
    """Serve an org to one test."""
    with an_org() as served_org:
        yield served_org


@pytest.fixture(scope="module")
def still() -> Iterator[Org]:
    """Serve one empty org to all tests of a module that change nothing."""
    with an_org() as served_org:
        yield served_org


@pytest.fixture
def sf(org: Org) -> Iterator[Salesforce]:
    """Return the unmodified simple-salesforce, logged in to the org by client credentials."""
    with requests.Session() as session:
        yield salesforce_on(org.url, session)
