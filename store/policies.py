"""Policies in the database: every submitted version with its text, and which released one decides at a moment."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa

from policy.form import Policy
from policy.loading import read_policy
from policy.mistakes import BadPolicy, Mistake
from store import policy_history
from store.audit import Change
from store.database import Transaction, insert_into
from store.policy_tables import policy_versions

Column = policy_versions.c


class State(StrEnum):
    """Where a version stands. Only a released one decides; a withdrawn one did, and never will again."""

    SUBMITTED = "submitted"
    RELEASED = "released"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted:
    """What was found in a version when it was submitted.

    Fields:
        key: Which finding, whatever the text around it: "limit-never-binds: per case".
        place: "okb.yaml:31:5".
        what: The sentence.
        waived: Why its author holds it to be no fault.
    """

    key: str
    place: str
    what: str
    waived: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One version of a policy as it stands.

    Fields:
        name: "delayed-withdrawal".
        version: "3".
        file: What the file was called: "delayed-withdrawal.yaml".
        text_hash: sha256 of its text, hex.
        state: Where it stands.
        starts_at: From when it decides; aware, UTC.
        ends_at: Before when; None while it is open.
        findings: What was found and waived.
        submitted_by: Our id of its author.
        submitted_at: Aware, UTC.
        decided_by: Who released, rejected or withdrew it; None while nobody has.
        decided_at: Aware, UTC; None while nobody has.
        reason: Why it was rejected or withdrawn; None when nothing was said.
    """

    name: str
    version: str
    file: str
    text_hash: str
    state: State
    starts_at: datetime
    ends_at: datetime | None
    findings: tuple[Noted, ...]
    submitted_by: str
    submitted_at: datetime
    decided_by: str | None = None
    decided_at: datetime | None = None
    reason: str | None = None

    @property
    def id(self) -> str:
        """Its name and version: "delayed-withdrawal@3"."""
        return f"{self.name}@{self.version}"

    @property
    def fingerprint(self) -> str:
        """What a word on it is bound to, hex: its text and what was waived in it, as a person who decides reads them.

        Where nothing was waived it is the hash of the text.
        """
        if not self.findings:
            return self.text_hash
        waived = [self.text_hash, *([each.key, each.what, each.waived] for each in self.findings)]
        return hashlib.sha256(json.dumps(waived, ensure_ascii=False).encode()).hexdigest()

    def decides_at(self, at: datetime) -> bool:
        """Whether it is released and this moment is one of its own."""
        return self.state is State.RELEASED and self.starts_at <= at and (self.ends_at is None or at < self.ends_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyRepository:
    """Policies in the database. `audit_key` seals their history; texts are read once and kept, by their hash."""

    audit_key: bytes
    _read: dict[str, Policy] = field(default_factory=dict, repr=False, compare=False)

    def policy_for(self, connection: sa.Connection, topic: str, at: datetime) -> Policy | None:
        """Return the released version that decides this topic at this moment; None when none does.

        Raises BadPolicy when its text is not understood (any more).
        """
        deciding = sa.select(Column.text_hash).where(
            Column.state == State.RELEASED,
            Column.starts_at <= at,
            sa.or_(Column.ends_at.is_(None), Column.ends_at > at),
        )
        hashes = connection.scalars(deciding.order_by(Column.name)).all()
        policies = (self.policy(connection, each) for each in hashes)
        return next((each for each in policies if each is not None and topic in each.topics), None)

    def policy(self, connection: sa.Connection, text_hash: str) -> Policy | None:
        """Return the policy with this text, whatever became of it; None when there is none. Raises BadPolicy."""
        if text_hash not in self._read:
            found = connection.execute(
                sa.select(Column.text, Column.file).where(Column.text_hash == text_hash).limit(1)
            ).one_or_none()
            if found is None:
                return None
            policy = read_policy(found.text, found.file)
            if policy.text_hash != text_hash:
                what = "this is not the text that was submitted: `makewhole audit verify` says more"
                raise BadPolicy([Mistake(place=policy.place, what=what)])
            self.keep(policy)
        return self._read[text_hash]

    def keep(self, policy: Policy) -> None:
        """Keep a policy that was read, so that its text need not be read again."""
        self._read[policy.text_hash] = policy

    def versions(self, connection: sa.Connection) -> tuple[Version, ...]:
        """Return every version of every policy, by name and start."""
        rows = connection.execute(_select().order_by(Column.name, Column.starts_at, Column.version))
        return tuple(_version(row) for row in rows)

    def find(self, connection: sa.Connection, name: str, version: str) -> Version | None:
        """Return one version of a policy; None when it was never submitted."""
        row = connection.execute(_select().where(Column.name == name, Column.version == version)).one_or_none()
        return None if row is None else _version(row)

    def text(self, connection: sa.Connection, name: str, version: str) -> str | None:
        """Return the text of a version; None when it was never submitted."""
        query = sa.select(Column.text).where(Column.name == name, Column.version == version)
        return connection.execute(query).scalar_one_or_none()

    def put(self, tx: Transaction, version: Version, text: str, change: Change) -> None:
        """Keep a version that is submitted, in place of an earlier text that was never released.

        The caller holds "policies" and has looked that no released text is replaced.
        """
        keys = {"name": version.name, "version": version.version}
        values = {**_values(version), "text": text}
        statement = insert_into(tx, policy_versions).values(**keys, **values)
        tx.execute(statement.on_conflict_do_update(index_elements=list(keys), set_=values))
        policy_history.append(tx, self.audit_key, version.name, change)

    def save(self, tx: Transaction, version: Version, change: Change) -> None:
        """Keep what became of a version; its text stays. The caller holds "policies"."""
        mine = (Column.name == version.name, Column.version == version.version)
        tx.execute(sa.update(policy_versions).where(*mine).values(**_values(version)))
        policy_history.append(tx, self.audit_key, version.name, change)


def hold(tx: Transaction) -> None:
    """Keep others from changing any policy until this transaction ends: what is released must not overlap."""
    tx.hold("policies")


def _select() -> sa.Select[tuple[object, ...]]:
    return sa.select(*(each for each in Column if each.name != "text"))


def _values(version: Version) -> Mapping[str, object]:
    noted = [[each.key, each.place, each.what, each.waived] for each in version.findings]
    return {
        "file": version.file,
        "text_hash": version.text_hash,
        "state": version.state,
        "starts_at": version.starts_at,
        "ends_at": version.ends_at,
        "findings": json.dumps(noted, ensure_ascii=False),
        "submitted_by": version.submitted_by,
        "submitted_at": version.submitted_at,
        "decided_by": version.decided_by,
        "decided_at": version.decided_at,
        "reason": version.reason,
    }


def _version(row: sa.Row[tuple[object, ...]]) -> Version:
    noted = json.loads(row.findings)
    return Version(
        name=row.name,
        version=row.version,
        file=row.file,
        text_hash=row.text_hash,
        state=State(row.state),
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        findings=tuple(Noted(key=key, place=place, what=what, waived=why) for key, place, what, why in noted),
        submitted_by=row.submitted_by,
        submitted_at=row.submitted_at,
        decided_by=row.decided_by,
        decided_at=row.decided_at,
        reason=row.reason,
    )
