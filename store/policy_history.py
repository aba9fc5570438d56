"""The history of each policy's versions: who submitted, released or withdrew which text; sealed like a case's."""

import hashlib
import hmac
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import sqlalchemy as sa

from store.audit import FIRST, AuditRecord, Change, record_of, seal
from store.database import Transaction
from store.policy_tables import policy_audit, policy_versions


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokenPolicy:
    """A place where the history of a policy does not hold, and what is wrong there."""

    name: str
    sequence: int
    problem: str


def append(tx: Transaction, key: bytes, name: str, change: Change) -> None:
    """Write what happened to a policy into its history, with the digest of its versions as they stand now.

    The caller has changed the versions in the same transaction and holds "policies".
    """
    column = policy_audit.c
    query = sa.select(column.sequence, column.digest).where(column.name == name).order_by(column.sequence.desc())
    last = tx.execute(query.limit(1)).one_or_none()
    row = {
        "name": name,
        "sequence": last.sequence + 1 if last else 1,
        "at": change.at,
        "actor": change.actor,
        "event": change.event,
        "detail": json.dumps(dict(change.detail), ensure_ascii=False, sort_keys=True),
        "state_digest": _state(tx.connection, name),
    }
    digest = seal(key, last.digest if last else FIRST, name, row)
    tx.execute(sa.insert(policy_audit).values(**row, digest=digest))


def history(connection: sa.Connection, name: str) -> tuple[AuditRecord, ...]:
    """Return every record of a policy, oldest first."""
    rows = connection.execute(
        sa.select(policy_audit).where(policy_audit.c.name == name).order_by(policy_audit.c.sequence)
    )
    return tuple(map(record_of, rows))


def verify(connection: sa.Connection, key: bytes) -> Iterator[BrokenPolicy]:
    """Yield every break in the history of every policy, and texts that are not those that were submitted."""
    names = sa.union(sa.select(policy_versions.c.name), sa.select(policy_audit.c.name)).order_by("name")
    for name in connection.scalars(names).all():
        yield from _verify_policy(connection, key, name)


def _verify_policy(connection: sa.Connection, key: bytes, name: str) -> Iterator[BrokenPolicy]:
    previous, sequence, state = FIRST, 0, ""
    rows = connection.execute(
        sa.select(policy_audit).where(policy_audit.c.name == name).order_by(policy_audit.c.sequence)
    )
    for row in rows.mappings():
        sequence += 1
        if row["sequence"] != sequence:
            yield BrokenPolicy(name=name, sequence=sequence, problem="a record is missing or out of order")
            return
        if not hmac.compare_digest(row["digest"], seal(key, previous, name, dict(row))):
            yield BrokenPolicy(name=name, sequence=sequence, problem="the record does not match its seal")
            return
        previous, state = row["digest"], row["state_digest"]
    if state != _state(connection, name):
        problem = "its versions were changed outside its history"
        yield BrokenPolicy(name=name, sequence=sequence, problem=problem)


def _state(connection: sa.Connection, name: str) -> str:
    """Return the digest of all versions of a policy as they are stored, texts included."""
    rows = connection.execute(
        sa.select(policy_versions).where(policy_versions.c.name == name).order_by(policy_versions.c.version)
    )
    stored = [[_plain(value) for value in row] for row in rows]
    return hashlib.sha256(json.dumps(stored).encode()).hexdigest()


def _plain(value: object) -> str | None:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return None if value is None else str(value)
