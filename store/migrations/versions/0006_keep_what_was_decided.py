"""Keep what was decided on each line of the policies, to set beside later proposals."""

import json
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

from store.column_types import UTCDateTime, WholeNumber

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    precedents = op.create_table(
        "precedents",
        sa.Column("case_number", sa.Integer(), nullable=False),
        sa.Column("line", sa.Text(), nullable=False),
        sa.Column("band", sa.Text(), nullable=False),
        sa.Column("agreed", sa.Boolean(), nullable=False),
        sa.Column("minor", WholeNumber(), nullable=True),
        sa.Column("asset", sa.String(length=20), nullable=True),
        sa.Column("policy_version", sa.Text(), nullable=False),
        sa.Column("inputs", sa.Text(), nullable=False),
        sa.Column("decided_at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["case_number"], ["cases.number"], name=op.f("fk_precedents_case_number_cases")),
        sa.PrimaryKeyConstraint("case_number", name=op.f("pk_precedents")),
    )
    with op.batch_alter_table("precedents", schema=None) as batch_op:
        batch_op.create_index("ix_precedents_line_decided_at", ["line", "decided_at"], unique=False)
    rows = list(_decided(op.get_bind()))
    if rows:
        op.bulk_insert(precedents, rows)


def _decided(connection: sa.Connection) -> Iterator[dict[str, Any]]:
    """Yield what was decided before there was this table; the last change of a case stands for when it was decided."""
    column = sa.table(
        "cases", *map(sa.column, ("number", "stage", "document")), sa.column("updated_at", UTCDateTime())
    ).c
    ended = ("approved", "declined", "paid", "closed")
    for row in connection.execute(
        sa.select(column.number, column.document, column.updated_at).where(column.stage.in_(ended))
    ):
        case = json.loads(row.document)
        case = case.get("settled", case)
        proposal, amount = case["proposal"], case.get("amount")
        stages = (f"{each['quorum']} {' or '.join(each['roles'])}" for each in proposal["approvals"])
        yield {
            "case_number": row.number,
            "line": f"{proposal['policy_id']} / {proposal['reason']}",
            "band": ", ".join(stages),
            "agreed": case["stage"] != "declined",
            "minor": amount["minor"] if amount else None,
            "asset": amount["code"] if amount else None,
            "policy_version": proposal["policy_version"],
            "inputs": json.dumps(proposal["inputs"]),
            "decided_at": row.updated_at,
        }
