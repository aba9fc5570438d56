"""Who gets in, for how long, and how often."""

import httpx
import pytest

from tests.sandbox.zendesk.conftest import Zendesk
from tests.sandbox.zendesk.served import TOKEN_REQUEST, a_ticket

INVALID_TOKEN = {
    "error": "invalid_token",
    "error_description": "The access token provided is expired, revoked, malformed or invalid for other reasons.",
}
STRANGER = {"Authorization": "Basic bm9ib2R5Ondyb25n"}


def test_a_token_expires(zendesk: Zendesk) -> None:
    zendesk.load(a_ticket(7))
    zendesk.clock.forward(1_800)

    expired = zendesk.http.get("/api/v2/tickets/7.json")

    assert (expired.status_code, expired.json()) == (401, INVALID_TOKEN)
    fresh = zendesk.http.post("/oauth/tokens", json={**TOKEN_REQUEST, "expires_in": 300}).json()
    assert (fresh["token_type"], fresh["expires_in"]) == ("bearer", 300)
    headers = {"Authorization": f"Bearer {fresh['access_token']}"}
    assert zendesk.http.get("/api/v2/tickets/7.json", headers=headers).status_code == 200


def test_a_token_revoked_in_the_middle_of_a_run_needs_a_new_one(zendesk: Zendesk) -> None:
    zendesk.load(a_ticket(7))
    zendesk.fault(fault="expired_token", match="PUT /api/v2/tickets", times=1)

    first, second = zendesk.put(7, status="open"), zendesk.put(7, status="open")

    assert (first.status_code, second.status_code) == (401, 401)
    assert first.json() == INVALID_TOKEN


def test_a_refresh_token_is_good_once(zendesk: Zendesk) -> None:
    refresh = zendesk.http.post("/oauth/tokens", json=TOKEN_REQUEST).json()["refresh_token"]
    body = {**TOKEN_REQUEST, "grant_type": "refresh_token", "refresh_token": refresh}

    first, second = (zendesk.http.post("/oauth/tokens", data=body) for _ in range(2))

    assert (first.status_code, second.status_code) == (200, 400)
    assert second.json()["error"] == "invalid_grant"


@pytest.mark.parametrize(
    ("change", "status", "error"),
    [
        ({"client_secret": "wrong"}, 401, "invalid_client"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({"expires_in": 60}, 400, "invalid_request"),
    ],
)
def test_a_bad_token_request_is_refused(zendesk: Zendesk, change: dict[str, object], status: int, error: str) -> None:
    answer = zendesk.http.post("/oauth/tokens", json={**TOKEN_REQUEST, **change})

    assert (answer.status_code, answer.json()["error"]) == (status, error)


def test_a_token_for_reading_does_not_write(zendesk: Zendesk) -> None:
    zendesk.load(a_ticket(7))
    token = zendesk.http.post("/oauth/tokens", json={**TOKEN_REQUEST, "scope": "read"}).json()["access_token"]
    headers = {"Authorization": f"Bearer {token}"}

    refused = zendesk.http.put("/api/v2/tickets/7.json", json={"ticket": {"status": "open"}}, headers=headers)

    assert refused.status_code == 403
    assert zendesk.http.get("/api/v2/tickets/7.json", headers=headers).json()["ticket"]["status"] == "new"


def test_the_legacy_token_and_the_stranger(zendesk: Zendesk) -> None:
    zendesk.load(a_ticket(7))
    known = httpx.BasicAuth("bot@harbor.example/token", "sandbox-api-token")
    password = httpx.BasicAuth("bot@harbor.example", "sandbox-api-token")
    with httpx.Client(base_url=zendesk.url, trust_env=False) as http:
        answers = [http.get("/api/v2/tickets/7.json", auth=auth) for auth in (known, password)]
        nobody = http.get("/api/v2/tickets/7.json")

    assert [answer.status_code for answer in answers] == [200, 401]
    assert (nobody.status_code, nobody.json()) == (401, {"error": "Couldn't authenticate you"})


def test_the_account_has_a_limit_and_says_so(zendesk: Zendesk) -> None:
    zendesk.settings(requests_per_minute=3)

    answers = [zendesk.http.get("/api/v2/users/me.json") for _ in range(4)]

    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert [answer.headers["x-rate-limit-remaining"] for answer in answers[:3]] == ["2", "1", "0"]
    assert answers[0].headers["x-rate-limit"] == "3"
    assert answers[0].headers["ratelimit-reset"] == "60"
    assert answers[3].headers["retry-after"] == "60"


def test_one_ticket_takes_30_updates_in_ten_minutes(zendesk: Zendesk) -> None:
    zendesk.load(a_ticket(7), a_ticket(8))

    answers = [zendesk.put(7, additional_tags=[f"t{n}"]).status_code for n in range(31)]

    assert answers == [200] * 30 + [429]
    assert zendesk.put(8, status="open").status_code == 200


def test_search_finds_a_write_only_later(zendesk: Zendesk) -> None:
    zendesk.load(a_ticket(7), a_ticket(8, status="open"))
    zendesk.put(7, status="open")

    def found(query: str) -> list[int]:
        return [result["id"] for result in zendesk.get("/api/v2/search.json", query=query)["results"]]

    assert found("type:ticket status:open") == [8]
    zendesk.clock.forward(31)
    assert found("type:ticket status:open updated>=2026-11-22T11:00:00Z") == [7, 8]
    assert found("type:ticket status<open") == []
    assert found("type:ticket requester:ana@mail.example liquidated -status:new") == [7, 8]
    zendesk.put(8, additional_tags=["late"])
    zendesk.clock.forward(31)
    zendesk.fault(fault="search_lag", seconds=100, times=1)
    assert found("tags:late") == []
    assert found("tags:late") == [8]
    assert zendesk.http.get("/api/v2/search.json", params={"query": "colour:red"}).status_code == 422
    users = zendesk.get("/api/v2/search.json", query="type:user external_id:C-100023")["results"]
    assert [(user["id"], user["result_type"]) for user in users] == [(20_001, "user")]


def test_an_unknown_path_is_no_endpoint(zendesk: Zendesk) -> None:
    answer = zendesk.http.get("/api/v2/unheard_of.json")

    assert (answer.status_code, answer.json()["error"]) == (404, "InvalidEndpoint")


def test_the_account_says_which_ratings_it_uses(zendesk: Zendesk) -> None:
    settings = zendesk.get("/api/v2/account/settings.json")["settings"]

    assert settings["active_features"]["customer_satisfaction"] is True
