"""The fast decision: a policy compiled once into closures, then run for any number of cases. No reasons here."""

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Any

from cases.money import Money
from cases.proposal import Classification
from policy.arithmetic import added, divided, multiplied, whole
from policy.expressions import (
    After,
    Among,
    AnyOf,
    Between,
    Compared,
    Either,
    Every,
    Extreme,
    Literal,
    Name,
    Node,
    Not,
    PriceAt,
    Priced,
    Product,
    Quotient,
    Relation,
    Sum,
    Value,
    Whole,
)
from policy.form import Condition, Limit, Policy
from policy.series import found, price_at
from policy.settling import exactly, room, settled
from policy.timing import later, passed
from policy.units import NumberType

#: Values by name: the inputs, and what has been worked out so far in this one decision.
Known = dict[str, Any]
Closure = Callable[[Known], Any]
_RELATIONS: dict[Relation, Callable[[Any, Any], bool]] = {
    Relation.EQUAL: operator.eq,
    Relation.UNEQUAL: operator.ne,
    Relation.BELOW: operator.lt,
    Relation.AT_MOST: operator.le,
    Relation.ABOVE: operator.gt,
    Relation.AT_LEAST: operator.ge,
}


class NeedsFact(LookupError):
    """Raised when the decision needs an input that is not known; the message is its name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a policy decides.

    Fields:
        classification: What the claim is held to be.
        amount: What is paid; None where nothing is.
        rule: The name of the rule or gate that decided.
    """

    classification: Classification
    amount: Money | None
    rule: str


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
    derived = {each.name: _compiled(each.expression.node, {}) for each in policy.derived}
    names: dict[str, Closure] = {}
    for name, node in ((each.name, each.expression.node) for each in policy.derived):
        derived[name] = _compiled(node, names)
        names[name] = _remembered(name, derived[name])
    rules = [
        (
            test_of(rule.when, names),
            _outcome(policy, names, rule.name, rule.classification, rule.pay.node if rule.pay else None),
        )
        for rule in policy.rules
    ]

    def run(known: Known) -> Outcome:
        for fits, outcome in rules:
            if fits(known):
                return outcome(known)
        raise AssertionError(f"{policy.name}: no rule fits, though the last one always does")

    return run


def _outcome(
    policy: Policy, names: Mapping[str, Closure], rule: str, classification: Classification, pay: Node | None
) -> Callable[[Known], Outcome]:
    if pay is None:
        unpaid = Outcome(classification=classification, amount=None, rule=rule)
        return lambda _: unpaid
    exact = _compiled(pay, names)
    left = _left(policy, names, classification)
    gates = [(test_of(gate.when, names), gate.name) for gate in policy.gates]
    nothing = policy.nothing_left
    refused = nothing.classification and Outcome(classification=nothing.classification, amount=None, rule=nothing.name)
    asset: Closure = _asset(policy)
    rounding = policy.money.rounding

    def work_out(known: Known) -> Outcome:
        amount = settled(exact(known), left(known), asset(known), rounding)
        if amount.minor == 0:
            return refused or Outcome(classification=classification, amount=amount, rule=nothing.name)
        for shows, gate in gates:
            if shows(known):
                return Outcome(classification=Classification.FRAUD_REVIEW, amount=amount, rule=gate)
        return Outcome(classification=classification, amount=amount, rule=rule)

    return work_out


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
    at_most = _compiled(limit.at_most.node, names)
    if limit.counting is None:
        return lambda known: room(at_most(known), None)
    used = names.get(limit.counting) or operator.itemgetter(limit.counting)
    return lambda known: room(at_most(known), used(known))


def test_of(when: Condition, names: Mapping[str, Closure]) -> Closure:
    """Return whether a line fits, compiled; `names` are closures of what is worked out."""
    if not when.parts:
        return lambda _: True
    return _every([_compiled(part.node, names) for part in when.parts])


def _remembered(name: str, work_out: Closure) -> Closure:
    """Return a closure that works a derived value out once per decision, when first needed."""

    def value(known: Known) -> Any:
        if name in known:
            return known[name]
        result = known[name] = work_out(known)
        return result

    return value


def _compiled(node: Node, names: Mapping[str, Closure]) -> Closure:  # noqa: C901, PLR0911  # One line for each kind of node.
    match node:
        case Literal(value=value):
            return lambda _: value
        case Name(name=name):
            return names.get(name) or operator.itemgetter(name)
        case Sum() | Product() | Quotient() | Whole():
            return _worked_out(node, names)
        case Extreme(largest=largest, parts=parts):
            return _extreme([_compiled(part, names) for part in parts], largest=largest)
        case Compared():
            return _compared(node, names)
        case Among(subject=subject, options=options):
            value_of = _compiled(subject, names)
            return lambda known: value_of(known) in options
        case Every(parts=parts):
            return _every([_compiled(part, names) for part in parts])
        case AnyOf(parts=parts):
            return _any_of([_compiled(part, names) for part in parts])
        case Not(part=part):
            holds = _compiled(part, names)
            return lambda known: not holds(known)
        case Either(rows=rows, otherwise=otherwise):
            return _either(
                [(_compiled(test, names), _compiled(value, names)) for test, value in rows], _compiled(otherwise, names)
            )
        case Between() | After():
            return _timed(node, names)
        case Priced() | PriceAt():
            return _looked_up(node, names)


def _worked_out(node: Sum | Product | Quotient | Whole, names: Mapping[str, Closure]) -> Closure:
    """Return arithmetic, compiled: on decimals alone where no ratio can occur, which is faster."""
    ratio = isinstance(node.type, NumberType) and node.type.ratio
    match node:
        case Sum(terms=terms):
            compiled = [(sign, _compiled(term, names)) for sign, term in terms]
            return _ratio_sum(compiled) if ratio else _sum(compiled)
        case Product(factors=factors):
            parts = [_compiled(factor, names) for factor in factors]
            return (lambda known: multiplied([part(known) for part in parts])) if ratio else _product(parts)
        case Quotient(dividend=dividend, divisor=divisor):
            top, bottom = _compiled(dividend, names), _compiled(divisor, names)
            if ratio:
                return lambda known: divided(top(known), bottom(known))
            return lambda known: top(known) / bottom(known)
        case Whole(up=up, part=part):
            number = _compiled(part, names)
            return lambda known: whole(number(known), up=up)


def _ratio_sum(terms: list[tuple[int, Closure]]) -> Closure:
    return lambda known: added([term(known) if sign > 0 else -term(known) for sign, term in terms])


def _timed(node: Between | After, names: Mapping[str, Closure]) -> Closure:
    start = _compiled(node.start, names)
    if isinstance(node, After):
        counted, count, calendar = node.counted, node.count, node.calendar
        return lambda known: later(counted, start(known), count, calendar)
    end, how = _compiled(node.end, names), node
    return lambda known: passed(how.counted, start(known), end(known), how.calendar)


def _looked_up(node: Priced | PriceAt, names: Mapping[str, Closure]) -> Closure:
    prices = operator.itemgetter(node.series)
    if isinstance(node, PriceAt):
        at, how = _compiled(node.at, names), node
        return lambda known: _there(how.series, price_at(prices(known), at(known), how.within))
    start, end, asked = _compiled(node.start, names), _compiled(node.end, names), node

    def look(known: Known) -> Any:
        series = prices(known)
        price = found(series, asked.lookup, start(known), end(known), with_end=asked.with_end)
        return _there(asked.series, price)

    return look


def _there(series: str, price: Decimal | Fraction | None) -> Decimal | Fraction:
    """Return a price that was found; without it the prices are needed."""
    if price is None:
        raise KeyError(series)
    return price


def _compared(node: Compared, names: Mapping[str, Closure]) -> Closure:
    stands, left = _RELATIONS[node.relation], _compiled(node.left, names)
    if isinstance(node.right, Literal):
        limit = node.right.value
        return lambda known: stands(left(known), limit)
    right = _compiled(node.right, names)
    return lambda known: stands(left(known), right(known))


def _sum(terms: list[tuple[int, Closure]]) -> Closure:
    (first_sign, first), *rest = terms

    def add(known: Known) -> Decimal:
        total: Decimal = first(known) if first_sign > 0 else -first(known)
        for sign, term in rest:
            total = total + term(known) if sign > 0 else total - term(known)
        return total

    return add


def _product(factors: list[Closure]) -> Closure:
    first, *rest = factors

    def multiply(known: Known) -> Decimal:
        result: Decimal = first(known)
        for factor in rest:
            result = result * factor(known)
        return result

    return multiply


def _extreme(parts: list[Closure], *, largest: bool) -> Closure:
    pick: Callable[[list[Decimal]], Decimal] = max if largest else min
    return lambda known: pick([part(known) for part in parts])


def _every(parts: list[Closure]) -> Closure:
    if len(parts) == 1:
        return parts[0]

    def hold(known: Known) -> bool:
        for part in parts:  # noqa: SIM110  # A generator costs more than the comparison itself.
            if not part(known):
                return False
        return True

    return hold


def _any_of(parts: list[Closure]) -> Closure:
    def one_holds(known: Known) -> bool:
        for part in parts:  # noqa: SIM110  # As above.
            if part(known):
                return True
        return False

    return one_holds


def _either(rows: list[tuple[Closure, Closure]], otherwise: Closure) -> Closure:
    def value(known: Known) -> Any:
        for test, result in rows:
            if test(known):
                return result(known)
        return otherwise(known)

    return value
