"""A rehearsal goes through all calls of a write, makes none, and says them as they would be made."""

import json

import pytest

from connectors.contract import Rehearsed, Steps
from connectors.jira.client import connect as connect_jira
from connectors.salesforce.client import connect as connect_salesforce
from tests.connectors import jira_world, salesforce_world
from tests.connectors.jira_world import Jira
from tests.connectors.salesforce_world import SalesforceWorld

jira = pytest.fixture(jira_world.serving)


def test_an_issue_of_a_service_project_takes_three_calls_and_all_are_said(jira: Jira) -> None:
    jira.load(jira_world.a_request(fields={"status": "In Progress"}))
    before = jira.issue("CARE-7")
    source = connect_jira(jira.settings(transitions=(("paid", "761"),)), rehearse=True)

    with pytest.raises(Rehearsed) as first:
        source.write(jira_world.an_update(ref=jira_world.ref("10007")))

    calls = (first.value, *first.value.later)
    site = "https://harbor.atlassian.net/rest/api/3/issue/10007"
    assert [(call.method, call.url) for call in calls] == [
        ("PUT", site),
        ("POST", f"{site}/comment"),
        ("POST", f"{site}/transitions"),
    ]
    assert json.loads(calls[0].body)["fields"]["customfield_10111"] == "paid"
    assert {"key": "sd.public.comment", "value": {"internal": True}} in json.loads(calls[1].body)["properties"]
    assert json.loads(calls[2].body)["transition"] == {"id": "761"}
    assert (jira.issue("CARE-7"), jira.comments("CARE-7")) == (before, [])


def test_a_case_takes_one_composite_and_its_own_reading_is_none_that_is_rehearsed(salesforce: SalesforceWorld) -> None:
    salesforce.load(salesforce_world.a_case())
    before = salesforce.case()
    source = connect_salesforce(salesforce.settings(), rehearse=True)

    with pytest.raises(Rehearsed) as call:
        source.write(salesforce_world.an_update())

    parts = json.loads(call.value.body)["compositeRequest"]
    assert call.value.url.endswith(".my.salesforce.com/services/data/v62.0/composite")
    assert [part["method"] for part in parts] == ["PATCH", "POST"]
    assert parts[0]["body"]["MW_State__c"] == "paid"
    assert (salesforce.case(), salesforce.notes(), call.value.later) == (before, [], ())


def test_steps_that_are_carried_out_say_nothing() -> None:
    steps = Steps()
    with steps.step():
        pass

    steps.end()
