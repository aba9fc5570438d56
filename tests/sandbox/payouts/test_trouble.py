"""Looking payments up, faults on the way, and books that outlive the provider."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest


def test_a_look_up_shows_every_payment_with_the_reference_and_no_other(provider: Any) -> None:
    ids = [provider.pay(f"key-{number}", reference="case 7/ä&?").json()["id"] for number in range(3)]
    provider.pay("key-other", reference="case 7")

    assert [each["id"] for each in provider.found("case 7/ä&?")] == ids
    assert provider.found("case-8") == []


def test_a_look_up_without_a_reference_and_an_unknown_id_are_refused(provider: Any) -> None:
    answers = [provider.http.get("/v1/payouts"), provider.http.get("/v1/payouts/po_nothing"), provider.http.get("/v2")]

    assert [(each.status_code, each.json()["error"]) for each in answers] == [
        (400, "invalid"),
        (404, "not_found"),
        (404, "not_found"),
    ]


def test_a_look_up_may_lag_behind_but_the_id_never_does(open_provider: Callable[..., Any]) -> None:
    provider = open_provider(lookup_lag_seconds=10)
    paid = provider.pay().json()

    at_once = provider.found("case-1")
    provider.clock.forward(10)

    assert at_once == []
    assert provider.http.get(f"/v1/payouts/{paid['id']}").status_code == 200
    assert [each["id"] for each in provider.found("case-1")] == [paid["id"]]


def test_a_payment_whose_answer_was_lost_is_found_and_its_repeat_pays_nothing(provider: Any) -> None:
    provider.control("faults", fault="dropped_after_write", match="POST /v1/payouts", times=1)

    with pytest.raises(httpx.RemoteProtocolError):
        provider.pay()
    found = provider.found("case-1")
    again = provider.pay()

    assert [each["status"] for each in found] == ["confirmed"]
    assert (again.status_code, again.json()["id"]) == (200, found[0]["id"])
    assert len(provider.payments()) == 1


def test_a_payment_whose_answer_comes_too_late_was_made(provider: Any) -> None:
    provider.control("faults", fault="slow_after_write", match="POST /v1/payouts", times=1, seconds=0.5)

    with pytest.raises(httpx.ReadTimeout):
        provider.http.post(
            "/v1/payouts",
            headers={"Idempotency-Key": "k"},
            json={"reference": "case-1", "payee": "C-100023", "amount": "1", "asset": "USDT"},
            timeout=0.1,
        )

    assert len(provider.found("case-1")) == 1


@pytest.mark.parametrize(
    ("fault", "status", "retry_after"),
    [("rate_limited", 429, "3"), ("unavailable", 503, None), ("expired_token", 401, None)],
)
def test_a_refused_request_pays_nothing_and_its_repeat_does(
    provider: Any, fault: str, status: int, retry_after: str | None
) -> None:
    provider.control("faults", fault=fault, match="POST /v1/payouts", times=1, retry_after=3)

    refused = provider.pay()
    nothing = provider.payments()
    repeat = provider.pay()

    assert (refused.status_code, refused.headers.get("retry-after")) == (status, retry_after)
    assert nothing == []
    assert repeat.status_code == 201


def test_a_dropped_request_pays_nothing(provider: Any) -> None:
    provider.control("faults", fault="dropped_before", match="POST /v1/payouts", times=1)

    with pytest.raises(httpx.RemoteProtocolError):
        provider.pay()

    assert provider.payments() == []


def test_three_in_a_hundred_requests_fail_and_repeats_bring_each_payment_once(provider: Any) -> None:
    provider.control("faults", fault="unavailable", match="POST /v1/payouts", rate=0.03, seed=7)
    statuses: Counter[int] = Counter()

    for number in range(300):
        answer = provider.pay(f"key-{number}", reference=f"case-{number}")
        statuses[answer.status_code] += 1
        while answer.status_code != 201:
            answer = provider.pay(f"key-{number}", reference=f"case-{number}")
    state = provider.state()

    assert 1 <= statuses[503] <= 25
    assert statuses[201] + statuses[503] == 300
    assert Counter(each["reference"] for each in state["payments"]) == {f"case-{number}": 1 for number in range(300)}


def test_a_payment_can_be_made_to_fail(provider: Any) -> None:
    provider.control("faults", fault="failed", times=1)

    first, second = provider.pay("key-1").json(), provider.pay("key-2").json()

    assert (first["status"], first["failure"]) == ("failed", "refused_by_network")
    assert second["status"] == "confirmed"


def test_every_request_is_on_the_list_whether_it_was_processed_or_not(provider: Any) -> None:
    provider.control("faults", fault="unavailable", times=1)
    provider.control("faults", fault="dropped_after_write", times=1)
    provider.pay("key-1")
    with pytest.raises(httpx.RemoteProtocolError):
        provider.pay("key-2")
    paid = provider.pay("key-2").json()

    seen = provider.state()["requests"]

    assert [(each["status"], each["answered"], each.get("payment")) for each in seen] == [
        (503, True, None),
        (None, False, paid["id"]),
        (200, True, paid["id"]),
    ]
    assert {(each["method"], each["path"]) for each in seen} == {("POST", "/v1/payouts")}
    assert [each["idempotency_key"] for each in seen] == ["key-1", "key-2", "key-2"]


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("settings", {"key_life": 5}),
        ("settings", {"key_life_seconds": -1}),
        ("settings", {"key_life_seconds": True}),
        ("clock", {"advance_seconds": "1"}),
        ("clock", {}),
        ("funds", {"asset": "DOGE", "amount": "0"}),
        ("funds", {"asset": "EUR", "amount": "1.001"}),
        ("payees", {"gone": []}),
        ("payees", {"known": "C-100023"}),
        ("faults", {"fault": "earthquake"}),
    ],
)
def test_a_control_request_that_is_not_understood_changes_nothing(
    lasting_provider: Any, name: str, body: dict[str, Any]
) -> None:
    before = lasting_provider.state()

    answer = lasting_provider.http.post(f"/_sandbox/{name}", json=body)

    assert answer.status_code == 400
    assert lasting_provider.state() == before


def test_the_books_survive_a_restart(open_provider: Callable[..., Any], tmp_path: Path) -> None:
    before = open_provider(journal=tmp_path / "journal.jsonl", pending_seconds=60)
    before.control("funds", asset="USDT", amount="1000")
    before.control("settings", key_life_seconds=7_200)
    before.control("payees", unknown=["C-100777"])
    before.control("clock", advance_seconds=100)
    first = before.pay("key-1")
    before.control("faults", fault="pending_then_failed", times=1)
    before.pay("key-2", amount="500")
    before.pay("key-3", payee="C-100777")
    ended = before.control(f"payouts/{before.payments()[1]['id']}", status="confirmed")

    after = open_provider(journal=tmp_path / "journal.jsonl")

    kept, lost = before.state(), after.state()
    for each in (kept, lost):
        del each["requests"]
    assert lost == kept
    assert [each["status"] for each in lost["payments"]] == ["confirmed", "confirmed", "failed"]
    assert ended["status"] == "confirmed"
    assert after.pay("key-1").content == first.content
    assert lost["funds"]["USDT"] == "412.000000"


def test_a_line_torn_by_a_crash_is_dropped_and_the_rest_is_kept(
    open_provider: Callable[..., Any], tmp_path: Path
) -> None:
    journal = tmp_path / "journal.jsonl"
    first = open_provider(journal=journal).pay("key-1").json()
    whole = journal.read_bytes()
    journal.write_bytes(whole + whole[: len(whole) // 2])

    after = open_provider(journal=journal)
    second = after.pay("key-2").json()

    assert [each["id"] for each in open_provider(journal=journal).payments()] == [first["id"], second["id"]]
