"""The steps to an amount as a customer is told them, named in both languages."""

import re
from collections.abc import Iterator

from policy.expressions import Either, Expression, Name, Node, OverItems, Sum, parts_of
from policy.form import Policy
from policy.mistakes import Mistake
from policy.section import Section
from policy.units import NumberType


def read_chinese(root: Section, policy: Policy) -> dict[str, str]:
    """Return what steps are called in Chinese."""
    steps = steps_told(policy)
    section = root.section("names in chinese", steps) if root.has("names in chinese") else None
    for name, (_, node) in section.entries.items() if section else ():
        if section and section.text(name) and not in_chinese(section.text(name)):
            root.mistakes.add(node.place, f'write what "{name}" is called in Chinese')
    return {name: section.text(name) for name in section.entries} if section else {}


def in_chinese(text: str) -> bool:
    """Say whether a text can be Chinese: it has a character of it, or is an abbreviation, as VIP."""
    return any("\u4e00" <= each <= "\u9fff" for each in text) or bool(re.fullmatch(r"[A-Z0-9 ]{1,12}", text))


def unnamed_steps(policy: Policy) -> Iterator[Mistake]:
    """Yield the steps without a Chinese name where the customer is told the steps."""
    tells = (*policy.wording.values(), *(rule.tell for rule in policy.rules), policy.nothing_left.tell)
    telling = next((tell for tell in tells if tell and "steps" in tell.names), None)
    for name in steps_told(policy) if telling else ():
        if telling and name not in policy.chinese:
            yield Mistake(place=telling.place, what=f'name the step in Chinese: add "{name}" to "names in chinese"')


def steps_told(policy: Policy) -> tuple[str, ...]:
    """Return the names of the steps that a customer may be told."""
    derived = (each for each in policy.derived if ": " not in each.name and each.each_of is None)
    numbers = [each for each in derived if isinstance(each.expression.node.type, NumberType)]
    told = (*(each.expression for each in numbers), *(rule.pay for rule in policy.rules if rule.pay))
    added = dict.fromkeys(name for each in told for name in added_inputs(policy, each))
    lines = (*(each.name for each in policy.deductions), *(each.name for each in policy.limits))
    return (*added, *(each.name for each in numbers), *lines)


def added_inputs(policy: Policy, expression: Expression) -> tuple[str, ...]:
    """Return the inputs that are amounts and are added to something whatever the case, as the fees of a claim."""
    money = {
        each.name: each.type
        for each in policy.inputs
        if isinstance(each.type, NumberType) and each.type.unit.is_money and not each.type.signed
    }
    return tuple(dict.fromkeys(name for name in _added(expression.node) if name in money))


def _added(node: Node) -> Iterator[str]:
    """Yield the names that are terms of a sum; what stands in a choice may not be added at all."""
    if isinstance(node, Sum) and all(sign > 0 for sign, _ in node.terms):
        yield from (term.name for _, term in node.terms if isinstance(term, Name))
    if not isinstance(node, Either | OverItems):
        for part in parts_of(node):
            yield from _added(part)
