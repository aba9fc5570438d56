"""What the integration user's profile shows: objects and fields that it hides, and fields it may not edit.

The vendor leaves a field that field-level security hides out of the describe, as if it were not there, and answers for
an object without "Read" as for one that does not exist (404, INVALID_TYPE). Queries are held to objects only here.
"""

from dataclasses import dataclass, replace

from sandbox.salesforce.schema import Entity, entity_named
from sandbox.salesforce.soql import Query
from sandbox.salesforce.soql_words import wrong

UPDATEABLE = "u"


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """hidden, read_only: Objects ("Case") and fields ("Case.Order_Id__c"), spelt as the vendor does."""

    hidden: frozenset[str] = frozenset()
    read_only: frozenset[str] = frozenset()

    def entity(self, name: str) -> Entity | None:
        """Return the object as the user sees it; None when there is none, or none for them."""
        entity = entity_named(name)
        if entity is None or entity.name in self.hidden:
            return None
        if not self.hidden and not self.read_only:
            return entity
        fields = tuple(
            replace(each, flags=each.flags.replace(UPDATEABLE, "")) if self._is_in(entity, each.name) else each
            for each in entity.fields
            if f"{entity.name}.{each.name}" not in self.hidden
        )
        return replace(entity, fields=fields, by_name={each.name.lower(): each for each in fields})

    def check(self, query: Query) -> None:
        """Raise `Refused` (INVALID_TYPE) for a query about an object that is hidden."""
        if entity_named(query.entity) is not None and self.entity(query.entity) is None:
            message = f"sObject type '{query.entity}' is not supported."
            raise wrong(query.text, query.entity_at, message, "INVALID_TYPE")

    def _is_in(self, entity: Entity, name: str) -> bool:
        return f"{entity.name}.{name}" in self.read_only
