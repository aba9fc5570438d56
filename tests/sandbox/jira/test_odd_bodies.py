"""Bodies no client should send: each is refused or taken, and never breaks the server."""

import itertools
from typing import Any

import httpx
import pytest

from tests.sandbox.jira.site import BOT, CLIENT, GATEWAY, Jira, an_issue, document

ODD: tuple[Any, ...] = (
    None,
    0,
    -1,
    True,
    "",
    "x",
    1.5,
    [],
    [None],
    [[]],
    {},
    {"a": 1},
    [{"a": []}],
    {"id": {}},
    {"key": []},
)

PLACES: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("POST", "issue", ("fields", "update", "properties", "transition")),
    ("POST", "issue/bulk", ("issueUpdates",)),
    ("PUT", "issue/ENG-1", ("fields", "update", "properties")),
    ("POST", "issue/ENG-1/transitions", ("transition", "fields", "update")),
    ("POST", "issue/ENG-1/comment", ("body", "visibility", "properties")),
    ("POST", "issue/ENG-1/remotelink", ("object", "globalId", "application", "relationship")),
    ("POST", "issueLink", ("type", "outwardIssue", "inwardIssue", "comment")),
    ("POST", "issue/bulkfetch", ("issueIdsOrKeys", "fields", "expand", "properties")),
    ("POST", "changelog/bulkfetch", ("issueIdsOrKeys", "fieldIds")),
    ("POST", "comment/list", ("ids",)),
    (
        "POST",
        "search/jql",
        ("jql", "nextPageToken", "maxResults", "fields", "expand", "properties", "reconcileIssues"),
    ),
    ("POST", "search/approximate-count", ("jql",)),
    ("PUT", "issue/ENG-1/assignee", ("accountId",)),
)
RIGHT: dict[str, Any] = {
    "issue": {"fields": {"project": {"key": "ENG"}, "issuetype": {"name": "Task"}, "summary": "Right"}},
    "issue/ENG-1/comment": {"body": document("Right")},
    "issue/ENG-1/remotelink": {"object": {"url": "https://a.example", "title": "Right"}},
    "issueLink": {"type": {"name": "Blocks"}, "outwardIssue": {"key": "ENG-1"}, "inwardIssue": {"key": "ENG-2"}},
    "issue/bulkfetch": {"issueIdsOrKeys": ["ENG-1"]},
    "changelog/bulkfetch": {"issueIdsOrKeys": ["ENG-1"]},
    "search/jql": {"jql": "project = ENG", "fields": ["summary"]},
}
FIELDS = ("summary", "description", "labels", "priority", "assignee", "parent", "issuetype", "project", "status")
CUSTOM = ("customfield_10101", "customfield_10102", "customfield_10106", "customfield_10115", "nonsense")


@pytest.fixture(scope="module")
def site(lasting: Jira) -> Jira:
    lasting.http.post("/_sandbox/settings", json={"pace": "fast"})
    lasting.load(an_issue("ENG-1"), an_issue("ENG-2"), an_issue("CARE-1"))
    return lasting


@pytest.mark.parametrize(("method", "path", "names"), PLACES)
def test_an_odd_part_of_a_body_is_refused_in_the_vendors_form(
    site: Jira, method: str, path: str, names: tuple[str, ...]
) -> None:
    for name, odd in itertools.product(names, ODD):
        body = {**RIGHT.get(path, {}), name: odd}
        answer = site.http.request(method, f"/rest/api/3/{path}", json=body)
        assert answer.status_code < 500, f"{name}: {odd!r}: {answer.text}"
        if answer.status_code >= 400:
            assert answer.json().keys() & {"errorMessages", "errors"}, f"{name}: {odd!r}: {answer.text}"
    for odd in ODD:
        assert site.http.request(method, f"/rest/api/3/{path}", json=odd).status_code < 500


def test_an_odd_field_is_refused_by_name(site: Jira) -> None:
    for name, odd in itertools.product((*FIELDS, *CUSTOM), ODD):
        for body in (
            {"fields": {name: odd}},
            {"update": {name: odd}},
            {"update": {name: [{"set": odd}, {"add": odd}]}},
        ):
            for version in (2, 3):
                answer = site.http.put(f"/rest/api/{version}/issue/ENG-2", json=body)
                assert answer.status_code in (204, 400), f"{body}: {answer.text}"


def test_odd_requests_of_service_management_are_refused(site: Jira) -> None:
    for odd in ODD:
        for body in ({"body": odd}, {"body": "x", "public": odd}, odd):
            answer = site.http.post("/rest/servicedeskapi/request/CARE-1/comment", json=body)
            assert answer.status_code < 500, f"{body}: {answer.text}"


def test_odd_webhooks_are_refused(site: Jira) -> None:
    token = site.http.post("/oauth/token", json={"grant_type": "client_credentials", **CLIENT}).json()
    names = ("name", "url", "events", "filters", "secret", "enabled", "jqlFilter", "fieldIdsFilter")
    right = {"name": "A", "url": "http://127.0.0.1:9", "events": ["comment_created"], "jqlFilter": "project = ENG"}
    with httpx.Client(base_url=site.url, trust_env=False) as http:
        for name, odd in itertools.product(names, ODD):
            body = {**right, name: odd}
            admin = http.post("/rest/webhooks/1.0/webhook", json=body, auth=BOT)
            dynamic = http.post(
                f"{GATEWAY}/rest/api/3/webhook",
                json={"url": "http://127.0.0.1:9", "webhooks": [body]},
                headers={"Authorization": f"Bearer {token['access_token']}"},
            )
            assert max(admin.status_code, dynamic.status_code) < 500, f"{name}: {odd!r}"


@pytest.mark.parametrize(
    "jql",
    [
        "(((((",
        "project",
        "project in",
        "project in (",
        "project in ()",
        "project in (ENG",
        "project = ENG ORDER",
        "project = ENG ORDER BY",
        "project = ENG ORDER BY ,",
        "NOT",
        "= ENG",
        "project = currentUser()",
        "assignee = membersOf(admins)",
        "updated >= currentUser()",
        "updated in (-5m, now())",
        "key > EMPTY",
        "key in (EMPTY)",
        "text ~ EMPTY",
        "summary ~ ()",
        'summary ~ ""',
        "cf[99] = 1",
        "issue.property[] = 1",
        "status WAS Done",
        "status CHANGED",
        "project = ENG AND AND key = ENG-1",
        "labels = EMPTY",
        "labels in (EMPTY, vip)",
        '"Claimed amount" > many',
        "created = 99999999999999",
        "updated >= -99999999w",
        "NOT " * 200 + "project = ENG",
        "project = ENG " + "OR key = ENG-1 " * 500,
    ],
)
def test_an_odd_query_is_answered_or_refused(site: Jira, jql: str) -> None:
    answer = site.http.post("/rest/api/3/search/jql", json={"jql": jql, "fields": ["key"]})

    assert answer.status_code in (200, 400), answer.text
    if answer.status_code == 400:
        assert answer.json()["errorMessages"]
