"""What Salesforce's records mean to us: no network, bytes in, tickets out."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from cases.ticket import Author, TicketStatus
from connectors.contract import UnexpectedReply
from connectors.salesforce.comments import in_order, marks_in, read_comments
from connectors.salesforce.reading import CaseReader, read_rows
from connectors.salesforce.settings import BadSetting, ClientCredentials, SalesforceSettings
from connectors.salesforce.soql import all_cases, case_columns, cases_with, comments_of
from tests.connectors.salesforce_world import CASE_ONE, CASE_TWO, FIELDS, LINKS, START, ref


def settings(**changed: Any) -> SalesforceSettings:
    given: dict[str, Any] = {
        "host": "harbor.my.salesforce.com",
        "account": "harbor",
        "auth": ClientCredentials(consumer_key="key", consumer_secret="secret"),
        "fields": FIELDS,
        "link_fields": LINKS,
    }
    return SalesforceSettings(**{**given, **changed})


def a_record(**changed: Any) -> dict[str, Any]:
    return {
        "attributes": {"type": "Case", "url": f"/services/data/v62.0/sobjects/Case/{CASE_ONE}"},
        "Id": CASE_ONE,
        "CaseNumber": "00001026",
        "Subject": "Late",
        "Description": "Where is it?",
        "Status": "Working",
        "IsClosed": False,
        "IsDeleted": False,
        "MasterRecordId": None,
        "OwnerId": "005Hr0000000002IAA",
        "ContactId": "003Hr0000000001IAA",
        "AccountId": "001Hr0000000001IAA",
        "CreatedDate": "2026-11-01T10:00:01.000+0000",
        "SystemModstamp": "2026-11-02T08:00:00.123+0000",
        "Contact": {"attributes": {}, "Name": "Mei Lin", "Email": "mei@mail.example", "Customer_Number__c": "C-100023"},
        "Account": {"attributes": {}, "Name": "Acme", "Customer_Number__c": "A-1"},
        "Order_Id__c": "A-20931",
        "Claimed_Amount__c": 12.5,
        "Zendesk_Ticket_Id__c": None,
        "Jira_Key__c": None,
        **changed,
    }


def read(**changed: Any) -> Any:
    return CaseReader(settings()).ticket(json.dumps(a_record(**changed)).encode())


def test_a_case_is_a_ticket_of_its_contact() -> None:
    ticket = read()

    assert ticket.ref == ref()
    assert (ticket.name, ticket.subject, ticket.description) == ("00001026", "Late", "Where is it?")
    assert (ticket.status, ticket.status_text, ticket.handler_id) == (
        TicketStatus.OPEN,
        "Working",
        "005Hr0000000002IAA",
    )
    assert ticket.requester.customer_id == "C-100023"
    assert (ticket.requester.id, ticket.requester.name) == ("003Hr0000000001IAA", "Mei Lin")
    assert ticket.fields == (("claimed_amount", "12.5"), ("order_id", "A-20931"))
    assert ticket.updated_at == datetime(2026, 11, 2, 8, 0, 0, 123000, tzinfo=UTC)


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"Status": "New"}, TicketStatus.NEW),
        ({"Status": "On Hold"}, TicketStatus.HOLD),
        ({"Status": "Escalated"}, TicketStatus.OPEN),
        ({"Status": None}, TicketStatus.UNKNOWN),
        ({"Status": "Closed", "IsClosed": True}, TicketStatus.SOLVED),
        ({"Status": "Closed", "IsClosed": True, "IsDeleted": True}, TicketStatus.DELETED),
    ],
)
def test_a_closed_case_is_solved_because_it_still_takes_writes(changed: dict[str, Any], status: TicketStatus) -> None:
    assert read(**changed).status is status


def test_without_a_contact_the_account_complains_and_without_both_whoever_filled_in_the_form() -> None:
    account = read(ContactId=None, Contact=None).requester
    form = read(
        ContactId=None, Contact=None, AccountId=None, Account=None, SuppliedName="Bo", SuppliedEmail="bo@mail.example"
    ).requester
    nobody = read(ContactId=None, Contact=None, AccountId=None, Account=None).requester
    numberless = {"Name": "Mei Lin", "Email": None, "Customer_Number__c": None}

    assert (account.id, account.name, account.customer_id) == ("001Hr0000000001IAA", "Acme", "A-1")
    assert (form.id, form.name, form.email, form.customer_id) == ("", "Bo", "bo@mail.example", None)
    assert nobody is None
    assert read(Contact=numberless).requester.customer_id == "A-1"


def test_a_queue_handles_nothing_and_a_merged_case_says_where_it_went() -> None:
    assert read(OwnerId="00GHr0000000001IAA").handler_id is None
    merged = read(IsDeleted=True, MasterRecordId=CASE_TWO)
    assert (merged.status, merged.merged_into) == (TicketStatus.DELETED, ref(CASE_TWO))


@pytest.mark.parametrize(
    ("written", "text"),
    [("12.50", "12.50"), ("1.25E7", "12500000"), ("0.00000001", "0.00000001"), ("123456789012345.67890123",) * 2],
)
def test_a_number_is_never_rounded(written: str, text: str) -> None:
    record = json.dumps(a_record(Claimed_Amount__c="HERE")).replace('"HERE"', written).encode()

    assert CaseReader(settings()).ticket(record).field("claimed_amount") == text


def test_a_text_that_looks_like_a_number_stays_a_text() -> None:
    assert read(Order_Id__c="1E5").field("order_id") == "1E5"


def test_a_tick_box_is_yes_or_no() -> None:
    reader = CaseReader(settings(fields=(("escalated", "IsEscalated"), ("status", "Status"))))

    ticket = reader.ticket(json.dumps(a_record(IsEscalated=True)).encode())

    assert ticket.fields == (("escalated", "yes"), ("status", "Working"))


def test_link_fields_name_other_tickets() -> None:
    assert read(Zendesk_Ticket_Id__c=" 35436 ", Jira_Key__c="ENG-5").links == (
        "zendesk:harbor:35436",
        "jira:harbor:ENG-5",
    )
    address = "https://harbor.zendesk.com/agent/tickets/35436"
    assert read(Zendesk_Ticket_Id__c=address).links == (address,)


def test_one_bad_record_is_named_and_its_neighbours_are_read() -> None:
    secret = "hunter2"
    records = [
        a_record(),
        a_record(Id=CASE_TWO, SystemModstamp=None, Subject=secret),
        a_record(Id="nonsense"),
        a_record(Id=CASE_TWO, CreatedDate=secret),
        a_record(Id=CASE_TWO, Order_Id__c={"a": 1}),
    ]

    found = CaseReader(settings()).read([json.dumps(record).encode() for record in records] + [b"{"])

    assert [ticket.ref.key for ticket in found.tickets] == [CASE_ONE]
    assert found.unreadable == (
        (CASE_TWO, "SystemModstamp: expected `str`, got `null`"),
        ("record 3 of the page", "Id: is none of a Case"),
        (CASE_TWO, "CreatedDate: is no time"),
        (CASE_TWO, "Order_Id__c: is neither text, a number, nor yes or no"),
        ("record 6 of the page", "record: no JSON that can be read"),
    )
    assert secret not in str(found.unreadable)


def test_half_an_emoji_and_a_nul_are_replaced() -> None:
    record = json.dumps(a_record(Subject="S", Order_Id__c="O")).encode()
    record = record.replace(b'"S"', rb'"\ud83d cut"').replace(b'"O"', rb'"a\u0000b\ud83d"')

    ticket = CaseReader(settings()).ticket(record)

    assert ticket.subject == "\ufffd cut"
    assert ticket.field("order_id") == "a\ufffdb\ufffd"


def test_a_row_of_a_csv_is_the_same_ticket() -> None:
    reader = CaseReader(settings())
    row = {
        "Id": CASE_ONE, "CaseNumber": "00001026", "Subject": "Late", "Description": "Where is it?",
        "Status": "Working", "IsClosed": "false", "IsDeleted": "false", "MasterRecordId": "",
        "OwnerId": "005Hr0000000002IAA", "ContactId": "003Hr0000000001IAA", "AccountId": "001Hr0000000001IAA",
        "SuppliedName": "", "SuppliedEmail": "", "CreatedDate": "2026-11-01T10:00:01.000Z",
        "SystemModstamp": "2026-11-02T08:00:00.123Z", "Contact.Name": "Mei Lin",
        "Contact.Email": "mei@mail.example", "Account.Name": "Acme", "Contact.Customer_Number__c": "C-100023",
        "Account.Customer_Number__c": "A-1", "Compensation_Topic__c": "", "Order_Id__c": "1E5",
        "Claimed_Amount__c": "1.25E1", "MW_State__c": "", "MW_Amount__c": "", "MW_Reason__c": "",
        "Zendesk_Ticket_Id__c": "", "Jira_Key__c": "",
    }  # fmt: skip

    ticket = reader.ticket_of_row(row, {"Claimed_Amount__c": "double", "Order_Id__c": "string"})

    assert ticket == read(Order_Id__c="1E5")


def test_an_answer_that_holds_no_records_says_so() -> None:
    with pytest.raises(UnexpectedReply, match="cases: the answer holds no records"):
        read_rows(b"<html>", "cases")


def a_comment(**changed: Any) -> bytes:
    given = {
        "Id": "00aHr0000000001IAA",
        "CommentBody": "Hello",
        "IsPublished": False,
        "CreatedById": "005Hr0000000002IAA",
        "CreatedBy": {"attributes": {}, "UserType": "Standard"},
        "CreatedDate": "2026-11-02T08:00:00.000+0000",
        "SystemModstamp": "2026-11-02T08:00:00.000+0000",
        "IsDeleted": False,
    }
    return json.dumps({**given, **changed}).encode()


@pytest.mark.parametrize(
    ("changed", "author"),
    [
        ({}, Author.AGENT),
        ({"CreatedBy": {"UserType": "CspLitePortal"}, "IsPublished": True}, Author.CUSTOMER),
        ({"CreatedBy": {"UserType": "Guest"}}, Author.CUSTOMER),
        ({"CreatedBy": {"UserType": "AutomatedProcess"}}, Author.UNKNOWN),
        ({"CreatedBy": None}, Author.UNKNOWN),
        ({"CommentBody": "Paid\n\n[makewhole CASE-1/1]"}, Author.US),
        ({"CommentBody": "Paid\n\n[makewhole CASE-1/1]", "CreatedBy": None}, Author.US),
        ({"CommentBody": "Paid\n\n[makewhole CASE-1/1]", "IsPublished": True}, Author.AGENT),
        ({"CommentBody": "[makewhole CASE-1/1]", "CreatedBy": {"UserType": "CustomerSuccess"}}, Author.CUSTOMER),
    ],
)
def test_who_wrote_a_comment(changed: dict[str, Any], author: Author) -> None:
    (comment,) = read_comments([a_comment(**changed)]).comments

    assert comment.written_by is author
    assert marks_in([comment]) == ({"CASE-1/1"} if author is Author.US else set())


def test_posts_are_comments_and_rich_text_is_plain() -> None:
    post = a_comment(
        Id="0D5Hr0000000001IAA", CommentBody=None, Title=None, Body="<p>A &amp; B</p><p>C<br>D</p>", IsRichText=True,
        Visibility="AllUsers",
    )  # fmt: skip
    internal = a_comment(Id="0D5Hr0000000002IAA", CommentBody=None, Body="E < F", Visibility="InternalUsers")

    first, second = in_order(read_comments([internal, post]).comments)

    assert (first.body, first.public) == ("A & B\nC\nD", True)
    assert (second.body, second.public) == ("E < F", False)


def test_a_deleted_comment_is_not_shown_and_still_dates_the_ticket() -> None:
    found = read_comments([a_comment(IsDeleted=True, SystemModstamp="2026-11-02T09:00:00.000+0000"), a_comment()])

    assert len(found.comments) == 1
    assert found.newest == datetime(2026, 11, 2, 9, tzinfo=UTC)


def test_what_is_selected_exists_in_a_real_org(shared: Path) -> None:
    described = json.loads((shared / "vendor/salesforce/describe/Case.describe.json").read_text())
    names = {field["name"] for field in described["fields"]}
    relations = {field["relationshipName"] for field in described["fields"]}

    columns = case_columns(settings(fields=(), link_fields=())).split(", ")

    assert {column for column in columns if "." not in column} <= names
    assert {column.split(".")[0] for column in columns if "." in column} <= relations


def test_values_in_a_query_are_quoted() -> None:
    assert "ParentId = 'a\\' OR Id != \\''" in comments_of("a' OR Id != '")
    assert "Id IN ('a\\'b')" in cases_with(settings(), ("a'b",))
    assert all_cases(settings(), since=START).endswith("WHERE SystemModstamp >= 2026-10-01T00:00:00.000Z")


@pytest.mark.parametrize(
    "changed",
    [
        {"fields": (("order_id", "Order_Id__c FROM User"),)},
        {"mark_field": "MW'"},
        {"customer_field": ""},
        {"api_version": "62"},
        {"page_size": 2001},
        {"share_left": 1.0},
    ],
)
def test_a_setting_that_would_change_a_query_is_refused(changed: dict[str, Any]) -> None:
    with pytest.raises(BadSetting):
        settings(**changed)
