"""The plain loops over the clients' own objects that their documentation shows, into a SQLite table of their own.

zenpy's incremental generator, simple-salesforce's `query_all_iter` and jira's `enhanced_search_issues`; each touches
what our tickets are made of and keeps it, a thousand rows a commit. The record is kept as JSON, as it is read. No
change detection.
"""

import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from itertools import islice
from typing import Any

from connectors.transport import Transport
from tests.bench.mirror.floor_reading import JIRA_FIELDS, SALESFORCE_FIELDS
from tests.bench.mirror.task import Absent, Task

ROWS_A_COMMIT = 1_000
START = datetime(2025, 1, 1, tzinfo=UTC)
#: Key, subject, status, tags, stamp, customer, the mapped fields and the whole record as JSON.
Row = tuple[str, str | None, str | None, str, str, str | None, str, str]
ZENDESK_FIELDS = range(900_001, 900_008)
SALESFORCE_MAPPED = [
    "Compensation_Topic__c",
    "Order_Id__c",
    "Position_Id__c",
    "Transaction_Id__c",
    "Incident_Id__c",
    "Claimed_Amount__c",
    "Claimed_Asset__c",
]  # Read as words.
JIRA_MAPPED = range(10_101, 10_108)


@dataclass(frozen=True, slots=True, kw_only=True)
class Loop:
    """What begins a loop, and where its rows go."""

    rows: Callable[[], Iterable[Row]]
    connection: sqlite3.Connection

    def backfill(self) -> int:
        """Keep every row."""
        rows = iter(self.rows())
        while batch := list(islice(rows, ROWS_A_COMMIT)):
            with self.connection:
                self.connection.executemany("INSERT OR REPLACE INTO tickets VALUES (?, ?, ?, ?, ?, ?, ?, ?)", batch)
        return int(self.connection.execute("SELECT count(*) FROM tickets").fetchone()[0])

    def poll(self) -> int:
        """Say that a loop is read once."""
        raise NotImplementedError


@contextmanager
def open_mirror(task: Task) -> Iterator[Loop]:
    """Open the loop of the system's own client library."""
    loops = {"zendesk": zendesk, "salesforce": salesforce, "jira": jira}
    try:
        rows = loops[task.system](task.url)
    except ModuleNotFoundError as missing:
        raise Absent(f"{missing.name} is not installed") from None
    connection = sqlite3.connect(f"{task.folder}/loop.sqlite")
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute(
        "CREATE TABLE tickets (id TEXT PRIMARY KEY, subject, status, tags, updated_at, customer, fields, raw)"
    )
    yield Loop(rows=rows, connection=connection)
    connection.close()


def zendesk(url: str) -> Callable[[], Iterable[Row]]:
    """Return what reads zenpy's tickets as rows."""
    from zenpy import Zenpy

    session = Transport(host="harbor.zendesk.com", target=f"{url}/zendesk").session()
    session.auth = ("bot@harbor.example/token", "sandbox-api-token")
    client = Zenpy(subdomain="harbor", session=session, anonymous=True)
    read = partial(client.tickets.incremental, paginate_by_time=False, include=["users"], per_page=1000)
    return lambda: map(_zendesk_row, read(start_time=START))


def _zendesk_row(ticket: Any) -> Row:
    fields = {each["id"]: each["value"] for each in ticket.custom_fields if each["id"] in ZENDESK_FIELDS}
    customer = ticket.requester.external_id  # Out of zenpy's cache, where `include` has put the users.
    tags, raw = " ".join(ticket.tags), json.dumps(ticket.to_dict())
    return (str(ticket.id), ticket.subject, ticket.status, tags, ticket.updated_at, customer, json.dumps(fields), raw)


def salesforce(url: str) -> Callable[[], Iterable[Row]]:
    """Return what reads simple-salesforce's records as rows."""
    from simple_salesforce.api import Salesforce

    session = Transport(host="harbor.my.salesforce.com", target=f"{url}/salesforce").session()
    client = Salesforce(instance="harbor.my.salesforce.com", session_id="bench", session=session, version="62.0")
    soql = f"SELECT {SALESFORCE_FIELDS} FROM Case WHERE SystemModstamp >= 2025-01-01T00:00:00Z ORDER BY SystemModstamp"  # noqa: S608
    return lambda: map(_salesforce_row, client.query_all_iter(soql, include_deleted=True))


def _salesforce_row(case: Any) -> Row:
    fields = {name: case[name] for name in SALESFORCE_MAPPED}
    customer = case["Contact"]["Customer_Number__c"] if case["Contact"] else None
    stamp = case["SystemModstamp"]
    return (case["Id"], case["Subject"], case["Status"], "", stamp, customer, json.dumps(fields), json.dumps(case))


def jira(url: str) -> Callable[[], Iterable[Row]]:
    """Return what reads the jira library's issues as rows."""
    from jira import JIRA

    client = JIRA(server=f"{url}/jira", basic_auth=("bot@harbor.example", "sandbox-jira-token"), max_retries=0)
    return lambda: map(_jira_row, _issues(client))


def _issues(client: Any) -> Iterator[Any]:
    token: str | None = None
    jql = 'updated >= "2025-01-01 00:00" ORDER BY updated ASC'
    while True:
        page = client.enhanced_search_issues(jql, nextPageToken=token, maxResults=100, fields=[JIRA_FIELDS])
        yield from page
        token = page.nextPageToken
        if not token:
            return


def _jira_row(issue: Any) -> Row:
    said = issue.fields
    fields = {number: str(getattr(said, f"customfield_{number}") or "") for number in JIRA_MAPPED}
    tags, customer = " ".join(said.labels), said.customfield_10108
    return (
        issue.key,
        said.summary,
        said.status.name,
        tags,
        said.updated,
        customer,
        json.dumps(fields),
        json.dumps(issue.raw),
    )
