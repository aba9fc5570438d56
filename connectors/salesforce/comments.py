"""A Case's comments: CaseComments and the posts of its Chatter feed, with who wrote them. Pure.

Who wrote a comment is told by the kind of its author's user. Customers write as users of a portal (Customer
Community, high-volume portal) or as guests; everybody with a "Standard" licence is an agent. Others (automated
processes, partners) are unknown, and so treated like customers. A mark of ours counts in an internal comment of no
customer's.

https://developer.salesforce.com/docs/platform/object-reference/references/standard-objects/object-casecomment.html
https://developer.salesforce.com/docs/platform/object-reference/references/standard-objects/object-feeditem.html
"""

import html
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import msgspec

from cases.ticket import Author, Comment
from connectors.contract import UnexpectedReply
from connectors.marks import mark_in_note
from connectors.salesforce.reading import moment
from connectors.wire_json import Unreadable, decoded, storable

#: User types of those who see an org from outside.
CUSTOMERS = frozenset({"CspLitePortal", "CustomerSuccess", "PowerCustomerSuccess", "Guest"})
AGENT = "Standard"
ALL_USERS = "AllUsers"
_BREAK = re.compile(r"<br\s*/?>|</(?:p|li|div)>", re.IGNORECASE)
_TAG = re.compile(r"<[^>]{0,2000}>")


class WireUser(msgspec.Struct):
    """The part of an author we understand."""

    UserType: str | None = None


class WireComment(msgspec.Struct):
    """A CaseComment or a FeedItem; what one of them lacks stays at its default."""

    Id: str
    CreatedDate: str
    SystemModstamp: str
    ParentId: str = ""
    CreatedById: str | None = None
    CreatedBy: WireUser | None = None
    IsDeleted: bool = False
    CommentBody: str | None = None
    IsPublished: bool = False
    Title: str | None = None
    Body: str | None = None
    IsRichText: bool = False
    Visibility: str | None = None


_COMMENT = msgspec.json.Decoder(WireComment)


@dataclass(frozen=True, slots=True, kw_only=True)
class CommentsRead:
    """The comments that are there, in no order, and the newest stamp of all, deleted ones too; None for none."""

    comments: tuple[Comment, ...]
    newest: datetime | None


def read_comments(records: Iterable[bytes]) -> CommentsRead:
    """Return CaseComments and FeedItems as comments; raises UnexpectedReply."""
    found: list[Comment] = []
    newest: datetime | None = None
    for record in records:
        try:
            wire = decoded(_COMMENT, record)
            stamp = moment(wire.SystemModstamp, "SystemModstamp")
            newest = stamp if newest is None else max(newest, stamp)
            if not wire.IsDeleted:
                found.append(_comment(wire))
        except Unreadable as error:
            raise UnexpectedReply(f"comments: {error}") from None
    return CommentsRead(comments=tuple(found), newest=newest)


def comment_id(record: bytes) -> str:
    """Return the Id of a comment or post; raises UnexpectedReply."""
    try:
        return decoded(_COMMENT, record).Id
    except Unreadable as error:
        raise UnexpectedReply(f"comments: {error}") from None


def in_order(comments: Iterable[Comment]) -> tuple[Comment, ...]:
    """Return the comments oldest first."""
    return tuple(sorted(comments, key=lambda each: (each.written_at, each.id)))


def marks_in(comments: Iterable[Comment]) -> frozenset[str]:
    """Return the marks of what we wrote among the comments."""
    ours = (mark_in_note(each.body) for each in comments if each.written_by is Author.US)
    return frozenset(mark for mark in ours if mark is not None)


def marks_by_parent(records: Iterable[bytes]) -> dict[str, frozenset[str]]:
    """Return the marks of what we wrote, by the Case it stands on; raises UnexpectedReply."""
    found: dict[str, frozenset[str]] = {}
    for record in records:
        marks = marks_in(read_comments((record,)).comments)
        if marks:
            parent = decoded(_COMMENT, record).ParentId
            found[parent] = found.get(parent, frozenset()) | marks
    return found


def _comment(wire: WireComment) -> Comment:
    public = wire.IsPublished or wire.Visibility == ALL_USERS
    body = storable(_body(wire))
    return Comment(
        id=wire.Id,
        author_id=wire.CreatedById or "",
        public=public,
        body=body,
        written_at=moment(wire.CreatedDate, "CreatedDate"),
        written_by=_author(wire.CreatedBy, body, public=public),
    )


def _body(wire: WireComment) -> str:
    if wire.CommentBody is not None:
        return wire.CommentBody
    body = wire.Body or ""
    if wire.IsRichText:
        body = html.unescape(_TAG.sub("", _BREAK.sub("\n", body))).strip()
    return "\n".join(part for part in (wire.Title, body) if part)


def _author(user: WireUser | None, body: str, *, public: bool) -> Author:
    kind = user.UserType if user else None
    if kind in CUSTOMERS:
        return Author.CUSTOMER
    if not public and mark_in_note(body) is not None:
        return Author.US
    return Author.AGENT if kind == AGENT else Author.UNKNOWN
