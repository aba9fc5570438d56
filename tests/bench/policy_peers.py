"""The bench's policy said in other engines' own text: as one CEL program, and as a decision graph of zen-engine.

Both are made from our parsed form, so that all three decide the same. Both count in binary floating point on the way
in and out; zen reckons in decimals in between.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import reduce
from itertools import pairwise
from typing import Any

from cases.proposal import Classification
from policy.expressions import (
    Among,
    Compared,
    Condition,
    Either,
    Every,
    Extreme,
    Literal,
    Name,
    Node,
    Product,
    Sum,
    Value,
)
from policy.form import Limit, Policy, Rule
from policy.showing import in_words

Graph = dict[str, Any]
_PLACES = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Spelling:
    """How a language writes what both have.

    Fields:
        both: "and", as it writes it.
        number: How a number is written.
        name: How a name is written.
        least, most: How the smaller and the larger of two is written.
    """

    both: str
    number: Callable[[Decimal], str]
    name: Callable[[str], str]
    least: Callable[[str, str], str]
    most: Callable[[str, str], str]

    def written(self, node: Node) -> str:  # noqa: C901, PLR0911  # One line for each kind of node.
        """Return a node as text; raises NotImplementedError for what the bench's policy does not use."""
        match node:
            case Literal(value=value):
                return self.value(value)
            case Name(name=name):
                return self.name(name)
            case Sum(terms=terms):
                return (
                    "(" + "".join(f" {'+' if sign > 0 else '-'} {self.written(each)}" for sign, each in terms)[3:] + ")"
                )
            case Product(factors=factors):
                return f"({' * '.join(map(self.written, factors))})"
            case Extreme(largest=largest, parts=(one, other)):
                return (self.most if largest else self.least)(self.written(one), self.written(other))
            case Either(rows=rows, otherwise=otherwise):
                tests = "".join(f"{self.written(test)} ? {self.written(each)} : " for test, each in rows)
                return f"({tests}{self.written(otherwise)})"
            case Compared(relation=relation, left=left, right=right):
                sign = {"=": "=="}.get(relation.value, relation.value)
                return f"{self.written(left)} {sign} {self.written(right)}"
            case Among(subject=subject, options=options):
                return f"{self.written(subject)} in [{', '.join(map(self.value, options))}]"
            case Every(parts=parts):
                return f"({f' {self.both} '.join(map(self.written, parts))})"
        raise NotImplementedError(f"the peers are not told of {type(node).__name__}")

    def value(self, value: Value) -> str:
        """Return a value as text."""
        if isinstance(value, bool):
            return "true" if value else "false"
        return self.number(value) if isinstance(value, Decimal) else json.dumps(str(value))

    def condition(self, when: Condition) -> str:
        """Return when a line fits."""
        return f" {self.both} ".join(self.written(part.node) for part in when.parts) or "true"


# --- CEL ---------------------------------------------------------------------------------------------------------


def cel_text(policy: Policy) -> str:
    """Return the whole decision as one CEL expression: {"rule", "classification", "amount" where one is paid}.

    CEL has no names of its own, so what is worked out stands where it is used, and `map` over a list of one names
    what is used twice. The amount is left unrounded: CEL has no rounding.
    """
    derived: dict[str, str] = {}
    spelling = Spelling(both="&&", number=_float, name=lambda name: derived.get(name, name), least=_least, most=_most)
    for each in policy.derived:
        derived[each.name] = spelling.written(each.expression.node)
    rules = "".join(f"{spelling.condition(each.when)} ? {_cel_rule(each, spelling)} : " for each in policy.rules[:-1])
    rules += _cel_rule(policy.rules[-1], spelling)
    nothing, gates = policy.nothing_left, ""
    assert nothing.classification is not None
    for gate in policy.gates:
        outcome = _cel_outcome(json.dumps(gate.name), json.dumps("fraud_review"), "a")
        gates += f"{spelling.condition(gate.when)} ? {outcome} : "
    settled = (
        f"a < 0.0000005 ? {_cel_outcome(json.dumps(nothing.name), json.dumps(nothing.classification.value))}"
        f" : {gates}{_cel_outcome('r[0]', 'r[1]', 'a')}"
    )
    paid = f"[{_cel_room(policy, spelling)}].map(m, [r[2] < m ? r[2] : m].map(a, {settled})[0])[0]"
    return f"[{rules}].map(r, size(r) == 2 ? {_cel_outcome('r[0]', 'r[1]')} : {paid})[0]"


def _float(number: Decimal) -> str:
    return f"{number:f}" if "." in f"{number:f}" else f"{number:f}.0"


def _least(one: str, other: str) -> str:
    return f"({one} < {other} ? {one} : {other})"


def _most(one: str, other: str) -> str:
    return f"({one} > {other} ? {one} : {other})"


def _cel_rule(rule: Rule, spelling: Spelling) -> str:
    said = f"{json.dumps(rule.name)}, {json.dumps(rule.classification.value)}"
    return f"[{said}, {spelling.written(rule.pay.node)}]" if rule.pay else f"[{said}]"


def _cel_outcome(rule: str, classification: str, amount: str | None = None) -> str:
    paid = f', "amount": {amount}' if amount else ""
    return f'{{"rule": {rule}, "classification": {classification}{paid}}}'


def _cel_room(policy: Policy, spelling: Spelling) -> str:
    """Return what the limits leave, by classification."""
    found = ""
    for name in ("goodwill", "valid_claim"):
        left = (_left(each, spelling, "0.0") for each in policy.limits if name in each.classifications)
        room = reduce(spelling.least, left)
        found += f'r[1] == "{name}" ? {room} : ' if not found else room
    return f"({found})"


def _left(limit: Limit, spelling: Spelling, zero: str) -> str:
    at_most = spelling.written(limit.at_most.node)
    return spelling.most(f"({at_most} - {limit.counting})", zero) if limit.counting else at_most


# --- zen-engine --------------------------------------------------------------------------------------------------


def zen_graph(policy: Policy) -> Graph:
    """Return the policy as a decision graph: what is worked out, the table of rules, limits, the table of approvals."""
    spelling = Spelling(
        both="and",
        number=lambda number: f"{number:f}",
        name=lambda name: name.replace(" ", "_"),
        least=lambda one, other: f"min([{one}, {other}])",
        most=lambda one, other: f"max([{one}, {other}])",
    )
    rules = [(each.when, _zen_rule(each, spelling)) for each in policy.rules]
    approvals = [
        (each.when, {"approvals": json.dumps([f"{stage.quorum} {' or '.join(stage.roles)}" for stage in each.stages])})
        for each in policy.approvals
    ]
    nodes: list[tuple[str, str, Graph | None]] = [
        ("asked", "inputNode", None),
        ("worked out", "expressionNode", _expressions(_worked_out(policy, spelling))),
        ("rules", "decisionTableNode", _table(rules, spelling)),
        ("settled", "expressionNode", _expressions(_zen_settled(policy, spelling))),
        ("approvals", "decisionTableNode", _table(approvals, spelling)),
        ("decided", "outputNode", None),
    ]
    return {
        "nodes": [
            {
                "id": name,
                "name": name,
                "type": kind,
                "position": {"x": 0, "y": 0},
                **({"content": held} if held else {}),
            }
            for name, kind, held in nodes
        ],
        "edges": [
            {"id": f"edge {number}", "sourceId": one[0], "targetId": other[0], "type": "edge"}
            for number, (one, other) in enumerate(pairwise(nodes))
        ],
    }


def _zen_rule(rule: Rule, spelling: Spelling) -> dict[str, str]:
    pay = spelling.written(rule.pay.node) if rule.pay else "null"
    return {"rule": json.dumps(rule.name), "classification": json.dumps(rule.classification.value), "pay": pay}


def _worked_out(policy: Policy, spelling: Spelling) -> dict[str, str]:
    found: dict[str, str] = {}
    for each in policy.derived:
        text = spelling.written(each.expression.node)
        for name in found:
            text = text.replace(name, f"$.{name}")
        found[spelling.name(each.name)] = text
    return found


def _zen_settled(policy: Policy, spelling: Spelling) -> dict[str, str]:
    room = {
        name: reduce(
            spelling.least, (_left(each, spelling, "0") for each in policy.limits if name in each.classifications)
        )
        for name in ("goodwill", "valid_claim")
    }
    suspected = "".join(f"{spelling.condition(gate.when)} ? {json.dumps(gate.name)} : " for gate in policy.gates)
    nothing = policy.nothing_left
    assert nothing.classification is not None
    return {
        "room": f"classification == 'goodwill' ? {room['goodwill']} : {room['valid_claim']}",
        "paid": f"pay == null ? null : round(min([pay, $.room]), {_PLACES})",
        "suspected": f"{suspected}null",
        "rule": (
            f"pay == null ? rule : $.paid == 0 ? {json.dumps(nothing.name)} : $.suspected != null ? $.suspected : rule"
        ),
        "classification": (
            f"pay == null ? classification : $.paid == 0 ? {json.dumps(nothing.classification.value)}"
            " : $.suspected != null ? 'fraud_review' : classification"
        ),
        "amount": "$.paid == null or $.paid == 0 ? 0 : $.paid",
    }


def _expressions(expressions: Mapping[str, str]) -> Graph:
    listed = [{"id": key, "key": key, "value": value} for key, value in expressions.items()]
    return {
        "expressions": listed,
        "passThrough": True,
        "inputField": None,
        "outputPath": None,
        "executionMode": "single",
    }


def _table(rows: list[tuple[Condition, dict[str, str]]], spelling: Spelling) -> Graph:
    cells = [dict(_cells(when, spelling)) for when, _ in rows]
    columns = list(dict.fromkeys(name for row in cells for name in row))
    outputs = list(rows[0][1])
    return {
        "hitPolicy": "first",
        "inputs": [{"id": name, "name": name, "field": name} for name in columns],
        "outputs": [{"id": f"out {name}", "name": name, "field": name} for name in outputs],
        "rules": [
            {
                "_id": str(number),
                **{name: row.get(name, "") for name in columns},
                **{f"out {name}": given[name] for name in outputs},
            }
            for number, (row, (_, given)) in enumerate(zip(cells, rows, strict=True))
        ],
        "passThrough": True,
        "inputField": None,
        "outputPath": None,
        "executionMode": "single",
    }


def _cells(when: Condition, spelling: Spelling) -> Iterator[tuple[str, str]]:
    """Yield what stands in each column of a row."""
    for part in when.parts:
        tests = part.node.parts if isinstance(part.node, Every) else (part.node,)
        found = [_cell(each, spelling) for each in tests]
        yield found[0][0], " and ".join(cell for _, cell in found)


def _cell(test: Node, spelling: Spelling) -> tuple[str, str]:
    match test:
        case Compared(relation=relation, left=Name(name=name), right=right):
            sign = "" if relation.value == "=" else f"{relation.value} "
            return spelling.name(name), sign + _in_zen(spelling.written(right))
        case Among(subject=Name(name=name), options=options):
            return spelling.name(name), ", ".join(_in_zen(spelling.value(each)) for each in options)
        case Name(name=name):
            return spelling.name(name), "true"
    raise NotImplementedError(f"the peers are not told of {type(test).__name__} in a cell")


def _in_zen(value: str) -> str:
    """Return a classification as the graph calls it: the matrix of a policy writes it in words."""
    known = {in_words(each): each.value for each in Classification}
    return json.dumps(known[json.loads(value)]) if value.strip('"') in known else value
