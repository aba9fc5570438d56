"""What the story of a case needs from outside; handed in once, by the assembly."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from cases.evidence import Evidence
from cases.loss import Loss, LossKind
from cases.people import People
from cases.proposal import CaseId
from connectors.accounts.client import BelongsToAnother, NotFound
from policy.book import PolicyBook
from store.cases import CaseRepository
from store.database import Database

#: Asks the account data for the facts of a loss; raises the connectors' three errors.
EvidenceSource = Callable[[Loss], Evidence | NotFound | BelongsToAnother]


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """The compensation desk.

    Fields:
        database: Where everything is kept.
        cases: The cases in it.
        policies: Those in force.
        people: Who may decide.
        evidence: Where facts about a loss come from.
        topics: What kind of loss each topic of a ticket names: {"delayed_withdrawal": transaction}.
        pay_way: How approved cases are paid: "payout-provider" or "finance".
        case_url: The address of a case's own page.
    """

    database: Database
    cases: CaseRepository
    policies: PolicyBook
    people: People
    evidence: EvidenceSource
    topics: Mapping[str, LossKind]
    pay_way: str
    case_url: Callable[[CaseId], str]
