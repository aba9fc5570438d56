"""Totals in which one item may come to less than nothing, and so eat what the others come to."""

import json
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

from policy.binding import nodes
from policy.edges import edges
from policy.expressions import Gathered, Literal, Name, Node, OverItems, Sum
from policy.facts import read_facts
from policy.form import Policy
from policy.interpreting import Reckoning
from policy.items import Items
from policy.mistakes import Finding, Weight
from policy.settling import TooManyDigits, exactly
from policy.units import BARE, DateType, ListType, NumberType, TimeType

#: Items are tried that are so much older and younger than those of the examples.
_YEARS = tuple(timedelta(days=366 * number) for number in (1, 3, 10, 30, -1, -10))
_MOST_TRIED = 400


def eaten_by_an_item(policy: Policy) -> Iterator[Finding]:
    """Yield each total of which an item is proven to come to less than 0 by a share that is left of 100%.

    Totals of what may be negative in itself, as results of trades, are meant to be netted and are left alone.
    """
    for each in policy.derived:
        node = each.expression.node
        if isinstance(node, OverItems) and node.what is Gathered.TOTAL and _is_of_shares_left(policy, node):
            found = _witness(policy, node)
            if found:
                name, text = found
                what = (
                    f'an item of "{node.items}" with {name} = {text} comes to less than 0 and eats what the others come'
                    ' to: write the share that is left as "max(100% - ..., 0%)"'
                )
                yield Finding(
                    place=each.expression.place,
                    what=what,
                    code="item-below-zero",
                    about=each.name,
                    weight=Weight.FINDING,
                )


def _is_of_shares_left(policy: Policy, node: OverItems) -> bool:
    """Say whether a total is made of a bare number less something, and of nothing that is negative in itself."""
    below = list(_all_nodes(policy, node))
    inputs = [each for each in below if isinstance(each, Name) and isinstance(each.type, NumberType)]
    steps = {each.name for each in policy.derived}
    signed = any(each.type.signed for each in inputs if each.name not in steps)  # type: ignore[union-attr]  # A number.
    return not signed and any(isinstance(each, Sum) and _is_left_of_a_whole(each) for each in below)


def _is_left_of_a_whole(node: Sum) -> bool:
    (sign, first), *rest = node.terms
    kind = first.type
    return (
        sign > 0
        and isinstance(first, Literal)
        and isinstance(kind, NumberType)
        and kind.unit == BARE
        and any(sign < 0 and not isinstance(term, Literal) for sign, term in rest)
    )


def _all_nodes(policy: Policy, node: OverItems) -> Iterator[Node]:
    """Yield what an item is worth, and every step behind it."""
    steps = {each.name: each.expression.node for each in policy.derived}
    ahead, seen = [node.value] if node.value else [], set[str]()
    while ahead:
        for each in nodes(ahead.pop()):
            yield each
            if isinstance(each, Name) and each.name in steps and each.name not in seen:
                seen.add(each.name)
                ahead.append(steps[each.name])


def _witness(policy: Policy, node: OverItems) -> tuple[str, str] | None:
    """Return the field and its value with which one item alone comes to less than 0; None where none is found."""
    kind = policy.types[node.items]
    examples = [dict(each.given) for each in policy.examples]
    usual = next((each for each in examples if _has_items(policy, node.items, each)), None)
    if usual is None or not isinstance(kind, ListType):
        return None
    first = json.loads(usual[node.items])[0]
    for name, text in _tried(policy, node.items, kind, first):
        facts = read_facts(policy, {**usual, node.items: json.dumps([{**first, name: text}])}.items())
        try:
            with exactly():
                found = Reckoning(policy, facts.values, lambda _what, _value: None).value(node)
        except TooManyDigits:
            continue
        if isinstance(found, Decimal | Fraction) and found < 0:
            return name, text
    return None


def _has_items(policy: Policy, items: str, given: dict[str, str]) -> bool:
    listed = read_facts(policy, given.items()).values.get(items)
    return isinstance(listed, Items) and bool(listed.rows)


def _tried(policy: Policy, items: str, kind: ListType, first: dict[str, str]) -> Iterator[tuple[str, str]]:
    for name, of in ((name, of) for name, of in kind.fields if name in first):
        if isinstance(of, TimeType):
            at = datetime.fromisoformat(first[name])
            yield from ((name, f"{(at - years).isoformat()}") for years in _YEARS)
        if isinstance(of, DateType):
            day = date.fromisoformat(first[name])
            yield from ((name, f"{(day - years).isoformat()}") for years in _YEARS)
    listed = [json.loads(text) for text in edges(policy)[items][:_MOST_TRIED]]
    for each in (items[0] for items in listed if len(items) == 1):
        yield from ((name, text) for name, text in each.items() if text != first.get(name))
