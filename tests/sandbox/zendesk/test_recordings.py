"""Recorded exchanges of a real account, as far as they touch what the sandbox serves.

The recordings are about users/me, organizations (which the sandbox does not have) and the 201 of a new webhook. What
they prove beyond that holds for every resource: not found, the pages by cursor, the 400 for too many ids.
"""

import gzip
import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.sandbox.zendesk.conftest import Zendesk
from tests.sandbox.zendesk.served import a_ticket

KNOWN = ("authentication_test_correct_oauthtoken", "authentication_test_correct_u_token")
STRANGERS = ("authentication_test_incorrect_token", "authentication_test_incorrect_u_p", "authentication_test_no_creds")


def exchanges(shared: Path, name: str) -> Any:
    path = shared / "vendor" / "zendesk" / "recorded-node-zendesk" / f"{name}.json"
    return json.loads(path.read_text(encoding="utf-8"))


def body_of(exchange: dict[str, Any]) -> Any:
    response = exchange["response"]
    if isinstance(response, list):
        return json.loads(gzip.decompress(bytes.fromhex("".join(response))))
    return response


@pytest.mark.parametrize("name", KNOWN)
def test_somebody_known_is_answered_as_recorded(zendesk: Zendesk, shared: Path, name: str) -> None:
    (exchange,) = exchanges(shared, name)
    token = httpx.BasicAuth("bot@harbor.example/token", "sandbox-api-token")
    auth = token if name.endswith("u_token") else httpx.USE_CLIENT_DEFAULT

    answer = zendesk.http.request(exchange["method"], exchange["path"], auth=auth)

    assert answer.status_code == exchange["status"]
    assert answer.json().keys() == exchange["response"].keys()
    assert answer.json()["user"]["name"] == "Makewhole"


@pytest.mark.parametrize("name", STRANGERS)
def test_a_stranger_is_answered_as_recorded(zendesk: Zendesk, shared: Path, name: str) -> None:
    (exchange,) = exchanges(shared, name)
    with httpx.Client(base_url=zendesk.url, trust_env=False) as http:
        auth = None if name.endswith("no_creds") else httpx.BasicAuth("somebody@else.example", "wrong")

        answer = http.request(exchange["method"], exchange["path"], auth=auth)

    assert answer.status_code == exchange["status"]
    assert answer.json()["user"]["name"] == exchange["response"]["user"]["name"]


def test_a_new_webhook_is_answered_as_recorded(zendesk: Zendesk, shared: Path) -> None:
    (exchange,) = exchanges(shared, "webhooks_endpoint")
    sent = {"name": "A", "endpoint": "http://127.0.0.1:9/hook", "http_method": "POST", "request_format": "json"}

    answer = zendesk.http.request(exchange["method"], exchange["path"], json={"webhook": sent})

    assert answer.status_code == exchange["status"]


def test_not_found_is_answered_as_recorded(zendesk: Zendesk, shared: Path) -> None:
    (exchange,) = exchanges(shared, "organizations_test_delete_not_found_organization")
    gone = [one for one in exchanges(shared, "organizations_many_test_bulk_delete") if one["status"] == 404]

    answers = [zendesk.http.get("/api/v2/tickets/404.json"), zendesk.http.delete("/api/v2/tickets/404.json")]
    answers.append(zendesk.http.get("/api/v2/users/404.json"))

    for answer in answers:
        assert answer.status_code == exchange["status"]
        assert answer.json() == exchange["response"]
        assert {json.dumps(body_of(one)) for one in gone} == {json.dumps(answer.json())}


def test_pages_by_cursor_look_as_recorded(zendesk: Zendesk, shared: Path) -> None:
    recorded = [body_of(one) for one in exchanges(shared, "pagination_test_execute")]
    recorded += [body_of(one) for one in exchanges(shared, "organizations_test_list_all")]
    zendesk.load(a_ticket(7, comments=[{"body": "more"}, {"body": "and more"}]))

    pages = [zendesk.get("/api/v2/tickets/7/comments.json", **{"page[size]": 1})]
    while pages[-1]["comments"]:
        pages.append(zendesk.get(pages[-1]["links"]["next"].removeprefix("https://harbor.zendesk.com")))

    def shape(page: dict[str, Any], name: str) -> tuple[object, ...]:
        has_records, meta, links = bool(page[name]), page["meta"], page["links"]
        linked = tuple((key, value is not None) for key, value in sorted({**meta, **links}.items()))
        return has_records, meta["has_more"], linked

    assert [len(page["comments"]) for page in pages] == [1, 1, 1, 0]
    assert {shape(page, "comments") for page in pages} == {shape(page, "organizations") for page in recorded}


def test_a_merge_is_a_job_as_recorded(zendesk: Zendesk, shared: Path) -> None:
    names = ("organizations_many_test_update_multiple", "organizations_many_test_bulk_delete")
    recorded = [body_of(one).get("job_status") for name in names for one in exchanges(shared, name)]
    queued, done = (
        next(job for job in recorded if job and job["status"] == status) for status in ("queued", "completed")
    )
    zendesk.load(a_ticket(7), a_ticket(8))

    started = zendesk.http.post("/api/v2/tickets/7/merge.json", json={"ids": [8]}).json()["job_status"]
    finished = zendesk.get(f"/api/v2/job_statuses/{started['id']}.json")["job_status"]

    for ours, theirs in ((started, queued), (finished, done)):
        assert set(theirs) <= set(ours)
        assert {name for name in theirs if ours[name] is None} == {name for name in theirs if theirs[name] is None}
    assert set(done["results"][0]) == set(finished["results"][0])
