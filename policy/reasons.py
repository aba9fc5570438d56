"""A decision with its reasons: what was noted while it was worked out, rendered as text once somebody asks."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

from cases.money import Money, asset
from cases.proposal import ApprovalStage, Classification, DerivationLine
from policy.arithmetic import Number
from policy.expressions import After, Condition, Counted, Expression, Gathered, Grouped, Node, OverItems, Value
from policy.facts import own_asset
from policy.form import (
    ApprovalRow,
    Deduction,
    Derived,
    Gate,
    Limit,
    MoneyTerms,
    NothingLeft,
    Policy,
    Rule,
    Scorecard,
    Sign,
    StepName,
    Threshold,
    Wording,
)
from policy.items import Items
from policy.making import maker
from policy.mistakes import Place
from policy.payment_terms import Benefit, Part
from policy.payments import Payment
from policy.showing import bare, filled_in, in_words, to_customer, with_unit
from policy.told_payments import PAYMENTS, told_payments
from policy.told_steps import added_inputs
from policy.units import NumberType

#: A part of the parsed form, and what came out there.
Note = tuple[Any, Any]
#: The items of a list of which each step is shown.
_MOST_ITEMS = 20
_NOT_NAMES = frozenset({"amount", "steps", PAYMENTS})


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of the reasoning; `decided` is False for a rule that was tried and did not fit."""

    line: DerivationLine
    decided: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Reasoned:
    """A decision with its reasons.

    Fields:
        classification: What the claim is held to be.
        amount: What is paid; None where nothing is.
        rule: The name of the rule, threshold or gate that decided.
        approvals: Stages of agreement needed, in order.
        payments: The parts of the amount; empty where all of it is paid at once in cash.
        benefits: (name, how much) of what is given beside it.
        policy: What decided.
        inputs: What it was told.
        notes: What was worked out, in order: all that the texts are made from.
    """

    classification: Classification
    amount: Money | None
    rule: str
    approvals: tuple[ApprovalStage, ...]
    payments: tuple[Payment, ...]
    benefits: tuple[tuple[str, str], ...]
    policy: Policy
    inputs: Mapping[str, Value]
    notes: tuple[Note, ...]

    @property
    def steps(self) -> tuple[Step, ...]:
        """In the order they were worked out, rules that did not fit included."""
        return tuple(_Reader(self.policy, self.inputs).steps(self.notes))

    @property
    def derivation(self) -> tuple[DerivationLine, ...]:
        """The steps that led to the decision, without the rules that did not fit."""
        return tuple(step.line for step in self.steps if step.decided)

    @property
    def customer_text(self) -> tuple[tuple[str, str], ...]:
        """What the customer may be told, by language."""
        return _customer_text(self.policy, self.inputs, self.notes)


def wanted(tell: Wording) -> tuple[str, ...]:
    """Return the names of the values that a wording shows."""
    return tuple(name for name in tell.names if name not in _NOT_NAMES)


_line, _made = maker(DerivationLine), maker(Step)


class _Reader:
    """Goes through the notes of one decision, and knows at each what was known then."""

    def __init__(self, policy: Policy, inputs: Mapping[str, Value]) -> None:
        self.policy = policy
        self.asset = own_asset(policy, inputs)
        self.inputs: Mapping[str, Any] = inputs
        self.known: dict[str, Value] = dict(inputs)
        self.items: dict[tuple[str, int], dict[str, Value]] = {}
        self.counted = ""
        self.cut: set[tuple[str, str]] = set()
        self.left: list[Number] = []
        self.points: list[Decimal] = []

    def steps(self, notes: tuple[Note, ...]) -> Iterator[Step]:
        """Yield a step for each note that is one."""
        for what, value in notes:
            yield from _TOLD[type(what)](self, what, value)

    def derived(self, derived: Derived, value: Value) -> Iterator[Step]:
        if derived.each_of is not None:
            yield from self._of_an_item(derived, derived.each_of, value)
            return
        if isinstance(derived.expression.node, Grouped):
            self.known[derived.name] = value
            yield _step(
                derived.name,
                derived.expression.text,
                _members(derived.expression.node, value),
                bare(value),
                derived.expression.place,
            )
            return
        # While it was worked out it was not known itself, nor is it named there.
        step = self._worked_out(derived.name, derived.expression, value, derived.expression.place)
        yield replace(step, line=replace(step.line, filled=self.counted)) if self.counted else step
        self.counted = ""
        self.known[derived.name] = value

    def _of_an_item(self, derived: Derived, items: str, found: Any) -> Iterator[Step]:
        """Yield what was worked out for an item of a list; from some number on only that it was."""
        (number, value), is_unnamed = found, derived.name.startswith(f"{items}: ")
        if number > _MOST_ITEMS:
            self.counted = ""
            if (items, derived.name) not in self.cut:
                self.cut.add((items, derived.name))
                text = derived.expression.text
                name = f"{items} {number} and on: {text if is_unnamed else derived.name}"
                yield _step(name, text, "worked out in the same way", "…", derived.expression.place)
            return
        listed: Any = self.known[items]
        row = self.items.setdefault((items, number), dict(listed.rows[number - 1]))
        filled = self.counted or filled_in(derived.expression, {**self.known, **row})
        self.counted = ""
        shown = with_unit(value, derived.expression.node.type, self.asset)
        text, place = derived.expression.text, derived.expression.place
        name = text if is_unnamed else derived.name
        yield _step(f"{items} {number}: {name}", text, filled, shown, place)
        row[derived.name] = value

    def over_items(self, node: OverItems, counted: tuple[tuple[int, Any], ...]) -> Iterator[Step]:
        """Yield nothing: which items were counted, and with what, stands in the step that follows."""
        shown, more = (
            counted[:_MOST_ITEMS],
            f", … {len(counted) - _MOST_ITEMS} more" if len(counted) > _MOST_ITEMS else "",
        )
        joint = " + " if node.what is Gathered.TOTAL else ", "
        values = joint.join(f"({bare(value)})" if bare(value).startswith("-") else bare(value) for _, value in shown)
        numbers = f"{node.items} {', '.join(str(number) for number, _ in shown)}{more}" if counted else "nothing"
        self.counted = numbers if node.value is None or not counted else f"{values} ({numbers})"
        yield from ()

    def line(self, line: Rule | Threshold | Gate, fits: bool) -> Iterator[Step]:  # noqa: FBT001  # A note's value.
        filled = self._condition(line.when)
        yield _step(line.name, _text(line.when), filled, bare(fits), line.place, decided=fits)

    def before_limits(self, pays: Expression, exact: Value) -> Iterator[Step]:
        yield self._worked_out("amount before limits", pays, exact, pays.place)

    def deduction(self, deduction: Deduction, off: Number) -> Iterator[Step]:
        yield self._worked_out(f"less: {deduction.name}", deduction.takes_off, off, deduction.place)

    def limit(self, limit: Limit, left: Number) -> Iterator[Step]:
        text, filled = limit.at_most.text, self._filled(limit.at_most)
        if limit.counting:
            text = f"{text} - {limit.counting} (over {limit.window})"
            filled = f"{filled} - {bare(self.known[limit.counting])}"
        self.left.append(left)
        shown = with_unit(left, limit.at_most.node.type, self.asset)
        yield _step(f"left of the limit: {limit.name}", text, filled, shown, limit.place)

    def amount(self, money: MoneyTerms, found: tuple[Number, Money]) -> Iterator[Step]:
        exact, amount = found
        self.known["amount"] = amount.amount
        rounding = f"rounded {in_words(money.rounding)} to {asset(amount.code).decimals} decimals"
        parts = [bare(exact), *map(bare, self.left)]
        text = "the least of it and what the limits leave" if self.left else "amount before limits"
        filled = f"least of {', '.join(parts)}" if self.left else parts[0]
        yield _step("amount", f"{text}, {rounding}", filled, str(amount), money.place)
        budget = self.policy.budget
        if budget is not None:
            text = "all claims together; when they come to more, each is cut pro rata"
            yield _step(f"budget: {budget.name}", text, text, str(budget.at_most), budget.place)

    def nothing(self, nothing: NothingLeft, amount: Money) -> Iterator[Step]:
        yield _step(nothing.name, "amount is 0", f"{amount.text()} is 0", "yes", nothing.place)

    def sign(self, sign: Sign, _: bool) -> Iterator[Step]:  # noqa: FBT001  # A note's value.
        self.points.append(sign.points)
        points = f"{bare(sign.points)} points"
        yield _step(sign.name, _text(sign.when), self._condition(sign.when), points, sign.place)

    def card(self, card: Scorecard, total: Decimal) -> Iterator[Step]:
        filled = " + ".join(map(bare, self.points)) or "0"
        said = f"{bare(total)} of {bare(card.review_from)} points"
        decided = bool(self.points)
        yield _step(card.name, "points of the signs that show", filled, said, card.place, decided=decided)

    def part(self, part: Part, found: tuple[Money, Payment]) -> Iterator[Step]:
        left, paid = found
        text, filled = (part.takes.text, self._filled(part.takes)) if part.takes else ("rest", str(left))
        if part.rate and paid.amount.minor:
            text, filled = f"{text}, at {part.rate.text}", f"{filled}, at {self._rate(part.rate)}"
        each = f": {paid.instalments[0]} first, {paid.instalments[-1]} last" if len(paid.instalments) > 1 else ""
        yield _step(f"part: {part.name}", text, filled, f"{paid}{each}", part.place)

    def _rate(self, rate: Expression) -> str:
        """Return what a rate is: "2100 USDC per ETH"; its unit says which way it is quoted."""
        filled, kind = self._filled(rate), rate.node.type
        unit = str(kind.unit) if isinstance(kind, NumberType) else ""
        return filled if filled.endswith(unit) else f"{filled} {unit}"

    def benefit(self, benefit: Benefit, given: str) -> Iterator[Step]:
        filled = self._filled(benefit.gives)
        yield _step(f"beside: {benefit.name}", benefit.gives.text, filled, given, benefit.place)

    def approvals(self, row: ApprovalRow, looked_up: tuple[Decimal, str]) -> Iterator[Step]:
        self.known["amount"], self.known["classification"] = looked_up
        people = ", then ".join(f"{each.quorum} {' or '.join(each.roles)}" for each in row.stages)
        yield _step("approvals", _text(row.when), self._condition(row.when), people or "nobody", row.place)

    def wording(self, tell: Wording, amount: Money | None) -> Iterator[Step]:
        """Yield nothing: what the customer is told is no step."""
        del tell, amount
        yield from ()

    def _worked_out(self, name: str, expression: Expression, value: Value, place: Place) -> Step:
        shown = with_unit(value, expression.node.type, self.asset)
        return _step(name, expression.text, self._filled(expression), shown, place)

    def _filled(self, expression: Expression) -> str:
        return filled_in(expression, self.known)

    def _condition(self, when: Condition) -> str:
        return " and ".join(map(self._filled, when.parts)) or "otherwise"


_TOLD: dict[type, Callable[[_Reader, Any, Any], Iterator[Step]]] = {
    ApprovalRow: _Reader.approvals,
    Benefit: _Reader.benefit,
    Deduction: _Reader.deduction,
    Derived: _Reader.derived,
    Expression: _Reader.before_limits,
    Gate: _Reader.line,
    Limit: _Reader.limit,
    MoneyTerms: _Reader.amount,
    NothingLeft: _Reader.nothing,
    OverItems: _Reader.over_items,
    Part: _Reader.part,
    Rule: _Reader.line,
    Scorecard: _Reader.card,
    Sign: _Reader.sign,
    Threshold: _Reader.line,
    Wording: _Reader.wording,
}


def _customer_text(policy: Policy, inputs: Mapping[str, Value], notes: tuple[Note, ...]) -> tuple[tuple[str, str], ...]:
    tell: Wording = notes[-1][0]
    amount: Money | None = notes[-1][1]
    own, types = own_asset(policy, inputs), policy.types
    values = {**inputs, **{what.name: value for what, value in notes if isinstance(what, Derived)}}
    shown = {name: to_customer(values[name], types[name], own) for name in wanted(tell)}
    in_chinese: dict[str, str] = {}
    if amount is not None:
        shown["amount"] = str(amount)
    if amount is not None and PAYMENTS in tell.names:
        shown[PAYMENTS], in_chinese[PAYMENTS] = told_payments(notes, amount)
    if "steps" not in tell.names:
        return tell.told(shown, in_chinese)
    named = ((policy.names.get(name), name, value) for name, value in _told(policy, inputs, notes, own))
    told = [(each or StepName(english=name, chinese=name, told=True), value) for each, name, value in named]
    shown["steps"] = "; ".join(f"{each.english} {value}" for each, value in told if each.told)
    steps = "；".join(f"{each.chinese} {value}" for each, value in told if each.told)
    return tell.told(shown, {**in_chinese, "steps": steps})


def _told(
    policy: Policy, inputs: Mapping[str, Value], notes: tuple[Note, ...], own: str | None
) -> Iterator[tuple[str, str]]:
    """Yield the steps to the amount that a customer may be told; what is added to one stands before it."""
    seen: set[str] = set()
    for what, value in notes:
        match what:
            case Derived(name=name, expression=expression, each_of=None) if ": " not in name:
                if isinstance(value, Decimal | Fraction) and value >= 0:
                    yield from _added(policy, inputs, expression, seen)
                    yield name, to_customer(value, expression.node.type, own)
            case Expression():
                yield from _added(policy, inputs, what, seen)
            case MoneyTerms():
                return  # What is worked out from here on says who looks at it, not what it comes to.
            case Deduction(name=name, takes_off=expression):
                yield name, f"{'-' if value else ''}{to_customer(value, expression.node.type, own)}"
            case Limit(name=name, at_most=expression):
                yield name, to_customer(value, expression.node.type, own)


def _added(
    policy: Policy, inputs: Mapping[str, Value], expression: Expression, seen: set[str]
) -> Iterator[tuple[str, str]]:
    for name in added_inputs(policy, expression):
        value = inputs.get(name)
        if name not in seen and isinstance(value, Decimal | Fraction):
            seen.add(name)
            yield name, to_customer(value, policy.types[name], own_asset(policy, inputs))


def _members(node: Grouped, groups: Value) -> str:
    """Return which items stand in each group: "BTC: fills 1, 3; ETH: fills 2"."""
    if not isinstance(groups, Items) or not groups.rows:
        return "nothing"
    told = [
        f"{', '.join(_key(key, row[name]) for name, key in node.by)}: {node.items}"
        f" {', '.join(str(place + 1) for place in places)}"
        for row, places in zip(groups.rows[:_MOST_ITEMS], groups.members, strict=False)
    ]
    more = [f"… {len(groups.rows) - _MOST_ITEMS} more"] if len(groups.rows) > _MOST_ITEMS else []
    return "; ".join(told + more)


def _key(node: Node, value: Value) -> str:
    """Return what a group is the same in: "BTC", "2026-01-05", "2026-01" for a month."""
    return bare(value)[:7] if isinstance(node, After) and node.counted is Counted.MONTH else bare(value)


def _step(name: str, expression: str, filled: str, value: str, place: Place, *, decided: bool = True) -> Step:
    """Return one step; the arguments are the columns of a derivation."""
    return _made(_line(name, expression, filled, value, place.short), decided)


def _text(when: Condition) -> str:
    return " and ".join(part.text for part in when.parts) or "otherwise"
