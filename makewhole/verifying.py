"""Prove that the books are whole: every history, the ledger, and that both and the payouts say the same."""

from collections.abc import Iterator, Mapping

import sqlalchemy as sa
from pydantic import ValidationError

from cases.case import Approved, Case, Closed, Paid
from cases.money import Money
from makewhole.assembly import House
from payouts.bookkeeping import Payout, differences
from payouts.ledger import Entry
from store import audit, books, policy_history
from store.books import CaseBooks
from store.records import CASE

#: What a row can be found to be when somebody edited it: text that is no JSON, no date, no asset, no number.
UNREADABLE = (ValueError, TypeError, LookupError)


def verify_books(house: House) -> tuple[list[str], dict[str, Money]]:
    """Return what does not hold, and the sum of the whole ledger per asset, which is zero when it does."""
    with house.database.read() as connection:
        return verify(connection, house.desk.cases.audit_key)


def verify(connection: sa.Connection, audit_key: bytes) -> tuple[list[str], dict[str, Money]]:
    """Return the same for what this connection sees."""
    sums: dict[str, Money] = {}
    problems = list(_histories(connection, audit_key))
    for each in books.by_case(connection):
        try:
            entries = each.entries()
            _add(sums, entries)
            problems += [f"{each.case_id}: {problem}" for problem in _case(each, entries)]
        except UNREADABLE as problem:
            problems.append(f"{each.case_id}: its books cannot be read: {_short(problem)}")
    problems += [f"the ledger sums to {money}" for money in sums.values() if money.minor]
    return problems, sums


def in_words(sums: Mapping[str, Money]) -> dict[str, str]:
    """Return each sum as text, nothing as "0": {"USDT": "0"}."""
    return {code: money.text() if money.minor else "0" for code, money in sorted(sums.items())}


def _histories(connection: sa.Connection, key: bytes) -> Iterator[str]:
    try:
        for each in audit.verify(connection, key):
            yield f"CASE-{each.case_number} record {each.sequence}: {each.problem}"
        for broken in policy_history.verify(connection, key):
            yield f"policy {broken.name} record {broken.sequence}: {broken.problem}"
    except UNREADABLE as problem:
        yield f"a record of the history cannot be read: {type(problem).__name__}"


def _case(each: CaseBooks, entries: tuple[Entry, ...]) -> Iterator[str]:
    """Yield where one case, its payouts and its entries say different things; raises UNREADABLE."""
    if each.document is None:
        yield "it has books, and there is no such case"
        return
    case = CASE.validate_json(each.document)
    if case.about.customer_id != each.customer_id:
        yield f"its row names customer {each.customer_id}, the case {case.about.customer_id}"
    payouts = each.payouts()
    paid = {payout.approved.proposal.fingerprint: payout.attempt.provider_id for payout in payouts}
    yield from differences([Payout(approved=p.approved, attempt=p.attempt, way=p.way) for p in payouts], entries)
    settled = case.settled if isinstance(case, Closed) else case
    if isinstance(settled, Paid) and paid.get(settled.proposal.fingerprint) != settled.reference:
        yield f"the case was paid as {settled.reference}, its payout says otherwise"
    yield from _paid_otherwise(settled, {p.approved.proposal.fingerprint: p.approved for p in payouts})
    said, booked = (settled.amount if isinstance(settled, Paid) else None), _booked(entries)
    if said != booked and (said is not None or booked is not None):
        yield f"the case says paid {said}, the ledger {booked}"


def _paid_otherwise(settled: Case, approved: Mapping[str, Approved]) -> Iterator[str]:
    """Yield where a payout is not for what was approved, as the sealed case has it."""
    if not isinstance(settled, Approved | Paid):
        return
    ours = approved.get(settled.proposal.fingerprint)
    if ours is None:
        yield "it was approved, and there is no payout"
    elif (ours.amount, ours.proposal, ours.approvals) != (settled.amount, settled.proposal, settled.approvals):
        yield "its payout is not for what was approved"


def _short(problem: Exception) -> str:
    """Return what is wrong; what pydantic says of a row would quote it."""
    return f"{len(problem.errors())} mistakes in a row" if isinstance(problem, ValidationError) else str(problem)


def _add(sums: dict[str, Money], entries: tuple[Entry, ...]) -> None:
    for entry in entries:
        for posting in entry.postings:
            code = posting.money.code
            sums[code] = sums.get(code, Money(minor=0, code=code)) + posting.money


def _booked(entries: tuple[Entry, ...]) -> Money | None:
    """Return what left our balance for this case; None when nothing did."""
    paid: Money | None = None
    for entry in entries:
        for posting in entry.postings:
            if posting.account.endswith(":balance"):
                paid = -posting.money if paid is None else paid - posting.money
    return None if paid is None or paid.minor == 0 else paid
