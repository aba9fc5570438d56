"""Issues over REST: written, refused, taken through the workflow, moved, deleted, and what the change log says."""

from typing import Any

import pytest

from sandbox.jira.adf import is_document, text_of
from tests.sandbox.jira.site import BOT, Jira, an_issue, document

NOT_ADF = "Operation value must be an Atlassian Document (see the Atlassian Document Format)"


def text(length: int) -> dict[str, Any]:
    return document("x" * length)


def errors(answer: Any) -> Any:
    assert answer.status_code == 400, answer.text
    return answer.json()["errors"]


def test_an_issue_is_created_and_read(jira: Jira) -> None:
    key = jira.create(
        kind="Bug",
        description=document("Paid out late"),
        labels=["vip"],
        priority={"name": "High"},
        assignee={"accountId": "5b10ac8d82e05b22cc7d4ef5"},
        customfield_10101={"value": "Delayed withdrawal"},
        customfield_10102="ORD-1",
        customfield_10106=12.5,
        customfield_10115="https://cases.harbor.example/1",
    )

    fields = jira.get(f"issue/{key}")["fields"]

    assert (key, fields["summary"], fields["issuetype"]["name"]) == ("ENG-1", "Late payout", "Bug")
    assert fields["description"] == document("Paid out late")
    assert (fields["status"]["name"], fields["priority"]["name"]) == ("To Do", "High")
    assert (fields["reporter"]["displayName"], fields["assignee"]["displayName"]) == ("Makewhole", "Lena Vogel")
    assert (fields["customfield_10101"]["id"], fields["customfield_10106"]) == ("10204", 12.5)
    assert fields["created"] == fields["updated"] == "2026-11-22T13:00:00.000+0100"
    assert fields["customfield_10111"] is None


def test_sent_twice_an_issue_is_there_twice(jira: Jira) -> None:
    assert [jira.create(), jira.create()] == ["ENG-1", "ENG-2"]


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"description": "plain text"}, {"description": NOT_ADF}),
        ({"description": {"type": "doc", "content": []}}, {"description": NOT_ADF}),
        ({"description": text(32_768)}, {"description": "CONTENT_LIMIT_EXCEEDED"}),
        ({"summary": ""}, {"summary": "You must specify a summary of the issue."}),
        ({"summary": "a\nb"}, {"summary": "The summary is invalid because it contains newline characters."}),
        ({"summary": "x" * 256}, {"summary": "Summary can't exceed 255 characters."}),
        ({"labels": ["two words"]}, {"labels": "The label 'two words' contains spaces which is invalid."}),
        ({"customfield_10102": 7}, {"customfield_10102": "Operation value must be a string"}),
        (
            {"customfield_10102": "x" * 256},
            {"customfield_10102": "The entered text is too long. It exceeds the allowed limit of 255 characters."},
        ),
        ({"customfield_10106": "12.5"}, {"customfield_10106": "Operation value must be a number"}),
        ({"customfield_10101": {"value": "Rain"}}, {"customfield_10101": "Option value 'Rain' is not valid"}),
        ({"parent": {"key": "ENG-99"}}, {"parent": "Could not find issue by id or key."}),
        ({"project": {"key": "NOPE"}}, {"project": "Specify a valid project ID or key"}),
        ({"issuetype": {"name": "Incident"}}, {"issuetype": "Specify a valid issue type"}),
        (
            {"customfield_99": "x", "status": {"name": "Done"}},
            {
                name: f"Field '{name}' cannot be set. It is not on the appropriate screen, or unknown."
                for name in ("customfield_99", "status")
            },
        ),
    ],
)
def test_a_wrong_field_is_refused_by_name(lasting: Jira, fields: dict[str, Any], wrong: dict[str, str]) -> None:
    sent = {"project": {"key": "ENG"}, "issuetype": {"name": "Task"}, "summary": "Late", **fields}

    answer = lasting.post("issue", {"fields": sent})

    assert errors(answer) == wrong
    assert lasting.state()["issues"] == []


def test_what_is_missing_is_named(lasting: Jira) -> None:
    bare = lasting.post("issue", {"fields": {"project": {"key": "ENG"}}})
    subtask = lasting.post(
        "issue", {"fields": {"project": {"key": "ENG"}, "issuetype": {"name": "Sub-task"}, "summary": "Part"}}
    )

    assert set(errors(bare)) == {"summary", "issuetype"}
    assert set(errors(subtask)) == {"parent"}


def test_many_are_created_with_an_error_each(jira: Jira) -> None:
    right = {"project": {"key": "ENG"}, "issuetype": {"name": "Task"}, "summary": "One"}

    mixed = jira.post("issue/bulk", {"issueUpdates": [{"fields": right}, {"fields": {**right, "summary": ""}}]})
    none = jira.post("issue/bulk", {"issueUpdates": [{"fields": {}}]})

    assert mixed.status_code == 201
    assert [one["key"] for one in mixed.json()["issues"]] == ["ENG-1"]
    (wrong,) = mixed.json()["errors"]
    assert (wrong["failedElementNumber"], set(wrong["elementErrors"]["errors"])) == (1, {"summary"})
    assert none.status_code == 400


def test_an_edit_sets_adds_and_removes_in_one_go(jira: Jira) -> None:
    jira.load(an_issue("ENG-1", fields={"labels": ["old", "kept"]}))
    body = {
        "fields": {"customfield_10111": "approved", "description": document("New")},
        "update": {
            "labels": [{"add": "new"}, {"remove": "old"}],
            "summary": [{"set": "Changed"}],
            "comment": [
                {"add": {"body": document("Done so"), "visibility": {"type": "role", "value": "Administrators"}}}
            ],
        },
        "properties": [{"key": "makewhole", "value": {"revision": 2}}],
    }

    answer = jira.put("issue/ENG-1", body)

    fields = jira.get("issue/ENG-1")["fields"]
    assert (answer.status_code, answer.content) == (204, b"")
    assert (fields["summary"], fields["labels"]) == ("Changed", ["kept", "new"])
    assert fields["customfield_10111"] == "approved"
    (comment,) = fields["comment"]["comments"]
    assert comment["visibility"]["value"] == "Administrators"
    assert jira.get("issue/ENG-1/properties/makewhole")["value"] == {"revision": 2}


def test_one_wrong_field_stops_the_whole_edit(jira: Jira) -> None:
    jira.load(an_issue("ENG-1"))

    answer = jira.put("issue/ENG-1", {"fields": {"summary": "Changed", "customfield_10106": "much"}})

    assert errors(answer) == {"customfield_10106": "Operation value must be a number"}
    assert jira.get("issue/ENG-1")["fields"]["summary"] == "Issue ENG-1"


def test_a_field_taken_off_the_screen_cannot_be_set(jira: Jira) -> None:
    jira.load(an_issue("ENG-1"), an_issue("CARE-1"))
    jira.http.post("/_sandbox/screens", json={"project": "ENG", "remove": ["customfield_10111"]})
    body = {"fields": {"customfield_10111": "approved"}}

    engineering, care = jira.put("issue/ENG-1", body), jira.put("issue/CARE-1", body)

    assert errors(engineering) == {
        "customfield_10111": "Field 'customfield_10111' cannot be set. It is not on the appropriate screen, or unknown."
    }
    assert care.status_code == 204


def test_an_edit_that_changes_nothing_leaves_no_trace(jira: Jira) -> None:
    jira.load(an_issue("ENG-1"))

    jira.put("issue/ENG-1", {"fields": {"summary": "Issue ENG-1"}})

    assert jira.get("issue/ENG-1")["fields"]["updated"] == "2026-11-22T12:00:00.000+0100"
    assert jira.get("issue/ENG-1/changelog")["total"] == 0


def test_an_edit_can_return_the_issue(jira: Jira) -> None:
    jira.load(an_issue("ENG-1"))

    answer = jira.put("issue/ENG-1?returnIssue=true", {"fields": {"summary": "Changed"}})

    assert (answer.status_code, answer.json()["fields"]["summary"]) == (200, "Changed")


def test_a_transition_leaves_the_status_it_starts_from(jira: Jira) -> None:
    jira.load(an_issue("ENG-1"))
    possible = jira.get("issue/ENG-1/transitions")["transitions"]

    early = jira.post("issue/ENG-1/transitions", {"transition": {"id": "31"}})
    unknown = jira.post("issue/ENG-1/transitions", {"transition": {"id": "999"}})
    missing = jira.post("issue/ENG-1/transitions", {})
    started = jira.post("issue/ENG-1/transitions", {"transition": {"id": "11"}})

    assert [(one["id"], one["name"], one["to"]["name"]) for one in possible] == [
        ("11", "Start progress", "In Progress")
    ]
    assert early.json()["errorMessages"][0].startswith(
        "It seems that you have tried to perform a workflow operation (Done) that is not valid for the current state"
    )
    assert [early.status_code, unknown.status_code, missing.status_code, started.status_code] == [400, 400, 400, 204]
    assert jira.get("issue/ENG-1", fields="status")["fields"]["status"]["name"] == "In Progress"


def test_done_is_resolved_and_reopened_is_not(jira: Jira) -> None:
    jira.load(an_issue("ENG-1", fields={"status": "In Progress"}))
    jira.clock.forward(5)

    jira.post(
        "issue/ENG-1/transitions", {"transition": {"id": 31}, "update": {"comment": [{"add": {"body": text(3)}}]}}
    )
    done = jira.get("issue/ENG-1")["fields"]
    jira.post("issue/ENG-1/transitions", {"transition": {"id": "41"}})
    again = jira.get("issue/ENG-1")["fields"]

    assert (done["resolution"]["name"], done["resolutiondate"]) == ("Done", "2026-11-22T13:00:05.000+0100")
    assert (done["comment"]["total"], done["statuscategorychangedate"]) == (1, "2026-11-22T13:00:05.000+0100")
    assert (again["resolution"], again["resolutiondate"], again["status"]["name"]) == (None, None, "To Do")


def test_somebody_transitions_at_the_same_time(jira: Jira) -> None:
    jira.load(an_issue("ENG-1"))
    jira.fault(fault="transition_conflict", times=1)

    answers = [jira.post("issue/ENG-1/transitions", {"transition": {"id": "11"}}) for _ in range(2)]

    assert [one.status_code for one in answers] == [409, 204]


def test_the_change_log_tells_old_and_new(jira: Jira) -> None:
    jira.load(an_issue("ENG-1", fields={"labels": ["a"], "customfield_10101": "Duplicate charge"}))
    jira.act("ENG-1", agent="Lena.Vogel@harbor.example", fields={"labels": ["a", "b"], "assignee": None})
    jira.put(
        "issue/ENG-1",
        {"fields": {"assignee": {"id": "5b10a2844c20165700ede21g"}, "customfield_10101": {"id": "10204"}}},
    )

    log = jira.get("issue/ENG-1/changelog")
    expanded = jira.get("issue/ENG-1", expand="changelog", fields="summary")["changelog"]
    bulk = jira.post("changelog/bulkfetch", {"issueIdsOrKeys": ["ENG-1"], "fieldIds": ["labels"]}).json()

    first, second = log["values"]
    assert (first["author"]["displayName"], second["author"]["displayName"]) == ("Lena Vogel", "Makewhole")
    assert [(one["field"], one["fromString"], one["toString"]) for one in first["items"]] == [("labels", "a", "a b")]
    assert {(one["fieldId"], one["from"], one["to"], one["toString"]) for one in second["items"]} == {
        ("assignee", None, "5b10a2844c20165700ede21g", "Hiro Sato"),
        ("customfield_10101", "10205", "10204", "Delayed withdrawal"),
    }
    assert [one["id"] for one in expanded["histories"]] == [second["id"], first["id"]]
    assert [one["id"] for one in bulk["issueChangeLogs"][0]["changeHistories"]] == [first["id"]]


def test_a_moved_issue_is_found_by_both_keys(jira: Jira) -> None:
    jira.load(an_issue("ENG-1", fields={"status": "In Review"}))
    before = jira.get("issue/ENG-1")

    jira.act("ENG-1", move_to="CARE")

    by_old, by_new = jira.get("issue/ENG-1"), jira.get("issue/CARE-1")
    assert by_old["id"] == by_new["id"] == before["id"]
    assert (by_old["key"], by_old["fields"]["project"]["key"]) == ("CARE-1", "CARE")
    assert by_new["fields"]["status"]["name"] == "Waiting for support"
    changed = {one["fieldId"] for one in jira.get("issue/CARE-1/changelog")["values"][0]["items"]}
    assert changed >= {"project", "issuekey", "status", "issuetype"}
    assert jira.create() == "ENG-2"


def test_an_issue_gets_another_parent(jira: Jira) -> None:
    jira.load(
        an_issue("ENG-1", fields={"issuetype": "Epic"}),
        an_issue("ENG-2", fields={"issuetype": "Epic"}),
        an_issue("ENG-3", fields={"parent": "ENG-1"}),
    )

    jira.act("ENG-3", parent="ENG-2")

    assert jira.get("issue/ENG-3")["fields"]["parent"]["key"] == "ENG-2"
    (item,) = jira.get("issue/ENG-3/changelog")["values"][0]["items"]
    assert (item["fieldId"], item["fromString"], item["toString"]) == ("parent", "ENG-1", "ENG-2")


def test_a_deleted_issue_is_gone_with_all_it_had(jira: Jira) -> None:
    jira.load(
        an_issue("ENG-1", comments=[{"body": "one"}], properties={"mw": 1}),
        an_issue("ENG-2", fields={"issuetype": "Sub-task", "parent": "ENG-1"}),
    )

    kept = jira.delete("issue/ENG-1")
    gone = jira.delete("issue/ENG-1", deleteSubtasks="true")

    assert [kept.status_code, gone.status_code] == [400, 204]
    for path in ("issue/ENG-1", "issue/ENG-2", "issue/ENG-1/comment", "issue/ENG-1/properties/mw"):
        assert jira.http.get(f"/rest/api/3/{path}").status_code == 404
    assert jira.put("issue/ENG-1", {"fields": {"summary": "x"}}).status_code == 404
    assert jira.create() == "ENG-3"


def test_many_issues_are_read_at_once(jira: Jira) -> None:
    jira.load(an_issue("ENG-1"), an_issue("ENG-2"))

    body = {"issueIdsOrKeys": ["ENG-2", "10001", "ENG-9"], "fields": ["summary"], "properties": []}
    answer = jira.post("issue/bulkfetch", body).json()

    assert [issue["key"] for issue in answer["issues"]] == ["ENG-1", "ENG-2"]
    assert [one["id"] for one in answer["issueErrors"]] == ["ENG-9"]


def test_an_issue_is_shown_with_what_is_expanded(jira: Jira) -> None:
    jira.load(an_issue("ENG-1"))

    issue = jira.get(
        "issue/ENG-1", expand="names,schema,renderedFields,transitions,editmeta", fields="summary,description"
    )

    assert issue["names"] == {"summary": "Summary", "description": "Description"}
    assert issue["schema"]["description"] == {"type": "string", "system": "description"}
    assert issue["renderedFields"] == {"summary": None, "description": "<p>My OKB position was liquidated.</p>"}
    assert [one["id"] for one in issue["transitions"]] == ["11"]
    assert "labels" in issue["editmeta"]["fields"]


def test_version_two_takes_texts_and_no_documents(jira: Jira) -> None:
    jira.load(an_issue("ENG-1"))
    address = "/rest/api/2/issue/ENG-1"

    taken = jira.http.put(address, json={"fields": {"description": "One\ntwo\n\nthree"}})
    refused = jira.http.put(address, json={"fields": {"description": document("x")}})
    long = jira.http.put(address, json={"fields": {"description": "x" * 32_768}})

    assert taken.status_code == 204
    assert errors(refused) == {"description": "Operation value must be a string"}
    assert errors(long) == {
        "description": "The entered text is too long. It exceeds the allowed limit of 32,767 characters."
    }
    paragraphs = jira.get("issue/ENG-1")["fields"]["description"]["content"]
    assert [len(one["content"]) for one in paragraphs] == [3, 1]


def test_an_issue_is_assigned_by_account(jira: Jira) -> None:
    jira.load(an_issue("ENG-1"))

    assert jira.put("issue/ENG-1/assignee", {"accountId": "5c0f4be41d2eac0b8b3c1a77"}).status_code == 204
    assert jira.get("issue/ENG-1")["fields"]["assignee"]["emailAddress"] == BOT[0]
    assert jira.put("issue/ENG-1/assignee", {"accountId": None}).status_code == 204
    assert jira.get("issue/ENG-1")["fields"]["assignee"] is None


@pytest.mark.parametrize(
    ("node", "fits"),
    [
        ({"type": "heading", "attrs": {"level": 2}, "content": [{"type": "text", "text": "T"}]}, True),
        ({"type": "heading", "attrs": {"level": 7}, "content": []}, False),
        ({"type": "panel", "attrs": {"panelType": "info"}, "content": [document("x")["content"][0]]}, True),
        ({"type": "paragraph", "content": [{"type": "text", "text": ""}]}, False),
        ({"type": "paragraph", "content": [{"type": "text", "text": "a", "marks": [{"type": "loud"}]}]}, False),
        ({"type": "paragraph", "content": [document("x")["content"][0]]}, False),
        ({"type": "bulletList", "content": [document("x")["content"][0]]}, False),
        ({"type": "text", "text": "bare"}, False),
        ({"type": "shout", "content": []}, False),
        ({"type": "rule"}, True),
    ],
)
def test_a_document_has_known_nodes_in_their_places(*, node: dict[str, Any], fits: bool) -> None:
    assert is_document({"type": "doc", "version": 1, "content": [node]}) is fits


def test_a_document_reads_as_text() -> None:
    items = [{"type": "listItem", "content": [document(word)["content"][0]]} for word in ("one", "two")]
    link = {"type": "paragraph", "content": [{"type": "inlineCard", "attrs": {"url": "https://a.example"}}]}
    content = [document("Hello")["content"][0], {"type": "bulletList", "content": items}, {"type": "rule"}, link]

    body = {"type": "doc", "version": 1, "content": content}

    assert text_of(body) == "Hello\n\n* one\n* two\n\n----\n\nhttps://a.example"
