"""What must be known to reach one Zendesk account."""

from dataclasses import dataclass, field
from datetime import date

#: Zendesk takes no API token after this day; none could be created since 27 October 2026.
API_TOKENS_STOP_ON = date(2027, 4, 30)


@dataclass(frozen=True, slots=True, kw_only=True)
class OAuthClient:
    """A confidential OAuth client (Admin Center, Apps and integrations, APIs, OAuth clients): client credentials grant.

    Fields:
        client_id: Its identifier: "makewhole".
        client_secret: Never shown.
        scope: Space-separated. "read write": audits, in which our marks are found again, need the global "read".
    """

    client_id: str
    client_secret: str = field(repr=False)
    scope: str = "read write"


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiToken:
    """The old way in, until `API_TOKENS_STOP_ON`. `email` is the agent's address without "/token"."""

    email: str
    token: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ZendeskSettings:
    """One account and how it is read.

    Fields:
        subdomain: "harbor" for harbor.zendesk.com; also the account in `TicketRef`.
        auth: OAuth first.
        fields: Our name and the id of each custom field we read or write: ("order_id", 900002).
        webhook_secrets: The webhook's signing secrets, two during a rotation; none means no delivery is believed.
        jira_links: The site whose issues Zendesk's own Jira integration links ("jira:harbor"); None reads no links.
        target: A local server in the vendor's place: "http://127.0.0.1:8900/zendesk"; None for the real one.
        connect_seconds, read_seconds, whole_seconds: For a connection, the next piece, the whole answer.
        page_size: Tickets a page of the export, 1,000 at most.
        most_comments: A ticket is read with up to so many comments; Zendesk keeps 5,000 at most.
        most_audits: So many audits are looked through for our mark.
        most_reply_bytes: A longer answer is refused.
        calls_per_minute: The plan's limit for the account (200 to 2,500); None keeps no budget of our own.
        exports_per_minute: 10 is the vendor's limit; None as above.
        updates_per_minute: 100 is the vendor's limit; None as above.
    """

    subdomain: str
    auth: OAuthClient | ApiToken
    fields: tuple[tuple[str, int], ...]
    webhook_secrets: tuple[str, ...] = field(default=(), repr=False)
    jira_links: str | None = None
    target: str | None = None
    connect_seconds: float = 3.0
    read_seconds: float = 20.0
    whole_seconds: float = 60.0
    page_size: int = 1000
    most_comments: int = 5000
    most_audits: int = 5000
    most_reply_bytes: int = 64 << 20
    calls_per_minute: int | None = 200
    exports_per_minute: int | None = 10
    updates_per_minute: int | None = 100

    @property
    def host(self) -> str:
        """The vendor's host name of this account."""
        return f"{self.subdomain}.zendesk.com"
