"""`fields` and `update` of a write, checked field by field as the vendor checks them.

A field that is not on the screen or does not exist is refused by name; all wrong fields are refused together.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from sandbox.jira.adf import MOST_CHARACTERS, is_document, length_of
from sandbox.jira.records import Field, Issue, Project, Rich, Value
from sandbox.jira.refusals import (
    CONTENT_LIMIT,
    NOT_A_NUMBER,
    NOT_ADF,
    NOT_TEXT,
    bad_fields,
    bad_payload,
    off_screen,
    too_long,
)
from sandbox.jira.site import Site
from sandbox.jira.world import PRIORITIES

MOST_IN_A_LINE = 255


class WrongValueError(ValueError):
    """A field cannot have this value: the message is the vendor's."""


@dataclass(slots=True, kw_only=True)
class Edit:
    """What a write asks for.

    attributes: Of the issue record. custom: None takes a value away.
    comments: As sent under update.comment add. links: As sent under update.issuelinks add.
    """

    attributes: dict[str, Any] = field(default_factory=dict)
    custom: dict[str, Value] = field(default_factory=dict)
    comments: list[Mapping[str, Any]] = field(default_factory=list)
    links: list[Mapping[str, Any]] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Screen:
    """What a write is checked against. before: The issue edited; None when it is created. version: "2" or "3"."""

    site: Site
    project: Project
    before: Issue | None
    version: str

    @property
    def field_ids(self) -> set[str]:
        """The fields that may be set."""
        hidden = {"project"} if self.before is not None else set()
        return self.site.screens[self.project.id] - hidden


def read_edit(sent: Mapping[str, Any], screen: Screen) -> Edit:
    """Return what `fields` and `update` ask for; raises `Refused` (400) naming every wrong field."""
    edit = Edit()
    errors: dict[str, str] = {}
    fields, update = sent.get("fields") or {}, sent.get("update") or {}
    if not isinstance(fields, dict) or not isinstance(update, dict):
        raise bad_payload()
    for name, value in fields.items():
        _read_into(edit, name, value, screen, errors)
    for name, operations in update.items():
        if name in fields:
            errors[name] = f"Field '{name}' cannot be set in both 'fields' and 'update'."
        elif not isinstance(operations, list) or not all(isinstance(one, dict) for one in operations):
            raise bad_payload()
        else:
            for operation in operations:
                _operate(edit, name, operation, screen, errors)
    if errors:
        raise bad_fields(errors)
    return edit


def _read_into(edit: Edit, name: str, value: Any, screen: Screen, errors: dict[str, str]) -> None:
    known = screen.site.fields.get(name)
    if known is None or name not in screen.field_ids or name in ("comment", "issuelinks"):
        errors[name] = off_screen(name)
        return
    try:
        if known.custom:
            edit.custom[name] = _custom_value(known, value, screen)
        else:
            edit.attributes |= READERS[name](value, screen)
    except WrongValueError as wrong:
        errors[name] = str(wrong)


def _operate(edit: Edit, name: str, operation: Mapping[str, Any], screen: Screen, errors: dict[str, str]) -> None:
    for verb, value in operation.items():
        if name in ("comment", "issuelinks") and name in screen.field_ids:
            kept = edit.comments if name == "comment" else edit.links
            if verb == "add" and isinstance(value, dict):
                kept.append(value)
            else:
                errors[name] = f"Operation '{verb}' is not served by the sandbox."
        elif verb == "set":
            _read_into(edit, name, value, screen, errors)
        elif name == "labels" and verb in ("add", "remove") and name in screen.field_ids:
            _change_labels(edit, verb, value, screen, errors)
        elif screen.site.fields.get(name) is None or name not in screen.field_ids:
            errors[name] = off_screen(name)
        else:
            errors[name] = f"Field '{name}' does not support operation '{verb}'"


def _change_labels(edit: Edit, verb: str, value: object, screen: Screen, errors: dict[str, str]) -> None:
    held = edit.attributes.get("labels", screen.before.labels if screen.before else ())
    try:
        (label,) = _labels([value], screen)["labels"]
    except WrongValueError as wrong:
        errors["labels"] = str(wrong)
        return
    rest = tuple(one for one in held if one != label)
    edit.attributes["labels"] = (*rest, label) if verb == "add" else rest


def rich_value(value: Any, version: str) -> Rich:
    """Return a rich text as it is kept; raises `WrongValueError` for text in v3, documents in v2, and too much."""
    if value is None or value == "":
        return None
    if version == "3":
        if not is_document(value):
            raise WrongValueError(NOT_ADF)
        if length_of(value) > MOST_CHARACTERS:
            raise WrongValueError(CONTENT_LIMIT)
    elif not isinstance(value, str):
        raise WrongValueError(NOT_TEXT)
    elif len(value) > MOST_CHARACTERS:
        raise WrongValueError(too_long(MOST_CHARACTERS))
    kept: Rich = value
    return kept


def _summary(value: Any, _: Screen) -> dict[str, Any]:
    if not isinstance(value, str):
        raise WrongValueError(NOT_TEXT)
    if not value.strip():
        raise WrongValueError("You must specify a summary of the issue.")
    if "\n" in value or "\r" in value:
        raise WrongValueError("The summary is invalid because it contains newline characters.")
    if len(value) > MOST_IN_A_LINE:
        raise WrongValueError(f"Summary can't exceed {MOST_IN_A_LINE} characters.")
    return {"summary": value}


def _description(value: Any, screen: Screen) -> dict[str, Any]:
    return {"description": rich_value(value, screen.version)}


def _labels(value: Any, _: Screen) -> dict[str, Any]:
    if value is None:
        return {"labels": ()}
    if not isinstance(value, list):
        raise WrongValueError("data was not an array")
    for label in value:
        if not isinstance(label, str):
            raise WrongValueError("string expected")
        if not label or any(sign.isspace() for sign in label):
            raise WrongValueError(f"The label '{label}' contains spaces which is invalid.")
        if len(label) > MOST_IN_A_LINE:
            raise WrongValueError(
                f"The label '{label}' exceeds the maximum length for a single label of 255 characters."
            )
    return {"labels": tuple(dict.fromkeys(value))}


def _priority(value: Any, _: Screen) -> dict[str, Any]:
    found = _named(value, PRIORITIES.items(), "Priority")
    return {"priority_id": found}


def _issuetype(value: Any, screen: Screen) -> dict[str, Any]:
    kinds = [(one, screen.site.types[one].name) for one in screen.project.type_ids]
    try:
        return {"type_id": _named(value, kinds, "issue type")}
    except WrongValueError:
        raise WrongValueError("Specify a valid issue type") from None


def _named(value: Any, known: Any, what: str) -> str:
    """Return the id that {"id"} or {"name"} means; raises `WrongValueError`."""
    if isinstance(value, Mapping):
        wanted_id, wanted_name = value.get("id"), value.get("name")
        for one, name in known:
            if str(wanted_id) == one or (wanted_id is None and str(wanted_name).lower() == name.lower()):
                return str(one)
    raise WrongValueError(f"Specify a valid 'id' or 'name' for {what}")


def _person(attribute: str) -> Callable[[Any, Screen], dict[str, Any]]:
    def read(value: Any, screen: Screen) -> dict[str, Any]:
        account_id = value
        if isinstance(value, Mapping):
            account_id = value.get("accountId", value.get("id"))
        if account_id is None:
            return {attribute: None}
        if not isinstance(account_id, str) or account_id not in screen.site.people:
            raise WrongValueError(f"Specify a valid value for {attribute.removesuffix('_id')}")
        return {attribute: account_id}

    return read


def _parent(value: Any, screen: Screen) -> dict[str, Any]:
    if value is None or (isinstance(value, Mapping) and value.get("none") is True):
        return {"parent_id": None}
    reference = str(value.get("key") or value.get("id") or "") if isinstance(value, Mapping) else ""
    parent = screen.site.find_issue(reference)
    if parent is None:
        raise WrongValueError("Could not find issue by id or key.")
    if screen.before is not None and parent.id == screen.before.id:
        raise WrongValueError("The issue is not a valid parent.")
    return {"parent_id": parent.id}


READERS: Mapping[str, Callable[[Any, Screen], dict[str, Any]]] = {
    "summary": _summary,
    "description": _description,
    "labels": _labels,
    "priority": _priority,
    "issuetype": _issuetype,
    "assignee": _person("assignee_id"),
    "reporter": _person("reporter_id"),
    "parent": _parent,
    "project": lambda _, __: {},
}


def _custom_value(known: Field, value: Any, screen: Screen) -> Value:
    if value is None or value == "":
        return None
    match known.kind:
        case "float":
            if isinstance(value, bool) or not isinstance(value, (int, float)):
                raise WrongValueError(NOT_A_NUMBER)
            return float(value)
        case "select":
            return _option(known, value)
        case "textarea":
            return rich_value(value, screen.version)
        case _:
            return _line(known, value)


def _option(known: Field, value: Any) -> str:
    if not isinstance(value, Mapping):
        raise WrongValueError("Specify a valid 'id' or 'value' for " + known.name)
    for option in known.options:
        if str(value.get("id")) == option.id or ("id" not in value and value.get("value") == option.value):
            return option.id
    if "id" in value:
        raise WrongValueError(f"Option id '{value['id']}' is not valid")
    raise WrongValueError(f"Option value '{value.get('value')}' is not valid")


def _line(known: Field, value: Any) -> str:
    if not isinstance(value, str):
        raise WrongValueError(NOT_TEXT)
    if known.kind == "url":
        parts = urlsplit(value)
        if not parts.scheme or not parts.netloc:
            raise WrongValueError("Value must be a valid URL: http://www.example.com")
        return value
    if len(value) > MOST_IN_A_LINE:
        raise WrongValueError(too_long(MOST_IN_A_LINE))
    return value
