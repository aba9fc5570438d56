"""Whether like cases are decided alike: the most similar earlier decisions of a line, and how a proposal differs. Pure.

Regulation (EU) 2025/294, Article 6, asks for it: complaints are to be answered consistently with earlier decisions.
"""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from cases.money import Money
from cases.precedents import Consistency, EarlierDecision, PolicyLine, Precedent
from cases.proposal import ApprovalStage, Proposal
from policy.behind import names_behind
from policy.form import Policy
from policy.units import ChoiceType, NumberType, Type, YesNoType

MOST_NEAREST = 3
MOST_DIFFERENCES = 4
_ONE, _NOTHING = Decimal(1), Decimal(0)
#: What an input counts that the line itself asks for.
_ASKED_FOR = Decimal(4)


def line_of(proposal: Proposal) -> PolicyLine:
    """Return the line of the policy that decided, the same over all versions."""
    return PolicyLine(f"{proposal.policy_id} / {proposal.reason}")


def band_of(approvals: tuple[ApprovalStage, ...]) -> str:
    """Return the band of the matrix in words: "1 compensation_lead, 1 finance"; "" where nobody must agree."""
    return ", ".join(f"{stage.quorum} {' or '.join(stage.roles)}" for stage in approvals)


def consistency(policy: Policy, proposal: Proposal, earlier: Sequence[EarlierDecision]) -> Consistency:
    """Return what earlier decisions of the same line say of a proposal; `earlier` is newest first.

    Numbers, choices and yes/no are compared, the latter two as alike or not. Numbers are as far apart as their
    difference is large beside the larger of the two, or beside what is usual on the line, whichever is less: 0 and 15
    are near each other where others have 400. What the line itself asks for counts four times as much as what only
    other lines ask for. Times, texts and prices tell cases apart without making them unlike. Decisions of the same band
    of the matrix come before others; among equals the newer one does.
    """
    kinds, weights = _compared(policy), _weights(policy, proposal.reason)
    here, band = dict(proposal.inputs), band_of(proposal.approvals)
    facts = [dict(each.inputs) for each in earlier]
    usual = {name: _spread([each.get(name) for each in (here, *facts)]) for name in kinds if _is_number(kinds[name])}
    found = []
    for number, (each, there) in enumerate(zip(earlier, facts, strict=True)):
        apart = [(gap * weights.get(named[0], _ONE), named) for gap, named in _apart(kinds, there, here, usual)]
        distance = sum((gap for gap, _ in apart), start=_NOTHING)
        found.append(((each.band != band, distance, number), _precedent(each, apart, proposal, band)))
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


def _weights(policy: Policy, reason: str) -> Mapping[str, Decimal]:
    """Return the weight of each input that the line which decided asks for; others weigh 1."""
    lines = [each for each in policy.rules if each.name == reason]
    asked = [part for each in lines for part in each.when.parts]
    asked += [each.pay for each in lines if each.pay is not None]
    return dict.fromkeys(names_behind(policy, asked), _ASKED_FOR)


def _spread(texts: Iterable[str | None]) -> Decimal:
    """Return how far apart most of these numbers lie: all but the tenth at either end."""
    known = sorted(each for each in map(_number, texts) if each is not None)
    tenth = len(known) // 10
    return known[-1 - tenth] - known[tenth] if known else _NOTHING


def _number(text: str | None) -> Decimal | None:
    try:
        number = Decimal(text or "")
    except ArithmeticError:
        return None
    return number if number.is_finite() else None


def _is_number(kind: Type) -> bool:
    return isinstance(kind, NumberType)


def _precedent(
    earlier: EarlierDecision, apart: list[tuple[Decimal, tuple[str, str, str]]], proposal: Proposal, band: str
) -> Precedent:
    widest = sorted(apart, key=lambda each: (-each[0], each[1]))
    here, there = proposal.amount, earlier.amount if earlier.agreed else None
    comparable = here is not None and there is not None and here.code == there.code and here != there
    return Precedent(
        case_id=earlier.case_id,
        decided_at=earlier.decided_at,
        agreed=earlier.agreed,
        amount=earlier.amount,
        policy_version=earlier.policy_version,
        differs=tuple(named for _, named in widest[:MOST_DIFFERENCES]),
        more_here=here - there if comparable and here and there else None,
        band=earlier.band if earlier.band != band else None,
    )


def _apart(
    kinds: Mapping[str, Type], there: dict[str, str], here: dict[str, str], usual: Mapping[str, Decimal]
) -> list[tuple[Decimal, tuple[str, str, str]]]:
    """Return (how far, (name, there, here)) of each fact that is not alike; what only one knows is as far as can be."""
    found = []
    for name in kinds:
        one, other = there.get(name), here.get(name)
        gap = _gap(one, other, usual.get(name))
        if gap:
            found.append((gap, (name, one or "unknown", other or "unknown")))
    return found


def _gap(one: str | None, other: str | None, usual: Decimal | None) -> Decimal:
    """Return how far apart two values are, from 0 (alike) to 1. usual: How far numbers of the line lie apart."""
    if one is None or other is None or one == other:
        return _NOTHING if one == other else _ONE
    left, right = _number(one), _number(other)
    if usual is None or left is None or right is None:
        return _ONE
    apart, larger = abs(left - right), max(abs(left), abs(right))
    beside = [apart / each for each in (larger, usual) if each]
    return min(*beside, _ONE) if apart else _NOTHING


def _otherwise(earlier: Precedent, proposal: Proposal) -> bool:
    """Whether the same facts were decided otherwise: paid another amount, or declined what would be paid now."""
    return _paid(earlier.amount if earlier.agreed else None) != _paid(proposal.amount)


def _paid(amount: Money | None) -> Money | None:
    return amount if amount is not None and amount.minor else None
