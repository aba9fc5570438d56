"""Checks of which policies decide: whether each topic has a released one, and what waits for a release."""

from collections.abc import Iterator
from pathlib import Path

import sqlalchemy as sa

from cases.people import People
from config.mistakes import BadSettings
from config.people import load_people
from makewhole.assembly import roles_held
from makewhole.doctor.check import Check, Examined, fail, ok, warn
from makewhole.doctor.inside import migrated
from policy.analysis import faults
from policy.mistakes import BadPolicy
from store.cases import CaseRepository
from store.policies import PolicyRepository, State
from workflow.in_force import count_waiting
from workflow.releasing import APPROVER

RELEASE = "`makewhole policy submit FILE --by AUTHOR`, then somebody else: `makewhole policy approve`"


def released(seen: Examined) -> Iterator[Check]:
    """Look which released policies decide now, whether people can, and what waits."""
    with migrated(seen) as connection:
        if connection is None:
            yield fail("released", "looked at the released policies", "the database cannot be used", fix="see database")
            return
        policies = PolicyRepository(audit_key=b"")  # Only read here.
        yield _topics(seen, connection, policies)
        yield _waiting(connection, policies)
        yield _people(seen, connection, policies)


def _topics(seen: Examined, connection: sa.Connection, policies: PolicyRepository) -> Check:
    tried = "looked for a released policy in force for each topic"
    try:
        found = {each: policies.policy_for(connection, each, seen.clock()) for each in seen.settings.topics}
    except BadPolicy as problem:
        fix = "this version does not understand it: submit it mended, as another version, or go back a version"
        return fail("released.topics", tried, str(problem), fix=fix)
    open_ones = [topic for topic, policy in found.items() if policy is None]
    if not open_ones:
        return ok("released.topics", tried, f"all {len(found)} topics have one")
    count = count_waiting(CaseRepository(audit_key=b""), connection)
    waiting = f"; {count} cases wait for that" if count else ""
    fix = f"release one: {RELEASE}; or take the topic out of the settings"
    return warn("released.topics", tried, f"none for {', '.join(open_ones)}{waiting}", fix=fix)


def _waiting(connection: sa.Connection, policies: PolicyRepository) -> Check:
    tried = "looked for versions that wait for a release"
    waiting = [each for each in policies.versions(connection) if each.state is State.SUBMITTED]
    if not waiting:
        return ok("released.waiting", tried, "none")
    named = ", ".join(f"{each.id} by {each.submitted_by}" for each in waiting)
    fix = "somebody else reads each and decides: `makewhole policy show`, `policy approve` or `policy reject`"
    return warn("released.waiting", tried, named, fix=fix)


def _people(seen: Examined, connection: sa.Connection, policies: PolicyRepository) -> Check:
    """Look whether policies can be released by two people, and whether what is released finds its approvers."""
    tried = "looked who can release policies and decide by them"
    try:
        people = load_people(Path(seen.settings.people))
    except BadSettings:
        return fail("released.people", tried, "the people file cannot be read", fix="see people")
    able = roles_held(people).get(APPROVER, 0)
    if not able:
        return fail(
            "released.people", tried, f"nobody holds {APPROVER}", fix="give the role to people: see people.yaml"
        )
    lacking = list(_undecidable(seen, connection, policies, people))
    if lacking:
        fix = "give the roles to people, or release a version that asks for others"
        return fail("released.people", tried, "; ".join(lacking), fix=fix)
    return ok("released.people", tried, f"{able} with {APPROVER}, and every released policy finds its approvers")


def _undecidable(
    seen: Examined, connection: sa.Connection, policies: PolicyRepository, people: People
) -> Iterator[str]:
    now = seen.clock()
    for each in policies.versions(connection):
        if not each.decides_at(now):
            continue
        try:
            policy = policies.policy(connection, each.text_hash)
        except BadPolicy:
            continue  # Said with the topics.
        for fault in faults(policy, people) if policy else ():
            yield f"{each.id}: {fault.mistake}"
