"""Outbound Messages: whose they are, which Cases they are about, and what is refused."""

from datetime import UTC, datetime
from typing import Any

import pytest
from defusedxml.ElementTree import fromstring

from connectors.contract import Delivery, ForgedDelivery, MalformedDelivery
from connectors.salesforce.client import connect
from connectors.salesforce.settings import ClientCredentials, SalesforceSettings
from connectors.salesforce.webhook import ACK, ACK_CONTENT_TYPE, long_id
from tests.connectors.salesforce_world import CASE_ONE, CASE_TWO, ORG

NOW = datetime(2026, 11, 2, 8, tzinfo=UTC)
KNOCK = "knock-knock"
HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>'
    '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" '
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soapenv:Body>'
    '<notifications xmlns="http://soap.sforce.com/2005/09/outbound">'
)
TAIL = "</notifications></soapenv:Body></soapenv:Envelope>"


def a_notification(key: str = CASE_ONE, *, number: int = 1, kind: str = "Case", tag: str = "Id") -> str:
    return (
        f"<Notification><Id>04lHr00000000{number:02}IAA</Id>"
        f'<sObject xsi:type="sf:{kind}" xmlns:sf="urn:sobject.enterprise.soap.sforce.com">'
        f"<sf:Id>00aHr0000000001IAA</sf:Id><sf:{tag}>{key}</sf:{tag}></sObject></Notification>".replace(
            "<sf:Id>00aHr0000000001IAA</sf:Id><sf:Id>", "<sf:Id>"
        )
    )


def a_message(*notifications: str, organization: str = ORG) -> bytes:
    inner = "".join(notifications or (a_notification(),))
    head = f"<OrganizationId>{organization}</OrganizationId><ActionId>04kHr0000000001IAA</ActionId><SessionId/>"
    return f"{HEAD}{head}{inner}{TAIL}".encode()


def deliver(raw: bytes, *, path_secret: str = KNOCK, **changed: Any) -> Delivery:
    given: dict[str, Any] = {
        "host": "harbor.my.salesforce.com",
        "account": "harbor",
        "auth": ClientCredentials(consumer_key="key", consumer_secret="secret"),
        "fields": (),
        "organization_id": ORG,
        "path_secrets": ("knock-knock", "old-knock"),
    }
    source = connect(SalesforceSettings(**{**given, **changed}))
    return source.delivery(raw, {"Content-Type": "text/xml"}, path_secret=path_secret, now=NOW)


def test_a_message_names_its_case() -> None:
    assert deliver(a_message()) == Delivery(
        id="outbound:04lHr0000000001IAA", ticket_keys=(CASE_ONE,), event_type="outbound message: Case"
    )


def test_several_notifications_are_one_delivery_with_the_same_id_in_any_order() -> None:
    one, two = a_notification(), a_notification(CASE_TWO, number=2)

    first, repeat = deliver(a_message(one, two)), deliver(a_message(two, one))

    assert first.ticket_keys == (CASE_ONE, CASE_TWO)
    assert first.id == repeat.id
    assert first.id != deliver(a_message(one)).id


def test_a_comment_names_the_case_it_is_on() -> None:
    assert deliver(a_message(a_notification(kind="CaseComment", tag="ParentId"))).ticket_keys == (CASE_ONE,)


def test_something_else_is_about_no_case() -> None:
    assert deliver(a_message(a_notification(key="003Hr0000000001IAA", kind="Contact"))).ticket_keys == ()


def test_a_short_id_is_the_same_case() -> None:
    assert deliver(a_message(a_notification(CASE_ONE[:15]))).ticket_keys == (CASE_ONE,)
    assert long_id("001A0000006Vm9r") == "001A0000006Vm9rIAC"


def test_both_secrets_are_good_during_a_rotation() -> None:
    assert deliver(a_message(), path_secret="old-knock").ticket_keys == (CASE_ONE,)


@pytest.mark.parametrize(
    ("given", "changed"),
    [
        ({"path_secret": ""}, {}),
        ({"path_secret": "knock-knocK"}, {}),
        ({"path_secret": "öö"}, {}),
        ({"path_secret": ""}, {"path_secrets": ()}),
        ({"path_secret": ""}, {"path_secrets": ("",)}),
        ({}, {"organization_id": ""}),
        ({}, {"organization_id": "00DHr0000000002MAA"}),
    ],
)
def test_what_knows_no_secret_or_is_from_another_org_is_forged(given: dict[str, Any], changed: dict[str, Any]) -> None:
    with pytest.raises(ForgedDelivery):
        deliver(a_message(), **given, **changed)


BOMB = '<!DOCTYPE a [<!ENTITY a "hunter2"><!ENTITY b "&a;&a;&a;">]>'


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"hunter2",
        b"<a/>",
        b"\xff\xfe",
        BOMB.encode() + a_message().removeprefix(b'<?xml version="1.0" encoding="UTF-8"?>'),
        a_message().replace(b"<soapenv:Body>", b'<soapenv:Body><!DOCTYPE a SYSTEM "file:///etc/passwd">'),
        a_message().replace(b'encoding="UTF-8"', b'encoding="nonsense"'),
        f"{HEAD}<OrganizationId>{ORG}</OrganizationId>{TAIL}".encode(),
        a_message(*(a_notification(number=1) for _ in range(101))),
        a_message("<Notification><Id>hunter2</Id></Notification>"),
        a_message("<Notification/>"),
        a_message() + b" " * (4 << 20),
    ],
)
def test_what_is_no_message_is_malformed_and_not_quoted(raw: bytes) -> None:
    with pytest.raises(MalformedDelivery) as caught:
        deliver(raw)

    assert "hunter2" not in str(caught.value)


def test_deep_nesting_is_only_no_message() -> None:
    with pytest.raises(MalformedDelivery):
        deliver(b"<a>" * 50_000 + b"</a>" * 50_000)


def test_the_answer_acknowledges() -> None:
    found = fromstring(ACK).find(".//{http://soap.sforce.com/2005/09/outbound}Ack")

    assert found is not None
    assert found.text == "true"
    assert ACK_CONTENT_TYPE.startswith("text/xml")
