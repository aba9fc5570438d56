"""What a person puts into an element: written as Slack writes it, checked as Slack's client does."""

import re
from collections.abc import Callable
from typing import Any

from sandbox.slack.block_kit import elements_of
from sandbox.slack.records import Json

EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
DECIMAL = re.compile(r"-?\d+(\.\d+)?")


class BadChoice(ValueError):
    """What was put in cannot be put into that element: the message says why."""


def chosen(element: Json, given: Any) -> Json:
    """Return what an element holds after a person chose: {"type": …, "selected_option": …}.

    given: The plain choice ("fraud", ["a", "b"], "2026-01-31"), or a mapping as Slack writes it, taken as it is.
    Raises `BadChoice` for an option the element does not offer.
    """
    kind = element["type"]
    if isinstance(given, dict):
        return {"type": kind, **given}
    if kind in ONE_OPTION:
        return {"type": kind, "selected_option": None if given is None else _option(element, given)}
    if kind in MANY_OPTIONS:
        return {"type": kind, "selected_options": [_option(element, one) for one in given or []]}
    name = HOLDS.get(kind)
    if name is None:
        raise BadChoice(f"{kind} takes no choice")
    return {"type": kind, name: given}


def initial(element: Json) -> Json | None:
    """Return what an element holds before anyone touched it; None for one that holds nothing, like a button."""
    kind = element["type"]
    if kind in ONE_OPTION:
        return {"type": kind, "selected_option": element.get("initial_option")}
    if kind in MANY_OPTIONS:
        return {"type": kind, "selected_options": element.get("initial_options") or []}
    name = HOLDS.get(kind)
    if name is None:
        return None
    start = element.get(name.replace("selected_", "initial_") if name != "value" else "initial_value")
    return {"type": kind, name: start if start is not None or not name.endswith("s") else []}


def state_of(blocks: list[Json], given: Json) -> Json:
    """Return the values of all inputs by block and action id.

    given: What the person put in, by block id and then action id; what is missing holds its initial value.
    Raises `BadChoice` when it names a place that is not there.
    """
    values: Json = {}
    for block in blocks:
        for element in elements_of(block):
            held = initial(element)
            if held is None or (block["type"] != "input" and element["type"] == "overflow"):
                continue
            put_in = given.get(block["block_id"], {})
            if element["action_id"] in put_in:
                held = chosen(element, put_in[element["action_id"]])
            values.setdefault(block["block_id"], {})[element["action_id"]] = held
    known = {(block_id, action_id) for block_id, row in values.items() for action_id in row}
    for block_id, row in given.items():
        for action_id in row:
            if (block_id, action_id) not in known:
                raise BadChoice(f"{block_id}/{action_id}: there is no such input")
    return values


def complaints(blocks: list[Json], values: Json) -> Json:
    """Return what Slack's client says beside each input before it sends, by block id; empty when all is well."""
    found: Json = {}
    for block in blocks:
        if block["type"] != "input":
            continue
        element = block["element"]
        held = values[block["block_id"]][element["action_id"]]
        words = _complaint(element, held, optional=bool(block.get("optional")))
        if words:
            found[block["block_id"]] = words
    return found


def _complaint(element: Json, held: Json, *, optional: bool) -> str:
    inside = next((value for name, value in held.items() if name != "type"), None)
    if inside in (None, "", []):
        return "" if optional else "Please complete this required field."
    check = TEXT_CHECKS.get(element["type"])
    return check(element, str(inside)) if check else ""


def _check_length(element: Json, value: str) -> str:
    least, most = element.get("min_length") or 0, element.get("max_length") or 3000
    if len(value) < least:
        return f"Please enter at least {least} characters."
    return f"Please enter at most {most} characters." if len(value) > most else ""


def _check_number(element: Json, value: str) -> str:
    if not DECIMAL.fullmatch(value) or ("." in value and not element["is_decimal_allowed"]):
        return "Please enter a valid number."
    if element.get("min_value") is not None and float(value) < float(element["min_value"]):
        return f"Please enter a number of at least {element['min_value']}."
    if element.get("max_value") is not None and float(value) > float(element["max_value"]):
        return f"Please enter a number of at most {element['max_value']}."
    return ""


def _check_email(_element: Json, value: str) -> str:
    return "" if EMAIL.fullmatch(value) else "Please enter a valid email address."


def _check_url(_element: Json, value: str) -> str:
    return "" if value.startswith(("http://", "https://")) else "Please enter a valid URL."


def _option(element: Json, value: Any) -> Json:
    groups = element.get("option_groups") or []
    offered = [*(element.get("options") or []), *(one for group in groups for one in group["options"])]
    for one in offered:
        if one.get("value") == value:
            return {"text": one["text"], "value": one["value"]}
    raise BadChoice(f"{element.get('action_id')}: {value!r} is not among its options")


TEXT_CHECKS: dict[str, Callable[[Json, str], str]] = {
    "plain_text_input": _check_length,
    "number_input": _check_number,
    "email_text_input": _check_email,
    "url_text_input": _check_url,
}
ONE_OPTION = ("static_select", "external_select", "radio_buttons", "overflow")
MANY_OPTIONS = ("multi_static_select", "multi_external_select", "checkboxes")
HOLDS = {
    "plain_text_input": "value",
    "email_text_input": "value",
    "url_text_input": "value",
    "number_input": "value",
    "rich_text_input": "rich_text_value",
    "file_input": "files",
    "datepicker": "selected_date",
    "timepicker": "selected_time",
    "datetimepicker": "selected_date_time",
    "users_select": "selected_user",
    "conversations_select": "selected_conversation",
    "channels_select": "selected_channel",
    "multi_users_select": "selected_users",
    "multi_conversations_select": "selected_conversations",
    "multi_channels_select": "selected_channels",
}
