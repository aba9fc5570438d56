"""The account-data service's HTTP API and the control plane of its sandbox.

GET /v1/losses/{kind}/{reference}?customer_id=C-100023   200, 400, 401, 403, 404, 429, 503

Every value in an answer is text: numbers as decimal text, yes/no, ISO times with offset. A fact that is not known is
absent, never empty. The service belongs to the exchange itself; no vendor's description stands behind it.

Control plane (never part of the API), all JSON:
POST /_sandbox/facts    one record of the answer's shape, or a list of them; replaces what was known
GET  /_sandbox/state    records, requests
*    /_sandbox/faults   see sandbox.faults; beside the wire's: expired_token
"""

import hmac
import json
from collections.abc import Callable, Iterable
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.accounts.records import KINDS, BadRecord, NotKnown, OtherCustomer, Record, Records, read_record
from sandbox.faults import FaultMiddleware, Faults, fault_routes, path_inside
from sandbox.requests_seen import RequestsSeen, RequestsSeenMiddleware

TOKEN = "sandbox-accounts-token"
MOST_RECORDS_PER_REQUEST = 50_000


def utc_now() -> datetime:
    """Return the machine's time: the clock of a service that was given none."""
    return datetime.now(UTC)


def create_app(
    *,
    token: str = TOKEN,
    records: Iterable[Record] = (),
    clock: Callable[[], datetime] = utc_now,
) -> Starlette:
    """Return the service as an app that works at the root or mounted.

    token: The one bearer token it accepts.
    records: What it knows at the start, see `sandbox.seed`.
    clock: Only stamps the list of requests.
    """
    faults = Faults(vendor_faults=("expired_token",))
    seen = RequestsSeen()
    desk = _Desk(records=Records(records), faults=faults, seen=seen, token=token)
    return Starlette(
        routes=[
            Route("/v1/losses/{kind}/{reference}", desk.show, methods=["GET"]),
            *fault_routes(faults),
            Route("/_sandbox/facts", desk.keep, methods=["POST"]),
            Route("/_sandbox/state", desk.state, methods=["GET"]),
        ],
        middleware=[
            Middleware(RequestsSeenMiddleware, seen=seen, clock=clock),
            Middleware(FaultMiddleware, faults=faults),
        ],
        exception_handlers={HTTPException: _refusal},
    )


class _Desk:
    """The endpoints, over one set of records."""

    def __init__(self, *, records: Records, faults: Faults, seen: RequestsSeen, token: str) -> None:
        self._records = records
        self._faults = faults
        self._seen = seen
        self._token = token.encode()

    async def show(self, request: Request) -> Response:
        """Answer what is known about one loss of one customer."""
        self._admit(request)
        kind, reference = request.path_params["kind"], request.path_params["reference"]
        customer_id = request.query_params.get("customer_id", "")
        if kind not in KINDS:
            raise _no(400, "invalid", f"kind: one of {', '.join(KINDS)}")
        if not customer_id:
            raise _no(400, "invalid", "customer_id: must be given")
        try:
            record = self._records.find(kind, reference, customer_id=customer_id)
        except OtherCustomer as error:
            raise _no(403, "customer_mismatch", f"this {kind} belongs to another customer") from error
        except NotKnown as error:
            raise _no(404, "not_found", f"no {kind} is known under this reference") from error
        return JSONResponse(asdict(record))

    async def keep(self, request: Request) -> Response:
        """Add records; either all of them or, when one is wrong, none."""
        try:
            body = await request.json()
            listed = body if isinstance(body, list) else [body]
            if len(listed) > MOST_RECORDS_PER_REQUEST:
                raise BadRecord(f"body: at most {MOST_RECORDS_PER_REQUEST} records")
            self._records.keep(tuple(read_record(each) for each in listed))
        except ValueError as error:
            raise _no(400, "invalid", str(error)) from error
        return JSONResponse({"kept": len(listed)}, status_code=201)

    async def state(self, _: Request) -> Response:
        """Answer all that is known, for comparing books."""
        records = [asdict(each) for each in self._records.all()]
        return JSONResponse(
            {
                "records": records,
                "requests": self._seen.listing(),
                "requests_forgotten": self._seen.forgotten,
            }
        )

    def _admit(self, request: Request) -> None:
        given = request.headers.get("authorization", "").encode()
        expired = self._faults.strike("expired_token", method=request.method, path=path_inside(request.scope))
        if expired or not hmac.compare_digest(given, b"Bearer " + self._token):
            raise _no(401, "unauthorized", "a valid bearer token is needed")


def _no(status: int, error: str, message: str) -> HTTPException:
    return HTTPException(status, detail=json.dumps({"error": error, "message": message}))


async def _refusal(_: Request, exception: Exception) -> Response:
    """Answer a refusal; those of the router itself (no such path) get the same shape."""
    assert isinstance(exception, HTTPException)  # noqa: S101 - it is registered for this class alone
    if exception.detail.startswith("{"):
        return Response(exception.detail, exception.status_code, media_type="application/json")
    names = {404: "not_found", 405: "method_not_allowed"}
    body: dict[str, Any] = {
        "error": names.get(exception.status_code, "refused"),
        "message": exception.detail,
    }
    return JSONResponse(body, exception.status_code)
