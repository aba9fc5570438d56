"""Salesforce queries over Case, as JSON pages and as the CSV of a Bulk 2 job, with just the fields that were asked.

Understood of SOQL is what a reader of changes asks: a list of fields, bounds on SystemModstamp, LIMIT, COUNT(). Any
object but Case is empty; a field that nobody knows is null.
"""

import base64
import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from tests.bench.mirror import words
from tests.bench.mirror.stream import Change, Stream, utc

MOST_A_PAGE = 2_000
EVERY_CLAIM = 100
CUSTOMERS = 300_000
_ZONE = b".000+0000"
_WHERE = re.compile(r"SystemModstamp\s*(>=|>|<=|<)\s*([0-9T:.+Z-]+)", re.IGNORECASE)
_STATUSES = (b'"New"', b'"Working"', b'"Working"', b'"Escalated"', b'"Closed"', b'"Closed"')
_PRIORITIES = (b'"High"', b'"Medium"', b'"Medium"', b'"Low"')
_ORIGINS = (b'"Email"', b'"Phone"', b'"Web"', b'"Chat"')
_ASSETS = (b'"USDT"', b'"BTC"', b'"ETH"', b'"USDC"', b'"EUR"')
_OWNERS = ((b'"0055g00000AnaSAAZ"', b'"Ana Silva"'), (b'"0055g00000TomBAAZ"', b'"Tom Baker"'))

Value = Callable[[Change, int], bytes]


def _id(prefix: bytes, number: int, suffix: bytes) -> bytes:
    return b'"%b%010d%b"' % (prefix, number, suffix)


def _customer(change: Change) -> int:
    return words.mixed(change.number, 9) % CUSTOMERS


def _claims(change: Change) -> bool:
    return change.number % EVERY_CLAIM == 0


def _quoted(text: bytes) -> bytes:
    return b'"%b"' % text


#: Every field of Case that has a value, as JSON.
FIELDS: dict[str, Value] = {
    "Id": lambda change, _: _id(b"500", change.number, b"5gAAA"),
    "CaseNumber": lambda change, _: b'"%08d"' % change.number,
    "IsDeleted": lambda _, chance: b"true" if chance & 0x3FF == 0 else b"false",
    "Subject": lambda change, _: _quoted(words.subject(change.number, change.version + 20)),
    "Description": lambda change, _: _quoted(words.text(change.number, change.version + 20, paragraphs=4)),
    "Status": lambda _, chance: _STATUSES[chance % 6],
    "Priority": lambda _, chance: _PRIORITIES[(chance >> 4) % 4],
    "Origin": lambda _, chance: _ORIGINS[(chance >> 8) % 4],
    "Type": lambda _, chance: b'"Problem"' if chance & 16 else b"null",
    "Reason": lambda _, chance: b'"Performance"' if chance & 32 else b"null",
    "IsClosed": lambda _, chance: b"true" if chance % 6 > 3 else b"false",
    "IsEscalated": lambda _, chance: b"true" if chance % 6 == 3 else b"false",
    "ClosedDate": lambda change, chance: _quoted(utc(change.stamp, ending=_ZONE)) if chance % 6 > 3 else b"null",
    "OwnerId": lambda _, chance: _OWNERS[(chance >> 12) & 1][0],
    "Owner.Name": lambda _, chance: _OWNERS[(chance >> 12) & 1][1],
    "ContactId": lambda change, _: _id(b"003", _customer(change), b"5gAAB"),
    "AccountId": lambda change, _: _id(b"001", _customer(change), b"5gAAC"),
    "Contact.Customer_Number__c": lambda change, _: b'"C-%d"' % (100_000 + _customer(change)),
    "Contact.Name": lambda change, _: _quoted(words.subject(_customer(change), 8)[:14].strip()),
    "Contact.Email": lambda change, _: b'"customer%d@example.com"' % _customer(change),
    "ContactEmail": lambda change, _: b'"customer%d@example.com"' % _customer(change),
    "SuppliedEmail": lambda change, _: b'"customer%d@example.com"' % _customer(change),
    "SuppliedName": lambda change, _: _quoted(words.subject(_customer(change), 8)[:14].strip()),
    "RecordTypeId": lambda _, chance: _id(b"012", chance % 4, b"5gAAD"),
    "BusinessHoursId": lambda *_: b'"01m5g000000PnwtAAC"',
    "CreatedById": lambda *_: b'"0055g00000MkwhAAD"',
    "LastModifiedById": lambda *_: b'"0055g00000MkwhAAD"',
    "CreatedDate": lambda change, _: _quoted(utc(change.stamp - 86_400, ending=_ZONE)),
    "LastModifiedDate": lambda change, _: _quoted(utc(change.stamp, ending=_ZONE)),
    "SystemModstamp": lambda change, _: _quoted(utc(change.stamp, ending=_ZONE)),
    "Compensation_Topic__c": lambda change, _: b'"delayed_withdrawal"' if _claims(change) else b"null",
    "Order_Id__c": lambda _, chance: b'"O-%d"' % (chance % 10_000_000) if chance & 64 else b"null",
    "Position_Id__c": lambda _, chance: b'"P-%d"' % (chance % 1_000_003) if chance & 128 else b"null",
    "Transaction_Id__c": lambda change, _: b'"W-S%d"' % change.number,
    "Claimed_Amount__c": lambda change, chance: b"%d.%02d" % (chance % 900, 5) if _claims(change) else b"null",
    "Claimed_Asset__c": lambda _, chance: _ASSETS[(chance >> 20) % 5],
}
#: Fields that a describe names too, and that are empty here.
EMPTY = [
    "ParentId",
    "ContactPhone",
    "ContactMobile",
    "ContactFax",
    "SuppliedPhone",
    "SuppliedCompany",
    "SourceId",
    "Incident_Id__c",
    "Zendesk_Ticket_Id__c",
    "Jira_Key__c",
    "MW_State__c",
    "MW_Amount__c",
    "MW_Currency__c",
    "MW_Reason__c",
    "MW_Case_Url__c",
    "MW_Mark__c",
    "Comments",
    "LastViewedDate",
    "LastReferencedDate",
]  # Read as words.
ALL_FIELDS = tuple(name for name in (*FIELDS, *EMPTY) if "." not in name)


class BadQuery(Exception):
    """Raised for a query or locator that is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """A query as understood. first, last: Places in the stream; counts: for COUNT(); of_cases: any other is empty."""

    fields: tuple[str, ...]
    first: int
    last: int
    counts: bool


def understand(stream: Stream, soql: str) -> Query:
    """Return which records a query asks for; raises BadQuery."""
    said = re.fullmatch(r"\s*SELECT\s+(.+?)\s+FROM\s+(\w+)\b(.*)", soql, re.IGNORECASE | re.DOTALL)
    if said is None:
        raise BadQuery(soql[:80])
    selected, name, rest = said.groups()
    first, last = 0, len(stream) if name == "Case" else 0
    for sign, moment in _WHERE.findall(rest):
        bound = datetime.fromisoformat(moment.replace("+0000", "+00:00")).timestamp()
        after, place = stream.first_after(bound), stream.first_from(bound)
        first = max(first, after if sign == ">" else place) if sign[0] == ">" else first
        last = min(last, after if sign == "<=" else place) if sign[0] == "<" else last
    limit = re.search(r"\bLIMIT\s+([0-9]+)", rest, re.IGNORECASE)
    if limit:
        last = min(last, first + int(limit[1]))
    names = ALL_FIELDS if "FIELDS(" in selected.upper() else tuple(each.strip() for each in selected.split(","))
    return Query(
        fields=names, first=first, last=max(first, last), counts=bool(re.match(r"COUNT\(", selected, re.IGNORECASE))
    )


def page(stream: Stream, query: Query, *, path: str, locator: str | None = None) -> list[bytes]:
    """Return a page of `query` or `queryAll` in pieces. locator: What the page before named; None for the first."""
    if query.counts:
        return [b'{"totalSize":%d,"done":true,"records":[]}' % (query.last - query.first)]
    first = query.first if locator is None else int(locator)
    last = min(first + MOST_A_PAGE, query.last)
    head: dict[str, object] = {"totalSize": query.last - query.first, "done": last >= query.last}
    if last < query.last:
        head["nextRecordsUrl"] = f"{path}/{packed(query, last)}"
    write = _as_json(query.fields)
    records = b",".join([write(each) for each in stream.between(first, last)])
    return [json.dumps(head).encode()[:-1], b',"records":[', records, b"]}"]


def packed(query: Query, place: int) -> str:
    """Return all of a query and a place in it as a locator: nothing is kept here."""
    parts = [",".join(query.fields), query.first, query.last, place]
    return base64.urlsafe_b64encode(json.dumps(parts).encode()).decode()


def unpacked(locator: str) -> tuple[Query, str]:
    """Return the query and the place that `packed` wrote; raises BadQuery."""
    try:
        fields, first, last, place = json.loads(base64.urlsafe_b64decode(locator))
    except ValueError:
        raise BadQuery(locator[:80]) from None
    return Query(fields=tuple(fields.split(",")), first=first, last=last, counts=False), str(place)


def csv(stream: Stream, query: Query, *, first: int, last: int) -> Iterator[bytes]:
    """Return the CSV of some of a job's results, in pieces of 500 records, the names first."""
    yield b",".join(b'"%b"' % name.encode() for name in query.fields) + b"\n"
    write = _as_csv(query.fields)
    for begin in range(first, last, 500):
        yield b"".join([write(each) for each in stream.between(begin, min(begin + 500, last))])


@lru_cache(maxsize=64)
def _as_json(fields: tuple[str, ...]) -> Callable[[Change], bytes]:
    """Return what writes one record with these fields, related ones inside their object as Salesforce does."""
    plain = [name for name in fields if "." not in name]
    related: dict[str, list[str]] = {}
    for name in fields:
        if "." in name:
            related.setdefault(name.split(".", 1)[0], []).append(name)
    frame = b'{"attributes":{"type":"Case","url":"/services/data/v62.0/sobjects/Case/%b"}'
    frame += b"".join(b',"%b":%%b' % name.encode() for name in plain)
    for parent, names in related.items():
        inside = b"".join(b',"%b":%%b' % name.split(".", 1)[1].encode() for name in names)
        kind = b"Name" if parent == "Owner" else parent.encode()
        url = b"/services/data/v62.0/sobjects/%b" % kind
        frame += b',"%b":{"attributes":{"type":"%b","url":"%b"}%b}' % (parent.encode(), kind, url, inside)
    frame += b"}"
    values = _values((*plain, *(name for names in related.values() for name in names)))
    key = FIELDS["Id"]

    def write(change: Change) -> bytes:
        chance = words.mixed(change.number, 21)
        return frame % (key(change, chance)[1:-1], *[value(change, chance) for value in values])

    return write


@lru_cache(maxsize=64)
def _as_csv(fields: tuple[str, ...]) -> Callable[[Change], bytes]:
    values = _values(fields)

    def write(change: Change) -> bytes:
        chance = words.mixed(change.number, 21)
        row = b",".join([_cell(value(change, chance)) for value in values])
        return row.replace(b"\\n", b"\n").replace(b'\\"', b'""') + b"\n"

    return write


def _cell(value: bytes) -> bytes:
    if value.startswith(b'"'):
        return value
    return b'""' if value == b"null" else b'"%b"' % value


def _values(fields: Sequence[str]) -> list[Value]:
    return [FIELDS.get(name, lambda *_: b"null") for name in fields]
