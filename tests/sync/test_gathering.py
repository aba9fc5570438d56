"""Small pages are taken in together, and whatever ends that, nothing that was read is lost or read twice."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from connectors.contract import AccessRefused, Cursor, Page, TryLater, UnexpectedReply
from sync.comparing import reconcile
from sync.gathering import MOST_CALLS, gathered
from sync.intake import poll
from tests.sync.an_export import Account
from tests.workflow.played_vendors import NOON, ticket


class RefusesOnce:
    """An account that refuses once, after so many pages."""

    def __init__(self, account: Account, refusal: Exception, *, after: int) -> None:
        self.account, self.refusals, self.after = account, [refusal], after
        self.read, self.write = account.read, account.write

    def changed_since(self, cursor: Cursor | None, *, start: datetime) -> Page:
        if len(self.account.asked) == self.after and self.refusals:
            raise self.refusals.pop()
        return self.account.changed_since(cursor, start=start)


def changed(account: Account, number: int) -> Account:
    account.change(*(ticket(str(each), loss=f"W-{each}") for each in range(1, number + 1)))
    return account


def test_small_pages_are_one_and_the_last_place_counts(account: Account) -> None:
    page, trouble = gathered(changed(account, 5), None, start=NOON, enough=1_000)

    assert [each.ref.key for each in page.tickets] == ["1", "2", "3", "4", "5"]
    assert (len(page.raw), page.cursor, page.complete, trouble) == (5, "5", True, None)


def test_no_further_page_is_asked_for_when_there_is_enough(account: Account) -> None:
    page, _ = gathered(changed(account, 9), None, start=NOON, enough=3)

    assert (len(page.tickets), page.cursor, page.complete) == (4, "4", False)


def test_a_transaction_gets_no_more_than_twenty_pages(account: Account) -> None:
    page, _ = gathered(changed(account, 2 * MOST_CALLS + 1), None, start=NOON, enough=1_000)

    assert (len(page.tickets), len(account.asked), page.complete) == (2 * MOST_CALLS, MOST_CALLS, False)


def test_the_later_page_says_whether_a_ticket_can_be_understood(account: Account) -> None:
    account.change(ticket("1"), ticket("2"), ticket("3"), ticket("1"), ticket("2"), ticket("4"))
    asked = account.changed_since

    def changed_since(cursor: Cursor | None, *, start: datetime) -> Page:
        account.unreadable = {"1": "no JSON"} if cursor is None else {"2": "no JSON"} if cursor == "4" else {}
        return asked(cursor, start=start)

    account.changed_since = changed_since  # type: ignore[method-assign]  # Each ticket is damaged for a while.
    page, _ = gathered(account, None, start=NOON, enough=1_000)

    assert ([each.ref.key for each in page.tickets], page.unreadable) == (["2", "3", "1", "4"], (("2", "no JSON"),))


def test_nothing_is_read_behind_a_page_without_tickets(account: Account) -> None:
    changed(account, 3).unreadable = {"1": "no JSON", "2": "no JSON"}

    page, _ = gathered(account, None, start=NOON, enough=1_000)

    assert (page.tickets, [key for key, _ in page.unreadable], page.cursor) == ((), ["1", "2"], "2")
    assert len(account.asked) == 1


def test_a_first_call_that_fails_has_nothing_to_keep(account: Account) -> None:
    account.troubles = [AccessRefused("no")]

    with pytest.raises(AccessRefused):
        gathered(changed(account, 3), None, start=NOON, enough=1_000)


@pytest.mark.parametrize("refusal", [TryLater("429", wait_seconds=7.0), AccessRefused("no"), UnexpectedReply("what")])
def test_what_was_read_before_a_refusal_is_kept_and_the_refusal_is_told(account: Account, refusal: Exception) -> None:
    changed(account, 5).at_once = 1_000
    source = RefusesOnce(account, refusal, after=2)
    with pytest.raises(type(refusal)):
        poll(replace(account.intake, source=source), clock=account.at_work.time)
    assert (account.cursor(), len(account.at_work.stages())) == ("4", 4)

    assert poll(replace(account.intake, source=source), clock=account.at_work.time) == 1

    assert [asked for asked, _ in account.asked] == [None, "2", "4"]
    assert len(account.at_work.stages()) == 5


def test_a_comparison_takes_small_pages_together_too(account: Account) -> None:
    changed(account, 5).at_once = 1_000
    account.at_work.time.pass_by(minutes=10)

    assert reconcile(account.intake, window=timedelta(hours=1), clock=account.at_work.time) == 5

    assert [asked for asked, _ in account.asked] == [None, "2", "4"]
    assert account.cursor() is None
