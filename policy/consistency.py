"""Whether like cases are decided alike: the most similar earlier decisions of a line, and how a proposal differs. Pure.

Regulation (EU) 2025/294, Article 6, asks for it: complaints are to be answered consistently with earlier decisions.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from cases.money import Money
from cases.precedents import Consistency, EarlierDecision, PolicyLine, Precedent
from cases.proposal import ApprovalStage, Proposal
from policy.form import Policy
from policy.units import ChoiceType, NumberType, Type, YesNoType

MOST_NEAREST = 3
MOST_DIFFERENCES = 4
_ONE, _NOTHING = Decimal(1), Decimal(0)


def line_of(proposal: Proposal) -> PolicyLine:
    """Return the line of the policy that decided, the same over all versions."""
    return PolicyLine(f"{proposal.policy_id} / {proposal.reason}")


def band_of(approvals: tuple[ApprovalStage, ...]) -> str:
    """Return the band of the matrix in words: "1 compensation_lead, 1 finance"; "" where nobody must agree."""
    return ", ".join(f"{stage.quorum} {' or '.join(stage.roles)}" for stage in approvals)


def consistency(policy: Policy, proposal: Proposal, earlier: Sequence[EarlierDecision]) -> Consistency:
    """Return what earlier decisions of the same line say of a proposal; `earlier` is newest first.

    Numbers, choices and yes/no are compared, the latter two as alike or not, numbers by how far apart they are in
    parts of the larger one. Times, texts and prices tell cases apart without making them unlike. Decisions of the same
    band of the matrix come before others; among equals the newer one does.
    """
    kinds = _compared(policy)
    here, band = dict(proposal.inputs), band_of(proposal.approvals)
    found = []
    for number, each in enumerate(earlier):
        apart = _apart(kinds, dict(each.inputs), here)
        distance = sum((gap for gap, _ in apart), start=_NOTHING)
        found.append(((each.band != band, distance, number), _precedent(each, apart)))
    found.sort(key=lambda ranked: ranked[0])
    nearest = tuple(precedent for _, precedent in found)
    return Consistency(
        compared=len(earlier),
        agreed=sum(each.agreed for each in earlier),
        nearest=nearest[:MOST_NEAREST],
        unlike=next((each for each in nearest if not each.differs and _otherwise(each, proposal)), None),
    )


def _compared(policy: Policy) -> Mapping[str, Type]:
    """Return the inputs that make cases alike or unlike."""
    asset = policy.money.asset_input
    return {
        each.name: each.type
        for each in policy.inputs
        if each.name == asset or isinstance(each.type, NumberType | YesNoType | ChoiceType)
    }


def _precedent(earlier: EarlierDecision, apart: list[tuple[Decimal, tuple[str, str, str]]]) -> Precedent:
    widest = sorted(apart, key=lambda each: (-each[0], each[1]))
    return Precedent(
        case_id=earlier.case_id,
        decided_at=earlier.decided_at,
        agreed=earlier.agreed,
        amount=earlier.amount,
        policy_version=earlier.policy_version,
        differs=tuple(named for _, named in widest[:MOST_DIFFERENCES]),
    )


def _apart(
    kinds: Mapping[str, Type], there: dict[str, str], here: dict[str, str]
) -> list[tuple[Decimal, tuple[str, str, str]]]:
    """Return (how far, (name, there, here)) of each fact that is not alike; what only one knows is as far as can be."""
    found = []
    for name, kind in kinds.items():
        one, other = there.get(name), here.get(name)
        gap = _gap(one, other, number=isinstance(kind, NumberType))
        if gap:
            found.append((gap, (name, one or "unknown", other or "unknown")))
    return found


def _gap(one: str | None, other: str | None, *, number: bool) -> Decimal:
    """Return how far apart two values are, from 0 (alike) to 1."""
    if one is None or other is None or one == other:
        return _NOTHING if one == other else _ONE
    if not number:
        return _ONE
    try:
        left, right = Decimal(one), Decimal(other)
        larger = max(abs(left), abs(right))
        return min(abs(left - right) / larger, _ONE) if larger else _NOTHING
    except ArithmeticError:
        return _ONE


def _otherwise(earlier: Precedent, proposal: Proposal) -> bool:
    """Whether the same facts were decided otherwise: paid another amount, or declined what would be paid now."""
    return _paid(earlier.amount if earlier.agreed else None) != _paid(proposal.amount)


def _paid(amount: Money | None) -> Money | None:
    return amount if amount is not None and amount.minor else None
