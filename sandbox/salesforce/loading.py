"""Bulk load through the control plane: rows with given ids and times, in the vendor's own field names.

Nothing here is part of the vendor's API, and values are not checked as the vendor would: odd rows are wanted in tests.
Field names are checked, because a wrong one is a slip.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any

from sandbox.salesforce.ids import numbered, read_id
from sandbox.salesforce.org import INTEGRATION_USER_ID, Org, Row, Value
from sandbox.salesforce.schema import ENTITIES, ID_TYPES, Entity, Field
from sandbox.salesforce.values import read_moment
from sandbox.salesforce.writing import complete_row, rows_with

ORDER = ("Account", "Contact", "Case", "CaseComment", "FeedItem", "User")
"""Objects in the order they are loaded, so that references find what they point at."""


class BadLoad(ValueError):
    """The load request cannot be used: its message says which entry and why."""


def load(org: Org, body: Mapping[str, Any], *, at: str) -> dict[str, list[str]]:
    """Load lists of rows by object name and return their ids in the order given; raises `BadLoad`.

    A row with the Id of another one replaces it. `number`: 7 stands for the seventh Id of its object.
    A reference may be given by external id: "Contact": {"Customer_Number__c": "C-100023"}.
    A case may carry its `comments`: [{"CommentBody", "IsPublished"?, "CreatedById"?, "CreatedDate"?}].
    Times are ISO and default to `at`; SystemModstamp and LastModifiedDate to CreatedDate.
    `notify`: true sends the Outbound Messages of the rows; otherwise a load is silent.
    """
    unknown = sorted(set(body) - {*ORDER, "notify"})
    if unknown:
        raise BadLoad(f"{unknown[0]}: is none of {', '.join(ORDER)}")
    loaded: dict[str, list[str]] = {}
    for name in ORDER:
        entries = body.get(name, [])
        if not isinstance(entries, list):
            raise BadLoad(f"{name}: must be a list of objects")
        if entries:
            loaded[name] = _load_entity(org, ENTITIES[name], entries, at=at, notify=body.get("notify") is True)
    return loaded


def _load_entity(org: Org, entity: Entity, entries: list[Any], *, at: str, notify: bool) -> list[str]:
    rows: list[Row] = []
    comments: list[Row] = []
    for index, entry in enumerate(entries):
        try:
            row = _row(org, entity, entry, at=at)
            comments += [_comment(org, row, comment) for comment in entry.get("comments") or ()]
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise BadLoad(f"{entity.name}[{index}]: {type(error).__name__}: {error}") from error
        rows.append(row)
    if notify:
        for row in rows:
            org.put(entity, row)
        org.commit()
    else:
        org.table(entity).put_many(rows)
    if comments:
        org.table(ENTITIES["CaseComment"]).put_many(comments)
    return [str(row["Id"]) for row in rows]


def _comment(org: Org, case: Row, given: Mapping[str, Any]) -> Row:
    entry = {"CreatedDate": case["SystemModstamp"], **given, "ParentId": case["Id"]}
    return _row(org, ENTITIES["CaseComment"], entry, at=str(case["SystemModstamp"]))


def _row(org: Org, entity: Entity, entry: Mapping[str, Any], *, at: str) -> Row:
    row: dict[str, Value] = dict(_defaults_of(entity.name))
    row_id = _own_id(org, entity, entry)
    for name, value in entry.items():
        if name in ("Id", "number", "comments", "attributes"):
            continue
        reference = entity.relationships.get(name.lower())
        if reference is not None and (value is None or isinstance(value, dict)):
            if value is not None:
                row[reference.name] = _found(org, reference, value)
            continue
        field = entity.field(name)
        if field is None:
            raise BadLoad(f"{name}: is no field of {entity.name}")
        if value is not None and value != "":
            row[field.name] = _value(field, value)
    row["Id"] = row_id
    _date(entity, row, at)
    before = org.row(entity, row_id)
    complete_row(org, entity, row, before=before, at=str(row["SystemModstamp"]))
    return row


def _own_id(org: Org, entity: Entity, entry: Mapping[str, Any]) -> str:
    if "number" in entry:
        return numbered(entity.prefix, int(entry["number"]))
    if entry.get("Id"):
        return _id(str(entry["Id"]))
    return org.new_id(entity)


def _value(field: Field, value: Any) -> Value:
    if field.kind == "datetime":
        return read_moment(str(value))
    if field.kind in ID_TYPES:
        return _id(str(value))
    if field.kind in ("double", "currency"):
        return float(value)
    if isinstance(value, (dict, list)):
        raise BadLoad(f"{field.name}: must be a single value")
    return value if field.kind in ("boolean", "int") else str(value)


def _id(text: str) -> str:
    found = read_id(text)
    if found is None:
        raise BadLoad(f"{text}: is no id")
    return found


def _found(org: Org, reference: Field, given: Mapping[str, Any]) -> str:
    name, value = next(iter(given.items()))
    target = next(ENTITIES[each] for each in reference.targets if each in ENTITIES)
    field = target.field(name)
    found = rows_with(org, target, field, str(value)) if field else []
    if not found:
        raise BadLoad(f"{target.name}: none has {name} {value!r}")
    return str(found[0]["Id"])


@cache
def _defaults_of(name: str) -> Row:
    entity = ENTITIES[name]
    row: dict[str, Value] = {field.name: field.default for field in entity.fields if field.default is not None}
    row.update({field.name: False for field in entity.fields if field.kind == "boolean"})
    if entity.field("OwnerId"):
        row["OwnerId"] = INTEGRATION_USER_ID
    if entity.field("LastModifiedById"):
        row["LastModifiedById"] = INTEGRATION_USER_ID
    row["CreatedById"] = INTEGRATION_USER_ID
    return row


def _date(entity: Entity, row: dict[str, Value], at: str) -> None:
    created = row.setdefault("CreatedDate", at)
    modified = row.setdefault("LastModifiedDate", row.get("SystemModstamp") or created)
    row.setdefault("SystemModstamp", modified)
    if entity.name == "CaseComment" and "CommentBody" not in row:
        raise BadLoad("CommentBody: is missing")
