"""Earlier decisions on the same line of a policy, set beside a proposal so that like cases are decided alike."""

from dataclasses import dataclass
from datetime import datetime
from typing import NewType

from cases.money import Money

#: A line of a policy, over all its versions: "delayed-withdrawal / delayed six hours or more".
PolicyLine = NewType("PolicyLine", str)


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlierDecision:
    """How another case was decided on the same line.

    Fields:
        case_id: "CASE-4711".
        decided_at: Aware, UTC.
        agreed: Whether it was agreed to; False when it was declined.
        amount: What was agreed; None where nothing was.
        policy_version: The version that proposed it: "2".
        band: Who had to agree, as the matrix said: "1 compensation_lead, 1 finance".
        inputs: What it was worked out from, as text: ("hours_late", "7.5").
    """

    case_id: str
    decided_at: datetime
    agreed: bool
    amount: Money | None
    policy_version: str
    band: str
    inputs: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Precedent:
    """An earlier decision like a proposal, and how the two differ.

    Fields:
        case_id: "CASE-4711".
        decided_at: Aware, UTC.
        agreed: Whether it was agreed to.
        amount: What was agreed; None where nothing was.
        policy_version: The version that proposed it: "2".
        differs: (name, there, here) of facts that are not alike, the widest apart first: ("hours_late", "7.5", "9").
        more_here: What is proposed now, less what was agreed then; None where that is nothing, or there is no amount in
            the same asset on both sides.
        band: Who had to agree then; None where the same people must agree now.
    """

    case_id: str
    decided_at: datetime
    agreed: bool
    amount: Money | None
    policy_version: str
    differs: tuple[tuple[str, str, str], ...]
    more_here: Money | None = None
    band: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Consistency:
    """What earlier decisions say of a proposal. It is no part of the proposal: approvals are not bound to it.

    Fields:
        compared: How many earlier decisions of the line were looked at.
        agreed: How many of them were agreed to.
        nearest: The most similar ones, the most similar first.
        unlike: One with the same facts that was decided otherwise, the newest; None when there is none.
    """

    compared: int
    agreed: int
    nearest: tuple[Precedent, ...]
    unlike: Precedent | None
