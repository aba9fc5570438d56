"""Bulk API 2.0 on the wire: how jobs move on, and their CSV."""

import csv
import io
from typing import Any

import pytest

from sandbox.salesforce.ids import numbered
from tests.sandbox.salesforce.a_world import CASE_ONE, a_case, a_world
from tests.sandbox.salesforce.conftest import Org, V

JOBS = f"{V}/jobs"


@pytest.fixture
def world(org: Org) -> Org:
    org.load(**a_world(*(a_case(n) for n in range(1, 6))))
    return org


def start_query(org: Org, soql: str, operation: str = "query", **more: str) -> dict[str, Any]:
    body = {"operation": operation, "query": soql, **more}
    made: dict[str, Any] = org.http.post(f"{JOBS}/query", json=body).raise_for_status().json()
    return made


def start_ingest(org: Org, text: str, **job: str) -> str:
    made = org.http.post(f"{JOBS}/ingest", json={"object": "Case", **job}).raise_for_status().json()
    headers = {"Content-Type": "text/csv; charset=UTF-8"}
    assert org.http.put(f"/{made['contentUrl']}", content=text.encode(), headers=headers).status_code == 201
    done = org.http.patch(f"{JOBS}/ingest/{made['id']}", json={"state": "UploadComplete"})
    assert done.json()["state"] == "UploadComplete"
    return str(made["id"])


def lines(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text)))


def test_a_query_job_moves_on_with_time(world: Org) -> None:
    made = start_query(world, "SELECT Id, Subject FROM Case")
    path = f"{JOBS}/query/{made['id']}"

    states = []
    for _ in range(3):
        states.append(world.http.get(path).json()["state"])
        early = world.http.get(f"{path}/results").status_code
        world.clock.forward(1)

    assert made["state"] == "UploadComplete"
    assert (made["object"], made["contentType"], made["apiVersion"]) == ("Case", "CSV", 68.0)
    assert states == ["UploadComplete", "InProgress", "JobComplete"]
    assert early == 200
    info = world.http.get(path).json()
    assert (info["numberRecordsProcessed"], info["jobType"], info["id"][:3]) == (5, "V2Query", "750")


def test_results_come_in_parts_under_a_locator(world: Org) -> None:
    soql = "SELECT Id, Contact.Customer_Number__c, IsClosed, Order_Id__c, CreatedDate FROM Case ORDER BY CaseNumber"
    path = f"{JOBS}/query/{start_query(world, soql)['id']}/results"
    unfinished = world.http.get(path)
    world.clock.forward(2)

    first = world.http.get(path, params={"maxRecords": 3})
    rest = world.http.get(path, params={"maxRecords": 3, "locator": first.headers["sforce-locator"]})

    assert (unfinished.status_code, unfinished.json()[0]["errorCode"]) == (400, "INVALIDJOBSTATE")
    assert first.text.split("\n")[:2] == [
        '"Id","Contact.Customer_Number__c","IsClosed","Order_Id__c","CreatedDate"',
        f'"{CASE_ONE}","C-100023","false","","2026-11-22T11:00:00.000Z"',
    ]
    assert (first.headers["sforce-numberofrecords"], rest.headers["sforce-numberofrecords"]) == ("3", "2")
    assert rest.headers["sforce-locator"] == "null"
    ids = [line[0] for part in (first, rest) for line in lines(part.text)[1:]]
    assert ids == [numbered("500", n) for n in range(1, 6)]
    assert world.http.get(path, params={"locator": "nonsense"}).status_code == 400


def test_a_query_job_sees_deleted_rows_and_other_delimiters(world: Org) -> None:
    world.act("delete", id=CASE_ONE)
    made = start_query(
        world,
        "SELECT Id, Subject FROM Case WHERE IsDeleted = true",
        "queryAll",
        columnDelimiter="PIPE",
        lineEnding="CRLF",
    )
    world.clock.forward(2)

    results = world.http.get(f"{JOBS}/query/{made['id']}/results").text

    assert results == f'"Id"|"Subject"\r\n"{CASE_ONE}"|"Case 1"\r\n'


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"operation": "query", "query": "SELECT Foo FROM Case"}, "INVALID_FIELD"),
        ({"operation": "query", "query": "SELECT COUNT() FROM Case"}, "API_ERROR"),
        ({"operation": "query", "query": "SELECT Id, (SELECT Id FROM CaseComments) FROM Case"}, "API_ERROR"),
        ({"operation": "guess", "query": "SELECT Id FROM Case"}, "INVALIDJOB"),
        ({"operation": "query", "query": "SELECT Id FROM Case", "columnDelimiter": "DOT"}, "INVALIDJOB"),
    ],
)
def test_a_wrong_query_job_is_refused_at_once(still: Org, body: dict[str, str], code: str) -> None:
    answer = still.http.post(f"{JOBS}/query", json=body)

    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, code)


def test_a_job_is_aborted_listed_and_deleted(world: Org) -> None:
    made = start_query(world, "SELECT Id FROM Case")
    path = f"{JOBS}/query/{made['id']}"

    assert world.http.delete(path).status_code == 400
    assert world.http.patch(path, json={"state": "Aborted"}).json()["state"] == "Aborted"
    world.clock.forward(10)
    assert [job["state"] for job in world.http.get(f"{JOBS}/query").json()["records"]] == ["Aborted"]
    assert world.http.get(f"{JOBS}/ingest").json()["records"] == []
    assert world.http.delete(path).status_code == 204
    assert world.http.get(path).status_code == 404


def test_an_ingest_job_inserts_what_is_right_and_names_what_is_not(world: Org) -> None:
    text = (
        f'Subject,Contact.Customer_Number__c,Priority\nnew one,C-100023,High\n"{"x" * 256}",C-100023,\nlost,C-9,Low\n'
    )
    job_id = start_ingest(world, text, operation="insert")
    assert len(world.query("SELECT Id FROM Case")) == 5
    world.clock.forward(2)

    info = world.http.get(f"{JOBS}/ingest/{job_id}").json()

    assert (info["state"], info["numberRecordsProcessed"], info["numberRecordsFailed"]) == ("JobComplete", 3, 2)
    good = lines(world.http.get(f"{JOBS}/ingest/{job_id}/successfulResults").text)
    assert good[0] == ["sf__Id", "sf__Created", "Subject", "Contact.Customer_Number__c", "Priority"]
    assert good[1][1:] == ["true", "new one", "C-100023", "High"]
    bad = lines(world.http.get(f"{JOBS}/ingest/{job_id}/failedResults").text)
    assert bad[0][:2] == ["sf__Id", "sf__Error"]
    assert bad[1][1].startswith("STRING_TOO_LONG:Subject: data value too large")
    assert bad[1][1].endswith(":Subject --")
    assert bad[2][1].startswith("INVALID_FIELD:Foreign key external ID: C-9 not found")
    assert lines(world.http.get(f"{JOBS}/ingest/{job_id}/unprocessedrecords").text) == []


def test_an_ingest_job_is_worked_off_though_nobody_asks_for_it(world: Org) -> None:
    start_ingest(world, f"Id,Status,Subject\n{CASE_ONE},Closed,#N/A\n", operation="update")
    world.clock.forward(2)

    row = world.query("SELECT Status, Subject FROM Case WHERE CaseNumber = '00001001'")

    assert row == [{"Status": "Closed", "Subject": None}]


def test_rows_are_upserted_and_deleted_in_bulk(world: Org) -> None:
    first = start_ingest(
        world,
        "Customer_Number__c,LastName,Title\nC-100023,Lin,VIP\nC-100024,New,\n",
        operation="upsert",
        object="Contact",
        externalIdFieldName="Customer_Number__c",
    )
    second = start_ingest(world, f"Id\n{CASE_ONE}\n{CASE_ONE}\n", operation="delete")
    world.clock.forward(2)

    upserted = lines(world.http.get(f"{JOBS}/ingest/{first}/successfulResults").text)
    refused = lines(world.http.get(f"{JOBS}/ingest/{second}/failedResults").text)

    assert [line[1] for line in upserted[1:]] == ["false", "true"]
    assert [line[:2] for line in refused[1:]] == [[CASE_ONE, "ENTITY_IS_DELETED:entity is deleted: --"]]


def test_a_job_with_a_wrong_column_fails_and_an_aborted_one_keeps_its_rows(world: Org) -> None:
    wrong = start_ingest(world, "Foo\n1\n", operation="insert")
    aborted = start_ingest(world, "Subject\nnever\n", operation="insert")
    world.http.patch(f"{JOBS}/ingest/{aborted}", json={"state": "Aborted"}).raise_for_status()
    world.clock.forward(2)

    info = world.http.get(f"{JOBS}/ingest/{wrong}").json()

    assert (info["state"], info["errorMessage"]) == ("Failed", "InvalidBatch : Field name not found : Foo")
    assert lines(world.http.get(f"{JOBS}/ingest/{aborted}/unprocessedrecords").text) == [["Subject"], ["never"]]
    assert len(world.query("SELECT Id FROM Case")) == 5
    assert world.http.put(f"{JOBS}/ingest/{aborted}/batches", content=b"x").status_code == 400
    unknown = world.http.post(f"{JOBS}/ingest", json={"object": "Asset", "operation": "update"})
    assert unknown.json()[0]["errorCode"] == "INVALIDENTITY"
