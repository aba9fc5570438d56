"""Outbound Messages: who gets them, the queue, the retries, and what faults do to them.

Vendor: developer.salesforce.com/docs/platform/api/guide/sforce-api-om-outboundmessaging.html
A message is a hint of a workflow rule on create and edit: up to 100 notifications in one request, each with the row
as it is when the request is made, sent again until the answer says <Ack>true</Ack>, in no promised order.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import httpx

from sandbox.faults import Fault, Faults
from sandbox.salesforce.org import Happening, Org
from sandbox.salesforce.outbound_xml import MOST_NOTIFICATIONS, is_acknowledged, message
from sandbox.salesforce.schema import ENTITIES
from sandbox.salesforce.settings import Settings

ACTION_PREFIX = "04k"
NOTIFICATION_PREFIX = "04l"
MOST_KEPT = 50_000

DUPLICATED = "webhook_duplicated"
REORDERED = "webhook_reordered"
DROPPED = "webhook_dropped"
OUTBOUND_FAULTS = (DUPLICATED, REORDERED, DROPPED)

DEFAULT_FIELDS = {
    "Case": ("CaseNumber", "Status", "Subject", "SystemModstamp"),
    "CaseComment": ("ParentId", "IsPublished", "SystemModstamp"),
}


class BadSubscription(ValueError):
    """An Outbound Message that cannot be set up: its message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """An Outbound Message of a workflow rule. action_id: "04k…", in each of its requests."""

    action_id: str
    entity: str
    endpoint: str
    fields: tuple[str, ...]


@dataclass(slots=True, kw_only=True)
class Notification:
    """One row's news on its way. id: "04l…", the same over all tries.

    tries: Status per try; 0 = no answer. outcome: "waiting", "delivered", "given_up" or "dropped" (by a fault).
    """

    id: str
    action_id: str
    row_id: str
    queued_at: datetime
    tries: list[int] = field(default_factory=list)
    outcome: str = "waiting"


class Outbound:
    """The subscriptions, and the notifications kept, newest last."""

    def __init__(
        self, *, org: Org, settings: Callable[[], Settings], faults: Faults, clock: Callable[[], datetime]
    ) -> None:
        self.subscriptions: list[Subscription] = []
        self.notifications: deque[Notification] = deque(maxlen=MOST_KEPT)
        self._org = org
        self._settings = settings
        self._faults = faults
        self._clock = clock
        self._client: httpx.AsyncClient | None = None
        self._waiting: dict[str, deque[Notification]] = {}
        self._senders: dict[str, asyncio.Task[None]] = {}
        self._held: set[asyncio.Task[None]] = set()

    def subscribe(self, endpoint: object, entity: object, fields: object = None) -> Subscription:
        """Set up an Outbound Message for creates and edits of an object; raises `BadSubscription`."""
        if not isinstance(endpoint, str) or not endpoint.startswith(("http://", "https://")):
            raise BadSubscription("endpoint: must be an http or https address")
        if entity not in DEFAULT_FIELDS:
            raise BadSubscription(f"object: {entity!r} is none of {', '.join(DEFAULT_FIELDS)}")
        names = DEFAULT_FIELDS[str(entity)] if fields is None else fields
        known = ENTITIES[str(entity)]
        if not isinstance(names, (list, tuple)) or not all(known.field(str(name)) for name in names):
            raise BadSubscription(f"fields: must be a list of fields of {entity}")
        made = Subscription(
            action_id=self._org.ids.new(ACTION_PREFIX),
            entity=str(entity),
            endpoint=endpoint,
            fields=tuple(str(name) for name in names if name != "Id"),
        )
        self.subscriptions.append(made)
        return made

    def clear(self) -> None:
        """Take all subscriptions away; what is queued is given up."""
        self.subscriptions.clear()
        self._waiting.clear()

    def hear(self, happenings: tuple[Happening, ...]) -> None:
        """Queue a notification per row written in one transaction, and start sending; returns at once."""
        rows = {(happening.entity.name, str(happening.after["Id"])): happening for happening in happenings}
        for (name, row_id), happening in rows.items():
            if happening.after.get("IsDeleted"):
                continue
            for subscription in self.subscriptions:
                if subscription.entity == name:
                    self._queue(subscription, row_id)

    def listing(self) -> list[dict[str, Any]]:
        """Return the notifications as JSON-ready mappings, oldest first."""
        return [
            {**asdict(notification), "queued_at": notification.queued_at.isoformat()}
            for notification in self.notifications
        ]

    @property
    def unfinished(self) -> int:
        """How many notifications are waiting or held back."""
        return sum(notification.outcome == "waiting" for notification in self.notifications)

    async def close(self) -> None:
        """Give up what is on its way and close the connections."""
        tasks = (*self._senders.values(), *self._held)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._client is not None:
            await self._client.aclose()

    def _queue(self, subscription: Subscription, row_id: str) -> None:
        """Queue a notification, or do to it what a fault says: lose it, send it twice, or let later ones pass it."""
        notification = Notification(
            id=self._org.ids.new(NOTIFICATION_PREFIX),
            action_id=subscription.action_id,
            row_id=row_id,
            queued_at=self._clock(),
        )
        self.notifications.append(notification)
        if self._strikes(DROPPED):
            notification.outcome = "dropped"
            return
        reordered = self._strikes(REORDERED)
        if reordered is not None:
            self._hold(subscription, notification, reordered.seconds)
        else:
            self._put(subscription, notification)
        if self._strikes(DUPLICATED):
            # As when the acknowledgement was lost on its way back: the same notification once more.
            second = replace(notification, tries=[])
            self.notifications.append(second)
            self._hold(subscription, second, self._settings().outbound_retry_seconds)

    def _strikes(self, name: str) -> Fault | None:
        return self._faults.strike(name, method="POST", path="/webhook")

    def _hold(self, subscription: Subscription, notification: Notification, seconds: float) -> None:
        async def release() -> None:
            await asyncio.sleep(seconds)
            self._put(subscription, notification)

        task = asyncio.get_running_loop().create_task(release())
        self._held.add(task)
        task.add_done_callback(self._held.discard)

    def _put(self, subscription: Subscription, notification: Notification) -> None:
        self._waiting.setdefault(subscription.action_id, deque()).append(notification)
        if subscription.action_id not in self._senders:
            task = asyncio.get_running_loop().create_task(self._send_all(subscription))
            self._senders[subscription.action_id] = task

    async def _send_all(self, subscription: Subscription) -> None:
        """Send what waits, up to 100 at a time, until nothing does; what fails goes to the end after a wait."""
        waiting = self._waiting[subscription.action_id]
        try:
            while waiting:
                batch = [waiting.popleft() for _ in range(min(len(waiting), MOST_NOTIFICATIONS))]
                status, acknowledged = await self._try(subscription, batch)
                for notification in batch:
                    notification.tries.append(status)
                    if acknowledged:
                        notification.outcome = "delivered"
                if not acknowledged:
                    await asyncio.sleep(self._settings().outbound_retry_seconds)
                    waiting.extend(self._still_young(batch))
        finally:
            self._senders.pop(subscription.action_id, None)

    def _still_young(self, batch: list[Notification]) -> list[Notification]:
        """Return the notifications to try again; the others are given up."""
        life = timedelta(seconds=self._settings().outbound_life_seconds)
        for notification in batch:
            if self._clock() - notification.queued_at > life:
                notification.outcome = "given_up"
        return [notification for notification in batch if notification.outcome == "waiting"]

    async def _try(self, subscription: Subscription, batch: list[Notification]) -> tuple[int, bool]:
        """Return the status answered, 0 for none, and whether it acknowledges."""
        if self._client is None:
            self._client = httpx.AsyncClient(trust_env=False, follow_redirects=False)
        rows = self._org.tables[subscription.entity].rows
        pairs = [(notification.id, rows[notification.row_id]) for notification in batch if notification.row_id in rows]
        body = message(subscription.action_id, ENTITIES[subscription.entity], subscription.fields, pairs)
        try:
            answer = await self._client.post(
                subscription.endpoint,
                content=body,
                headers={"Content-Type": "text/xml; charset=utf-8", "SOAPAction": '""'},
                timeout=self._settings().outbound_timeout_seconds,
            )
        except httpx.HTTPError:
            return 0, False
        return answer.status_code, answer.is_success and is_acknowledged(answer.content)
