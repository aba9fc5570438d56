"""Outbound Messages: SOAP that says that some Cases changed. A hint: the Cases are read again.

POST to our endpoint, up to 100 notifications in one message, in no order. Salesforce signs nothing. So a message is
believed when it comes to an address that ends in our secret and names our org; its fields are not. It must be answered
with `ACK`, else it is sent again for 24 hours; a repeat may be put together otherwise, but each notification keeps its
Id. No program can make one: an admin does, in Setup.

https://developer.salesforce.com/docs/platform/api/guide/sforce-api-om-outboundmessaging-notifications.html
"""

import hashlib
import hmac
import re
import secrets
from datetime import datetime
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from connectors.contract import ByHand, Delivery, ForgedDelivery, MalformedDelivery
from connectors.salesforce.reading import is_case_id
from connectors.salesforce.settings import SalesforceSettings

#: What the web door answers with, status 200, once the delivery is kept.
ACK = (
    b'<?xml version="1.0" encoding="UTF-8"?>'
    b'<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body>'
    b'<notificationsResponse xmlns="http://soap.sforce.com/2005/09/outbound"><Ack>true</Ack></notificationsResponse>'
    b"</soapenv:Body></soapenv:Envelope>"
)
ACK_CONTENT_TYPE = "text/xml; charset=utf-8"
MOST_BODY_BYTES = 4 << 20
MOST_NOTIFICATIONS = 100
_SOAP = "{http://schemas.xmlsoap.org/soap/envelope/}"
_OUTBOUND = "{http://soap.sforce.com/2005/09/outbound}"
_OBJECT = "{urn:sobject.enterprise.soap.sforce.com}"
_TYPE = "{http://www.w3.org/2001/XMLSchema-instance}type"
_ID = re.compile(r"[A-Za-z0-9]{15}(?:[A-Za-z0-9]{3})?")
_SHORT = 15
SECRET_BYTES = 32
_CHECK = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
#: Where an object says which Case it belongs to.
_CASE_OF = {"Case": "Id", "CaseComment": "ParentId"}


def verify(raw: bytes, settings: SalesforceSettings, *, path_secret: str) -> Delivery:
    """Return what was delivered, after checking that it came to our address from our org.

    Raises ForgedDelivery, MalformedDelivery; none of them quotes the body.
    """
    given = path_secret.encode()
    matches = [hmac.compare_digest(given, secret.encode()) for secret in settings.path_secrets if secret]
    if not any(matches):
        raise ForgedDelivery("the address does not end in a secret of ours")
    if len(raw) > MOST_BODY_BYTES:
        raise MalformedDelivery(f"the body is longer than {MOST_BODY_BYTES} bytes")
    message = _message(raw)
    organization = message.findtext(f"{_OUTBOUND}OrganizationId", "").strip()
    if not settings.organization_id or organization[:_SHORT] != settings.organization_id[:_SHORT]:
        raise ForgedDelivery("the message is from another org, or none is configured")
    notifications = message.findall(f"{_OUTBOUND}Notification")
    if not 0 < len(notifications) <= MOST_NOTIFICATIONS:
        raise MalformedDelivery(f"{len(notifications)} notifications: must be 1 to {MOST_NOTIFICATIONS}")
    ids = sorted(_required_id(each.findtext(f"{_OUTBOUND}Id", "")) for each in notifications)
    objects = [found for each in notifications if (found := each.find(f"{_OUTBOUND}sObject")) is not None]
    keys = dict.fromkeys(key for each in objects if (key := _case_key(each)))
    kinds = sorted({_kind(each) for each in objects})
    one = ids[0] if len(ids) == 1 else hashlib.sha256(" ".join(ids).encode()).hexdigest()[:32]
    return Delivery(id=f"outbound:{one}", ticket_keys=tuple(keys), event_type=f"outbound message: {', '.join(kinds)}")


def new_secret() -> str:
    """Return what the address may end in: 64 characters that need no escaping."""
    return secrets.token_hex(SECRET_BYTES)


def ping(settings: SalesforceSettings, now: datetime) -> bytes:
    """Return a message about no Case, as our org would send it."""
    notification = f"04l{int(now.timestamp() * 1000) % 10**12:012d}"
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        f'<soapenv:Envelope xmlns:soapenv="{_SOAP[1:-1]}"><soapenv:Body><notifications xmlns="{_OUTBOUND[1:-1]}">'
        f"<OrganizationId>{settings.organization_id}</OrganizationId>"
        f"<Notification><Id>{notification}</Id></Notification>"
        "</notifications></soapenv:Body></soapenv:Envelope>"
    ).encode()


def by_hand(settings: SalesforceSettings) -> ByHand:
    """Return how an admin sees what there is."""
    return ByHand(
        (
            f"Open https://{settings.host}, Setup, Outbound Messages: each shows its address",
            "Setup, Outbound Message Delivery Status: what waits or failed",
        )
    )


def to_install(settings: SalesforceSettings, url: str, *, secret: str) -> ByHand:
    """Return how an admin makes the Outbound Message; the steps hold the secret: show them, never log them."""
    address = f"{url.rstrip('/')}/{secret}" if secret else url
    return ByHand(
        (
            f"Open https://{settings.host}, Setup, Outbound Messages, New: Object Case, Name Makewhole",
            f"Endpoint URL: {address}",
            "User to send as: the integration user; leave Send Session ID unticked; Selected Fields: Id only; Save",
            "Setup, Flows, New Flow, Record-Triggered Flow: Object Case, when a record is created or updated",
            "In the flow choose Actions and Related Records, add Action, Outbound Message, Makewhole; Save; Activate",
            "The same with Object Case Comment, Selected Fields Id and ParentId: a comment need not change its Case",
            "Change a Case, then look at Setup, Outbound Message Delivery Status: nothing may wait there",
        )
    )


def to_rotate(settings: SalesforceSettings, webhook_id: str, *, secret: str) -> ByHand:
    """Return how an admin gives the address a new secret; as `to_install`."""
    return ByHand(
        (
            "Add the new secret to the account's path secrets, beside the old one, and restart",
            f"Open https://{settings.host}, Setup, Outbound Messages, {webhook_id or 'Makewhole'}, Edit",
            f"Let the Endpoint URL end in {secret or 'the new secret'}; Save",
            "Wait 24 hours, until nothing sent to the old address waits any more, then take the old secret away",
        )
    )


def long_id(text: str) -> str:
    """Return an Id of 15 characters, which tells upper from lower case, as the one of 18 that need not."""
    if len(text) != _SHORT:
        return text
    groups = (text[at : at + 5] for at in range(0, _SHORT, 5))
    return text + "".join(_CHECK[sum(1 << i for i, each in enumerate(group) if each.isupper())] for group in groups)


def _message(raw: bytes) -> Element:
    try:
        envelope: Element = fromstring(raw, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError):
        raise MalformedDelivery("the body is no XML that may be read") from None
    message = envelope.find(f"{_SOAP}Body/{_OUTBOUND}notifications")
    if message is None:
        raise MalformedDelivery("the body holds no notifications")
    return message


def _required_id(text: str) -> str:
    found = text.strip()
    if not _ID.fullmatch(found):
        raise MalformedDelivery("a notification has no Id")
    return long_id(found)


def _kind(found: Element) -> str:
    """Return "Case" for xsi:type="sf:Case"."""
    kind = found.get(_TYPE, "").rpartition(":")[2]
    return kind if re.fullmatch(r"[A-Za-z]\w{0,79}", kind, re.ASCII) else "?"


def _case_key(found: Element) -> str | None:
    name = _CASE_OF.get(_kind(found))
    key = long_id((found.findtext(f"{_OBJECT}{name}", "") if name else "").strip())
    return key if is_case_id(key) else None
