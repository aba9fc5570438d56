"""The steps to an amount as a customer is told them, named in both languages."""

import re
from collections.abc import Iterator

from policy.expressions import Either, Expression, Name, Node, OverItems, Sum, parts_of
from policy.form import Policy, StepName
from policy.mistakes import Mistake, Mistakes
from policy.section import Section
from policy.units import NumberType
from policy.yaml_text import Node as YamlNode


def read_names(root: Section, policy: Policy) -> dict[str, StepName]:
    """Return what steps are called for the customer, and which are kept back."""
    section = root.section("names", steps_told(policy)) if root.has("names") else None
    entries = section.entries if section else {}
    return {name: _name(name, node, root.mistakes) for name, (_, node) in entries.items()}


def _name(step: str, node: YamlNode, mistakes: Mistakes) -> StepName:
    section = Section(node, mistakes, keys=("en", "zh", "told"))
    if section.has("told"):
        if section.text("told") != "no" or len(section.entries) > 1:
            mistakes.add(node.place, f'write "told: no" alone, or what "{step}" is called')
        return StepName(english=step, chinese=step, told=False)
    english, chinese = section.text("en") if section.has("en") else step, section.text("zh")
    if chinese and not in_chinese(chinese):
        mistakes.add(section.entries["zh"][1].place, f'write what "{step}" is called in Chinese')
    if "_" in english:
        mistakes.add(node.place, f'write what the customer reads for "{step}": add "en:", without "_"')
    return StepName(english=english, chinese=chinese, told=True)


def in_chinese(text: str) -> bool:
    """Say whether a text can be Chinese: it has a character of it, or is an abbreviation, as VIP."""
    return any("\u4e00" <= each <= "\u9fff" for each in text) or bool(re.fullmatch(r"[A-Z0-9 ]{1,12}", text))


def unnamed_steps(policy: Policy) -> Iterator[Mistake]:
    """Yield the steps without a name for the customer where the steps are told."""
    tells = (*policy.wording.values(), *(rule.tell for rule in policy.rules), policy.nothing_left.tell)
    telling = next((tell for tell in tells if tell and "steps" in tell.names), None)
    for name in steps_told(policy) if telling else ():
        if telling and name not in policy.names:
            what = f'name the step for the customer: add "{name}: {{zh: ...}}" to "names", or "{name}: {{told: no}}"'
            yield Mistake(place=telling.place, what=what)


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
