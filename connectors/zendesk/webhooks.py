"""The webhook that tells us of changes: made once, and its signing secret. Deliveries are read in `webhook`.

GET, POST /api/v2/webhooks and GET /api/v2/webhooks/{id}/signing_secret; admins only.
Zendesk makes a second webhook of the same name and endpoint without a word, so the list is read first.

https://developer.zendesk.com/api-reference/webhooks/webhooks-api/webhooks/
"""

import re
from typing import Any

from connectors.contract import UnexpectedReply
from connectors.zendesk.calls import Calls
from connectors.zendesk.reading import read_object
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


def register(calls: Calls, *, name: str, endpoint: str) -> str:
    """Return the id of the webhook with this name and endpoint, made now unless it is there already."""
    for webhook in listed(calls):
        if (webhook.get("name"), webhook.get("endpoint"), webhook.get("status")) == (name, endpoint, "active"):
            return _id(webhook)
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
    made = answer.get("webhook", answer)  # A recorded answer of 2023 has the id at the top.
    return _id(made)


def pointing_at(calls: Calls, endpoint: str) -> tuple[str, ...]:
    """Return the ids of the active webhooks that point at this address; raises the three errors."""
    found = (each for each in listed(calls) if (each.get("endpoint"), each.get("status")) == (endpoint, "active"))
    return tuple(map(_id, found))


def secret(calls: Calls, webhook_id: str) -> str:
    """Return the webhook's signing secret."""
    if not _ID.fullmatch(webhook_id):
        raise UnexpectedReply("webhook: the id is none")
    try:
        body = calls.get(f"/api/v2/webhooks/{webhook_id}/signing_secret", asked="webhook signing secret")
    except NoSuchRecord:
        raise UnexpectedReply(f"webhook {webhook_id}: there is none with this id") from None
    found = read_object(body).get("signing_secret")
    text = found.get("secret") if isinstance(found, dict) else None
    if not isinstance(text, str) or not text:
        raise UnexpectedReply(f"webhook {webhook_id}: the answer holds no signing secret")
    return text


def listed(calls: Calls) -> list[dict[str, Any]]:
    """Return the account's webhooks as sent; raises the three errors."""
    found: list[dict[str, Any]] = []
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
        found.extend(record for record in records if isinstance(record, dict))
        after = meta.get("after_cursor") if isinstance(meta, dict) and meta.get("has_more") else None
        if after is None:
            return found
    raise UnexpectedReply(f"webhooks: more than {MOST_PAGES * WEBHOOKS_A_PAGE}")


def _id(webhook: object) -> str:
    found = str(webhook.get("id", "")) if isinstance(webhook, dict) else ""
    if not _ID.fullmatch(found):
        raise UnexpectedReply("webhook: the answer holds no id")
    return found
