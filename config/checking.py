"""A document against a model: all its mistakes at once, in words that say what to do."""

import json
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar, get_args, get_origin

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import ErrorDetails

from config.mistakes import BadSettings, Mistake, did_you_mean
from config.secret import Surroundings
from config.yaml_text import Document, Step, path_text

#: How every model of this room is set: nothing may be added, changed or converted.
STRICT = ConfigDict(strict=True, frozen=True, extra="forbid", hide_input_in_errors=True)

Model = TypeVar("Model", bound=BaseModel)

_WORDS = {
    "missing": "add it, it is needed",
    "bool_type": "write true or false",
    "int_type": "write a whole number",
    "int_from_float": "write a whole number",
    "float_type": "write a number",
    "string_type": "write text; put quotes around a number that is meant as text",
    "string_too_short": "write at least {min_length} characters",
    "string_too_long": "write at most {max_length} characters",
    "list_type": "write a list",
    "tuple_type": "write a list",
    "too_short": "list at least {min_length}",
    "too_long": "list at most {max_length}",
    "dict_type": "write keys with their values",
    "mapping_type": "write keys with their values",
    "model_type": "write keys with their values",
    "model_attributes_type": "write keys with their values",
    "greater_than": "write a number above {gt}",
    "greater_than_equal": "write {ge} or more",
    "less_than": "write a number below {lt}",
    "less_than_equal": "write {le} or less",
    "finite_number": "write a finite number",
    "timezone_aware": "add the offset from UTC: 2026-11-01T00:00:00Z",
    "union_tag_not_found": "add {discriminator}, it says which kind this is",
    "union_tag_invalid": "{discriminator} must be one of {expected_tags}",
}


def check(document: Document, model: type[Model], surroundings: Surroundings) -> Model:
    """Return the document as this model; raises BadSettings with every mistake.

    It is checked as JSON, in which strict times, lists and words mean what they mean in YAML.
    """
    try:
        return model.model_validate_json(json.dumps(document.value), context=surroundings)
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False)
        raise BadSettings(_mistake(document, model, each) for each in found if not _follows(each, found)) from None


def _follows(error: ErrorDetails, found: Iterable[ErrorDetails]) -> bool:
    """Whether a list only seems too short because what it lists is wrong."""
    location = error["loc"]
    return error["type"] == "too_short" and any(
        len(each["loc"]) > len(location) and each["loc"][: len(location)] == location for each in found
    )


def _mistake(document: Document, model: type[BaseModel], error: ErrorDetails) -> Mistake:
    path = _path_in(document.value, error["loc"])
    if error["type"] == "extra_forbidden":
        what = f"unknown key: {did_you_mean(str(path[-1]), _known_keys(model, error['loc'][:-1]))}"
    else:
        what = _what(error, str(path[-1]) if path else "")
    return Mistake(place=document.place_of(path), path=path_text(path), what=what)


def _what(error: ErrorDetails, word: str) -> str:
    context: Mapping[str, Any] = error.get("ctx", {})
    kind = error["type"]
    if kind in {"literal_error", "enum"}:
        words = tuple(str(context["expected"]).replace("'", "").replace(" or ", ", ").split(", "))
        if error["loc"][-1] == "[key]":
            return f"unknown key: {did_you_mean(word, words)}"
        return f"write one of {', '.join(words)}"
    if kind.startswith("datetime"):
        return "write a time like 2026-11-01T00:00:00Z"
    if kind == "value_error":
        return str(context.get("error", error["msg"]))
    return _WORDS[kind].format(**context).replace("'", "") if kind in _WORDS else error["msg"]


def _path_in(value: object, location: Iterable[Step]) -> tuple[Step, ...]:
    """Return the steps of a location that the document knows, and the first that it misses; tags of unions go."""
    path: tuple[Step, ...] = ()
    steps = [step for step in location if step != "[key]"]
    for number, step in enumerate(steps, start=1):
        if _holds(value, step):
            value = value[step]  # type: ignore[index]  # It holds the step.
        elif number < len(steps):
            continue
        path = (*path, step)
    return path


def _holds(value: object, step: Step) -> bool:
    if isinstance(value, dict):
        return step in value
    return isinstance(value, list) and isinstance(step, int) and step < len(value)


def _known_keys(model: type[BaseModel], location: Iterable[Step]) -> Iterable[str]:
    """Return the keys that may stand at this place of a model."""
    candidates: list[object] = [model]
    for step in location:
        candidates = [below for each in candidates for below in _below(each, step)]
    models = [each for each in candidates if _is_model(each)]
    return [key for each in models for key in _keys_of(each)]


def _keys_of(model: Any) -> list[str]:
    return [field.alias or name for name, field in model.model_fields.items()]


def _below(kind: Any, step: Step) -> list[object]:
    """Return what stands at one step below a kind of value; the tag of a union is a step too."""
    if _is_model(kind):
        by_key = {field.alias or name: field for name, field in kind.model_fields.items()}
        return _members(by_key[str(step)].annotation) if step in by_key else [kind] if _has_tag(kind, step) else []
    inner = get_args(kind)
    if get_origin(kind) in {tuple, list} and isinstance(step, int):
        return _members(inner[0])
    return _members(inner[-1]) if inner else []


def _has_tag(model: Any, step: Step) -> bool:
    return any(step in get_args(field.annotation) for field in model.model_fields.values())


def _members(annotation: Any) -> list[object]:
    """Return the members of a union, or the one thing it is."""
    arms = [arm for arm in get_args(annotation) if arm is not type(None)]
    if get_origin(annotation) in {tuple, list} or not arms or isinstance(arms[0], str):
        return [annotation]
    if hasattr(annotation, "__metadata__"):
        return _members(arms[0])
    return [annotation] if get_origin(annotation) is not None and not _is_union(annotation) else list(arms)


def _is_union(annotation: Any) -> bool:
    return type(None) in get_args(annotation) or all(_is_model(arm) for arm in get_args(annotation))


def _is_model(kind: object) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)
