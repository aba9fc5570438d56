"""The author's part of a release: a text is kept once its examples hold and each finding is mended or waived."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from cases.people import People, Person
from policy.analysis import findings
from policy.book import at_once, not_payable_yet
from policy.form import Policy
from policy.loading import load_policy
from policy.mistakes import Finding, did_you_mean
from store import policies as kept
from store.database import Transaction
from store.policies import Noted, PolicyRepository, State, Version
from workflow.desk import Desk
from workflow.placing import found_beside, placed
from workflow.releasing import change_of, show

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")
_VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,19}")


class NotReady(ValueError):
    """Raised for texts that cannot be submitted as they are; the message has a line for everything to be mended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A text whose examples hold and whose logic has no fault, with what was found in it all the same."""

    text: str
    policy: Policy
    findings: tuple[Finding, ...]


def draft(text: str, file: str, *, people: People | None) -> Draft:
    """Return a text as one that can be submitted; raises BadPolicy with all of its faults and failing examples.

    people: The role table; None: approvers are not checked against people.
    """
    policy = load_policy(text, file, people=people)
    return Draft(text=text, policy=policy, findings=findings(policy, people))


def submit(
    desk: Desk, tx: Transaction, drafts: Sequence[Draft], waivers: Mapping[str, str], author: Person, *, now: datetime
) -> tuple[Version, ...]:
    """Keep these texts for somebody else to release, and return how each stands; all of them or none.

    A text that waits with the same waivers, or is released, stays as it is. waivers: Why a finding is no fault, by its
    key.
    Raises NotReady.
    """
    versions = rehearse(desk, tx, drafts, waivers, author, now=now)
    for given, version in zip(drafts, versions, strict=True):
        _keep(desk.policies, tx, given, version)
    return versions


def rehearse(
    desk: Desk, tx: Transaction, drafts: Sequence[Draft], waivers: Mapping[str, str], author: Person, *, now: datetime
) -> tuple[Version, ...]:
    """Return how each of these texts would stand if they were submitted, and change nothing; raises NotReady."""
    kept.hold(tx)
    beside = [each.policy for each in drafts]
    whole = [
        replace(each, findings=(*each.findings, *found_beside(desk.policies, tx, each.policy, beside)))
        for each in drafts
    ]
    problems = [problem for each in whole for problem in _problems(desk.policies, tx, each, drafts, waivers)]
    problems += [str(each) for each in at_once(beside)]
    problems += _unknown_waivers(whole, waivers)
    if problems:
        raise NotReady("\n".join(dict.fromkeys(problems)))
    return tuple(_standing(desk.policies, tx, each, waivers, author, now=now) for each in whole)


def _standing(
    policies: PolicyRepository,
    tx: Transaction,
    given: Draft,
    waivers: Mapping[str, str],
    author: Person,
    *,
    now: datetime,
) -> Version:
    """Return how a text stands already, or as it is submitted now."""
    policy = given.policy
    before = policies.find(tx.connection, policy.name, policy.version)
    if before is not None and _is_released(before, policy):
        return before
    made = Version(
        name=policy.name,
        version=policy.version,
        file=policy.file,
        text_hash=policy.text_hash,
        state=State.SUBMITTED,
        starts_at=policy.effective.start,
        ends_at=policy.effective.end,
        findings=_answered(given, waivers),
        submitted_by=author.id,
        submitted_at=now,
    )
    waits = before is not None and before.state is State.SUBMITTED
    return before if before and waits and before.fingerprint == made.fingerprint else made


def _keep(policies: PolicyRepository, tx: Transaction, given: Draft, version: Version) -> None:
    policies.keep(given.policy)
    before = policies.find(tx.connection, version.name, version.version)
    if before == version:
        return
    waived = "; ".join(f"{each.key}: {each.waived}" for each in version.findings)
    change = change_of(version, version.submitted_at, version.submitted_by, "submitted", waived=waived)
    policies.put(tx, version, given.text, change)
    if before is not None and before.text_hash != version.text_hash:
        show(tx, before, "replaced")
    show(tx, version)


def _is_released(before: Version, policy: Policy) -> bool:
    """Whether this very text is released already."""
    return before.text_hash == policy.text_hash and before.state is State.RELEASED


def _answered(given: Draft, waivers: Mapping[str, str]) -> tuple[Noted, ...]:
    return tuple(_noted(each, waivers) for each in given.findings if each.waivable)


def _noted(finding: Finding, waivers: Mapping[str, str]) -> Noted:
    return Noted(key=finding.key, place=str(finding.place), what=finding.what, waived=waivers[finding.key])


def _problems(
    policies: PolicyRepository,
    tx: Transaction,
    given: Draft,
    drafts: Sequence[Draft],
    waivers: Mapping[str, str],
) -> Iterator[str]:
    policy = given.policy
    if not _NAME.fullmatch(policy.name) or not _VERSION.fullmatch(policy.version):
        yield f"{policy.place}: write policy and version in at most 80 and 20 letters, digits, dots and dashes"
        return
    before = policies.find(tx.connection, policy.name, policy.version)
    if before is not None and _is_released(before, policy):
        return
    yield from (str(each) for each in not_payable_yet([policy]))
    yield from _waiting_for_a_waiver(given, waivers)
    if before is not None and before.state in {State.RELEASED, State.WITHDRAWN}:
        what = f"{before.id} was {before.state} with another text" if before.text_hash != policy.text_hash else ""
        what = what or f"{before.id} was withdrawn"
        yield f"{policy.place}: {what}, which stays as it is: give this one another version"
        return
    names = {each.name for each in policies.versions(tx.connection)} | {each.policy.name for each in drafts}
    for other in policy.other_plans:
        if other.plan not in names:
            yield f'{other.place}: "{other.plan[:60]}" was never submitted: {did_you_mean(other.plan, names)}'
    yield from (f"{policy.effective.place}: {each}" for each in placed(policies, tx, policy).clashes)


def _waiting_for_a_waiver(given: Draft, waivers: Mapping[str, str]) -> Iterator[str]:
    for each in given.findings:
        if each.waivable and not waivers.get(each.key, "").strip():
            yield f'{each.place}: {each.what}: mend it, or waive it: --waive "{each.key}=why it is right so"'


def _unknown_waivers(drafts: Sequence[Draft], waivers: Mapping[str, str]) -> Iterator[str]:
    known = [finding.key for each in drafts for finding in each.findings if finding.waivable]
    for key in waivers:
        if key not in known:
            yield f'"{key[:100]}" was not found, so it cannot be waived: {did_you_mean(key, known)}'
