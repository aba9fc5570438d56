"""What the tests of the sandbox Jira speak with: texts as documents, issues for the bulk load, who logs in how."""

from typing import Any

import httpx

from sandbox.jira.records import CLOUD_ID

BOT = ("bot@harbor.example", "sandbox-jira-token")
LENA = ("lena.vogel@harbor.example", "sandbox-jira-token")
GATEWAY = f"/ex/jira/{CLOUD_ID}"
CLIENT = {"client_id": "sandbox-jira-client", "client_secret": "sandbox-jira-client-secret"}


def document(text: str) -> dict[str, Any]:
    """Return a document of one paragraph."""
    return {
        "type": "doc",
        "version": 1,
        "content": [{"type": "paragraph", "content": [{"type": "text", "text": text}]}],
    }


def an_issue(key: str, **given: Any) -> dict[str, Any]:
    """Return an issue for the bulk load: from an hour before noon, unless said otherwise."""
    fields = {"summary": f"Issue {key}", "description": "My OKB position was liquidated.", **given.pop("fields", {})}
    return {"key": key, "created": "2026-11-22T11:00:00Z", "fields": fields, **given}


NOBODY = httpx.Auth()
"""Asks without the login of the client."""


class Jira:
    """The sandbox under test: its address, clock, a client logged in as the bot, and the control plane."""

    def __init__(self, url: str, clock: Any, http: httpx.Client) -> None:
        self.url = url
        self.clock = clock
        self.http = http

    def load(self, *issues: dict[str, Any], **more: Any) -> Any:
        return self.http.post("/_sandbox/issues", json={"issues": list(issues), **more}).raise_for_status().json()

    def settings(self, **given: Any) -> None:
        self.http.post("/_sandbox/settings", json=given).raise_for_status()

    def fault(self, **given: Any) -> None:
        self.http.post("/_sandbox/faults", json=given).raise_for_status()

    def state(self) -> Any:
        return self.http.get("/_sandbox/state").raise_for_status().json()

    def act(self, issue: str, **given: Any) -> Any:
        return self.http.post("/_sandbox/agents/act", json={"issue": issue, **given}).raise_for_status().json()

    def get(self, path: str, **query: Any) -> Any:
        return self.http.get(f"/rest/api/3/{path}", params=query or None).raise_for_status().json()

    def post(self, path: str, body: Any) -> httpx.Response:
        return self.http.post(f"/rest/api/3/{path}", json=body)

    def put(self, path: str, body: Any) -> httpx.Response:
        return self.http.put(f"/rest/api/3/{path}", json=body)

    def delete(self, path: str, **query: Any) -> httpx.Response:
        return self.http.delete(f"/rest/api/3/{path}", params=query or None)

    def create(self, project: str = "ENG", kind: str = "Task", **fields: Any) -> str:
        """Create an issue and return its key."""
        sent = {"project": {"key": project}, "issuetype": {"name": kind}, "summary": "Late payout", **fields}
        return str(self.post("issue", {"fields": sent}).raise_for_status().json()["key"])

    def search(self, jql: str, **body: Any) -> Any:
        return self.post("search/jql", {"jql": jql, **body}).raise_for_status().json()

    def keys(self, jql: str) -> list[str]:
        """Return the keys of the hits of a query, in order."""
        return [issue["key"] for issue in self.search(jql, fields=["key"])["issues"]]

    def refused(self, jql: str) -> list[str]:
        """Return what the vendor says of a query it refuses."""
        answer = self.post("search/jql", {"jql": jql})
        assert answer.status_code == 400, answer.text
        messages: list[str] = answer.json()["errorMessages"]
        return messages
