"""What Zendesk says, as our nouns."""

import base64
import gzip
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cases.ticket import Comment, CustomerId, Requester, Satisfaction, Ticket, TicketRef, TicketStatus
from connectors.contract import UnexpectedReply
from connectors.wire_json import read_object
from connectors.zendesk.reading import (
    Account,
    read_audits,
    read_comments,
    read_export,
    read_one,
    with_comments,
)

ACCOUNT = Account(name="harbor", fields={900001: "compensation_topic", 900002: "order_id", 900006: "claimed_amount"})


def a_record(**changed: Any) -> dict[str, Any]:
    return {
        "id": 35436,
        "subject": "My withdrawal is late 提现",
        "description": "Nothing arrived.",
        "status": "open",
        "requester_id": 20001,
        "assignee_id": 1001,
        "tags": ["withdrawal", "vip"],
        "custom_fields": [{"id": 900002, "value": "A-20931"}, {"id": 1, "value": {"odd": 1}}],
        "satisfaction_rating": {"score": "good", "comment": "Thanks"},
        "created_at": "2026-11-01T10:00:00Z",
        "updated_at": "2026-11-01T12:00:00+02:00",
        **changed,
    }


ADA = {"id": 20001, "name": "Ada", "email": "ada@example.com", "external_id": "C-100023", "locale": "en-US"}


def a_page(*records: Any, **changed: Any) -> bytes:
    page = {"tickets": list(records), "users": [ADA], "after_cursor": "MTU3", "end_of_stream": False}
    return json.dumps({**page, **changed}, ensure_ascii=False).encode()


def field_of(value: str) -> str | None:
    """Return our text of a custom field whose value is this JSON."""
    body = f'{{"ticket":{json.dumps(a_record(custom_fields=[]))}}}'
    entry = f'"custom_fields": [{{"id": 900006, "value": {value}}}]'
    ticket, _ = read_one(body.replace('"custom_fields": []', entry).encode(), ACCOUNT)
    return ticket.field("claimed_amount")


def test_a_ticket_is_read_whole() -> None:
    page = read_export(a_page(a_record()), ACCOUNT)

    assert page.tickets == (
        Ticket(
            ref=TicketRef(vendor="zendesk", account="harbor", key="35436"),
            subject="My withdrawal is late 提现",
            description="Nothing arrived.",
            status=TicketStatus.OPEN,
            status_text="open",
            requester=Requester(
                id="20001",
                name="Ada",
                email="ada@example.com",
                customer_id=CustomerId("C-100023"),
                locale="en-US",
            ),
            handler_id="1001",
            tags=("withdrawal", "vip"),
            fields=(("order_id", "A-20931"),),
            comments=(),
            satisfaction=Satisfaction(score="good", comment="Thanks"),
            merged_into=None,
            created_at=datetime(2026, 11, 1, 10, 0, tzinfo=UTC),
            updated_at=datetime(2026, 11, 1, 10, 0, tzinfo=UTC),
        ),
    )
    assert page.unreadable == ()
    assert (page.after_cursor, page.end_of_stream) == ("MTU3", False)


def test_the_raw_record_is_what_was_sent_byte_for_byte() -> None:
    odd = (
        '{ "id" :1,"created_at":"2026-11-01T10:00:00Z" , "updated_at":"2026-11-01T10:00:00Z","x":1.10,"y":"\\u63d0现"}'
    )
    body = f'\n{{ "tickets" : [ {odd} , {odd.replace(":1,", ":2,", 1)}\n] ,"end_of_stream":true,"after_cursor":null}} '

    page = read_export(body.encode(), ACCOUNT)

    assert page.raw == (odd.encode(), odd.replace(":1,", ":2,", 1).encode())
    assert [ticket.ref.key for ticket in page.tickets] == ["1", "2"]


def test_a_ticket_of_nothing_but_nulls_is_read_or_named() -> None:
    record = dict.fromkeys(a_record())
    bare = record | {"id": 7, "created_at": "2026-11-01T10:00:00Z", "updated_at": "2026-11-01T10:00:00Z"}

    page = read_export(a_page(record, bare), ACCOUNT)

    assert page.unreadable == (("record 1 of the page", "id: expected `int`, got `null`"),)
    (ticket,) = page.tickets
    assert (ticket.subject, ticket.description, ticket.tags, ticket.fields) == ("", "", (), ())
    assert (ticket.status, ticket.status_text) == (TicketStatus.UNKNOWN, "")
    assert (ticket.requester, ticket.handler_id, ticket.satisfaction) == (None, None, None)


@pytest.mark.parametrize(
    ("changed", "wrong"),
    [
        ({"subject": 5}, "subject: expected `str | null`, got `int`"),
        ({"tags": "a b"}, "tags: expected `array | null`, got `str`"),
        ({"tags": [None]}, "tags[0]: expected `str`, got `null`"),
        ({"created_at": None}, "created_at: expected `datetime`, got `null`"),
        ({"updated_at": "yesterday"}, "updated_at: invalid RFC3339 encoded datetime"),
        ({"updated_at": "2026-11-01T10:00:00"}, "updated_at: expected `datetime` with a timezone component"),
        ({"requester_id": "x"}, "requester_id: expected `int | null`, got `str`"),
        ({"custom_fields": [5]}, "custom_fields[0]: expected `object`, got `int`"),
        ({"custom_fields": [{"id": 900002, "value": {"a": 1}}]}, None),
        ({"satisfaction_rating": "good"}, "satisfaction_rating: expected `object | null`, got `str`"),
    ],
)
def test_one_bad_record_is_named_and_never_costs_the_page(changed: dict[str, Any], wrong: str | None) -> None:
    body = json.dumps({"tickets": [a_record(id=1, **changed), a_record(id=2)], "end_of_stream": True}).encode()

    page = read_export(body, ACCOUNT)

    assert [ticket.ref.key for ticket in page.tickets] == ["2"]
    expected = wrong or "custom_fields: order_id is neither text, a number, yes or no, nor a list of texts"
    assert page.unreadable == (("1", expected),)
    with pytest.raises(UnexpectedReply, match="ticket 1: "):
        read_one(json.dumps({"ticket": a_record(id=1, **changed)}).encode(), ACCOUNT)


@pytest.mark.parametrize("record", [None, 5, "x", [], True])
def test_a_record_that_is_no_object_is_named_by_its_place(record: object) -> None:
    page = read_export(a_page(a_record(), record), ACCOUNT)

    assert [key for key, _ in page.unreadable] == ["record 2 of the page"]
    assert len(page.tickets) == 1


@pytest.mark.parametrize(
    ("said", "status"),
    [("hold", TicketStatus.HOLD), ("deleted", TicketStatus.DELETED), ("Frozen", TicketStatus.UNKNOWN),
     ("unknown", TicketStatus.UNKNOWN)],
)  # fmt: skip
def test_an_unknown_status_is_said_and_kept(said: str, status: TicketStatus) -> None:
    (ticket,) = read_export(a_page(a_record(status=said)), ACCOUNT).tickets

    assert (ticket.status, ticket.status_text) == (status, said)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ('"12.50"', "12.50"),
        ("12.50", "12.50"),
        ("1e-7", "0.0000001"),
        ("123456789012345678.123456789012345678", "123456789012345678.123456789012345678"),
        ("0", "0"),
        ("true", "yes"),
        ("false", "no"),
        ('["a", "b"]', "a, b"),
        ("[]", None),
        ('""', None),
        ("null", None),
        ('"a\\u0000b"', "a\N{REPLACEMENT CHARACTER}b"),
        ('"a\\ud83db"', "a\N{REPLACEMENT CHARACTER}b"),
    ],
)
def test_a_fields_value_is_kept_exactly_as_text(value: str, text: str | None) -> None:
    assert field_of(value) == text


def test_half_a_character_is_shown_as_a_replacement_and_whole_ones_stay() -> None:
    half = json.dumps(
        {"tickets": [a_record(subject="\ud83d 现 \U0001f600 \\ud83d"), a_record()], "end_of_stream": True}
    )

    page = read_export(half.encode(), ACCOUNT)

    assert [ticket.subject for ticket in page.tickets] == [
        "\N{REPLACEMENT CHARACTER} 现 \U0001f600 \\ud83d",
        "My withdrawal is late 提现",
    ]


def test_a_megabyte_of_text_is_read() -> None:
    (ticket,) = read_export(a_page(a_record(description="提" * 1_000_000)), ACCOUNT).tickets

    assert len(ticket.description) == 1_000_000


def test_a_requester_nobody_told_of_keeps_the_bare_id() -> None:
    (ticket,) = read_export(a_page(a_record(requester_id=5), users=[ADA, {"id": "x"}, None]), ACCOUNT).tickets

    assert ticket.requester == Requester(id="5", name="", email=None, customer_id=None, locale=None)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>503</html>",
        b"[]",
        b"null",
        b"{",
        b'{"tickets":[}',
        b'{"tickets":[1 2]}',
        b'{"tickets":[],"end_of_stream":true',
        b'{"tickets" []}',
        b"{5:1}",
        b"\xff\xfe",
        b'{"tickets":' + b"[" * 100_000,
        a_page(tickets={}),
        a_page(tickets=None),
        a_page(end_of_stream=None),
        a_page(end_of_stream="no"),
        a_page(after_cursor=None),
        a_page(after_cursor=5),
    ],
)
def test_an_answer_that_is_no_page_is_an_unexpected_reply(body: bytes) -> None:
    with pytest.raises(UnexpectedReply):
        read_export(body, ACCOUNT)


@pytest.mark.parametrize("body", [b"{}", b'{"ticket":[]}', b'{"ticket":null}', b"nope"])
def test_an_answer_that_is_no_ticket_is_an_unexpected_reply(body: bytes) -> None:
    with pytest.raises(UnexpectedReply):
        read_one(body, ACCOUNT)


def test_an_error_quotes_no_customer() -> None:
    record = a_record(subject={"words": "my password is hunter2"}, updated_at="hunter2")

    page = read_export(a_page(record), ACCOUNT)

    assert "hunter2" not in repr(page.unreadable)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@given(st.lists(st.dictionaries(st.sampled_from(sorted(a_record())), JSON) | JSON, max_size=6))
def test_whatever_the_records_are_each_is_read_or_named(records: list[Any]) -> None:
    page = read_export(a_page(*records), ACCOUNT)

    assert len(page.tickets) + len(page.unreadable) == len(records)
    assert len(page.raw) == len(page.tickets)


@given(st.dictionaries(st.sampled_from(["tickets", "users", "after_cursor", "end_of_stream"]), JSON))
def test_whatever_the_page_is_only_our_error_leaves(page: dict[str, Any]) -> None:
    try:
        read = read_export(json.dumps(page).encode(), ACCOUNT)
    except UnexpectedReply:
        return
    assert isinstance(page["tickets"], list)
    assert len(read.tickets) + len(read.unreadable) == len(page["tickets"])


def a_comment(comment_id: int, body: str | None, **changed: Any) -> dict[str, Any]:
    said = {"id": comment_id, "author_id": 1001, "public": False, "body": body, "created_at": "2026-11-01T10:00:00Z"}
    return said | changed


def test_comments_come_oldest_first_and_name_where_a_merged_ticket_went() -> None:
    (ticket,) = read_export(a_page(a_record(status="closed", tags=["closed_by_merge"])), ACCOUNT).tickets
    merge = 'This request was closed and merged into request #35440 "My withdrawal".'
    body = {"comments": [a_comment(2, merge), a_comment(1, None, plain_body="First", author_id=None)]}

    comments, following = read_comments(json.dumps(body).encode())
    read = with_comments(ticket, comments)

    assert following is None
    assert [comment.body for comment in read.comments] == ["First", merge]
    assert read.comments[0] == Comment(
        id="1", author_id="", public=False, body="First", written_at=datetime(2026, 11, 1, 10, 0, tzinfo=UTC)
    )
    assert read.merged_into == TicketRef(vendor="zendesk", account="harbor", key="35440")


def test_a_customer_who_writes_of_a_merge_merges_nothing() -> None:
    (ticket,) = read_export(a_page(a_record()), ACCOUNT).tickets
    words = "This request was closed and merged into request #1"

    comments, _ = read_comments(json.dumps({"comments": [a_comment(1, words)]}).encode())

    assert with_comments(ticket, comments).merged_into is None


@pytest.mark.parametrize(
    "body",
    [
        {"comments": None},
        {},
        {"comments": [a_comment(1, "x", created_at=None)]},
        {"comments": [a_comment(1, "x", public=None)]},
        {"comments": [], "meta": {"has_more": True}, "links": {"next": None}},
    ],
)
def test_comments_that_cannot_be_understood_are_an_unexpected_reply(body: dict[str, Any]) -> None:
    with pytest.raises(UnexpectedReply):
        read_comments(json.dumps(body).encode())


def test_the_vendors_documented_ticket_is_read(shared: Path) -> None:
    specification = json.loads((shared / "vendor/zendesk/openapi.json").read_text())
    example = specification["components"]["schemas"]["CursorBasedExportIncrementalTicketsResponse"]["example"]

    page = read_export(json.dumps(example).encode(), Account(name="company", fields={27642: "number", 27648: "said"}))

    assert page.unreadable == ()
    (ticket,) = page.tickets
    assert ticket.fields == (("number", "745"), ("said", "yes"))
    assert ticket.satisfaction == Satisfaction(score="good", comment="Great support!")
    assert base64.b64decode(page.after_cursor or "") == b"1576613539.0||467|"


def test_every_recorded_answer_of_the_vendor_is_a_json_object_to_us(shared: Path) -> None:
    read = 0
    for path in sorted((shared / "vendor/zendesk/recorded-node-zendesk").glob("*.json")):
        for exchange in json.loads(path.read_text()):
            answer = exchange["response"]
            if isinstance(answer, list) and answer and isinstance(answer[0], str):
                body = gzip.decompress(bytes.fromhex("".join(answer)))
            else:
                body = json.dumps(answer).encode()
            if body[:1] == b"{":
                assert isinstance(read_object(body), dict)
                read += 1

    assert read >= 60


def test_recorded_pages_are_followed_to_their_end(shared: Path) -> None:
    recorded = json.loads((shared / "vendor/zendesk/recorded-node-zendesk/pagination_test_execute.json").read_text())
    page = json.loads(gzip.decompress(bytes.fromhex("".join(recorded[0]["response"]))))

    audits, following = read_audits(json.dumps(page | {"audits": page["organizations"]}).encode())

    assert len(audits) == 1
    assert following == page["links"]["next"]
