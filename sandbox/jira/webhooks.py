"""Webhooks: who is registered, the signature, retries, and the faults a webhook may suffer on its way.

Admin webhooks with a secret sign the body: X-Hub-Signature "sha256=<hex HMAC>". Dynamic ones belong to an OAuth app,
live 30 days and carry a bearer token, a JWT signed with the app's secret. Retried are 408, 409, 425, 429, 5xx and
connections that fail or time out, five times, each 5 to 15 minutes after the one before (community announcement and
platform documentation); X-Atlassian-Webhook-Identifier stays the same over retries. The JWT's claims are ours.
"""

import asyncio
import base64
import hashlib
import hmac
import json
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any

import httpx

from sandbox.faults import Fault, Faults
from sandbox.jira.access import CLIENT_ID, CLIENT_SECRET
from sandbox.jira.events import ISSUE_EVENTS, PROPERTY_EVENTS, event_body
from sandbox.jira.records import Issue
from sandbox.jira.settings import Settings
from sandbox.jira.site import Happening, Site
from sandbox.jira.wire import encode, milliseconds

MOST_RETRIES = 5
MOST_AT_ONCE = 20
MOST_DELIVERIES_KEPT = 50_000
RETRIED = (0, 408, 409, 425, 429)

DUPLICATED = "webhook_duplicated"
REORDERED = "webhook_reordered"
DROPPED = "webhook_dropped"
WEBHOOK_FAULTS = (DUPLICATED, REORDERED, DROPPED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """A registered webhook.

    jql: Only for issues it matches; "" = all. secret: Signs its requests; None = unsigned.
    expires_at: None for admin webhooks, which never do. fields, keys: Only when one of these changes; () = any.
    """

    id: int
    name: str
    url: str
    events: tuple[str, ...]
    updated_at: datetime
    owner_id: str
    jql: str = ""
    secret: str | None = None
    enabled: bool = True
    exclude_body: bool = False
    expires_at: datetime | None = None
    fields: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()

    @property
    def dynamic(self) -> bool:
        """Tell whether an app registered it."""
        return self.expires_at is not None


@dataclass(slots=True, kw_only=True)
class Delivery:
    """One event on its way to one webhook, and what came of it.

    tries: Status per try; 0 = no answer. outcome: "waiting", "delivered", "given_up" or "dropped" (by a fault).
    """

    webhook_id: int
    identifier: str
    event: str
    issue_key: str
    tries: list[int] = field(default_factory=list)
    outcome: str = "waiting"


def signature(secret: str, body: bytes) -> str:
    """Return the value of X-Hub-Signature."""
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


class Webhooks:
    """The registered webhooks and the deliveries of their events, newest last."""

    def __init__(
        self,
        *,
        site: Site,
        settings: Callable[[], Settings],
        faults: Faults,
        clock: Callable[[], datetime],
        new_id: Callable[[], str],
        fits: Callable[[str, Issue, datetime], bool],
    ) -> None:
        self.registered: dict[int, Webhook] = {}
        self.deliveries: deque[Delivery] = deque(maxlen=MOST_DELIVERIES_KEPT)
        self._site = site
        self._settings = settings
        self._faults = faults
        self._clock = clock
        self._new_id = new_id
        self._fits = fits
        self._client: httpx.AsyncClient | None = None
        self._places = asyncio.Semaphore(MOST_AT_ONCE)
        self._on_their_way: set[asyncio.Task[None]] = set()
        self._held_back: list[tuple[Webhook, Delivery, bytes]] = []

    def send(self, happening: Happening) -> None:
        """Start sending a happening to the webhooks that asked for it; returns at once."""
        wanting = [hook for hook in self.registered.values() if self._wants(hook, happening)]
        if not wanting:
            return
        body = event_body(happening, self._site)
        for hook in wanting:
            own = {**body, "matchedWebhookIds": [hook.id]} if hook.dynamic else body
            delivery = Delivery(
                webhook_id=hook.id, identifier=self._new_id(), event=happening.kind, issue_key=happening.issue.key
            )
            self._start(hook, delivery, b"" if hook.exclude_body else encode(own))

    def _wants(self, hook: Webhook, happening: Happening) -> bool:
        if not hook.enabled or happening.kind not in hook.events:
            return False
        if hook.expires_at is not None and hook.expires_at <= self._clock():
            return False
        if hook.fields and happening.kind == ISSUE_EVENTS[1] and happening.history is not None:
            changed = {item.field_id for item in happening.history.items}
            if not changed & set(hook.fields):
                return False
        if hook.keys and happening.kind in PROPERTY_EVENTS and happening.key not in hook.keys:
            return False
        return not hook.jql or self._fits(hook.jql, happening.issue, happening.at)

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
            # An acknowledgement that got lost: the same delivery once more.
            second = Delivery(
                webhook_id=hook.id,
                identifier=delivery.identifier,
                event=delivery.event,
                issue_key=delivery.issue_key,
            )
            self.deliveries.append(second)
            self._spawn(self._deliver(hook, second, body, retry=1))

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

    async def _deliver(self, hook: Webhook, delivery: Delivery, body: bytes, *, retry: int = 0) -> None:
        for number in range(retry, MOST_RETRIES + 1):
            async with self._places:
                status = await self._try(hook, delivery, body, number)
            delivery.tries.append(status)
            if 200 <= status < 300:  # noqa: PLR2004  # Any success.
                delivery.outcome = "delivered"
                return
            if number == MOST_RETRIES or not (status in RETRIED or status >= 500):  # noqa: PLR2004  # Server errors.
                break
            await asyncio.sleep(self._settings().webhook_retry_seconds)
        delivery.outcome = "given_up"

    async def _try(self, hook: Webhook, delivery: Delivery, body: bytes, number: int) -> int:
        """Return the status answered, 0 for none."""
        if self._client is None:
            self._client = httpx.AsyncClient(trust_env=False, follow_redirects=False)
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "User-Agent": "Atlassian Webhook HTTP Client",
            "X-Atlassian-Webhook-Identifier": delivery.identifier,
            "X-Atlassian-Webhook-Flow": "Primary",
            **self._proof(hook, body),
        }
        if number:
            headers["X-Atlassian-Webhook-Retry"] = str(number)
        seconds = self._settings().webhook_timeout_seconds
        try:
            answer = await self._client.post(hook.url, content=body, headers=headers, timeout=seconds)
        except httpx.HTTPError:
            return 0
        return answer.status_code

    def _proof(self, hook: Webhook, body: bytes) -> Mapping[str, str]:
        if hook.dynamic:
            return {"Authorization": f"Bearer {bearer(self._clock())}"}
        return {} if hook.secret is None else {"X-Hub-Signature": signature(hook.secret, body)}


def bearer(now: datetime) -> str:
    """Return the JWT of a dynamic webhook's request: HS256 under the secret of the OAuth app."""
    claims = {
        "iss": CLIENT_ID,
        "iat": milliseconds(now) // 1000,
        "exp": milliseconds(now + timedelta(minutes=3)) // 1000,
    }
    parts = [_part({"alg": "HS256", "typ": "JWT"}), _part(claims)]
    signed = hmac.new(CLIENT_SECRET.encode(), ".".join(parts).encode(), hashlib.sha256).digest()
    return ".".join([*parts, base64.urlsafe_b64encode(signed).decode().rstrip("=")])


def _part(body: Mapping[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(body, separators=(",", ":")).encode()).decode().rstrip("=")
