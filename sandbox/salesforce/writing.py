"""Creating, updating, deleting and upserting rows, checked as the vendor checks them. One row at a time; no commit."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.salesforce.fields import CLOSED_STATUSES
from sandbox.salesforce.ids import read_id
from sandbox.salesforce.org import Org, Row, Value
from sandbox.salesforce.refusals import (
    Refused,
    Trouble,
    bad_json,
    deleted_entity,
    malformed_id,
    no_such_column,
    not_found,
    refused,
    unknown_reference,
)
from sandbox.salesforce.schema import ENTITIES, Entity, Field
from sandbox.salesforce.values import Troubled, read_value

ROW_LOCKED = "row_locked"
ITEM_FAILED = "item_failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pen:
    """Who writes, where and when.

    actor_id: "005…". at: Stamp of the write: "2026-11-22T10:00:00.000+0000".
    trouble: Asked for each row before it is written: what a fault does to it; None = nothing.
    touch_parents: Whether a comment gives its case a new SystemModstamp.
    """

    org: Org
    actor_id: str
    at: str
    trouble: Callable[[str], Trouble | None] = lambda _: None
    touch_parents: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What a write did: the row's id and whether it is new."""

    id: str
    created: bool


def create(pen: Pen, entity: Entity, sent: Mapping[str, Any]) -> Written:
    """Insert a row; raises `Troubled`."""
    _check_creatable(entity)
    values = _read(pen, entity, sent, flag="c")
    missing = [known.name for known in entity.fields if _is_required(known) and values.get(known.name) is None]
    if missing:
        raise Troubled(_missing(missing))
    row_id = pen.org.new_id(entity)
    _strike(pen, row_id)
    _check_unique(pen.org, entity, values, row_id)
    row: dict[str, Value] = {"Id": row_id, **_defaults(entity, pen), **_audit(entity, pen)}
    row.update((name, value) for name, value in values.items() if value is not None)
    _complete(pen, entity, row, before=None)
    return Written(id=row_id, created=True)


def update(pen: Pen, entity: Entity, row_id: str, sent: Mapping[str, Any]) -> Written:
    """Change a row; raises `Troubled`, and `Refused` for an id that names none."""
    before = existing(pen.org, entity, row_id)
    values = _read(pen, entity, sent, flag="u")
    missing = [name for name, value in values.items() if value is None and _required_name(entity, name)]
    if missing:
        raise Troubled(_missing(missing))
    _strike(pen, row_id)
    _check_unique(pen.org, entity, values, row_id)
    row = {**before, **values, "SystemModstamp": pen.at, "LastModifiedDate": pen.at}
    if entity.field("LastModifiedById"):
        row["LastModifiedById"] = pen.actor_id
    _complete(pen, entity, {name: value for name, value in row.items() if value is not None}, before=before)
    return Written(id=row_id, created=False)


def delete(pen: Pen, entity: Entity, row_id: str) -> Written:
    """Move a row to the recycle bin, and a case's comments with it; raises `Troubled` and `Refused`."""
    if not entity.writable:
        message = "insufficient access rights on object id"
        raise Troubled(Trouble(code="INSUFFICIENT_ACCESS_OR_READONLY", message=message))
    before = existing(pen.org, entity, row_id)
    _strike(pen, row_id)
    if entity.name in ("Account", "Contact"):
        _check_childless(pen.org, entity, before)
    pen.org.put(entity, {**before, "IsDeleted": True, "SystemModstamp": pen.at, "LastModifiedDate": pen.at})
    if entity.name == "Case":
        comments = ENTITIES["CaseComment"]
        for comment_id in pen.org.table(comments).ids_with("ParentId", row_id) or ():
            comment = pen.org.table(comments).rows[comment_id]
            pen.org.put(comments, {**comment, "IsDeleted": True, "SystemModstamp": pen.at})
    return Written(id=row_id, created=False)


def upsert(  # The vendor's upsert is about all of these.
    pen: Pen, entity: Entity, field: Field, value: str, sent: Mapping[str, Any], *, update_only: bool = False
) -> Written:
    """Update the row with this external id, or insert one; raises `Troubled`, and `Refused` (300) for several."""
    if any(name.lower() == field.name.lower() for name in sent):
        message = f"The {field.name} field should not be specified in the sobject data."
        raise refused("INVALID_FIELD", message)
    found = rows_with(pen.org, entity, field, value)
    if len(found) > 1:
        raise Refused(status=300, body=[str(row["Id"]) for row in found])
    if found:
        return update(pen, entity, str(found[0]["Id"]), sent)
    if update_only:
        raise not_found()
    return create(pen, entity, {**sent, field.name: value})


def rows_with(org: Org, entity: Entity, field: Field, value: str) -> list[Row]:
    """Return the rows that are not deleted and have this external id."""
    table = org.table(entity)
    ids = table.ids_with(field.name, value) or ()
    return [table.rows[row_id] for row_id in ids if not table.rows[row_id].get("IsDeleted")]


def existing(org: Org, entity: Entity, row_id: str) -> Row:
    """Return a row that is not deleted; raises `Refused` (404) and `Troubled` (ENTITY_IS_DELETED)."""
    row = org.row(entity, row_id)
    if row is None:
        raise not_found()
    if row.get("IsDeleted"):
        raise Troubled(deleted_entity())
    return row


def _check_creatable(entity: Entity) -> None:
    if not entity.writable:
        message = f"entity type cannot be inserted: {entity.name}"
        raise Troubled(Trouble(code="CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", message=message))


def _read(pen: Pen, entity: Entity, sent: Mapping[str, Any], *, flag: str) -> dict[str, Value]:
    """Return the values sent by field name. flag: "c" or "u", what a field must be to be written."""
    values: dict[str, Value] = {}
    for name, value in sent.items():
        if name == "attributes":
            continue
        if name.lower() == "id":
            raise refused("INVALID_FIELD", "The Id field should not be specified in the sobject data.")
        reference = entity.relationships.get(name.lower())
        if reference is not None:
            values[reference.name] = _by_external_id(pen.org, reference, value)
            continue
        field = entity.field(name)
        if field is None:
            raise Troubled(no_such_column(name, entity.name))
        if not field.has(flag):
            raise Troubled(_not_writable(field.name))
        values[field.name] = read_value(field, value)
        if field.kind == "reference" and values[field.name] is not None:
            _check_reference(pen.org, field, str(values[field.name]))
    return values


def _by_external_id(org: Org, reference: Field, sent: object) -> str | None:
    """Return the id that {"Customer_Number__c": "C-1"} means; null takes the reference away."""
    if sent is None:
        return None
    if not isinstance(sent, dict) or len([name for name in sent if name != "attributes"]) != 1:
        raise bad_json(f"Cannot deserialize instance of reference for {reference.relationship}")
    target = ENTITIES[reference.targets[0]]
    name, value = next((name, value) for name, value in sent.items() if name != "attributes")
    field = target.field(name)
    if field is None or not field.has("x"):
        message = f"Field name provided, {name} is not an External ID or indexed field for {target.name}"
        raise Troubled(Trouble(code="INVALID_FIELD", message=message))
    found = rows_with(org, target, field, str(value))
    if len(found) != 1:
        message = f"Foreign key external ID: {value} not found for field {field.name} in entity {target.name}"
        raise Troubled(Trouble(code="INVALID_FIELD", message=message))
    return str(found[0]["Id"])


def _check_reference(org: Org, field: Field, row_id: str) -> None:
    for target in field.targets:
        if target in ENTITIES and row_id.startswith(ENTITIES[target].prefix):
            row = org.row(ENTITIES[target], row_id)
            if row is None:
                raise Troubled(unknown_reference())
            if row.get("IsDeleted"):
                raise Troubled(Trouble(code="ENTITY_IS_DELETED", message="entity is deleted"))
            return
    raise Troubled(malformed_id(field.label, row_id, field.name))


def _is_required(field: Field) -> bool:
    return field.has("c") and not (field.has("n") or field.has("d"))


def _required_name(entity: Entity, name: str) -> bool:
    field = entity.field(name)
    return field is not None and not field.has("n")


def _missing(names: list[str]) -> Trouble:
    message = f"Required fields are missing: [{', '.join(names)}]"
    return Trouble(code="REQUIRED_FIELD_MISSING", message=message, fields=tuple(names))


def _not_writable(name: str) -> Trouble:
    message = (
        f"Unable to create/update fields: {name}. Please check the security settings of this field "
        "and verify that it is read/write for your profile or permission set."
    )
    return Trouble(code="INVALID_FIELD_FOR_INSERT_UPDATE", message=message, fields=(name,))


def _strike(pen: Pen, row_id: str) -> None:
    trouble = pen.trouble(row_id)
    if trouble is not None:
        raise Troubled(trouble)


def _check_unique(org: Org, entity: Entity, values: Mapping[str, Value], row_id: str) -> None:
    for field in entity.fields:
        value = values.get(field.name) if field.has("q") else None
        if value is None:
            continue
        other = next((row for row in rows_with(org, entity, field, str(value)) if row["Id"] != row_id), None)
        if other is not None:
            message = f"duplicate value found: {field.name} duplicates value on record with id: {other['Id']}"
            raise Troubled(Trouble(code="DUPLICATE_VALUE", message=message))


def _check_childless(org: Org, entity: Entity, row: Row) -> None:
    """Refuse to delete whoever still has cases, as the vendor does."""
    table = org.table(ENTITIES["Case"])
    ids = table.ids_with(f"{entity.name}Id", str(row["Id"])) or ()
    names = [str(table.rows[i]["CaseNumber"]) for i in ids if not table.rows[i].get("IsDeleted")]
    if names:
        message = (
            f"Your attempt to delete {row.get('Name')} could not be completed because it is associated "
            f"with the following cases.: {', '.join(names[:5])}"
        )
        raise Troubled(Trouble(code="DELETE_FAILED", message=message))


def _defaults(entity: Entity, pen: Pen) -> dict[str, Value]:
    values: dict[str, Value] = {}
    for field in entity.fields:
        if field.kind == "boolean":
            values[field.name] = False
        elif field.default is not None:
            values[field.name] = field.default
        elif field.kind == "int" and field.has("d"):
            values[field.name] = 0
    if entity.field("OwnerId"):
        values["OwnerId"] = pen.actor_id
    if entity.field("InsertedById"):
        values["InsertedById"] = pen.actor_id
    return values


def _audit(entity: Entity, pen: Pen) -> dict[str, Value]:
    values: dict[str, Value] = {
        "CreatedDate": pen.at,
        "CreatedById": pen.actor_id,
        "LastModifiedDate": pen.at,
        "SystemModstamp": pen.at,
    }
    if entity.field("LastModifiedById"):
        values["LastModifiedById"] = pen.actor_id
    return values


def _complete(pen: Pen, entity: Entity, row: dict[str, Value], *, before: Row | None) -> None:
    """Add what follows from the other values, and put the row."""
    note = row.pop("Comments", None)
    complete_row(pen.org, entity, row, before=before, at=pen.at)
    pen.org.put(entity, row)
    if note is not None:
        create(pen, ENTITIES["CaseComment"], {"ParentId": row["Id"], "CommentBody": note})
    if entity.name == "CaseComment" and pen.touch_parents:
        cases = ENTITIES["Case"]
        pen.org.put(cases, {**pen.org.table(cases).rows[str(row["ParentId"])], "SystemModstamp": pen.at})


def complete_row(org: Org, entity: Entity, row: dict[str, Value], *, before: Row | None, at: str) -> None:
    """Fill in what the vendor computes: names, case numbers, the closed flag, the account of a case's contact."""
    if entity.name == "Contact":
        row["Name"] = " ".join(str(row[name]) for name in ("FirstName", "LastName") if row.get(name))
    if entity.name == "FeedItem" and "Type" not in row:
        row["Type"] = "LinkPost" if row.get("LinkUrl") else "TextPost"
    if entity.name != "Case":
        return
    if "CaseNumber" not in row:
        row["CaseNumber"] = org.new_case_number()
    row["IsClosed"] = row.get("Status") in CLOSED_STATUSES
    if not row["IsClosed"]:
        row.pop("ClosedDate", None)
    else:
        row.setdefault("ClosedDate", at)
    contact_changed = row.get("ContactId") != (before.get("ContactId") if before else None)
    if contact_changed and row.get("ContactId") and not row.get("AccountId"):
        contact = org.row(ENTITIES["Contact"], row["ContactId"])
        if contact and contact.get("AccountId"):
            row["AccountId"] = contact["AccountId"]


def record_id(entity: Entity, text: object, *, label: str | None = None) -> str:
    """Return an id of this object in its long form; raises `Troubled` (MALFORMED_ID)."""
    found = read_id(str(text))
    if found is None or not found.startswith(entity.prefix):
        raise Troubled(malformed_id(label or f"{entity.name} ID", text, "Id"))
    return found
