"""What can be proven of a policy before it is released: faults, findings that a release must answer, and notes."""

from collections.abc import Iterator, Mapping

from policy.binding import never_binding, paying
from policy.expressions import Condition, Expression
from policy.form import Gate, Policy, Sign
from policy.grid import matrix_faults
from policy.lines import Line, known_box, reached, rows_of, rules_of, thresholds_of
from policy.mistakes import Finding, did_you_mean, fault
from policy.payment_terms import Benefit
from policy.reaching import gaps, out_of_reach, overlapping
from policy.redundancy import alone, redundant


def findings(policy: Policy, roles: Mapping[str, int] | None = None) -> tuple[Finding, ...]:
    """Return everything that is proven about a policy's logic, from top to bottom.

    What is not provable is not said: examples and people must find it. A policy that loaded has no fault among them,
    unless it loaded without `roles`.
    roles: How many people hold each role; None = approvers are not checked against people.
    """
    return tuple(sorted({*faults(policy, roles), *_suspicions(policy)}))


def faults(policy: Policy, roles: Mapping[str, int] | None = None) -> tuple[Finding, ...]:
    """Return those that keep a version from loading."""
    return tuple(sorted(set(_faults(policy, roles))))


def _faults(policy: Policy, roles: Mapping[str, int] | None) -> Iterator[Finding]:
    inside = known_box(policy)
    for lines in (rules_of(policy), rows_of(policy), thresholds_of(policy), *([line] for line in _alone(policy))):
        yield from out_of_reach(list(reached(lines, inside)))
    yield from matrix_faults(policy)
    yield from _unused(policy)
    if roles is not None:
        yield from _without_people(policy, roles)


def _suspicions(policy: Policy) -> Iterator[Finding]:
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
    yield from never_binding(policy, paying(policy, rules))


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


def _without_people(policy: Policy, roles: Mapping[str, int]) -> Iterator[Finding]:
    for row in policy.approvals:
        for stage in row.stages:
            unheld = [role for role in stage.roles if roles.get(role, 0) < 1]
            for role in unheld:
                what = f'nobody holds the role "{role}": {did_you_mean(role, roles)}'
                yield fault("nobody-holds-role", role, row.place, what)
            people = sum(roles.get(role, 0) for role in stage.roles)
            if not unheld and people < stage.quorum:
                who = " or ".join(stage.roles)
                what = f"{stage.quorum} people must agree as {who}, but only {people} can: ask for fewer or add a role"
                yield fault("too-few-people", who, row.place, what)
