"""What Zendesk says, as our nouns. Pure: bytes in, tickets out.

Real bodies carry nulls the specification does not allow, statuses it does not list ("deleted" in the export) and custom
fields of any JSON type. One record that cannot be understood never costs the others: it is named, with what is wrong.
Numbers stay exact: a fraction is read as a Decimal and kept as the text it came as, never as a float.

https://developer.zendesk.com/api-reference/ticketing/tickets/tickets/
https://developer.zendesk.com/api-reference/ticketing/ticket-management/incremental_exports/
https://developer.zendesk.com/api-reference/ticketing/tickets/ticket_comments/
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any

import msgspec

from cases.ticket import Author, Comment, CustomerId, Requester, Satisfaction, Ticket, TicketRef, TicketStatus
from connectors.contract import UnexpectedReply
from connectors.marks import mark_in_note
from connectors.wire_json import Unreadable, decoded, exact, members, read_object, records, storable, value

MERGED_TAG = "closed_by_merge"
_MERGED_INTO = re.compile(r"merged into (?:request|ticket) #([0-9]{1,20})")
_AUTHORS = {"end-user": Author.CUSTOMER, "agent": Author.AGENT, "admin": Author.AGENT}
_STATUSES = {status.value: status for status in TicketStatus if status is not TicketStatus.UNKNOWN}


Moment = Annotated[datetime, msgspec.Meta(tz=True)]
_NULL = msgspec.Raw(b"null")


class WireRating(msgspec.Struct, gc=False):
    """The ticket's satisfaction, as the legacy CSAT writes it."""

    score: str | None = None
    comment: str | None = None


class WireField(msgspec.Struct, gc=False):
    """A custom field. Most are none of ours, so the value is looked at later."""

    id: int = 0
    value: Any = None


class WireTicket(msgspec.Struct, gc=False):
    """The part of a ticket we understand. `via` is looked into only where it tells of a follow-up."""

    id: int
    created_at: Moment
    updated_at: Moment
    subject: str | None = None
    description: str | None = None
    status: str | None = None
    requester_id: int | None = None
    assignee_id: int | None = None
    tags: list[str] | None = None
    custom_fields: list[WireField] | None = None
    satisfaction_rating: WireRating | None = None
    via: msgspec.Raw = _NULL


class WireUser(msgspec.Struct, gc=False):
    """The part of a user we understand."""

    id: int
    name: str | None = None
    email: str | None = None
    external_id: str | None = None
    locale: str | None = None
    role: str | None = None


class WireComment(msgspec.Struct, gc=False):
    """The part of a comment we understand. A voice comment has no text of its own."""

    id: int
    public: bool
    created_at: Moment
    author_id: int | None = None
    body: str | None = None
    plain_body: str | None = None


_TICKET = msgspec.json.Decoder(WireTicket, float_hook=Decimal)
_USER = msgspec.json.Decoder(WireUser)
_COMMENT = msgspec.json.Decoder(WireComment)


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Whose records are read: the account's name, and our name for each custom field id."""

    name: str
    fields: Mapping[int, str]

    def ref(self, key: object) -> TicketRef:
        """Return the reference of this account's ticket with the vendor's id."""
        return TicketRef(vendor="zendesk", account=self.name, key=str(key))


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportPage:
    """A page of the export as it was said; `after_cursor` is None when the vendor named none."""

    tickets: tuple[Ticket, ...]
    raw: tuple[bytes, ...]
    unreadable: tuple[tuple[str, str], ...]
    after_cursor: str | None
    end_of_stream: bool


def read_export(body: bytes, account: Account) -> ExportPage:
    """Return the tickets of a page of `incremental/tickets/cursor`, with their requesters where users came along.

    Raises UnexpectedReply when the page itself is none, or does not say whether and where it goes on.
    """
    page = members(body)
    found, end = records(page, "tickets"), value(page, "end_of_stream")
    if found is None or not isinstance(end, bool):
        raise UnexpectedReply("ticket export: the answer has no tickets or no end_of_stream")
    after_cursor = value(page, "after_cursor")
    if not isinstance(after_cursor, str | None) or (after_cursor is None and not end):
        raise UnexpectedReply("ticket export: the answer does not say where it goes on")
    requesters = _requesters(records(page, "users") or ())
    tickets: list[Ticket] = []
    raw: list[bytes] = []
    unreadable: list[tuple[str, str]] = []
    for number, record in enumerate(map(bytes, found), start=1):
        try:
            tickets.append(_ticket(record, requesters, account))
            raw.append(record)
        except Unreadable as error:
            unreadable.append((_key_of(record, number), str(error)))
    return ExportPage(
        tickets=tuple(tickets),
        raw=tuple(raw),
        unreadable=tuple(unreadable),
        after_cursor=after_cursor,
        end_of_stream=end,
    )


def read_one(body: bytes, account: Account) -> tuple[Ticket, bytes]:
    """Return the ticket of `tickets/{id}`, without comments, and its raw record; raises UnexpectedReply."""
    answer = members(body)
    if "ticket" not in answer:
        raise UnexpectedReply("ticket: the answer has no ticket")
    record = bytes(answer["ticket"])
    try:
        return _ticket(record, _requesters(records(answer, "users") or ()), account), record
    except Unreadable as error:
        raise UnexpectedReply(f"ticket {_key_of(record, 1)}: {error}") from None


def read_comments(body: bytes) -> tuple[tuple[Comment, ...], str | None]:
    """Return one page of comments and the link to the next, None for the last; raises UnexpectedReply.

    The users that come along tell on whose side an author stands.
    """
    following = _listing(body, "comments")[1]
    page = members(body)
    people = {each.id: each for each in _users(records(page, "users") or ())}
    try:
        wires = [decoded(_COMMENT, bytes(record)) for record in records(page, "comments") or ()]
    except Unreadable as error:
        raise UnexpectedReply(f"comments: {error}") from None
    return tuple(_comment(wire, people.get(wire.author_id or 0)) for wire in wires), following


def read_audits(body: bytes) -> tuple[tuple[Mapping[str, Any], ...], str | None]:
    """Return one page of audits as sent, and the link to the next, None for the last; raises UnexpectedReply."""
    found, following = _listing(body, "audits")
    return tuple(record for record in found if isinstance(record, dict)), following


def with_comments(ticket: Ticket, comments: Iterable[Comment]) -> Ticket:
    """Return the ticket with its comments, oldest first, and with the ticket it was merged into."""
    ordered = tuple(sorted(comments, key=lambda each: (each.written_at, int(each.id))))
    return replace(ticket, comments=ordered, merged_into=_merged_into(ticket, ordered))


def _comment(wire: WireComment, author: WireUser | None) -> Comment:
    body = storable(wire.body or wire.plain_body)
    role = author.role if author else None
    # A customer's mail can be kept as a private comment, and may hold anything.
    ours = not wire.public and role != "end-user" and mark_in_note(body) is not None
    return Comment(
        id=str(wire.id),
        author_id="" if wire.author_id is None else str(wire.author_id),
        public=wire.public,
        body=body,
        written_at=_utc(wire.created_at),
        written_by=Author.US if ours else _AUTHORS.get(role or "", Author.UNKNOWN),
        author_name=storable(author.name) if author else "",
    )


def utc_text(moment: datetime) -> str:
    """Return a moment as Zendesk writes it, whole seconds: "2024-01-23T10:00:00Z"."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _ticket(record: bytes, requesters: Mapping[int, Requester], account: Account) -> Ticket:
    wire = decoded(_TICKET, record)
    rating = wire.satisfaction_rating
    requester_id = wire.requester_id
    return Ticket(
        ref=account.ref(wire.id),
        subject=storable(wire.subject),
        description=storable(wire.description),
        status=_STATUSES.get(wire.status or "", TicketStatus.UNKNOWN),
        status_text=storable(wire.status),
        requester=None if requester_id is None else requesters.get(requester_id) or _stranger(requester_id),
        handler_id=None if wire.assignee_id is None else str(wire.assignee_id),
        tags=tuple(map(storable, wire.tags or ())),
        fields=_fields(wire.custom_fields or (), account.fields),
        comments=(),
        satisfaction=None
        if rating is None or rating.score is None
        else Satisfaction(score=rating.score, comment=storable(rating.comment) or None),
        merged_into=None,
        created_at=_utc(wire.created_at),
        updated_at=_utc(wire.updated_at),
        links=_links(bytes(wire.via), account),
    )


def _utc(moment: datetime) -> datetime:
    return moment if moment.tzinfo is UTC else moment.astimezone(UTC)


def _links(via: bytes, account: Account) -> tuple[str, ...]:
    """Return the closed ticket that this one follows up on, where it does."""
    if b"follow_up" not in via:
        return ()
    said = exact(via)
    source = said.get("source") if isinstance(said, dict) else None
    origin = source.get("from") if isinstance(source, dict) and source.get("rel") == "follow_up" else None
    key = origin.get("ticket_id") if isinstance(origin, dict) else None
    return (str(account.ref(key)),) if isinstance(key, int) else ()


def _stranger(requester_id: int) -> Requester:
    """Return a requester of whom the answer held no record."""
    return Requester(id=str(requester_id), name="", email=None, customer_id=None, locale=None)


def _fields(entries: Iterable[WireField], names: Mapping[int, str]) -> tuple[tuple[str, str], ...]:
    found: list[tuple[str, str]] = []
    for entry in entries:
        if entry.value is not None and entry.id in names:
            name = names[entry.id]
            text = _field_text(entry.value, name)
            if text:
                found.append((name, text))
    found.sort()
    return tuple(found)


def _field_text(value: object, name: str) -> str:
    """Return a field's value as text: a tick box "yes" or "no", several choices with ", " between."""
    match value:
        case str():
            return storable(value)
        case bool():
            return "yes" if value else "no"
        case int() | Decimal():
            return format(value, "f") if isinstance(value, Decimal) else str(value)
        case list() if all(isinstance(each, str) for each in value):
            return storable(", ".join(value))
        case _:
            raise Unreadable(f"custom_fields: {name} is neither text, a number, yes or no, nor a list of texts")


def _requesters(users: Iterable[msgspec.Raw]) -> dict[int, Requester]:
    return {
        wire.id: Requester(
            id=str(wire.id),
            name=storable(wire.name),
            email=storable(wire.email) or None,
            customer_id=CustomerId(storable(wire.external_id)) if wire.external_id else None,
            locale=wire.locale or None,
        )
        for wire in _users(users)
    }


def _users(found: Iterable[msgspec.Raw]) -> Iterator[WireUser]:
    """Yield the users that came along; one that cannot be understood is left out, its ticket keeps the bare id."""
    for record in found:
        with suppress(Unreadable):
            yield decoded(_USER, bytes(record))


def _merged_into(ticket: Ticket, comments: tuple[Comment, ...]) -> TicketRef | None:
    """Return where a ticket tagged as merged went: what its newest merge comment says.

    The tag and the sentence are what public exports of real accounts show; no specification names either.
    """
    if MERGED_TAG not in ticket.tags:
        return None
    for comment in reversed(comments):
        found = _MERGED_INTO.search(comment.body)
        if found and found[1] != ticket.ref.key:
            return replace(ticket.ref, key=found[1])
    return None


def _key_of(record: bytes, number: int) -> str:
    try:
        read = exact(record)
    except (ValueError, RecursionError):
        read = None
    key = read.get("id") if isinstance(read, dict) else None
    return str(key) if isinstance(key, int) and not isinstance(key, bool) else f"record {number} of the page"


def _listing(body: bytes, name: str) -> tuple[list[Any], str | None]:
    answer = read_object(body)
    found, links, meta = answer.get(name), answer.get("links"), answer.get("meta")
    if not isinstance(found, list):
        raise UnexpectedReply(f"{name}: the answer has none")
    following = links.get("next") if isinstance(links, dict) else None
    has_more = meta.get("has_more") if isinstance(meta, dict) else False
    if has_more and not isinstance(following, str):
        raise UnexpectedReply(f"{name}: there are more, and the answer does not say where")
    return found, following if has_more else None
