"""A whole policy written as Python code: its rules, what they pay, and its approvals. See `compiling`."""

from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from functools import partial
from itertools import groupby

from cases.money import Rounding
from cases.proposal import Classification
from policy.arithmetic import added
from policy.compiling import Code
from policy.expressions import Among, Compared, Condition, Literal, Name, Node, Relation
from policy.form import PAYABLE, ApprovalRow, Limit, Policy, Rule, Threshold, Wording
from policy.reasons import wanted
from policy.settling import in_units, made_money, room, settled
from policy.showing import in_words
from policy.units import NumberType

#: A wording, and the names of the values that it shows.
Told = tuple[Wording, tuple[str, ...]]
#: What a decision without an amount comes to, from classification and rule.
Unpaid = Callable[[Classification, str], object]
_ZERO = Decimal(0)
_LOOKED_UP = "looked_up(amount, k.counted_before) if k.counted_before or not amount.minor else amount.amount"
#: The lines that did not fit which are noted at once.
_MOST_MISSED = 40


def write_rules(code: Code, policy: Policy, unpaid: Unpaid) -> None:
    """Write `run(k)`, which decides on inputs.

    It returns what `unpaid` gave, or `outcome(classification, amount, rule, payments, benefits)`, which the code is
    told of, as it is of `paid(k, amount)`, which gives the last two, and of `known(k)`, where more than the inputs has
    to be remembered.
    """
    _Rules(code, policy, unpaid).write()


def write_reasoning(code: Code, policy: Policy) -> None:
    """Write `run(k)`, which decides on what is `Known`, looks the approvals up, and notes all as the interpreter does.

    It returns `reasoned(...)` of the fields of `Reasoned`, which the code is told of, as of `paid` and `looked_up`.
    """
    for classification in Classification:
        code.function(_agreed(classification), ("k", "amount", "rule", "told"), _agreeing(code, policy, classification))
    _Rules(code, policy, None).write()


def _agreeing(code: Code, policy: Policy, classification: Classification) -> Iterator[str]:
    """Yield the lines that look up who must agree, and end a decision."""
    paid, words = classification in {*PAYABLE, Classification.FRAUD_REVIEW}, code.constant(in_words(classification))
    parts = "(), ()"
    yield "notes = k.notes"
    if paid and not policy.paid_plainly:
        parts = "payments, benefits"
        yield f"{parts} = paid(k, amount)"
    yield f"money = {_LOOKED_UP if paid else code.constant(_ZERO)}"
    *rows, (_, last) = _rows(policy, in_words(classification))
    if rows:
        yield f"k[{code.constant('amount')}] = money; k[{code.constant('classification')}] = {words}"
    sure: set[str] = set()
    for when, row in rows:
        yield f"{'el' if row is not rows[0][1] else ''}if {code.condition(when, sure)}: row = {code.constant(row)}"
    yield f"{'else: ' if rows else ''}row = {code.constant(last)}"
    yield f"notes.append((row, (money, {words})))"
    yield "tell, shown = told"
    yield "for name in shown: k[name]"
    yield "notes.append((tell, amount))"
    found = f"{code.constant(classification)}, amount, rule, row.stages, {parts}, {code.constant(policy)}"
    yield f"return reasoned({found}, k.inputs, tuple(notes))"


def _rows(policy: Policy, classification: str) -> Iterator[tuple[Condition, ApprovalRow]]:
    """Yield the rows of the matrix that a classification may fit, without what it settles itself; the last one does."""
    for row in policy.approvals:
        parts = [(part, _about(part.node, classification)) for part in row.when.parts]
        when = Condition(parts=tuple(part for part, holds in parts if holds is None), place=row.place)
        if not any(holds is False for _, holds in parts):
            yield when, row
            if not when.parts:
                return


def _about(node: Node, classification: str) -> bool | None:
    """Return whether a test holds for a classification; None where more than that must be known."""
    match node:
        case Compared(relation=Relation.EQUAL, left=Name(name="classification"), right=Literal(value=value)):
            return value == classification
        case Among(subject=Name(name="classification"), options=options):
            return classification in options
    return None


class _Rules:
    """Writes the functions that decide."""

    def __init__(self, code: Code, policy: Policy, unpaid: Unpaid | None) -> None:
        """Begin; without `unpaid`, every step is noted and every end says who must agree."""
        self.code = code
        self.policy = policy
        self.unpaid = unpaid
        self.noted = unpaid is None
        self.derived = frozenset(each.name for each in policy.derived)
        self.remembers = bool(policy.thresholds) or not policy.paid_plainly or not self.derived <= code.short.keys()
        self.missed: list[tuple[object, bool]] = []

    def write(self) -> None:
        told = ("told", "pays") if self.noted else ()
        for classification in sorted(PAYABLE & {rule.classification for rule in self.policy.rules if rule.pay}):
            parameters = ("k", "exact", "rule", *told)
            self.code.function(_paying(classification), parameters, self.paying(classification))
        self.code.function("run", ("k",), self.rules())

    def rules(self) -> Iterator[str]:
        """Yield the lines of `run`. Rules in a row that begin with the same test share it."""
        if self.remembers and not self.noted:
            yield "k = known(k)"
        yield from self._begin()
        sure: set[str] = set()
        for first, group in groupby(self.policy.rules, key=_first_test):
            rules = list(group)
            if len(rules) == 1 or first is None:
                for rule in rules:
                    yield from self._line(rule.when, rule, sure, partial(self._end, rule))
            else:
                yield from self._sharing(rules, sure)

    def _sharing(self, rules: list[Rule], sure: set[str]) -> Iterator[str]:
        first = Condition(parts=rules[0].when.parts[:1], place=rules[0].place)
        yield from self._noted_before(first, sure)
        above = tuple(self.missed)
        yield f"if {self.code.condition(first, sure)}:"
        inside = set(sure)
        for rule in rules:
            rest = Condition(parts=rule.when.parts[1:], place=rule.place)
            yield from _indented(self._line(rest, rule, inside, partial(self._end, rule)))
        missed = [*above, *((rule, False) for rule in rules)]
        if self.noted and self.missed != missed:
            yield from _indented(self._noted())
            yield "else:"
            yield f"    notes += {self.code.constant(tuple(missed))}"

    def _end(self, rule: Rule, sure: set[str]) -> str:
        """Return the line that ends the decision where a rule fits."""
        tell = rule.tell or self.policy.wording[rule.classification]
        if rule.pay is None:
            return self._unpaid(rule.classification, rule.name, tell)
        exact = self.code.written(rule.pay.node, set(sure))
        told = f", {self._told(tell)}, {self.code.constant(rule.pay)}" if self.noted else ""
        return f"return {_paying(rule.classification)}(k, {exact}, {self.code.constant(rule.name)}{told})"

    def paying(self, classification: Classification) -> Iterator[str]:
        """Yield the lines of what makes of the exact amount what is paid, or why nothing is."""
        yield from self._begin()
        sure: set[str] = set()
        yield from self._amount(classification, sure)
        yield "if not minor:"
        yield from _indented(self._nothing(classification, set(sure)))
        if self.policy.thresholds:
            yield f"k[{self.code.constant('amount')}] = amount.amount"
        for each in self.policy.thresholds:
            yield from self._line(each.when, each, sure, partial(self._beyond, each))
        yield from self._noted()
        yield from self._signs(sure)
        yield self._paid(classification, "rule", "told")

    def _beyond(self, threshold: Threshold, _: set[str]) -> str:
        tell = threshold.tell or self.policy.wording[threshold.classification]
        return self._unpaid(threshold.classification, threshold.name, tell)

    def _begin(self) -> Iterator[str]:
        self.missed = []
        if self.noted:
            yield "notes = k.notes"

    def _line(self, when: Condition, line: object, sure: set[str], end: Callable[[set[str]], str]) -> Iterator[str]:
        """Yield the lines of something that fits or not; what did not fit is noted together with what comes next."""
        yield from self._noted_before(when, sure)
        yield f"if {self.code.condition(when, sure)}:"
        if self.noted:
            yield f"    notes += {self.code.constant((*self.missed, (line, True)))}"
            self.missed.append((line, False))
        yield f"    {end(sure)}"

    def _noted_before(self, when: Condition, sure: set[str]) -> Iterator[str]:
        """Yield what notes the lines that did not fit before something is worked out, to keep the order."""
        names = {name for part in when.parts for name, _, _ in part.names} - sure
        if names & self.derived or len(self.missed) > _MOST_MISSED:
            yield from self._noted()

    def _noted(self) -> Iterator[str]:
        if self.missed:
            yield f"notes += {self.code.constant(tuple(self.missed))}"
            self.missed = []

    def _amount(self, classification: Classification, sure: set[str]) -> Iterator[str]:
        policy, code = self.policy, self.code
        limits = [each for each in policy.limits if classification in each.classifications]
        off = [f"off{number}" for number, _ in enumerate(policy.deductions)]
        for name, each in zip(off, policy.deductions, strict=True):
            yield f"{name} = {code.written(each.takes_off.node, sure)}"
        less = ", ".join(f"-{name}" for name in off)
        if off:
            yield f"less = {code.constant(added)}([exact, {less}])"
        decimals = self._in_decimals(limits)
        left = [self._room(each, sure, decimals=decimals) for each in limits]
        if self.noted:
            moving = [number for number, limit in enumerate(limits) if _fixed(limit) is None]
            yield from (f"left{number} = {left[number]}" for number in moving)
            left = [f"left{number}" if number in moving else each for number, each in enumerate(left)]
        yield from self._in_units(limits, left) if decimals else self._settled(left, sure)
        if self.noted:
            notes = [f"({code.constant(part)}, {name})" for part, name in zip(policy.deductions, off, strict=True)]
            notes += [self._left(limit, name) for limit, name in zip(limits, left, strict=True)]
            notes.append(f"({code.constant(policy.money)}, ({self._less}, amount))")
            yield f"notes += ((pays, exact), {', '.join(notes)})"

    @property
    def _less(self) -> str:
        return "less" if self.policy.deductions else "exact"

    def _left(self, limit: Limit, left: str) -> str:
        fixed = _fixed(limit)
        return f"({self.code.constant(limit)}, {left})" if fixed is None else self.code.constant((limit, fixed))

    def _in_decimals(self, limits: Iterable[Limit]) -> bool:
        """Say whether an amount and its limits are decimals of one asset: its units are then worked out as integers."""
        policy = self.policy
        amounts = [*(each.pay for each in policy.rules if each.pay), *(each.takes_off for each in policy.deductions)]
        types = [each.node.type for each in (*amounts, *(limit.at_most for limit in limits))]
        types += [policy.types[limit.counting] for limit in limits if limit.counting]
        return policy.money.asset is not None and not any(isinstance(kind, NumberType) and kind.ratio for kind in types)

    def _in_units(self, limits: Iterable[Limit], left: Iterable[str]) -> Iterator[str]:
        """Yield what makes whole units of the amount and of what the limits leave, and takes the least of them."""
        code, asset = self.code, str(self.policy.money.asset)
        down = in_units(asset, Rounding.DOWN)
        yield f"minor = {code.constant(in_units(asset, self.policy.money.rounding))}({self._less})"
        fixed = [each for each in map(_fixed, limits) if each is not None]
        most = [code.constant(down(min(fixed)))] if fixed else []
        most += [
            f"{code.constant(down)}({each})" for limit, each in zip(limits, left, strict=True) if _fixed(limit) is None
        ]
        for each in most:
            yield f"if minor > (most := {each}): minor = most"
        yield "if minor < 0: minor = 0"
        yield f"amount = {code.constant(made_money)}(minor, {code.constant(asset)})"

    def _settled(self, left: list[str], sure: set[str]) -> Iterator[str]:
        """Yield what settles any amount, of any asset."""
        code, money = self.code, self.policy.money
        least = f"min({', '.join(left)})" if len(left) > 1 else "".join(left) or "None"
        asset = code.named(money.asset_input, sure) if money.asset_input else code.constant(money.asset)
        yield f"amount = {code.constant(settled)}({self._less}, {least}, {asset}, {code.constant(money.rounding)})"
        yield "minor = amount.minor"

    def _room(self, limit: Limit, sure: set[str], *, decimals: bool) -> str:
        """Return what is left of a limit; of decimals that nobody is told it may be below zero."""
        fixed = _fixed(limit)
        if fixed is not None:
            return self.code.constant(fixed)
        at_most = self.code.written(limit.at_most.node, sure)
        used = self.code.named(limit.counting, sure) if limit.counting else "None"
        if not decimals:
            return f"{self.code.constant(room)}({at_most}, {used})"
        left = f"{at_most} - {used}" if limit.counting else at_most
        zero = self.code.constant(_ZERO)
        return f"left if (left := {left}) > {zero} else {zero}" if self.noted else left

    def _nothing(self, classification: Classification, sure: set[str]) -> Iterator[str]:
        """Yield the lines that end a decision whose amount came to nothing."""
        nothing = self.policy.nothing_left
        if self.noted:
            yield f"notes.append(({self.code.constant(nothing)}, amount))"
        tell = nothing.tell or self.policy.wording[nothing.classification or classification]
        if nothing.classification is not None:
            yield self._unpaid(nothing.classification, nothing.name, tell)
            return
        if self.policy.gives_beside_nothing:
            yield from self._signs(sure)
        yield self._paid(classification, self.code.constant(nothing.name), self._told(tell))

    def _signs(self, sure: set[str]) -> Iterator[str]:
        return self._suspected(sure) if self.noted else self._stopped(sure)

    def _stopped(self, sure: set[str]) -> Iterator[str]:
        """Yield what ends at the first sign of fraud."""
        for gate in self.policy.gates:
            yield f"if {self.code.condition(gate.when, sure)}: {self._suspect(self.code.constant(gate.name))}"
        card = self.policy.scorecard
        if card is not None:
            signs = [self._points(each.when, each.points, sure) for each in card.signs]
            yield f"if {' + '.join(signs)} >= {self.code.constant(card.review_from)}:"
            yield f"    {self._suspect(self.code.constant(card.name))}"

    def _points(self, when: Condition, points: Decimal, sure: set[str]) -> str:
        return f"({self.code.constant(points)} if {self.code.condition(when, sure)} else {self.code.constant(_ZERO)})"

    def _suspected(self, sure: set[str]) -> Iterator[str]:
        """Yield what looks for every sign of fraud, and ends where there is one."""
        code, card = self.code, self.policy.scorecard
        yield "sign = None"
        for gate in self.policy.gates:
            yield f"if {code.condition(gate.when, sure)}:"
            yield f"    notes.append({code.constant((gate, True))})"
            yield f"    sign = sign or {code.constant(gate.name)}"
        if card is not None:
            shown = [f"shown{number}" for number, _ in enumerate(card.signs)]
            for name, each in zip(shown, card.signs, strict=True):
                yield f"{name} = {code.condition(each.when, sure)}"
            yield f"points = {code.constant(_ZERO)}"
            for name, each in zip(shown, card.signs, strict=True):
                noted = f"notes.append({code.constant((each, True))})"
                yield f"if {name}: points += {code.constant(each.points)}; {noted}"
            yield f"notes.append(({code.constant(card)}, points))"
            yield f"if points >= {code.constant(card.review_from)}: sign = sign or {code.constant(card.name)}"
        yield f"if sign is not None: {self._suspect('sign')}"

    def _suspect(self, rule: str) -> str:
        tell = self._told(self.policy.wording[Classification.FRAUD_REVIEW])
        return self._paid(Classification.FRAUD_REVIEW, rule, tell)

    def _unpaid(self, classification: Classification, rule: str, tell: Wording) -> str:
        if self.unpaid is not None:
            return f"return {self.code.constant(self.unpaid(classification, rule))}"
        words = in_words(classification)
        when, row = next(_rows(self.policy, words))
        if when.parts or wanted(tell):
            return f"return {_agreed(classification)}(k, None, {self.code.constant(rule)}, {self._told(tell)})"
        ended = self.code.constant(((row, (_ZERO, words)), (tell, None)))
        said = ", ".join(map(self.code.constant, (classification, None, rule, row.stages, (), (), self.policy)))
        return f"notes += {ended}; return reasoned({said}, k.inputs, tuple(notes))"

    def _told(self, tell: Wording) -> str:
        """Return a wording, with the names of the values that it shows."""
        return self.code.constant((tell, wanted(tell)))

    def _paid(self, classification: Classification, rule: str, told: str) -> str:
        if self.noted:
            return f"return {_agreed(classification)}(k, amount, {rule}, {told})"
        parts = "(), ()" if self.policy.paid_plainly else "*paid(k, amount)"
        return f"return outcome({self.code.constant(classification)}, amount, {rule}, {parts})"


def _paying(classification: Classification) -> str:
    return f"pay_{classification.value}"


def _agreed(classification: Classification) -> str:
    return f"agreed_{classification.value}"


def _fixed(limit: Limit) -> Decimal | None:
    """Return what a limit leaves where that is the same for every case; None where it is not."""
    value = limit.at_most.node.value if isinstance(limit.at_most.node, Literal) else None
    return max(value, _ZERO) if isinstance(value, Decimal) and limit.counting is None else None


def _first_test(rule: Rule) -> Node | None:
    return rule.when.parts[0].node if rule.when.parts else None


def _indented(lines: Iterable[str]) -> Iterator[str]:
    return (f"    {line}" for line in lines)
