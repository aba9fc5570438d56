"""The bot's port to submitted policies, over our database."""

from dataclasses import dataclass
from datetime import datetime

from bot.values import PolicyValue
from workflow.desk import Desk
from workflow.releasing import Refused, Word, may_reject


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptPolicies:
    """Submitted policies, in the policy_versions table."""

    desk: Desk

    def why_not_back(self, value: PolicyValue, slack_id: str, *, now: datetime) -> Refused | None:
        """Return why this person cannot send this text back now; None when they can."""
        word = Word(name=value.name, version=value.version, fingerprint=value.fingerprint, reason=None, said_at=now)
        with self.desk.database.read() as connection:
            found = self.desk.policies.find(connection, value.name, value.version)
        may = may_reject(found, word, self.desk.people.by_slack_id(slack_id))
        return may if isinstance(may, Refused) else None
