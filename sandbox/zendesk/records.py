"""What the Zendesk account holds: tickets, comments, audits, users, ticket fields; plain frozen records."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

STATUSES = ("new", "open", "pending", "hold", "solved", "closed")
DELETED = "deleted"
PRIORITIES = ("urgent", "high", "normal", "low")
TYPES = ("problem", "incident", "question", "task")
SCORES = ("offered", "unoffered", "good", "bad")

FieldValue = str | bool | tuple[str, ...] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """A person: agent, admin or end user.

    id: 20001. role: "end-user", "agent", "admin". external_id: The customer at the exchange: "C-100023".
    """

    id: int
    name: str
    email: str | None
    role: str
    created_at: datetime
    updated_at: datetime
    external_id: str | None = None
    locale: str = "en-US"
    time_zone: str = "UTC"
    tags: tuple[str, ...] = ()
    active: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketField:
    """A ticket field of the account.

    id: 900001. type: "tagger", "text", "decimal" or a system type like "status".
    options: (value, name) of a tagger.
    """

    id: int
    type: str
    title: str
    options: tuple[tuple[str, str], ...] = ()
    system: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class JiraLink:
    """A link of the Jira integration. id: 1001. issue_id: "10042". issue_key: "ENG-5"."""

    id: int
    ticket_id: int
    issue_id: str
    issue_key: str
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Rating:
    """A customer's satisfaction with a ticket. score: "offered", "good" or "bad"."""

    id: int
    ticket_id: int
    score: str
    comment: str | None
    requester_id: int | None
    assignee_id: int | None
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Comment:
    """One comment of a ticket; the first is its description. audit_id: The audit that carries it."""

    id: int
    audit_id: int
    author_id: int
    body: str
    html_body: str
    public: bool
    created_at: datetime
    via_channel: str = "api"


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """What one update did.

    events: Wire events (Comment, Change, Create) as JSON-ready mappings.
    metadata: The custom metadata that an agent's API call sent with the update.
    """

    id: int
    ticket_id: int
    author_id: int
    created_at: datetime
    events: tuple[Mapping[str, Any], ...]
    metadata: Mapping[str, Any] = field(default_factory=dict)
    via_channel: str = "api"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """A ticket as it is now.

    updated_at: Whole seconds, as the vendor's stamps are.
    custom_fields: Value per custom field id; a missing id has no value.
    overlay: Wire attributes answered as they stand here, whatever the record says: for tests of odd bodies.
    """

    id: int
    created_at: datetime
    updated_at: datetime
    subject: str | None
    description: str
    status: str
    requester_id: int
    submitter_id: int
    priority: str | None = None
    type: str | None = None
    assignee_id: int | None = None
    group_id: int | None = None
    organization_id: int | None = None
    external_id: str | None = None
    problem_id: int | None = None
    due_at: datetime | None = None
    tags: tuple[str, ...] = ()
    custom_fields: Mapping[int, FieldValue] = field(default_factory=dict)
    via_channel: str = "web"
    is_public: bool = True
    rating: Rating | None = None
    overlay: Mapping[str, Any] = field(default_factory=dict)


DEMO_FIELDS: tuple[TicketField, ...] = (
    TicketField(id=900_101, type="subject", title="Subject", system=True),
    TicketField(id=900_102, type="description", title="Description", system=True),
    TicketField(id=900_103, type="status", title="Status", system=True),
    TicketField(id=900_104, type="priority", title="Priority", system=True),
    TicketField(
        id=900_001,
        type="tagger",
        title="Compensation topic",
        options=(
            ("okb_volatility_2024_01", "OKB volatility, January 2024"),
            ("nem_incident_2018", "NEM incident, 2018"),
            ("lever_perpetual_2025_10", "LEVER perpetual, October 2025"),
            ("delayed_withdrawal", "Delayed withdrawal"),
            ("duplicate_charge", "Duplicate charge"),
        ),
    ),
    TicketField(id=900_002, type="text", title="Order id"),
    TicketField(id=900_003, type="text", title="Position id"),
    TicketField(id=900_004, type="text", title="Transaction id"),
    TicketField(id=900_005, type="text", title="Incident id"),
    TicketField(id=900_006, type="decimal", title="Claimed amount"),
    TicketField(id=900_007, type="text", title="Claimed asset"),
    TicketField(id=900_011, type="text", title="Makewhole state"),
    TicketField(id=900_012, type="text", title="Makewhole amount"),
    TicketField(id=900_013, type="text", title="Makewhole currency"),
    TicketField(id=900_014, type="text", title="Makewhole reason"),
    TicketField(id=900_015, type="text", title="Makewhole case link"),
)

BOT_ID = 1_000
AGENT_ID = 1_001
FIRST_END_USER_ID = 20_001


def staff(now: datetime) -> tuple[User, ...]:
    """Return the bot and the agents every sandbox account starts with."""

    def person(user_id: int, name: str, email: str, *, role: str, locale: str) -> User:
        return User(id=user_id, name=name, email=email, role=role, locale=locale, created_at=now, updated_at=now)

    return (
        person(BOT_ID, "Makewhole", "bot@harbor.example", role="admin", locale="en-US"),
        person(AGENT_ID, "Luca Rossi", "luca@harbor.example", role="agent", locale="en-US"),
        person(1_002, "林梅 Mei Lin", "mei@harbor.example", role="agent", locale="zh-CN"),
        person(1_003, "Amelia Chen", "amelia@harbor.example", role="agent", locale="en-US"),
    )
