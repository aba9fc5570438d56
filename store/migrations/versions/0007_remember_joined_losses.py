"""Remember which losses people joined into cases that have one of their own; also those of before."""

import json

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

JOINED_BY_PEOPLE = """
    SELECT cases.document FROM cases
    JOIN audit ON audit.case_number = cases.number AND audit.sequence = cases.version
    WHERE cases.stage = 'joined' AND audit.event = 'joined' AND audit.actor <> 'sync'
    ORDER BY cases.number
"""


def upgrade() -> None:
    op.create_table(
        "joined_losses",
        sa.Column("loss_key", sa.Text(), nullable=False),
        sa.Column("case_number", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["case_number"], ["cases.number"], name=op.f("fk_joined_losses_case_number")),
        sa.PrimaryKeyConstraint("loss_key", name=op.f("pk_joined_losses")),
    )
    with op.batch_alter_table("joined_losses", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_joined_losses_case_number"), ["case_number"], unique=False)
    _remember()


def _remember() -> None:
    connection = op.get_bind()
    had = set(connection.scalars(sa.text("SELECT loss_key FROM cases WHERE loss_key IS NOT NULL")))
    joined: dict[str, int] = {}
    for (document,) in connection.execute(sa.text(JOINED_BY_PEOPLE)):
        case = json.loads(document)
        loss = case["about"]["loss"]
        if loss is not None:
            reference = "".join(loss["reference"].split()).upper()
            joined[f"{loss['customer_id']}/{loss['kind']}/{reference}"] = int(case["into"].removeprefix("CASE-"))
    # What the other case has as its own it has anyway.
    given = ({"key": key, "number": number} for key, number in joined.items() if key not in had)
    for row in given:
        connection.execute(sa.text("INSERT INTO joined_losses VALUES (:key, :number)"), row)
