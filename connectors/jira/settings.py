"""What must be known to reach one Jira site."""

from dataclasses import dataclass, field
from datetime import date
from typing import Literal

#: Atlassian ends every API token a year after it was made, at the latest.
LONGEST_TOKEN_DAYS = 365
GATEWAY_HOST = "api.atlassian.com"
LOGIN_HOST = "auth.atlassian.com"


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiToken:
    """An account's API token, sent with its address as Basic authentication.

    Fields:
        email: Of the account: "bot@harbor.example".
        token: Never shown.
        ends_on: The day that Atlassian showed when the token was made; it tells no program. None when unknown.
    """

    email: str
    token: str = field(repr=False)
    ends_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceAccount:
    """OAuth 2.0 credentials of an Atlassian service account: client credentials, calls by way of api.atlassian.com.

    Fields:
        client_id: As Atlassian gave it.
        client_secret: Never shown.
        cloud_id: The site's id, at https://<site>/_edge/tenant_info.
    """

    client_id: str
    client_secret: str = field(repr=False)
    cloud_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Audience:
    """Who may read our comments. kind: "role" or "group". name: As the site calls it: "Service Desk Team"."""

    kind: Literal["role", "group"]
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class JiraSettings:
    """One site and how it is read and written.

    Fields:
        host: "harbor.atlassian.net".
        account: Its name in TicketRef: "harbor".
        auth: An API token, or a service account.
        projects: Keys of the projects that are read: ("ENG", "CARE"). At least one.
        fields: Our name and the id of each custom field we read or write: ("order_id", "customfield_10102").
        customer_field: The custom field with our own id of the customer; None where the site has none.
        audience: Who may read our notes; needed where other than service projects are written, which have internal
            comments.
        transitions: The transition (its id, as text) to make when `mw_state` becomes this: ("paid", "31").
        link_fields: Custom fields that name other tickets, and what stands before a bare value:
            ("customfield_10120", "zendesk:harbor:").
        web_url: Where people see the site; None for `host`.
        target: A local server in the vendor's place: "http://127.0.0.1:8900/jira"; None for the real one.
        connect_seconds, read_seconds, whole_seconds: For a connection, the next piece, the whole answer.
        page_size: Issues a page of the search, 100 at most where fields are read.
        overlap_seconds: So far back every round of reading looks again, because search lags behind writes.
        most_comments: An issue is read with up to so many comments; Jira takes 5,000 at most.
        most_reply_bytes: A longer answer is refused.
        calls_per_minute: Our own limit; None keeps none. Jira's is about 100 reads a second for each kind of call.
        issue_writes_per_30_seconds: For one issue; 100 is the vendor's limit (and 20 in 2 seconds). None as above.
        webhook_kind: "admin": made by an administrator's API token, signed with a secret of ours, never ends.
            "dynamic": made by an OAuth app for itself, ends after 30 days, signed with the app's client secret.
        webhook_secrets: What deliveries are signed with, two during a rotation; none means no delivery is believed.
    """

    host: str
    account: str
    auth: ApiToken | ServiceAccount
    projects: tuple[str, ...]
    fields: tuple[tuple[str, str], ...]
    customer_field: str | None = None
    audience: Audience | None = None
    transitions: tuple[tuple[str, str], ...] = ()
    link_fields: tuple[tuple[str, str], ...] = ()
    web_url: str | None = None
    target: str | None = None
    connect_seconds: float = 3.0
    read_seconds: float = 20.0
    whole_seconds: float = 60.0
    page_size: int = 100
    overlap_seconds: int = 300
    most_comments: int = 5000
    most_reply_bytes: int = 64 << 20
    calls_per_minute: int | None = 1500
    issue_writes_per_30_seconds: int | None = 100
    webhook_kind: Literal["admin", "dynamic"] = "admin"
    webhook_secrets: tuple[str, ...] = field(default=(), repr=False)

    @property
    def server(self) -> str:
        """Return where calls go: the site itself, or Atlassian's gateway for service accounts."""
        if isinstance(self.auth, ServiceAccount):
            return f"https://{GATEWAY_HOST}/ex/jira/{self.auth.cloud_id}"
        return f"https://{self.host}"

    @property
    def field_ids(self) -> dict[str, str]:
        """Return the custom field's id by our name."""
        return dict(self.fields)
