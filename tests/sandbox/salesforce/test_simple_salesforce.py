"""The unmodified simple-salesforce 1.12.10 against the sandbox."""

from collections.abc import Callable
from typing import Any

import pytest
from simple_salesforce.api import Salesforce
from simple_salesforce.exceptions import (
    SalesforceExpiredSession,
    SalesforceGeneralError,
    SalesforceMalformedRequest,
    SalesforceMoreThanOneRecord,
    SalesforceRefusedRequest,
    SalesforceResourceNotFound,
)
from simple_salesforce.format import format_external_id, format_soql

from sandbox.salesforce.ids import numbered
from tests.sandbox.salesforce.a_world import ACCOUNT_ONE, CASE_ONE, CONTACT_ONE, a_case, a_world
from tests.sandbox.salesforce.conftest import Org, V


def test_it_reads_every_page_and_every_deleted_row(org: Org, sf: Any) -> None:
    org.load(**a_world(*(a_case(n) for n in range(1, 2_503))))
    org.act("delete", id=CASE_ONE)
    soql = "SELECT Id, Contact.Customer_Number__c, IsDeleted FROM Case ORDER BY SystemModstamp, Id"

    whole = sf.query_all(soql, include_deleted=True)
    one_by_one = list(sf.query_all_iter(soql))

    assert (whole["totalSize"], len(whole["records"]), whole["done"]) == (2_502, 2_502, True)
    assert len(one_by_one) == 2_501
    assert one_by_one[0]["Contact"]["Customer_Number__c"] == "C-100023"
    first = sf.query(soql)
    assert len(sf.query_more(first["nextRecordsUrl"], identifier_is_url=True)["records"]) == 501
    locator = first["nextRecordsUrl"].rpartition("/")[2]
    assert sf.query_more(locator)["done"] is True


def test_it_quotes_what_a_query_holds(org: Org, sf: Any) -> None:
    org.load(**a_world(a_case(1, Subject="it's 100%"), a_case(2)))

    exact = sf.query(format_soql("SELECT Id FROM Case WHERE Subject = {} AND Status IN {}", "it's 100%", ["New"]))
    like = sf.query(format_soql("SELECT Id FROM Case WHERE Subject LIKE '%{:like}'", "100%"))

    assert [row["Id"] for row in exact["records"]] == [row["Id"] for row in like["records"]] == [CASE_ONE]


def test_it_creates_reads_changes_upserts_and_deletes(org: Org, sf: Any) -> None:
    org.load(**a_world())

    made = sf.Case.create({"Subject": "Charged twice", "Contact": {"Customer_Number__c": "C-100023"}})
    changed = sf.Case.update(made["id"], {"Status": "Closed", "Claimed_Amount__c": 120.5})
    upserts = [sf.Contact.upsert("Customer_Number__c/C-7", {"LastName": name}) for name in ("New", "Newer")]
    hard = sf.Contact.upsert(format_external_id("Customer_Number__c", "C 7/8"), {"LastName": "Slash"})
    found = sf.Case.get(made["id"])

    assert (made["success"], changed, upserts, hard) == (True, 204, [201, 200], 201)
    assert (found["IsClosed"], found["Claimed_Amount__c"], found["AccountId"]) == (True, 120.5, ACCOUNT_ONE)
    assert sf.Contact.get_by_custom_id("Customer_Number__c", "C-7")["LastName"] == "Newer"
    assert sf.Case.delete(made["id"]) == 204


def test_it_describes_limits_and_lists(org: Org, sf: Any) -> None:
    described = sf.describe()
    fields = sf.Case.describe()

    assert [entity["name"] for entity in described["sobjects"]][:3] == ["Account", "Case", "CaseComment"]
    assert fields["fields"][0]["name"] == "Id"
    assert sf.limits()["DailyApiRequests"]["Max"] == 100_000
    assert sf.api_usage["api-usage"].total == 100_000
    assert sf.oauth2("userinfo")["preferred_username"] == "makewhole@harbor.example"
    assert sf.is_sandbox() is False
    assert len(org.state()["Organization"]) == 1


def test_it_sends_collections_and_composite_requests(org: Org, sf: Any) -> None:
    org.load(**a_world(a_case(1), a_case(2)))
    records = [{"attributes": {"type": "Case"}, "id": numbered("500", n), "MW_State__c": "paid"} for n in (1, 2, 99)]
    note = {"ParentId": "@{case.id}", "CommentBody": "Paid 120 USDT", "IsPublished": False}
    composite = {
        "allOrNone": True,
        "compositeRequest": [
            {
                "method": "PATCH",
                "url": f"{V}/sobjects/Case/{CASE_ONE}",
                "referenceId": "x",
                "body": {"Status": "Closed"},
            },
            {"method": "POST", "url": f"{V}/sobjects/Case", "referenceId": "case", "body": {"Subject": "next"}},
            {"method": "POST", "url": f"{V}/sobjects/CaseComment", "referenceId": "note", "body": note},
        ],
    }

    results = sf.restful("composite/sobjects", method="PATCH", json={"allOrNone": False, "records": records})
    answers = sf.restful("composite", method="POST", json=composite)

    assert [result["success"] for result in results] == [True, True, False]
    assert [answer["httpStatusCode"] for answer in answers["compositeResponse"]] == [204, 201, 201]
    assert sf.query("SELECT COUNT() FROM CaseComment WHERE IsPublished = false")["totalSize"] == 1


def test_its_bulk_query_brings_every_row(org: Org, sf: Any) -> None:
    org.load(**a_world(*(a_case(n) for n in range(1, 26))))
    org.settings(bulk_delay_seconds=0)

    parts = list(sf.bulk2.Case.query("SELECT Id, Subject FROM Case", max_records=10, wait=0))

    assert [part.count("\n") - 1 for part in parts] == [10, 10, 5]
    assert parts[0].splitlines()[:2] == ['"Id","Subject"', f'"{CASE_ONE}","Case 1"']


def test_its_bulk_ingest_writes_and_names_what_failed(org: Org, sf: Any) -> None:
    org.load(**a_world(a_case(1)))
    org.settings(bulk_delay_seconds=0)
    contacts = sf.bulk2.Contact

    inserted = contacts.insert(records=[{"LastName": "One"}, {"LastName": ""}], wait=0)
    upserted = contacts.upsert(
        records=[{"Customer_Number__c": "C-100023", "Title": "VIP"}], external_id_field="Customer_Number__c", wait=0
    )
    deleted = sf.bulk2.Case.delete(records=[{"Id": CASE_ONE}], wait=0)

    assert (inserted[0]["numberRecordsProcessed"], inserted[0]["numberRecordsFailed"]) == (2, 1)
    failed = contacts.get_failed_records(str(inserted[0]["job_id"]))
    assert "REQUIRED_FIELD_MISSING:Required fields are missing: [LastName]" in failed
    assert upserted[0]["numberRecordsFailed"] == deleted[0]["numberRecordsFailed"] == 0
    assert sf.Contact.get(CONTACT_ONE)["Title"] == "VIP"
    assert sf.query("SELECT COUNT() FROM Case")["totalSize"] == 0


def test_it_names_what_was_refused(org: Org, sf: Any) -> None:
    org.load(**a_world(a_case(1, MW_Mark__c="m"), a_case(2, MW_Mark__c="m")))
    refusals: tuple[tuple[type[Exception], Callable[[], Any]], ...] = (
        (SalesforceMalformedRequest, lambda: sf.query("SELECT Foo FROM Case")),
        (SalesforceResourceNotFound, lambda: sf.Case.get(numbered("500", 99))),
        (SalesforceMoreThanOneRecord, lambda: sf.Case.get_by_custom_id("MW_Mark__c", "m")),
    )

    for error, act in refusals:
        with pytest.raises(error):
            act()
    org.fault(fault="rate_limited", times=1)
    with pytest.raises(SalesforceRefusedRequest, match="REQUEST_LIMIT_EXCEEDED"):
        sf.limits()
    org.fault(fault="unavailable", times=1)
    with pytest.raises(SalesforceGeneralError, match="SERVER_UNAVAILABLE"):
        sf.limits()


def test_it_logs_in_again_when_its_session_ends(org: Org, sf: Any) -> None:
    org.clock.forward(7_201)
    given = org.state()["tokens_given"]

    assert sf.query("SELECT COUNT() FROM Case")["totalSize"] == 0

    assert org.state()["tokens_given"] == given + 1
    lone = Salesforce(
        instance_url="https://harbor.my.salesforce.com", session_id="x", session=sf.session, version="68.0"
    )
    with pytest.raises(SalesforceExpiredSession):
        lone.limits()


def test_its_conditional_update_is_refused_when_somebody_was_faster(org: Org, sf: Any) -> None:
    org.load(**a_world(a_case(1)))
    org.act("edit", id=CASE_ONE, values={"Priority": "Low"})

    with pytest.raises(SalesforceGeneralError) as refused:
        sf.Case.update(CASE_ONE, {"Status": "Closed"}, headers={"If-Unmodified-Since": "Sun, 22 Nov 2026 11:30:00 GMT"})

    assert refused.value.status == 412
    assert sf.Case.get(CASE_ONE)["Status"] == "New"
