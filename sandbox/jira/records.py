"""What the Jira site holds: people, projects, workflows, fields, issues and what hangs on them; plain records."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

HOST = "https://harbor.atlassian.net"
CLOUD_ID = "3f6c1d2e-7a54-4d0c-9a1e-5b2f8c6d4e10"

Rich = str | Mapping[str, Any] | None
"""A text body as it was sent: an Atlassian document (v3), wiki text (v2), or none."""

Value = str | float | Mapping[str, Any] | None
"""The value of a custom field: text, a number, or a rich text document."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """An Atlassian account.

    account_id: "5b10ac8d82e05b22cc7d4ef5". zone: Time zone of the profile: dates in answers and JQL are in it.
    kind: "atlassian", "app" or "customer". roles: Names of project roles held in every project.
    """

    account_id: str
    name: str
    email: str
    zone: str = "Etc/UTC"
    kind: str = "atlassian"
    active: bool = True
    admin: bool = False
    groups: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """A status. category: "new", "indeterminate" or "done"."""

    id: str
    name: str
    category: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A transition of a workflow. sources: Ids of the statuses it leaves; () = any."""

    id: str
    name: str
    to: str
    sources: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueType:
    """An issue type. level: 1 epic, 0 standard, -1 sub-task."""

    id: str
    name: str
    level: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """A company-managed project. kind: "software" or "service_desk". status_ids: Issues start in the first."""

    id: str
    key: str
    name: str
    kind: str
    lead_id: str
    type_ids: tuple[str, ...]
    status_ids: tuple[str, ...]
    workflow: tuple[Step, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One choice of a select field."""

    id: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A field of the site.

    kind: For custom fields the end of the vendor's type key: "textfield", "textarea", "select", "float", "url"; for
    system fields the schema type: "string", "array", "datetime", "user", ...
    clauses: Names the field has in JQL besides its own.
    editable: It can stand on a screen.
    """

    id: str
    name: str
    kind: str
    clauses: tuple[str, ...] = ()
    options: tuple[Option, ...] = ()
    editable: bool = False
    items: str | None = None

    @property
    def custom(self) -> bool:
        """Tell whether it is a custom field."""
        return self.id.startswith("customfield_")


@dataclass(frozen=True, slots=True, kw_only=True)
class Visibility:
    """Whom a comment is restricted to. kind: "role" or "group". value: Its name."""

    kind: str
    value: str
    identifier: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Comment:
    """A comment. properties: By key; "sd.public.comment" {"internal": true} hides it from the customer."""

    id: int
    issue_id: int
    author_id: str
    update_author_id: str
    body: Rich
    created_at: datetime
    updated_at: datetime
    visibility: Visibility | None = None
    properties: Mapping[str, Any] = field(default_factory=dict)

    @property
    def internal(self) -> bool:
        """Tell whether it is internal in a service project."""
        told = self.properties.get("sd.public.comment")
        return isinstance(told, Mapping) and told.get("internal") is True


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteLink:
    """A link from an issue to something elsewhere; application and target as they were sent."""

    id: int
    issue_id: int
    global_id: str | None
    relationship: str | None
    application: Mapping[str, Any]
    target: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkType:
    """A kind of link between issues: "blocks" outward, "is blocked by" inward."""

    id: str
    name: str
    inward: str
    outward: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A link between issues: the source `outward`s the target."""

    id: int
    type_id: str
    source_id: int
    target_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """An approval of a service request. decisions: By account id. outcome: "pending", "approved" or "declined"."""

    id: int
    issue_id: int
    name: str
    decisions: Mapping[str, str]
    created_at: datetime
    outcome: str = "pending"
    completed_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One field's change in a history. old, new: What the vendor calls from and to (ids), with their texts."""

    field: str
    field_id: str
    custom: bool = False
    old: str | None = None
    old_text: str | None = None
    new: str | None = None
    new_text: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """One entry of an issue's change log."""

    id: int
    author_id: str
    created_at: datetime
    items: tuple[Change, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue:
    """An issue as it is now.

    id: 10001; stays when the key changes. updated_at: With milliseconds, as the vendor's stamps are.
    custom: Value per custom field id; a missing id has no value. A select holds the option's id.
    """

    id: int
    key: str
    project_id: str
    type_id: str
    summary: str
    status_id: str
    priority_id: str
    creator_id: str
    created_at: datetime
    updated_at: datetime
    status_changed_at: datetime
    description: Rich = None
    resolution_id: str | None = None
    resolved_at: datetime | None = None
    assignee_id: str | None = None
    reporter_id: str | None = None
    parent_id: int | None = None
    labels: tuple[str, ...] = ()
    custom: Mapping[str, Value] = field(default_factory=dict)
