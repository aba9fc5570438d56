"""What stands behind expressions: every input and every value worked out that they may ask for."""

from collections.abc import Iterable

from policy.expressions import Expression
from policy.form import Policy


def names_behind(policy: Policy, expressions: Iterable[Expression]) -> frozenset[str]:
    """Return the names that these expressions use, and those behind what is worked out."""
    derived = {each.name: each.expression for each in policy.derived}
    ahead, names = list(expressions), set[str]()
    while ahead:
        new = {name for name, _, _ in ahead.pop().names} - names
        names |= new
        ahead += [derived[name] for name in new if name in derived]
    return frozenset(names)
