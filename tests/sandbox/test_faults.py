"""Faults, over a real socket and with the clients that will meet them."""

import asyncio
from collections.abc import Callable, Iterator

import aiohttp
import httpx
import pytest
import requests
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route

from sandbox.faults import BadFault, Fault, FaultMiddleware, Faults, fault_routes, read_fault
from tests.sandbox.zendesk.served import served


class Till:
    """A tiny app that counts what it was told, with faults to switch on."""

    def __init__(self) -> None:
        self.counted: list[str] = []
        faults = Faults(vendor_faults=("expired_token",))
        self.app = Starlette(
            routes=[*fault_routes(faults), Route("/count/{what}", self._count, methods=["GET", "POST"])],
            middleware=[Middleware(FaultMiddleware, faults=faults)],
        )

    async def _count(self, request: Request) -> Response:
        self.counted.append(request.path_params["what"])
        return JSONResponse({"counted": request.path_params["what"], "padding": "x" * 2_000})


Served = tuple[Till, str]
Client = Callable[[str], None]
Errors = type[Exception] | tuple[type[Exception], ...]


@pytest.fixture
def till() -> Iterator[tuple[Till, str]]:
    one = Till()
    with served(Starlette(routes=[Mount("/till", app=one.app)])) as url:
        yield one, f"{url}/till"


def arm(url: str, **fault: object) -> None:
    requests.post(f"{url}/_sandbox/faults", json=fault, timeout=5).raise_for_status()


def post_with_requests(url: str) -> None:
    requests.post(url, json={}, timeout=5)


def post_with_httpx(url: str) -> None:
    httpx.post(url, json={}, timeout=5, trust_env=False)


def post_with_aiohttp(url: str) -> None:
    async def post() -> None:
        async with aiohttp.ClientSession() as session, session.post(url, json={}) as answer:
            await answer.read()

    asyncio.run(post())


CLIENTS: dict[Client, Errors] = {
    post_with_requests: requests.exceptions.ConnectionError,
    post_with_httpx: httpx.RemoteProtocolError,
    post_with_aiohttp: (aiohttp.ServerDisconnectedError, aiohttp.ClientPayloadError, aiohttp.ClientOSError),
}


@pytest.mark.parametrize("client", CLIENTS)
def test_a_write_whose_answer_is_lost_was_done_once(till: Served, client: Client) -> None:
    app, url = till
    arm(url, fault="dropped_after_write", match="POST /count", times=1)

    with pytest.raises(CLIENTS[client]):
        client(f"{url}/count/coins")

    assert app.counted == ["coins"]
    client(f"{url}/count/notes")
    assert app.counted == ["coins", "notes"]


@pytest.mark.parametrize("client", CLIENTS)
def test_a_connection_dropped_before_the_write_does_nothing(till: Served, client: Client) -> None:
    app, url = till
    arm(url, fault="dropped_before", times=1)

    with pytest.raises(CLIENTS[client]):
        client(f"{url}/count/coins")

    assert app.counted == []


@pytest.mark.parametrize(
    ("client", "error"),
    [
        (post_with_requests, (requests.exceptions.ChunkedEncodingError, requests.exceptions.ConnectionError)),
        (post_with_httpx, httpx.RemoteProtocolError),
        (post_with_aiohttp, aiohttp.ClientPayloadError),
    ],
)
def test_an_answer_cut_in_the_middle_is_no_answer(till: Served, client: Client, error: Errors) -> None:
    app, url = till
    arm(url, fault="cut_after_write", times=1)

    with pytest.raises(error):
        client(f"{url}/count/coins")

    assert app.counted == ["coins"]


def test_rate_limited_says_when_to_come_back_and_unavailable_does_not(till: Served) -> None:
    app, url = till
    arm(url, fault="rate_limited", times=1, retry_after=17)
    arm(url, fault="unavailable", times=1)

    limited = requests.get(f"{url}/count/a", timeout=5)
    unavailable = requests.get(f"{url}/count/a", timeout=5)

    assert (limited.status_code, limited.headers["retry-after"]) == (429, "17")
    assert unavailable.status_code == 503
    assert "retry-after" not in unavailable.headers
    assert app.counted == []


def test_a_slow_answer_comes_after_the_write(till: Served) -> None:
    app, url = till
    arm(url, fault="slow_after_write", times=1, seconds=30)

    with pytest.raises(requests.exceptions.ReadTimeout):
        requests.post(f"{url}/count/coins", timeout=0.3)

    assert app.counted == ["coins"]


def test_only_what_matches_is_struck_and_only_so_often(till: Served) -> None:
    _, url = till
    arm(url, fault="unavailable", match="POST /count/a", times=2)

    told = [requests.post(f"{url}/count/{what}", timeout=5).status_code for what in "baaaa"]
    read = requests.get(f"{url}/count/a", timeout=5).status_code

    assert (told, read) == ([200, 503, 503, 200, 200], 200)
    listed = requests.get(f"{url}/_sandbox/faults", timeout=5).json()["faults"]
    assert [(fault["fault"], fault["struck"]) for fault in listed] == [("unavailable", 2)]
    requests.delete(f"{url}/_sandbox/faults", timeout=5)
    assert requests.get(f"{url}/_sandbox/faults", timeout=5).json() == {"faults": []}


def test_a_rate_strikes_the_same_requests_in_every_run() -> None:
    def struck() -> list[bool]:
        faults = Faults()
        faults.arm(Fault(fault="unavailable", rate=0.2, seed=7))
        return [faults.strike_wire(method="GET", path="/") is not None for _ in range(1_000)]

    assert struck() == struck()
    assert 150 < sum(struck()) < 250


def test_the_control_plane_is_never_struck(till: Served) -> None:
    _, url = till
    arm(url, fault="unavailable")

    assert requests.get(f"{url}/_sandbox/faults", timeout=5).status_code == 200


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"fault": "unheard_of"}, "fault: 'unheard_of' is none of"),
        ({"fault": "unavailable", "time": 3}, "time: is no field of a fault"),
        ({"fault": "unavailable", "times": -1}, "times: -1 must be a whole number from 0"),
        ({"fault": "unavailable", "rate": 3}, "rate: 3 must be a number from 0 to 1"),
        ([], "body: must be a JSON object"),
    ],
)
def test_a_fault_that_makes_no_sense_is_refused(till: Served, body: object, message: str) -> None:
    _, url = till

    answer = requests.post(f"{url}/_sandbox/faults", json=body, timeout=5)

    assert answer.status_code == 400
    assert message in answer.json()["message"]
    assert requests.get(f"{url}/_sandbox/faults", timeout=5).json() == {"faults": []}


def test_a_vendors_own_fault_is_asked_for_by_name() -> None:
    faults = Faults(vendor_faults=("expired_token",))
    faults.arm(read_fault({"fault": "expired_token", "match": "GET /v1", "times": 1}))

    assert faults.strike_wire(method="GET", path="/v1/a") is None
    assert faults.strike("expired_token", method="POST", path="/v1/a") is None
    assert faults.strike("expired_token", method="GET", path="/v1/a") is not None
    assert faults.strike("expired_token", method="GET", path="/v1/a") is None
    with pytest.raises(BadFault):
        faults.arm(Fault(fault="webhook_dropped"))
