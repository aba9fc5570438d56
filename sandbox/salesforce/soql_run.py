"""Running a query: which rows to look at, which are wanted, in what order; and how each is answered."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sandbox.salesforce.org import Org, Row, Value
from sandbox.salesforce.refusals import refused
from sandbox.salesforce.schema import ENTITIES, ID_TYPES, Entity, Field
from sandbox.salesforce.soql import Comparison, Condition, Fields, Joined, Order, Path, Query, parse
from sandbox.salesforce.soql_conditions import Conditions, Predicate, is_text
from sandbox.salesforce.soql_fields import (
    CONTACTS_FIELDS,
    Resolved,
    entity_of,
    getter,
    parent,
    resolve,
    target_of,
)
from sandbox.salesforce.soql_words import wrong
from sandbox.salesforce.values import read_moment

MOST_FIELDS_ROWS = 200
MOST_OFFSET = 2_000
STAMP = "SystemModstamp"


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One value of an answered row. get: Takes it out of the row."""

    key: str
    get: Callable[[Row], Value]


@dataclass(frozen=True, slots=True, kw_only=True)
class Parent:
    """A row reached over a reference, answered inside. shape: What of it."""

    key: str
    reference: Field
    shape: "Shape"


@dataclass(frozen=True, slots=True, kw_only=True)
class Children:
    """Rows that point at the answered one. plan: The query for them. link: Their reference to it: "ParentId"."""

    key: str
    plan: "Plan"
    link: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What of a row is answered, in order."""

    entity: Entity
    columns: tuple[Column | Parent | Children, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A query that is understood.

    wanted: Tells whether a row is meant; None = all are. order: Entries with the fields they mean.
    include_deleted: Whether this is queryAll.
    """

    query: Query
    entity: Entity
    shape: Shape
    wanted: Predicate | None
    order: tuple[tuple[Order, Resolved], ...]
    include_deleted: bool


class Queries:
    """Plans and runs queries over one org. now: For TODAY and its like."""

    def __init__(self, org: Org, *, now: datetime, include_deleted: bool = False) -> None:
        self.org = org
        self.now = now
        self.include_deleted = include_deleted

    def plan(self, text: str) -> Plan:
        """Return a query understood; raises `Refused`."""
        return self._plan(parse(text))

    def rows(self, plan: Plan, *, of: Iterable[str] | None = None) -> list[Row]:
        """Return the rows a query means, in order. of: Ids to look at instead of the whole table."""
        table = self.org.table(plan.entity).rows
        ids, sorted_by_stamp = (list(of), False) if of is not None else self._candidates(plan)
        deleted_too = plan.include_deleted
        found = []
        most = self._enough(plan, sorted_by_stamp=sorted_by_stamp)
        wanted = plan.wanted
        for row_id in ids:
            row = table.get(row_id)
            if row is None or (row.get("IsDeleted") and not deleted_too):
                continue
            if wanted is None or wanted(row):
                found.append(row)
                if len(found) == most:
                    break
        if not (sorted_by_stamp and _is_by_stamp(plan.order)):
            self._sort(found, plan.order)
        found = found[plan.query.offset :]
        return found if plan.query.limit is None else found[: plan.query.limit]

    def renderer(self, shape: Shape, version: str) -> Callable[[Row], dict[str, Any]]:
        """Return a function that turns a row into what the vendor answers."""
        makers = [(column.key, self._maker(column, version)) for column in shape.columns]
        addresses = {
            entity.prefix: (entity.name, f"/services/data/v{version}/sobjects/{entity.name}/")
            for entity in ENTITIES.values()
        }

        def render(row: Row) -> dict[str, Any]:
            row_id = str(row["Id"])
            name, address = addresses[row_id[:3]]
            body: dict[str, Any] = {"attributes": {"type": name, "url": address + row_id}}
            for key, make in makers:
                body[key] = make(row)
            return body

        return render

    def _maker(self, column: Column | Parent | Children, version: str) -> Callable[[Row], Any]:
        if isinstance(column, Column):
            return column.get
        if isinstance(column, Children):
            return self._children_maker(column, version)
        render, reference = self.renderer(column.shape, version), column.reference

        def make(row: Row) -> dict[str, Any] | None:
            above = parent(self.org, row, reference)
            return None if above is None else render(above)

        return make

    def _children_maker(self, column: Children, version: str) -> Callable[[Row], dict[str, Any] | None]:
        render, plan, link = self.renderer(column.plan.shape, version), column.plan, column.link
        table = self.org.table(plan.entity)

        def make(row: Row) -> dict[str, Any] | None:
            found = self.rows(plan, of=table.ids_with(link, str(row["Id"])) or ())
            if not found:
                return None
            return {"totalSize": len(found), "done": True, "records": [render(child) for child in found]}

        return make

    def _plan(self, query: Query, *, entity: Entity | None = None) -> Plan:
        entity = entity or entity_of(query)
        if query.offset > MOST_OFFSET:
            raise refused("NUMBER_OUTSIDE_VALID_RANGE", "Maximum SOQL offset allowed is 2000")
        conditions = Conditions(self.org, query, entity, now=self.now, run_inner=self._inner_values)
        order = []
        for entry in query.order:
            resolved = resolve(query, entity, entry.path)
            if not resolved.field.has("s"):
                message = f"field '{resolved.field.name}' can not be sorted in a query call"
                raise wrong(query.text, entry.path.at, message, "MALFORMED_QUERY")
            order.append((entry, resolved))
        return Plan(
            query=query,
            entity=entity,
            shape=self._shape(query, entity),
            wanted=conditions.predicate(query.where) if query.where else None,
            order=tuple(order),
            include_deleted=self.include_deleted,
        )

    def _inner_values(self, query: Query) -> list[Value]:
        """Return the single field a query inside IN selects, of every row it means."""
        plan = self._plan(query)
        paths = [item for item in query.items if isinstance(item, Path)]
        if len(paths) != 1 or len(query.items) != 1:
            raise refused("MALFORMED_QUERY", "Nesting of semi join sub-selects needs exactly one field")
        resolved = resolve(query, plan.entity, paths[0])
        if resolved.field.kind not in ID_TYPES:
            message = "The inner select field must be an ID or a reference field"
            raise wrong(query.text, paths[0].at, message, "INVALID_FIELD")
        get = getter(self.org, resolved)
        return [value for row in self.rows(plan) if (value := get(row)) is not None]

    def _shape(self, query: Query, entity: Entity) -> Shape:
        columns: list[Column | Children | tuple[Path, Resolved]] = []
        for item in query.items:
            if isinstance(item, Fields):
                columns += [
                    (Path(names=(known.name,), at=item.at), Resolved(field=known))
                    for known in _group(query, entity, item)
                ]
            elif isinstance(item, Query):
                columns.append(self._child_query(query, entity, item))
            else:
                columns.append((item, resolve(query, entity, item)))
        return self._nested(entity, columns, query)

    def _nested(
        self, entity: Entity, columns: "list[Column | Children | tuple[Path, Resolved]]", query: Query
    ) -> Shape:
        """Gather paths that start with the same reference into one inner row, where the first of them stood."""
        found: dict[str, Column | Parent | Children] = {}
        inner: dict[str, list[Column | Children | tuple[Path, Resolved]]] = {}
        for column in columns:
            if not isinstance(column, tuple):
                found[column.key] = column
                continue
            path, resolved = column
            if not resolved.over:
                key = resolved.field.name
                if key in found:
                    raise refused("INVALID_FIELD", f"duplicate field selected: {key}")
                found[key] = Column(key=key, get=getter(self.org, resolved))
                continue
            reference, rest = resolved.over[0], Resolved(field=resolved.field, over=resolved.over[1:])
            key = str(reference.relationship)
            inner.setdefault(key, []).append((path, rest))
            shape = self._nested(target_of(reference), inner[key], query)
            found[key] = Parent(key=key, reference=reference, shape=shape)
        return Shape(entity=entity, columns=tuple(found.values()))

    def _child_query(self, outer: Query, entity: Entity, query: Query) -> Children:
        by_lower = {name.lower(): (name, *link) for name, link in entity.children.items()}
        if query.entity.lower() not in by_lower:
            message = (
                f"Didn't understand relationship '{query.entity}' in FROM part of query call. If you are attempting to "
                "use a custom relationship, be sure to append the '__r' after the custom relationship name. "
                "Please reference your WSDL or the describe call for the appropriate names."
            )
            raise wrong(outer.text, query.entity_at, message, "INVALID_TYPE")
        key, child, link = by_lower[query.entity.lower()]
        return Children(key=key, plan=self._plan(query, entity=ENTITIES[child]), link=link)

    def _candidates(self, plan: Plan) -> tuple[Iterable[str], bool]:
        """Return the ids worth looking at, and whether they come in the order of their stamps."""
        table = self.org.table(plan.entity)
        parts = _parts(plan.query.where)
        for part in parts:
            ids = self._by_index(plan, part)
            if ids is not None:
                return ids, False
        since, until = _stamps(plan, parts)
        if since or until or _is_by_stamp(plan.order):
            return table.ids_stamped(since=since, until=until), True
        return list(table.rows), False

    def _by_index(self, plan: Plan, part: Condition) -> list[str] | None:
        if not isinstance(part, Comparison) or part.operator not in ("=", "IN") or part.query is not None:
            return None
        resolved = resolve(plan.query, plan.entity, part.path)
        if (
            resolved.over
            or resolved.field.name in CONTACTS_FIELDS
            or not (is_text(resolved.field) or resolved.field.kind in ID_TYPES)
        ):
            return None
        conditions = Conditions(self.org, plan.query, plan.entity, now=self.now, run_inner=self._inner_values)
        wanted = [conditions.value(resolved.field, literal, part.path.at) for literal in part.literals]
        if None in wanted:
            return None
        if resolved.field.kind == "id":
            return [str(value) for value in dict.fromkeys(wanted)]
        table = self.org.table(plan.entity)
        found: dict[str, None] = {}
        for value in wanted:
            ids = table.ids_with(resolved.field.name, str(value))
            if ids is None:
                return None
            found.update(dict.fromkeys(ids))
        return list(found)

    def _enough(self, plan: Plan, *, sorted_by_stamp: bool) -> int | None:
        """Return how many rows will do; None = all, because they are sorted afterwards."""
        if plan.query.limit is None or (plan.order and not (sorted_by_stamp and _is_by_stamp(plan.order))):
            return None
        return plan.query.offset + plan.query.limit

    def _sort(self, rows: list[Row], order: tuple[tuple[Order, Resolved], ...]) -> None:
        for entry, resolved in reversed(order):
            get = getter(self.org, resolved)
            key = _sort_key(get, fold=is_text(resolved.field))
            filled = [row for row in rows if get(row) is not None]
            empty = [row for row in rows if get(row) is None]
            filled.sort(key=key, reverse=entry.descending)
            rows[:] = [*empty, *filled] if entry.nulls_first else [*filled, *empty]


def _group(query: Query, entity: Entity, item: Fields) -> list[Field]:
    """Return the fields FIELDS(…) means; raises `Refused` when the vendor wants a LIMIT beside it."""
    if item.group not in ("ALL", "STANDARD", "CUSTOM"):
        raise wrong(query.text, item.at, f"Invalid FIELDS function argument: {item.group}", "MALFORMED_QUERY")
    if item.group != "STANDARD" and (query.limit is None or query.limit > MOST_FIELDS_ROWS):
        raise refused("MALFORMED_QUERY", "The SOQL FIELDS function must have a LIMIT of at most 200")
    custom = {"ALL": (True, False), "STANDARD": (False,), "CUSTOM": (True,)}[item.group]
    return [known for known in entity.fields if known.name.endswith("__c") in custom]


def _parts(where: Condition | None) -> tuple[Condition, ...]:
    """Return conditions that must all hold."""
    if where is None:
        return ()
    return where.parts if isinstance(where, Joined) and where.operator == "AND" else (where,)


def _stamps(plan: Plan, parts: tuple[Condition, ...]) -> tuple[str | None, str | None]:
    """Return bounds of SystemModstamp that hold for every wanted row."""
    since: str | None = None
    until: str | None = None
    for part in parts:
        if not isinstance(part, Comparison) or part.path.names[-1].lower() != STAMP.lower():
            continue
        if resolve(plan.query, plan.entity, part.path).over or part.literals[:1] == ():
            continue
        literal = part.literals[0]
        if literal.kind != "datetime":
            continue
        moment = read_moment(literal.text, exact=True)
        if part.operator in (">", ">=", "="):
            since = max(since or moment, moment)
        if part.operator in ("<", "<=", "="):
            until = min(until or moment, moment)
    return since, until


def _is_by_stamp(order: tuple[tuple[Order, Resolved], ...]) -> bool:
    """Tell whether this order is that of the stamps: SystemModstamp, then perhaps Id, both ascending."""
    names = [resolved.field.name for _, resolved in order if not resolved.over]
    return len(names) == len(order) and names in ([STAMP], [STAMP, "Id"]) and not any(e.descending for e, _ in order)


def _sort_key(get: Callable[[Row], Value], *, fold: bool) -> Callable[[Row], Any]:
    if fold:
        return lambda row: str(get(row)).lower()
    return get


def answer_body(rows: list[dict[str, Any]], *, total: int, next_url: str | None) -> Mapping[str, Any]:
    """Return one page of a query."""
    body: dict[str, Any] = {"totalSize": total, "done": next_url is None}
    if next_url is not None:
        body["nextRecordsUrl"] = next_url
    body["records"] = rows
    return body
