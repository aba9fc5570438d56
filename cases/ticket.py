"""A ticket as its vendor tells it; we never edit one, we read it again."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal, NewType

CustomerId = NewType("CustomerId", str)
Vendor = Literal["zendesk", "salesforce", "jira"]
#: Without a topic a ticket with this tag still becomes a case, so that somebody asks what it is about.
CLAIM_TAG = "compensation"


class TicketStatus(StrEnum):
    """Where a ticket stands at its vendor; `unknown` when the vendor said something we have no word for."""

    NEW = "new"
    OPEN = "open"
    PENDING = "pending"
    HOLD = "hold"
    SOLVED = "solved"
    CLOSED = "closed"
    DELETED = "deleted"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class TicketRef:
    """Which ticket, at which vendor.

    Fields:
        vendor: "zendesk", "salesforce" or "jira".
        account: The vendor's account: "harbor" for harbor.zendesk.com.
        key: The vendor's own id, which never changes: "35436", "500Ak00000A1b2CIAR", Jira's number "10042" (its key
            "ENG-5" changes when an issue moves).
    """

    vendor: Vendor
    account: str
    key: str

    @property
    def source(self) -> str:
        """The account it is of: "zendesk:harbor"."""
        return f"{self.vendor}:{self.account}"

    def __str__(self) -> str:
        return f"{self.vendor}:{self.account}:{self.key}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Requester:
    """Who complains.

    Fields:
        id: The vendor's id of the person: "9001".
        name: Their name, "" when the vendor has none.
        email: Their address; None when unknown.
        customer_id: Our own id of the customer ("C-100023"), from the vendor's external id; None when it is not linked.
        locale: BCP 47 tag the vendor holds: "en-US", "zh-CN"; None when unknown.
    """

    id: str
    name: str
    email: str | None
    customer_id: CustomerId | None
    locale: str | None


class Author(StrEnum):
    """Who wrote a comment; `unknown` is treated like the customer: their words leave no vendor."""

    AGENT = "agent"
    CUSTOMER = "customer"
    US = "us"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Comment:
    """One message on a ticket, public or internal.

    Fields:
        id: The vendor's id.
        author_id: The vendor's id of who wrote it.
        public: True when the customer can read it.
        body: Plain text as the vendor gives it.
        written_at: Aware, UTC.
        written_by: On whose side the author stands; `us` for what carries a mark of ours, whoever's id it comes with.
        author_name: What people call the author; "" when the vendor did not say.
    """

    id: str
    author_id: str
    public: bool
    body: str
    written_at: datetime
    written_by: Author = Author.UNKNOWN
    author_name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Satisfaction:
    """What the customer said of the help: score "good", "bad", "offered" or "unoffered", and their words."""

    score: str
    comment: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """One ticket, whole, as last read.

    Fields:
        ref: Which ticket.
        subject: Its title, "" when the vendor has none.
        description: The first message.
        status: Normalized; `status_text` keeps the vendor's word.
        requester: Who complains; None when the vendor names nobody.
        handler_id: The vendor's id of the agent it is assigned to; None when nobody.
        tags: As the vendor orders them.
        fields: Mapped custom fields as text, sorted by our name ("order_id", "A-20931"); empty ones are absent.
        comments: Oldest first; empty when comments were not read.
        satisfaction: None when nothing was offered or said.
        merged_into: The ticket this one was merged into; None when it was not.
        created_at: Aware, UTC.
        updated_at: Aware, UTC: the vendor's stamp, which a safe update must repeat.
        name: What people call it, where that is not its key: "ENG-5", "00001026"; "" where it is.
        links: How its link fields and link records name other tickets, as they stand there: an address
            ("https://harbor.zendesk.com/agent/tickets/35436") or a reference ("zendesk:harbor:35436"). Words in its
            text are not among them.
        people_before: The vendor's ids of everybody else who was seen as its handler or requester before this reading;
            no vendor tells them, and they are bounded by the people who work there.
    """

    ref: TicketRef
    subject: str
    description: str
    status: TicketStatus
    status_text: str
    requester: Requester | None
    handler_id: str | None
    tags: tuple[str, ...]
    fields: tuple[tuple[str, str], ...]
    comments: tuple[Comment, ...]
    satisfaction: Satisfaction | None
    merged_into: TicketRef | None
    created_at: datetime
    updated_at: datetime
    name: str = ""
    links: tuple[str, ...] = ()
    people_before: tuple[str, ...] = ()

    def field(self, name: str) -> str | None:
        """Return the mapped field with our name; None when it is empty or not mapped."""
        for key, value in self.fields:
            if key == name:
                return value
        return None
