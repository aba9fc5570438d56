"""`makewhole case recompute`: prove that what is stored with a proposal leads to it."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from cases.case import Case, proposal_of
from makewhole.opening import looked_into
from makewhole.printing import print_json, table, to_people
from makewhole.trouble import WrongUsage
from policy.mistakes import BadPolicy
from policy.recomputing import Difference, recompute
from store.cases import NoSuchCase
from store.policies import PolicyRepository


class Verdict(StrEnum):
    """What came of it."""

    SAME = "same"
    DIFFERS = "differs"
    CANNOT = "cannot be recomputed"
    NOTHING = "has no proposal"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recomputed:
    """What came of one case; `why` it cannot be recomputed, in words, or ""."""

    case_id: str
    verdict: Verdict
    differences: tuple[Difference, ...] = ()
    why: str = ""


def recompute_case(settings: Path, case_id: str | None, *, everything: bool, as_json: bool) -> int:
    """Print whether each case comes out as it is stored; returns 1 when one does not or cannot be recomputed."""
    if (case_id is None) is not everything:
        raise WrongUsage("Name one case, or say --all.")
    with looked_into(settings) as house, house.database.read() as connection:
        try:
            stored = [house.desk.cases.find(connection, case_id)] if case_id else house.desk.cases.each(connection)
            found = [_recomputed(connection, house.desk.policies, each.case) for each in stored]
        except NoSuchCase as problem:
            to_people().print(str(problem), markup=False)
            return 1
    counts = {str(each): sum(one.verdict is each for one in found) for each in Verdict}
    if as_json:
        told = [_in_json(each) for each in found if case_id or each.verdict in {Verdict.DIFFERS, Verdict.CANNOT}]
        print_json({"cases": told, "counts": counts})
    else:
        for each in found:
            _print(each, in_all=everything)
        if everything:
            said = ", ".join(f"{count} {verdict}" for verdict, count in counts.items())
            to_people().print(f"{len(found)} cases: {said}.", markup=False)
    return 1 if any(each.verdict in {Verdict.DIFFERS, Verdict.CANNOT} for each in found) else 0


def _recomputed(connection: sa.Connection, policies: PolicyRepository, case: Case) -> Recomputed:
    proposal, case_id = proposal_of(case), str(case.about.id)
    if proposal is None:
        return Recomputed(case_id=case_id, verdict=Verdict.NOTHING)
    if proposal.proposed_by != "policy":
        return Recomputed(case_id=case_id, verdict=Verdict.CANNOT, why=f"{proposal.proposed_by} set the amount")
    try:
        policy = policies.policy(connection, proposal.policy_hash)
    except BadPolicy as problem:
        return Recomputed(case_id=case_id, verdict=Verdict.CANNOT, why=str(problem))
    if policy is None:
        which = f"{proposal.policy_id} {proposal.policy_version} with the hash {proposal.policy_hash[:12]}…"
        return Recomputed(case_id=case_id, verdict=Verdict.CANNOT, why=f"the text of {which} is not stored")
    differences = recompute(policy, proposal)
    verdict = Verdict.DIFFERS if differences else Verdict.SAME
    return Recomputed(case_id=case_id, verdict=verdict, differences=differences)


def _print(found: Recomputed, *, in_all: bool) -> None:
    if in_all and found.verdict in {Verdict.SAME, Verdict.NOTHING}:
        return
    console = to_people()
    console.print(f"{found.case_id}: {found.verdict}" + (f": {found.why}" if found.why else ""), markup=False)
    if found.differences:
        rows = [(each.what, each.stored, each.now) for each in found.differences]
        console.print(table(["What", "Stored", "Worked out now"], rows))


def _in_json(found: Recomputed) -> dict[str, Any]:
    return {
        "case": found.case_id,
        "verdict": str(found.verdict),
        "why": found.why or None,
        "differences": [{"what": each.what, "stored": each.stored, "now": each.now} for each in found.differences],
    }
