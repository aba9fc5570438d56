"""Small checks that make up the Block Kit rules; each notes what is wrong in Slack's own wording.

Wordings seen in answers people published: "missing required field", "invalid additional property", "must be less
than N characters", "must be more than N characters", "no more than N items allowed", "failed to match all allowed
schemas". The others are ours: no independent evidence of their exact words was found.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

Check = Callable[[Any, str, "Problems"], None]


@dataclass(frozen=True, slots=True)
class Problems:
    """What is wrong so far, each line with the JSON pointer of the place."""

    lines: list[str] = field(default_factory=list)

    def note(self, words: str, at: str) -> None:
        """Add one complaint about the value at this JSON pointer."""
        self.lines.append(f"{words} [json-pointer:{at}]")


def string(most: int, *, least: int = 1) -> Check:
    """Return a check for text of `least` to `most` characters."""

    def check(value: Any, at: str, problems: Problems) -> None:
        if not isinstance(value, str):
            problems.note("must provide a string", at)
        elif len(value) > most:
            problems.note(f"must be less than {most + 1} characters", at)
        elif len(value) < least:
            problems.note(f"must be more than {least - 1} characters", at)

    return check


def text(most: int, *, kinds: tuple[str, ...] = ("plain_text", "mrkdwn")) -> Check:
    """Return a check for a text object of one of the kinds with 1 to `most` characters."""
    inner = {
        "plain_text": fields({"text": string(most)}, {"emoji": flag}),
        "mrkdwn": fields({"text": string(most)}, {"verbatim": flag}),
    }

    def check(value: Any, at: str, problems: Problems) -> None:
        kind = value.get("type") if isinstance(value, dict) else None
        if kind not in kinds:
            problems.note("failed to match all allowed schemas", at)
            problems.note(f"must provide an object of type {' or '.join(kinds)}", at)
            return
        found = Problems()
        inner[kind](value, at, found)
        if found.lines:
            problems.note("failed to match all allowed schemas", at)
            problems.lines.extend(found.lines)

    return check


def plain(most: int) -> Check:
    """Return a check for a plain_text object of 1 to `most` characters."""
    return text(most, kinds=("plain_text",))


def flag(value: Any, at: str, problems: Problems) -> None:
    """Check for true or false."""
    if not isinstance(value, bool):
        problems.note("must provide a boolean", at)


def number(value: Any, at: str, problems: Problems) -> None:
    """Check for a JSON number."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        problems.note("must provide a number", at)


def between(least: int, most: int) -> Check:
    """Return a check for a whole number from `least` to `most`."""

    def check(value: Any, at: str, problems: Problems) -> None:
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            problems.note(f"must provide a whole number from {least} to {most}", at)

    return check


def anything(_value: Any, _at: str, _problems: Problems) -> None:
    """Check nothing."""


def mapping(value: Any, at: str, problems: Problems) -> None:
    """Check for a JSON object of any content."""
    if not isinstance(value, dict):
        problems.note("must provide an object", at)


def choice(*allowed: str) -> Check:
    """Return a check for one of these words."""

    def check(value: Any, at: str, problems: Problems) -> None:
        if value not in allowed:
            problems.note(f"must be a valid enum value, one of {', '.join(allowed)}", at)

    return check


def items(each: Check, most: int, *, least: int = 1) -> Check:
    """Return a check for a list of `least` to `most` things."""

    def check(value: Any, at: str, problems: Problems) -> None:
        if not isinstance(value, list):
            problems.note("must provide an array", at)
            return
        if len(value) > most:
            problems.note(f"no more than {most} items allowed", at)
        if len(value) < least:
            problems.note(f"no less than {least} items allowed", at)
        for place, one in enumerate(value[:most]):
            each(one, f"{at}/{place}", problems)

    return check


def fields(required: Mapping[str, Check], optional: Mapping[str, Check] | None = None) -> Check:
    """Return a check for an object with these fields (and "type") and no other."""
    known = {"type": anything, **required, **(optional or {})}

    def check(value: Any, at: str, problems: Problems) -> None:
        if not isinstance(value, dict):
            problems.note("must provide an object", at)
            return
        for name in required:
            if name not in value:
                problems.note(f"missing required field: {name}", at)
        for name, inner in value.items():
            if name not in known:
                problems.note(f"invalid additional property: {name}", at)
            elif inner is not None or name in required:
                known[name](inner, f"{at}/{name}", problems)

    return check


def typed(shapes: Mapping[str, Check]) -> Check:
    """Return a check for an object whose "type" picks the shape it must have."""

    def check(value: Any, at: str, problems: Problems) -> None:
        if not isinstance(value, dict):
            problems.note("must provide an object", at)
        elif "type" not in value:
            problems.note("missing required field: type", at)
        elif not isinstance(value["type"], str) or value["type"] not in shapes:
            problems.note(f"unsupported type: {value['type']}", f"{at}/type")
        else:
            shapes[value["type"]](value, at, problems)

    return check


def exactly_one(names: tuple[str, ...], inner: Check) -> Check:
    """Return a check that exactly one of these fields is given, and then `inner`."""

    def check(value: Any, at: str, problems: Problems) -> None:
        if isinstance(value, dict) and sum(value.get(name) is not None for name in names) != 1:
            problems.note(f"must define exactly one of {', '.join(f'`{name}`' for name in names)}", at)
        inner(value, at, problems)

    return check


def at_least_one(names: tuple[str, ...], inner: Check) -> Check:
    """Return a check that one of these fields is given, and then `inner`."""

    def check(value: Any, at: str, problems: Problems) -> None:
        if isinstance(value, dict) and all(value.get(name) is None for name in names):
            problems.note(f"must define either {' or '.join(f'`{name}`' for name in names)}", at)
        inner(value, at, problems)

    return check
