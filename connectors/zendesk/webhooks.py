"""The webhook that tells us of changes: made once, its signing secret, and a new one. Deliveries are read in `webhook`.

GET, POST /api/v2/webhooks, PATCH, DELETE /api/v2/webhooks/{id}, GET /api/v2/webhooks/{id}/signing_secret and
POST /api/v2/webhooks/test; admins only. Surprises:
- Zendesk makes a second webhook of the same name and endpoint without a word, so the list is read first.
- Zendesk makes the secrets. A reset (POST …/signing_secret) signs with a secret that we do not know yet, and a delivery
  that is refused for it (401) is not sent again. So a secret is changed by a second webhook: made inactive, its secret
  read and set here, then activated, and only then is the first one deleted. Meanwhile an event may come from both,
  under one id.

https://developer.zendesk.com/api-reference/webhooks/webhooks-api/webhooks/
"""

import hmac
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from connectors.contract import Steps, UnexpectedReply, WebhookFound, WebhookInstalled
from connectors.wire_json import read_object
from connectors.zendesk.calls import Calls
from connectors.zendesk.refusals import NoSuchRecord

WEBHOOKS_A_PAGE = 100
MOST_PAGES = 10
#: Every change that may concern a case. A hint is enough: the ticket is read again.
SUBSCRIPTIONS = tuple(
    f"zen:event-type:ticket.{event}"
    for event in (
        "created",
        "comment_added",
        "custom_field_changed",
        "merged",
        "requester_changed",
        "soft_deleted",
        "status_changed",
        "tags_changed",
    )
)
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


def found(calls: Calls) -> tuple[WebhookFound, ...]:
    """Return the account's webhooks, those that are active with their secret."""
    return tuple(_found(calls, each) for each in listed(calls))


def install(calls: Calls, *, name: str, endpoint: str) -> WebhookInstalled:
    """Return the active webhook with this endpoint, made now unless it is there already."""
    for webhook in listed(calls):
        if (webhook.get("endpoint"), webhook.get("status")) == (endpoint, "active"):
            return WebhookInstalled(id=_id(webhook), secret=secret(calls, _id(webhook)))
    made = _make(calls, name=name, endpoint=endpoint, status="active")
    return WebhookInstalled(id=made, secret=secret(calls, made))


def prepare(calls: Calls, webhook_id: str, *, name: str) -> str:
    """Return the secret of the inactive webhook that is to take this one's place, made now unless it is there."""
    known = listed(calls)
    endpoint = _one(known, webhook_id).get("endpoint")
    waiting = [each for each in known if _waits(each, endpoint, name)]
    if waiting:
        return secret(calls, _id(waiting[0]))
    return secret(calls, _make(calls, name=_next(name), endpoint=str(endpoint), status="inactive"))


def rotate(calls: Calls, webhook_id: str, *, name: str, new_secret: str) -> WebhookInstalled:
    """Activate the webhook that was prepared with this secret, then delete the one whose place it takes.

    A repeat after a break in between finishes it.
    """
    known = listed(calls)
    endpoint = _one(known, webhook_id).get("endpoint")
    for webhook in known:
        following = _id(webhook)
        mine = webhook.get("endpoint") == endpoint and following != webhook_id
        if mine and hmac.compare_digest(secret(calls, following).encode(), new_secret.encode()):
            steps = Steps()
            with steps.step():
                _change(calls, following, {"status": "active", "name": name})
            with steps.step():
                _sent(calls, "DELETE", _path(webhook_id), None, "old webhook")
            steps.end()
            return WebhookInstalled(id=following, secret=new_secret)
    raise UnexpectedReply(f"webhook {webhook_id}: none was prepared with this secret")


def send_ping(calls: Calls, webhook_id: str, body: Mapping[str, str]) -> int:
    """Let Zendesk send this to the webhook's endpoint now, and return the status of the answer; 0 for none.

    That the test of a webhook signs with its own secret, and takes the body as an object, has no independent evidence.
    """
    path = f"/api/v2/webhooks/test?{urlencode({'webhook_id': _checked(webhook_id)})}"
    answer = read_object(_sent(calls, "POST", path, {"request": {"payload": dict(body)}}, "test of the webhook"))
    response = answer.get("response")
    status = response.get("status") if isinstance(response, dict) else None
    if isinstance(status, bool) or not isinstance(status, int):
        raise UnexpectedReply("test of the webhook: the answer holds no status")
    return status


def secret(calls: Calls, webhook_id: str) -> str:
    """Return the webhook's signing secret."""
    try:
        return _secret(calls.get(_secret_path(webhook_id), asked="webhook signing secret"), webhook_id)
    except NoSuchRecord:
        raise UnexpectedReply(f"webhook {webhook_id}: there is none with this id") from None


def listed(calls: Calls) -> list[dict[str, Any]]:
    """Return the account's webhooks as sent; raises the three errors."""
    collected: list[dict[str, Any]] = []
    after: str | None = None
    for _ in range(MOST_PAGES):
        query: dict[str, str | int] = {"page[size]": WEBHOOKS_A_PAGE} | ({"page[after]": after} if after else {})
        try:
            answer = read_object(calls.get("/api/v2/webhooks", asked="webhooks", query=query))
        except NoSuchRecord as error:
            raise UnexpectedReply(str(error)) from None
        records, meta = answer.get("webhooks"), answer.get("meta")
        if not isinstance(records, list):
            raise UnexpectedReply("webhooks: the answer has none")
        collected.extend(record for record in records if isinstance(record, dict))
        after = meta.get("after_cursor") if isinstance(meta, dict) and meta.get("has_more") else None
        if after is None:
            return collected
    raise UnexpectedReply(f"webhooks: more than {MOST_PAGES * WEBHOOKS_A_PAGE}")


def _found(calls: Calls, webhook: dict[str, Any]) -> WebhookFound:
    active = webhook.get("status") == "active"
    return WebhookFound(
        id=_id(webhook),
        url=str(webhook.get("endpoint", "")),
        active=active,
        secret=secret(calls, _id(webhook)) if active else None,
    )


def _make(calls: Calls, *, name: str, endpoint: str, status: str) -> str:
    """Make a webhook and return its id."""
    wanted = {
        "name": name,
        "endpoint": endpoint,
        "http_method": "POST",
        "request_format": "json",
        "status": status,
        "subscriptions": list(SUBSCRIPTIONS),
    }
    answer = read_object(_sent(calls, "POST", "/api/v2/webhooks", {"webhook": wanted}, "new webhook"))
    return _id(answer.get("webhook", answer))  # A recorded answer of 2023 has the id at the top.


def _change(calls: Calls, webhook_id: str, changes: Mapping[str, str]) -> None:
    _sent(calls, "PATCH", _path(webhook_id), {"webhook": dict(changes)}, f"change of webhook {webhook_id}")


def _sent(calls: Calls, method: str, path: str, body: Mapping[str, object] | None, asked: str) -> bytes:
    try:
        return calls.send(method, path, body, asked=asked)
    except NoSuchRecord as error:
        raise UnexpectedReply(str(error)) from None


def _one(known: list[dict[str, Any]], webhook_id: str) -> dict[str, Any]:
    for webhook in known:
        if webhook.get("id") == webhook_id:
            return webhook
    raise UnexpectedReply(f"webhook {webhook_id}: there is none with this id")


def _waits(webhook: Mapping[str, Any], endpoint: object, name: str) -> bool:
    """Whether this is the webhook that was prepared; others that are inactive may have a secret that leaked."""
    said = (webhook.get("endpoint"), webhook.get("status"), webhook.get("name"))
    return said == (endpoint, "inactive", _next(name))


def _next(name: str) -> str:
    return f"{name} (next)"


def _path(webhook_id: str) -> str:
    return f"/api/v2/webhooks/{_checked(webhook_id)}"


def _secret_path(webhook_id: str) -> str:
    return f"{_path(webhook_id)}/signing_secret"


def _checked(webhook_id: str) -> str:
    if not _ID.fullmatch(webhook_id):
        raise UnexpectedReply("webhook: the id is none")
    return webhook_id


def _secret(body: bytes, webhook_id: str) -> str:
    said = read_object(body).get("signing_secret")
    text = said.get("secret") if isinstance(said, dict) else None
    if not isinstance(text, str) or not text:
        raise UnexpectedReply(f"webhook {webhook_id}: the answer holds no signing secret")
    return text


def _id(webhook: object) -> str:
    said = str(webhook.get("id", "")) if isinstance(webhook, dict) else ""
    if not _ID.fullmatch(said):
        raise UnexpectedReply("webhook: the answer holds no id")
    return said
