"""Limits, thresholds, bounds, rows and signs that can never matter, by where the amounts of a policy can lie."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from cases.money import ASSETS
from policy.calculators import CALCULATORS
from policy.expressions import Either, Expression, Extreme, Literal, Name, Node, Product, Sum, parts_of
from policy.form import Limit, Policy, Rule
from policy.intervals import Ranges, hull, minus, plus
from policy.lines import Reach, reached, thresholds_of
from policy.mistakes import Finding, Place, Weight
from policy.regions import Box, Ordered, Span, TooMany, crossed, where, where_node, without
from policy.saying import said
from policy.showing import bare
from policy.units import NumberType

#: More boxes of one line are looked at as one, which proves less.
_MOST_BOXES = 20
_MOST_SIGNS = 14
_CALCULATED = frozenset(text for each in CALCULATORS.values() for _, text in each.steps)
_ZERO = Fraction(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Paying:
    """A rule that pays, the boxes of the cases that reach it, and where its amount lies before limits."""

    rule: Rule
    boxes: tuple[Box, ...]
    pays: Span


def paying(policy: Policy, reach: Sequence[Reach]) -> tuple[Paying, ...]:
    """Return the rules that pay and are reached, with where their amounts lie once deductions are taken off."""
    left = {each.line.about: each for each in reach}
    found = []
    for rule in policy.rules:
        each = left.get(rule.name)
        boxes = (each.left or each.fits) if each else ({},)
        if rule.pay is not None and boxes:
            boxes = boxes if len(boxes) <= _MOST_BOXES else ({},)
            pays = hull(_after_deductions(policy, rule.pay, box) for box in boxes)
            found.append(Paying(rule=rule, boxes=boxes, pays=pays))
    return tuple(found)


def never_binding(policy: Policy, paid: Sequence[Paying]) -> Iterator[Finding]:
    """Yield everything about amounts that can never matter."""
    yield from _limits(policy, paid)
    yield from _thresholds(policy, paid)
    yield from _never_shown(policy, paid)
    yield from _scorecard(policy, paid)
    for each in policy.derived:
        if not calculated(each.expression):
            yield from _in_expression(each.expression, each.name, Ranges(policy, {}), [{}])
    for one in paid:
        if one.rule.pay:
            for box in one.boxes[:1] if len(one.boxes) == 1 else ({},):
                yield from _in_expression(one.rule.pay, one.rule.name, Ranges(policy, box), [box])


def most_paid(policy: Policy, paid: Sequence[Paying]) -> Fraction | None:
    """Return the most that a case can be paid, rounded up to a unit; None where nothing shows that there is a most."""
    ends = [_most_of(policy, each) for each in paid]
    if any(end is None for end in ends):
        return None
    decimals = ASSETS[policy.money.asset].decimals if policy.money.asset else 0
    most = max((end for end in ends if end is not None), default=_ZERO)
    return Fraction((most * 10**decimals).__ceil__(), 10**decimals)


def _most_of(policy: Policy, paying: Paying) -> Fraction | None:
    limits = [_span(policy, each.at_most, paying).high for each in policy.limits if _holds_for(each, paying.rule)]
    ends = [Fraction(end) for end in (*limits, paying.pays.high) if isinstance(end, Decimal | Fraction)]
    return max(min(ends), _ZERO) if ends else None


def _after_deductions(policy: Policy, pay: Expression, box: Box) -> Span:
    ranges = Ranges(policy, box)
    span = ranges.of(pay.node)
    for each in policy.deductions:
        span = plus(span, minus(ranges.of(each.takes_off.node)))
    return span


def _span(policy: Policy, expression: Expression, paying: Paying) -> Span:
    return hull(Ranges(policy, box).of(expression.node) for box in paying.boxes)


def _holds_for(limit: Limit, rule: Rule) -> bool:
    return rule.classification in limit.classifications


def _limits(policy: Policy, paid: Sequence[Paying]) -> Iterator[Finding]:
    for number, limit in enumerate(policy.limits):
        cut = [each for each in paid if _holds_for(limit, each.rule)]
        spans = [_span(policy, limit.at_most, each) for each in cut]
        if not cut:
            yield _about_limit(limit, "no line pays what it is for: remove it, or correct what it is for")
            continue
        if all(_at_most(span.high, _ZERO) for span in spans):
            yield _about_limit(limit, "leaves nothing to pay: write what may be paid")
            continue
        if limit.counting is None and all(
            _at_most(each.pays.high, span.low) for each, span in zip(cut, spans, strict=True)
        ):
            most = max(end for each in cut if isinstance(end := each.pays.high, Decimal | Fraction))
            yield _about_limit(
                limit, f"never binds: no line that it is for pays more than {bare(most)}; lower or remove it"
            )
            continue
        yield from _under_another(policy, number, limit, cut)
        for each, span in zip(cut, spans, strict=True):
            if span.high is not None and each.pays.low is not None and each.pays.low > span.high:  # type: ignore[operator]  # Both are numbers.
                what = f'cuts every payment of "{each.rule.name}", which is at least {bare(each.pays.low)}: correct one'
                yield _about_limit(limit, what, code="always-cut", also=each.rule.name)


def _under_another(policy: Policy, number: int, limit: Limit, cut: list[Paying]) -> Iterator[Finding]:
    """Yield a limit that another one, for all of the same lines, is never above."""
    for place, other in enumerate(policy.limits):
        same_count = other.counting == limit.counting or (limit.counting is None and _only_takes(policy, other))
        if place == number or not same_count or not all(_holds_for(other, each.rule) for each in cut):
            continue
        ends = [(_span(policy, other.at_most, each).high, _span(policy, limit.at_most, each).low) for each in cut]
        tighter = all(_at_most(high, low) for high, low in ends)
        equal_below = place > number and other.counting == limit.counting and all(high == low for high, low in ends)
        if tighter and not equal_below:
            what = f'never binds: "{other.name}" never leaves more; remove one of them'
            yield _about_limit(limit, what)
            return


def _only_takes(policy: Policy, limit: Limit) -> bool:
    """Say whether what a limit counts can only make it tighter."""
    kind = policy.types.get(limit.counting or "")
    return limit.counting is None or (isinstance(kind, NumberType) and not kind.signed)


def _about_limit(limit: Limit, what: str, *, code: str = "limit-never-binds", also: str = "") -> Finding:
    about = f"{limit.name} / {also}" if also else limit.name
    said = f'limit "{limit.name}" {what}'
    return Finding(place=limit.place, what=said, code=code, about=about, weight=Weight.FINDING)


def _thresholds(policy: Policy, paid: Sequence[Paying]) -> Iterator[Finding]:
    """Yield the thresholds that no amount that can be paid reaches."""
    most = most_paid(policy, paid)
    for each in reached(thresholds_of(policy), {}):
        amounts = {subject for box in each.fits for subject in box if isinstance(subject, Name)}
        amount = next((subject for subject in amounts if subject.name == "amount"), None)
        if amount is None or most is None:
            continue
        payable: Box = {amount: Span(low=_ZERO, high=most, with_high=True)}
        if not crossed(list(each.fits), [payable]):
            what = f"{each.line.shown} never fits: at most {bare(most)} can be paid; correct or remove it"
            yield Finding(
                place=each.line.place,
                what=what,
                code="threshold-never-fits",
                about=each.line.about,
                weight=Weight.FINDING,
            )


def _never_shown(policy: Policy, paid: Sequence[Paying]) -> Iterator[Finding]:
    """Yield gates, signs and benefits that no case shows which is paid at all."""
    boxes = [box for each in paid for box in each.boxes]
    signs = policy.scorecard.signs if policy.scorecard else ()
    for name, when, place in (
        *((each.name, each.when, each.place) for each in policy.gates),
        *((each.name, each.when, each.place) for each in policy.benefits),
        *((each.name, each.when, each.place) for each in signs),
    ):
        try:
            together = crossed(boxes, where(when, wide=True))
        except TooMany:
            continue
        if not together:
            yield _never_shows(name, place)


def _never_shows(name: str, place: Place) -> Finding:
    what = f'"{name}" never matters: no case that fits it is paid anything; correct or remove it'
    return Finding(place=place, what=what, code="never-matters", about=name, weight=Weight.FINDING)


def _scorecard(policy: Policy, paid: Sequence[Paying]) -> Iterator[Finding]:
    """Yield a scorecard whose signs cannot show together often enough to send anybody to review."""
    card = policy.scorecard
    if card is None or len(card.signs) > _MOST_SIGNS:
        return
    boxes = [box for each in paid for box in each.boxes]
    try:
        most = _most_points([(where(each.when, wide=True), each.points) for each in card.signs], boxes)
    except TooMany:
        return
    if most < card.review_from:
        what = (
            f'"{card.name}" never sends a claim to review: signs that can show together count at most {bare(most)},'
            f" it takes {bare(card.review_from)}; lower that, or correct the signs"
        )
        yield Finding(
            place=card.place, what=what, code="scorecard-never-reviews", about=card.name, weight=Weight.FINDING
        )


def _most_points(signs: Sequence[tuple[list[Box], Decimal]], boxes: list[Box]) -> Decimal:
    if not signs:
        return Decimal(0)
    (fits, points), *rest = signs
    together = crossed(boxes, fits)
    with_it = points + _most_points(rest, together) if together else Decimal(0)
    every = sum((points for _, points in signs), start=Decimal(0))
    return with_it if with_it == every else max(with_it, _most_points(rest, boxes))


def _in_expression(expression: Expression, about: str, ranges: Ranges, boxes: list[Box]) -> Iterator[Finding]:
    """Yield the bounds of max and min, the tiers, and the rows of tables that never matter in these cases."""
    tiers = tiers_in(expression.node)
    for node in nodes(expression.node, leave=tiers):
        if isinstance(node, Extreme):
            yield from _bounds(expression, about, node, ranges)
        elif isinstance(node, Either):
            yield from _rows(expression, about, node, boxes)
    for each in tiers:
        yield from _slices(expression, about, each, ranges)


def calculated(expression: Expression) -> bool:
    """Say whether an expression is a step of a calculator, which nobody wrote into the policy."""
    return expression.text in _CALCULATED


def nodes(node: Node, *, leave: Sequence[Node] = ()) -> Iterator[Node]:
    """Yield a node and all below it, but nothing below those to leave."""
    yield node
    for part in () if any(node is each for each in leave) else parts_of(node):
        yield from nodes(part, leave=leave)


def _bounds(expression: Expression, about: str, node: Extreme, ranges: Ranges) -> Iterator[Finding]:
    spans = [ranges.of(part) for part in node.parts]
    for number, part in enumerate(node.parts):
        others = spans[:number] + spans[number + 1 :]
        if node.largest:
            needless = any(_at_most(spans[number].high, other.low) for other in others)
        else:
            needless = any(_at_most(other.high, spans[number].low) for other in others)
        if needless:
            kind = "max" if node.largest else "min"
            yield _in(expression, about, f"{said(part)} in {kind}(...) never matters", code="bound-never-binds")
            return


def _rows(expression: Expression, about: str, node: Either, boxes: list[Box]) -> Iterator[Finding]:
    rest = boxes
    try:
        for test, _ in node.rows:
            if rest and not crossed(rest, where_node(test, holds=True, wide=True)):
                yield _in(expression, about, f'the row "{said(test)}" is never used', code="row-never-fits")
            for box in where_node(test, holds=True, wide=False):
                rest = without(rest, box)
    except TooMany:
        return
    if not rest:
        yield _in(expression, about, 'the row "otherwise" is never used', code="row-never-fits")


def _in(expression: Expression, about: str, what: str, *, code: str) -> Finding:
    return Finding(
        place=expression.place,
        what=f'"{about}": {what}: correct it, or leave it out',
        code=code,
        about=f"{about}: {what}",
        weight=Weight.FINDING,
    )


def tiers_in(node: Node) -> tuple[Sum, ...]:
    """Return the sums that stand for tiers: each slice, never below zero, times its factor."""
    return tuple(each for each in nodes(node) if isinstance(each, Sum) and _is_tiers(each))


def _is_tiers(node: Sum) -> bool:
    slices = [term.factors[0] for sign, term in node.terms if sign > 0 and isinstance(term, Product)]
    return len(slices) == len(node.terms) > 1 and all(_is_slice(each) for each in slices)


def _is_slice(node: Node) -> bool:
    return isinstance(node, Extreme) and isinstance(node.parts[0], Sum) and isinstance(node.parts[-1], Literal)


def _slices(expression: Expression, about: str, node: Sum, ranges: Ranges) -> Iterator[Finding]:
    for _, term in node.terms[1:]:
        piece = term.factors[0] if isinstance(term, Product) else None
        if not isinstance(piece, Extreme) or not isinstance(piece.parts[0], Sum):
            continue
        below = piece.parts[0].terms[-1][1]
        if _at_most(ranges.of(piece).high, _ZERO):
            yield _in(expression, about, f"the tier beyond {said(below)} is never reached", code="tier-never-reached")
            return


def _at_most(end: Ordered | None, other: Ordered | None) -> bool:
    """Say whether a known end is at most another known one."""
    return end is not None and other is not None and end <= other  # type: ignore[operator]  # Both are numbers.
