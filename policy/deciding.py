"""The fast decision: a policy compiled once into closures, then run for any number of cases. No reasons here."""

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from cases.money import Money
from cases.proposal import Classification
from policy.arithmetic import added
from policy.compiling import Closure, Known, compiled, remembered, test_of
from policy.expressions import Value
from policy.form import Limit, Policy, Rule
from policy.payment_terms import Benefit, Part
from policy.payments import PartState, Payment, payment, taken
from policy.settling import exactly, room, settled
from policy.showing import given_beside


class NeedsFact(LookupError):
    """Raised when the decision needs an input that is not known; the message is its name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a policy decides.

    Fields:
        classification: What the claim is held to be.
        amount: What is paid; None where nothing is.
        rule: The name of the rule, threshold or gate that decided.
        payments: The parts of the amount; empty where all of it is paid at once in cash.
        benefits: (name, how much) of what is given beside it: ("points", "150 POINTS").
    """

    classification: Classification
    amount: Money | None
    rule: str
    payments: tuple[Payment, ...] = ()
    benefits: tuple[tuple[str, str], ...] = ()


def decide(policy: Policy, inputs: Mapping[str, Value]) -> Outcome:
    """Return what the policy decides on these values (see `facts.read_facts`).

    Raises NeedsFact with the first input that is needed and not known, and TooManyDigits. The policy is compiled on
    first use.
    """
    known = dict(inputs)
    try:
        with exactly():
            return decider(policy)(known)
    except KeyError as error:
        raise NeedsFact(str(error.args[0])) from None


@lru_cache(maxsize=256)
def decider(policy: Policy) -> Callable[[Known], Outcome]:
    """Return the compiled policy: values -> outcome, to run under the exact context.

    It adds what it works out to the values it is given.
    """
    names: dict[str, Closure] = {}
    for each in policy.derived:
        names[each.name] = remembered(each.name, compiled(each.expression.node, names))
    rules = [(test_of(rule.when, names), _outcome(policy, names, rule)) for rule in policy.rules]

    def run(known: Known) -> Outcome:
        for fits, outcome in rules:
            if fits(known):
                return outcome(known)
        raise AssertionError(f"{policy.name}: no rule fits, though the last one always does")

    return run


def _outcome(policy: Policy, names: Mapping[str, Closure], rule: Rule) -> Callable[[Known], Outcome]:
    if rule.pay is None:
        unpaid = Outcome(classification=rule.classification, amount=None, rule=rule.name)
        return lambda _: unpaid
    amount_of = _amount(policy, names, rule)
    thresholds = [
        (test_of(each.when, names), Outcome(classification=each.classification, amount=None, rule=each.name))
        for each in policy.thresholds
    ]
    nothing = policy.nothing_left
    refused = nothing.classification and Outcome(classification=nothing.classification, amount=None, rule=nothing.name)
    suspected, paid = _suspected(policy, names), _paid(policy, names)
    classification, name = rule.classification, rule.name

    def work_out(known: Known) -> Outcome:
        amount = amount_of(known)
        if amount.minor == 0:
            return refused or paid(known, classification, amount, nothing.name)
        if thresholds:
            known["amount"] = amount.amount
            for fits, outcome in thresholds:
                if fits(known):
                    return outcome
        suspicion = suspected(known)
        if suspicion is not None:
            return paid(known, Classification.FRAUD_REVIEW, amount, suspicion)
        return paid(known, classification, amount, name)

    return work_out


def _amount(policy: Policy, names: Mapping[str, Closure], rule: Rule) -> Callable[[Known], Money]:
    """Return what a rule pays, less deductions, cut to the limits that hold for it, rounded once."""
    exact = compiled(rule.pay.node, names) if rule.pay else None
    if exact is None:
        raise AssertionError(f"{rule.name} pays nothing")
    pays = _less(exact, [compiled(each.takes_off.node, names) for each in policy.deductions])
    left, asset = _left(policy, names, rule.classification), _asset(policy)
    rounding = policy.money.rounding
    return lambda known: settled(pays(known), left(known), asset(known), rounding)


def _less(exact: Closure, taken_off: list[Closure]) -> Closure:
    if not taken_off:
        return exact
    return lambda known: added([exact(known), *(-each(known) for each in taken_off)])


def _suspected(policy: Policy, names: Mapping[str, Closure]) -> Callable[[Known], str | None]:
    """Return the first gate that shows, else the scorecard when its signs add up; None for no suspicion."""
    gates = [(test_of(gate.when, names), gate.name) for gate in policy.gates]
    card = policy.scorecard
    signs = [(test_of(sign.when, names), sign.points) for sign in card.signs] if card else []

    def suspicion(known: Known) -> str | None:
        for shows, gate in gates:
            if shows(known):
                return gate
        if card is None:
            return None
        points = sum((each for shows, each in signs if shows(known)), start=Decimal(0))
        return card.name if points >= card.review_from else None

    return suspicion


def _paid(policy: Policy, names: Mapping[str, Closure]) -> Callable[[Known, Classification, Money, str], Outcome]:
    """Return what makes the outcome of a claim that is paid, its parts and benefits with it."""
    if policy.paid_plainly:
        return lambda _, classification, amount, rule: Outcome(classification=classification, amount=amount, rule=rule)
    parts = [_Part(part, names) for part in policy.parts]
    benefits = [_benefit(each, names) for each in policy.benefits]
    plain = len(policy.parts) == 1 and policy.parts[0].is_plain

    def outcome(known: Known, classification: Classification, amount: Money, rule: str) -> Outcome:
        known["amount"] = amount.amount
        payments: list[Payment] = []
        left = amount
        for part in parts if amount.minor and not plain else ():
            payments.append(part.paid(known, left))
            left -= payments[-1].amount
        given = (benefit(known) for benefit in benefits)
        return Outcome(
            classification=classification,
            amount=amount,
            rule=rule,
            payments=tuple(payments),
            benefits=tuple(each for each in given if each is not None),
        )

    return outcome


class _Part:
    """One part, compiled."""

    def __init__(self, part: Part, names: Mapping[str, Closure]) -> None:
        self.part = part
        self.takes = compiled(part.takes.node, names) if part.takes else lambda _: None
        self.rate = compiled(part.rate.node, names) if part.rate else lambda _: None
        self.may_go = test_of(part.waits_for, names) if part.waits_for else lambda _: True
        self.is_over = test_of(part.lapses_when, names) if part.lapses_when else lambda _: False

    def paid(self, known: Known, left: Money) -> Payment:
        amount = taken(self.takes(known), left)
        if self.is_over(known):
            return payment(self.part, amount, self.rate(known), PartState.LAPSED)
        state = PartState.DUE if self.may_go(known) else PartState.WAITING
        return payment(self.part, amount, self.rate(known), state)


def _benefit(benefit: Benefit, names: Mapping[str, Closure]) -> Callable[[Known], tuple[str, str] | None]:
    fits, gives = test_of(benefit.when, names), compiled(benefit.gives.node, names)
    return lambda known: (benefit.name, given_beside(benefit, gives(known))) if fits(known) else None


def _asset(policy: Policy) -> Closure:
    if policy.money.asset_input is not None:
        return operator.itemgetter(policy.money.asset_input)
    code = policy.money.asset
    return lambda _: code


def _left(policy: Policy, names: Mapping[str, Closure], classification: Classification) -> Closure:
    """Return what the tightest of the limits that hold for this classification leaves; None when there is none."""
    limits = [_room(limit, names) for limit in policy.limits if classification in limit.classifications]
    if not limits:
        return lambda _: None
    return lambda known: min(limit(known) for limit in limits)


def _room(limit: Limit, names: Mapping[str, Closure]) -> Closure:
    at_most = compiled(limit.at_most.node, names)
    if limit.counting is None:
        return lambda known: room(at_most(known), None)
    used = names.get(limit.counting) or operator.itemgetter(limit.counting)
    return lambda known: room(at_most(known), used(known))
