"""What a card is made from: a case, and what the approver must know beside it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from bot.foreign import marked
from bot.people import mention, to_mention
from bot.words import Words, later
from cases.case import (
    Approved,
    AwaitingApproval,
    Closed,
    Declined,
    Joined,
    NeedsAttention,
    Paid,
)
from cases.loss import Loss
from cases.money import Money
from cases.people import People
from cases.precedents import Precedent
from cases.proposal import PersonId
from cases.ticket import CustomerId, TicketRef
from workflow.approval import open_stage

#: The stages a case can be shown in; before them there is nothing to ask or to tell.
Shown = AwaitingApproval | Approved | Declined | Paid | Closed | Joined | NeedsAttention


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    """Who would be paid, as the account data tells.

    Fields:
        id: "C-100023"; None while unknown.
        name: As they wrote it; foreign words. None when unknown.
        tier: "standard", "vip", "institution"; None when unknown.
        paid_12_months: What they were paid in goodwill in the last 12 months; None when unknown.
    """

    id: CustomerId | None
    name: str | None
    tier: str | None
    paid_12_months: Money | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FraudScore:
    """The account data's fraud score is high. `score` as it was given: "87"."""

    score: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SanctionsHit:
    """The customer is on a sanctions list, or may be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherTickets:
    """More than one ticket tells of this loss; the refs after the first."""

    tickets: tuple[TicketRef, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Contradiction:
    """Two sources do not agree. `fact` is its name; `said` who said what: ("ticket", "12"), ("account-data", "7")."""

    fact: str
    said: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DecidedOtherwise:
    """A case with the same facts was decided otherwise."""

    precedent: Precedent


Caution = FraudScore | SanctionsHit | OtherTickets | Contradiction | DecidedOtherwise


@dataclass(frozen=True, slots=True, kw_only=True)
class CardContent:
    """Everything a card shows of a case.

    Fields:
        case: Where it stands.
        version: Counts the case's changes, from 1; a card that shows this version needs no update.
        customer: Who would be paid.
        warnings: What an approver must not overlook; empty when there is nothing.
        handlers: Who handles the case or asked for it; they are not mentioned, because they may not decide.
        people: The role table, for names and mentions.
        url: The case's own page.
        held_back: Whether only accounts in shadow mode tell of the case by now: nobody may decide it.
    """

    case: Shown
    version: int
    customer: Customer
    warnings: tuple[Caution, ...]
    handlers: tuple[PersonId, ...]
    people: People
    url: str
    held_back: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class StillAsked:
    """Whose word a case waits for: any of the roles, and the Slack ids of those who are to be called."""

    roles: tuple[str, ...]
    slack_ids: tuple[str, ...]


ROLES: Mapping[str, str] = {
    "compensation_lead": later("Compensation lead"),
    "finance": later("Finance"),
    "fraud_analyst": later("Fraud analyst"),
    "head_of_support": later("Head of support"),
}
TIERS: Mapping[str, str] = {
    "standard": later("Standard"),
    "vip": later("VIP"),
    "institution": later("Institution"),
}
_LOSSES: Mapping[str, str] = {
    "order": later("Order {reference}"),
    "position": later("Position {reference}"),
    "transaction": later("Transaction {reference}"),
    "incident": later("Incident {reference}"),
}
LONGEST_REFERENCE = 48
_LONGEST_ROLES = 400
_MOST_MENTIONED = 6


def still_asked(content: CardContent, now: datetime) -> StillAsked | None:
    """Return whose approval is missing now; None when nobody's is."""
    case = content.case
    if not isinstance(case, AwaitingApproval):
        return None
    number = open_stage(case.proposal, case.approvals)
    if number is None:
        return None
    roles = case.proposal.approvals[number].roles
    called = to_mention(
        content.people,
        roles=roles,
        amount=case.proposal.amount,
        spoken=tuple(each.person for each in case.approvals),
        handlers=content.handlers,
        now=now,
    )
    return StillAsked(roles=roles, slack_ids=called)


def asked_for(asked: StillAsked, say: Words) -> str:
    """Return whose approval is missing, as mrkdwn with mentions: "Missing: Finance @Noah"."""
    missing = say("Missing: {roles}", roles=marked(role_names(asked.roles, say), _LONGEST_ROLES))
    return " ".join((missing, *(mention(each) for each in asked.slack_ids[:_MOST_MENTIONED])))


def role_name(role: str, say: Words) -> str:
    """Return how a role is called; one that only the configuration knows reads "night shift" for "night_shift"."""
    return say(ROLES[role]) if role in ROLES else role.replace("_", " ")


def role_names(roles: tuple[str, ...], say: Words) -> str:
    """Return the roles, any of which will do: "Compensation lead or Finance"."""
    return say(" or ").join(role_name(role, say) for role in roles)


def tier_name(tier: str, say: Words) -> str:
    """Return how a customer's tier is called; one we do not know stays as it came: foreign words."""
    return say(TIERS[tier]) if tier in TIERS else tier


def loss_name(loss: Loss | None, reference: str, say: Words) -> str:
    """Return what was lost: "Order A-20931". `reference` is the loss's own, made harmless for where it is shown."""
    return say("Unknown loss") if loss is None else say(_LOSSES[loss.kind], reference=reference)
