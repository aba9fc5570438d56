"""The lines of a policy, of which the first that fits decides, and what those above leave for each."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from policy.expressions import Condition, Name
from policy.form import Policy
from policy.intervals import Ranges
from policy.mistakes import Place
from policy.regions import Box, TooMany, where, without
from policy.saying import when_said
from policy.units import NumberType


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line.

    Fields:
        shown: What a sentence calls it: '"two to six hours late"', "the row in line 80".
        about: Its name, which stays when it moves: "two to six hours late".
        leads_to: What it comes to; two lines that come to the same are equal here.
        listed: Whether it is one of the rules, and no exclusion, plan, deadline or evidence.
    """

    shown: str
    about: str
    when: Condition
    leads_to: object
    place: Place
    listed: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """Where a line fits.

    Fields:
        fits: Boxes where it fits by its own tests, and perhaps more.
        proven: Boxes where it certainly does.
        left: What lines above leave of `fits`; None where they fall into too many boxes.
    """

    line: Line
    fits: tuple[Box, ...]
    proven: tuple[Box, ...]
    left: tuple[Box, ...] | None


def rules_of(policy: Policy) -> list[Line]:
    """Return deadlines, plans, evidence, exclusions and rules, in order."""
    first = {id(rule) for rule in policy.rules if rule.exclusion}
    return [
        Line(
            shown=f'"{rule.name}"',
            about=rule.name,
            when=rule.when,
            leads_to=(rule.classification, rule.pay.node if rule.pay else None),
            place=rule.place,
            listed=id(rule) not in first,
        )
        for rule in policy.rules
    ]


def rows_of(policy: Policy) -> list[Line]:
    """Return the rows of the approval matrix, in order."""
    return [
        Line(
            shown=f"the row in line {row.place.line}",
            about=when_said(row.when),
            when=row.when,
            leads_to=row.stages,
            place=row.place,
        )
        for row in policy.approvals
    ]


def thresholds_of(policy: Policy) -> list[Line]:
    """Return the thresholds, in order."""
    return [
        Line(
            shown=f'"{each.name}"',
            about=each.name,
            when=each.when,
            leads_to=each.classification,
            place=each.place,
        )
        for each in policy.thresholds
    ]


def known_box(policy: Policy) -> Box:
    """Return where what is worked out lies in every case, as far as that is more than its type says."""
    ranges, box = Ranges(policy, {}), Box()
    for each in policy.derived:
        kind = each.expression.node.type
        if isinstance(kind, NumberType):
            span = ranges.of(each.expression.node)
            if span.high is not None or (span.low is not None and (kind.signed or span.low > 0)):  # type: ignore[operator]  # Both are numbers.
                box[Name(name=each.name, type=kind)] = span
    return box


def reached(lines: Sequence[Line], inside: Box) -> Iterator[Reach]:
    """Yield where each line fits, from top to bottom; a line that falls into too many boxes is left out."""
    above: list[Box] = []
    for line in lines:
        try:
            fits = tuple(where(line.when, wide=True, inside=inside))
            proven = tuple(where(line.when, wide=False))
        except TooMany:
            continue
        yield Reach(line=line, fits=fits, proven=proven, left=_left(fits, above))
        above += proven


def _left(fits: tuple[Box, ...], above: Sequence[Box]) -> tuple[Box, ...] | None:
    left = list(fits)
    try:
        for box in above:
            left = without(left, box)
    except TooMany:
        return None
    return tuple(left)
