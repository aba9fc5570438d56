"""Tickets come in: by pages, by single readings and by repairs, in any order and as often as they like."""

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cases.case import NeedsAttention, Stage
from cases.loss import LossKind
from cases.ticket import Comment, TicketRef, TicketStatus
from connectors.contract import AccessRefused, Cursor, Page, TryLater, UnexpectedReply
from store import readings, tickets
from sync.comparing import reconcile
from sync.intake import MAX_PAGES, parse_ref, poll
from tests.sync.an_export import Account
from tests.workflow.desk_at_work import TOPICS
from tests.workflow.played_vendors import NOON, page, ref, take, ticket

DAY = timedelta(days=1)
SOON_SECONDS = 20
COMMENT = Comment(id="1", author_id="9001", public=True, body="It came late.", written_at=NOON)


class BrokenTopics(Mapping[str, LossKind]):
    """Topics that cannot be looked up: the desk fails in the middle of a page."""

    def __getitem__(self, topic: str) -> LossKind:
        if topic == "duplicate_charge":
            raise ZeroDivisionError
        return TOPICS[topic]

    def __iter__(self) -> Iterator[str]:
        return iter(TOPICS)

    def __len__(self) -> int:
        return len(TOPICS)


def test_a_poll_reads_every_change_once_and_goes_on_where_it_was(account: Account) -> None:
    account.change(ticket("1", loss="W-1"), ticket("2", loss="W-2"), ticket("3", topic=None))
    assert account.poll() == 3
    assert account.asked == [(None, NOON), ("2", NOON)]

    account.change(ticket("1", loss="W-9"))
    assert account.poll() == 1
    assert account.poll() == 0

    assert [asked for asked, _ in account.asked[2:]] == ["3", "4"]
    assert account.mirrored("1").ticket.field("transaction_id") == "W-9"
    assert account.at_work.stages() == {"CASE-1": Stage.OPENED, "CASE-2": Stage.OPENED}
    assert account.readings() == ["1", "2"]


def test_where_only_a_whole_reading_tells_all_links_what_changed_of_late_is_read_whole(account: Account) -> None:
    account.change(ticket("1", topic=None))
    account.at_work.time.pass_by(days=2)
    account.change(ticket("2", topic=None), replace(ticket("3", topic=None), status=TicketStatus.DELETED))
    shown = account.changed_since

    def with_more_links(cursor: Cursor | None, *, start: datetime) -> Page:
        return replace(shown(cursor, start=start), more_links=True)

    account.changed_since = with_more_links  # type: ignore[method-assign]
    account.poll()

    assert account.readings() == ["2"]


def test_an_empty_page_that_is_not_the_last_ends_no_poll(account: Account) -> None:
    account.change(ticket("1"))
    shown = account.changed_since
    pages = iter([page(cursor="0", complete=False), page(cursor="0", complete=False)])

    def changed_since(cursor: Cursor | None, *, start: datetime) -> Page:
        return next(pages, None) or shown(cursor, start=start)

    account.changed_since = changed_since  # type: ignore[method-assign]  # Two pages without a ticket come first.

    assert account.poll() == 1


def test_an_export_without_an_end_is_left_after_two_hundred_pages(account: Account) -> None:
    places = count(1)

    def changed_since(cursor: Cursor | None, *, start: datetime) -> Page:
        del cursor, start
        return page(cursor=str(next(places)), complete=False)

    account.changed_since = changed_since  # type: ignore[method-assign]  # A vendor gone wild.
    seen: list[int] = []

    assert poll(account.intake, clock=account.at_work.time, progress=seen.append) == 0
    assert len(seen) == MAX_PAGES
    assert account.cursor() == str(MAX_PAGES)


def test_a_page_and_the_place_behind_it_are_kept_together_or_not_at_all(account: Account) -> None:
    at_work = account.at_work
    account.change(ticket("1", loss="W-1"), ticket("2", loss="T-2", topic="duplicate_charge"), ticket("3", loss="W-3"))
    whole = at_work.desk
    at_work.desk = replace(whole, topics=BrokenTopics())
    with pytest.raises(ZeroDivisionError):
        account.poll()
    with at_work.database.read() as connection:
        assert tickets.count(connection) == 0
    assert (account.cursor(), at_work.stages(), account.readings()) == (None, {}, [])

    at_work.desk = whole
    assert account.poll() == 3

    assert len(at_work.stages()) == 3
    assert account.cursor() == "3"


def test_a_poll_that_is_killed_between_two_pages_goes_on_with_the_next(account: Account) -> None:
    account.change(*(ticket(str(number), loss=f"W-{number}") for number in range(1, 6)))

    def kill(read_so_far: int) -> None:
        if read_so_far == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        poll(account.intake, clock=account.at_work.time, progress=kill)
    assert account.poll() == 3

    assert [asked for asked, _ in account.asked] == [None, "2", "4"]
    assert len(account.at_work.stages()) == 5


def test_a_page_that_comes_again_changes_nothing(account: Account) -> None:
    account.change(ticket("1", loss="W-1"), ticket("2", loss="W-2"))
    again = account.changed_since(None, start=NOON)
    account.poll()
    account.at_work.work("propose")
    before = account.at_work.events("CASE-1"), account.at_work.waiting()

    changed = take(account.intake, again, now=account.at_work.time())

    assert changed == 0
    assert (account.at_work.events("CASE-1"), account.at_work.waiting()) == before


def test_a_page_that_holds_a_ticket_twice_opens_one_case_of_the_later(account: Account) -> None:
    account.change(ticket("1", loss="W-1"), ticket("1", loss="W-2"))

    assert account.poll() == 2

    case = account.at_work.case("CASE-1")
    assert case.about.loss is not None
    assert case.about.loss.reference == "W-2"
    assert list(account.at_work.stages()) == ["CASE-1"]


def test_a_page_that_holds_a_ticket_twice_leaves_its_case_as_the_ticket_stands(account: Account) -> None:
    account.change(ticket("1", loss="W-A"))
    account.poll()
    account.change(ticket("1", loss="W-B"), ticket("1", loss="W-A"))

    account.poll()

    case = account.at_work.case("CASE-1")
    assert case.about.loss is not None
    assert case.about.loss.reference == "W-A"


def test_a_page_that_was_read_before_a_newer_reading_does_not_replace_it(account: Account) -> None:
    account.change(ticket("1", loss="W-1"))
    late = account.changed_since(None, start=NOON)
    account.change(ticket("1", loss="W-2"))
    account.read_whole("1")

    assert take(account.intake, late, now=account.at_work.time()) == 0

    assert account.mirrored("1").ticket.field("transaction_id") == "W-2"
    assert account.at_work.events("CASE-1") == ["opened"]


def test_a_reading_that_is_older_than_a_page_does_not_replace_it(account: Account) -> None:
    account.change(ticket("1", loss="W-1"))
    old = account.changes[-1]
    account.poll()
    account.change(ticket("1", loss="W-2"))
    account.poll()

    account.lagging[ref("1")] = old
    account.read_whole("1")

    assert account.mirrored("1").ticket.field("transaction_id") == "W-2"
    case = account.at_work.case("CASE-1")
    assert case.about.loss is not None
    assert (case.about.loss.reference, account.at_work.events("CASE-1")) == ("W-2", ["opened", "claim changed"])


def test_the_comments_that_are_known_stay_when_a_page_brings_the_ticket_without_them(account: Account) -> None:
    account.change(replace(ticket("1"), comments=(COMMENT,)))
    account.read_whole("1")
    account.change(replace(ticket("1"), subject="Again"))

    account.poll()

    mirrored = account.mirrored("1").ticket
    assert (mirrored.comments, mirrored.subject) == ((COMMENT,), "Again")


def test_a_repair_finds_what_webhook_and_poll_have_missed_and_counts_it(account: Account) -> None:
    account.change(*(ticket(str(number), loss=f"W-{number}") for number in range(1, 4)))
    account.poll()
    account.change(ticket("2", loss="W-2", claimed_amount="9"), ticket("4", loss="W-4"))
    with account.at_work.database.begin() as tx:
        tickets.keep_cursor(tx, "zendesk:harbor", Cursor("5"), now=NOON)
    assert account.poll() == 0

    account.at_work.time.pass_by(minutes=5)

    def repaired() -> int:
        return reconcile(account.intake, window=DAY, clock=account.at_work.time)

    assert repaired() == 2
    assert repaired() == 0
    assert account.cursor() == "5"
    assert account.mirrored("2").ticket.field("claimed_amount") == "9"
    assert len(account.at_work.stages()) == 4


def test_a_repair_looks_back_as_far_as_it_is_told(account: Account) -> None:
    account.change(ticket("1", loss="W-1"))
    account.at_work.time.pass_by(hours=2)
    account.change(ticket("2", loss="W-2"))
    account.at_work.time.pass_by(minutes=5)

    assert reconcile(account.intake, window=timedelta(hours=1), clock=account.at_work.time) == 1
    assert account.asked == [(None, account.at_work.time() - timedelta(hours=1))]


def test_a_ticket_that_was_deleted_for_good_puts_its_case_before_a_person(account: Account) -> None:
    account.change(ticket("1"))
    account.poll()
    account.gone.add(ref("1"))

    account.read_whole("1")
    account.read_whole("1")

    assert account.mirrored("1").ticket.status is TicketStatus.DELETED
    case = account.at_work.case("CASE-1")
    assert isinstance(case, NeedsAttention)
    assert case.reason == f"The only ticket of this case, {ref('1')}, was deleted."
    assert account.at_work.events("CASE-1") == ["opened", "ticket gone"]


def test_a_ticket_that_never_was_is_nothing(account: Account) -> None:
    account.read_whole("404")

    with account.at_work.database.read() as connection:
        assert tickets.find(connection, ref("404")) is None


@pytest.mark.parametrize(
    ("trouble", "asked_again"),
    [(TryLater("503", wait_seconds=1), False), (AccessRefused("401"), False), (UnexpectedReply("?"), True)],
)
def test_a_reading_that_fails_for_good_makes_room_for_who_asks_next(
    account: Account, trouble: Exception, *, asked_again: bool
) -> None:
    account.change(ticket("1"))
    with account.at_work.database.begin() as tx:
        readings.ask(tx, str(ref("1")), now=NOON)
    account.troubles.append(trouble)
    with pytest.raises(type(trouble)):
        account.read_whole("1", number=1)

    with account.at_work.database.begin() as tx:
        readings.ask(tx, str(ref("1")), now=NOON)

    assert account.readings() == (["1", "1"] if asked_again else ["1"])


@pytest.mark.parametrize("store_url", [pytest.param("postgres", marks=pytest.mark.postgres)], indirect=True)
def test_a_comparison_that_finds_nothing_waits_for_nobody(account: Account) -> None:
    account.page_size = account.at_once = 70
    account.change(*(ticket(str(number), loss=f"W-{number}") for number in range(1, 71)))
    account.poll()

    with ThreadPoolExecutor(1) as threads, account.at_work.database.begin() as other:
        other.hold(*(f"tickets/{number}" for number in range(tickets.HOLDS)))
        differed = threads.submit(reconcile, account.intake, window=DAY, clock=account.at_work.time)
        assert differed.result(SOON_SECONDS) == 0


@pytest.mark.parametrize("store_url", [pytest.param("postgres", marks=pytest.mark.postgres)], indirect=True)
def test_of_a_page_only_what_changed_is_held(account: Account) -> None:
    account.page_size = account.at_once = 71
    account.change(*(ticket(str(number), loss=f"W-{number}") for number in range(1, 70)), ticket("70", topic=None))
    account.poll()
    account.change(replace(ticket("70", topic=None), subject="Late again"))
    page = account.changed_since(None, start=NOON)

    with ThreadPoolExecutor(1) as threads, account.at_work.database.begin() as other:
        every = {f"tickets/{number}" for number in range(tickets.HOLDS)}
        other.hold(*every - {tickets.held_as(str(ref("70")))})
        kept = threads.submit(take, account.intake, page, now=account.at_work.time())
        assert kept.result(SOON_SECONDS) == 1

    assert account.mirrored("70").ticket.subject == "Late again"


@pytest.mark.parametrize("vendor", ["zendesk", "salesforce", "jira"])
def test_a_ticket_is_named_by_vendor_account_and_key(vendor: Any) -> None:
    named = TicketRef(vendor=vendor, account="harbor", key="CARE-17:a@b")

    assert parse_ref(str(named)) == named


@pytest.mark.parametrize(
    "text", ["", "17", "zendesk", "zendesk:harbor", "zendesk:harbor:", "zendesk::17", "hubspot:a:1"]
)
def test_what_names_no_ticket_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="names no ticket like zendesk:harbor:17"):
        parse_ref(text)


def test_whatever_gets_lost_doubled_or_shuffled_the_mirror_is_the_vendors_in_the_end(account: Account) -> None:
    """Pages that come late or twice, readings of some tickets, polls cut short; then one repair."""
    examples = count(1)
    at_work = account.at_work

    @settings(max_examples=12, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(data=st.data())
    def weather(data: Any) -> None:
        prefix = next(examples)
        names = [f"{prefix}00{number}" for number in range(3)]
        account.changes.clear()
        late: list[Page] = []
        with at_work.database.begin() as tx:
            tickets.forget_cursor(tx, "zendesk:harbor")
        begun = at_work.time()
        for name, loss in data.draw(
            st.lists(st.tuples(st.sampled_from(names), st.sampled_from("AB")), min_size=1, max_size=6)
        ):
            account.change(ticket(name, loss=f"W-{name}-{loss}"))
            match data.draw(st.sampled_from(("nothing", "poll", "read", "late page", "old page"))):
                case "poll":
                    account.poll()
                case "read":
                    account.read_whole(name)
                case "late page":
                    late.append(account.changed_since(None, start=begun))
                case "old page" if late:
                    take(account.intake, data.draw(st.sampled_from(late)), now=at_work.time())
                case _:
                    pass

        reconcile(account.intake, window=at_work.time() - begun, clock=at_work.time)

        last = {each.ref.key: each for each in account.changes}
        assert {name: account.mirrored(name).ticket for name in last} == last
        for name, each in last.items():
            case = at_work.case(at_work.case_of(name) or "")
            assert case.about.tickets == (each.ref,)
            assert case.about.loss is not None
            assert case.about.loss.reference == each.field("transaction_id")

    weather()
