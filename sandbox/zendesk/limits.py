"""Request limits in fixed windows, and the headers that tell of them."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sandbox.zendesk.refusals import too_many_requests
from sandbox.zendesk.settings import Settings

MINUTE = timedelta(minutes=1)
TEN_MINUTES = timedelta(minutes=10)


@dataclass(slots=True, kw_only=True)
class _Window:
    ends_at: datetime
    used: int = 0


class Limits:
    """Counts what was asked for. Each limit has its own window, which starts with its first request."""

    def __init__(self) -> None:
        self._windows: dict[str, _Window] = {}

    def take_request(self, settings: Settings, *, now: datetime) -> Mapping[str, str]:
        """Count one API request and return the headers of its answer; raises `Refused` (429).

        Three spellings of these headers are seen in the wild; all are sent.
        """
        limit = settings.requests_per_minute
        message = "Number of allowed API requests per minute exceeded"
        used, reset = self._take("requests", limit, MINUTE, message, now=now)
        shown = limit or 2_500
        remaining = str(max(0, shown - used)) if limit else str(shown)
        return {
            "X-Rate-Limit": str(shown),
            "X-Rate-Limit-Remaining": remaining,
            "ratelimit-limit": str(shown),
            "ratelimit-remaining": remaining,
            "ratelimit-reset": str(reset),
        }

    def take_export(self, settings: Settings, *, now: datetime) -> None:
        """Count one incremental export; raises `Refused` (429)."""
        message = "Number of allowed incremental ticket export API requests per minute exceeded"
        self._take("exports", settings.exports_per_minute, MINUTE, message, now=now)

    def take_update(self, settings: Settings, *, user_id: int, ticket_id: int, now: datetime) -> None:
        """Count one ticket update, per account and per user and ticket; raises `Refused` (429)."""
        message = "Number of allowed ticket updates per minute exceeded"
        self._take("updates", settings.updates_per_minute, MINUTE, message, now=now)
        message = "Number of allowed updates of this ticket in ten minutes exceeded"
        name = f"updates {user_id} {ticket_id}"
        self._take(name, settings.updates_per_ticket, TEN_MINUTES, message, now=now)

    def _take(  # The message belongs to its limit.
        self, name: str, limit: int, length: timedelta, message: str, *, now: datetime
    ) -> tuple[int, int]:
        """Return (used, seconds until the window ends)."""
        if not limit:
            return 0, int(length.total_seconds())
        window = self._windows.get(name)
        if window is None or window.ends_at <= now:
            window = self._windows[name] = _Window(ends_at=now + length)
        left = max(1, math.ceil((window.ends_at - now).total_seconds()))
        if window.used >= limit:
            raise too_many_requests(message, retry_after_seconds=left)
        window.used += 1
        return window.used, left
