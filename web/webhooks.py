"""Zendesk's webhooks: checked, kept with the job that reads the ticket again, then answered.

Zendesk gives us ten seconds and sends again after 409, and after 429 or 503 with Retry-After; nothing else is repeated,
so a delivery that could not be kept is answered 503. The delivery id drops repeats.
"""

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from connectors.zendesk.webhook import Delivery, ForgedDelivery, MalformedDelivery, StaleDelivery, verify
from store import deliveries, readings
from store.database import Transaction
from web.bodies import BodyCutShort, BodyTooLarge, BodyTooSlow, read_body
from web.group_commit import GroupCommit, NotWritten
from web.metrics import Metrics

SOURCE = "zendesk"
RETRY_AFTER_SECONDS = 10
#: The id becomes part of a job's id, whose length is bounded; Zendesk's own are UUIDs.
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
class ZendeskDoor:
    """Whose webhooks are taken.

    Fields:
        account: "harbor".
        secrets: The webhook's signing secrets, two during a rotation.
    """

    account: str
    secrets: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Intake:
    """What a webhook's endpoint works with: who writes, who counts, what time it is, how long a body may take."""

    writer: GroupCommit
    metrics: Metrics
    clock: Clock
    body_seconds: float


def zendesk_webhooks(door: ZendeskDoor, intake: Intake) -> Endpoint:
    """Return the endpoint for `POST /webhooks/zendesk`.

    200 kept, known already, or about no ticket · 400 malformed · 401 forged or stale · 408 slow · 413 too long ·
    503 not kept.
    """

    async def endpoint(request: Request) -> Response:
        outcome, status = await _take(request, door, intake)
        intake.metrics.webhooks.labels(outcome).inc()
        headers = {"Retry-After": str(RETRY_AFTER_SECONDS)} if status == 503 else None  # noqa: PLR2004  # HTTP's own.
        return JSONResponse({"outcome": outcome}, status_code=status, headers=headers)

    return endpoint


async def _take(request: Request, door: ZendeskDoor, intake: Intake) -> tuple[str, int]:
    """Return what became of a delivery, and the status that says so."""
    try:
        raw = await read_body(request, patience_seconds=intake.body_seconds)
        delivery = verify(raw, request.headers, door.secrets, intake.clock())
        if delivery.ticket_key is None:
            return "no_ticket", 200
        if not _PLAIN_ID.fullmatch(delivery.id):
            return "malformed", 400
        first = await intake.writer.write(_keeping(delivery, raw, door.account, intake.clock()))
    except tuple(_REFUSALS) as refusal:
        return _REFUSALS[type(refusal)]
    return ("kept" if first else "repeated"), 200


def _keeping(delivery: Delivery, raw: bytes, account: str, now: datetime) -> Callable[[Transaction], bool]:
    """Return the write that keeps a delivery and enqueues its ticket's reading; False from it for a repeat."""
    body = raw.decode(errors="replace").replace("\0", "\N{REPLACEMENT CHARACTER}")  # PostgreSQL's text has no NUL.
    ticket = f"{SOURCE}:{account}:{delivery.ticket_key}"

    def write(tx: Transaction) -> bool:
        # Once its ticket is to be read nothing is left to do with the delivery itself: it may be forgotten in time.
        first = deliveries.keep(
            tx, source=SOURCE, delivery_id=delivery.id, body=body, now=now, outcome=f"read {ticket}"
        )
        if first:
            readings.ask(tx, ticket, now=now)
        return first

    return write
