"""The SOAP of Outbound Messages: the request, and whether an answer acknowledges it. Pure.

Its shape follows the vendor's WSDL of outbound messages: SessionId is empty unless it was asked for.
"""

import re
from collections.abc import Iterable
from xml.sax.saxutils import escape

from defusedxml import ElementTree
from defusedxml.common import DefusedXmlException

from sandbox.salesforce.org import ORG_ID, Row, Value
from sandbox.salesforce.schema import Entity
from sandbox.salesforce.settings import INSTANCE_URL

MOST_NOTIFICATIONS = 100
API_VERSION = "68.0"
OUTBOUND = "http://soap.sforce.com/2005/09/outbound"
SOBJECT = "urn:sobject.enterprise.soap.sforce.com"

_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>'
    '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" '
    'xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
    "<soapenv:Body>"
)


def message(action_id: str, entity: Entity, fields: tuple[str, ...], rows: Iterable[tuple[str, Row]]) -> bytes:
    """Return a request with one notification per (notification id, row). Empty fields are left out."""
    enterprise, partner = (f"{INSTANCE_URL}/services/Soap/{kind}/{API_VERSION}/{ORG_ID}" for kind in ("c", "u"))
    notifications = "".join(_notification(notification_id, entity, fields, row) for notification_id, row in rows)
    return (
        f'{_HEAD}<notifications xmlns="{OUTBOUND}">'
        f"<OrganizationId>{ORG_ID}</OrganizationId><ActionId>{action_id}</ActionId>"
        f'<SessionId xsi:nil="true"/><EnterpriseUrl>{enterprise}</EnterpriseUrl><PartnerUrl>{partner}</PartnerUrl>'
        f"{notifications}</notifications></soapenv:Body></soapenv:Envelope>"
    ).encode()


def is_acknowledged(content: bytes) -> bool:
    """Tell whether an answer is SOAP whose Ack is true."""
    try:
        root = ElementTree.fromstring(content)
    except (ElementTree.ParseError, DefusedXmlException):
        return False
    ack = root.find(f".//{{{OUTBOUND}}}Ack")
    return ack is not None and (ack.text or "").strip() in ("true", "1")


def _notification(notification_id: str, entity: Entity, fields: tuple[str, ...], row: Row) -> str:
    values = "".join(
        f"<sf:{name}>{escape(_xml_value(row[name]))}</sf:{name}>"
        for name in ("Id", *fields)
        if row.get(name) is not None
    )
    return (
        f"<Notification><Id>{notification_id}</Id>"
        f'<sObject xsi:type="sf:{entity.name}" xmlns:sf="{SOBJECT}">{values}</sObject></Notification>'
    )


def _xml_value(value: Value) -> str:
    """Return a value as XML Schema has it: times end in Z."""
    if isinstance(value, bool):
        return str(value).lower()
    text = _NOT_XML.sub("", str(value))
    return f"{text[:-5]}Z" if text.endswith(".000+0000") else text
