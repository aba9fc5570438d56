"""What a policy proposes for a case, with its reasons, and what people decide on it."""

import hashlib
import json
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NewType

from cases.money import Money
from cases.parts import Part
from cases.precedents import Consistency
from cases.ticket import CustomerId

CaseId = NewType("CaseId", str)
PersonId = NewType("PersonId", str)


class Classification(StrEnum):
    """What the policy holds a claim to be."""

    VALID_CLAIM = "valid_claim"
    GOODWILL = "goodwill"
    FRAUD_REVIEW = "fraud_review"
    INELIGIBLE = "ineligible"
    INDIVIDUAL_REVIEW = "individual_review"


@dataclass(frozen=True, slots=True, kw_only=True)
class DerivationLine:
    """One step of the way to the amount.

    Fields:
        name: What is worked out: "price part".
        expression: The policy's own text: "max(48.36 - liquidation_price, 0) * quantity".
        filled: The same with the values in it: "max(48.36 - 40.0, 0) * 10".
        value: What comes out, as text with its unit: "83.6 USDT", "yes".
        place: Where in the policy it stands: "okb.yaml:31".
    """

    name: str
    expression: str
    filled: str
    value: str
    place: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalStage:
    """Who must agree at one stage: `quorum` distinct people who each hold one of the roles."""

    roles: tuple[str, ...]
    quorum: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """What is proposed for a case.

    Fields:
        case_id: The case it was worked out for: "CASE-4711".
        revision: 1 for the first; an adjusted amount or new evidence makes the next one and voids earlier approvals.
        classification: What the claim is held to be.
        amount: What is owed; None where nothing can be paid (ineligible, individual review).
        payee: The customer who would be paid.
        reason: The name of the rule that decided: "delayed six hours or more".
        derivation: The steps, in the order they were worked out; empty only for an amount a person set.
        policy_id: Name of the policy: "delayed-withdrawal".
        policy_version: Its version: "3".
        policy_hash: sha256 of the policy's text, hex.
        inputs: What it was worked out from, sorted by name, as text: ("hours_late", "7.5").
        approvals: Stages of agreement needed, in order; empty means none is needed.
        customer_text: What the customer may be told, by language: ("en", "…"), ("zh", "…").
        proposed_by: "policy" or the person who adjusted it.
        decide_within_hours: Time for the decision, from asking.
        sources: (name, sha256) of every price source that was used: ("okx-btc-usdt-mark-1m", "9f…"); and, as
            ("input prices", "1c…"), of the prices themselves, which stand in `inputs`.
        counted_before: Other open or paid amounts that the approvals were looked up with; None: it was not kept then.
        consistency: What earlier decisions say of it; it makes no other proposal of it. None: nothing was compared.
        parts: What it is paid in, and what is given beside it; empty where all of it is paid at once in cash.
    """

    case_id: CaseId
    revision: int
    classification: Classification
    amount: Money | None
    payee: CustomerId
    reason: str
    derivation: tuple[DerivationLine, ...]
    policy_id: str
    policy_version: str
    policy_hash: str
    inputs: tuple[tuple[str, str], ...]
    approvals: tuple[ApprovalStage, ...]
    customer_text: tuple[tuple[str, str], ...]
    proposed_by: str
    decide_within_hours: int
    sources: tuple[tuple[str, str], ...] = field(default=(), compare=False)
    counted_before: tuple[Money, ...] | None = field(default=None, compare=False)
    consistency: Consistency | None = field(default=None, compare=False)
    parts: tuple[Part, ...] = ()

    @property
    def gives_something(self) -> bool:
        """Whether anything is paid or given, now or perhaps later."""
        if self.parts:
            return any(each.is_payable for each in self.parts)
        return self.amount is not None and self.amount.minor > 0

    @property
    def fingerprint(self) -> str:
        """What an approval is bound to: a hash of case, revision, amount, payee, policy, parts; another voids it."""
        bound: list[object] = [self.case_id, self.revision, str(self.amount), self.payee]
        bound += [self.policy_id, self.policy_hash, *(each.bound for each in self.parts)]
        return hashlib.sha256(json.dumps(bound).encode()).hexdigest()[:16]


class Verdict(StrEnum):
    """What a person said."""

    APPROVE = "approve"
    REJECT = "reject"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """One person's word on one revision of a proposal.

    Fields:
        case_id: The case.
        fingerprint: Which proposal it was given for, see `Proposal.fingerprint`.
        verdict: Approve or reject.
        person: Our id of who decided (config/people.yaml): "amelia".
        role: The role they decided in: "compensation_lead".
        stage: Which approval stage it counts for, from 0.
        reason_code: One of the closed list for a rejection; None for an approval.
        comment: Free text, required with reason code "other"; None when nothing was said.
        decided_at: Aware, UTC.
        via: Where: "slack", "cli".
        lent_by: Whose role it was; None when it was their own. Giver and borrower count as one person.
    """

    case_id: CaseId
    fingerprint: str
    verdict: Verdict
    person: PersonId
    role: str
    stage: int
    reason_code: str | None
    comment: str | None
    decided_at: datetime
    via: str
    lent_by: PersonId | None = None
