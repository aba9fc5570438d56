"""The one parsed form of a policy: compiled, interpreted, written as columns and analysed, by readers of no text."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from cases.loss import LossKind
from cases.money import Money, Rounding
from cases.proposal import ApprovalStage, Classification
from policy.expressions import Condition, Expression
from policy.mistakes import Place
from policy.payment_terms import Benefit, Budget, Part, PayWithin, Together
from policy.units import OptionalType, SeriesType, Type

_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")

_IN_CHINESE = {
    "minute": "分钟",
    "hour": "小时",
    "day": "天",
    "month": "个月",
    "year": "年",
    "item": "项",
    "group": "组",
}
_COUNT = re.compile(rf"(?<=\d) ({'|'.join(_IN_CHINESE)})s?\b")
_RATE = re.compile(r" per (minute|hour|day|month|year)\b")

PAYABLE = frozenset({Classification.VALID_CLAIM, Classification.GOODWILL})


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """Something a policy must be told, or may be: "hours_late", its type.

    Fields:
        optional: Whether it may be wanting; then nothing is missing without it.
    """

    name: str
    type: Type
    place: Place
    optional: bool = False

    @property
    def spoken_of(self) -> Type:
        """Its type as expressions meet it: one that may be wanting has to be asked for."""
        return OptionalType(of=self.type) if self.optional else self.type


@dataclass(frozen=True, slots=True, kw_only=True)
class Derived:
    """A value that is worked out from inputs and earlier derived values.

    Fields:
        each_of: The list for each of whose items it is worked out, with the item's fields; None: once for the claim.
    """

    name: str
    expression: Expression
    each_of: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """What to tell the customer, per language.

    "{amount}" stands for the amount, "{steps}" for the steps to it with their values, other names for their values.
    """

    english: str
    chinese: str
    names: tuple[str, ...]
    place: Place

    def told(self, values: Mapping[str, str], in_chinese: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
        """Return the wording with values filled in, by language; raises KeyError for a name without a value.

        in_chinese: Values that read otherwise there.
        """
        chinese = {name: _chinese(value) for name, value in {**values, **in_chinese}.items()}
        return (("en", _filled(self.english, values)), ("zh", _filled(self.chinese, chinese)))


@dataclass(frozen=True, slots=True, kw_only=True)
class StepName:
    """What a step is called where the customer is told {steps}; `told` is False for one that is kept back."""

    english: str
    chinese: str
    told: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One line of the decision: the first that fits decides.

    Fields:
        name: The reason people read: "delayed six hours or more".
        when: When it fits.
        classification: What the claim is then held to be.
        pay: What is paid, before limits and rounding; None where nothing is paid.
        tell: What to tell the customer; None: the wording of the classification.
        exclusion: True for a line of the exclusions, which come first.
    """

    name: str
    when: Condition
    classification: Classification
    pay: Expression | None
    tell: Wording | None
    exclusion: bool
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """The most that is paid.

    Fields:
        name: "goodwill in twelve months".
        classifications: What it holds for.
        at_most: The limit.
        counting: The input that says how much of it is used up; None for a limit per case.
        window: The time it is counted over, in words: "12 months"; None for a limit per case.
        counted_by_us: Whether the product works out that input from what it paid or promised the customer itself.
    """

    name: str
    classifications: frozenset[Classification]
    at_most: Expression
    counting: str | None
    window: str | None
    place: Place
    counted_by_us: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Deduction:
    """What is taken off before limits, as paid earlier. More than the amount leaves nothing; it is no debit."""

    name: str
    takes_off: Expression
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold:
    """What becomes of a payable claim when its rounded amount fits: too small to be paid, too large for this plan."""

    name: str
    when: Condition
    classification: Classification
    tell: Wording | None
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Sign:
    """A sign of fraud that counts some points, never below zero."""

    name: str
    when: Condition
    points: Decimal
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Scorecard:
    """Signs of fraud added up: from so many points on a claim goes to fraud review; it is never refused here."""

    name: str
    review_from: Decimal
    signs: tuple[Sign, ...]
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherPlan:
    """How this policy stands to another one: paid by that one it is excluded, has that deducted, or is added to it."""

    plan: str
    paid: str
    then: str
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """A sign of fraud: a payable claim that shows it goes to fraud review with the amount proposed."""

    name: str
    when: Condition
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalRow:
    """One row of the approval matrix: the first that fits says who must agree, in stages; no stages means nobody."""

    when: Condition
    stages: tuple[ApprovalStage, ...]
    place: Place

    @property
    def people(self) -> int:
        """How many approvals are needed in all."""
        return sum(each.quorum for each in self.stages)


@dataclass(frozen=True, slots=True, kw_only=True)
class NothingLeft:
    """What a payable claim becomes when its amount comes to nothing.

    Fields:
        name: The reason people read: "nothing is left to pay".
        classification: What it is then held to be; None: it stays what the rule says, with an amount of zero.
        tell: What to tell the customer; None only where the classification has its own wording.
    """

    name: str
    classification: Classification | None
    tell: Wording | None
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class MoneyTerms:
    """What is paid in, and how it is rounded, once, at the end.

    Fields:
        asset: "USDT"; None when the input `asset_input` names it.
        asset_input: "asset"; None when the asset is fixed.
        rounding: How whole minor units are made.
    """

    asset: str | None
    asset_input: str | None
    rounding: Rounding
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Effective:
    """When a version holds: from `start` to before `end` (None: open); `means` says which time is meant, in words."""

    start: datetime
    end: datetime | None
    means: str
    place: Place

    def covers(self, at: datetime) -> bool:
        """Whether it holds at this moment."""
        return self.start <= at and (self.end is None or at < self.end)


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What an example says must come out; None means that it does not say.

    Fields:
        nothing: True when it says that no amount is proposed.
        missing: The inputs that must be said to be missing.
        payments: What each part must be, in words: ("at once", "9999.00 USDC cash, due").
        benefits: What must be given beside: ("points", "150 POINTS").
    """

    classification: Classification | None
    amount: Money | None
    nothing: bool
    rule: str | None
    approvals: tuple[ApprovalStage, ...] | None
    missing: tuple[str, ...] | None
    payments: tuple[tuple[str, str], ...] | None
    benefits: tuple[tuple[str, str], ...] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A worked example that must hold before the version loads.

    Fields:
        name: "5 hours late".
        source: "published", "derived from the published rule", "ours".
        given: Inputs as text, sorted by name.
        counted_before: Amounts counted with it for the approval look-up.
    """

    name: str
    source: str
    given: tuple[tuple[str, str], ...]
    counted_before: tuple[Money, ...]
    expected: Expected
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Policy:
    """One version of a policy, checked.

    Fields:
        name: "delayed-withdrawal"; versions of one policy share it.
        version: "3".
        owner: Who answers for it.
        decision: Number or link of the decision it rests on.
        topics: Which topics it decides: "delayed_withdrawal".
        loss: What kind of loss it is about.
        products: Product lines it covers, in words.
        parts: How the amount is paid; one plain part is everything at once in cash.
        pay_within: By when; None where the policy does not say.
        rules: Late claims, other plans, wanting evidence, exclusions, then the rules, in order; the last always fits.
        names: What steps are called for the customer; a step without one has its own name.
        other_plans: How it stands to other plans; they are named by their policies.
        deductions: Taken off before limits, in order.
        thresholds: Looked at with the rounded amount, in order.
        benefits: Given beside the money.
        budget: What all claims together may get; a single decision does not know the others. None: no budget.
        together: Examples of several claims.
        file: The file it was read from: "okb.yaml".
        text_hash: sha256 of its text, hex.
    """

    name: str
    version: str
    owner: str
    decision: str
    effective: Effective
    topics: tuple[str, ...]
    loss: LossKind
    products: tuple[str, ...]
    money: MoneyTerms
    decide_within_hours: int
    inputs: tuple[Input, ...]
    derived: tuple[Derived, ...]
    rules: tuple[Rule, ...]
    nothing_left: NothingLeft
    approvals: tuple[ApprovalRow, ...]
    wording: Mapping[Classification, Wording]
    examples: tuple[Example, ...]
    file: str
    place: Place
    text_hash: str
    other_plans: tuple[OtherPlan, ...] = ()
    deductions: tuple[Deduction, ...] = ()
    limits: tuple[Limit, ...] = ()
    thresholds: tuple[Threshold, ...] = ()
    gates: tuple[Gate, ...] = ()
    scorecard: Scorecard | None = None
    parts: tuple[Part, ...] = ()
    benefits: tuple[Benefit, ...] = ()
    budget: Budget | None = None
    pay_within: PayWithin | None = None
    together: tuple[Together, ...] = ()
    names: Mapping[str, StepName] = field(default_factory=dict)

    def input(self, name: str) -> Input | None:
        """Return the input with this name; None when it is not declared."""
        return next((each for each in self.inputs if each.name == name), None)

    @property
    def paid_plainly(self) -> bool:
        """Whether all of the amount is paid at once in cash, with nothing beside it."""
        return len(self.parts) == 1 and self.parts[0].is_plain and not self.benefits

    @property
    def gives_beside_nothing(self) -> bool:
        """Whether a claim whose amount comes to 0 may still be given something: it then passes the fraud gates too."""
        return bool(self.benefits) and self.nothing_left.classification is None

    @property
    def price_inputs(self) -> dict[str, str | None]:
        """The inputs that are prices over time, with what names their series; None where there is one."""
        return {each.name: each.type.by for each in self.inputs if isinstance(each.type, SeriesType)}

    @property
    def types(self) -> dict[str, Type]:
        """The type of every input and everything worked out, by name."""
        types: dict[str, Type] = {each.name: each.type for each in self.inputs}
        return types | {each.name: each.expression.node.type for each in self.derived if each.each_of is None}


def placeholders(text: str) -> tuple[str, ...]:
    """Return the names between braces in a wording, from left to right."""
    return tuple(match.group(1).strip() for match in _PLACEHOLDER.finditer(text))


def _filled(text: str, values: Mapping[str, str]) -> str:
    return _PLACEHOLDER.sub(lambda match: values[match.group(1).strip()], text)


def _chinese(value: str) -> str:
    if value in {"yes", "no"}:
        return "是" if value == "yes" else "否"
    value = _RATE.sub(lambda found: f"/{_IN_CHINESE[found[1]].removeprefix('个')}", value)
    return _COUNT.sub(lambda found: f" {_IN_CHINESE[found[1]]}", value)
