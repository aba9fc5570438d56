"""The org's allowance of API requests: 24 hours of it, in hourly buckets as a budget that comes back slowly."""

from collections import deque
from datetime import datetime, timedelta

from sandbox.salesforce.refusals import too_many_requests

WINDOW = timedelta(hours=24)
SHOWN_WITHOUT_LIMIT = 100_000


class Limits:
    """Counts requests over the last 24 hours. used_by_others: Requests not made here, set by the control plane."""

    def __init__(self) -> None:
        self.used_by_others = 0
        self._hours: deque[tuple[datetime, int]] = deque()
        self._used = 0

    @property
    def used(self) -> int:
        """How many requests count now."""
        return self._used + self.used_by_others

    def take(self, most: int, *, now: datetime) -> None:
        """Count one request; raises `Refused` (403) when the org has no more. most: 0 = no limit."""
        self._forget(now)
        if most and self.used >= most:
            raise too_many_requests()
        hour = now.replace(minute=0, second=0, microsecond=0)
        last = self._hours.pop() if self._hours and self._hours[-1][0] == hour else (hour, 0)
        self._hours.append((hour, last[1] + 1))
        self._used += 1

    def header(self, most: int) -> str:
        """Return the value of Sforce-Limit-Info: "api-usage=18/100000"."""
        return f"api-usage={self.used}/{most or SHOWN_WITHOUT_LIMIT}"

    def body(self, most: int) -> dict[str, dict[str, int]]:
        """Return the answer of /limits; only API requests are really counted."""
        total = most or SHOWN_WITHOUT_LIMIT
        fixed = {
            "ConcurrentAsyncGetReportInstances": 200,
            "DailyAsyncApexExecutions": 250_000,
            "DailyBulkApiBatches": 15_000,
            "DailyBulkV2QueryFileStorageMB": 976_562,
            "DailyBulkV2QueryJobs": 10_000,
            "DailyStreamingApiEvents": 10_000,
            "DataStorageMB": 10_240,
            "FileStorageMB": 10_240,
            "HourlyTimeBasedWorkflow": 1_000,
            "SingleEmail": 5_000,
        }
        limits = {name: {"Max": most, "Remaining": most} for name, most in fixed.items()}
        limits["DailyApiRequests"] = {"Max": total, "Remaining": max(total - self.used, 0)}
        return dict(sorted(limits.items()))

    def _forget(self, now: datetime) -> None:
        while self._hours and self._hours[0][0] <= now - WINDOW:
            self._used -= self._hours.popleft()[1]
