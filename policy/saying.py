"""Parts of an expression in words, where the text of the whole would say too much."""

from policy.expressions import (
    Among,
    AnyOf,
    Compared,
    Condition,
    Every,
    Extreme,
    Given,
    Literal,
    Name,
    Node,
    Not,
    Product,
    Quotient,
    Sum,
)
from policy.showing import bare, with_unit


def said(node: Node) -> str:  # noqa: C901, PLR0911, PLR0912  # One line for each kind of node.
    """Return what a node reads like; "…" for one that is better read in the text."""
    match node:
        case Literal(value=value, type=kind):
            return with_unit(value, kind, None).removesuffix(" None")
        case Name(name=name):
            return name
        case Given(name=name):
            return f"{name} is given"
        case Compared(relation=relation, left=left, right=right):
            return f"{said(left)} {relation.value} {said(right)}"
        case Among(subject=subject, options=options):
            return f"{said(subject)} is one of [{', '.join(map(bare, options))}]"
        case Every(parts=parts):
            return " and ".join(map(said, parts))
        case AnyOf(parts=parts):
            return " or ".join(map(said, parts))
        case Not(part=part):
            return f"not ({said(part)})"
        case Extreme(largest=largest, parts=parts):
            return f"{'max' if largest else 'min'}({', '.join(map(said, parts))})"
        case Sum(terms=terms):
            return "".join(f"{' + ' if sign > 0 else ' - '}{said(term)}" for sign, term in terms).removeprefix(" + ")
        case Product(factors=factors):
            return " * ".join(map(said, factors))
        case Quotient(dividend=dividend, divisor=divisor):
            return f"{said(dividend)} / {said(divisor)}"
        case _:
            return "…"


def when_said(when: Condition) -> str:
    """Return the text of a condition: "hours_late is under 2 hours and sanctions_hit", "otherwise"."""
    return " and ".join(part.text for part in when.parts) or "otherwise"
