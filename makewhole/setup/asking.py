"""Where an answer comes from: an option, the answers file, the settings that are there already, or a person."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from config.secret import REFERENCE
from config.yaml_text import Value, read_document
from makewhole.setup.questions import ENVIRONMENT, VENDORS, Setting
from makewhole.trouble import WrongUsage

_PASSWORD = re.compile(r"://[^/@]*:[^/@]+@|[?&]password=", re.IGNORECASE)


class Person(Protocol):
    """Somebody at the terminal."""

    def ask(self, question: str, default: str) -> str:
        """Return their answer; `default` for Enter."""
        ...

    def agrees(self, question: str) -> bool:
        """Return whether they say yes."""
        ...

    def tell(self, words: str) -> None:
        """Show them something."""
        ...


@dataclass(slots=True, kw_only=True)
class Asking:
    """The answers so far, and who is asked for the others.

    Fields:
        given: Answers by path, from options and the answers file; they are taken without a question.
        before: What the settings file said that is there already: the default of each question.
        person: Who is asked; None with --no-input: then an answer that is missing is an error.
        answers: All that is known by now.
    """

    given: Mapping[str, str]
    before: Mapping[str, str]
    person: Person | None
    answers: dict[str, str] = field(default_factory=dict)

    def tell(self, words: str) -> None:
        """Show a sentence to whoever is there."""
        if self.person is not None:
            self.person.tell(words)

    def vendors(self) -> tuple[str, ...]:
        """Return which helpdesks are set up."""
        known = (*self.given, *self.before)
        named = [vendor for vendor in VENDORS if any(key.startswith(f"{vendor}.") for key in known)]
        said = self.given.get("helpdesks") or ", ".join(named)
        if said or self.person is None:
            if not said:
                raise WrongUsage("helpdesks: answer it with --set helpdesks=zendesk or in the answers file.")
            return _vendors_in(said)
        while True:
            try:
                return _vendors_in(self.person.ask("Helpdesks (zendesk, salesforce, jira)", "zendesk"))
            except WrongUsage as problem:
                self.person.tell(str(problem))

    def fill(self, settings: tuple[Setting, ...], *, defaults: Mapping[str, str] | None = None) -> None:
        """Answer these settings. defaults: What was found out of them. Raises WrongUsage where nobody can answer."""
        for setting in settings:
            if setting.when is not None and self.answers.get(setting.when[0]) != setting.when[1]:
                continue
            found = self._answer(setting, (defaults or {}).get(setting.key, ""))
            if found:
                self.answers[setting.key] = found

    def _answer(self, setting: Setting, found_out: str) -> str:
        if setting.key in self.given:
            return _checked(setting, self.given[setting.key])
        usual = self.before.get(setting.key) or found_out or setting.default
        if self.person is None or not setting.ask:
            if not usual and not setting.optional:
                raise WrongUsage(f"{setting.key}: answer it with --set {setting.key}=… or in the answers file.")
            return usual
        return self._asked(self.person, setting, usual)

    def _asked(self, person: Person, setting: Setting, usual: str) -> str:
        hint = " (where it is kept, never the secret itself)" if setting.secret else ""
        while True:
            said = person.ask(f"{setting.ask}{hint}", usual).strip()
            if not said and not setting.optional:
                continue
            try:
                return _checked(setting, said)
            except WrongUsage as problem:
                person.tell(str(problem))


def _vendors_in(said: str) -> tuple[str, ...]:
    meant = [each.strip() for each in said.split(",") if each.strip()]
    unknown = [each for each in meant if each not in VENDORS]
    if unknown or not meant:
        raise WrongUsage(f"helpdesks: {', '.join(unknown) or 'nothing'}: name some of {', '.join(VENDORS)}.")
    return tuple(each for each in VENDORS if each in meant)


def _checked(setting: Setting, said: str) -> str:
    """Return the answer; raises WrongUsage, which never repeats what may be a secret."""
    items = [each.strip() for each in said.split(",")] if setting.many else [said]
    if setting.secret and not all(REFERENCE.fullmatch(each) for each in items if each):
        variable = _variable(setting)
        raise WrongUsage(
            f"{setting.key}: this is no reference, and what may be a secret is written nowhere: put it into the "
            f"environment variable {variable} and answer secret://env/{variable}, or secret://file/path."
        )
    if setting.key == "database" and _PASSWORD.search(said):
        raise WrongUsage(
            f"{setting.key}: the URL holds a password and is written nowhere: put it into the environment variable "
            "MAKEWHOLE_DATABASE_URL and answer secret://env/MAKEWHOLE_DATABASE_URL."
        )
    if setting.begins and not said.startswith(setting.begins):
        raise WrongUsage(f"{setting.key}: it must begin with {' or '.join(setting.begins)}.")
    if setting.choices and said not in setting.choices:
        raise WrongUsage(f"{setting.key}: answer one of {', '.join(setting.choices)}.")
    return said


def _variable(setting: Setting) -> str:
    if setting.default.startswith(ENVIRONMENT):
        return setting.default.removeprefix("secret://env/")
    return f"MAKEWHOLE_{setting.section.upper()}_WEBHOOK_SECRET"


def read_answers(file: Path | None, options: list[str]) -> dict[str, str]:
    """Return the answers of a YAML file (nested or with dotted keys) and of `key=value` options, which win."""
    found = {} if file is None else flattened(read_document(file).value)
    for option in options:
        key, sign, value = option.partition("=")
        if not sign or not key:
            raise WrongUsage(f"--set {key}: write key=value, as --set zendesk.subdomain=harbor.")
        found[key] = value
    return found


def flattened(value: Value, path: str = "") -> dict[str, str]:
    """Return nested keys as dotted ones, lists with commas, everything as text; lists of mappings are left out."""
    if isinstance(value, dict):
        found: dict[str, str] = {}
        for step, below in value.items():
            found |= flattened(below, f"{path}.{step}".strip("."))
        return found
    if isinstance(value, list):
        return {} if any(isinstance(each, dict | list) for each in value) else {path: ", ".join(map(str, value))}
    return {} if value is None else {path: str(value)}
