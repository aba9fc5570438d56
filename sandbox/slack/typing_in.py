"""What a person types, as Slack's client sends it: escaped text with mention tokens, and the same as rich text."""

import re

from sandbox.slack.records import Json
from sandbox.slack.workspace import Workspace

TOKEN = re.compile(r"<@([UW][A-Z0-9]+)>|@([\w.\-]+)")


def typed_message(text: str, workspace: Workspace) -> tuple[str, tuple[Json, ...]]:
    """Return (text, blocks) of a typed message.

    "@makewhole" and "<@U0MAKEWHOLE>" become mentions, any other "<" becomes "&lt;".
    """
    by_name = {user.name: user.id for user in workspace.users.values()}
    elements: list[Json] = []
    words = ""
    last = 0
    for found in TOKEN.finditer(text):
        user_id = found[1] if found[1] in workspace.users else by_name.get((found[2] or "").lower())
        if user_id is None:
            continue
        before = text[last : found.start()]
        elements += [{"type": "text", "text": before}] if before else []
        elements.append({"type": "user", "user_id": user_id})
        words += f"{escape(before)}<@{user_id}>"
        last = found.end()
    rest = text[last:]
    elements += [{"type": "text", "text": rest}] if rest else []
    section = {"type": "rich_text_section", "elements": elements}
    block: Json = {"type": "rich_text", "block_id": f"T{workspace.next_number()}", "elements": [section]}
    return words + escape(rest), (block,) if elements else ()


def escape(text: str) -> str:
    """Return text with the three characters replaced that mean something to Slack."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
