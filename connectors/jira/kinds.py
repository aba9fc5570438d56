"""What kinds of fields the site has, and our texts as values of them.

GET /rest/api/3/field, one call for the whole site; it changes rarely, so it is remembered for a while.

https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issue-fields/
"""

import re
import threading
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from connectors.contract import UnexpectedReply
from connectors.jira.adf_writing import document
from connectors.jira.calls import Calls
from connectors.jira.reading import decoded
from connectors.jira.refusals import NoSuchRecord
from connectors.wire_json import Unreadable

REMEMBERED_SECONDS = 3600.0
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]{0,29})(?:\.[0-9]{1,30})?")
_TEXTS = frozenset({"string", "date", "datetime", "any"})


class WireSchema(msgspec.Struct):
    """A field's type: "string", "number", "option", "array" of `items`; `custom` ends in the kind, ":textarea"."""

    type: str = ""
    items: str | None = None
    custom: str | None = None


class WireField(msgspec.Struct):
    """The part of a field we understand."""

    id: str
    name: str = ""
    custom: bool = False
    schema: WireSchema | None = None


_FIELDS: msgspec.json.Decoder[list[WireField]] = msgspec.json.Decoder(list[WireField])


class NoValue(Exception):
    """Our text cannot be a value of this field; says why."""


class Kinds:
    """The fields of the site, remembered; safe to share between threads."""

    def __init__(self, calls: Calls, *, clock: Callable[[], float]) -> None:
        self._calls = calls
        self._clock = clock
        self._lock = threading.Lock()
        self._known: Mapping[str, WireField] = {}
        self._ends_at = 0.0

    def all(self) -> Mapping[str, WireField]:
        """Return every field by its id; raises the three errors."""
        with self._lock:
            if not self._known or self._clock() >= self._ends_at:
                self._known = {field.id: field for field in listed(self._calls)}
                self._ends_at = self._clock() + REMEMBERED_SECONDS
            return self._known

    def forget(self) -> None:
        """Ask again next time: the site has refused what should have fitted."""
        with self._lock:
            self._known = {}


def listed(calls: Calls) -> tuple[WireField, ...]:
    """Return every field of the site; raises the three errors."""
    try:
        found = decoded(_FIELDS, calls.get("field", asked="fields"), "fields")
    except Unreadable as error:
        raise UnexpectedReply(str(error)) from None
    except NoSuchRecord as error:
        raise UnexpectedReply(f"{error}; is it the right site?") from None
    return tuple(found)


def kind_of(field: WireField) -> str:
    """Return a field's kind: "string", "textarea", "number", "option", "array of string"; "" when unsaid."""
    schema = field.schema or WireSchema()
    if (schema.custom or "").endswith(":textarea"):
        return "textarea"
    return f"array of {schema.items}" if schema.type == "array" else schema.type


def value_for(field: WireField | None, text: str) -> Any:
    """Return our text as the field's value, None to clear it; raises NoValue."""
    if field is None:
        raise NoValue("the site has no such field")
    if not text:
        return None
    kind = kind_of(field)
    if kind == "number":
        if not _NUMBER.fullmatch(text):
            raise NoValue("the field holds numbers")
        return msgspec.Raw(text.encode())
    if kind in _TEXTS:
        return text
    return _structured(kind, text)


def _structured(kind: str, text: str) -> Any:
    match kind:
        case "textarea":
            return document(text)
        case "option":
            return {"value": text}
        case "array of option":
            return [{"value": part} for part in text.split(", ")]
        case "array of string":
            return text.split(", ")
        case _:
            raise NoValue(f"the field is of kind {kind or 'unknown'}, which is not written")
