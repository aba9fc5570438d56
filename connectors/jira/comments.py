"""Comments and remote links of one issue, as our nouns. Pure.

Who may read a comment: in a service project its customers, unless it is internal (`jsdPublic` false) or restricted to a
role or group; in every other project people of the site only, so there no comment is public.
Surprise: `jsdPublic` is true outside service projects too, where it means nothing.
"""

from dataclasses import dataclass
from typing import Any

import msgspec

from cases.ticket import Author, Comment
from connectors.contract import UnexpectedReply
from connectors.jira.adf_reading import DOCUMENT, text_of
from connectors.jira.reading import WireUser, decoded, stamp
from connectors.marks import ORIGIN, mark_in_note
from connectors.wire_json import Unreadable, members, records, storable, value


class WireProperty(msgspec.Struct):
    """What a program has put beside a comment, unseen."""

    key: str = ""
    value: Any = None


class WireComment(msgspec.Struct, rename="camel"):
    """The part of a comment we understand."""

    id: str
    created: str
    author: WireUser | None = None
    body: msgspec.Raw = msgspec.Raw(b"null")
    jsd_public: bool = True
    jsd_author_can_see_request: bool = True
    visibility: dict[str, Any] | None = None
    properties: list[WireProperty] | None = None


class WireObject(msgspec.Struct):
    """What a remote link points at."""

    url: str | None = None


class WireRemoteLink(msgspec.Struct, rename="camel"):
    """The part of a remote link we understand. global_id: What its maker calls it."""

    global_id: str | None = None
    object: WireObject | None = None


_COMMENT: msgspec.json.Decoder[WireComment] = msgspec.json.Decoder(WireComment)
_REMOTE_LINKS: msgspec.json.Decoder[list[WireRemoteLink]] = msgspec.json.Decoder(list[WireRemoteLink])


def read_comments(body: bytes, *, service: bool, reporter_id: str | None) -> tuple[tuple[Comment, ...], int]:
    """Return one page of comments, as ordered by Jira, and how many there are in all.

    service: Whether the issue is in a service project. reporter_id: Who asks there for help.
    Raises UnexpectedReply: a comment that cannot be understood may be a customer's, and is not left out.
    """
    page = members(body)
    found, total = records(page, "comments"), value(page, "total")
    if found is None or not isinstance(total, int):
        raise UnexpectedReply("comments: the answer has none, or not how many there are")
    try:
        return tuple(_comment(bytes(each), service=service, reporter_id=reporter_id) for each in found), total
    except Unreadable as error:
        raise UnexpectedReply(f"comments: {error}") from None


def read_remote_links(body: bytes) -> tuple[str, ...]:
    """Return the addresses that the issue's remote links point at, but for our own; raises UnexpectedReply."""
    try:
        found = decoded(_REMOTE_LINKS, body, "remote links")
    except Unreadable as error:
        raise UnexpectedReply(str(error)) from None
    others = (each.object for each in found if not (each.global_id or "").startswith(f"{ORIGIN}:"))
    return tuple(storable(other.url) for other in others if other and other.url)


def mark_beside(properties: list[WireProperty] | None) -> str | None:
    """Return our mark among a comment's properties; None when it has none."""
    for each in properties or ():
        mark = each.value.get("mark") if each.key == ORIGIN and isinstance(each.value, dict) else None
        if isinstance(mark, str):
            return mark
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A comment of ours. shown: Whether a service project's customers can read it."""

    id: str
    shown: bool


def find_marked(body: bytes, mark: str, *, service: bool) -> tuple[Made | None, int]:
    """Return the comment with this mark on a page of them, unless a customer may have written it; and their number.

    service: Whether the issue is in a service project. Raises UnexpectedReply.
    """
    found = records(members(body), "comments")
    if found is None:
        raise UnexpectedReply("comments: the answer has none")
    try:
        wires = [decoded(_COMMENT, bytes(each), "comment") for each in found]
        hit = next((each for each in wires if _mark(each, _body(each), shown=service and _shown(each)) == mark), None)
    except Unreadable as error:
        raise UnexpectedReply(f"comments: {error}") from None
    return None if hit is None else Made(id=hit.id, shown=_shown(hit)), len(wires)


def read_made(body: bytes) -> Made:
    """Return the comment just made; raises Unreadable."""
    wire = decoded(_COMMENT, body, "comment")
    return Made(id=wire.id, shown=_shown(wire))


def _shown(wire: WireComment) -> bool:
    return wire.jsd_public and not wire.visibility


def _comment(record: bytes, *, service: bool, reporter_id: str | None) -> Comment:
    wire = decoded(_COMMENT, record, "comment")
    if not (wire.id.isascii() and wire.id.isdigit()):
        raise Unreadable("id: must be a whole number as text")
    body = _body(wire)
    public = service and _shown(wire)
    ours = _mark(wire, body, shown=public)
    return Comment(
        id=wire.id,
        author_id=wire.author.account_id if wire.author else "",
        public=public,
        body=body,
        written_at=stamp(wire.created, "created"),
        author_name=storable(wire.author.display_name) if wire.author else "",
        written_by=Author.US if ours is not None else _side(wire, reporter_id if service else None),
    )


def _body(wire: WireComment) -> str:
    try:
        return storable(text_of(decoded(DOCUMENT, bytes(wire.body), "body")))
    except RecursionError:
        raise Unreadable("body: nested too deep") from None


def _mark(wire: WireComment, body: str, *, shown: bool) -> str | None:
    """Return our mark beside a comment, or in its last line unless a customer may have written that."""
    beside = mark_beside(wire.properties)
    if beside is not None or shown or wire.author is None or wire.author.account_type == "customer":
        return beside
    return mark_in_note(body)


def _side(wire: WireComment, customer_id: str | None) -> Author:
    """Return on whose side the author stands.

    An app may bring in anybody's words, and so may a mail of somebody who is not part of the request.
    """
    author = wire.author
    if author is None or author.account_type == "app" or not wire.jsd_author_can_see_request:
        return Author.UNKNOWN
    if author.account_type == "customer" or author.account_id == customer_id:
        return Author.CUSTOMER
    return Author.AGENT if author.account_type == "atlassian" else Author.UNKNOWN
