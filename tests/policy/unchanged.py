"""Proofs that a spoiled policy decides as the sound one does: what no suite could catch, because nothing changes."""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Any

from policy import expressions as nodes
from policy.expressions import Expression, Node, Relation, parts_of
from policy.form import ApprovalRow, Limit, Policy, Rule
from policy.regions import Box, TooMany, both, where, without
from policy.units import NumberType

Path = tuple[str | int, ...]
#: Fields that say nothing about a decision.
_NOT_SPOILED = frozenset(
    {"examples", "together", "type", "place", "wording", "tell", "other_plans", "inputs", "chinese"}
)


class Proofs:
    """What can be proven about spoiled versions of one policy."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self._derived: dict[str, Node] = {each.name: each.expression.node for each in policy.derived}
        self._asked = _asked(policy, self._derived)

    def same(self, path: Path, part: Any, spoiled: Any) -> str | None:
        """Return why it changes nothing that one part was spoiled; None where nothing proves that."""
        if path[0] == "derived" and self.policy.derived[int(path[1])].name not in self._asked:
            return "the value is never asked for"
        if self._is_passed_over(path):
            return "the row is never read"
        if isinstance(part, nodes.Literal) and self._splits_no_whole_numbers(path, spoiled):
            return "no whole number lies between"
        if isinstance(part, Limit) and self._is_looser(part, spoiled):
            return "a tighter limit holds as well"
        return None

    def rearranged(self, spoiled: Policy) -> str | None:
        """Return why a dropped or swapped line changes nothing; None where nothing proves that."""
        gone = [each for each in self.policy.limits if each not in spoiled.limits]
        if gone and all(self._is_looser(each, None) for each in gone):
            return "a tighter limit holds as well"
        return _swapped_apart(self.policy, spoiled)

    def _is_passed_over(self, path: Path) -> bool:
        """Say whether a part stands in a row of a table that words of the text rule out."""
        part: Any = self.policy
        for number, step in enumerate(path):
            if isinstance(part, nodes.Either) and step in {"rows", "otherwise"}:
                row = int(path[number + 1]) if step == "rows" else len(part.rows)
                tests = [_always(test, self._derived) for test, _ in part.rows]
                in_test = step == "rows" and path[number + 2] == 0
                if True in tests[:row] or (not in_test and False in tests[row : row + 1]):
                    return True
            part = part[step] if isinstance(step, int) else getattr(part, step)
        return False

    def _splits_no_whole_numbers(self, path: Path, spoiled: nodes.Literal) -> bool:
        """Say whether a limit for a whole number was moved between two of them."""
        *way, side = path
        part: Any = self.policy
        for step in way:
            part = part[step] if isinstance(step, int) else getattr(part, step)
        if not isinstance(part, nodes.Compared) or side != "right" or not isinstance(part.left, nodes.Name):
            return False
        kind, limit, moved = self.policy.types.get(part.left.name), _number(part.right), _number(spoiled)
        if not isinstance(kind, NumberType) or not kind.whole or limit is None or moved is None:
            return False
        return _whole_limit(part.relation, limit) == _whole_limit(part.relation, moved)

    def _is_looser(self, limit: Limit, spoiled: Limit | None) -> bool:
        """Say whether another limit leaves no more wherever this fixed one no longer holds."""
        most, gone = _number(limit.at_most.node), limit.classifications
        if spoiled is not None:
            gone -= spoiled.classifications
            if replace(spoiled, classifications=limit.classifications) != limit:
                return False
        tight = [each for each in self.policy.limits if each is not limit and self._leaves(each, most)]
        return limit.counting is None and all(any(one in each.classifications for each in tight) for one in gone)

    def _leaves(self, limit: Limit, most: Decimal | None) -> bool:
        """Say whether a limit leaves at most so much, whatever is counted."""
        at_most = _number(limit.at_most.node)
        used = self.policy.types[limit.counting] if limit.counting else None
        counts_up = not isinstance(used, NumberType) or not used.signed
        return counts_up and at_most is not None and most is not None and at_most <= most


def _number(node: Node) -> Decimal | None:
    return node.value if isinstance(node, nodes.Literal) and isinstance(node.value, Decimal) else None


def _whole_limit(relation: Relation, limit: Decimal) -> Decimal:
    """Return what tells a limit for whole numbers from others: where the first one lies that fits, or fits no more."""
    if relation in {Relation.AT_LEAST, Relation.BELOW}:
        return limit.to_integral_value(ROUND_CEILING)
    if relation in {Relation.AT_MOST, Relation.ABOVE}:
        return limit.to_integral_value(ROUND_FLOOR)
    return limit


def _asked(policy: Policy, derived: Mapping[str, Node]) -> frozenset[str]:
    """Return everything worked out that some line may ask for, whatever the case."""
    rest = replace(policy, derived=())
    written = [part.node for _, part in parts_within(rest, ()) if isinstance(part, Expression)]
    ahead = [name for node in written for name in _names(node, derived)]
    ahead += [each.counting for each in policy.limits if each.counting]
    found: set[str] = set()
    while ahead:
        name = ahead.pop()
        if name in derived and name not in found:
            found.add(name)
            ahead += _names(derived[name], derived)
    return frozenset(found)


def _names(node: Node, derived: Mapping[str, Node]) -> Iterator[str]:
    """Yield the names that a node may ask for; a row whose test compares words of the text is read or it is not."""
    match node:
        case nodes.Name(name=name):
            yield name
        case nodes.Either(rows=rows, otherwise=otherwise):
            for test, value in rows:
                holds = _always(test, derived)
                yield from _names(test, derived)
                if holds is not False:
                    yield from _names(value, derived)
                if holds:
                    return
            yield from _names(otherwise, derived)
        case _:
            for part in parts_of(node):
                yield from _names(part, derived)


def _always(test: Node, derived: Mapping[str, Node]) -> bool | None:
    """Return what a comparison of words that stand in the text comes to; None for other tests."""
    match test:
        case nodes.Compared(relation=Relation.EQUAL, left=nodes.Name(name=name), right=nodes.Literal(value=str(other))):
            meant = derived.get(name)
            return meant.value == other if isinstance(meant, nodes.Literal) else None
        case _:
            return None


def _swapped_apart(policy: Policy, spoiled: Policy) -> str | None:
    """Return why two lines may change places: no case that gets so far fits both, or both say the same."""
    pairs: tuple[tuple[Sequence[Rule | ApprovalRow], Sequence[Rule | ApprovalRow]], ...] = (
        (policy.rules, spoiled.rules),
        (policy.approvals, spoiled.approvals),
    )
    for before, after in pairs:
        changed = [number for number, (one, other) in enumerate(zip(before, after, strict=False)) if one is not other]
        if len(before) != len(after) or len(changed) != 2:  # Two lines.
            continue
        one, other = (before[number] for number in changed)
        if isinstance(one, ApprovalRow) and isinstance(other, ApprovalRow) and one.stages == other.stages:
            return "both rows say the same"
        if not _fitting_both(one, other, before[: changed[0]]):
            return "no case that gets so far fits both lines"
    return None


def _fitting_both(one: Rule | ApprovalRow, other: Rule | ApprovalRow, above: Sequence[Rule | ApprovalRow]) -> list[Box]:
    """Return where two lines may both fit, after the lines above them."""
    boxes = [where(each.when, wide=True) for each in (one, other)]
    shared = [box for left in boxes[0] for right in boxes[1] if (box := both(left, right)) is not None]
    try:
        for line in above:
            for taken in where(line.when, wide=False):
                shared = without(shared, taken)
    except TooMany:
        pass
    return shared


def parts_within(part: Any, path: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    """Yield every dataclass of a policy with the way to it."""
    if isinstance(part, tuple):
        for number, each in enumerate(part):
            yield from parts_within(each, (*path, number))
    elif dataclasses.is_dataclass(part):
        if path:
            yield path, part
        for field in dataclasses.fields(part):
            if field.name not in _NOT_SPOILED:
                yield from parts_within(getattr(part, field.name), (*path, field.name))
