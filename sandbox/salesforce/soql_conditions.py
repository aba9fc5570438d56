"""The WHERE of a query, made into a function that tells whether a row is wanted."""

import operator
import re
from collections.abc import Callable, Collection
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sandbox.salesforce.ids import read_id
from sandbox.salesforce.org import Org, Row, Value, stamp
from sandbox.salesforce.schema import ID_TYPES, NUMBER_TYPES, TEXT_TYPES, Entity, Field
from sandbox.salesforce.soql import Comparison, Condition, Joined, Literal, Not, Query
from sandbox.salesforce.soql_fields import getter, resolve
from sandbox.salesforce.soql_words import wrong
from sandbox.salesforce.values import read_moment

Predicate = Callable[[Row], bool]
SubQuery = Callable[[Query], Collection[Value]]

_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_WIRE_KINDS = {"datetime": "dateTime", "date": "date", "double": "double", "currency": "double"}
_NULL = "NULL"
MOST_DAYS_DIGITS = 5
_DAYS_AHEAD = {"TODAY": 0, "YESTERDAY": -1, "TOMORROW": 1}


class Conditions:
    """Makes predicates for one query. run_inner: Returns the values of the single field a query in IN selects."""

    def __init__(self, org: Org, query: Query, entity: Entity, *, now: datetime, run_inner: SubQuery) -> None:
        self.org = org
        self.query = query
        self.entity = entity
        self.now = now
        self.run_inner = run_inner

    def predicate(self, condition: Condition) -> Predicate:
        """Return what a condition means; raises `Refused` for fields and values that do not fit."""
        if isinstance(condition, Not):
            part = self.predicate(condition.part)
            return lambda row: not part(row)
        if isinstance(condition, Joined):
            parts = [self.predicate(part) for part in condition.parts]
            if condition.operator == "AND":
                return lambda row: all(part(row) for part in parts)
            return lambda row: any(part(row) for part in parts)
        return self._comparison(condition)

    def _comparison(self, condition: Comparison) -> Predicate:
        resolved = resolve(self.query, self.entity, condition.path)
        field, get = resolved.field, getter(self.org, resolved)
        if not field.has("f"):
            message = f"field '{field.name}' can not be filtered in a query call"
            raise wrong(self.query.text, condition.path.at, message, "INVALID_FIELD")
        if condition.operator in ("IN", "NOT IN"):
            return self._among(condition, field, get)
        literal = condition.literals[0]
        if condition.operator == "LIKE":
            return self._like(condition, field, get)
        days = self._days(field, literal)
        if days is not None:
            return _in_days(condition.operator, *days, get)
        return self._ordered(condition, field, get, self.value(field, literal, condition.path.at))

    def _ordered(self, condition: Comparison, field: Field, get: Callable[[Row], Value], wanted: Value) -> Predicate:
        fold = is_text(field)
        if condition.operator in ("=", "!="):
            return _equal(get, wanted, fold=fold, same=condition.operator == "=")
        if wanted is None or field.kind == "boolean":
            kind = "boolean" if field.kind == "boolean" else "null"
            message = f"invalid operator on {kind} value"
            raise wrong(self.query.text, condition.path.at, message, "INVALID_QUERY_FILTER_OPERATOR")
        compare = _COMPARE[condition.operator]
        if fold:
            return lambda row: (value := get(row)) is not None and compare(str(value).lower(), wanted)
        return lambda row: (value := get(row)) is not None and compare(value, wanted)

    def _among(self, condition: Comparison, field: Field, get: Callable[[Row], Value]) -> Predicate:
        if condition.query is not None:
            wanted = frozenset(self.run_inner(condition.query))
        else:
            wanted = frozenset(self.value(field, literal, condition.path.at) for literal in condition.literals)
        inside = condition.operator == "IN"
        if is_text(field):
            return lambda row: (_folded(get(row)) in wanted) is inside
        return lambda row: (get(row) in wanted) is inside

    def _like(self, condition: Comparison, field: Field, get: Callable[[Row], Value]) -> Predicate:
        literal = condition.literals[0]
        if not is_text(field):
            kind = "id" if field.kind in ID_TYPES else field.kind
            message = f"invalid operator on {kind} field"
            raise wrong(self.query.text, condition.path.at, message, "INVALID_QUERY_FILTER_OPERATOR")
        if literal.kind != "string":
            raise self._misfit(field, condition.path.at)
        pattern = like_pattern(literal.text)
        return lambda row: (value := get(row)) is not None and pattern.fullmatch(str(value)) is not None

    def value(self, field: Field, literal: Literal, at: int) -> Value:
        """Return a literal as rows hold it, text in lower case; raises `Refused` when it is of another type."""
        name = literal.text.upper() if literal.kind == "name" else ""
        if name == _NULL:
            return None
        if field.kind == "boolean" and name in ("TRUE", "FALSE"):
            return name == "TRUE"
        if field.kind in NUMBER_TYPES and literal.kind == "number":
            return float(literal.text)
        if field.kind in ("datetime", "date") and literal.kind == field.kind:
            return self._moment(literal)
        if literal.kind == "string" and (field.kind in ID_TYPES or field.kind in TEXT_TYPES):
            return self._text(field, literal, at)
        raise self._misfit(field, at)

    def _moment(self, literal: Literal) -> str:
        try:
            if literal.kind == "date":
                return date.fromisoformat(literal.text).isoformat()
            return read_moment(literal.text, exact=True)
        except (ValueError, OverflowError):
            message = f"Invalid {literal.kind}: {literal.text}"
            raise wrong(self.query.text, literal.at, message, "MALFORMED_QUERY") from None

    def _text(self, field: Field, literal: Literal, at: int) -> Value:
        if not literal.text:
            return None
        if field.kind not in ID_TYPES:
            return literal.text.lower()
        found = read_id(literal.text)
        if found is None:
            message = f"invalid ID field: {literal.text}"
            raise wrong(self.query.text, at, message, "INVALID_QUERY_FILTER_OPERATOR")
        return found

    def _days(self, field: Field, literal: Literal) -> tuple[str, str] | None:
        """Return start and end of TODAY or LAST_N_DAYS:7 as the field holds times; None for any other literal."""
        if literal.kind != "name" or field.kind not in ("datetime", "date"):
            return None
        name, _, number = literal.text.upper().partition(":")
        midnight = self.now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        first, days = midnight, 1
        if name in _DAYS_AHEAD:
            first = midnight + timedelta(days=_DAYS_AHEAD[name])
        elif name == "LAST_N_DAYS" and 0 < len(number) <= MOST_DAYS_DIGITS:
            first, days = midnight - timedelta(days=int(number) - 1), int(number)
        elif name == "NEXT_N_DAYS" and 0 < len(number) <= MOST_DAYS_DIGITS:
            first, days = midnight + timedelta(days=1), int(number)
        else:
            return None
        start, end = stamp(first), stamp(first + timedelta(days=days))
        return (start[:10], end[:10]) if field.kind == "date" else (start, end)

    def _misfit(self, field: Field, at: int) -> Exception:
        kind, quotes = "string", "should be enclosed"
        if field.kind in _WIRE_KINDS or field.kind in ("boolean", "int"):
            kind, quotes = _WIRE_KINDS.get(field.kind, field.kind), "should not be enclosed"
        message = f"value of filter criterion for field '{field.name}' must be of type {kind} and {quotes} in quotes"
        return wrong(self.query.text, at, message, "INVALID_FIELD")


def is_text(field: Field) -> bool:
    """Tell whether values are compared without case."""
    return field.kind in TEXT_TYPES


def like_pattern(text: str) -> re.Pattern[str]:
    """Return LIKE's pattern: % is anything, _ one character, a backslash takes their meaning away."""
    parts = []
    index = 0
    while index < len(text):
        letter = text[index]
        if letter == "\\" and text[index + 1 : index + 2] in ("%", "_"):
            index += 1
            parts.append(re.escape(text[index]))
        else:
            parts.append({"%": ".*", "_": "."}.get(letter, re.escape(letter)))
        index += 1
    return re.compile("".join(parts), re.IGNORECASE | re.DOTALL)


def _folded(value: Value) -> Value:
    return value.lower() if isinstance(value, str) else value


def _equal(get: Callable[[Row], Value], wanted: Value, *, fold: bool, same: bool) -> Predicate:
    if fold and wanted is not None:
        return lambda row: (_folded(get(row)) == wanted) is same
    return lambda row: (get(row) == wanted) is same


def _in_days(sign: str, start: str, end: str, get: Callable[[Row], Value]) -> Predicate:
    """Return how a time stands to the days from `start` up to, not including, `end`."""

    def wanted(row: Row) -> bool:
        value = get(row)
        if value is None:
            return sign == "!="
        text = str(value)
        answers = {
            "=": start <= text < end,
            "!=": not start <= text < end,
            "<": text < start,
            "<=": text < end,
            ">": text >= end,
            ">=": text >= start,
        }
        return answers[sign]

    return wanted
