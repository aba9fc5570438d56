"""A ticket of a desk that can show it leads to the page of its case: once, and wherever the ticket goes."""

from dataclasses import replace

import pytest

from tests.workflow.desk_at_work import DeskAtWork
from tests.workflow.test_link_answers import JIRA, ZENDESK, join, read, split
from tests.workflow.three_desks import cause, jira, open_three_desks, told_states, zendesk


@pytest.fixture(autouse=True)
def _three_desks(at_work: DeskAtWork) -> None:
    open_three_desks(at_work)


def test_a_jira_issue_leads_to_its_case_once_and_wherever_it_goes(at_work: DeskAtWork) -> None:
    at_work.desk = replace(at_work.desk, link_to_cases=frozenset({"jira:harbor"}))
    page = "https://makewhole.harbor.example/cases/"
    read(at_work, zendesk(), cause(links=(str(ZENDESK),)))
    assert at_work.helpdesk.linked == [(JIRA, f"{page}CASE-1")]

    split(at_work, "CASE-1", JIRA)
    join(at_work, "CASE-1", JIRA)
    at_work.say("wei", "CASE-1")
    at_work.work()

    assert at_work.helpdesk.linked[1:] == [(JIRA, None), (JIRA, f"{page}CASE-1")]
    assert len(told_states(at_work, JIRA)) > 2


def test_an_issue_that_goes_to_another_case_leads_there(at_work: DeskAtWork) -> None:
    at_work.desk = replace(at_work.desk, link_to_cases=frozenset({"jira:harbor"}))
    read(at_work, zendesk(), jira(loss="W-2"))

    join(at_work, "CASE-1", "CASE-2")

    addresses = [url for _, url in at_work.helpdesk.linked]
    assert addresses == [f"https://makewhole.harbor.example/cases/CASE-{number}" for number in (2, 1)]
