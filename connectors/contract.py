"""What every helpdesk connector can do, and the three errors it may raise."""

from dataclasses import dataclass
from datetime import datetime
from typing import NewType, Protocol

from cases.ticket import Ticket, TicketRef

#: Where to go on reading; opaque to everyone but its connector.
Cursor = NewType("Cursor", str)


class TryLater(Exception):
    """The vendor cannot answer now; the same call may succeed after `wait_seconds`.

    `done` is None when it is not known whether a write was carried out (the answer was lost), False when it was not.
    """

    def __init__(self, message: str, *, wait_seconds: float, done: bool | None = False) -> None:
        """Say why, and how long to wait; `wait_seconds` is the vendor's own word where it gave one."""
        super().__init__(message)
        self.wait_seconds = wait_seconds
        self.done = done


class AccessRefused(Exception):
    """The vendor refuses us: credentials, scopes or plan. A person must change something before a retry helps."""


class UnexpectedReply(Exception):
    """The vendor's answer, or its refusal of ours, is none we understand. A retry will not help; read the message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page of changed tickets.

    Fields:
        tickets: Oldest change first; may repeat what an earlier page had; comments are not read.
        raw: The vendor's own record for each ticket, in the same order, as bytes of JSON.
        unreadable: (key, what is wrong) of records that could not be understood; they are never dropped silently.
        cursor: Where the next page begins; store it in the transaction that stores the tickets.
        complete: True when nothing more had changed when it was read.
    """

    tickets: tuple[Ticket, ...]
    raw: tuple[bytes, ...]
    unreadable: tuple[tuple[str, str], ...]
    cursor: Cursor
    complete: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketUpdate:
    """One write to one ticket: an internal note, fields and tags, in one call. There is no way to say public here.

    Fields:
        ref: Which ticket.
        mark: Names this write for ever: "CASE-4711/3". The connector puts it on what it writes and finds it again.
        note: The internal note, plain text; None for no note.
        fields: Our names and values: ("mw_state", "paid"); an empty value clears the field.
        add_tags: Tags to add; others stay.
        remove_tags: Tags to take away.
    """

    ref: TicketRef
    mark: str
    note: str | None
    fields: tuple[tuple[str, str], ...]
    add_tags: tuple[str, ...]
    remove_tags: tuple[str, ...]


class TicketSource(Protocol):
    """A helpdesk that tickets are read from and notes are written to. Safe to share between threads."""

    def changed_since(self, cursor: Cursor | None, *, start: datetime) -> Page:
        """Return the next page of changes after `cursor`; from `start` (aware, UTC) when there is none yet."""
        ...

    def read(self, ref: TicketRef) -> tuple[Ticket, bytes] | None:
        """Return the ticket with its comments, and the raw record; None when the vendor has no such ticket."""
        ...

    def write(self, update: TicketUpdate) -> bool:
        """Write once: True when written now, False when the mark was already there and nothing was done.

        A ticket that takes no more writes (closed, deleted) raises UnexpectedReply, which says so.
        """
        ...
