"""How Slack delivers: three seconds to acknowledge, events again and again, interactions never, and the faults."""

import asyncio
import json
from typing import Any
from urllib.parse import parse_qs

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

AMELIA = "U0AMELIA001"
CHANNEL = "C0COMPENSA1"
PLAIN = {"type": "plain_text", "text": "Go"}
BUTTONS = [{"type": "actions", "elements": [{"type": "button", "action_id": "go", "text": PLAIN, "value": "1"}]}]


class App:
    """An app that answers as told and remembers headers and bodies."""

    def __init__(self) -> None:
        self.requests: list[tuple[dict[str, str], Any]] = []
        self.statuses: list[int] = []
        self.wait_seconds = 0.0
        self.headers: dict[str, str] = {}

    def asgi(self) -> Starlette:
        return Starlette(routes=[Route("/", self.answer, methods=["POST"])])

    async def answer(self, request: Request) -> Response:
        body = (await request.body()).decode()
        is_json = request.headers["content-type"].startswith("application/json")
        self.requests.append((dict(request.headers), json.loads(body) if is_json else parse_qs(body)))
        await asyncio.sleep(self.wait_seconds)
        status = self.statuses.pop(0) if self.statuses else 200
        return PlainTextResponse("", status_code=status, headers=self.headers)


@pytest.fixture
def app() -> App:
    return App()


@pytest.fixture
def listened(make_slack: Any, serve: Any, app: App) -> Any:
    slack = make_slack(ack_seconds=0.3)
    slack.settings(request_url=serve(app.asgi()).url + "/")
    return slack


def post_card(slack: Any) -> str:
    body = {"channel": CHANNEL, "text": "Decide", "blocks": BUTTONS}
    headers = {"Authorization": "Bearer xoxb-sandbox-bot"}
    return str(slack.http.post("/api/chat.postMessage", json=body, headers=headers).json()["ts"])


def test_an_event_is_sent_again_with_its_number_and_reason(listened: Any, app: App, eventually: Any) -> None:
    app.statuses = [500, 503]

    listened.act("message", user=AMELIA, channel=CHANNEL, text="hello")

    eventually(lambda: len(app.requests) == 3)
    numbers = [headers.get("x-slack-retry-num") for headers, _ in app.requests]
    reasons = [headers.get("x-slack-retry-reason") for headers, _ in app.requests]
    assert numbers == [None, "1", "2"]
    assert reasons == [None, "http_error", "http_error"]
    assert len({body["event_id"] for _, body in app.requests}) == 1


def test_an_event_is_tried_four_times_and_no_more(listened: Any, app: App, eventually: Any) -> None:
    app.statuses = [500] * 9

    listened.act("message", user=AMELIA, channel=CHANNEL, text="hello")

    eventually(lambda: len(listened.state()["interactions"]) == 4)
    assert [one["attempt"] for one in listened.state()["interactions"]] == [0, 1, 2, 3]
    assert len(app.requests) == 4


def test_an_app_may_forbid_another_try(listened: Any, app: App) -> None:
    app.statuses, app.headers = [500], {"X-Slack-No-Retry": "1"}

    listened.act("message", user=AMELIA, channel=CHANNEL, text="hello")
    app.headers = {}
    listened.act("message", user=AMELIA, channel=CHANNEL, text="again")

    assert len(app.requests) == 2


def test_a_click_that_is_not_acknowledged_in_time_is_not_sent_again(listened: Any, app: App) -> None:
    ts = post_card(listened)
    app.requests.clear()
    app.wait_seconds = 0.6

    answer = listened.act("click", user=AMELIA, channel=CHANNEL, ts=ts, action_id="go")

    assert (answer["acknowledged"], answer["status"], answer["error"]) == (False, None, "http_timeout")
    assert 290 < answer["milliseconds"] < 3000
    payloads = [body for _, body in app.requests if "payload" in body]
    assert len(payloads) == 1


def test_a_refused_click_is_reported_with_its_status(listened: Any, app: App, eventually: Any) -> None:
    ts = post_card(listened)
    eventually(lambda: len(app.requests) == 1)
    app.statuses = [401]

    answer = listened.act("click", user=AMELIA, channel=CHANNEL, ts=ts, action_id="go")

    assert (answer["acknowledged"], answer["status"], answer["error"]) == (False, 401, "http_error")


def test_nobody_listening_is_said_plainly(slack: Any) -> None:
    ts = post_card(slack)

    answer = slack.act("click", user=AMELIA, channel=CHANNEL, ts=ts, action_id="go")

    assert (answer["sent"], answer["via"], answer["error"]) == (False, "none", "no_request_url")


def test_an_app_that_is_down_is_tried_again_and_reached(make_slack: Any, serve: Any, app: App, eventually: Any) -> None:
    slack = make_slack(retry_waits=(0.2, 0.2, 0.2))
    slack.settings(events="http://127.0.0.1:9/")

    first = slack.act("message", user=AMELIA, channel=CHANNEL, text="hello")
    slack.settings(events=serve(app.asgi()).url + "/")

    assert first["error"] == "connection_failed"
    eventually(lambda: app.requests)
    assert app.requests[0][0]["x-slack-retry-reason"] == "connection_failed"


def test_an_event_can_be_doubled_lost_and_held_back(listened: Any, app: App, eventually: Any) -> None:
    listened.fault(fault="event_duplicated", match="EVENT /message", times=1)
    listened.act("message", user=AMELIA, channel=CHANNEL, text="twice")
    eventually(lambda: len(app.requests) == 2)
    listened.fault(fault="event_lost", match="EVENT /message", times=1)
    lost = listened.act("message", user=AMELIA, channel=CHANNEL, text="lost")
    listened.fault(fault="event_delayed", match="EVENT /message", times=1, seconds=0.2)
    listened.act("message", user=AMELIA, channel=CHANNEL, text="late")
    eventually(lambda: len(app.requests) == 3)

    assert lost["sent"] is False
    assert [body["event"]["text"] for _, body in app.requests] == ["twice", "twice", "late"]
    assert app.requests[0][1]["event_id"] == app.requests[1][1]["event_id"]


def test_what_the_bot_says_is_told_back_to_it(listened: Any, app: App, eventually: Any, valid: Any) -> None:
    post_card(listened)

    eventually(lambda: app.requests)
    (_, body) = app.requests[0]
    valid("EventEnvelope", body)
    assert (body["event"]["bot_id"], body["event"]["user"]) == ("B0MAKEWHOLE", "U0MAKEWHOLE")


def test_a_url_that_does_not_repeat_the_challenge_is_not_set(slack: Any, serve: Any, app: App) -> None:
    url = serve(app.asgi()).url + "/"

    refused = slack.http.post("/_sandbox/settings", json={"events": url, "verify": True})

    assert (refused.status_code, refused.json()["error"]) == (400, "url_not_verified")
    assert slack.state()["delivery"]["events"] is None


def test_two_parts_of_one_act_never_share_a_timestamp(slack: Any) -> None:
    sent = [slack.act("message", user=AMELIA, channel=CHANNEL, text=str(number))["ts"] for number in range(20)]

    assert sent == sorted(set(sent))


def test_a_socket_ticket_works_once(slack: Any) -> None:
    import aiohttp

    headers = {"Authorization": "Bearer xapp-sandbox-app"}
    url = slack.http.post("/api/apps.connections.open", headers=headers).json()["url"]

    async def greet() -> list[Any]:
        async with aiohttp.ClientSession() as session:
            async with session.ws_connect(url) as socket:
                hello = await socket.receive_json()
            try:
                async with session.ws_connect(url) as again:
                    second = (await again.receive()).type.name
            except aiohttp.WSServerHandshakeError as error:
                second = str(error.status)
            return [hello, second]

    hello, second = asyncio.run(greet())

    assert (hello["type"], hello["num_connections"]) == ("hello", 1)
    assert second == "403"
