"""More loss never pays less in the shipped policies of which their form makes that certain."""

from collections.abc import Iterator
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policy.deciding import NeedsFact, decide
from policy.expressions import Condition, Either, Extreme, Name, Node, Product, Quotient, Sum, parts_of
from policy.facts import read_facts
from policy.form import Policy
from policy.settling import TooManyDigits
from policy.units import NumberType
from tests.policy.drawn import ALL, cases_of, numbers, policy_named


def _direction(policy: Policy, node: Node, name: str) -> int | None:
    """Return how a number goes when an input grows: 1 never down, -1 never up, 0 not at all, None not known."""
    match node:
        case Name(name=other):
            derived = next((each.expression.node for each in policy.derived if each.name == other), None)
            return int(other == name) if derived is None else _direction(policy, derived, name)
        case Sum(terms=terms):
            turned = [(sign, _direction(policy, each, name)) for sign, each in terms]
            return _together([None if way is None else sign * way for sign, way in turned])
        case Product(factors=parts):
            ways = [_direction(policy, each, name) for each in parts]
            positive = not any(isinstance(each.type, NumberType) and each.type.signed for each in parts)
            return _together(ways) if positive or not any(ways) else None
        case Quotient(dividend=over, divisor=under) if _direction(policy, under, name) == 0:
            return _direction(policy, over, name)
        case Extreme(parts=parts):
            return _together([_direction(policy, each, name) for each in parts])
        case Either(rows=rows, otherwise=otherwise):
            tests = [_direction(policy, test, name) for test, _ in rows]
            values = [_direction(policy, each, name) for each in (*(value for _, value in rows), otherwise)]
            return None if any(way != 0 for way in tests) else _together(values)
    ways = [_direction(policy, each, name) for each in parts_of(node)]
    return 0 if all(way == 0 for way in ways) else None


def _together(ways: list[int | None]) -> int | None:
    known = {way for way in ways if way != 0}
    return None if None in known or len(known) > 1 else next(iter(known), 0)


def _conditions(policy: Policy) -> Iterator[Condition]:
    yield from (each.when for each in policy.rules)
    yield from (each.when for each in policy.gates)
    yield from (each.when for each in policy.thresholds)
    yield from (each.when for each in (policy.scorecard.signs if policy.scorecard else ()))


def _grows_with(policy: Policy, name: str) -> bool:
    """Say whether it is certain that more of an input never pays less."""
    fixed = [part.node for when in _conditions(policy) for part in when.parts]
    fixed += [each.takes_off.node for each in policy.deductions]
    if any(_direction(policy, each, name) != 0 for each in fixed) or any(
        limit.counting == name or _direction(policy, limit.at_most.node, name) not in {0, 1} for limit in policy.limits
    ):
        return False
    ways = {_direction(policy, rule.pay.node, name) for rule in policy.rules if rule.pay}
    return 1 in ways and ways <= {0, 1}


GROWING = [
    (name, each.name)
    for name in ALL
    for each in policy_named(name).inputs
    if isinstance(each.type, NumberType) and _grows_with(policy_named(name), each.name)
]


def test_there_are_policies_of_which_it_is_certain() -> None:
    assert ("delayed-withdrawal", "value_usdt") in GROWING
    assert len(GROWING) >= 10


@pytest.mark.parametrize(("name", "grows"), GROWING)
@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_more_never_pays_less_in_a_shipped_policy(name: str, grows: str, data: st.DataObject) -> None:
    policy, told = policy_named(name), data.draw(cases_of(name, complete=True))
    kind = next(each.type for each in policy.inputs if each.name == grows)
    more = data.draw(numbers([], kind, huge=False)) if isinstance(kind, NumberType) else "0"
    less, more = sorted((told[grows], more), key=Decimal)

    try:
        low, high = (decide(policy, read_facts(policy, (told | {grows: each}).items()).values) for each in (less, more))
    except (TooManyDigits, NeedsFact):
        return

    if low.amount and high.amount and not policy.thresholds:
        assert low.amount <= high.amount
