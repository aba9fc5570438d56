"""Spoiled policies: every change that changes a result is caught by the boundary suite.

``python -m tests.policy.mutations [--policies NAME ...]`` spoils every shipped policy in every way it knows: another
operator, a limit one unit off, rules in another order, another rounding, a cap dropped. The suite made from the sound
policy is decided in columns by the sound policy and one by one by the spoiled one; a difference is a catch. What is
not caught is looked at with a much larger suite made from the spoiled policy: a difference there is a miss, and ends
the run with 1. Where none is found the two are held to be equivalent; they are counted by the kind of change.
"""

import argparse
import itertools
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from random import Random
from typing import Any

import polars as pl

from cases.money import asset
from cases.proposal import ApprovalStage, Classification
from policy.boundaries import Case, boundary_cases
from policy.compiling import Known, test_of, worked_out
from policy.expressions import Literal, Value
from policy.facts import read_facts
from policy.form import Policy
from policy.many.deciding import decide_many
from policy.many.one_by_one import decide_values
from policy.settling import exactly
from policy.showing import in_words
from tests.policy.equality import shipped
from tests.policy.spoiling import MILLIONTH, Mutant, mutants
from tests.policy.unchanged import parts_within

_MATRIX_CASES = 12
_IN_COLUMNS_TOO = 10
_NO_ANSWER = frozenset({"in_columns", "approval_row", "people"})
_Answer = Mapping[str, Any]


class Judge:
    """Says which spoiled policies a suite catches."""

    def __init__(self, policy: Policy, *, mixed: int = 1_500) -> None:
        self.policy = policy
        suite = list(boundary_cases(policy, mixed=mixed))
        Random(1).shuffle(suite)  # noqa: S311  # So that most are caught early.
        self.suite = suite
        self.sound = _in_columns(policy, suite)
        self._values = _read(policy, suite)
        self._matrix = list(_looked_up(policy, policy, self._values[:_MATRIX_CASES]))

    def catches(self, spoiled: Policy) -> bool:
        """Return whether a case of the suite, or an amount looked up in the matrix, comes out otherwise."""
        if any(one != other for one, other in zip(self.sound, _one_by_one(spoiled, self._values), strict=True)):
            return True
        return self._matrix != list(_looked_up(self.policy, spoiled, self._values[:_MATRIX_CASES]))

    def columns_agree(self, spoiled: Policy) -> bool:
        """Return whether the spoiled policy decides the suite in columns as it does one by one."""
        return _in_columns(spoiled, self.suite) == list(_one_by_one(spoiled, self._values))

    def differs(self, spoiled: Policy, *, mixed: int = 3_000) -> Case | None:
        """Return a case that the two decide otherwise, looked for among many more, made from the spoiled policy."""
        suite = boundary_cases(spoiled, mixed=mixed, seed=2)
        values = _read(spoiled, suite)
        pairs = zip(suite, _one_by_one(self.policy, values), _one_by_one(spoiled, values), strict=True)
        case = next((case for case, one, other in pairs if one != other), None)
        some = values[: 5 * _MATRIX_CASES]
        if case is None and list(_looked_up(spoiled, self.policy, some)) != list(_looked_up(spoiled, spoiled, some)):
            return {"the matrix": "looked up"}
        return case


def _read(policy: Policy, suite: Sequence[Case]) -> list[Mapping[str, Value]]:
    return [read_facts(policy, case.items()).values for case in suite]


def _looked_up(
    sound: Policy, policy: Policy, cases: Sequence[Mapping[str, Value]]
) -> Iterator[tuple[ApprovalStage, ...] | None]:
    """Yield who must agree to amounts around all that the sound matrix names; earlier amounts count with a claim's."""
    derived = worked_out(policy.derived)
    rows = [(test_of(each.when), each.stages) for each in policy.approvals]
    parts = (part for _, part in parts_within(sound.approvals, ()))
    stated = {each.value for each in parts if isinstance(each, Literal) and isinstance(each.value, Decimal)}
    unit = Decimal(1).scaleb(-asset(sound.money.asset).decimals) if sound.money.asset else MILLIONTH
    amounts = sorted({Decimal(0), *(each + step for each in stated for step in (-unit, 0, unit) if each)})
    for values in cases:
        for amount, classification in itertools.product(amounts, Classification):
            known = Known({**values, "amount": amount, "classification": in_words(classification)})
            known.derived = derived
            try:
                with exactly():
                    yield next(stages for fits, stages in rows if fits(known))
            except KeyError:
                yield None


def _in_columns(policy: Policy, suite: Sequence[Case]) -> list[_Answer]:
    frame = pl.DataFrame(suite, schema={each.name: pl.String for each in policy.inputs})
    rows = decide_many(policy, frame, approvals=True, check=0).iter_rows(named=True)
    return [_answer(policy, row) for row in rows]


def _one_by_one(policy: Policy, cases: Sequence[Mapping[str, Value]]) -> Iterator[_Answer]:
    return (_answer(policy, row) for row in decide_values(policy, cases, approvals=True))


def _answer(policy: Policy, row: Mapping[str, Any]) -> _Answer:
    """Return a row without what says nothing about the decision: who must agree instead of which line says so."""
    told = {name: value for name, value in row.items() if value is not None and name not in _NO_ANSWER}
    number = row.get("approval_row")
    return told if number is None else told | {"stages": policy.approvals[number - 1].stages}


def main() -> int:
    """Spoil every policy in every way; return 1 when a change of results is not caught."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--policies", nargs="*", help="only these: published/depeg-2025-10")
    asked = parser.parse_args()
    found = _Found()
    for name, policy in shipped():
        if asked.policies and name not in asked.policies:
            continue
        judge, before = Judge(policy), (found.caught.total(), found.equivalent.total())
        for number, mutant in enumerate(mutants(policy)):
            found.judge(judge, name, mutant)
            if number % _IN_COLUMNS_TOO == 0 and not judge.columns_agree(mutant.policy):
                found.missed.append(f"{name}: columns differ: {mutant.kind}: {mutant.what}")
        now = found.caught.total() - before[0], found.equivalent.total() - before[1]
        print(f"{name}: {len(judge.suite)} cases, {now[0]} caught, {now[1]} without a difference", flush=True)
    return _said(found)


class _Found:
    """What came of all spoiled policies, counted by the kind of change."""

    def __init__(self) -> None:
        self.caught = Counter[str]()
        self.equivalent = Counter[str]()
        self.proven = 0
        self.missed: list[str] = []

    def judge(self, judge: Judge, name: str, mutant: Mutant) -> None:
        """Count one spoiled policy; what is proven to be the same must not be caught either."""
        if judge.catches(mutant.policy):
            self.caught[mutant.kind] += 1
            if mutant.same:
                self.missed.append(f"{name}: {mutant.kind}: {mutant.what}: caught, though {mutant.same}")
        elif mutant.same is None and (case := judge.differs(mutant.policy)) is not None:
            self.missed.append(f"{name}: {mutant.kind}: {mutant.what}: {dict(case)}")
        else:
            self.equivalent[mutant.kind] += 1
            self.proven += mutant.same is not None
            print(f"  no difference: {name}: {mutant.kind}: {mutant.what}: {mutant.same or 'not proven'}")


def _said(found: _Found) -> int:
    caught, equivalent = found.caught, found.equivalent
    for kind in sorted({*caught, *equivalent}):
        print(f"{kind:36} {caught[kind]:5} caught {equivalent[kind]:5} without a difference")
    print(*found.missed, sep="\n")
    print(
        f"{caught.total()} caught, {equivalent.total()} without a difference ({found.proven} of them proven),"
        f" {len(found.missed)} MISSED"
    )
    return int(bool(found.missed))


if __name__ == "__main__":
    sys.exit(main())
