"""The Salesforce app: every route, and the clock and ids it runs on."""

import contextlib
import uuid
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.faults import FaultMiddleware, Faults
from sandbox.salesforce import bulk, many, query, resources, sobjects
from sandbox.salesforce.access import Access
from sandbox.salesforce.composite import Subrequests
from sandbox.salesforce.control import control_routes
from sandbox.salesforce.door import (
    EXPIRED_TOKEN,
    JSON_TYPE,
    LATE_COMMIT,
    Desk,
    Table,
    api_routes,
    encode,
    json_answer,
    refusal,
)
from sandbox.salesforce.limits import Limits
from sandbox.salesforce.loading import load
from sandbox.salesforce.oauth import oauth_routes
from sandbox.salesforce.org import Org, stamp
from sandbox.salesforce.outbound import DEFAULT_FIELDS, OUTBOUND_FAULTS, Outbound
from sandbox.salesforce.refusals import not_found
from sandbox.salesforce.settings import PACES
from sandbox.salesforce.writing import ITEM_FAILED, ROW_LOCKED

VENDOR_FAULTS = (
    *(EXPIRED_TOKEN, ROW_LOCKED, ITEM_FAILED, LATE_COMMIT, query.SHORT_PAGE, query.EMPTY_PAGE),
    *OUTBOUND_FAULTS,
)

REFUSAL_BODIES = {
    "rate_limited": (
        JSON_TYPE,
        encode([{"message": "TotalRequests Limit exceeded.", "errorCode": "REQUEST_LIMIT_EXCEEDED"}]),
    ),
    "unavailable": (
        JSON_TYPE,
        encode([{"message": "Server too busy", "errorCode": "SERVER_UNAVAILABLE"}]),
    ),
}
REFUSAL_STATUSES = {"rate_limited": 403}

ROWS: Table = (
    ("", {"GET": resources.resources}),
    ("/limits", {"GET": resources.limits}),
    ("/query", {"GET": query.query}),
    ("/query/{locator}", {"GET": query.query_more}),
    ("/queryAll", {"GET": query.query_all}),
    ("/queryAll/{locator}", {"GET": query.query_more}),
    ("/composite/sobjects", {"POST": many.create_rows, "PATCH": many.update_rows, "DELETE": many.delete_rows}),
    (
        "/composite/sobjects/{entity}",
        {
            "GET": many.retrieve_rows,
            "POST": many.retrieve_rows,
            "PATCH": many.update_rows,
            "DELETE": many.delete_rows,
        },
    ),
    ("/composite/sobjects/{entity}/{field}", {"PATCH": many.upsert_rows}),
    ("/sobjects", {"GET": sobjects.describe_all}),
    ("/sobjects/{entity}", {"GET": sobjects.describe_short, "POST": sobjects.create_row}),
    ("/sobjects/{entity}/describe", {"GET": sobjects.describe_whole}),
    ("/sobjects/{entity}/updated", {"GET": sobjects.changed_rows}),
    ("/sobjects/{entity}/deleted", {"GET": sobjects.deleted_rows}),
    (
        "/sobjects/{entity}/{id}",
        {"GET": sobjects.show_row, "PATCH": sobjects.update_row, "DELETE": sobjects.delete_row},
    ),
    (
        "/sobjects/{entity}/{field}/{value:path}",
        {
            "GET": sobjects.show_by_external_id,
            "PATCH": sobjects.upsert_row,
            "DELETE": sobjects.delete_by_external_id,
        },
    ),
)


JOBS: Table = (
    ("/jobs/query", {"GET": bulk.listing, "POST": bulk.create_query}),
    ("/jobs/query/{id}", {"GET": bulk.show, "PATCH": bulk.change, "DELETE": bulk.remove}),
    ("/jobs/query/{id}/results", {"GET": bulk.query_results}),
    ("/jobs/ingest", {"GET": bulk.listing, "POST": bulk.create_ingest}),
    ("/jobs/ingest/{id}", {"GET": bulk.show, "PATCH": bulk.change, "DELETE": bulk.remove}),
    ("/jobs/ingest/{id}/batches", {"PUT": bulk.upload}),
    ("/jobs/ingest/{id}/{results}", {"GET": bulk.ingest_results}),
)
_SUBREQUESTS = Subrequests(ROWS)
COMPOSITE: Table = (
    ("/composite", {"POST": _SUBREQUESTS.composite}),
    ("/composite/batch", {"POST": _SUBREQUESTS.batch}),
)
"""Jobs and composite requests themselves cannot stand inside a composite request."""


def system_clock() -> datetime:
    """Return the time of the machine, aware UTC."""
    return datetime.now(UTC)


def random_id() -> str:
    """Return a random UUID."""
    return str(uuid.uuid4())


def create_app(
    *,
    clock: Callable[[], datetime] = system_clock,
    new_id: Callable[[], str] = random_id,
    pace: str = "vendor",
    seed: Mapping[str, Any] | None = None,
    outbound_url: str | None = None,
) -> Starlette:
    """Return the sandbox Salesforce as an app, to serve at the root or mounted.

    clock, new_id: Where time and the values of tokens come from, for tests.
    pace: "vendor" for its limits and waits, "fast" for none.
    seed: {"Account": [...], "Contact": [...], "Case": [...]} to load, see `loading.load`.
    outbound_url: Where Outbound Messages of cases and case comments go from the start; None = nowhere yet.
    """
    desk = _desk(clock=clock, new_id=new_id, pace=pace)
    if seed is not None:
        load(desk.org, seed, at=stamp(clock()))
    for name in DEFAULT_FIELDS if outbound_url else ():
        desk.outbound.subscribe(outbound_url, name)

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        await desk.outbound.close()

    return Starlette(
        lifespan=lifespan,
        routes=[
            *control_routes(desk),
            *oauth_routes(desk),
            *_version_routes(),
            *api_routes(desk, COMPOSITE + JOBS + ROWS),
        ],
        middleware=[
            Middleware(
                FaultMiddleware,
                faults=desk.faults,
                refusal_bodies=REFUSAL_BODIES,
                refusal_statuses=REFUSAL_STATUSES,
            )
        ],
        exception_handlers={HTTPException: _unknown},
    )


def _desk(*, clock: Callable[[], datetime], new_id: Callable[[], str], pace: str) -> Desk:
    org = Org(now=clock())
    faults = Faults(vendor_faults=VENDOR_FAULTS)
    outbound = Outbound(org=org, settings=lambda: desk.settings, faults=faults, clock=clock)
    desk = Desk(
        org=org,
        access=Access(org=org, new_id=new_id),
        limits=Limits(),
        outbound=outbound,
        faults=faults,
        settings=PACES[pace],
        clock=clock,
        new_id=new_id,
    )
    org.listeners.append(outbound.hear)
    desk.before_each = lambda now: bulk.run_due_jobs(desk, now=now)
    return desk


def _version_routes() -> list[Route]:
    async def listing(_: Request) -> Response:
        return json_answer(resources.versions())

    return [Route(path, listing, methods=["GET"]) for path in ("/services/data", "/services/data/")]


async def _unknown(_: Request, __: Exception) -> Response:
    return refusal(not_found())
