"""Lines that are never reached, contradict themselves, overlap, or leave a gap between them."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import cmp_to_key
from typing import TypeVar

from policy.expressions import Condition, Node
from policy.form import Policy
from policy.lines import Line, Reach
from policy.mistakes import Finding, Weight, fault
from policy.regions import Box, Domain, Span, TooMany, both, is_empty, meet, where, without
from policy.witness import LOOKED_AT, Case, case_in, outcomes, shown

Owner = TypeVar("Owner")


def out_of_reach(reach: Sequence[Reach]) -> Iterator[Finding]:
    """Yield the lines that contradict themselves or are hidden by the lines above them."""
    for number, each in enumerate(reach):
        line = each.line
        if not line.when.parts:
            continue
        if not each.fits:
            what = f"{line.shown} can never fit: its own tests exclude each other"
            yield fault("never-fits", line.about, line.place, what)
        elif each.left == ():
            hiding = _hiding(each, reach[:number])
            take = "takes" if len(hiding) == 1 else "take"
            what = f"{line.shown} is never reached: {' and '.join(hiding)} above {take} all of it"
            yield fault("never-reached", line.about, line.place, f"{what}; move it up or remove it")


def _hiding(hidden: Reach, above: Sequence[Reach]) -> list[str]:
    """Return the lines that take all of another; none of them could be left out."""
    needed = list(above)
    for other in above:
        fewer = [each for each in needed if each is not other]
        if not _taken_by(list(hidden.fits), fewer):
            needed = fewer
    return list(dict.fromkeys(each.line.shown for each in needed))


def _taken_by(boxes: list[Box], above: Sequence[Reach]) -> list[Box]:
    for each in above:
        for box in each.proven:
            boxes = without(boxes, box)
    return boxes


def overlapping(policy: Policy, reach: Sequence[Reach]) -> Iterator[Finding]:
    """Yield the ranges that overlap with a range above, and what they lose by it."""
    for number, lower in enumerate(reach):
        for upper in reach[:number]:
            if not (upper.line.listed and lower.line.listed and lower.left):
                continue
            found = _common(upper, lower)
            if found is None:
                continue
            subject, shared = found
            case = case_in(shared, _inputs(policy))
            if case is None:
                continue
            point = isinstance(span := shared[subject], Span) and span.low == span.high
            harmless = point or upper.line.leads_to == lower.line.leads_to
            what = (
                f"{shown(case)} fits {lower.line.shown} and also {upper.line.shown} above, which decides:"
                " let one range end where the other starts"
            )
            yield Finding(
                place=lower.line.place,
                what=what,
                code="ranges-overlap",
                about=f"{upper.line.about} / {lower.line.about}",
                weight=Weight.NOTE if harmless else Weight.FINDING,
            )


def _common(upper: Reach, lower: Reach) -> tuple[Node, Box] | None:
    """Return a value whose ranges overlap in part, neither holding the other, with what both lines share."""
    for taken in upper.proven:
        for box in lower.fits:
            shared = both(box, taken)
            if shared is None:
                continue
            partly = [
                subject
                for subject, span in taken.items()
                if isinstance(span, Span) and isinstance(other := box.get(subject), Span) and _partly(span, other)
            ]
            wider = [each for each in taken if each not in partly and not _holds(taken[each], box.get(each))]
            if len(partly) == 1 and not wider:
                return partly[0], shared
    return None


def _partly(one: Span, other: Span) -> bool:
    return not _holds(one, other) and not _holds(other, one)


def _holds(outer: Domain, inner: Domain | None) -> bool:
    """Say whether one domain holds all of another; None = any value."""
    return inner is not None and meet(outer, inner) == inner


def gaps(policy: Policy, reach: Sequence[Reach]) -> Iterator[Finding]:
    """Yield the gaps between the ranges of listed lines: cases that only the last line, "otherwise", catches."""
    if not reach or reach[-1].line.when.parts:
        return
    last, above = reach[-1].line, reach[:-1]
    for box, before, after in _between(above):
        case = _uncaught(policy, last, box, above)
        if case is not None:
            what = (
                f"{shown(case)} lies in the gap between {before.shown} and {after.shown}:"
                f" {last.shown} decides it; close the gap, or say it in a line of its own"
            )
            about = f"{before.about} / {after.about}"
            yield Finding(place=after.place, what=what, code="gap", about=about, weight=Weight.FINDING)


def uncovered(conditions: Iterable[Condition], inputs: Collection[str]) -> Case | None:
    """Return a case that fits none of these lines; None where none is proven."""
    left: list[Box] = [{}]
    try:
        for when in conditions:
            for box in where(when, wide=True):
                left = without(left, box)
    except TooMany:
        return None
    return next((case for box in left if (case := case_in(box, inputs)) is not None), None)


def _inputs(policy: Policy) -> frozenset[str]:
    return frozenset(each.name for each in policy.inputs)


def _uncaught(policy: Policy, last: Line, box: Box, above: Sequence[Reach]) -> Case | None:
    """Return a case in a box that fits no line but the last, as the policy itself decides it."""
    try:
        left = _after([box], above)
    except TooMany:
        return None
    for each in left:
        case = case_in(each, _inputs(policy))
        if case is not None and (not LOOKED_AT.isdisjoint(case) or _decides(policy, case, last)):
            return case
    return None


def _decides(policy: Policy, case: Case, line: Line) -> bool:
    """Say whether a line decides a case; a gate or a threshold that comes after it hides that it did."""
    return any(outcome.rule == line.about for outcome in outcomes(policy, case))


def _after(boxes: list[Box], above: Sequence[Reach]) -> list[Box]:
    """Return what is left of boxes where no line above can fit."""
    for each in above:
        for box in each.fits:
            boxes = without(boxes, box)
    return boxes


def _between(above: Sequence[Reach]) -> Iterator[tuple[Box, Line, Line]]:
    """Yield the boxes between two ranges of one value, where lines test the same of everything else."""
    islands: dict[tuple[Node, frozenset[tuple[Node, Domain]]], list[tuple[Span, Line]]] = {}
    for each in above:
        for box in each.proven if each.line.listed else ():
            for subject, domain in box.items():
                if isinstance(domain, Span):
                    rest = frozenset((other, domain) for other, domain in box.items() if other is not subject)
                    islands.setdefault((subject, rest), []).append((domain, each.line))
    for (subject, rest), spans in islands.items():
        yield from (({**dict(rest), subject: gap}, before, after) for gap, before, after in _holes(spans))


def _holes(spans: list[tuple[Span, Line]]) -> Iterator[tuple[Span, Line, Line]]:
    ordered = starting_order(spans)
    reach, line = ordered[0]
    for span, after in ordered[1:]:
        if reach.high is None:
            return
        hole = Span(low=reach.high, with_low=not reach.with_high, high=span.low, with_high=not span.with_low)
        if span.low is not None and not is_empty(hole):
            yield hole, line, after
        if _ends_later(span, reach):
            reach, line = span, after


def _ends_later(one: Span, other: Span) -> bool:
    if one.high is None or other.high is None:
        return one.high is None
    return one.high > other.high or (one.high == other.high and one.with_high)  # type: ignore[operator]  # Both have the type of the value.


def starting_order(spans: list[tuple[Span, Owner]]) -> list[tuple[Span, Owner]]:
    """Return spans by their lower ends; open-ended ones first."""

    def starts(one: tuple[Span, Owner], other: tuple[Span, Owner]) -> int:
        low, other_low = one[0].low, other[0].low
        if low is None or other_low is None:
            return (other_low is None) - (low is None)
        if low == other_low:
            return other[0].with_low - one[0].with_low
        return -1 if low < other_low else 1  # type: ignore[operator]  # Both have the type of the value.

    return sorted(spans, key=cmp_to_key(starts))
