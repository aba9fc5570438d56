"""The sandbox Salesforce as a test sees it, with the Case and the update that the wire tests speak of."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import requests

from cases.ticket import TicketRef
from connectors.contract import Page, TicketSource, TicketUpdate
from connectors.salesforce.client import SalesforceTickets, connect
from connectors.salesforce.settings import ClientCredentials, SalesforceSettings
from connectors.transport import Exchange
from tests.connectors.world_clock import Clock

START = datetime(2026, 10, 1, tzinfo=UTC)
FIELDS = (
    ("compensation_topic", "Compensation_Topic__c"),
    ("order_id", "Order_Id__c"),
    ("claimed_amount", "Claimed_Amount__c"),
    ("mw_state", "MW_State__c"),
    ("mw_amount", "MW_Amount__c"),
    ("mw_reason", "MW_Reason__c"),
)
LINKS = (("Zendesk_Ticket_Id__c", "zendesk:harbor"), ("Jira_Key__c", "jira:harbor"))
CASE_ONE = "500Hr0000000001IAA"
CASE_TWO = "500Hr0000000002IAA"
ORG = "00DHr0000000001MAA"
ANA = "005Hr0000000002IAA"
COMPOSITE = "POST /services/data/v62.0/composite"
ACME = {"number": 1, "Name": "Acme", "Customer_Number__c": "A-1"}
MEI = {
    "number": 1,
    "FirstName": "Mei",
    "LastName": "Lin",
    "Email": "mei@mail.example",
    "Customer_Number__c": "C-100023",
    "Account": {"Customer_Number__c": "A-1"},
}


@dataclass
class SalesforceWorld:
    """The sandbox: its address, its clock, its control plane."""

    url: str
    clock: Clock

    def settings(self, **changed: Any) -> SalesforceSettings:
        given: dict[str, Any] = {
            "host": "harbor.my.salesforce.com",
            "account": "harbor",
            "auth": ClientCredentials(consumer_key="sandbox-consumer-key", consumer_secret="sandbox-consumer-secret"),
            "fields": FIELDS,
            "link_fields": LINKS,
            "organization_id": ORG,
            "path_secrets": ("knock-knock",),
            "target": f"{self.url}/salesforce",
            "connect_seconds": 2.0,
            "read_seconds": 5.0,
        }
        return SalesforceSettings(**{**given, **changed})

    def connect(self, seen: Callable[[Exchange], None] | None = None, **changed: Any) -> SalesforceTickets:
        return connect(self.settings(**changed), on_response=seen)

    def control(self, path: str, body: dict[str, Any]) -> Any:
        answer = requests.post(f"{self.url}/salesforce/_sandbox/{path}", json=body, timeout=10)
        assert answer.status_code < 300, answer.text
        return answer.json()

    def load(self, *cases: dict[str, Any], **more: Any) -> None:
        self.control("records", {"Account": [ACME], "Contact": [MEI], "Case": list(cases), **more})

    def act(self, act: str, **more: Any) -> Any:
        return self.control("acts", {"act": act, **more})

    def fault(self, fault: str, match: str = "", **more: Any) -> None:
        self.control("faults", {"fault": fault, "match": match, **more})

    def set(self, **settings: Any) -> None:
        self.control("settings", settings)

    def state(self) -> dict[str, Any]:
        found = requests.get(f"{self.url}/salesforce/_sandbox/state", timeout=10).json()
        assert isinstance(found, dict)
        return found

    def case(self, key: str = CASE_ONE) -> dict[str, Any]:
        """Return a Case as the vendor keeps it."""
        return next(dict(row) for row in self.state()["Case"] if row["Id"] == key)

    def notes(self, key: str = CASE_ONE) -> list[str]:
        """Return the internal comments of a Case."""
        comments = self.state()["CaseComment"]
        return [
            row["CommentBody"]
            for row in comments
            if row["ParentId"] == key and not row["IsPublished"] and not row["IsDeleted"]
        ]


def a_case(number: int = 1, **changed: Any) -> dict[str, Any]:
    """Return a Case as the sandbox loads it: a customer's withdrawal came late."""
    return {
        "number": number,
        "Subject": "My withdrawal is late",
        "Description": "I asked for 500 USDT yesterday and nothing arrived.",
        "Status": "Working",
        "OwnerId": ANA,
        "Contact": {"Customer_Number__c": "C-100023"},
        "Compensation_Topic__c": "delayed_withdrawal",
        "Order_Id__c": "A-20931",
        "Claimed_Amount__c": 12.5,
        "CreatedDate": f"2026-11-01T10:{number // 60:02}:{number % 60:02}Z",
        **changed,
    }


def ref(key: str = CASE_ONE) -> TicketRef:
    return TicketRef(vendor="salesforce", account="harbor", key=key)


def an_update(**changed: Any) -> TicketUpdate:
    given: dict[str, Any] = {
        "ref": ref(),
        "mark": "CASE-4711/3",
        "note": "Compensation paid: 180.50 USDT.\n补偿已支付。",
        "fields": (("mw_amount", "180.50"), ("mw_state", "paid")),
        "add_tags": (),
        "remove_tags": (),
    }
    return TicketUpdate(**{**given, **changed})


def all_pages(source: TicketSource, *, most: int = 20) -> list[Page]:
    pages = [source.changed_since(None, start=START)]
    while not pages[-1].complete:
        assert len(pages) < most
        pages.append(source.changed_since(pages[-1].cursor, start=START))
    return pages


def keys(pages: list[Page]) -> list[str]:
    return [ticket.ref.key for page in pages for ticket in page.tickets]
