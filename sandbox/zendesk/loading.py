"""Bulk load through the control plane: users and tickets with given ids and times, in the vendor's own wire shape.

Nothing here is part of the vendor's API, and nothing is checked as the vendor would: odd tickets are wanted in tests.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sandbox.zendesk.account import Account, TicketHappening
from sandbox.zendesk.changes import html_of, text_of
from sandbox.zendesk.records import AGENT_ID, Audit, Comment, FieldValue, Rating, Ticket, User

_USER_NAMES = ("id", "name", "email", "role", "external_id", "locale", "time_zone", "tags", "active")


class BadLoad(ValueError):
    """The load request cannot be used: its message says which entry and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """Ids of what was loaded, in the order given."""

    user_ids: tuple[int, ...]
    ticket_ids: tuple[int, ...]


def load(account: Account, body: Mapping[str, Any], *, now: datetime) -> Loaded:
    """Load `users`, then `tickets`, replacing those with the same id; raises `BadLoad`.

    A ticket names its customer by `requester_id`, or by `requester` {"external_id" | "email", "name"}.
    Its first comment is `description`; `comments` come after it. Times are ISO and default to `now`.
    `overlay` holds wire attributes to answer as they are. `satisfaction_rating` {"score", "comment"} makes a rating.
    `notify`: true sends the webhooks of new tickets; otherwise a load is silent.
    """
    user_ids = [_load_user(account, entry, now=now).id for entry in _objects(body, "users")]
    ticket_ids = []
    for index, entry in enumerate(_objects(body, "tickets")):
        try:
            ticket = _load_ticket(account, entry, now=now)
        except (KeyError, TypeError, ValueError) as error:
            raise BadLoad(f"tickets[{index}]: {type(error).__name__}: {error}") from error
        ticket_ids.append(ticket.id)
        if body.get("notify") is True:
            _announce(account, ticket)
    account.encoded_users_of(ticket_ids)
    for ticket_id in ticket_ids:
        account.encoded_ticket(ticket_id)  # Here and not at the first export, whose speed is measured.
    return Loaded(user_ids=tuple(user_ids), ticket_ids=tuple(ticket_ids))


def _objects(body: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    entries = body.get(name, [])
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise BadLoad(f"{name}: must be a list of objects")
    return entries


def _load_user(account: Account, entry: Mapping[str, Any], *, now: datetime) -> User:
    created_at = _moment(entry.get("created_at"), now)
    given: dict[str, Any] = {name: entry[name] for name in _USER_NAMES if entry.get(name) is not None}
    user_id = int(given.pop("id", None) or account.new_user_id())
    user = User(
        **{
            "name": f"User {user_id}",
            "email": None,
            "role": "end-user",
            **given,
            "id": user_id,
            "tags": tuple(given.get("tags", ())),
            "created_at": created_at,
            "updated_at": _moment(entry.get("updated_at"), created_at),
        }
    )
    account.keep_user(user)
    return user


def _load_ticket(account: Account, entry: Mapping[str, Any], *, now: datetime) -> Ticket:
    created_at = _moment(entry.get("created_at"), now)
    updated_at = _moment(entry.get("updated_at"), created_at)
    requester = _requester(account, entry, now=now)
    ticket_id = int(entry.get("id") or account.new_ticket_id())
    description = str(entry.get("description") or "")
    ticket = Ticket(
        id=ticket_id,
        created_at=created_at,
        updated_at=updated_at,
        subject=entry.get("subject"),
        description=description,
        status=str(entry.get("status") or "new"),
        priority=entry.get("priority"),
        type=entry.get("type"),
        requester_id=requester.id,
        submitter_id=int(entry.get("submitter_id") or requester.id),
        assignee_id=entry.get("assignee_id"),
        group_id=entry.get("group_id"),
        external_id=entry.get("external_id"),
        tags=_tags(account, entry),
        custom_fields=_custom_fields(entry),
        via_channel=_channel(entry.get("via")),
        rating=_load_rating(account, entry, ticket_id, requester, updated_at),
        overlay=dict(entry.get("overlay") or {}),
    )
    account.comments[ticket_id] = []
    account.audits[ticket_id] = []
    account.keep_ticket(ticket, searchable_at_once=True)
    _load_comment(account, ticket, {"body": description, "created_at": entry.get("created_at")}, first=True)
    for comment in entry.get("comments") or []:
        _load_comment(account, ticket, comment, first=False)
    return ticket


def _load_comment(account: Account, ticket: Ticket, entry: Mapping[str, Any], *, first: bool) -> None:
    """Add a comment; its author is `author_id`, or by `author` "requester" (usual) or "agent"."""
    author_id = entry.get("author_id")
    if author_id is None:
        author_id = AGENT_ID if entry.get("author") == "agent" else ticket.requester_id
    created_at = _moment(entry.get("created_at"), ticket.created_at if first else ticket.updated_at)
    html_body = entry.get("html_body")
    body = str(entry.get("body") or (text_of(html_body) if html_body else ""))
    audit_id = account.new_record_id()
    comment = Comment(
        id=account.new_record_id(),
        audit_id=audit_id,
        author_id=int(author_id),
        body=body,
        html_body=html_body or html_of(body),
        public=entry.get("public", True) is True,
        created_at=created_at,
        via_channel=ticket.via_channel,
    )
    kind = "Create" if first else "Comment"
    events: tuple[dict[str, Any], ...] = (
        {"id": comment.id, "type": "Comment", "body": body, "public": comment.public, "author_id": author_id},
    )
    if first:
        status = {"id": account.new_record_id(), "type": kind, "field_name": "status", "value": ticket.status}
        events = (*events, status)
    audit = Audit(id=audit_id, ticket_id=ticket.id, author_id=int(author_id), created_at=created_at, events=events)
    account.add_entry(audit, comment)


def _load_rating(  # A rating is about all of these.
    account: Account, entry: Mapping[str, Any], ticket_id: int, requester: User, at: datetime
) -> Rating | None:
    given = entry.get("satisfaction_rating")
    if not isinstance(given, dict) or given.get("score") in (None, "unoffered"):
        return None
    rating = Rating(
        id=account.new_record_id(),
        ticket_id=ticket_id,
        score=str(given["score"]),
        comment=given.get("comment"),
        requester_id=requester.id,
        assignee_id=entry.get("assignee_id"),
        created_at=at,
        updated_at=at,
    )
    account.ratings[rating.id] = rating
    return rating


def _requester(account: Account, entry: Mapping[str, Any], *, now: datetime) -> User:
    if entry.get("requester_id") is not None:
        return account.users[int(entry["requester_id"])]
    given = entry.get("requester")
    if not isinstance(given, dict):
        raise BadLoad("requester_id or requester is missing")
    known = None
    if given.get("external_id"):
        known = account.user_by_external_id(given["external_id"])
    if known is None and given.get("email"):
        known = account.user_by_email(given["email"])
    return known or _load_user(account, given, now=now)


def _custom_fields(entry: Mapping[str, Any]) -> dict[int, FieldValue]:
    given = entry.get("custom_fields") or {}
    if isinstance(given, list):
        given = {value["id"]: value.get("value") for value in given}
    return {int(field_id): value for field_id, value in given.items() if value is not None}


def _tags(account: Account, entry: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the tags given, and the tags that tagger fields bring."""
    values = _custom_fields(entry)
    brought = [str(value) for field_id, value in values.items() if _type_of(account, field_id) == "tagger" and value]
    return tuple(dict.fromkeys([*entry.get("tags", ()), *brought]))


def _type_of(account: Account, field_id: int) -> str | None:
    known = account.fields.get(field_id)
    return known.type if known else None


def _channel(via: object) -> str:
    if isinstance(via, dict):
        via = via.get("channel")
    return via if isinstance(via, str) else "web"


def _moment(value: object, default: datetime) -> datetime:
    """Return an ISO time with offset, cut to whole seconds as the vendor's are."""
    if value is None:
        return default.replace(microsecond=0)
    moment = datetime.fromisoformat(str(value))
    if moment.tzinfo is None:
        raise BadLoad(f"{value}: needs an offset")
    return moment.replace(microsecond=0)


def _announce(account: Account, ticket: Ticket) -> None:
    account.tell(
        TicketHappening(
            kind="created",
            before=None,
            after=ticket,
            comment=account.comments[ticket.id][0],
            actor=account.users[ticket.submitter_id],
            at=ticket.updated_at,
        )
    )
