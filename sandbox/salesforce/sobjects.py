"""/sobjects: describes, and rows one by one, by id or external id.

Vendor: developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_sobject_retrieve.htm
"""

from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from typing import Any

from starlette.responses import Response

from sandbox.salesforce.describe import describe, describe_basic, describe_global
from sandbox.salesforce.door import Call, empty_answer, json_answer
from sandbox.salesforce.ids import read_id
from sandbox.salesforce.org import Org, Row
from sandbox.salesforce.refusals import Refused, no_external_id, not_found, precondition_failed, refused
from sandbox.salesforce.schema import Entity, Field
from sandbox.salesforce.soql_fields import Resolved, getter
from sandbox.salesforce.writing import Written, create, delete, existing, rows_with, update, upsert

_CREATED_SINCE = 46
"""From this API version an upsert answers a body with `created` for updates too."""


async def describe_all(call: Call) -> Response:
    """GET /sobjects/."""
    return json_answer(describe_global(call.version))


async def describe_short(call: Call) -> Response:
    """GET /sobjects/Case."""
    return json_answer(describe_basic(call.entity(), call.version))


async def describe_whole(call: Call) -> Response:
    """GET /sobjects/Case/describe."""
    return json_answer(describe(call.entity(), call.version))


async def create_row(call: Call) -> Response:
    """POST /sobjects/Case."""
    entity = call.entity()
    return _saved(create(call.pen(), entity, call.sent()), entity, call, created_shown=False)


async def show_row(call: Call) -> Response:
    """GET /sobjects/Case/500…?fields=Id,Subject."""
    entity = call.entity()
    row = _row(call, entity)
    if _unmodified_since(call, row, "if-modified-since"):
        raise Refused(status=304, body=None)
    return _shown(call, entity, row)


async def update_row(call: Call) -> Response:
    """PATCH /sobjects/Case/500…."""
    entity = call.entity()
    row = _row(call, entity)
    if call.headers.get("if-unmodified-since") and not _unmodified_since(call, row, "if-unmodified-since"):
        raise precondition_failed()
    update(call.pen(), entity, str(row["Id"]), call.sent())
    return empty_answer()


async def delete_row(call: Call) -> Response:
    """DELETE /sobjects/Case/500…."""
    entity = call.entity()
    delete(call.pen(), entity, str(_row(call, entity)["Id"]))
    return empty_answer()


async def show_by_external_id(call: Call) -> Response:
    """GET /sobjects/Contact/Customer_Number__c/C-100023."""
    entity, field = _external(call)
    return _shown(call, entity, _only(call, entity, field))


async def upsert_row(call: Call) -> Response:
    """PATCH /sobjects/Contact/Customer_Number__c/C-100023: 201 for a new row, 200 (204 before v46.0) for another."""
    entity, field = _external(call)
    update_only = call.query.get("updateOnly", "").lower() == "true"
    if field.kind == "id":
        written = update(call.pen(), entity, str(_only(call, entity, field)["Id"]), call.sent())
        return _saved(written, entity, call, created_shown=True)
    try:
        written = upsert(call.pen(), entity, field, call.param("value"), call.sent(), update_only=update_only)
    except Refused as refused:
        raise _several(refused, entity, call) from None
    return _saved(written, entity, call, created_shown=True)


async def delete_by_external_id(call: Call) -> Response:
    """DELETE /sobjects/Contact/Customer_Number__c/C-100023."""
    entity, field = _external(call)
    delete(call.pen(), entity, str(_only(call, entity, field)["Id"]))
    return empty_answer()


async def changed_rows(call: Call) -> Response:
    """GET /sobjects/Case/updated?start=…&end=…: ids of rows changed in between, deleted ones left out."""
    ids = [str(row["Id"]) for row in _between(call) if not row.get("IsDeleted")]
    return json_answer({"ids": ids, "latestDateCovered": _moment(call, "end")})


async def deleted_rows(call: Call) -> Response:
    """GET /sobjects/Case/deleted?start=…&end=…."""
    found = [row for row in _between(call) if row.get("IsDeleted")]
    return json_answer(
        {
            "deletedRecords": [{"id": row["Id"], "deletedDate": row["SystemModstamp"]} for row in found],
            "earliestDateAvailable": _moment(call, "start"),
            "latestDateCovered": _moment(call, "end"),
        }
    )


def row_body(org: Org, entity: Entity, row: Row, fields: tuple[Field, ...], version: str) -> dict[str, Any]:
    """Return a row with these fields, nulls included, as rows are answered one by one."""
    url = f"/services/data/v{version}/sobjects/{entity.name}/{row['Id']}"
    body: dict[str, Any] = {"attributes": {"type": entity.name, "url": url}}
    for field in fields:
        body[field.name] = getter(org, Resolved(field=field))(row)
    return body


def named_fields(entity: Entity, text: str) -> tuple[Field, ...]:
    """Return the fields a list names, and Id; all of them for no list. Raises `Refused` (INVALID_FIELD)."""
    if not text:
        return entity.fields
    found = []
    for name in text.split(","):
        field = entity.field(name.strip())
        if field is None:
            raise refused("INVALID_FIELD", f"No such column '{name.strip()}' on sobject of type {entity.name}")
        found.append(field)
    if entity.fields[0] not in found:
        found.append(entity.fields[0])
    return tuple(found)


def _saved(written: Written, entity: Entity, call: Call, *, created_shown: bool) -> Response:
    body: dict[str, Any] = {"id": written.id, "success": True, "errors": []}
    shows_created = float(call.version) >= _CREATED_SINCE
    if created_shown and shows_created:
        body["created"] = written.created
    if not written.created:
        return json_answer(body) if shows_created else empty_answer()
    location = f"/services/data/v{call.version}/sobjects/{entity.name}/{written.id}"
    return json_answer(body, status=201, headers={"Location": location})


def _shown(call: Call, entity: Entity, row: Row) -> Response:
    fields = named_fields(entity, call.query.get("fields", ""))
    modified = datetime.fromisoformat(str(row["LastModifiedDate"]))
    headers = {"Last-Modified": format_datetime(modified.astimezone(UTC), usegmt=True)}
    return json_answer(row_body(call.desk.org, entity, row, fields, call.version), headers=headers)


def _row(call: Call, entity: Entity) -> Row:
    """Return the row in the path, not deleted."""
    row_id = read_id(call.param("id"))
    if row_id is None or not row_id.startswith(entity.prefix):
        raise no_external_id(call.param("id"))
    if call.method == "GET":
        row = call.desk.org.row(entity, row_id)
        if row is None or row.get("IsDeleted"):
            raise not_found()
        return row
    return existing(call.desk.org, entity, row_id)


def _external(call: Call) -> tuple[Entity, Field]:
    entity = call.entity()
    field = entity.field(call.param("field"))
    if field is None or not (field.has("x") or field.kind == "id"):
        raise no_external_id(call.param("field"))
    return entity, field


def _only(call: Call, entity: Entity, field: Field) -> Row:
    """Return the one row with the external id in the path; raises `Refused` (404, or 300 for several)."""
    value = call.param("value")
    if field.kind == "id":
        return existing(call.desk.org, entity, read_id(value) or value)
    found = rows_with(call.desk.org, entity, field, value)
    if not found:
        raise not_found()
    if len(found) > 1:
        raise _several(Refused(status=300, body=[str(row["Id"]) for row in found]), entity, call)
    return found[0]


def _several(refused: Refused, entity: Entity, call: Call) -> Refused:
    """Return a 300 with the addresses of the rows instead of their ids; other refusals as they are."""
    if refused.status != 300:  # noqa: PLR2004
        return refused
    ids: Any = refused.body
    return Refused(
        status=300, body=[f"/services/data/v{call.version}/sobjects/{entity.name}/{row_id}" for row_id in ids]
    )


def _unmodified_since(call: Call, row: Row, header: str) -> bool:
    """Tell whether the row was last modified at or before the time in a header; no or a wrong header: False.

    A wrong If-Unmodified-Since is refused (400), as documented.
    """
    text = call.headers.get(header)
    if not text:
        return False
    try:
        since = parsedate_to_datetime(text)
    except (TypeError, ValueError):
        if header == "if-unmodified-since":
            raise refused("INVALID_HEADER_VALUE", f"Invalid value for header {header}: {text}") from None
        return False
    return datetime.fromisoformat(str(row["LastModifiedDate"])) <= since.astimezone(UTC)


def _between(call: Call) -> list[Row]:
    entity = call.entity()
    table = call.desk.org.table(entity)
    ids = table.ids_stamped(since=_moment(call, "start"), until=_moment(call, "end"))
    return [table.rows[row_id] for row_id in ids]


def _moment(call: Call, name: str) -> str:
    text = call.query.get(name, "").replace(" ", "+")
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise refused("MISSING_ARGUMENT", f"{name}: {text} is not a valid dateTime") from None
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return f"{aware.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.000+0000"
