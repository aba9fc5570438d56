"""The parts of a case in words, for people: which part, what it is, how it stands."""

from cases.case import Case, Closed, promise_of, proposal_of
from cases.parts import Part, PartStanding, PartState, Standing

MOST_TOLD = 24


def standing_in(case: Case) -> tuple[PartStanding, ...]:
    """Return how the parts of a case stand, in their order; empty before it was approved and where it has none."""
    settled = case.settled if isinstance(case, Closed) else case
    promised = promise_of(settled)
    return promised.standing if promised else getattr(settled, "standing", ())


def parts_told(case: Case) -> tuple[str, ...]:
    """Return a line for each part: "Part 2 of 3, thanks: 20.00 EUR voucher, valid for 90 days: paid as po_8Kq2"."""
    proposal = proposal_of(case)
    parts, standing = (proposal.parts if proposal else ()), standing_in(case)
    lines = [
        f"Part {number} of {len(parts)}, {part.name}: {part}: {_stands(part, standing[number - 1 : number])}"
        for number, part in enumerate(parts, start=1)
    ]
    more = len(lines) - MOST_TOLD
    return (*lines[:MOST_TOLD], f"And {more} more parts.") if more > 0 else tuple(lines)


def _stands(part: Part, standing: tuple[PartStanding, ...]) -> str:
    if not standing:
        return {PartState.DUE: "due", PartState.WAITING: "waits", PartState.LAPSED: "not paid any more"}[part.state]
    return _now(standing[0])


def _now(stands: PartStanding) -> str:
    match stands.state:
        case Standing.WAITING:
            return "waits"
        case Standing.LATER:
            return f"comes on {stands.due_at:%Y-%m-%d %H:%M} UTC"
        case Standing.UNDER_WAY:
            return "under way"
        case Standing.PAID:
            return f"paid as {stands.reference}"
        case Standing.FAILED:
            return f"not paid, a person must look: {stands.why}"
        case Standing.HELD:
            return f"perhaps paid, a person must look: {stands.why}"
        case Standing.LAPSED | Standing.GIVEN_UP:
            return f"not paid any more: {stands.why}"
