"""A whole account is read, page after page, as fast as the vendor and those who share its limits allow."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from connectors.contract import AccessRefused, BudgetLeft, MakingReady, Page, TryLater, UnexpectedReply
from store import health, tickets
from sync.intake import Intake, keep_page

#: A vendor that asks for no pause gets one all the same.
SHORTEST_WAIT_SECONDS = 1.0
#: What is left is only told with an answer, so a page is read so often at least.
LONGEST_HOLD = timedelta(minutes=15)


@dataclass(frozen=True, slots=True, kw_only=True)
class Filling:
    """How an account is read.

    Fields:
        budget: Returns what the vendor last said of our calls.
        leave: The share of it that is left to others, 0 to 1; below it the reading waits.
        pause: Waits so many seconds, for this reason, and returns False when it is to end instead.
        told: Told of every page once it is kept.
        clock: Gives the time; aware, UTC.
    """

    budget: Callable[[], BudgetLeft | None]
    leave: float
    pause: Callable[[float, str], bool]
    told: Callable[[Page], None]
    clock: Callable[[], datetime]


def fill(intake: Intake, how: Filling) -> bool:
    """Read an account to its end from where reading stands: True at the end, False when it was to end before.

    A kill at any moment costs the page under way. Vendors that cannot answer are waited for, for as long as they say.
    Raises AccessRefused and UnexpectedReply, which are recorded as the source's problem.
    """
    while how.pause(*_for_others(how)):
        try:
            page = _read_page(intake, how)
        except TryLater as problem:
            _record_wait(intake, problem, now=how.clock())
            if not how.pause(max(SHORTEST_WAIT_SECONDS, problem.wait_seconds), str(problem)):
                return False
            continue
        except (AccessRefused, UnexpectedReply) as problem:
            with intake.desk.database.begin() as tx:
                health.failed(tx, intake.name, str(problem), now=how.clock())
            raise
        if page is None:
            continue
        how.told(page)
        if page.complete:
            with intake.desk.database.begin() as tx:
                health.succeeded(tx, intake.name, how.budget(), now=how.clock())
            return True
    return False


def _read_page(intake: Intake, how: Filling) -> Page | None:
    """Read the next page, and keep it together with the place behind it; None when a poll was before us."""
    with intake.desk.database.read() as connection:
        cursor = tickets.cursor(connection, intake.name)
    page = intake.source.changed_since(cursor, start=intake.start)
    return page if keep_page(intake, page, after=cursor, now=how.clock()) else None


def _for_others(how: Filling) -> tuple[float, str]:
    """Return how long to wait so that others have their share, and why; no time when they have it."""
    left = how.budget()
    if left is None or left.remaining >= left.limit * how.leave:
        return 0.0, ""
    until = left.told_at + min(timedelta(seconds=left.window_seconds), LONGEST_HOLD)
    why = f"{left.remaining} of {left.limit} {left.name} are left, and they are for others"
    return max(0.0, (until - how.clock()).total_seconds()), why


def _record_wait(intake: Intake, problem: TryLater, *, now: datetime) -> None:
    if isinstance(problem, MakingReady):
        with intake.desk.database.begin() as tx:
            health.waited(tx, intake.name, now=now)
