"""The org's API calls in 24 hours: what the vendor says is left, and the share of it that is not ours.

Every answer says so in `Sforce-Limit-Info: api-usage=18/5000`. The limit is the whole org's: when we use it up, nobody
else's integration works. So polling stops while less than a share is left; reads of single tickets and writes go on.

https://developer.salesforce.com/docs/platform/api-rest/guide/headers-api-usage.html
"""

from collections.abc import Callable
from datetime import datetime

from simple_salesforce.api import Salesforce

from connectors.contract import BudgetLeft, TryLater

HEADER = "Sforce-Limit-Info"
NAME = "API calls in 24 hours"
DAY_SECONDS = 86_400
#: Only an answer says how much is left, so a call is let through so often while polling stands still.
HOLD_SECONDS = 900.0


class Allowance:
    """What is left, as last heard; shared by threads.

    share_left: Below this share of the limit nothing may poll.
    clock: Monotonic seconds.
    """

    def __init__(self, *, share_left: float, clock: Callable[[], float]) -> None:
        self._share_left = share_left
        self._clock = clock
        self._heard: tuple[BudgetLeft, float] | None = None

    def hear(self, header: str, told_at: datetime) -> None:
        """Keep what an answer's header said; one that cannot be read is as none."""
        try:
            usage = Salesforce.parse_api_usage(header).get("api-usage")
        except (ValueError, TypeError, AttributeError):
            return
        if usage is not None and usage.total > 0:
            left = BudgetLeft(
                name=NAME,
                limit=usage.total,
                remaining=max(0, usage.total - usage.used),
                told_at=told_at,
                window_seconds=DAY_SECONDS,
            )
            self._heard = (left, self._clock())

    def left(self) -> BudgetLeft | None:
        """Return what is left; None when nothing was heard yet."""
        return self._heard[0] if self._heard else None

    def check(self) -> None:
        """Raise TryLater while what is left belongs to others."""
        if self._heard is None:
            return
        left, heard_at = self._heard
        wait_seconds = heard_at + HOLD_SECONDS - self._clock()
        if wait_seconds > 0 and left.remaining < left.limit * self._share_left:
            raise TryLater(
                f"{left.remaining} of {left.limit} {NAME} are left, and they are for others", wait_seconds=wait_seconds
            )
