"""Our mark on what we write: how a write whose answer was lost is found again, and our own echo is known.

Zendesk offers no idempotency key for updates. What it does offer is audit metadata: `ticket.metadata` of an update is
kept in that update's audit under `metadata.custom`, written in the same transaction, unseen by customers, set only by
agents' API calls and never changed afterwards. So the audit is where a mark is looked for. An internal note also ends
with a line that names the mark: for people, and for accounts that drop the metadata. A mark in a public comment counts
for nothing, because a customer can write one.

https://developer.zendesk.com/documentation/ticketing/managing-tickets/creating-and-updating-tickets/#setting-metadata
"""

from collections.abc import Mapping
from typing import Any

from connectors.marks import ORIGIN, mark_in_note

#: What a stranger answers by mail is kept as a private comment, and may hold anything.
MAIL = "email"


def metadata(mark: str) -> dict[str, dict[str, str]]:
    """Return what to send as `ticket.metadata` with an update."""
    return {ORIGIN: {"mark": mark}}


def mark_in_audit(audit: Mapping[str, Any]) -> str | None:
    """Return the mark of the update that this audit records; None when the update was not ours.

    audit: As the vendor sends it, whatever its shape.
    """
    custom = _at(_at(audit, "metadata"), "custom")
    mark = _at(_at(custom, ORIGIN), "mark")
    if isinstance(mark, str):
        return mark
    if _at(_at(audit, "via"), "channel") == MAIL:
        return None
    events = _at(audit, "events")
    for event in events if isinstance(events, list) else []:
        body = _at(event, "body")
        if _at(event, "type") == "Comment" and _at(event, "public") is False and isinstance(body, str):
            found = mark_in_note(body)
            if found is not None:
                return found
    return None


def _at(record: object, name: str) -> object:
    return record.get(name) if isinstance(record, Mapping) else None
