"""What every helpdesk connector can do, and the three errors it may raise."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import NewType, Protocol, runtime_checkable

from cases.ticket import Ticket, TicketRef, Vendor

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


class MakingReady(TryLater):
    """The vendor is making ready what was asked for (a bulk job); nothing is wrong, and nothing was read yet."""


class AccessRefused(Exception):
    """The vendor refuses us: credentials, scopes or plan. A person must change something before a retry helps."""


class UnexpectedReply(Exception):
    """The vendor's answer, or its refusal of ours, is none we understand. A retry will not help; read the message."""


class FieldsMoved(TryLater):
    """A field shows another value than the one the write was decided on (`TicketUpdate.seen`). Nothing was written.

    The ticket is to be read again before anything is decided anew.
    """

    def __init__(self, message: str) -> None:
        """Say which fields."""
        super().__init__(message, wait_seconds=0.0, done=False)


class FieldsRefused(UnexpectedReply):
    """The vendor refuses some of the fields, and nothing was written; the rest may be written without them.

    `fields` holds (our name, the vendor's words) of each.
    """

    def __init__(self, message: str, *, fields: tuple[tuple[str, str], ...]) -> None:
        """Say which fields, and why."""
        super().__init__(message)
        self.fields = fields


class Rehearsed(Exception):
    """This call would have changed something at the vendor; it was not made, because a rehearsal was asked for.

    Only a connector that was made with `rehearse` raises it, in place of a write. `later` are the calls that would have
    followed it, as far as they do not depend on its answer.
    """

    def __init__(self, *, method: str, url: str, body: bytes) -> None:
        """Say which call: "PUT", "https://harbor.zendesk.com/api/v2/tickets/35436.json" and the body as it would go."""
        super().__init__(f"{method} {url}")
        self.method = method
        self.url = url
        self.body = body
        self.later: tuple[Rehearsed, ...] = ()


class Steps:
    """Where one write takes several calls: in a rehearsal all of them are gone through, and said together."""

    def __init__(self) -> None:
        self._rehearsed: list[Rehearsed] = []

    @contextmanager
    def step(self) -> Iterator[None]:
        """Go on behind the block although its call was only rehearsed."""
        try:
            yield
        except Rehearsed as call:
            self._rehearsed.append(call)

    def end(self) -> None:
        """Raise Rehearsed when any step was rehearsed."""
        if self._rehearsed:
            first, *later = self._rehearsed
            first.later = tuple(later)
            raise first


class ForgedDelivery(Exception):
    """A webhook's signature is missing or none of our secrets made it: answer 401."""


class StaleDelivery(Exception):
    """A webhook signed by our secret, but its timestamp is unreadable or outside the window: answer 401."""


class MalformedDelivery(Exception):
    """A webhook that is signed, in time, and not a delivery we understand: answer 400."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One delivery of a webhook that the vendor did send. It is a hint: the tickets are read again.

    Fields:
        id: The same for every repeat of it, and no other's: "6b9bbadf-5725-4e92-bebe-7b71011bf5f1".
        ticket_keys: The tickets it is about; empty when it is about something else.
        event_type: The vendor's word: "jira:issue_updated"; for people to read.
    """

    id: str
    ticket_keys: tuple[str, ...]
    event_type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing tried by `doctor`.

    Fields:
        name: Short, the same for ever: "credentials", "identity", "fields", "export".
        tried: What was tried.
        found: What came back.
        fix: What a person should do; None when all is well.
        urgent: False for a mere warning.
    """

    name: str
    tried: str
    found: str
    fix: str | None
    urgent: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldFound:
    """A ticket field of the account, as `map` lists it.

    Fields:
        id: As the mapping writes it: "900001", "Order_Id__c", "customfield_10102".
        title: What agents see: "Order ID".
        type: The vendor's word: "text", "tagger", "string", "number".
        active: False when no ticket shows it (deactivated, on no form or screen).
        name: Our name; None when it is not mapped.
        sample: The value on a ticket of late; None when none had one, or none was looked at.
        problem: Why it cannot hold what we put there: "is a number, mw_state needs text"; None when it can.
    """

    id: str
    title: str
    type: str
    active: bool
    name: str | None
    sample: str | None = None
    problem: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookFound:
    """A webhook of the account.

    Fields:
        id: The vendor's.
        url: Where it points.
        active: False when the vendor sends nothing.
        secret: What it signs with, where the vendor tells; None where it does not, or nothing signs.
        expires_at: When the vendor ends it unless it is renewed; aware, UTC; None for never.
    """

    id: str
    url: str
    active: bool
    secret: str | None = field(default=None, repr=False)
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookInstalled:
    """A webhook just made or rotated. secret: What deliveries are signed with from now on; None when nothing signs."""

    id: str
    secret: str | None = field(repr=False)


class ByHand(Exception):
    """The vendor lets no program do this; `steps` are what an admin must do there."""

    def __init__(self, steps: tuple[str, ...]) -> None:
        """Say what to do, a line each."""
        super().__init__("; ".join(steps))
        self.steps = steps


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetLeft:
    """What a vendor last said of how many calls we may still make.

    Fields:
        name: "requests a minute", "API calls in 24 hours".
        limit: Of the whole window.
        remaining: Of it.
        told_at: When the vendor said so; aware, UTC.
        window_seconds: After so long all of it is there again, at the latest.
    """

    name: str
    limit: int
    remaining: int
    told_at: datetime
    window_seconds: int = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page of changed tickets.

    Fields:
        tickets: Oldest change first; may repeat what an earlier page had; comments are not read.
        raw: The vendor's own record for each ticket, in the same order, as bytes of JSON.
        unreadable: (key, what is wrong) of records that could not be understood; they are never dropped silently.
        cursor: Where the next page begins; store it in the transaction that stores the tickets.
        complete: True when nothing more had changed when it was read.
        in_order: False when later pages may bring older changes.
        more_links: True when tickets may have link records that only a whole reading tells (Jira's remote links).
    """

    tickets: tuple[Ticket, ...]
    raw: tuple[bytes, ...]
    unreadable: tuple[tuple[str, str], ...]
    cursor: Cursor
    complete: bool
    in_order: bool = True
    more_links: bool = False


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
        seen: What fields showed when this was decided: ("order_id", "A-1"), "" for an empty one. A connector that
            finds another value when it looks raises FieldsMoved.
    """

    ref: TicketRef
    mark: str
    note: str | None
    fields: tuple[tuple[str, str], ...]
    add_tags: tuple[str, ...]
    remove_tags: tuple[str, ...]
    seen: tuple[tuple[str, str], ...] = ()


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


@runtime_checkable
class CaseLinks(Protocol):
    """What a helpdesk has besides whose tickets can carry a link to the page of their case, outside of fields."""

    def link_case(self, ref: TicketRef, url: str | None, title: str) -> None:
        """Make the ticket's one link lead to this page; None takes it away. Twice is once; raises the three errors."""
        ...


@runtime_checkable
class Listing(Protocol):
    """What a helpdesk has besides that tells of deletions in no other way than by what is there no more."""

    def every_key(self) -> Iterator[str]:
        """Yield the key of every ticket there is, in any order; raises the three errors."""
        ...


class Helpdesk(TicketSource, Protocol):
    """A connector whole: what the product, `doctor`, `map` and `webhooks` need of one account of one vendor.

    All methods raise the three errors unless they say otherwise. Safe to share between threads.
    """

    @property
    def vendor(self) -> Vendor:
        """Return which vendor."""
        ...

    @property
    def account(self) -> str:
        """Return the account's name, as in TicketRef: "harbor"."""
        ...

    @property
    def field_names(self) -> frozenset[str]:
        """Return our names of the fields that are mapped here."""
        ...

    def delivery(self, raw: bytes, headers: Mapping[str, str], *, path_secret: str, now: datetime) -> Delivery:
        """Return what a webhook delivered, after checking that the vendor sent it.

        raw: The body as it came. path_secret: What stood behind the account in the address, "" for nothing.
        Raises ForgedDelivery, StaleDelivery, MalformedDelivery; none of them quotes the body. No call is made.
        """
        ...

    def budget(self) -> BudgetLeft | None:
        """Return what the vendor last said of our budget; None when it has said nothing yet. No call is made."""
        ...

    def checks(self, *, today: date) -> tuple[Check, ...]:
        """Return what `doctor` shows, in the order in which a person should mend it; never raises."""
        ...

    def fields_found(self) -> tuple[FieldFound, ...]:
        """Return every ticket field of the account, with a sample of late where there is one."""
        ...

    def webhooks(self) -> tuple[WebhookFound, ...]:
        """Return the account's webhooks; raises ByHand where no program can see them."""
        ...

    def install_webhook(self, url: str, *, secret: str) -> WebhookInstalled:
        """Make the webhook unless it is there already; vendors that choose secrets themselves ignore `secret`."""
        ...

    def prepare_secret(self, webhook_id: str) -> str:
        """Return a new secret that `rotate_webhook` can give the webhook; nothing is signed with it yet.

        A repeat may return the same one. Vendors that choose secrets themselves are asked for one.
        """
        ...

    def rotate_webhook(self, webhook_id: str, *, secret: str) -> WebhookInstalled:
        """Give the webhook a secret of `prepare_secret`; deliveries under way may still carry the old one.

        Where no webhook can change its secret without losing deliveries, another takes its place: the id may differ.
        """
        ...

    def ping(self, *, secret: str, now: datetime) -> tuple[bytes, Mapping[str, str], str]:
        """Return a delivery about no ticket as the vendor would make it with this secret: body, headers, path secret.

        No call is made.
        """
        ...

    def send_ping(self, webhook_id: str, *, now: datetime) -> int | None:
        """Let the vendor deliver something about no ticket now, and return the status it was answered with.

        0: nobody answered. None: this vendor has no way to. Raises the three errors.
        """
        ...

    def renew_webhooks(self, *, now: datetime) -> int:
        """Put off the expiry of those that end within 7 days, and return how many; 0 where nothing expires."""
        ...
