"""Recorded answers of public trackers (Server, version 2), as far as Cloud answers the same.

What Cloud gave up with usernames (`name`, `key` of people) and what only some projects have is left out, by the path it
begins with; what Cloud adds is allowed.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.sandbox.jira.site import Jira, an_issue


def recorded(shared: Path, name: str) -> Any:
    return json.loads((shared / "vendor" / "jira" / name).read_text(encoding="utf-8"))


def lacks(ours: Any, theirs: Any, path: str = "$") -> list[str]:
    """Return what a recorded body has and ours has not, or of another type; lists are compared by their first."""
    if isinstance(theirs, dict):
        if not isinstance(ours, dict):
            return [path]
        missing = [f"{path}.{name}" for name in theirs if name not in ours]
        return missing + [
            one for name in theirs if name in ours for one in lacks(ours[name], theirs[name], f"{path}.{name}")
        ]
    if isinstance(theirs, list):
        if not isinstance(ours, list):
            return [path]
        return lacks(ours[0], theirs[0], f"{path}[0]") if ours and theirs else []
    return [] if ours is None or theirs is None or isinstance(ours, type(theirs)) else [path]


@pytest.mark.parametrize(
    ("name", "path", "known"),
    [
        ("all_fields.json", "field", []),
        ("all_issuelinktypes.json", "issueLinkType", []),
        ("all_priorities.json", "priority", []),
        ("all_resolutions.json", "resolution", []),
        ("all_statuscategories.json", "statuscategory", []),
        ("all_statuses.json", "status", []),
        ("all_projects.json", "project", ["$[0].projectCategory"]),
        ("all_roles.json", "role", ["$[0].actors"]),
        ("project.json", "project/ENG", ["$.lead.name", "$.lead.key", "$.url", "$.roles."]),
        ("transitions.json", "issue/ENG-1/transitions?expand=transitions.fields", ["$.transitions[0].fields."]),
    ],
)
def test_an_answer_has_all_the_recorded_one_has(
    lasting: Jira, shared: Path, name: str, path: str, known: list[str]
) -> None:
    lasting.load(an_issue("ENG-1"))
    theirs = recorded(shared, f"recorded-go-jira/{name}")

    ours = lasting.http.get(f"/rest/api/2/{path}").json()

    # A client of that tracker had unpacked this one.
    theirs = {"issueLinkTypes": theirs} if path == "issueLinkType" else theirs
    assert [one for one in lacks(ours, theirs) if not one.startswith(tuple(known))] == []


def test_a_recorded_remote_link_comes_back_as_it_was(jira: Jira, shared: Path) -> None:
    jira.load(an_issue("ENG-1"))
    theirs = recorded(shared, "recorded-go-jira/remote_links.json")

    for link in theirs:
        sent = {name: link[name] for name in ("globalId", "application", "relationship", "object")}
        assert jira.post("issue/ENG-1/remotelink", sent).status_code == 201

    ours = jira.get("issue/ENG-1/remotelink")
    for mine, link in zip(ours, theirs, strict=True):
        assert {name: mine[name] for name in link if name not in ("id", "self")} == {
            name: link[name] for name in link if name not in ("id", "self")
        }


def test_a_change_log_looks_as_recorded(jira: Jira, shared: Path) -> None:
    jira.load(an_issue("ENG-1"))
    jira.act("ENG-1", fields={"priority": {"name": "High"}})
    theirs = recorded(shared, "recorded-sling/changelog/SLING-0004.json")

    ours = jira.get("issue/ENG-1", expand="changelog", fields="summary")

    assert lacks(ours, theirs) == []


@pytest.mark.parametrize("name", ["transitions", "no-transitions"])
def test_transitions_look_as_recorded(jira: Jira, shared: Path, name: str) -> None:
    jira.load(an_issue("ENG-1"))
    theirs = recorded(shared, f"recorded-sling/transitions/{name}.json")

    ours = jira.get("issue/ENG-1/transitions")

    assert lacks(ours, theirs) == []
