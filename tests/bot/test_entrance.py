"""Only what Slack signed gets in, whole and once; everything else is refused and nothing is kept."""

import asyncio
import json
import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Route
from starlette.types import ASGIApp

from bot.app import create_app, http_endpoint, start_socket_mode
from bot.arrivals import delivery_id, parsed
from bot.signing import is_from_slack, signed
from bot.values import Forged
from cases.proposal import CaseId
from tests.bot.conftest import SandboxSlack, Served
from tests.bot.harbor import NOON, awaiting, content, proposal
from tests.bot.house import SECRET, Bot, House, settings_for
from tests.bot.payloads import click, command, home_opened, question, rejection
from workflow.approval import Decided

# The worked example of Slack's own documentation.
DOCUMENTED_SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
DOCUMENTED_BODY = (
    b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V"
    b"&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text="
    b"&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN"
    b"&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
)
DOCUMENTED_SIGNATURE = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"
STAMP = str(int(NOON.timestamp()))


def form(payload: dict[str, Any]) -> bytes:
    return urlencode({"payload": json.dumps(payload)}).encode()


def headers(body: bytes, *, stamp: str = STAMP, secret: str = SECRET) -> dict[str, str]:
    return {
        "content-type": "application/x-www-form-urlencoded",
        "x-slack-request-timestamp": stamp,
        "x-slack-signature": signed(body, stamp, secret),
    }


@pytest.fixture
def entrance(serve: Callable[[ASGIApp], Served], house: House) -> Iterator[httpx.Client]:
    """Return a client of the bot's endpoint at noon; its Slack is nowhere, so that nothing can be called."""
    settings = settings_for("http://127.0.0.1:9/api/", signing_secrets=("an old secret", SECRET))
    bot = Bot(house, settings.base_url, clock=lambda: NOON)
    endpoint = http_endpoint(create_app(settings, bot.backing), settings, lambda: NOON)
    served = serve(Starlette(routes=[Route("/slack", endpoint, methods=["POST"])]))
    with httpx.Client(base_url=served.url, trust_env=False) as client:
        yield client


def test_the_signature_is_that_of_slacks_documentation() -> None:
    assert signed(DOCUMENTED_BODY, "1531420618", DOCUMENTED_SECRET) == DOCUMENTED_SIGNATURE
    assert is_from_slack(
        DOCUMENTED_BODY,
        timestamp="1531420618",
        signature=DOCUMENTED_SIGNATURE,
        secrets=(DOCUMENTED_SECRET,),
        now=datetime.fromtimestamp(1531420618 + 300, tz=UTC),
    )


@pytest.mark.parametrize("secret", [SECRET, "an old secret"])
def test_what_slack_signed_is_taken_with_either_secret_of_a_rotation(
    entrance: httpx.Client, house: House, secret: str
) -> None:
    body = form(click())

    assert entrance.post("/slack", content=body, headers=headers(body, secret=secret)).status_code == 200
    assert list(house.jobs) == ["click:111.222.abc:1795348800.000100"]


@pytest.mark.parametrize(
    "changes",
    [
        {"x-slack-signature": "v0=" + "0" * 64},
        {"x-slack-signature": ""},
        {"x-slack-signature": "v0=ä"},
        {"x-slack-request-timestamp": "soon"},
        {"x-slack-request-timestamp": ""},
        {"x-slack-request-timestamp": "-1795348800"},
        {"x-slack-request-timestamp": "1795348800.5"},
        {"x-slack-request-timestamp": "1" * 5000},
        {"x-slack-request-timestamp": "\u0661\u0662"},
    ],
)
def test_a_forged_or_malformed_signature_is_401_and_nothing_is_kept(
    entrance: httpx.Client, house: House, changes: dict[str, str]
) -> None:
    body = form(click())
    raw = [(name.encode(), value.encode()) for name, value in (headers(body) | changes).items()]

    assert entrance.post("/slack", content=body, headers=raw).status_code == 401
    assert house.deliveries == {}


@pytest.mark.parametrize("late", [timedelta(seconds=301), -timedelta(seconds=301)])
def test_a_signature_of_another_time_is_401(entrance: httpx.Client, house: House, late: timedelta) -> None:
    body = form(click())
    stamp = str(int((NOON - late).timestamp()))

    assert entrance.post("/slack", content=body, headers=headers(body, stamp=stamp)).status_code == 401
    assert house.deliveries == {}


def test_a_changed_body_is_401(entrance: httpx.Client, house: House) -> None:
    body = form(click())

    assert entrance.post("/slack", content=body + b"&x=1", headers=headers(body)).status_code == 401
    assert house.deliveries == {}


@pytest.mark.parametrize("payload", [click(), rejection("amount_wrong", None), question("Which?")])
def test_the_same_signed_bytes_again_are_answered_and_kept_once(
    entrance: httpx.Client, house: House, payload: dict[str, Any]
) -> None:
    body = form(payload)

    answers = [entrance.post("/slack", content=body, headers=headers(body)).status_code for _ in range(3)]

    assert answers == [200, 200, 200]
    assert len(house.deliveries) == len(house.jobs) == 1


def test_an_event_that_slack_sends_again_is_kept_once(entrance: httpx.Client, house: House) -> None:
    body = json.dumps(home_opened()).encode()
    again = headers(body) | {"x-slack-retry-num": "1", "x-slack-retry-reason": "http_timeout"}

    assert entrance.post("/slack", content=body, headers=headers(body)).status_code == 200
    assert entrance.post("/slack", content=body, headers=again).status_code == 200
    assert list(house.jobs) == ["event:Ev000001"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff\xfe\x00",
        b"payload=%7Bbroken",
        b"payload=[]",
        b"payload=null",
        b"[" * 100_000,
        b"{" * 100_000,
        b'{"type":"block_actions"}',
        b'{"type":"block_actions","trigger_id":7,"actions":[7]}',
        b'{"type":"view_submission"}',
        b'{"type":"event_callback","event":{"type":"app_home_opened"}}',
        b"command=%2Fmakewhole",
    ],
)
def test_signed_nonsense_is_400_and_nothing_is_kept(entrance: httpx.Client, house: House, body: bytes) -> None:
    assert entrance.post("/slack", content=body, headers=headers(body)).status_code == 400
    assert house.deliveries == {}


@pytest.mark.parametrize(
    "payload",
    [
        click() | {"team": {"id": "T0STRANGER1", "domain": "stranger"}},
        home_opened() | {"team_id": "T0STRANGER1"},
    ],
)
def test_another_workspace_is_not_listened_to(entrance: httpx.Client, house: House, payload: dict[str, Any]) -> None:
    body = json.dumps(payload).encode()

    assert entrance.post("/slack", content=body, headers=headers(body)).status_code == 401
    assert house.deliveries == {}


def test_slacks_first_question_for_the_address_is_answered(entrance: httpx.Client, house: House) -> None:
    body = json.dumps({"type": "url_verification", "challenge": "3eZbrw1aB", "token": "x"}).encode()

    answer = entrance.post("/slack", content=body, headers=headers(body) | {"content-type": "application/json"})

    assert (answer.status_code, answer.json()) == (200, {"challenge": "3eZbrw1aB"})
    assert house.deliveries == {}


def test_what_people_say_in_channels_is_not_kept(entrance: httpx.Client, house: House) -> None:
    message = {"type": "message", "channel": "C0COMPENSA1", "user": "U0LUCA00001", "text": "hello", "ts": "1.1"}
    body = json.dumps(home_opened() | {"event": message}).encode()

    assert entrance.post("/slack", content=body, headers=headers(body)).status_code == 200
    assert house.deliveries == {}


def test_a_modal_that_cannot_be_opened_is_not_acknowledged_so_that_slack_says_so(
    entrance: httpx.Client, house: House
) -> None:
    house.add()
    body = form(click("reject"))

    assert entrance.post("/slack", content=body, headers=headers(body)).status_code == 503


def test_a_database_that_is_down_is_503_and_the_next_attempt_is_taken(entrance: httpx.Client, house: House) -> None:
    body = json.dumps(home_opened()).encode()
    house.broken = True
    refused = entrance.post("/slack", content=body, headers=headers(body)).status_code
    house.broken = False

    assert refused == 503
    assert entrance.post("/slack", content=body, headers=headers(body)).status_code == 200
    assert len(house.jobs) == 1


def test_the_name_of_a_delivery_is_short_whatever_it_carries() -> None:
    long = click(at="1" * 5000)

    assert len(delivery_id(long) or "") < 120
    assert delivery_id(long) != delivery_id(click(at="1" * 5001))
    assert delivery_id(command()) == "command:555.666.ghi"
    assert delivery_id({"type": "view_closed"}) is None


def test_a_command_with_the_word_payload_in_it_is_still_a_command() -> None:
    assert parsed(urlencode(command("payload")).encode())["text"] == "payload"
    with pytest.raises(Forged):
        parsed(b"payload=7")


def test_socket_mode_without_its_token_says_what_is_missing(house: House) -> None:
    settings = settings_for("http://127.0.0.1:9/api/", app_token=None)
    app = create_app(settings, Bot(house, settings.base_url).backing)

    with pytest.raises(ValueError, match="connections:write"):
        asyncio.run(start_socket_mode(app, settings))


def test_the_app_starts_without_a_call_whatever_the_environment_holds(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("SLACK_BOT_TOKEN", "SLACK_SIGNING_SECRET", "HTTPS_PROXY", "HTTP_PROXY"):
        monkeypatch.setitem(os.environ, name, "http://127.0.0.1:9")

    app = create_app(settings_for("http://127.0.0.1:9/api/"), Bot(house, "http://127.0.0.1:9/api/").backing)

    assert (app.client.token, app.client.proxy) == ("xoxb-sandbox-bot", None)


def test_fifty_clicks_at_once_on_two_cards_make_two_decisions_and_fifty_answers(
    slack: SandboxSlack, bot: Bot, house: House, serve: Callable[[ASGIApp], Served]
) -> None:
    settings = settings_for(slack.api)
    endpoint = http_endpoint(create_app(settings, bot.backing), settings, bot.clock)
    served = serve(Starlette(routes=[Route("/slack", endpoint, methods=["POST"])]))
    slack.settings(request_url=f"{served.url}/slack")
    for case in ("CASE-1", "CASE-2"):
        one_approval = proposal(case, approvals=proposal().approvals[:1])
        bot.show(house.add(content(awaiting(one_approval))))
    cards = [(each["channel"], each["ts"]) for each in slack.messages()]
    people = ("U0AMELIA001", "U0WEIZHANG1", "U0NOAH00001", "U0LUCA00001", "U0MEILIN001")
    worker = threading.Thread(target=bot.work)

    def act(number: int) -> bool:
        channel, ts = cards[number % 2]
        user = people[number % len(people)]
        return bool(slack.act("click", user=user, channel=channel, ts=ts, action_id="approve")["acknowledged"])

    with ThreadPoolExecutor(10) as clickers:
        acknowledged = list(clickers.map(act, range(50)))
    worker.start()
    worker.join()

    assert acknowledged == [True] * 50
    decided = [outcome for _, outcome in house.decisions if isinstance(outcome, Decided)]
    assert sorted(each.decision.case_id for each in decided) == ["CASE-1", "CASE-2"]
    assert len(house.decisions) == 50
    assert sum(len(slack.whispers(each)) for each in people) == 50
    assert all(house.places[CaseId(case)].shown_version == 4 for case in ("CASE-1", "CASE-2"))
