"""Count what differed over whole comparisons with a vendor."""

import sqlalchemy as sa
from alembic import op

from store.column_types import UTCDateTime

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("readings", sa.Column("ended_at", UTCDateTime(), nullable=True))
    op.add_column("readings", sa.Column("comparing", sa.Boolean(), nullable=True))
    op.add_column("sources", sa.Column("differing", sa.Integer(), nullable=True))
