"""Whether a ticket and a case are about one loss, where only a person can say; and what people have said."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa

from cases.proposal import CaseId
from store import tables
from store.cases import PREFIX
from store.database import Transaction, insert_into


class Answer(StrEnum):
    """What a person said of a ticket and a case: one loss, or two."""

    SAME = "same"
    APART = "apart"


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkQuestion:
    """Whether a ticket and a case are about one loss.

    Fields:
        id: Its number, from 1.
        ref: The ticket: "zendesk:harbor:35436".
        case_number: The case.
        reason: Why it is asked, in one sentence; may hold words of customers.
        asked_at: Aware, UTC.
        answer: What was said; None while nobody has answered.
        answered_by: Our id of who said it; "sync" where it has settled itself. None while nobody has answered.
        answered_at: Aware, UTC; None while nobody has answered.
    """

    id: int
    ref: str
    case_number: int
    reason: str
    asked_at: datetime
    answer: Answer | None
    answered_by: str | None
    answered_at: datetime | None

    @property
    def case_id(self) -> CaseId:
        """The case's id: "CASE-4711"."""
        return CaseId(f"{PREFIX}{self.case_number}")

    @property
    def fingerprint(self) -> str:
        """What an answer is bound to: a hash of number, ticket and case, 16 signs."""
        bound = json.dumps([self.id, self.ref, self.case_number])
        return hashlib.sha256(bound.encode()).hexdigest()[:16]


def ask(tx: Transaction, ref: str, case_number: int, reason: str, *, now: datetime) -> LinkQuestion | None:
    """Ask whether a ticket and a case are about one loss; None when that was asked or answered before."""
    table = tables.link_questions
    statement = insert_into(tx, table).values(ref=ref, case_number=case_number, reason=reason, asked_at=now)
    once = statement.on_conflict_do_nothing(index_elements=["ref", "case_number"])
    row = tx.execute(once.returning(table)).one_or_none()
    return None if row is None else _question(row)


def answer(tx: Transaction, question_id: int, said: Answer, *, by: str, now: datetime) -> bool:
    """Keep the answer to a question; False when it was answered before, and the first answer stays."""
    column = tables.link_questions.c
    first = tx.execute(
        sa.update(tables.link_questions)
        .where(column.id == question_id, column.answer.is_(None))
        .values(answer=said, answered_by=by, answered_at=now)
    )
    return first.rowcount == 1


def say(tx: Transaction, ref: str, case_number: int, said: Answer, reason: str, *, by: str, now: datetime) -> None:
    """Keep what a person says of a ticket and a case without having been asked; it replaces what was said before."""
    statement = insert_into(tx, tables.link_questions).values(
        ref=ref, case_number=case_number, reason=reason, asked_at=now, answer=said, answered_by=by, answered_at=now
    )
    said_now = {"answer": said, "answered_by": by, "answered_at": now}
    tx.execute(statement.on_conflict_do_update(index_elements=["ref", "case_number"], set_=said_now))


def find(connection: sa.Connection, question_id: int) -> LinkQuestion | None:
    """Return a question by its number; None when there is none."""
    query = sa.select(tables.link_questions).where(tables.link_questions.c.id == question_id)
    row = connection.execute(query).one_or_none()
    return None if row is None else _question(row)


def unanswered(connection: sa.Connection) -> tuple[LinkQuestion, ...]:
    """Return every question that waits for a person, oldest first."""
    column = tables.link_questions.c
    query = sa.select(tables.link_questions).where(column.answer.is_(None)).order_by(column.id)
    return tuple(map(_question, connection.execute(query)))


def about(connection: sa.Connection, refs: Iterable[str]) -> tuple[LinkQuestion, ...]:
    """Return every question about these tickets, answered or not, oldest first."""
    column = tables.link_questions.c
    query = sa.select(tables.link_questions).where(column.ref.in_(list(refs))).order_by(column.id)
    return tuple(map(_question, connection.execute(query)))


def pass_on(tx: Transaction, case_number: int, into: int) -> None:
    """Let what was told apart from a case be apart from the case that it has joined, too."""
    table = tables.link_questions
    column = table.c
    apart = sa.select(table).where(column.case_number == case_number, column.answer == Answer.APART)
    for row in tx.execute(apart).all():
        values = {name: row._mapping[name] for name in ("ref", "reason", "asked_at", "answered_by", "answered_at")}  # noqa: SLF001  # SQLAlchemy's public name for it.
        statement = insert_into(tx, table).values(**values, case_number=into, answer=Answer.APART)
        tx.execute(statement.on_conflict_do_nothing(index_elements=["ref", "case_number"]))


def keep_joined(tx: Transaction, loss_key: str, case_number: int) -> None:
    """Remember that a person joined this loss into this case, which has one of its own."""
    statement = insert_into(tx, tables.joined_losses).values(loss_key=loss_key, case_number=case_number)
    tx.execute(statement.on_conflict_do_update(index_elements=["loss_key"], set_={"case_number": case_number}))


def forget_joined(tx: Transaction, loss_key: str) -> None:
    """Let a loss be nobody's again, until it is claimed."""
    tx.execute(sa.delete(tables.joined_losses).where(tables.joined_losses.c.loss_key == loss_key))


def joined_into(connection: sa.Connection, loss_key: str) -> CaseId | None:
    """Return the case that a person joined this loss into, which may have been joined since; None for none."""
    column = tables.joined_losses.c
    number = connection.scalar(sa.select(column.case_number).where(column.loss_key == loss_key))
    return None if number is None else CaseId(f"{PREFIX}{number}")


def _question(row: sa.Row[tuple[object, ...]]) -> LinkQuestion:
    return LinkQuestion(
        id=row.id,
        ref=row.ref,
        case_number=row.case_number,
        reason=row.reason,
        asked_at=row.asked_at,
        answer=None if row.answer is None else Answer(row.answer),
        answered_by=row.answered_by,
        answered_at=row.answered_at,
    )
