"""The helpdesks an operator mirrors: one section of the settings for each vendor's account."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, AwareDatetime, BaseModel, Field, model_validator
from pydantic_core import PydanticCustomError

from cases.ticket import Vendor
from config.checking import STRICT
from config.secret import Secret

_LOOPBACK = {"127.0.0.1", "::1", "localhost"}


def _url(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
        raise PydanticCustomError("url", "write an address like https://host/path")
    if parts.username or parts.password:
        raise PydanticCustomError("url", "remove the credentials from the address")
    if parts.scheme == "http" and parts.hostname not in _LOOPBACK:
        raise PydanticCustomError("url", "use https: a token would travel in the clear")
    return text.rstrip("/")


URL = Annotated[str, AfterValidator(_url)]
Seconds = Annotated[float, Field(gt=0, le=86_400)]
Name = Annotated[str, Field(min_length=1, max_length=200)]
APIName = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,79}$")]
CustomField = Annotated[str, Field(pattern=r"^customfield_[0-9]{1,9}$")]
JiraSite = Annotated[str, Field(pattern=r"^jira:[a-z0-9][a-z0-9-]{0,62}$")]
Source = Annotated[str, Field(pattern=r"^(zendesk|salesforce|jira):[a-z0-9][a-z0-9-]{0,62}$")]
FieldName = Literal[
    "compensation_topic",
    "order_id",
    "position_id",
    "transaction_id",
    "incident_id",
    "claimed_amount",
    "claimed_asset",
    "mw_state",
    "mw_amount",
    "mw_currency",
    "mw_reason",
    "mw_case_url",
]


class OAuth(BaseModel):
    """A Zendesk OAuth client for the client credentials grant."""

    model_config = STRICT

    kind: Literal["oauth"]
    client_id: Name
    client_secret: Secret
    scope: Name = "read write"


class ApiToken(BaseModel):
    """A Zendesk API token; Zendesk takes none after 30 April 2027."""

    model_config = STRICT

    kind: Literal["api_token"]
    email: Name
    token: Secret


class HelpdeskSettings(BaseModel):
    """What is set for every helpdesk, whichever vendor's.

    Fields:
        mode: "shadow": mirror, work out what would be done and write nothing there; "live": write.
        start: Tickets changed before this moment are not read.
        target: A local server in the vendor's place; None for the real one.
        poll_seconds: Pause between two readings of what changed.
        reconcile_seconds: Pause between two repairs of what webhook and poll have missed.
        reconcile_hours: How far back a repair looks.
        connect_seconds, read_seconds, whole_seconds: For a connection, the next piece of an answer, the whole of it.
        most_reply_bytes: A longer answer is refused.
        words: The account's own words for a value that has another name with us, by field:
            {compensation_topic: {"Delayed withdrawal": delayed_withdrawal}}.
    """

    model_config = STRICT

    mode: Literal["shadow", "live"] = "shadow"
    start: AwareDatetime
    target: URL | None = None
    poll_seconds: Seconds = 60.0
    reconcile_seconds: Seconds = 3_600.0
    reconcile_hours: float = Field(default=24.0, gt=0, le=720)
    connect_seconds: Seconds = 3.0
    read_seconds: Seconds = 20.0
    whole_seconds: Seconds = 60.0
    most_reply_bytes: int = Field(default=64 << 20, ge=1 << 16, le=1 << 30)
    words: Mapping[FieldName, Mapping[Name, Name]] = Field(default_factory=dict)


class Zendesk(HelpdeskSettings):
    """One Zendesk account.

    Fields:
        subdomain: "harbor" for harbor.zendesk.com.
        auth: How we get in.
        fields: Our name and the id of each custom field.
        webhook_secrets: The webhook's signing secrets, two during a rotation; without any, no delivery is believed.
        jira_links: The Jira site that Zendesk's own Jira integration links tickets with; without it they are not read.
    """

    subdomain: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")
    auth: Annotated[OAuth | ApiToken, Field(discriminator="kind")]
    fields: Mapping[FieldName, Annotated[int, Field(gt=0)]]
    webhook_secrets: tuple[Secret, ...] = Field(default=(), max_length=2)
    jira_links: JiraSite | None = None
    page_size: int = Field(default=1_000, ge=1, le=1_000)
    most_comments: int = Field(default=5_000, ge=1, le=5_000)
    most_audits: int = Field(default=5_000, ge=100, le=100_000)
    calls_per_minute: int | None = Field(default=200, ge=1)
    exports_per_minute: int | None = Field(default=10, ge=1)
    updates_per_minute: int | None = Field(default=100, ge=1)

    @property
    def vendor(self) -> Vendor:
        """Return "zendesk"."""
        return "zendesk"

    @property
    def account(self) -> str:
        """Return the subdomain."""
        return self.subdomain

    @model_validator(mode="after")
    def _ids_are_distinct(self) -> Self:
        names: dict[int, str] = {}
        for name, number in self.fields.items():
            if names.setdefault(number, name) != name:
                raise PydanticCustomError("fields", f"fields: {name} and {names[number]} have the same id")
        return self


class ClientCredentials(BaseModel):
    """A Salesforce External Client App with the client credentials flow."""

    model_config = STRICT

    kind: Literal["client_credentials"]
    consumer_key: Name
    consumer_secret: Secret


class JWTBearer(BaseModel):
    """A Salesforce External Client App with the JWT bearer flow: a certificate in place of a secret.

    Fields:
        username: Whom it acts as; must be pre-authorized for the app.
        private_key: The RSA key whose certificate the app holds, as PEM.
        certificate: That certificate as PEM, to be warned before it ends.
        sandbox_org: True for a Salesforce sandbox org, which logs in at test.salesforce.com.
    """

    model_config = STRICT

    kind: Literal["jwt"]
    consumer_key: Name
    username: Name
    private_key: Secret
    certificate: Secret | None = None
    sandbox_org: bool = False


class Salesforce(HelpdeskSettings):
    """One Salesforce org, whose Cases are mirrored.

    Fields:
        my_domain: "harbor" for harbor.my.salesforce.com.
        auth: How we get in.
        fields: Our name and the API name of each Case field: "Order_Id__c".
        customer_field: Holds our id of the customer on Contact and Account.
        link_fields: Case fields that name other tickets, and whose: {"Jira_Key__c": "jira:harbor"}.
        mark_field: A text field of ours on Case, by which a write whose answer was lost is found again.
        status_on: The Status a Case is given with an outcome: {paid: Closed}.
        read_feed: Whether Chatter posts on a Case are comments of its ticket.
        organization_id: "00D…"; Outbound Messages of any other org are refused.
        webhook_secrets: What stands behind the account in the address of Outbound Messages, two during a rotation.
        calls_share: Of the org's API calls in 24 hours, this much is left for others.
    """

    my_domain: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")
    auth: Annotated[ClientCredentials | JWTBearer, Field(discriminator="kind")]
    fields: Mapping[FieldName, APIName]
    customer_field: APIName = "Customer_Number__c"
    link_fields: Mapping[APIName, Source] = Field(default_factory=dict)
    mark_field: APIName = "MW_Mark__c"
    status_on: Mapping[Name, Name] = Field(default_factory=dict)
    read_feed: bool = True
    organization_id: str = Field(default="", pattern=r"^(00D[A-Za-z0-9]{12}([A-Za-z0-9]{3})?)?$")
    webhook_secrets: tuple[Secret, ...] = Field(default=(), max_length=2)
    read_seconds: Seconds = 60.0
    whole_seconds: Seconds = 120.0
    most_reply_bytes: int = Field(default=128 << 20, ge=1 << 16, le=1 << 30)
    page_size: int = Field(default=2_000, ge=200, le=2_000)
    bulk_above: int = Field(default=2_000, ge=0)
    overlap_seconds: Seconds = 60.0
    calls_share: float = Field(default=0.2, ge=0, lt=1)

    @property
    def vendor(self) -> Vendor:
        """Return "salesforce"."""
        return "salesforce"

    @property
    def account(self) -> str:
        """Return the My Domain name."""
        return self.my_domain


class AtlassianToken(BaseModel):
    """An Atlassian account's API token. ends_on: The day that Atlassian showed when it was made."""

    model_config = STRICT

    kind: Literal["api_token"]
    email: Name
    token: Secret
    ends_on: date | None = None


class ServiceAccount(BaseModel):
    """OAuth credentials of an Atlassian service account. cloud_id: At https://<site>/_edge/tenant_info."""

    model_config = STRICT

    kind: Literal["service_account"]
    client_id: Name
    client_secret: Secret
    cloud_id: Name


class Audience(BaseModel):
    """Who may read our notes on issues of software projects: a role or a group."""

    model_config = STRICT

    kind: Literal["role", "group"]
    name: Name


class Jira(HelpdeskSettings):
    """One Jira Cloud site, whose issues are mirrored.

    Fields:
        site: "harbor" for harbor.atlassian.net.
        auth: How we get in.
        projects: Keys of the projects that are read: [ENG, CARE].
        fields: Our name and the id of each custom field: "customfield_10102".
        customer_field: The custom field with our own id of the customer.
        audience: Who may read our notes; service projects have internal comments besides.
        transition_on: The id of the transition to make with an outcome: {paid: "31"}.
        link_fields: Custom fields that name other tickets, and whose: {customfield_10120: "zendesk:harbor"}.
        webhook_kind: "admin": made with an administrator's token. "dynamic": made by an OAuth app, renewed by us.
        webhook_secrets: What deliveries are signed with, two during a rotation.
    """

    site: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")
    auth: Annotated[AtlassianToken | ServiceAccount, Field(discriminator="kind")]
    projects: tuple[Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]{1,49}$")], ...] = Field(min_length=1, max_length=50)
    fields: Mapping[FieldName, CustomField]
    customer_field: CustomField | None = None
    audience: Audience | None = None
    transition_on: Mapping[Name, Annotated[str, Field(pattern=r"^[0-9]{1,9}$")]] = Field(default_factory=dict)
    link_fields: Mapping[CustomField, Source] = Field(default_factory=dict)
    webhook_kind: Literal["admin", "dynamic"] = "admin"
    webhook_secrets: tuple[Secret, ...] = Field(default=(), max_length=2)
    page_size: int = Field(default=100, ge=1, le=100)
    overlap_seconds: Annotated[int, Field(gt=0, le=86_400)] = 300
    calls_per_minute: int | None = Field(default=1_500, ge=1)

    @property
    def vendor(self) -> Vendor:
        """Return "jira"."""
        return "jira"

    @property
    def account(self) -> str:
        """Return the site's name."""
        return self.site


Helpdesk = Zendesk | Salesforce | Jira
