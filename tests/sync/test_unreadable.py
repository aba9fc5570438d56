"""What cannot be understood is shown for as long as it stands so, and keeps nothing else back."""

from datetime import datetime

from cases.case import Stage
from connectors.contract import Cursor, Page
from store import tickets
from tests.sync.an_export import Account
from tests.workflow.desk_at_work import DeskAtWork
from tests.workflow.played_vendors import NOON, ref, take, ticket


def unreadable(at_work: DeskAtWork) -> dict[str, str]:
    with at_work.database.read() as connection:
        return dict(tickets.unreadable(connection))


def test_what_cannot_be_understood_is_shown_and_the_rest_of_its_page_is_kept(account: Account) -> None:
    account.change(ticket("1", loss="W-1"), ticket("2", loss="W-2"))
    account.unreadable["1"] = "status: missing"

    assert account.poll() == 1
    assert unreadable(account.at_work) == {str(ref("1")): "status: missing"}
    assert list(account.at_work.stages()) == ["CASE-1"]

    account.unreadable.clear()
    account.read_whole("1")
    assert unreadable(account.at_work) == {}
    assert len(account.at_work.stages()) == 2


def test_what_was_mended_while_a_poll_read_is_not_said_to_be_unreadable(account: Account) -> None:
    account.change(ticket("1", loss="W-1"))
    account.unreadable["1"] = "status: missing"
    asked = account.changed_since

    def slow(cursor: Cursor | None, *, start: datetime) -> Page:
        account.changed_since = asked  # type: ignore[method-assign]
        late = asked(cursor, start=start)
        account.unreadable.clear()
        account.change(ticket("1", loss="W-1"))
        assert account.poll() == 2
        return late

    account.changed_since = slow  # type: ignore[method-assign]  # Another poll overtakes this one.

    assert account.poll() == 0
    assert unreadable(account.at_work) == {}
    assert (account.cursor(), account.at_work.stages()) == ("2", {"CASE-1": Stage.OPENED})


def test_a_ticket_that_says_nothing_new_is_readable_all_the_same(account: Account) -> None:
    account.change(ticket("1", loss="W-1"))
    account.poll()
    account.unreadable["1"] = "status: missing"
    take(account.intake, account.changed_since(None, start=NOON), now=account.at_work.time())
    assert list(unreadable(account.at_work)) == [str(ref("1"))]
    account.unreadable.clear()

    assert take(account.intake, account.changed_since(None, start=NOON), now=account.at_work.time()) == 0

    assert unreadable(account.at_work) == {}
