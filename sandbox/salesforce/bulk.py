"""/jobs/query and /jobs/ingest: the handlers of Bulk API 2.0."""

import base64
import binascii
from datetime import datetime
from typing import Any

from starlette.responses import Response

from sandbox.salesforce.bulk_jobs import (
    ENDED,
    JOB_PREFIX,
    Job,
    csv_text,
    find_job,
    invalid_job,
    invalid_state,
    job_body,
    job_options,
    keep_job,
    read_csv,
)
from sandbox.salesforce.door import Call, Desk, empty_answer, json_answer
from sandbox.salesforce.ingesting import ingest
from sandbox.salesforce.org import Row, Value
from sandbox.salesforce.refusals import refused
from sandbox.salesforce.schema import entity_named
from sandbox.salesforce.soql_fields import parent
from sandbox.salesforce.soql_run import Children, Column, Parent, Plan, Queries, Shape

MOST_RECORDS = 50_000
INGEST_OPERATIONS = ("insert", "update", "upsert", "delete", "hardDelete")
CSV_TYPE = "text/csv"


async def create_query(call: Call) -> Response:
    """POST /jobs/query {"operation": "query" | "queryAll", "query": "SELECT …"}."""
    sent = call.sent()
    operation = sent.get("operation")
    if operation not in ("query", "queryAll"):
        raise invalid_job(f"operation: {operation!r} is not supported")
    text = str(sent.get("query") or "")
    plan = Queries(call.desk.org, now=call.now, include_deleted=operation == "queryAll").plan(text)
    if plan.query.counts or plan.query.offset or any(isinstance(c, Children) for c in plan.shape.columns):
        raise refused("API_ERROR", "COUNT, OFFSET and nested queries are not supported in Bulk API 2.0 queries")
    job = _new_job(call, plan.entity.name, sent, operation=str(operation), state="UploadComplete")
    job.query_text, job.plan, job.uploaded_at = text, plan, call.now
    return json_answer(job_body(job, now=call.now, whole=False))


async def create_ingest(call: Call) -> Response:
    """POST /jobs/ingest {"object", "operation", "externalIdFieldName"?, "contentType": "CSV"}."""
    sent = call.sent()
    entity = entity_named(str(sent.get("object")))
    if entity is None or not entity.writable:
        raise refused("INVALIDENTITY", f"Entity '{sent.get('object')}' is not supported by the Bulk API.")
    operation = sent.get("operation")
    if operation not in INGEST_OPERATIONS:
        raise invalid_job(f"operation: {operation!r} is not supported")
    name = sent.get("externalIdFieldName")
    field = entity.field(str(name)) if name else None
    if operation == "upsert" and (field is None or not (field.has("x") or field.kind == "id")):
        raise invalid_job(f"externalIdFieldName: {name!r} is no external id of {entity.name}")
    job = _new_job(call, entity.name, sent, operation=str(operation), state="Open")
    job.external_id = field.name if field else None
    return json_answer(job_body(job, now=call.now, whole=False))


async def upload(call: Call) -> Response:
    """PUT /jobs/ingest/750…/batches: the CSV, once."""
    job = _job(call)
    if job.state != "Open" or job.sent:
        raise invalid_state(f"Job {job.id} takes no more data in state {job.shown_state(call.now)}")
    if not call.headers.get("content-type", "").startswith(CSV_TYPE):
        raise invalid_job("Content-Type must be text/csv")
    job.sent = call.content.decode("utf-8-sig", errors="replace")
    return empty_answer(201)


async def change(call: Call) -> Response:
    """PATCH /jobs/…/750… {"state": "UploadComplete" | "Aborted"}."""
    job, wanted = _job(call), call.sent().get("state")
    if wanted == "Aborted" and job.state not in ENDED:
        job.state = "Aborted"
    elif wanted == "UploadComplete" and job.state == "Open" and job.sent and not job.queries:
        job.state, job.uploaded_at = "UploadComplete", call.now
    else:
        raise invalid_state(f"Job {job.id} cannot go from {job.shown_state(call.now)} to {wanted}")
    job.changed_at = call.now
    return json_answer(job_body(job, now=call.now, whole=False))


async def show(call: Call) -> Response:
    """GET /jobs/…/750…."""
    return json_answer(job_body(_job(call), now=call.now))


async def listing(call: Call) -> Response:
    """GET /jobs/query or /jobs/ingest: all of them on one page, oldest first."""
    found = [job_body(job, now=call.now) for job in call.desk.jobs.values() if job.queries is _is_query(call)]
    return json_answer({"done": True, "nextRecordsUrl": None, "records": found})


async def remove(call: Call) -> Response:
    """DELETE /jobs/…/750…: only a job that has ended, or an ingest whose upload is done."""
    job = _job(call)
    if job.state not in (*ENDED, "UploadComplete") or (job.queries and job.state not in ENDED):
        raise invalid_state(f"Job {job.id} cannot be deleted in state {job.shown_state(call.now)}")
    del call.desk.jobs[job.id]
    return empty_answer()


async def query_results(call: Call) -> Response:
    """GET /jobs/query/750…/results?maxRecords=…&locator=…: CSV, and where it goes on in Sforce-Locator."""
    job = _job(call)
    if job.state != "JobComplete" or job.plan is None:
        raise invalid_state(f"Job {job.id} has no results in state {job.shown_state(call.now)}")
    most = call.query.get("maxRecords", str(MOST_RECORDS))
    if not most.isdigit() or int(most) == 0:
        raise refused("INVALID_QUERY_PARAMETER_VALUE", f"maxRecords: {most}")
    start = _place(call.query.get("locator", ""), len(job.rows))
    end = min(start + int(most), len(job.rows))
    lines = query_lines(Queries(call.desk.org, now=call.now), job.plan, job.rows[start:end])
    locator = base64.b64encode(str(end).encode()).decode() if end < len(job.rows) else "null"
    headers = {"Sforce-Locator": locator, "Sforce-NumberOfRecords": str(end - start)}
    return Response(csv_text(lines, job), media_type=CSV_TYPE, headers=headers)


async def ingest_results(call: Call) -> Response:
    """GET /jobs/ingest/750…/successfulResults, failedResults or unprocessedrecords."""
    job, which = _job(call), call.param("results").lower()
    lines: list[list[Value]]
    if which == "successfulresults":
        lines = [["sf__Id", "sf__Created", *job.header]]
        lines += [[row_id, created, *line] for row_id, created, line in job.done]
    elif which == "failedresults":
        lines = [["sf__Id", "sf__Error", *job.header]]
        lines += [[row_id, error, *line] for row_id, error, line in job.refused]
    else:
        lines = [list(line) for line in (read_csv(job) if job.state in ("Aborted", "Failed") and job.sent else [])]
    return Response(csv_text(lines, job), media_type=CSV_TYPE)


def run_due_jobs(desk: Desk, *, now: datetime) -> None:
    """Work off the jobs whose time has come, in the order they were made."""
    for job in list(desk.jobs.values()):
        if job.is_due(now):
            if job.plan is not None:
                job.rows = Queries(desk.org, now=now).rows(job.plan)
            else:
                ingest(desk, job, now=now)
            if job.state == "UploadComplete":
                job.state = "JobComplete"
            job.changed_at = now


def query_lines(queries: Queries, plan: Plan, rows: list[Row]) -> list[list[Value]]:
    """Return header and values of rows, times with a Z as Bulk API has them."""
    names, gets = _columns(queries, plan.shape, ())
    lines: list[list[Value]] = [list(names)]
    lines += [[_bulk_time(get(row)) for get in gets] for row in rows]
    return lines


def _columns(queries: Queries, shape: Shape, over: tuple[Any, ...]) -> tuple[list[str], list[Any]]:
    """Return names like "Contact.Email" and functions that take the values out of a row."""
    names: list[str] = []
    gets: list[Any] = []
    for column in shape.columns:
        if isinstance(column, Column):
            names.append(".".join([*(str(reference.relationship) for reference in over), column.key]))
            gets.append(_reaching(queries, over, column) if over else column.get)
        elif isinstance(column, Parent):
            inner_names, inner_gets = _columns(queries, column.shape, (*over, column.reference))
            names += inner_names
            gets += inner_gets
    return names, gets


def _reaching(queries: Queries, over: tuple[Any, ...], column: Column) -> Any:
    def get(row: Row) -> Value:
        for reference in over:
            above = parent(queries.org, row, reference)
            if above is None:
                return None
            row = above
        return column.get(row)

    return get


def _bulk_time(value: Value) -> Value:
    return f"{value[:-5]}Z" if isinstance(value, str) and value.endswith(".000+0000") else value


def _new_job(call: Call, entity_name: str, sent: dict[str, Any], *, operation: str, state: str) -> Job:
    entity = entity_named(entity_name)
    if entity is None:
        raise invalid_job(f"object: {entity_name!r} is not supported")
    line_ending, delimiter = job_options(sent)
    job = Job(
        id=call.desk.org.ids.new(JOB_PREFIX),
        operation=operation,
        entity=entity,
        version=call.version,
        user_id=call.token.user_id,
        created_at=call.now,
        changed_at=call.now,
        state=state,
        delay_seconds=call.desk.settings.bulk_delay_seconds,
        line_ending=line_ending,
        delimiter=delimiter,
    )
    keep_job(call.desk.jobs, job)
    return job


def _is_query(call: Call) -> bool:
    return "/jobs/query" in call.path


def _job(call: Call) -> Job:
    return find_job(call.desk.jobs, call.param("id"), queries=_is_query(call))


def _place(locator: str, most: int) -> int:
    if not locator:
        return 0
    try:
        place = int(base64.b64decode(locator, validate=True))
    except (binascii.Error, ValueError):
        place = -1
    if not 0 <= place <= most:
        raise refused("INVALID_QUERY_LOCATOR", f"invalid query locator: {locator}")
    return place
