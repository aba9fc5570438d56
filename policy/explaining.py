"""The interpreter: the same decision as the closures, worked out step by step with every reason."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from cases.money import Money, asset
from cases.proposal import ApprovalStage, Classification, DerivationLine
from policy.arithmetic import Number, added
from policy.expressions import Condition, Expression, Value
from policy.facts import Facts, own_asset, read_facts
from policy.form import Derived, Limit, Policy, Rule, Wording
from policy.interpreting import Reckoning, Unknown
from policy.mistakes import Place
from policy.payment_terms import Benefit, Part
from policy.payments import PartState, Payment, payment, taken
from policy.settling import BEYOND, exactly, room, settled
from policy.showing import bare, given_beside, in_words, with_unit

_NOT_NAMES = frozenset({"amount", "steps"})


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
        payments: The parts of the amount; empty where all of it is paid at once in cash.
        benefits: (name, how much) of what is given beside it.
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
    payments: tuple[Payment, ...] = ()
    benefits: tuple[tuple[str, str], ...] = ()

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
        self.told: list[tuple[str, str]] = []
        self.asset = own_asset(policy, facts.values)
        self.reckoning = Reckoning(policy, facts.values, self._derived)

    def reasoned(self, counted_before: tuple[Money, ...]) -> Reasoned | Unknown:
        found = self._found()
        if isinstance(found, Unknown):
            return found
        paid = self._paid(found)
        approvals = self._approvals(found, counted_before)
        text = self._customer_text(found)
        if isinstance(paid, Unknown) or isinstance(approvals, Unknown) or isinstance(text, Unknown):
            return Unknown.of(paid, approvals, text)
        return Reasoned(
            classification=found.classification,
            amount=found.amount,
            rule=found.rule,
            approvals=approvals,
            customer_text=text,
            steps=tuple(self.steps),
            payments=paid[0],
            benefits=paid[1],
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
        off = [self.reckoning.value(each.takes_off.node) for each in self.policy.deductions]
        limits = [self._left(limit) for limit in self.policy.limits if rule.classification in limit.classifications]
        code = self._own_asset()
        left = [each for each in limits if not isinstance(each, Unknown)]
        taken_off = [_number(each) for each in off if not isinstance(each, Unknown)]
        known = len(left) == len(limits) and len(taken_off) == len(off)
        if isinstance(exact, Unknown) or isinstance(code, Unknown) or not known:
            return Unknown.of(exact, *off, code, *limits, *self._signs_of_fraud())
        self._expression("amount before limits", rule.pay, exact, rule.pay.place)
        amount = self._settled(self._less(_number(exact), taken_off, code), left, code)
        if amount.minor == 0:
            return self._nothing_left(rule, amount)
        return self._within_thresholds(rule, amount)

    def _signs_of_fraud(self) -> list[bool | Unknown]:
        signs = self.policy.scorecard.signs if self.policy.scorecard else ()
        conditions = [*(gate.when for gate in self.policy.gates), *(sign.when for sign in signs)]
        return [self.reckoning.holds(each) for each in conditions]

    def _less(self, exact: Number, taken_off: list[Number], code: str) -> Number:
        for deduction, off in zip(self.policy.deductions, taken_off, strict=True):
            shown = with_unit(off, deduction.takes_off.node.type, code)
            filled = self.reckoning.filled(deduction.takes_off)
            self.told.append((deduction.name, shown))
            self._step(f"less: {deduction.name}", deduction.takes_off.text, filled, shown, deduction.place)
        return added([exact, *(-each for each in taken_off)])

    def _within_thresholds(self, rule: Rule, amount: Money) -> _Found | Unknown:
        self.reckoning.tell("amount", amount.amount)
        for threshold in self.policy.thresholds:
            fits = self.reckoning.holds(threshold.when)
            if isinstance(fits, Unknown):
                return fits
            self._condition(threshold.name, threshold.when, threshold.place, fits=fits)
            if fits:
                return self._refused(threshold.classification, threshold.name, threshold.tell)
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
                return Unknown.of(*self._signs_of_fraud())
            if shows is True:
                hits.append(gate.name)
                self._condition(gate.name, gate.when, gate.place, fits=True)
        scored = self._scored()
        if isinstance(scored, Unknown) and not hits:
            return scored
        hits += [scored] if isinstance(scored, str) else []
        classification = Classification.FRAUD_REVIEW if hits else rule.classification
        tell = self.policy.wording[classification] if hits or rule.tell is None else rule.tell
        return _Found(classification=classification, amount=amount, rule=hits[0] if hits else rule.name, tell=tell)

    def _scored(self) -> str | Unknown | None:
        """Return the name of the scorecard when its signs add up; each sign that shows is a step."""
        card = self.policy.scorecard
        if card is None:
            return None
        shown = [(sign, self.reckoning.holds(sign.when)) for sign in card.signs]
        if any(isinstance(each, Unknown) for _, each in shown):
            return Unknown.of(*(each for _, each in shown))
        hits = [sign for sign, shows in shown if shows is True]
        for sign in hits:
            filled = self.reckoning.filled_condition(sign.when)
            self._step(sign.name, _text(sign.when), filled, f"{bare(sign.points)} points", sign.place)
        total = sum((sign.points for sign in hits), start=Decimal(0))
        filled = " + ".join(bare(sign.points) for sign in hits) or "0"
        reached = total >= card.review_from
        said = f"{bare(total)} of {bare(card.review_from)} points"
        self._step(card.name, "points of the signs that show", filled, said, card.place, decided=bool(hits))
        return card.name if reached else None

    def _paid(self, found: _Found) -> tuple[tuple[Payment, ...], tuple[tuple[str, str], ...]] | Unknown:
        """Return the parts of the amount and what is given beside it; nothing for a claim that is not paid."""
        if found.amount is None or self.policy.paid_plainly:
            return (), ()
        self.reckoning.tell("amount", found.amount.amount)
        plain = len(self.policy.parts) == 1 and self.policy.parts[0].is_plain
        payments: list[Payment] = []
        left = found.amount
        for part in self.policy.parts if found.amount.minor and not plain else ():
            paid = self._part(part, left)
            if isinstance(paid, Unknown):
                return paid
            payments.append(paid)
            left -= paid.amount
        benefits = [self._benefit(each) for each in self.policy.benefits]
        if any(isinstance(each, Unknown) for each in benefits):
            return Unknown.of(*benefits)
        return tuple(payments), tuple(each for each in benefits if isinstance(each, tuple))

    def _part(self, part: Part, left: Money) -> Payment | Unknown:
        wanted = self.reckoning.value(part.takes.node) if part.takes else None
        rate = self.reckoning.value(part.rate.node) if part.rate else None
        over = self.reckoning.holds(part.lapses_when) if part.lapses_when else False
        may_go = self.reckoning.holds(part.waits_for) if part.waits_for and over is False else True
        unknown = [each for each in (wanted, rate, over, may_go) if isinstance(each, Unknown)]
        if unknown:
            return Unknown.of(*unknown)
        state = PartState.LAPSED if over else PartState.DUE if may_go else PartState.WAITING
        amount = taken(_perhaps(wanted), left)
        paid = payment(part, amount, _perhaps(rate), state)
        text = part.takes.text if part.takes else "rest"
        filled = self.reckoning.filled(part.takes) if part.takes else str(left)
        self._step(f"part: {part.name}", text, filled, str(paid), part.place)
        return paid

    def _benefit(self, benefit: Benefit) -> tuple[str, str] | Unknown | None:
        fits = self.reckoning.holds(benefit.when)
        if not fits or isinstance(fits, Unknown):
            return fits or None
        value = self.reckoning.value(benefit.gives.node)
        if isinstance(value, Unknown):
            return value
        given = given_beside(benefit, value)
        filled = self.reckoning.filled(benefit.gives)
        self._step(f"beside: {benefit.name}", benefit.gives.text, filled, given, benefit.place)
        return benefit.name, given

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
            self.told.append((limit.name, shown))
            self._step(f"left of the limit: {limit.name}", text, filled, shown, limit.place)
        amount = settled(exact, min((left for _, left in limits), default=None), code, self.policy.money.rounding)
        rounding = f"rounded {in_words(self.policy.money.rounding)} to {asset(code).decimals} decimals"
        parts = [bare(exact), *(bare(left) for _, left in limits)]
        text = "amount before limits" if not limits else "the least of it and what the limits leave"
        self._step("amount", f"{text}, {rounding}", f"least of {', '.join(parts)}" if limits else parts[0],
                   str(amount), self.policy.money.place)  # fmt: skip
        budget = self.policy.budget
        if budget is not None:
            text = "all claims together; when they come to more, each is cut pro rata"
            self._step(f"budget: {budget.name}", text, text, str(budget.at_most), budget.place)
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
        values = {name: self.reckoning.named(name) for name in found.tell.names if name not in _NOT_NAMES}
        known = {name: each for name, each in values.items() if not isinstance(each, Unknown)}
        if len(known) < len(values):
            return Unknown.of(*values.values())
        shown = {name: with_unit(each, types[name], self.asset) for name, each in known.items()}
        if found.amount is not None:
            shown["amount"] = str(found.amount)
        shown["steps"] = "; ".join(f"{name} {value}" for name, value in self.told)
        steps = "；".join(f"{self.policy.chinese.get(name, name)} {value}" for name, value in self.told)
        return found.tell.told(shown, {"steps": steps})

    def _derived(self, derived: Derived, value: Value) -> None:
        if isinstance(value, Decimal | Fraction) and ": " not in derived.name:
            self.told.append((derived.name, with_unit(value, derived.expression.node.type, self.asset)))
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


def _perhaps(value: Value | Unknown | None) -> Number | None:
    return None if value is None or isinstance(value, Unknown) else _number(value)
