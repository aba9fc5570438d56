"""The ledger and the payouts in the database: postings are only ever added, a payout moves by compare-and-set."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from cases.case import Approved
from cases.money import Money
from cases.parts import Grant
from payouts.attempt import Attempt
from payouts.ledger import Account, Entry, EntryChanged, Posting
from payouts.order import PayoutOrder
from store import tables
from store.cases import PREFIX, MovedOn, number_of
from store.database import Transaction, insert_into
from store.records import APPROVED, ATTEMPT, to_text

NUMBERS_A_QUERY = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredPayout:
    """A payout as it stands.

    Fields:
        approved: The approved case it pays.
        attempt: How far it has come.
        way: "payout-provider" or "finance".
        version: Counts its changes, from 1.
        part: Which part of the proposal it pays, from 1; 0 for all of one that has no parts.
    """

    approved: Approved
    attempt: Attempt
    way: str
    version: int
    part: int = 0

    @property
    def pays(self) -> Money | Grant:
        """What is handed over; unlike the order, it can be said of a payout that nobody may make."""
        return self.approved.proposal.parts[self.part - 1].pays if self.part else self.approved.amount

    @property
    def order(self) -> PayoutOrder:
        """What is ordered, under the key that counts now; raises NotPayable."""
        return PayoutOrder(approved=self.approved, part=self.part, key_generation=self.attempt.key_generation)


def add_payout(  # What is paid, how, and from when.
    tx: Transaction, approved: Approved, *, part: int = 0, way: str, now: datetime, due_at: datetime | None = None
) -> bool:
    """Add the payout of an approved proposal or of one part of it; False when it is there already.

    due_at: It is not sent before; None: at once.
    """
    attempt = Attempt(not_before=due_at)
    statement = insert_into(tx, tables.payouts).values(
        case_number=number_of(approved.about.id),
        fingerprint=approved.proposal.fingerprint,
        part=part,
        way=way,
        state=attempt.state,
        version=1,
        attempt=to_text(ATTEMPT, attempt),
        approved=to_text(APPROVED, approved),
        updated_at=now,
    )
    added = tx.execute(statement.on_conflict_do_nothing().returning(tables.payouts.c.version))
    return added.one_or_none() is not None


def find_payout(connection: sa.Connection, case_id: str, fingerprint: str, part: int = 0) -> StoredPayout | None:
    """Return the payout of one proposal of a case, or of one part of it; None when there is none."""
    column = tables.payouts.c
    mine = (column.case_number == number_of(case_id), column.fingerprint == fingerprint, column.part == part)
    row = connection.execute(sa.select(tables.payouts).where(*mine)).one_or_none()
    return None if row is None else _stored(row)


def payouts_for(connection: sa.Connection, case_id: str, fingerprint: str) -> tuple[StoredPayout, ...]:
    """Return the payouts of one proposal of a case, by their parts."""
    column = tables.payouts.c
    mine = (column.case_number == number_of(case_id), column.fingerprint == fingerprint)
    rows = connection.execute(sa.select(tables.payouts).where(*mine).order_by(column.part))
    return tuple(_stored(row) for row in rows)


def payouts_in(connection: sa.Connection, *, way: str, state: str) -> tuple[StoredPayout, ...]:
    """Return the payouts of one way in one state, oldest case first."""
    column = tables.payouts.c
    rows = connection.execute(
        sa.select(tables.payouts)
        .where(column.way == way, column.state == state)
        .order_by(column.case_number, column.part)
    )
    return tuple(_stored(row) for row in rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseBooks:
    """All that is kept of one case and its money, as rows: whoever verifies them must survive what stands in them.

    Fields:
        case_id: "CASE-4711".
        document: The case; None when there is none of this number.
        customer_id: As the case's row has it.
    """

    case_id: str
    document: str | None
    customer_id: str | None
    entry_rows: tuple[sa.Row[Any], ...] = field(repr=False)
    payout_rows: tuple[sa.Row[Any], ...] = field(repr=False)

    def entries(self) -> tuple[Entry, ...]:
        """Return the case's entries; raises ValueError for rows that are none."""
        lines: dict[str, list[sa.Row[Any]]] = {}
        for row in self.entry_rows:
            lines.setdefault(row.id, []).append(row)
        return tuple(_entry(rows) for rows in lines.values())

    def payouts(self) -> tuple[StoredPayout, ...]:
        """Return the case's payouts; raises ValueError for rows that are none."""
        found = tuple(map(_stored, self.payout_rows))
        for row, payout in zip(self.payout_rows, found, strict=True):
            sealed = (payout.attempt.state, payout.approved.about.id, payout.approved.proposal.fingerprint)
            if sealed != (row.state, self.case_id, row.fingerprint):
                raise ValueError(f"the payout of {self.case_id} stands in the row of another")
        return found


def by_case(connection: sa.Connection) -> Iterator[CaseBooks]:
    """Yield every case with its entries and payouts, by number; numbers without a case too. Reads 500 at a time."""
    last = max((connection.scalar(sa.select(sa.func.max(column))) or 0 for column in _NUMBERS), default=0)
    for first in range(1, last + 1, NUMBERS_A_QUERY):
        span = range(first, first + NUMBERS_A_QUERY)
        entries, payouts = _entry_rows(connection, span), _payout_rows(connection, span)
        cases = {row.number: row for row in connection.execute(_cases_in(span))}
        for number in sorted(cases.keys() | entries.keys() | payouts.keys()):
            case = cases.get(number)
            yield CaseBooks(
                case_id=f"{PREFIX}{number}",
                document=case.document if case else None,
                customer_id=case.customer_id if case else None,
                entry_rows=tuple(entries.get(number, ())),
                payout_rows=tuple(payouts.get(number, ())),
            )


def payouts_of(connection: sa.Connection, case_ids: Iterable[str]) -> tuple[StoredPayout, ...]:
    """Return every payout of these cases, oldest case first, the one that was changed last at the end of its case."""
    column = tables.payouts.c
    numbers = sorted({number_of(each) for each in case_ids})
    found: list[StoredPayout] = []
    for first in range(0, len(numbers), NUMBERS_A_QUERY):
        query = sa.select(tables.payouts).where(column.case_number.in_(numbers[first : first + NUMBERS_A_QUERY]))
        rows = connection.execute(
            query.order_by(column.case_number, column.updated_at, column.fingerprint, column.part)
        )
        found += [_stored(row) for row in rows]
    return tuple(found)


def move_payout(tx: Transaction, before: StoredPayout, after: Attempt, *, now: datetime) -> StoredPayout:
    """Replace the attempt if nobody moved it since `before`; raises MovedOn."""
    column = tables.payouts.c
    swapped = tx.execute(
        sa.update(tables.payouts)
        .where(
            column.case_number == number_of(before.approved.about.id),
            column.fingerprint == before.approved.proposal.fingerprint,
            column.part == before.part,
            column.version == before.version,
        )
        .values(attempt=to_text(ATTEMPT, after), state=after.state, version=before.version + 1, updated_at=now)
    )
    if swapped.rowcount != 1:
        raise MovedOn(f"the payout of {before.approved.about.id} was moved on by somebody else")
    return replace(before, attempt=after, version=before.version + 1)


def post(tx: Transaction, entry: Entry, case_id: str, *, now: datetime) -> bool:
    """Write an entry into the books; False when it stands there already. Raises EntryChanged for another content."""
    statement = insert_into(tx, tables.ledger_entries).values(
        id=entry.id, case_number=number_of(case_id), reference=entry.reference, memo=entry.memo, at=now
    )
    added = tx.execute(statement.on_conflict_do_nothing().returning(tables.ledger_entries.c.id)).one_or_none()
    if added is None:
        if _postings(tx.connection, entry.id) != entry.postings:
            raise EntryChanged(f"{entry.id} stands in the books with other postings")
        return False
    lines = [
        {
            "entry_id": entry.id,
            "line": line,
            "account": each.account,
            "asset": each.money.code,
            "minor": each.money.minor,
        }
        for line, each in enumerate(entry.postings, start=1)
    ]
    tx.connection.execute(sa.insert(tables.ledger_postings), lines)
    return True


def entries(connection: sa.Connection, *, case_id: str | None = None) -> Iterator[Entry]:
    """Yield the entries of the ledger, or of one case, in the order they were written."""
    column = tables.ledger_entries.c
    query = sa.select(tables.ledger_entries).order_by(column.at, column.id)
    if case_id is not None:
        query = query.where(column.case_number == number_of(case_id))
    for row in connection.execute(query).all():
        postings = _postings(connection, row.id)
        yield Entry(id=row.id, reference=row.reference, postings=postings, memo=row.memo)


def _postings(connection: sa.Connection, entry_id: str) -> tuple[Posting, ...]:
    column = tables.ledger_postings.c
    rows = connection.execute(
        sa.select(tables.ledger_postings).where(column.entry_id == entry_id).order_by(column.line)
    )
    return tuple(Posting(account=Account(row.account), money=Money(minor=row.minor, code=row.asset)) for row in rows)


_NUMBERS = (tables.cases.c.number, tables.ledger_entries.c.case_number, tables.payouts.c.case_number)


def _cases_in(span: range) -> sa.Select[tuple[int, str, str | None]]:
    column = tables.cases.c
    return sa.select(column.number, column.document, column.customer_id).where(_within(column.number, span))


def _entry_rows(connection: sa.Connection, span: range) -> dict[int, list[sa.Row[Any]]]:
    entry, posting = tables.ledger_entries.c, tables.ledger_postings.c
    both = tables.ledger_entries.outerjoin(tables.ledger_postings, entry.id == posting.entry_id)
    # Whole numbers are kept as text; the text is read later, where it may turn out to be none.
    minor = sa.type_coerce(posting.minor, sa.String).label("minor")
    query = sa.select(entry.id, entry.case_number, entry.reference, entry.memo).select_from(both)
    query = query.add_columns(posting.account, posting.asset, minor).where(_within(entry.case_number, span))
    return _by_number(connection.execute(query.order_by(entry.case_number, entry.at, entry.id, posting.line)))


def _payout_rows(connection: sa.Connection, span: range) -> dict[int, list[sa.Row[Any]]]:
    column = tables.payouts.c
    query = sa.select(column.case_number, column.fingerprint, column.part, column.way, column.state, column.version)
    query = query.add_columns(column.attempt, column.approved).where(_within(column.case_number, span))
    return _by_number(connection.execute(query.order_by(column.case_number, column.fingerprint, column.part)))


def _within(column: sa.Column[int], span: range) -> sa.ColumnElement[bool]:
    return column.between(span.start, span.stop - 1)


def _by_number(rows: Iterable[sa.Row[Any]]) -> dict[int, list[sa.Row[Any]]]:
    found: dict[int, list[sa.Row[Any]]] = {}
    for row in rows:
        found.setdefault(row.case_number, []).append(row)
    return found


def _entry(rows: list[sa.Row[Any]]) -> Entry:
    first = rows[0]
    postings = tuple(
        Posting(account=Account(row.account), money=Money(minor=int(row.minor), code=row.asset))
        for row in rows
        if row.account is not None
    )
    return Entry(id=first.id, reference=first.reference, postings=postings, memo=first.memo)


def _stored(row: sa.Row[tuple[object, ...]]) -> StoredPayout:
    return StoredPayout(
        approved=APPROVED.validate_json(row.approved),
        attempt=ATTEMPT.validate_json(row.attempt),
        way=row.way,
        version=row.version,
        part=row.part,
    )
