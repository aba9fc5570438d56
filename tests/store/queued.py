"""The queue's own table, read and worked off by hand."""

from dataclasses import dataclass

import sqlalchemy as sa

from store.database import Transaction

KINDS = dict.fromkeys(("read", "note", "card", "thread", "propose", "escalate", "pay", "poll"), "work")


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One attempt of a job that waits. delayed: It has a time before which it does not run."""

    kind: str
    key: str
    number: int
    delayed: bool

    @property
    def name(self) -> str:
        """Its name in the queue: "read:zendesk:harbor:17@1@1"."""
        return f"{self.kind}:{self.key}@{self.number}"


def queued(connection: sa.Connection) -> tuple[Job, ...]:
    """Return every job that waits, in the order of enqueuing, as far as the queue knows it."""
    status = _status(connection)
    query = sa.select(status.c.workflow_uuid, status.c.status).where(status.c.status.in_(["ENQUEUED", "DELAYED"]))
    rows = connection.execute(query.order_by(status.c.created_at, status.c.workflow_uuid))
    return tuple(_job(row.workflow_uuid, delayed=row.status == "DELAYED") for row in rows)


def keys(connection: sa.Connection, kind: str) -> list[str]:
    """Return the keys of the jobs of one kind that wait, sorted."""
    return sorted(job.key for job in queued(connection) if job.kind == kind)


def done(tx: Transaction, job: Job) -> None:
    """Let a job have been done; the queue keeps its name, so the same job does not come again."""
    status = _status(tx.connection)
    ended = tx.execute(sa.update(status).where(status.c.workflow_uuid == job.name).values(status="SUCCESS"))
    assert ended.rowcount == 1


def taken(tx: Transaction, name: str, *, by: str, version: str) -> None:
    """Let a worker have taken a job under the version that it ran."""
    status = _status(tx.connection)
    values = {"status": "PENDING", "executor_id": by, "application_version": version}
    assert tx.execute(sa.update(status).where(status.c.workflow_uuid == name).values(values)).rowcount == 1


def _status(connection: sa.Connection) -> sa.TableClause:
    names = ("workflow_uuid", "status", "created_at", "executor_id", "application_version")
    schema = "dbos" if connection.dialect.name == "postgresql" else None
    return sa.table("workflow_status", *(sa.column(each) for each in names), schema=schema)


def _job(name: str, *, delayed: bool) -> Job:
    kind, _, rest = name.partition(":")
    key, _, number = rest.rpartition("@")
    return Job(kind=kind, key=key, number=int(number), delayed=delayed)
