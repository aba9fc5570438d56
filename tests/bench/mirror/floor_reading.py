"""Pages as the floor reads them: split into raw records, some twenty wanted fields decoded, nothing else looked at."""

from datetime import datetime
from typing import Any

import msgspec

#: One record as every store takes it: the columns of `COLUMNS`, in order.
Row = tuple[Any, ...]
COLUMNS = [
    "id",
    "subject",
    "description",
    "status",
    "priority",
    "kind",
    "channel",
    "customer_id",
    "customer_name",
    "customer_email",
    "locale",
    "handler_id",
    "group_id",
    "tags",
    "topic",
    "order_id",
    "position_id",
    "transaction_id",
    "amount",
    "asset",
    "score",
    "created_at",
    "updated_at",
    "raw",
]  # Read as words.
SALESFORCE_FIELDS = (
    "Id,CaseNumber,IsDeleted,Subject,Description,Status,Priority,Origin,Type,Reason,IsClosed,ClosedDate,OwnerId,"
    "ContactId,AccountId,Contact.Customer_Number__c,Contact.Name,ContactEmail,SuppliedEmail,SuppliedName,RecordTypeId,"
    "BusinessHoursId,CreatedById,LastModifiedById,CreatedDate,LastModifiedDate,SystemModstamp,Compensation_Topic__c,"
    "Order_Id__c,Position_Id__c,Transaction_Id__c,Incident_Id__c,Claimed_Amount__c,Claimed_Asset__c,"
    "Zendesk_Ticket_Id__c,Jira_Key__c,MW_State__c,MW_Amount__c,MW_Currency__c,MW_Reason__c,MW_Case_Url__c,MW_Mark__c"
)
JIRA_FIELDS = "*all"


class _Via(msgspec.Struct):
    channel: str | None = None


class _Rating(msgspec.Struct):
    score: str | None = None


class _Field(msgspec.Struct):
    id: int
    value: object = None


class _Ticket(msgspec.Struct):
    id: int
    created_at: str
    updated_at: str
    subject: str | None = None
    description: str | None = None
    status: str | None = None
    priority: str | None = None
    type: str | None = None
    via: _Via | None = None
    requester_id: int | None = None
    assignee_id: int | None = None
    group_id: int | None = None
    tags: list[str] = []
    custom_fields: list[_Field] = []
    satisfaction_rating: _Rating | None = None


class _User(msgspec.Struct):
    id: int
    name: str | None = None
    email: str | None = None
    external_id: str | None = None
    locale: str | None = None


class _Export(msgspec.Struct):
    tickets: list[msgspec.Raw]
    after_cursor: str
    end_of_stream: bool
    users: list[_User] = []


class _Contact(msgspec.Struct):
    Customer_Number__c: str | None = None
    Name: str | None = None


class _Case(msgspec.Struct):
    Id: str
    CreatedDate: str
    SystemModstamp: str
    Subject: str | None = None
    Description: str | None = None
    Status: str | None = None
    Priority: str | None = None
    Type: str | None = None
    Origin: str | None = None
    Contact: _Contact | None = None
    ContactEmail: str | None = None
    OwnerId: str | None = None
    RecordTypeId: str | None = None
    Compensation_Topic__c: str | None = None
    Order_Id__c: str | None = None
    Position_Id__c: str | None = None
    Transaction_Id__c: str | None = None
    Claimed_Amount__c: float | None = None
    Claimed_Asset__c: str | None = None
    Reason: str | None = None


class _Query(msgspec.Struct, rename="camel"):
    records: list[msgspec.Raw]
    next_records_url: str | None = None


class _Named(msgspec.Struct):
    name: str | None = None


class _Choice(msgspec.Struct):
    value: str | None = None


class _Person(msgspec.Struct, rename="camel"):
    account_id: str | None = None
    display_name: str | None = None
    email_address: str | None = None
    time_zone: str | None = None


class _IssueFields(msgspec.Struct):
    created: str
    updated: str
    summary: str | None = None
    description: msgspec.Raw = msgspec.Raw(b"null")
    status: _Named | None = None
    priority: _Named | None = None
    issuetype: _Named | None = None
    project: _Named | None = None
    reporter: _Person | None = None
    assignee: _Person | None = None
    labels: list[str] = []
    customfield_10101: _Choice | None = None
    customfield_10102: str | None = None
    customfield_10103: str | None = None
    customfield_10104: str | None = None
    customfield_10106: float | None = None
    customfield_10107: str | None = None
    customfield_10108: str | None = None


class _Issue(msgspec.Struct):
    key: str
    fields: _IssueFields


class _Search(msgspec.Struct, rename="camel"):
    issues: list[msgspec.Raw]
    next_page_token: str | None = None


_export = msgspec.json.Decoder(_Export).decode
_ticket = msgspec.json.Decoder(_Ticket).decode
_query = msgspec.json.Decoder(_Query).decode
_case = msgspec.json.Decoder(_Case).decode
_search = msgspec.json.Decoder(_Search).decode
_issue = msgspec.json.Decoder(_Issue).decode
_NOBODY = _User(id=0)
_NO_CONTACT, _NO_PERSON, _NO_NAME, _NO_CHOICE = _Contact(), _Person(), _Named(), _Choice()


def read_zendesk(body: bytes) -> tuple[list[Row], str, bool]:
    """Return a page's rows, the cursor behind it and whether it was the last."""
    page = _export(body)
    people = {user.id: user for user in page.users}
    rows = []
    for raw in page.tickets:
        each = _ticket(raw)
        user = people.get(each.requester_id or 0, _NOBODY)
        fields = {one.id: one.value for one in each.custom_fields}
        rows.append(
            (
                str(each.id),
                each.subject,
                each.description,
                each.status,
                each.priority,
                each.type,
                each.via.channel if each.via else None,
                user.external_id,
                user.name,
                user.email,
                user.locale,
                str(each.assignee_id),
                str(each.group_id),
                " ".join(each.tags),
                fields.get(900_001),
                fields.get(900_002),
                fields.get(900_003),
                fields.get(900_004),
                fields.get(900_006),
                fields.get(900_007),
                each.satisfaction_rating.score if each.satisfaction_rating else None,
                each.created_at,
                each.updated_at,
                raw,
            )
        )
    return rows, page.after_cursor, page.end_of_stream


def read_salesforce(body: bytes) -> tuple[list[Row], str | None, str | None]:
    """Return a page's rows, where the next one is, and the newest stamp; None when there is none."""
    page = _query(body)
    rows = []
    for raw in page.records:
        each = _case(raw)
        contact = each.Contact or _NO_CONTACT
        rows.append(
            (
                each.Id,
                each.Subject,
                each.Description,
                each.Status,
                each.Priority,
                each.Type,
                each.Origin,
                contact.Customer_Number__c,
                contact.Name,
                each.ContactEmail,
                None,
                each.OwnerId,
                each.RecordTypeId,
                "",
                each.Compensation_Topic__c,
                each.Order_Id__c,
                each.Position_Id__c,
                each.Transaction_Id__c,
                None if each.Claimed_Amount__c is None else str(each.Claimed_Amount__c),
                each.Claimed_Asset__c,
                each.Reason,
                each.CreatedDate,
                each.SystemModstamp,
                raw,
            )
        )
    return rows, page.next_records_url, rows[-1][22] if rows else None


def read_jira(body: bytes) -> tuple[list[Row], str | None, str | None]:
    """Return a page's rows, the token of the next one, and the newest stamp in milliseconds; None for none."""
    page = _search(body)
    rows = []
    for raw in page.issues:
        each = _issue(raw)
        fields = each.fields
        reporter = fields.reporter or _NO_PERSON
        rows.append(
            (
                each.key,
                fields.summary,
                bytes(fields.description).decode(),
                (fields.status or _NO_NAME).name,
                (fields.priority or _NO_NAME).name,
                (fields.issuetype or _NO_NAME).name,
                (fields.project or _NO_NAME).name,
                fields.customfield_10108,
                reporter.display_name,
                reporter.email_address,
                reporter.time_zone,
                (fields.assignee or _NO_PERSON).account_id,
                reporter.account_id,
                " ".join(fields.labels),
                (fields.customfield_10101 or _NO_CHOICE).value,
                fields.customfield_10102,
                fields.customfield_10103,
                fields.customfield_10104,
                None if fields.customfield_10106 is None else str(fields.customfield_10106),
                fields.customfield_10107,
                None,
                fields.created,
                fields.updated,
                raw,
            )
        )
    return rows, page.next_page_token, _milliseconds(rows[-1][22]) if rows else None


def _milliseconds(stamp: str) -> str:
    return str(int(datetime.fromisoformat(stamp).timestamp() * 1_000))
