"""Evidence from the account-data service: the pure edge with respx, the wire with the sandbox."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
import requests
import respx

from cases.evidence import Evidence
from cases.loss import Loss, LossKind
from cases.ticket import CustomerId
from connectors.accounts.client import AccountData, BelongsToAnother, NotFound
from connectors.contract import AccessRefused, TryLater, UnexpectedReply
from tests.connectors.conftest import World

BASE = "https://accounts.harbor.example"
URL = f"{BASE}/v1/losses/transaction/W-88121"
LOSS = Loss(kind=LossKind.TRANSACTION, reference="W-88121", customer_id=CustomerId("C-100023"))


def an_answer(**changed: Any) -> dict[str, Any]:
    return {
        "customer_id": "C-100023",
        "kind": "transaction",
        "reference": "W-88121",
        "as_of": "2026-11-02T09:00:00+01:00",
        "customer": {"tier": "vip", "kyc_level": "2"},
        "facts": {"asset": "USDT", "hours_late": "7.5", "completed_at": ""},
        **changed,
    }


@pytest.fixture
def accounts() -> Iterator[AccountData]:
    with httpx.Client() as client:
        yield AccountData(BASE, "hunter2", client)


@respx.mock
def test_what_is_known_comes_sorted_and_what_is_not_is_absent(accounts: AccountData) -> None:
    route = respx.get(URL, params={"customer_id": "C-100023"}).respond(json=an_answer())

    found = accounts.evidence_for(LOSS)

    assert found == Evidence(
        facts=(("asset", "USDT"), ("hours_late", "7.5"), ("kyc_level", "2"), ("tier", "vip")),
        source="account-data",
        as_of=datetime(2026, 11, 2, 8, 0, tzinfo=UTC),
    )
    assert route.calls[0].request.headers["Authorization"] == "Bearer hunter2"


@respx.mock
def test_a_fact_that_is_a_list_comes_as_its_json_and_an_empty_list_is_known(accounts: AccountData) -> None:
    trades = [{"result": "-1000.50", "closed_at": "2026-02-10T11:00:00Z"}]
    respx.get(URL).respond(json=an_answer(facts={"trades": trades, "refunds": []}))

    found = accounts.evidence_for(LOSS)

    assert isinstance(found, Evidence)
    facts = dict(found.facts)
    assert facts["trades"] == '[{"result": "-1000.50", "closed_at": "2026-02-10T11:00:00Z"}]'
    assert facts["refunds"] == "[]"


@respx.mock
@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (400, {"error": "invalid"}, UnexpectedReply),
        (401, {"error": "unauthorized"}, AccessRefused),
        (403, {"error": "forbidden"}, AccessRefused),
        (403, [], AccessRefused),
        (404, {"error": "no_such_path"}, UnexpectedReply),
        (404, "hunter2", UnexpectedReply),
        (302, {}, UnexpectedReply),
        (429, {}, TryLater),
        (500, {}, TryLater),
        (503, {}, TryLater),
        (200, {}, UnexpectedReply),
        (200, [], UnexpectedReply),
        (200, an_answer(customer_id="C-9"), UnexpectedReply),
        (200, an_answer(reference="W-1"), UnexpectedReply),
        (200, an_answer(kind="order"), UnexpectedReply),
        (200, an_answer(facts={"hours_late": 7.5}), UnexpectedReply),
        (200, an_answer(facts={"hours_late": None}), UnexpectedReply),
        (200, an_answer(facts={"trades": ["-5"]}), UnexpectedReply),
        (200, an_answer(facts={"trades": [{"result": 5}]}), UnexpectedReply),
        (200, an_answer(facts={"tier": "vip"}), UnexpectedReply),
        (200, an_answer(as_of="2026-11-02T09:00:00"), UnexpectedReply),
    ],
)
def test_a_refusal_is_one_of_three_errors(
    accounts: AccountData, status: int, body: object, kind: type[Exception]
) -> None:
    respx.get(URL).respond(status, json=body, headers={"Retry-After": "11"})

    with pytest.raises((TryLater, AccessRefused, UnexpectedReply)) as caught:
        accounts.evidence_for(LOSS)

    assert type(caught.value) is kind
    assert "hunter2" not in str(caught.value)
    if isinstance(caught.value, TryLater):
        assert caught.value.wait_seconds == 11.0


@respx.mock
@pytest.mark.parametrize(
    "trouble", [httpx.ConnectError, httpx.ReadTimeout, httpx.PoolTimeout, httpx.RemoteProtocolError, httpx.ReadError]
)
def test_a_service_out_of_reach_may_be_tried_later(accounts: AccountData, trouble: type[httpx.TransportError]) -> None:
    respx.get(URL).mock(side_effect=trouble("hunter2"))

    with pytest.raises(TryLater) as caught:
        accounts.evidence_for(LOSS)

    assert "hunter2" not in str(caught.value)


@respx.mock
def test_an_endless_answer_is_cut_off(accounts: AccountData) -> None:
    respx.get(URL).respond(content=b"x" * ((1 << 20) + 1))

    with pytest.raises(UnexpectedReply, match="more than"):
        accounts.evidence_for(LOSS)


@respx.mock
def test_a_reference_is_data_and_never_a_path(accounts: AccountData) -> None:
    route = respx.route(method="GET").respond(404, json={"error": "not_found"})
    loss = Loss(kind=LossKind.ORDER, reference="../../A?B#C%2F", customer_id=CustomerId("C-1&x=1"))

    assert isinstance(accounts.evidence_for(loss), NotFound)

    assert route.calls[0].request.url.raw_path == (b"/v1/losses/order/..%2F..%2FA%3FB%23C%252F?customer_id=C-1%26x%3D1")


@pytest.fixture
def known(world: World) -> World:
    body = [
        an_answer(facts={"asset": "USDT", "hours_late": "7.5", "trades": [{"result": "-5"}]}),
        an_answer(customer_id="C-9", reference="W-1", facts={}),
    ]
    answer = requests.post(f"{world.url}/accounts/_sandbox/facts", json=body, timeout=10)
    assert answer.status_code == 201, answer.text
    return world


def test_the_sandbox_knows_the_loss(known: World) -> None:
    with httpx.Client() as client:
        accounts = AccountData(f"{known.url}/accounts/", "sandbox-accounts-token", client)
        typed = Loss(kind=LossKind.TRANSACTION, reference=" w-88 121 ", customer_id=LOSS.customer_id)
        nobody = Loss(kind=LossKind.TRANSACTION, reference="W-2", customer_id=LOSS.customer_id)
        other = Loss(kind=LossKind.TRANSACTION, reference="W-1", customer_id=LOSS.customer_id)

        found = accounts.evidence_for(LOSS)

        assert isinstance(found, Evidence)
        assert dict(found.facts)["hours_late"] == "7.5"
        assert dict(found.facts)["trades"] == '[{"result": "-5"}]'
        assert accounts.evidence_for(typed) == found
        assert accounts.evidence_for(nobody) == NotFound(message="the account data knows no transaction 'W-2'")
        assert accounts.evidence_for(other) == BelongsToAnother(message="transaction 'W-1' is another customer's")


def test_the_wrong_token_is_refused(known: World) -> None:
    with httpx.Client() as client, pytest.raises(AccessRefused):
        AccountData(f"{known.url}/accounts", "wrong", client).evidence_for(LOSS)


@pytest.mark.parametrize("fault", ["rate_limited", "unavailable", "dropped_before", "cut_after_write"])
def test_trouble_at_the_service_passes(known: World, fault: str) -> None:
    known.fault(fault, room="accounts", times=1)
    with httpx.Client() as client:
        accounts = AccountData(f"{known.url}/accounts", "sandbox-accounts-token", client)

        with pytest.raises(TryLater):
            accounts.evidence_for(LOSS)

        assert isinstance(accounts.evidence_for(LOSS), Evidence)


def test_an_expired_token_is_refused_not_retried(known: World) -> None:
    known.fault("expired_token", room="accounts", times=1)
    with httpx.Client() as client, pytest.raises(AccessRefused):
        AccountData(f"{known.url}/accounts", "sandbox-accounts-token", client).evidence_for(LOSS)
