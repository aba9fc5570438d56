"""Lists in which the same item may stand twice, and would then be paid twice."""

from collections.abc import Iterator

from policy.beyond_limits import inputs_of
from policy.form import Policy
from policy.mistakes import Finding, Weight
from policy.units import ListType, TextType


def perhaps_twice(policy: Policy) -> Iterator[Finding]:
    """Yield the lists that an amount is made of, and that say nothing of what makes an item its own."""
    paid = {name for rule in policy.rules if rule.pay for name in inputs_of(policy, rule.pay)}
    for each in policy.inputs:
        if isinstance(each.type, ListType) and each.name in paid and not each.type.once_by:
            names = [name for name, kind in each.type.fields if isinstance(kind, TextType)]
            write = f', as "each once by: [{names[0]}]"' if names else ' with "each once by:", as an order\'s number'
            what = f'an item that stands twice in "{each.name}" is paid twice: say by which fields each is told once'
            yield Finding(place=each.place, what=what + write, code="paid-twice", about=each.name, weight=Weight.NOTE)
