"""Whether a part that waited can be paid by now. Pure."""

from collections.abc import Iterable
from datetime import datetime

from cases.parts import PartState
from policy.facts import read_facts
from policy.form import Policy
from policy.interpreting import Reckoning, Unknown
from policy.payment_terms import Part
from policy.settling import TooManyDigits, exactly
from policy.timing import span_later


def state_now(
    policy: Policy, name: str, inputs: Iterable[tuple[str, str]], *, decided_at: datetime | None, now: datetime
) -> PartState:
    """Return how a part stands on these inputs (name, text): waiting, also where they do not say, due, or lapsed.

    What it takes of the amount was worked out when it was proposed and does not change. What it waits for comes first:
    a part that may be paid by now is due, however late that is seen.
    decided_at: When it was agreed to, from when on it waits; None where nobody had to agree: it waits for ever.
    """
    terms = next(each for each in policy.parts if each.name == name)
    found = _by_conditions(policy, terms, inputs)
    if found is not PartState.WAITING or terms.lapses_after is None or decided_at is None:
        return found
    try:
        waits_until = span_later(terms.lapses_after, decided_at, terms.calendar)
    except TooManyDigits:
        return found
    return PartState.LAPSED if now >= waits_until else found


def _by_conditions(policy: Policy, terms: Part, inputs: Iterable[tuple[str, str]]) -> PartState:
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
