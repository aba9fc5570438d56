"""The interpreter: the same decision as the closures, worked out step by step with every reason."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from cases.money import Money, asset
from cases.proposal import ApprovalStage, Classification, DerivationLine
from policy.arithmetic import Number
from policy.expressions import Expression, Value
from policy.facts import Facts, own_asset, read_facts
from policy.form import Condition, Derived, Limit, Policy, Rule, Wording
from policy.interpreting import Reckoning, Unknown
from policy.mistakes import Place
from policy.settling import BEYOND, exactly, room, settled
from policy.showing import bare, in_words, with_unit


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
        rule: The name of the rule or gate that decided.
        approvals: Stages of agreement needed, in order.
        customer_text: What the customer may be told, by language.
        steps: In the order they were worked out, rules that did not fit included.
    """

    classification: Classification
    amount: Money | None
    rule: str
    approvals: tuple[ApprovalStage, ...]
    customer_text: tuple[tuple[str, str], ...]
    steps: tuple[Step, ...]

    @property
    def derivation(self) -> tuple[DerivationLine, ...]:
        """The steps that led to the decision, without the rules that did not fit."""
        return tuple(step.line for step in self.steps if step.decided)


def explain(
    policy: Policy, given: Iterable[tuple[str, str]], counted_before: tuple[Money, ...] = ()
) -> Reasoned | Unknown:
    """Return the decision on these inputs (name, text) with every reason, or which inputs it still needs.

    Raises TooManyDigits when a result cannot be held exactly.
    """
    return reason(policy, read_facts(policy, given), counted_before)


def reason(policy: Policy, facts: Facts, counted_before: tuple[Money, ...] = ()) -> Reasoned | Unknown:
    """Return the decision on these facts with every reason, or which inputs it still needs; raises TooManyDigits."""
    with exactly():
        return _Case(policy, facts).reasoned(counted_before)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """What the rules came to, before approvals and wording."""

    classification: Classification
    amount: Money | None
    rule: str
    tell: Wording


class _Case:
    """One case being reasoned about; gathers the steps."""

    def __init__(self, policy: Policy, facts: Facts) -> None:
        self.policy = policy
        self.steps: list[Step] = []
        self.asset = own_asset(policy, facts.values)
        self.reckoning = Reckoning(policy, facts.values, self._derived)

    def reasoned(self, counted_before: tuple[Money, ...]) -> Reasoned | Unknown:
        found = self._found()
        if isinstance(found, Unknown):
            return found
        approvals = self._approvals(found, counted_before)
        text = self._customer_text(found)
        if isinstance(approvals, Unknown) or isinstance(text, Unknown):
            return Unknown.of(approvals, text)
        return Reasoned(
            classification=found.classification,
            amount=found.amount,
            rule=found.rule,
            approvals=approvals,
            customer_text=text,
            steps=tuple(self.steps),
        )

    def _found(self) -> _Found | Unknown:
        for number, rule in enumerate(self.policy.rules):
            fits = self.reckoning.holds(rule.when)
            if isinstance(fits, Unknown):
                below = self.policy.rules[number + 1 :]
                return fits.and_perhaps(
                    self._outcome(rule),
                    *map(self._outcome, below),
                    *(self.reckoning.holds(each.when) for each in below),
                )
            self._condition(rule.name, rule.when, rule.place, fits=fits)
            if fits:
                return self._outcome(rule)
        raise AssertionError(f"{self.policy.name}: no rule fits, though the last one always does")

    def _outcome(self, rule: Rule) -> _Found | Unknown:
        if rule.pay is None:
            return self._refused(rule.classification, rule.name, rule.tell)
        exact = self.reckoning.value(rule.pay.node)
        limits = [self._left(limit) for limit in self.policy.limits if rule.classification in limit.classifications]
        code = self._own_asset()
        left = [each for each in limits if not isinstance(each, Unknown)]
        if isinstance(exact, Unknown) or isinstance(code, Unknown) or len(left) < len(limits):
            return Unknown.of(exact, code, *limits, *(self.reckoning.holds(gate.when) for gate in self.policy.gates))
        self._expression("amount before limits", rule.pay, exact, rule.pay.place)
        amount = self._settled(_number(exact), left, code)
        if amount.minor == 0:
            return self._nothing_left(rule, amount)
        return self._gated(rule, amount)

    def _refused(self, classification: Classification, name: str, tell: Wording | None) -> _Found:
        wording = tell or self.policy.wording[classification]
        return _Found(classification=classification, amount=None, rule=name, tell=wording)

    def _nothing_left(self, rule: Rule, amount: Money) -> _Found:
        nothing = self.policy.nothing_left
        self._step(nothing.name, "amount is 0", f"{amount.text()} is 0", "yes", nothing.place)
        if nothing.classification is not None:
            return self._refused(nothing.classification, nothing.name, nothing.tell)
        tell = nothing.tell or self.policy.wording[rule.classification]
        return _Found(classification=rule.classification, amount=amount, rule=nothing.name, tell=tell)

    def _gated(self, rule: Rule, amount: Money) -> _Found | Unknown:
        """Send a payable claim that shows a sign of fraud to fraud review; every sign that is known is noted."""
        hits: list[str] = []
        for gate in self.policy.gates:
            shows = self.reckoning.holds(gate.when)
            if isinstance(shows, Unknown) and not hits:
                return Unknown.of(*(self.reckoning.holds(each.when) for each in self.policy.gates))
            if shows is True:
                hits.append(gate.name)
                self._condition(gate.name, gate.when, gate.place, fits=True)
        classification = Classification.FRAUD_REVIEW if hits else rule.classification
        tell = self.policy.wording[classification] if hits or rule.tell is None else rule.tell
        return _Found(classification=classification, amount=amount, rule=hits[0] if hits else rule.name, tell=tell)

    def _left(self, limit: Limit) -> tuple[Limit, Number] | Unknown:
        at_most = self.reckoning.value(limit.at_most.node)
        used = self.reckoning.named(limit.counting) if limit.counting else None
        if isinstance(at_most, Unknown) or isinstance(used, Unknown):
            return Unknown.of(at_most, used)
        return limit, room(_number(at_most), None if used is None else _number(used))

    def _settled(self, exact: Number, limits: list[tuple[Limit, Number]], code: str) -> Money:
        for limit, left in limits:
            text, filled = limit.at_most.text, self.reckoning.filled(limit.at_most)
            if limit.counting:
                text = f"{text} - {limit.counting} (over {limit.window})"
                filled = f"{filled} - {self.reckoning.shown(limit.counting)}"
            shown = with_unit(left, limit.at_most.node.type, code)
            self._step(f"left of the limit: {limit.name}", text, filled, shown, limit.place)
        amount = settled(exact, min((left for _, left in limits), default=None), code, self.policy.money.rounding)
        rounding = f"rounded {in_words(self.policy.money.rounding)} to {asset(code).decimals} decimals"
        parts = [bare(exact), *(bare(left) for _, left in limits)]
        text = "amount before limits" if not limits else "the least of it and what the limits leave"
        self._step("amount", f"{text}, {rounding}", f"least of {', '.join(parts)}" if limits else parts[0],
                   str(amount), self.policy.money.place)  # fmt: skip
        return amount

    def _own_asset(self) -> str | Unknown:
        if self.policy.money.asset_input is None:
            return str(self.policy.money.asset)
        code = self.reckoning.named(self.policy.money.asset_input)
        return code if isinstance(code, Unknown) else bare(code)

    def _approvals(self, found: _Found, counted_before: tuple[Money, ...]) -> tuple[ApprovalStage, ...] | Unknown:
        self.reckoning.tell("amount", looked_up(found.amount, counted_before))
        self.reckoning.tell("classification", in_words(found.classification))
        for row in self.policy.approvals:
            fits = self.reckoning.holds(row.when)
            if isinstance(fits, Unknown):
                return fits
            if fits:
                people = ", then ".join(f"{each.quorum} {' or '.join(each.roles)}" for each in row.stages)
                filled = self.reckoning.filled_condition(row.when)
                self._step("approvals", _text(row.when), filled, people or "nobody", row.place)
                return row.stages
        raise AssertionError(f"{self.policy.name}: no approval row fits, though the last one always does")

    def _customer_text(self, found: _Found) -> tuple[tuple[str, str], ...] | Unknown:
        types = self.policy.types
        values = {name: self.reckoning.named(name) for name in found.tell.names if name != "amount"}
        known = {name: each for name, each in values.items() if not isinstance(each, Unknown)}
        if len(known) < len(values):
            return Unknown.of(*values.values())
        shown = {name: with_unit(each, types[name], self.asset) for name, each in known.items()}
        if found.amount is not None:
            shown["amount"] = str(found.amount)
        return found.tell.told(shown)

    def _derived(self, derived: Derived, value: Value) -> None:
        self._expression(derived.name, derived.expression, value, derived.expression.place)

    def _expression(self, name: str, expression: Expression, value: Value, place: Place) -> None:
        shown = with_unit(value, expression.node.type, self.asset)
        self._step(name, expression.text, self.reckoning.filled(expression), shown, place)

    def _condition(self, name: str, when: Condition, place: Place, *, fits: bool) -> None:
        self._step(name, _text(when), self.reckoning.filled_condition(when), bare(fits), place, decided=fits)

    def _step(self, name: str, expression: str, filled: str, value: str, place: Place, *, decided: bool = True) -> None:
        """Note one step; the arguments are the columns of a derivation."""
        line = DerivationLine(name=name, expression=expression, filled=filled, value=value, place=place.short)
        self.steps.append(Step(line=line, decided=decided))


def looked_up(amount: Money | None, counted_before: Iterable[Money]) -> Decimal:
    """Return the amount that the matrix is looked up with: this one and the earlier ones of the same loss and customer.

    0 where nothing would be paid. An earlier amount in another asset cannot be added: the look-up then goes beyond
    every row, so that splitting over assets never needs fewer people.
    """
    if amount is None or amount.minor == 0:
        return Decimal(0)
    earlier = [each for each in counted_before if each.minor > 0]
    if any(each.code != amount.code for each in earlier):
        return BEYOND
    return sum((each.amount for each in earlier), start=amount.amount)


def _text(when: Condition) -> str:
    return " and ".join(part.text for part in when.parts) or "otherwise"


def _number(value: Value) -> Number:
    if not isinstance(value, Decimal | Fraction):
        raise TypeError(f"{value!r} is no number, though its type was checked")
    return value
