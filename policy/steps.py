"""Amounts and factors that rise and fall again from step to step: worth a look, not wrong in itself."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import pairwise

from policy.binding import calculated, nodes, tiers_in
from policy.expressions import Compared, Either, Expression, Literal, Node, Product, Relation
from policy.form import Policy
from policy.lines import Reach
from policy.mistakes import Finding, Place, Weight
from policy.reaching import starting_order
from policy.regions import Domain, Span
from policy.showing import bare

_Axis = tuple[Node, frozenset[tuple[Node, Domain]]]


def uneven(policy: Policy, reach: Sequence[Reach]) -> Iterator[Finding]:
    """Yield the bands, tiers and rules whose constants neither rise nor fall all the way."""
    expressions = [(each.name, each.expression) for each in policy.derived if not calculated(each.expression)]
    expressions += [(each.name, each.pay) for each in policy.rules if each.pay]
    for name, expression in expressions:
        yield from _in_expression(name, expression)
    yield from _in_rules(policy, reach)


def _in_expression(name: str, expression: Expression) -> Iterator[Finding]:
    for node in nodes(expression.node):
        if isinstance(node, Either) and _one_subject(node):
            values = [_constant(value) for _, value in node.rows] + [_constant(node.otherwise)]
            yield from _note(name, expression.place, "the band", values)
    for tiers in tiers_in(expression.node):
        factors = [term.factors[-1] for _, term in tiers.terms if isinstance(term, Product)]
        yield from _note(name, expression.place, "the tiers", [_constant(each) for each in factors])


def _one_subject(node: Either) -> bool:
    tests = [test for test, _ in node.rows]
    first = tests[0]
    return (
        isinstance(first, Compared)
        and first.relation not in {Relation.EQUAL, Relation.UNEQUAL}
        and all(
            isinstance(each, Compared) and each.left == first.left and each.relation is first.relation for each in tests
        )
    )


def _in_rules(policy: Policy, reach: Sequence[Reach]) -> Iterator[Finding]:
    """Yield the rules that pay constants over ranges of one value which rise and fall again."""
    pays = {each.name: _constant(each.pay.node) for each in policy.rules if each.pay}
    axes: dict[_Axis, list[tuple[Span, Reach]]] = {}
    for each in reach:
        for box in each.proven if len(each.proven) == 1 and each.line.about in pays else ():
            for subject, domain in box.items():
                if isinstance(domain, Span):
                    rest = frozenset((other, domain) for other, domain in box.items() if other is not subject)
                    axes.setdefault((subject, rest), []).append((domain, each))
    for ranges in axes.values():
        ordered = [line for _, line in starting_order(ranges)]
        yield from _note(
            ordered[0].line.about,
            ordered[0].line.place,
            "the rules from here on",
            [pays[each.line.about] for each in ordered],
        )


def _note(name: str, place: Place, what: str, values: Sequence[Decimal | None]) -> Iterator[Finding]:
    known = [each for each in values if each is not None]
    if len(known) < len(values) or len(known) < 3:  # noqa: PLR2004  # Two always rise or fall.
        return
    rises = any(later > earlier for earlier, later in pairwise(known))
    if rises and any(later < earlier for earlier, later in pairwise(known)):
        said = ", ".join(map(bare, known))
        text = f'"{name}": {what} give {said}, up and down again: look whether that is meant'
        yield Finding(place=place, what=text, code="rises-and-falls", about=name, weight=Weight.NOTE)


def _constant(node: Node) -> Decimal | None:
    return node.value if isinstance(node, Literal) and isinstance(node.value, Decimal) else None
