"""Like cases are decided alike: what was decided is kept, and set beside what is proposed."""

from dataclasses import replace
from datetime import datetime

from cases.case import Approved, Declined
from cases.precedents import EarlierDecision
from cases.proposal import Proposal
from policy.consistency import band_of, consistency, line_of
from policy.form import Policy
from store import precedents
from store.database import Transaction


def set_beside(tx: Transaction, policy: Policy, proposal: Proposal) -> Proposal:
    """Return the proposal with what earlier decisions on its line say of it."""
    band = band_of(proposal.approvals)
    earlier = precedents.of_line(tx.connection, line_of(proposal), band=band, besides=proposal.case_id)
    return replace(proposal, consistency=consistency(policy, proposal, earlier))


def keep_decision(tx: Transaction, case: Approved | Declined, *, decided_at: datetime) -> None:
    """Keep how a case was decided, for later ones to be compared with."""
    proposal = case.proposal
    decided = EarlierDecision(
        case_id=case.about.id,
        decided_at=decided_at,
        agreed=isinstance(case, Approved),
        amount=case.amount if isinstance(case, Approved) else None,
        policy_version=proposal.policy_version,
        band=band_of(proposal.approvals),
        inputs=proposal.inputs,
    )
    precedents.keep(tx, line_of(proposal), decided)
