"""What a query finds, in what order, and what a wrong one is told."""

import contextlib
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.salesforce.refusals import Refused
from sandbox.salesforce.soql import parse
from sandbox.salesforce.soql_conditions import like_pattern
from tests.sandbox.salesforce.a_world import CASE_ONE, CONTACT_ONE, a_case, a_world
from tests.sandbox.salesforce.conftest import TOKEN_REQUEST, Org, V, an_org, bare

CASES = (
    a_case(1, Subject="Charged twice", Status="New", Priority="High", Order_Id__c="O-1", Claimed_Amount__c=120.5),
    a_case(2, Subject="charged late", Status="Working", CreatedDate="2026-11-21T11:00:00Z", Claimed_Amount__c=7),
    a_case(3, Subject="100% lost", Status="Closed", CreatedDate="2026-11-20T11:00:00Z", Order_Id__c="O-3"),
    a_case(4, Subject=None, Status="New", Contact=None, SuppliedEmail="li@mail.example", Incident_Id__c="it's"),
)


@pytest.fixture
def cases(org: Org) -> Org:
    org.load(**a_world(*CASES))
    return org


@pytest.fixture(scope="module")
def read_only() -> Iterator[Org]:
    """Serve one org with the four cases to all queries that change nothing."""
    with an_org() as org:
        org.load(**a_world(*CASES))
        yield org


def numbers(org: Org, where: str, path: str = "/query") -> list[int]:
    found = org.query(f"SELECT CaseNumber FROM Case {where}", path)  # noqa: S608  # Test data.
    return [int(record["CaseNumber"]) - 1_000 for record in found]


@pytest.mark.parametrize(
    ("where", "found"),
    [
        ("", [1, 2, 3, 4]),
        ("WHERE Status = 'new'", [1, 4]),
        ("WHERE Status != 'New'", [2, 3]),
        ("WHERE Order_Id__c != 'O-1'", [2, 3, 4]),
        ("WHERE Order_Id__c = null", [2, 4]),
        ("WHERE Order_Id__c <> NULL", [1, 3]),
        ("WHERE Subject LIKE 'charged%'", [1, 2]),
        ("WHERE Subject LIKE '%e_'", []),
        ("WHERE Subject LIKE '%at_'", [2]),
        (r"WHERE Subject LIKE '100\%%'", [3]),
        (r"WHERE Incident_Id__c = 'it\'s'", [4]),
        ("WHERE NOT Subject LIKE 'charged%'", [3, 4]),
        ("WHERE Status IN ('New', 'Closed')", [1, 3, 4]),
        ("WHERE Status NOT IN ('New', 'Closed')", [2]),
        ("WHERE IsClosed = TRUE", [3]),
        ("WHERE IsClosed != true", [1, 2, 4]),
        ("WHERE Claimed_Amount__c > 7", [1]),
        ("WHERE Claimed_Amount__c >= 7.0", [1, 2]),
        ("WHERE CreatedDate < 2026-11-21T11:00:00Z", [3]),
        ("WHERE CreatedDate <= 2026-11-21T12:00:00+01:00", [2, 3]),
        ("WHERE SystemModstamp >= 2026-11-21T11:00:00.001Z ORDER BY SystemModstamp", [1, 4]),
        ("WHERE SystemModstamp > 2026-11-20T11:00:00Z AND SystemModstamp <= 2026-11-21T11:00:00.500Z", [2]),
        ("WHERE CreatedDate = TODAY", [1, 4]),
        ("WHERE CreatedDate < TODAY", [2, 3]),
        ("WHERE CreatedDate = LAST_N_DAYS:2", [1, 2, 4]),
        ("WHERE Contact.Customer_Number__c = 'C-100023'", [1, 2, 3]),
        ("WHERE Contact.Account.Name = 'acme' AND Status = 'New'", [1]),
        ("WHERE Contact.Email = null", [4]),
        ("WHERE ContactEmail = 'mei@mail.example' AND IsClosed = false", [1, 2]),
        ("WHERE Owner.Name LIKE 'Makewhole%'", [1, 2, 3, 4]),
        (f"WHERE ContactId = '{CONTACT_ONE[:15]}'", [1, 2, 3]),
        (f"WHERE Id IN ('{CASE_ONE}', '500000000000000')", [1]),
        (f"WHERE Id > '{CASE_ONE}' ORDER BY Id LIMIT 2", [2, 3]),
        ("WHERE (Status = 'New' OR Status = 'Working') AND (NOT Order_Id__c = 'O-1')", [2, 4]),
        ("WHERE Case.Status = 'Closed'", [3]),
        ("c WHERE c.Status = 'Closed'", [3]),
        ("WHERE CaseNumber = '00001002'", [2]),
        ("ORDER BY CreatedDate DESC, CaseNumber", [1, 4, 2, 3]),
        ("ORDER BY Subject", [4, 3, 2, 1]),
        ("ORDER BY Subject DESC NULLS LAST", [1, 2, 3, 4]),
        ("ORDER BY Claimed_Amount__c ASC NULLS LAST, CaseNumber DESC", [2, 1, 4, 3]),
        ("ORDER BY SystemModstamp, Id", [3, 2, 1, 4]),
        ("ORDER BY CaseNumber LIMIT 2 OFFSET 1", [2, 3]),
        ("LIMIT 0", []),
        ("WHERE Id IN (SELECT ParentId FROM CaseComment WHERE IsPublished = false)", []),
    ],
)
def test_a_query_finds_the_rows_it_means(read_only: Org, where: str, found: list[int]) -> None:
    assert numbers(read_only, where) == found


@pytest.mark.parametrize(
    ("soql", "code", "message"),
    [
        ("SELECT Foo FROM Case", "INVALID_FIELD", "No such column 'Foo' on entity 'Case'."),
        ("SELECT Id FROM Foo", "INVALID_TYPE", "sObject type 'Foo' is not supported."),
        ("SELECT Id, Foo.Name FROM Case", "INVALID_FIELD", "Didn't understand relationship 'Foo' in field path."),
        ("SELECT Id, (SELECT Id FROM Foos) FROM Case", "INVALID_TYPE", "Didn't understand relationship 'Foos' in FROM"),
        ("SELECT Id FROM Case WHERE Description = 'x'", "INVALID_FIELD", "field 'Description' can not be filtered"),
        ("SELECT Id FROM Case ORDER BY Description", "MALFORMED_QUERY", "field 'Description' can not be sorted"),
        ("SELECT Id FROM Case WHERE Id = 'x'", "INVALID_QUERY_FILTER_OPERATOR", "invalid ID field: x"),
        ("SELECT Id FROM Case WHERE Id LIKE '5%'", "INVALID_QUERY_FILTER_OPERATOR", "invalid operator on id field"),
        ("SELECT Id FROM Case WHERE IsClosed = 'x'", "INVALID_FIELD", "must be of type boolean and should not be"),
        ("SELECT Id FROM Case WHERE Subject = 5", "INVALID_FIELD", "must be of type string and should be enclosed"),
        (
            "SELECT Id FROM Case WHERE CreatedDate > '2026-01-01'",
            "INVALID_FIELD",
            "must be of type dateTime and should",
        ),
        ("SELECT Id FROM Case WHERE CreatedDate > 2026-13-45T00:00:00Z", "MALFORMED_QUERY", "Invalid datetime"),
        ("SELECT Id FROM Case LIMIT " + "9" * 5_000, "MALFORMED_QUERY", "unexpected token"),
        ("SELECT Id FROM Case WHERE CreatedDate = LAST_N_DAYS:999999999", "INVALID_FIELD", "must be of type dateTime"),
        ("SELECT " + "(SELECT " * 500, "QUERY_TOO_COMPLICATED", "too complicated"),
        ("SELECT Id FROM Case WHERE", "MALFORMED_QUERY", "unexpected token: '<EOF>'"),
        ("SELECT Id FROM Case GROUP BY Id", "MALFORMED_QUERY", "unexpected token: 'GROUP'"),
        (
            "SELECT Id FROM Case WHERE Id = null OR Id = null AND Id = null",
            "MALFORMED_QUERY",
            "unexpected token: 'AND'",
        ),
        (
            "SELECT FIELDS(ALL) FROM Case",
            "MALFORMED_QUERY",
            "The SOQL FIELDS function must have a LIMIT of at most 200",
        ),
        ("SELECT Id, id FROM Case", "INVALID_FIELD", "duplicate field selected: Id"),
        ("SELECT Id FROM Case OFFSET 2001", "NUMBER_OUTSIDE_VALID_RANGE", "Maximum SOQL offset allowed is 2000"),
        ("", "MALFORMED_QUERY", "A query string has to be specified"),
    ],
)
def test_a_wrong_query_is_refused_in_the_vendors_words(read_only: Org, soql: str, code: str, message: str) -> None:
    refused_code, refused_message = read_only.refused(soql)

    assert refused_code == code
    assert message in refused_message


def test_the_excerpt_and_the_caret_are_where_the_vendor_puts_them(org: Org) -> None:
    # As in github.com/forcedotcom/soql-tooling/issues/86 and airbytehq/airbyte/issues/62877, on our objects.
    _, short = org.refused("Select Id, Status, Priority, Body from Case")
    _, middle = org.refused(
        "SELECT Id, CaseNumber, Description, SuppliedCompany, LastModifiedById, Clean_Status__c, LastViewedDate, "
        "LastReferencedDate FROM Case"
    )

    expected = (
        "\nSelect Id, Status, Priority, Body from Case\n                             ^\nERROR at Row:1:Column:30\n"
    )
    assert short.startswith(f"{expected}No such column 'Body' on entity 'Case'.")
    lines = middle.split("\n")
    assert lines[1] == "SuppliedCompany, LastModifiedById, Clean_Status__c, LastViewedDate"
    assert lines[1][lines[2].index("^") :].startswith("Clean_Status__c")


def test_a_row_is_answered_with_attributes_parents_and_children(org: Org) -> None:
    comments = [{"CommentBody": "first"}, {"CommentBody": "second", "IsPublished": True}]
    org.load(**a_world(a_case(1, comments=comments), a_case(2)))
    soql = (
        "SELECT Id, Subject, Owner.Name, Contact.Customer_Number__c, contact.account.name, Claimed_Amount__c, "
        "(SELECT CommentBody, IsPublished FROM CaseComments ORDER BY IsPublished DESC) FROM Case ORDER BY CaseNumber"
    )

    first, second = org.get("/query", q=soql)["records"]

    assert first == {
        "attributes": {"type": "Case", "url": f"{V}/sobjects/Case/{CASE_ONE}"},
        "Id": CASE_ONE,
        "Subject": "Case 1",
        "Owner": {
            "attributes": {"type": "User", "url": f"{V}/sobjects/User/005Hr0000000001IAA"},
            "Name": "Makewhole Integration",
        },
        "Contact": {
            "attributes": {"type": "Contact", "url": f"{V}/sobjects/Contact/{CONTACT_ONE}"},
            "Customer_Number__c": "C-100023",
            "Account": {
                "attributes": {"type": "Account", "url": f"{V}/sobjects/Account/001Hr0000000001IAA"},
                "Name": "Acme",
            },
        },
        "Claimed_Amount__c": None,
        "CaseComments": {
            "totalSize": 2,
            "done": True,
            "records": [
                {
                    "attributes": {"type": "CaseComment", "url": f"{V}/sobjects/CaseComment/00aHr0000000002IAA"},
                    "CommentBody": "second",
                    "IsPublished": True,
                },
                {
                    "attributes": {"type": "CaseComment", "url": f"{V}/sobjects/CaseComment/00aHr0000000001IAA"},
                    "CommentBody": "first",
                    "IsPublished": False,
                },
            ],
        },
    }
    assert second["CaseComments"] is None


def test_comments_are_filtered_by_their_text_and_their_case(org: Org) -> None:
    org.load(**a_world(a_case(1, comments=[{"CommentBody": "paid"}, {"CommentBody": "asked"}]), a_case(2)))

    assert org.query("SELECT CommentBody FROM CaseComment WHERE CommentBody LIKE 'pa%'") == [{"CommentBody": "paid"}]
    by_case = org.query("SELECT Parent.CaseNumber FROM CaseComment WHERE Parent.Status = 'New' LIMIT 1")
    assert by_case == [{"Parent": {"CaseNumber": "00001001"}}]
    semi = org.query("SELECT CaseNumber FROM Case WHERE Id NOT IN (SELECT ParentId FROM CaseComment)")
    assert semi == [{"CaseNumber": "00001002"}]


def test_fields_all_gives_every_field_and_count_gives_none(cases: Org) -> None:
    described = [field["name"] for field in cases.get("/sobjects/Case/describe")["fields"]]

    row = cases.query("SELECT FIELDS(ALL) FROM Case LIMIT 200")[0]

    assert list(row) == described
    assert cases.get("/query", q="SELECT COUNT() FROM Case WHERE IsClosed = false") == {
        "totalSize": 3,
        "done": True,
        "records": [],
    }


def test_times_have_milliseconds_that_are_zero(org: Org) -> None:
    made = org.http.post(f"{V}/sobjects/Case", json={"Subject": "x"}).json()

    row = org.query(f"SELECT CreatedDate, SystemModstamp FROM Case WHERE Id = '{made['id']}'")[0]  # noqa: S608  # Test data.

    assert row == {"CreatedDate": "2026-11-22T12:00:00.000+0000", "SystemModstamp": "2026-11-22T12:00:00.000+0000"}


def test_only_query_all_finds_what_was_deleted(cases: Org) -> None:
    cases.http.delete(f"{V}/sobjects/Case/{CASE_ONE}").raise_for_status()

    assert numbers(cases, "") == [2, 3, 4]
    assert numbers(cases, "", "/queryAll") == [1, 2, 3, 4]
    gone = cases.query("SELECT Id, IsDeleted FROM Case WHERE IsDeleted = TRUE", "/queryAll")
    assert gone == [{"Id": CASE_ONE, "IsDeleted": True}]


def test_a_long_result_comes_in_pages_of_2000(org: Org) -> None:
    org.load(**a_world(*(a_case(n) for n in range(1, 4_502))))

    first = org.get("/query", q="SELECT Id FROM Case ORDER BY SystemModstamp, Id")
    second = org.http.get(first["nextRecordsUrl"]).json()
    third = org.http.get(second["nextRecordsUrl"]).json()

    assert [len(page["records"]) for page in (first, second, third)] == [2_000, 2_000, 501]
    assert [page["done"] for page in (first, second, third)] == [False, False, True]
    assert {page["totalSize"] for page in (first, second, third)} == {4_501}
    assert first["nextRecordsUrl"] == f"{V}/query/01gHr0000000001IAA-2000"
    assert len({row["Id"] for page in (first, second, third) for row in page["records"]}) == 4_501


def test_the_batch_size_is_asked_for_by_a_header(org: Org) -> None:
    org.load(**a_world(*(a_case(n) for n in range(1, 252))))
    ask: dict[str, Any] = {"params": {"q": "SELECT Id FROM Case"}}

    small = org.http.get(f"{V}/query", headers={"Sforce-Query-Options": "batchSize=200"}, **ask)
    tiny = org.http.get(f"{V}/query", headers={"Sforce-Query-Options": "batchSize=199"}, **ask)

    assert (len(small.json()["records"]), small.json()["done"]) == (200, False)
    assert tiny.status_code == 400


def test_a_locator_ends_after_its_life(org: Org) -> None:
    org.load(**a_world(*(a_case(n) for n in range(1, 2_002))))
    org.settings(query_locator_life_seconds=900)
    next_url = org.get("/query", q="SELECT Id FROM Case")["nextRecordsUrl"]

    assert org.http.get(next_url).status_code == 200
    org.clock.forward(901)
    late = org.http.get(next_url)
    assert (late.status_code, late.json()) == (
        400,
        [{"message": "invalid query locator", "errorCode": "INVALID_QUERY_LOCATOR"}],
    )


def test_only_the_session_that_asked_can_go_on(org: Org) -> None:
    org.load(**a_world(*(a_case(n) for n in range(1, 2_002))))
    next_url = org.get("/query", q="SELECT Id FROM Case")["nextRecordsUrl"]

    token = org.http.post("/services/oauth2/token", data=TOKEN_REQUEST).json()["access_token"]
    other = org.http.get(next_url, headers={"Authorization": f"Bearer {token}"})

    assert (other.status_code, other.json()[0]["errorCode"]) == (400, "INVALID_QUERY_LOCATOR")
    assert org.http.get(next_url).json()["done"] is True


def test_the_eleventh_open_query_ends_the_first(org: Org) -> None:
    org.load(**a_world(*(a_case(n) for n in range(1, 202))))
    ask = {"Sforce-Query-Options": "batchSize=200"}
    soql = {"q": "SELECT Id FROM Case"}

    pages = [org.http.get(f"{V}/query", params=soql, headers=ask).json() for _ in range(11)]

    answers = [org.http.get(page["nextRecordsUrl"]).status_code for page in pages]
    assert answers == [400, *[200] * 10]


def test_pages_shrink_and_come_empty_by_fault(org: Org) -> None:
    org.load(**a_world(*(a_case(n) for n in range(1, 101))))
    org.fault(fault="short_page", match="GET /services/data", times=1)
    org.fault(fault="empty_page", match=f"GET {V}/query/", times=1)

    first = org.get("/query", q="SELECT Id FROM Case")
    second = org.http.get(first["nextRecordsUrl"]).json()
    third = org.http.get(second["nextRecordsUrl"]).json()

    assert [(len(page["records"]), page["done"]) for page in (first, second, third)] == [
        (50, False),
        (0, False),
        (50, True),
    ]


def test_a_write_of_a_long_transaction_has_an_older_stamp(org: Org) -> None:
    org.fault(fault="late_commit", times=1, seconds=90)

    made = org.http.post(f"{V}/sobjects/Case", json={"Subject": "x"}).json()

    row = org.get(f"/sobjects/Case/{made['id']}", fields="SystemModstamp")
    assert bare(row)["SystemModstamp"] == "2026-11-22T11:58:30.000+0000"


@given(st.text(alphabet="ab%_\\'c", max_size=8), st.text(alphabet="ab%_c", max_size=8))
@settings(max_examples=200, deadline=None)
def test_like_means_what_a_plain_reading_of_it_says(pattern: str, text: str) -> None:
    def fits(pattern: str, text: str) -> bool:
        if not pattern:
            return not text
        if pattern[0] == "%":
            return any(fits(pattern[1:], text[cut:]) for cut in range(len(text) + 1))
        if pattern[0] == "\\" and pattern[1:2] in ("%", "_"):
            return text[:1] == pattern[1] and fits(pattern[2:], text[1:])
        return bool(text) and pattern[0] in ("_", text[0]) and fits(pattern[1:], text[1:])

    assert (like_pattern(pattern).fullmatch(text) is not None) == fits(pattern, text)


@given(st.text(max_size=60))
@settings(max_examples=300, deadline=None)
def test_no_text_breaks_the_parser(text: str) -> None:
    for query in (text, f"SELECT {text} FROM Case", f"SELECT Id FROM Case WHERE {text}"):  # noqa: S608  # Test data.
        with contextlib.suppress(Refused):
            assert parse(query).entity
