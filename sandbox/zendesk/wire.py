"""Records as Zendesk writes them in JSON. Pure."""

import base64
import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from sandbox.zendesk.records import Audit, Comment, Rating, Ticket, TicketField, User

HOST = "https://harbor.zendesk.com"
BRAND_ID = 360_000_000_001
FORM_ID = 360_000_000_002
GROUP_ID = 360_000_000_003
CUSTOM_STATUS_IDS = {"new": 1, "open": 2, "pending": 3, "hold": 4, "solved": 5, "closed": 5, "deleted": 5}


def encode(body: object) -> bytes:
    """Return compact UTF-8 JSON."""
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def stamp(moment: datetime) -> str:
    """Return a moment as Zendesk writes it: "2024-01-23T10:00:00Z"."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def epoch(moment: datetime) -> int:
    """Return whole seconds since 1970."""
    return int(moment.timestamp())


def ticket_body(ticket: Ticket, fields: Iterable[TicketField]) -> dict[str, Any]:
    """Return a ticket with every attribute the vendor sends, nulls included."""
    values = [
        {"id": known.id, "value": _value(ticket.custom_fields.get(known.id))} for known in fields if not known.system
    ]
    rating = ticket.rating
    body: dict[str, Any] = {
        "url": f"{HOST}/api/v2/tickets/{ticket.id}.json",
        "id": ticket.id,
        "external_id": ticket.external_id,
        "via": _via(ticket.via_channel),
        "created_at": stamp(ticket.created_at),
        "updated_at": stamp(ticket.updated_at),
        "generated_timestamp": epoch(ticket.updated_at),
        "type": ticket.type,
        "subject": ticket.subject,
        "raw_subject": ticket.subject,
        "description": ticket.description,
        "priority": ticket.priority,
        "status": ticket.status,
        "recipient": None,
        "requester_id": ticket.requester_id,
        "submitter_id": ticket.submitter_id,
        "assignee_id": ticket.assignee_id,
        "organization_id": ticket.organization_id,
        "group_id": ticket.group_id,
        "collaborator_ids": [],
        "follower_ids": [],
        "email_cc_ids": [],
        "forum_topic_id": None,
        "problem_id": ticket.problem_id,
        "has_incidents": False,
        "is_public": ticket.is_public,
        "due_at": stamp(ticket.due_at) if ticket.due_at else None,
        "tags": list(ticket.tags),
        "custom_fields": values,
        "satisfaction_rating": {"score": "unoffered"} if rating is None else _short_rating(rating),
        "sharing_agreement_ids": [],
        "custom_status_id": CUSTOM_STATUS_IDS.get(ticket.status, 2),
        "fields": values,
        "followup_ids": [],
        "ticket_form_id": FORM_ID,
        "brand_id": BRAND_ID,
        "allow_channelback": False,
        "allow_attachments": True,
        "from_messaging_channel": False,
    }
    return {**body, **ticket.overlay}


def user_body(user: User) -> dict[str, Any]:
    """Return a user as an admin sees them."""
    return {
        "id": user.id,
        "url": f"{HOST}/api/v2/users/{user.id}.json",
        "name": user.name,
        "email": user.email,
        "created_at": stamp(user.created_at),
        "updated_at": stamp(user.updated_at),
        "time_zone": user.time_zone,
        "iana_time_zone": "Etc/UTC",
        "phone": None,
        "shared_phone_number": None,
        "photo": None,
        "locale_id": 10 if user.locale.startswith("zh") else 1,
        "locale": user.locale,
        "organization_id": None,
        "role": user.role,
        "verified": True,
        "external_id": user.external_id,
        "tags": list(user.tags),
        "alias": "",
        "active": user.active,
        "shared": False,
        "shared_agent": False,
        "last_login_at": None,
        "two_factor_auth_enabled": False,
        "signature": None,
        "details": None,
        "notes": None,
        "role_type": None,
        "custom_role_id": None,
        "moderator": user.role != "end-user",
        "ticket_restriction": "requested" if user.role == "end-user" else None,
        "only_private_comments": False,
        "restricted_agent": user.role == "end-user",
        "suspended": False,
        "default_group_id": None if user.role == "end-user" else GROUP_ID,
        "report_csv": False,
        "user_fields": {},
    }


def anonymous_user_body() -> dict[str, Any]:
    """Return what `users/me` says to someone without (right) credentials: recorded as 200 "Anonymous user"."""
    return {"id": None, "url": None, "name": "Anonymous user", "email": "invalid@example.com", "role": "end-user"}


def comment_body(comment: Comment) -> dict[str, Any]:
    """Return a comment."""
    return {
        "id": comment.id,
        "type": "Comment",
        "author_id": comment.author_id,
        "body": comment.body,
        "html_body": comment.html_body,
        "plain_body": comment.body,
        "public": comment.public,
        "attachments": [],
        "audit_id": comment.audit_id,
        "via": _via(comment.via_channel),
        "created_at": stamp(comment.created_at),
        "metadata": {"system": {}, "custom": {}},
    }


def audit_body(audit: Audit) -> dict[str, Any]:
    """Return an audit with its events."""
    return {
        "id": audit.id,
        "ticket_id": audit.ticket_id,
        "created_at": stamp(audit.created_at),
        "author_id": audit.author_id,
        "metadata": {"system": {}, "custom": dict(audit.metadata)},
        "events": [dict(event) for event in audit.events],
        "via": _via(audit.via_channel),
    }


def field_body(known: TicketField, created_at: datetime) -> dict[str, Any]:
    """Return a ticket field."""
    body: dict[str, Any] = {
        "url": f"{HOST}/api/v2/ticket_fields/{known.id}.json",
        "id": known.id,
        "type": known.type,
        "title": known.title,
        "raw_title": known.title,
        "description": known.title,
        "raw_description": known.title,
        "position": known.id % 1_000,
        "active": True,
        "required": False,
        "collapsed_for_agents": False,
        "regexp_for_validation": None,
        "title_in_portal": known.title,
        "raw_title_in_portal": known.title,
        "visible_in_portal": False,
        "editable_in_portal": False,
        "required_in_portal": False,
        "tag": None,
        "created_at": stamp(created_at),
        "updated_at": stamp(created_at),
        "removable": not known.system,
        "agent_description": None,
    }
    if known.type == "tagger":
        body["custom_field_options"] = [
            {"id": known.id * 100 + index, "name": name, "raw_name": name, "value": value, "default": False}
            for index, (value, name) in enumerate(known.options)
        ]
    return body


def rating_body(rating: Rating) -> dict[str, Any]:
    """Return a satisfaction rating."""
    return {
        "url": f"{HOST}/api/v2/satisfaction_ratings/{rating.id}.json",
        "id": rating.id,
        "assignee_id": rating.assignee_id,
        "group_id": GROUP_ID,
        "requester_id": rating.requester_id,
        "ticket_id": rating.ticket_id,
        "score": rating.score,
        "created_at": stamp(rating.created_at),
        "updated_at": stamp(rating.updated_at),
        "comment": rating.comment,
        "reason": None,
        "reason_id": None,
    }


def export_cursor(*, at: int, ticket_id: int) -> str:
    """Return the cursor after a ticket: base64 of "1576613539.0||467|", as recordings show it."""
    return base64.b64encode(f"{at}.0||{ticket_id}|".encode()).decode()


def _short_rating(rating: Rating) -> Mapping[str, Any]:
    return {"id": rating.id, "score": rating.score, "comment": rating.comment}


def _via(channel: str) -> dict[str, Any]:
    return {"channel": channel, "source": {"from": {}, "to": {}, "rel": None}}


def _value(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value
