"""The settings file from the answers: YAML in the order of the questions, a comment beside every setting."""

import json
import re
from collections.abc import Iterator, Mapping

from makewhole.admin.field_map import NAMES
from makewhole.setup.questions import ABOVE, ACCOUNTS, GENERAL, OF_VENDOR, PAYOUTS, REST, SLACK, Setting
from makewhole.setup.wanted_fields import NEEDED

COMMENTS_AT = 52
HEAD = """\
# Settings of Makewhole, written by `makewhole init`; edit them as you like. Every mistake is named at the next start.
# A secret never stands here, only where it is kept: secret://env/NAME or secret://file/path (relative to this file).
"""
_PLAIN = re.compile(r"[A-Za-z_/.][A-Za-z0-9_./@+-]*(?:://?[A-Za-z0-9_./@:+-]+)?|[0-9]{4}-[0-9-]+T[0-9:]+Z")
_WORDS = frozenset({"true", "false", "null", "yes", "no", "on", "off", "~"})

Answers = Mapping[str, str]


def settings_text(answers: Answers, vendors: tuple[str, ...]) -> str:
    """Return the settings file. answers: By path; lists with commas."""
    parts = [HEAD, *_section(GENERAL, answers)]
    for vendor in vendors:
        parts += [_heading(vendor), *_section(OF_VENDOR[vendor], answers), *_fields(vendor, answers)]
    for settings in (SLACK, PAYOUTS, ACCOUNTS):
        parts += [_heading(settings[0].section), *_section(settings, answers)]
    parts += [_heading("topics"), *_section(REST, answers)]
    return "\n".join(parts) + "\n"


def scalar(text: str, *, number: bool = False) -> str:
    """Return a text as YAML reads it back as the same text, or the number it stands for."""
    if number or (_PLAIN.fullmatch(text) and text.lower() not in _WORDS):
        return text
    return json.dumps(text, ensure_ascii=False)


def _section(settings: tuple[Setting, ...], answers: Answers) -> Iterator[str]:
    """Yield the lines of some settings, with the keys above them where they change."""
    above: tuple[str, ...] = ()
    for setting in settings:
        if setting.when is not None and answers.get(setting.when[0]) != setting.when[1]:
            continue
        *path, key = setting.key.split(".")
        for depth, step in enumerate(path):
            if above[: depth + 1] != tuple(path[: depth + 1]):
                yield f"{'  ' * depth}{step}:"
        above = tuple(path)
        yield _line(len(path), key, setting, answers.get(setting.key, setting.default))


def _line(depth: int, key: str, setting: Setting, given: str) -> str:
    indent = "  " * depth
    if not given:
        usual = "[]" if setting.many else "…"
        return _with_comment(f"{indent}# {key}: {usual}", setting.comment)
    if setting.many:
        listed = ", ".join(scalar(each) for each in split(given))
        return _with_comment(f"{indent}{key}: [{listed}]", setting.comment)
    return _with_comment(f"{indent}{key}: {scalar(given, number=setting.number)}", setting.comment)


def _fields(vendor: str, answers: Answers) -> Iterator[str]:
    none = "" if any(answers.get(f"{vendor}.fields.{name}") for name in NAMES) else " {}"
    yield _with_comment(f"  fields:{none}", f"Our name and the field's id there: fields-{vendor}.md lists them")
    for name in NAMES:
        found = answers.get(f"{vendor}.fields.{name}", "")
        if found:
            yield _with_comment(f"    {name}: {scalar(found, number=vendor == 'zendesk')}", _FIELD_COMMENTS[name])
        else:
            needed = "needed: make it there" if name in NEEDED else "only if a topic needs it"
            yield _with_comment(f"    # {name}: …", f"{_FIELD_COMMENTS[name]}; {needed}")


def split(given: str) -> list[str]:
    """Return the items of a list that was answered with commas."""
    return [each.strip() for each in given.split(",") if each.strip()]


def _heading(section: str) -> str:
    return f"\n# {ABOVE[section]}"


def _with_comment(line: str, comment: str) -> str:
    return f"{line:<{COMMENTS_AT}} # {comment}"


_FIELD_COMMENTS: Mapping[str, str] = {
    "compensation_topic": "What the customer wants compensated; empty: nothing",
    "order_id": "The order it is about",
    "position_id": "The position it is about",
    "transaction_id": "The transaction it is about",
    "incident_id": "The incident it is about",
    "claimed_amount": "What the customer asks for; never what is paid",
    "claimed_asset": "In which asset",
    "mw_state": "Ours: how the case stands",
    "mw_amount": "Ours: how much",
    "mw_currency": "Ours: of what",
    "mw_reason": "Ours: why",
    "mw_case_url": "Ours: the page of the case",
}
