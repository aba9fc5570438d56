"""Reading one thing that is worked out: an expression, a decision table, or a named calculator with its parameters."""

from policy.form import Derived
from policy.mistakes import Mistakes
from policy.scope import Scope
from policy.section import expression
from policy.yaml_text import Node, Scalar


def worked_out(key: Scalar, node: Node, scope: Scope, mistakes: Mistakes) -> tuple[Derived, ...]:
    """Return what stands under one name, helping values first, the value of the name last; nothing after a mistake."""
    if not isinstance(node, Scalar):
        mistakes.add(node.place, "write an expression here")
        return ()
    found = expression(node, scope, mistakes)
    return (Derived(name=key.text, expression=found),) if found else ()
