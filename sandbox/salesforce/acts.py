"""What people do at the vendor's side, through the control plane: edits, comments, merges, deletions, erasure.

POST /_sandbox/acts {"act": …, "by"?: "ana.silva@harbor.example" (an agent; the usual one) or any user's name}
  edit       {"id", "values": {field: value}}     any row, checked as the API does: close, reopen, owner, account
  comment    {"case", "body", "public": false}    an agent's comment
  email      {"case", "body"}                     a customer's answer: a published comment; a closed case reopens
  create     {"object", "values"}
  delete     {"id"}        undelete {"id"}        purge {"id"}: out of the recycle bin, as if it had never been
  merge      {"master": "500…", "losers": ["500…"]}
  erase      {"contact": "003…"}                  the person's data goes from the contact, its cases and comments
"""

from collections.abc import Callable, Mapping
from typing import Any

from sandbox.salesforce.ids import read_id
from sandbox.salesforce.org import AGENT_ID, Org, Row
from sandbox.salesforce.schema import ENTITIES, Entity, entity_named
from sandbox.salesforce.soql_fields import entity_of_id
from sandbox.salesforce.writing import Pen, create, delete, existing, update

ERASED = "Erased"
REOPENED = "Working"
_PERSONAL = {
    "Contact": (
        *("FirstName", "Salutation", "Email", "Phone", "MobilePhone", "Fax", "Title", "Department", "Description"),
        *("MailingStreet", "MailingCity", "MailingPostalCode", "MailingCountry", "Customer_Number__c"),
    ),
    "Case": ("Description", "SuppliedName", "SuppliedEmail", "SuppliedPhone", "SuppliedCompany"),
}


class BadAct(ValueError):
    """An act that cannot be done: its message says why."""


def act(pen: Pen, sent: Mapping[str, Any]) -> dict[str, Any]:
    """Do what `sent` says and return the ids of what was touched; raises `BadAct`, `Troubled` and `Refused`."""
    acts: dict[str, Callable[[Pen, Mapping[str, Any]], dict[str, Any]]] = {
        "edit": _edit,
        "comment": _comment,
        "email": _email,
        "create": _create,
        "delete": _delete,
        "undelete": _undelete,
        "purge": _purge,
        "merge": _merge,
        "erase": _erase,
    }
    name = sent.get("act")
    if name not in acts:
        raise BadAct(f"act: {name!r} is none of {', '.join(acts)}")
    return acts[name](pen, sent)


def person(org: Org, username: object) -> str:
    """Return the id of a user by name; the usual agent when none is given. Raises `BadAct`."""
    if username is None:
        return AGENT_ID
    for row in org.tables["User"].rows.values():
        if row["Username"] == username:
            return str(row["Id"])
    raise BadAct(f"by: {username!r} is no user")


def _edit(pen: Pen, sent: Mapping[str, Any]) -> dict[str, Any]:
    entity, row_id = _row_id(sent, "id")
    return {"id": update(pen, entity, row_id, _values(sent)).id}


def _create(pen: Pen, sent: Mapping[str, Any]) -> dict[str, Any]:
    entity = entity_named(str(sent.get("object")))
    if entity is None:
        raise BadAct(f"object: {sent.get('object')!r} is not known")
    return {"id": create(pen, entity, _values(sent)).id}


def _comment(pen: Pen, sent: Mapping[str, Any]) -> dict[str, Any]:
    _, case_id = _row_id(sent, "case")
    values = {"ParentId": case_id, "CommentBody": sent.get("body"), "IsPublished": sent.get("public") is True}
    return {"id": create(pen, ENTITIES["CaseComment"], values).id}


def _email(pen: Pen, sent: Mapping[str, Any]) -> dict[str, Any]:
    entity, case_id = _row_id(sent, "case")
    if existing(pen.org, entity, case_id).get("IsClosed"):
        update(pen, entity, case_id, {"Status": REOPENED})
    return _comment(pen, {**sent, "public": True})


def _delete(pen: Pen, sent: Mapping[str, Any]) -> dict[str, Any]:
    entity, row_id = _row_id(sent, "id")
    return {"id": delete(pen, entity, row_id).id}


def _undelete(pen: Pen, sent: Mapping[str, Any]) -> dict[str, Any]:
    """Take a row out of the recycle bin, and a case's comments with it."""
    entity, row_id = _row_id(sent, "id")
    row = _any_row(pen.org, entity, row_id)
    back: Row = {"IsDeleted": False, "MasterRecordId": None, "SystemModstamp": pen.at, "LastModifiedDate": pen.at}
    pen.org.put(entity, {**row, **back})
    if entity.name == "Case":
        for comment in _comments(pen.org, row_id):
            pen.org.put(ENTITIES["CaseComment"], {**comment, "IsDeleted": False, "SystemModstamp": pen.at})
    return {"id": row_id}


def _purge(pen: Pen, sent: Mapping[str, Any]) -> dict[str, Any]:
    """Empty the recycle bin of one row: not even queryAll finds it any more."""
    entity, row_id = _row_id(sent, "id")
    _any_row(pen.org, entity, row_id)
    if entity.name == "Case":
        for comment in _comments(pen.org, row_id):
            pen.org.purge(ENTITIES["CaseComment"], str(comment["Id"]))
    pen.org.purge(entity, row_id)
    return {"id": row_id}


def _merge(pen: Pen, sent: Mapping[str, Any]) -> dict[str, Any]:
    """Merge cases as the vendor does when merged ones are deleted: their comments move to the master."""
    entity, master_id = _row_id(sent, "master")
    losers = sent.get("losers")
    if not isinstance(losers, list) or not losers:
        raise BadAct("losers: must be a list of ids")
    master = existing(pen.org, entity, master_id)
    for loser in losers:
        loser_id = read_id(str(loser)) or ""
        row = existing(pen.org, entity, loser_id)
        for comment in _comments(pen.org, loser_id):
            pen.org.put(ENTITIES["CaseComment"], {**comment, "ParentId": master_id, "SystemModstamp": pen.at})
        gone: Row = {
            "IsDeleted": True,
            "MasterRecordId": master_id,
            "SystemModstamp": pen.at,
            "LastModifiedDate": pen.at,
        }
        pen.org.put(entity, {**row, **gone})
    touched: Row = {"SystemModstamp": pen.at, "LastModifiedDate": pen.at, "LastModifiedById": pen.actor_id}
    pen.org.put(entity, {**master, **touched})
    return {"id": master_id}


def _erase(pen: Pen, sent: Mapping[str, Any]) -> dict[str, Any]:
    """Take a person's data away where it stands: the rows stay, their words go."""
    contacts, cases, comments = ENTITIES["Contact"], ENTITIES["Case"], ENTITIES["CaseComment"]
    _, contact_id = _row_id(sent, "contact")
    touched: Row = {"SystemModstamp": pen.at, "LastModifiedDate": pen.at, "LastModifiedById": pen.actor_id}
    contact = existing(pen.org, contacts, contact_id)
    pen.org.put(contacts, {**_without(contact, "Contact"), **touched, "LastName": ERASED, "Name": ERASED})
    erased = []
    for case_id in pen.org.table(cases).ids_with("ContactId", contact_id) or ():
        case = pen.org.table(cases).rows[case_id]
        pen.org.put(cases, {**_without(case, "Case"), **touched, "Subject": ERASED})
        erased.append(case_id)
        for comment in _comments(pen.org, case_id):
            pen.org.put(comments, {**comment, **touched, "CommentBody": ERASED})
    return {"id": contact_id, "cases": erased}


def _without(row: Row, name: str) -> dict[str, Any]:
    return {key: value for key, value in row.items() if key not in _PERSONAL[name]}


def _comments(org: Org, case_id: str) -> list[Row]:
    table = org.table(ENTITIES["CaseComment"])
    return [table.rows[row_id] for row_id in table.ids_with("ParentId", case_id) or ()]


def _any_row(org: Org, entity: Entity, row_id: str) -> Row:
    row = org.row(entity, row_id)
    if row is None:
        raise BadAct(f"id: {row_id} is not there")
    return row


def _row_id(sent: Mapping[str, Any], name: str) -> tuple[Entity, str]:
    found = read_id(str(sent.get(name)))
    entity = entity_of_id(found) if found else None
    if found is None or entity is None:
        raise BadAct(f"{name}: {sent.get(name)!r} is no id of a known object")
    return entity, found


def _values(sent: Mapping[str, Any]) -> Mapping[str, Any]:
    values = sent.get("values")
    if not isinstance(values, dict):
        raise BadAct("values: must be an object")
    return values
