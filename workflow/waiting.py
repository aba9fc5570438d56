"""Parts that wait: once what they wait for holds they are paid, and what lapses is told to everybody.

They are looked at again each day, when a ticket of the case says something new, and when a person asks for it.
"""

from datetime import datetime

from cases.case import Approved, promise_of
from cases.parts import PartStanding, PartState, Standing
from connectors.accounts.client import BelongsToAnother, NotFound
from policy.due_dates import due_dates
from policy.waiting import state_now
from store import erasing, evidence, tickets
from store.cases import StoredCase
from store.database import Transaction
from workflow import claims
from workflow.desk import Desk
from workflow.ending import LOOK, LOOKED_EVERY, part_told, promise_part, stand_anew


def look(desk: Desk, key: str, *, now: datetime) -> None:
    """Look whether parts of a case can be paid by now. A job; it asks for the next one while any part waits.

    key: The case, the approved proposal, and the day or what made it necessary: "CASE-4711/9f1c…/2026-11-23".
    """
    case_id, fingerprint = key.split("/")[:2]
    with desk.database.read() as connection:
        promised = promise_of(desk.cases.find(connection, case_id).case)
    if promised is None or promised.proposal.fingerprint != fingerprint or not waits(promised):
        return
    found = desk.evidence(promised.about.loss) if promised.about.loss else None
    with desk.database.begin() as tx:
        stored = desk.cases.lock(tx, case_id)
        promised = promise_of(stored.case)
        if promised is None or promised.proposal.fingerprint != fingerprint:
            return
        if found is not None and not isinstance(found, NotFound | BelongsToAnother):
            gone = erasing.erased_at(tx.connection, (promised.proposal.payee,))
            evidence.keep(tx, case_id, erasing.without_persons(found) if gone else found, now=now)
        theirs = not isinstance(found, NotFound | BelongsToAnother)
        left = _look_at(desk, tx, stored, promised, theirs=theirs, now=now)
        if waits(left):
            following = [f"{case_id}/{fingerprint}/{now + days * LOOKED_EVERY:%Y-%m-%d}" for days in (1, 2)]
            # One that was asked for on the day before its own must not be taken for its own successor.
            tomorrow = next(each for each in following if each != key)
            tx.enqueue(LOOK, tomorrow, delay_seconds=LOOKED_EVERY.total_seconds())


def look_soon(tx: Transaction, stored: StoredCase, why: str) -> bool:
    """Have a case looked at now, where parts of it wait; False where none does. why: Names the occasion in the job."""
    promised = promise_of(stored.case)
    if promised is None or not waits(promised):
        return False
    tx.enqueue(LOOK, f"{promised.about.id}/{promised.proposal.fingerprint}/{why}")
    return True


def waits(promised: Approved) -> bool:
    """Whether any part waits for something."""
    return any(each.state is Standing.WAITING for each in promised.standing)


def _look_at(  # Which case, what it has promised, and whether the loss is its customer's.
    desk: Desk, tx: Transaction, stored: StoredCase, promised: Approved, *, theirs: bool, now: datetime
) -> Approved:
    """Let each part that waited be due, or lapse, as the facts say now; return what is promised then.

    theirs: False where the account data does not know the loss as this customer's: nothing is due then.
    """
    proposal = promised.proposal
    policy = desk.policies.policy(tx.connection, proposal.policy_hash)
    if policy is None:
        raise LookupError(f"{proposal.case_id}: its policy is not kept")
    inputs = _inputs(desk, tx, promised)
    due = due_dates(policy, proposal.parts, now)
    standing = list(promised.standing)
    changed_parts: list[int] = []
    for number, (part, stands) in enumerate(zip(proposal.parts, promised.standing, strict=True), start=1):
        if stands.state is Standing.WAITING:
            decided_at = max((each.decided_at for each in promised.approvals), default=None)
            state = state_now(policy, part.name, inputs, decided_at=decided_at, now=now)
            state = PartState.WAITING if state is PartState.DUE and not theirs else state
            standing[number - 1] = _stands_now(state, due[number - 1], now=now)
            if standing[number - 1] != stands:
                changed_parts.append(number)
    if not changed_parts:
        return promised
    after = Approved(
        about=promised.about,
        proposal=proposal,
        approvals=promised.approvals,
        amount=promised.amount,
        standing=tuple(standing),
    )
    for number in changed_parts:
        due_at = standing[number - 1].due_at
        if due_at is not None:
            promise_part(desk, tx, after, number, due_at=due_at, now=now)
    lapsed = all(standing[number - 1].state is Standing.LAPSED for number in changed_parts)
    told = {"parts": "; ".join(part_told(proposal, number) for number in changed_parts)}
    stand_anew(desk, tx, stored, after, event="parts lapsed" if lapsed else "parts due", detail=told, now=now)
    return after


def _inputs(desk: Desk, tx: Transaction, promised: Approved) -> tuple[tuple[str, str], ...]:
    """Return what the proposal was worked out from, and over it what the case's tickets and evidence say now.

    A ticket that names another loss by now says nothing of this one, though the case was paid for it too.
    """
    about = promised.about
    known, belongs = tickets.known(tx.connection, about.tickets), tickets.cases_of(tx.connection, about.tickets)
    mine = [known[ref].ticket for ref in about.tickets if ref in known and belongs.get(str(ref)) == about.id]
    first = next((each for each in mine if claims.names_the_loss(each, about, desk.topics)), next(iter(mine), None))
    fresh = claims.inputs_of(first, evidence.of_case(tx.connection, about.id))
    return tuple(sorted((dict(promised.proposal.inputs) | dict(fresh)).items()))


def _stands_now(state: PartState, due_at: datetime, *, now: datetime) -> PartStanding:
    match state:
        case PartState.WAITING:
            return PartStanding(state=Standing.WAITING)
        case PartState.DUE:
            return PartStanding(state=Standing.LATER, due_at=due_at)
        case PartState.LAPSED:
            return PartStanding(state=Standing.LAPSED, settled_at=now, why="the policy pays it no more")
