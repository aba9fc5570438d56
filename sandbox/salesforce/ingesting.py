"""Working off a bulk ingest job: each line of its CSV written on its own, as one in a collection."""

from datetime import datetime
from typing import Any

from sandbox.salesforce.bulk_jobs import Job, read_csv
from sandbox.salesforce.door import Desk, pen_at
from sandbox.salesforce.org import stamp
from sandbox.salesforce.refusals import Refused, Trouble, unknown_reference
from sandbox.salesforce.schema import Entity
from sandbox.salesforce.values import Troubled
from sandbox.salesforce.writing import Pen, Written, create, delete, record_id, update, upsert

NULL = "#N/A"
"""What a line says to empty a field; nothing at all leaves it as it is."""


def ingest(desk: Desk, job: Job, *, now: datetime) -> None:
    """Write every line, keeping what came of each; a CSV that cannot be read fails the job."""
    try:
        lines = read_csv(job)
    except Refused as refusal:
        body: Any = refusal.body
        job.state, job.error = "Failed", body[0]["message"]
        return
    if not lines:
        return
    job.header, wrong = lines[0], _wrong_column(job.entity, lines[0])
    if wrong is not None:
        job.state, job.error = "Failed", f"InvalidBatch : Field name not found : {wrong}"
        return
    pen = pen_at(desk, actor_id=job.user_id, at=stamp(now), method="PUT", path="/jobs/ingest")
    for line in lines[1:]:
        _write(pen, job, line)
    desk.org.commit()


def _write(pen: Pen, job: Job, line: list[str]) -> None:
    mark = pen.org.mark()
    try:
        written = _act(pen, job, line)
    except Troubled as troubled:
        pen.org.roll_back(mark)
        job.refused.append((_id_of(job, line), _error(troubled.troubles[0]), line))
    except Refused as refusal:
        pen.org.roll_back(mark)
        job.refused.append((_id_of(job, line), _error(_as_trouble(refusal)), line))
    else:
        job.done.append((written.id, written.created, line))


def _act(pen: Pen, job: Job, line: list[str]) -> Written:
    if len(line) != len(job.header):
        raise Troubled(Trouble(code="INVALID_CSV", message=f"{len(line)} values under {len(job.header)} names"))
    sent = _sent(job, line)
    if job.operation == "insert":
        return create(pen, job.entity, sent)
    if job.operation == "upsert" and job.external_id and job.external_id != "Id":
        field = job.entity.by_name[job.external_id.lower()]
        value = next((value for name, value in sent.items() if name.lower() == field.name.lower()), None)
        if value is None:
            raise Troubled(Trouble(code="MISSING_ARGUMENT", message=f"{field.name} not specified"))
        rest = {name: value for name, value in sent.items() if name.lower() != field.name.lower()}
        return upsert(pen, job.entity, field, str(value), rest)
    rest = {name: value for name, value in sent.items() if name.lower() != "id"}
    given = _id_of(job, line)
    if job.operation == "upsert" and not given:
        return create(pen, job.entity, rest)
    row_id = record_id(job.entity, given)
    return (
        delete(pen, job.entity, row_id) if "delete" in job.operation.lower() else update(pen, job.entity, row_id, rest)
    )


def _sent(job: Job, line: list[str]) -> dict[str, Any]:
    """Return a line as JSON would have it: Contact.Customer_Number__c becomes a reference by external id."""
    sent: dict[str, Any] = {}
    for name, text in zip(job.header, line, strict=True):
        if text == "":
            continue
        value = None if text == NULL else text
        reference, dot, inner = name.partition(".")
        if dot:
            sent[reference] = None if value is None else {inner: value}
        else:
            sent[name] = value
    return sent


def _wrong_column(entity: Entity, header: list[str]) -> str | None:
    """Return the first name of a header that the object does not have."""
    for name in header:
        reference, dot, _ = name.partition(".")
        known = reference.lower() in entity.relationships if dot else entity.field(name) is not None
        if not known:
            return name
    return None


def _id_of(job: Job, line: list[str]) -> str:
    place = next((index for index, name in enumerate(job.header) if name.lower() == "id"), None)
    return line[place] if place is not None and place < len(line) else ""


def _as_trouble(refusal: Refused) -> Trouble:
    if refusal.status == 404:  # noqa: PLR2004
        return unknown_reference()
    error: Any = refusal.body[0] if isinstance(refusal.body, list) else {}
    if isinstance(error, str):
        return Trouble(code="DUPLICATE_EXTERNAL_ID", message="more than one record found for external id field")
    return Trouble(code=error.get("errorCode", "UNKNOWN_EXCEPTION"), message=error.get("message", ""))


def _error(trouble: Trouble) -> str:
    """Return an error as results have it: "STRING_TOO_LONG:Subject: data value too large…:Subject --"."""
    return f"{trouble.code}:{trouble.message}:{','.join(trouble.fields)} --"
