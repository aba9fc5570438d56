"""The case repository: every change is compare-and-set and leaves its audit record in the same transaction."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

import sqlalchemy as sa

from cases.case import (
    About,
    Approved,
    AwaitingApproval,
    Case,
    Closed,
    Joined,
    NeedsAttention,
    Opened,
    Paid,
    Stage,
    given_of,
    is_outstanding,
)
from cases.loss import Loss
from cases.money import Money
from cases.parts import Standing
from cases.proposal import CaseId, Proposal
from cases.ticket import CustomerId
from store import audit, tables
from store.audit import Change
from store.database import Transaction, insert_into
from store.records import CASE, to_text

PREFIX = "CASE-"
MAX_DIGITS = 9


class MovedOn(Exception):
    """The case was changed by somebody else meanwhile; read it again and decide anew."""


class NoSuchCase(LookupError):
    """There is no case with this id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredCase:
    """A case as it stands. `version` counts its changes, from 1, and is also its last audit record's sequence."""

    case: Case
    version: int

    @property
    def number(self) -> int:
        """The number in the case's id: 4711 for CASE-4711."""
        return number_of(self.case.about.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stake:
    """What one case may still pay, or paid at `paid_at` (aware, UTC; None while it has not, or not all of it)."""

    amount: Money
    paid_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseRepository:
    """Cases in the database. `audit_key` seals their history and comes from outside the database."""

    audit_key: bytes

    def open(self, tx: Transaction, about: About, change: Change) -> StoredCase | None:
        """Open a case for this loss; None when the loss has one already. The id in `about` is replaced."""
        insert = insert_into(tx, tables.cases).on_conflict_do_nothing(index_elements=["loss_key"])
        loss_key = about.loss.key if about.loss else None
        statement = insert.values(
            stage=Stage.OPENED,
            version=0,
            loss_key=loss_key,
            customer_id=about.customer_id,
            document="",
            updated_at=change.at,
        )
        number = tx.execute(statement.returning(tables.cases.c.number)).scalar_one_or_none()
        if number is None:
            return None
        case = Opened(about=replace(about, id=CaseId(f"{PREFIX}{number}")))
        return self._write(tx, StoredCase(case=case, version=0), case, change)

    def find(self, connection: sa.Connection, case_id: str) -> StoredCase:
        """Return the case as it stands; raises NoSuchCase."""
        return self._one(connection, tables.cases.c.number == number_of(case_id), case_id)

    def lock(self, tx: Transaction, case_id: str) -> StoredCase:
        """Return the case and keep others from changing it until this transaction ends; raises NoSuchCase."""
        return self._one(tx.connection, tables.cases.c.number == number_of(case_id), case_id, lock=tx.on_postgres)

    def lock_all(self, tx: Transaction, case_ids: Iterable[str]) -> dict[CaseId, StoredCase]:
        """Return these cases and keep others from changing any, taken in order so that no two wait for each other."""
        numbers = sorted({number_of(each) for each in case_ids})
        query = _select().where(tables.cases.c.number.in_(numbers)).order_by(tables.cases.c.number)
        rows = tx.execute(query.with_for_update() if tx.on_postgres else query).all()
        return {each.case.about.id: each for each in map(_stored, rows)}

    def numbers_of(self, connection: sa.Connection, customer_id: CustomerId) -> tuple[int, ...]:
        """Return the number of every case of a customer, oldest first."""
        column = tables.cases.c
        mine = sa.select(column.number).where(column.customer_id == customer_id).order_by(column.number)
        return tuple(connection.scalars(mine))

    def for_loss(self, connection: sa.Connection, loss: Loss) -> StoredCase | None:
        """Return the one case of this loss; None when there is none."""
        row = connection.execute(_select().where(tables.cases.c.loss_key == loss.key)).one_or_none()
        return None if row is None else _stored(row)

    def losses_of(self, connection: sa.Connection, customer_id: CustomerId) -> tuple[tuple[str, CaseId], ...]:
        """Return (key of a loss, its case) of everything that this customer claimed, what was joined too."""
        case, joined = tables.cases.c, tables.joined_losses.c
        of_cases = sa.select(case.loss_key, case.number).where(
            case.customer_id == customer_id, case.loss_key.is_not(None)
        )
        both = tables.joined_losses.join(tables.cases, joined.case_number == case.number)
        of_joined = sa.select(joined.loss_key, joined.case_number).select_from(both)
        rows = connection.execute(sa.union(of_cases, of_joined.where(case.customer_id == customer_id)))
        return tuple((key, CaseId(f"{PREFIX}{number}")) for key, number in rows)

    def list(
        self, connection: sa.Connection, *, stage: Stage | None = None, limit: int = 100
    ) -> tuple[StoredCase, ...]:
        """Return cases, newest first; all stages when `stage` is None."""
        query = _select().order_by(tables.cases.c.number.desc()).limit(limit)
        if stage is not None:
            query = query.where(tables.cases.c.stage == stage)
        return tuple(_stored(row) for row in connection.execute(query))

    def stakes_of(
        self, connection: sa.Connection, customer_id: CustomerId, topic: str | None, *, besides: CaseId
    ) -> tuple[Stake, ...]:
        """Return what this customer's other cases of the topic may still pay or have paid, oldest first."""
        others = self.others_of(connection, customer_id, besides=besides)
        return tuple(stake for case in others if case.about.topic == topic and (stake := stake_of(case)))

    def others_of(self, connection: sa.Connection, customer_id: CustomerId, *, besides: CaseId) -> tuple[Case, ...]:
        """Return this customer's other cases, oldest first."""
        query = _select().where(tables.cases.c.customer_id == customer_id).order_by(tables.cases.c.number)
        found = (_stored(row).case for row in connection.execute(query))
        return tuple(case for case in found if case.about.id != besides)

    def each(self, connection: sa.Connection) -> Iterator[StoredCase]:
        """Yield every case, oldest first, with flat memory."""
        query = _select().order_by(tables.cases.c.number).execution_options(yield_per=500)
        with connection.execute(query) as rows:
            for row in rows:
                yield _stored(row)

    def save(self, tx: Transaction, before: StoredCase, after: Case, change: Change) -> StoredCase:
        """Replace the case if nobody changed it since `before`; raises MovedOn. The audit record commits with it.

        MovedOn is raised too when another case has taken this one's loss; the transaction cannot go on then.
        """
        return self._write(tx, before, after, change)

    def note(self, tx: Transaction, before: StoredCase, change: Change) -> StoredCase:
        """Record that something happened to a case that stays as it is; raises MovedOn."""
        return self._write(tx, before, before.case, change)

    def _write(self, tx: Transaction, before: StoredCase, after: Case, change: Change) -> StoredCase:
        document = to_text(CASE, after)
        # A joined case gives its loss up: the other case has it.
        loss = None if isinstance(after, Joined) else after.about.loss
        loss_key = loss.key if loss else None
        column = tables.cases.c
        swap = (
            sa.update(tables.cases)
            .where(column.number == number_of(after.about.id), column.version == before.version)
            .values(
                stage=after.stage,
                version=before.version + 1,
                loss_key=loss_key,
                customer_id=after.about.customer_id,
                document=document,
                updated_at=change.at,
            )
        )
        try:
            swapped = tx.execute(swap)
        except sa.exc.IntegrityError:  # The one thing that must be unique is the loss.
            raise MovedOn(f"the loss of {after.about.id} has another case meanwhile") from None
        if swapped.rowcount != 1:
            raise MovedOn(f"{after.about.id} was changed by somebody else")
        state = audit.state_digest(document, after.stage, loss_key)
        number, sequence = number_of(after.about.id), before.version + 1
        audit.append(tx.connection, self.audit_key, number, change, state=state, sequence=sequence)
        return StoredCase(case=after, version=before.version + 1)

    @staticmethod
    def _one(
        connection: sa.Connection, where: sa.ColumnElement[bool], case_id: str, *, lock: bool = False
    ) -> StoredCase:
        query = _select().where(where)
        row = connection.execute(query.with_for_update() if lock else query).one_or_none()
        if row is None:
            raise NoSuchCase(f"there is no case {case_id}")
        return _stored(row)


def number_of(case_id: str) -> int:
    """Return the number in a case's id; raises NoSuchCase when it is no case id."""
    digits = case_id.removeprefix(PREFIX)
    if not case_id.startswith(PREFIX) or not (digits.isascii() and digits.isdigit()) or len(digits) > MAX_DIGITS:
        raise NoSuchCase(f"{case_id!r} is no case id like {PREFIX}4711")
    return int(digits)


def stake_of(case: Case) -> Stake | None:
    """Return what a case may still pay or has paid; None when it is nothing."""
    match case.settled if isinstance(case, Closed) else case:
        case AwaitingApproval(proposal=Proposal(amount=Money() as amount)):
            return Stake(amount=amount, paid_at=None)
        case (Approved() as approved) | NeedsAttention(unsettled=Approved() as approved):
            return Stake(amount=given_of(approved), paid_at=None)
        case Paid() as paid:
            return Stake(amount=given_of(paid), paid_at=None if is_outstanding(paid) else _last_paid_at(paid))
        case _:
            return None


def _last_paid_at(paid: Paid) -> datetime:
    """Return when the last part of a case was paid: a limit over time counts all of it from then on."""
    known = (each.settled_at for each in paid.standing if each.state is Standing.PAID and each.settled_at)
    return max(known, default=paid.paid_at)


def _select() -> sa.Select[tuple[str, int]]:
    return sa.select(tables.cases.c.document, tables.cases.c.version)


def _stored(row: sa.Row[tuple[str, int]]) -> StoredCase:
    return StoredCase(case=CASE.validate_json(row.document), version=row.version)
