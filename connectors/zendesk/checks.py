"""What `doctor` tries on a Zendesk account, and whom the account takes us for.

GET /api/v2/users/me, /api/v2/ticket_fields, /api/v2/incremental/tickets/cursor, /api/v2/tickets/{id}/audits.
Surprise: wrong or missing credentials make `users/me` answer 200 with an "Anonymous user".
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from pydantic import BaseModel, StrictBool, StrictInt, StrictStr, ValidationError

from connectors.contract import AccessRefused, TryLater, UnexpectedReply
from connectors.zendesk.calls import Calls
from connectors.zendesk.reading import Account, read_audits, read_export, read_object
from connectors.zendesk.refusals import NoSuchRecord
from connectors.zendesk.settings import API_TOKENS_STOP_ON, ApiToken, ZendeskSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Agent:
    """Whom Zendesk takes us for. role: "admin", "agent" or "end-user"."""

    id: str
    name: str
    role: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldFound:
    """A ticket field of the account. name: Our name; None when it is not mapped. type: "text", "decimal", "tagger"."""

    id: int
    title: str
    type: str
    active: bool
    name: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing tried. fix: What a person should do; None when all is well. urgent: False for a mere warning."""

    tried: str
    found: str
    fix: str | None
    urgent: bool = True


class WireMe(BaseModel):
    """The part of `users/me` we understand; the id is None for an anonymous visitor."""

    id: StrictInt | None
    name: StrictStr | None = None
    role: StrictStr | None = None


class WireField(BaseModel):
    """The part of a ticket field we understand."""

    id: StrictInt
    title: StrictStr | None = None
    type: StrictStr
    active: StrictBool = True


def whoami(calls: Calls) -> Agent:
    """Return whom Zendesk takes us for; raises AccessRefused for an anonymous visitor."""
    answer = _asked(calls, "/api/v2/users/me.json", "who we are")
    try:
        me = WireMe.model_validate(answer.get("user"))
    except ValidationError:
        raise UnexpectedReply("who we are: the answer has no user") from None
    if me.id is None:
        raise AccessRefused("Zendesk takes us for an anonymous visitor; check the credentials")
    return Agent(id=str(me.id), name=me.name or "", role=me.role or "")


def field_names(calls: Calls, account: Account) -> tuple[FieldFound, ...]:
    """Return every ticket field of the account, with our name where it is mapped."""
    records = _asked(calls, "/api/v2/ticket_fields.json", "ticket fields").get("ticket_fields")
    if not isinstance(records, list):
        raise UnexpectedReply("ticket fields: the answer has none")
    try:
        found = [WireField.model_validate(record) for record in records]
    except ValidationError:
        raise UnexpectedReply("ticket fields: one of them is none we understand") from None
    return tuple(
        FieldFound(
            id=each.id, title=each.title or "", type=each.type, active=each.active, name=account.fields.get(each.id)
        )
        for each in found
    )


def checks(calls: Calls, account: Account, settings: ZendeskSettings, *, today: date) -> tuple[Check, ...]:
    """Return every check, in the order in which a person should mend them; never raises one of the three errors."""
    return (
        _credentials(settings, today),
        _tried(f"who we are at {settings.host}", lambda: _role(calls)),
        _tried("mapped ticket fields", lambda: _fields(calls, account)),
        _tried("ticket export and audits", lambda: _export(calls, account)),
    )


def _tried(what: str, look: Callable[[], tuple[str, str | None]]) -> Check:
    try:
        found, fix = look()
    except TryLater as error:
        return Check(tried=what, found=str(error), fix=f"try again in {error.wait_seconds:.0f} s; is the host right?")
    except AccessRefused as error:
        return Check(tried=what, found=str(error), fix="change the credentials, the role, the scopes or the plan")
    except UnexpectedReply as error:
        return Check(tried=what, found=str(error), fix="check the subdomain; else this needs a look at the connector")
    return Check(tried=what, found=found, fix=fix)


def _credentials(settings: ZendeskSettings, today: date) -> Check:
    tried = "kind of credentials"
    if not isinstance(settings.auth, ApiToken):
        return Check(tried=tried, found="OAuth client credentials", fix=None)
    days = (API_TOKENS_STOP_ON - today).days
    return Check(
        tried=tried,
        found=f"API token; Zendesk takes none after {API_TOKENS_STOP_ON.isoformat()} ({days} days from now)",
        fix="make a confidential OAuth client in Admin Center and set its id and secret",
        urgent=days <= 0,
    )


def _role(calls: Calls) -> tuple[str, str | None]:
    agent = whoami(calls)
    fix = None if agent.role in {"admin", "agent"} else "use an agent's or admin's credentials"
    return f"{agent.name} ({agent.role}, id {agent.id})", fix


def _fields(calls: Calls, account: Account) -> tuple[str, str | None]:
    active = {field.id for field in field_names(calls, account) if field.active}
    missing = sorted(f"{name} ({field_id})" for field_id, name in account.fields.items() if field_id not in active)
    if missing:
        return f"missing or inactive: {', '.join(missing)}", "make these fields, or correct their ids in the mapping"
    return f"all {len(account.fields)} are there", None


def _export(calls: Calls, account: Account) -> tuple[str, str | None]:
    asked = "ticket export"
    query = {"start_time": 1, "per_page": 1}
    try:
        page = read_export(calls.get("/api/v2/incremental/tickets/cursor.json", asked=asked, query=query), account)
        if not page.tickets:
            return "the export answers; it has no ticket yet to look at", None
        path = f"/api/v2/tickets/{page.tickets[0].ref.key}/audits.json"
        read_audits(calls.get(path, asked="ticket audits", query={"page[size]": 1}))
    except NoSuchRecord:
        return "the export answers; its first ticket is deleted, so no audits were looked at", None
    return "both answer", None


def _asked(calls: Calls, path: str, asked: str) -> dict[str, object]:
    try:
        return read_object(calls.get(path, asked=asked))
    except NoSuchRecord as error:
        raise UnexpectedReply(f"{error}; the account may not exist") from None
