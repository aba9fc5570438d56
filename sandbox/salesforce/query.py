"""/query and /queryAll: pages of at most 2,000 rows, the rest under a locator.

Vendor: developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_query.htm
"""

import re
from dataclasses import dataclass
from datetime import datetime

from starlette.responses import Response

from sandbox.salesforce.door import Call, Desk, json_answer
from sandbox.salesforce.org import Row
from sandbox.salesforce.refusals import Refused, refused
from sandbox.salesforce.soql_run import Queries, Shape, answer_body

LEAST_BATCH, MOST_BATCH = 200, 2_000
LOCATOR_PREFIX = "01g"
MOST_CURSORS = 1_000
SHORT_PAGE = "short_page"
EMPTY_PAGE = "empty_page"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    """The rest of a query. rows: All of it, as they were when it was asked. batch: Rows per page.

    token: The session that asked, which alone can go on: github.com/airbytehq/airbyte/pull/84302.
    """

    rows: list[Row]
    shape: Shape
    batch: int
    token: str
    user_id: str
    at: datetime


async def query(call: Call) -> Response:
    """GET /query/?q=SELECT…."""
    return _first_page(call, include_deleted=False)


async def query_all(call: Call) -> Response:
    """GET /queryAll/?q=SELECT…: deleted rows too."""
    return _first_page(call, include_deleted=True)


async def query_more(call: Call) -> Response:
    """GET /query/01g…-2000."""
    locator, _, place = call.param("locator").partition("-")
    cursor: Cursor | None = call.desk.cursors.get(locator)
    if cursor is None or not place.isdigit() or not _is_good(call, cursor, int(place)):
        raise refused("INVALID_QUERY_LOCATOR", "invalid query locator")
    return _page(call, cursor, int(place), locator=locator)


def _is_good(call: Call, cursor: Cursor, place: int) -> bool:
    """Tell whether the asker may still go on with a query: the same session, in time."""
    age_seconds = (call.now - cursor.at).total_seconds()
    in_time = age_seconds <= call.desk.settings.query_locator_life_seconds
    return in_time and cursor.token == call.token.value and place <= len(cursor.rows)


def _first_page(call: Call, *, include_deleted: bool) -> Response:
    queries = Queries(call.desk.org, now=call.now, include_deleted=include_deleted)
    plan = queries.plan(call.query.get("q", ""))
    call.desk.profile.check(plan.query)
    rows = queries.rows(plan)
    if plan.query.counts:
        return json_answer(answer_body([], total=len(rows), next_url=None))
    cursor = Cursor(
        rows=rows,
        shape=plan.shape,
        batch=_batch(call),
        token=call.token.value,
        user_id=call.token.user_id,
        at=call.now,
    )
    return _page(call, cursor, 0)


def _page(call: Call, cursor: Cursor, place: int, *, locator: str | None = None) -> Response:
    """Return a page from `place` on. locator: None = the query has none yet, and gets one when rows are left."""
    end = min(place + _size(call, cursor, place), len(cursor.rows))
    render = Queries(call.desk.org, now=call.now).renderer(cursor.shape, call.version)
    answers = [render(row) for row in cursor.rows[place:end]]
    next_url = None
    if end < len(cursor.rows):
        next_url = f"/services/data/v{call.version}/query/{locator or _keep(call.desk, cursor)}-{end}"
    return json_answer(answer_body(answers, total=len(cursor.rows), next_url=next_url))


def _size(call: Call, cursor: Cursor, place: int) -> int:
    """Return how many rows the page may have: the batch, which the vendor calls a suggestion, or less by a fault."""
    left = len(cursor.rows) - place
    if left and call.desk.faults.strike(EMPTY_PAGE, method=call.method, path=call.path):
        return 0
    if left > 1 and call.desk.faults.strike(SHORT_PAGE, method=call.method, path=call.path):
        return max(min(cursor.batch, left) // 2, 1)
    return cursor.batch


def _keep(desk: Desk, cursor: Cursor) -> str:
    """Keep a cursor under a new locator; a user's oldest ones go when there are more than may be open."""
    locator = desk.org.ids.new(LOCATOR_PREFIX)
    desk.cursors[locator] = cursor
    most = desk.settings.open_cursors or MOST_CURSORS
    own = [known for known, other in desk.cursors.items() if other.user_id == cursor.user_id]
    for known in own[: max(len(own) - most, 0)]:
        del desk.cursors[known]
    return locator


def _batch(call: Call) -> int:
    """Return the rows per page asked for by Sforce-Query-Options; the refusal of a wrong one is ours."""
    found = re.search(r"batchSize\s*=\s*(\d+)", call.headers.get("sforce-query-options", ""), re.IGNORECASE)
    size = int(found.group(1)) if found else MOST_BATCH
    if not LEAST_BATCH <= size <= MOST_BATCH:
        raise _bad_batch(size)
    return size


def _bad_batch(size: int) -> Refused:
    return refused("INVALID_BATCH_SIZE", f"Batch size {size} is not between {LEAST_BATCH} and {MOST_BATCH}")
