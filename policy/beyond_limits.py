"""Limits beside money that is taken off before them: paid before and paid now may together come to more."""

from collections.abc import Iterator

from policy.expressions import Expression
from policy.form import Deduction, Limit, Policy
from policy.mistakes import Finding, Weight


def beyond_limits(policy: Policy) -> Iterator[Finding]:
    """Yield each limit that is not made smaller by what a deduction takes off before it.

    A limit that differs from case to case, as the customer's loss, is likely meant for all that the customer gets; one
    that is the same for every case may be meant for one payment, and is a note.
    """
    for limit in policy.limits:
        holds = inputs_of(policy, limit.at_most)
        for each in policy.deductions:
            taken = inputs_of(policy, each.takes_off)
            if limit.counting is None and taken and not taken & holds:
                yield _found(limit, each, Weight.FINDING if holds else Weight.NOTE)


def inputs_of(policy: Policy, expression: Expression) -> set[str]:
    """Return the inputs that an expression may need."""
    steps = {each.name: each.expression for each in policy.derived}
    found: set[str] = set()
    ahead = {name for name, _, _ in expression.names}
    while ahead:
        found |= ahead
        ahead = {name for step in ahead & set(steps) for name, _, _ in steps[step].names} - found
    return found - set(steps)


def _found(limit: Limit, deduction: Deduction, weight: Weight) -> Finding:
    what = (
        f'limit "{limit.name}" holds for what is paid now: "{deduction.name}" is taken off before it, and both together'
        f' may come to more; where it holds for both, write "at most: max({limit.at_most.text} -'
        f' {deduction.takes_off.text}, 0)"'
    )
    about = f"{limit.name} / {deduction.name}"
    return Finding(place=limit.place, what=what, code="limit-beside-deduction", about=about, weight=weight)
