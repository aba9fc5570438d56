"""What is known of each loss: which tickets live, what was done to them, and so what must come of it.

Of ownership it knows what docs/mirroring.md says, worked out here and by none of the product's code.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from cases.ticket import TicketRef, Vendor
from tests.chaos.desks import Seen
from tests.chaos.losses import Loss

#: Who owns which field in the settings of this test; "ours" stands for `makewhole`.
OWNERS: dict[str, str] = {
    "order_id": "newest",
    "claimed_amount": "zendesk",
    "position_id": "salesforce",
    "claimed_asset": "jira",
    "incident_id": "ours",
}
OUR_FIELDS = ("mw_state", "mw_amount", "mw_currency", "mw_reason")


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What somebody wrote, in words that nobody writes twice.

    Fields:
        ref: Where.
        text: What.
        others: The tickets that must get it, if they live to see it; empty when none must.
        by_agent: Whether an agent wrote it; customers' words must stay where they are.
    """

    ref: TicketRef
    text: str
    others: tuple[TicketRef, ...]
    by_agent: bool


@dataclass(slots=True, kw_only=True)
class Folder:
    """What is known of one loss: which tickets live, what was done to them.

    Fields:
        live: Tickets that are there.
        closed: Those that take no more writes.
        swallowed: How many tickets were merged into each.
        settled: Whether every ticket showed the same case when somebody looked.
        values: (ticket, value) that agents gave each field, oldest first.
        final: What each field is once its owner has said so in good weather, and on which ticket.
        words: What was written.
        acts: Everything, in words.
    """

    loss: Loss
    live: list[TicketRef] = field(default_factory=list)
    closed: set[TicketRef] = field(default_factory=set)
    swallowed: dict[TicketRef, int] = field(default_factory=dict)
    settled: bool = False
    values: dict[str, list[tuple[TicketRef, str]]] = field(default_factory=dict)
    final: dict[str, tuple[TicketRef, str]] = field(default_factory=dict)
    words: list[Words] = field(default_factory=list)
    acts: list[str] = field(default_factory=list)

    @property
    def writable(self) -> list[TicketRef]:
        """Tickets that take writes."""
        return [ref for ref in self.live if ref not in self.closed]

    def claims(self) -> list[TicketRef]:
        """Tickets that live and name the loss themselves."""
        return [each.ref for each in self.loss.reports if each.how == "claim" and each.ref in self.writable]

    def of(self, vendor: Vendor) -> list[TicketRef]:
        """Tickets of one desk that take writes."""
        return [ref for ref in self.writable if ref.vendor == vendor]


def is_one_case(folder: Folder, seen: Mapping[TicketRef, Seen]) -> bool:
    """Whether every ticket of a loss shows the same case, and what only the first one came with."""
    shown = [seen[ref] for ref in folder.live if ref in seen]
    urls = {each.field("mw_case_url") for each in shown if each.writable}
    incidents = {each.field("incident_id") for each in shown if each.writable}
    return len(shown) == len(folder.live) and len(urls) == 1 and "" not in urls and incidents == {folder.loss.incident}
