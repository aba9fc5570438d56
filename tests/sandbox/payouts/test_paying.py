"""What the provider does with a request to pay."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

KEY_LIFE_SECONDS = 1_800
STEPS = st.lists(
    st.tuples(st.sampled_from("abc"), st.sampled_from(("1.00", "2.00")), st.integers(min_value=0, max_value=900)),
    min_size=1,
    max_size=12,
)


def test_a_payment_is_made_and_answered_in_full(provider: Any) -> None:
    answer = provider.pay()

    assert answer.status_code == 201
    assert "idempotent-replayed" not in answer.headers
    paid = answer.json()
    assert paid.pop("id").startswith("po_")
    assert paid == {
        "status": "confirmed",
        "failure": None,
        "reference": "case-1",
        "payee": "C-100023",
        "amount": "88.000000",
        "asset": "USDT",
        "form": "cash",
        "created_at": "2026-11-20T08:00:00Z",
    }


def test_what_is_no_cash_says_so_and_a_benefit_is_counted_in_anything(provider: Any) -> None:
    before = provider.state()["funds"]
    voucher = provider.pay(key="k-1", form="voucher", valid_for="90 days")
    points = provider.pay(key="k-2", form="benefit", asset="POINTS", amount="150")

    assert (voucher.json()["form"], points.json()["form"]) == ("voucher", "benefit")
    assert [each["valid_for"] for each in provider.payments()] == ["90 days", ""]
    assert (points.json()["amount"], points.json()["asset"]) == ("150", "POINTS")
    after = provider.state()["funds"]
    assert {asset for asset in before if before[asset] != after[asset]} == {"USDT"}


def test_a_form_that_is_none_and_an_end_of_what_is_no_voucher_are_refused(provider: Any) -> None:
    refused = [provider.pay(form="shares"), provider.pay(valid_for="90 days")]

    assert [each.status_code for each in refused] == [400, 400]
    assert provider.payments() == []


def test_a_repeat_gets_the_very_answer_of_the_first_time(provider: Any) -> None:
    first = provider.pay()
    provider.clock.forward(3_600)

    again = provider.pay()

    assert (again.status_code, again.headers["idempotent-replayed"]) == (200, "true")
    assert again.content == first.content
    assert len(provider.payments()) == 1


def test_any_interleaving_of_repeats_within_the_life_of_a_key_pays_once(open_provider: Callable[..., Any]) -> None:
    provider = open_provider(key_life_seconds=KEY_LIFE_SECONDS)
    runs = count()

    @settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(steps=STEPS)
    def play(steps: list[tuple[str, str, int]]) -> None:
        run = f"run-{next(runs)}"
        living: dict[str, tuple[str, int]] = {}
        wanted: Counter[str] = Counter()
        now = 0
        for name, amount, pause in steps:
            answer = provider.pay(f"{run}-{name}", reference=f"{run}-{name}", amount=amount)
            first_amount, first_at = living.get(name, ("", -KEY_LIFE_SECONDS))
            if now - first_at >= KEY_LIFE_SECONDS:
                assert answer.status_code == 201
                living[name] = (amount, now)
                wanted[name] += 1
            else:
                assert answer.status_code == (200 if amount == first_amount else 409)
            provider.clock.forward(pause)
            now += pause
        for name in "abc":
            assert len(provider.found(f"{run}-{name}")) == wanted[name]

    play()


def test_fifty_simultaneous_requests_with_one_key_pay_once(provider: Any) -> None:
    with ThreadPoolExecutor(max_workers=10) as pool:
        answers = list(pool.map(lambda _: provider.pay(), range(50)))

    assert Counter(answer.status_code for answer in answers) == {201: 1, 200: 49}
    assert len({answer.content for answer in answers}) == 1
    assert len(provider.payments()) == 1


def test_a_key_that_comes_with_another_body_is_refused_and_nothing_is_paid(provider: Any) -> None:
    provider.pay(amount="88.000000")

    other = provider.pay(amount="88.000001")

    assert (other.status_code, other.json()["error"]) == (409, "idempotency_conflict")
    assert [each["amount"] for each in provider.payments()] == ["88.000000"]


def test_a_key_is_forgotten_at_the_end_of_its_life_and_then_pays_again(open_provider: Callable[..., Any]) -> None:
    provider = open_provider(key_life_seconds=KEY_LIFE_SECONDS)
    first = provider.pay()

    provider.clock.forward(KEY_LIFE_SECONDS - 1)
    within = provider.pay()
    provider.clock.forward(1)
    after = provider.pay()

    assert [each.status_code for each in (first, within, after)] == [201, 200, 201]
    assert [each["id"] for each in provider.found("case-1")] == [first.json()["id"], after.json()["id"]]


def test_the_clock_can_be_put_forward_over_the_wire(provider: Any) -> None:
    provider.pay()

    provider.control("clock", advance_seconds=86_400)

    assert provider.pay().status_code == 201
    assert provider.state()["now"] == "2026-11-21T08:00:00+00:00"


@pytest.mark.parametrize(
    "changes",
    [
        {"amount": "0"},
        {"amount": "0.000000"},
        {"amount": "-1"},
        {"amount": "+1"},
        {"amount": "1e3"},
        {"amount": "01"},
        {"amount": "1."},
        {"amount": ".5"},
        {"amount": "NaN"},
        {"amount": "1,000"},
        {"amount": " 1"},
        {"amount": "١٢"},
        {"amount": "1.0000000"},
        {"amount": 88},
        {"amount": "9" * 40},
        {"amount": "10.001", "asset": "EUR"},
        {"amount": "10.0", "asset": "JPY"},
        {"asset": "DOGE"},
        {"asset": "usdt"},
        {"asset": None},
        {"reference": None},
        {"reference": ""},
        {"reference": "r" * 129},
        {"payee": None},
        {"payee": ["C-100023"]},
        {"memo": "m" * 501},
        {"memo": 7},
        {"speed": "express"},
    ],
    ids=str,
)
def test_an_order_that_makes_no_sense_is_refused_and_nothing_is_paid(
    lasting_provider: Any, changes: dict[str, Any]
) -> None:
    answer = lasting_provider.pay(**changes)

    assert (answer.status_code, answer.json()["error"]) == (400, "invalid")
    assert next(iter(changes)) in answer.json()["message"]
    assert lasting_provider.payments() == []


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"\xff", b'{"a":1,"a":2}', b"[" * 5_000, b" " * 20_000])
def test_a_body_that_is_no_order_is_refused(lasting_provider: Any, body: bytes) -> None:
    answer = lasting_provider.http.post("/v1/payouts", headers={"Idempotency-Key": "k"}, content=body)

    assert (answer.status_code, answer.json()["error"]) == (400, "invalid")
    assert lasting_provider.payments() == []


@pytest.mark.parametrize("key", [None, "", "k" * 256])
def test_a_request_without_a_usable_key_is_refused(lasting_provider: Any, key: str | None) -> None:
    headers = {} if key is None else {"Idempotency-Key": key}

    answer = lasting_provider.http.post("/v1/payouts", headers=headers, json={"reference": "case-1"})

    assert (answer.status_code, answer.json()["error"]) == (400, "invalid")


@pytest.mark.parametrize("authorization", ["", "Bearer wrong", "sandbox-payouts-token", "Bearer ключ"])
def test_nothing_is_paid_or_shown_without_the_token(lasting_provider: Any, authorization: str) -> None:
    http, headers = lasting_provider.http, {"Authorization": authorization.encode(), "Idempotency-Key": "key-2"}

    answers = [
        http.post("/v1/payouts", headers=headers, json={}),
        http.get("/v1/payouts", params={"reference": "case-1"}, headers=headers),
        http.get("/v1/payouts/po_1", headers=headers),
    ]

    assert [(each.status_code, each.json()["error"]) for each in answers] == [(401, "unauthorized")] * 3
    assert lasting_provider.payments() == []


def test_a_payee_nobody_knows_fails_and_costs_nothing(provider: Any) -> None:
    before = provider.state()["funds"]["USDT"]

    answers = [provider.pay("key-1", payee="C-100499"), provider.pay("key-2", payee="somebody")]

    assert [(each.status_code, each.json()["status"], each.json()["failure"]) for each in answers] == [
        (201, "failed", "unknown_payee"),
        (201, "failed", "unknown_payee"),
    ]
    assert provider.state()["funds"]["USDT"] == before


def test_payees_can_come_and_go(provider: Any) -> None:
    provider.control("payees", known=["C-100499", "ACME"], unknown=["C-100023"])

    statuses = [
        provider.pay(f"key-{payee}", payee=payee).json()["status"] for payee in ("C-100499", "ACME", "C-100023")
    ]

    assert statuses == ["confirmed", "confirmed", "failed"]


def test_too_little_money_refuses_and_leaves_the_key_free(provider: Any) -> None:
    provider.control("funds", asset="USDT", amount="100")

    first = provider.pay("key-1")
    short = provider.pay("key-2")
    provider.control("funds", asset="USDT", amount="88")
    later = provider.pay("key-2")

    assert [each.status_code for each in (first, short, later)] == [201, 402, 201]
    assert short.json()["error"] == "insufficient_funds"
    assert provider.state()["funds"]["USDT"] == "0.000000"
    assert len(provider.payments()) == 2


def test_a_pending_payment_resolves_when_its_time_has_come(open_provider: Callable[..., Any]) -> None:
    provider = open_provider(pending_seconds=30)
    provider.control("faults", fault="pending", times=1)

    first = provider.pay().json()
    provider.clock.forward(29)
    before = provider.http.get(f"/v1/payouts/{first['id']}").json()["status"]
    provider.clock.forward(1)

    assert (first["status"], before) == ("pending", "pending")
    assert provider.http.get(f"/v1/payouts/{first['id']}").json()["status"] == "confirmed"
    assert provider.found("case-1")[0]["status"] == "confirmed"
    assert provider.pay().json()["status"] == "pending"  # The repeat says what was said the first time.


def test_a_pending_payment_that_fails_gives_the_money_back(provider: Any) -> None:
    provider.control("funds", asset="USDT", amount="88")
    provider.control("faults", fault="pending_then_failed", times=1)

    first = provider.pay().json()
    held = provider.state()["funds"]["USDT"]
    provider.clock.forward(5)
    after = provider.http.get(f"/v1/payouts/{first['id']}").json()

    assert (first["status"], after["status"], after["failure"]) == ("pending", "failed", "refused_by_network")
    assert (held, provider.state()["funds"]["USDT"]) == ("0.000000", "88.000000")


@pytest.mark.parametrize(("status", "left"), [("confirmed", "12.000000"), ("failed", "100.000000")])
def test_a_pending_payment_can_be_ended_by_hand(provider: Any, status: str, left: str) -> None:
    provider.control("funds", asset="USDT", amount="100")
    provider.control("settings", pending_seconds=999_999)
    provider.control("faults", fault="pending", times=1)
    pending = provider.pay().json()

    ended = provider.control(f"payouts/{pending['id']}", status=status)
    provider.control(f"payouts/{pending['id']}", status="failed")  # What has ended stays ended.

    assert (pending["status"], ended["status"]) == ("pending", status)
    assert provider.payments()[0]["status"] == status
    assert provider.state()["funds"]["USDT"] == left
