"""The specification that every answer of these tests is held against, and answers no other test asks for."""

import json

import pytest

from tests.sandbox.jira.corrected_specification import Specification
from tests.sandbox.jira.site import Jira, an_issue


@pytest.mark.parametrize(
    "wrong", [{"id": 7}, {"key": []}, {"fields": []}, {"changelog": {"histories": {}}}, {"odd": 1}]
)
def test_a_wrong_answer_is_noticed(specification: Specification, wrong: dict[str, object]) -> None:
    right = {"id": "7", "key": "ENG-7", "self": "https://harbor.atlassian.net/x", "fields": {}}

    specification.check_answer("GET", "/rest/api/3/issue/ENG-7", 200, json.dumps(right).encode())

    with pytest.raises(AssertionError):
        body = json.dumps({**right, **wrong}).encode()
        specification.check_answer("GET", "/rest/api/3/issue/ENG-7", 200, body)


def test_a_status_or_path_the_vendor_does_not_have_is_noticed(specification: Specification) -> None:
    for method, path, status in (("PUT", "/rest/api/3/issue/7", 201), ("GET", "/rest/api/3/paid", 200)):
        with pytest.raises(AssertionError):
            specification.check_answer(method, path, status, b"{}")


def test_the_site_tells_of_itself(lasting: Jira) -> None:
    server, me = lasting.get("serverInfo"), lasting.get("myself")

    assert (server["deploymentType"], server["baseUrl"]) == ("Cloud", "https://harbor.atlassian.net")
    assert (me["emailAddress"], me["timeZone"]) == ("bot@harbor.example", "Europe/Berlin")
    assert me["accountId"] == "5c0f4be41d2eac0b8b3c1a77"


def test_fields_carry_their_types(lasting: Jira) -> None:
    fields = {field["id"]: field for field in lasting.get("field")}

    topic, amount = fields["customfield_10101"], fields["customfield_10106"]
    assert topic["schema"]["custom"] == "com.atlassian.jira.plugin.system.customfieldtypes:select"
    assert (topic["name"], topic["schema"]["type"]) == ("Compensation topic", "option")
    assert (amount["schema"]["type"], amount["schema"]["customId"]) == ("number", 10106)
    assert amount["clauseNames"] == ["cf[10106]", "Claimed amount"]
    assert "schema" not in fields["issuekey"]


def test_projects_are_found_by_key_and_search(lasting: Jira) -> None:
    assert [one["key"] for one in lasting.get("project")] == ["ENG", "CARE"]
    assert [one["key"] for one in lasting.get("project/search", query="care")["values"]] == ["CARE"]
    assert lasting.get("project/ENG")["lead"]["displayName"] == "Lena Vogel"
    assert lasting.http.get("/rest/api/3/project/NOPE").json() == {
        "errorMessages": ["No project could be found with key 'NOPE'."],
        "errors": {},
    }


def test_statuses_types_and_roles_are_listed(lasting: Jira) -> None:
    by_type = lasting.get("project/CARE/statuses")

    assert [one["name"] for one in by_type] == ["Service Request", "Incident"]
    assert [one["name"] for one in by_type[0]["statuses"]][:2] == ["Waiting for support", "Waiting for customer"]
    assert {one["statusCategory"]["key"] for one in lasting.get("status")} == {"new", "indeterminate", "done"}
    assert lasting.get("status/Done")["id"] == "10001"
    assert len(lasting.get("statuscategory")) == 3
    assert [one["name"] for one in lasting.get("priority")][2] == "Medium"
    assert lasting.get("resolution")[0]["name"] == "Done"
    assert {one["name"] for one in lasting.get("issuetype")} >= {"Bug", "Incident"}
    assert "Administrators" in {one["name"] for one in lasting.get("role")}
    assert set(lasting.get("project/ENG/role")) == {"Administrators", "Developers", "Service Desk Team"}
    assert [one["name"] for one in lasting.get("groups/picker", query="comp")["groups"]] == ["harbor-compensation"]


def test_people_are_found(lasting: Jira) -> None:
    assert [one["displayName"] for one in lasting.get("user/search", query="len")] == ["Lena Vogel"]
    assert lasting.get("user", accountId="5b10a2844c20165700ede21g")["displayName"] == "Hiro Sato"
    assert len(lasting.get("users/search")) == 3
    assert lasting.http.get("/rest/api/3/user", params={"accountId": "nobody"}).status_code == 404


def test_permissions_must_be_named(lasting: Jira) -> None:
    asked = lasting.get("mypermissions", permissions="BROWSE_PROJECTS,ADD_COMMENTS")["permissions"]

    assert {name: one["havePermission"] for name, one in asked.items()} == {
        "BROWSE_PROJECTS": True,
        "ADD_COMMENTS": True,
    }
    assert lasting.http.get("/rest/api/3/mypermissions").status_code == 400
    assert lasting.http.get("/rest/api/3/mypermissions", params={"permissions": "FLY"}).status_code == 400


def test_screens_are_shown(lasting: Jira) -> None:
    lasting.load(an_issue("ENG-1"))
    types = lasting.get("issue/createmeta/ENG/issuetypes")["issueTypes"]
    bug = next(one["id"] for one in types if one["name"] == "Bug")

    creating = lasting.get(f"issue/createmeta/ENG/issuetypes/{bug}")["fields"]
    editing = lasting.get("issue/ENG-1/editmeta")["fields"]
    older = lasting.get("issue/createmeta", projectKeys="ENG", expand="projects.issuetypes.fields")["projects"]

    topic = next(one for one in creating if one["fieldId"] == "customfield_10101")
    assert [option["value"] for option in topic["allowedValues"]][-1] == "Duplicate charge"
    assert "customfield_10111" in editing
    assert "project" not in editing
    assert "summary" in older[0]["issuetypes"][0]["fields"]
