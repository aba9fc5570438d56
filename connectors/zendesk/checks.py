"""What `doctor` tries on a Zendesk account, and whom the account takes us for.

GET /api/v2/users/me, /api/v2/ticket_fields, /api/v2/incremental/tickets/cursor, /api/v2/tickets/{id}/audits.
Surprise: wrong or missing credentials make `users/me` answer 200 with an "Anonymous user".
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date

from pydantic import BaseModel, StrictBool, StrictInt, StrictStr, ValidationError

from connectors.contract import AccessRefused, Check, FieldFound, TryLater, UnexpectedReply
from connectors.wire_json import read_object
from connectors.zendesk import jira_links
from connectors.zendesk.calls import Calls
from connectors.zendesk.reading import Account, read_audits, read_export
from connectors.zendesk.refusals import NoSuchRecord
from connectors.zendesk.settings import API_TOKENS_STOP_ON, ApiToken, ZendeskSettings

#: Types of ticket fields that hold what we write.
TEXT_TYPES = frozenset({"text", "textarea", "regexp", "tagger"})
TICKETS_SAMPLED = 25
LONGEST_SAMPLE = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Agent:
    """Whom Zendesk takes us for. role: "admin", "agent" or "end-user"."""

    id: str
    name: str
    role: str


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


def fields_found(calls: Calls, account: Account) -> tuple[FieldFound, ...]:
    """Return every ticket field of the account, with our name where it is mapped."""
    records = _asked(calls, "/api/v2/ticket_fields.json", "ticket fields").get("ticket_fields")
    if not isinstance(records, list):
        raise UnexpectedReply("ticket fields: the answer has none")
    try:
        found = [WireField.model_validate(record) for record in records]
    except ValidationError:
        raise UnexpectedReply("ticket fields: one of them is none we understand") from None
    return tuple(_field(each, account.fields.get(each.id)) for each in found)


def with_samples(calls: Calls, fields: tuple[FieldFound, ...]) -> tuple[FieldFound, ...]:
    """Return the fields with the value that one of the newest tickets has; one more call."""
    answer = _asked(calls, f"/api/v2/tickets.json?page[size]={TICKETS_SAMPLED}&sort=-updated_at", "newest tickets")
    tickets = answer.get("tickets")
    samples: dict[str, str] = {}
    for ticket in tickets if isinstance(tickets, list) else []:
        entries = ticket.get("custom_fields") if isinstance(ticket, dict) else None
        for entry in entries if isinstance(entries, list) else []:
            if isinstance(entry, dict) and entry.get("value") not in {None, "", False}:
                samples.setdefault(str(entry.get("id")), str(entry["value"])[:LONGEST_SAMPLE])
    return tuple(replace(field, sample=samples.get(field.id)) for field in fields)


def _field(wire: WireField, name: str | None) -> FieldFound:
    ours = name is not None and name.startswith("mw_")
    problem = f"is of type {wire.type}, {name} needs text" if ours and wire.type not in TEXT_TYPES else None
    return FieldFound(
        id=str(wire.id), title=wire.title or "", type=wire.type, active=wire.active, name=name, problem=problem
    )


def checks(calls: Calls, account: Account, settings: ZendeskSettings, *, today: date) -> tuple[Check, ...]:
    """Return every check, in the order in which a person should mend them; never raises one of the three errors."""
    links = (_tried("jira_links", "links of Zendesk's Jira integration", lambda: jira_links.look(calls)),)
    return (
        _credentials(settings, today),
        _tried("identity", f"who we are at {settings.host}", lambda: _role(calls)),
        _tried("fields", "mapped ticket fields", lambda: _fields(calls, account)),
        _tried("export", "ticket export and audits", lambda: _export(calls, account)),
        *(links if settings.jira_links else ()),
    )


def _tried(name: str, what: str, look: Callable[[], tuple[str, str | None]]) -> Check:
    try:
        found, fix = look()
    except TryLater as error:
        found, fix = str(error), f"try again in {error.wait_seconds:.0f} s; is the host right?"
    except AccessRefused as error:
        found, fix = str(error), "change the credentials, the role, the scopes or the plan"
    except UnexpectedReply as error:
        found, fix = str(error), "check the subdomain; else this needs a look at the connector"
    return Check(name=name, tried=what, found=found, fix=fix)


def _credentials(settings: ZendeskSettings, today: date) -> Check:
    tried = "kind of credentials"
    if not isinstance(settings.auth, ApiToken):
        return Check(name="credentials", tried=tried, found="OAuth client credentials", fix=None)
    days = (API_TOKENS_STOP_ON - today).days
    return Check(
        name="credentials",
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
    found = fields_found(calls, account)
    active = {field.id for field in found if field.active}
    missing = sorted(f"{name} ({field_id})" for field_id, name in account.fields.items() if str(field_id) not in active)
    if missing:
        return f"missing or inactive: {', '.join(missing)}", "make these fields, or correct their ids in the mapping"
    unfit = [f"{field.title} ({field.id}) {field.problem}" for field in found if field.problem]
    if unfit:
        return "; ".join(unfit), "map these names to fields of type text"
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
