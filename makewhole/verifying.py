"""Prove that the books are whole: every history, the ledger, and that both and the payouts say the same."""

from collections.abc import Iterator, Mapping

import sqlalchemy as sa
from pydantic import ValidationError

from cases.case import Approved, Case, Closed, Paid, promise_of
from cases.money import Money
from cases.parts import PartStanding, Standing
from makewhole.assembly import House
from payouts.attempt import PayoutState
from payouts.bookkeeping import Payout, differences
from payouts.ledger import Entry, is_balance
from store import audit, books, policy_history
from store.books import CaseBooks, StoredPayout
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
    books_of = [Payout(approved=p.approved, attempt=p.attempt, way=p.way, part=p.part) for p in payouts]
    yield from differences(books_of, entries)
    settled = case.settled if isinstance(case, Closed) else case
    promised = settled if isinstance(settled, Paid) else promise_of(settled)
    paid = {number: stands.reference for number, stands in _paid_parts(promised)}
    for payout in payouts:
        if promised is not None and payout.approved.proposal.fingerprint == promised.proposal.fingerprint:
            reference = payout.attempt.provider_id if payout.attempt.state is PayoutState.CONFIRMED else None
            if reference != paid.pop(payout.part, None):
                yield f"its payout {payout.order.reference} is paid as {reference}, the case says otherwise"
    yield from (f"the case was paid as {reference}, and no payout says so" for reference in paid.values())
    yield from _paid_otherwise(settled, payouts)
    said, booked = _said(promised), _booked(entries)
    if said != booked:
        yield f"the case says paid {_together(said)}, the ledger {_together(booked)}"


def _paid_parts(promised: Approved | Paid | None) -> Iterator[tuple[int, PartStanding]]:
    """Yield (part, how it stands) of every payout that the case says is paid; part 0 for one that has no parts."""
    if isinstance(promised, Paid) and not promised.standing:
        yield 0, PartStanding(state=Standing.PAID, reference=promised.reference)
    for number, stands in enumerate(promised.standing if promised else (), start=1):
        if stands.state is Standing.PAID:
            yield number, stands


def _said(promised: Approved | Paid | None) -> dict[str, Money]:
    """Return what the case says was paid, per asset."""
    paid: dict[str, Money] = {}
    for number, _ in _paid_parts(promised):
        given = promised.proposal.parts[number - 1].pays if number and promised else promised and promised.amount
        if isinstance(given, Money):
            paid[given.code] = paid.get(given.code, Money(minor=0, code=given.code)) + given
    return paid


def _together(sums: Mapping[str, Money]) -> str:
    return ", ".join(str(each) for each in sums.values()) or "nothing"


def _paid_otherwise(settled: Case, payouts: tuple[StoredPayout, ...]) -> Iterator[str]:
    """Yield where a payout is not for what was approved, as the sealed case has it, or is missing."""
    if not isinstance(settled, Approved | Paid):
        return
    ours = {each.part: each.approved for each in payouts if each.approved.proposal == settled.proposal}
    due = [number for number, each in enumerate(settled.standing, start=1) if each.due_at is not None]
    if not ours or not {*due} <= ours.keys():
        same = any(each.approved.proposal.fingerprint == settled.proposal.fingerprint for each in payouts)
        yield "its payout is not for what was approved" if same else "it was approved, and there is no payout"
    elif any((each.amount, each.approvals) != (settled.amount, settled.approvals) for each in ours.values()):
        yield "its payout is not for what was approved"


def _short(problem: Exception) -> str:
    """Return what is wrong; what pydantic says of a row would quote it."""
    return f"{len(problem.errors())} mistakes in a row" if isinstance(problem, ValidationError) else str(problem)


def _add(sums: dict[str, Money], entries: tuple[Entry, ...]) -> None:
    for entry in entries:
        for posting in entry.postings:
            code = posting.money.code
            sums[code] = sums.get(code, Money(minor=0, code=code)) + posting.money


def _booked(entries: tuple[Entry, ...]) -> dict[str, Money]:
    """Return what left our balances for this case, per asset."""
    paid: dict[str, Money] = {}
    for posting in (posting for entry in entries for posting in entry.postings):
        if is_balance(posting.account):
            code = posting.money.code
            paid[code] = paid.get(code, Money(minor=0, code=code)) - posting.money
    return {code: money for code, money in paid.items() if money.minor}
