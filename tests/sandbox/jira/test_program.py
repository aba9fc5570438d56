"""Jira beside the other vendors in one program, and the control plane that tests and demos use."""

import httpx
import pytest

from sandbox.app import create_sandbox
from sandbox.jira.app import create_app
from tests.sandbox.jira.site import BOT, CLIENT, GATEWAY, Jira, an_issue
from tests.sandbox.zendesk.served import Clock, served


def test_jira_is_mounted_with_its_gateway() -> None:
    with served(create_sandbox(seed=False, pace="fast")) as url, httpx.Client(base_url=url, trust_env=False) as http:
        site = http.get("/jira/rest/api/3/myself", auth=BOT)
        token = http.post("/jira/oauth/token", json={"grant_type": "client_credentials", **CLIENT}).json()
        headers = {"Authorization": f"Bearer {token['access_token']}"}
        app = http.get(f"/jira{GATEWAY}/rest/api/3/myself", headers=headers)
        nowhere = http.get("/jira/rest/api/3/paid", auth=BOT)
        index = http.get("/")

    assert [site.status_code, app.status_code, nowhere.status_code] == [200, 200, 404]
    assert "harbor.atlassian.net" in index.text


def test_an_app_starts_with_a_seed_and_a_webhook() -> None:
    seed = {"issues": [an_issue("ENG-1"), an_issue("CARE-7")]}
    app = create_app(clock=Clock(), seed=seed, webhook_url="http://127.0.0.1:9/hook", pace="fast")

    with served(app) as url, httpx.Client(base_url=url, auth=BOT, trust_env=False) as http:
        state = http.get("/_sandbox/state").json()
        found = http.post("/rest/api/3/search/jql", json={"jql": "project in (ENG, CARE)", "fields": ["key"]}).json()

    assert [issue["key"] for issue in state["issues"]] == ["ENG-1", "CARE-7"]
    assert [hook["secret"] for hook in state["webhooks"]] == ["sandbox-jira-webhook-secret"]
    assert [issue["key"] for issue in found["issues"]] == ["CARE-7", "ENG-1"]
    assert state["settings"]["search_lag_seconds"] == 0


def test_the_state_shows_everything_of_an_issue(jira: Jira) -> None:
    jira.load(an_issue("ENG-1", comments=[{"body": "hello", "internal": True}], properties={"mw": {"n": 1}}))
    jira.act("ENG-1", remote_link={"object": {"url": "https://a.example", "title": "Case"}, "globalId": "g"})
    jira.load(an_issue("ENG-2"))
    jira.act("ENG-1", link={"type": "Relates", "to": "ENG-2"})

    (issue,) = jira.http.get("/_sandbox/state", params={"issues": "ENG-1", "deliveries": "no"}).json()["issues"]

    assert issue["comments"][0]["properties"] == [{"key": "sd.public.comment", "value": {"internal": True}}]
    assert (issue["properties"], issue["remote_links"][0]["globalId"]) == ({"mw": {"n": 1}}, "g")
    assert [history["items"][0]["field"] for history in issue["histories"]] == ["RemoteWorkItemLink", "Link"]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("issues", {"issues": [{"key": "NOPE-1"}]}),
        ("issues", {"issues": [{"key": "ENG-1", "fields": {"status": "Shipped"}}]}),
        ("issues", {"issues": [{"key": "ENG-1", "created": "2026-11-22T11:00:00"}]}),
        ("issues", {"issues": "ENG-1"}),
        ("settings", {"speed": 3}),
        ("settings", {"reads_per_second": 1.5}),
        ("settings", {"pace": "slow"}),
        ("agents/act", {"issue": "ENG-1"}),
        ("issues", {"people": [{"shoe_size": 43}]}),
        ("tokens", {"email": "nobody@harbor.example", "token": "x"}),
        ("faults", {"fault": "rain"}),
    ],
)
def test_a_wrong_control_request_is_refused(lasting: Jira, path: str, body: dict[str, object]) -> None:
    assert lasting.http.post(f"/_sandbox/{path}", json=body).status_code in (400, 404)
    assert lasting.state()["issues"] == []
