"""How the bounds of ranges, bands and tiers stand to each other, as far as the text shows it."""

from datetime import date
from decimal import Decimal

from policy.expressions import Compared, Literal, Node, Relation, Value


def compared_with(test: Node) -> Value | None:
    """Return the value in the text that a test compares with; None when it is no such test."""
    return test.right.value if isinstance(test, Compared) and isinstance(test.right, Literal) else None


def rising(read: list[tuple[Node, Node]], test: Compared) -> bool:
    """Say whether the upper end of a tier lies above the one before; unknown (no plain numbers) passes."""
    if not read or not isinstance(read[-1][0], Literal) or not isinstance(test.right, Literal):
        return True
    return rises(read[-1][0], test.right) and read[-1][0].value != test.right.value


def widens(earlier: Node, later: Node) -> bool:
    """Say whether the later bound of a band lies beyond the earlier one; unknown (no plain numbers) passes."""
    before, after = compared_with(earlier), compared_with(later)
    if not (isinstance(before, Decimal) and isinstance(after, Decimal) and isinstance(later, Compared)):
        return True
    return after > before if later.relation in {Relation.BELOW, Relation.AT_MOST} else after < before


def rises(low: Literal, high: Literal) -> bool:
    """Say whether the lower end of a range is not above the upper one."""
    if isinstance(low.value, Decimal) and isinstance(high.value, Decimal):
        return low.value <= high.value
    if isinstance(low.value, date) and isinstance(high.value, date) and type(low.value) is type(high.value):
        return low.value <= high.value
    return True
