"""Find earlier decisions of the same band of the matrix among many others of a line."""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_precedents_line_band_decided_at", "precedents", ["line", "band", "decided_at"])
