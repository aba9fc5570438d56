"""What each answer of the provider means, and that no doubtful one ever counts as paid or as unsent."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
import respx

from payouts.answers import (
    Absent,
    Alarm,
    Confirmed,
    Doubled,
    Failed,
    NotProcessed,
    Pending,
    Refused,
    Unanswered,
    Unknown,
)
from payouts.http_provider import LARGEST_REPLY_BYTES, HTTPProvider
from tests.payouts.orders import an_order

BASE = "https://pay.example"
CREATED = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


@pytest.fixture
def provider() -> Iterator[HTTPProvider]:
    client = HTTPProvider(base_url=BASE, token="sandbox-payouts-token")
    yield client
    client.close()


def a_payout(**changes: Any) -> dict[str, Any]:
    return {
        "id": "po_1",
        "status": "confirmed",
        "failure": None,
        "reference": "mw-CASE-7",
        "payee": "C-100023",
        "amount": "180.50",
        "asset": "USDT",
        "created_at": "2026-11-20T12:00:00Z",
    } | changes


def test_the_order_is_sent_once_with_its_key_and_amount_as_text(
    provider: HTTPProvider, respx_mock: respx.MockRouter
) -> None:
    route = respx_mock.post(f"{BASE}/v1/payouts").respond(201, json=a_payout())
    order = an_order()

    answer = provider.send(order, within_seconds=30)

    request = route.calls.last.request
    assert route.call_count == 1
    assert request.headers["Idempotency-Key"] == order.key
    assert request.headers["Authorization"] == "Bearer sandbox-payouts-token"
    assert json.loads(request.content) == {
        "reference": "mw-CASE-7",
        "payee": "C-100023",
        "amount": "180.50",
        "asset": "USDT",
        "memo": "Compensation CASE-7",
    }
    assert answer == Confirmed(provider_id="po_1", created_at=CREATED)


@pytest.mark.parametrize(
    ("status", "body", "answer"),
    [
        (201, a_payout(status="pending"), Pending(provider_id="po_1")),
        (200, a_payout(amount="180.5"), Confirmed(provider_id="po_1", created_at=CREATED)),
        (200, a_payout(new_field=[1]), Confirmed(provider_id="po_1", created_at=CREATED)),
        (201, a_payout(status="failed", failure="closed\naccount"),
         Failed(provider_ids=("po_1",), reason="closed account")),
        (201, a_payout(status="failed"), Failed(provider_ids=("po_1",), reason="no reason given")),
        (429, {}, NotProcessed(reason="HTTP 429", wait_seconds=None)),
        (503, {}, NotProcessed(reason="HTTP 503", wait_seconds=None)),
        (400, {"error": "invalid", "message": "memo: too long"},
         Refused(reason="the provider holds the payout invalid: invalid memo: too long")),
        (401, {}, Refused(reason="the provider does not accept our token")),
        (402, {"error": "insufficient_funds"},
         Refused(reason="our balance at the provider does not cover the payout: insufficient_funds")),
        (403, [], Refused(reason="the provider does not let us pay")),
        (409, {"error": "idempotency_conflict"}, Alarm(reason="KEY was used before for another payout")),
        (409, {"error": "in_progress"}, Unknown(reason="HTTP 409")),
        (500, {}, Unknown(reason="HTTP 500")),
        (502, {}, Unknown(reason="HTTP 502")),
        (504, {}, Unknown(reason="HTTP 504")),
        (404, {}, Unknown(reason="HTTP 404")),
        (202, a_payout(), Unknown(reason="HTTP 202")),
        (307, a_payout(), Unknown(reason="HTTP 307")),
    ],
)  # fmt: skip
def test_each_answer_to_a_sending_has_one_meaning(
    provider: HTTPProvider, respx_mock: respx.MockRouter, status: int, body: object, answer: object
) -> None:
    route = respx_mock.post(f"{BASE}/v1/payouts").respond(status, json=body)
    if isinstance(answer, Alarm):
        answer = Alarm(reason=answer.reason.replace("KEY", an_order().key))

    assert provider.send(an_order(), within_seconds=30) == answer
    assert route.call_count == 1


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        ({"payee": "C-100099"}, "payee"),
        ({"reference": "mw-CASE-8"}, "reference"),
        ({"amount": "180.51"}, "amount"),
        ({"asset": "USDC"}, "amount"),
        ({"asset": "USDC", "payee": "x"}, "payee and amount"),
    ],
)
def test_a_payout_that_is_not_the_one_ordered_is_an_alarm_wherever_it_is_seen(
    provider: HTTPProvider, respx_mock: respx.MockRouter, change: dict[str, str], wrong: str
) -> None:
    respx_mock.post(f"{BASE}/v1/payouts").respond(201, json=a_payout(**change))
    respx_mock.get(f"{BASE}/v1/payouts").respond(200, json={"payouts": [a_payout(**change)]})
    alarm = Alarm(reason=f"po_1: {wrong} not as ordered for mw-CASE-7")

    assert provider.send(an_order(), within_seconds=30) == alarm
    assert provider.look_up(an_order()) == alarm


@pytest.mark.parametrize("change", [{"asset": "DOGEX"}, {"amount": "180.5000001"}])
def test_an_amount_that_no_known_asset_has_is_an_alarm(
    provider: HTTPProvider, respx_mock: respx.MockRouter, change: dict[str, str]
) -> None:
    respx_mock.post(f"{BASE}/v1/payouts").respond(201, json=a_payout(**change))

    answer = provider.send(an_order(), within_seconds=30)

    assert answer == Alarm(reason="po_1: the provider's amount is not one of a known asset")


UNREADABLE = {
    "no JSON": b"<html>",
    "cut off": json.dumps(a_payout()).encode()[:-9],
    "a number for the amount": json.dumps(a_payout(amount=180.5)).encode(),
    "an exponent": json.dumps(a_payout(amount="1.805E2")).encode(),
    "a negative amount": json.dumps(a_payout(amount="-180.50")).encode(),
    "an unknown status": json.dumps(a_payout(status="paid")).encode(),
    "no id": json.dumps(a_payout(id="")).encode(),
    "a time without a zone": json.dumps(a_payout(created_at="2026-11-20T12:00:00")).encode(),
    "a list": b"[]",
    "too large": json.dumps(a_payout(x="x" * LARGEST_REPLY_BYTES)).encode(),
}


@pytest.mark.parametrize("body", UNREADABLE.values(), ids=UNREADABLE)
def test_an_answer_that_cannot_be_read_leaves_the_payment_unknown(
    provider: HTTPProvider, respx_mock: respx.MockRouter, body: bytes
) -> None:
    respx_mock.post(f"{BASE}/v1/payouts").respond(201, content=body)
    respx_mock.get(f"{BASE}/v1/payouts").respond(200, content=b'{"payouts":[' + body + b"]}")

    assert isinstance(provider.send(an_order(), within_seconds=30), Unknown)
    assert isinstance(provider.look_up(an_order()), Alarm)


def test_a_packed_answer_is_not_unpacked(provider: HTTPProvider, respx_mock: respx.MockRouter) -> None:
    body = json.dumps(a_payout()).encode()
    respx_mock.post(f"{BASE}/v1/payouts").respond(201, content=body, headers={"Content-Encoding": "compress"})

    assert isinstance(provider.send(an_order(), within_seconds=30), Unknown)


@pytest.mark.parametrize(
    ("trouble", "kind"),
    [
        (httpx.ConnectError("refused"), NotProcessed),
        (httpx.ConnectTimeout("slow"), NotProcessed),
        (httpx.PoolTimeout("busy"), NotProcessed),
        (httpx.ReadTimeout("slow"), Unknown),
        (httpx.WriteTimeout("slow"), Unknown),
        (httpx.WriteError("reset"), Unknown),
        (httpx.ReadError("reset"), Unknown),
        (httpx.CloseError("reset"), Unknown),
        (httpx.RemoteProtocolError("closed without an answer"), Unknown),
        (httpx.ProxyError("gone"), Unknown),
    ],
    ids=lambda each: type(each).__name__ if isinstance(each, Exception) else "",
)
def test_only_a_request_that_never_left_counts_as_not_processed(
    provider: HTTPProvider, respx_mock: respx.MockRouter, trouble: Exception, kind: type
) -> None:
    respx_mock.post(f"{BASE}/v1/payouts").mock(side_effect=trouble)
    respx_mock.get(f"{BASE}/v1/payouts").mock(side_effect=trouble)

    assert isinstance(provider.send(an_order(), within_seconds=30), kind)
    assert isinstance(provider.look_up(an_order()), Unanswered)


def test_nothing_is_sent_when_its_time_is_over(provider: HTTPProvider, respx_mock: respx.MockRouter) -> None:
    route = respx_mock.post(f"{BASE}/v1/payouts").respond(201, json=a_payout())

    answer = provider.send(an_order(), within_seconds=0)

    assert answer == NotProcessed(reason="too late to be sent", wait_seconds=None)
    assert route.call_count == 0


@pytest.mark.parametrize(("header", "seconds"), [("7", 7.0), ("soon", None), ("-1", None), ("9" * 400, None)])
def test_the_provider_says_how_long_to_wait(
    provider: HTTPProvider, respx_mock: respx.MockRouter, header: str, seconds: float | None
) -> None:
    respx_mock.route().respond(429, headers={"Retry-After": header})

    assert provider.send(an_order(), within_seconds=30) == NotProcessed(reason="HTTP 429", wait_seconds=seconds)
    assert provider.look_up(an_order()) == Unanswered(reason="look-up: HTTP 429", wait_seconds=seconds)


@pytest.mark.parametrize(
    ("payouts", "answer"),
    [
        ([], Absent()),
        ([a_payout()], Confirmed(provider_id="po_1", created_at=CREATED)),
        ([a_payout(status="pending")], Pending(provider_id="po_1")),
        ([a_payout(status="failed", failure="closed")], Failed(provider_ids=("po_1",), reason="closed")),
        ([a_payout(status="failed"), a_payout(id="po_2")], Confirmed(provider_id="po_2", created_at=CREATED)),
        ([a_payout(id="po_2"), a_payout()], Doubled(provider_ids=("po_1", "po_2"))),
        ([a_payout(status="pending"), a_payout(id="po_2")], Doubled(provider_ids=("po_1", "po_2"))),
        ([a_payout(status="failed", failure="a"), a_payout(id="po_0", status="failed", failure="b")],
         Failed(provider_ids=("po_0", "po_1"), reason="a; b")),
        ([a_payout(id="po_old", status="failed", amount="9")], Absent()),
        ([a_payout(), a_payout(id="po_3", payee="C-1")], Alarm(reason="po_3: payee not as ordered for mw-CASE-7")),
    ],
)  # fmt: skip
def test_a_look_up_judges_all_payouts_under_our_reference(
    provider: HTTPProvider, respx_mock: respx.MockRouter, payouts: list[dict[str, Any]], answer: object
) -> None:
    route = respx_mock.get(f"{BASE}/v1/payouts", params={"reference": "mw-CASE-7"})
    route.respond(200, json={"payouts": payouts})

    assert provider.look_up(an_order(), failed_ids=("po_old",)) == answer
    assert route.call_count == 1


@pytest.mark.parametrize(("status", "kind"), [(401, Refused), (403, Refused), (404, Unanswered), (500, Unanswered)])
def test_a_look_up_that_is_not_answered_never_counts_as_absent(
    provider: HTTPProvider, respx_mock: respx.MockRouter, status: int, kind: type
) -> None:
    respx_mock.get(f"{BASE}/v1/payouts").respond(status, json={"payouts": []})

    assert isinstance(provider.look_up(an_order()), kind)


@pytest.mark.parametrize("body", [b"{}", b"", b"null", b'{"payouts": null}', b'{"payouts": {}}', b"[]"])
def test_an_empty_looking_answer_of_another_shape_is_not_absence(
    provider: HTTPProvider, respx_mock: respx.MockRouter, body: bytes
) -> None:
    respx_mock.get(f"{BASE}/v1/payouts").respond(200, content=body)

    assert provider.look_up(an_order()) == Alarm(reason="mw-CASE-7: the look-up's answer cannot be read")


def test_the_token_is_never_sent_in_the_open_nor_printed() -> None:
    with pytest.raises(ValueError, match="by https only"):
        HTTPProvider(base_url="http://pay.example", token="secret-token")

    client = HTTPProvider(base_url=BASE, token="secret-token")
    client.close()
    assert "secret-token" not in repr(client)
