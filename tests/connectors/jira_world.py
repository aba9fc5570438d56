"""The sandbox's Jira, and the issue and the update that the wire tests speak of."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import requests
from starlette.applications import Starlette
from starlette.routing import Mount

from cases.ticket import TicketRef
from connectors.contract import Page, TicketSource, TicketUpdate
from connectors.jira.client import JiraTickets, connect
from connectors.jira.settings import ApiToken, Audience, JiraSettings
from connectors.transport import Exchange
from sandbox.jira.app import create_app
from tests.connectors.conftest import Stage
from tests.connectors.world_clock import Clock

START = datetime(2026, 10, 1, tzinfo=UTC)
SECRET = "sandbox-jira-webhook-secret"
BOT = ApiToken(email="bot@harbor.example", token="sandbox-jira-token")
LENA, HIRO, ADA = "5b10ac8d82e05b22cc7d4ef5", "5b10a2844c20165700ede21g", "qm:harbor:ada"
PUT = "PUT /rest/api/3/issue"
FIELDS = (
    ("claimed_amount", "customfield_10106"),
    ("compensation_topic", "customfield_10101"),
    ("mw_amount", "customfield_10112"),
    ("mw_case_url", "customfield_10115"),
    ("mw_state", "customfield_10111"),
    ("order_id", "customfield_10102"),
)


@dataclass
class Jira:
    """The sandbox as a test sees it: its address, its clock, its control plane."""

    url: str
    clock: Clock

    def settings(self, **changed: Any) -> JiraSettings:
        given: dict[str, Any] = {
            "host": "harbor.atlassian.net",
            "account": "harbor",
            "auth": BOT,
            "projects": ("ENG", "CARE"),
            "fields": FIELDS,
            "customer_field": "customfield_10108",
            "audience": Audience(kind="role", name="Service Desk Team"),
            "target": self.url,
            "connect_seconds": 2.0,
            "read_seconds": 5.0,
            "calls_per_minute": None,
            "webhook_secrets": (SECRET,),
        }
        return JiraSettings(**{**given, **changed})

    def connect(self, seen: Callable[[Exchange], None] | None = None, **changed: Any) -> JiraTickets:
        return connect(self.settings(**changed), on_response=seen)

    def load(self, *issues: dict[str, Any]) -> None:
        people = [{"account_id": ADA, "name": "Ada Byrne", "email": "ada@example.com", "kind": "customer"}]
        self._post("issues", {"people": people, "issues": issues}, 201)

    def act(self, issue: str, **act: Any) -> None:
        """Let an agent do something to an issue."""
        self._post("agents/act", {"issue": issue, **act})

    def set(self, **settings: Any) -> None:
        self._post("settings", settings)

    def fault(self, fault: str, match: str = "", **more: Any) -> None:
        self._post("faults", {"fault": fault, "match": match, **more})

    def control(self, path: str, body: dict[str, Any]) -> None:
        self._post(path, body)

    def state(self) -> dict[str, Any]:
        found = requests.get(f"{self.url}/_sandbox/state", timeout=10).json()
        assert isinstance(found, dict)
        return found

    def issue(self, key: str) -> dict[str, Any]:
        """Return an issue with its comments, properties and links as the vendor keeps it."""
        (found,) = [each for each in self.state()["issues"] if key in {each["key"], each["id"]}]
        assert isinstance(found, dict)
        return found

    def comments(self, key: str) -> list[dict[str, Any]]:
        found = self.issue(key)["comments"]
        assert isinstance(found, list)
        return found

    def _post(self, path: str, body: dict[str, Any], status: int = 200) -> None:
        answer = requests.post(f"{self.url}/_sandbox/{path}", json=body, timeout=10)
        assert answer.status_code == status, answer.text


def serving(stage: Stage) -> Iterator[Jira]:
    """Serve a fresh Jira with no issues; a fixture of the test files that need it."""
    clock = Clock()
    app = create_app(clock=clock, pace="fast")
    stage.app = Starlette(routes=[Mount("/jira", app=app)])
    system_clock, stage.clock = stage.clock, clock
    life = app.router.lifespan_context(app)
    stage.do(life.__aenter__())
    yield Jira(url=f"{stage.url}/jira", clock=clock)
    stage.do(life.__aexit__(None, None, None))
    stage.clock = system_clock


def an_issue(number: int = 5, **changed: Any) -> dict[str, Any]:
    """Return an issue as the sandbox loads it: engineers look into a customer's late withdrawal."""
    fields = {
        "summary": "Withdrawals are late",
        "description": {
            "type": "doc",
            "version": 1,
            "content": [{"type": "paragraph", "content": [{"type": "text", "text": "500 USDT never arrived. 提现"}]}],
        },
        "assignee": HIRO,
        "reporter": LENA,
        "labels": ["withdrawal"],
        "customfield_10101": {"value": "Delayed withdrawal"},
        "customfield_10102": "A-20931",
        "customfield_10106": 12.5,
        "customfield_10108": "C-100023",
    }
    more = changed.pop("fields", {})
    issue = {
        "id": str(10000 + number),
        "key": f"ENG-{number}",
        "created": "2026-11-01T10:00:00+00:00",
        "updated": "2026-11-01T10:00:00+00:00",
        "fields": {**fields, **more},
    }
    return {**issue, **changed}


def a_request(number: int = 7, **changed: Any) -> dict[str, Any]:
    """Return an issue of the service project, asked for by a customer."""
    more = {"reporter": ADA, **changed.pop("fields", {})}
    return an_issue(number, key=f"CARE-{number}", fields=more, **changed)


def ref(key: str = "10005") -> TicketRef:
    return TicketRef(vendor="jira", account="harbor", key=key)


def an_update(**changed: Any) -> TicketUpdate:
    given: dict[str, Any] = {
        "ref": ref(),
        "mark": "CASE-4711/3",
        "note": "Compensation PAID · 180.50 USDT · CASE-4711\n补偿已支付。\nCase: https://mw.harbor.example/c/4711",
        "fields": (("mw_amount", "180.50"), ("mw_state", "paid")),
        "add_tags": ("makewhole", "mw_state_paid"),
        "remove_tags": ("mw_state_approved",),
    }
    return TicketUpdate(**{**given, **changed})


def all_pages(source: TicketSource, *, most: int = 20) -> list[Page]:
    pages = [source.changed_since(None, start=START)]
    while not pages[-1].complete:
        assert len(pages) < most
        pages.append(source.changed_since(pages[-1].cursor, start=START))
    return pages


def keys(*pages: Page) -> list[str]:
    return [ticket.name for page in pages for ticket in page.tickets]
