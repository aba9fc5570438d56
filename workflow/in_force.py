"""Which released policy decides a case, and what a case waits for while none does."""

from datetime import datetime

import sqlalchemy as sa

from cases.case import NeedsAttention, Stage
from policy.form import Policy
from policy.mistakes import BadPolicy
from store.cases import CaseRepository
from store.database import Transaction
from store.policies import hold
from workflow.desk import Desk

#: So many cases are looked through for those that wait.
MOST_WAITING = 100_000


def deciding(desk: Desk, tx: Transaction, topic: str | None, *, now: datetime) -> Policy | str:
    """Return the released policy that decides a topic now; else why none does, for who looks at the case."""
    try:
        found = desk.policies.policy_for(tx.connection, topic or "", now)
        if found is None:
            # A release under way must either be seen here or see the case that waits for it.
            hold(tx)
            found = desk.policies.policy_for(tx.connection, topic or "", now)
    except BadPolicy as problem:
        return f"A released policy is not understood: {problem}"
    return found or _none_for(topic)


def waits_for_policy(case: NeedsAttention) -> bool:
    """Whether a case waits for nothing but the release of a policy for its topic."""
    return case.unsettled is None and case.reason == _none_for(case.about.topic)


def count_waiting(cases: CaseRepository, connection: sa.Connection) -> int:
    """Return how many cases wait for nothing but the release of a policy."""
    needing = cases.list(connection, stage=Stage.NEEDS_ATTENTION, limit=MOST_WAITING)
    return sum(isinstance(each.case, NeedsAttention) and waits_for_policy(each.case) for each in needing)


def _none_for(topic: str | None) -> str:
    return f'No released policy decides "{topic}" now. Release one (makewhole policy list): then it is looked at again.'
