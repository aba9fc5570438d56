"""What is to be paid, to whom, under which key. It can be made from an approved case and from nothing else."""

import re
from dataclasses import dataclass

from cases.case import Approved
from cases.money import Money
from cases.proposal import Verdict
from cases.ticket import CustomerId

_CASE_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


class NotPayable(ValueError):
    """Raised when an approved case contradicts itself; nothing may be paid until a person has looked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PayoutOrder:
    """One payout of one approved case.

    The case is checked once more, independently of the workflow: raises NotPayable when its amount is not the
    proposal's or not positive, its payee is not the customer of the loss, or an approval is missing or was given
    for another proposal.

    Fields:
        approved: The approved case.
        key_generation: 1 for the first key; the next one only as `paying.next_step` or a person says.
    """

    approved: Approved
    key_generation: int = 1

    def __post_init__(self) -> None:
        if not isinstance(self.approved, Approved):
            raise TypeError(f"only an approved case can be paid, not {type(self.approved).__name__}")
        if self.key_generation < 1:
            raise NotPayable(f"key generation {self.key_generation} must be 1 or more")
        _check_case(self.approved)
        _check_amount(self.approved)
        _check_payee(self.approved)
        _check_approvals(self.approved)

    @property
    def key(self) -> str:
        """The idempotency key, the same over every retry and replay: "pay:CASE-4711:9f1c…:1"."""
        return f"pay:{self.approved.about.id}:{self.approved.proposal.fingerprint}:{self.key_generation}"

    @property
    def reference(self) -> str:
        """Our handle at the provider, the same for a case for ever, whatever the key: "mw-CASE-4711"."""
        return reference_of(self.approved)

    @property
    def payee(self) -> CustomerId:
        """Who is paid: "C-100023"."""
        return self.approved.proposal.payee

    @property
    def amount(self) -> Money:
        """How much; positive."""
        return self.approved.amount

    @property
    def memo(self) -> str:
        """What the payee may read on their statement; holds no words of theirs: "Compensation CASE-4711"."""
        return f"Compensation {self.approved.about.id}"


def reference_of(approved: Approved) -> str:
    """Return the reference under which this case's payouts are found at every provider."""
    return f"mw-{approved.about.id}"


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
    if amount.minor <= 0:
        raise NotPayable(f"{case_id}: {amount} is not more than nothing")


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
