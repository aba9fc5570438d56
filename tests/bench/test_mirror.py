"""The bench's server gives every record once, then what changed; and a missed goal is said."""

import csv
import io
import json
from dataclasses import replace

import pytest

from tests.bench.mirror import floor_reading, jira_wire, report, salesforce_wire, zendesk_wire
from tests.bench.mirror.report import Figures, Missing
from tests.bench.mirror.stream import Stream

SOQL = f"SELECT {floor_reading.SALESFORCE_FIELDS} FROM Case WHERE SystemModstamp >= 2025-01-01T00:00:00Z"  # noqa: S608  # SOQL, ours.


def zendesk_ids(stream: Stream, place: dict[str, str]) -> tuple[list[str], str]:
    ids, end, cursor = [], False, ""
    while not end:
        query = place | {"per_page": "1000", "include": "users"}
        rows, cursor, end = floor_reading.read_zendesk(b"".join(zendesk_wire.export(stream, query)))
        ids += [row[0] for row in rows]
        place = {"cursor": cursor}
    return ids, cursor


def salesforce_ids(stream: Stream, soql: str) -> list[str]:
    query, locator, ids = salesforce_wire.understand(stream, soql), None, []
    while True:
        body = b"".join(salesforce_wire.page(stream, query, path="/query", locator=locator))
        rows, following, _ = floor_reading.read_salesforce(body)
        ids += [row[0] for row in rows]
        if following is None:
            return ids
        query, locator = salesforce_wire.unpacked(following.rpartition("/")[2])


def jira_keys(stream: Stream, jql: str) -> list[str]:
    asked: dict[str, str | int | list[str]] = {"jql": jql, "fields": "*all", "maxResults": "100"}
    keys = []
    while True:
        rows, token, _ = floor_reading.read_jira(b"".join(jira_wire.search(stream, asked)))
        keys += [row[0] for row in rows]
        if token is None:
            return keys
        asked["nextPageToken"] = token


def test_zendesk_gives_every_ticket_once_then_only_what_changed() -> None:
    stream = Stream(size=2_500)
    ids, cursor = zendesk_ids(stream, {"start_time": "0"})
    assert ids == [str(number) for number in range(1, 2_501)]
    assert zendesk_ids(stream, {"cursor": cursor}) == ([], cursor)

    stream.changes += 100

    changed, _ = zendesk_ids(stream, {"cursor": cursor})
    assert (len(changed), len(set(changed) & set(ids))) == (100, 100)


def test_salesforce_gives_every_case_once_then_only_what_changed() -> None:
    stream = Stream(size=2_500)
    ids = salesforce_ids(stream, SOQL)
    assert (len(ids), len(set(ids))) == (2_500, 2_500)
    newest = f"SELECT Id, SystemModstamp FROM Case WHERE SystemModstamp > {_newest(stream)}"  # noqa: S608
    assert salesforce_ids(stream, newest.replace("Id,", "Id, CreatedDate,")) == []

    stream.changes += 100

    changed = salesforce_ids(stream, newest.replace("Id,", "Id, CreatedDate,"))
    assert (len(changed), len(set(changed) & set(ids))) == (100, 100)


def _newest(stream: Stream) -> str:
    rows, _, newest = floor_reading.read_salesforce(
        b"".join(salesforce_wire.page(stream, salesforce_wire.understand(stream, SOQL), path="/query", locator="2000"))
    )
    assert rows
    return str(newest)


def test_jira_gives_every_issue_once_then_only_what_changed() -> None:
    stream = Stream(size=250)
    keys = jira_keys(stream, 'updated >= "2025-01-01 00:00" ORDER BY updated')
    assert keys == [f"CARE-{number}" for number in range(1, 251)]

    stream.changes += 100

    changed = jira_keys(stream, f"updated > {stream.end * 1_000} ORDER BY updated")
    assert (len(changed), len(set(changed) & set(keys))) == (100, 100)


def test_a_csv_says_what_the_json_says() -> None:
    stream = Stream(size=200)
    query = salesforce_wire.understand(stream, "SELECT Id, Description, IsDeleted, Claimed_Amount__c FROM Case")
    pages = b"".join(salesforce_wire.csv(stream, query, first=0, last=200)).decode()
    told = json.loads(b"".join(salesforce_wire.page(stream, query, path="/query")))["records"]

    rows = list(csv.DictReader(io.StringIO(pages, newline="")))

    assert [row["Description"] for row in rows] == [each["Description"] for each in told]
    assert [row["IsDeleted"] for row in rows] == [str(each["IsDeleted"]).lower() for each in told]
    amounts = ["" if each["Claimed_Amount__c"] is None else f"{each['Claimed_Amount__c']:.2f}" for each in told]
    assert [row["Claimed_Amount__c"] for row in rows] == amounts


@pytest.mark.parametrize("size", [1_000, 1_000_000])
def test_a_record_is_two_to_four_kilobytes_wherever_it_stands(size: int) -> None:
    stream = Stream(size=size)
    case, issue = salesforce_wire.ALL_FIELDS, jira_wire.ALL_FIELDS
    for place in (0, size // 2, size - 100):
        changes = list(stream.between(place, place + 100))
        tickets = sum(len(zendesk_wire.ticket(each)) for each in changes) / 100
        cases = sum(len(salesforce_wire._as_json(case)(each)) for each in changes) / 100
        issues = sum(len(jira_wire._as_json(issue, expanded=False)(each)) for each in changes) / 100
        assert all(2_000 <= each <= 4_500 for each in (tickets, cases, issues)), (tickets, cases, issues)


FLOOR = Figures(
    contestant="floor",
    system="zendesk",
    store="sqlite",
    size=10_000,
    records=10_000,
    cpu_seconds=0.3,
    postgres_seconds=0,
    wall_seconds=0.5,
    calls=10,
    peak_megabytes=60,
    quiet_poll_milliseconds=0.1,
    quiet_poll_calls=1,
)


def test_a_goal_that_was_missed_is_said_and_one_that_was_met_is_not() -> None:
    good = replace(FLOOR, contestant="ours", cpu_seconds=0.75)
    dlt = replace(FLOOR, contestant="dlt", store="own", cpu_seconds=3.0, records=5_000)
    assert report.missed([FLOOR, good, dlt], []) == ()

    slow = replace(good, cpu_seconds=1.6, calls=20, peak_megabytes=250, quiet_poll_milliseconds=6, quiet_poll_calls=2)

    assert report.missed([FLOOR, slow, dlt], [Missing(contestant="ours", system="jira", reason="none")]) == (
        "jira: we take no part: none",
        "zendesk in sqlite, 10000 records: 5.33 times the floor's CPU, at most 2.5",
        "zendesk in sqlite, 10000 records: dlt takes 3.7 times our CPU, at least 4",
        "zendesk in sqlite, 10000 records: 250 MB, at most 200",
        "zendesk in sqlite, 10000 records: 2.00 calls per 1,000 records, at most 1.0",
        "zendesk in sqlite, 10000 records: a poll without changes takes 2 calls, at most 1",
        "zendesk in sqlite, 10000 records: a poll without changes takes 6.0 ms, at most 5",
    )


def test_memory_that_grows_with_the_account_is_said() -> None:
    small = replace(FLOOR, contestant="ours", peak_megabytes=100)
    large = replace(small, size=1_000_000, records=1_000_000, peak_megabytes=150, calls=1_000)

    assert report.missed([small, large], []) == (
        "zendesk in sqlite: memory grows from 100 to 150 MB between 10000 and 1000000 records",
    )
