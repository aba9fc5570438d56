"""The approval matrix, looked up at every point where it can change."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from cases.proposal import Classification
from policy.compiling import Closure, test_of
from policy.expressions import Among, AnyOf, Compared, Every, Literal, Name, Node, Not, Value
from policy.form import PAYABLE, ApprovalRow, Policy
from policy.mistakes import Finding, fault
from policy.settling import exactly
from policy.showing import bare, in_words
from policy.units import ChoiceType, YesNoType

MOST_POINTS = 20_000
_STEP = Decimal("1e-18")
_PAID = (*sorted(PAYABLE), Classification.FRAUD_REVIEW)


class _NotOnGrid(Exception):  # Raised and caught here only.
    """Raised for a row that compares more than names with values; the grid then proves nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Point:
    """What the matrix says for one amount."""

    amount: Decimal
    row: ApprovalRow


def matrix_faults(policy: Policy) -> Iterator[Finding]:
    """Yield where more amount or suspected fraud needs fewer people, or money could be paid with nobody agreeing."""
    try:
        with exactly():
            axes = _axes(policy)
    except _NotOnGrid:
        return
    named = axes.pop("amount", {Decimal(1)})
    amounts = sorted(value for value in named if isinstance(value, Decimal) and value > 0)
    axes.pop("classification", None)
    points = len(amounts) * len(_PAID)
    for values in axes.values():
        points *= len(values)
    if points > MOST_POINTS:
        return
    rows = [(test_of(row.when), row) for row in policy.approvals]
    found: dict[Finding, None] = {}
    for corner in itertools.product(*axes.values()):
        known = dict(zip(axes, corner, strict=True))
        looked_up = {
            each: [_Point(amount=amount, row=_row(rows, known, each, amount)) for amount in amounts] for each in _PAID
        }
        found |= dict.fromkeys((*_weak(looked_up), *_weak_when_suspect(looked_up)))
    yield from found


def _weak(looked_up: dict[Classification, list[_Point]]) -> Iterator[Finding]:
    """Yield where more amount needs fewer people than less, and where nobody is needed."""
    for classification, points in looked_up.items():
        for lower, higher in itertools.pairwise(points):
            if higher.row.people < lower.row.people:
                line = lower.row.place.line
                what = (
                    f"{in_words(classification)}: from {_about(higher.amount)} on {higher.row.people} must agree,"
                    f" though less needs {lower.row.people} (line {line}): more amount may never need fewer"
                )
                yield fault("fewer-for-more", in_words(classification), higher.row.place, what)
        for point in points:
            if not point.row.stages:
                what = f"{in_words(classification)} would be paid with nobody agreeing: name at least one stage"
                yield fault("nobody-agrees", in_words(classification), point.row.place, what)


def _weak_when_suspect(looked_up: dict[Classification, list[_Point]]) -> Iterator[Finding]:
    """Yield where suspected fraud needs fewer people than the same amount without suspicion."""
    for clean in (looked_up[each] for each in sorted(PAYABLE)):
        for point, suspect in zip(clean, looked_up[Classification.FRAUD_REVIEW], strict=True):
            if suspect.row.people < point.row.people:
                what = (
                    f"fraud review: at {_about(point.amount)} {suspect.row.people} must agree, though without suspicion"
                    f" {point.row.people} must (line {point.row.place.line}): more risk may never need fewer"
                )
                yield fault("fewer-for-fraud", "fraud review", suspect.row.place, what)


def _row(
    rows: list[tuple[Closure, ApprovalRow]], known: dict[str, Value], classification: Classification, amount: Decimal
) -> ApprovalRow:
    values = known | {"classification": in_words(classification), "amount": amount}
    return next(row for fits, row in rows if fits(values))


def _axes(policy: Policy) -> dict[str, set[Value]]:
    """Return, for every name in the matrix, the values around which a row starts or stops to fit."""
    axes: dict[str, set[Value]] = {}
    for row in policy.approvals:
        for part in row.when.parts:
            for name, value in _compared(part.node):
                axes.setdefault(name.name, set()).update(_around(name, value))
    return axes


def _compared(node: Node) -> Iterator[tuple[Name, Value]]:
    match node:
        case Name(type=YesNoType()):
            yield node, True
        case Compared(left=Name() as name, right=Literal(value=value)):
            yield name, value
        case Among(subject=Name() as name, options=options):
            yield from ((name, option) for option in options)
        case Every(parts=parts) | AnyOf(parts=parts):
            for part in parts:
                yield from _compared(part)
        case Not(part=part):
            yield from _compared(part)
        case _:
            raise _NotOnGrid


def _around(name: Name, value: Value) -> set[Value]:
    match value:
        case bool():
            return {True, False}
        case Decimal():
            return {each for each in (value - _STEP, value, value + _STEP) if each >= 0}
        case datetime():
            second = timedelta(seconds=1)
            return {value - second, value, value + second}
        case str() if isinstance(name.type, ChoiceType):
            return set(name.type.options)
        case str():
            return {value, ""}
        case _:
            raise _NotOnGrid


def _about(amount: Decimal) -> str:
    return bare(Decimal(f"{amount:.6f}"))
