"""Webhooks as the receiver sees them: signed, retried, and with each fault."""

import json
from pathlib import Path
from typing import Any

from sandbox.zendesk.webhooks import signature
from tests.sandbox.zendesk.conftest import Zendesk
from tests.sandbox.zendesk.served import Receiver, a_ticket, wait_until

SECRET = "sandbox-webhook-secret"
Hook = tuple[Receiver, str]


def events(taker: Receiver) -> list[dict[str, Any]]:
    return [json.loads(one.body) for one in taker.received]


def all_sent(zendesk: Zendesk) -> Any:
    """Wait until nothing is on its way and return the deliveries."""

    def finished() -> Any:
        state = zendesk.state()
        return state["deliveries"] if state["deliveries_unfinished"] == 0 else None

    return wait_until(finished)


def register(zendesk: Zendesk, endpoint: str, *events: str) -> None:
    zendesk.settings(webhook_retry_seconds=0.01)
    body = {"endpoint": endpoint, "subscriptions": [f"zen:event-type:ticket.{name}" for name in events] or None}
    zendesk.http.post("/_sandbox/webhooks", json=body).raise_for_status()


def test_the_signature_is_the_vendors(shared: Path) -> None:
    body = (shared / "vendor" / "zendesk" / "webhook-signature" / "group_membership_created.json").read_bytes()

    signed = signature("dGhpc19zZWNyZXRfaXNfZm9yX3Rlc3Rpbmdfb25seQ==", "1234", body)

    assert signed == "10IqYzYTLHRftNsNE+im0DeOM6/JactIRuy0XCHJ9B8="


def test_a_new_ticket_is_told_with_a_signature(zendesk: Zendesk, receiver: Hook) -> None:
    taker, endpoint = receiver
    register(zendesk, endpoint, "created")

    zendesk.http.post("/api/v2/tickets", json={"ticket": {"subject": "Late", "comment": {"body": "Where?"}}})

    wait_until(lambda: taker.received)
    headers, body = taker.received[0].headers, taker.received[0].body
    event = json.loads(body)
    assert event["type"] == "zen:event-type:ticket.created"
    assert event["zendesk_event_version"] == "2022-11-06"
    assert (event["subject"], event["detail"]["id"]) == ("zen:ticket:1", "1")
    assert (event["detail"]["status"], event["detail"]["priority"]) == ("NEW", None)
    assert headers["x-zendesk-webhook-signature-timestamp"] == "2026-11-22T12:00:00Z"
    assert headers["x-zendesk-webhook-signature"] == signature(SECRET, "2026-11-22T12:00:00Z", body)
    assert headers["x-zendesk-webhook-id"] == zendesk.state()["webhooks"][0]["id"]
    assert headers["x-zendesk-webhook-invocation-id"] == zendesk.state()["deliveries"][0]["invocation_id"]


def test_every_kind_of_change_has_its_event(zendesk: Zendesk, receiver: Hook) -> None:
    taker, endpoint = receiver
    zendesk.load(a_ticket(7), a_ticket(8))
    register(zendesk, endpoint)

    edit = {"status": "open", "priority": "high", "tags": ["vip"], "custom_fields": {"900002": "O-1"}}
    zendesk.agent(7, ticket={**edit, "comment": {"body": "on it", "public": True}})
    zendesk.agent(8, merge_into=7)
    zendesk.agent(7, delete=True)

    all_sent(zendesk)
    told = {event["type"].removeprefix("zen:event-type:ticket."): event["event"] for event in events(taker)}
    assert sorted(told) == [
        "comment_added",
        "custom_field_changed",
        "merged",
        "priority_changed",
        "soft_deleted",
        "status_changed",
        "tags_changed",
    ]
    assert told["priority_changed"] == {"current": "HIGH", "previous": None}
    assert told["custom_field_changed"]["field"]["id"] == "900002"


def test_only_what_was_subscribed_is_told(zendesk: Zendesk, receiver: Hook) -> None:
    taker, endpoint = receiver
    zendesk.load(a_ticket(7))
    register(zendesk, endpoint, "status_changed")

    zendesk.put(7, comment={"body": "a note", "public": False})
    zendesk.put(7, status="open")

    all_sent(zendesk)
    assert [event["event"] for event in events(taker)] == [{"current": "OPEN", "previous": "NEW"}]


def test_a_failing_receiver_is_tried_again(zendesk: Zendesk, receiver: Hook) -> None:
    taker, endpoint = receiver
    taker.answers = [(503, {}), (409, {}), (429, {"retry-after": "0"})]
    zendesk.load(a_ticket(7))
    register(zendesk, endpoint, "status_changed")

    zendesk.put(7, status="open")

    deliveries = all_sent(zendesk)
    assert (deliveries[0]["tries"], deliveries[0]["outcome"]) == ([503, 409, 429, 200], "delivered")
    assert len({one.headers["x-zendesk-webhook-invocation-id"] for one in taker.received}) == 1


def test_a_refusing_receiver_is_given_up(zendesk: Zendesk, receiver: Hook) -> None:
    taker, endpoint = receiver
    taker.answers = [(401, {}), (500, {}), (500, {}), (500, {}), (500, {})]
    zendesk.load(a_ticket(7))
    register(zendesk, endpoint, "status_changed")

    zendesk.put(7, status="open")
    all_sent(zendesk)
    zendesk.put(7, status="pending")

    deliveries = wait_until(lambda: len(taker.received) == 5 and all_sent(zendesk))
    assert [one["outcome"] for one in deliveries] == ["given_up", "given_up"]
    assert [one["tries"] for one in deliveries] == [[401], [500, 500, 500, 500]]


def test_nobody_listening_does_not_hold_up_the_api(zendesk: Zendesk) -> None:
    zendesk.load(a_ticket(7))
    register(zendesk, "http://127.0.0.1:9/hook", "status_changed")

    assert zendesk.put(7, status="open").status_code == 200

    deliveries = all_sent(zendesk)
    assert (deliveries[0]["tries"], deliveries[0]["outcome"]) == ([0] * 6, "given_up")


def test_a_dropped_webhook_never_arrives(zendesk: Zendesk, receiver: Hook) -> None:
    taker, endpoint = receiver
    zendesk.load(*(a_ticket(n) for n in range(1, 41)))
    register(zendesk, endpoint, "status_changed")
    zendesk.fault(fault="webhook_dropped", rate=0.5, seed=3)

    for n in range(1, 41):
        zendesk.put(n, status="open")

    deliveries = all_sent(zendesk)
    outcomes = [one["outcome"] for one in deliveries]
    assert outcomes.count("dropped") + outcomes.count("delivered") == 40
    assert 10 < outcomes.count("dropped") < 30
    assert len(taker.received) == outcomes.count("delivered")


def test_a_duplicated_webhook_is_the_same_event_twice(zendesk: Zendesk, receiver: Hook) -> None:
    taker, endpoint = receiver
    zendesk.load(a_ticket(7))
    register(zendesk, endpoint, "status_changed")
    zendesk.fault(fault="webhook_duplicated", times=1)

    zendesk.put(7, status="open")

    all_sent(zendesk)
    assert len(taker.received) == 2
    assert len({event["id"] for event in events(taker)}) == 1
    assert len({one.headers["x-zendesk-webhook-invocation-id"] for one in taker.received}) == 2


def test_reordered_webhooks_arrive_after_later_ones(zendesk: Zendesk, receiver: Hook) -> None:
    taker, endpoint = receiver
    zendesk.load(a_ticket(7))
    register(zendesk, endpoint, "status_changed")
    zendesk.fault(fault="webhook_reordered", times=2, seconds=0.3)

    for status in ("open", "pending", "hold"):
        zendesk.put(7, status=status)

    all_sent(zendesk)
    assert [event["event"]["current"] for event in events(taker)] == ["HOLD", "PENDING", "OPEN"]


def test_a_webhook_is_changed_tested_and_kept_on_loopback(zendesk: Zendesk, receiver: Hook) -> None:
    taker, endpoint = receiver
    http = zendesk.http
    sent = {"name": "Makewhole", "endpoint": endpoint, "http_method": "POST", "request_format": "json"}
    made = http.post("/api/v2/webhooks", json={"webhook": {**sent, "subscriptions": []}})
    hook_id = made.json()["webhook"]["id"]

    changed = http.patch(f"/api/v2/webhooks/{hook_id}", json={"webhook": {"status": "inactive"}})
    tested = http.post("/api/v2/webhooks/test", params={"webhook_id": hook_id}, json={"request": {"payload": {"a": 1}}})
    far = http.post("/api/v2/webhooks", json={"webhook": {**sent, "endpoint": "https://example.com/hook"}})

    assert (made.status_code, changed.status_code, far.status_code) == (201, 204, 400)
    assert http.get(f"/api/v2/webhooks/{hook_id}").json()["webhook"]["status"] == "inactive"
    assert (tested.json()["response"]["status"], events(taker)) == (200, [{"a": 1}])
    assert http.get("/api/v2/webhooks/unknown").status_code == 404
