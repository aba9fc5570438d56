"""Request limits and the headers that tell of them: per path and method, per issue, and the hourly points of apps."""

import math
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sandbox.jira.refusals import rate_limited
from sandbox.jira.settings import Settings

SHORT_WINDOW = timedelta(seconds=2)
LONG_WINDOW = timedelta(seconds=30)
MOST_ISSUES_WATCHED = 10_000


@dataclass(slots=True, kw_only=True)
class _Window:
    ends_at: datetime
    used: int = 0


class Limits:
    """Counts what was asked for. A window starts with its first request; writes of one issue slide."""

    def __init__(self) -> None:
        self._windows: dict[str, _Window] = {}
        self._issue_writes: dict[int, deque[datetime]] = {}

    def take_request(self, settings: Settings, *, method: str, template: str, now: datetime) -> Mapping[str, str]:
        """Count one request of this method to this path and return the headers of its answer; raises `Refused`."""
        limit = settings.reads_per_second if method in ("GET", "POST") else settings.writes_per_second
        if not limit:
            return {}
        window = self._window(f"{method} {template}", timedelta(seconds=1), now)
        if window.used >= limit:
            raise _refusal("jira-burst-based", limit, window.ends_at, now)
        window.used += 1
        return {"X-RateLimit-Limit": str(limit), "X-RateLimit-Remaining": str(limit - window.used)}

    def take_points(self, settings: Settings, *, now: datetime) -> Mapping[str, str]:
        """Count one point of an OAuth app's hour and return the header of a quota that runs low; raises `Refused`."""
        limit = settings.points_per_hour
        if not limit:
            return {}
        window = self._window("points", timedelta(hours=1), now)
        if window.used >= limit:
            raise _refusal("jira-quota-global-based", limit, window.ends_at, now)
        window.used += 1
        return {"X-RateLimit-NearLimit": "true"} if limit - window.used < limit / 5 else {}

    def take_issue_write(self, settings: Settings, *, issue_id: int, now: datetime) -> None:
        """Count one write of an issue; raises `Refused` beyond 20 in 2 seconds or 100 in 30."""
        writes = self._issue_writes.setdefault(issue_id, deque())
        while writes and writes[0] <= now - LONG_WINDOW:
            writes.popleft()
        recent = [at for at in writes if at > now - SHORT_WINDOW]
        if settings.issue_writes_short and len(recent) >= settings.issue_writes_short:
            raise issue_refusal(settings.issue_writes_short, recent[0] + SHORT_WINDOW, now)
        if settings.issue_writes_long and len(writes) >= settings.issue_writes_long:
            raise issue_refusal(settings.issue_writes_long, writes[0] + LONG_WINDOW, now)
        writes.append(now)
        if len(self._issue_writes) > MOST_ISSUES_WATCHED:
            del self._issue_writes[next(iter(self._issue_writes))]

    def _window(self, name: str, length: timedelta, now: datetime) -> _Window:
        window = self._windows.get(name)
        if window is None or window.ends_at <= now:
            window = self._windows[name] = _Window(ends_at=now + length)
        return window


def issue_refusal(limit: int, ends_at: datetime, now: datetime) -> Exception:
    """Return the 429 for too many writes of one issue."""
    return _refusal("jira-per-issue-on-write", limit, ends_at, now)


def _refusal(reason: str, limit: int, ends_at: datetime, now: datetime) -> Exception:
    wait = max(1, math.ceil((ends_at - now).total_seconds()))
    near = "quota" in reason
    return rate_limited(
        reason,
        limit=limit,
        retry_after=wait,
        reset=f"{now + timedelta(seconds=wait):%Y-%m-%dT%H:%M:%SZ}",
        near_limit=near,
    )
