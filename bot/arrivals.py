"""What arrives from Slack over HTTP or a socket: its parsed form and the name that makes a repeat harmless; pure."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from bot.values import Forged

#: The only events that lead to anything; a channel's messages are people's words and are not kept.
_EVENTS = ("app_home_opened",)
#: How kept deliveries of Slack's are labelled.
SOURCE = "slack"
_LONGEST_ID = 120


def parsed(body: bytes) -> dict[str, Any]:
    """Return Slack's JSON, or its form with the JSON in `payload`, or its form; raises Forged for anything else.

    Bolt's own parser takes every form with the word "payload" anywhere in it for an interaction, and so loses a
    command such as `/makewhole payload`.
    """
    try:
        text = body.decode()
        if text.lstrip().startswith("{"):
            found = json.loads(text)
        else:
            form = dict(parse_qsl(text, keep_blank_values=True, max_num_fields=100))
            found = json.loads(form["payload"]) if "payload" in form else form
    except (ValueError, RecursionError):
        raise Forged("a body that is neither JSON nor a form") from None
    if not isinstance(found, dict) or not ("type" in found or "command" in found):
        raise Forged("a body that does not say what it is")
    return found


def delivery_id(body: Mapping[str, Any]) -> str | None:
    """Return the name of a delivery, the same whenever Slack sends it again; None for what is not worth keeping.

    Identical signed bytes pass the signature check twice within five minutes; by this name the second is known.
    Raises Forged for a payload that lacks what its kind must have.
    """
    match body.get("type"):
        case "event_callback":
            event = body.get("event")
            wanted = isinstance(event, dict) and event.get("type") in _EVENTS
            return _name("event", body.get("event_id")) if wanted else None
        case "block_actions":
            actions = body.get("actions")
            first = actions[0] if isinstance(actions, list) and actions else None
            acted = first.get("action_ts") if isinstance(first, dict) else None
            return _name("click", body.get("trigger_id"), acted)
        case "view_submission":
            return _name("modal", body.get("trigger_id"))
        case None if "command" in body:
            return _name("command", body.get("trigger_id"))
    return None


def team_of(body: Mapping[str, Any]) -> str | None:
    """Return the workspace a payload is from; None when it does not say."""
    team = body.get("team")
    found = team.get("id") if isinstance(team, dict) else body.get("team_id")
    return found if isinstance(found, str) else None


def _name(kind: str, *parts: object) -> str:
    if not all(isinstance(part, str) and part for part in parts):
        raise Forged(f"a {kind} without its id")
    name = ":".join((kind, *(str(part) for part in parts)))
    return name if len(name) <= _LONGEST_ID else f"{kind}:{hashlib.sha256(name.encode()).hexdigest()}"
