"""What cannot be compared, and what to write instead."""

from datetime import datetime

from policy.expressions import Literal, Node
from policy.saying import said
from policy.units import DateType, TimeType, described


def not_compared(left: Node, right: Node, doing: str = "compare") -> str:
    """Return that two values of different types cannot be compared; a date beside a time says how it is meant."""
    what = f"cannot {doing} {described(left.type)} and {described(right.type)}"
    if {type(left.type), type(right.type)} != {DateType, TimeType}:
        return what
    return f'{what}: did you mean "{_day_of(left if isinstance(left.type, TimeType) else right)}"?'


def _day_of(time: Node) -> str:
    """Return how the day of a time is written: "day of(happened_at)", "2026-01-05"."""
    value = time.value if isinstance(time, Literal) else None
    return f"{value:%Y-%m-%d}" if isinstance(value, datetime) else f"day of({said(time).replace('…', '...')})"
