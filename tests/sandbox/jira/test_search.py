"""Search by JQL: what it finds, in which order and pages, how late, and what it refuses."""

import pytest

from tests.sandbox.jira.site import BOT, NOBODY, Jira, an_issue, document

UNBOUNDED = "Unbounded JQL queries are not allowed here. Please add a search restriction to your query."


@pytest.fixture
def world(jira: Jira) -> Jira:
    """Return a Jira with three issues: ENG-1 in progress, ENG-2 done, CARE-1 new."""
    return with_issues(jira)


@pytest.fixture(scope="module")
def standing(lasting: Jira) -> Jira:
    """Return such a Jira for all questions that change nothing."""
    return with_issues(lasting)


def with_issues(jira: Jira) -> Jira:
    jira.load(
        an_issue(
            "ENG-1",
            updated="2026-11-22T11:30:00Z",
            fields={
                "summary": "Payout of ORD-2024-0001 late",
                "status": "In Progress",
                "issuetype": "Bug",
                "priority": "High",
                "labels": ["vip", "okb"],
                "assignee": "Lena Vogel",
                "customfield_10101": "Delayed withdrawal",
                "customfield_10102": "ORD-2024-0001",
                "customfield_10106": 12.5,
                "customfield_10115": "https://cases.harbor.example/1",
            },
            comments=[{"body": "Customer waits since Friday", "author": "Hiro Sato"}],
            properties={"makewhole": {"case": "C-1", "revision": 3}},
        ),
        an_issue(
            "ENG-2",
            created="2026-11-20T11:00:00Z",
            updated="2026-11-21T11:00:00Z",
            fields={"summary": "提现延迟", "status": "Done", "priority": "Low", "labels": ["okb"], "parent": "ENG-1"},
        ),
        an_issue("CARE-1", updated="2026-11-22T11:45:30Z", fields={"summary": "Where is my money"}),
    )
    return jira


@pytest.mark.parametrize(
    ("jql", "keys"),
    [
        ("project = ENG", "ENG-1 ENG-2"),
        ('project = "Customer care"', "CARE-1"),
        ("project in (ENG, 10001)", "CARE-1 ENG-1 ENG-2"),
        ("project != ENG", "CARE-1"),
        ("key in (ENG-2, CARE-1)", "CARE-1 ENG-2"),
        ("issuekey = eng-1", "ENG-1"),
        ("id = 10001", "ENG-1"),
        ("issue in (10002)", "ENG-2"),
        ("project = ENG AND key > ENG-1", "ENG-2"),
        ('updated >= "2026-11-22 12:30"', "CARE-1 ENG-1"),
        ('updated > "2026/11/22 12:30"', "CARE-1"),
        ('updated < "2026-11-22"', "ENG-2"),
        ("updated >= -20m", "CARE-1"),
        ("created <= -1d", "ENG-2"),
        ("updated >= 1795347000000", "CARE-1 ENG-1"),
        ("updated >= startOfDay()", "CARE-1 ENG-1"),
        ('updated >= startOfDay("-1d") AND updated < startOfDay()', "ENG-2"),
        ("updated <= now()", "CARE-1 ENG-1 ENG-2"),
        ('status = "In Progress"', "ENG-1"),
        ('status in ("In Progress", Done)', "ENG-1 ENG-2"),
        ("statusCategory = Done", "ENG-2"),
        ("statusCategory != Done", "CARE-1 ENG-1"),
        ("labels = vip", "ENG-1"),
        ("labels in (vip, okb) AND labels != vip", "ENG-2"),
        ("labels is EMPTY", "CARE-1"),
        ("labels is not EMPTY", "ENG-1 ENG-2"),
        ("assignee = 5b10ac8d82e05b22cc7d4ef5", "ENG-1"),
        ("assignee is empty AND reporter = currentUser()", ""),
        ("priority = High", "ENG-1"),
        ("issuetype = Bug", "ENG-1"),
        ("type in (Bug, Task)", "ENG-1 ENG-2"),
        ("resolution = Unresolved", "CARE-1 ENG-1"),
        ("resolution = Done", "ENG-2"),
        ("parent = ENG-1", "ENG-2"),
        ("summary ~ payout", "ENG-1"),
        ('summary ~ "pay*"', "ENG-1"),
        ("summary ~ pay", ""),
        ('summary ~ "延迟"', "ENG-2"),
        ('summary ~ "\\"money my\\""', ""),
        ('text ~ "\\"my money\\""', "CARE-1"),
        ("text ~ Friday", "ENG-1"),
        ("comment ~ Friday", "ENG-1"),
        ("description ~ liquidated AND project = CARE", "CARE-1"),
        ('cf[10102] ~ "ORD-2024-0001"', "ENG-1"),
        ('"Order ID" ~ "ord-2024-0001"', "ENG-1"),
        ('"Order ID" ~ "2024-0002"', ""),
        ('"Order ID" is not EMPTY', "ENG-1"),
        ('"Order ID" !~ "x"', "ENG-1"),
        ('cf[10101] = "Delayed withdrawal"', "ENG-1"),
        ('"Compensation topic" in ("Duplicate charge", "Delayed withdrawal")', "ENG-1"),
        ('"Claimed amount" >= 12.5', "ENG-1"),
        ("cf[10106] in (1, 12.5)", "ENG-1"),
        ('"MW case URL" = "https://cases.harbor.example/1"', "ENG-1"),
        ("(priority = High OR priority = Low) AND NOT status = Done", "ENG-1"),
        ("project = ENG && !(status = Done) || key = CARE-1", "CARE-1 ENG-1"),
        ("PROJECT = eng and STATUS = done", "ENG-2"),
        ("issue in linkedIssues(ENG-1)", ""),
    ],
)
def test_a_query_finds_what_it_says(standing: Jira, jql: str, keys: str) -> None:
    assert sorted(standing.keys(jql)) == keys.split()


@pytest.mark.parametrize(
    ("order", "keys"),
    [
        ("updated", "ENG-2 ENG-1 CARE-1"),
        ("updated DESC", "CARE-1 ENG-1 ENG-2"),
        ("created ASC, key DESC", "ENG-2 ENG-1 CARE-1"),
        ("key", "CARE-1 ENG-1 ENG-2"),
        ("key DESC", "ENG-2 ENG-1 CARE-1"),
        ("priority DESC", "ENG-1 CARE-1 ENG-2"),
        ("cf[10106] ASC, key ASC", "ENG-1 CARE-1 ENG-2"),
        ("cf[10106] DESC, key ASC", "CARE-1 ENG-2 ENG-1"),
    ],
)
def test_hits_come_in_order(standing: Jira, order: str, keys: str) -> None:
    assert standing.keys(f"project in (ENG, CARE) ORDER BY {order}") == keys.split()


@pytest.mark.parametrize(
    ("jql", "message"),
    [
        ("", UNBOUNDED),
        ("ORDER BY updated ASC", UNBOUNDED),
        ("project = ENG AND", "Error in the JQL Query: Expecting a field name at the end of the query."),
        (
            "project =",
            "Error in JQL Query: Expecting either a value, list or function before the end of the query.",
        ),
        (
            "project = LAUNCH AND status = = Done",
            (
                "Error in JQL Query: Expecting either a value, list or function but got '='. You must surround '=' in "
                "quotation marks to use it as a value. (line 1, character 31)"
            ),
        ),
        (
            "project = LAUNCH status",
            "Error in the JQL Query: Expecting either 'OR' or 'AND' but got 'status'. (line 1, character 18)",
        ),
        ("project = LAUNCH AND (status = Done", "Error in the JQL Query: Expecting ')' before the end of the query."),
        (
            'summary ~ "unclosed',
            "Error in the JQL Query: The quoted string 'unclosed' has not been completed. (line 1, character 11)",
        ),
        (
            "non-parsable query",
            (
                "Error in the JQL Query: Expecting operator but got 'query'. The valid operators are '=', '!=', '<', "
                "'>', '<=', '>=', '~', '!~', 'IN', 'NOT IN', 'IS' and 'IS NOT'. (line 1, character 14)"
            ),
        ),
        ("colour = red", "Field 'colour' does not exist or you do not have permission to view it."),
        ("project = NOPE", "The value 'NOPE' does not exist for the field 'project'."),
        ("status = Shipped", "The value 'Shipped' does not exist for the field 'status'."),
        ("key = ENG-99", "An issue with key 'ENG-99' does not exist for field 'key'."),
        ("id = 99", "A value with ID '99' does not exist for the field 'id'."),
        ("assignee = nobody", "The value 'nobody' does not exist for the field 'assignee'."),
        ('"Order ID" = "ORD-1"', "The operator '=' is not supported by the 'Order ID' field."),
        ("status ~ Done", "The operator '~' is not supported by the 'status' field."),
        (
            'updated >= "2026-11-22 12:00:30"',
            (
                "Date value '2026-11-22 12:00:30' for field 'updated' is invalid. Valid formats include: 'yyyy/MM/dd "
                "HH:mm', 'yyyy-MM-dd HH:mm', 'yyyy/MM/dd', 'yyyy-MM-dd', or a period format e.g. '-5d', '4w 2d'."
            ),
        ),
        (
            "project = ENG ORDER BY colour",
            "Field 'colour' does not exist or you do not have permission to view it.",
        ),
    ],
)
def test_a_query_that_cannot_be_answered_is_refused(standing: Jira, jql: str, message: str) -> None:
    assert standing.refused(jql) == [message]


def test_everything_that_is_wrong_is_named_at_once(standing: Jira) -> None:
    assert len(standing.refused("colour = red AND status = Shipped AND project = NOPE")) == 3


def test_nobody_learns_which_names_exist(standing: Jira) -> None:
    answer = standing.http.get("/rest/api/3/search/jql", params={"jql": "colour = red"}, auth=NOBODY)

    assert (answer.status_code, answer.json()) == (200, {"issues": [], "isLast": True})


def test_unknown_names_can_be_let_pass(world: Jira) -> None:
    world.settings(refuse_unknown_jql=0)

    assert world.keys("colour = red OR project = ENG") == []
    assert world.keys("project = ENG ORDER BY colour, key") == ["ENG-1", "ENG-2"]


def test_only_ids_come_unless_fields_are_asked_for(standing: Jira) -> None:
    bare = standing.search("key = ENG-1")["issues"]
    with_key = standing.search("key = ENG-1", fields=["key"])["issues"][0]
    with_fields = standing.search("key = ENG-1", fields=["summary", "customfield_10102", "unknown"])["issues"][0]

    assert bare == [{"id": "10001"}]
    assert (with_key["key"], "fields" in with_key) == ("ENG-1", False)
    assert with_fields["fields"] == {
        "summary": "Payout of ORD-2024-0001 late",
        "customfield_10102": "ORD-2024-0001",
    }


def test_fields_can_be_left_out(standing: Jira) -> None:
    everything = standing.search("key = ENG-1", fields=["*all"])["issues"][0]["fields"]
    navigable = standing.search("key = ENG-1", fields=["*navigable", "-summary"])["issues"][0]["fields"]

    assert {"comment", "summary"} <= set(everything)
    assert not {"comment", "summary"} & set(navigable)
    assert "description" in navigable


def test_a_search_by_address_is_the_same(standing: Jira) -> None:
    answer = standing.get(
        "search/jql", jql="key = ENG-1", fields=["summary,status", "labels"], properties="makewhole", expand="names"
    )

    (issue,) = answer["issues"]
    assert set(issue["fields"]) == {"summary", "status", "labels"}
    assert issue["properties"] == {"makewhole": {"case": "C-1", "revision": 3}}
    assert answer["names"] == {"summary": "Summary", "status": "Status", "labels": "Labels"}


def test_a_post_reads_its_body_only(standing: Jira) -> None:
    ignored = standing.http.post("/rest/api/3/search/jql", params={"jql": "project = ENG"}, json={})

    assert ignored.json()["errorMessages"] == [UNBOUNDED]


@pytest.mark.parametrize(
    "body",
    [
        {"jql": "project = ENG", "maxResults": 0},
        {"jql": "project = ENG", "maxResults": 5001},
        {"jql": "project = ENG", "maxResults": True},
        {"jql": "project = ENG", "maxResults": "ten"},
        {"jql": "project = ENG", "startAt": 5},
        {"jql": ["project = ENG"]},
        {"jql": "project = ENG", "nextPageToken": "BOGUS"},
        {"jql": "project = ENG", "reconcileIssues": list(range(51))},
        {"jql": "project = ENG", "properties": ["a", "b", "c", "d", "e", "f"]},
    ],
)
def test_a_wrong_search_body_is_refused(standing: Jira, body: dict[str, object]) -> None:
    assert standing.post("search/jql", body).status_code == 400


def test_minutes_are_those_of_who_asks(jira: Jira) -> None:
    jira.load(an_issue("ENG-1", updated="2026-11-22T11:30:00Z"))
    hiro = ("hiro.sato@harbor.example", BOT[1])

    berlin = jira.keys('updated >= "2026-11-22 12:30"')
    tokyo = jira.http.get(
        "/rest/api/3/search/jql", params={"jql": 'updated >= "2026-11-22 20:30"', "fields": "key"}, auth=hiro
    ).json()["issues"]

    assert berlin == ["ENG-1"]
    assert [issue["key"] for issue in tokyo] == ["ENG-1"]
    assert jira.keys('updated >= "2026-11-22 20:30"') == []


def test_properties_are_searchable_once_an_app_declares_them(world: Jira) -> None:
    jql = "issue.property[makewhole].case = C-1"
    refused = world.refused(jql)
    world.http.post("/_sandbox/indexed", json={"keys": ["makewhole"]})

    assert refused == [
        "Field 'issue.property[makewhole].case' does not exist or you do not have permission to view it."
    ]
    assert world.keys(jql) == ["ENG-1"]
    assert world.keys("project = ENG AND issue.property[makewhole].case is EMPTY") == ["ENG-2"]
    assert world.keys("issue.property[makewhole].revision in (3, 4)") == ["ENG-1"]


def test_the_old_search_is_gone(jira: Jira) -> None:
    answers = [
        jira.http.get("/rest/api/3/search", params={"jql": "project = ENG"}),
        jira.http.post("/rest/api/2/search", json={"jql": "project = ENG"}),
    ]

    assert [one.status_code for one in answers] == [410, 410]
    assert answers[0].json()["errorMessages"][0].startswith("The requested API has been removed. Please migrate to")


def test_version_two_carries_texts(jira: Jira) -> None:
    jira.load(an_issue("ENG-1"))
    jira.put("issue/ENG-1", {"fields": {"description": document("One two")}})

    two = jira.http.get("/rest/api/2/issue/ENG-1").json()
    three = jira.get("issue/ENG-1")

    assert two["fields"]["description"] == "One two"
    assert two["self"] == "https://harbor.atlassian.net/rest/api/2/issue/10001"
    assert three["fields"]["description"] == document("One two")
