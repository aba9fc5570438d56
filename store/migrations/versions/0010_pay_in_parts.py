"""Pay in parts: a payout is of a whole proposal, as all are that stand here, or of one part of it."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("payouts", schema=None) as batch_op:
        batch_op.add_column(sa.Column("part", sa.Integer(), nullable=False, server_default="0"))
        batch_op.drop_constraint("pk_payouts", type_="primary")
        batch_op.create_primary_key("pk_payouts", ["case_number", "fingerprint", "part"])
    with op.batch_alter_table("payouts", schema=None) as batch_op:
        batch_op.alter_column("part", existing_type=sa.Integer(), existing_nullable=False, server_default=None)
