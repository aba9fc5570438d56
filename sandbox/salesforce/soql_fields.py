"""Which field a path of a query means, and its value in a row. Pure but for reading the org's rows."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sandbox.salesforce.org import Org, Row, Value
from sandbox.salesforce.schema import ENTITIES, Entity, Field, entity_named
from sandbox.salesforce.soql import Path, Query
from sandbox.salesforce.soql_words import wrong

MOST_LEVELS = 5
"""References a path may go over."""

CONTACTS_FIELDS: Mapping[str, str] = {
    "ContactEmail": "Email",
    "ContactPhone": "Phone",
    "ContactMobile": "MobilePhone",
    "ContactFax": "Fax",
}
"""Fields of a case that are its contact's."""

_BY_PREFIX = {entity.prefix: entity for entity in ENTITIES.values()}
_SEE_DESCRIBE = "Please reference your WSDL or the describe call for the appropriate names."


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved:
    """A field reached over references. over: The references on the way, nearest first; empty = the object's own."""

    field: Field
    over: tuple[Field, ...] = ()


def entity_of(query: Query) -> Entity:
    """Return the object a query is about; raises `Refused` (INVALID_TYPE)."""
    entity = entity_named(query.entity)
    if entity is None:
        message = (
            f"sObject type '{query.entity}' is not supported. If you are attempting to use a custom object, "
            f"be sure to append the '__c' after the entity name. {_SEE_DESCRIBE}"
        )
        raise wrong(query.text, query.entity_at, message, "INVALID_TYPE")
    return entity


def resolve(query: Query, entity: Entity, path: Path) -> Resolved:
    """Return the field a path means; raises `Refused` (INVALID_FIELD)."""
    names = path.names
    prefixes = [name.lower() for name in (query.alias, entity.name) if name]
    if len(names) > 1 and names[0].lower() in prefixes and names[0].lower() not in entity.relationships:
        names = names[1:]
    over: list[Field] = []
    for name in names[:-1]:
        reference = entity.relationships.get(name.lower())
        if reference is None or len(over) == MOST_LEVELS:
            message = (
                f"Didn't understand relationship '{name}' in field path. If you are attempting to use a custom "
                f"relationship, be sure to append the '__r' after the custom relationship name. {_SEE_DESCRIBE}"
            )
            raise wrong(query.text, path.at, message, "INVALID_FIELD")
        over.append(reference)
        entity = target_of(reference)
    field = entity.field(names[-1])
    if field is None:
        message = (
            f"No such column '{names[-1]}' on entity '{entity.name}'. If you are attempting to use a custom field, "
            f"be sure to append the '__c' after the custom field name. {_SEE_DESCRIBE}"
        )
        raise wrong(query.text, path.at, message, "INVALID_FIELD")
    return Resolved(field=field, over=tuple(over))


def target_of(reference: Field) -> Entity:
    """Return the object a reference points at; the last known one of several, as "User" of Group and User."""
    return next(ENTITIES[name] for name in reversed(reference.targets) if name in ENTITIES)


def entity_of_id(row_id: str) -> Entity | None:
    """Return the object an id belongs to; None for one the org does not have."""
    return _BY_PREFIX.get(row_id[:3])


def parent(org: Org, row: Row, reference: Field) -> Row | None:
    """Return the row a reference of this one points at; None when it is empty."""
    row_id = row.get(reference.name)
    if row_id is None:
        return None
    entity = entity_of_id(str(row_id))
    return org.row(entity, row_id) if entity else None


def getter(org: Org, resolved: Resolved) -> Callable[[Row], Value]:
    """Return a function that takes the value out of a row."""
    field, over = resolved.field, resolved.over
    if field.name in CONTACTS_FIELDS:
        over = (*over, ENTITIES["Case"].relationships["contact"])
    name = CONTACTS_FIELDS.get(field.name, field.name)
    if not over:
        return _own_boolean(name) if field.kind == "boolean" else lambda row: row.get(name)

    def climb(row: Row) -> Value:
        for reference in over:
            above = parent(org, row, reference)
            if above is None:
                return None
            row = above
        return row.get(name)

    return climb


def _own_boolean(name: str) -> Callable[[Row], Value]:
    return lambda row: bool(row.get(name))
