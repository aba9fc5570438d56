"""Rows one by one: what is written, what is refused and in which words."""

from collections.abc import Iterator
from typing import Any

import pytest

from sandbox.salesforce.ids import lengthened, numbered, read_id
from tests.sandbox.salesforce.a_world import ACCOUNT_ONE, CASE_ONE, CONTACT_ONE, a_case, a_world
from tests.sandbox.salesforce.conftest import Org, V, an_org, bare

CASES = f"{V}/sobjects/Case"
ONE = f"{CASES}/{CASE_ONE}"


@pytest.fixture
def world(org: Org) -> Org:
    org.load(**a_world(a_case(1), a_case(2)))
    return org


@pytest.fixture(scope="module")
def read_only() -> Iterator[Org]:
    """Serve one world to all writes that are refused."""
    with an_org() as org:
        org.load(**a_world(a_case(1), a_case(2)))
        yield org


def row(org: Org, row_id: str = CASE_ONE, entity: str = "Case") -> dict[str, Any]:
    found: dict[str, Any] = bare(org.get(f"/sobjects/{entity}/{row_id}"))
    return found


def test_ids_have_the_vendors_checksum() -> None:
    # As on the vendor's pages: 001D000000IqhSLIAZ, 0018a00001rBqb8AAC.
    assert lengthened("001D000000IqhSL") == "001D000000IqhSLIAZ"
    assert lengthened("0018a00001rBqb8") == "0018a00001rBqb8AAC"
    assert read_id("001D000000IqhSL") == read_id("001D000000IqhSLIAZ") == "001D000000IqhSLIAZ"
    assert read_id("001d000000iqhslIAZ") is None
    assert len({numbered("500", number) for number in range(1, 5_000)}) == 4_999


def test_a_case_gets_what_the_vendor_fills_in(world: Org) -> None:
    answer = world.http.post(CASES, json={"Subject": "Charged twice", "ContactId": CONTACT_ONE[:15]})

    made = answer.json()
    assert (answer.status_code, made["success"], made["errors"]) == (201, True, [])
    assert answer.headers["location"] == f"{CASES}/{made['id']}"
    found = row(world, made["id"])
    assert (found["Status"], found["Priority"], found["IsClosed"], found["CaseNumber"]) == (
        "New",
        "Medium",
        False,
        "00001003",
    )
    assert (found["ContactId"], found["AccountId"]) == (CONTACT_ONE, ACCOUNT_ONE)
    assert (found["ContactEmail"], found["OwnerId"]) == ("mei@mail.example", "005Hr0000000001IAA")
    assert found["CreatedDate"] == found["LastModifiedDate"] == "2026-11-22T12:00:00.000+0000"


def test_closing_and_reopening_moves_the_closed_flag_and_date(world: Org) -> None:
    assert world.http.patch(ONE, json={"Status": "Closed"}).status_code == 204
    closed = row(world)
    world.clock.forward(60)
    world.http.patch(ONE, json={"Status": "Working"}).raise_for_status()
    reopened = row(world)

    assert (closed["IsClosed"], closed["ClosedDate"]) == (True, "2026-11-22T12:00:00.000+0000")
    assert (reopened["IsClosed"], reopened["ClosedDate"]) == (False, None)
    assert reopened["SystemModstamp"] == "2026-11-22T12:01:00.000+0000"


def test_a_row_is_shown_whole_or_by_fields_and_not_when_it_has_not_changed(world: Org) -> None:
    whole = world.http.get(ONE)
    part = world.http.get(ONE, params={"fields": "Subject,status"}).json()
    again = world.http.get(ONE, headers={"If-Modified-Since": whole.headers["last-modified"]})

    assert len(whole.json()) == 50
    assert part == {"attributes": whole.json()["attributes"], "Subject": "Case 1", "Status": "New", "Id": CASE_ONE}
    assert (again.status_code, again.content) == (304, b"")
    wrong = world.http.get(ONE, params={"fields": "Foo"})
    assert (wrong.status_code, wrong.json()[0]["errorCode"]) == (400, "INVALID_FIELD")


def test_a_write_meant_for_an_older_version_is_refused(world: Org) -> None:
    read = world.http.get(ONE).headers["last-modified"]
    world.clock.forward(5)
    world.act("edit", id=CASE_ONE, values={"Priority": "High"})

    late = world.http.patch(ONE, json={"Status": "Closed"}, headers={"If-Unmodified-Since": read})
    broken = world.http.patch(ONE, json={"Status": "Closed"}, headers={"If-Unmodified-Since": "soon"})
    now = world.http.get(ONE).headers["last-modified"]
    in_time = world.http.patch(ONE, json={"Status": "Closed"}, headers={"If-Unmodified-Since": now})

    assert (late.status_code, broken.status_code, in_time.status_code) == (412, 400, 204)


def test_a_deleted_row_is_gone_and_says_so_to_writers(world: Org) -> None:
    assert world.http.delete(ONE).status_code == 204

    assert world.http.get(ONE).json() == [
        {"errorCode": "NOT_FOUND", "message": "The requested resource does not exist"}
    ]
    for answer in (world.http.patch(ONE, json={"Status": "New"}), world.http.delete(ONE)):
        assert answer.status_code == 404
        assert answer.json() == [{"message": "entity is deleted", "errorCode": "ENTITY_IS_DELETED", "fields": []}]


@pytest.mark.parametrize(
    ("entity", "sent", "code", "message", "fields"),
    [
        ("Case", {"Foo": 1}, "INVALID_FIELD", "No such column 'Foo' on sobject of type Case", None),
        ("Case", {"Subject": "x" * 256}, "STRING_TOO_LONG", "data value too large: xxx", ["Subject"]),
        (
            "Case",
            {"Compensation_Topic__c": "lottery"},
            "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
            "Compensation Topic: bad value for restricted picklist field: lottery",
            ["Compensation_Topic__c"],
        ),
        ("Case", {"ContactId": "x"}, "MALFORMED_ID", "Contact ID: id value of incorrect type: x", ["ContactId"]),
        ("Case", {"ContactId": ACCOUNT_ONE}, "FIELD_INTEGRITY_EXCEPTION", "id value of incorrect type", ["ContactId"]),
        ("Case", {"ContactId": numbered("003", 99)}, "INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", []),
        ("Case", {"IsClosed": True}, "INVALID_FIELD_FOR_INSERT_UPDATE", "Unable to create/update fields", ["IsClosed"]),
        ("Case", {"SuppliedEmail": "mei"}, "INVALID_EMAIL_ADDRESS", "invalid email address: mei", ["SuppliedEmail"]),
        (
            "Case",
            {"Claimed_Amount__c": 12_345_678_901},
            "NUMBER_OUTSIDE_VALID_RANGE",
            "value outside of valid range",
            ["Claimed_Amount__c"],
        ),
        ("Case", {"IsEscalated": "maybe"}, "JSON_PARSER_ERROR", "Cannot deserialize instance of boolean", None),
        ("Case", {"Subject": {"a": 1}}, "JSON_PARSER_ERROR", "Cannot deserialize instance of string", None),
        ("Case", {"Id": CASE_ONE}, "INVALID_FIELD", "The Id field should not be specified in the sobject data.", None),
        (
            "Case",
            {"Contact": {"Customer_Number__c": "C-9"}},
            "INVALID_FIELD",
            "Foreign key external ID: C-9 not found for field Customer_Number__c in entity Contact",
            None,
        ),
        ("Contact", {}, "REQUIRED_FIELD_MISSING", "Required fields are missing: [LastName]", ["LastName"]),
        ("CaseComment", {"CommentBody": "x"}, "REQUIRED_FIELD_MISSING", "missing: [ParentId]", ["ParentId"]),
        (
            "Contact",
            {"LastName": "Twin", "Customer_Number__c": "c-100023"},
            "DUPLICATE_VALUE",
            f"duplicate value found: Customer_Number__c duplicates value on record with id: {CONTACT_ONE}",
            [],
        ),
    ],
)
def test_a_wrong_row_is_refused_in_the_vendors_words(
    read_only: Org, *, entity: str, sent: dict[str, Any], code: str, message: str, fields: list[str] | None
) -> None:
    before = read_only.state()[entity]

    answer = read_only.http.post(f"{V}/sobjects/{entity}", json=sent)

    error = answer.json()[0]
    assert (answer.status_code, error["errorCode"]) == (400, code)
    assert message in error["message"]
    assert error.get("fields") == fields
    assert read_only.state()[entity] == before


def test_wrong_paths_methods_and_bodies_are_refused(world: Org) -> None:
    answers = [
        world.http.get(f"{CASES}/{numbered('500', 99)}"),
        world.http.get(f"{CASES}/nonsense"),
        world.http.get(f"{V}/sobjects/Nothing/{CASE_ONE}"),
        world.http.put(ONE, json={}),
        world.http.post(CASES, content=b"{"),
        world.http.post(CASES, content=b""),
        world.http.post(CASES, json=[1]),
        world.http.get("/nowhere"),
    ]

    assert [(answer.status_code, answer.json()[0]["errorCode"]) for answer in answers] == [
        (404, "NOT_FOUND"),
        (404, "NOT_FOUND"),
        (404, "NOT_FOUND"),
        (405, "METHOD_NOT_ALLOWED"),
        (400, "JSON_PARSER_ERROR"),
        (400, "JSON_PARSER_ERROR"),
        (400, "JSON_PARSER_ERROR"),
        (404, "NOT_FOUND"),
    ]


def test_a_customer_is_upserted_by_their_number(world: Org) -> None:
    path = "/sobjects/Contact/Customer_Number__c"

    known = world.http.patch(f"{V}{path}/C-100023", json={"Title": "Trader"})
    new = world.http.patch(f"{V}{path}/C-5%2F6", json={"LastName": "New"})
    old = world.http.patch(f"/services/data/v45.0{path}/C-100023", json={"Title": "Trader"})
    only = world.http.patch(f"{V}{path}/C-7?updateOnly=true", json={"LastName": "New"})

    assert (known.status_code, known.json()) == (
        200,
        {"id": CONTACT_ONE, "success": True, "errors": [], "created": False},
    )
    assert (new.status_code, new.json()["created"]) == (201, True)
    assert (old.status_code, old.content) == (204, b"")
    assert only.status_code == 404
    assert bare(world.get(f"{path}/C-5%2F6"))["Customer_Number__c"] == "C-5/6"
    assert world.http.get(f"{V}/sobjects/Contact/Email/mei@mail.example").status_code == 404
    assert world.http.delete(f"{V}{path}/C-5%2F6").status_code == 204
    assert world.http.get(f"{V}{path}/C-5%2F6").status_code == 404


def test_a_mark_on_several_cases_is_answered_with_all_of_them(world: Org) -> None:
    for number in (1, 2):
        world.http.patch(f"{CASES}/{numbered('500', number)}", json={"MW_Mark__c": "mw:7"}).raise_for_status()

    several = world.http.patch(f"{CASES}/MW_Mark__c/mw:7", json={"MW_State__c": "paid"})

    assert several.status_code == 300
    assert several.json() == [ONE, f"{CASES}/{numbered('500', 2)}"]
    assert row(world)["MW_State__c"] is None
    assert world.http.get(f"{CASES}/MW_Mark__c/mw:7").status_code == 300


def test_a_comment_holds_4000_bytes_and_touches_its_case(world: Org) -> None:
    world.clock.forward(60)
    fits = {"ParentId": CASE_ONE, "CommentBody": "赔" * 1_333}

    made = world.http.post(f"{V}/sobjects/CaseComment", json=fits).json()
    too_long = world.http.post(f"{V}/sobjects/CaseComment", json={**fits, "CommentBody": "赔" * 1_334})

    assert row(world, made["id"], "CaseComment")["IsPublished"] is False
    assert too_long.json()[0]["errorCode"] == "STRING_TOO_LONG"
    assert row(world)["SystemModstamp"] == "2026-11-22T12:01:00.000+0000"
    assert row(world)["LastModifiedDate"] == "2026-11-22T11:00:00.000+0000"


def test_internal_comments_of_a_case_become_a_comment(world: Org) -> None:
    world.http.patch(ONE, json={"Comments": "checked the order book"}).raise_for_status()

    assert row(world)["Comments"] is None
    assert world.query("SELECT ParentId, CommentBody, IsPublished FROM CaseComment") == [
        {"ParentId": CASE_ONE, "CommentBody": "checked the order book", "IsPublished": False}
    ]


def test_half_a_character_does_no_harm(world: Org) -> None:
    made = world.http.post(
        CASES, content=b'{"Subject": "lost \\ud83d half", "MW_Reason__c": "whole \\ud83d\\ude00"}'
    ).json()

    found = row(world, made["id"])
    assert (found["Subject"], found["MW_Reason__c"]) == ("lost \ufffd half", "whole 😀")


def test_a_customer_with_cases_cannot_be_deleted(world: Org) -> None:
    answer = world.http.delete(f"{V}/sobjects/Contact/{CONTACT_ONE}")

    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, "DELETE_FAILED")
    assert world.http.delete(f"{V}/sobjects/User/005Hr0000000001IAA").status_code == 400


def test_updated_and_deleted_rows_are_listed_by_time(world: Org) -> None:
    world.clock.forward(60)
    world.http.patch(ONE, json={"Status": "Working"}).raise_for_status()
    world.http.delete(f"{CASES}/{numbered('500', 2)}").raise_for_status()
    span = {"start": "2026-11-22T12:00:00+00:00", "end": "2026-11-22T12:05:00+00:00"}

    assert world.get("/sobjects/Case/updated/", **span)["ids"] == [CASE_ONE]
    assert world.get("/sobjects/Case/deleted/", **span)["deletedRecords"] == [
        {"id": numbered("500", 2), "deletedDate": "2026-11-22T12:01:00.000+0000"}
    ]


def test_a_locked_row_is_refused_and_stays_as_it_is(world: Org) -> None:
    world.fault(fault="row_locked", match=f"PATCH {V}/sobjects/Case", times=1)

    locked = world.http.patch(ONE, json={"Status": "Closed"})

    assert (locked.status_code, locked.json()[0]["errorCode"]) == (400, "UNABLE_TO_LOCK_ROW")
    assert CASE_ONE in locked.json()[0]["message"]
    assert row(world)["Status"] == "New"
    assert world.http.patch(ONE, json={"Status": "Closed"}).status_code == 204


def test_faults_of_the_wire_speak_salesforce(world: Org) -> None:
    world.fault(fault="rate_limited", match="GET /services/data", times=1)
    world.fault(fault="unavailable", match="GET /services/data", times=1)

    answers = [world.http.get(ONE) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [403, 503, 200]
    assert answers[0].json()[0]["errorCode"] == "REQUEST_LIMIT_EXCEEDED"
    assert answers[1].json()[0]["errorCode"] == "SERVER_UNAVAILABLE"
    assert "retry-after" not in answers[0].headers
