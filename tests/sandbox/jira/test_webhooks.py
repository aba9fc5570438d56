"""Webhooks as the receiver sees them: signed, filtered, retried, expiring, and with each fault."""

import base64
import hashlib
import hmac
import json
from typing import Any

import pytest

from sandbox.jira.webhooks import signature
from tests.sandbox.jira.site import CLIENT, GATEWAY, LENA, NOBODY, Jira, an_issue, document
from tests.sandbox.zendesk.served import Receiver, wait_until

SECRET = "sandbox-jira-webhook-secret"
Hook = tuple[Receiver, str]


def events(taker: Receiver) -> list[dict[str, Any]]:
    return [json.loads(one.body) for one in taker.received]


def all_sent(jira: Jira) -> Any:
    """Wait until nothing is on its way and return the deliveries."""

    def finished() -> Any:
        state = jira.state()
        return state["deliveries"] if state["deliveries_unfinished"] == 0 else None

    return wait_until(finished)


def register(jira: Jira, url: str, *events: str, **more: Any) -> Any:
    jira.settings(webhook_retry_seconds=0.01)
    body = {"url": url, "events": list(events) or None, **more}
    return jira.http.post("/_sandbox/webhooks", json=body).raise_for_status().json()


def test_the_signature_is_the_published_one() -> None:
    # The vendor's own worked example, in its page on webhooks.
    signed = signature("It's a Secret to Everybody", b"Hello World!")

    assert signed == "sha256=a4771c39fbe90f317c7824e83ddef3caae9cb3d976c214ace1f2937e133263c9"


def test_a_new_issue_is_told_with_a_signature(jira: Jira, receiver: Hook) -> None:
    taker, url = receiver
    register(jira, url)

    key = jira.create(description=document("Where is it?"), customfield_10102="ORD-1")

    wait_until(lambda: taker.received)
    headers, body = taker.received[0].headers, taker.received[0].body
    event = json.loads(body)
    assert (event["webhookEvent"], event["issue_event_type_name"]) == ("jira:issue_created", "issue_created")
    assert (event["timestamp"], event["user"]["displayName"]) == (1_795_348_800_000, "Makewhole")
    assert "emailAddress" not in event["user"]
    assert (event["issue"]["key"], event["issue"]["self"]) == (key, "https://harbor.atlassian.net/rest/api/2/10001")
    assert event["issue"]["fields"]["description"] == "Where is it?"
    assert event["issue"]["fields"]["customfield_10102"] == "ORD-1"
    assert headers["x-hub-signature"] == signature(SECRET, body)
    assert headers["x-atlassian-webhook-flow"] == "Primary"
    assert headers["x-atlassian-webhook-identifier"] == jira.state()["deliveries"][0]["identifier"]
    assert "x-atlassian-webhook-retry" not in headers


def test_every_kind_of_change_has_its_event(jira: Jira, receiver: Hook) -> None:
    taker, url = receiver
    jira.load(an_issue("ENG-1"))
    register(jira, url)

    jira.act("ENG-1", fields={"labels": ["vip"], "customfield_10102": "ORD-1"})
    jira.act("ENG-1", transition="Start progress")
    comment_id = jira.act("ENG-1", comment={"body": "on it", "internal": True})["comments"][0]["id"]
    jira.act("ENG-1", edit_comment={"id": comment_id, "body": "done"})
    jira.act("ENG-1", delete_comment=comment_id)
    jira.act("ENG-1", move_to="CARE")
    jira.act("CARE-1", delete=True)

    all_sent(jira)
    told = sorted(events(taker), key=lambda event: event.get("changelog", {}).get("id", "") + event["webhookEvent"])
    assert sorted(event["webhookEvent"] for event in told) == [
        "comment_created",
        "comment_deleted",
        "comment_updated",
        "jira:issue_deleted",
        "jira:issue_updated",
        "jira:issue_updated",
        "jira:issue_updated",
    ]
    updates = {event["issue_event_type_name"]: event for event in told if event["webhookEvent"] == "jira:issue_updated"}
    assert set(updates) == {"issue_updated", "issue_generic", "issue_moved"}
    assert {item["fieldId"]: item["toString"] for item in updates["issue_updated"]["changelog"]["items"]} == {
        "labels": "vip",
        "customfield_10102": "ORD-1",
    }
    comment = next(event for event in told if event["webhookEvent"] == "comment_created")
    assert (comment["comment"]["body"], comment["issue"]["key"]) == ("on it", "ENG-1")
    assert comment["comment"]["author"]["displayName"] == "Lena Vogel"


def test_only_issues_of_the_filter_are_told(jira: Jira, receiver: Hook) -> None:
    taker, url = receiver
    register(jira, url, "jira:issue_created", jql="project = CARE AND issuetype = Incident")

    jira.create()
    jira.create("CARE", "Service Request")
    jira.create("CARE", "Incident")

    all_sent(jira)
    assert [event["issue"]["key"] for event in events(taker)] == ["CARE-2"]


def test_a_failing_receiver_is_tried_again(jira: Jira, receiver: Hook) -> None:
    taker, url = receiver
    taker.answers = [(503, {}), (409, {}), (429, {}), (408, {}), (425, {})]
    register(jira, url)

    jira.create()

    (delivery,) = all_sent(jira)
    assert (delivery["tries"], delivery["outcome"]) == ([503, 409, 429, 408, 425, 200], "delivered")
    assert [one.headers.get("x-atlassian-webhook-retry") for one in taker.received] == [None, "1", "2", "3", "4", "5"]
    assert len({one.headers["x-atlassian-webhook-identifier"] for one in taker.received}) == 1


def test_a_refusing_receiver_is_given_up(jira: Jira, receiver: Hook) -> None:
    taker, url = receiver
    taker.answers = [(401, {})]
    register(jira, url)

    jira.create()

    (delivery,) = all_sent(jira)
    assert (delivery["tries"], delivery["outcome"]) == ([401], "given_up")


def test_nobody_listening_does_not_hold_up_the_api(jira: Jira) -> None:
    register(jira, "http://127.0.0.1:9/hook")

    assert jira.create() == "ENG-1"

    (delivery,) = all_sent(jira)
    assert (delivery["tries"], delivery["outcome"]) == ([0] * 6, "given_up")


def test_a_dropped_webhook_never_arrives(jira: Jira, receiver: Hook) -> None:
    taker, url = receiver
    register(jira, url)
    jira.fault(fault="webhook_dropped", rate=0.5, seed=3)

    for _ in range(40):
        jira.create()

    outcomes = [one["outcome"] for one in all_sent(jira)]
    assert outcomes.count("dropped") + outcomes.count("delivered") == 40
    assert 10 < outcomes.count("dropped") < 30
    assert len(taker.received) == outcomes.count("delivered")


def test_a_duplicated_webhook_has_the_same_identifier(jira: Jira, receiver: Hook) -> None:
    taker, url = receiver
    register(jira, url)
    jira.fault(fault="webhook_duplicated", times=1)

    jira.create()

    all_sent(jira)
    assert len(taker.received) == 2
    assert len({one.headers["x-atlassian-webhook-identifier"] for one in taker.received}) == 1
    assert len({one.body for one in taker.received}) == 1


def test_reordered_webhooks_arrive_after_later_ones(jira: Jira, receiver: Hook) -> None:
    taker, url = receiver
    register(jira, url)
    jira.fault(fault="webhook_reordered", times=2, seconds=0.3)

    keys = [jira.create() for _ in range(3)]

    all_sent(jira)
    assert [event["issue"]["key"] for event in events(taker)] == [keys[2], keys[1], keys[0]]


def test_an_admin_webhook_is_made_changed_and_deleted(jira: Jira, receiver: Hook) -> None:
    taker, url = receiver
    address = "/rest/webhooks/1.0/webhook"
    sent = {
        "name": "Makewhole",
        "url": url,
        "events": ["jira:issue_created"],
        "filters": {"issue-related-events-section": "project = ENG"},
        "excludeBody": False,
        "secret": "first",
    }

    made = jira.http.post(address, json=sent)
    own = made.json()["self"].removeprefix("https://harbor.atlassian.net")
    jira.create()
    all_sent(jira)
    changed = jira.http.put(own, json={**sent, "secret": "second", "enabled": True}).json()
    jira.create()
    all_sent(jira)
    paused = jira.http.put(own, json={"enabled": False}).json()
    jira.create()

    assert (made.status_code, made.json()["isSigned"], "secret" in made.json()) == (201, True, False)
    assert own == f"{address}/1"
    assert [one.headers["x-hub-signature"] for one in taker.received] == [
        signature(secret, one.body) for secret, one in zip(("first", "second"), taker.received, strict=True)
    ]
    assert (changed["filters"], paused["enabled"]) == ({"issue-related-events-section": "project = ENG"}, False)
    assert [one["name"] for one in jira.http.get(address).json()] == ["Makewhole"]
    assert [jira.http.get(own).status_code, jira.http.delete(own).status_code] == [200, 204]
    assert jira.http.get(own).status_code == 404


@pytest.mark.parametrize(
    "wrong",
    [
        {"url": "https://example.com/hook"},
        {"events": ["jira:issue_paid"]},
        {"events": []},
        {"filters": {"issue-related-events-section": "project ="}},
    ],
)
def test_a_wrong_webhook_is_refused(lasting: Jira, wrong: dict[str, Any]) -> None:
    sent = {"name": "A", "url": "http://127.0.0.1:9/hook", "events": ["jira:issue_created"], **wrong}

    assert lasting.http.post("/rest/webhooks/1.0/webhook", json=sent).status_code == 400
    assert lasting.state()["webhooks"] == []


def test_only_admins_have_admin_webhooks_and_only_apps_dynamic_ones(lasting: Jira) -> None:
    agent = lasting.http.post("/rest/webhooks/1.0/webhook", json={}, auth=LENA)
    person = lasting.http.post("/rest/api/3/webhook", json={"url": "http://127.0.0.1:9", "webhooks": []})

    assert [agent.status_code, person.status_code] == [403, 403]


def app(jira: Jira, method: str, path: str = "", **more: Any) -> Any:
    """Ask as an OAuth app for its dynamic webhooks."""
    body = {"grant_type": "client_credentials", **CLIENT}
    token = jira.http.post("/oauth/token", json=body, auth=NOBODY).json()["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    return jira.http.request(method, f"{GATEWAY}/rest/api/3/webhook{path}", headers=headers, auth=NOBODY, **more)


def test_dynamic_webhooks_live_thirty_days_unless_refreshed(jira: Jira, receiver: Hook) -> None:
    taker, url = receiver
    one = {"events": ["jira:issue_updated"], "jqlFilter": "project = ENG", "fieldIdsFilter": ["summary"]}
    odd = {"events": ["jira:issue_updated"], "jqlFilter": "labels = vip"}
    jira.load(an_issue("ENG-1"))

    made = app(jira, "POST", json={"url": url, "webhooks": [one, odd]}).json()["webhookRegistrationResult"]
    jira.act("ENG-1", fields={"summary": "First"})
    jira.act("ENG-1", fields={"labels": ["passed-over"]})
    all_sent(jira)
    jira.clock.forward(29 * 86_400)
    renewed = app(jira, "PUT", "/refresh", json={"webhookIds": [1]}).json()["expirationDate"]
    jira.clock.forward(29 * 86_400)
    jira.act("ENG-1", fields={"summary": "Second"})
    all_sent(jira)
    jira.clock.forward(2 * 86_400)
    jira.act("ENG-1", fields={"summary": "Too late"})
    all_sent(jira)

    assert made == [{"createdWebhookId": 1}, {"errors": ["The clause labels is unsupported"]}]
    assert [event["issue"]["fields"]["summary"] for event in events(taker)] == ["First", "Second"]
    assert [event["matchedWebhookIds"] for event in events(taker)] == [[1], [1]]
    listed = app(jira, "GET").json()
    assert ([hook["expirationDate"] for hook in listed["values"]], listed["total"]) == ([renewed], 1)
    assert app(jira, "DELETE", json={"webhookIds": [1, 99]}).status_code == 202
    assert app(jira, "GET").json()["values"] == []
    assert app(jira, "GET", "/failed").status_code == 403


def test_a_dynamic_webhook_carries_a_bearer_token(jira: Jira, receiver: Hook) -> None:
    taker, url = receiver
    one = {"events": ["issue_property_set"], "jqlFilter": "project = ENG", "issuePropertyKeysFilter": ["makewhole"]}
    jira.load(an_issue("ENG-1"))
    app(jira, "POST", json={"url": url, "webhooks": [one]})

    jira.act("ENG-1", property={"key": "other", "value": 1})
    jira.act("ENG-1", property={"key": "makewhole", "value": {"case": "C-1"}})

    all_sent(jira)
    (taken,) = taker.received
    head, claims, signed = taken.headers["authorization"].removeprefix("Bearer ").split(".")
    digest = hmac.new(CLIENT["client_secret"].encode(), f"{head}.{claims}".encode(), hashlib.sha256).digest()
    assert base64.urlsafe_b64encode(digest).decode().rstrip("=") == signed
    assert "x-hub-signature" not in taken.headers
    assert json.loads(taken.body)["property"] == {"key": "makewhole", "value": {"case": "C-1"}}


def test_a_webhook_without_body_says_only_that_something_happened(jira: Jira, receiver: Hook) -> None:
    taker, url = receiver
    sent = {"name": "A", "url": url, "events": ["jira:issue_created"], "excludeBody": True}
    jira.http.post("/rest/webhooks/1.0/webhook", json=sent)

    jira.create()

    all_sent(jira)
    assert [one.body for one in taker.received] == [b""]


def test_a_load_is_silent_unless_it_says_otherwise(jira: Jira, receiver: Hook) -> None:
    taker, url = receiver
    register(jira, url)

    jira.load(an_issue("ENG-1"))
    jira.load(an_issue("ENG-2"), notify=True)

    all_sent(jira)
    assert [event["issue"]["key"] for event in events(taker)] == ["ENG-2"]
