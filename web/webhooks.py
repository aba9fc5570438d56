"""The vendors' webhooks: checked, kept with the jobs that read their tickets again, then answered.

Zendesk gives us ten seconds and sends again after 409, and after 429 or 503 with Retry-After, Jira after 408, 409, 425,
429 and 5xx, Salesforce until it sees its acknowledgement: a delivery that could not be kept is answered 503. The
delivery id drops repeats.
"""

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from connectors.contract import Delivery, ForgedDelivery, MalformedDelivery, StaleDelivery
from store import deliveries, readings
from store.database import Transaction
from web.bodies import BodyCutShort, BodyTooLarge, BodyTooSlow, read_body
from web.group_commit import GroupCommit, NotWritten
from web.metrics import Metrics

RETRY_AFTER_SECONDS = 10
#: The id is a key in the database, whose length is bounded; the vendors' own are UUIDs and digests.
_PLAIN_ID = re.compile(r"[!-~]{1,100}")

Clock = Callable[[], datetime]
Endpoint = Callable[[Request], Awaitable[Response]]


_REFUSALS: Mapping[type[Exception], tuple[str, int]] = {
    BodyTooLarge: ("too_large", 413),
    BodyTooSlow: ("too_slow", 408),
    BodyCutShort: ("malformed", 400),
    MalformedDelivery: ("malformed", 400),
    ForgedDelivery: ("forged", 401),
    StaleDelivery: ("stale", 401),
    NotWritten: ("not_kept", 503),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """Whose webhooks are taken, at `/webhooks/{vendor}/{account}` and behind a secret in the path.

    Fields:
        source: "zendesk:harbor".
        read: Checks a delivery and says which tickets it is about, from (body, headers, secret in the path, now);
            see `connectors.contract.Helpdesk.delivery`.
        acknowledgement: (body, media type) that the vendor must see; None for a word of ours.
    """

    source: str
    read: Callable[[bytes, Mapping[str, str], str, datetime], Delivery]
    acknowledgement: tuple[bytes, str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Intake:
    """What a webhook's endpoint works with: who writes, who counts, what time it is, how long a body may take."""

    writer: GroupCommit
    metrics: Metrics
    clock: Clock
    body_seconds: float


def webhooks(doors: tuple[Door, ...], intake: Intake) -> Endpoint:
    """Return the endpoint for `POST /webhooks/{vendor}/{account}`, and the same with a secret behind it.

    200 kept, known already, or about no ticket · 400 malformed · 401 forged or stale · 404 no such account of ours ·
    408 slow · 413 too long · 503 not kept.
    """
    by_source = {door.source: door for door in doors}

    async def endpoint(request: Request) -> Response:
        door = by_source.get(f"{request.path_params['vendor']}:{request.path_params['account']}")
        if door is None:
            return JSONResponse({"error": "not_found"}, status_code=404)
        outcome, status = await _take(request, door, intake)
        intake.metrics.webhooks.labels(outcome).inc()
        if door.acknowledgement is not None and status == 200:  # noqa: PLR2004  # HTTP's own.
            body, media_type = door.acknowledgement
            return Response(body, media_type=media_type)
        headers = {"Retry-After": str(RETRY_AFTER_SECONDS)} if status == 503 else None  # noqa: PLR2004
        return JSONResponse({"outcome": outcome}, status_code=status, headers=headers)

    return endpoint


async def _take(request: Request, door: Door, intake: Intake) -> tuple[str, int]:
    """Return what became of a delivery, and the status that says so."""
    try:
        raw = await read_body(request, patience_seconds=intake.body_seconds)
        secret = request.path_params.get("secret", "")
        delivery = door.read(raw, request.headers, secret, intake.clock())
        if not delivery.ticket_keys:
            return "no_ticket", 200
        if not _PLAIN_ID.fullmatch(delivery.id):
            return "malformed", 400
        touching = f"{door.source}:{min(delivery.ticket_keys)}"
        first = await intake.writer.write(_keeping(delivery, raw, door.source, intake.clock()), touching=touching)
    except tuple(_REFUSALS) as refusal:
        return _REFUSALS[type(refusal)]
    return ("kept" if first else "repeated"), 200


def _keeping(delivery: Delivery, raw: bytes, source: str, now: datetime) -> Callable[[Transaction], bool]:
    """Return the write that keeps a delivery and asks for its tickets to be read; False from it for a repeat."""
    body = raw.decode(errors="replace").replace("\0", "\N{REPLACEMENT CHARACTER}")  # PostgreSQL's text has no NUL.
    named = [f"{source}:{key}" for key in delivery.ticket_keys]

    def write(tx: Transaction) -> bool:
        # Once its tickets are to be read nothing is left to do with the delivery itself: it may be forgotten in time.
        outcome = f"read {' '.join(named)}"
        first = deliveries.keep(tx, source=source, delivery_id=delivery.id, body=body, now=now, outcome=outcome)
        readings.ask_all(tx, named if first else (), now=now)
        return first

    return write
