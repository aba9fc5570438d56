"""Reading tickets over the wire from the sandbox, with its faults."""

from datetime import UTC, date, datetime

import pytest
import requests

from cases.ticket import TicketRef, TicketStatus
from connectors.contract import AccessRefused, UnexpectedReply
from connectors.transport import Exchange
from connectors.zendesk.settings import ApiToken
from tests.connectors.conftest import World, a_ticket
from tests.connectors.zendesk_world import START, all_pages, an_update, keys, ref

AS_ADMIN = ("bot@harbor.example/token", "sandbox-api-token")
AN_AGENT = ApiToken(email="luca@harbor.example", token="sandbox-api-token")
TODAY = date(2026, 11, 22)


def test_every_ticket_is_exported_once_page_by_page(world: World) -> None:
    world.load(*(a_ticket(number, updated_at=f"2026-11-01T10:00:{number:02}+00:00") for number in range(1, 8)))

    pages = all_pages(world.connect(page_size=3))

    assert keys(pages) == ["1", "2", "3", "4", "5", "6", "7"]
    assert [page.complete for page in pages] == [False, False, True]
    ticket = pages[0].tickets[0]
    assert ticket.requester is not None
    assert (ticket.requester.customer_id, ticket.requester.locale) == ("C-100023", "en-US")
    assert ticket.fields == (
        ("claimed_amount", "12.50"),
        ("compensation_topic", "delayed_withdrawal"),
        ("order_id", "A-20931"),
    )


def test_polling_goes_on_where_it_ended_and_finds_only_what_changed(world: World) -> None:
    world.load(a_ticket(1), a_ticket(2))
    source = world.connect()
    first = all_pages(source)[-1]

    nothing = source.changed_since(first.cursor, start=START)
    world.clock.pass_seconds(5)
    world.agent_edits(2, ticket={"status": "pending"})
    world.clock.pass_seconds(5)
    changed = source.changed_since(nothing.cursor, start=START)

    assert (nothing.tickets, nothing.complete) == ((), True)
    assert [(ticket.ref.key, ticket.status) for ticket in changed.tickets] == [("2", TicketStatus.PENDING)]


def test_an_account_without_tickets_keeps_its_place(world: World) -> None:
    source = world.connect()

    empty = source.changed_since(None, start=START)
    world.load(a_ticket())
    later = source.changed_since(empty.cursor, start=datetime(2030, 1, 1, tzinfo=UTC))

    assert (empty.tickets, empty.complete) == ((), True)
    assert keys([later]) == ["35436"]


def test_an_empty_page_is_not_the_end(world: World) -> None:
    world.load(a_ticket(1), a_ticket(2))
    world.fault("empty_page", "GET /api/v2/incremental", times=2)

    pages = all_pages(world.connect())

    assert [len(page.tickets) for page in pages] == [0, 0, 2]
    assert [page.complete for page in pages] == [False, False, True]


def test_a_bad_record_is_named_and_its_neighbours_are_read(world: World) -> None:
    world.load(a_ticket(1), a_ticket(2, overlay={"updated_at": None, "subject": None}), a_ticket(3))

    (page,) = all_pages(world.connect())

    assert keys([page]) == ["1", "3"]
    assert page.unreadable == (("2", "updated_at: expected `datetime`, got `null`"),)


def test_a_deleted_ticket_is_exported_as_deleted_and_cannot_be_read(world: World) -> None:
    world.load(a_ticket())
    source = world.connect()
    world.agent_edits(35436, delete=True)
    world.clock.pass_seconds(5)

    (page,) = all_pages(source)

    assert [ticket.status for ticket in page.tickets] == [TicketStatus.DELETED]
    assert source.read(ref()) is None
    with pytest.raises(UnexpectedReply, match="deleted or was never there"):
        source.write(an_update())


def test_a_merged_ticket_says_where_it_went_and_takes_no_note(world: World) -> None:
    world.load(a_ticket(), a_ticket(35440))
    source = world.connect()
    world.clock.pass_seconds(5)
    world.agent_edits(35436, merge_into=35440)

    read = source.read(ref())

    assert read is not None
    assert (read[0].status, read[0].merged_into) == (TicketStatus.CLOSED, ref(35440))
    with pytest.raises(UnexpectedReply, match="the ticket is closed"):
        source.write(an_update())
    assert world.notes(35436) == ["This request was closed and merged into request #35440."]


def test_a_ticket_is_read_with_every_comment_and_rating(world: World) -> None:
    comments = [
        {"body": f"Message {number} 你好", "public": number % 2 == 0, "author": "agent",
         "created_at": f"2026-11-01T11:{number // 60:02}:{number % 60:02}+00:00"}
        for number in range(250)
    ]  # fmt: skip
    rating = {"score": "bad", "comment": "Too slow"}
    world.load(a_ticket(comments=comments, satisfaction_rating=rating))
    seen: list[Exchange] = []

    read = world.connect(seen.append).read(ref())

    assert read is not None
    ticket, raw = read
    assert [comment.body for comment in ticket.comments[1:]] == [comment["body"] for comment in comments]
    assert [comment.public for comment in ticket.comments[:4]] == [True, True, False, True]
    assert ticket.satisfaction is not None
    assert (ticket.satisfaction.score, ticket.satisfaction.comment) == ("bad", "Too slow")
    assert raw.startswith(b'{"')
    assert b'"id":35436' in raw
    assert len([each for each in seen if "comments" in each.path]) == 3


def test_a_ticket_with_too_many_comments_is_said_not_cut(world: World) -> None:
    world.load(a_ticket(comments=[{"body": f"{number}", "author": "agent"} for number in range(150)]))

    with pytest.raises(UnexpectedReply, match="more than 100"):
        world.connect(most_comments=100).read(ref())


def test_a_megabyte_and_nulls_are_read(world: World) -> None:
    world.load(a_ticket(description="提" * 350_000, overlay={"subject": None, "tags": None, "custom_fields": None}))

    read = world.connect().read(ref())

    assert read is not None
    assert len(read[0].description) == 350_000
    assert (read[0].subject, read[0].tags, read[0].fields) == ("", (), ())


def test_no_such_ticket_is_none(world: World) -> None:
    assert world.connect().read(ref(99)) is None


def test_somebody_elses_ticket_is_refused_before_any_call(world: World) -> None:
    seen: list[Exchange] = []
    source = world.connect(seen.append)

    with pytest.raises(AccessRefused):
        source.read(TicketRef(vendor="zendesk", account="other", key="1"))
    with pytest.raises(UnexpectedReply):
        source.read(TicketRef(vendor="zendesk", account="harbor", key="1/../../users/me"))

    assert seen == []


# --- Links of Zendesk's own Jira integration -------------------------------------------------------------------------


def link(world: World, ticket_id: int, issue_id: str, key: str) -> None:
    body = {"link": {"ticket_id": str(ticket_id), "issue_id": issue_id, "issue_key": key}}
    answer = requests.post(f"{world.url}/zendesk/api/v2/jira/links", json=body, auth=AS_ADMIN, timeout=10)
    assert answer.status_code == 200, answer.text


def test_an_issue_that_the_integration_links_is_a_link_of_the_ticket(world: World) -> None:
    world.load(a_ticket(1), a_ticket(2))
    link(world, 1, "10042", "ENG-5")
    link(world, 1, "10043", "ENG-6")
    link(world, 2, "10044", "ENG-7")
    link(world, 1, "10042", "ENG-5")

    read = world.connect(jira_links="jira:harbor").read(ref(1))
    not_asked = world.connect().read(ref(1))

    assert read is not None
    assert read[0].links == ("jira:harbor:10042", "jira:harbor:10043")
    assert not_asked is not None
    assert not_asked[0].links == ()


def test_without_an_admins_rights_the_ticket_is_read_without_them_and_doctor_says_so(world: World) -> None:
    world.load(a_ticket(1))
    link(world, 1, "10042", "ENG-5")
    source = world.connect(jira_links="jira:harbor", auth=AN_AGENT)

    read = source.read(ref(1))

    assert read is not None
    assert read[0].links == ()
    (check,) = (each for each in source.checks(today=TODAY) if each.name == "jira_links")
    assert check.fix == "only an admin may read these links: make the user one, or take jira_links out"
    checks = world.connect(jira_links="jira:harbor").checks(today=TODAY)
    assert [each.fix for each in checks if each.name == "jira_links"] == [None]
