"""How a policy comes into force: its author submits a text (workflow.submitting), somebody else releases exactly that.

    text -> submitted -> released -> withdrawn
                  `-> rejected

A released text never changes; another text is another version. Every change is one transaction with its record in the
policy's history.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Literal

from cases.case import NeedsAttention, Stage
from cases.people import Person
from store import policies as kept
from store.audit import Change
from store.database import Transaction
from store.policies import PolicyRepository, State, Version
from store.policy_history import history
from workflow.changing import changed
from workflow.desk import Desk
from workflow.in_force import MOST_WAITING, waits_for_policy
from workflow.one_case import PROPOSE
from workflow.placing import Placed, found_beside, in_words, is_open, placed, text_of

#: Who may release a policy that somebody else wrote; a role like any other in the people file.
APPROVER = "policy_approver"
#: The job that looks again at cases that waited for a release, and the one that shows a version in Slack.
RELEASED, POLICY_CARD = "policy-released", "policy-card"


class WhyNot(StrEnum):
    """Why a person's word on a version does not count."""

    UNKNOWN_PERSON = "unknown_person"
    NO_ROLE = "no_role"
    OWN_TEXT = "own_text"
    NO_VERSION = "no_version"
    SUBMITTED_ANEW = "submitted_anew"
    NOT_WAITING = "not_waiting"
    OVERLAPS = "overlaps"
    UNANSWERED = "unanswered"


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """The word counts; `version` is how it stands now."""

    version: Version
    kind: Literal["taken"] = "taken"


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """The word does not count, and nothing changed.

    Fields:
        why: The kind of reason.
        version: How the version stands; None when there is none.
        detail: More about it, in words; "" for nothing.
    """

    why: WhyNot
    version: Version | None
    detail: str = ""
    kind: Literal["refused"] = "refused"


Outcome = Taken | Refused


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """What a person says of a submitted version.

    Fields:
        name: Of which policy.
        version: Of which version of it.
        fingerprint: That of the version as the person saw it, or its beginning; None: as it is kept now.
        reason: Why; None when nothing was said.
        said_at: Aware, UTC.
    """

    name: str
    version: str
    fingerprint: str | None
    reason: str | None
    said_at: datetime


def approve(desk: Desk, tx: Transaction, word: Word, person: Person | None) -> Outcome:
    """Release a version as it was seen, text and waivers: from its start on it decides.

    Refused without the role, and to whoever submitted this text, now or before.
    An open version of the same policy that started before ends where this one starts.
    """
    heard = _heard(_held(desk, tx, word), word, person, waiting=State.SUBMITTED)
    if isinstance(heard, Refused):
        return heard
    found, approver = heard
    authors = _authors(tx, found)
    if approver.id in authors:
        return Refused(why=WhyNot.OWN_TEXT, version=found)
    if not _may_release(approver, authors, now=word.said_at):
        return Refused(why=WhyNot.NO_ROLE, version=found)
    policy = desk.policies.policy(tx.connection, found.text_hash)
    if policy is None:
        raise AssertionError(f"{found.id} is kept without its text")
    place = placed(desk.policies, tx, policy)
    if place.clashes:
        return Refused(why=WhyNot.OVERLAPS, version=found, detail="; ".join(place.clashes))
    waived = {each.key for each in found.findings}
    unanswered = [each for each in found_beside(desk.policies, tx, policy) if each.waivable and each.key not in waived]
    if unanswered:
        return Refused(why=WhyNot.UNANSWERED, version=found, detail="; ".join(each.what for each in unanswered))
    return _release(desk.policies, tx, found, place, approver, now=word.said_at)


def _release(
    policies: PolicyRepository, tx: Transaction, found: Version, place: Placed, approver: Person, *, now: datetime
) -> Taken:
    ended = place.ended
    if ended is not None:
        told = {"by": found.id, "ends_at": in_words(ended.ends_at)}
        policies.save(tx, ended, change_of(ended, now, approver.id, "ended", **told))
    released = replace(found, state=State.RELEASED, decided_by=approver.id, decided_at=now, ends_at=place.ends_at)
    told = {
        "author": found.submitted_by,
        "fingerprint": found.fingerprint if found.findings else "",
        "starts_at": in_words(released.starts_at),
        "ends_at": in_words(released.ends_at),
    }
    policies.save(tx, released, change_of(released, now, approver.id, "released", **told))
    delay = max(0.0, (released.starts_at - now).total_seconds())
    tx.enqueue(RELEASED, f"{released.id}/{released.text_hash[:16]}", delay_seconds=delay)
    show(tx, released)
    return Taken(version=released)


def reject(desk: Desk, tx: Transaction, word: Word, person: Person | None) -> Outcome:
    """Send a submitted version back; its author may do that too. Another text may be submitted under its version."""
    heard = may_reject(_held(desk, tx, word), word, person)
    if isinstance(heard, Refused):
        return heard
    found, speaker = heard
    return _ended(desk, tx, found, word, speaker, state=State.REJECTED)


def may_reject(found: Version | None, word: Word, person: Person | None) -> tuple[Version, Person] | Refused:
    """Return which version goes back and who sends it, when this person may send this text back; pure."""
    heard = _heard(found, word, person, waiting=State.SUBMITTED)
    if isinstance(heard, Refused):
        return heard
    version, speaker = heard
    if speaker.id != version.submitted_by and not _may_release(speaker, {version.submitted_by}, now=word.said_at):
        return Refused(why=WhyNot.NO_ROLE, version=version)
    return version, speaker


def withdraw(desk: Desk, tx: Transaction, word: Word, person: Person | None) -> Outcome:
    """Let a released version decide nothing any more. One that has not started lets the one before it go on."""
    heard = _heard(_held(desk, tx, word), word, person, waiting=State.RELEASED)
    if isinstance(heard, Refused):
        return heard
    found, speaker = heard
    if not _may_release(speaker, {found.submitted_by}, now=word.said_at):
        return Refused(why=WhyNot.NO_ROLE, version=found)
    if found.starts_at > word.said_at:
        _reopen(desk.policies, tx, found, speaker, now=word.said_at)
    return _ended(desk, tx, found, word, speaker, state=State.WITHDRAWN)


def _held(desk: Desk, tx: Transaction, word: Word) -> Version | None:
    """Return the version that a word is about, as it stands, and keep it so until the transaction ends."""
    kept.hold(tx)
    return desk.policies.find(tx.connection, word.name, word.version)


def _heard(
    found: Version | None, word: Word, person: Person | None, *, waiting: State
) -> tuple[Version, Person] | Refused:
    """Return what the word is about and who says it, when there is such a version, in this state, as it was seen."""
    if person is None:
        return Refused(why=WhyNot.UNKNOWN_PERSON, version=found)
    if found is None:
        return Refused(why=WhyNot.NO_VERSION, version=None)
    if word.fingerprint is not None and not found.fingerprint.startswith(word.fingerprint):
        return Refused(why=WhyNot.SUBMITTED_ANEW, version=found)
    if found.state is not waiting:
        return Refused(why=WhyNot.NOT_WAITING, version=found)
    return found, person


def _authors(tx: Transaction, found: Version) -> set[str]:
    """Return everybody who ever submitted this text: somebody else's waivers make nobody's own text another's."""
    this = {"version": found.version, "text_hash": found.text_hash}.items()
    told = history(tx.connection, found.name)
    return {found.submitted_by} | {
        each.actor for each in told if each.event == "submitted" and this <= dict(each.detail).items()
    }


def _may_release(person: Person, authors: Collection[str], *, now: datetime) -> bool:
    """Whether a person holds the role; lent by an author it does not count, for the two count as one person."""
    held = (each for each in person.authorities_at(now) if each.lent_by not in authors)
    return any(each.role == APPROVER for each in held)


def _ended(desk: Desk, tx: Transaction, found: Version, word: Word, person: Person, *, state: State) -> Taken:
    after = replace(found, state=state, decided_by=person.id, decided_at=word.said_at, reason=word.reason)
    desk.policies.save(tx, after, change_of(after, word.said_at, person.id, state, reason=word.reason or ""))
    show(tx, after)
    return Taken(version=after)


def _reopen(policies: PolicyRepository, tx: Transaction, withdrawn: Version, person: Person, *, now: datetime) -> None:
    for each in policies.versions(tx.connection):
        follows = each.name == withdrawn.name and each.ends_at == withdrawn.starts_at
        if follows and each.state is State.RELEASED and is_open(policies, tx, each):
            again = replace(each, ends_at=withdrawn.ends_at)
            policies.save(tx, again, change_of(again, now, person.id, "goes on", ends_at=in_words(again.ends_at)))


# --- Cases that waited ----------------------------------------------------------------------------------------------


def look_again(desk: Desk, key: str) -> None:
    """Propose for every case that waited for a release, now that one decides its topic. A job.

    `key` is what was released: "delayed-withdrawal@3/0123456789abcdef".
    """
    name, _, version = key.partition("/")[0].rpartition("@")
    with desk.database.begin() as tx:
        released = desk.policies.find(tx.connection, name, version)
        if released is None:
            return
        policy = text_of(desk.policies, tx, released)
        topics = policy.topics if policy else ()
        waiting = desk.cases.list(tx.connection, stage=Stage.NEEDS_ATTENTION, limit=MOST_WAITING)
        mine = [
            each
            for each in waiting
            if isinstance(each.case, NeedsAttention) and waits_for_policy(each.case) and each.case.about.topic in topics
        ]
        for each in mine:
            tx.enqueue(PROPOSE, f"{each.case.about.id}/{each.version}/{released.text_hash[:16]}")


def change_of(version: Version, at: datetime, actor: str, event: str, **detail: str) -> Change:
    """Return the record of what happened to a version; what is empty is left out."""
    told = {name: value for name, value in detail.items() if value}
    return changed(at, actor, event, version=version.version, text_hash=version.text_hash, **told)


def show(tx: Transaction, version: Version, what: str = "") -> None:
    """Let Slack show a version as it stands. what: What happened to it; else its state says so."""
    at = int((version.decided_at or version.submitted_at).timestamp())
    tx.enqueue(
        POLICY_CARD, f"{version.id}/{version.text_hash[:16]}/{what or version.state}-{at}-{version.fingerprint[:8]}"
    )
