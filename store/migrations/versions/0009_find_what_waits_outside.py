"""Find what waits to be said, and what was refused, without reading all that was ever said."""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_outbox_state_lane", "outbox", ["state", "lane"])
