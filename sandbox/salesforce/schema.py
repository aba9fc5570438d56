"""Objects and fields as types, read once from the table in `fields`. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from sandbox.salesforce import fields as table

TEXT_TYPES = frozenset({"string", "textarea", "email", "phone", "url", "picklist"})
NUMBER_TYPES = frozenset({"double", "currency", "int"})
ID_TYPES = frozenset({"id", "reference"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field of an object.

    name: "Order_Id__c". kind: The vendor's type: "string", "reference", "datetime".
    length: Characters of text. precision, scale: Digits of a number, and those after the point.
    flags: Letters as `fields` explains them: "cufsgn".
    relationship, targets: "Contact" and the objects it may point at, of a reference.
    values: Values of a picklist. default: The one a new record gets.
    """

    name: str
    label: str
    kind: str
    flags: str
    length: int = 0
    precision: int = 0
    scale: int = 0
    digits: int = 0
    relationship: str | None = None
    targets: tuple[str, ...] = ()
    values: tuple[str, ...] = ()
    default: str | None = None

    def has(self, flag: str) -> bool:
        """Tell whether a flag of the table is set: "c" for createable."""
        return flag in self.flags


@dataclass(frozen=True, slots=True, kw_only=True)
class Entity:
    """One object: "Case" with key prefix "500". children: Relationship name to (object, its field).

    by_name: Fields by lower-case name, since every name is looked up without case.
    relationships: References by lower-case relationship name.
    """

    name: str
    plural: str
    prefix: str
    fields: tuple[Field, ...]
    writable: bool = True
    children: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    by_name: Mapping[str, Field] = field(default_factory=dict)
    relationships: Mapping[str, Field] = field(default_factory=dict)

    def field(self, name: str) -> Field | None:
        """Return the field with this name, whatever its case; None when there is none."""
        return self.by_name.get(name.lower())


def _entity(  # An object is all of these.
    name: str,
    plural: str,
    prefix: str,
    text: str,
    *,
    children: Mapping[str, tuple[str, str]] | None = None,
    writable: bool = True,
) -> Entity:
    found = tuple(_field(name, line) for line in text.splitlines() if line)
    return Entity(
        name=name,
        plural=plural,
        prefix=prefix,
        fields=found,
        writable=writable,
        children=children or {},
        by_name={known.name.lower(): known for known in found},
        relationships={known.relationship.lower(): known for known in found if known.relationship},
    )


def _field(entity: str, line: str) -> Field:
    name, kind, size, flags, *rest = line.split(" ", 4)
    more = _more(rest[0] if rest else "")
    relationship, _, targets = size.partition(":") if kind == "reference" else ("", "", "")
    precision, scale = (int(part) for part in size.split(",")) if "," in size else (0, 0)
    return Field(
        name=name,
        label=_label(entity, name, kind),
        kind=kind,
        flags=flags,
        length=_length(kind, size),
        precision=precision,
        scale=scale,
        digits=int(size) if kind == "int" else 0,
        relationship=relationship or None,
        targets=tuple(targets.split("|")) if targets else (),
        values=tuple(more["values"].split("|")) if "values" in more else (),
        default=more.get("default"),
    )


def _more(text: str) -> dict[str, str]:
    """Return values=… and default=…, whose values may hold blanks."""
    parts = re.split(r"(?:^| )(values|default)=", text)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def _length(kind: str, size: str) -> int:
    if kind == "reference":
        return 18
    return int(size) if size.isdigit() and kind != "int" else 0


def _label(entity: str, name: str, kind: str) -> str:
    given = table.LABELS.get(f"{entity}.{name}") or table.LABELS.get(name)
    if given:
        return given
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name.removesuffix("__c").replace("_", " "))
    if kind == "id":
        words = f"{re.sub(r'(?<=[a-z])(?=[A-Z])', ' ', entity)} Id"
    return re.sub(r"\bId$", "ID", words) if kind in ID_TYPES else words


ENTITIES: Mapping[str, Entity] = {
    entity.name: entity
    for entity in (
        _entity(
            "Account",
            "Accounts",
            "001",
            table.ACCOUNT,
            children={"Cases": ("Case", "AccountId"), "Contacts": ("Contact", "AccountId")},
        ),
        _entity(
            "Case",
            "Cases",
            "500",
            table.CASE,
            children={"Cases": ("Case", "ParentId"), "CaseComments": ("CaseComment", "ParentId")},
        ),
        _entity("CaseComment", "Case Comments", "00a", table.CASE_COMMENT),
        _entity("Contact", "Contacts", "003", table.CONTACT, children={"Cases": ("Case", "ContactId")}),
        _entity("FeedItem", "Feed Items", "0D5", table.FEED_ITEM),
        _entity("Organization", "Organizations", "00D", table.ORGANIZATION, writable=False),
        _entity("User", "People", "005", table.USER, writable=False),
    )
}
_BY_LOWER_NAME = {entity.name.lower(): entity for entity in ENTITIES.values()}


def entity_named(name: str) -> Entity | None:
    """Return the object with this name, whatever its case; None when there is none."""
    return _BY_LOWER_NAME.get(name.lower())
