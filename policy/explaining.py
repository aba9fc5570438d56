"""The interpreter: the same decision as the compiled policy, worked out node by node, and what it still needs."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction

from cases.money import Money
from cases.parts import PartState
from cases.proposal import ApprovalStage, Classification
from policy.arithmetic import Number, added
from policy.deciding import NeedsFact, decide_with_reasons
from policy.expressions import Value
from policy.facts import Facts, read_facts
from policy.form import Limit, Policy, Rule, Wording
from policy.interpreting import Reckoning, Unknown
from policy.payment_terms import Benefit, Part
from policy.payments import Payment, payment, taken
from policy.reasons import Note, Reasoned, wanted
from policy.settling import exactly, looked_up, room, settled
from policy.showing import bare, given_beside, in_words


def explain(
    policy: Policy, given: Iterable[tuple[str, str]], counted_before: tuple[Money, ...] = ()
) -> Reasoned | Unknown:
    """Return the decision on these inputs (name, text) with every reason, or which inputs it still needs.

    Raises TooManyDigits when a result cannot be held exactly.
    """
    return reason(policy, read_facts(policy, given), counted_before)


def reason(policy: Policy, facts: Facts, counted_before: tuple[Money, ...] = ()) -> Reasoned | Unknown:
    """Return the decision on these facts with every reason, or which inputs it still needs; raises TooManyDigits.

    The compiled policy finds it; what it needs is found by the interpreter, which looks at every way there is.
    """
    try:
        return decide_with_reasons(policy, facts.values, counted_before)
    except NeedsFact:
        return interpret(policy, facts, counted_before)


def interpret(policy: Policy, facts: Facts, counted_before: tuple[Money, ...] = ()) -> Reasoned | Unknown:
    """Return the same as `reason`, found by the interpreter alone."""
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
    """One case being reasoned about; gathers the notes."""

    def __init__(self, policy: Policy, facts: Facts) -> None:
        self.policy = policy
        self.inputs = facts.values
        self.notes: list[Note] = []
        self.reckoning = Reckoning(policy, facts.values, lambda derived, value: self.notes.append((derived, value)))

    def reasoned(self, counted_before: tuple[Money, ...]) -> Reasoned | Unknown:
        found = self._found()
        if isinstance(found, Unknown):
            return found
        paid = self._paid(found)
        approvals = self._approvals(found, counted_before)
        values = [self.reckoning.named(name) for name in wanted(found.tell)]
        if isinstance(paid, Unknown) or isinstance(approvals, Unknown) or any(isinstance(e, Unknown) for e in values):
            return Unknown.of(paid, approvals, Unknown.of(*values))
        self.notes.append((found.tell, found.amount))
        return Reasoned(
            classification=found.classification,
            amount=found.amount,
            rule=found.rule,
            approvals=approvals,
            payments=paid[0],
            benefits=paid[1],
            policy=self.policy,
            inputs=self.inputs,
            notes=tuple(self.notes),
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
            self.notes.append((rule, fits))
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
        self.notes.append((rule.pay, exact))
        amount = self._settled(self._less(_number(exact), taken_off), left, code)
        if amount.minor == 0:
            return self._nothing_left(rule, amount)
        return self._within_thresholds(rule, amount)

    def _signs_of_fraud(self) -> list[bool | Unknown]:
        signs = self.policy.scorecard.signs if self.policy.scorecard else ()
        conditions = [*(gate.when for gate in self.policy.gates), *(sign.when for sign in signs)]
        return [self.reckoning.holds(each) for each in conditions]

    def _less(self, exact: Number, taken_off: list[Number]) -> Number:
        self.notes += zip(self.policy.deductions, taken_off, strict=True)
        return added([exact, *(-each for each in taken_off)])

    def _settled(self, exact: Number, limits: list[tuple[Limit, Number]], code: str) -> Money:
        money = self.policy.money
        amount = settled(exact, min((left for _, left in limits), default=None), code, money.rounding)
        self.notes += [*limits, (money, (exact, amount))]
        return amount

    def _within_thresholds(self, rule: Rule, amount: Money) -> _Found | Unknown:
        self.reckoning.tell("amount", amount.amount)
        for threshold in self.policy.thresholds:
            fits = self.reckoning.holds(threshold.when)
            if isinstance(fits, Unknown):
                return fits
            self.notes.append((threshold, fits))
            if fits:
                return self._refused(threshold.classification, threshold.name, threshold.tell)
        tell = rule.tell or self.policy.wording[rule.classification]
        return self._gated(_Found(classification=rule.classification, amount=amount, rule=rule.name, tell=tell))

    def _refused(self, classification: Classification, name: str, tell: Wording | None) -> _Found:
        wording = tell or self.policy.wording[classification]
        return _Found(classification=classification, amount=None, rule=name, tell=wording)

    def _nothing_left(self, rule: Rule, amount: Money) -> _Found | Unknown:
        nothing = self.policy.nothing_left
        self.notes.append((nothing, amount))
        if nothing.classification is not None:
            return self._refused(nothing.classification, nothing.name, nothing.tell)
        tell = nothing.tell or self.policy.wording[rule.classification]
        clean = _Found(classification=rule.classification, amount=amount, rule=nothing.name, tell=tell)
        return self._gated(clean) if self.policy.gives_beside_nothing else clean

    def _gated(self, clean: _Found) -> _Found | Unknown:
        """Send a payable claim that shows a sign of fraud to fraud review; every sign that is known is noted.

        clean: What is found where none shows.
        """
        hits: list[str] = []
        for gate in self.policy.gates:
            shows = self.reckoning.holds(gate.when)
            if isinstance(shows, Unknown) and not hits:
                return Unknown.of(*self._signs_of_fraud())
            if shows is True:
                hits.append(gate.name)
                self.notes.append((gate, True))
        scored = self._scored()
        if isinstance(scored, Unknown) and not hits:
            return scored
        hits += [scored] if isinstance(scored, str) else []
        suspect = Classification.FRAUD_REVIEW
        tell = self.policy.wording[suspect]
        return replace(clean, classification=suspect, rule=hits[0], tell=tell) if hits else clean

    def _scored(self) -> str | Unknown | None:
        """Return the name of the scorecard when its signs add up; each sign that shows is noted."""
        card = self.policy.scorecard
        if card is None:
            return None
        shown = [(sign, self.reckoning.holds(sign.when)) for sign in card.signs]
        if any(isinstance(each, Unknown) for _, each in shown):
            return Unknown.of(*(each for _, each in shown))
        hits = [sign for sign, shows in shown if shows is True]
        total = sum((sign.points for sign in hits), start=Decimal(0))
        self.notes += [*((sign, True) for sign in hits), (card, total)]
        return card.name if total >= card.review_from else None

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
        takes = left if isinstance(wanted, Unknown) else taken(wanted if wanted is None else _number(wanted), left)
        rate = self.reckoning.value(part.rate.node) if part.rate and takes.minor else None
        over = self.reckoning.holds(part.lapses_when) if part.lapses_when else False
        may_go = self.reckoning.holds(part.waits_for) if part.waits_for and over is False else True
        if isinstance(wanted, Unknown):
            return Unknown.of(wanted, over, may_go).and_perhaps(rate)
        if any(isinstance(each, Unknown) for each in (rate, over, may_go)):
            return Unknown.of(rate, over, may_go)
        state = PartState.LAPSED if over else PartState.DUE if may_go else PartState.WAITING
        paid = payment(part, takes, _perhaps(rate), state)
        self.notes.append((part, (left, paid)))
        return paid

    def _benefit(self, benefit: Benefit) -> tuple[str, str] | Unknown | None:
        fits = self.reckoning.holds(benefit.when)
        if not fits or isinstance(fits, Unknown):
            return fits or None
        value = self.reckoning.value(benefit.gives.node)
        if isinstance(value, Unknown):
            return value
        given = given_beside(benefit, value)
        self.notes.append((benefit, given))
        return benefit.name, given

    def _left(self, limit: Limit) -> tuple[Limit, Number] | Unknown:
        at_most = self.reckoning.value(limit.at_most.node)
        used = self.reckoning.named(limit.counting) if limit.counting else None
        if isinstance(at_most, Unknown) or isinstance(used, Unknown):
            return Unknown.of(at_most, used)
        return limit, room(_number(at_most), None if used is None else _number(used))

    def _own_asset(self) -> str | Unknown:
        if self.policy.money.asset_input is None:
            return str(self.policy.money.asset)
        code = self.reckoning.named(self.policy.money.asset_input)
        return code if isinstance(code, Unknown) else bare(code)

    def _approvals(self, found: _Found, counted_before: tuple[Money, ...]) -> tuple[ApprovalStage, ...] | Unknown:
        told = looked_up(found.amount, counted_before), in_words(found.classification)
        self.reckoning.tell("amount", told[0])
        self.reckoning.tell("classification", told[1])
        for row in self.policy.approvals:
            fits = self.reckoning.holds(row.when)
            if isinstance(fits, Unknown):
                return fits
            if fits:
                self.notes.append((row, told))
                return row.stages
        raise AssertionError(f"{self.policy.name}: no approval row fits, though the last one always does")


def _number(value: Value) -> Number:
    if not isinstance(value, Decimal | Fraction):
        raise TypeError(f"{value!r} is no number, though its type was checked")
    return value


def _perhaps(value: Value | Unknown | None) -> Number | None:
    return None if value is None or isinstance(value, Unknown) else _number(value)
