"""Queries in SOQL: what is selected, and where reading goes on. Pure.

A page is found by its place, never by the vendor's locator, which ends with the session or after two days: ordered by
SystemModstamp and Id, from the last record's (stamp, Id). Stamps are not unique: a mass update gives thousands of
records one second. The condition begins with `SystemModstamp >=` alone, so that the vendor can use its index.

Names come from settings, which allow letters, digits and underscores only; values are quoted by the library.

https://developer.salesforce.com/docs/platform/salesforce-soql-sosl/guide/sforce-api-calls-soql-select.html
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from simple_salesforce.format import format_soql

from connectors.salesforce.settings import SalesforceSettings

#: Posts that somebody typed; the others record what happened, and CaseCommentPost repeats a CaseComment.
POSTS = ("TextPost", "LinkPost", "ContentPost", "AdvancedTextPost", "QuestionPost")
CHILDREN_A_PAGE = 2000
_CASE = (
    *("Id", "CaseNumber", "Subject", "Description", "Status", "IsClosed", "IsDeleted", "MasterRecordId", "OwnerId"),
    *("ContactId", "AccountId", "SuppliedName", "SuppliedEmail", "CreatedDate", "SystemModstamp"),
    *("Contact.Name", "Contact.Email", "Account.Name"),
)
_AUTHOR = "CreatedById, CreatedBy.UserType, CreatedDate, SystemModstamp, IsDeleted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A record's place in the order of reading: its stamp (aware) and its Id, "" for before the first of that stamp."""

    stamp: datetime
    id: str


def case_columns(settings: SalesforceSettings) -> str:
    """Return what is selected of a Case."""
    ours = (name for _, name in settings.fields)
    links = (name for name, _ in settings.link_fields)
    customer = (f"Contact.{settings.customer_field}", f"Account.{settings.customer_field}")
    return ", ".join(dict.fromkeys([*_CASE, *customer, *ours, *links]))


def cases_after(settings: SalesforceSettings, place: Place) -> str:
    """Return the query for the next page of Cases."""
    return f"SELECT {case_columns(settings)} FROM Case WHERE {_after(place)} {_page(settings.page_size)}"  # noqa: S608


def comments_after(place: Place, *, most: int) -> str:
    """Return the query for which Cases got comments: adding one need not change the Case's own stamp."""
    return f"SELECT Id, ParentId, SystemModstamp FROM CaseComment WHERE {_after(place)} {_page(most)}"  # noqa: S608


def posts_after(place: Place, *, most: int) -> str:
    """Return the query for which records got posts; of all records, not Cases only."""
    where = f"{_after(place)} AND Type IN {_quoted(POSTS)}"
    return f"SELECT Id, ParentId, SystemModstamp FROM FeedItem WHERE {where} {_page(most)}"  # noqa: S608


def cases_with(settings: SalesforceSettings, keys: Iterable[str]) -> str:
    """Return the query for these Cases."""
    return f"SELECT {case_columns(settings)} FROM Case WHERE Id IN {_quoted(keys)}"  # noqa: S608


def all_cases(settings: SalesforceSettings, *, since: datetime) -> str:
    """Return the query of a Bulk 2 job; unordered, so that the vendor may cut it into pieces."""
    return f"SELECT {case_columns(settings)} FROM Case WHERE SystemModstamp >= {utc_text(since)}"  # noqa: S608


def count_cases(*, since: datetime) -> str:
    """Return the query that says how many Cases a job would bring."""
    return f"SELECT COUNT() FROM Case WHERE SystemModstamp >= {utc_text(since)}"  # noqa: S608


def newest_case() -> str:
    """Return the query for the Case that changed last and is not deleted."""
    return "SELECT Id FROM Case WHERE IsDeleted = false ORDER BY SystemModstamp DESC LIMIT 1"


def comments_of(key: str, *, after: str = "") -> str:
    """Return the query for a Case's comments, deleted ones too, by Id from the one after `after`."""
    columns = f"Id, CommentBody, IsPublished, {_AUTHOR}"
    return f"SELECT {columns} FROM CaseComment WHERE {_child(key, after)} ORDER BY Id LIMIT {CHILDREN_A_PAGE}"  # noqa: S608


def internal_comments_of(key: str, *, after: str = "") -> str:
    """Return the query for a Case's comments that no customer sees, as `comments_of`."""
    return _internal(_child(key, after))


def internal_comments_on(keys: Iterable[str], *, after: str = "") -> str:
    """Return the query for the comments of several Cases that no customer sees, by Id."""
    return _internal(f"ParentId IN {_quoted(keys)}" + (format_soql(" AND Id > {}", after) if after else ""))


def case_stamps(settings: SalesforceSettings, keys: Iterable[str], *, fields: Iterable[str] = ()) -> str:
    """Return the query for what a write needs to know of these Cases, and for these fields (API names)."""
    stamps = ("Id", settings.mark_field, "LastModifiedDate", "SystemModstamp", "IsDeleted", "MasterRecordId")
    columns = dict.fromkeys([*stamps, *fields])
    return f"SELECT {', '.join(columns)} FROM Case WHERE Id IN {_quoted(keys)}"  # noqa: S608


def posts_of(key: str, *, after: str = "") -> str:
    """Return the query for a Case's posts, as `comments_of`."""
    where = f"{_child(key, after)} AND Type IN {_quoted(POSTS)}"
    columns = f"Id, Title, Body, IsRichText, Visibility, {_AUTHOR}"
    return f"SELECT {columns} FROM FeedItem WHERE {where} ORDER BY Id LIMIT {CHILDREN_A_PAGE}"  # noqa: S608


def utc_text(moment: datetime) -> str:
    """Return a moment as SOQL writes it, unquoted, to the millisecond: "2026-11-02T08:00:00.123Z"."""
    utc = moment.astimezone(UTC)
    return f"{utc:%Y-%m-%dT%H:%M:%S}.{utc.microsecond // 1000:03}Z"


def _after(place: Place) -> str:
    stamp = utc_text(place.stamp)
    if not place.id:
        return f"SystemModstamp >= {stamp}"
    later = format_soql("(SystemModstamp > {stamp:literal} OR Id > {id})", stamp=stamp, id=place.id)
    return f"SystemModstamp >= {stamp} AND {later}"


def _page(most: int) -> str:
    return f"ORDER BY SystemModstamp, Id LIMIT {most}"


def _internal(where: str) -> str:
    columns = f"Id, ParentId, CommentBody, IsPublished, {_AUTHOR}"
    where = f"IsPublished = false AND {where} ORDER BY Id LIMIT {CHILDREN_A_PAGE}"
    return f"SELECT {columns} FROM CaseComment WHERE {where}"  # noqa: S608


def _child(key: str, after: str) -> str:
    where = format_soql("ParentId = {}", key)
    return where + (format_soql(" AND Id > {}", after) if after else "")


def _quoted(values: Iterable[str]) -> str:
    return format_soql("{}", tuple(values))
