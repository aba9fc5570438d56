"""Comments with their restrictions, properties, remote links, links between issues, and Service Management."""

from typing import Any

import httpx
import pytest

from tests.sandbox.jira.site import BOT, Jira, an_issue, document

HIRO = ("hiro.sato@harbor.example", BOT[1])
INTERNAL = [{"key": "sd.public.comment", "value": {"internal": True}}]
ADMINS = {"type": "role", "value": "Administrators"}


def add(jira: Jira, key: str, text: str, **more: Any) -> Any:
    answer = jira.post(f"issue/{key}/comment", {"body": document(text), **more})
    assert answer.status_code == 201, answer.text
    return answer.json()


def test_a_comment_moves_the_issue_forward(jira: Jira) -> None:
    jira.load(an_issue("ENG-1"))

    comment = add(jira, "ENG-1", "Paid")

    assert comment["author"]["displayName"] == "Makewhole"
    assert comment["body"] == document("Paid")
    assert jira.get("issue/ENG-1")["fields"]["updated"] == "2026-11-22T13:00:00.000+0100"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("plain", "Comment body is not valid!"),
        ({"type": "doc", "version": 1, "content": [{"type": "shout"}]}, "Comment body is not valid!"),
        (None, "Comment body can not be empty!"),
        ({"type": "doc", "version": 1, "content": []}, "Comment body can not be empty!"),
        (document("x" * 32_768), "CONTENT_LIMIT_EXCEEDED"),
    ],
)
def test_a_wrong_comment_is_refused(jira: Jira, body: Any, message: str) -> None:
    jira.load(an_issue("ENG-1"))

    answer = jira.post("issue/ENG-1/comment", {"body": body})

    assert (answer.status_code, answer.json()["errors"]) == (400, {"comment": message})
    assert jira.get("issue/ENG-1/comment")["total"] == 0


def test_the_longest_comment_fits(jira: Jira) -> None:
    jira.load(an_issue("ENG-1"))

    add(jira, "ENG-1", "x" * 32_767)
    too_long = jira.http.post("/rest/api/2/issue/ENG-1/comment", json={"body": "x" * 32_768})

    assert too_long.json()["errors"] == {
        "comment": "The entered text is too long. It exceeds the allowed limit of 32,767 characters."
    }


def test_a_restricted_comment_is_hidden_from_others(jira: Jira) -> None:
    jira.load(an_issue("ENG-1"))
    for_all = add(jira, "ENG-1", "For all")
    restricted = add(jira, "ENG-1", "For admins", visibility=ADMINS)
    with httpx.Client(base_url=jira.url, auth=HIRO, trust_env=False) as http:
        seen = http.get("/rest/api/3/issue/ENG-1/comment").json()
        field = http.get("/rest/api/3/issue/ENG-1").json()["fields"]["comment"]
        hidden = http.get(f"/rest/api/3/issue/ENG-1/comment/{restricted['id']}")

    assert restricted["visibility"] == {**ADMINS, "identifier": "10002"}
    assert [one["id"] for one in seen["comments"]] == [for_all["id"]]
    assert (field["total"], hidden.status_code) == (1, 404)
    assert jira.get("issue/ENG-1/comment")["total"] == 2


@pytest.mark.parametrize("value", ["Pirates", "Developers"])
def test_a_comment_is_restricted_to_a_role_one_holds(jira: Jira, value: str) -> None:
    jira.load(an_issue("ENG-1"))

    answer = jira.post("issue/ENG-1/comment", {"body": document("x"), "visibility": {"type": "role", "value": value}})

    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["commentLevel"])


def test_a_comment_is_internal_in_service_projects_only(jira: Jira) -> None:
    jira.load(an_issue("CARE-1"), an_issue("ENG-1"))

    public, internal = add(jira, "CARE-1", "Hello"), add(jira, "CARE-1", "Note", properties=INTERNAL)
    engineering = add(jira, "ENG-1", "Note", properties=INTERNAL)

    assert [public["jsdPublic"], internal["jsdPublic"], engineering["jsdPublic"]] == [True, False, True]
    held = jira.get(f"comment/{internal['id']}/properties/sd.public.comment")
    assert held == {"key": "sd.public.comment", "value": {"internal": True}}
    shown = jira.get(f"issue/CARE-1/comment/{internal['id']}", expand="properties,renderedBody")
    assert (shown["properties"], shown["renderedBody"]) == (INTERNAL, "<p>Note</p>")


def test_comments_come_in_pages_and_order(jira: Jira) -> None:
    jira.load(an_issue("ENG-1"))
    ids = []
    for number in range(5):
        ids.append(add(jira, "ENG-1", f"note {number}")["id"])
        jira.clock.forward(1)

    page = jira.get("issue/ENG-1/comment", startAt=1, maxResults=2)
    newest = jira.get("issue/ENG-1/comment", orderBy="-created", maxResults=0)
    past = jira.get("issue/ENG-1/comment", startAt=9)

    assert ([one["id"] for one in page["comments"]], page["total"]) == (ids[1:3], 5)
    assert ([one["id"] for one in newest["comments"]], newest["maxResults"]) == (ids[-1:], 1)
    assert (past["comments"], past["startAt"]) == ([], 9)
    assert jira.http.get("/rest/api/3/issue/ENG-1/comment", params={"maxResults": "ten"}).status_code == 400
    assert jira.http.get("/rest/api/3/issue/ENG-1/comment", params={"orderBy": "length"}).status_code == 400


def test_a_search_shows_twenty_comments_of_an_issue(jira: Jira) -> None:
    jira.load(an_issue("ENG-1", comments=[{"body": f"note {number}"} for number in range(25)]))

    (found,) = jira.search("key = ENG-1", fields=["comment"])["issues"]
    alone = jira.get("issue/ENG-1")["fields"]["comment"]

    shown = found["fields"]["comment"]
    assert (len(shown["comments"]), shown["maxResults"], shown["total"]) == (20, 20, 25)
    assert (len(alone["comments"]), alone["total"]) == (25, 25)


def test_comments_are_edited_deleted_and_found_by_id(jira: Jira) -> None:
    jira.load(an_issue("ENG-1"), an_issue("CARE-1"))
    one, two = add(jira, "ENG-1", "one", visibility=ADMINS), add(jira, "CARE-1", "two")
    jira.clock.forward(3)

    edited = jira.put(f"issue/ENG-1/comment/{one['id']}", {"body": document("better")}).json()
    deleted = jira.delete(f"issue/CARE-1/comment/{two['id']}")
    found = jira.post("comment/list", {"ids": [int(one["id"]), int(two["id"]), 1]}).json()

    assert (edited["body"], "visibility" in edited) == (document("better"), False)
    assert edited["created"] != edited["updated"] == "2026-11-22T13:00:03.000+0100"
    assert deleted.status_code == 204
    assert [comment["id"] for comment in found["values"]] == [one["id"]]
    assert jira.http.get(f"/rest/api/3/issue/CARE-1/comment/{one['id']}").status_code == 404


def test_issue_properties_are_kept_beside_the_issue(jira: Jira) -> None:
    jira.load(an_issue("ENG-1"))
    address = "issue/ENG-1/properties/makewhole"

    first, second = jira.put(address, {"case": "C-1"}), jira.put(address, {"case": "C-2"})

    assert [first.status_code, second.status_code] == [201, 200]
    assert jira.get(address) == {"key": "makewhole", "value": {"case": "C-2"}}
    assert [one["key"] for one in jira.get("issue/ENG-1/properties")["keys"]] == ["makewhole"]
    assert jira.get("issue/ENG-1", properties="*all")["properties"] == {"makewhole": {"case": "C-2"}}
    assert jira.get("issue/ENG-1")["fields"]["updated"] == "2026-11-22T12:00:00.000+0100"
    assert [jira.delete(address).status_code, jira.delete(address).status_code] == [204, 404]


def test_a_property_has_its_limit(jira: Jira) -> None:
    jira.load(an_issue("ENG-1"))
    address = "/rest/api/3/issue/ENG-1/properties/makewhole"

    fits = jira.http.put(address, content=b'"' + b"x" * 32_766 + b'"')
    too_long = jira.http.put(address, content=b'"' + b"x" * 32_767 + b'"')
    broken = jira.http.put(address, content=b"{case")

    assert [fits.status_code, too_long.status_code, broken.status_code] == [201, 400, 400]


def test_comment_properties_are_kept_beside_the_comment(jira: Jira) -> None:
    jira.load(an_issue("ENG-1"))
    comment_id = add(jira, "ENG-1", "Note")["id"]
    address = f"comment/{comment_id}/properties/makewhole"

    statuses = [jira.put(address, {"n": number}).status_code for number in range(2)]

    assert statuses == [201, 200]
    assert jira.get(address)["value"] == {"n": 1}
    assert [one["key"] for one in jira.get(f"comment/{comment_id}/properties")["keys"]] == ["makewhole"]
    assert jira.delete(address).status_code == 204
    assert jira.http.get(f"/rest/api/3/{address}").status_code == 404


def test_a_remote_link_is_there_once_per_global_id(jira: Jira) -> None:
    jira.load(an_issue("ENG-1"))
    target = {"url": "https://cases.harbor.example/1", "title": "Case C-1"}

    made = jira.post("issue/ENG-1/remotelink", {"globalId": "makewhole:C-1", "object": target})
    again = jira.post("issue/ENG-1/remotelink", {"globalId": "makewhole:C-1", "object": {**target, "title": "Paid"}})
    other = jira.post("issue/ENG-1/remotelink", {"object": target})

    assert [made.status_code, again.status_code, other.status_code] == [201, 200, 201]
    assert made.json()["id"] == again.json()["id"] != other.json()["id"]
    assert [link["object"]["title"] for link in jira.get("issue/ENG-1/remotelink")] == ["Paid", "Case C-1"]
    assert jira.get("issue/ENG-1/remotelink", globalId="makewhole:C-1")["object"]["title"] == "Paid"
    assert jira.delete("issue/ENG-1/remotelink", globalId="makewhole:C-1").status_code == 204
    changed = {"object": {**target, "title": "Other"}}
    assert jira.put(f"issue/ENG-1/remotelink/{other.json()['id']}", changed).status_code == 204
    assert jira.get(f"issue/ENG-1/remotelink/{other.json()['id']}")["object"]["title"] == "Other"
    assert jira.delete(f"issue/ENG-1/remotelink/{other.json()['id']}").status_code == 204
    assert jira.get("issue/ENG-1/remotelink") == []


def test_a_remote_link_needs_a_title_and_url(jira: Jira) -> None:
    jira.load(an_issue("ENG-1"))

    answer = jira.post("issue/ENG-1/remotelink", {"object": {"url": "https://a.example"}})

    assert (answer.status_code, answer.json()["errors"]) == (400, {"title": "'title' is required."})


def test_issues_are_linked_once(jira: Jira) -> None:
    jira.load(an_issue("ENG-1"), an_issue("ENG-2"))
    body = {"type": {"name": "Blocks"}, "outwardIssue": {"key": "ENG-1"}, "inwardIssue": {"key": "ENG-2"}}

    statuses = [jira.post("issueLink", {**body, "comment": {"body": document("why")}}).status_code for _ in range(2)]

    (link,) = jira.get("issue/ENG-1")["fields"]["issuelinks"]
    (other,) = jira.get("issue/ENG-2")["fields"]["issuelinks"]
    assert statuses == [201, 201]
    assert (link["type"]["outward"], link["outwardIssue"]["key"]) == ("blocks", "ENG-2")
    assert (other["type"]["inward"], other["inwardIssue"]["key"]) == ("is blocked by", "ENG-1")
    assert jira.get(f"issueLink/{link['id']}")["type"]["name"] == "Blocks"
    assert jira.get("issue/ENG-1/comment")["total"] == 2
    assert jira.get("issueLinkType")["issueLinkTypes"][0]["name"] == "Blocks"
    assert jira.delete(f"issueLink/{link['id']}").status_code == 204
    assert jira.get("issue/ENG-2")["fields"]["issuelinks"] == []
    assert jira.post("issueLink", {**body, "type": {"name": "Likes"}}).status_code == 404


def care(jira: Jira, method: str, path: str, **more: Any) -> httpx.Response:
    return jira.http.request(method, f"/rest/servicedeskapi/request/{path}", **more)


def test_a_request_has_public_and_internal_comments(jira: Jira) -> None:
    jira.load(an_issue("CARE-1", fields={"customfield_10102": "ORD-1"}), an_issue("ENG-1"))

    public = care(jira, "POST", "CARE-1/comment", json={"body": "Hello", "public": True})
    internal = care(jira, "POST", "CARE-1/comment", json={"body": "Note", "public": False})

    assert [public.status_code, internal.status_code] == [201, 201]
    assert [one["public"] for one in care(jira, "GET", "CARE-1/comment").json()["values"]] == [True, False]
    only = care(jira, "GET", "CARE-1/comment", params={"internal": "false", "expand": "renderedBody"}).json()["values"]
    assert [(one["body"], one["renderedBody"]["html"]) for one in only] == [("Hello", "<p>Hello</p>")]
    assert [one["jsdPublic"] for one in jira.get("issue/CARE-1/comment")["comments"]] == [True, False]
    request = care(jira, "GET", "CARE-1").json()
    assert (request["issueKey"], request["currentStatus"]["statusCategory"]) == ("CARE-1", "NEW")
    assert care(jira, "GET", "ENG-1").status_code == 404
    assert care(jira, "GET", f"CARE-1/comment/{internal.json()['id']}").json()["body"] == "Note"


def test_an_approval_is_answered_once(jira: Jira) -> None:
    jira.load(an_issue("CARE-1"))
    jira.act("CARE-1", approval={"approvers": [BOT[0]]})
    (approval,) = care(jira, "GET", "CARE-1/approval").json()["values"]

    answers = [care(jira, "POST", f"CARE-1/approval/{approval['id']}", json={"decision": "approve"}) for _ in range(2)]

    assert (approval["finalDecision"], approval["canAnswerApproval"]) == ("pending", True)
    assert [one.status_code for one in answers] == [200, 409]
    shown = care(jira, "GET", f"CARE-1/approval/{approval['id']}").json()
    assert (shown["finalDecision"], shown["completedDate"]["epochMillis"]) == ("approved", 1_795_348_800_000)


def test_the_first_response_stops_the_clock(jira: Jira) -> None:
    jira.load(an_issue("CARE-1"))
    (running,) = care(jira, "GET", "CARE-1/sla").json()["values"]

    care(jira, "POST", "CARE-1/comment", json={"body": "We look into it"})

    (stopped,) = care(jira, "GET", "CARE-1/sla").json()["values"]
    assert running["ongoingCycle"]["remainingTime"]["friendly"] == "3h 0m"
    assert stopped["completedCycles"][0]["elapsedTime"]["friendly"] == "1h 0m"
    assert "ongoingCycle" not in stopped
