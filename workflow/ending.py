"""What a case makes of its payouts: from the promise that an approval gives to the ticket that was told how it ended.

    Approved -> Paid -> Closed          every part that was due is paid; Closed once none is to come and all were told
        `-> NeedsAttention              a part needs a person; the others go on by themselves

A proposal without parts has one payout; one with parts has a payout for each of them, and is what all of them say.
How a payout is carried out stands in paying.py.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from cases.case import (
    Approved,
    Case,
    Closed,
    Declined,
    NeedsAttention,
    Paid,
    is_outstanding,
    promise_of,
    references_of,
    stopped_parts,
)
from cases.parts import DROPPED, STOPPED, Part, PartStanding, PartState, Standing
from cases.proposal import CaseId, Proposal
from payouts.attempt import may_have_moved
from payouts.ledger import promised
from payouts.order import NotPayable, PayoutOrder, payable
from policy.due_dates import due_dates
from store import books, outbox
from store.audit import Change
from store.books import StoredPayout
from store.cases import StoredCase
from store.database import Transaction
from store.outbox import Kind
from workflow.changing import changed
from workflow.desk import Desk
from workflow.moving import withdraw
from workflow.telling import tell_card, tell_everyone, tell_slack

PAY, LOOK = "pay", "look"
SYNC, POLICY = "sync", "policy"
#: Parts that wait are looked at so often.
LOOKED_EVERY = timedelta(days=1)


# --- An approval is a promise --------------------------------------------------------------------------------------


def planned(desk: Desk, tx: Transaction, proposal: Proposal, *, now: datetime) -> tuple[PartStanding, ...]:
    """Return how each part of a proposal stands when it is approved now; empty for one that has no parts."""
    policy = desk.policies.policy(tx.connection, proposal.policy_hash) if proposal.parts else None
    if policy is None:
        if proposal.parts:
            raise NotPayable(f"{proposal.case_id}: its policy is not kept, so nobody knows when its parts are due")
        return ()
    due = due_dates(policy, proposal.parts, now)
    return tuple(_planned(part, at, now=now) for part, at in zip(proposal.parts, due, strict=True))


def _planned(part: Part, due_at: datetime, *, now: datetime) -> PartStanding:
    if part.is_nothing:
        return PartStanding(state=Standing.LAPSED, settled_at=now, why="it comes to nothing that can be paid")
    match part.state:
        case PartState.LAPSED:
            return PartStanding(state=Standing.LAPSED, settled_at=now, why="the policy pays it no more")
        case PartState.WAITING:
            return PartStanding(state=Standing.WAITING)
        case PartState.DUE:
            return PartStanding(state=Standing.LATER if due_at > now else Standing.UNDER_WAY, due_at=due_at)


def promise(desk: Desk, tx: Transaction, approved: Approved, *, now: datetime) -> None:
    """Promise every part that nothing holds back, in the books, and have it paid from its day on; raises NotPayable."""
    if any(may_have_moved(each.attempt) for each in books.payouts_of(tx.connection, [approved.about.id])):
        raise NotPayable(f"{approved.about.id}: an earlier payout of this case is not over")
    if not approved.standing:
        promise_part(desk, tx, approved, 0, due_at=now, now=now)
    for number, stands in enumerate(approved.standing, start=1):
        if stands.due_at is not None:
            promise_part(desk, tx, approved, number, due_at=stands.due_at, now=now)
    if any(each.state is Standing.WAITING for each in approved.standing):
        tomorrow = f"{approved.about.id}/{approved.proposal.fingerprint}/{now + LOOKED_EVERY:%Y-%m-%d}"
        tx.enqueue(LOOK, tomorrow, delay_seconds=LOOKED_EVERY.total_seconds())


def promise_part(  # Which part of what, and from when.
    desk: Desk, tx: Transaction, approved: Approved, part: int, *, due_at: datetime, now: datetime
) -> None:
    """Promise one part of an approved case, 0 for all of one without parts; raises NotPayable."""
    order = PayoutOrder(approved=approved, part=part)
    waits = max((due_at - now).total_seconds(), 0.0)
    books.add_payout(tx, approved, part=part, way=desk.pay_way, now=now, due_at=due_at if waits else None)
    if order.money is not None:
        books.post(tx, promised(order, approved.proposal.classification), approved.about.id, now=now)
    tx.enqueue(PAY, f"{approved.about.id}/{payable(approved.proposal.fingerprint, part)}", delay_seconds=waits)


# --- A payout is known ---------------------------------------------------------------------------------------------


def was_paid(desk: Desk, tx: Transaction, payout: StoredPayout, *, actor: str = "provider", now: datetime) -> None:
    """Take in that a payout was confirmed by the provider, or by whoever paid it."""
    reference = payout.attempt.provider_id or ""
    stands = PartStanding(state=Standing.PAID, settled_at=now, reference=reference)
    _take_in(desk, tx, payout, stands, actor=actor, now=now)


def was_not_paid(desk: Desk, tx: Transaction, payout: StoredPayout, reason: str, *, now: datetime) -> None:
    """Take in that a payout cannot go on by itself; a person must look.

    Where it is certain that nothing of the case was or will be paid, its promises are taken back and the claim may be
    proposed anew.
    """
    state = Standing.HELD if may_have_moved(payout.attempt) else Standing.FAILED
    _take_in(desk, tx, payout, PartStanding(state=state, why=reason), actor="provider", now=now)


def was_given_up(desk: Desk, tx: Transaction, payout: StoredPayout, person: str, *, now: datetime) -> None:
    """Take in that a person decided that a payout is not made; its promise is taken back."""
    withdraw(tx, payout, now=now)
    why = f"{person} found that nothing was paid"
    stands = PartStanding(state=Standing.GIVEN_UP, settled_at=now, why=why)
    _take_in(desk, tx, payout, stands, actor=person, now=now)


def resume(
    desk: Desk, tx: Transaction, case_id: CaseId, person: str, *, part: int | None, now: datetime
) -> StoredPayout | None:
    """Let a payout that waits for a person be under way again, for who has seen to it; None when there is none.

    part: Which part it is; None for the only one that waits, or for a case without parts.
    """
    stored = desk.cases.lock(tx, case_id)
    if not isinstance(stored.case, NeedsAttention) or stored.case.unsettled is None:
        return None
    approved = replace(stored.case.unsettled, about=stored.case.about)
    number = _stopped_part(approved, part)
    if number is None:
        return None
    payout = books.find_payout(tx.connection, case_id, approved.proposal.fingerprint, number)
    if payout is None:
        return None
    standing = _with_part(approved, number, PartStanding(state=Standing.UNDER_WAY, due_at=now))
    after = _case_of(replace(approved, standing=standing if number else ()), standing, stored.case, now=now)
    detail = {"part": part_told(approved.proposal, number)} if number else {}
    saved = desk.cases.save(tx, stored, after, changed(now, person, "payout resumed", **detail))
    tell_card(tx, saved, now=now)
    name = payable(approved.proposal.fingerprint, number)
    tx.enqueue(PAY, f"{case_id}/{name}/{saved.version}")
    return payout


def _stopped_part(approved: Approved, part: int | None) -> int | None:
    """Return which part waits for a person: the one that was named, or the only one; 0 for a case without parts."""
    stopped = stopped_parts(approved)
    if part is None:
        return stopped[0] if len(stopped) == 1 else None
    return part if part in stopped else None


def _take_in(
    desk: Desk, tx: Transaction, payout: StoredPayout, stands: PartStanding, *, actor: str, now: datetime
) -> None:
    """Let a case be what its payouts make of it, now that one of them stands so; a repeat changes nothing."""
    stored = desk.cases.lock(tx, payout.approved.about.id)
    before = promise_of(stored.case)
    if before is None or before.proposal.fingerprint != payout.approved.proposal.fingerprint:
        return
    if not payout.part and not isinstance(stored.case, Approved):
        return
    if payout.part and _is_known(before.standing[payout.part - 1], stands):
        return
    standing = _with_part(before, payout.part, stands)
    promised_now = replace(before, standing=standing if payout.part else ())
    after = _after(tx, promised_now, standing, stored.case, now=now)
    event, detail = _told(payout, stands, stored.case, after)
    _save(desk, tx, stored, after, changed(now, actor, event, **detail))


def stand_anew(  # Which case, what is promised now, and what the history says of it.
    desk: Desk,
    tx: Transaction,
    stored: StoredCase,
    promised_now: Approved,
    *,
    event: str,
    detail: dict[str, str],
    now: datetime,
) -> None:
    """Let a case be what its parts make of it, now that some of them stand otherwise than before."""
    after = _after(tx, promised_now, promised_now.standing, stored.case, now=now)
    _save(desk, tx, stored, after, changed(now, POLICY, event, **detail))


def _after(
    tx: Transaction, promised_now: Approved, standing: tuple[PartStanding, ...], before: Case, *, now: datetime
) -> Approved | Paid | NeedsAttention:
    """Return the case that these parts make; its promises are taken back where nothing was or will be paid."""
    if not _nothing_is_paid(tx, promised_now, standing):
        return _case_of(promised_now, standing, before, now=now)
    for each in books.payouts_for(tx.connection, promised_now.about.id, promised_now.proposal.fingerprint):
        withdraw(tx, each, now=now)
    reason = _reason(promised_now.proposal, standing)
    return NeedsAttention(about=promised_now.about, reason=reason, missing=(), proposal=promised_now.proposal)


def _save(desk: Desk, tx: Transaction, stored: StoredCase, after: Case, change: Change) -> None:
    saved = desk.cases.save(tx, stored, after, change)
    if isinstance(after, Approved) and isinstance(stored.case, Approved) and change.event == "part paid":
        tell_slack(tx, saved, change)  # Its tickets are told once all that is due is paid.
        return
    tell_everyone(desk, tx, saved, change)
    was_told(desk, tx, after.about.id, now=change.at)


def _is_known(before: PartStanding, stands: PartStanding) -> bool:
    return (before.state, before.reference, before.why) == (stands.state, stands.reference, stands.why)


def _with_part(approved: Approved, part: int, stands: PartStanding) -> tuple[PartStanding, ...]:
    """Return how the parts stand once this one stands so; one that has parts keeps the day on which it was due."""
    if not part:
        return (stands,)
    due_at = stands.due_at or approved.standing[part - 1].due_at
    standing = list(approved.standing)
    standing[part - 1] = replace(stands, due_at=due_at)
    return tuple(standing)


def _nothing_is_paid(tx: Transaction, approved: Approved, standing: tuple[PartStanding, ...]) -> bool:
    """Whether it is certain that nothing of a case was or will be paid, and nothing of it is to come by itself."""
    going = {Standing.PAID, Standing.UNDER_WAY, Standing.HELD}
    dropped = all(each.state in DROPPED for each in standing)
    if any(each.state in going for each in standing) or not (dropped or any(e.state in STOPPED for e in standing)):
        return False
    mine = books.payouts_of(tx.connection, [approved.about.id])
    return not any(may_have_moved(each.attempt) for each in mine)


def _case_of(
    approved: Approved, standing: tuple[PartStanding, ...], before: Case, *, now: datetime
) -> Approved | Paid | NeedsAttention:
    """Return the case that these parts make: a person's, under way, or paid as far as it was due."""
    if any(each.state in STOPPED for each in standing):
        return NeedsAttention(
            about=approved.about,
            reason=_reason(approved.proposal, standing),
            missing=(),
            proposal=approved.proposal,
            unsettled=approved,
        )
    states = {each.state for each in standing}
    if Standing.UNDER_WAY in states or Standing.PAID not in states:
        return approved
    return Paid(
        about=approved.about,
        proposal=approved.proposal,
        approvals=approved.approvals,
        amount=approved.amount,
        reference=references_of(standing),
        paid_at=before.paid_at if isinstance(before, Paid) else now,
        standing=approved.standing,
    )


def _reason(proposal: Proposal, standing: tuple[PartStanding, ...]) -> str:
    if not proposal.parts:
        return f"The payout needs a person: {standing[0].why}"
    of = len(standing)
    named = [
        f"part {number} of {of}, {part} ({part.name}): {each.why}"
        for number, (part, each) in enumerate(zip(proposal.parts, standing, strict=True), start=1)
        if each.state in STOPPED
    ]
    if not named:
        return "Nothing of it was paid: every part has lapsed or was given up."
    paid = [str(number) for number, each in enumerate(standing, start=1) if each.state is Standing.PAID]
    others = f"Paid: part {', '.join(paid)}." if paid else "No part is paid yet."
    return f"The payout needs a person: {'; '.join(named)}. {others}"


def part_told(proposal: Proposal, part: int) -> str:
    """Return which part of a proposal it is, for its history: "2 of 4, after verification"."""
    return f"{part} of {len(proposal.parts)}, {proposal.parts[part - 1].name}"


def _told(payout: StoredPayout, stands: PartStanding, before: Case, after: Case) -> tuple[str, dict[str, str]]:
    """Return what the history says of it: the event, and its detail."""
    detail = {"part": part_told(payout.approved.proposal, payout.part)} if payout.part else {}
    match stands.state:
        case Standing.PAID:
            whole = isinstance(after, Paid) and not isinstance(before, Paid)
            amount = {"amount": str(payout.order.amount), "reference": stands.reference}
            return ("paid" if whole else "part paid"), detail | amount
        case Standing.GIVEN_UP if payout.part:
            return "part given up", detail | {"reason": stands.why}
        case _:
            over = "yes" if isinstance(after, NeedsAttention) and after.unsettled is None else "no"
            return "not paid", detail | {"reason": stands.why, "over": over}


# --- Everyone has been told ----------------------------------------------------------------------------------------


def was_told(desk: Desk, tx: Transaction, case_id: CaseId, *, now: datetime) -> None:
    """Close a settled case once no ticket of it waits for a note and no part of it is to come.

    Called in the transaction that ends a note.
    """
    stored = desk.cases.lock(tx, case_id)
    case = stored.case
    if not isinstance(case, Paid | Declined) or (isinstance(case, Paid) and is_outstanding(case)):
        return
    if not outbox.unsent(tx.connection, stored.number, Kind.NOTE):
        closed = Closed(about=case.about, settled=case, closed_at=now)
        desk.cases.save(tx, stored, closed, changed(now, SYNC, "closed"))
