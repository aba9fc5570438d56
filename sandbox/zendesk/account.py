"""The Zendesk account: all records in memory, and who wants to know when a ticket changes."""

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count

from sandbox.zendesk.export import Timeline
from sandbox.zendesk.records import (
    DELETED,
    DEMO_FIELDS,
    FIRST_END_USER_ID,
    Audit,
    Comment,
    Rating,
    Ticket,
    TicketField,
    User,
    staff,
)
from sandbox.zendesk.refusals import not_found
from sandbox.zendesk.wire import encode, epoch, ticket_body, user_body

FIRST_RECORD_ID = 7_000_000_001
"""Where ids of comments, audits and ratings start."""

MOST_UNSEARCHABLE = 10_000
"""Writes the search index may lag behind; older ones are let in whatever the lag."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketHappening:
    """Something that happened to a ticket, for the webhooks.

    kind: "created", "updated", "deleted" or "merged".
    before: None for "created". merged_into: The surviving ticket's id, for "merged".
    """

    kind: str
    before: Ticket | None
    after: Ticket
    comment: Comment | None
    actor: User
    at: datetime
    merged_into: int | None = None


class Account:
    """Records by id, kept consistent: the export's order, the encoded bodies and the search index follow each write."""

    def __init__(self, *, now: datetime, fields: tuple[TicketField, ...] = DEMO_FIELDS) -> None:
        self.created_at = now
        self.fields: dict[int, TicketField] = {known.id: known for known in fields}
        self.users: dict[int, User] = {}
        self.tickets: dict[int, Ticket] = {}
        self.comments: dict[int, list[Comment]] = {}
        self.audits: dict[int, list[Audit]] = {}
        self.ratings: dict[int, Rating] = {}
        self.timeline = Timeline()
        self.listeners: list[Callable[[TicketHappening], None]] = []
        self._searchable: dict[int, Ticket] = {}
        self._unsearchable: deque[tuple[datetime, int, Ticket]] = deque()
        self._user_ids_by_email: dict[str, int] = {}
        self._user_ids_by_external_id: dict[str, int] = {}
        self._encoded: dict[int, bytes] = {}
        self._encoded_users: dict[int, bytes] = {}
        self._record_ids = count(FIRST_RECORD_ID)
        self._highest_ticket_id = 0
        self._highest_user_id = FIRST_END_USER_ID - 1
        for person in staff(now):
            self.keep_user(person)

    def new_record_id(self) -> int:
        """Return an id for a comment, audit or rating that was never given before."""
        return next(self._record_ids)

    def new_ticket_id(self) -> int:
        """Return the id after the highest one there is."""
        return self._highest_ticket_id + 1

    def new_user_id(self) -> int:
        """Return the id after the highest one there is, from 20001."""
        return self._highest_user_id + 1

    def keep_user(self, user: User) -> None:
        """Insert or replace a user."""
        self.users[user.id] = user
        self._encoded_users.pop(user.id, None)
        self._highest_user_id = max(self._highest_user_id, user.id)
        if user.email:
            self._user_ids_by_email[user.email.lower()] = user.id
        if user.external_id:
            self._user_ids_by_external_id[user.external_id.lower()] = user.id

    def user_by_email(self, email: str) -> User | None:
        """Return the user with this address, whatever its case; None when there is none."""
        user_id = self._user_ids_by_email.get(email.lower())
        return None if user_id is None else self.users[user_id]

    def user_by_external_id(self, external_id: str) -> User | None:
        """Return the user with this external id, whatever its case; None when there is none."""
        user_id = self._user_ids_by_external_id.get(external_id.lower())
        return None if user_id is None else self.users[user_id]

    def keep_ticket(self, ticket: Ticket, *, searchable_at_once: bool = False) -> None:
        """Insert or replace a ticket. Search finds the new version later, unless `searchable_at_once`."""
        self.tickets[ticket.id] = ticket
        self._highest_ticket_id = max(self._highest_ticket_id, ticket.id)
        self._encoded.pop(ticket.id, None)
        self.timeline.move(ticket.id, at=epoch(ticket.updated_at))
        if searchable_at_once:
            self._searchable[ticket.id] = ticket
        else:
            self._unsearchable.append((ticket.updated_at, ticket.id, ticket))
            if len(self._unsearchable) > MOST_UNSEARCHABLE:
                _, first_id, first = self._unsearchable.popleft()
                self._searchable[first_id] = first

    def add_entry(self, audit: Audit, comment: Comment | None) -> None:
        """Add an audit, and the comment it carries, to their ticket."""
        self.audits.setdefault(audit.ticket_id, []).append(audit)
        if comment is not None:
            self.comments.setdefault(audit.ticket_id, []).append(comment)

    def ticket(self, ticket_id: int) -> Ticket:
        """Return a ticket that is not deleted; raises `Refused` (404)."""
        ticket = self.tickets.get(ticket_id)
        if ticket is None or ticket.status == DELETED:
            raise not_found()
        return ticket

    def encoded_ticket(self, ticket_id: int) -> bytes:
        """Return the JSON of a ticket, encoded once per version."""
        encoded = self._encoded.get(ticket_id)
        if encoded is None:
            encoded = encode(ticket_body(self.tickets[ticket_id], self.fields.values()))
            self._encoded[ticket_id] = encoded
        return encoded

    def encoded_users_of(self, ticket_ids: Iterable[int]) -> bytes:
        """Return the JSON array of everybody named by these tickets, each once: the side-load `include=users`."""
        wanted: dict[int, None] = {}
        for ticket_id in ticket_ids:
            ticket = self.tickets[ticket_id]
            for user_id in (ticket.requester_id, ticket.submitter_id, ticket.assignee_id):
                if user_id is not None:
                    wanted[user_id] = None
        return b"[" + b",".join([self._encoded_user(i) for i in wanted if i in self.users]) + b"]"

    def _encoded_user(self, user_id: int) -> bytes:
        encoded = self._encoded_users.get(user_id)
        if encoded is None:
            encoded = self._encoded_users[user_id] = encode(user_body(self.users[user_id]))
        return encoded

    def searchable(self, *, now: datetime, lag_seconds: float) -> Mapping[int, Ticket]:
        """Return the tickets as the search index knows them: writes younger than the lag are not in it yet."""
        due = now - timedelta(seconds=lag_seconds)
        while self._unsearchable and self._unsearchable[0][0] <= due:
            _, ticket_id, ticket = self._unsearchable.popleft()
            self._searchable[ticket_id] = ticket
        return self._searchable

    def tell(self, happening: TicketHappening) -> None:
        """Pass a happening on to everyone who listens."""
        for listener in self.listeners:
            listener(happening)
