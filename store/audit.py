"""The audit chain of each case: who did what when, each record sealed to the one before.

The seal is an HMAC under a key that is not in the database, so that whoever can write the database cannot forge
history. The case row is sealed too: each record holds the digest of the case as it stood after the change.
"""

import hashlib
import hmac
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from store import tables

FIRST = "0" * 64


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRecord:
    """One change of a case.

    Fields:
        sequence: From 1, without gaps.
        at: Aware, UTC.
        actor: "policy", "sync", "provider" or a person's id.
        event: "opened", "proposed", "approved" …
        detail: Sorted (name, value) pairs that say what happened.
        digest: The seal.
    """

    sequence: int
    at: datetime
    actor: str
    event: str
    detail: tuple[tuple[str, str], ...]
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """A place where the chain of a case does not hold, and what is wrong there."""

    case_number: int
    sequence: int
    problem: str


def state_digest(document: str, stage: str, loss_key: str | None) -> str:
    """Return the digest of a case row as it is stored."""
    return hashlib.sha256(json.dumps([document, stage, loss_key]).encode()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What is to be written into the chain."""

    at: datetime
    actor: str
    event: str
    detail: tuple[tuple[str, str], ...]


def append(  # What, under which key, after what.
    connection: sa.Connection, key: bytes, case_number: int, change: Change, *, state: str, sequence: int
) -> None:
    """Write the record with this sequence into the chain of a case; the caller holds the case row."""
    previous = FIRST if sequence == 1 else _digest(connection, case_number, sequence - 1)
    row = {
        "case_number": case_number,
        "sequence": sequence,
        "at": change.at,
        "actor": change.actor,
        "event": change.event,
        "detail": json.dumps(dict(change.detail), ensure_ascii=False, sort_keys=True),
        "state_digest": state,
    }
    connection.execute(sa.insert(tables.audit), {**row, "digest": seal(key, previous, case_number, row)})


def _digest(connection: sa.Connection, case_number: int, sequence: int) -> str:
    chain = tables.audit.c
    query = sa.select(chain.digest).where(chain.case_number == case_number, chain.sequence == sequence)
    return str(connection.execute(query).scalar_one())


def history(connection: sa.Connection, case_number: int) -> tuple[AuditRecord, ...]:
    """Return every record of a case, oldest first."""
    rows = connection.execute(
        sa.select(tables.audit).where(tables.audit.c.case_number == case_number).order_by(tables.audit.c.sequence)
    )
    return tuple(map(record_of, rows))


def record_of(row: sa.Row[Any]) -> AuditRecord:
    """Return a row of a chain, a case's or a policy's, as a record."""
    return AuditRecord(
        sequence=row.sequence,
        at=row.at,
        actor=row.actor,
        event=row.event,
        detail=tuple(sorted(json.loads(row.detail).items())),
        digest=row.digest,
    )


def verify(connection: sa.Connection, key: bytes) -> Iterator[Broken]:
    """Yield every break in every chain; nothing when all hold. Reads the cases in one pass, memory stays flat."""
    query = (
        sa.select(tables.cases.c.number, tables.cases.c.document, tables.cases.c.stage, tables.cases.c.loss_key)
        .add_columns(tables.cases.c.version)
        .order_by(tables.cases.c.number)
        .execution_options(yield_per=500)
    )
    expected = 0
    with connection.execute(query) as cases:
        for case in cases:
            for missing in range(expected + 1, case.number):
                yield from _missing_case(connection, missing)
            expected = case.number
            yield from _verify_case(connection, key, case)
    yield from _orphans(connection)


def _verify_case(
    connection: sa.Connection, key: bytes, case: sa.Row[tuple[int, str, str, str | None, int]]
) -> Iterator[Broken]:
    previous, sequence, state = FIRST, 0, ""
    rows = connection.execute(
        sa.select(tables.audit).where(tables.audit.c.case_number == case.number).order_by(tables.audit.c.sequence)
    )
    for row in rows.mappings():
        sequence += 1
        if row["sequence"] != sequence:
            yield Broken(case_number=case.number, sequence=sequence, problem="a record is missing or out of order")
            return
        if not hmac.compare_digest(row["digest"], seal(key, previous, case.number, dict(row))):
            yield Broken(case_number=case.number, sequence=sequence, problem="the record does not match its seal")
            return
        previous, state = row["digest"], row["state_digest"]
    if sequence != case.version:
        yield Broken(case_number=case.number, sequence=sequence, problem=f"{case.version} changes, {sequence} records")
    elif state != state_digest(case.document, case.stage, case.loss_key):
        yield Broken(case_number=case.number, sequence=sequence, problem="the case was changed outside its history")


def _missing_case(connection: sa.Connection, number: int) -> Iterator[Broken]:
    # Numbers may be skipped by a rolled-back transaction; records without their case may not.
    found = connection.scalar(sa.select(sa.func.count()).where(tables.audit.c.case_number == number))
    if found:
        yield Broken(case_number=number, sequence=0, problem="the case is gone, its records are not")


def _orphans(connection: sa.Connection) -> Iterator[Broken]:
    last = connection.scalar(sa.select(sa.func.max(tables.cases.c.number))) or 0
    later = sa.select(tables.audit.c.case_number).where(tables.audit.c.case_number > last).distinct()
    for number in connection.scalars(later):
        yield Broken(case_number=number, sequence=0, problem="the case is gone, its records are not")


def seal(key: bytes, previous: str, subject: int | str, row: Mapping[str, object]) -> str:
    """Return the seal of one record after the one with the digest `previous`.

    subject: Whose chain it is: the number of a case, the name of a policy.
    """
    at = row["at"]
    moment = at.astimezone(UTC).isoformat() if isinstance(at, datetime) else str(at)
    sealed = [previous, subject, row["sequence"], moment, row["actor"], row["event"], row["detail"]]
    body = json.dumps([*sealed, row["state_digest"]], ensure_ascii=False)
    return hmac.new(key, body.encode(), hashlib.sha256).hexdigest()
