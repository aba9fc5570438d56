"""Proofs that a spoiled policy decides as the sound one does: what no suite could catch, because nothing changes."""

import dataclasses
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Any

from cases.money import Rounding, asset
from policy import expressions as nodes
from policy.expressions import Expression, Node, Relation, parts_of
from policy.form import ApprovalRow, Limit, Policy, Rule
from policy.regions import Box, TooMany, both, where, without
from policy.units import NumberType

Path = tuple[str | int, ...]
#: Fields that say nothing about a decision.
_NOT_SPOILED = frozenset({"examples", "together", "type", "place", "wording", "tell", "other_plans", "inputs", "names"})


class Proofs:
    """What can be proven about spoiled versions of one policy."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self._derived: dict[str, Node] = {each.name: each.expression.node for each in policy.derived}
        self._asked = _asked(policy, self._derived)
        self._floored = _Floored(policy)

    def same(self, path: Path, part: Any, spoiled: Any) -> str | None:
        """Return why it changes nothing that one part was spoiled; None where nothing proves that."""
        if path[0] == "derived" and self.policy.derived[int(path[1])].name not in self._asked:
            return "the value is never asked for"
        if self._is_passed_over(path):
            return "the row is never read"
        if isinstance(part, nodes.Literal) and self._splits_no_whole_numbers(path, spoiled):
            return "no whole number lies between"
        if self._floored.same(_found(self.policy, path[:-2]), part, spoiled):
            return "what comes out below zero pays nothing"
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
        part = _found(self.policy, way)
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


class _Floored:
    """Knows where it makes no difference how far below zero a value is, because nothing is paid there anyway."""

    def __init__(self, policy: Policy) -> None:
        self.money = policy.money
        parts = [part for _, part in parts_within(policy, ())]
        self._all = Counter(map(id, parts))
        #: How often a node stands where below zero is as good as zero; and where nothing multiplies it on the way.
        self._here, self._alone = Counter[int](), Counter[int]()
        names, reached, alone = (
            Counter(each.name for each in parts if isinstance(each, nodes.Name)),
            Counter[str](),
            Counter[str](),
        )
        for rule in () if policy.deductions else policy.rules:
            if rule.pay is not None:
                self._look(rule.pay.node, reached, alone, lone=True)
        counted = {each.counting for each in policy.limits}
        for each in reversed(policy.derived):
            if reached[each.name] == names[each.name] > 0 and each.name not in counted:
                self._look(each.expression.node, reached, alone, lone=alone[each.name] == names[each.name])

    def same(self, around: Any, part: Any, spoiled: Any) -> bool:
        """Say whether a floor at or below zero was dropped or moved, where that makes no difference."""
        if isinstance(part, nodes.Extreme) and isinstance(spoiled, nodes.Extreme) and part.largest and spoiled.largest:
            gone = [each for each in part.parts if each not in spoiled.parts]
            return self._stands(part, self._here) and all(_at_most_zero(each) for each in gone)
        if not isinstance(around, nodes.Extreme) or not around.largest or not _at_most_zero(part):
            return False
        if _at_most_zero(spoiled):
            return self._stands(around, self._here)
        return self._stands(around, self._alone) and self._is_rounded_away(spoiled)

    def _stands(self, node: Node, counted: Counter[int]) -> bool:
        return counted[id(node)] == self._all[id(node)] > 0

    def _is_rounded_away(self, node: Node) -> bool:
        value, code = _number(node), self.money.asset
        if value is None or code is None or self.money.rounding is Rounding.UP:
            return False
        return bool(value * 2 * 10 ** asset(code).decimals < 1)

    def _look(self, node: Node, reached: Counter[str], alone: Counter[str], *, lone: bool) -> None:
        """Count a node, and what stands in it where below zero is as good as zero."""
        self._here[id(node)] += 1
        self._alone[id(node)] += lone
        below: list[tuple[Node, bool]] = []
        match node:
            case nodes.Name(name=name):
                reached[name] += 1
                alone[name] += lone
            case nodes.Product(factors=factors):
                signed = [each for each in factors if _may_be_below_zero(each)]
                below = [(each, False) for each in factors if signed in ([], [each])]
            case nodes.Extreme(largest=True, parts=parts):
                others = [each for each in parts if not _at_most_zero(each)]
                below = [(each, lone) for each in others if len(others) == 1]
            case nodes.Extreme(parts=parts):
                below = [(each, lone) for each in parts]
            case nodes.Either(rows=rows, otherwise=otherwise):
                below = [(each, lone) for each in (*(value for _, value in rows), otherwise)]
        for each, still in below:
            self._look(each, reached, alone, lone=still)


def _found(policy: Policy, path: Iterable[str | int]) -> Any:
    """Return what stands at the end of a path."""
    part: Any = policy
    for step in path:
        part = part[step] if isinstance(step, int) else getattr(part, step)
    return part


def _at_most_zero(node: Any) -> bool:
    value = _number(node)
    return value is not None and value <= 0


def _may_be_below_zero(node: Node) -> bool:
    value = _number(node)
    return value < 0 if value is not None else not isinstance(node.type, NumberType) or node.type.signed


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
