"""Stored cases as a simulation reads them: what was known when they were proposed, and what they truly came to."""

from collections.abc import Iterator
from datetime import datetime

import polars as pl

from cases.case import Approved, AwaitingApproval, Case, Closed, NeedsAttention, Paid, proposal_of
from cases.money import Money
from makewhole.assembly import House
from policy.form import Policy
from reports.case_files import AT, CASE, CUSTOMER, PAID, BadCases, BadRow, Cases, as_cases
from store import evidence, tickets
from workflow import claims


def stored_cases(house: House, versions: tuple[Policy, ...], start: datetime | None, end: datetime | None) -> Cases:
    """Return the cases of the versions' topics that were opened in a span and proposed at least once.

    A case's inputs are what its proposal was worked out from; what only the other version asks for is taken from the
    evidence and the ticket. `paid` is what it came to. Cases that were never proposed are listed as bad rows. Raises
    BadCases when there are none at all.
    """
    topics = {topic for each in versions for topic in each.topics}
    names = {each.name for policy in versions for each in policy.inputs}
    rows: list[dict[str, str | None]] = []
    bad: list[BadRow] = []
    with house.database.read() as connection:
        for stored in house.desk.cases.each(connection):
            about = stored.case.about
            if about.topic not in topics or not _within(about.opened_at, start, end):
                continue
            proposal = proposal_of(stored.case)
            if proposal is None:
                bad.append(BadRow(place=about.id, why=f"is {stored.case.stage}, and was never proposed"))
                continue
            known = tickets.known(connection, about.tickets[:1])
            told = evidence.of_case(connection, about.id)
            first = next((known[ref].ticket for ref in about.tickets[:1] if ref in known), None)
            beside = claims.inputs_of(first, told) if first else ()
            inputs = {name: text for name, text in (*beside, *proposal.inputs) if name in names}
            rows.append({**inputs, **_about(stored.case, proposal.payee)})
    if not rows:
        raise BadCases(f"no stored case of {', '.join(sorted(topics))} was proposed in this time")
    columns = dict.fromkeys((*sorted(names), CASE, CUSTOMER, AT, PAID), pl.String)
    return as_cases(pl.DataFrame(rows, schema=columns), bad, unit="case", first=1, name="stored cases")


def _about(case: Case, payee: str) -> dict[str, str | None]:
    paid = next(_paid(case), None)
    at = case.about.opened_at.isoformat()
    return {CASE: case.about.id, CUSTOMER: payee, AT: at, PAID: paid.text() if paid else None}


def _paid(case: Case) -> Iterator[Money]:
    """Yield what a case came to, or still may."""
    match case.settled if isinstance(case, Closed) else case:
        case Paid(amount=amount) | Approved(amount=amount) | NeedsAttention(unsettled=Approved(amount=amount)):
            yield amount
        case AwaitingApproval(proposal=proposal) if proposal.amount is not None:
            yield proposal.amount


def _within(at: datetime, start: datetime | None, end: datetime | None) -> bool:
    return (start is None or start <= at) and (end is None or at < end)
