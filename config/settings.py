"""Everything an operator sets, from one YAML file; the only reader of the environment.

A secret stands in the file as a reference (`secret://env/NAME`, `secret://file/path`), never as itself.
"""

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, ValidationInfo, model_validator
from pydantic_core import PydanticCustomError

from cases.loss import LossKind
from cases.proposal import Classification
from config.checking import STRICT, check
from config.helpdesks import URL, Helpdesk, Jira, Name, Salesforce, Seconds, Zendesk
from config.mirroring import Mirroring
from config.mistakes import BadSettings, Mistake, did_you_mean
from config.prices import Prices
from config.secret import REFERENCE, Key, Secret, Surroundings, look_up
from config.yaml_text import Step, path_text, read_document

#: Overrides `database`, so that one file serves many places.
DATABASE_VARIABLE = "MAKEWHOLE_DATABASE_URL"
_PASSWORD = re.compile(r"://[^/@]*:[^/@]+@|[?&]password=", re.IGNORECASE)


def load_settings(path: Path, environment: Mapping[str, str] | None = None) -> "Settings":
    """Return the settings in a file, with every secret read from where it is kept.

    environment: The process' own when None; MAKEWHOLE_DATABASE_URL in it overrides `database`.

    Paths in the file are relative to its folder. Raises BadSettings with all mistakes and all missing secrets at once.
    """
    surroundings = Surroundings(os.environ if environment is None else environment, path.parent)
    document = read_document(path)
    if surroundings.environment.get(DATABASE_VARIABLE):
        document.value["database"] = f"secret://env/{DATABASE_VARIABLE}"
    settings = check(document, Settings, surroundings)
    mistakes = [
        Mistake(place=document.place_of(where), path=path_text(where), what=what)
        for where, what in (*_missing_fields(settings), *_unknown_topics(settings))
    ]
    if mistakes:
        raise BadSettings(mistakes)
    return settings


def _database(text: object, info: ValidationInfo) -> object:
    if not isinstance(text, str):
        return text
    url = look_up(text, info).reveal() if REFERENCE.fullmatch(text) else text
    if url == text and _PASSWORD.search(text):
        raise PydanticCustomError("secret", "the URL holds a password: keep it elsewhere and write secret://env/NAME")
    if not url.startswith(("sqlite:///", "postgresql://", "postgres://", "postgresql+psycopg://")):
        raise PydanticCustomError("url", "write sqlite:///folder/file.sqlite or postgresql://user@host/name")
    return url


def _beside_the_file(text: str, info: ValidationInfo) -> str:
    if not isinstance(info.context, Surroundings):
        raise TypeError("a path is read with its surroundings as context")
    path = info.context.folder / text
    if not path.exists():
        raise PydanticCustomError("path", "there is no {path}", {"path": str(path)})
    return str(path)


DatabaseURL = Annotated[str, BeforeValidator(_database)]
ExistingPath = Annotated[str, AfterValidator(_beside_the_file)]
ChannelId = Annotated[str, Field(pattern=r"^[CG][A-Z0-9]{2,20}$")]
Locale = Literal["en", "zh"]

_ALWAYS_NEEDED = ("compensation_topic", "mw_state", "mw_amount", "mw_currency", "mw_reason", "mw_case_url")


class Listen(BaseModel):
    """Where our own HTTP server listens; port 0 takes a free one."""

    model_config = STRICT

    host: Name = "127.0.0.1"
    port: int = Field(default=8800, ge=0, le=65_535)


class Route(BaseModel):
    """A channel and the cases that go there; an empty list means any, and all three must fit."""

    model_config = STRICT

    channel: ChannelId
    locale: Locale = "en"
    classifications: tuple[Classification, ...] = ()
    topics: tuple[Name, ...] = ()
    languages: tuple[Locale, ...] = ()


class Channel(BaseModel):
    """A Slack channel and the language spoken in it."""

    model_config = STRICT

    channel: ChannelId
    locale: Locale = "en"


class Slack(BaseModel):
    """One Slack workspace.

    Fields:
        team_id: The workspace's id, "T0HARBOR001"; requests of any other are refused.
        bot_user_id: Who we are there, "U0MAKEWHOLE"; `makewhole doctor` says both.
        mode: "http": Slack calls us, signed with `signing_secret`. "socket": we call Slack, with `app_token`.
        base_url: A local server in Slack's place; None for the real one.
        routes: The first that fits wins.
        otherwise: Where a case is shown that fits none.
    """

    model_config = STRICT

    mode: Literal["http", "socket"]
    team_id: str = Field(pattern=r"^T[A-Z0-9]{2,20}$")
    bot_user_id: str = Field(pattern=r"^[UW][A-Z0-9]{2,20}$")
    bot_token: Secret
    app_token: Secret | None = None
    signing_secret: Secret | None = None
    base_url: URL | None = None
    routes: tuple[Route, ...] = Field(default=(), max_length=200)
    otherwise: Channel

    @model_validator(mode="after")
    def _has_what_its_mode_needs(self) -> Self:
        if self.mode == "http" and self.signing_secret is None:
            raise PydanticCustomError("mode", "add signing_secret: mode http checks every request with it")
        if self.mode == "socket" and self.app_token is None:
            raise PydanticCustomError("mode", "add app_token: mode socket opens its connection with it")
        return self


class PayoutProvider(BaseModel):
    """Paying over a provider's API. The terms are what the provider promises, see payouts.paying.Terms."""

    model_config = STRICT

    way: Literal["payout-provider"]
    base_url: URL
    token: Secret
    timeout_seconds: Seconds = 20.0
    key_life_hours: float = Field(default=24.0, ge=0, le=8_760)
    looks_up: bool = True
    send_within_seconds: Seconds = 60.0
    visible_within_seconds: float = Field(default=60.0, ge=0, le=86_400)
    proof_life_seconds: Seconds = 900.0
    look_up_every_seconds: Seconds = 30.0
    pending_within_hours: float = Field(default=72.0, gt=0, le=8_760)
    patience: int = Field(default=20, ge=1, le=1_000)


class Finance(BaseModel):
    """Paying by files that finance takes and answers."""

    model_config = STRICT

    way: Literal["finance"]


class Accounts(BaseModel):
    """The exchange's own account-data service."""

    model_config = STRICT

    base_url: URL
    token: Secret


class Workers(BaseModel):
    """How many jobs of each queue one worker process runs at once."""

    model_config = STRICT

    zendesk: int = Field(default=4, ge=1, le=64)
    salesforce: int = Field(default=4, ge=1, le=64)
    jira: int = Field(default=4, ge=1, le=64)
    slack: int = Field(default=4, ge=1, le=64)
    money: int = Field(default=2, ge=1, le=64)
    work: int = Field(default=4, ge=1, le=64)


class Log(BaseModel):
    """How the log is written."""

    model_config = STRICT

    format: Literal["json", "console"] = "json"
    level: Literal["debug", "info", "warning", "error"] = "info"


class Settings(BaseModel):
    """Everything that is set for one installation.

    Fields:
        database: URL of the one database: "sqlite:///var/makewhole.sqlite"; relative files count from where it is run.
        public_url: How people and vendors reach us: "https://makewhole.harbor.example".
        audit_key: Seals the history of every case.
        link_key: Makes the addresses of cases' pages unguessable.
        topics: What kind of loss each topic of a ticket is about.
        policies: Folder of the policies.
        people: File of those who may decide.
        mirror: Who owns which field of a case's tickets, and whose comments are passed on.
        keep_deliveries_days: How long handled webhooks and clicks are kept.
    """

    model_config = STRICT

    database: DatabaseURL = Field(default="sqlite:///var/makewhole.sqlite", repr=False)
    public_url: URL
    listen: Listen = Listen()
    audit_key: Key
    link_key: Key
    zendesk: Zendesk | None = None
    salesforce: Salesforce | None = None
    jira: Jira | None = None
    slack: Slack
    payouts: Annotated[PayoutProvider | Finance, Field(discriminator="way")]
    accounts: Accounts
    topics: Mapping[Name, LossKind] = Field(min_length=1)
    policies: ExistingPath
    people: ExistingPath
    mirror: Mirroring = Mirroring()
    prices: Prices | None = None
    workers: Workers = Workers()
    log: Log = Log()
    keep_deliveries_days: int = Field(default=30, ge=1, le=3_650)

    @model_validator(mode="after")
    def _has_a_helpdesk(self) -> Self:
        if not self.helpdesks:
            raise PydanticCustomError("helpdesk", "add at least one of zendesk, salesforce and jira")
        return self

    @property
    def helpdesks(self) -> Mapping[str, Helpdesk]:
        """Every helpdesk that is set, by its source: {"zendesk:harbor": …}."""
        given = (self.zendesk, self.salesforce, self.jira)
        return {f"{each.vendor}:{each.account}": each for each in given if each is not None}


def _missing_fields(settings: Settings) -> Iterator[tuple[tuple[Step, ...], str]]:
    """Yield the ticket fields that our own notes and the topics need and nobody has mapped."""
    needed = dict.fromkeys(_ALWAYS_NEEDED, "Makewhole reads or writes it on every ticket")
    needed |= {f"{kind}_id": f"the topic {topic} is about one" for topic, kind in settings.topics.items()}
    for desk in settings.helpdesks.values():
        for name, why in needed.items():
            if name not in desk.fields:
                yield (desk.vendor, "fields", name), f"add this ticket field: {why}"


def _unknown_topics(settings: Settings) -> Iterator[tuple[tuple[Step, ...], str]]:
    """Yield what routes ask for and no ticket can have."""
    for number, route in enumerate(settings.slack.routes):
        for place, topic in enumerate(route.topics):
            if topic not in settings.topics:
                where = ("slack", "routes", number, "topics", place)
                yield where, f"no such topic: {did_you_mean(topic, settings.topics)}"
