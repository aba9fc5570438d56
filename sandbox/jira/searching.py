"""GET and POST /search/jql, /search/approximate-count, and the searches that are gone."""

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from starlette.responses import Response

from sandbox.jira.door import Call, Desk, json_answer, texts
from sandbox.jira.issue_wire import chosen_fields
from sandbox.jira.jql_meaning import Asking, Test, changed_since, find_field, test_of
from sandbox.jira.jql_reading import Query, Sort, jql_error, read_jql
from sandbox.jira.ordering import NOTHING, Found, Place, count_up_to, in_order, place_of
from sandbox.jira.records import Issue
from sandbox.jira.refusals import UNBOUNDED, bad_payload, refused, search_is_gone
from sandbox.jira.shown import shown_issue, top_level_extras
from sandbox.jira.wire import milliseconds

SEARCH_LAG = "search_lag"
EMPTY_PAGE = "empty_page"
MOST_BARE = 5_000
MOST_WITH_FIELDS = 100
MOST_RECONCILED = 50
MOST_PROPERTIES = 5
MOST_ORDERS_KEPT = 8
TOKEN_LIFE = timedelta(days=7)
BODY_NAMES = frozenset(
    (
        "jql",
        "nextPageToken",
        "maxResults",
        "fields",
        "expand",
        "properties",
        "fieldsByKeys",
        "failFast",
        "reconcileIssues",
        "includeArchivedProjects",
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a search asks for. token: Where the page before ended."""

    jql: str
    token: str | None
    most: int
    fields: tuple[str, ...]
    expand: frozenset[str]
    properties: tuple[str, ...]
    reconcile: tuple[int, ...]


async def search(desk: Desk, call: Call) -> Response:
    """Search by JQL, as the index knows the issues: POST reads its body only, GET its query string only."""
    wanted = _from_body(call.sent()) if call.request.method == "POST" else _from_query(call)
    cursor = _read_token(wanted, call) if wanted.token else None
    if not 1 <= wanted.most <= MOST_BARE:
        raise refused(400, f"The maxResults parameter must be between 1 and {MOST_BARE}.")
    if len(wanted.reconcile) > MOST_RECONCILED or len(wanted.properties) > MOST_PROPERTIES:
        raise bad_payload()
    query = read_jql(wanted.jql)
    if query.where is None:
        raise jql_error(UNBOUNDED)
    if desk.faults.strike(EMPTY_PAGE, method=call.request.method, path=call.path):
        return json_answer({"issues": [], "isLast": False, "nextPageToken": wanted.token or _token(wanted, call, [])})
    names = tuple(name for name in chosen_fields(desk.site, wanted.fields) if name not in ("id", "key"))
    is_bare = not names
    size = min(wanted.most, MOST_BARE if is_bare else MOST_WITH_FIELDS)
    found = _find(desk, call, wanted, query)
    start = 0 if cursor is None else count_up_to(found, cursor)
    ids = found.ids[start : start + size]
    body: dict[str, Any] = {"issues": _page(desk, call, wanted, ids, names)}
    is_last = start + size >= len(found.ids)
    body["isLast"] = is_last
    if not is_last:
        body["nextPageToken"] = _token(wanted, call, place_of(desk.site, _version(desk, wanted, ids[-1]), found.sorts))
    return json_answer({**body, **top_level_extras(desk.site, wanted.expand, names)})


async def count(desk: Desk, call: Call) -> Response:
    """POST /search/approximate-count: how many hits the index has."""
    sent = call.sent()
    if set(sent) - {"jql"}:
        raise bad_payload()
    wanted = _from_body({"jql": sent.get("jql")})
    query = read_jql(wanted.jql)
    if query.where is None:
        raise jql_error(UNBOUNDED)
    return json_answer({"count": len(_find(desk, call, wanted, query).ids)})


def fits(desk: Desk, jql: str, issue: Issue, *, now: datetime) -> bool:
    """Tell whether an issue is a hit of a query, as the filter of a webhook asks; unknown names never fit."""
    asking = Asking(site=desk.site, person=None, now=now, zone=ZoneInfo("UTC"), indexed=frozenset(desk.indexed))
    where = read_jql(jql).where
    if where is None:
        return True
    test = test_of(where, asking)
    return not asking.complaints and test(issue)


async def gone(_: Desk, __: Call) -> Response:
    """GET and POST /search, removed in 2025."""
    raise search_is_gone()


def _from_query(call: Call) -> Wanted:
    reconcile = call.listed("reconcileIssues")
    if not all(one.isdigit() for one in reconcile):
        raise bad_payload()
    return Wanted(
        jql=call.query.get("jql", ""),
        token=call.query.get("nextPageToken") or None,
        most=call.whole("maxResults", 50),
        fields=tuple(call.listed("fields")) or ("id",),
        expand=frozenset(call.listed("expand")),
        properties=tuple(call.listed("properties")),
        reconcile=tuple(int(one) for one in reconcile),
    )


def _from_body(sent: Mapping[str, Any]) -> Wanted:
    most = sent.get("maxResults", 50)
    reconcile = sent.get("reconcileIssues") or []
    told = (sent.get("jql") or "", sent.get("nextPageToken") or "", sent.get("expand") or "")
    wrong = set(sent) - BODY_NAMES or not all(isinstance(text, str) for text in told)
    wrong = wrong or isinstance(most, bool) or not isinstance(most, int | None)
    wrong = wrong or not isinstance(reconcile, list) or not all(isinstance(one, int) for one in reconcile)
    if wrong:
        raise bad_payload()
    return Wanted(
        jql=told[0],
        token=told[1] or None,
        most=50 if most is None else most,
        fields=tuple(_names(sent.get("fields"))) or ("id",),
        expand=frozenset(part.strip() for part in told[2].split(",") if part.strip()),
        properties=tuple(_names(sent.get("properties"))),
        reconcile=tuple(reconcile),
    )


def _names(value: object) -> list[str]:
    return [one for one in texts(value.split(",") if isinstance(value, str) else value) if one]


def _find(desk: Desk, call: Call, wanted: Wanted, query: Query) -> Found:
    """Return the hits in order, none for nobody; issues to reconcile count as they are, not as the index has them."""
    asking = Asking(
        site=desk.site,
        person=call.caller.person,
        now=call.now,
        zone=call.view.zone,
        indexed=frozenset(desk.indexed),
    )
    test, sorts = _understood(desk, query, asking)
    if call.caller.person is None or test is None:
        return NOTHING
    lag = desk.settings.search_lag_seconds
    fault = desk.faults.strike(SEARCH_LAG, method=call.request.method, path=call.path)
    index = desk.site.searchable(now=call.now, lag_seconds=max(lag, fault.seconds) if fault else lag)
    # An order holds for one state of the index; the minute is that of relative dates.
    state = (index.version, call.now.replace(second=0, microsecond=0))
    if desk.orders_state != state:
        desk.orders.clear()
        desk.orders_state = state
    remembered = (wanted.jql, call.caller.person.account_id)
    found = desk.orders.get(remembered)
    if found is None:
        hits = [issue for issue in index.changed_since(changed_since(query.where, asking)) if test(issue)]
        found = in_order(desk.site, hits, sorts)
        if len(desk.orders) >= MOST_ORDERS_KEPT:
            del desk.orders[next(iter(desk.orders))]
        desk.orders[remembered] = found
    if not wanted.reconcile:
        return found
    fresh = [issue for one in wanted.reconcile if (issue := desk.site.issues.get(one)) is not None and test(issue)]
    kept = [index.issues[one] for one in found.ids if one not in wanted.reconcile]
    return in_order(desk.site, [*kept, *fresh], sorts)


def _understood(desk: Desk, query: Query, asking: Asking) -> tuple[Test | None, tuple[Sort, ...]]:
    """Return the question and the order; no question when something in it does not exist and that is no error."""
    assert query.where is not None  # noqa: S101  # Unbounded queries were refused.
    test = test_of(query.where, asking)
    known = tuple(sort for sort in query.sorts if find_field(desk.site, sort.field) is not None)
    unknown = [sort.field for sort in query.sorts if sort not in known]
    strict = desk.settings.refuse_unknown_jql and asking.person is not None
    if strict:
        asking.complaints += [
            f"Field '{name}' does not exist or you do not have permission to view it." for name in unknown
        ]
        if asking.complaints:
            raise jql_error(*asking.complaints)
    return (None if asking.complaints else test), known


def _version(desk: Desk, wanted: Wanted, issue_id: int) -> Issue:
    if issue_id in wanted.reconcile:
        return desk.site.issues[issue_id]
    return desk.site.index.issues[issue_id]


def _page(desk: Desk, call: Call, wanted: Wanted, ids: list[int], names: tuple[str, ...]) -> list[dict[str, Any]]:
    versions = [_version(desk, wanted, issue_id) for issue_id in ids if issue_id in desk.site.issues]
    only_id = not names and set(wanted.fields) == {"id"} and not wanted.expand and not wanted.properties
    if only_id:
        return [{"id": str(issue.id)} for issue in versions]
    return [
        shown_issue(desk.site, issue, call.view.of_many, names, expand=wanted.expand, properties=wanted.properties)
        for issue in versions
    ]


def _token(wanted: Wanted, call: Call, place: Place) -> str:
    held = {"after": place, "of": _fingerprint(wanted.jql), "at": milliseconds(call.now)}
    return base64.urlsafe_b64encode(json.dumps(held, separators=(",", ":")).encode()).decode().rstrip("=")


def _read_token(wanted: Wanted, call: Call) -> Place | None:
    """Return where the page before ended; raises `Refused` (400) for a token that is not one of this query."""
    token = wanted.token or ""
    try:
        held = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
        after, of, at = held["after"], held["of"], held["at"]
    except (ValueError, KeyError, TypeError):
        raise _bad_token() from None
    old = milliseconds(call.now) - at > TOKEN_LIFE.total_seconds() * 1000
    if of != _fingerprint(wanted.jql) or old:
        raise _bad_token()
    return list(after) or None


def _bad_token() -> Exception:
    return refused(400, "The provided next page token is invalid or expired.")


def _fingerprint(jql: str) -> str:
    return hashlib.sha256(jql.encode()).hexdigest()[:12]
