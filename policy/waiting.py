"""Whether a part that waited can be paid by now. Pure."""

from collections.abc import Iterable

from cases.parts import PartState
from policy.facts import read_facts
from policy.form import Policy
from policy.interpreting import Reckoning, Unknown
from policy.settling import TooManyDigits, exactly


def state_now(policy: Policy, name: str, inputs: Iterable[tuple[str, str]]) -> PartState:
    """Return how a part stands on these inputs (name, text): waiting, also where they do not say, due, or lapsed.

    What it takes of the amount was worked out when it was proposed and does not change.
    """
    terms = next(each for each in policy.parts if each.name == name)
    reckoning = Reckoning(policy, read_facts(policy, inputs).values, lambda _derived, _value: None)
    try:
        with exactly():
            over = reckoning.holds(terms.lapses_when) if terms.lapses_when else False
            may_go = reckoning.holds(terms.waits_for) if terms.waits_for else True
    except TooManyDigits:
        return PartState.WAITING
    if isinstance(over, Unknown) or (not over and isinstance(may_go, Unknown)):
        return PartState.WAITING
    if over:
        return PartState.LAPSED
    return PartState.DUE if may_go else PartState.WAITING
