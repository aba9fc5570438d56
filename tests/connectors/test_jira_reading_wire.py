"""Reading issues over the wire from the sandbox's Jira, with its faults."""

import json
import random
from datetime import timedelta
from typing import Any

import pytest

from cases.ticket import Author, TicketRef, TicketStatus
from connectors.contract import AccessRefused, Cursor, TryLater, UnexpectedReply
from connectors.transport import Exchange
from tests.connectors.conftest import Script
from tests.connectors.jira_world import (
    ADA,
    HIRO,
    LENA,
    START,
    Jira,
    a_request,
    all_pages,
    an_issue,
    an_update,
    keys,
    ref,
    serving,
)

jira = pytest.fixture(serving)


def changed_at(number: int, seconds: int, **more: Any) -> dict[str, Any]:
    return an_issue(number, updated=f"2026-11-01T10:{seconds // 60:02}:{seconds % 60:02}.000+00:00", **more)


def test_every_issue_is_found_once_oldest_change_first(jira: Jira) -> None:
    jira.load(*(changed_at(number, 300 - number) for number in range(1, 8)))
    seen: list[Exchange] = []

    pages = all_pages(jira.connect(seen.append, page_size=3))

    assert keys(*pages) == ["ENG-7", "ENG-6", "ENG-5", "ENG-4", "ENG-3", "ENG-2", "ENG-1"]
    assert [page.complete for page in pages] == [False, False, True]
    assert [(each.method, each.path) for each in seen] == [("POST", "/rest/api/3/search/jql")] * 3


def test_a_cursor_goes_on_in_another_process(jira: Jira) -> None:
    jira.load(*(changed_at(number, number) for number in range(1, 8)))
    first = jira.connect(page_size=3).changed_since(None, start=START)

    second = jira.connect(page_size=3).changed_since(first.cursor, start=START)

    assert keys(first, second) == ["ENG-1", "ENG-2", "ENG-3", "ENG-4", "ENG-5", "ENG-6"]


def test_a_poll_finds_what_changed_and_one_call_finds_that_nothing_did(jira: Jira) -> None:
    jira.load(an_issue(1), an_issue(2))
    seen: list[Exchange] = []
    source = jira.connect(seen.append)
    first = source.changed_since(None, start=START)

    jira.act("ENG-2", transition="11")
    changed = source.changed_since(first.cursor, start=START)
    jira.clock.pass_seconds(600)
    settled = source.changed_since(changed.cursor, start=START)
    nothing = source.changed_since(settled.cursor, start=START)

    assert [(ticket.name, ticket.status) for ticket in changed.tickets][-1] == ("ENG-2", TicketStatus.OPEN)
    assert (keys(settled), keys(nothing), nothing.complete) == (["ENG-2"], [], True)
    assert len(seen) == 4


def test_a_search_that_lags_behind_misses_nothing(jira: Jira) -> None:
    jira.set(search_lag_seconds=120)
    jira.load(an_issue(1))
    source = jira.connect()
    page = source.changed_since(None, start=START)

    jira.act("ENG-1", fields={"summary": "Later"})  # Search will not know for two minutes.
    jira.clock.pass_seconds(60)
    jira.load(an_issue(2, updated=(jira.clock.now - timedelta(seconds=1)).isoformat()))  # This it knows at once.
    early = source.changed_since(page.cursor, start=START)
    jira.clock.pass_seconds(90)
    late = source.changed_since(early.cursor, start=START)

    assert [(ticket.name, ticket.subject) for ticket in early.tickets][-1] == ("ENG-2", "Withdrawals are late")
    assert ("ENG-1", "Later") in [(ticket.name, ticket.subject) for ticket in late.tickets]


def test_a_crowd_of_changes_is_not_read_again_for_ever(jira: Jira) -> None:
    jira.load(*(an_issue(number) for number in range(1, 31)))
    source = jira.connect(page_size=10)
    settled = all_pages(source)[-1].cursor

    nothing = source.changed_since(settled, start=START)

    assert (keys(nothing), nothing.complete) == ([], True)


def test_what_we_wrote_is_found_although_search_lags(jira: Jira) -> None:
    jira.set(search_lag_seconds=120)
    jira.load(an_issue())
    source = jira.connect()
    cursor = source.changed_since(None, start=START).cursor

    assert source.write(an_update())
    found = source.changed_since(cursor, start=START)

    assert found.tickets[-1].field("mw_state") == "paid"


def test_a_token_that_has_ended_costs_nothing_that_was_read(jira: Jira) -> None:
    jira.load(*(changed_at(number, number) for number in range(1, 8)))
    source = jira.connect(page_size=3)
    first = source.changed_since(None, start=START)
    place = json.loads(first.cursor) | {"token": "Ch0jgone"}

    second = source.changed_since(Cursor(json.dumps(place)), start=START)

    assert keys(first, second) == ["ENG-1", "ENG-2", "ENG-3", "ENG-3", "ENG-4", "ENG-5"]


def test_an_empty_page_is_not_the_end(jira: Jira) -> None:
    jira.load(an_issue(1), an_issue(2))
    jira.fault("empty_page", times=1)

    pages = all_pages(jira.connect())

    assert (keys(*pages), pages[-1].complete) == (["ENG-1", "ENG-2"], True)
    assert len(pages) > 1


def test_a_cursor_of_somebody_else_and_a_project_that_is_none_are_said(jira: Jira) -> None:
    with pytest.raises(UnexpectedReply, match="cursor"):
        jira.connect().changed_since(Cursor("since:5"), start=START)
    for projects in ((), ('ENG" OR project = "X',), ("GONE",)):
        with pytest.raises(UnexpectedReply):
            jira.connect(projects=projects).changed_since(None, start=START)


def test_other_projects_are_not_read(jira: Jira) -> None:
    jira.load(an_issue(1), a_request(2))

    assert keys(*all_pages(jira.connect(projects=("CARE",)))) == ["CARE-2"]


def test_an_issue_is_read_with_every_comment_and_link(jira: Jira) -> None:
    said = [{"body": f"Words {number} 你好", "created": f"2026-11-01T11:{number // 60:02}:{number % 60:02}.000+00:00",
             "author": ADA if number == 3 else LENA, "internal": number == 4} for number in range(230)]  # fmt: skip
    jira.load(an_issue(1), a_request(7, comments=said))
    jira.act("CARE-7", link={"type": "Relates", "to": "ENG-1"})
    jira.act("CARE-7", remote_link={"object": {"url": "https://harbor.zendesk.com/agent/tickets/35436", "title": "Z"}})
    seen: list[Exchange] = []

    read = jira.connect(seen.append).read(ref("10007"))

    assert read is not None
    ticket, raw = read
    assert [comment.body for comment in ticket.comments] == [each["body"] for each in said]
    assert [comment.public for comment in ticket.comments[2:6]] == [True, True, False, True]
    assert [comment.written_by for comment in ticket.comments[2:4]] == [Author.AGENT, Author.CUSTOMER]
    assert ticket.comments[3].author_name == "Ada Byrne"
    assert ticket.links == ("jira:harbor:10001", "https://harbor.zendesk.com/agent/tickets/35436")
    assert (ticket.name, ticket.handler_id) == ("CARE-7", HIRO)
    assert b'"id":"10007"' in raw
    assert len(seen) == 5


def test_an_issue_with_too_many_comments_is_said_not_cut(jira: Jira) -> None:
    jira.load(an_issue(comments=[{"body": f"{number}"} for number in range(150)]))

    with pytest.raises(UnexpectedReply, match="more than 100"):
        jira.connect(most_comments=100).read(ref())


def test_a_key_finds_the_issue_and_the_ticket_has_its_number(jira: Jira) -> None:
    jira.load(an_issue(5))

    read = jira.connect().read(ref("ENG-5"))

    assert read is not None
    assert read[0].ref == ref("10005")


def test_a_moved_issue_keeps_its_number_and_answers_to_its_old_key(jira: Jira) -> None:
    jira.load(an_issue(5))
    jira.act("ENG-5", move_to="CARE")
    source = jira.connect()

    by_number, by_old_key = source.read(ref()), source.read(ref("ENG-5"))

    assert by_number is not None
    assert by_old_key is not None
    assert by_number[0].ref == by_old_key[0].ref == ref()
    assert by_number[0].name.startswith("CARE-")
    assert source.write(an_update())


def test_a_deleted_issue_cannot_be_read_and_takes_no_note(jira: Jira) -> None:
    jira.load(an_issue(5))
    source = jira.connect()
    jira.act("ENG-5", delete=True)

    assert source.read(ref()) is None
    assert keys(*all_pages(source)) == []
    with pytest.raises(UnexpectedReply, match="deleted or was never there"):
        source.write(an_update())


def test_nothing_is_taken_for_deleted_by_somebody_who_may_not_look(jira: Jira) -> None:
    jira.load(an_issue(5))
    jira.control("tokens", {"email": "bot@harbor.example", "token": "another"})
    source = jira.connect()

    for ask in (
        lambda: source.read(ref()),
        lambda: source.changed_since(None, start=START),
        lambda: source.write(an_update()),
    ):
        with pytest.raises(AccessRefused, match="token"):
            ask()


def test_what_is_hidden_is_not_taken_for_deleted(script: Script) -> None:
    script.answer(404, b'{"errorMessages":["Issue does not exist or you do not have permission to see it."]}')
    script.answer(200, b'{"permissions":{"BROWSE_PROJECTS":{"havePermission":false}}}')

    with pytest.raises(AccessRefused, match="may not browse"):
        Jira(url=script.url, clock=None).connect().read(ref())  # type: ignore[arg-type]


def test_tickets_of_others_are_not_asked_for(jira: Jira) -> None:
    for other in (
        TicketRef(vendor="jira", account="other", key="1"),
        TicketRef(vendor="zendesk", account="harbor", key="1"),
    ):
        with pytest.raises(AccessRefused):
            jira.connect().read(other)
    with pytest.raises(UnexpectedReply, match="key as ENG-5"):
        jira.connect().read(ref("../myself"))


@pytest.mark.parametrize(
    "fault", ["rate_limited", "unavailable", "dropped_before", "cut_after_write", "dropped_after_write"]
)
def test_a_read_that_fails_may_be_tried_later_and_is_sent_once(jira: Jira, fault: str) -> None:
    jira.load(an_issue())
    seen: list[Exchange] = []
    source = jira.connect(seen.append)
    jira.fault(fault, times=1)
    with pytest.raises(TryLater) as by_search:
        source.changed_since(None, start=START)
    jira.fault(fault, times=1)

    with pytest.raises(TryLater) as by_reading:
        source.read(ref())

    assert (by_search.value.done, by_reading.value.done) == (False, False)
    assert len(seen) == 2
    assert source.read(ref()) is not None


@pytest.mark.parametrize("seed", range(4))
def test_whatever_changes_while_it_is_read_is_seen_in_its_last_state(jira: Jira, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311  # No secret.
    jira.set(search_lag_seconds=90)
    jira.load(*(an_issue(number) for number in range(1, 13)))
    cursor, seen = None, dict[str, str]()

    for step in range(40):
        number = chance.randint(1, 12)
        changed = {"summary": f"State {step}"}
        if step < 30 and chance.random() < 0.5:
            jira.act(f"ENG-{number}", fields=changed)
        elif step < 30:  # Search knows this one at once, and so before what was changed earlier.
            jira.load(an_issue(number, fields=changed, updated=jira.clock.now.isoformat()))
        jira.clock.pass_seconds(chance.choice([0, 1, 30, 400]) if step < 30 else 60)
        page = jira.connect(page_size=5).changed_since(cursor, start=START)  # Another process each time.
        cursor, seen = page.cursor, seen | {ticket.name: ticket.subject for ticket in page.tickets}

    assert seen == {each["key"]: each["fields"]["summary"] for each in jira.state()["issues"]}


def test_every_issue_there_is_can_be_listed(jira: Jira) -> None:
    jira.load(*(an_issue(number) for number in range(1, 8)))
    jira.fault("empty_page", "/search/jql", times=1)

    assert sorted(jira.connect().every_key()) == [f"1000{number}" for number in range(1, 8)]
