"""`makewhole policy submit|approve|reject|withdraw|list|show`: how policies come into force, and which ones are."""

import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from cases.people import Person
from makewhole.assembly import House, policy_url
from makewhole.opening import looked_into
from makewhole.printing import print_json, table, to_people
from makewhole.releases import drafts_of, submitted_text
from makewhole.trouble import WrongUsage
from policy.book import policy_files
from policy.mistakes import BadPolicy
from store import policy_history
from store.audit import AuditRecord
from store.database import Transaction
from store.policies import State, Version
from workflow import releasing, submitting
from workflow.desk import Desk
from workflow.releasing import APPROVER, Outcome, Refused, Taken, WhyNot, Word
from workflow.submitting import NotReady

Saying = Callable[[Desk, Transaction, Word, Person | None], Outcome]
SHORT_HASH = 12


def submit(
    settings: Path, files: Sequence[Path], waived: Sequence[str], *, by: str, dry_run: bool, as_json: bool
) -> int:
    """Keep these policies for somebody else to release; returns 1 when something must be mended first.

    dry_run: Only say how they would stand.
    """
    waivers, put = _waivers(waived), submitting.rehearse if dry_run else submitting.submit
    with looked_into(settings) as house:
        author = _person(house, by)
        try:
            drafts = drafts_of([each for file in files for each in _in(file)], house.desk)
            with house.database.begin() as tx:
                versions = put(house.desk, tx, drafts, waivers, author, now=house.clock())
        except (BadPolicy, NotReady) as problem:
            return _told(problem, as_json=as_json)
    if as_json:
        print_json({"versions": [_in_json(each, house) for each in versions], "dry_run": dry_run})
        return 0
    for each in versions:
        if dry_run:
            _would_stand(each)
            continue
        to_people().print(_standing(each), markup=False, soft_wrap=True)
        to_people().print(f"  Its page: {policy_url(house.settings, each)}", markup=False, soft_wrap=True)
        if each.state is State.SUBMITTED:
            command = (
                f"makewhole policy approve {each.name} {each.version} --hash {each.fingerprint[:SHORT_HASH]} --by …"
            )
            told = f"  Somebody else with the role {APPROVER} releases it: {command}"
            to_people().print(told, markup=False, soft_wrap=True)
    return 0


def _would_stand(version: Version) -> None:
    to_people().print(f"{_standing(version)}", markup=False, soft_wrap=True)
    for each in version.findings:
        to_people().print(f"  {each.place}: {each.what}\n    waived: {each.waived}", markup=False, soft_wrap=True)
    if version.state is State.SUBMITTED:
        to_people().print("  Nothing was submitted: this is how it would stand.", markup=False)


def approve(settings: Path, word: tuple[str, str, str | None], *, by: str, as_json: bool) -> int:
    """Release a version (name, version, the beginning of its fingerprint or None); returns 1 when that is refused."""
    return _say(settings, word, None, releasing.approve, by=by, as_json=as_json)


def approve_all(settings: Path, *, by: str, as_json: bool) -> int:
    """Release every version that waits, as far as this person may; returns 1 when one is refused."""
    with looked_into(settings) as house:
        person = _person(house, by)
        with house.database.begin() as tx:
            waiting = [each for each in house.desk.policies.versions(tx.connection) if each.state is State.SUBMITTED]
            outcomes = [
                releasing.approve(
                    house.desk, tx, _word(house, (each.name, each.version, each.fingerprint), None), person
                )
                for each in waiting
            ]
    return _came_of(list(zip([each.id for each in waiting], outcomes, strict=True)), by, as_json=as_json)


def reject(settings: Path, name: str, version: str, *, reason: str, by: str, as_json: bool) -> int:
    """Send a submitted version back; returns 1 when that is refused."""
    return _say(settings, (name, version, None), reason, releasing.reject, by=by, as_json=as_json)


def withdraw(settings: Path, name: str, version: str, *, reason: str, by: str, as_json: bool) -> int:
    """Let a released version decide nothing any more; returns 1 when that is refused."""
    return _say(settings, (name, version, None), reason, releasing.withdraw, by=by, as_json=as_json)


def list_versions(settings: Path, *, as_json: bool) -> int:
    """Print every version of every policy, who wrote and released it, and which ones decide now."""
    with looked_into(settings) as house, house.database.read() as connection:
        versions, now = house.desk.policies.versions(connection), house.clock()
    if as_json:
        print_json({"versions": [{**_in_json(each, house), "decides_now": each.decides_at(now)} for each in versions]})
        return 0
    if not versions:
        to_people().print("No policy was submitted yet: `makewhole policy submit FILE --by PERSON`.", markup=False)
        return 0
    rows = [
        (
            each.id,
            _state(each, now) + (f", {len(each.findings)} waived" if each.findings else ""),
            f"{_day(each.starts_at)} – {_day(each.ends_at) or 'open'}",
            f"{each.submitted_by} → {each.decided_by}" if each.decided_by else each.submitted_by,
            each.fingerprint[:SHORT_HASH],
        )
        for each in versions
    ]
    headings = ["Version", "State", "Holds", "Author → decided by", "Hash"]
    to_people().print(table(headings, rows, whole=("Version", "Hash")))
    return 0


def show_version(settings: Path, name_and_version: str, *, only_text: bool, as_json: bool) -> int:
    """Print the text of a version that was submitted, what was waived, and its policy's history."""
    with looked_into(settings) as house:
        found, text = submitted_text(house, name_and_version)
        with house.database.read() as connection:
            records = policy_history.history(connection, found.name)
    if as_json:
        print_json({**_in_json(found, house), "text": text, "history": [_record(each) for each in records]})
        return 0
    if only_text:
        sys.stdout.write(text)
        return 0
    console = to_people()
    console.print(text, markup=False, highlight=False, soft_wrap=True)
    console.print(_standing(found), style="bold", markup=False, soft_wrap=True)
    console.print(f"Its page: {policy_url(house.settings, found)}", markup=False, soft_wrap=True)
    for each in found.findings:
        console.print(f"{each.place}: {each.what}\n  waived: {each.waived}", markup=False, soft_wrap=True)
    rows = [(each.sequence, f"{each.at:%Y-%m-%d %H:%M}", each.actor, each.event, _told_of(each)) for each in records]
    console.print(table(["#", "When (UTC)", "Who", "What", ""], rows))
    return 0


def _say(
    settings: Path, given: tuple[str, str, str | None], reason: str | None, saying: Saying, *, by: str, as_json: bool
) -> int:
    if reason is not None and not reason.strip():
        raise WrongUsage("--because: say why; whoever wrote it reads this")
    with looked_into(settings) as house:
        person = _person(house, by)
        submitted_text(house, f"{given[0]}@{given[1]}")
        with house.database.begin() as tx:
            outcome = saying(house.desk, tx, _word(house, given, reason), person)
    return _came_of([(f"{given[0]}@{given[1]}", outcome)], by, as_json=as_json)


def _word(house: House, given: tuple[str, str, str | None], reason: str | None) -> Word:
    name, version, fingerprint = given
    return Word(name=name, version=version, fingerprint=fingerprint, reason=reason, said_at=house.clock())


def _came_of(outcomes: Sequence[tuple[str, Outcome]], by: str, *, as_json: bool) -> int:
    if as_json:
        told = [
            {"version": id_, "refused": str(each.why), "detail": each.detail}
            if isinstance(each, Refused)
            else {"version": id_, "state": str(each.version.state)}
            for id_, each in outcomes
        ]
        print_json({"versions": told})
    for id_, each in () if as_json else outcomes:
        said = _standing(each.version) if isinstance(each, Taken) else refusal(id_, each, by)
        to_people().print(said, markup=False, soft_wrap=True)
    if not outcomes and not as_json:
        to_people().print("No version waits for a release.", markup=False)
    return 1 if any(isinstance(each, Refused) for _, each in outcomes) else 0


def refusal(id_: str, refused: Refused, by: str) -> str:
    """Return why a person's word on a version does not count, and what to do."""
    version = refused.version
    match refused.why:
        case WhyNot.UNKNOWN_PERSON:
            return f"{by} is not in the people file."
        case WhyNot.NO_ROLE:
            return f"{by} does not hold the role {APPROVER}, or borrowed it from the author of {id_}."
        case WhyNot.OWN_TEXT:
            return f"{by} submitted {id_}: somebody else with the role {APPROVER} must release it."
        case WhyNot.SUBMITTED_ANEW if version is not None:
            now_is = f"({version.fingerprint[:SHORT_HASH]}): read it again"
            return f"{id_} was submitted anew, with another text or other waivers {now_is}."
        case WhyNot.NOT_WAITING if version is not None:
            return f"Nothing changed: {_standing(version)}"
        case WhyNot.OVERLAPS:
            return f"{id_} cannot be released: {refused.detail}."
        case WhyNot.UNANSWERED:
            mend = "send it back (policy reject), and let its author mend it, or submit it again with --waive"
            return f"{id_} cannot be released, other versions have changed since: {refused.detail}: {mend}."
        case _:
            return f"{id_} was never submitted; `makewhole policy list` shows all."


def _standing(version: Version) -> str:
    span = f"from {_day(version.starts_at)} " + (f"to {_day(version.ends_at)}" if version.ends_at else "on")
    who = f" by {version.decided_by}" if version.decided_by else f" by {version.submitted_by}, waits for a release"
    why = f": {version.reason}" if version.reason else ""
    return f"{version.id} ({version.fingerprint[:SHORT_HASH]}), {span}: {version.state}{who}{why}"


def _state(version: Version, now: datetime) -> str:
    if version.state is not State.RELEASED:
        return "waits for a release" if version.state is State.SUBMITTED else str(version.state)
    if version.decides_at(now):
        return "decides now"
    return "released, starts later" if now < version.starts_at else "released, ended"


def _waivers(written: Sequence[str]) -> Mapping[str, str]:
    found = {}
    for each in written:
        key, equals, reason = (part.strip() for part in each.partition("="))
        if not equals or not key or not reason:
            raise WrongUsage(f'--waive {each!r}: write it as "finding=why it is right so"')
        found[key] = reason
    return found


def _in(file: Path) -> tuple[Path, ...]:
    return policy_files(file) if file.is_dir() else (file,)


def _person(house: House, by: str) -> Person:
    person = house.desk.people.by_id(by)
    if person is None:
        raise WrongUsage(f"{by} is not in the people file.")
    return person


def _told(problem: Exception, *, as_json: bool) -> int:
    if as_json:
        print_json({"problems": str(problem).splitlines()})
    else:
        to_people().print(f"{problem}\nNothing was submitted.", markup=False, soft_wrap=True)
    return 1


def _day(at: datetime | None) -> str:
    """Return a moment for people: the day, with its time where that is not midnight; "" for none."""
    if at is None:
        return ""
    return f"{at:%Y-%m-%d}" if (at.hour, at.minute) == (0, 0) else f"{at:%Y-%m-%d %H:%M} UTC"


def _in_json(version: Version, house: House) -> dict[str, Any]:
    return {
        "policy": version.name,
        "version": version.version,
        "file": version.file,
        "text_hash": version.text_hash,
        "fingerprint": version.fingerprint,
        "state": str(version.state),
        "from": version.starts_at.isoformat(),
        "to": version.ends_at.isoformat() if version.ends_at else None,
        "submitted_by": version.submitted_by,
        "submitted_at": version.submitted_at.isoformat(),
        "decided_by": version.decided_by,
        "decided_at": version.decided_at.isoformat() if version.decided_at else None,
        "reason": version.reason,
        "page": policy_url(house.settings, version),
        "waived": [{"finding": each.key, "what": each.what, "why": each.waived} for each in version.findings],
    }


def _record(each: AuditRecord) -> dict[str, Any]:
    detail = dict(each.detail)
    return {"sequence": each.sequence, "at": each.at.isoformat(), "actor": each.actor, "event": each.event, **detail}


def _told_of(record: AuditRecord) -> str:
    shown = (
        (name, value[:SHORT_HASH] if name in {"text_hash", "fingerprint"} else value) for name, value in record.detail
    )
    return ", ".join(f"{name} {value}" for name, value in shown if value)
