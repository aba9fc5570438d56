"""What can be proven of a policy before it is released: faults, findings that a release must answer, and notes."""

from collections.abc import Iterator
from dataclasses import dataclass

from cases.people import People
from policy.approvers import beyond_everybody, dead_ends, unheld, without_spare
from policy.beyond_limits import beyond_limits
from policy.binding import Paying, most_paid, never_binding, paying
from policy.eaten import eaten_by_an_item
from policy.expressions import Condition, Expression, OverItems
from policy.form import Gate, Policy, Sign
from policy.grid import fewer_for_riskier, matrix_faults, unproven
from policy.lines import Line, Reach, known_box, reached, rows_of, rules_of, thresholds_of
from policy.mistakes import Finding, Weight, fault
from policy.payment_terms import Benefit
from policy.reaching import gaps, out_of_reach, overlapping
from policy.redundancy import alone, redundant
from policy.regions import Box
from policy.repeated import perhaps_twice
from policy.saying import said
from policy.steps import uneven
from policy.told_payments import amount_told_for_coins
from policy.units import ListType


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reached:
    """Where the lines of a policy fit, worked out once."""

    inside: Box
    rules: list[Reach]
    rows: list[Reach]
    thresholds: list[Reach]
    paid: tuple[Paying, ...]


def findings(policy: Policy, people: People | None = None) -> tuple[Finding, ...]:
    """Return everything that is proven about a policy's logic, from top to bottom.

    What is not provable is not said: examples and people must find it. A policy that loaded has no fault among them,
    unless it loaded without `people`.
    people: The role table; None = approvers are not checked against people.
    """
    lines = _reached(policy)
    return tuple(sorted({*_faults(policy, people, lines), *_suspicions(policy, people, lines)}))


def faults(policy: Policy, people: People | None = None) -> tuple[Finding, ...]:
    """Return those that keep a version from loading."""
    return tuple(sorted(set(_faults(policy, people, _reached(policy)))))


def _reached(policy: Policy) -> _Reached:
    inside = known_box(policy)
    rules = list(reached(rules_of(policy), inside))
    return _Reached(
        inside=inside,
        rules=rules,
        rows=list(reached(rows_of(policy), inside)),
        thresholds=list(reached(thresholds_of(policy), inside)),
        paid=paying(policy, rules),
    )


def _faults(policy: Policy, people: People | None, lines: _Reached) -> Iterator[Finding]:
    for reach in (lines.rules, lines.rows, lines.thresholds):
        yield from out_of_reach(reach)
    for line in _alone(policy):
        yield from out_of_reach(list(reached([line], lines.inside)))
    yield from matrix_faults(policy)
    yield from _unused(policy)
    if people is not None:
        yield from unheld(policy, people)
        ends = dead_ends(policy, people, most_paid(policy, lines.paid))
        yield from (each for each in ends if each.weight is Weight.FAULT)


def _suspicions(policy: Policy, people: People | None, lines: _Reached) -> Iterator[Finding]:
    for reach in (lines.rules, lines.rows, lines.thresholds):
        yield from gaps(policy, reach)
        yield from overlapping(policy, reach)
        yield from redundant(reach, lines.inside)
    for line in _alone(policy):
        yield from alone(line, lines.inside)
    yield from never_binding(policy, lines.paid)
    yield from beyond_limits(policy)
    yield from perhaps_twice(policy)
    yield from eaten_by_an_item(policy)
    yield from amount_told_for_coins(policy)
    yield from uneven(policy, lines.rules)
    yield from unproven(policy)
    yield from fewer_for_riskier(policy)
    if people is not None:
        most = most_paid(policy, lines.paid)
        yield from dead_ends(policy, people, most)
        yield from without_spare(policy, people, most)
        yield from beyond_everybody(policy, people, most)


def _alone(policy: Policy) -> Iterator[Line]:
    """Yield the lines that hide no other, and which items are counted."""
    every: tuple[Gate | Benefit | Sign, ...] = (*policy.gates, *policy.benefits)
    for each in every + (policy.scorecard.signs if policy.scorecard else ()):
        yield Line(shown=f'"{each.name}"', about=each.name, when=each.when, leads_to=each.name, place=each.place)
    for made in policy.derived:
        node, place = made.expression.node, made.expression.place
        if isinstance(node, OverItems) and node.when is not None:
            test = Expression(text=said(node.when), node=node.when, names=(), place=place)
            when = Condition(parts=(test,), place=place)
            yield Line(shown=f'"{made.name}"', about=made.name, when=when, leads_to=made.name, place=place)


def _unused(policy: Policy) -> Iterator[Finding]:
    """Yield the names that are declared and used nowhere: a forgotten fee is a wrong amount."""
    used = {name for expression in _expressions(policy) for name, _, _ in expression.names}
    used |= {name for each in policy.inputs if isinstance(each.type, ListType) for name in each.type.once_by}
    used |= {limit.counting for limit in policy.limits if limit.counting} | {each.paid for each in policy.other_plans}
    used |= {policy.money.asset_input} if policy.money.asset_input else set()
    tells = (
        *policy.wording.values(),
        *(rule.tell for rule in policy.rules),
        *(each.tell for each in policy.thresholds),
        policy.nothing_left.tell,
    )
    used |= {name for tell in tells if tell for name in tell.names}
    for name, place in (
        *((each.name, each.place) for each in policy.inputs),
        *(
            (name, each.place)
            for each in policy.inputs
            if isinstance(each.type, ListType)
            for name, _ in each.type.fields
        ),
        *((each.name, each.expression.place) for each in policy.derived if ": " not in each.name),
    ):
        if name not in used:
            yield fault("unused", name, place, f'"{name}" is declared and used nowhere: use it or remove it')


def _expressions(policy: Policy) -> Iterator[Expression]:
    yield from (each.expression for each in policy.derived)
    yield from (limit.at_most for limit in policy.limits)
    yield from (each.takes_off for each in policy.deductions)
    yield from (each.gives for each in policy.benefits)
    yield from (rule.pay for rule in policy.rules if rule.pay)
    for part in policy.parts:
        yield from (each for each in (part.takes, part.rate) if each)
    for when in _conditions(policy):
        yield from when.parts


def _conditions(policy: Policy) -> Iterator[Condition]:
    yield from (each.when for each in policy.rules)
    yield from (each.when for each in policy.approvals)
    yield from (each.when for each in policy.thresholds)
    yield from (each.when for each in _alone(policy))
    for part in policy.parts:
        yield from (each for each in (part.waits_for, part.lapses_when) if each)
