"""What happened to a case and what was said on its tickets, in one line of time."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from cases.ticket import Author, Comment, Ticket, TicketRef
from connectors.marks import COPY, mark_in_note
from store import audit, tickets
from store.audit import AuditRecord
from store.cases import StoredCase


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One comment on a ticket of the case.

    Fields:
        ref: The ticket.
        at: When it was written; aware, UTC.
        by: On whose side the author stands.
        author: What people call the author, else the vendor's id.
        public: Whether the customer can read it.
        words: What was said; "" for a customer's words, which leave no vendor.
    """

    ref: TicketRef
    at: datetime
    by: Author
    author: str
    public: bool
    words: str

    @property
    def kind(self) -> str:
        """What it is called: "internal note", "public reply", or "message" of somebody outside."""
        if not self.public:
            return "internal note"
        return "public reply" if self.by in {Author.AGENT, Author.US} else "message"


def timeline(connection: sa.Connection, stored: StoredCase) -> tuple[AuditRecord | Said, ...]:
    """Return every record of a case and every comment on its tickets, oldest first.

    A comment that we brought from one ticket to another stands there once, where it was written.
    """
    about = stored.case.about
    known = tickets.known(connection, about.tickets)
    records: tuple[AuditRecord | Said, ...] = audit.history(connection, stored.number)
    said = tuple(
        _said(each.ticket, comment)
        for each in known.values()
        if each.case_id == about.id
        for comment in each.ticket.comments
        if not _is_copy(comment)
    )
    return tuple(sorted((*records, *said), key=lambda each: each.at))


def _is_copy(comment: Comment) -> bool:
    return comment.written_by is Author.US and COPY in (mark_in_note(comment.body) or "")


def _said(ticket: Ticket, comment: Comment) -> Said:
    may_be_told = comment.written_by in {Author.AGENT, Author.US}
    return Said(
        ref=ticket.ref,
        at=comment.written_at,
        by=comment.written_by,
        author=comment.author_name or comment.author_id,
        public=comment.public,
        words=comment.body if may_be_told else "",
    )
