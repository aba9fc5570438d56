"""A whole org by a Bulk 2 job, over the wire from the sandbox."""

import json
from typing import Any

import pytest

from connectors.contract import Page, TryLater
from connectors.salesforce.backfill import _page
from connectors.salesforce.calls import Answer
from connectors.salesforce.cursors import Fetching
from connectors.salesforce.reading import CaseReader
from connectors.salesforce.settings import ClientCredentials, SalesforceSettings
from connectors.transport import Exchange
from tests.connectors.salesforce_world import (
    CASE_ONE,
    START,
    SalesforceWorld,
    a_case,
    all_pages,
    keys,
)

JOBS = "/services/data/v62.0/jobs/query"


def bulk(**changed: Any) -> dict[str, Any]:
    return {"bulk_above": 3, "bulk_page_size": 4, **changed}


def test_many_cases_come_by_a_job_and_are_the_same_tickets(salesforce: SalesforceWorld) -> None:
    odd = {"Subject": 'A "quoted", comma\nand a line', "Order_Id__c": "1E5", "Description": "补偿 😀"}
    salesforce.load(*(a_case(number, **odd) for number in range(1, 11)))
    seen: list[Exchange] = []

    fetched = all_pages(salesforce.connect(seen.append, **bulk()))
    polled = all_pages(salesforce.connect(bulk_above=100))

    by_key = {ticket.ref.key: ticket for page in fetched for ticket in page.tickets}
    assert by_key == {ticket.ref.key: ticket for page in polled for ticket in page.tickets}
    assert len(keys(fetched)) == 10
    assert [len(page.tickets) for page in fetched] == [0, 4, 4, 2, 0]
    assert [page.complete for page in fetched] == [False, False, False, False, True]
    assert len([each for each in seen if each.path.endswith("/results")]) == 3
    assert json.loads(fetched[1].raw[0])["Contact.Customer_Number__c"] == "C-100023"


def test_a_job_that_is_not_done_is_waited_for(salesforce: SalesforceWorld) -> None:
    salesforce.load(*(a_case(number) for number in range(1, 6)))
    salesforce.set(bulk_delay_seconds=30)
    source = salesforce.connect(**bulk(bulk_wait_seconds=12.0))
    first = source.changed_since(None, start=START)

    with pytest.raises(TryLater, match="bulk job 750") as waiting:
        source.changed_since(first.cursor, start=START)
    salesforce.clock.pass_seconds(31)

    assert (first.tickets, first.complete) == ((), False)
    assert waiting.value.wait_seconds == 12
    assert len(source.changed_since(first.cursor, start=START).tickets) == 4


def test_another_process_goes_on_with_the_same_job_and_page(salesforce: SalesforceWorld) -> None:
    salesforce.load(*(a_case(number) for number in range(1, 10)))
    seen: list[Exchange] = []
    first = salesforce.connect(**bulk()).changed_since(None, start=START)
    second = salesforce.connect(**bulk()).changed_since(first.cursor, start=START)

    third = salesforce.connect(seen.append, **bulk()).changed_since(second.cursor, start=START)
    again = salesforce.connect(seen.append, **bulk()).changed_since(second.cursor, start=START)

    assert keys([third]) == keys([again])
    assert not set(keys([second])) & set(keys([third]))
    assert [each for each in seen if each.method == "POST" and each.path == JOBS] == []


def test_what_changes_while_the_job_runs_is_polled_afterwards(salesforce: SalesforceWorld) -> None:
    salesforce.load(*(a_case(number) for number in range(1, 6)))
    source = salesforce.connect(**bulk())
    pages: list[Page] = [source.changed_since(None, start=START)]
    pages.append(source.changed_since(pages[-1].cursor, start=START))
    salesforce.clock.pass_seconds(5)
    salesforce.act("edit", id=CASE_ONE, values={"Status": "Escalated"})
    while not pages[-1].complete:
        pages.append(source.changed_since(pages[-1].cursor, start=START))

    assert keys(pages).count(CASE_ONE) == 2
    assert pages[-1].tickets[0].status_text == "Escalated"


@pytest.mark.parametrize("how", ["abort", "delete"])
def test_a_job_that_fails_or_is_gone_is_begun_anew_and_at_last_polled(salesforce: SalesforceWorld, how: str) -> None:
    salesforce.load(*(a_case(number) for number in range(1, 6)))
    salesforce.set(bulk_delay_seconds=30)
    source = salesforce.connect(**bulk())
    page = source.changed_since(None, start=START)
    jobs: list[str] = []
    while "job" in json.loads(page.cursor):
        jobs.append(json.loads(page.cursor)["job"])
        end(salesforce, jobs[-1], how)
        page = source.changed_since(page.cursor, start=START)

    assert len(set(jobs)) == len(jobs) == 3
    assert len(source.changed_since(page.cursor, start=START).tickets) == 5


def end(salesforce: SalesforceWorld, job_id: str, how: str) -> None:
    """Abort or delete a job as somebody else in the org."""
    client = salesforce.connect()._calls._client()
    url = f"{client.bulk2_url}query/{job_id}"
    if how == "abort":
        client._call_salesforce("PATCH", url, data=json.dumps({"state": "Aborted"}))
        return
    salesforce.clock.pass_seconds(31)  # A job that runs cannot be deleted.
    client._call_salesforce("GET", url)
    client._call_salesforce("DELETE", url)


def test_few_cases_need_no_job(salesforce: SalesforceWorld) -> None:
    salesforce.load(*(a_case(number) for number in range(1, 4)))
    seen: list[Exchange] = []

    pages = all_pages(salesforce.connect(seen.append, **bulk()))

    assert len(keys(pages)) == 3
    assert not [each for each in seen if "/jobs/" in each.path]


def test_a_row_that_cannot_be_understood_is_named() -> None:
    body = b'Id,CreatedDate\r\n500Hr0000000001IAA,"2026-11-01T10:00:00.000Z"\r\nshort\r\n'
    answer = Answer(body=body, headers={"Sforce-Locator": "null"}, told_at=None)
    settings = SalesforceSettings(
        host="harbor.my.salesforce.com",
        account="harbor",
        auth=ClientCredentials(consumer_key="key", consumer_secret="secret"),
        fields=(),
    )
    state = Fetching(job_id="750", since=START, begun=START)

    page = _page(answer, CaseReader(settings), state, feed=True)

    assert page.tickets == ()
    assert page.unreadable == (
        (CASE_ONE, "SystemModstamp: the column is missing"),
        ("record 2 of the page", "CreatedDate: the column is missing"),
    )
