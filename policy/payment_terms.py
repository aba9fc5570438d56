"""How a policy pays: the parts of the amount, what is given beside it, a budget for all, and by when. Parsed form."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from cases.money import Money
from policy.calendars import Calendar
from policy.expressions import Condition, Counted, Expression
from policy.mistakes import Place
from policy.units import NumberType


class PayForm(StrEnum):
    """What a part is paid in."""

    CASH = "cash"
    VOUCHER = "voucher"
    CREDIT = "credit"
    IN_KIND = "in kind"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One part of the amount; the parts are taken in order and come to exactly the amount.

    Fields:
        name: "after verification".
        takes: What it takes of what the parts above leave, rounded down; None takes all of that: the last part.
        form: What it is paid in.
        waits_for: It is paid once this holds; None: at once.
        lapses_when: It is not paid any more once this holds; None: never.
        lapses_after: How long after the decision it waits at most, in words: "1 year"; None: for ever.
        asset: The asset of a part in kind: "OKB"; else None.
        rate: How much of the policy's money one unit of it stands for, or the other way round: how much of it one unit
            of the money does, by its unit; None but for a part in kind.
        instalments: In how many equal payments it is paid.
        every: The time between instalments, in words: "30 days"; None for one.
        larger_first: Whether the first instalments carry what does not divide; else the last one does.
        valid_for: How long a voucher or a credit holds, in words: "90 days"; None for other forms.
        calendar: How the working days between instalments are counted.
    """

    name: str
    takes: Expression | None
    form: PayForm
    waits_for: Condition | None
    lapses_when: Condition | None
    lapses_after: str | None
    asset: str | None
    rate: Expression | None
    instalments: int
    every: str | None
    larger_first: bool
    valid_for: str | None
    calendar: Calendar
    place: Place

    @property
    def rate_gives_asset(self) -> bool:
        """Whether the rate says how much of the asset one unit of the money is: USDC per ETH for an amount in ETH."""
        kind = self.rate.node.type if self.rate else None
        return isinstance(kind, NumberType) and kind.unit.top == self.asset

    @property
    def is_plain(self) -> bool:
        """Whether it is everything at once, in cash."""
        return (
            self.takes is None
            and self.form is PayForm.CASH
            and self.waits_for is None
            and self.lapses_when is None
            and self.instalments == 1
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Benefit:
    """What is given beside the money to a claim that is paid: points, days, free trades.

    Fields:
        name: "points".
        when: When it is given.
        gives: How much, in a unit that is no money of the registry; rounded down.
        decimals: How many decimals are kept.
    """

    name: str
    when: Condition
    gives: Expression
    decimals: int
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """What all claims together may get; when they come to more, each is cut pro rata, the largest remainders up."""

    name: str
    at_most: Money
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class PayWithin:
    """By when it is paid: so much time after the decision, or before a moment.

    Fields:
        count: How many of what is counted; 0 with a moment.
        before: The moment; None for a time after the decision.
        calendar: How days are counted.
    """

    count: int
    counted: Counted
    before: datetime | None
    calendar: Calendar


@dataclass(frozen=True, slots=True, kw_only=True)
class TogetherClaim:
    """One claim of an example of several; `times` says how often it stands there."""

    given: tuple[tuple[str, str], ...]
    times: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Together:
    """A worked example of several claims decided together.

    Fields:
        name: "27 claims".
        source: "published", "derived from the published rule", "ours".
        total: What all of them come to.
        amounts: What each comes to, in order; None where the example does not say.
    """

    name: str
    source: str
    claims: tuple[TogetherClaim, ...]
    total: Money
    amounts: tuple[Money, ...] | None
    place: Place
