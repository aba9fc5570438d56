"""A first release of a whole folder of policies: written by one person, released by another."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from makewhole.assembly import House
from makewhole.trouble import WrongUsage
from policy.book import policy_files, read_policy_file
from policy.mistakes import did_you_mean
from store.policies import State, Version
from workflow import releasing, submitting
from workflow.desk import Desk
from workflow.releasing import Refused, Taken, Word
from workflow.submitting import Draft, NotReady


def release_folder(house: House, folder: Path, *, author: str, approver: str) -> tuple[Version, ...]:
    """Submit every policy of a folder as one person and release it as another; raises what stands in its way.

    What is released already stays as it is, so that a repeat changes nothing.
    """
    drafts = drafts_of(policy_files(folder), house.desk)
    return release(house.desk, drafts, author=author, approver=approver, now=house.clock())


def drafts_of(files: Sequence[Path], desk: Desk) -> tuple[Draft, ...]:
    """Return the policies in these files, ready to be submitted; raises BadPolicy."""
    return tuple(submitting.draft(read_policy_file(each), each.name, people=desk.people) for each in files)


def submitted_text(house: House, named: str) -> tuple[Version, str]:
    """Return a version that was submitted, given as name@version, and its text; raises WrongUsage for none."""
    name, _, number = named.rpartition("@")
    with house.database.read() as connection:
        version = house.desk.policies.find(connection, name, number)
        text = house.desk.policies.text(connection, name, number)
        known = [each.id for each in house.desk.policies.versions(connection)]
    if version is None or text is None:
        raise WrongUsage(f"{named[:100]} was never submitted: {did_you_mean(named, known)}")
    return version, text


def release(desk: Desk, drafts: Sequence[Draft], *, author: str, approver: str, now: datetime) -> tuple[Version, ...]:
    """Submit these as one person and release them as another, without waivers; raises what stands in its way."""
    writer = desk.people.by_id(author)
    if writer is None:
        raise NotReady(f"{author} is not in the people file")
    with desk.database.begin() as tx:
        submitted = submitting.submit(desk, tx, drafts, {}, writer, now=now)
        return tuple(
            each
            if each.state is State.RELEASED
            else _released(releasing.approve(desk, tx, _word(each, now), desk.people.by_id(approver)))
            for each in submitted
        )


def _word(version: Version, now: datetime) -> Word:
    return Word(name=version.name, version=version.version, fingerprint=version.fingerprint, reason=None, said_at=now)


def _released(outcome: releasing.Outcome) -> Version:
    match outcome:
        case Refused(version=version, why=why, detail=detail):
            raise NotReady(f"{version.id if version else 'it'} cannot be released: {why} {detail}".rstrip())
        case Taken(version=version):
            return version
