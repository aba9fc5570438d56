"""Many rows in one request: collections, composite and batch requests."""

from typing import Any

import pytest

from sandbox.salesforce.ids import numbered
from tests.sandbox.salesforce.a_world import CASE_ONE, CONTACT_ONE, a_case, a_world
from tests.sandbox.salesforce.conftest import Org, V, bare

MANY = f"{V}/composite/sobjects"
CASE_TWO = numbered("500", 2)


@pytest.fixture
def world(org: Org) -> Org:
    org.load(**a_world(a_case(1), a_case(2)))
    return org


def case(**values: Any) -> dict[str, Any]:
    return {"attributes": {"type": "Case"}, **values}


def subjects(org: Org) -> list[str]:
    return [row["Subject"] for row in org.query("SELECT Subject FROM Case ORDER BY CaseNumber")]


def test_each_row_of_a_collection_has_its_own_result(world: Org) -> None:
    records = [case(Subject="good"), case(Subject="x" * 256), case(Foo=1)]

    answer = world.http.post(MANY, json={"allOrNone": False, "records": records})

    first, second, third = answer.json()
    assert (answer.status_code, first["success"], first["errors"]) == (200, True, [])
    assert (second["success"], second["errors"][0]["statusCode"]) == (False, "STRING_TOO_LONG")
    assert second["errors"][0]["fields"] == ["Subject"]
    assert third["errors"][0]["statusCode"] == "INVALID_FIELD"
    assert subjects(world) == ["Case 1", "Case 2", "good"]


def test_all_or_none_takes_everything_back(world: Org) -> None:
    records = [case(id=CASE_ONE, Subject="changed"), case(id=numbered("500", 99), Subject="nobody")]

    results = world.http.patch(MANY, json={"allOrNone": True, "records": records}).json()

    assert [result["errors"][0]["statusCode"] for result in results] == [
        "ALL_OR_NONE_OPERATION_ROLLED_BACK",
        "INVALID_CROSS_REFERENCE_KEY",
    ]
    assert subjects(world) == ["Case 1", "Case 2"]


def test_rows_of_several_objects_are_updated_deleted_and_retrieved(world: Org) -> None:
    records = [
        case(id=CASE_ONE, Status="Closed"),
        {"attributes": {"type": "Contact"}, "Id": CONTACT_ONE, "Title": "VIP"},
    ]
    world.http.patch(MANY, json={"records": records}).raise_for_status()

    shown = world.http.get(
        f"{MANY}/Case", params={"ids": f"{CASE_ONE},{numbered('500', 99)}", "fields": "Status"}
    ).json()
    posted = world.http.post(f"{MANY}/Contact", json={"ids": [CONTACT_ONE], "fields": ["Title"]}).json()
    deleted = world.http.delete(MANY, params={"ids": f"{CASE_ONE},nonsense,{CASE_ONE}"}).json()

    assert [bare(row) for row in shown] == [{"Status": "Closed", "Id": CASE_ONE}, None]
    assert [bare(row) for row in posted] == [{"Title": "VIP", "Id": CONTACT_ONE}]
    assert [result["success"] for result in deleted] == [True, False, False]
    assert deleted[2]["errors"][0]["statusCode"] == "ENTITY_IS_DELETED"


def test_rows_are_upserted_by_external_id(world: Org) -> None:
    records = [
        {"attributes": {"type": "Contact"}, "Customer_Number__c": "C-100023", "Title": "Trader"},
        {"attributes": {"type": "Contact"}, "Customer_Number__c": "C-100024", "LastName": "New"},
        {"attributes": {"type": "Contact"}, "LastName": "Numberless"},
    ]

    results = world.http.patch(f"{MANY}/Contact/Customer_Number__c", json={"records": records}).json()

    assert [(result["success"], result.get("created")) for result in results] == [
        (True, False),
        (True, True),
        (False, None),
    ]
    assert results[0]["id"] == CONTACT_ONE


def test_a_collection_of_201_rows_is_refused_whole(world: Org) -> None:
    answer = world.http.post(MANY, json={"records": [case(Subject=str(n)) for n in range(201)]})

    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, "EXCEEDED_ID_LIMIT")
    untyped = world.http.post(MANY, json={"records": [{"Subject": "x"}]})
    assert (untyped.status_code, untyped.json()[0]["errorCode"]) == (400, "INVALID_TYPE")
    assert len(subjects(world)) == 2


def test_single_rows_of_a_collection_fail_by_fault(world: Org) -> None:
    world.fault(fault="item_failed", match=f"POST {MANY}", rate=0.5, seed=3)

    results = world.http.post(MANY, json={"records": [case(Subject=str(n)) for n in range(20)]}).json()

    good = sum(result["success"] for result in results)
    assert 0 < good < 20
    assert len(subjects(world)) == 2 + good


def test_a_composite_request_uses_what_came_before(world: Org) -> None:
    requests = [
        {
            "method": "POST",
            "url": f"{V}/sobjects/Account",
            "referenceId": "newAccount",
            "body": {"Name": "Harbor Retail"},
        },
        {
            "method": "POST",
            "url": f"{V}/sobjects/Contact",
            "referenceId": "newContact",
            "body": {"LastName": "Li", "AccountId": "@{newAccount.id}"},
        },
        {
            "method": "GET",
            "url": f"{V}/query?q=SELECT+Id,Account.Name+FROM+Contact+WHERE+Id='@{{newContact.id}}'",
            "referenceId": "found",
        },
        {
            "method": "PATCH",
            "url": f"{V}/sobjects/Contact/@{{found.records[0].Id}}",
            "referenceId": "changed",
            "body": {"Title": "Owner of @{found.records[0].Account.Name}"},
        },
    ]

    results = world.http.post(f"{V}/composite", json={"compositeRequest": requests}).json()["compositeResponse"]

    assert [(result["referenceId"], result["httpStatusCode"]) for result in results] == [
        ("newAccount", 201),
        ("newContact", 201),
        ("found", 200),
        ("changed", 204),
    ]
    assert results[0]["httpHeaders"] == {"Location": f"{V}/sobjects/Account/{results[0]['body']['id']}"}
    assert results[3]["body"] is None
    assert world.query("SELECT Title FROM Contact WHERE LastName = 'Li'") == [{"Title": "Owner of Harbor Retail"}]


def composite(org: Org, *, whole: bool) -> list[dict[str, Any]]:
    requests = [
        {"method": "PATCH", "url": f"{V}/sobjects/Case/{CASE_ONE}", "referenceId": "one", "body": {"Subject": "new"}},
        {"method": "POST", "url": f"{V}/sobjects/Contact", "referenceId": "bad", "body": {"Email": "x@mail.example"}},
        {"method": "PATCH", "url": f"{V}/sobjects/Contact/@{{bad.id}}", "referenceId": "after", "body": {"Title": "x"}},
        {"method": "PATCH", "url": f"{V}/sobjects/Case/{CASE_TWO}", "referenceId": "two", "body": {"Subject": "new"}},
    ]
    body = {"allOrNone": whole, "compositeRequest": requests}
    found: list[dict[str, Any]] = org.http.post(f"{V}/composite", json=body).json()["compositeResponse"]
    return found


def test_a_failed_part_stops_what_refers_to_it_and_nothing_else(world: Org) -> None:
    results = composite(world, whole=False)

    assert [result["httpStatusCode"] for result in results] == [204, 400, 400, 204]
    assert results[1]["body"][0]["errorCode"] == "REQUIRED_FIELD_MISSING"
    assert results[2]["body"][0]["errorCode"] == "PROCESSING_HALTED"
    assert subjects(world) == ["new", "new"]


def test_all_or_none_of_a_composite_request_takes_everything_back(world: Org) -> None:
    results = composite(world, whole=True)

    assert [result["httpStatusCode"] for result in results] == [400, 400, 400, 400]
    assert [result["body"][0]["errorCode"] for result in results] == [
        "PROCESSING_HALTED",
        "REQUIRED_FIELD_MISSING",
        "PROCESSING_HALTED",
        "PROCESSING_HALTED",
    ]
    assert results[0]["body"][0]["message"] == (
        "The transaction was rolled back since another operation in the same transaction failed."
    )
    assert subjects(world) == ["Case 1", "Case 2"]


def test_a_composite_request_counts_once_and_holds_25(world: Org) -> None:
    one = {"method": "GET", "url": f"{V}/limits", "referenceId": "a"}
    before = int(world.state()["requests_used"])
    many = [{**one, "referenceId": f"a{n}"} for n in range(25)]

    fits = world.http.post(f"{V}/composite/", json={"compositeRequest": many})
    over = world.http.post(f"{V}/composite/", json={"compositeRequest": [*many, {**one, "referenceId": "z"}]})
    twice = world.http.post(f"{V}/composite/", json={"compositeRequest": [one, one]})
    wrong = world.http.post(f"{V}/composite/", json={"compositeRequest": [{**one, "referenceId": "a-b"}]})
    lost = world.http.post(f"{V}/composite/", json={"compositeRequest": [{**one, "url": f"{V}/nowhere"}]})

    assert [answer.status_code for answer in (fits, over, twice, wrong, lost)] == [200, 400, 400, 400, 200]
    assert lost.json()["compositeResponse"][0]["httpStatusCode"] == 404
    assert world.state()["requests_used"] == before + 5


def test_a_batch_goes_on_or_halts_after_an_error(world: Org) -> None:
    requests = [
        {"method": "PATCH", "url": f"v68.0/sobjects/Case/{CASE_ONE}", "richInput": {"Subject": "new"}},
        {"method": "GET", "url": "v68.0/sobjects/Case/nonsense"},
        {"method": "GET", "url": f"v68.0/sobjects/Case/{CASE_ONE}?fields=Subject"},
    ]

    going = world.http.post(f"{V}/composite/batch", json={"batchRequests": requests}).json()
    halting = world.http.post(f"{V}/composite/batch", json={"haltOnError": True, "batchRequests": requests}).json()

    assert [result["statusCode"] for result in going["results"]] == [204, 404, 200]
    assert going["results"][2]["result"]["Subject"] == "new"
    assert (going["hasErrors"], halting["hasErrors"]) == (True, True)
    assert [result["statusCode"] for result in halting["results"]] == [204, 404, 412]
    assert halting["results"][2]["result"][0]["errorCode"] == "BATCH_PROCESSING_HALTED"
