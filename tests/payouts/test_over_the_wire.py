"""The client and the rules against a provider that forgets keys, loses answers and shows payments late."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
import uvicorn

from payouts.answers import (
    Absent,
    Alarm,
    Confirmed,
    Doubled,
    Failed,
    NotProcessed,
    Pending,
    Refused,
    SendAnswer,
    Unanswered,
    Unknown,
)
from payouts.attempt import Attempt, PayoutState, answered, looked_up, sending
from payouts.http_provider import HTTPProvider
from payouts.order import PayoutOrder
from payouts.paying import Done, LookUp, Person, Send, Terms, Wait, next_step
from sandbox.payouts.app import create_app
from tests.payouts.orders import NOON, an_approved, an_order


@dataclass
class Provider:
    """The sandbox provider on a real port, with a clock that the test sets."""

    now: datetime = NOON
    url: str = ""
    control: httpx.Client = field(default_factory=lambda: httpx.Client(trust_env=False))

    def fault(self, name: str, **settings: Any) -> None:
        self._post("faults", {"fault": name} | settings)

    def set(self, **settings: float) -> None:
        self._post("settings", settings)

    def hold(self, *, asset: str, amount: str) -> None:
        self._post("funds", {"asset": asset, "amount": amount})

    def resolve(self, payment: str, status: str) -> None:
        self._post(f"payouts/{payment}", {"status": status})

    def payments(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = (
            self.control.get(f"{self.url}/_sandbox/state").raise_for_status().json()["payments"]
        )
        return found

    def _post(self, path: str, body: dict[str, Any]) -> None:
        self.control.post(f"{self.url}/_sandbox/{path}", json=body).raise_for_status()


@contextmanager
def served(app: Any) -> Iterator[str]:
    """Serve an app on a free port of this machine until the end."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="critical", access_log=False))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    ready = threading.Event()
    until = time.monotonic() + 20
    while not server.started and time.monotonic() < until:
        ready.wait(0.01)
    assert server.started
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(10)
        listener.close()


@pytest.fixture
def wire() -> Iterator[Provider]:
    provider = Provider()
    with served(create_app(clock=lambda: provider.now)) as url:
        provider.url = url
        yield provider
        provider.control.close()


@pytest.fixture
def client(wire: Provider) -> Iterator[HTTPProvider]:
    http_provider = HTTPProvider(base_url=wire.url, token="sandbox-payouts-token", timeout_seconds=5)
    yield http_provider
    http_provider.close()


def _send(client: HTTPProvider, order: PayoutOrder) -> SendAnswer:
    return client.send(order, within_seconds=5)


def test_a_payout_is_confirmed_and_a_repeat_within_the_life_of_its_key_is_the_same(
    wire: Provider, client: HTTPProvider
) -> None:
    first, second = _send(client, an_order()), _send(client, an_order())

    assert isinstance(first, Confirmed)
    assert second == first
    assert first.created_at == NOON.astimezone(UTC)
    assert client.look_up(an_order()) == first
    assert len(wire.payments()) == 1


def test_a_payout_nobody_sent_is_absent(client: HTTPProvider) -> None:
    assert client.look_up(an_order()) == Absent()


def test_a_forgotten_key_pays_again_and_the_look_up_raises_the_alarm(wire: Provider, client: HTTPProvider) -> None:
    _send(client, an_order())
    wire.now += timedelta(hours=25)
    _send(client, an_order())

    found = client.look_up(an_order())

    assert found == Doubled(provider_ids=tuple(sorted(each["id"] for each in wire.payments())))
    assert len(wire.payments()) == 2


def test_an_answer_lost_after_the_write_is_unknown_and_the_look_up_finds_it(
    wire: Provider, client: HTTPProvider
) -> None:
    wire.fault("dropped_after_write", match="POST /v1/payouts", times=1)

    answer = _send(client, an_order())

    assert isinstance(answer, Unknown)
    assert isinstance(client.look_up(an_order()), Confirmed)
    assert len(wire.payments()) == 1


@pytest.mark.parametrize("fault", ["dropped_before", "dropped_after_write", "cut_after_write"])
def test_a_connection_that_breaks_is_never_taken_for_unsent(wire: Provider, client: HTTPProvider, fault: str) -> None:
    wire.fault(fault, match="POST /v1/payouts", times=1)

    assert isinstance(_send(client, an_order()), Unknown)


def test_an_answer_that_takes_too_long_is_unknown(wire: Provider, client: HTTPProvider) -> None:
    wire.fault("slow_after_write", match="POST /v1/payouts", times=1, seconds=2)

    answer = client.send(an_order(), within_seconds=0.3)

    assert isinstance(answer, Unknown)
    assert len(wire.payments()) == 1


@pytest.mark.parametrize(
    ("fault", "answer"),
    [
        ("rate_limited", NotProcessed(reason="HTTP 429", wait_seconds=7.0)),
        ("unavailable", NotProcessed(reason="HTTP 503", wait_seconds=None)),
    ],
)
def test_a_request_that_is_turned_away_paid_nothing(
    wire: Provider, client: HTTPProvider, fault: str, answer: NotProcessed
) -> None:
    wire.fault(fault, match="POST /v1/payouts", times=1, retry_after=7)

    assert _send(client, an_order()) == answer
    assert wire.payments() == []


def test_a_server_that_is_not_there_got_nothing() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    client = HTTPProvider(base_url=f"http://127.0.0.1:{port}", token="t", timeout_seconds=2)

    assert _send(client, an_order()) == NotProcessed(reason="not sent: ConnectError", wait_seconds=None)
    assert isinstance(client.look_up(an_order()), Unanswered)
    client.close()


def test_a_wrong_token_is_refused_and_pays_nothing(wire: Provider) -> None:
    client = HTTPProvider(base_url=wire.url, token="another", timeout_seconds=5)

    assert isinstance(_send(client, an_order()), Refused)
    assert isinstance(client.look_up(an_order()), Refused)
    assert wire.payments() == []
    client.close()


def test_a_balance_that_is_too_small_is_refused(wire: Provider, client: HTTPProvider) -> None:
    wire.hold(asset="USDT", amount="180.49")

    answer = _send(client, an_order())

    assert isinstance(answer, Refused)
    assert answer.reason.startswith("our balance at the provider does not cover the payout: insufficient_funds")
    assert wire.payments() == []


def test_the_same_key_for_another_amount_is_an_alarm(wire: Provider, client: HTTPProvider) -> None:
    order = an_order()
    _send(client, order)
    headers = {"Authorization": "Bearer sandbox-payouts-token", "Idempotency-Key": an_order("CASE-8").key}
    body = {"reference": "mw-CASE-8", "payee": "C-1", "amount": "1.00", "asset": "USDT", "memo": "x"}
    wire.control.post(f"{wire.url}/v1/payouts", json=body, headers=headers).raise_for_status()

    assert isinstance(_send(client, an_order("CASE-8")), Alarm)
    assert isinstance(client.look_up(an_order("CASE-8")), Alarm)
    assert len(wire.payments()) == 2


@pytest.mark.parametrize(("end", "kind"), [("confirmed", Confirmed), ("failed", Failed)])
def test_a_pending_payout_is_looked_up_until_it_ends(
    wire: Provider, client: HTTPProvider, end: str, kind: type
) -> None:
    wire.fault("pending", times=1)

    answer = _send(client, an_order())
    assert isinstance(answer, Pending)
    assert client.look_up(an_order()) == answer
    wire.resolve(answer.provider_id, end)

    assert isinstance(client.look_up(an_order()), kind)


def test_every_amount_of_every_asset_keeps_its_value(wire: Provider, client: HTTPProvider) -> None:
    amounts = ("0.000001 USDT", "88593 JPY", "0.000000000000000001 ETH", "0.00000001 BTC", "12.5 EUR")

    answers = [
        _send(client, an_order(f"CASE-{number}", amount=amount)) for number, amount in enumerate(amounts, start=1)
    ]

    assert [type(each) for each in answers] == [Confirmed] * 5
    assert [each["amount"] for each in wire.payments()] == [
        "0.000001", "88593", "0.000000000000000001", "0.00000001", "12.50"
    ]  # fmt: skip


def work(client: HTTPProvider, wire: Provider, case: str, *, attempt: Attempt, terms: Terms) -> Attempt:
    """Do one job of one case, as the store's worker does, and return what is stored."""
    approved = an_approved(case)
    step = next_step(attempt, wire.now, terms)
    order = PayoutOrder(approved=approved, key_generation=attempt.key_generation)
    match step:
        case Send():
            order = PayoutOrder(approved=approved, key_generation=step.key_generation)
            mine = sending(attempt, key_generation=step.key_generation, now=wire.now)
            return answered(mine, _send(client, order), now=wire.now)
        case LookUp():
            found = client.look_up(order, failed_ids=attempt.failed_ids)
            return looked_up(attempt, found, asked_at=wire.now, settle=terms.settle)
        case Wait() | Person() | Done():
            return attempt


@pytest.mark.parametrize("key_life", [2, 600])
def test_forty_customers_are_paid_once_though_most_answers_are_lost(
    wire: Provider, client: HTTPProvider, key_life: int
) -> None:
    wire.set(key_life_seconds=key_life, lookup_lag_seconds=20)
    wire.fault("dropped_after_write", match="POST /v1/payouts", rate=0.5, seed=7)
    wire.fault("dropped_before", match="POST /v1/payouts", rate=0.3, seed=8)
    wire.fault("unavailable", match="", rate=0.2, seed=9)
    terms = Terms(
        key_life=timedelta(seconds=key_life),
        send_within=timedelta(seconds=10),
        visible_within=timedelta(seconds=20),
        patience=200,
    )
    attempts = {f"CASE-{number}": Attempt() for number in range(1, 41)}

    for _ in range(400):
        for case, attempt in attempts.items():
            attempts[case] = work(client, wire, case, attempt=attempt, terms=terms)
        if all(each.state is PayoutState.CONFIRMED for each in attempts.values()):
            break
        wire.now += timedelta(seconds=15)

    assert [each.state for each in attempts.values()] == [PayoutState.CONFIRMED] * 40
    assert sorted(each["reference"] for each in wire.payments()) == sorted(f"mw-{case}" for case in attempts)
    assert {each["id"] for each in wire.payments()} == {each.provider_id for each in attempts.values()}


def test_the_same_days_with_plain_retries_pay_customers_twice(wire: Provider, client: HTTPProvider) -> None:
    wire.set(key_life_seconds=2)
    wire.fault("dropped_after_write", match="POST /v1/payouts", rate=0.7, seed=7)
    open_cases = [f"CASE-{number}" for number in range(1, 41)]

    while open_cases:
        open_cases = [case for case in open_cases if isinstance(_send(client, an_order(case)), Unknown)]
        wire.now += timedelta(seconds=15)

    references = [each["reference"] for each in wire.payments()]
    twice = {each for each in references if references.count(each) > 1}
    assert len(set(references)) == 40
    assert len(twice) > 10  # This is why an unknown payout is looked up: the sandbox would show it.
