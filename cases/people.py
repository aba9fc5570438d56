"""People who may decide, and how far: our own role table, whatever a chat tool's groups say."""

from dataclasses import dataclass, replace
from datetime import datetime

from cases.money import Money
from cases.proposal import PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class Authority:
    """One role of one person, with the most they may agree to per asset.

    Fields:
        role: "compensation_lead".
        limits: One Money per asset; an asset that is not listed may not be approved at all.
        lent_by: Whose it is, when it was lent; None for one's own.
    """

    role: str
    limits: tuple[Money, ...]
    lent_by: PersonId | None = None

    def covers(self, amount: Money | None) -> bool:
        """Whether this much may be agreed to in this role; a proposal without an amount always may."""
        return amount is None or any(limit.code == amount.code and amount <= limit for limit in self.limits)


@dataclass(frozen=True, slots=True, kw_only=True)
class Delegation:
    """A role lent by one person to another, for a time and up to an amount; never passed on.

    Fields:
        giver: Who lends it.
        authority: What is lent; its limits never exceed the giver's own.
        starts_at: Aware, UTC, inclusive.
        ends_at: Aware, UTC, exclusive.
    """

    giver: PersonId
    authority: Authority
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A natural person who may be asked, told or identified.

    Fields:
        id: Our id: "amelia".
        name: As shown: "Amelia Chen".
        locale: Language of private answers: "en", "zh".
        slack_id: "U0AMELIA001"; None when they have none.
        helpdesk_ids: Their ids at helpdesks: "zendesk:harbor:5001"; used so that no handler decides their own case.
        authorities: Their roles.
        delegations: Roles lent to them.
        notified: True when they are mentioned in cards; being told and being allowed are separate.
    """

    id: PersonId
    name: str
    locale: str
    slack_id: str | None
    helpdesk_ids: tuple[str, ...]
    authorities: tuple[Authority, ...]
    delegations: tuple[Delegation, ...]
    notified: bool

    def authorities_at(self, now: datetime) -> tuple[Authority, ...]:
        """Return what this person may do now: their own roles, then those lent to them."""
        lent = (each for each in self.delegations if each.starts_at <= now < each.ends_at)
        return self.authorities + tuple(replace(each.authority, lent_by=each.giver) for each in lent)


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """Everyone in the role table."""

    everyone: tuple[Person, ...]

    def by_id(self, person: str) -> Person | None:
        """Return the person with our id; None when there is none."""
        return next((each for each in self.everyone if each.id == person), None)

    def by_slack_id(self, slack_id: str) -> Person | None:
        """Return the person with this Slack id; None when there is none."""
        return next((each for each in self.everyone if each.slack_id == slack_id), None)

    def by_helpdesk_id(self, helpdesk_id: str) -> Person | None:
        """Return the person with this id at a helpdesk ("zendesk:harbor:5001"); None when there is none."""
        return next((each for each in self.everyone if helpdesk_id in each.helpdesk_ids), None)
