"""The unmodified jira 3.10.5 against the sandbox, and another library's own client where it is installed."""

from collections.abc import Iterator
from typing import Any

import pytest
import requests
from jira import JIRA
from jira.exceptions import JIRAError

from tests.sandbox.jira.site import BOT, Jira, an_issue, document


@pytest.fixture
def client(jira: Jira, specification: Any) -> Iterator[JIRA]:
    """Return the library on version 3 of the API; each of its answers is held against the specification."""
    with_session = JIRA(
        server=jira.url, basic_auth=BOT, options={"rest_api_version": "3"}, timeout=(3, 20), max_retries=0
    )

    def check(response: requests.Response, *_: Any, **__: Any) -> None:
        path = str(response.request.path_url).partition("?")[0]
        specification.check_answer(str(response.request.method), path, response.status_code, response.content)

    with_session._session.hooks["response"] = [check]
    yield with_session
    with_session._session.close()


def test_the_library_knows_a_cloud_site(client: JIRA) -> None:
    assert client.deploymentType == "Cloud"
    assert client.myself()["displayName"] == "Makewhole"
    assert client.server_info()["baseUrl"] == "https://harbor.atlassian.net"
    assert {project.key for project in client.projects()} == {"ENG", "CARE"}
    assert client.project("ENG").name == "Engineering"
    assert len(client.fields()) > 30
    assert client.priorities()[0].name == "Highest"
    assert client.status("Done").id == "10001"
    assert [one.displayName for one in client.search_users(query="hiro")] == ["Hiro Sato"]
    assert client.my_permissions(permissions="EDIT_ISSUES")["permissions"]["EDIT_ISSUES"]["havePermission"]


def test_the_library_writes_and_reads_an_issue(client: JIRA) -> None:
    issue = client.create_issue(
        project="ENG", summary="Late", issuetype={"name": "Bug"}, description=document("Where?"), labels=["vip"]
    )

    issue.update(fields={"customfield_10102": "ORD-1"}, update={"labels": [{"add": "okb"}]}, notify=False)

    again = client.issue(issue.key, expand="changelog")
    assert (again.key, again.fields.customfield_10102, again.fields.labels) == ("ENG-1", "ORD-1", ["vip", "okb"])
    assert [history.items[0].field for history in again.changelog.histories]
    assert client.editmeta("ENG-1")["fields"]["summary"]["required"]
    again.delete()  # type: ignore[no-untyped-call]  # The library lacks its types.
    with pytest.raises(JIRAError, match="Issue does not exist") as gone:
        client.issue("ENG-1")
    assert gone.value.status_code == 404


def test_the_library_creates_many(client: JIRA) -> None:
    one = {"project": {"key": "ENG"}, "summary": "One", "issuetype": {"name": "Task"}}

    results = client.create_issues([one, {**one, "summary": ""}])

    assert [result["status"] for result in results] == ["Success", "Error"]


def test_the_library_searches_all_pages(jira: Jira, client: JIRA) -> None:
    jira.load(*(an_issue(f"ENG-{n}") for n in range(1, 131)))

    everything = client.enhanced_search_issues("project = ENG ORDER BY key ASC", maxResults=0, fields=["summary"])
    page = client.enhanced_search_issues("project = ENG ORDER BY key ASC", maxResults=5, use_post=True)
    raw = client.enhanced_search_issues(
        "key = ENG-1", json_result=True, reconcileIssues=[10_001], properties="makewhole", fields="summary"
    )

    assert [issue.key for issue in everything][-1] == "ENG-130"
    assert (len(page), bool(page.nextPageToken), page[0].fields.summary) == (5, True, "Issue ENG-1")
    assert isinstance(raw, dict)
    assert raw["issues"][0]["key"] == "ENG-1"
    assert client.approximate_issue_count("project = ENG") == 130
    with pytest.raises(JIRAError, match="Unbounded JQL"):
        client.enhanced_search_issues("ORDER BY key")


def test_the_library_comments(jira: Jira, client: JIRA) -> None:
    jira.load(an_issue("CARE-1"))

    public = client.add_comment("CARE-1", document("Hello"))
    internal = client.add_comment("CARE-1", document("Note"), is_internal=True)
    restricted = client.add_comment(
        "CARE-1", document("Admins"), visibility={"type": "role", "value": "Administrators"}
    )
    internal.update(body=document("Better note"))
    restricted.delete()

    comments = client.comments("CARE-1")
    assert [one.id for one in comments] == [public.id, internal.id]
    assert [one.raw["jsdPublic"] for one in comments] == [True, False]
    assert client.comment("CARE-1", internal.id).raw["body"] == document("Better note")
    with pytest.raises(JIRAError, match="Comment body is not valid!"):
        client.add_comment("CARE-1", "plain text")


def test_the_library_transitions(jira: Jira, client: JIRA) -> None:
    jira.load(an_issue("ENG-1"))
    (step,) = client.transitions("ENG-1")

    client.transition_issue("ENG-1", step["id"])
    client.transition_issue("ENG-1", "Done")

    assert str(client.issue("ENG-1").fields.resolution) == "Done"
    with pytest.raises(JIRAError, match="perform a workflow operation"):
        client.transition_issue("ENG-1", "11")


def test_the_library_keeps_properties_and_links(jira: Jira, client: JIRA) -> None:
    jira.load(an_issue("ENG-1"), an_issue("ENG-2"))

    client.add_issue_property("ENG-1", "makewhole", {"case": "C-1"})
    link = client.add_remote_link("ENG-1", {"url": "https://a.example", "title": "Case"}, globalId="makewhole:C-1")
    again = client.add_remote_link("ENG-1", {"url": "https://a.example", "title": "Paid"}, globalId="makewhole:C-1")
    client.create_issue_link("Relates", "ENG-1", "ENG-2")

    assert client.issue_property("ENG-1", "makewhole").value.case == "C-1"
    assert [one.key for one in client.issue_properties("ENG-1")] == ["makewhole"]
    assert link.id == again.id
    assert [one.object.title for one in client.remote_links("ENG-1")] == ["Paid"]
    assert client.issue("ENG-2").fields.issuelinks[0].type.name == "Relates"
    client.issue_property("ENG-1", "makewhole").delete()
    client.remote_link("ENG-1", link.id).delete()
    assert client.remote_links("ENG-1") == []


def test_the_library_speaks_texts_on_version_two(jira: Jira) -> None:
    client = JIRA(server=jira.url, basic_auth=BOT, timeout=(3, 20), max_retries=0)

    issue = client.create_issue(project="CARE", summary="Late", issuetype={"name": "Incident"}, description="Where?")
    client.add_comment(issue, "plain text", is_internal=True)

    assert client.issue(issue.key).fields.description == "Where?"
    assert [one.body for one in client.comments(issue)] == ["plain text"]
    client._session.close()


def test_the_librarys_session_reaches_webhooks_and_service_management(jira: Jira, client: JIRA) -> None:
    jira.load(an_issue("CARE-1"))
    sent = {"name": "A", "url": "http://127.0.0.1:9/hook", "events": ["comment_created"], "secret": "s"}

    made = client._session.post(f"{jira.url}/rest/webhooks/1.0/webhook", json=sent)
    approvals = client._session.get(f"{jira.url}/rest/servicedeskapi/request/CARE-1/approval")

    assert (made.status_code, approvals.json()["values"]) == (201, [])


def test_a_wrong_token_shows_in_the_librarys_answer(jira: Jira) -> None:
    jira.load(an_issue("ENG-1"))
    client = JIRA(server=jira.url, basic_auth=(BOT[0], "wrong"), max_retries=0, get_server_info=False)

    with pytest.raises(JIRAError) as myself:
        client.myself()
    with pytest.raises(JIRAError) as issue:
        client.issue("ENG-1")

    assert [myself.value.status_code, issue.value.status_code] == [401, 404]
    assert issue.value.response is not None
    assert issue.value.response.headers["X-Seraph-LoginReason"] == "AUTHENTICATED_FAILED"
    client._session.close()


def test_atlassian_python_api_works_too(jira: Jira) -> None:
    atlassian = pytest.importorskip("atlassian", reason="atlassian-python-api is not installed")
    jira.load(an_issue("ENG-1"))
    other = atlassian.Jira(url=jira.url, username=BOT[0], password=BOT[1], cloud=True)

    made = other.create_issue(fields={"project": {"key": "ENG"}, "issuetype": {"name": "Task"}, "summary": "Other"})
    other.issue_add_comment("ENG-1", "from another tool")
    other.set_issue_status("ENG-1", "In Progress")
    other.create_or_update_issue_remote_links("ENG-1", "https://a.example", "Case", global_id="makewhole:C-1")
    other.set_issue_property("ENG-1", "makewhole", {"case": "C-1"})
    jira.clock.forward(11)
    found = other.enhanced_jql("project = ENG ORDER BY key ASC", fields="summary,status", limit=50)

    assert made["key"] == "ENG-2"
    assert [issue["fields"]["status"]["name"] for issue in found["issues"]] == ["In Progress", "To Do"]
    assert other.issue_get_comments("ENG-1")["comments"][0]["body"] == "from another tool"
    assert other.get_issue_remote_links("ENG-1")[0]["globalId"] == "makewhole:C-1"
    assert other.myself()["displayName"] == "Makewhole"
