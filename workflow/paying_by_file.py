"""Pay by a file: hand payouts over to finance in a batch, and take in what finance says became of them.

The file itself is makewhole.finance's; here is what the database holds of it. A payout in a batch is `submitted`, and
its provider id is the batch's name, until finance's own reference takes that place. Nothing here is done by a job:
finance cannot be asked, so a batch waits until somebody hands in an answer (docs/decisions/0011-finance-file.md).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

import sqlalchemy as sa

from payouts import attempt as attempts
from payouts.answers import Confirmed, Failed, Pending
from payouts.attempt import Attempt, PayoutState
from payouts.finance_file import BadConfirmation, Confirmation, confirmations, references, unsafe
from payouts.ledger import FINANCE
from payouts.order import NotPayable
from store import books
from store.books import StoredPayout
from store.cases import NoSuchCase, number_of
from store.database import Transaction
from workflow.changing import changed
from workflow.desk import Desk
from workflow.moving import move
from workflow.paying import settle

_REFERENCE_PREFIX = "mw-"


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What an answer of finance came to.

    Fields:
        confirmed: So many are paid by it.
        failed: So many are not.
        known: So many rows said what had been taken in before.
    """

    confirmed: int
    failed: int
    known: int


def waiting(connection: sa.Connection, *, now: datetime) -> tuple[StoredPayout, ...]:
    """Return what finance is to pay by now and has in no batch yet, oldest case first."""
    intended = books.payouts_in(connection, way=FINANCE, state=PayoutState.INTENDED)
    return tuple(each for each in intended if each.attempt.held is None and (each.attempt.not_before or now) <= now)


def handed_over(connection: sa.Connection) -> Mapping[str, tuple[StoredPayout, ...]]:
    """Return what finance has and has not answered yet, by the name of the batch, the oldest batch first."""
    submitted = books.payouts_in(connection, way=FINANCE, state=PayoutState.SUBMITTED)
    batches: dict[str, tuple[StoredPayout, ...]] = {}
    for each in sorted(submitted, key=lambda stored: (_handed_over_at(stored), stored.attempt.provider_id or "")):
        name = each.attempt.provider_id or ""
        batches[name] = (*batches.get(name, ()), each)
    return batches


def why_not(stored: StoredPayout) -> str | None:
    """Return why a payout may not stand in a file; None when it may."""
    try:
        return unsafe(stored.order)
    except NotPayable as problem:
        return str(problem)


def set_aside(desk: Desk, tx: Transaction, stored: StoredPayout, problem: str, *, now: datetime) -> None:
    """Hold a payout that may not stand in a file for a person."""
    settle(desk, tx, move(tx, stored, replace(stored.attempt, held=problem), now=now), actor=FINANCE, now=now)


def hand_over(desk: Desk, tx: Transaction, payouts: Iterable[StoredPayout], batch: str, *, now: datetime) -> None:
    """Store that these payouts are in a batch, with the books; raises MovedOn when any of them is in another already.

    Each case's history names the batch.
    """
    for stored in payouts:
        sent = attempts.sending(stored.attempt, key_generation=stored.attempt.key_generation, now=now)
        move(tx, stored, attempts.answered(sent, Pending(provider_id=batch), now=now), now=now)
        case = desk.cases.lock(tx, stored.approved.about.id)
        part = {"part": f"{stored.part} of {len(stored.approved.proposal.parts)}"} if stored.part else {}
        desk.cases.note(tx, case, changed(now, FINANCE, "handed over", batch=batch, **part))


def take_in(desk: Desk, tx: Transaction, content: bytes, *, now: datetime) -> Taken:
    """Take in finance's answer; raises BadConfirmation when any row is in doubt, and then nothing may be committed.

    A row that says what was taken in before changes nothing, so the same file, or one that grows, may come again.
    Raises MovedOn when somebody else takes one in at this moment.
    """
    told = references(content)
    about = _about(tx.connection, told)
    rows = confirmations(content, [stored.order for stored in about.values()])
    contradicted = [(row.line, problem) for row in rows if (problem := _contradicts(about[row.reference].attempt, row))]
    if contradicted:
        raise BadConfirmation(tuple(contradicted))
    new = [row for row in rows if not _knows(about[row.reference].attempt, _theirs(row))]
    for row in sorted(new, key=lambda row: (number_of(_case_in(row.reference)), about[row.reference].part)):
        stored = about[row.reference]
        settle(desk, tx, move(tx, stored, _after(stored.attempt, row, now=now), now=now), actor=FINANCE, now=now)
    confirmed = sum(isinstance(row.answer, Confirmed) for row in new)
    return Taken(confirmed=confirmed, failed=len(new) - confirmed, known=len(rows) - len(new))


def _about(connection: sa.Connection, told: tuple[tuple[str, str], ...]) -> dict[str, StoredPayout]:
    """Return which payout each row is about.

    A case, or a part of it, may have had more than one, all under its one reference: a failed one, and one that was
    approved after it.
    A row belongs to the one that has heard it already, else to the one that finance has, else to the last.
    """
    theirs = dict(told)
    under: dict[str, list[StoredPayout]] = {}
    for stored in books.payouts_of(connection, filter(_is_case_id, map(_case_in, theirs))):
        if stored.way == FINANCE and stored.attempt.state is not PayoutState.INTENDED:
            under.setdefault(stored.order.reference, []).append(stored)

    def closeness(stored: StoredPayout) -> tuple[bool, bool]:
        knows = _knows(stored.attempt, theirs[stored.order.reference])
        return knows, stored.attempt.state is PayoutState.SUBMITTED

    return {reference: max(reversed(found), key=closeness) for reference, found in under.items() if reference in theirs}


def _case_in(reference: str) -> str:
    """Return the case that a reference names: CASE-7 of "mw-CASE-7" and of "mw-CASE-7:2"."""
    return reference.removeprefix(_REFERENCE_PREFIX).partition(":")[0]


def _is_case_id(text: str) -> bool:
    try:
        return bool(number_of(text))
    except NoSuchCase:
        return False


def _after(attempt: Attempt, row: Confirmation, *, now: datetime) -> Attempt:
    match row.answer:
        case Confirmed(provider_id=reference):
            return attempts.found_paid(attempt, reference)
        case Failed() as failed:
            # The batch failed for this payout; it is what finance had accepted.
            ids = (attempt.provider_id or "", *failed.provider_ids)
            return attempts.answered(attempt, Failed(provider_ids=ids, reason=failed.reason), now=now)


def _knows(attempt: Attempt, theirs: str) -> bool:
    return theirs in attempt.failed_ids or (attempt.state is PayoutState.CONFIRMED and attempt.provider_id == theirs)


def _contradicts(attempt: Attempt, row: Confirmation) -> str | None:
    """Return how a row contradicts what finance said before, or what a person does just now; None when it does not."""
    says_paid = isinstance(row.answer, Confirmed)
    match attempt.state:
        case PayoutState.CONFIRMED if not says_paid or attempt.provider_id != _theirs(row):
            return f"{row.reference} was confirmed as {attempt.provider_id} before"
        case PayoutState.FAILED if says_paid or _theirs(row) not in attempt.failed_ids:
            return f"{row.reference} was reported as failed before; a person must look what is true"
        case _ if attempt.held is not None:
            return f"{row.reference} is with a person: {attempt.held}"
        case _:
            return None


def _theirs(row: Confirmation) -> str:
    match row.answer:
        case Confirmed(provider_id=reference):
            return reference
        case Failed(provider_ids=references_of_it):
            return references_of_it[0]


def _handed_over_at(stored: StoredPayout) -> float:
    at = stored.attempt.last_sent_at
    return at.timestamp() if at else 0.0
