"""The helpdesks an operator mirrors: one section of the settings for each vendor's account."""

from collections.abc import Mapping
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
        start: Tickets changed before this moment are not read.
        target: A local server in the vendor's place; None for the real one.
        poll_seconds: Pause between two readings of what changed.
        reconcile_seconds: Pause between two repairs of what webhook and poll have missed.
        reconcile_hours: How far back a repair looks.
        connect_seconds, read_seconds, whole_seconds: For a connection, the next piece of an answer, the whole of it.
        most_reply_bytes: A longer answer is refused.
    """

    model_config = STRICT

    start: AwareDatetime
    target: URL | None = None
    poll_seconds: Seconds = 60.0
    reconcile_seconds: Seconds = 3_600.0
    reconcile_hours: float = Field(default=24.0, gt=0, le=720)
    connect_seconds: Seconds = 3.0
    read_seconds: Seconds = 20.0
    whole_seconds: Seconds = 60.0
    most_reply_bytes: int = Field(default=64 << 20, ge=1 << 16, le=1 << 30)


class Zendesk(HelpdeskSettings):
    """One Zendesk account.

    Fields:
        subdomain: "harbor" for harbor.zendesk.com.
        auth: How we get in.
        fields: Our name and the id of each custom field.
        webhook_secrets: The webhook's signing secrets, two during a rotation.
    """

    subdomain: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")
    auth: Annotated[OAuth | ApiToken, Field(discriminator="kind")]
    fields: Mapping[FieldName, Annotated[int, Field(gt=0)]]
    webhook_secrets: tuple[Secret, ...] = Field(min_length=1, max_length=2)
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


Helpdesk = Zendesk
