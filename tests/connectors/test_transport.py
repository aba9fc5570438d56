"""The adapter over a real server on loopback."""

import contextlib
import gzip
import threading
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import requests

from connectors.contract import Rehearsed, TryLater, UnexpectedReply
from connectors.transport import Budget, Exchange, TokenBucket, Transport, retry_after_seconds
from tests.connectors.conftest import Script

HOST = "harbor.zendesk.com"


class Ticking:
    """A monotonic clock that a test moves, and a sleep that moves it."""

    def __init__(self) -> None:
        self.now = 100.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


def transport_to(script: Script, **changed: object) -> Transport:
    return replace(Transport(host=HOST, target=f"{script.url}/zendesk"), **changed)  # type: ignore[arg-type]


def test_a_call_goes_to_the_local_target_and_looks_as_if_it_had_gone_to_the_vendor(script: Script) -> None:
    script.answer(200, b'{"ok":true}')

    response = transport_to(script).session().get(f"https://{HOST}/api/v2/tickets/1.json?include=users")

    assert [(method, path) for method, path, _, _ in script.asked] == [
        ("GET", "/zendesk/api/v2/tickets/1.json?include=users")
    ]
    assert response.json() == {"ok": True}
    assert response.url == response.request.url == f"https://{HOST}/api/v2/tickets/1.json?include=users"


@pytest.mark.parametrize("url", ["https://evil.example/x", f"https://{HOST}.evil.example/x", "http://127.0.0.1/x"])
def test_a_session_reaches_no_other_host(script: Script, url: str) -> None:
    session = transport_to(script).session()

    with pytest.raises(requests.exceptions.InvalidSchema):
        session.get(url)

    assert script.asked == []


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "17"}, 17.0),
        ({"Retry-After": "0"}, 1.0),
        ({"Retry-After": "99999999"}, 3600.0),
        ({"Retry-After": "soon"}, 5.0),
        ({"Retry-After": "nan"}, 5.0),
        ({}, 5.0),
        ({"Retry-After": "Mon, 02 Nov 2026 08:00:30 GMT", "Date": "Mon, 02 Nov 2026 08:00:00 GMT"}, 30.0),
        ({"Retry-After": "Mon, 02 Nov 2026 08:00:30 GMT"}, 5.0),
    ],
)
def test_the_vendor_says_how_long_to_wait(headers: dict[str, str], seconds: float) -> None:
    assert retry_after_seconds(headers) == seconds


def test_a_refusal_for_too_many_calls_carries_the_wait_and_is_not_sent_again(script: Script) -> None:
    script.answer(429, Retry_After="17")

    with pytest.raises(TryLater) as caught:
        transport_to(script).session().put(f"https://{HOST}/api/v2/tickets/1.json", json={})

    assert caught.value.wait_seconds == 17.0
    assert caught.value.done is False
    assert len(script.asked) == 1


@pytest.mark.parametrize(("method", "done"), [("GET", False), ("PUT", None), ("POST", None)])
@pytest.mark.parametrize("status", [500, 502, 503, 504, 0])
def test_a_write_without_an_answer_may_have_been_done_and_is_sent_once(
    script: Script, status: int, method: str, *, done: bool | None
) -> None:
    script.answer(status)

    with pytest.raises(TryLater) as caught:
        transport_to(script).session().request(method, f"https://{HOST}/api/v2/tickets/1.json")

    assert caught.value.done is done
    assert len(script.asked) == 1


def test_a_write_that_found_no_server_was_not_done() -> None:
    nobody = Transport(host=HOST, target="http://127.0.0.1:9", connect_seconds=1.0)

    with pytest.raises(TryLater) as caught:
        nobody.session().put(f"https://{HOST}/api/v2/tickets/1.json", json={})

    assert caught.value.done is False


def test_a_redirect_is_not_followed(script: Script) -> None:
    script.answer(302, Location="https://evil.example/")

    with pytest.raises(UnexpectedReply, match="302, a redirect"):
        transport_to(script).session().get(f"https://{HOST}/x")

    assert len(script.asked) == 1


def test_an_endless_answer_is_cut_off(script: Script) -> None:
    script.answer(200, b"x" * 200_000)

    with pytest.raises(UnexpectedReply, match="more than 100000 bytes"):
        transport_to(script, most_reply_bytes=100_000).session().get(f"https://{HOST}/x")


def test_a_dripping_answer_is_cut_off(script: Script) -> None:
    script.answer(200, b"x" * 200_000)
    clock = Ticking()

    def later() -> float:
        clock.now += 40
        return clock.now

    with pytest.raises(TryLater, match="no whole answer in time"):
        transport_to(script, clock=later).session().get(f"https://{HOST}/x")


def test_every_answer_is_told_of_with_its_rate_limit(script: Script) -> None:
    script.answer(200, b"{}", ratelimit_limit="700", ratelimit_remaining="699")
    script.answer(429, b"", X_Rate_Limit="700", X_Rate_Limit_Remaining="0")
    script.answer(0)
    told: list[Exchange] = []
    session = transport_to(script, on_response=told.append).session()

    session.get(f"https://{HOST}/api/v2/users/me.json?secret=1")
    for _ in range(2):
        with pytest.raises(TryLater):
            session.get(f"https://{HOST}/api/v2/users/me.json")

    assert [(each.method, each.path, each.status, each.limit, each.remaining) for each in told] == [
        ("GET", "/api/v2/users/me.json", 200, 700, 699),
        ("GET", "/api/v2/users/me.json", 429, 700, 0),
        ("GET", "/api/v2/users/me.json", None, None, None),
    ]


def test_no_more_calls_than_the_budget_leave_the_house(script: Script) -> None:
    script.answer(200)
    clock = Ticking()
    exports = Budget(
        name="ticket exports",
        bucket=TokenBucket(per_minute=10, burst=2, clock=clock),
        path_prefix="/api/v2/incremental/",
    )
    session = transport_to(script, budgets=(exports,), clock=clock, sleep=clock.sleep).session()

    session.get(f"https://{HOST}/api/v2/incremental/tickets/cursor.json")
    session.get(f"https://{HOST}/api/v2/incremental/tickets/cursor.json")
    with pytest.raises(TryLater) as caught:
        session.get(f"https://{HOST}/api/v2/incremental/tickets/cursor.json")
    session.get(f"https://{HOST}/api/v2/tickets/1.json")

    assert caught.value.wait_seconds == 6.0
    assert caught.value.done is False
    assert len(script.asked) == 3


def test_a_short_wait_for_the_budget_is_waited(script: Script) -> None:
    script.answer(200)
    clock = Ticking()
    calls = Budget(name="calls", bucket=TokenBucket(per_minute=600, burst=1, clock=clock))
    session = transport_to(script, budgets=(calls,), clock=clock, sleep=clock.sleep).session()

    session.get(f"https://{HOST}/x")
    session.get(f"https://{HOST}/x")

    assert clock.slept == [pytest.approx(0.1)]
    assert len(script.asked) == 2


def test_a_call_that_one_budget_refuses_uses_up_nothing_of_another(script: Script) -> None:
    script.answer(200)
    clock = Ticking()
    calls = TokenBucket(per_minute=1, burst=2, clock=clock)
    updates = TokenBucket(per_minute=1, burst=1, clock=clock)
    budgets = (Budget(name="calls", bucket=calls), Budget(name="updates", bucket=updates, method="PUT"))
    session = transport_to(script, budgets=budgets, clock=clock, sleep=clock.sleep).session()

    session.put(f"https://{HOST}/x")
    with pytest.raises(TryLater, match="limit of updates"):
        session.put(f"https://{HOST}/x")
    session.get(f"https://{HOST}/x")

    assert len(script.asked) == 2


def test_after_a_refusal_nobody_calls_until_the_vendor_allows_it(script: Script) -> None:
    script.answer(429, Retry_After="30")
    clock = Ticking()
    calls = Budget(name="calls", bucket=TokenBucket(per_minute=60, burst=20, clock=clock))
    shared = transport_to(script, budgets=(calls,), clock=clock, sleep=clock.sleep)

    for _ in range(2):
        with pytest.raises(TryLater) as caught:
            shared.session().get(f"https://{HOST}/x")

    assert caught.value.wait_seconds == 30.0
    assert len(script.asked) == 1


def test_bytes_that_drip_for_ever_are_cut_off_in_time() -> None:
    stop = threading.Event()

    class Dripping(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", "1000000")
            self.end_headers()
            with contextlib.suppress(OSError):
                while not stop.wait(0.02):
                    self.wfile.write(b"x")

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Dripping) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        slow = Transport(host=HOST, target=f"http://127.0.0.1:{server.server_address[1]}", whole_seconds=0.2)

        with pytest.raises(TryLater, match="no whole answer in time"):
            slow.session().get(f"https://{HOST}/x")

        stop.set()
        server.shutdown()
        thread.join(5)


def test_a_compressed_answer_is_read_and_its_limit_counts_what_it_becomes(script: Script) -> None:
    script.answer(200, gzip.compress(b"x" * 900_000), Content_Encoding="gzip")

    assert len(transport_to(script).session().get(f"https://{HOST}/x").content) == 900_000
    with pytest.raises(UnexpectedReply):
        transport_to(script, most_reply_bytes=100_000).session().get(f"https://{HOST}/x")


def test_an_answer_that_is_not_what_it_says_may_be_tried_later(script: Script) -> None:
    script.answer(200, b"not gzip at all", Content_Encoding="gzip")

    with pytest.raises(TryLater, match="before a whole answer"):
        transport_to(script).session().get(f"https://{HOST}/x")


def test_connections_are_used_again(script: Script) -> None:
    script.answer(200, b"x" * 300_000)
    session = transport_to(script).session()

    for _ in range(3):
        session.get(f"https://{HOST}/x")

    assert len(script.asked) == 3
    assert len(script.ports) == 1


def test_a_429_about_one_record_holds_nothing_else_back(script: Script) -> None:
    clock = Ticking()
    budget = Budget(name="calls", bucket=TokenBucket(per_minute=600, burst=10, clock=clock))
    script.answer(429, Retry_After="30", RateLimit_Reason="jira-per-issue-on-write")
    script.answer(200)
    session = transport_to(
        script, budgets=(budget,), narrow_reasons=frozenset({"jira-per-issue-on-write"}), clock=clock, sleep=clock.sleep
    ).session()

    with pytest.raises(TryLater, match="jira-per-issue-on-write") as caught:
        session.put(f"https://{HOST}/rest/api/3/issue/10042")
    answer = session.put(f"https://{HOST}/rest/api/3/issue/10043")

    assert (caught.value.wait_seconds, caught.value.done) == (30.0, False)
    assert answer.status_code == 200


def test_budgets_are_heard_in_jiras_spelling_too(script: Script) -> None:
    seen: list[Exchange] = []
    script.answer(200, X_RateLimit_Limit="100", X_RateLimit_Remaining="99")

    transport_to(script, on_response=seen.append).session().get(f"https://{HOST}/rest/api/3/myself")

    assert [(each.limit, each.remaining) for each in seen] == [(100, 99)]


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_a_rehearsal_sends_nothing_that_may_change_something(script: Script, method: str) -> None:
    script.answer(200, b"{}")
    session = transport_to(script, rehearse=True).session()

    with pytest.raises(Rehearsed) as rehearsed:
        session.request(method, f"https://{HOST}/api/v2/tickets/1.json", data='{"a": 1}')

    assert script.asked == []
    assert (rehearsed.value.method, rehearsed.value.body) == (method, b'{"a": 1}')
    assert rehearsed.value.url == f"https://{HOST}/api/v2/tickets/1.json"


def test_a_rehearsal_reads_and_lets_through_the_posts_that_are_harmless(script: Script) -> None:
    script.answer(200, b"{}")
    script.answer(200, b"{}")
    is_harmless = lambda path, body: path == "/search" and body == b"{}"  # noqa: E731  # One line, one meaning.
    session = transport_to(script, rehearse=True, is_harmless=is_harmless).session()

    session.get(f"https://{HOST}/api/v2/tickets/1.json")
    session.post(f"https://{HOST}/search", data="{}")
    with pytest.raises(Rehearsed):
        session.post(f"https://{HOST}/search", data='{"delete": true}')

    assert [method for method, _, _, _ in script.asked] == ["GET", "POST"]
