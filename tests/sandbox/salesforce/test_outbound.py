"""Outbound Messages: their SOAP, their retries and what faults do to them."""

import re
from collections.abc import Iterator
from xml.etree.ElementTree import Element

import pytest
from defusedxml import ElementTree
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tests.sandbox.salesforce.a_world import CASE_ONE, a_case, a_world
from tests.sandbox.salesforce.conftest import Org
from tests.sandbox.zendesk.served import served, wait_until

ACK = (
    '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body>'
    '<notificationsResponse xmlns="http://soap.sforce.com/2005/09/outbound"><Ack>{}</Ack></notificationsResponse>'
    "</soapenv:Body></soapenv:Envelope>"
)
SPACES = {
    "soapenv": "http://schemas.xmlsoap.org/soap/envelope/",
    "om": "http://soap.sforce.com/2005/09/outbound",
    "sf": "urn:sobject.enterprise.soap.sforce.com",
}


class Listener:
    """An endpoint that acknowledges, after the answers given first."""

    def __init__(self) -> None:
        self.received: list[bytes] = []
        self.headers: list[dict[str, str]] = []
        self.first: list[tuple[int, str]] = []
        self.app = Starlette(routes=[Route("/om", self._take, methods=["POST"])])

    async def _take(self, request: Request) -> Response:
        self.headers.append(dict(request.headers))
        self.received.append(await request.body())
        status, text = self.first.pop(0) if self.first else (200, ACK.format("true"))
        return Response(text, status_code=status, media_type="text/xml")

    def ids(self) -> list[list[str]]:
        """Return the notification ids of each request."""
        return [re.findall(r"<Notification><Id>(\w+)</Id>", body.decode()) for body in self.received]


@pytest.fixture
def listener(org: Org) -> Iterator[Listener]:
    """Listen to the messages of cases of an org with one case, which retries at once."""
    taker = Listener()
    with served(taker.app) as url:
        org.load(**a_world(a_case(1)))
        org.settings(outbound_retry_seconds=0.01)
        org.http.post("/_sandbox/outbound", json={"endpoint": f"{url}/om"}).raise_for_status()
        yield taker


def edit(org: Org, **values: object) -> None:
    org.act("edit", id=CASE_ONE, values=values or {"Priority": "High"})


def finished(org: Org) -> bool:
    return bool(org.state()["notifications_unfinished"] == 0)


def test_a_message_carries_the_row_in_the_vendors_soap(org: Org, listener: Listener) -> None:
    edit(org, Subject="a < b & c")
    wait_until(lambda: finished(org))

    root: Element = ElementTree.fromstring(listener.received[0])
    notifications = root.find("soapenv:Body/om:notifications", SPACES)
    assert notifications is not None
    assert [child.tag.partition("}")[2] for child in notifications] == [
        "OrganizationId",
        "ActionId",
        "SessionId",
        "EnterpriseUrl",
        "PartnerUrl",
        "Notification",
    ]
    assert notifications.findtext("om:OrganizationId", namespaces=SPACES) == "00DHr0000000001MAA"
    assert notifications.findtext("om:SessionId", namespaces=SPACES) == ""
    row = notifications.find("om:Notification/om:sObject", SPACES)
    assert row is not None
    assert row.get("{http://www.w3.org/2001/XMLSchema-instance}type") == "sf:Case"
    assert row.findtext("sf:Id", namespaces=SPACES) == CASE_ONE
    assert row.findtext("sf:Subject", namespaces=SPACES) == "a < b & c"
    assert row.findtext("sf:SystemModstamp", namespaces=SPACES) == "2026-11-22T12:00:00.000Z"
    assert listener.headers[0]["content-type"] == "text/xml; charset=utf-8"
    assert listener.headers[0]["soapaction"] == '""'


def test_a_message_is_sent_again_until_it_is_acknowledged(org: Org, listener: Listener) -> None:
    listener.first = [(500, ""), (200, ACK.format("false")), (200, "no xml")]
    edit(org)
    wait_until(lambda: finished(org))

    sent = org.state()["notifications"]
    assert [(news["tries"], news["outcome"]) for news in sent] == [([500, 200, 200, 200], "delivered")]
    assert listener.ids() == [[sent[0]["id"]]] * 4


def test_news_that_wait_together_go_together_with_their_newest_values(org: Org, listener: Listener) -> None:
    listener.first = [(503, "")]
    for number in range(150):
        edit(org, Subject=f"version {number}")
    wait_until(lambda: finished(org))

    ids = listener.ids()
    assert max(len(batch) for batch in ids) <= 100
    assert len({one for batch in ids for one in batch}) == 150
    assert b"version 149" in listener.received[-1]


def test_a_message_that_is_never_acknowledged_is_given_up_in_the_end(org: Org, listener: Listener) -> None:
    listener.first = [(500, "")] * 1_000
    edit(org)
    wait_until(lambda: len(listener.received) > 2)
    org.clock.forward(25 * 3_600)
    wait_until(lambda: finished(org))

    assert org.state()["notifications"][0]["outcome"] == "given_up"


def test_dropped_duplicated_and_reordered_news(org: Org, listener: Listener) -> None:
    org.fault(fault="webhook_dropped", times=1)
    edit(org)
    org.fault(fault="webhook_duplicated", times=1)
    edit(org)
    wait_until(lambda: finished(org))
    doubled = listener.ids()
    org.fault(fault="webhook_reordered", times=1, seconds=0.2)
    edit(org)
    edit(org)
    wait_until(lambda: finished(org))

    news = org.state()["notifications"]
    assert [one["outcome"] for one in news] == ["dropped", *["delivered"] * 4]
    assert doubled[0] == doubled[1] == [news[1]["id"]]
    assert listener.ids()[2:] == [[news[4]["id"]], [news[3]["id"]]]


def test_a_comment_is_news_of_the_comment_and_of_its_case(org: Org, listener: Listener) -> None:
    endpoint = org.state()["outbound"][0]["endpoint"]
    org.http.post("/_sandbox/outbound", json={"endpoint": endpoint, "object": "CaseComment"}).raise_for_status()

    org.act("comment", case=CASE_ONE, body="secret words")
    wait_until(lambda: finished(org))

    bodies = b"".join(listener.received)
    assert (b"sf:CaseComment" in bodies, b"sf:Case<" in bodies or b'"sf:Case"' in bodies) == (True, True)
    assert b"secret words" not in bodies
    wrong = org.http.post("/_sandbox/outbound", json={"endpoint": endpoint, "object": "Lead"})
    assert wrong.status_code == 400
    org.http.delete("/_sandbox/outbound").raise_for_status()
    assert org.state()["outbound"] == []
