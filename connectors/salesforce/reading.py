"""What Salesforce says of a Case, as our nouns. Pure: bytes in, tickets out.

A page is split into its records, which are kept as sent, and only what we want is decoded: once into a fixed struct,
once into one made of the mapped fields, whose values stay as written until they are text (a number is never a float).
One record that cannot be understood never costs the others: it is named, with what is wrong.

Surprises:
- Stamps end in +0000, without a colon, in REST, and in Z in Bulk 2. Real ones have whole seconds.
- A closed Case takes writes like any other: `IsClosed` is "solved" to us, never "closed".
- A merged Case is deleted, and names the one that was kept as its MasterRecordId.
- An owner may be a queue (00G…): nobody handles the Case then.

https://developer.salesforce.com/docs/platform/object-reference/references/standard-objects/object-case.html
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec

from cases.ticket import CustomerId, Requester, Ticket, TicketRef, TicketStatus
from connectors.contract import UnexpectedReply
from connectors.salesforce.settings import SalesforceSettings
from connectors.wire_json import Unreadable, decoded, storable, whole_characters

CASE_PREFIX = "500"
USER_PREFIX = "005"
#: The vendor's types whose values are numbers.
NUMBERS = frozenset({"double", "currency", "percent", "int", "long"})
_NULL = msgspec.Raw(b"null")
_PERSONS = ("Contact", "Account")


class WirePerson(msgspec.Struct):
    """The part of a Contact or Account we understand; our id of the customer is added as c0."""

    Name: str | None = None
    Email: str | None = None


class WireCase(msgspec.Struct):
    """The part of a Case we understand; the mapped fields are added as c0, c1 …."""

    Id: str
    CreatedDate: str
    SystemModstamp: str
    CaseNumber: str | None = None
    Subject: str | None = None
    Description: str | None = None
    Status: str | None = None
    IsClosed: bool = False
    IsDeleted: bool = False
    MasterRecordId: str | None = None
    OwnerId: str | None = None
    ContactId: str | None = None
    AccountId: str | None = None
    SuppliedName: str | None = None
    SuppliedEmail: str | None = None
    Contact: msgspec.Raw = _NULL
    Account: msgspec.Raw = _NULL


class WireRows(msgspec.Struct):
    """An answer to a query. done: False when the vendor holds back rows that fit the query."""

    totalSize: int  # noqa: N815  # The vendor's name.
    done: bool
    records: list[msgspec.Raw]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """An answer to a query, its records as sent. whole: False when there are more."""

    records: tuple[bytes, ...]
    total: int
    whole: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CasesRead:
    """What was understood of some records, in their order, and (key, what is wrong) of the others."""

    tickets: tuple[Ticket, ...]
    raw: tuple[bytes, ...]
    unreadable: tuple[tuple[str, str], ...]


_ROWS = msgspec.json.Decoder(WireRows)
_STANDARD = frozenset(WireCase.__struct_fields__)
_TEXT = msgspec.json.Decoder(str)


class CaseReader:
    """Reads the Cases of one org; made once, shared by threads."""

    def __init__(self, settings: SalesforceSettings) -> None:
        self._account = settings.account
        self._columns = tuple(
            dict.fromkeys([name for _, name in settings.fields] + [n for n, _ in settings.link_fields])
        )
        self._names = tuple(sorted((ours, self._columns.index(theirs)) for ours, theirs in settings.fields))
        self._links = tuple((self._columns.index(theirs), whose) for theirs, whose in settings.link_fields)
        self._statuses = dict(settings.statuses)
        self._customer_field = settings.customer_field
        self._persons = tuple((f"{of}.Name", f"{of}.Email", f"{of}.{settings.customer_field}") for of in _PERSONS)
        # A mapped field that is read anyway (Status) has its own struct: an attribute is decoded once.
        self._case = _decoder(WireCase, [name if name not in _STANDARD else "" for name in self._columns])
        self._twice = _decoder(msgspec.Struct, [name if name in _STANDARD else "" for name in self._columns])
        self._standard = tuple(i for i, name in enumerate(self._columns) if name in _STANDARD)
        self._attributes = tuple((f"c{i}", name) for i, name in enumerate(self._columns))
        self._person_of = _decoder(WirePerson, [settings.customer_field])

    @property
    def columns(self) -> tuple[str, ...]:
        """Return the mapped columns of a Case."""
        return self._columns

    def ref(self, key: str) -> TicketRef:
        """Return the reference of this org's Case with the vendor's id."""
        return TicketRef(vendor="salesforce", account=self._account, key=key)

    def read(self, records: Iterable[bytes]) -> CasesRead:
        """Return the records of a page as tickets without comments."""
        tickets: list[Ticket] = []
        raw: list[bytes] = []
        unreadable: list[tuple[str, str]] = []
        for number, record in enumerate(records, start=1):
            try:
                tickets.append(self.ticket(record))
                raw.append(record)
            except Unreadable as error:
                unreadable.append((_key_of(record, number), str(error)))
        return CasesRead(tickets=tuple(tickets), raw=tuple(raw), unreadable=tuple(unreadable))

    def ticket(self, record: bytes) -> Ticket:
        """Return one record as a ticket without comments; raises Unreadable."""
        wire = decoded(self._case, record)
        values = [field_text(getattr(wire, attribute), name) for attribute, name in self._attributes]
        if self._standard:
            again = decoded(self._twice, record)
            for i in self._standard:
                values[i] = field_text(getattr(again, f"c{i}"), self._columns[i])
        return self._ticket(wire, values, self._requester(wire))

    def ticket_of_row(self, row: Mapping[str, str], kinds: Mapping[str, str]) -> Ticket:
        """Return a row of a job's CSV, by column, as a ticket; raises Unreadable.

        kinds: The vendor's type of each mapped column: a CSV does not tell the number 1E5 from the text "1E5".
        """
        try:
            wire = WireCase(
                Id=row["Id"],
                CreatedDate=row["CreatedDate"],
                SystemModstamp=row["SystemModstamp"],
                IsClosed=row["IsClosed"] == "true",
                IsDeleted=row["IsDeleted"] == "true",
                **{name: row[name] or None for name in _PLAIN},  # type: ignore[arg-type]  # Texts, all of them.
            )
            values = [_cell(text, kinds.get(name, "")) if (text := row[name]) else "" for name in self._columns]
            contact, account = [(row[name], row.get(email, ""), row[ours]) for name, email, ours in self._persons]
        except KeyError as error:
            raise Unreadable(f"{error.args[0]}: the column is missing") from None
        return self._ticket(wire, values, _requester(wire, contact, account))

    def _ticket(self, wire: WireCase, values: Sequence[str], requester: Requester | None) -> Ticket:
        if not is_case_id(wire.Id):
            raise Unreadable("Id: is none of a Case")
        merged = wire.MasterRecordId
        return Ticket(
            ref=self.ref(wire.Id),
            subject=storable(wire.Subject),
            description=storable(wire.Description),
            status=self._status(wire),
            status_text=storable(wire.Status),
            requester=requester,
            handler_id=wire.OwnerId if wire.OwnerId and wire.OwnerId.startswith(USER_PREFIX) else None,
            tags=(),
            fields=tuple([(ours, text) for ours, at in self._names if (text := values[at])]),
            comments=(),
            satisfaction=None,
            merged_into=self.ref(merged) if merged and is_case_id(merged) else None,
            created_at=moment(wire.CreatedDate, "CreatedDate"),
            updated_at=moment(wire.SystemModstamp, "SystemModstamp"),
            name=storable(wire.CaseNumber),
            links=tuple([_link(text, whose) for at, whose in self._links if (text := values[at])]),
        )

    def _status(self, wire: WireCase) -> TicketStatus:
        if wire.IsDeleted:
            return TicketStatus.DELETED
        if wire.IsClosed:
            return TicketStatus.SOLVED
        if not wire.Status:
            return TicketStatus.UNKNOWN
        return self._statuses.get(wire.Status, TicketStatus.OPEN)

    def _requester(self, wire: WireCase) -> Requester | None:
        return _requester(wire, self._person(wire.Contact, "Contact"), self._person(wire.Account, "Account"))

    def _person(self, raw: msgspec.Raw, where: str) -> tuple[str, str, str]:
        """Return the name, address and our id of a Contact or Account; ("", "", "") for none."""
        if raw is _NULL or bytes(raw) == b"null":
            return "", "", ""
        person = decoded(self._person_of, bytes(raw))
        ours = field_text(person.c0, f"{where}.{self._customer_field}")
        return storable(person.Name), storable(person.Email), ours


_PLAIN = (
    *("CaseNumber", "Subject", "Description", "Status", "MasterRecordId", "OwnerId", "ContactId", "AccountId"),
    *("SuppliedName", "SuppliedEmail"),
)


def read_rows(body: bytes, asked: str) -> Rows:
    """Return an answer to a query with its records undecoded; raises UnexpectedReply."""
    try:
        found = decoded(_ROWS, body)
    except Unreadable:
        raise UnexpectedReply(f"{asked}: the answer holds no records") from None
    return Rows(records=tuple(map(bytes, found.records)), total=found.totalSize, whole=found.done)


def is_case_id(text: str) -> bool:
    """Whether it is the long id of a Case: "500Ak00000A1b2CIAR"."""
    return len(text) == 18 and text.startswith(CASE_PREFIX) and text.isascii() and text.isalnum()  # noqa: PLR2004


def moment(text: str, name: str) -> datetime:
    """Return a stamp, aware, UTC, with its milliseconds; raises Unreadable."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise Unreadable(f"{name}: is no time") from None
    if found.tzinfo is None:
        raise Unreadable(f"{name}: has no time zone")
    return found if found.tzinfo is UTC else found.astimezone(UTC)


def field_text(raw: msgspec.Raw, name: str) -> str:
    """Return a field's value: a tick box "yes" or "no", a number without exponent, no value ""; raises Unreadable."""
    value = bytes(raw)
    if value == b"null":
        return ""
    first = value[:1]
    if first == b'"':
        try:
            return storable(_TEXT.decode(value))
        except (msgspec.MsgspecError, UnicodeDecodeError):
            return storable(_TEXT.decode(whole_characters(value)))
    if first in b"tf":
        return "yes" if value == b"true" else "no"
    if first in b"-0123456789":
        return _plain(value.decode())
    raise Unreadable(f"{name}: is neither text, a number, nor yes or no")


def _requester(wire: WireCase, contact: tuple[str, str, str], account: tuple[str, str, str]) -> Requester | None:
    """Return the Contact (with the Account's number where it has none), else the Account, else who wrote the form."""
    name, email, number = contact if wire.ContactId else account
    number = number or account[2]
    key = wire.ContactId or wire.AccountId
    if key is None:
        name, email = storable(wire.SuppliedName), storable(wire.SuppliedEmail)
        if not (name or email):
            return None
    return Requester(
        id=key or "",
        name=name,
        email=email or storable(wire.SuppliedEmail) or None,
        customer_id=CustomerId(number) if number else None,
        locale=None,
    )


def _link(value: str, whose: str) -> str:
    """Return how a link field names a ticket: an address as it is, else after whose it is."""
    text = value.strip()
    return text if "://" in text else f"{whose}:{text}"


def _cell(text: str, kind: str) -> str:
    if kind == "boolean":
        return {"true": "yes", "false": "no"}.get(text, "")
    return _plain(text) if kind in NUMBERS else storable(text)


def _plain(number: str) -> str:
    """Return 1.25E7 as "12500000", and a number without exponent as it was written."""
    if "E" not in number and "e" not in number:
        return storable(number)
    try:
        return format(Decimal(number), "f")
    except InvalidOperation:
        return storable(number)


def _decoder(base: type[msgspec.Struct], columns: Sequence[str]) -> "msgspec.json.Decoder[Any]":
    """Return a decoder of the base with these attributes beside, as c0, c1 …, undecoded; "" is passed over."""
    names = {f"c{i}": name for i, name in enumerate(columns) if name}
    fields = [(f"c{i}", msgspec.Raw, _NULL) for i in range(len(columns))]
    return msgspec.json.Decoder(msgspec.defstruct("Columns", fields, bases=(base,), rename=names))


def _key_of(record: bytes, number: int) -> str:
    try:
        key = msgspec.json.decode(record, type=dict[str, msgspec.Raw]).get("Id", b"null")
        found = msgspec.json.decode(bytes(key), type=str)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        found = ""
    return found if is_case_id(found) else f"record {number} of the page"
