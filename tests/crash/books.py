"""All books side by side: what the claims say must be, our own records, and each vendor's.

LOST is what should have happened and did not; DOUBLED what happened more than once, or to the wrong case; WRONG is
everything else that two books tell differently.
"""

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import ROUND_DOWN, Decimal
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from cases.case import Case, Closed, Declined, NeedsAttention, Paid, proposal_of
from makewhole.assembly import House
from payouts.ledger import PAYOUT_PROVIDER, clearing, is_balance, sum_per_asset, trial_balance
from store import audit, books, failures, jobs, tables
from store.cases import StoredCase
from tests.crash.claims import Claim, End
from tests.crash.town import Town

STATE_FIELD = 900_011
_MARK = re.compile(r"\[makewhole (\S+)\]\s*\Z")


class Kind(StrEnum):
    """What is wrong."""

    LOST = "LOST"
    DOUBLED = "DOUBLED"
    WRONG = "WRONG"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that does not agree. `check` is the comparison that found it: "payments"."""

    kind: Kind
    check: str
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Everything:
    """Every book, read once.

    Fields:
        cases: Ours, by the reference of their loss.
        outbox: Every row of the outbox.
        tickets, messages, payments: The vendors', as their control planes tell them.
    """

    house: House
    connection: sa.Connection
    claims: tuple[Claim, ...]
    cases: Mapping[str, StoredCase]
    outbox: tuple[sa.Row[Any], ...]
    tickets: Mapping[int, dict[str, Any]]
    messages: tuple[dict[str, Any], ...]
    payments: tuple[dict[str, Any], ...]


def compare(town: Town, house: House, claims: tuple[Claim, ...]) -> tuple[Finding, ...]:
    """Return everything in which the books do not agree; empty when all is well."""
    checks = (_outcomes, _payments, _ledger, _notes, _states, _cards, _lines, _history, _left_over)
    with house.database.read() as connection:
        every = _read(town, house, connection, claims)
        return tuple(finding for check in checks for finding in check(every))


def compare_notes(town: Town, house: House) -> tuple[Finding, ...]:
    """Return what is wrong with the notes on the tickets, with the histories, or left over."""
    with house.database.read() as connection:
        every = _read(town, house, connection, ())
        return tuple(finding for check in (_notes, _history, _left_over) for finding in check(every))


def compare_cases(town: Town, house: House, claims: tuple[Claim, ...]) -> tuple[Finding, ...]:
    """Return what is wrong with money, cards and histories, whatever the tickets show."""
    with house.database.read() as connection:
        every = _read(town, house, connection, claims)
        return tuple(finding for check in (_payments, _ledger, _cards, _lines, _history) for finding in check(every))


def _read(town: Town, house: House, connection: sa.Connection, claims: tuple[Claim, ...]) -> Everything:
    tickets = town.sandbox.get("/zendesk/_sandbox/state?deliveries=no")["tickets"]
    messages = town.sandbox.get("/slack/_sandbox/state")["messages"]
    payments = town.sandbox.get("/payouts/_sandbox/state")["payments"]
    stored = tuple(house.desk.cases.each(connection))
    column = tables.outbox.c
    return Everything(
        house=house,
        connection=connection,
        claims=claims,
        cases={each.case.about.loss.reference: each for each in stored if each.case.about.loss},
        outbox=tuple(connection.execute(sa.select(tables.outbox).order_by(column.lane, column.sequence))),
        tickets={each["id"]: each for each in tickets},  # type: ignore[attr-defined]  # JSON.
        messages=tuple(each for each in messages if not each["is_deleted"]),  # type: ignore[attr-defined]  # JSON.
        payments=tuple(payments),  # type: ignore[arg-type]  # JSON.
    )


def outcome(case: Case) -> str:
    """Return how a case stands for who asks what became of it: "paid", "declined", "needs_attention"."""
    return str(case.settled.stage if isinstance(case, Closed) else case.stage)


def _outcomes(every: Everything) -> Iterator[Finding]:
    """Find claims without their one case, or whose case ended otherwise than it must."""
    wanted = {End.PAID: "paid", End.REJECTED: "declined", End.INELIGIBLE: "declined", End.ATTENTION: "needs_attention"}
    for claim in every.claims:
        stored = every.cases.get(claim.reference)
        if stored is None:
            yield _finding(Kind.LOST, "outcomes", f"{claim.reference} has no case")
            continue
        case = stored.case
        said = outcome(case)
        finished = isinstance(case, Closed | NeedsAttention)
        if not finished:
            yield _finding(Kind.LOST, "outcomes", f"{case.about.id} is still {case.stage}")
        elif said != wanted[claim.end]:
            yield _finding(Kind.WRONG, "outcomes", f"{case.about.id} is {said}, and was to be {wanted[claim.end]}")
        missing = {str(ticket) for ticket in claim.tickets} - {ref.key for ref in case.about.tickets}
        if missing:
            yield _finding(Kind.LOST, "outcomes", f"{case.about.id} does not know its tickets {sorted(missing)}")
    strange = set(every.cases) - {claim.reference for claim in every.claims}
    for reference in sorted(strange):
        yield _finding(Kind.DOUBLED, "outcomes", f"{reference} has a case and nobody complained")


def _payments(every: Everything) -> Iterator[Finding]:
    """Find claims that were not paid once, in full and under our key, and payments for nothing."""
    made: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for payment in every.payments:
        if payment["status"] != "failed":
            made[payment["reference"].partition(":")[0]].append(payment)
    for claim in every.claims:
        stored = every.cases.get(claim.reference)
        if stored is not None:
            yield from _paid_once(every, claim, stored, made.pop(f"mw-{stored.case.about.id}", []))
    for reference in made:
        yield _finding(Kind.DOUBLED, "payments", f"{reference} was paid and is no case of a claim")


def _paid_once(every: Everything, claim: Claim, stored: StoredCase, made: list[dict[str, Any]]) -> Iterator[Finding]:
    case_id, proposal = stored.case.about.id, proposal_of(stored.case)
    owed = _owed(claim, in_parts=bool(proposal and proposal.parts))
    if len(made) > len(owed):
        yield _finding(Kind.DOUBLED, "payments", f"{case_id} ({claim.end}) was paid {len(made)} times")
    if len(made) < len(owed):
        yield _finding(Kind.LOST, "payments", f"{case_id} was not paid, or not all of it")
    for payment in made[: len(owed) + 1]:
        paid = (Decimal(payment["amount"]), payment["asset"], payment["form"])
        if payment["payee"] != claim.customer_id or paid not in owed:
            yield _finding(Kind.WRONG, "payments", f"{case_id}: {payment['payee']} was paid {paid}")
        else:
            owed.remove(paid)
        if payment["idempotency_key"] not in _keys(every, stored):
            yield _finding(Kind.WRONG, "payments", f"{case_id} was paid under a key that is not ours")


def _owed(claim: Claim, *, in_parts: bool) -> list[tuple[Decimal, str, str]]:
    """Return (how much, of what, in which form) must be paid for a claim, worked out here: whole, or in four parts."""
    if claim.end is not End.PAID:
        return []
    amount = Decimal(claim.amount or "0")
    if not in_parts:
        return [(amount, claim.asset, "cash")]
    coins = (amount / 5).quantize(Decimal("0.000001"), ROUND_DOWN)
    rest = amount - coins - 7
    worth = [(coins / 50, "OKB", "in kind"), (Decimal(4), claim.asset, "credit"), (Decimal(3), claim.asset, "voucher")]
    return [*worth, (rest, claim.asset, "cash")]


def _keys(every: Everything, stored: StoredCase) -> set[str]:
    """Return the idempotency keys under which this case may have been sent."""
    case = stored.case.settled if isinstance(stored.case, Closed) else stored.case
    if not isinstance(case, Paid):
        return set()
    made = books.payouts_for(every.connection, case.about.id, case.proposal.fingerprint)
    return {
        replace(payout.order, key_generation=each).key
        for payout in made
        for each in range(1, payout.attempt.key_generation + 1)
    }


def _ledger(every: Everything) -> Iterator[Finding]:
    """Find a ledger that does not sum to zero, or is not settled, or pays other than the provider did."""
    entries = tuple(books.entries(every.connection))
    for code, total in sum_per_asset(entries).items():
        if total.minor:
            yield _finding(Kind.WRONG, "ledger", f"{code} sums to {total}")
    balances, paid = trial_balance(entries), _paid_per_asset(every)
    for code in sorted({asset for _, asset in balances} | set(paid)):
        held = (money for (account, asset), money in balances.items() if is_balance(account) and asset == code)
        booked = -sum((Decimal(money.text()) for money in held), start=Decimal(0))
        if booked != paid[code]:
            kind = Kind.LOST if booked < paid[code] else Kind.WRONG
            yield _finding(kind, "ledger", f"{booked} {code} booked as paid, the provider paid {paid[code]}")
    settled = ("liability:", clearing(PAYOUT_PROVIDER))
    for (account, _), money in balances.items():
        if account.startswith(settled) and money.minor:
            yield _finding(Kind.LOST, "ledger", f"{account} is left with {money}")


def _paid_per_asset(every: Everything) -> dict[str, Decimal]:
    paid: dict[str, Decimal] = defaultdict(Decimal)
    for payment in every.payments:
        if payment["status"] != "failed":
            paid[payment["asset"]] += Decimal(payment["amount"])
    return paid


def _notes(every: Everything) -> Iterator[Finding]:
    """Find notes that a ticket lacks, has twice, in the wrong order, or in public."""
    wanted: dict[str, list[str]] = defaultdict(list)
    for row in every.outbox:
        if row.kind == "note":
            wanted[row.lane.rpartition(":")[2]].append(json.loads(row.document)["mark"])
    for key, ticket in every.tickets.items():
        ours = [(each, match[1]) for each in ticket["comments"] if (match := _MARK.search(each["body"]))]
        yield from _noted_once(key, [mark for _, mark in ours], wanted[str(key)])
        if any(comment["public"] for comment, _ in ours):
            yield _finding(Kind.WRONG, "notes", f"ticket {key} has a note that the customer can read")


def _noted_once(key: int, found: list[str], wanted: list[str]) -> Iterator[Finding]:
    for mark, times in Counter(found).items():
        if times > 1 or mark not in wanted:
            yield _finding(Kind.DOUBLED, "notes", f"ticket {key} has note {mark} {times} times")
    for mark in sorted(set(wanted) - set(found)):
        yield _finding(Kind.LOST, "notes", f"ticket {key} lacks note {mark}")
    if list(dict.fromkeys(found)) != [mark for mark in wanted if mark in found]:
        yield _finding(Kind.WRONG, "notes", f"ticket {key} has its notes in the order {found}, not {wanted}")


def _states(every: Everything) -> Iterator[Finding]:
    """Find tickets that do not say at the end what their case says."""
    for stored in every.cases.values():
        for ref in stored.case.about.tickets:
            ticket = every.tickets[int(ref.key)]
            state = {each["id"]: each["value"] for each in ticket["custom_fields"]}.get(STATE_FIELD)
            if state != outcome(stored.case):
                what = f"ticket {ref.key} says {state}, {stored.case.about.id} is {outcome(stored.case)}"
                yield _finding(Kind.LOST, "states", what)


def _cards(every: Everything) -> Iterator[Finding]:
    """Find cases without their one card, or whose card does not show how they ended."""
    ends = {"paid": "has been paid", "declined": "was declined", "needs_attention": "Somebody must look"}
    found = defaultdict(list)
    for message in every.messages:
        if (mark := _mark(message)) is not None and mark.startswith("card/") and "#" not in mark:
            found[mark].append(message)
    for stored in every.cases.values():
        case_id = stored.case.about.id
        shown = found.pop(f"card/{case_id}", [])
        if len(shown) > 1:
            yield _finding(Kind.DOUBLED, "cards", f"{case_id} has {len(shown)} cards")
        if not shown:
            yield _finding(Kind.LOST, "cards", f"{case_id} has no card")
            continue
        wanted = ends.get(outcome(stored.case))
        if wanted is None or wanted not in shown[0]["text"]:
            what = f"{case_id} is {outcome(stored.case)}, its card says: {shown[0]['text']}"
            yield _finding(Kind.LOST, "cards", what)
    for mark in found:
        yield _finding(Kind.DOUBLED, "cards", f"{mark} is the card of no case")


def _lines(every: Everything) -> Iterator[Finding]:
    """Find lines of a thread that were said twice, or a thread in which nothing was said."""
    found = Counter(mark for message in every.messages if "#" in (mark := _mark(message) or ""))
    for mark, times in found.items():
        if times > 1:
            yield _finding(Kind.DOUBLED, "lines", f"{mark} was said {times} times")
    told = {f"{row.lane}#{row.sequence}" for row in every.outbox if row.kind == "thread"}
    for mark in set(found) - told:
        yield _finding(Kind.DOUBLED, "lines", f"{mark} was said and was never to be")
    for stored in every.cases.values():
        mine = [mark for mark in found if mark.startswith(f"card/{stored.case.about.id}#")]
        if isinstance(stored.case, Closed | NeedsAttention) and not mine:
            yield _finding(Kind.LOST, "lines", f"nothing was said in the thread of {stored.case.about.id}")


def _history(every: Everything) -> Iterator[Finding]:
    """Find histories that are broken, or tell of two approvals, payments or ends."""
    for broken in audit.verify(every.connection, every.house.desk.cases.audit_key):
        yield _finding(Kind.WRONG, "history", f"CASE-{broken.case_number} {broken.sequence}: {broken.problem}")
    counted = sa.select(tables.audit.c.case_number, tables.audit.c.event, sa.func.count().label("times")).where(
        tables.audit.c.event.in_(["opened", "approved", "declined", "paid", "closed"])
    )
    for row in every.connection.execute(counted.group_by(tables.audit.c.case_number, tables.audit.c.event)):
        if row.times > 1:
            yield _finding(Kind.DOUBLED, "history", f"CASE-{row.case_number} was {row.event} {row.times} times")
    for stored in every.cases.values():
        case = stored.case.settled if isinstance(stored.case, Closed) else stored.case
        people = [each.person for each in case.approvals] if isinstance(case, Paid) else []
        if len(people) != len(set(people)) or (isinstance(case, Paid) and not people):
            yield _finding(Kind.WRONG, "history", f"{case.about.id} was approved by {people}")
        if isinstance(case, Declined) and case.decision and case.decision.reason_code != "evidence_missing":
            yield _finding(Kind.WRONG, "history", f"{case.about.id} was declined for {case.decision.reason_code}")


def _left_over(every: Everything) -> Iterator[Finding]:
    """Find what waits, was given up, or killed its worker too often."""
    for row in every.outbox:
        if row.state != "sent":
            yield _finding(Kind.LOST, "left over", f"{row.lane}#{row.sequence} is {row.state}: {row.problem}")
    for letter in failures.dead_letters(every.connection):
        yield _finding(Kind.LOST, "left over", f"{letter.kind} {letter.key} was given up: {letter.problem}")
    for name in jobs.killers(every.connection):
        yield _finding(Kind.LOST, "left over", f"{name} ended its worker too often")


def _mark(message: dict[str, Any]) -> str | None:
    mark = ((message.get("metadata") or {}).get("event_payload") or {}).get("mark")
    return mark if isinstance(mark, str) else None


def _finding(kind: Kind, check: str, what: str) -> Finding:
    return Finding(kind=kind, check=check, what=what)
