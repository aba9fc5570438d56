"""Places and words in the trees of expressions, and mistakes at them."""

from lark import Token, Tree

from policy import building
from policy.expressions import Node
from policy.grammar import NotUnderstood
from policy.units import Type, Unit, UnitsMixed, YesNoType, described, divided, joined, multiplied

Branch = Tree[Token]


def joined_at(tree: Branch, left: Unit, right: Unit, *, doing: str) -> Unit:
    """Return the unit of two numbers that are added, compared or chosen between; raises NotUnderstood at the tree."""
    try:
        return joined(left, right, doing=doing)
    except UnitsMixed as error:
        raise wrong(tree, str(error)) from None


def same_at(one: Type, other: Type, tree: Branch) -> Type:
    """Return the type of a choice between two values; raises NotUnderstood at the tree."""
    try:
        return building.same(one, other)
    except UnitsMixed as error:
        raise wrong(tree, str(error)) from None


def scaled_at(tree: Branch, left: Unit, right: Unit, *, divide: bool) -> Unit:
    """Return the unit of a product or a quotient; raises NotUnderstood at the tree, with what to do."""
    try:
        return divided(left, right) if divide else multiplied(left, right)
    except UnitsMixed as error:
        raise not_together(tree, str(error), divide=divide) from None


def yes_no_at(tree: Branch, node: Node) -> Node:
    """Return a node that is a yes or a no; raises NotUnderstood at the tree for any other."""
    if not isinstance(node.type, YesNoType):
        raise wrong(tree, f"a yes/no is needed here, this is {described(node.type)}")
    return node


def wrong(tree: Branch, what: str) -> NotUnderstood:
    """Return a mistake at the first character of a tree."""
    return NotUnderstood(start_of(tree), what)


def not_together(tree: Branch, error: str, *, divide: bool) -> NotUnderstood:
    """Return the mistake of two units that cannot be multiplied or divided, with what to do."""
    what = "multiply an amount by a rate or by a number without a unit"
    if divide:
        turned = next((each for each in ("year", "month") if f"per {each}" in error and error.endswith("days")), None)
        what = "divide by a number without a unit, by a rate, or by what is counted in the same"
        what = f'write how long it is, as "{365 if turned == "year" else 30} days per {turned}"' if turned else what
    return wrong(tree, f"{error}: {what}")


def start_of(tree: Branch) -> int:
    """Return where a tree starts, in characters."""
    return int(getattr(tree.meta, "start_pos", 0) or 0)


def only(tree: Branch) -> str:
    """Return the one word of a tree."""
    return str(tree.children[0])


def spelled(tree: Branch) -> str:
    """Return the words of a tree, one space between them."""
    return " ".join(str(each) for each in tree.children)
