"""What is to be paid, to whom, under which key. It can be made from an approved case and from nothing else."""

import re
from dataclasses import dataclass

from cases.case import Approved
from cases.money import Money
from cases.parts import Form, Grant, Part
from cases.proposal import Verdict
from cases.ticket import CustomerId

_CASE_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


class NotPayable(ValueError):
    """Raised when an approved case contradicts itself; nothing may be paid until a person has looked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PayoutOrder:
    """One payout of one approved case.

    The case is checked once more, independently of the workflow: raises NotPayable when its amount is not the
    proposal's or not positive, its parts do not come to it, its payee is not the customer of the loss, or an approval
    is missing or was given for another proposal.

    Fields:
        approved: The approved case.
        part: Which part of the proposal is paid, from 1; 0 for all of one that has no parts.
        key_generation: 1 for the first key; the next one only as `paying.next_step` or a person says.
    """

    approved: Approved
    part: int = 0
    key_generation: int = 1

    def __post_init__(self) -> None:
        if not isinstance(self.approved, Approved):
            raise TypeError(f"only an approved case can be paid, not {type(self.approved).__name__}")
        if self.key_generation < 1:
            raise NotPayable(f"key generation {self.key_generation} must be 1 or more")
        _check_case(self.approved)
        _check_amount(self.approved)
        _check_parts(self.approved, self.part)
        _check_payee(self.approved)
        _check_approvals(self.approved)

    @property
    def key(self) -> str:
        """The idempotency key, the same over every retry and replay: "pay:CASE-4711:9f1c…:1", of a part "9f1c….2:1"."""
        proposal = self.approved.proposal
        return f"pay:{self.approved.about.id}:{payable(proposal.fingerprint, self.part)}:{self.key_generation}"

    @property
    def reference(self) -> str:
        """Our handle at the provider, the same whatever the key: "mw-CASE-4711", of a part "mw-CASE-4711:2"."""
        return reference_of(self.approved, self.part)

    @property
    def payee(self) -> CustomerId:
        """Who is paid: "C-100023"."""
        return self.approved.proposal.payee

    @property
    def ordered(self) -> Part | None:
        """The part that is paid; None for all of a proposal that has no parts."""
        return self.approved.proposal.parts[self.part - 1] if self.part else None

    @property
    def amount(self) -> Money | Grant:
        """How much is handed over; positive."""
        return self.ordered.pays if self.ordered else self.approved.amount

    @property
    def money(self) -> Money | None:
        """The same where it is money; None for a benefit, which no ledger holds."""
        return self.amount if isinstance(self.amount, Money) else None

    @property
    def stands_for(self) -> Money | None:
        """How much of what was approved that is; of another asset than `money` for what is paid in kind."""
        return self.ordered.stands_for if self.ordered else self.approved.amount

    @property
    def form(self) -> Form:
        """What is handed over."""
        return self.ordered.form if self.ordered else Form.CASH

    @property
    def valid_for(self) -> str | None:
        """How long it holds from when it is given: "90 days"; None where nothing is said."""
        return self.ordered.valid_for if self.ordered else None

    @property
    def memo(self) -> str:
        """What the payee may read on their statement; holds no words of theirs: "Compensation CASE-4711"."""
        of_parts = f", {self.part} of {len(self.approved.proposal.parts)}" if self.part else ""
        return f"Compensation {self.approved.about.id}{of_parts}"


def reference_of(approved: Approved, part: int = 0) -> str:
    """Return the reference under which this case's payouts are found at every provider."""
    return f"mw-{approved.about.id}:{part}" if part else f"mw-{approved.about.id}"


def payable(fingerprint: str, part: int) -> str:
    """Return what names a proposal, or one part of it, within its case: "9f1c…", "9f1c….2"."""
    return f"{fingerprint}.{part}" if part else fingerprint


def _check_case(approved: Approved) -> None:
    case_id = approved.about.id
    if not _CASE_ID.fullmatch(case_id):
        raise NotPayable(f"case id {case_id!r} cannot stand in an idempotency key")
    if approved.proposal.case_id != case_id:
        raise NotPayable(f"{case_id}: the proposal is for {approved.proposal.case_id}")


def _check_amount(approved: Approved) -> None:
    case_id, amount, proposed = approved.about.id, approved.amount, approved.proposal.amount
    if amount != proposed:
        raise NotPayable(f"{case_id}: approved {amount}, but proposed {proposed}")
    if not approved.proposal.gives_something:
        raise NotPayable(f"{case_id}: {amount} is not more than nothing")


def _check_parts(approved: Approved, part: int) -> None:
    case_id, parts = approved.about.id, approved.proposal.parts
    if not (1 <= part <= len(parts) if parts else part == 0):
        raise NotPayable(f"{case_id}: there is no part {part} of {len(parts)}")
    if parts and not parts[part - 1].is_payable:
        raise NotPayable(f"{case_id}: part {part} has lapsed or is not more than nothing")
    stand_for = [each.stands_for for each in parts if each.stands_for is not None]
    whole = sum(stand_for, start=Money(minor=0, code=approved.amount.code))
    if stand_for and whole != approved.amount:
        raise NotPayable(f"{case_id}: its parts come to {whole}, not to {approved.amount}")


def _check_payee(approved: Approved) -> None:
    about, payee = approved.about, approved.proposal.payee
    if about.loss is None:
        raise NotPayable(f"{about.id}: no loss is known, so nothing stops it from being paid twice")
    if about.loss.customer_id != payee:
        raise NotPayable(f"{about.id}: payee {payee} is not {about.loss.customer_id}, who had the loss")
    if about.customer_id != payee:
        raise NotPayable(f"{about.id}: payee {payee} is not {about.customer_id}, the customer of the case")


def _check_approvals(approved: Approved) -> None:
    proposal, case_id = approved.proposal, approved.about.id
    for decision in approved.approvals:
        if decision.verdict is not Verdict.APPROVE:
            raise NotPayable(f"{case_id}: {decision.person} said {decision.verdict}")
        if (decision.case_id, decision.fingerprint) != (case_id, proposal.fingerprint):
            raise NotPayable(f"{case_id}: {decision.person} approved another proposal, {decision.fingerprint}")
    for number, stage in enumerate(proposal.approvals):
        people = {each.person for each in approved.approvals if each.stage == number and each.role in stage.roles}
        if len(people) < stage.quorum:
            raise NotPayable(f"{case_id}: approval stage {number} has {len(people)} of {stage.quorum} people")
