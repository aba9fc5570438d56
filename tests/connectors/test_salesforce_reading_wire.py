"""Reading Cases over the wire from the sandbox, with its faults."""

from datetime import UTC, datetime

import pytest

from cases.ticket import Author, TicketRef, TicketStatus
from connectors.contract import AccessRefused, TryLater, UnexpectedReply
from connectors.salesforce.client import connect
from connectors.transport import Exchange
from tests.connectors.salesforce_world import (
    CASE_ONE,
    CASE_TWO,
    COMPOSITE,
    START,
    SalesforceWorld,
    a_case,
    all_pages,
    an_update,
    keys,
    ref,
)


def test_every_case_is_read_once_page_by_page(salesforce: SalesforceWorld) -> None:
    salesforce.load(*(a_case(number) for number in range(1, 8)))

    pages = all_pages(salesforce.connect(page_size=3))

    assert [ticket.name for page in pages for ticket in page.tickets] == [f"0000100{number}" for number in range(1, 8)]
    assert [page.complete for page in pages] == [False, False, True]
    ticket = pages[0].tickets[0]
    assert ticket.requester is not None
    assert ticket.requester.customer_id == "C-100023"
    assert ticket.fields == (
        ("claimed_amount", "12.5"),
        ("compensation_topic", "delayed_withdrawal"),
        ("order_id", "A-20931"),
    )


def test_cases_that_share_a_second_are_all_read(salesforce: SalesforceWorld) -> None:
    salesforce.load(*(a_case(number, CreatedDate="2026-11-01T10:00:00Z") for number in range(1, 8)))

    pages = all_pages(salesforce.connect(page_size=2))

    assert len(set(keys(pages))) == len(keys(pages)) == 7


def test_a_poll_without_change_is_one_call(salesforce: SalesforceWorld) -> None:
    salesforce.load(a_case(1), a_case(2))
    seen: list[Exchange] = []
    source = salesforce.connect(seen.append)
    cursor = all_pages(source)[-1].cursor
    seen.clear()

    for _ in range(3):
        page = source.changed_since(cursor, start=START)
        cursor = page.cursor
        salesforce.clock.pass_seconds(60)
        assert (page.tickets, page.complete) == ((), True)

    assert [(each.method, each.path) for each in seen] == [("POST", "/services/data/v62.0/composite")] * 3


def test_polling_goes_on_where_it_ended_and_finds_only_what_changed(salesforce: SalesforceWorld) -> None:
    salesforce.load(a_case(1), a_case(2))
    source = salesforce.connect()
    cursor = all_pages(source)[-1].cursor

    salesforce.clock.pass_seconds(5)
    salesforce.act("edit", id=CASE_TWO, values={"Status": "Escalated"})
    first = source.changed_since(cursor, start=START)
    again = source.changed_since(first.cursor, start=START)
    salesforce.act("edit", id=CASE_TWO, values={"Status": "On Hold"})  # Within the same second.
    second = source.changed_since(again.cursor, start=START)

    assert [(ticket.ref.key, ticket.status_text) for ticket in first.tickets] == [(CASE_TWO, "Escalated")]
    assert again.tickets == ()
    assert [(ticket.ref.key, ticket.status) for ticket in second.tickets] == [(CASE_TWO, TicketStatus.HOLD)]


def test_what_commits_late_is_still_found(salesforce: SalesforceWorld) -> None:
    salesforce.load(a_case(1), a_case(2))
    source = salesforce.connect()
    cursor = all_pages(source)[-1].cursor
    salesforce.clock.pass_seconds(100)
    salesforce.act("edit", id=CASE_ONE, values={"Status": "Escalated"})
    salesforce.clock.pass_seconds(2)
    first = source.changed_since(cursor, start=START)
    salesforce.set(stamp_lag_seconds=50)
    salesforce.connect().write(an_update(ref=ref(CASE_TWO)))

    second = source.changed_since(first.cursor, start=START)

    assert keys([first]) == [CASE_ONE]
    assert keys([second]) == [CASE_TWO]


@pytest.mark.parametrize("touched", [0, 1])
def test_a_new_comment_is_a_change_whether_or_not_it_touches_its_case(
    salesforce: SalesforceWorld, touched: int
) -> None:
    salesforce.load(a_case(1), a_case(2))
    salesforce.set(comments_touch_cases=touched)
    source = salesforce.connect()
    cursor = all_pages(source)[-1].cursor
    salesforce.clock.pass_seconds(30)
    salesforce.act("comment", case=CASE_TWO, body="I look into it")

    page = source.changed_since(cursor, start=START)
    read = source.read(ref(CASE_TWO))

    assert keys([page]) == [CASE_TWO]
    assert read is not None
    assert page.tickets[0].updated_at == read[0].updated_at == salesforce.clock.now
    assert source.changed_since(page.cursor, start=START).tickets == ()


def test_a_post_is_a_change_too(salesforce: SalesforceWorld) -> None:
    salesforce.load(a_case(1))
    source = salesforce.connect()
    cursor = all_pages(source)[-1].cursor
    salesforce.clock.pass_seconds(30)
    post = {"ParentId": CASE_ONE, "Body": "Who knows this?", "Visibility": "InternalUsers"}
    salesforce.act("create", object="FeedItem", values=post)

    page = source.changed_since(cursor, start=START)
    read = source.read(ref())

    assert keys([page]) == [CASE_ONE]
    assert read is not None
    assert [(comment.body, comment.public) for comment in read[0].comments] == [("Who knows this?", False)]
    assert salesforce.connect(read_feed=False).changed_since(cursor, start=START).tickets == ()


@pytest.mark.parametrize("fault", ["empty_page", "short_page"])
def test_a_page_that_is_held_back_is_not_the_end(salesforce: SalesforceWorld, fault: str) -> None:
    salesforce.load(*(a_case(number) for number in range(1, 6)))
    salesforce.fault(fault, "GET /services/data/v62.0/queryAll", times=2)

    pages = all_pages(salesforce.connect())

    assert len(set(keys(pages))) == len(keys(pages)) == 5


def test_a_deleted_case_is_told_and_cannot_be_read(salesforce: SalesforceWorld) -> None:
    salesforce.load(a_case())
    source = salesforce.connect()
    salesforce.act("delete", id=CASE_ONE)

    (page,) = all_pages(source)

    assert [ticket.status for ticket in page.tickets] == [TicketStatus.DELETED]
    assert source.read(ref()) is None
    with pytest.raises(UnexpectedReply, match="the Case is deleted and takes no more writes"):
        source.write(an_update())


def test_a_merged_case_says_where_it_went_and_takes_no_note(salesforce: SalesforceWorld) -> None:
    salesforce.load(a_case(1), a_case(2))
    source = salesforce.connect()
    salesforce.clock.pass_seconds(5)
    salesforce.act("merge", master=CASE_TWO, losers=[CASE_ONE])

    (page,) = all_pages(source)
    read = source.read(ref())

    told = {ticket.ref.key: ticket.merged_into for ticket in page.tickets}
    assert told == {CASE_ONE: ref(CASE_TWO), CASE_TWO: None}
    assert read is not None
    assert (read[0].status, read[0].merged_into) == (TicketStatus.DELETED, ref(CASE_TWO))
    with pytest.raises(UnexpectedReply, match=f"merged into {CASE_TWO} and takes no more writes"):
        source.write(an_update())


def test_a_case_is_read_with_all_its_comments_in_one_call(salesforce: SalesforceWorld) -> None:
    comments = [
        {"CommentBody": f"Message {number} 你好", "IsPublished": number % 2 == 0,
         "CreatedDate": f"2026-11-01T11:{number // 60:02}:{number % 60:02}Z"}
        for number in range(250)
    ]  # fmt: skip
    salesforce.load(a_case(comments=comments))
    seen: list[Exchange] = []
    source = salesforce.connect(seen.append)

    read = source.read(ref())

    assert read is not None
    ticket, raw = read
    assert [comment.body for comment in ticket.comments] == [comment["CommentBody"] for comment in comments]
    assert [comment.public for comment in ticket.comments[:3]] == [True, False, True]
    assert {comment.written_by for comment in ticket.comments} == {Author.AGENT}
    assert ticket.updated_at == datetime(2026, 11, 1, 11, 4, 9, tzinfo=UTC)
    assert raw.startswith(b'{"attributes"')
    assert [each.path.rsplit("/", 1)[1] for each in seen] == ["token", "composite"]


def test_more_comments_than_a_page_holds_are_read_and_too_many_are_said(salesforce: SalesforceWorld) -> None:
    comments = [{"CommentBody": f"{number}", "IsPublished": False} for number in range(4100)]
    salesforce.load(a_case(comments=comments))

    read = salesforce.connect().read(ref())

    assert read is not None
    assert {comment.body for comment in read[0].comments} == {f"{number}" for number in range(4100)}
    with pytest.raises(UnexpectedReply, match="more than 3000"):
        salesforce.connect(most_comments=3000).read(ref())


def test_a_portal_users_comment_is_the_customers(salesforce: SalesforceWorld) -> None:
    portal = {"number": 9, "LastName": "Lin", "Username": "mei@portal.example", "UserType": "CspLitePortal"}
    said = {
        "CommentBody": "Any news?\n\n[makewhole CASE-4711/3]",
        "IsPublished": True,
        "CreatedById": "005Hr0000000009IAA",
    }
    salesforce.load(a_case(), User=[portal], CaseComment=[{**said, "ParentId": CASE_ONE}])
    source = salesforce.connect()

    read = source.read(ref())

    assert read is not None
    assert [(comment.written_by, comment.public) for comment in read[0].comments] == [(Author.CUSTOMER, True)]
    assert source.marks(ref()) == set()
    assert source.write(an_update()) is True


def test_no_such_case_is_none_and_somebody_elses_is_refused_before_any_call(salesforce: SalesforceWorld) -> None:
    seen: list[Exchange] = []
    source = salesforce.connect(seen.append)

    with pytest.raises(AccessRefused):
        source.read(TicketRef(vendor="salesforce", account="other", key=CASE_ONE))
    with pytest.raises(UnexpectedReply, match="18 characters"):
        source.read(TicketRef(vendor="salesforce", account="harbor", key="500' OR Id != '"))
    assert seen == []
    assert source.read(ref()) is None


@pytest.mark.parametrize("fault", ["rate_limited", "unavailable", "dropped_before", "cut_after_write"])
def test_a_read_that_fails_may_be_tried_later_and_did_nothing(salesforce: SalesforceWorld, fault: str) -> None:
    salesforce.load(a_case())
    source = salesforce.connect()
    first = source.changed_since(None, start=START)
    salesforce.fault(fault, COMPOSITE, times=2, retry_after=7)

    with pytest.raises(TryLater) as polling:
        source.changed_since(first.cursor, start=START)
    with pytest.raises(TryLater) as reading:
        source.read(ref())

    assert (polling.value.done, reading.value.done) == (False, False)
    assert source.read(ref()) is not None


def test_polls_leave_a_share_of_the_orgs_calls_to_others_and_look_again_after_a_while(
    salesforce: SalesforceWorld,
) -> None:
    salesforce.set(daily_api_requests=1000)
    salesforce.load(a_case())
    seconds = [0.0]
    source = connect(salesforce.settings(), clock=lambda: seconds[0])
    cursor = all_pages(source)[-1].cursor
    salesforce.control("requests", {"used": 900})
    cursor = source.changed_since(cursor, start=START).cursor

    with pytest.raises(TryLater, match="are for others") as held:
        source.changed_since(cursor, start=START)

    budget = source.budget()
    assert budget is not None
    assert (budget.name, budget.limit) == ("API calls in 24 hours", 1000)
    assert budget.remaining < 100
    assert held.value.wait_seconds == 900
    assert source.write(an_update()) is True
    salesforce.control("requests", {"used": 0})
    seconds[0] += 901
    assert keys([source.changed_since(cursor, start=START)]) == [CASE_ONE]
