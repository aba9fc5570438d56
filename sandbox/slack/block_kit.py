"""Block Kit as Slack takes or refuses it: messages, modals and App Homes checked, then completed with ids."""

import json
import secrets
from typing import Any

from sandbox.slack.block_shapes import BLOCKS, VIEWS
from sandbox.slack.checking import Problems, items, typed
from sandbox.slack.records import Json, SlackError

MOST_MESSAGE_BLOCKS = 50
MOST_VIEW_BLOCKS = 100
MOST_VIEW_BYTES = 250_000
# "12,000 text characters with a buffer" by Slack's own staff; people measured refusals from 13,200 on.
MOST_MESSAGE_CHARACTERS = 13_200
ID_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

_message_blocks = items(typed(BLOCKS), MOST_MESSAGE_BLOCKS, least=0)
_view_blocks = items(typed(BLOCKS), MOST_VIEW_BLOCKS, least=0)


def take_message_blocks(blocks: Any) -> tuple[Json, ...]:
    """Return a message's blocks, completed with ids.

    Raises `invalid_blocks_format` when they are no list of objects, `invalid_blocks` with Slack's messages when they
    break a rule, `msg_blocks_too_long` when their text is too long in sum.
    """
    if not isinstance(blocks, list) or not all(isinstance(block, dict) for block in blocks):
        raise SlackError("invalid_blocks_format")
    problems = Problems()
    _message_blocks(blocks, "/blocks", problems)
    _check_ids(blocks, "/blocks", problems)
    if problems.lines:
        raise SlackError("invalid_blocks", messages=tuple(f"[ERROR] {line}" for line in problems.lines))
    if _characters(blocks) > MOST_MESSAGE_CHARACTERS:
        raise SlackError("msg_blocks_too_long")
    return complete(blocks)


def take_view(view: Any, *, types: tuple[str, ...]) -> Json:
    """Return a view of one of the types, its blocks completed with ids.

    Raises `invalid_arguments` with Slack's messages, or `view_too_large` past 250 kB.
    """
    problems = Problems()
    if not isinstance(view, dict):
        raise SlackError("invalid_arguments", messages=("[ERROR] must provide an object [json-pointer:/view]",))
    if len(json.dumps(view, ensure_ascii=False).encode()) > MOST_VIEW_BYTES:
        raise SlackError("view_too_large")
    typed({name: VIEWS[name] for name in types})(view, "/view", problems)
    blocks = view.get("blocks")
    _view_blocks(blocks, "/view/blocks", problems)
    if isinstance(blocks, list) and all(isinstance(block, dict) for block in blocks):
        _check_ids(blocks, "/view/blocks", problems)
        if view.get("type") == "modal" and not view.get("submit") and any(_is_input(block) for block in blocks):
            problems.note("missing required field: submit", "/view")
    if problems.lines:
        raise SlackError("invalid_arguments", messages=tuple(f"[ERROR] {line}" for line in problems.lines))
    return {**view, "blocks": list(complete(view["blocks"]))}


def complete(blocks: list[Json]) -> tuple[Json, ...]:
    """Return the blocks as Slack keeps them: every block and element named, text defaults filled in."""
    return tuple(_complete_block(block) for block in blocks)


def elements_of(block: Json) -> tuple[Json, ...]:
    """Return what a person can act on in a block."""
    found = list(block.get("elements") or []) if block["type"] in ("actions", "context_actions") else []
    found += [block[name] for name in ("accessory", "element") if isinstance(block.get(name), dict)]
    return tuple(one for one in found if isinstance(one, dict) and one.get("type") != "image")


def find_element(blocks: tuple[Json, ...], action_id: str, *, block_id: str | None) -> tuple[Json, Json] | None:
    """Return the (block, element) with this action id; None when there is none.

    block_id: Which block, needed only where several carry the same action id.
    """
    for block in blocks:
        if block_id is not None and block.get("block_id") != block_id:
            continue
        for element in elements_of(block):
            if element.get("action_id") == action_id:
                return block, element
    return None


def _check_ids(blocks: list[Json], at: str, problems: Problems) -> None:
    seen: set[str] = set()
    for place, block in enumerate(blocks):
        block_id = block.get("block_id")
        if isinstance(block_id, str) and block_id in seen:
            problems.note("Block ID needs to be unique", f"{at}/{place}/block_id")
        if isinstance(block_id, str):
            seen.add(block_id)
        _check_action_ids(block, f"{at}/{place}", problems)


def _check_action_ids(block: Json, at: str, problems: Problems) -> None:
    elements = block.get("elements")
    if block.get("type") != "actions" or not isinstance(elements, list):
        return
    seen: set[str] = set()
    for place, element in enumerate(elements):
        action_id = element.get("action_id") if isinstance(element, dict) else None
        if isinstance(action_id, str) and action_id in seen:
            problems.note("`action_id` must be unique within the block", f"{at}/elements/{place}/action_id")
        if isinstance(action_id, str):
            seen.add(action_id)


def _complete_block(block: Json) -> Json:
    whole = _fill_texts(block) if block.get("type") not in ("rich_text", "table") else dict(block)
    whole.setdefault("block_id", _new_id())
    if whole["type"] == "actions":
        whole["elements"] = [_named(element) for element in whole["elements"]]
    for name in ("accessory", "element"):
        if isinstance(whole.get(name), dict) and whole[name].get("type") != "image":
            whole[name] = _named(whole[name])
    return {"type": whole["type"], "block_id": whole["block_id"], **whole}


def _named(element: Json) -> Json:
    return {**element, "action_id": element.get("action_id") or _new_id()}


def _fill_texts(value: Any) -> Any:
    if isinstance(value, list):
        return [_fill_texts(one) for one in value]
    if not isinstance(value, dict):
        return value
    filled = {name: _fill_texts(one) for name, one in value.items() if one is not None}
    if filled.get("type") == "plain_text":
        filled.setdefault("emoji", True)
    elif filled.get("type") == "mrkdwn":
        filled.setdefault("verbatim", False)
    return filled


def _characters(value: Any) -> int:
    if isinstance(value, list):
        return sum(_characters(one) for one in value)
    if isinstance(value, dict):
        return sum(
            len(one) if name == "text" and isinstance(one, str) else _characters(one) for name, one in value.items()
        )
    return 0


def _is_input(block: Json) -> bool:
    return block.get("type") == "input"


def _new_id() -> str:
    return "".join(secrets.choice(ID_ALPHABET) for _ in range(5))
