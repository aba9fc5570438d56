"""The payments that one proposal comes to when it is not paid whole, at once and in cash, and how each stands."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from cases.money import AssetMismatch, Money


class Form(StrEnum):
    """What is handed over."""

    CASH = "cash"
    CREDIT = "credit"
    VOUCHER = "voucher"
    IN_KIND = "in kind"
    BENEFIT = "benefit"


class PartState(StrEnum):
    """Whether a part could be paid when it was proposed."""

    DUE = "due"
    WAITING = "waiting"
    LAPSED = "lapsed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """So much of what is no money: points, days without fees.

    Fields:
        quantity: A plain decimal number: "150".
        code: What it is counted in: "POINTS".
    """

    quantity: str
    code: str

    def text(self) -> str:
        """Return how much, without what: "150"."""
        return self.quantity

    def __str__(self) -> str:
        return f"{self.quantity} {self.code}"


def as_ordered(amount: str, code: str, ordered: Money | Grant) -> Money | Grant:
    """Return what others say was paid, as what was ordered: money or a benefit; raises what Money.exactly does."""
    if isinstance(ordered, Money):
        return Money.exactly(amount, code)
    same = Decimal(amount) == Decimal(ordered.quantity)
    return Grant(quantity=ordered.quantity if same else amount, code=code)


def added(one: Money | Grant, other: Money | Grant) -> Money | Grant:
    """Return two amounts of one asset, or of one benefit, together; raises AssetMismatch."""
    if isinstance(one, Money) and isinstance(other, Money):
        return one + other
    if isinstance(one, Money) or isinstance(other, Money) or one.code != other.code:
        raise AssetMismatch(f"{one} and {other} are different assets")
    return Grant(quantity=f"{Decimal(one.quantity) + Decimal(other.quantity):f}", code=one.code)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One payment of several: a part of the amount, one instalment of a part, or a benefit beside the amount.

    Fields:
        name: As the policy calls it: "after verification".
        form: What it is paid in.
        pays: What is handed over: 20 EUR, 0.5 OKB, 150 POINTS.
        stands_for: How much of the proposal's amount that is; all parts' come to the amount. None for a benefit.
        state: Whether it could be paid when it was proposed.
        instalment: Which one it is, from 1.
        instalments: Of how many.
        every: The time between them, in words: "30 days"; None for one.
        valid_for: How long a voucher or a credit holds from when it is given: "90 days"; None where nothing is said.
    """

    name: str
    form: Form
    pays: Money | Grant
    stands_for: Money | None
    state: PartState
    instalment: int = 1
    instalments: int = 1
    every: str | None = None
    valid_for: str | None = None

    @property
    def is_nothing(self) -> bool:
        """Whether it comes to nothing that could be handed over, as a share that is smaller than the smallest unit."""
        return self.pays.minor <= 0 if isinstance(self.pays, Money) else Decimal(self.pays.quantity) <= 0

    @property
    def is_payable(self) -> bool:
        """Whether it is paid now or may be later."""
        return self.state is not PartState.LAPSED and not self.is_nothing

    def __str__(self) -> str:
        said = f"{self.pays} {self.form.value}" if self.form is not Form.BENEFIT else str(self.pays)
        if self.form is Form.IN_KIND:
            said = f"{self.pays} in kind for {self.stands_for}"
        if self.valid_for is not None:
            said = f"{said}, valid for {self.valid_for}"
        return f"{said}, instalment {self.instalment} of {self.instalments}" if self.instalments > 1 else said

    @property
    def bound(self) -> tuple[str | int | None, ...]:
        """All of it that an approval is bound to."""
        stands_for = None if self.stands_for is None else str(self.stands_for)
        terms = (self.state, self.instalment, self.instalments, self.every, self.valid_for)
        return (self.name, self.form, str(self.pays), stands_for, *terms)


class Standing(StrEnum):
    """How one part of an approved case stands.

    waiting: What it waits for does not hold yet.
    later: It is paid on its day, or has been under way since then.
    under_way: It is being paid.
    paid: It was confirmed.
    failed: It was not paid, that is certain, and a person must say whether it is tried again.
    held: It may have been paid, and a person must find out.
    lapsed: The policy pays it no more.
    given_up: A person decided that it is not paid.
    """

    WAITING = "waiting"
    LATER = "later"
    UNDER_WAY = "under_way"
    PAID = "paid"
    FAILED = "failed"
    HELD = "held"
    LAPSED = "lapsed"
    GIVEN_UP = "given_up"


#: A person must look at parts that stand so.
STOPPED = frozenset({Standing.FAILED, Standing.HELD})
#: Nothing comes any more of parts that stand so, and nothing came.
DROPPED = frozenset({Standing.LAPSED, Standing.GIVEN_UP})
#: Parts that stand so are over.
OVER = DROPPED | {Standing.PAID}


@dataclass(frozen=True, slots=True, kw_only=True)
class PartStanding:
    """How one part stands, and since when.

    Fields:
        state: See Standing.
        due_at: From when it is paid; None while it waits, and where it never will be.
        settled_at: When it was over; None before.
        reference: The provider's id of it; "" until it is paid.
        why: What a person must know of it; "" where nothing is to be said.
    """

    state: Standing
    due_at: datetime | None = None
    settled_at: datetime | None = None
    reference: str = ""
    why: str = ""
