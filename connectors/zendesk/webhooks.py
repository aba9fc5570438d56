"""The webhook that tells us of changes: made once, its signing secret, and a new one. Deliveries are read in `webhook`.

GET, POST /api/v2/webhooks and GET, POST /api/v2/webhooks/{id}/signing_secret; admins only. Zendesk makes the secrets.
Zendesk makes a second webhook of the same name and endpoint without a word, so the list is read first.

https://developer.zendesk.com/api-reference/webhooks/webhooks-api/webhooks/
"""

import re
from typing import Any

from connectors.contract import UnexpectedReply, WebhookFound, WebhookInstalled
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
    wanted = {
        "name": name,
        "endpoint": endpoint,
        "http_method": "POST",
        "request_format": "json",
        "status": "active",
        "subscriptions": list(SUBSCRIPTIONS),
    }
    try:
        answer = read_object(calls.post("/api/v2/webhooks", {"webhook": wanted}, asked="new webhook"))
    except NoSuchRecord as error:
        raise UnexpectedReply(str(error)) from None
    made = _id(answer.get("webhook", answer))  # A recorded answer of 2023 has the id at the top.
    return WebhookInstalled(id=made, secret=secret(calls, made))


def secret(calls: Calls, webhook_id: str) -> str:
    """Return the webhook's signing secret."""
    try:
        return _secret(calls.get(_secret_path(webhook_id), asked="webhook signing secret"), webhook_id)
    except NoSuchRecord:
        raise UnexpectedReply(f"webhook {webhook_id}: there is none with this id") from None


def rotate(calls: Calls, webhook_id: str) -> WebhookInstalled:
    """Let Zendesk make a new signing secret; the old one signs nothing from then on."""
    try:
        body = calls.post(_secret_path(webhook_id), {}, asked="new webhook signing secret")
    except NoSuchRecord:
        raise UnexpectedReply(f"webhook {webhook_id}: there is none with this id") from None
    return WebhookInstalled(id=webhook_id, secret=_secret(body, webhook_id))


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


def _secret_path(webhook_id: str) -> str:
    if not _ID.fullmatch(webhook_id):
        raise UnexpectedReply("webhook: the id is none")
    return f"/api/v2/webhooks/{webhook_id}/signing_secret"


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
