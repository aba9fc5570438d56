"""A whole account is read at the vendor's pace, with its limits left to others, and goes on where it was."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from connectors.contract import AccessRefused, BudgetLeft, MakingReady, Page, TryLater, UnexpectedReply
from store import health, tickets
from store.health import SourceHealth
from sync.filling import Filling, fill
from tests.sync.an_export import Account
from tests.workflow.played_vendors import ticket

SOURCE = "zendesk:harbor"


class Reader:
    """One run of a reading; the time passes while it waits.

    waits: (seconds, why) of every pause that took time.
    pages: How many tickets each page had.
    budgets: What the vendor says before each page; nothing more once they are used up.
    pauses_left: So many pauses until somebody asks for the end.
    """

    def __init__(self, account: Account, *, leave: float = 0.2, pauses_left: int = 100) -> None:
        self.account = account
        self.leave = leave
        self.waits: list[tuple[float, str]] = []
        self.pages: list[int] = []
        self.budgets: Iterator[BudgetLeft] = iter(())
        self.pauses_left = pauses_left

    def run(self) -> bool:
        return fill(
            self.account.intake,
            Filling(
                budget=lambda: next(self.budgets, None),
                leave=self.leave,
                pause=self._pause,
                told=self._told,
                clock=self.account.at_work.time,
            ),
        )

    def _pause(self, seconds: float, why: str) -> bool:
        self.pauses_left -= 1
        if seconds:
            self.waits.append((seconds, why))
            self.account.at_work.time.pass_by(seconds=seconds)
        return self.pauses_left >= 0

    def _told(self, page: Page) -> None:
        self.pages.append(len(page.tickets))


@pytest.fixture
def five(account: Account) -> Account:
    """Return an account of five tickets, two a page."""
    account.change(*(ticket(str(number), loss=f"W-{number}") for number in range(1, 6)))
    return account


def stands(account: Account) -> SourceHealth:
    with account.at_work.database.read() as connection:
        return health.of_source(connection, SOURCE)


def told(account: Account, remaining: int, *, window_seconds: int = 60) -> BudgetLeft:
    now = account.at_work.time()
    return BudgetLeft(name="calls", limit=100, remaining=remaining, told_at=now, window_seconds=window_seconds)


def test_an_account_is_read_to_its_end_and_then_it_is_whole(five: Account) -> None:
    reader = Reader(five)

    assert reader.run() is True

    assert (reader.pages, reader.waits) == ([2, 2, 1], [])
    assert len(five.at_work.stages()) == 5
    now = five.at_work.time()
    found = stands(five)
    assert (found.read_records, found.caught_up_at, found.succeeded_at) == (5, now, now)


def test_a_stop_ends_behind_a_page_and_the_next_run_reads_none_twice(five: Account) -> None:
    first = Reader(five, pauses_left=1)
    assert first.run() is False
    assert (first.pages, stands(five).caught_up_at) == ([2], None)

    again = Reader(five)
    assert again.run() is True

    assert again.pages == [2, 1]
    assert [asked for asked, _ in five.asked] == [None, "2", "4"]


def test_a_vendor_that_cannot_answer_is_waited_for_as_long_as_it_says(five: Account) -> None:
    five.troubles += [TryLater("429: too many requests", wait_seconds=37), TryLater("no answer", wait_seconds=0)]
    reader = Reader(five)

    assert reader.run() is True

    assert reader.waits == [(37.0, "429: too many requests"), (1.0, "no answer")]
    assert stands(five).problem is None


def test_a_wait_can_be_ended(five: Account) -> None:
    five.troubles.append(TryLater("503", wait_seconds=600))

    assert Reader(five, pauses_left=1).run() is False

    assert stands(five).read_records == 0


def test_what_others_need_is_left_to_them_until_the_window_is_over(five: Account) -> None:
    reader = Reader(five)
    reader.budgets = iter((told(five, 100), told(five, 20), told(five, 19)))

    assert reader.run() is True

    assert reader.waits == [(60.0, "19 of 100 calls are left, and they are for others")]
    assert reader.pages == [2, 2, 1]


def test_a_budget_of_a_day_is_asked_after_every_quarter_of_an_hour(five: Account) -> None:
    reader = Reader(five, leave=0.5)
    reader.budgets = iter((told(five, 49, window_seconds=86_400),))

    assert reader.run() is True

    assert [seconds for seconds, _ in reader.waits] == [900.0]


def test_what_was_said_of_a_window_that_is_over_holds_nothing_up(five: Account) -> None:
    old = told(five, 0)
    five.at_work.time.pass_by(seconds=61)
    reader = Reader(five)
    reader.budgets = iter((old,))

    assert reader.run() is True

    assert reader.waits == []


@pytest.mark.parametrize("trouble", [AccessRefused("401"), UnexpectedReply("?")])
def test_what_no_wait_helps_against_is_the_sources_problem(five: Account, trouble: Exception) -> None:
    five.troubles.append(trouble)

    with pytest.raises(type(trouble)):
        Reader(five).run()

    assert stands(five).problem == str(trouble)
    assert Reader(five).run() is True
    assert stands(five).problem is None


def test_a_job_that_the_vendor_makes_ready_is_no_standstill(five: Account) -> None:
    with five.at_work.database.begin() as tx:
        tickets.keep_cursor(tx, SOURCE, five.changed_since(None, start=five.intake.start).cursor, now=five.intake.start)
    five.troubles.append(MakingReady("bulk job 750: InProgress", wait_seconds=10))
    begun = five.at_work.time()
    reader = Reader(five, pauses_left=1)

    assert reader.run() is False

    assert reader.waits == [(10.0, "bulk job 750: InProgress")]
    assert (stands(five).read_at, stands(five).problem) == (begun, None)
    assert five.at_work.time() - begun == timedelta(seconds=10)
