"""``python -m sandbox`` as a process, and the control plane of the Zendesk in it."""

import json
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest

from sandbox.__main__ import listen, main
from tests.sandbox.zendesk.conftest import Zendesk
from tests.sandbox.zendesk.served import DEADLINE_SECONDS, a_ticket


@contextmanager
def running(*options: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Start the program and yield it with the address it announced; it is killed if it is still there at the end."""
    command = [sys.executable, "-m", "sandbox", "--port", "0", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield process, json.loads(process.stdout.readline())["url"]
        finally:
            process.kill()


def test_the_program_serves_all_vendors_and_leaves_quietly() -> None:
    with running("--pace", "fast", "--zendesk-webhook-url", "http://127.0.0.1:9/hook") as (process, url):
        with httpx.Client(base_url=url, trust_env=False, timeout=DEADLINE_SECONDS) as http:
            index = http.get("/")
            states = {name: http.get(f"/{name}/_sandbox/state") for name in ("zendesk", "slack", "payouts", "accounts")}
            zendesk = states["zendesk"].json()
            stranger = http.get("/zendesk/api/v2/users/me.json").json()
        process.send_signal(signal.SIGTERM)
        _, complaints = process.communicate(timeout=DEADLINE_SECONDS)

    assert index.status_code == 200
    assert "/zendesk/api/v2/" in index.text
    assert {name: answer.status_code for name, answer in states.items()} == dict.fromkeys(states, 200)
    assert len(zendesk["tickets"]) >= 120
    assert zendesk["settings"]["exports_per_minute"] == 0
    assert zendesk["webhooks"][0]["secret"] == "sandbox-webhook-secret"
    assert stranger["user"]["name"] == "Anonymous user"
    assert (process.returncode, complaints) == (0, "")


def test_only_loopback_is_served(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--host", "0.0.0.0"])  # noqa: S104  # It is refused.

    assert "0.0.0.0 is not a loopback address" in capsys.readouterr().err


def test_no_answer_waits_for_nagles_algorithm() -> None:
    with listen("127.0.0.1", 0) as listener:
        assert listener.proto == socket.IPPROTO_TCP  # asyncio asks for this before it sets TCP_NODELAY.


def test_the_state_shows_every_ticket_with_its_comments(zendesk: Zendesk) -> None:
    zendesk.load(a_ticket(7), a_ticket(8))
    zendesk.put(7, comment={"body": "a note", "public": False})
    zendesk.agent(8, delete=True)

    state = zendesk.state()

    assert {ticket["id"]: ticket["status"] for ticket in state["tickets"]} == {7: "new", 8: "deleted"}
    assert [comment["public"] for comment in state["tickets"][0]["comments"]] == [True, False]
    one = zendesk.http.get("/_sandbox/state", params={"ids": "8", "deliveries": "no"}).json()
    assert ([ticket["id"] for ticket in one["tickets"]], "deliveries" in one) == ([8], False)


def test_a_customer_rates_a_ticket(zendesk: Zendesk) -> None:
    zendesk.load(a_ticket(7))

    zendesk.agent(7, rate={"score": "good", "comment": "thanks"})

    assert zendesk.get("/api/v2/tickets/7.json")["ticket"]["satisfaction_rating"]["score"] == "good"
    ratings = zendesk.get("/api/v2/satisfaction_ratings.json", score="good_with_comment")["satisfaction_ratings"]
    assert [rating["comment"] for rating in ratings] == ["thanks"]
    assert zendesk.get("/api/v2/satisfaction_ratings.json", score="bad")["satisfaction_ratings"] == []


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("settings", {"requests_per_minute": -1}),
        ("settings", {"pace": "slow"}),
        ("settings", {"requests_per_hour": 1}),
        ("tickets", {"tickets": [{"id": 7}]}),
        ("tickets", {"tickets": [a_ticket(7, created_at="yesterday")]}),
        ("tickets", {"tickets": {"id": 7}}),
    ],
)
def test_a_control_request_that_makes_no_sense_is_refused(zendesk: Zendesk, path: str, body: dict[str, object]) -> None:
    answer = zendesk.http.post(f"/_sandbox/{path}", json=body)

    assert (answer.status_code, answer.json()["error"]) == (400, "bad_request")
    assert zendesk.state()["tickets"] == []


def test_bulk_users_and_fields_are_listed(zendesk: Zendesk) -> None:
    zendesk.load(users=[{"name": "Bo", "external_id": "C-1", "email": "bo@x.example"}])

    users = zendesk.get("/api/v2/users/show_many.json", external_ids="c-1,C-404")["users"]
    fields = zendesk.get("/api/v2/ticket_fields.json")["ticket_fields"]
    agents = zendesk.get("/api/v2/users.json", role="agent")["users"]
    field = zendesk.get("/api/v2/ticket_fields/900001.json")["ticket_field"]

    assert [user["name"] for user in users] == ["Bo"]
    assert {known["id"]: known["type"] for known in fields}[900_006] == "decimal"
    assert [agent["name"] for agent in agents] == ["Luca Rossi", "林梅 Mei Lin", "Amelia Chen"]
    assert field["custom_field_options"][0]["value"] == "okb_volatility_2024_01"
