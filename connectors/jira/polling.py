"""Which issues changed: one search, read page by page, and where the next round begins.

POST /rest/api/3/search/jql, 100 issues a page. A round asks for everything since a moment, oldest change first, and
follows `nextPageToken`; the moment stays the same through the round, because the token holds the query.

Surprises:
- A date in JQL has minutes only, and means the time zone of the account that asks. Milliseconds since 1970, without
  quotes, mean one moment everywhere (airbytehq/airbyte, pull requests 48395 and 48838).
- Search lags behind writes, for seconds as a rule. So a round begins `overlap` before the moment at which the last one
  began, by the vendor's own clock; or right behind the newest change seen, when that is older. What is read twice is
  the same. A round may take hours: what its later pages show says nothing of what search did not know yet before.
- A token ends after 7 days. A new round begins then, by the same rule.
- Deleted issues, and issues moved to a project that is not read, are simply not found any more. `read` tells, and
  so the reconciliation finds them, with the list of all ids, 5,000 a call.

https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issue-search/
https://developer.atlassian.com/cloud/jira/platform/search-and-reconcile/
"""

import re
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from msgspec.structs import replace

from connectors.contract import Cursor, Page, UnexpectedReply
from connectors.jira.calls import Calls
from connectors.jira.reading import Account, SearchPage, read_ids, read_page
from connectors.jira.refusals import BadRequest, NoSuchRecord
from connectors.jira.settings import JiraSettings

#: Jira takes so many ids to look at freshly.
MOST_RECONCILED = 50
#: Of issues of which only the id is asked for, Jira gives so many a page.
IDS_A_PAGE = 5_000
MOST_ID_PAGES = 1_000
_PROJECT = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,254}")
_ASKED = "issue search"


class Place(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """A cursor.

    Fields:
        since: Where the round began, milliseconds since 1970, UTC.
        newest: The newest change seen.
        token: Where the next page of the round begins, "" for its first page.
        asked: The vendor's clock when the round began; 0 when unknown.
        ours: Issues that we wrote to just before the round, to be looked at freshly.
    """

    since: int
    newest: int = 0
    token: str = ""
    asked: int = 0
    ours: tuple[int, ...] = ()


_PLACE = msgspec.json.Decoder(Place)


class OwnWrites:
    """The issues that this process wrote to last: search may not know yet."""

    def __init__(self, *, remembered_seconds: float, clock: Callable[[], float]) -> None:
        self._remembered_seconds = remembered_seconds
        self._clock = clock
        self._lock = threading.Lock()
        self._written_at: OrderedDict[int, float] = OrderedDict()

    def add(self, issue_id: str) -> None:
        """Remember a write made now."""
        with self._lock:
            self._written_at.pop(int(issue_id), None)
            self._written_at[int(issue_id)] = self._clock()
            if len(self._written_at) > MOST_RECONCILED:
                self._written_at.popitem(last=False)

    def recent(self) -> tuple[int, ...]:
        """Return the ids, the oldest write first, 50 at most."""
        earliest = self._clock() - self._remembered_seconds
        with self._lock:
            return tuple(issue_id for issue_id, written_at in self._written_at.items() if written_at >= earliest)


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """How the site is searched."""

    calls: Calls
    account: Account
    settings: JiraSettings
    own_writes: OwnWrites

    def page(self, cursor: Cursor | None, *, start: datetime) -> Page:
        """Return the next page of changes after `cursor`, from `start` (aware) when there is none; one call.

        Raises the three errors.
        """
        place = self._place(cursor, start)
        try:
            found, told_at = self._ask(place)
        except BadRequest as error:
            if not place.token:
                listed = ", ".join(self.settings.projects)
                raise UnexpectedReply(f"{error}; are {listed} projects here that the account may browse?") from None
            place = self._next_round(place, seen=place.newest)  # The token has ended.
            found, told_at = self._ask(place)
        if not place.asked and told_at is not None:
            place = replace(place, asked=_milliseconds(told_at))
        newest = max([place.newest, *(_milliseconds(ticket.updated_at) for ticket in found.tickets)])
        following = self._following(replace(place, newest=newest), found.next_token)
        return Page(
            tickets=found.tickets,
            raw=found.raw,
            unreadable=found.unreadable,
            cursor=Cursor(msgspec.json.encode(following).decode()),
            complete=found.next_token is None,
            more_links=True,
        )

    def every_id(self) -> Iterator[str]:
        """Yield the id of every issue there is; raises the three errors."""
        body: dict[str, Any] = {"jql": every_issue(self.settings.projects), "fields": ["id"], "maxResults": IDS_A_PAGE}
        for _ in range(MOST_ID_PAGES):
            answer, _told_at = self._search(body)
            ids, token = read_ids(answer)
            yield from ids
            if token is None:
                return
            body["nextPageToken"] = token
        raise UnexpectedReply(f"{_ASKED}: more than {MOST_ID_PAGES} pages of {IDS_A_PAGE} ids")

    def _ask(self, place: Place) -> tuple[SearchPage, datetime | None]:
        body: dict[str, Any] = {
            "jql": changed_since(self.settings.projects, place.since),
            "fields": list(self.account.wanted),
            "maxResults": self.settings.page_size,
        }
        if place.token:
            body["nextPageToken"] = place.token
        if place.ours:
            body["reconcileIssues"] = list(place.ours)
        answer, told_at = self._search(body)
        return read_page(answer, self.account), told_at

    def _search(self, body: dict[str, Any]) -> tuple[bytes, datetime | None]:
        try:
            return self.calls.search(body, asked=_ASKED)
        except NoSuchRecord as error:
            raise UnexpectedReply(f"{error}; is {self.settings.host} the right site?") from None

    def _place(self, cursor: Cursor | None, start: datetime) -> Place:
        if cursor is None:
            since = _milliseconds(start)
            return Place(since=since, newest=since, ours=self.own_writes.recent())
        try:
            place = _PLACE.decode(cursor)
        except msgspec.MsgspecError:
            raise UnexpectedReply("issue search: the cursor is none of ours") from None
        return place if place.token else replace(place, ours=self.own_writes.recent())

    def _following(self, place: Place, token: str | None) -> Place:
        return self._next_round(place, seen=place.newest + 1) if token is None else replace(place, token=token)

    def _next_round(self, place: Place, *, seen: int) -> Place:
        """Return where the next round begins: behind what search is sure to have told of when this one began.

        seen: Everything before it was read.
        """
        began = place.asked or place.newest
        settled = min(seen, began - self.settings.overlap_seconds * 1000)
        return Place(since=max(place.since, settled), newest=place.newest)


def changed_since(projects: tuple[str, ...], milliseconds: int) -> str:
    """Return the query for what changed in these projects since a moment, oldest change first.

    Raises UnexpectedReply for a project key that is none.
    """
    return f"{_within(projects)} AND updated >= {milliseconds} ORDER BY updated ASC, key ASC"


def every_issue(projects: tuple[str, ...]) -> str:
    """Return the query for every issue of these projects; raises UnexpectedReply for a project key that is none."""
    return f"{_within(projects)} ORDER BY key ASC"


def _within(projects: tuple[str, ...]) -> str:
    if not projects or not all(map(_PROJECT.fullmatch, projects)):
        raise UnexpectedReply(f"projects: {', '.join(projects) or 'none'}: must be keys as ENG")
    listed = ", ".join(f'"{key}"' for key in projects)
    return f"project in ({listed})"


def _milliseconds(moment: datetime) -> int:
    return int((moment - datetime(1970, 1, 1, tzinfo=UTC)) / timedelta(milliseconds=1))
