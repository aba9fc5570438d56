"""What has to be said outside, in order: a lane is one ticket or one card, and is sent one item at a time.

An item is put in the transaction that made it necessary. The first unsent item of a lane has a job; when it is done,
the next one gets its job in the same transaction. So two workers never write to one ticket at once, and a later
state is never overtaken by an earlier one.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa

from store import tables
from store.database import Transaction


class Kind(StrEnum):
    """What an item is, and the kind of the job that sends it."""

    NOTE = "note"
    FIELDS = "fields"
    LINK = "link"
    CARD = "card"
    THREAD = "thread"
    QUESTION = "question"


class State(StrEnum):
    """Where an item stands: waiting, sent, refused for good by the other side, or erased before it was said."""

    WAITING = "waiting"
    SENT = "sent"
    REFUSED = "refused"
    ERASED = "erased"


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One thing to say.

    Fields:
        lane: "ticket/zendesk:harbor:17", "card/CASE-4711".
        sequence: Its place in the lane, from 1.
        case_number: The case it is about.
        kind: What it is.
        document: What is to be said, as its sender wrote it (JSON or text).
        state: Where it stands.
    """

    lane: str
    sequence: int
    case_number: int
    kind: Kind
    document: str
    state: State

    @property
    def key(self) -> str:
        """The item's name for ever, the key of its job."""
        return f"{self.lane}#{self.sequence}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far the writing of a lane is.

    Fields:
        last: The number of the last item whose sending was begun; 0 for none.
        under_way: Whether that item may be on its way at this moment.
    """

    last: int
    under_way: bool

    def has_done(self, sequence: int) -> bool:
        """Whether the sending of this item had ended."""
        return sequence < self.last or (sequence == self.last and not self.under_way)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stuck:
    """A lane whose first item waits.

    Fields:
        item: The first of the lane that waits.
        behind: How many wait behind it.
        put_at: Since when it waits; aware, UTC.
        problem: What went wrong the last time it was tried; None when nothing did.
        given_up: Whether it waits for an operator's replay.
    """

    item: Item
    behind: int
    put_at: datetime
    problem: str | None
    given_up: bool


def put(tx: Transaction, *, lane: str, case_number: int, kind: Kind, document: str, now: datetime) -> None:
    """Add an item at the end of its lane; the caller holds the case, which keeps the lane's order."""
    column = tables.outbox.c
    tx.hold(lane)
    last = tx.execute(sa.select(sa.func.max(column.sequence)).where(column.lane == lane)).scalar() or 0
    busy = tx.execute(_first_waiting(lane)).one_or_none() is not None
    tx.execute(
        sa.insert(tables.outbox).values(
            lane=lane,
            sequence=last + 1,
            case_number=case_number,
            kind=kind,
            document=document,
            state=State.WAITING,
            put_at=now,
        )
    )
    if not busy:
        tx.enqueue(kind, f"{lane}#{last + 1}")


def put_once(tx: Transaction, *, lane: str, case_number: int, kind: Kind, now: datetime) -> None:
    """Add an item that carries nothing and is worked out when it is sent, unless such a one waits untried already."""
    tx.hold(lane)
    column = tables.outbox.c
    same = (column.lane == lane, column.kind == kind, column.state == State.WAITING, column.attempted_at.is_(None))
    if tx.execute(sa.select(column.sequence).where(*same).limit(1)).one_or_none() is None:
        put(tx, lane=lane, case_number=case_number, kind=kind, document="", now=now)


def progress(connection: sa.Connection, lane: str) -> Progress:
    """Return how far the writing of a lane is."""
    column = tables.outbox.c
    last = connection.execute(
        sa.select(column.sequence, column.state)
        .where(column.lane == lane, column.attempted_at.is_not(None))
        .order_by(column.sequence.desc())
        .limit(1)
    ).one_or_none()
    return Progress(last=last.sequence if last else 0, under_way=last is not None and last.state == State.WAITING)


def waiting(connection: sa.Connection, lane: str, kind: Kind) -> tuple[Item, ...]:
    """Return the items of this kind that a lane still has waiting, in order."""
    column = tables.outbox.c
    mine = (column.lane == lane, column.kind == kind, column.state == State.WAITING)
    rows = connection.execute(sa.select(tables.outbox).where(*mine).order_by(column.sequence))
    return tuple(_item(row) for row in rows)


def find(connection: sa.Connection, key: str) -> Item | None:
    """Return the item with this job key; None when there is none."""
    lane, _, sequence = key.rpartition("#")
    column = tables.outbox.c
    row = connection.execute(
        sa.select(tables.outbox).where(column.lane == lane, column.sequence == int(sequence))
    ).one_or_none()
    return None if row is None else _item(row)


def first_attempt(tx: Transaction, item: Item, *, now: datetime) -> bool:
    """Record that sending an item begins; False when an earlier attempt was recorded, and may have got through."""
    column = tables.outbox.c
    first = tx.execute(
        sa.update(tables.outbox)
        .where(column.lane == item.lane, column.sequence == item.sequence, column.attempted_at.is_(None))
        .values(attempted_at=now)
    )
    return first.rowcount == 1


def finish(tx: Transaction, item: Item, state: State, *, now: datetime, problem: str | None = None) -> bool:
    """Record how sending an item ended and start the next of its lane; False when it had ended before."""
    column = tables.outbox.c
    tx.hold(item.lane)
    ended = tx.execute(
        sa.update(tables.outbox)
        .where(column.lane == item.lane, column.sequence == item.sequence, column.state == State.WAITING)
        .values(state=state, problem=problem, sent_at=now)
    )
    following = tx.execute(_first_waiting(item.lane)).one_or_none()
    if ended.rowcount == 1 and following is not None:
        tx.enqueue(following.kind, f"{item.lane}#{following.sequence}")
    return ended.rowcount == 1


def reopen(tx: Transaction, key: str) -> bool:
    """Make a refused item wait again, for an operator's replay.

    False when it was not refused, or when something later was sent in its lane: saying it now would put the other side
    back to an older state.
    """
    lane, _, sequence = key.rpartition("#")
    column = tables.outbox.c
    if not sequence.isdecimal():
        return False
    later = sa.select(column.sequence).where(
        column.lane == lane, column.sequence > int(sequence), column.state == State.SENT
    )
    if tx.execute(later.limit(1)).one_or_none() is not None:
        return False
    again = tx.execute(
        sa.update(tables.outbox)
        .where(column.lane == lane, column.sequence == int(sequence), column.state == State.REFUSED)
        .values(state=State.WAITING, problem=None, sent_at=None)
    )
    return again.rowcount == 1


def refused(connection: sa.Connection) -> tuple[tuple[Item, str], ...]:
    """Return every item that the other side refused for good, with its words."""
    column = tables.outbox.c
    rows = connection.execute(
        sa.select(tables.outbox).where(column.state == State.REFUSED).order_by(column.put_at, column.lane)
    )
    return tuple((_item(row), row.problem or "") for row in rows)


def stuck(connection: sa.Connection, kinds: tuple[Kind, ...], *, before: datetime) -> tuple[Stuck, ...]:
    """Return the lanes whose first waiting item is of these kinds and was put before this moment, oldest first."""
    column, failed = tables.outbox.c, tables.job_failures.c
    first = (
        sa.select(column.lane, sa.func.min(column.sequence).label("sequence"), sa.func.count().label("number"))
        .where(column.state == State.WAITING)
        .group_by(column.lane)
        .subquery()
    )
    key = column.lane + sa.literal("#") + sa.cast(column.sequence, sa.String)
    rows = connection.execute(
        sa.select(tables.outbox, first.c.number, failed.problem.label("trouble"), failed.dead_at)
        .join(first, sa.and_(column.lane == first.c.lane, column.sequence == first.c.sequence))
        .outerjoin(tables.job_failures, sa.and_(failed.kind == column.kind, failed.key == key))
        .where(column.kind.in_(kinds), column.put_at < before)
        .order_by(column.put_at, column.lane)
    )
    return tuple(
        Stuck(
            item=_item(row),
            behind=row.number - 1,
            put_at=row.put_at,
            problem=row.trouble,
            given_up=row.dead_at is not None,
        )
        for row in rows
    )


def latest(connection: sa.Connection, lane: str) -> Item | None:
    """Return the last item of a lane, whatever became of it; None where there was none."""
    column = tables.outbox.c
    last = sa.select(tables.outbox).where(column.lane == lane).order_by(column.sequence.desc()).limit(1)
    row = connection.execute(last).one_or_none()
    return None if row is None else _item(row)


def of_cases(connection: sa.Connection, case_numbers: Collection[int]) -> tuple[Item, ...]:
    """Return every item of these cases, whatever became of it, by lane and in order."""
    column = tables.outbox.c
    mine = sa.select(tables.outbox).where(column.case_number.in_(case_numbers))
    return tuple(_item(row) for row in connection.execute(mine.order_by(column.lane, column.sequence)))


def unsent(connection: sa.Connection, case_number: int, kind: Kind) -> int:
    """Return how many items of this kind a case still has waiting."""
    column = tables.outbox.c
    return (
        connection.scalar(
            sa.select(sa.func.count()).where(
                column.case_number == case_number, column.kind == kind, column.state == State.WAITING
            )
        )
        or 0
    )


def _first_waiting(lane: str) -> sa.Select[tuple[int, str]]:
    column = tables.outbox.c
    return (
        sa.select(column.sequence, column.kind)
        .where(column.lane == lane, column.state == State.WAITING)
        .order_by(column.sequence)
        .limit(1)
    )


def _item(row: sa.Row[tuple[object, ...]]) -> Item:
    return Item(
        lane=row.lane,
        sequence=row.sequence,
        case_number=row.case_number,
        kind=Kind(row.kind),
        document=row.document,
        state=State(row.state),
    )
