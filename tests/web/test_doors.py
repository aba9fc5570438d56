"""What every door has in common: health, figures, headers, Slack's requests, and nothing of our insides."""

import base64
import json
import re
from collections.abc import Callable
from urllib.parse import quote

import httpx
import pytest
import sqlalchemy as sa
import structlog
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from tests.web.conftest import SECRET, House, event, signed
from web.metrics import Gauge


async def echo(request: Request) -> Response:
    """Answer with what Slack's own app would have seen."""
    body = await request.body()
    return JSONResponse({"length": len(body), "start": body[:20].decode(), "path": request.url.path})


async def broken(_request: Request) -> Response:
    raise RuntimeError("insides: hunter2")


def test_the_process_is_up(house: House) -> None:
    assert house.http.get("/healthz").json() == {"status": "up"}


def test_it_is_ready_when_the_database_answers_and_the_worker_lives(open_house: Callable[..., House]) -> None:
    house = open_house(checks={"worker": lambda: None})

    answer = house.http.get("/readyz")

    assert (answer.status_code, answer.json()) == (200, {"status": "ready", "reasons": {}})


def test_it_says_why_it_is_not_ready(open_house: Callable[..., House]) -> None:
    def fails() -> str | None:
        raise RuntimeError("hunter2")

    house = open_house(checks={"worker": lambda: "no worker is alive", "slack": fails})

    answer = house.http.get("/readyz")

    assert answer.status_code == 503
    assert answer.json() == {
        "status": "not ready",
        "reasons": {"worker": "no worker is alive", "slack": "does not answer"},
    }


def test_an_old_database_is_not_ready(house: House) -> None:
    with house.database.begin() as tx:
        tx.execute(sa.text("UPDATE alembic_version SET version_num = '0000'"))

    answer = house.http.get("/readyz")

    assert answer.status_code == 503
    assert answer.json()["reasons"]["database"].startswith("at revision 0000, this program needs ")


def test_a_database_that_is_no_more_is_not_ready_and_the_process_still_up(house: House) -> None:
    with house.database.begin() as tx:
        tx.execute(sa.text("ALTER TABLE alembic_version RENAME TO hidden"))

    ready, up = house.http.get("/readyz"), house.http.get("/healthz")

    assert (ready.status_code, up.status_code) == (503, 200)
    assert list(ready.json()["reasons"]) == ["database"]


def test_figures_are_read_when_they_are_asked_for(open_house: Callable[..., House]) -> None:
    def fails() -> dict[str, float]:
        raise RuntimeError("hunter2")

    house = open_house(
        gauges=(
            Gauge(
                name="makewhole_backlog_jobs", says="Waiting jobs.", label="queue", read=lambda: {"money": 2, 'a"b': 1}
            ),
            Gauge(name="makewhole_poll_age_seconds", says="Since the last poll.", label=None, read=lambda: {"": 4.5}),
            Gauge(name="makewhole_broken", says="Cannot be read.", label=None, read=fails),
        )
    )

    answer = house.http.get("/metrics")

    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert 'makewhole_backlog_jobs{queue="money"} 2.0' in answer.text
    assert 'makewhole_backlog_jobs{queue="a\\"b"} 1.0' in answer.text
    assert "makewhole_poll_age_seconds 4.5" in answer.text
    assert "makewhole_figures_unreadable 1.0" in answer.text
    assert "makewhole_broken" not in answer.text


@pytest.mark.parametrize("path", ["/healthz", "/nothing", "/cases/CASE-1", "/webhooks/zendesk/harbor", "/metrics"])
def test_every_answer_carries_safe_headers_and_does_not_say_what_we_run_on(house: House, path: str) -> None:
    answer = house.http.get(path)

    assert "server" not in answer.headers
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cache-control"] == "no-store"
    assert "default-src 'none'" in answer.headers["content-security-policy"]


def test_what_is_not_there_is_said_as_json(house: House) -> None:
    answer = house.http.get("/nothing")

    assert (answer.status_code, answer.json()) == (404, {"error": "not_found"})


@pytest.mark.parametrize("kind", ["events", "interactivity", "commands"])
def test_slacks_requests_reach_slacks_app_with_their_body(open_house: Callable[..., House], kind: str) -> None:
    house = open_house(slack=echo)

    answer = house.http.post(f"/slack/{kind}", content=b"payload=%7B%7D")

    assert answer.json() == {"length": 14, "start": "payload=%7B%7D", "path": f"/slack/{kind}"}
    figures = house.http.get("/metrics").text
    assert f'makewhole_slack_requests_total{{kind="{kind}",status="200"}} 1.0' in figures


def test_slacks_bodies_are_limited_too(open_house: Callable[..., House]) -> None:
    house = open_house(slack=echo)

    answer = house.http.post("/slack/events", content=b"x" * (1_048_576 + 1))

    assert (answer.status_code, answer.json()) == (413, {"error": "too_large"})


def test_without_slack_over_http_its_doors_are_shut(house: House) -> None:
    assert house.http.post("/slack/events", content=b"{}").status_code == 404


def test_a_failure_says_nothing_of_our_insides(open_house: Callable[..., House]) -> None:
    house = open_house(slack=broken)

    with structlog.testing.capture_logs() as logged:
        answer = house.http.post("/slack/events", content=b"{}")

    assert (answer.status_code, answer.json()) == (500, {"error": "internal"})
    assert "hunter2" not in str(logged)
    failure = next(each for each in logged if each["event"] == "request failed")
    assert failure["error"] == "RuntimeError"
    assert failure["where"][-1].startswith("test_doors.py:")


def test_the_log_holds_no_bodies_keys_or_signatures(house: House) -> None:
    body = event(17, detail={"subject": "my password is hunter2"})
    headers = signed(body)

    with structlog.testing.capture_logs() as logged:
        house.post(body, headers)
        house.http.get("/cases/CASE-1", params={"key": "c0ffee" * 5})
        house.http.get("/nothing?token=hunter2")

    assert [each["status"] for each in logged if each["event"] == "request"] == [200, 404, 404]
    written = str(logged)
    assert not re.search(f"hunter2|c0ffee|{SECRET}|{re.escape(headers['X-Zendesk-Webhook-Signature'])}", written)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=30),
    lambda below: st.lists(below, max_size=4) | st.dictionaries(st.text(max_size=12), below, max_size=4),
    max_leaves=10,
)
FIELDS = st.fixed_dictionaries(
    {},
    optional={
        "id": JSON | st.text(min_size=1, max_size=300),
        "type": JSON | st.just("zen:event-type:ticket.created"),
        "subject": JSON | st.from_regex(r"zen:ticket:[0-9]{1,25}", fullmatch=True),
        "ticket_id": JSON | st.integers(min_value=0),
        "detail": JSON,
    },
)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=FIELDS | JSON, spoilt=st.binary(max_size=20))
def test_whatever_zendesk_signs_the_server_never_fails(house: House, body: object, spoilt: bytes) -> None:
    raw = json.dumps(body).encode() + (spoilt if len(spoilt) > 15 else b"")

    answer = house.post(raw, signed(raw))

    assert answer.status_code in {200, 400}


REQUESTS = st.builds(
    httpx.Request,
    st.sampled_from(["GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH"]),
    (
        st.sampled_from(
            ["/webhooks/zendesk/harbor", "/slack/events", "/cases/", "/cases/CASE-1", "/healthz", "/readyz", "/"]
        )
        | st.text(st.characters(exclude_categories=["C"]), max_size=30).map(lambda text: f"/cases/{quote(text)}")
    ).map(lambda path: f"http://127.0.0.1{path}"),
    params=st.dictionaries(st.sampled_from(["key", "page"]), st.text(max_size=40), max_size=2),
    headers=st.fixed_dictionaries(
        {},
        optional={
            b"X-Zendesk-Webhook-Signature": st.binary(max_size=60).map(base64.b64encode),
            b"X-Zendesk-Webhook-Signature-Timestamp": st.text(st.characters(codec="latin-1", min_codepoint=33)).map(
                lambda text: text.encode("latin-1").replace(b"\x7f", b"")
            ),
        },
    ),
    content=st.binary(max_size=200),
)


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(request=REQUESTS)
def test_whatever_strangers_send_the_server_never_fails(house: House, request: httpx.Request) -> None:
    request.url = request.url.copy_with(port=house.port)

    answer = house.http.send(request)

    assert answer.status_code < 500
    assert house.deliveries() == 0
