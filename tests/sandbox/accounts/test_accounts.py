"""What the account-data service tells, to whom, and what it refuses."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from sandbox.accounts.app import TOKEN, create_app
from sandbox.accounts.records import read_record
from tests.sandbox.payouts.serving import StillClock, served


def a_record(**changes: Any) -> dict[str, Any]:
    record = {
        "customer_id": "C-100023",
        "kind": "position",
        "reference": "POS-1",
        "as_of": "2026-11-20T00:00:00+00:00",
        "customer": {"name": "张伟", "tier": "vip", "fraud_score": "12", "sanctions_hit": "no"},
        "facts": {"quantity": "10", "liquidation_price": "40.0"},
    }
    return record | changes


@pytest.fixture
def service() -> Iterator[httpx.Client]:
    records = [read_record(a_record()), read_record(a_record(kind="incident", reference="INC-1"))]
    with served(create_app(records=records, clock=StillClock()), token=TOKEN) as client:
        yield client


def ask(service: httpx.Client, path: str, customer_id: str | None = "C-100023") -> tuple[int, Any]:
    answer = service.get(f"/v1/losses/{path}", params={"customer_id": customer_id} if customer_id else {})
    return answer.status_code, answer.json()


def keep(service: httpx.Client, body: object) -> int:
    return service.post("/_sandbox/facts", json=body).status_code


def test_what_is_known_is_told_in_full_and_as_text(service: httpx.Client) -> None:
    assert ask(service, "position/POS-1") == (200, a_record())


def test_a_reference_nobody_knows_is_not_found(service: httpx.Client) -> None:
    status, answer = ask(service, "position/POS-2")

    assert (status, answer["error"]) == (404, "not_found")
    assert ask(service, "order/POS-1")[0] == 404  # Same reference, other kind.


def test_another_customers_reference_is_refused_without_a_word_about_them(service: httpx.Client) -> None:
    status, answer = ask(service, "position/POS-1", "C-100024")

    assert (status, answer["error"]) == (403, "customer_mismatch")
    assert "C-100023" not in str(answer)


def test_an_incident_is_shared_so_a_customer_it_did_not_hit_is_not_found(service: httpx.Client) -> None:
    hit, spared = ask(service, "incident/INC-1"), ask(service, "incident/INC-1", "C-100024")

    assert (hit[0], spared[0], spared[1]["error"]) == (200, 404, "not_found")


@pytest.mark.parametrize(("path", "customer_id"), [("ticket/1", "C-100023"), ("position/POS-1", None)])
def test_a_question_that_is_not_understood_is_refused(
    service: httpx.Client, path: str, customer_id: str | None
) -> None:
    status, answer = ask(service, path, customer_id)

    assert (status, answer["error"]) == (400, "invalid")


def test_nothing_is_told_without_the_token(service: httpx.Client) -> None:
    service.headers["Authorization"] = "Bearer wrong"

    assert ask(service, "position/POS-1")[0] == 401


def test_a_token_can_expire(service: httpx.Client) -> None:
    service.post("/_sandbox/faults", json={"fault": "expired_token", "times": 1}).raise_for_status()

    assert [ask(service, "position/POS-1")[0] for _ in range(2)] == [401, 200]


def test_faults_of_the_wire_strike_here_too(service: httpx.Client) -> None:
    service.post("/_sandbox/faults", json={"fault": "unavailable", "match": "GET /v1/losses", "times": 1})
    service.post("/_sandbox/faults", json={"fault": "rate_limited", "match": "GET /v1/losses/position", "times": 1})

    assert [ask(service, "position/POS-1")[0] for _ in range(3)] == [503, 429, 200]


def test_facts_can_be_added_and_replaced(service: httpx.Client) -> None:
    fuller = a_record(facts={"quantity": "11", "fee": "0.5"})

    assert keep(service, [fuller, a_record(reference="POS-2")]) == 201

    assert ask(service, "position/POS-1") == (200, fuller)
    assert ask(service, "position/POS-2")[0] == 200


@pytest.mark.parametrize(
    "wrong",
    [
        a_record(reference="POS-9", customer_id="C-100024"),  # POS-9 is C-100023's in the same request.
        a_record(facts={"quantity": 10}),
        a_record(customer={"sanctions_hit": False}),
        a_record(customer=[]),
        a_record(kind="ticket"),
        a_record(reference=""),
        {"customer_id": "C-100023"},
        "text",
    ],
    ids=str,
)
def test_one_wrong_record_keeps_the_whole_request_out(service: httpx.Client, wrong: object) -> None:
    status = keep(service, [a_record(reference="POS-9"), wrong])

    assert status == 400
    assert ask(service, "position/POS-9")[0] == 404


def test_the_state_shows_all_records_and_requests(service: httpx.Client) -> None:
    ask(service, "position/POS-1")
    ask(service, "position/POS-2")

    state = service.get("/_sandbox/state").json()

    assert [(each["kind"], each["reference"]) for each in state["records"]] == [
        ("position", "POS-1"),
        ("incident", "INC-1"),
    ]
    assert [(each["path"], each["status"]) for each in state["requests"]] == [
        ("/v1/losses/position/POS-1", 200),
        ("/v1/losses/position/POS-2", 404),
    ]
