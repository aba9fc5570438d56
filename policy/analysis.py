"""What can be proven of a policy before it is released: faults, findings that a release must answer, and notes."""

from collections.abc import Iterator

from cases.people import People
from policy.approvers import beyond_everybody, dead_ends, unheld, without_spare
from policy.binding import most_paid, never_binding, paying
from policy.expressions import Condition, Expression
from policy.form import Gate, Policy, Sign
from policy.grid import matrix_faults
from policy.lines import Line, known_box, reached, rows_of, rules_of, thresholds_of
from policy.mistakes import Finding, Weight, fault
from policy.payment_terms import Benefit
from policy.reaching import gaps, out_of_reach, overlapping
from policy.redundancy import alone, redundant
from policy.steps import uneven


def findings(policy: Policy, people: People | None = None) -> tuple[Finding, ...]:
    """Return everything that is proven about a policy's logic, from top to bottom.

    What is not provable is not said: examples and people must find it. A policy that loaded has no fault among them,
    unless it loaded without `people`.
    people: The role table; None = approvers are not checked against people.
    """
    return tuple(sorted({*faults(policy, people), *_suspicions(policy, people)}))


def faults(policy: Policy, people: People | None = None) -> tuple[Finding, ...]:
    """Return those that keep a version from loading."""
    return tuple(sorted(set(_faults(policy, people))))


def _faults(policy: Policy, people: People | None) -> Iterator[Finding]:
    inside = known_box(policy)
    rules = list(reached(rules_of(policy), inside))
    yield from out_of_reach(rules)
    for lines in (rows_of(policy), thresholds_of(policy), *([line] for line in _alone(policy))):
        yield from out_of_reach(list(reached(lines, inside)))
    yield from matrix_faults(policy)
    yield from _unused(policy)
    if people is not None:
        yield from unheld(policy, people)
        most = most_paid(policy, paying(policy, rules))
        yield from (each for each in dead_ends(policy, people, most) if each.weight is Weight.FAULT)


def _suspicions(policy: Policy, people: People | None) -> Iterator[Finding]:
    inside = known_box(policy)
    rules, rows, thresholds = (
        list(reached(lines, inside)) for lines in (rules_of(policy), rows_of(policy), thresholds_of(policy))
    )
    for reach in (rules, rows, thresholds):
        yield from gaps(policy, reach)
        yield from overlapping(policy, reach)
        yield from redundant(reach, inside)
    for line in _alone(policy):
        yield from alone(line, inside)
    paid = paying(policy, rules)
    yield from never_binding(policy, paid)
    yield from uneven(policy, rules)
    if people is not None:
        most = most_paid(policy, paid)
        yield from dead_ends(policy, people, most)
        yield from without_spare(policy, people, most)
        yield from beyond_everybody(policy, people, most)


def _alone(policy: Policy) -> Iterator[Line]:
    """Yield the lines that hide no other."""
    every: tuple[Gate | Benefit | Sign, ...] = (*policy.gates, *policy.benefits)
    for each in every + (policy.scorecard.signs if policy.scorecard else ()):
        yield Line(shown=f'"{each.name}"', about=each.name, when=each.when, leads_to=each.name, place=each.place)


def _unused(policy: Policy) -> Iterator[Finding]:
    """Yield the names that are declared and used nowhere: a forgotten fee is a wrong amount."""
    used = {name for expression in _expressions(policy) for name, _, _ in expression.names}
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
