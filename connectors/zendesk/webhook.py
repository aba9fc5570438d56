"""Zendesk's webhook deliveries: who sent one, when, and about which ticket.

POST to our endpoint, to be answered within 10 s. Signed over the timestamp header and the raw body with the webhook's
own secret; the other headers are not signed, so nothing is taken from them. Zendesk documents no protection against a
replay: ours is a window of 300 s and the delivery id, by which the caller drops repeats.

Two bodies are understood: an event subscription's (`subject: "zen:ticket:35436"`), and that of a trigger or automation,
which must carry `{"ticket_id": "{{ticket.id}}"}`.

https://developer.zendesk.com/documentation/webhooks/verifying/
https://developer.zendesk.com/documentation/webhooks/anatomy-of-a-webhook-request
"""

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from datetime import datetime, timedelta

from connectors.contract import Delivery, ForgedDelivery, MalformedDelivery, StaleDelivery

SIGNATURE_HEADER = "X-Zendesk-Webhook-Signature"
TIMESTAMP_HEADER = "X-Zendesk-Webhook-Signature-Timestamp"
WINDOW = timedelta(seconds=300)
MOST_BODY_BYTES = 1 << 20
_TICKET_SUBJECT = re.compile(r"zen:ticket:([0-9]{1,20})")
_TICKET_ID = re.compile(r"[0-9]{1,20}")


def verify(raw: bytes, headers: Mapping[str, str], secrets: tuple[str, ...], now: datetime) -> Delivery:
    """Return what was delivered, after checking that Zendesk sent it just now.

    raw: The body as it came, unparsed.
    headers: Names in any case.
    secrets: The webhook's signing secrets, two during a rotation; none means nothing is believed.
    now: Aware.

    Raises ForgedDelivery, StaleDelivery, MalformedDelivery; none of them quotes the body.
    """
    by_name = {name.lower(): value for name, value in headers.items()}
    timestamp = by_name.get(TIMESTAMP_HEADER.lower(), "")
    given = by_name.get(SIGNATURE_HEADER.lower(), "")
    if len(raw) > MOST_BODY_BYTES:
        raise MalformedDelivery(f"the body is longer than {MOST_BODY_BYTES} bytes")
    _check_signature(raw, timestamp, given, secrets)
    return _read(raw, signed_at=_check_time(timestamp, now))


def signature(raw: bytes, *, timestamp: str, secret: str) -> str:
    """Return the signature Zendesk gives a body: base64 of HMAC-SHA256 over timestamp and body."""
    signed = timestamp.encode("latin-1", "replace") + raw
    return base64.b64encode(hmac.new(secret.encode(), signed, hashlib.sha256).digest()).decode()


def ping_body(now: datetime) -> dict[str, str]:
    """Return the body of a delivery about no ticket."""
    return {"id": f"ping-{now.timestamp():.6f}", "type": "makewhole.ping", "subject": "makewhole:ping"}


def ping(*, secret: str, now: datetime) -> tuple[bytes, Mapping[str, str]]:
    """Return the body and headers of a delivery about no ticket, as Zendesk would sign it with this secret."""
    raw, timestamp = json.dumps(ping_body(now)).encode(), now.isoformat()
    signed = signature(raw, timestamp=timestamp, secret=secret)
    return raw, {"Content-Type": "application/json", SIGNATURE_HEADER: signed, TIMESTAMP_HEADER: timestamp}


def _check_signature(raw: bytes, timestamp: str, given: str, secrets: tuple[str, ...]) -> None:
    if not given or not timestamp:
        raise ForgedDelivery("a signature header is missing")
    offered = given.encode("latin-1", "replace")
    matches = [
        hmac.compare_digest(signature(raw, timestamp=timestamp, secret=secret).encode(), offered)
        for secret in secrets
        if secret
    ]
    if not any(matches):
        raise ForgedDelivery("no secret of ours made this signature")


def _check_time(timestamp: str, now: datetime) -> datetime:
    try:
        signed_at = datetime.fromisoformat(timestamp)
    except ValueError:
        raise StaleDelivery("the timestamp is no ISO time") from None
    if signed_at.tzinfo is None:
        raise StaleDelivery("the timestamp has no time zone")
    if abs(now - signed_at) > WINDOW:
        raise StaleDelivery(f"signed more than {WINDOW.total_seconds():.0f} s away from now")
    return signed_at


def _read(raw: bytes, *, signed_at: datetime) -> Delivery:
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError):
        raise MalformedDelivery("the body is no JSON") from None
    if not isinstance(body, dict):
        raise MalformedDelivery("the body is no JSON object")
    if "ticket_id" in body:
        return _from_trigger(body["ticket_id"], raw, signed_at=signed_at)
    delivery_id, event_type, subject = body.get("id"), body.get("type"), body.get("subject")
    for name, value in (("id", delivery_id), ("type", event_type), ("subject", subject)):
        if not isinstance(value, str) or not 0 < len(value) <= 200:  # noqa: PLR2004  # Far above any seen.
            raise MalformedDelivery(f"{name}: must be text of 1 to 200 characters")
    about = _TICKET_SUBJECT.fullmatch(str(subject))
    return Delivery(
        id=str(delivery_id),
        ticket_keys=(about[1],) if about else (),
        event_type=str(event_type),
    )


def _from_trigger(ticket_id: object, raw: bytes, *, signed_at: datetime) -> Delivery:
    """Return the delivery of a trigger, whose body has no id of its own: two alike in one second are one."""
    key = str(ticket_id)
    if isinstance(ticket_id, bool) or not _TICKET_ID.fullmatch(key):
        raise MalformedDelivery("ticket_id: must be a whole number")
    digest = hashlib.sha256(signed_at.isoformat().encode() + raw).hexdigest()
    return Delivery(id=f"trigger:{digest[:32]}", ticket_keys=(key,), event_type="trigger")
