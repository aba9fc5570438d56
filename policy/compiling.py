"""Expressions compiled into closures: values by name -> value. Fast, without reasons."""

import operator
from collections.abc import Callable, Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any

from policy.arithmetic import added, divided, multiplied, whole
from policy.expressions import (
    After,
    Among,
    AnyOf,
    Between,
    Compared,
    Condition,
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
    Whole,
)
from policy.series import found, price_at
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


def test_of(when: Condition, names: Mapping[str, Closure]) -> Closure:
    """Return whether a line fits, compiled; `names` are closures of what is worked out."""
    if not when.parts:
        return lambda _: True
    return _every([compiled(part.node, names) for part in when.parts])


def remembered(name: str, work_out: Closure) -> Closure:
    """Return a closure that works a derived value out once per decision, when first needed."""

    def value(known: Known) -> Any:
        if name in known:
            return known[name]
        result = known[name] = work_out(known)
        return result

    return value


def compiled(node: Node, names: Mapping[str, Closure]) -> Closure:  # noqa: C901, PLR0911  # One line for each kind of node.
    """Return a node as a closure; `names` are closures of what is worked out, other names are looked up."""
    match node:
        case Literal(value=value):
            return lambda _: value
        case Name(name=name):
            return names.get(name) or operator.itemgetter(name)
        case Sum() | Product() | Quotient() | Whole():
            return _worked_out(node, names)
        case Extreme(largest=largest, parts=parts):
            return _extreme([compiled(part, names) for part in parts], largest=largest)
        case Compared():
            return _compared(node, names)
        case Among(subject=subject, options=options):
            value_of = compiled(subject, names)
            return lambda known: value_of(known) in options
        case Every(parts=parts):
            return _every([compiled(part, names) for part in parts])
        case AnyOf(parts=parts):
            return _any_of([compiled(part, names) for part in parts])
        case Not(part=part):
            holds = compiled(part, names)
            return lambda known: not holds(known)
        case Either(rows=rows, otherwise=otherwise):
            return _either(
                [(compiled(test, names), compiled(value, names)) for test, value in rows], compiled(otherwise, names)
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
            signed = [(sign, compiled(term, names)) for sign, term in terms]
            return _ratio_sum(signed) if ratio else _sum(signed)
        case Product(factors=factors):
            parts = [compiled(factor, names) for factor in factors]
            return (lambda known: multiplied([part(known) for part in parts])) if ratio else _product(parts)
        case Quotient(dividend=dividend, divisor=divisor):
            top, bottom = compiled(dividend, names), compiled(divisor, names)
            if ratio:
                return lambda known: divided(top(known), bottom(known))
            return lambda known: top(known) / bottom(known)
        case Whole(up=up, part=part):
            number = compiled(part, names)
            return lambda known: whole(number(known), up=up)


def _ratio_sum(terms: list[tuple[int, Closure]]) -> Closure:
    return lambda known: added([term(known) if sign > 0 else -term(known) for sign, term in terms])


def _timed(node: Between | After, names: Mapping[str, Closure]) -> Closure:
    start = compiled(node.start, names)
    if isinstance(node, After):
        counted, count, calendar = node.counted, node.count, node.calendar
        return lambda known: later(counted, start(known), count, calendar)
    end, how = compiled(node.end, names), node
    return lambda known: passed(how.counted, start(known), end(known), how.calendar)


def _looked_up(node: Priced | PriceAt, names: Mapping[str, Closure]) -> Closure:
    prices = operator.itemgetter(node.series)
    if isinstance(node, PriceAt):
        at, how = compiled(node.at, names), node
        return lambda known: _there(how.series, price_at(prices(known), at(known), how.within))
    start, end, asked = compiled(node.start, names), compiled(node.end, names), node

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
    stands, left = _RELATIONS[node.relation], compiled(node.left, names)
    if isinstance(node.right, Literal):
        limit = node.right.value
        return lambda known: stands(left(known), limit)
    right = compiled(node.right, names)
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
