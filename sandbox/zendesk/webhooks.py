"""Webhooks: what is registered, and the sender that posts signed events without ever holding up the API.

Signature: base64 HMAC-SHA256 of timestamp + body under the webhook's own secret, in the headers
X-Zendesk-Webhook-Signature and -Timestamp. Retries after 409, 429, 5xx and time-outs; the vendor documents these
kinds (https://developer.zendesk.com/api-reference/webhooks/introduction), the waits between tries are ours.
"""

import asyncio
import base64
import hashlib
import hmac
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any

import httpx

from sandbox.faults import Fault, Faults
from sandbox.zendesk.account import TicketHappening
from sandbox.zendesk.events import ACCOUNT_ID, envelope, event_bodies
from sandbox.zendesk.records import TicketField
from sandbox.zendesk.settings import Settings
from sandbox.zendesk.wire import encode, stamp

MOST_TRIES = 6
MOST_AT_ONCE = 32
MOST_DELIVERIES_KEPT = 50_000
LONGEST_RETRY_AFTER_SECONDS = 60

DUPLICATED = "webhook_duplicated"
REORDERED = "webhook_reordered"
DROPPED = "webhook_dropped"
WEBHOOK_FAULTS = (DUPLICATED, REORDERED, DROPPED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """A registered webhook.

    subscriptions: Event types: ("zen:event-type:ticket.status_changed",).
    secret: Signs its requests, as text.
    """

    id: str
    name: str
    endpoint: str
    secret: str
    created_at: datetime
    updated_at: datetime
    status: str = "active"
    subscriptions: tuple[str, ...] = ()
    description: str | None = None
    authentication: Mapping[str, Any] | None = None


@dataclass(slots=True, kw_only=True)
class Delivery:
    """One event on its way to one webhook, and what came of it.

    tries: Status per try; 0 = no answer. outcome: "waiting", "delivered", "given_up" or "dropped" (by a fault).
    """

    webhook_id: str
    event_id: str
    invocation_id: str
    event_type: str
    ticket_id: int
    tries: list[int] = field(default_factory=list)
    outcome: str = "waiting"


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """Return the signature of a webhook request."""
    digest = hmac.new(secret.encode(), timestamp.encode() + body, hashlib.sha256).digest()
    return base64.b64encode(digest).decode()


class Webhooks:
    """The registered webhooks and the deliveries of their events, newest last."""

    def __init__(
        self,
        *,
        settings: Callable[[], Settings],
        faults: Faults,
        clock: Callable[[], datetime],
        new_id: Callable[[], str],
        fields: Mapping[int, TicketField],
    ) -> None:
        self.registered: dict[str, Webhook] = {}
        self.deliveries: deque[Delivery] = deque(maxlen=MOST_DELIVERIES_KEPT)
        self._settings = settings
        self._faults = faults
        self._clock = clock
        self._new_id = new_id
        self._fields = fields
        self._client: httpx.AsyncClient | None = None
        self._places = asyncio.Semaphore(MOST_AT_ONCE)
        self._on_their_way: set[asyncio.Task[None]] = set()
        self._held_back: list[tuple[Webhook, Delivery, bytes]] = []

    def send(self, happening: TicketHappening) -> None:
        """Start sending everything a happening means to the webhooks that asked for it; returns at once."""
        hooks = [hook for hook in self.registered.values() if hook.status == "active"]
        if not hooks:
            return
        for event_type, event in event_bodies(happening, self._fields):
            wanting = [hook for hook in hooks if event_type in hook.subscriptions]
            if not wanting:
                continue
            event_id = self._new_id()
            body = encode(envelope(event_type, event, happening, event_id=event_id))
            for hook in wanting:
                delivery = Delivery(
                    webhook_id=hook.id,
                    event_id=event_id,
                    invocation_id=self._new_id(),
                    event_type=event_type,
                    ticket_id=happening.after.id,
                )
                self._start(hook, delivery, body)

    async def send_test(self, hook: Webhook, body: bytes) -> int:
        """Send one request as it is, without retries, and return the status answered; 0 = none."""
        delivery = Delivery(
            webhook_id=hook.id, event_id="test", invocation_id=self._new_id(), event_type="test", ticket_id=0
        )
        status, _ = await self._try(hook, delivery, body)
        return status

    def listing(self) -> list[dict[str, Any]]:
        """Return the deliveries as JSON-ready mappings, oldest first."""
        return [asdict(delivery) for delivery in self.deliveries]

    @property
    def unfinished(self) -> int:
        """How many deliveries are still waiting, being tried or held back."""
        return len(self._on_their_way) + len(self._held_back)

    async def close(self) -> None:
        """Give up what is on its way and close the connections."""
        tasks = tuple(self._on_their_way)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._client is not None:
            await self._client.aclose()

    def _start(self, hook: Webhook, delivery: Delivery, body: bytes) -> None:
        """Send a delivery, or do to it what a fault says: lose it, send it twice, or let later ones pass it."""
        self.deliveries.append(delivery)
        if self._strikes(DROPPED):
            delivery.outcome = "dropped"
            return
        reordered = self._strikes(REORDERED)
        if reordered is not None:
            self._held_back.append((hook, delivery, body))
            self._spawn(self._release_after(reordered.seconds))
        else:
            self._spawn(self._deliver(hook, delivery, body))
        if self._strikes(DUPLICATED):
            # The vendor promises at least once: a second invocation of the same event.
            second = Delivery(
                webhook_id=hook.id,
                event_id=delivery.event_id,
                invocation_id=self._new_id(),
                event_type=delivery.event_type,
                ticket_id=delivery.ticket_id,
            )
            self.deliveries.append(second)
            self._spawn(self._deliver(hook, second, body))

    def _strikes(self, name: str) -> Fault | None:
        return self._faults.strike(name, method="POST", path="/webhook")

    async def _release_after(self, seconds: float) -> None:
        """Send everything held back, newest first, once `seconds` have passed."""
        await asyncio.sleep(seconds)
        held, self._held_back = self._held_back, []
        for hook, delivery, body in reversed(held):
            await self._deliver(hook, delivery, body)

    def _spawn(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._on_their_way.add(task)
        task.add_done_callback(self._on_their_way.discard)

    async def _deliver(self, hook: Webhook, delivery: Delivery, body: bytes) -> None:
        for _ in range(MOST_TRIES):
            async with self._places:
                status, retry_after = await self._try(hook, delivery, body)
            delivery.tries.append(status)
            if 200 <= status < 300:  # noqa: PLR2004  # Any success.
                delivery.outcome = "delivered"
                return
            if not _may_retry(status, retry_after) or len(delivery.tries) > _retries(status):
                break
            await asyncio.sleep(self._settings().webhook_retry_seconds if retry_after is None else retry_after)
        delivery.outcome = "given_up"

    async def _try(self, hook: Webhook, delivery: Delivery, body: bytes) -> tuple[int, float | None]:
        """Return the status answered, 0 for none, and the seconds of Retry-After."""
        if self._client is None:
            self._client = httpx.AsyncClient(trust_env=False, follow_redirects=False)
        timestamp = stamp(self._clock())
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "User-Agent": "Zendesk Webhook",
            "X-Zendesk-Account-Id": str(ACCOUNT_ID),
            "X-Zendesk-Webhook-Id": hook.id,
            "X-Zendesk-Webhook-Invocation-Id": delivery.invocation_id,
            "X-Zendesk-Webhook-Signature": signature(hook.secret, timestamp, body),
            "X-Zendesk-Webhook-Signature-Timestamp": timestamp,
        }
        try:
            answer = await self._client.post(
                hook.endpoint,
                content=body,
                headers=headers,
                timeout=self._settings().webhook_timeout_seconds,
            )
        except httpx.HTTPError:
            return 0, None
        return answer.status_code, _retry_after(answer.headers)


def renewed(hook: Webhook, *, secret: str, now: datetime) -> Webhook:
    """Return the webhook with a new signing secret."""
    return replace(hook, secret=secret, updated_at=now)


def _may_retry(status: int, retry_after: float | None) -> bool:
    if retry_after is not None and retry_after >= LONGEST_RETRY_AFTER_SECONDS:
        return False
    return status in (0, 409, 429) or status >= 500  # noqa: PLR2004  # Server errors.


def _retries(status: int) -> int:
    """Return how often a try that ended so is repeated: time-outs five times, the rest three times."""
    return 5 if status == 0 else 3


def _retry_after(headers: httpx.Headers) -> float | None:
    value = headers.get("retry-after", "")
    return float(value) if value.isascii() and value.isdigit() else None
