"""Everything there is, by a Bulk 2 query job, when it is too much to poll: each step is one call of `changed_since`.

The job's id stands in the cursor, so a step that is killed is done again and the job is not: the first step counts,
makes the job and returns an empty page; the next ones look whether it is done (`MakingReady` while not) and read a page
of its results each. A job that failed, or whose results are gone, is begun anew, three times; then everything is
polled. What changed while the job ran is found by polling from its beginning.

POST, GET /services/data/vXX.X/jobs/query, GET …/{id}/results: 10,000 jobs a day; results are kept for 7 days.
Surprises: a CSV says neither null nor types; the last page's locator is the word "null".

https://developer.salesforce.com/docs/platform/api-asynch/guide/queries.html
"""

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

import msgspec

from cases.ticket import Ticket
from connectors.contract import MakingReady, Page, UnexpectedReply
from connectors.salesforce.calls import Answer, Calls, Subrequest
from connectors.salesforce.cursors import Fetching, Polling, packed, stream_from
from connectors.salesforce.describing import describe_path, kinds_in
from connectors.salesforce.polling import rows_of
from connectors.salesforce.reading import CaseReader, is_case_id, moment
from connectors.salesforce.refusals import NoSuchRecord, QueryTooSlow
from connectors.salesforce.settings import SalesforceSettings
from connectors.salesforce.soql import all_cases, count_cases
from connectors.wire_json import Unreadable

MOST_JOBS = 3
LOCATOR = "Sforce-Locator"
_WAITING = frozenset({"UploadComplete", "InProgress"})
_COMPLETE = "JobComplete"
_ID_LENGTHS = (15, 18)


def begin(calls: Calls, settings: SalesforceSettings, *, start: datetime) -> Page | None:
    """Return an empty page whose cursor waits for a job; None when there is too little to need one."""
    calls.allowance.check()
    asked = "number of cases"
    parts = (
        Subrequest(name="count", method="GET", path=calls.query_path(count_cases(since=start))),
        Subrequest(name="fields", method="GET", path=describe_path(settings)),
    )
    try:
        answers, _ = calls.look(parts, asked=asked)
        if rows_of(answers["count"], asked).total <= settings.bulk_above:
            return None
    except QueryTooSlow:
        pass  # More than can be counted is more than can be polled.
    except NoSuchRecord as error:
        raise UnexpectedReply(f"{error}; is {settings.host} the right org?") from None
    kinds = kinds_in(bytes(answers["fields"].body), settings)
    return _empty(_new_job(calls, settings, since=start, kinds=kinds, tries=1))


def proceed(calls: Calls, settings: SalesforceSettings, reader: CaseReader, state: Fetching) -> Page:
    """Return the job's next page of results, or an empty one that waits for another job; raises the three errors.

    MakingReady while the job is not done.
    """
    calls.allowance.check()
    try:
        if not state.locator:
            job = calls.job(state.job_id, asked="bulk job")
            status = job.get("state")
            if status in _WAITING:
                raise MakingReady(f"bulk job {state.job_id}: {status}", wait_seconds=settings.bulk_wait_seconds)
            if status != _COMPLETE:
                return _again(calls, settings, state)
        answer = calls.job_results(
            state.job_id, locator=state.locator, most=settings.bulk_page_size, asked="results of a bulk job"
        )
    except NoSuchRecord:
        return _again(calls, settings, state)
    return _page(answer, reader, state, feed=settings.read_feed)


def _new_job(
    calls: Calls, settings: SalesforceSettings, *, since: datetime, kinds: tuple[tuple[str, str], ...], tries: int
) -> Fetching:
    try:
        job = calls.create_job(all_cases(settings, since=since), asked="new bulk job")
        job_id, created = str(job.get("id", "")), moment(str(job.get("createdDate", "")), "createdDate")
    except NoSuchRecord as error:
        raise UnexpectedReply(f"{error}; has the org Bulk API 2.0?") from None
    except Unreadable:
        raise UnexpectedReply("new bulk job: the answer does not say when it was made") from None
    if not (len(job_id) in _ID_LENGTHS and job_id.isascii() and job_id.isalnum()):
        raise UnexpectedReply("new bulk job: the answer holds no id")
    return Fetching(
        job_id=job_id,
        since=since,
        begun=max(since, created - timedelta(seconds=settings.overlap_seconds)),
        kinds=kinds,
        tries=tries,
    )


def _again(calls: Calls, settings: SalesforceSettings, state: Fetching) -> Page:
    """Begin anew: with another job, or by polling when jobs do not help."""
    if state.tries < MOST_JOBS:
        return _empty(_new_job(calls, settings, since=state.since, kinds=state.kinds, tries=state.tries + 1))
    return _empty(Polling(cases=stream_from(state.since)))


def _empty(state: Fetching | Polling) -> Page:
    return Page(tickets=(), raw=(), unreadable=(), cursor=packed(state), complete=False)


def _page(answer: Answer, reader: CaseReader, state: Fetching, *, feed: bool) -> Page:
    locator = answer.headers.get(LOCATOR, "")
    following: Fetching | Polling = replace(state, locator=locator)
    if locator in {"", "null"}:
        from_begun = stream_from(state.begun)
        following = Polling(cases=from_begun, comments=from_begun, posts=from_begun if feed else None)
    tickets: list[tuple[Ticket, bytes]] = []
    unreadable: list[tuple[str, str]] = []
    kinds = dict(state.kinds)
    for number, row in enumerate(_rows(answer.body), start=1):
        try:
            tickets.append((reader.ticket_of_row(row, kinds), msgspec.json.encode(row)))
        except Unreadable as error:
            key = row.get("Id", "")
            unreadable.append((key if is_case_id(key) else f"record {number} of the page", str(error)))
    tickets.sort(key=_by_stamp)
    return Page(
        tickets=tuple(ticket for ticket, _ in tickets),
        raw=tuple(raw for _, raw in tickets),
        unreadable=tuple(unreadable),
        cursor=packed(following),
        complete=False,
        in_order=False,
    )


def _by_stamp(pair: tuple[Ticket, bytes]) -> tuple[datetime, str]:
    return pair[0].updated_at, pair[0].ref.key


def _rows(body: bytes) -> Iterator[Mapping[str, str]]:
    """Yield the rows of a CSV by column; raises UnexpectedReply. One of another length lacks its columns."""
    try:
        # Decoded piece by piece: the whole of it as text takes several times the memory.
        reader = csv.reader(io.TextIOWrapper(io.BytesIO(body), "utf-8", newline=""), strict=True)
        columns = next(reader, None)
        if columns is None:
            raise UnexpectedReply("results of a bulk job: there is no line of columns")
        for values in reader:
            yield _row(columns, values)
    except (csv.Error, UnicodeDecodeError):
        raise UnexpectedReply("results of a bulk job: the CSV cannot be read") from None


def _row(columns: list[str], values: list[str]) -> Mapping[str, str]:
    return dict(zip(columns, values, strict=False))
