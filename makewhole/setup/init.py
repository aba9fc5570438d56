"""`makewhole init FOLDER`: ask, try what is answered, write the files, and say what is left to do."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import typer

from config.mistakes import BadSettings, Mistake
from config.settings import load_settings
from config.yaml_text import read_document
from makewhole.assembly import utc_now
from makewhole.checking import examine
from makewhole.doctor.check import Check, Examined, State, fail, warn
from makewhole.doctor.shown import SHOWN
from makewhole.printing import print_json, to_people
from makewhole.setup import people_and_policies, wanted_fields
from makewhole.setup.asking import Asking, Person, flattened, read_answers
from makewhole.setup.questions import ACCOUNTS, GENERAL, OF_VENDOR, PAYOUTS, REST, SLACK
from makewhole.setup.slack_manifest import manifest
from makewhole.setup.trying import Whereabouts, missing_secrets, slack_identity, surroundings_of, try_vendor
from makewhole.setup.writing import settings_text
from makewhole.trouble import Unusable, WrongUsage

SETTINGS = "makewhole.yaml"
#: What can only be tried once the settings are written.
AT_THE_END = ("settings", "people", "policies", "provider", "accounts")


class Terminal:
    """The person at the terminal; questions go to stderr, so that stdout keeps the data."""

    def ask(self, question: str, default: str) -> str:
        """Return their answer."""
        return str(typer.prompt(question, default=default or None, err=True))

    def agrees(self, question: str) -> bool:
        """Return whether they say yes."""
        return typer.confirm(question, default=False, err=True)

    def tell(self, words: str) -> None:
        """Show them something."""
        typer.echo(words, err=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A file. state: "written", "unchanged", or "kept": it is there, says something else, and was not touched."""

    path: Path
    state: str


def init(
    folder: Path,
    *,
    answers: Path | None,
    options: list[str],
    ask: bool,
    force: bool,
    as_json: bool,
    person: Person | None = None,
    clock: Callable[[], datetime] = utc_now,
) -> int:
    """Set up a folder; returns 1 when something that was tried failed, or a file that is there was kept.

    person: Who is asked; None for whoever is at the terminal. Raises WrongUsage.
    """
    where, before = surroundings_of(folder), _before(folder)
    ours = _written_before(before)
    asking = Asking(given=_read(answers, options), before=before, person=(person or Terminal()) if ask else None)
    vendors, tried = _ask(asking, where, clock=clock)
    written = write(folder, _files(asking.answers, vendors), ours=ours, force=force)
    tried += _at_the_end(folder, clock)
    missing = missing_secrets(asking.answers, where)
    following = next_steps(folder, asking.answers, vendors, missing)
    if as_json:
        print_json(_json(written, tried, missing, following))
    else:
        to_people().print(_text(written, tried, following), markup=False, soft_wrap=True)
    failed = any(each.state is State.FAIL for each in tried) or any(each.state == "kept" for each in written)
    return 1 if failed else 0


def write(folder: Path, files: Mapping[str, str], *, ours: Mapping[str, str], force: bool) -> list[Written]:
    """Write the files; one that is there and says something else is kept, unless `force`.

    ours: What an earlier init wrote: nobody has changed such a file but for its values, which the answers hold.
    """
    made = []
    for name, text in files.items():
        path = folder / name
        state = "written"
        if path.exists():
            there = path.read_text(encoding="utf-8")
            may_write = force or there == ours.get(name)
            state = "unchanged" if there == text else "written" if may_write else "kept"
        if state == "written":
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        made.append(Written(path=path, state=state))
    return made


def next_steps(
    folder: Path, answers: Mapping[str, str], vendors: tuple[str, ...], missing: tuple[str, ...]
) -> tuple[str, ...]:
    """Return what is left to do, in its order."""
    settings = folder / SETTINGS
    steps = [f"Set {reference}" for reference in missing]
    if missing:
        steps.append(f"`makewhole init {folder}` again: it tries the answers and finds the fields' ids")
    for vendor in vendors:
        lacking = [name for name in wanted_fields.NEEDED if not answers.get(f"{vendor}.fields.{name}")]
        if lacking:
            steps.append(f"Make the fields of {folder / f'fields-{vendor}.md'} in {vendor}: {', '.join(lacking)}")
    steps += [
        f"Make the Slack app from {folder / 'slack-manifest.yaml'}, install it, invite the bot into its channels",
        f"Put your people into {folder / 'people.yaml'} and your rules into {folder / 'policies'}",
        f"`makewhole migrate --settings {settings}`",
        f"`makewhole run --settings {settings}`, behind your own TLS",
        *(f"`makewhole webhooks install {vendor} --settings {settings}`" for vendor in vendors),
        f"`makewhole doctor --settings {settings}` until nothing fails",
        "When you trust what it proposes, set mode: live for each helpdesk",
    ]
    return tuple(steps)


def _read(answers: Path | None, options: list[str]) -> dict[str, str]:
    try:
        return read_answers(answers, options)
    except BadSettings as problem:
        raise Unusable(str(problem)) from None


def _before(folder: Path) -> dict[str, str]:
    path = folder / SETTINGS
    if not path.exists():
        return {}
    try:
        return flattened(read_document(path).value)
    except BadSettings as problem:
        raise Unusable(str(problem)) from None


def _written_before(before: Mapping[str, str]) -> dict[str, str]:
    """Return the files as init writes them for the settings that are there; none for settings it did not write."""
    vendors = tuple(vendor for vendor in OF_VENDOR if any(key.startswith(f"{vendor}.") for key in before))
    return _files(before, vendors) if {"public_url", "slack.mode"} <= before.keys() else {}


def _ask(asking: Asking, where: Whereabouts, *, clock: Callable[[], datetime]) -> tuple[tuple[str, ...], list[Check]]:
    """Ask everything, trying each part as soon as it is answered; return the vendors, and what was tried."""
    asking.fill(GENERAL)
    vendors, tried = asking.vendors(), []
    for vendor in vendors:
        tried += _ask_vendor(asking, vendor, where, now=clock())
    token = next(number for number, each in enumerate(SLACK) if each.key == "slack.team_id")
    asking.fill(SLACK[:token])
    known, identity = slack_identity(asking, where, now=clock())
    _tell(asking, [identity])
    asking.fill(SLACK[token:], defaults=known)
    for settings in (PAYOUTS, ACCOUNTS, REST):
        asking.fill(settings)
    return vendors, [*tried, identity]


def _ask_vendor(asking: Asking, vendor: str, where: Whereabouts, *, now: datetime) -> list[Check]:
    """Ask about one helpdesk until its answers hold, or whoever answers goes on nevertheless."""
    while True:
        asking.fill(OF_VENDOR[vendor], defaults={f"{vendor}.start": f"{now:%Y-%m-%dT00:00:00Z}"})
        try:
            tried = try_vendor(asking, vendor, where, today=now.date())
        except WrongUsage as problem:
            if asking.person is None:
                raise
            tried = [fail(f"{vendor}.answers", "read the answers", str(problem), fix="answer again")]
        _tell(asking, tried)
        failed = any(each.state is State.FAIL for each in tried)
        if (
            not failed
            or asking.person is None
            or not asking.person.agrees(f"Answer the questions about {vendor} again?")
        ):
            return tried
        asking.before = {**asking.before, **asking.answers}
        asking.given = {key: said for key, said in asking.given.items() if not key.startswith(f"{vendor}.")}


def _tell(asking: Asking, tried: list[Check]) -> None:
    for each in tried:
        asking.tell(_line(each))


def _files(answers: Mapping[str, str], vendors: tuple[str, ...]) -> dict[str, str]:
    files = {
        SETTINGS: settings_text(answers, vendors),
        "people.yaml": people_and_policies.PEOPLE,
        "slack-manifest.yaml": manifest(answers["public_url"], mode=answers["slack.mode"]),
    }
    files |= {f"policies/{name}": text for name, text in people_and_policies.first_policies().items()}
    for vendor in vendors:
        prefix = f"{vendor}.fields."
        ids = {key.removeprefix(prefix): said for key, said in answers.items() if key.startswith(prefix)}
        files[f"fields-{vendor}.md"] = wanted_fields.as_markdown(vendor, ids)
        files[f"fields-{vendor}.csv"] = wanted_fields.as_csv(vendor, ids)
    return files


def _at_the_end(folder: Path, clock: Callable[[], datetime]) -> list[Check]:
    """Load what was written, and try what needs the whole of it."""
    path = folder / SETTINGS
    tried = f"loaded {path}"
    try:
        settings = load_settings(path)
    except BadSettings as problem:
        if all(_comes_later(each) for each in problem.mistakes):
            return [warn("settings", tried, str(problem), fix="as the next steps say")]
        return [fail("settings", tried, str(problem), fix="correct these lines")]
    return examine(Examined(settings=settings, clock=clock), list(AT_THE_END))


def _comes_later(mistake: Mistake) -> bool:
    """Whether it is about a secret or a field that is still to be made."""
    return any(words in mistake.what for words in ("environment variable", "cannot be read", "add this ticket field"))


def _line(found: Check) -> str:
    fix = f" · {found.fix}" if found.fix else ""
    return f"{SHOWN[found.state]:<4}  {found.name}: {found.found}{fix}"


def _text(written: list[Written], tried: list[Check], following: tuple[str, ...]) -> str:
    lines = [_line(each) for each in tried]
    lines += [f"{each.state:<9}  {each.path}" for each in written]
    if any(each.state == "kept" for each in written):
        lines.append("What was kept says something else than your answers: compare, or use --force.")
    lines += ["Next:", *(f"{number:>3}. {step}" for number, step in enumerate(following, start=1))]
    return "\n".join(lines)


def _json(
    written: list[Written], tried: list[Check], missing: tuple[str, ...], following: tuple[str, ...]
) -> dict[str, object]:
    return {
        "files": [{"path": str(each.path), "state": each.state} for each in written],
        "tried": [
            {"name": each.name, "state": str(each.state), "found": each.found, "fix": each.fix} for each in tried
        ],
        "missing_secrets": list(missing),
        "next": list(following),
    }
