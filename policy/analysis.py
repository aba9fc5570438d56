"""Faults of a policy's logic that can be proven before release: lines never reached, matrix dead ends, unused names."""

from collections.abc import Iterator, Mapping, Sequence

from policy.expressions import Condition, Expression
from policy.form import Policy
from policy.grid import matrix_faults
from policy.mistakes import Finding, Place, did_you_mean, fault
from policy.regions import Box, TooMany, where, without


def findings(policy: Policy, roles: Mapping[str, int] | None = None) -> tuple[Finding, ...]:
    """Return everything that is proven about a policy's logic, from top to bottom.

    What is not provable is not said: examples and people must find it. A policy that loaded has no fault among them,
    unless it loaded without `roles`.
    roles: How many people hold each role; None = approvers are not checked against people.
    """
    return tuple(sorted(set(_found(policy, roles))))


def _found(policy: Policy, roles: Mapping[str, int] | None) -> Iterator[Finding]:
    rules = [(f'"{rule.name}"', rule.when, rule.place) for rule in policy.rules]
    rows = [(f"the row in line {row.place.line}", row.when, row.place) for row in policy.approvals]
    thresholds = [(f'"{each.name}"', each.when, each.place) for each in policy.thresholds]
    yield from _unreachable(rules)
    yield from _unreachable(rows)
    yield from _unreachable(thresholds)
    for name, when, place in _alone(policy):
        yield from _unreachable([(f'"{name}"', when, place)])
    yield from matrix_faults(policy)
    yield from _unused(policy)
    if roles is not None:
        yield from _without_people(policy, roles)


def _alone(policy: Policy) -> Iterator[tuple[str, Condition, Place]]:
    """Yield the lines that hide no other."""
    yield from ((each.name, each.when, each.place) for each in policy.gates)
    yield from ((each.name, each.when, each.place) for each in policy.benefits)
    yield from ((each.name, each.when, each.place) for each in (policy.scorecard.signs if policy.scorecard else ()))


def _unreachable(lines: Sequence[tuple[str, Condition, Place]]) -> Iterator[Finding]:
    """Yield the lines that contradict themselves or are hidden by the lines above them."""
    above: list[tuple[str, Box]] = []
    for name, when, place in lines:
        if not when.parts:
            continue
        try:
            yield from _hidden(name, when, place, above)
            above += [(name, box) for box in where(when, wide=False)]
        except TooMany:
            continue


def _hidden(name: str, when: Condition, place: Place, above: list[tuple[str, Box]]) -> Iterator[Finding]:
    left = where(when, wide=True)
    if not left:
        yield fault("never-fits", name, place, f"{name} can never fit: its own tests exclude each other")
        return
    hiding = list(dict.fromkeys(other for other, _ in above))
    if _left(left, above):
        return
    for other in tuple(hiding):
        fewer = [each for each in hiding if each != other]
        if not _left(left, [(each, box) for each, box in above if each in fewer]):
            hiding = fewer
    take = "takes" if len(hiding) == 1 else "take"
    said = f"{name} is never reached: {' and '.join(hiding)} above {take} all of it"
    yield fault("never-reached", name, place, f"{said}; move it up or remove it")


def _left(boxes: list[Box], taken: list[tuple[str, Box]]) -> list[Box]:
    for _, box in taken:
        boxes = without(boxes, box)
    return boxes


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
    yield from (when for _, when, _ in _alone(policy))
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
