"""The approval matrix, looked up at every point where it can change."""

import itertools
import operator
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from cases.proposal import Classification
from policy.compiling import Compiled, test_of
from policy.expressions import Among, AnyOf, Compared, Every, Literal, Name, Node, Not, Relation, Value
from policy.form import PAYABLE, ApprovalRow, Gate, Policy, Sign
from policy.mistakes import Finding, Weight, fault
from policy.regions import Box, Domain, Span, TooMany, is_empty, meet, where
from policy.settling import exactly
from policy.showing import bare, in_words
from policy.units import ChoiceType, YesNoType

MOST_POINTS = 20_000
_STEP = Decimal("1e-18")
_PAID = (*sorted(PAYABLE), Classification.FRAUD_REVIEW)


class _NotOnGrid(Exception):  # Raised and caught here only.
    """Raised for a row that compares more than names with values; the grid then proves nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One point of the matrix, and the row that fits it.

    Fields:
        corner: What the rows look at beside classification and amount, by name.
        amount: The amount that is looked up.
    """

    corner: tuple[tuple[str, Value], ...]
    classification: Classification
    amount: Decimal
    row: ApprovalRow

    def __str__(self) -> str:
        where = ", ".join(
            f"{name} = {about(value) if isinstance(value, Decimal) else bare(value)}" for name, value in self.corner
        )
        return f"{in_words(self.classification)}{f', {where}' if where else ''}, {about(self.amount)}"


#: The cells of one corner: for each classification that may be paid, from the smallest amount to the largest.
Cells = dict[Classification, list[Cell]]


def cells(policy: Policy, also: Iterable[Decimal] = ()) -> tuple[Cells, ...]:
    """Return the matrix at every point where it can change, corner by corner; empty where it is not so plain.

    also: More amounts to look up; 0 too, which is not looked up else.
    """
    try:
        with exactly():
            axes = _axes(policy)
    except _NotOnGrid:
        return ()
    named = {*axes.pop("amount", {Decimal(1)}), *also}
    amounts = sorted({value for value in named if isinstance(value, Decimal) and value > 0} | set(also))
    axes.pop("classification", None)
    points = len(amounts) * len(_PAID)
    for values in axes.values():
        points *= len(values)
    if points > MOST_POINTS:
        return ()
    rows = [(test_of(row.when), row) for row in policy.approvals]
    corners = (tuple(zip(axes, corner, strict=True)) for corner in itertools.product(*axes.values()))
    return tuple(
        {each: [_cell(rows, corner, each, amount) for amount in amounts] for each in _PAID} for corner in corners
    )


def unproven(policy: Policy) -> Iterator[Finding]:
    """Yield that nothing is proven of a matrix which compares more than names with values, or is too large."""
    if not cells(policy):
        what = (
            "nothing is proven of this matrix: let each row compare names with values only, in at most"
            f" {MOST_POINTS} cells, or look yourself that more amount and risk never need fewer people"
        )
        place = policy.approvals[0].place
        yield Finding(place=place, what=what, code="matrix-not-proven", about="approvals", weight=Weight.FINDING)


def fewer_for_riskier(policy: Policy) -> Iterator[Finding]:
    """Yield where a value that fraud gates or signs hold to be worse needs fewer people than one that they do not."""
    for name in _risky(policy):
        groups: dict[tuple[tuple[str, Value], ...], list[tuple[Decimal | bool, Cells]]] = {}
        for corner in cells(policy):
            known = dict(next(iter(corner.values()))[0].corner)
            risk = known.pop(name, None)
            if isinstance(risk, Decimal | bool):
                groups.setdefault(tuple(known.items()), []).append((risk, corner))
        for group in groups.values():
            by_risk = [corner for _, corner in sorted(group, key=operator.itemgetter(0))]
            worse = next((each for pair in itertools.pairwise(by_risk) for each in _fewer(*pair)), None)
            if worse:
                less, more = worse
                what = (
                    f"{more}: {more.row.people} must agree, though for {less} {less.row.people} must"
                    f" (line {less.row.place.line}): a larger {name} is a sign of fraud; ask for no fewer people"
                )
                place, weight = more.row.place, Weight.FINDING
                yield Finding(place=place, what=what, code="fewer-for-more-risk", about=name, weight=weight)
                break


def _fewer(less_risky: Cells, riskier: Cells) -> Iterator[tuple[Cell, Cell]]:
    for classification, points in less_risky.items():
        for less, more in zip(points, riskier[classification], strict=True):
            if more.row.people < less.row.people:
                yield less, more


def _risky(policy: Policy) -> list[str]:
    """Return the names of which gates and signs hold more, or yes, to be worse, and never less."""
    every: tuple[Gate | Sign, ...] = (*policy.gates, *(policy.scorecard.signs if policy.scorecard else ()))
    nodes = [part.node for each in every for part in each.when.parts]
    worse = {name for node in nodes if (name := _larger_is_worse(node))}
    names = [name for each in every for part in each.when.parts for name, _, _ in part.names]
    return sorted(each for each in worse if names.count(each) == sum(_larger_is_worse(node) == each for node in nodes))


def _larger_is_worse(node: Node) -> str | None:
    match node:
        case Name(name=name, type=YesNoType()):
            return name
        case Compared(relation=Relation.ABOVE | Relation.AT_LEAST, left=Name(name=name), right=Literal()):
            return name
        case _:
            return None


def matrix_faults(policy: Policy) -> Iterator[Finding]:
    """Yield where more amount or suspected fraud needs fewer people, or money could be paid with nobody agreeing."""
    found: dict[Finding, None] = {}
    for corner in cells(policy):
        found |= dict.fromkeys((*_weak(corner), *_weak_when_suspect(corner)))
    if policy.gives_beside_nothing:
        for corner in cells(policy, (Decimal(0),)):
            found |= dict.fromkeys(_given_with_nobody(policy, corner))
    yield from found
    if not cells(policy):
        yield from _perhaps_with_nobody(policy)


def _perhaps_with_nobody(policy: Policy) -> Iterator[Finding]:
    """Yield the rows without stages that something may be paid by, of a matrix whose points cannot be looked up."""
    for row in policy.approvals:
        if not row.stages and any(_may_give(policy, box) for box in _boxes(row)):
            what = (
                "something could be paid or given with nobody agreeing: name at least one stage, or let the row name"
                ' what is refused, as "classification: [ineligible, individual review]"'
            )
            yield fault("nobody-agrees", "a row without stages", row.place, what)


def _boxes(row: ApprovalRow) -> list[Box]:
    try:
        return where(row.when, wide=True)
    except TooMany:
        return [{}]


def _may_give(policy: Policy, box: Box) -> bool:
    """Say whether a claim in a box may be paid, or be given something beside an amount of 0."""
    least = Span(low=Decimal(0), with_low=policy.gives_beside_nothing)
    asked: dict[str, Domain] = {"classification": frozenset(map(in_words, _PAID)), "amount": least}
    return not any(
        isinstance(subject, Name) and subject.name in asked and is_empty(meet(domain, asked[subject.name]))
        for subject, domain in box.items()
    )


def _given_with_nobody(policy: Policy, looked_up: Cells) -> Iterator[Finding]:
    """Yield where no money is paid, but something may be given beside it with nobody agreeing."""
    for classification, (nothing, *_) in looked_up.items():
        if not nothing.row.stages:
            what = (
                f'{nothing}: "{policy.benefits[0].name}" could be given with nobody agreeing:'
                ' name at least one stage, or let an amount of 0 be ineligible under "nothing left"'
            )
            yield fault("nobody-agrees", f"{in_words(classification)}, 0", nothing.row.place, what)


def _weak(looked_up: Cells) -> Iterator[Finding]:
    """Yield where more amount needs fewer people than less, and where nobody is needed."""
    for classification, points in looked_up.items():
        for lower, higher in itertools.pairwise(points):
            if higher.row.people < lower.row.people:
                line = lower.row.place.line
                what = (
                    f"{higher}: {higher.row.people} must agree, though for {lower} {lower.row.people} must"
                    f" (line {line}): more amount may never need fewer"
                )
                yield fault("fewer-for-more", in_words(classification), higher.row.place, what)
        for point in points:
            if not point.row.stages:
                what = f"{point}: would be paid with nobody agreeing: name at least one stage"
                yield fault("nobody-agrees", in_words(classification), point.row.place, what)
                break


def _weak_when_suspect(looked_up: Cells) -> Iterator[Finding]:
    """Yield where suspected fraud needs fewer people than the same amount without suspicion."""
    for clean in (looked_up[each] for each in sorted(PAYABLE)):
        for point, suspect in zip(clean, looked_up[Classification.FRAUD_REVIEW], strict=True):
            if suspect.row.people < point.row.people:
                what = (
                    f"{suspect}: {suspect.row.people} must agree, though for {point} {point.row.people} must"
                    f" (line {point.row.place.line}): more risk may never need fewer"
                )
                yield fault("fewer-for-fraud", "fraud review", suspect.row.place, what)
                break


def _cell(
    rows: list[tuple[Compiled, ApprovalRow]],
    corner: tuple[tuple[str, Value], ...],
    classification: Classification,
    amount: Decimal,
) -> Cell:
    values = {**dict(corner), "classification": in_words(classification), "amount": amount}
    row = next(row for fits, row in rows if fits(values))
    return Cell(corner=corner, classification=classification, amount=amount, row=row)


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
        case date():
            day = timedelta(days=1)
            return {value - day, value, value + day}
        case str() if isinstance(name.type, ChoiceType):
            return set(name.type.options)
        case str():
            return {value, ""}
        case _:
            raise _NotOnGrid


def about(amount: Decimal) -> str:
    """Return an amount of the grid in words: a step beside a bound is "over 1000" or "just under 1000"."""
    plain = Decimal(f"{amount:.12f}")
    side = "" if amount == plain else "over " if amount > plain else "just under "
    return side + bare(plain)
