"""What Jira says, as our nouns."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cases.ticket import Author, Comment, CustomerId, Requester, Ticket, TicketRef, TicketStatus
from connectors.contract import UnexpectedReply
from connectors.jira.comments import read_comments, read_remote_links
from connectors.jira.reading import Account, in_service_project, read_issue, read_page
from connectors.wire_json import Unreadable

ACCOUNT = Account(
    name="harbor",
    names={
        "customfield_10101": "compensation_topic",
        "customfield_10102": "order_id",
        "customfield_10106": "claimed_amount",
    },
    customer_field="customfield_10108",
    link_fields={"customfield_10120": "zendesk:harbor:"},
)
ADA = {"accountId": "qm:ada", "displayName": "Ada Byrne", "emailAddress": "ada@example.com", "accountType": "customer"}
LENA = {"accountId": "5b10", "displayName": "Lena Vogel", "accountType": "atlassian"}
STATUS = {"id": "3", "name": "In Progress", "statusCategory": {"id": 4, "key": "indeterminate", "name": "In Progress"}}


def a_document(*content: dict[str, Any]) -> dict[str, Any]:
    return {"type": "doc", "version": 1, "content": list(content)}


def a_paragraph(*content: dict[str, Any] | str) -> dict[str, Any]:
    nodes = [{"type": "text", "text": each} if isinstance(each, str) else each for each in content]
    return {"type": "paragraph", "content": nodes}


def an_issue(**fields: Any) -> dict[str, Any]:
    given = {
        "summary": "Withdrawals are late 提现",
        "description": a_document(a_paragraph("Nothing arrived.")),
        "status": STATUS,
        "reporter": ADA,
        "assignee": LENA,
        "labels": ["withdrawal", "vip"],
        "created": "2026-11-01T10:00:00.000+0000",
        "updated": "2026-11-01T12:00:00.250+0200",
        "customfield_10101": {"self": "x", "value": "Delayed withdrawal", "id": "10204"},
        "customfield_10102": "A-20931",
        "customfield_10108": "C-100023",
        "customfield_99999": {"odd": [1]},
    }
    return {"id": "10042", "key": "ENG-5", "fields": {**given, **fields}}


def read(**fields: Any) -> Ticket:
    return read_issue(json.dumps(an_issue(**fields)).encode(), ACCOUNT)


def amount(value: str) -> str | None:
    """Return our text of a custom field whose value is this JSON."""
    record = json.dumps(an_issue(customfield_10106=0)).replace(
        '"customfield_10106": 0', f'"customfield_10106": {value}'
    )
    return read_issue(record.encode(), ACCOUNT).field("claimed_amount")


def test_an_issue_is_read_whole() -> None:
    assert read() == Ticket(
        ref=TicketRef(vendor="jira", account="harbor", key="10042"),
        subject="Withdrawals are late 提现",
        description="Nothing arrived.",
        status=TicketStatus.OPEN,
        status_text="In Progress",
        requester=Requester(
            id="qm:ada", name="Ada Byrne", email="ada@example.com", customer_id=CustomerId("C-100023"), locale=None
        ),
        handler_id="5b10",
        tags=("withdrawal", "vip"),
        fields=(("compensation_topic", "Delayed withdrawal"), ("order_id", "A-20931")),
        comments=(),
        satisfaction=None,
        merged_into=None,
        created_at=datetime(2026, 11, 1, 10, 0, tzinfo=UTC),
        updated_at=datetime(2026, 11, 1, 10, 0, 0, 250_000, tzinfo=UTC),
        name="ENG-5",
        links=(),
    )


@pytest.mark.parametrize(
    ("category", "status"),
    [("new", "new"), ("indeterminate", "open"), ("done", "solved"), ("undefined", "unknown"), ("later", "unknown")],
)
def test_a_statuss_category_says_where_an_issue_stands(category: str, status: str) -> None:
    ticket = read(status={"id": "1", "name": "Wartet", "statusCategory": {"key": category}})

    assert (ticket.status, ticket.status_text) == (status, "Wartet")


def test_an_issue_of_nulls_is_read() -> None:
    ticket = read(
        summary=None, description=None, status=None, reporter=None, assignee=None, labels=None, customfield_10108=None
    )

    assert (ticket.subject, ticket.description, ticket.status, ticket.tags) == ("", "", TicketStatus.UNKNOWN, ())
    assert (ticket.requester, ticket.handler_id) == (None, None)


def test_a_customers_number_counts_without_a_reporter() -> None:
    ticket = read(reporter=None)

    assert ticket.requester is not None
    assert (ticket.requester.id, ticket.requester.customer_id) == ("", "C-100023")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("12.50", "12.50"),
        ("0.1", "0.1"),
        ("123456789012345678.123456789", "123456789012345678.123456789"),
        ("1.0E7", "10000000"),
        ("-3", "-3"),
        ("true", "yes"),
        ('"A / B"', "A / B"),
        ('{"value": "EU", "child": {"value": "Lyon"}}', "EU / Lyon"),
        ('[{"value": "a"}, {"value": "b"}]', "a, b"),
        ('["x", "y"]', "x, y"),
        ('{"accountId": "5b10", "displayName": "Lena Vogel"}', "Lena Vogel"),
        ('{"self": "x", "name": "Release 3"}', "Release 3"),
        ('{"type": "doc", "content": [{"type": "paragraph", "content": [{"type": "text", "text": "12"}]}]}', "12"),
        ("null", None),
        ("[]", None),
        ('""', None),
    ],
)
def test_a_fields_value_is_text_and_numbers_stay_exact(value: str, text: str | None) -> None:
    assert amount(value) == text


@pytest.mark.parametrize("value", ["{}", '{"odd": 1}', '[{"odd": 1}]', "1E999999999"])
def test_a_mapped_field_without_a_text_makes_the_issue_unreadable(value: str) -> None:
    with pytest.raises(Unreadable, match="claimed_amount"):
        amount(value)


def test_links_name_issues_by_number_and_other_tickets_as_they_stand() -> None:
    ticket = read(
        customfield_10120="35436",
        issuelinks=[
            {"id": "1", "type": {}, "outwardIssue": {"id": "10001", "key": "CARE-1"}},
            {"id": "2", "type": {}, "inwardIssue": {"id": "10002", "key": "ENG-2"}},
            {"id": "3", "type": {}, "inwardIssue": {"id": "10002", "key": "ENG-2"}},
        ],
    )

    assert ticket.links == ("zendesk:harbor:35436", "jira:harbor:10001", "jira:harbor:10002")
    assert read(customfield_10120="https://harbor.zendesk.com/agent/tickets/1").links == (
        "https://harbor.zendesk.com/agent/tickets/1",
    )


def test_one_bad_record_never_costs_its_neighbours() -> None:
    bad = an_issue(updated="yesterday", summary="secret words") | {"id": "10043"}
    worse: list[Any] = [7, {"key": "ENG-9"}, an_issue(labels="x") | {"id": "10044"}]
    body = json.dumps({"issues": [an_issue(), bad, *worse], "isLast": True}).encode()

    page = read_page(body, ACCOUNT)

    assert [ticket.name for ticket in page.tickets] == ["ENG-5"]
    assert [key for key, _ in page.unreadable] == ["10043", "record 3 of the page", "record 4 of the page", "10044"]
    assert page.unreadable[0][1] == "updated: no time"
    assert "secret" not in str(page.unreadable)


def test_a_record_is_kept_as_it_was_sent() -> None:
    record = json.dumps(an_issue(), indent=1, ensure_ascii=False).encode()

    page = read_page(b'{"issues": [' + record + b'], "nextPageToken": "Ch0j"}', ACCOUNT)

    assert (page.raw, page.next_token) == ((record,), "Ch0j")


def test_half_an_emoji_and_a_nul_can_be_kept() -> None:
    record = json.dumps(an_issue(summary="half \ud83d", description=a_document(a_paragraph("a\0b \ud83d"))))

    ticket = read_issue(record.encode(), ACCOUNT)

    assert (ticket.subject, ticket.description) == ("half \ufffd", "a\ufffdb \ufffd")


NO_PAGES = (
    b"[]",
    b"<html>",
    b"{}",
    b'{"issues": 1}',
    b'{"issues": [], "nextPageToken": 5}',
    b'{"issues": [], "isLast": false}',
)


@pytest.mark.parametrize("body", NO_PAGES)
def test_a_page_that_is_none_is_said(body: bytes) -> None:
    with pytest.raises(UnexpectedReply, match=r"search|object"):
        read_page(body, ACCOUNT)


SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
ANYTHING = st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=8)
READ_FIELDS = ("summary", "description", "status", "reporter", "labels", "issuelinks", "updated", "customfield_10102")


@given(ANYTHING, st.sampled_from(READ_FIELDS))
def test_whatever_stands_in_a_field_the_issue_is_read_or_named(value: Any, name: str) -> None:
    page = read_page(json.dumps({"issues": [an_issue(**{name: value}), an_issue()]}).encode(), ACCOUNT)

    assert len(page.tickets) + len(page.unreadable) == 2
    assert page.tickets[-1].name == "ENG-5"


def a_comment(number: int = 1, **changed: Any) -> dict[str, Any]:
    return {
        "id": str(number),
        "author": LENA,
        "body": a_document(a_paragraph(f"Comment {number}")),
        "created": "2026-11-01T12:00:00.000+0000",
        "jsdPublic": True,
        **changed,
    }


def comments(*said: dict[str, Any], service: bool = True) -> tuple[Comment, ...]:
    body = json.dumps({"startAt": 0, "total": len(said), "comments": said}).encode()
    found, total = read_comments(body, service=service, reporter_id="qm:ada")
    assert total == len(said)
    return found


def test_customers_read_what_is_neither_internal_nor_restricted_nor_outside_their_projects() -> None:
    said = (
        a_comment(1),
        a_comment(2, jsdPublic=False),
        a_comment(3, visibility={"type": "role", "value": "Service Desk Team"}),
    )

    assert [comment.public for comment in comments(*said)] == [True, False, False]
    assert [comment.public for comment in comments(*said, service=False)] == [False, False, False]


def test_it_is_known_on_whose_side_an_author_stands() -> None:
    app = {"accountId": "557", "accountType": "app"}
    portal = {"accountId": "qm:ada", "accountType": "atlassian"}
    said = (
        a_comment(1),
        a_comment(2, author=ADA),
        a_comment(3, author=portal),
        a_comment(4, author=app),
        a_comment(5, author=None),
        a_comment(6, jsdAuthorCanSeeRequest=False),
    )

    sides = [comment.written_by for comment in comments(*said)]

    assert sides == [Author.AGENT, Author.CUSTOMER, Author.CUSTOMER, Author.UNKNOWN, Author.UNKNOWN, Author.UNKNOWN]
    assert comments(a_comment(3, author=portal), service=False)[0].written_by is Author.AGENT


def test_our_own_comment_is_known_by_the_mark_beside_it_or_below() -> None:
    below = a_document(a_paragraph("Paid."), a_paragraph("[makewhole CASE-4711/3]"))
    beside = [{"key": "makewhole", "value": {"mark": "CASE-4711/3"}}]

    assert comments(a_comment(1, body=below), service=False)[0].written_by is Author.US
    assert comments(a_comment(1, properties=beside))[0].written_by is Author.US
    assert comments(a_comment(1, body=below, author=ADA))[0].written_by is Author.CUSTOMER
    assert comments(a_comment(1, body=below))[0].written_by is Author.AGENT  # Public: anybody may have copied it.


def test_a_comment_that_cannot_be_understood_is_said_without_its_words() -> None:
    with pytest.raises(UnexpectedReply, match="created") as caught:
        comments(a_comment(1, created="then", body="secret words"))

    assert "secret" not in str(caught.value)


def test_remote_links_are_read_but_for_our_own() -> None:
    body = [
        {"id": 1, "globalId": "makewhole:https://mw/c/1", "object": {"url": "https://mw/c/1"}},
        {"id": 2, "object": {"url": "https://harbor.zendesk.com/agent/tickets/35436", "title": "x"}},
        {"id": 3, "object": {}},
    ]

    assert read_remote_links(json.dumps(body).encode()) == ("https://harbor.zendesk.com/agent/tickets/35436",)


def test_recorded_issues_and_links_are_read(shared: Path) -> None:
    vendor = shared / "vendor/jira"
    files = [*sorted(vendor.glob("recorded-sling/search/*.json")), vendor / "recorded-go-jira/issues_in_sprint.json"]
    issues = [issue for file in files for issue in json.loads(file.read_bytes())["issues"]]
    for issue in issues:  # The recordings left most fields out; without these two nothing can be ordered.
        issue["fields"] = {
            "created": "2018-11-01T10:00:00.000+0000",
            "updated": "2018-11-01T10:00:00.000+0000",
            **issue["fields"],
        }

    page = read_page(json.dumps({"issues": issues}).encode(), ACCOUNT)
    links = read_remote_links((vendor / "recorded-go-jira/remote_links.json").read_bytes())

    assert (len(page.tickets), page.unreadable) == (16, ())
    assert links == ("http://www.mycompany.com/support?id=1", "http://www.anothercompany.com/tester/testcase/1234")


def test_only_a_service_project_has_customers_who_read() -> None:
    service = an_issue(project={"key": "CARE", "projectTypeKey": "service_desk"})
    software = an_issue(project={"key": "ENG", "projectTypeKey": "software"})

    assert in_service_project(json.dumps(service).encode())
    assert not in_service_project(json.dumps(software).encode())
    with pytest.raises(Unreadable, match="project"):
        in_service_project(json.dumps(an_issue()).encode())
