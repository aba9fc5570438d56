"""Let PostgreSQL keep a ticket of a few kilobytes in its row: to compress it and move it aside takes long."""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

#: As much as fits a page; what is larger goes aside as before.
MOST_BYTES = 8160


def upgrade() -> None:
    if op.get_context().dialect.name == "postgresql":
        op.execute(f"ALTER TABLE tickets SET (toast_tuple_target = {MOST_BYTES})")
