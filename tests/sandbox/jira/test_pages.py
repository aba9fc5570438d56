"""Pages of a search, and how late it knows of writes."""

from tests.sandbox.jira.site import Jira, an_issue


def test_pages_follow_their_token(jira: Jira) -> None:
    jira.load(*(an_issue(f"ENG-{n}", updated=f"2026-11-22T11:{n:02d}:00Z") for n in range(1, 8)))
    body = {"fields": ["key"], "maxResults": 3}

    pages = [jira.search("project = ENG ORDER BY updated ASC", **body)]
    while "nextPageToken" in pages[-1]:
        body["nextPageToken"] = pages[-1]["nextPageToken"]
        pages.append(jira.search("project = ENG ORDER BY updated ASC", **body))

    assert [[issue["key"] for issue in page["issues"]] for page in pages] == [
        ["ENG-1", "ENG-2", "ENG-3"],
        ["ENG-4", "ENG-5", "ENG-6"],
        ["ENG-7"],
    ]
    assert [page["isLast"] for page in pages] == [False, False, True]
    assert not any("total" in page for page in pages)


def test_an_issue_that_changes_between_pages_comes_again_at_its_new_place(jira: Jira) -> None:
    jira.settings(search_lag_seconds=0)
    jira.load(*(an_issue(f"ENG-{n}", updated=f"2026-11-22T11:0{n}:00Z") for n in range(1, 5)))
    jql = "project = ENG ORDER BY updated ASC"
    first = jira.search(jql, fields=["key"], maxResults=2)

    jira.act("ENG-1", fields={"summary": "Changed"})
    second = jira.search(jql, fields=["key"], nextPageToken=first["nextPageToken"])

    assert [issue["key"] for issue in second["issues"]] == ["ENG-3", "ENG-4", "ENG-1"]


def test_a_token_belongs_to_its_query_and_week(jira: Jira) -> None:
    jira.load(an_issue("ENG-1"), an_issue("ENG-2"))
    token = jira.search("project = ENG", maxResults=1)["nextPageToken"]

    other = jira.post("search/jql", {"jql": "project = CARE", "nextPageToken": token})
    jira.clock.forward(8 * 86_400)
    old = jira.post("search/jql", {"jql": "project = ENG", "nextPageToken": token})

    assert [other.status_code, old.status_code] == [400, 400]


def test_pages_with_fields_hold_a_hundred(jira: Jira) -> None:
    jira.load(*(an_issue(f"ENG-{n}") for n in range(1, 121)))

    bare = jira.search("project = ENG", maxResults=5000)["issues"]
    with_fields = jira.search("project = ENG", maxResults=5000, fields=["summary"])["issues"]

    assert (len(bare), len(with_fields)) == (120, 100)
    assert jira.post("search/approximate-count", {"jql": "project = ENG"}).json() == {"count": 120}


def test_search_lags_behind_writes(jira: Jira) -> None:
    jira.load(an_issue("ENG-1"))
    made = jira.create(summary="New")
    jira.put("issue/ENG-1", {"fields": {"summary": "Changed"}})

    at_once = jira.search("project = ENG", fields=["summary"])["issues"]
    jira.clock.forward(10)
    later = jira.search("project = ENG ORDER BY key", fields=["summary"])["issues"]

    assert [issue["fields"]["summary"] for issue in at_once] == ["Issue ENG-1"]
    assert [issue["fields"]["summary"] for issue in later] == ["Changed", "New"]
    assert jira.get(f"issue/{made}")["fields"]["summary"] == "New"


def test_reconciled_issues_are_searched_as_they_are(jira: Jira) -> None:
    jira.load(an_issue("ENG-1", fields={"labels": ["open"]}))
    made = jira.create(labels=["open"])
    jira.put("issue/ENG-1", {"update": {"labels": [{"remove": "open"}]}})
    ids = [int(jira.get(f"issue/{key}")["id"]) for key in ("ENG-1", made)]

    stale = jira.search("labels = open", fields=["key"])["issues"]
    fresh = jira.search("labels = open", fields=["key"], reconcileIssues=ids)["issues"]

    assert [issue["key"] for issue in stale] == ["ENG-1"]
    assert [issue["key"] for issue in fresh] == [made]


def test_the_lag_can_be_made_longer_for_some_searches(jira: Jira) -> None:
    jira.load(an_issue("ENG-1"))
    jira.act("ENG-1", fields={"summary": "Changed"})
    jira.clock.forward(20)
    jira.fault(fault="search_lag", seconds=60, times=1)

    late, usual = (jira.search("key = ENG-1", fields=["summary"])["issues"][0] for _ in range(2))

    assert late["fields"]["summary"] == "Issue ENG-1"
    assert usual["fields"]["summary"] == "Changed"


def test_an_empty_page_need_not_be_the_last(jira: Jira) -> None:
    jira.load(an_issue("ENG-1"))
    jira.fault(fault="empty_page", times=1)

    empty = jira.search("project = ENG", fields=["key"])
    rest = jira.search("project = ENG", fields=["key"], nextPageToken=empty["nextPageToken"])

    assert (empty["issues"], empty["isLast"]) == ([], False)
    assert [issue["key"] for issue in rest["issues"]] == ["ENG-1"]


def test_a_deleted_issue_is_found_no_more(jira: Jira) -> None:
    jira.load(an_issue("ENG-1"), an_issue("ENG-2"))

    assert jira.delete("issue/ENG-1").status_code == 204

    assert jira.keys("project = ENG") == ["ENG-2"]
