"""One delivery of a Jira webhook: who sent it, and which issues it is about. Pure.

Admin webhooks are signed: `X-Hub-Signature: sha256=<hex HMAC of the raw body>`. Those of an OAuth app carry a JWT in
`Authorization`, signed (HS256) with the app's client secret; it says who sends, and nothing of the body.
`X-Atlassian-Webhook-Identifier` names a delivery and stays the same when it is repeated; nothing signs it. The time
stands in the body (`timestamp`), where the first kind signs it.

So whoever has caught a delivery can send it again under another name for as long as it is believed, and gains that we
read an issue: a delivery is a hint.

https://developer.atlassian.com/cloud/jira/platform/webhooks/
"""

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from connectors.contract import Delivery, ForgedDelivery, MalformedDelivery, StaleDelivery

SIGNATURE_HEADER = "X-Hub-Signature"
IDENTIFIER_HEADER = "X-Atlassian-Webhook-Identifier"
#: Jira tries five times, 15 minutes apart at most; its queues may add hours.
BELIEVED_FOR = timedelta(hours=24)
LEEWAY = timedelta(seconds=60)
MOST_BODY_BYTES = 4 << 20
_IDENTIFIER = re.compile(r"[!-~]{1,200}")
_ISSUE_ID = re.compile(r"[0-9]{1,19}")


def verify(
    raw: bytes,
    headers: Mapping[str, str],
    secrets: tuple[str, ...],
    *,
    kind: Literal["admin", "dynamic"],
    now: datetime,
) -> Delivery:
    """Return what was delivered, after checking that Jira sent it.

    raw: The body as it came, unparsed. headers: Names in any case.
    secrets: The webhook's, or the OAuth app's, two during a rotation; none means nothing is believed.
    kind: As in the settings. now: Aware.

    Raises ForgedDelivery, StaleDelivery, MalformedDelivery; none of them quotes the body.
    """
    by_name = {name.lower(): value for name, value in headers.items()}
    if len(raw) > MOST_BODY_BYTES:
        raise MalformedDelivery(f"the body is longer than {MOST_BODY_BYTES} bytes")
    if kind == "admin":
        _check_signature(raw, by_name.get(SIGNATURE_HEADER.lower(), ""), secrets)
    else:
        _check_bearer(by_name.get("authorization", ""), secrets, now)
    body = _read(raw)
    _check_time(body.get("timestamp"), now)
    event = body.get("webhookEvent")
    if not isinstance(event, str) or not 0 < len(event) <= 200:  # noqa: PLR2004  # Far above any seen.
        raise MalformedDelivery("webhookEvent: must be text of 1 to 200 characters")
    given = by_name.get(IDENTIFIER_HEADER.lower(), "")
    name = given if _IDENTIFIER.fullmatch(given) else f"body:{hashlib.sha256(raw).hexdigest()[:32]}"
    return Delivery(id=name, ticket_keys=_issues(body), event_type=event)


def signature(raw: bytes, *, secret: str) -> str:
    """Return the signature Jira gives a body."""
    return "sha256=" + hmac.new(secret.encode(), raw, hashlib.sha256).hexdigest()


def ping(*, secret: str, kind: Literal["admin", "dynamic"], now: datetime) -> tuple[bytes, Mapping[str, str]]:
    """Return the body and headers of a delivery about no issue, as Jira would make it with this secret."""
    moment = int(now.timestamp() * 1000)
    raw = json.dumps({"timestamp": moment, "webhookEvent": "makewhole:ping"}).encode()
    headers = {"Content-Type": "application/json", IDENTIFIER_HEADER: f"ping-{moment}"}
    if kind == "admin":
        return raw, headers | {SIGNATURE_HEADER: signature(raw, secret=secret)}
    return raw, headers | {"Authorization": f"Bearer {_token(secret, ends_at=now + LEEWAY)}"}


def _token(secret: str, *, ends_at: datetime) -> str:
    """Return a bearer token as Atlassian makes it for an app's webhooks."""
    parts = ({"alg": "HS256", "typ": "JWT"}, {"exp": int(ends_at.timestamp())})
    head = ".".join(_text(json.dumps(part).encode()) for part in parts)
    return f"{head}.{_text(hmac.new(secret.encode(), head.encode(), hashlib.sha256).digest())}"


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _check_signature(raw: bytes, given: str, secrets: tuple[str, ...]) -> None:
    if not given:
        raise ForgedDelivery("the signature header is missing")
    offered = given.encode("latin-1", "replace")
    matches = [hmac.compare_digest(signature(raw, secret=each).encode(), offered) for each in secrets if each]
    if not any(matches):
        raise ForgedDelivery("no secret of ours made this signature")


def _check_bearer(given: str, secrets: tuple[str, ...], now: datetime) -> None:
    scheme, _, token = given.partition(" ")
    head, _, signed = token.strip().rpartition(".")
    if scheme.lower() != "bearer" or head.count(".") != 1:
        raise ForgedDelivery("the bearer token is missing, or none")
    offered, matches = _bytes(signed), False
    for secret in filter(None, secrets):
        made = hmac.new(secret.encode(), head.encode("latin-1", "replace"), hashlib.sha256).digest()
        matches |= hmac.compare_digest(made, offered)
    kind, claims = (_claims(part) for part in head.split("."))
    if not matches or kind.get("alg") != "HS256":
        raise ForgedDelivery("no secret of ours made this bearer token")
    ends = claims.get("exp")
    if not isinstance(ends, int | float) or now.timestamp() > ends + LEEWAY.total_seconds():
        raise StaleDelivery("the bearer token has ended, or does not say when it does")


def _claims(part: str) -> dict[str, Any]:
    try:
        said = json.loads(_bytes(part))
    except (ValueError, RecursionError):
        said = None
    return said if isinstance(said, dict) else {}


def _bytes(part: str) -> bytes:
    """Return what a part of a token stands for, nothing for one that is none."""
    try:
        return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
    except ValueError:
        return b""


def _read(raw: bytes) -> dict[str, Any]:
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError):
        raise MalformedDelivery("the body is no JSON") from None
    if not isinstance(body, dict):
        raise MalformedDelivery("the body is no JSON object")
    return body


def _check_time(said: object, now: datetime) -> None:
    """Refuse what is too old or from the future; an event that names no time passes, its id is all there is."""
    if said is None:
        return
    try:
        happened_at = datetime.fromtimestamp(float(str(said)) / 1000, tz=UTC)
    except (ValueError, OverflowError, OSError):
        raise StaleDelivery("the timestamp is no time") from None
    if abs(now - happened_at) > BELIEVED_FOR:
        raise StaleDelivery(f"happened more than {BELIEVED_FOR.total_seconds() / 3600:.0f} hours away from now")


def _issues(body: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the issues that the event names: its own, or the two ends of a link."""
    issue, link = body.get("issue"), body.get("issueLink")
    named = [issue.get("id")] if isinstance(issue, dict) else []
    if isinstance(link, dict):
        named += [link.get("sourceIssueId"), link.get("destinationIssueId")]
    keys = (str(each) for each in named if isinstance(each, str | int) and not isinstance(each, bool))
    return tuple(dict.fromkeys(key for key in keys if _ISSUE_ID.fullmatch(key)))
