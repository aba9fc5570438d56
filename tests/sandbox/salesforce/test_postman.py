"""The official request shapes: every request of the vendor's collection that the sandbox should know is sent to it."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from sandbox.salesforce.ids import numbered
from tests.sandbox.salesforce.a_world import CASE_ONE, CONTACT_ONE, a_case, a_world
from tests.sandbox.salesforce.conftest import Org

COMPOSITE = [{"method": "GET", "url": "/services/data/v51.0/limits", "referenceId": "limits"}]
RECORDS = [{"attributes": {"type": "Account"}, "Name": "test"}]
CHANGED = [{"attributes": {"type": "Account"}, "id": "001Hr0000000001IAA", "Name": "test"}]
CASES: tuple[tuple[str, dict[str, Any], int], ...] = (
    ("composite/batch", {"batchRequests": [{"method": "GET", "url": "v51.0/limits"}]}, 200),
    ("composite/composite", {"allOrNone": True, "collateSubrequests": False, "compositeRequest": COMPOSITE}, 200),
    ("composite/sobject_collections_create", {"allOrNone": False, "records": RECORDS}, 200),
    ("composite/sobject_collections_update", {"allOrNone": False, "records": CHANGED}, 200),
    ("composite/sobject_collections_delete", {"ids": numbered("001", 1), "allOrNone": "false"}, 200),
    ("composite/sobject_collections_retrieve", {"ids": numbered("001", 1), "fields": "Name"}, 200),
    ("rest/versions", {}, 200),
    ("rest/limit", {}, 200),
    ("rest/resources_by_version", {}, 200),
    ("rest/describe_global", {}, 200),
    ("rest/query", {}, 200),
    ("rest/queryall", {}, 200),
    ("rest/sobject_basic_information", {}, 200),
    ("rest/sobject_create", {}, 201),
    ("rest/sobject_describe", {}, 200),
    ("rest/sobject_get_deleted", {"start": "2026-11-22T00:00:00Z", "end": "2026-11-23T00:00:00Z"}, 200),
    ("rest/sobject_get_updated", {"start": "2026-11-22T00:00:00Z", "end": "2026-11-23T00:00:00Z"}, 200),
    ("rest/sobject_rows", {}, 200),
    ("rest/sobject_rows_by_external_id", {}, 200),
    ("rest/sobject_rows_update", {"Name": "test"}, 204),
    ("rest/sobject_rows_delete", {}, 400),  # It still has cases.
    ("bulk_v2/create_job", {"object": "Account", "operation": "update"}, 200),
    ("bulk_v2/get_all_jobs", {}, 200),
    ("bulk_v2/get_job_info", {}, 200),
    ("bulk_v2/upload_job_data", {}, 201),
    ("bulk_v2/close_or_abort_a_job", {}, 200),
    ("bulk_v2/get_job_successful_record_results", {}, 200),
    ("bulk_v2/get_job_failed_record_results", {}, 200),
    ("bulk_v2/get_job_unprocessed_record_results", {}, 200),
    ("bulk_v2/delete_job", {}, 204),
    ("query/create_job_query", {"operation": "query", "query": "SELECT Id FROM Case", "contentType": "CSV"}, 200),
    ("query/get_all_query_jobs", {}, 200),
    ("query/get_job_info_query", {}, 200),
    ("query/get_job_query_result", {}, 200),
    ("query/delete_job_query", {}, 204),
)
"""Name of the request, what to send instead of its placeholders, and the status wanted."""

NOT_THERE = ("composite/composite_graph", "composite/sobject_tree")


def requests_of(shared: Path, name: str) -> dict[str, Any]:
    folder = shared / "vendor" / "salesforce" / "postman" / "src" / "collections" / "salesforce_apis"
    found: dict[str, Any] = json.loads((folder / f"{name}.json").read_text())
    return found


def sent(org: Org, request: dict[str, Any], given: dict[str, Any], job_id: str) -> httpx.Response:
    """Send a request of the collection with its placeholders filled in."""
    url = request["url"].replace("{{_endpoint}}", "").replace("{{version}}", "51.0").replace("{{_jobId}}", job_id)
    for placeholder, value in (
        ("<SOBJECT_API_NAME>", "Account"),
        ("<RECORD_ID>", numbered("001", 1)),
        ("<FIELD_NAME>", "Customer_Number__c"),
        ("<FIELD_VALUE>", "A-1"),
    ):
        url = url.replace(placeholder, value)
    headers = {header["key"]: header["value"] for header in request["headerData"] or []}
    method = request["method"]
    if method in ("GET", "DELETE"):
        return org.http.request(method, url.partition("?")[0] if given else url, params=given or None, headers=headers)
    raw = "Id,Name\n" if request["dataMode"] == "binary" else json.dumps(given) if given else request["rawModeData"]
    return org.http.request(method, url, content=raw, headers=headers)


def test_every_request_of_the_vendors_collection_is_understood(org: Org, shared: Path) -> None:
    org.load(**a_world(a_case(1), a_case(2)))
    org.settings(bulk_delay_seconds=0)
    job_id, wrong = "", {}

    for name, given, status in CASES:
        answer = sent(org, requests_of(shared, name), given, job_id)
        if answer.status_code != status:
            wrong[name] = (answer.status_code, answer.text)
        if name in ("bulk_v2/create_job", "query/create_job_query"):
            job_id = answer.json()["id"]

    assert wrong == {}
    assert {CASE_ONE, CONTACT_ONE} <= {
        row["Id"] for rows in (org.state()["Case"], org.state()["Contact"]) for row in rows
    }


@pytest.mark.parametrize("name", NOT_THERE)
def test_what_the_sandbox_has_not_is_answered_as_unknown(still: Org, shared: Path, name: str) -> None:
    assert sent(still, requests_of(shared, name), {"graphs": []}, "").status_code in (400, 404, 405)
