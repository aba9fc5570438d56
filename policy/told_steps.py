"""The steps to an amount as a customer is told them, named in both languages."""

from collections.abc import Iterator

from policy.form import Policy
from policy.mistakes import Mistake
from policy.section import Section
from policy.units import NumberType


def read_chinese(root: Section, policy: Policy) -> dict[str, str]:
    """Return what steps are called in Chinese."""
    steps = steps_told(policy)
    section = root.section("names in chinese", steps) if root.has("names in chinese") else None
    return {name: section.text(name) for name in section.entries} if section else {}


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
    numbers = (each.name for each in derived if isinstance(each.expression.node.type, NumberType))
    return (*numbers, *(each.name for each in policy.deductions), *(each.name for each in policy.limits))
