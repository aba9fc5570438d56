"""Whether the books of one case say what its payouts make them say; pure.

Every entry can be made again from the approved case, so an entry that was edited, added or taken away shows.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from cases.case import Approved
from payouts.attempt import Attempt, PayoutState
from payouts.ledger import Entry, confirmed, failed, promised, returned, submitted, withdrawn
from payouts.order import PayoutOrder


@dataclass(frozen=True, slots=True, kw_only=True)
class Payout:
    """A payout as it stands. way: "payout-provider" or "finance". part: As in PayoutOrder."""

    approved: Approved
    attempt: Attempt
    way: str
    part: int = 0


def differences(payouts: Iterable[Payout], written: Iterable[Entry]) -> Iterator[str]:
    """Yield how the entries of one case differ from what its payouts must have written; raises NotPayable."""
    there = {entry.id: entry for entry in written}
    possible: dict[str, Entry] = {}
    for payout in payouts:
        order = PayoutOrder(approved=payout.approved, part=payout.part)
        if order.money is not None:  # A benefit that is no money is in no ledger.
            yield from _differences(payout, order, there, possible)
    for name, entry in there.items():
        if name not in possible:
            yield f"{name} is in the books, and no payout made it"
        elif possible[name] != entry:
            yield f"{name} is not as its payout made it"


def _differences(
    payout: Payout, order: PayoutOrder, there: Mapping[str, Entry], possible: dict[str, Entry]
) -> Iterator[str]:
    """Yield what of one payout is missing or does not fit, noting every entry that it may have made."""
    promise = promised(order, payout.approved.proposal.classification)
    takes_back = withdrawn(order, payout.approved.proposal.classification)
    possible |= {promise.id: promise, takes_back.id: takes_back}
    if promise.id not in there:
        yield f"{promise.id} is not in the books"
    for generation in range(1, payout.attempt.key_generation + 1):
        made = _made(payout, generation)
        possible |= {entry.id: entry for entry in made.values()}
        events = {event for event, entry in made.items() if entry.id in there}
        if not _is_possible(payout.attempt, generation, events):
            yield f"{order.reference}: {payout.attempt.state}, but the books hold {sorted(events) or 'nothing'}"


def _made(payout: Payout, generation: int) -> dict[str, Entry]:
    order = PayoutOrder(approved=payout.approved, part=payout.part, key_generation=generation)
    way = payout.way
    return {
        "submitted": submitted(order, way),
        "confirmed": confirmed(order, way),
        "failed": failed(order, way),
        "returned": returned(order, way),
    }


def _is_possible(attempt: Attempt, generation: int, events: set[str]) -> bool:
    """Whether these events of one key generation fit how far the payout has come."""
    if generation < attempt.key_generation:
        return events in (set(), {"submitted", "failed"}, {"submitted", "confirmed", "returned"})
    match attempt.state:
        case PayoutState.CONFIRMED:
            return events == {"submitted", "confirmed"}
        case PayoutState.FAILED:
            return events in ({"submitted", "failed"}, {"submitted", "confirmed", "returned"})
        case _:
            return events == ({"submitted"} if attempt.under_way else set())
