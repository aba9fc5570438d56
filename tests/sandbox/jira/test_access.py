"""Who gets in, who is nobody, and who asks too much."""

from datetime import UTC, datetime

import httpx
import pytest

from tests.sandbox.jira.site import BOT, CLIENT, GATEWAY, LENA, NOBODY, Jira, an_issue, document

FAILED = "AUTHENTICATED_FAILED"


def as_somebody(jira: Jira, auth: tuple[str, str] | None) -> httpx.Client:
    return httpx.Client(base_url=jira.url, auth=auth, trust_env=False)


def app_token(jira: Jira, **sent: str) -> dict[str, str]:
    body = {"grant_type": "client_credentials", **CLIENT, **sent}
    token = jira.http.post("/oauth/token", json=body, auth=NOBODY).raise_for_status().json()
    return {"Authorization": f"Bearer {token['access_token']}", "refresh": token["refresh_token"]}


def test_a_wrong_token_is_nobody_and_only_myself_says_so(jira: Jira) -> None:
    jira.load(an_issue("ENG-1"))
    with as_somebody(jira, ("bot@harbor.example", "wrong")) as http:
        me = http.get("/rest/api/3/myself")
        issue = http.get("/rest/api/3/issue/ENG-1")
        search = http.get("/rest/api/3/search/jql", params={"jql": "project = ENG"})
        projects = http.get("/rest/api/3/project/search")

    assert (me.status_code, me.text) == (401, "Client must be authenticated to access this resource.")
    assert me.headers["www-authenticate"] == 'OAuth realm="https%3A%2F%2Fharbor.atlassian.net"'
    assert me.headers["content-type"] == "text/html;charset=UTF-8"
    assert (issue.status_code, issue.json()["errorMessages"]) == (
        404,
        ["Issue does not exist or you do not have permission to see it."],
    )
    assert (search.status_code, search.json()) == (200, {"issues": [], "isLast": True})
    assert (projects.status_code, projects.json()["values"]) == (200, [])
    assert {one.headers["x-seraph-loginreason"] for one in (me, issue, search, projects)} == {FAILED}


def test_nobody_may_not_write(jira: Jira) -> None:
    with as_somebody(jira, None) as http:
        created = http.post("/rest/api/3/issue", json={"fields": {}})
        fields = http.get("/rest/api/3/field")

    assert [created.status_code, fields.status_code] == [401, 401]
    assert "x-seraph-loginreason" not in created.headers
    assert jira.state()["issues"] == []


def test_an_address_is_known_in_any_case(lasting: Jira) -> None:
    with as_somebody(lasting, ("Bot@Harbor.Example", BOT[1])) as http:
        assert http.get("/rest/api/3/myself").status_code == 200


def test_an_oauth_app_goes_through_the_gateway(jira: Jira) -> None:
    headers = app_token(jira)

    inside = jira.http.get(f"{GATEWAY}/rest/api/3/myself", headers=headers, auth=NOBODY)
    at_site = jira.http.get("/rest/api/3/myself", headers=headers, auth=NOBODY)
    site = jira.http.get("/oauth/token/accessible-resources", headers=headers, auth=NOBODY).json()[0]

    assert (inside.status_code, inside.json()["displayName"]) == (200, "Makewhole")
    assert (at_site.status_code, at_site.json()) == (403, {"error": "Failed to parse Connect Session Auth Token"})
    assert GATEWAY.endswith(site["id"])


def test_an_oauth_token_expires_and_is_refreshed(jira: Jira) -> None:
    headers = app_token(jira)
    jira.clock.forward(3_601)

    expired = jira.http.get(f"{GATEWAY}/rest/api/3/myself", headers=headers, auth=NOBODY)
    renewed = app_token(jira, grant_type="refresh_token", refresh_token=headers["refresh"])
    again = jira.http.get(f"{GATEWAY}/rest/api/3/myself", headers=renewed, auth=NOBODY)

    assert (expired.status_code, expired.json()) == (401, {"code": 401, "message": "Unauthorized"})
    assert again.status_code == 200


@pytest.mark.parametrize(
    ("sent", "status"),
    [({"client_secret": "wrong"}, 401), ({"grant_type": "password"}, 400), ({"grant_type": "refresh_token"}, 403)],
)
def test_a_wrong_token_request_is_refused(lasting: Jira, sent: dict[str, str], status: int) -> None:
    body = {"grant_type": "client_credentials", **CLIENT, **sent}

    assert lasting.http.post("/oauth/token", json=body, auth=NOBODY).status_code == status


def test_a_token_revoked_mid_run_makes_issues_disappear(jira: Jira) -> None:
    jira.load(an_issue("ENG-1"))
    jira.fault(fault="expired_token", times=1)

    answers = [jira.http.get("/rest/api/3/issue/ENG-1") for _ in range(2)]
    jira.http.post("/_sandbox/tokens", json={"email": BOT[0], "token": BOT[1]})

    assert [(one.status_code, one.headers["x-seraph-loginreason"]) for one in answers] == [(404, FAILED)] * 2
    assert jira.get("issue/ENG-1")["key"] == "ENG-1"


def test_bursts_are_limited_per_path_and_method(jira: Jira) -> None:
    jira.settings(reads_per_second=3)

    answers = [jira.http.get("/rest/api/3/priority") for _ in range(4)]
    other_path = jira.http.get("/rest/api/3/status")
    jira.clock.forward(1)
    later = jira.http.get("/rest/api/3/priority")

    refused = answers[-1]
    assert [one.status_code for one in answers] == [200, 200, 200, 429]
    assert [one.headers["x-ratelimit-remaining"] for one in answers] == ["2", "1", "0", "0"]
    assert (refused.headers["retry-after"], refused.headers["ratelimit-reason"]) == ("1", "jira-burst-based")
    assert refused.headers["x-ratelimit-reset"] == "2026-11-22T12:00:01Z"
    assert [other_path.status_code, later.status_code] == [200, 200]


def test_one_issue_takes_twenty_writes_in_two_seconds(jira: Jira) -> None:
    jira.load(an_issue("ENG-1"), an_issue("ENG-2"))
    body = {"body": document("again")}

    answers = [jira.post("issue/ENG-1/comment", body) for _ in range(21)]
    other = jira.post("issue/ENG-2/comment", body)
    jira.clock.forward(2)
    later = jira.post("issue/ENG-1/comment", body)

    assert [one.status_code for one in answers] == [201] * 20 + [429]
    assert answers[-1].headers["ratelimit-reason"] == "jira-per-issue-on-write"
    assert [other.status_code, later.status_code] == [201, 201]
    assert jira.get("issue/ENG-1/comment")["total"] == 21


def test_one_issue_takes_a_hundred_writes_in_thirty_seconds(jira: Jira) -> None:
    jira.load(an_issue("ENG-1"))
    statuses = []
    for _ in range(6):
        statuses += [jira.put("issue/ENG-1/properties/mw", {"n": 1}).status_code for _ in range(20)]
        jira.clock.forward(2)

    assert statuses.count(429) == 20
    assert statuses[:100].count(429) == 0


def test_an_apps_hour_is_limited_by_points(jira: Jira) -> None:
    jira.settings(points_per_hour=5)
    headers = app_token(jira)

    answers = [jira.http.get(f"{GATEWAY}/rest/api/3/priority", headers=headers, auth=NOBODY) for _ in range(6)]

    assert [one.status_code for one in answers] == [200] * 5 + [429]
    assert answers[-1].headers["ratelimit-reason"] == "jira-quota-global-based"
    assert answers[-1].headers["retry-after"] == "3600"
    assert [one.headers.get("x-ratelimit-nearlimit") for one in answers[:5]] == [None, None, None, None, "true"]
    assert jira.http.get("/rest/api/3/priority").status_code == 200


def test_every_trouble_of_the_wire_can_be_switched_on(jira: Jira) -> None:
    jira.load(an_issue("ENG-1"))
    for fault in ("rate_limited", "unavailable", "dropped_before", "dropped_after_write", "cut_after_write"):
        jira.fault(fault=fault, match="POST /rest/api/3/issue/ENG-1/comment", times=1, retry_after=7)
    outcomes = []
    for number in range(6):
        try:
            answer = jira.post("issue/ENG-1/comment", {"body": document(f"note {number}")})
            outcomes.append((answer.status_code, answer.headers.get("ratelimit-reason")))
        except httpx.TransportError as error:
            outcomes.append((0, type(error).__name__))

    assert outcomes[0] == (429, "jira-burst-based")
    assert outcomes[1] == (503, None)
    assert [status for status, _ in outcomes[2:]] == [0, 0, 0, 201]
    bodies = [one["body"]["content"][0]["content"][0]["text"] for one in jira.get("issue/ENG-1/comment")["comments"]]
    assert bodies == ["note 3", "note 4", "note 5"]


@pytest.mark.parametrize(
    ("fault", "reason"),
    [("quota_exhausted", "jira-quota-tenant-based"), ("issue_rate_limited", "jira-per-issue-on-write")],
)
def test_each_reason_of_a_429_can_be_switched_on(jira: Jira, fault: str, reason: str) -> None:
    jira.load(an_issue("ENG-1"))
    jira.fault(fault=fault, match="PUT", times=1, retry_after=9)

    refused = jira.put("issue/ENG-1", {"fields": {"summary": "New"}})

    assert (refused.status_code, refused.headers["retry-after"]) == (429, "9")
    assert refused.headers["ratelimit-reason"] == reason
    assert jira.get("issue/ENG-1")["fields"]["summary"] == "Issue ENG-1"


def test_dates_are_in_the_zone_of_who_asks(jira: Jira) -> None:
    jira.load(an_issue("ENG-1"))
    with as_somebody(jira, ("hiro.sato@harbor.example", BOT[1])) as http:
        hiro = http.get("/rest/api/3/issue/ENG-1").json()["fields"]["created"]

    bot = jira.get("issue/ENG-1")["fields"]["created"]

    assert (bot, hiro) == ("2026-11-22T12:00:00.000+0100", "2026-11-22T20:00:00.000+0900")
    assert datetime.fromisoformat(bot) == datetime(2026, 11, 22, 11, tzinfo=UTC)


def test_an_agent_is_no_admin(lasting: Jira) -> None:
    with as_somebody(lasting, LENA) as http:
        asked = http.get("/rest/api/3/mypermissions", params={"permissions": "ADMINISTER"}).json()["permissions"]
        hooks = http.get("/rest/webhooks/1.0/webhook")

    assert asked["ADMINISTER"]["havePermission"] is False
    assert hooks.status_code == 403


def test_what_is_no_json_or_no_path_is_a_problem(lasting: Jira) -> None:
    text = lasting.http.post("/rest/api/3/search/jql", params={"jql": "project = ENG"})
    broken = lasting.http.post("/rest/api/3/issue", content=b"{", headers={"Content-Type": "application/json"})
    nowhere = lasting.http.get("/rest/api/3/paid")
    wrong_method = lasting.http.patch("/rest/api/3/myself")

    assert text.headers["content-type"] == "application/problem+json;charset=UTF-8"
    assert (text.status_code, text.json()["detail"]) == (415, "Content-Type 'null' is not supported.")
    assert (broken.status_code, list(broken.json())) == (400, ["errorMessages"])
    assert (nowhere.status_code, nowhere.json()["title"]) == (404, "Not Found")
    assert wrong_method.status_code == 405
