"""What the story of a case needs from outside; handed in once, by the assembly."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from cases.case import About
from cases.evidence import Evidence
from cases.links import Named
from cases.loss import Loss, LossKind
from cases.people import People
from cases.proposal import CaseId
from cases.ticket import Ticket
from connectors.accounts.client import BelongsToAnother, NotFound
from connectors.prices.filling import Filled
from store.cases import CaseRepository
from store.database import Database
from store.policies import PolicyRepository

#: Asks the account data for the facts of a loss; raises the connectors' three errors.
EvidenceSource = Callable[[Loss], Evidence | NotFound | BelongsToAnother]
#: Says which other tickets a ticket names, of the accounts that we read.
Naming = Callable[[Ticket], tuple[Named, ...]]

#: Fills a policy's price inputs (name, what names their series) from the price book, among the inputs of a case.
Filler = Callable[[Mapping[str, str | None], tuple[tuple[str, str], ...]], Filled]


def names_nothing(_ticket: Ticket) -> tuple[Named, ...]:
    """Return that a ticket names no other: where only one account is read and nobody links its tickets."""
    return ()


def fills_nothing(_wanted: Mapping[str, str | None], inputs: tuple[tuple[str, str], ...]) -> Filled:
    """Return the inputs as they are: where there is no price book."""
    return Filled(inputs=inputs, sources=())


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """The compensation desk.

    Fields:
        database: Where everything is kept.
        cases: The cases in it.
        policies: The released ones decide.
        people: Who may decide.
        evidence: Where facts about a loss come from.
        topics: What kind of loss each topic of a ticket names: {"delayed_withdrawal": transaction}.
        pay_way: How approved cases are paid: "payout-provider" or "finance".
        case_url: The address of a case's own page.
        naming: What a ticket names.
        prices: Fills the price inputs of a policy.
        link_to_cases: Sources whose tickets carry a link to the page of their case, outside of fields.
        shadowed: Sources ("jira:harbor") in shadow mode: what only they tell of is proposed and goes no further.
    """

    database: Database
    cases: CaseRepository
    policies: PolicyRepository
    people: People
    evidence: EvidenceSource
    topics: Mapping[str, LossKind]
    pay_way: str
    case_url: Callable[[CaseId], str]
    naming: Naming = names_nothing
    prices: Filler = fills_nothing
    link_to_cases: frozenset[str] = frozenset()
    shadowed: frozenset[str] = frozenset()

    @property
    def tickets_are_linked(self) -> bool:
        """Whether tickets may name others that belong with them."""
        return self.naming is not names_nothing

    def is_shadow(self, about: About) -> bool:
        """Whether only accounts in shadow mode tell of a case."""
        return bool(self.shadowed) and all(ref.source in self.shadowed for ref in about.tickets)
