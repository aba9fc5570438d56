"""/composite/sobjects: up to 200 rows in one request, each with its own result.

Vendor: developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_composite_sobjects_collections.htm
"""

from collections.abc import Callable, Mapping
from typing import Any

from starlette.responses import Response

from sandbox.salesforce.door import Call, json_answer
from sandbox.salesforce.ids import read_id
from sandbox.salesforce.refusals import Refused, Trouble, malformed_id, refused, unknown_reference
from sandbox.salesforce.schema import ENTITIES, Entity, entity_named
from sandbox.salesforce.sobjects import named_fields, row_body
from sandbox.salesforce.soql_fields import entity_of_id
from sandbox.salesforce.values import Troubled
from sandbox.salesforce.writing import Pen, Written, create, delete, update, upsert

MOST_ROWS = 200
MOST_RETRIEVED = 2_000

Act = Callable[[Pen], Written]


async def create_rows(call: Call) -> Response:
    """POST /composite/sobjects {"allOrNone", "records": [{"attributes": {"type"}, …}]}."""
    return _each(call, [_creating(record) for record in _records(call)])


async def update_rows(call: Call) -> Response:
    """PATCH /composite/sobjects {"allOrNone", "records": [{"attributes": {"type"}, "id", …}]}."""
    return _each(call, [_updating(record) for record in _records(call)])


async def upsert_rows(call: Call) -> Response:
    """PATCH /composite/sobjects/Contact/Customer_Number__c {"allOrNone", "records": […]}."""
    entity = call.entity()
    field = entity.field(call.param("field"))
    if field is None or not (field.has("x") or field.kind == "id"):
        raise refused("INVALID_FIELD", f"{call.param('field')} is not an External ID of {entity.name}")
    acts = [_upserting(entity, field.name, record) for record in _records(call)]
    return _each(call, acts, created_shown=True)


async def delete_rows(call: Call) -> Response:
    """DELETE /composite/sobjects?ids=500…,500…&allOrNone=false."""
    ids = [text for text in call.query.get("ids", "").split(",") if text]
    _check_count(len(ids))
    whole = call.query.get("allOrNone", "").lower() == "true"
    return _each(call, [_deleting(text) for text in ids], all_or_none=whole)


async def retrieve_rows(call: Call) -> Response:
    """GET /composite/sobjects/Case?ids=…&fields=… or POST {"ids": […], "fields": […]}: null for a row not there."""
    entity = call.entity()
    if call.method == "POST":
        sent = call.sent()
        ids, names = sent.get("ids"), sent.get("fields")
    else:
        ids, names = call.query.get("ids", "").split(","), call.query.get("fields", "").split(",")
    if not isinstance(ids, list) or not isinstance(names, list) or not any(names):
        raise refused("MALFORMED_QUERY", "ids and fields must be specified")
    if len(ids) > MOST_RETRIEVED:
        raise refused("EXCEEDED_ID_LIMIT", f"cannot retrieve more than {MOST_RETRIEVED} records in this call")
    fields = named_fields(entity, ",".join(str(name) for name in names))
    bodies = []
    for text in ids:
        row = call.desk.org.row(entity, _checked(entity, text))
        shown = row is not None and not row.get("IsDeleted")
        bodies.append(row_body(call.desk.org, entity, row, fields, call.version) if row and shown else None)
    return json_answer(bodies)


def _creating(record: Mapping[str, Any]) -> Act:
    entity = _entity(record)
    return lambda pen: create(pen, entity, record)


def _updating(record: Mapping[str, Any]) -> Act:
    entity = _entity(record)
    text, rest = _without_id(record)

    def act(pen: Pen) -> Written:
        if text is None:
            message = "Id not specified in an update call"
            raise Troubled(Trouble(code="MISSING_ARGUMENT", message=message, fields=("Id",)))
        return update(pen, entity, _checked(entity, text), rest)

    return act


def _upserting(entity: Entity, name: str, record: Mapping[str, Any]) -> Act:
    field = entity.field(name)
    rest = {key: value for key, value in record.items() if key.lower() != name.lower()}
    value = next((value for key, value in record.items() if key.lower() == name.lower()), None)

    def act(pen: Pen) -> Written:
        if field is None or field.kind == "id":
            return create(pen, entity, rest) if value is None else update(pen, entity, _checked(entity, value), rest)
        if value in (None, ""):
            message = f"{name} not specified"
            raise Troubled(Trouble(code="MISSING_ARGUMENT", message=message, fields=(field.name,)))
        return upsert(pen, entity, field, str(value), rest)

    return act


def _deleting(text: str) -> Act:
    def act(pen: Pen) -> Written:
        found = read_id(text)
        entity = entity_of_id(found) if found else None
        if found is None or entity is None:
            raise Troubled(Trouble(code="MALFORMED_ID", message="malformed id " + text))
        return delete(pen, entity, found)

    return act


def _each(call: Call, acts: list[Act], *, all_or_none: bool | None = None, created_shown: bool = False) -> Response:
    """Do each act on its own; all of them are taken back when one fails and all or none was asked for."""
    whole = bool(call.sent().get("allOrNone")) if all_or_none is None else all_or_none
    org = call.desk.org
    start = org.mark()
    pen = call.pen()
    results = [_result(pen, act, created_shown=created_shown) for act in acts]
    if whole and not all(result["success"] for result in results):
        org.roll_back(start)
        results = [_rolled_back() if result["success"] else result for result in results]
    return json_answer(results)


def _result(pen: Pen, act: Act, *, created_shown: bool) -> dict[str, Any]:
    mark = pen.org.mark()
    try:
        written = act(pen)
    except Troubled as troubled:
        pen.org.roll_back(mark)
        return _failed(*troubled.troubles)
    except Refused as refusal:
        pen.org.roll_back(mark)
        return _failed(_as_trouble(refusal))
    result: dict[str, Any] = {"id": written.id, "success": True, "errors": []}
    if created_shown:
        result["created"] = written.created
    return result


def _as_trouble(refusal: Refused) -> Trouble:
    """Return what a refusal of one row means inside a collection; raises it when it refuses the whole request."""
    if refusal.status == 404:  # noqa: PLR2004
        return unknown_reference()
    if refusal.status == 300:  # noqa: PLR2004
        return Trouble(code="DUPLICATE_EXTERNAL_ID", message="more than one record found for external id field")
    error: Any = refusal.body[0] if isinstance(refusal.body, list) else {}
    if error.get("errorCode") == "JSON_PARSER_ERROR":
        raise refusal
    return Trouble(code=error.get("errorCode", "UNKNOWN_EXCEPTION"), message=error.get("message", ""))


def _failed(*troubles: Trouble) -> dict[str, Any]:
    errors = [
        {"statusCode": trouble.code, "message": trouble.message, "fields": list(trouble.fields)} for trouble in troubles
    ]
    return {"success": False, "errors": errors}


def _rolled_back() -> dict[str, Any]:
    message = "Record rolled back because not all records were valid and the request was using AllOrNone header"
    return _failed(Trouble(code="ALL_OR_NONE_OPERATION_ROLLED_BACK", message=message))


def _records(call: Call) -> list[dict[str, Any]]:
    records = call.sent().get("records")
    if not isinstance(records, list) or not all(isinstance(record, dict) for record in records):
        raise refused("JSON_PARSER_ERROR", "records: a list of objects is required")
    _check_count(len(records))
    return records


def _check_count(count: int) -> None:
    if count > MOST_ROWS:
        message = f"record limit reached. cannot submit more than {MOST_ROWS} records into this call"
        raise refused("EXCEEDED_ID_LIMIT", message)


def _entity(record: Mapping[str, Any]) -> Entity:
    """Return the object a record names; the wording of the refusal is ours."""
    attributes = record.get("attributes")
    name = attributes.get("type") if isinstance(attributes, dict) else None
    entity = entity_named(name) if isinstance(name, str) else None
    if entity is None:
        known = ", ".join(ENTITIES)
        raise refused("INVALID_TYPE", f"attributes.type: {name!r} is not supported; known are {known}")
    return entity


def _without_id(record: Mapping[str, Any]) -> tuple[object | None, dict[str, Any]]:
    rest = {key: value for key, value in record.items() if key.lower() != "id"}
    return next((value for key, value in record.items() if key.lower() == "id"), None), rest


def _checked(entity: Entity, text: object) -> str:
    found = read_id(str(text))
    if found is None or not found.startswith(entity.prefix):
        raise Troubled(malformed_id(f"{entity.name} ID", text, "Id"))
    return found
