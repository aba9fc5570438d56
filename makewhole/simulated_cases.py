"""Stored cases as a simulation reads them: what was known when they were proposed, and what they truly came to."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from itertools import islice

import polars as pl
import sqlalchemy as sa

from cases.case import Approved, AwaitingApproval, Case, Closed, NeedsAttention, Paid, given_of, proposal_of
from cases.money import Money
from cases.proposal import Proposal
from policy.form import Policy
from reports.case_files import AT, CASE, COUNTED, CUSTOMER, PAID, TOPIC, BadCases, BadRow, Cases, as_cases
from reports.simulating import no_progress
from store import evidence, tickets
from store.cases import CaseRepository
from workflow import claims

#: So many cases are read, and held, at once; with each so many tickets and evidence are asked for.
PAGE = 500
_Known = list[tuple[Case, Proposal]]


def stored_cases(
    connection: sa.Connection,
    cases: CaseRepository,
    versions: tuple[Policy, ...],
    span: tuple[datetime | None, datetime | None] = (None, None),
    *,
    on_step: Callable[[str], None] = no_progress,
) -> Cases:
    """Return the cases of the versions' topics that were opened in a span and proposed at least once.

    A case's inputs are what its proposal was worked out from; what only the other version asks for is taken from the
    evidence and the ticket. `paid` is what it came to, `counted_before` what the customer's cases of its topic from
    before the span came to. Cases that were never proposed are listed as bad rows. Raises BadCases when there are none
    at all.

    span: From a moment, to before another, both aware; None is open.
    """
    topics = {topic for each in versions for topic in each.topics}
    reading = _Reading(names={each.name for policy in versions for each in policy.inputs}, topics=topics, span=span)
    stored = (each.case for each in cases.each(connection))
    read = 0
    while page := list(islice(stored, PAGE)):
        reading.take_in(connection, page)
        read += len(page)
        on_step(f"reading cases: {read:,}")
    if not reading.frames:
        raise BadCases(f"no stored case of {', '.join(sorted(topics))} was proposed in this time")
    return as_cases(pl.concat(reading.frames), reading.bad, unit="case", first=1, name="stored cases")


class _Reading:
    """Cases page by page; of each page only its columns are kept."""

    def __init__(self, *, names: set[str], topics: set[str], span: tuple[datetime | None, datetime | None]) -> None:
        self._names, self._topics, self._span = names, topics, span
        self._columns = dict.fromkeys((*sorted(names), CASE, CUSTOMER, AT, PAID, TOPIC, COUNTED), pl.String)
        self._before: defaultdict[tuple[str, str | None], list[Money]] = defaultdict(list)
        self.frames: list[pl.DataFrame] = []
        self.bad: list[BadRow] = []

    def take_in(self, connection: sa.Connection, page: Iterable[Case]) -> None:
        """Read what belongs to the cases of a page: two queries, whatever its size."""
        known: _Known = []
        for case in page:
            proposal = proposal_of(case)
            if case.about.topic not in self._topics or self._is_out(case, proposal):
                continue
            if proposal is None:
                self.bad.append(BadRow(place=case.about.id, why=f"is {case.stage}, and was never proposed"))
            else:
                known.append((case, proposal))
        if known:
            self.frames.append(pl.DataFrame(list(self._rows(connection, known)), schema=self._columns))

    def _is_out(self, case: Case, proposal: Proposal | None) -> bool:
        """Whether a case lies outside of the span; what one from before came to is kept."""
        start, end = self._span
        at = case.about.opened_at
        if start is not None and at < start:
            if proposal is not None:
                self._before[proposal.payee, case.about.topic] += _paid(case)
            return True
        return end is not None and at >= end

    def _rows(self, connection: sa.Connection, page: _Known) -> Iterator[dict[str, str | None]]:
        told = evidence.of_cases(connection, [case.about.id for case, _ in page])
        mirrored = tickets.known(connection, tuple(ref for case, _ in page for ref in case.about.tickets[:1]))
        for case, proposal in page:
            about = case.about
            first = next((mirrored[ref].ticket for ref in about.tickets[:1] if ref in mirrored), None)
            beside = claims.inputs_of(first, told[about.id]) if first else ()
            before = self._before.get((proposal.payee, about.topic), ())
            yield {
                **{name: text for name, text in (*beside, *proposal.inputs) if name in self._names},
                CASE: about.id,
                CUSTOMER: proposal.payee,
                AT: about.opened_at.isoformat(),
                PAID: next((each.text() for each in _paid(case)), None),
                TOPIC: about.topic,
                COUNTED: ", ".join(map(str, _added(before))),
            }


def _paid(case: Case) -> Iterator[Money]:
    """Yield what a case came to, or still may."""
    match case.settled if isinstance(case, Closed) else case:
        case ((Paid() | Approved()) as given) | NeedsAttention(unsettled=Approved() as given):
            yield given_of(given)
        case AwaitingApproval(proposal=proposal) if proposal.amount is not None:
            yield proposal.amount


def _added(amounts: Iterable[Money]) -> Iterator[Money]:
    """Yield the sum of each asset."""
    found: dict[str, Money] = {}
    for each in amounts:
        found[each.code] = found[each.code] + each if each.code in found else each
    return iter(found.values())
