"""Bulk API 2.0 jobs: what they are, how they move on, and their CSV.

Vendor: developer.salesforce.com/docs/atlas.en-us.api_asynch.meta/api_asynch/bulk_api_2_0.htm
A job is worked off at the first request after its time has come, all at once; nothing runs in between.
"""

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sandbox.salesforce.org import Row, Value, stamp
from sandbox.salesforce.refusals import Refused, refused
from sandbox.salesforce.schema import Entity
from sandbox.salesforce.soql_run import Plan

JOB_PREFIX = "750"
MOST_JOBS = 1_000
DELIMITERS = {"BACKQUOTE": "`", "CARET": "^", "COMMA": ",", "PIPE": "|", "SEMICOLON": ";", "TAB": "\t"}
LINE_ENDINGS = {"LF": "\n", "CRLF": "\r\n"}
ENDED = ("JobComplete", "Failed", "Aborted")


@dataclass(slots=True, kw_only=True)
class Job:
    """One bulk job.

    state: "Open", "UploadComplete", "InProgress", "JobComplete", "Failed" or "Aborted".
    uploaded_at: When it became ready to be worked off. plan, rows: Of a query. sent: The CSV of an ingest.
    done, refused: Lines of the results of an ingest: (id, created, line) and (id, error, line).
    """

    id: str
    operation: str
    entity: Entity
    version: str
    user_id: str
    created_at: datetime
    state: str
    line_ending: str = "LF"
    delimiter: str = "COMMA"
    query_text: str = ""
    plan: Plan | None = None
    external_id: str | None = None
    changed_at: datetime
    uploaded_at: datetime | None = None
    delay_seconds: float = 0.0
    rows: list[Row] = field(default_factory=list)
    sent: str = ""
    done: list[tuple[str, bool, list[str]]] = field(default_factory=list)
    refused: list[tuple[str, str, list[str]]] = field(default_factory=list)
    header: list[str] = field(default_factory=list)
    error: str = ""

    @property
    def queries(self) -> bool:
        """Whether this is a query job."""
        return self.operation in ("query", "queryAll")

    def shown_state(self, now: datetime) -> str:
        """Return the state: a waiting job is being worked off in the second half of its wait."""
        if self.state == "UploadComplete" and self.uploaded_at and now >= self.uploaded_at + self._wait(0.5):
            return "InProgress"
        return self.state

    def is_due(self, now: datetime) -> bool:
        """Tell whether it is time to work this off."""
        ready = self.state == "UploadComplete" and self.uploaded_at is not None
        return ready and self.uploaded_at is not None and now >= self.uploaded_at + self._wait(1.0)

    def _wait(self, share: float) -> timedelta:
        return timedelta(seconds=self.delay_seconds * share)


def job_options(sent: dict[str, Any]) -> tuple[str, str]:
    """Return line ending and delimiter of a new job; raises `Refused`. The wording is ours."""
    line_ending = sent.get("lineEnding") or "LF"
    delimiter = sent.get("columnDelimiter") or "COMMA"
    if line_ending not in LINE_ENDINGS or delimiter not in DELIMITERS:
        raise invalid_job(f"lineEnding {line_ending} or columnDelimiter {delimiter} is not supported")
    return line_ending, delimiter


def job_body(job: Job, *, now: datetime, whole: bool = True) -> dict[str, Any]:
    """Return a job as the vendor answers it. whole: With what has been done so far."""
    body: dict[str, Any] = {
        "id": job.id,
        "operation": job.operation,
        "object": job.entity.name,
        "createdById": job.user_id,
        "createdDate": stamp(job.created_at),
        "systemModstamp": stamp(job.changed_at),
        "state": job.shown_state(now),
        "concurrencyMode": "Parallel",
        "contentType": "CSV",
        "apiVersion": float(job.version),
        "lineEnding": job.line_ending,
        "columnDelimiter": job.delimiter,
    }
    if job.external_id:
        body["externalIdFieldName"] = job.external_id
    if not job.queries and job.state == "Open":
        body["contentUrl"] = f"services/data/v{job.version}/jobs/ingest/{job.id}/batches"
    if whole:
        body.update(_progress(job))
    return body


def _progress(job: Job) -> dict[str, Any]:
    body: dict[str, Any] = {"jobType": "V2Query" if job.queries else "V2Ingest", "retries": 0, "totalProcessingTime": 0}
    if job.error:
        body["errorMessage"] = job.error
    if job.queries:
        body["numberRecordsProcessed"] = len(job.rows)
        body["isPkChunkingSupported"] = True
        return body
    return {
        **body,
        "numberRecordsProcessed": len(job.done) + len(job.refused),
        "numberRecordsFailed": len(job.refused),
        "apiActiveProcessingTime": 0,
        "apexProcessingTime": 0,
    }


def csv_text(lines: Iterable[Sequence[Value]], job: Job) -> str:
    """Return lines of values as the vendor's CSV: every value in quotes, null as nothing between them."""
    between = f'"{DELIMITERS[job.delimiter]}"'
    end = LINE_ENDINGS[job.line_ending]
    return "".join([f'"{between.join([csv_value(value) for value in line])}"{end}' for line in lines])


def csv_value(value: Value) -> str:
    """Return one value without its quotes."""
    if isinstance(value, str):
        return value.replace('"', '""') if '"' in value else value
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def read_csv(job: Job) -> list[list[str]]:
    """Return the lines of an ingest job's CSV, the header first; raises `Refused`."""
    reader = csv.reader(io.StringIO(job.sent), delimiter=DELIMITERS[job.delimiter], strict=True)
    try:
        return [line for line in reader if line]
    except csv.Error as error:
        raise invalid_job(f"InvalidBatch : {error}") from None


def find_job(jobs: dict[str, Job], job_id: str, *, queries: bool) -> Job:
    """Return a job by its id, 15 or 18 characters; raises `Refused` (404)."""
    from_long = jobs.get(job_id) or next((job for known, job in jobs.items() if known[:15] == job_id), None)
    if from_long is None or from_long.queries is not queries:
        raise Refused(
            status=404,
            body=[{"errorCode": "NOT_FOUND", "message": "The requested resource does not exist"}],
        )
    return from_long


def keep_job(jobs: dict[str, Job], job: Job) -> None:
    """Keep a job, and forget the oldest when there are too many."""
    jobs[job.id] = job
    while len(jobs) > MOST_JOBS:
        del jobs[next(iter(jobs))]


def invalid_job(message: str) -> Refused:
    """Return the 400 for a job that cannot be made; the wording is ours where nothing else is said."""
    return refused("INVALIDJOB", message)


def invalid_state(message: str) -> Refused:
    """Return the 400 for an act a job's state does not allow; its wording is ours."""
    return refused("INVALIDJOBSTATE", message)
