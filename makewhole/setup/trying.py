"""Answers tried against the real thing: who takes us for whom, which fields are there, what is missing."""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from bot.calls import SLACK_API, SlackCalls
from config.checking import check
from config.helpdesks import Helpdesk as HelpdeskSettings
from config.helpdesks import Jira, Salesforce, Zendesk
from config.mistakes import BadSettings
from config.secret import REFERENCE, Surroundings
from config.yaml_text import Document
from connectors.contract import AccessRefused, FieldFound, Helpdesk, TryLater, UnexpectedReply
from makewhole.admin.field_map import NAMES, likeliest
from makewhole.doctor.check import Check, fail, ok, warn
from makewhole.helpdesks import connect
from makewhole.setup.asking import Asking
from makewhole.setup.questions import OF_VENDOR, Setting
from makewhole.setup.writing import split
from makewhole.trouble import WrongUsage

MODELS: Mapping[str, type[Zendesk | Salesforce | Jira]] = {"zendesk": Zendesk, "salesforce": Salesforce, "jira": Jira}
ERRORS = (AccessRefused, TryLater, UnexpectedReply)
#: The title of the field that holds our own id of the customer, where it is a field of the ticket.
CUSTOMER_TITLE = "customer number"


@dataclass(frozen=True, slots=True, kw_only=True)
class Whereabouts:
    """Where references are looked up: the environment, and the folder of the settings to be."""

    environment: Mapping[str, str]
    folder: Path


def surroundings_of(folder: Path) -> Whereabouts:
    """Return where the references of settings in this folder are looked up."""
    return Whereabouts(environment=os.environ, folder=folder)


def missing_secrets(answers: Mapping[str, str], where: Whereabouts) -> tuple[str, ...]:
    """Return the references among the answers behind which there is nothing yet."""
    named = {each for said in answers.values() for each in split(said) if REFERENCE.fullmatch(each)}
    return tuple(sorted(each for each in named if not _is_there(each, where)))


def try_vendor(asking: Asking, vendor: str, where: Whereabouts, *, today: date) -> list[Check]:
    """Find the account's fields, put their ids among the answers, and return what was tried.

    Raises WrongUsage for an answer that no settings file may hold.
    """
    mine = {key: said for key, said in asking.answers.items() if key.startswith(f"{vendor}.")}
    absent = missing_secrets(mine, where)
    name, tried = f"{vendor}.answers", f"tried the answers about {vendor}"
    if absent:
        return [warn(name, tried, "not yet: a secret is missing", fix=f"set {', '.join(absent)}, then init again")]
    try:
        desk = _desk(vendor, asking.answers, where)
        asking.answers.update(_fields(asking, vendor, desk.fields_found()))
    except ERRORS as problem:
        return [fail(name, tried, str(problem), fix="correct the answers, or what they are about")]
    return [_shown(vendor, each.name, each) for each in _desk(vendor, asking.answers, where).checks(today=today)]


def slack_identity(asking: Asking, where: Whereabouts, *, now: datetime) -> tuple[dict[str, str], Check]:
    """Return which workspace and user the bot token stands for, as far as it can be asked, and what came of it."""
    name, tried = "slack.answers", "auth.test with the bot token"
    reference = asking.answers["slack.bot_token"]
    if missing_secrets({"": reference}, where):
        return {}, warn(name, tried, "not yet: a secret is missing", fix=f"set {reference}, then init again")
    base_url = asking.answers.get("slack.base_url")
    calls = SlackCalls(
        token=_revealed(reference, where), bot_user_id="", base_url=f"{base_url}/" if base_url else SLACK_API
    )
    try:
        found = calls.identity(now=now)
    except ERRORS as problem:
        return {}, fail(name, tried, str(problem), fix="install the app, and copy its Bot User OAuth Token")
    known = {"slack.team_id": found.team_id, "slack.bot_user_id": found.user_id}
    return known, ok(name, tried, f"{found.name}, team {found.team_id}, user {found.user_id}")


def section_of(vendor: str, answers: Mapping[str, str]) -> dict[str, Any]:
    """Return a vendor's answers as its section of the settings holds them."""
    known = {setting.key: setting for setting in OF_VENDOR[vendor]}
    section: dict[str, Any] = {"fields": {}}
    for key, said in answers.items():
        if key.startswith(f"{vendor}.") and said:
            *path, last = key.split(".")[1:]
            inside = section
            for step in path:
                inside = inside.setdefault(step, {})
            inside[last] = _value(key, said, known.get(key))
    return section


def _value(key: str, said: str, setting: Setting | None) -> object:
    if setting is not None and setting.many:
        return split(said)
    is_number = (setting is not None and setting.number) or key.startswith("zendesk.fields.")
    return int(said) if is_number and said.isdecimal() else said


def _desk(vendor: str, answers: Mapping[str, str], where: Whereabouts) -> Helpdesk:
    document = Document(file="answers", value=section_of(vendor, answers), places={})
    try:
        given: HelpdeskSettings = check(document, MODELS[vendor], Surroundings(where.environment, where.folder))
    except BadSettings as problem:
        said = "\n".join(f"{vendor}.{each.path}: {each.what}" for each in problem.mistakes)
        raise WrongUsage(said) from None
    return connect(given)


def _fields(asking: Asking, vendor: str, found: tuple[FieldFound, ...]) -> dict[str, str]:
    """Return the ids of the fields whose titles fit our names; who is there is asked where it is not certain."""
    matched = {
        f"{vendor}.fields.{name}": said
        for name in NAMES
        if (said := asking.given.get(f"{vendor}.fields.{name}") or asking.before.get(f"{vendor}.fields.{name}"))
    }
    taken = set(matched.values())
    for name in NAMES:
        if f"{vendor}.fields.{name}" in matched:
            continue
        field = _chosen(asking, f"{vendor}.fields.{name}", _likeliest(name, found, taken))
        if field is not None:
            matched[f"{vendor}.fields.{name}"] = field.id
            taken.add(field.id)
    if vendor == "jira" and "jira.customer_field" not in asking.answers:
        field = _chosen(asking, "jira.customer_field", _likeliest(CUSTOMER_TITLE, found, taken))
        matched |= {"jira.customer_field": field.id} if field else {}
    return matched


def _likeliest(name: str, found: Iterable[FieldFound], taken: set[str]) -> tuple[FieldFound | None, bool]:
    """Return the likeliest of the fields that tickets show; else of all, which a form or a screen may yet show."""
    free = [each for each in found if each.id not in taken]
    shown = likeliest(name, [each for each in free if each.active])
    return shown if shown[0] is not None else likeliest(name, free)


def _chosen(asking: Asking, key: str, likely: tuple[FieldFound | None, bool]) -> FieldFound | None:
    field, certain = likely
    if field is None or certain:
        return field
    if asking.person is None:
        return None
    return field if asking.person.agrees(f"{key}: is it {field.id}, {field.title!r} ({field.type})?") else None


def _shown(vendor: str, name: str, found: Any) -> Check:
    if found.fix is None:
        return ok(f"{vendor}.{name}", found.tried, found.found)
    made = fail if found.urgent else warn
    return made(f"{vendor}.{name}", found.tried, found.found, fix=found.fix)


def _is_there(reference: str, where: Whereabouts) -> bool:
    try:
        return bool(_revealed(reference, where))
    except OSError:
        return False


def _revealed(reference: str, where: Whereabouts) -> str:
    found = REFERENCE.fullmatch(reference)
    if found is None:
        return ""
    if found["where"] == "env":
        return where.environment.get(found["name"], "")
    return (where.folder / found["name"]).read_text(encoding="utf-8").strip()
