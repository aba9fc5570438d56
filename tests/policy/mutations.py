"""Spoiled policies: every change that changes a result is caught by the boundary suite.

``python -m tests.policy.mutations [--policies NAME ...]`` spoils every shipped policy in every way it knows: another
operator, a limit one unit off, rules in another order, another rounding, a cap dropped. The suite made from the sound
policy is decided in columns by the sound policy and one by one by the spoiled one; a difference is a catch. What is
not caught is looked at with a much larger suite made from the spoiled policy: a difference there is a miss, and ends
the run with 1. Where none is found the two are held to be equivalent; they are counted by the kind of change.
"""

import argparse
import dataclasses
import itertools
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

import polars as pl

from cases.money import ASSETS, Rounding
from cases.proposal import ApprovalStage, Classification
from policy.boundaries import Case, boundary_cases
from policy.compiling import Known, test_of, worked_out
from policy.expressions import (
    After,
    Among,
    AnyOf,
    Between,
    Compared,
    Counted,
    Either,
    Every,
    Extreme,
    Literal,
    Not,
    PriceAt,
    Priced,
    Product,
    Quotient,
    Relation,
    Sum,
    Value,
    Whole,
)
from policy.facts import read_facts
from policy.form import PAYABLE, Limit, MoneyTerms, NothingLeft, Policy, Rule
from policy.many.deciding import decide_many
from policy.many.one_by_one import decide_values
from policy.payment_terms import Benefit, Part
from policy.series import Lookup
from policy.settling import exactly
from policy.showing import in_words
from policy.units import ChoiceType, NumberType
from tests.policy.equality import shipped

_NEIGHBOURS = {
    Relation.EQUAL: (Relation.UNEQUAL,),
    Relation.UNEQUAL: (Relation.EQUAL,),
    Relation.BELOW: (Relation.AT_MOST, Relation.ABOVE),
    Relation.AT_MOST: (Relation.BELOW, Relation.AT_LEAST),
    Relation.ABOVE: (Relation.AT_LEAST, Relation.BELOW),
    Relation.AT_LEAST: (Relation.ABOVE, Relation.AT_MOST),
}
_SECOND = timedelta(seconds=1)
_MILLIONTH = Decimal("0.000001")
_MATRIX_CASES = 12
#: Fields that say nothing about a decision.
_NOT_SPOILED = frozenset(
    {"examples", "together", "type", "place", "wording", "tell", "other_plans", "inputs", "chinese"}
)
_NO_ANSWER = frozenset({"in_columns", "approval_row", "people"})
_Answer = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """A spoiled policy: what kind of change it is, what was changed and where."""

    kind: str
    what: str
    policy: Policy


def mutants(policy: Policy) -> Iterator[Mutant]:
    """Yield the policy spoiled in every way, one change each."""
    any_wording = next(iter(policy.wording.values()))
    policy = replace(policy, wording={each: policy.wording.get(each, any_wording) for each in Classification})
    for path, part in _parts(policy, ()):
        for kind, what, spoiled in _spoiled(part):
            yield Mutant(kind=kind, what=f"{'.'.join(map(str, path))}: {what}", policy=_with(policy, path, spoiled))
    yield from (Mutant(kind=kind, what=what, policy=spoiled) for kind, what, spoiled in _rearranged(policy))


def _parts(part: Any, path: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    """Yield every dataclass of a policy with the way to it."""
    if isinstance(part, tuple):
        for number, each in enumerate(part):
            yield from _parts(each, (*path, number))
    elif dataclasses.is_dataclass(part):
        if path:
            yield path, part
        for field in dataclasses.fields(part):
            if field.name not in _NOT_SPOILED:
                yield from _parts(getattr(part, field.name), (*path, field.name))


def _with(part: Any, path: tuple[str | int, ...], spoiled: Any) -> Any:
    if not path:
        return spoiled
    first, *rest = path
    if isinstance(first, int):
        return (*part[:first], _with(part[first], tuple(rest), spoiled), *part[first + 1 :])
    return replace(part, **{first: _with(getattr(part, first), tuple(rest), spoiled)})


_Spoiled = Iterator[tuple[str, str, Any]]


def _spoiled(part: Any) -> _Spoiled:  # noqa: C901, PLR0912  # One line for each kind of part.
    """Yield a part with one thing changed: the kind of change, what was changed, the part."""
    match part:
        case Compared(relation=relation):
            for other in _NEIGHBOURS[relation]:
                yield "another operator", f"{relation.value} -> {other.value}", replace(part, relation=other)
        case Literal():
            yield from _values(part)
        case Sum(terms=terms):
            for number, (sign, term) in enumerate(terms):
                turned = (*terms[:number], (-sign, term), *terms[number + 1 :])
                yield "another sign", f"term {number}", replace(part, terms=turned)
            yield from _dropped(part, "terms", terms)
        case Product(factors=factors):
            yield from _dropped(part, "factors", factors)
        case Quotient(dividend=dividend):
            yield "a divisor dropped", "dividend alone", dividend
        case Extreme(largest=largest, parts=parts):
            yield "max and min", f"largest is {not largest}", replace(part, largest=not largest)
            yield from _dropped(part, "parts", parts)
        case Every(parts=parts) | AnyOf(parts=parts):
            other_kind = AnyOf if isinstance(part, Every) else Every
            yield "and and or", other_kind.__name__, other_kind(parts=parts, type=part.type)
            yield from _dropped(part, "parts", parts)
        case Not(part=inner):
            yield "a not dropped", "not", inner
        case Among(options=options):
            yield from _dropped(part, "options", options)
        case Either(rows=rows, otherwise=otherwise):
            yield from _dropped(part, "rows", rows) if len(rows) > 1 else [("a row dropped", "all rows", otherwise)]
            yield from _swapped(part, "rows", rows)
        case Whole(up=up):
            yield "another rounding", f"up is {not up}", replace(part, up=not up)
        case Between() | After() | Priced() | PriceAt():
            yield from _times(part)
        case _:
            yield from _terms(part)


def _values(part: Literal) -> _Spoiled:
    value, kind = part.value, part.type
    match value:
        case bool():
            yield "another value", f"{value}", replace(part, value=not value)
        case Decimal():
            unit = kind.unit if isinstance(kind, NumberType) else None
            money = unit is not None and unit.is_money and unit.top in ASSETS
            step = Decimal(1).scaleb(-ASSETS[str(unit.top)].decimals) if unit and money else _MILLIONTH
            for more in (step, -step):
                yield "a limit one unit off", f"{value} {more:+f}", replace(part, value=value + more)
        case datetime():
            for shift in (_SECOND, -_SECOND):
                yield "a moment one second off", f"{value.isoformat()}", replace(part, value=value + shift)
        case str() if isinstance(kind, ChoiceType):
            other = next((each for each in kind.options if each != value), value)
            yield "another value", f"{value} -> {other}", replace(part, value=other)


def _times(part: Between | After | Priced | PriceAt) -> _Spoiled:  # noqa: C901  # One line for each kind of part.
    match part:
        case Between(counted=counted, calendar=calendar):
            if counted in {Counted.DAYS, Counted.WORKING_DAYS}:
                other = Counted.DAYS if counted is Counted.WORKING_DAYS else Counted.WORKING_DAYS
                yield "another count", f"{other.value}", replace(part, counted=other)
                yield "another zone", "-11:00", replace(part, calendar=replace(calendar, zone="-11:00"))
        case After(count=count, counted=counted, calendar=calendar):
            for more in (1, -1):
                yield "another count", f"{count} {more:+d}", replace(part, count=max(count + more, Decimal(0)))
            if counted is Counted.WORKING_DAYS:
                yield "another count", "days", replace(part, counted=Counted.DAYS)
                without = replace(calendar, holidays=calendar.holidays - set(sorted(calendar.holidays)[:1]))
                yield "a holiday dropped", "the first", replace(part, calendar=without)
        case Priced(lookup=lookup, with_end=with_end):
            yield "a window's end", f"{not with_end}", replace(part, with_end=not with_end)
            other_lookup = Lookup.LOWEST if lookup is Lookup.HIGHEST else Lookup.HIGHEST
            yield "another price", other_lookup.value, replace(part, lookup=other_lookup)
        case PriceAt(within=within):
            for shift in (_SECOND, -_SECOND):
                yield "a limit one unit off", f"{within} {shift}", replace(part, within=within + shift)


def _terms(part: Any) -> _Spoiled:  # noqa: C901, PLR0912  # One line for each kind of part.
    """Spoil what stands around expressions."""
    match part:
        case MoneyTerms(rounding=rounding):
            for other in Rounding:
                if other is not rounding:
                    yield "another rounding", other.value, replace(part, rounding=other)
        case Rule(classification=classification, pay=pay):
            kinds = PAYABLE if pay is not None else set(Classification) - PAYABLE - {Classification.FRAUD_REVIEW}
            for each in sorted(kinds - {classification}):
                yield "another classification", each.value, replace(part, classification=each)
        case Limit(counting=counting, classifications=classifications):
            if counting is not None:
                yield "a count dropped", counting, replace(part, counting=None)
            for other_class in sorted(classifications & PAYABLE) if len(classifications) > 1 else ():
                yield (
                    "a limit narrowed",
                    other_class.value,
                    replace(part, classifications=classifications - {other_class}),
                )
        case NothingLeft(classification=None):
            yield "another classification", "nothing left", replace(part, classification=Classification.INELIGIBLE)
        case NothingLeft():
            yield "another classification", "nothing left", replace(part, classification=None)
        case ApprovalStage(quorum=quorum):
            yield "another quorum", f"{quorum + 1}", replace(part, quorum=quorum + 1)
        case Part(waits_for=waits_for, lapses_when=lapses_when):
            if waits_for is not None:
                yield "a wait dropped", part.name, replace(part, waits_for=None)
            if lapses_when is not None:
                yield "a wait dropped", f"{part.name} lapses", replace(part, lapses_when=None)
        case Benefit(decimals=decimals):
            yield "another rounding", f"{decimals + 1} decimals", replace(part, decimals=decimals + 1)


def _dropped(part: Any, field: str, each: Sequence[Any]) -> _Spoiled:
    for number in range(len(each)) if len(each) > 1 else ():
        yield f"one of the {field} dropped", f"{number}", replace(part, **{field: _without(each, number)})


def _swapped(part: Any, field: str, each: Sequence[Any], last: int = 0) -> _Spoiled:
    for number in range(len(each) - 1 - last):
        swapped = (*each[:number], each[number + 1], each[number], *each[number + 2 :])
        yield f"{field} in another order", f"{number} and {number + 1}", replace(part, **{field: swapped})


def _without(each: Sequence[Any], number: int) -> tuple[Any, ...]:
    return (*each[:number], *each[number + 1 :])


def _rearranged(policy: Any) -> _Spoiled:
    """Yield a policy with lines swapped or dropped; the last rule and the last row of approvals stay last."""
    yield from _swapped(policy, "rules", policy.rules, last=1)
    yield from _swapped(policy, "approvals", policy.approvals, last=1)
    for field in ("rules", "approvals"):
        lines = getattr(policy, field)
        for number in range(len(lines) - 1):
            yield f"one of the {field} dropped", f"{number}", replace(policy, **{field: _without(lines, number)})
    for field in ("limits", "deductions", "thresholds", "gates", "benefits"):
        lines = getattr(policy, field)
        for number in range(len(lines)):
            yield f"one of the {field} dropped", f"{number}", replace(policy, **{field: _without(lines, number)})


class Judge:
    """Says which spoiled policies a suite catches."""

    def __init__(self, policy: Policy, *, mixed: int = 300) -> None:
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
    parts = (part for _, part in _parts(sound.approvals, ()))
    stated = {each.value for each in parts if isinstance(each, Literal) and isinstance(each.value, Decimal)}
    amounts = sorted({Decimal(0), *(each + step for each in stated for step in (-_MILLIONTH, 0, _MILLIONTH) if each)})
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
    caught, equivalent, missed = Counter[str](), Counter[str](), []
    for name, policy in shipped():
        if asked.policies and name not in asked.policies:
            continue
        judge = Judge(policy)
        before = caught.total(), equivalent.total()
        for mutant in mutants(judge.policy):
            if judge.catches(mutant.policy):
                caught[mutant.kind] += 1
            elif (case := judge.differs(mutant.policy)) is not None:
                missed.append(f"{name}: {mutant.kind}: {mutant.what}: {dict(case)}")
            else:
                equivalent[mutant.kind] += 1
                print(f"  no difference: {mutant.kind}: {mutant.what}")
        now = caught.total() - before[0], equivalent.total() - before[1]
        print(f"{name}: {len(judge.suite)} cases, {now[0]} caught, {now[1]} without a difference", flush=True)
    return _said(caught, equivalent, missed)


def _said(caught: Counter[str], equivalent: Counter[str], missed: Sequence[str]) -> int:
    for kind in sorted({*caught, *equivalent}):
        print(f"{kind:36} {caught[kind]:5} caught {equivalent[kind]:5} without a difference")
    print(*missed, sep="\n")
    print(f"{caught.total()} caught, {equivalent.total()} without a difference, {len(missed)} MISSED")
    return int(bool(missed))


if __name__ == "__main__":
    sys.exit(main())
