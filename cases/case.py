"""A case: everything about one loss. Each stage is a type: what a stage does not have cannot be asked of it."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Literal

from cases.loss import Loss
from cases.money import Money
from cases.parts import DROPPED, OVER, STOPPED, PartStanding, Standing
from cases.proposal import CaseId, Decision, Proposal
from cases.ticket import CustomerId, TicketRef


class Stage(StrEnum):
    """The name of each stage, as it is stored and shown."""

    OPENED = "opened"
    PROPOSED = "proposed"
    AWAITING_APPROVAL = "awaiting_approval"
    APPROVED = "approved"
    DECLINED = "declined"
    PAID = "paid"
    CLOSED = "closed"
    JOINED = "joined"
    NEEDS_ATTENTION = "needs_attention"


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What is true of a case at every stage.

    Fields:
        id: "CASE-4711".
        topic: What kind of compensation is asked: "delayed_withdrawal"; None when the ticket does not say.
        loss: What was lost; None while the tickets do not say enough.
        customer_id: Who lost it; None while unknown.
        tickets: The tickets that tell of it, first one first.
        opened_at: Aware, UTC.
        revisions: How many proposals were made so far; the next one gets the next number, whatever happened between.
        handled_by: Helpdesk ids of everyone who handled or asked for it ("zendesk:harbor:5001"); they never decide it.
    """

    id: CaseId
    topic: str | None
    loss: Loss | None
    customer_id: CustomerId | None
    tickets: tuple[TicketRef, ...]
    opened_at: datetime
    revisions: int = 0
    handled_by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A loss is known or suspected; evidence is being gathered."""

    about: About
    stage: Literal[Stage.OPENED] = Stage.OPENED


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposed:
    """A policy has worked out what is owed; nobody has been asked yet."""

    about: About
    proposal: Proposal
    stage: Literal[Stage.PROPOSED] = Stage.PROPOSED


@dataclass(frozen=True, slots=True, kw_only=True)
class AwaitingApproval:
    """People have been asked. `approvals` are those given so far; `decide_by` is when it escalates."""

    about: About
    proposal: Proposal
    approvals: tuple[Decision, ...]
    asked_at: datetime
    decide_by: datetime
    stage: Literal[Stage.AWAITING_APPROVAL] = Stage.AWAITING_APPROVAL


@dataclass(frozen=True, slots=True, kw_only=True)
class Approved:
    """Enough of the right people agreed; the payout is under way. The only stage that can be paid.

    Fields:
        amount: What was approved; where the proposal has parts, all of them together.
        standing: How each part of the proposal stands, in their order; empty for one that has no parts.
    """

    about: About
    proposal: Proposal
    approvals: tuple[Decision, ...]
    amount: Money
    standing: tuple[PartStanding, ...] = ()
    stage: Literal[Stage.APPROVED] = Stage.APPROVED


@dataclass(frozen=True, slots=True, kw_only=True)
class Declined:
    """Nothing is paid: a person said no, or the policy found the claim ineligible (`decision` is None)."""

    about: About
    proposal: Proposal
    decision: Decision | None
    stage: Literal[Stage.DECLINED] = Stage.DECLINED


@dataclass(frozen=True, slots=True, kw_only=True)
class Paid:
    """The provider confirmed the payout, or every part of it that was due.

    Fields:
        amount: As it was approved.
        reference: The provider's id of the payout; of several parts the ids, ", " between them.
        paid_at: When the last part was confirmed that was due at once.
        standing: As in Approved: some parts may still be to come.
    """

    about: About
    proposal: Proposal
    approvals: tuple[Decision, ...]
    amount: Money
    reference: str
    paid_at: datetime
    standing: tuple[PartStanding, ...] = ()
    stage: Literal[Stage.PAID] = Stage.PAID


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed:
    """Every ticket has been told; nothing is left to do. `settled` is how it ended."""

    about: About
    settled: Paid | Declined
    closed_at: datetime
    stage: Literal[Stage.CLOSED] = Stage.CLOSED


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined:
    """The loss turned out to be another case's; `into` has its tickets now, and nothing is paid here."""

    about: About
    into: CaseId
    stage: Literal[Stage.JOINED] = Stage.JOINED


@dataclass(frozen=True, slots=True, kw_only=True)
class NeedsAttention:
    """A person must look before it goes on.

    Fields:
        reason: One sentence that says why.
        missing: Exactly what is missing, by name: ("transaction_id",); empty when something else is wrong.
        proposal: What was proposed, when it got that far.
        unsettled: The approved case whose payout may have moved money and is not over. While it stands, the case keeps
            its loss and nothing is proposed anew; only `makewhole payout` leads out. None when there is none.
    """

    about: About
    reason: str
    missing: tuple[str, ...]
    proposal: Proposal | None
    unsettled: Approved | None = None
    stage: Literal[Stage.NEEDS_ATTENTION] = Stage.NEEDS_ATTENTION


Case = Opened | Proposed | AwaitingApproval | Approved | Declined | Paid | Closed | Joined | NeedsAttention


def promise_of(case: Case) -> Approved | None:
    """Return what was approved and is not over in every part, as it stands; None when nothing more is to be paid."""
    match case:
        case Approved():
            return case
        case NeedsAttention(unsettled=Approved() as unsettled):
            return replace(unsettled, about=case.about)
        case Paid() if is_outstanding(case):
            return Approved(
                about=case.about,
                proposal=case.proposal,
                approvals=case.approvals,
                amount=case.amount,
                standing=case.standing,
            )
        case _:
            return None


def is_outstanding(case: Approved | Paid) -> bool:
    """Whether a part of it is still to come, or a person must look at one."""
    return any(each.state not in OVER for each in case.standing)


def stopped_parts(approved: Approved) -> tuple[int, ...]:
    """Return which parts wait for a person; (0,) for a case without parts, which is asked only when it does."""
    if not approved.standing:
        return (0,)
    return tuple(number for number, each in enumerate(approved.standing, start=1) if each.state in STOPPED)


def given_of(case: Approved | Paid) -> Money:
    """Return what the customer was paid or is promised: the amount without what lapsed or was given up."""
    given = case.amount
    for part, stands in zip(case.proposal.parts, case.standing, strict=False):
        if part.stands_for is not None and stands.state in DROPPED:
            given -= part.stands_for
    return given


def references_of(standing: tuple[PartStanding, ...]) -> str:
    """Return the provider's ids of the parts that were paid, in their order."""
    return ", ".join(each.reference for each in standing if each.state is Standing.PAID)


def proposal_of(case: Case) -> Proposal | None:
    """Return what was proposed for a case, or what it was settled with; None when it never got that far."""
    match case:
        case Opened() | Joined():
            return None
        case Closed():
            return case.settled.proposal
        case _:
            return case.proposal
