"""What Jira says, as our nouns. Pure: bytes in, tickets out.

An issue is split into its fields without decoding them, and only those we understand are read. One record that cannot
be understood never costs the others: it is named, with what is wrong. Numbers stay exact, texts are documents (ADF).

https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issues/
https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issue-search/
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, TypeVar

import msgspec

from cases.ticket import CustomerId, Requester, Ticket, TicketRef, TicketStatus
from connectors.contract import UnexpectedReply
from connectors.jira.adf_reading import DOCUMENT, Node, text_of
from connectors.jira.settings import JiraSettings
from connectors.wire_json import Unreadable, exact, members, records, storable, value, whole_characters

SERVICE_DESK = "service_desk"
_CATEGORIES = {"new": TicketStatus.NEW, "indeterminate": TicketStatus.OPEN, "done": TicketStatus.SOLVED}
_NOTHING = msgspec.Raw(b"null")
#: What an option, a person, a version, an issue is called by, the first that is there.
_WORDS = ("value", "displayName", "name", "key", "accountId")
_MOST_DIGITS = 400
Read = TypeVar("Read")


class WireUser(msgspec.Struct, rename="camel"):
    """The part of a user we understand. account_type: "atlassian", "app", or "customer" of a service project."""

    account_id: str = ""
    display_name: str | None = None
    email_address: str | None = None
    account_type: str | None = None


class WireCategory(msgspec.Struct):
    """What a status amounts to: "new", "indeterminate", "done", "undefined"."""

    key: str = ""


class WireStatus(msgspec.Struct, rename="camel"):
    """The part of a status we understand."""

    id: str = ""
    name: str = ""
    status_category: WireCategory | None = None


class WireProject(msgspec.Struct, rename="camel"):
    """The part of a project we understand. project_type_key: "software", "service_desk", "business"."""

    key: str = ""
    project_type_key: str = ""


class WireOther(msgspec.Struct):
    """The issue at the other end of a link."""

    id: str


class WireLink(msgspec.Struct, rename="camel"):
    """A link between two issues; one of its ends is the issue itself and not told."""

    inward_issue: WireOther | None = None
    outward_issue: WireOther | None = None


class WireIssue(msgspec.Struct):
    """An issue, its fields not yet decoded."""

    id: str
    key: str = ""
    fields: dict[str, msgspec.Raw] = {}


_ISSUE = msgspec.json.Decoder(WireIssue)
_TEXT: msgspec.json.Decoder[str | None] = msgspec.json.Decoder(str | None)
_TEXTS: msgspec.json.Decoder[list[str] | None] = msgspec.json.Decoder(list[str] | None)
_USER: msgspec.json.Decoder[WireUser | None] = msgspec.json.Decoder(WireUser | None)
_STATUS: msgspec.json.Decoder[WireStatus | None] = msgspec.json.Decoder(WireStatus | None)
_LINKS: msgspec.json.Decoder[list[WireLink] | None] = msgspec.json.Decoder(list[WireLink] | None)
_PROJECT: msgspec.json.Decoder[WireProject | None] = msgspec.json.Decoder(WireProject | None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Whose records are read.

    Fields:
        name: The account's, as in TicketRef.
        names: Our name by the id of a custom field.
        customer_field: Id of the field with the customer's number; None for none.
        link_fields: What stands before a bare value, by the id of a field that names another ticket.
    """

    name: str
    names: Mapping[str, str]
    customer_field: str | None
    link_fields: Mapping[str, str]

    def ref(self, key: str) -> TicketRef:
        """Return the reference of this account's issue with the vendor's id."""
        return TicketRef(vendor="jira", account=self.name, key=key)

    @property
    def wanted(self) -> tuple[str, ...]:
        """Return the fields to ask for, sorted; a search that names none tells ids only."""
        custom = {*self.names, *self.link_fields} | ({self.customer_field} if self.customer_field else set())
        return tuple(sorted(custom | _SYSTEM))


_SYSTEM = frozenset(
    {"summary", "description", "status", "reporter", "assignee", "labels", "issuelinks", "created", "updated"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchPage:
    """A page of the search as it was said; `next_token` is None on the last one."""

    tickets: tuple[Ticket, ...]
    raw: tuple[bytes, ...]
    unreadable: tuple[tuple[str, str], ...]
    next_token: str | None


def account_of(settings: JiraSettings) -> Account:
    """Return how this site's records are read."""
    return Account(
        name=settings.account,
        names={field_id: name for name, field_id in settings.fields},
        customer_field=settings.customer_field,
        link_fields=dict(settings.link_fields),
    )


def read_ids(body: bytes) -> tuple[tuple[str, ...], str | None]:
    """Return the ids on a page of `search/jql`, and where it goes on; raises UnexpectedReply for what is no page."""
    found, token = _records(body)
    ids = (value(members(bytes(record)), "id") for record in found)
    named = tuple(each for each in ids if isinstance(each, str))
    if len(named) != len(found):
        raise UnexpectedReply("issue search: an issue has no id")
    return named, token


def _records(body: bytes) -> tuple[list[msgspec.Raw], str | None]:
    """Return the issues of a page of the search, and where it goes on; None on the last one."""
    page = members(body)
    found = records(page, "issues")
    token = value(page, "nextPageToken")
    if found is None or not isinstance(token, str | None):
        raise UnexpectedReply("issue search: the answer has no issues, or no readable place to go on")
    if token is None and value(page, "isLast") is False:
        raise UnexpectedReply("issue search: there is more, and the answer does not say where")
    return found, None if value(page, "isLast") is True else token


def read_page(body: bytes, account: Account) -> SearchPage:
    """Return the issues of a page of `search/jql`; raises UnexpectedReply when the page itself is none."""
    found, token = _records(body)
    tickets: list[Ticket] = []
    raw: list[bytes] = []
    unreadable: list[tuple[str, str]] = []
    for number, record in enumerate(map(bytes, found), start=1):
        try:
            tickets.append(read_issue(record, account))
            raw.append(record)
        except Unreadable as error:
            unreadable.append((_key_of(record, number), str(error)))
    return SearchPage(
        tickets=tuple(tickets),
        raw=tuple(raw),
        unreadable=tuple(unreadable),
        next_token=token,
    )


def read_issue(record: bytes, account: Account) -> Ticket:
    """Return an issue without its comments; raises Unreadable."""
    issue = decoded(_ISSUE, record, "record")
    if not (issue.id.isascii() and issue.id.isdigit()):
        raise Unreadable("id: must be a whole number as text")
    fields = issue.fields
    status = _field(_STATUS, fields, "status") or WireStatus()
    category = status.status_category.key if status.status_category else ""
    assignee = _field(_USER, fields, "assignee")
    return Ticket(
        ref=account.ref(issue.id),
        subject=storable(_field(_TEXT, fields, "summary")),
        description=_document(fields),
        status=_CATEGORIES.get(category, TicketStatus.UNKNOWN),
        status_text=storable(status.name),
        requester=_requester(_field(_USER, fields, "reporter"), fields, account),
        handler_id=(assignee.account_id or None) if assignee else None,
        tags=tuple(map(storable, _field(_TEXTS, fields, "labels") or ())),
        fields=_custom(fields, account.names),
        comments=(),
        satisfaction=None,
        merged_into=None,
        created_at=stamp(_field(_TEXT, fields, "created"), "created"),
        updated_at=stamp(_field(_TEXT, fields, "updated"), "updated"),
        name=storable(issue.key),
        links=_links(fields, account),
    )


def in_service_project(record: bytes) -> bool:
    """Whether the issue's customers can read its comments; raises Unreadable when the answer does not tell."""
    project = _field(_PROJECT, decoded(_ISSUE, record, "record").fields, "project")
    if project is None or not project.project_type_key:
        raise Unreadable("project: the answer does not say what kind it is")
    return project.project_type_key == SERVICE_DESK


def stamp(text: str | None, name: str) -> datetime:
    """Return a moment as Jira writes it, "2026-11-02T09:00:00.000+0100", in UTC; raises Unreadable."""
    try:
        moment = datetime.fromisoformat(text or "")
    except ValueError:
        raise Unreadable(f"{name}: no time") from None
    if moment.tzinfo is None:
        raise Unreadable(f"{name}: no time zone")
    return moment.astimezone(UTC)


def field_text(raw: bytes, name: str) -> str:
    """Return a custom field's value as text, "" for none; raises Unreadable.

    Of a choice its value ("Delayed withdrawal"), of two levels "A / B", of several ", " between them, of a person the
    name, of a document its text, a number as it came.
    """
    first = raw[:1]
    if first == b'"':
        return storable(decoded(_TEXT, raw, name))
    if first == b"n":
        return ""
    try:
        return storable(_said(exact(raw)))
    except (ValueError, TypeError, RecursionError, msgspec.MsgspecError):
        raise Unreadable(f"{name}: a kind of value we have no text for") from None


def _said(said: Any) -> str:
    match said:
        case None:
            return ""
        case bool():
            return "yes" if said else "no"
        case Decimal() if abs(said.adjusted()) <= _MOST_DIGITS:
            return format(said, "f")
        case str() | int():
            return str(said)
        case list():
            return ", ".join(map(_said, said))
        case dict():
            return _said_of(said)
        case _:
            raise ValueError


def _said_of(said: dict[str, Any]) -> str:
    if said.get("type") == "doc":
        return text_of(msgspec.convert(said, Node))
    word = next((said[name] for name in _WORDS if isinstance(said.get(name), str)), None)
    if word is None:
        raise ValueError
    below = said.get("child")
    return f"{word} / {_said_of(below)}" if isinstance(below, dict) else str(word)


def _document(fields: Mapping[str, msgspec.Raw]) -> str:
    document = _field(DOCUMENT, fields, "description")
    try:
        return storable(text_of(document))
    except RecursionError:
        raise Unreadable("description: nested too deep") from None


def _requester(reporter: WireUser | None, fields: Mapping[str, msgspec.Raw], account: Account) -> Requester | None:
    raw = fields.get(account.customer_field) if account.customer_field else None
    number = "" if raw is None else field_text(bytes(raw), "customer number").strip()
    if reporter is None and not number:
        return None
    return Requester(
        id=reporter.account_id if reporter else "",
        name=storable(reporter.display_name) if reporter else "",
        email=(storable(reporter.email_address) or None) if reporter else None,
        customer_id=CustomerId(number) if number else None,
        locale=None,
    )


def _custom(fields: Mapping[str, msgspec.Raw], names: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    found = (
        (name, field_text(bytes(fields[field_id]), name)) for field_id, name in names.items() if field_id in fields
    )
    return tuple(sorted((name, text) for name, text in found if text))


def _links(fields: Mapping[str, msgspec.Raw], account: Account) -> tuple[str, ...]:
    """Return what link fields name, then the issues that this one is linked to."""
    found: list[str] = []
    for field_id, before in account.link_fields.items():
        text = field_text(bytes(fields[field_id]), field_id).strip() if field_id in fields else ""
        if text:
            found.append(text if ":" in text else f"{before}{text}")
    for link in _field(_LINKS, fields, "issuelinks") or ():
        other = link.outward_issue or link.inward_issue
        if other is not None:
            found.append(str(account.ref(other.id)))
    return tuple(dict.fromkeys(map(storable, found)))


def _field(decoder: "msgspec.json.Decoder[Read]", fields: Mapping[str, msgspec.Raw], name: str) -> Read:
    return decoded(decoder, fields.get(name, _NOTHING), name)


def decoded(decoder: "msgspec.json.Decoder[Read]", raw: bytes | msgspec.Raw, name: str) -> Read:
    """Return what stands there, read again without half characters where those are the trouble; raises Unreadable.

    name: Of the field, for the error.
    """
    try:
        return decoder.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        pass
    try:
        return decoder.decode(whole_characters(bytes(raw)))
    except msgspec.ValidationError as error:
        raise Unreadable(f"{name}: {error}") from None  # Names kinds and places, no values.
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise Unreadable(f"{name}: no JSON that can be read") from None


def _key_of(record: bytes, number: int) -> str:
    try:
        read = exact(record)
    except (ValueError, RecursionError):
        read = None
    key = read.get("id") if isinstance(read, dict) else None
    return str(key) if isinstance(key, str | int) and str(key).isdigit() else f"record {number} of the page"
