"""The floor: bare HTTP, only the wanted fields decoded, the raw record kept compressed, one commit a page.

No client library, no retries, no change detection, no cases: what nobody can do without, done as cheaply as we know.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlencode, urlsplit

import urllib3

from tests.bench.mirror.floor_reading import (
    JIRA_FIELDS,
    SALESFORCE_FIELDS,
    Row,
    read_jira,
    read_salesforce,
    read_zendesk,
)
from tests.bench.mirror.floor_store import Store, open_store
from tests.bench.mirror.task import Task

START = "2025-01-01T00:00:00Z"


@dataclass(slots=True, kw_only=True)
class Floor:
    """A mirror of one system. place: The cursor, or the newest stamp; "" before anything was read."""

    store: Store
    pages: Callable[[str], Iterator[tuple[list[Row], str]]]
    place: str = ""
    kept: int = 0

    def backfill(self) -> int:
        """Read and keep everything."""
        self.poll()
        return self.store.count()

    def poll(self) -> int:
        """Read and keep what changed since the place."""
        brought = 0
        for rows, place in self.pages(self.place):
            if rows:
                self.store.keep(rows, place)
            brought += len(rows)
            self.place = place
        return brought


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """The bare calls. http: One connection that is kept; floor_stamp: Where a first query begins."""

    http: urllib3.HTTPConnectionPool
    floor_stamp: str = field(default=START)

    def get(self, path: str) -> bytes:
        """Return the body of an answer."""
        return self.http.request("GET", path, preload_content=True).data

    def zendesk(self, place: str) -> Iterator[tuple[list[Row], str]]:
        """Return each page's rows, and the cursor behind it."""
        end = False
        while not end:
            begin = f"cursor={place}" if place else "start_time=1735689600"
            query = f"{begin}&per_page=1000&include=users"
            rows, place, end = read_zendesk(self.get(f"/zendesk/api/v2/incremental/tickets/cursor.json?{query}"))
            yield rows, place

    def salesforce(self, place: str) -> Iterator[tuple[list[Row], str]]:
        """Return each page's rows, and the newest stamp so far."""
        since = f"> {place}" if place else f">= {self.floor_stamp}"
        soql = f"SELECT {SALESFORCE_FIELDS} FROM Case WHERE SystemModstamp {since} ORDER BY SystemModstamp, Id"  # noqa: S608
        following: str | None = "/salesforce/services/data/v62.0/queryAll?" + urlencode({"q": soql})
        while following:
            rows, following, newest = read_salesforce(self.get(following))
            place = newest or place
            yield rows, place

    def jira(self, place: str) -> Iterator[tuple[list[Row], str]]:
        """Return each page's rows, and the newest stamp so far, in milliseconds."""
        jql = f"updated > {place} ORDER BY updated ASC" if place else 'updated >= "2025-01-01 00:00" ORDER BY updated'
        query = {"jql": jql, "fields": JIRA_FIELDS, "maxResults": "100"}
        token: str | None = ""
        while token is not None:
            asked = urlencode(query | ({"nextPageToken": token} if token else {}))
            rows, token, newest = read_jira(self.get(f"/jira/rest/api/3/search/jql?{asked}"))
            place = newest or place
            yield rows, place


@contextmanager
def open_mirror(task: Task) -> Iterator[Floor]:
    """Open the floor for one system and store."""
    parts = urlsplit(task.url)
    account = Account(http=urllib3.HTTPConnectionPool(str(parts.hostname), parts.port, maxsize=1))
    pages = {"zendesk": account.zendesk, "salesforce": account.salesforce, "jira": account.jira}[task.system]
    with open_store(task) as store:
        yield Floor(store=store, pages=pages)
