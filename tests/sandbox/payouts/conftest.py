"""The provider under test."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest

from sandbox.payouts.app import TOKEN, create_app
from sandbox.payouts.books import Settings
from tests.sandbox.payouts.serving import StillClock, served


class Provider:
    """A payout provider as its customer sees it, and its books."""

    def __init__(self, http: httpx.Client, clock: StillClock) -> None:
        self.http = http
        self.clock = clock

    def pay(self, key: str = "key-1", **changes: Any) -> httpx.Response:
        return self.http.post("/v1/payouts", headers={"Idempotency-Key": key}, json=an_order(**changes))

    def found(self, reference: str) -> list[dict[str, Any]]:
        answer = self.http.get("/v1/payouts", params={"reference": reference}).raise_for_status()
        payouts: list[dict[str, Any]] = answer.json()["payouts"]
        return payouts

    def state(self) -> dict[str, Any]:
        state: dict[str, Any] = self.http.get("/_sandbox/state").raise_for_status().json()
        return state

    def payments(self) -> list[dict[str, Any]]:
        payments: list[dict[str, Any]] = self.state()["payments"]
        return payments

    def control(self, name: str, **body: Any) -> dict[str, Any]:
        answer: dict[str, Any] = self.http.post(f"/_sandbox/{name}", json=body).raise_for_status().json()
        return answer


def an_order(**changes: Any) -> dict[str, Any]:
    order = {"reference": "case-1", "payee": "C-100023", "amount": "88.000000", "asset": "USDT", "memo": "goodwill"}
    return {name: value for name, value in (order | changes).items() if value is not None}


@pytest.fixture
def open_provider() -> Iterator[Callable[..., Provider]]:
    """Return a way to open a provider; each lives until the end of the test."""
    with ExitStack() as stack:

        def open_one(*, journal: Path | None = None, clock: StillClock | None = None, **settings: float) -> Provider:
            clock = clock or StillClock()
            app = create_app(settings=Settings(**settings), unknown_payees=["C-100499"], journal=journal, clock=clock)
            return Provider(stack.enter_context(served(app, token=TOKEN)), clock)

        yield open_one


@pytest.fixture
def provider(open_provider: Callable[..., Provider]) -> Provider:
    return open_provider()


@pytest.fixture(scope="module")
def lasting_provider() -> Iterator[Provider]:
    """Return a provider that all tests of a file share: for those that change nothing in it."""
    clock = StillClock()
    with served(create_app(clock=clock), token=TOKEN) as http:
        yield Provider(http, clock)
