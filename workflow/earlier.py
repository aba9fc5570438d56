"""What a customer was paid or promised earlier, counted by ourselves for the limits of policies that say so."""

from datetime import datetime

from cases.case import About, AwaitingApproval, Case, proposal_of
from cases.money import Money
from cases.proposal import Classification
from policy.counting import counts_from
from policy.form import Limit, Policy
from store.cases import number_of, stake_of
from store.database import Transaction
from workflow.desk import Desk

Inputs = tuple[tuple[str, str], ...]


def with_earlier(desk: Desk, tx: Transaction, policy: Policy, about: About, inputs: Inputs, *, now: datetime) -> Inputs:
    """Return the inputs with those in them that we count ourselves, whatever else was said of them.

    The caller holds the customer, so that two cases of one customer see each other.
    """
    ours = dict(_counted(desk, tx, policy, about, now=now))
    return tuple(sorted((dict(inputs) | ours).items())) if ours else inputs


def is_still_counted(desk: Desk, tx: Transaction, policy: Policy, case: AwaitingApproval, *, now: datetime) -> bool:
    """Whether what a proposal counted is what there is to count now."""
    if not any(limit.counted_by_us for limit in policy.limits):
        return True
    tx.hold(f"customer/{case.proposal.payee}")
    return {*_counted(desk, tx, policy, case.about, now=now)} <= {*case.proposal.inputs}


def _counted(desk: Desk, tx: Transaction, policy: Policy, about: About, *, now: datetime) -> Inputs:
    limits = {str(each.counting): each for each in policy.limits if each.counted_by_us}
    if not limits or about.customer_id is None:
        return ()
    others = desk.cases.others_of(tx.connection, about.customer_id, besides=about.id)
    return tuple((name, _sum(policy, limit, about, others, now=now).text()) for name, limit in sorted(limits.items()))


def _sum(policy: Policy, limit: Limit, about: About, others: tuple[Case, ...], *, now: datetime) -> Money:
    """Return what was paid within the limit's time by any version of this policy, and all that is still promised.

    Of two claims that wait for people the older one counts first: the younger one's proposal leaves it its room. What
    is in fraud review counts too, until it is refused.
    """
    since = counts_from(str(limit.window), now)
    kinds = limit.classifications | {Classification.FRAUD_REVIEW}
    total = Money(minor=0, code=str(policy.money.asset))
    for case in others:
        stake, proposal = stake_of(case), proposal_of(case)
        if stake is None or proposal is None or proposal.policy_id != policy.name:
            continue
        if isinstance(case, AwaitingApproval) and number_of(case.about.id) > number_of(about.id):
            continue
        recent = stake.paid_at is None or stake.paid_at > since
        if recent and proposal.classification in kinds and stake.amount.code == total.code:
            total += stake.amount
    return total
