"""Writes to tickets under the vendor's rules: create, update, delete, merge."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sandbox.zendesk.account import Account, TicketHappening
from sandbox.zendesk.changes import Changes, NewComment, html_of, read_changes
from sandbox.zendesk.records import DELETED, Audit, Comment, Ticket, User
from sandbox.zendesk.refusals import closed_ticket, invalid, not_found, update_conflict

SHOWN_CHANGES = ("subject", "status", "priority", "type", "assignee_id", "requester_id", "group_id", "external_id")
"""Attributes whose changes an audit lists by name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A ticket after a write, and the audit of it."""

    ticket: Ticket
    audit: Audit


def create_ticket(account: Account, sent: Mapping[str, Any], *, actor: User, now: datetime) -> Written:
    """Create a ticket from a `ticket` object; raises `Refused` (422).

    Without a comment it is created too, with an empty description: seen in recordings, against the specification.
    """
    if "comment" not in sent and isinstance(sent.get("description"), str):
        sent = {**sent, "comment": {"body": sent["description"]}}
    changes = read_changes(sent, account.fields)
    requester_id = _requester_id(account, changes, now=now) or actor.id
    attributes = {"status": "new", "priority": None, "type": None, "subject": None, **changes.attributes}
    _check_people(account, attributes)
    comment = changes.comment
    blank = Ticket(
        id=account.new_ticket_id(),
        created_at=now,
        updated_at=now,
        subject=None,
        description=comment.body if comment else "",
        status="new",
        requester_id=requester_id,
        submitter_id=attributes.pop("submitter_id", None) or actor.id,
        via_channel="api",
        is_public=comment.public if comment else True,
    )
    attributes.pop("requester_id", None)
    ticket = _with_fields_and_tags(account, replace(blank, **attributes), changes)
    events = [{"id": account.new_record_id(), "type": "Create", "field_name": "status", "value": ticket.status}]
    return _store(account, None, ticket, comment, events, actor=actor, now=now)


def update_ticket(account: Account, ticket_id: int, sent: Mapping[str, Any], *, actor: User, now: datetime) -> Written:
    """Change a ticket; raises `Refused`: 404 unknown, 422 closed or bad values, 409 when a safe update is too late."""
    before = account.ticket(ticket_id)
    changes = read_changes(sent, account.fields)
    if before.status == "closed":
        raise closed_ticket()
    stamp = changes.unless_changed_after
    if stamp is not None and before.updated_at > stamp:
        raise update_conflict()
    attributes = dict(changes.attributes)
    requester_id = _requester_id(account, changes, now=now)
    attributes.pop("requester_id", None)
    if requester_id is not None:
        attributes["requester_id"] = requester_id
    _check_people(account, attributes)
    if attributes.get("submitter_id") is None:
        attributes.pop("submitter_id", None)
    after = _with_fields_and_tags(account, replace(before, **attributes, updated_at=now), changes)
    events = _change_events(account, before, after)
    return _store(account, before, after, changes.comment, events, actor=actor, now=now, metadata=changes.metadata)


def delete_ticket(account: Account, ticket_id: int, *, actor: User, now: datetime) -> None:
    """Delete a ticket softly: reads answer 404, the export shows it once more with status "deleted"."""
    before = account.ticket(ticket_id)
    after = replace(before, status=DELETED, updated_at=now)
    account.keep_ticket(after)
    account.tell(TicketHappening(kind="deleted", before=before, after=after, comment=None, actor=actor, at=now))


def merge_tickets(
    account: Account, target_id: int, sent: Mapping[str, Any], *, actor: User, now: datetime
) -> list[int]:
    """Merge other tickets into one and return their ids: each gets a comment and is closed, the target a comment.

    Raises `Refused`: 404 for an unknown ticket, 422 when one is closed or the target itself. The tag
    "closed_by_merge" is the vendor's.
    """
    source_ids = sent.get("ids")
    if not isinstance(source_ids, list) or not source_ids or target_id in source_ids:
        raise invalid("ids", "Ids: is invalid")
    target = account.ticket(target_id)
    sources = [account.ticket(source_id) if isinstance(source_id, int) else None for source_id in source_ids]
    if any(ticket is None for ticket in sources):
        raise not_found()
    if target.status == "closed" or any(ticket and ticket.status == "closed" for ticket in sources):
        raise closed_ticket()
    for source in sources:
        if source is not None:
            _close_merged(account, source, target_id, sent, actor=actor, now=now)
    listed = ", ".join(f"#{source_id}" for source_id in source_ids)
    note = _note(
        sent.get("target_comment") or f"Request {listed} was closed and merged into this request.",
        public=sent.get("target_comment_is_public") is True,
    )
    after = replace(target, updated_at=now)
    _store(account, target, after, note, [], actor=actor, now=now)
    return source_ids


def _close_merged(
    account: Account, source: Ticket, target_id: int, sent: Mapping[str, Any], *, actor: User, now: datetime
) -> None:
    note = _note(
        sent.get("source_comment") or f"This request was closed and merged into request #{target_id}.",
        public=sent.get("source_comment_is_public") is True,
    )
    tags = tuple(dict.fromkeys((*source.tags, "closed_by_merge")))
    after = replace(source, status="closed", tags=tags, updated_at=now)
    events = _change_events(account, source, after)
    written = _store(account, source, after, note, events, actor=actor, now=now)
    account.tell(
        TicketHappening(
            kind="merged",
            before=source,
            after=written.ticket,
            comment=None,
            actor=actor,
            at=now,
            merged_into=target_id,
        )
    )


def _store(
    account: Account,
    before: Ticket | None,
    after: Ticket,
    note: NewComment | None,
    events: list[dict[str, Any]],
    *,
    actor: User,
    now: datetime,
    metadata: Mapping[str, Any] | None = None,
) -> Written:
    """Keep a written ticket with its audit and comment, and tell the listeners."""
    audit_id = account.new_record_id()
    comment = None
    if note is not None:
        comment = Comment(
            id=account.new_record_id(),
            audit_id=audit_id,
            author_id=note.author_id or (after.submitter_id if before is None else actor.id),
            body=note.body,
            html_body=note.html_body,
            public=note.public,
            created_at=now,
        )
        events = [_comment_event(comment), *events]
    audit = Audit(
        id=audit_id,
        ticket_id=after.id,
        author_id=actor.id,
        created_at=now,
        events=tuple(events),
        # Only agents' calls may set it.
        metadata=metadata if metadata and actor.role != "end-user" else {},
    )
    account.keep_ticket(after)
    account.add_entry(audit, comment)
    kind = "created" if before is None else "updated"
    account.tell(TicketHappening(kind=kind, before=before, after=after, comment=comment, actor=actor, at=now))
    return Written(ticket=after, audit=audit)


def _comment_event(comment: Comment) -> dict[str, Any]:
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
    }


def _change_events(account: Account, before: Ticket, after: Ticket) -> list[dict[str, Any]]:
    def event(name: str, old: object, new: object) -> dict[str, Any]:
        return {
            "id": account.new_record_id(),
            "type": "Change",
            "field_name": name,
            "value": new,
            "previous_value": old,
        }

    events = [
        event(name, _text(getattr(before, name)), _text(getattr(after, name)))
        for name in SHOWN_CHANGES
        if getattr(before, name) != getattr(after, name)
    ]
    if before.tags != after.tags:
        events.append(event("tags", list(before.tags), list(after.tags)))
    for field_id in sorted({*before.custom_fields, *after.custom_fields}):
        old, new = before.custom_fields.get(field_id), after.custom_fields.get(field_id)
        if old != new:
            events.append(event(str(field_id), old, new))
    return events


def _with_fields_and_tags(account: Account, ticket: Ticket, changes: Changes) -> Ticket:
    """Return the ticket with field values and tags applied. A tagger's value is also a tag, and follows its changes."""
    tags = list(ticket.tags if changes.tags is None else changes.tags)
    tags += [tag for tag in changes.add_tags if tag not in tags]
    for field_id, value in changes.custom_fields.items():
        old = ticket.custom_fields.get(field_id)
        if account.fields[field_id].type == "tagger" and old != value:
            tags = [tag for tag in tags if tag != old]
            if isinstance(value, str) and value not in tags:
                tags.append(value)
    kept = tuple(tag for tag in tags if tag not in changes.remove_tags)
    return replace(ticket, tags=kept, custom_fields={**ticket.custom_fields, **changes.custom_fields})


def _requester_id(account: Account, changes: Changes, *, now: datetime) -> int | None:
    """Return the requester asked for, created when unknown; None when the request names none."""
    if changes.requester is None:
        requester_id: int | None = changes.attributes.get("requester_id")
        if requester_id is not None and requester_id not in account.users:
            raise invalid("requester", "Requester: is invalid")
        return requester_id
    known = account.user_by_email(changes.requester["email"])
    if known is not None:
        return known.id
    user = User(
        id=account.new_user_id(),
        name=changes.requester["name"],
        email=changes.requester["email"],
        role="end-user",
        created_at=now,
        updated_at=now,
    )
    account.keep_user(user)
    return user.id


def _check_people(account: Account, attributes: Mapping[str, Any]) -> None:
    assignee_id = attributes.get("assignee_id")
    if assignee_id is not None:
        assignee = account.users.get(assignee_id)
        if assignee is None or assignee.role == "end-user":
            raise invalid("assignee", "Assignee: is invalid")
    submitter_id = attributes.get("submitter_id")
    if submitter_id is not None and submitter_id not in account.users:
        raise invalid("submitter", "Submitter: is invalid")


def _note(body: str, *, public: bool) -> NewComment:
    return NewComment(body=body, html_body=html_of(body), public=public, author_id=None)


def _text(value: object) -> str | None:
    return None if value is None else str(value)
