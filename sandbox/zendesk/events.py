"""What happened to a ticket as Zendesk's webhook events, one body per event type. Pure.

Envelope and `detail` follow https://developer.zendesk.com/api-reference/webhooks/event-types/ticket-events :
ids as text, status, priority and type in capitals, `subject` "zen:ticket:<id>", version 2022-11-06.
The inner `event` of custom_field_changed, merged and soft_deleted has no independent evidence here.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from sandbox.zendesk.account import TicketHappening
from sandbox.zendesk.records import Comment, Ticket, TicketField, User
from sandbox.zendesk.wire import BRAND_ID, CUSTOM_STATUS_IDS, FORM_ID, stamp

ACCOUNT_ID = 22_129_848
EVENT_VERSION = "2022-11-06"
PREFIX = "zen:event-type:ticket."

ATTRIBUTE_EVENTS: Mapping[str, str] = {
    "status": "status_changed",
    "priority": "priority_changed",
    "type": "type_changed",
    "subject": "subject_changed",
    "assignee_id": "agent_assignment_changed",
    "group_id": "group_assignment_changed",
    "requester_id": "requester_changed",
    "external_id": "external_id_changed",
    "organization_id": "organization_changed",
    "problem_id": "problem_link_changed",
}
OTHER_EVENTS = ("created", "comment_added", "tags_changed", "custom_field_changed", "soft_deleted", "merged")
TICKET_EVENTS = tuple(PREFIX + name for name in (*ATTRIBUTE_EVENTS.values(), *OTHER_EVENTS))

_CAPITALS = ("status", "priority", "type")


def event_bodies(happening: TicketHappening, fields: Mapping[int, TicketField]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield (event type, its `event` object) for everything this happening did."""
    match happening.kind:
        case "created":
            yield PREFIX + "created", {}
            if happening.comment is not None:
                yield PREFIX + "comment_added", {"comment": _comment(happening.comment, happening.actor)}
        case "deleted":
            yield PREFIX + "soft_deleted", {}
        case "merged":
            yield PREFIX + "merged", {"target_ticket_id": str(happening.merged_into)}
        case _:
            yield from _update_bodies(happening, fields)


def envelope(event_type: str, event: Mapping[str, Any], happening: TicketHappening, *, event_id: str) -> dict[str, Any]:
    """Return the whole body of one webhook request."""
    return {
        "account_id": ACCOUNT_ID,
        "detail": _detail(happening.after, happening.actor),
        "event": event,
        "id": event_id,
        "subject": f"zen:ticket:{happening.after.id}",
        "time": f"{happening.at:%Y-%m-%dT%H:%M:%S.%f}Z",
        "type": event_type,
        "zendesk_event_version": EVENT_VERSION,
    }


def _update_bodies(
    happening: TicketHappening, fields: Mapping[int, TicketField]
) -> Iterator[tuple[str, dict[str, Any]]]:
    before, after = happening.before, happening.after
    if happening.comment is not None:
        yield PREFIX + "comment_added", {"comment": _comment(happening.comment, happening.actor)}
    if before is None:
        return
    for attribute, name in ATTRIBUTE_EVENTS.items():
        old, new = getattr(before, attribute), getattr(after, attribute)
        if old != new:
            yield PREFIX + name, {"current": _shown(attribute, new), "previous": _shown(attribute, old)}
    if before.tags != after.tags:
        added = [tag for tag in after.tags if tag not in before.tags]
        removed = [tag for tag in before.tags if tag not in after.tags]
        yield PREFIX + "tags_changed", {"tags_added": added, "tags_removed": removed}
    for field_id in sorted({*before.custom_fields, *after.custom_fields}):
        old, new = before.custom_fields.get(field_id), after.custom_fields.get(field_id)
        if old != new:
            shown = {"id": str(field_id), "title": fields[field_id].title, "type": fields[field_id].type}
            yield PREFIX + "custom_field_changed", {"field": shown, "current": new, "previous": old}


def _detail(ticket: Ticket, actor: User) -> dict[str, Any]:
    return {
        "actor_id": str(actor.id),
        "assignee_id": _id(ticket.assignee_id),
        "brand_id": str(BRAND_ID),
        "created_at": stamp(ticket.created_at),
        "custom_status": str(CUSTOM_STATUS_IDS.get(ticket.status, 2)),
        "description": ticket.description,
        "external_id": ticket.external_id,
        "form_id": str(FORM_ID),
        "group_id": _id(ticket.group_id),
        "id": str(ticket.id),
        "is_public": ticket.is_public,
        "organization_id": _id(ticket.organization_id),
        "priority": _shown("priority", ticket.priority),
        "requester_id": str(ticket.requester_id),
        "status": _shown("status", ticket.status),
        "subject": ticket.subject,
        "submitter_id": str(ticket.submitter_id),
        "tags": list(ticket.tags),
        "type": _shown("type", ticket.type),
        "updated_at": stamp(ticket.updated_at),
        "via": {"channel": ticket.via_channel},
    }


def _comment(comment: Comment, actor: User) -> dict[str, Any]:
    author = {"id": str(comment.author_id), "is_staff": actor.role != "end-user", "name": actor.name}
    return {"author": author, "body": comment.body, "id": str(comment.id), "is_public": comment.public}


def _shown(attribute: str, value: object) -> str | None:
    if value is None:
        return None
    return str(value).upper() if attribute in _CAPITALS else str(value)


def _id(value: int | None) -> str | None:
    return None if value is None else str(value)
