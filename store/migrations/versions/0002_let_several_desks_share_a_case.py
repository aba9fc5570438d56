"""Let several desks share a case."""

import sqlalchemy as sa
from alembic import op

from store.column_types import UTCDateTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "comment_copies",
        sa.Column("source_ref", sa.String(length=200), nullable=False),
        sa.Column("comment_id", sa.String(length=100), nullable=False),
        sa.Column("case_number", sa.Integer(), nullable=False),
        sa.Column("copies", sa.Integer(), nullable=False),
        sa.Column("heard_at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["case_number"], ["cases.number"], name=op.f("fk_comment_copies_case_number")),
        sa.PrimaryKeyConstraint("source_ref", "comment_id", name=op.f("pk_comment_copies")),
    )
    op.create_table(
        "erased_customers",
        sa.Column("customer_id", sa.String(length=200), nullable=False),
        sa.Column("erased_at", UTCDateTime(), nullable=False),
        sa.Column("erased_by", sa.String(length=100), nullable=False),
        sa.PrimaryKeyConstraint("customer_id", name=op.f("pk_erased_customers")),
    )
    op.create_table(
        "sources",
        sa.Column("source", sa.String(length=100), nullable=False),
        sa.Column("succeeded_at", UTCDateTime(), nullable=True),
        sa.Column("changed_at", UTCDateTime(), nullable=True),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.Column("problem_at", UTCDateTime(), nullable=True),
        sa.Column("reconciled_at", UTCDateTime(), nullable=True),
        sa.Column("differed", sa.Integer(), nullable=True),
        sa.Column("budget_name", sa.String(length=100), nullable=True),
        sa.Column("budget_limit", sa.Integer(), nullable=True),
        sa.Column("budget_remaining", sa.Integer(), nullable=True),
        sa.Column("budget_at", UTCDateTime(), nullable=True),
        sa.Column("caught_up_at", UTCDateTime(), nullable=True),
        sa.Column("read_records", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("source", name=op.f("pk_sources")),
    )
    op.create_table(
        "case_fields",
        sa.Column("case_number", sa.Integer(), nullable=False),
        sa.Column("field", sa.String(length=100), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.Column("changed_at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["case_number"], ["cases.number"], name=op.f("fk_case_fields_case_number")),
        sa.PrimaryKeyConstraint("case_number", "field", name=op.f("pk_case_fields")),
    )
    op.create_table(
        "link_questions",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("ref", sa.String(length=200), nullable=False),
        sa.Column("case_number", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("asked_at", UTCDateTime(), nullable=False),
        sa.Column("answer", sa.String(length=10), nullable=True),
        sa.Column("answered_by", sa.String(length=100), nullable=True),
        sa.Column("answered_at", UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["case_number"], ["cases.number"], name=op.f("fk_link_questions_case_number")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_link_questions")),
        sa.UniqueConstraint("ref", "case_number", name=op.f("uq_link_questions_ref_case_number")),
    )
    with op.batch_alter_table("link_questions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_link_questions_case_number"), ["case_number"], unique=False)

    op.create_table(
        "mirrored_fields",
        sa.Column("ref", sa.String(length=200), nullable=False),
        sa.Column("field", sa.String(length=100), nullable=False),
        sa.Column("case_number", sa.Integer(), nullable=False),
        sa.Column("base", sa.String(length=32), nullable=True),
        sa.Column("stamp", UTCDateTime(), nullable=True),
        sa.Column("written", sa.String(length=32), nullable=True),
        sa.Column("alike", sa.String(length=32), nullable=True),
        sa.Column("place", sa.Integer(), nullable=True),
        sa.Column("restores", sa.Integer(), nullable=False),
        sa.Column("restores_since", UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["case_number"], ["cases.number"], name=op.f("fk_mirrored_fields_case_number")),
        sa.PrimaryKeyConstraint("ref", "field", name=op.f("pk_mirrored_fields")),
    )
    with op.batch_alter_table("mirrored_fields", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_mirrored_fields_case_number"), ["case_number"], unique=False)

    op.create_table(
        "field_conflicts",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("case_number", sa.Integer(), nullable=False),
        sa.Column("ref", sa.String(length=200), nullable=False),
        sa.Column("field", sa.String(length=100), nullable=False),
        sa.Column("cause", sa.String(length=20), nullable=False),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.Column("ours", sa.Text(), nullable=False),
        sa.Column("theirs", sa.Text(), nullable=False),
        sa.Column("found_at", UTCDateTime(), nullable=False),
        sa.Column("settled_at", UTCDateTime(), nullable=True),
        sa.Column("settled_by", sa.String(length=100), nullable=True),
        sa.Column("took", sa.String(length=10), nullable=True),
        sa.ForeignKeyConstraint(["case_number"], ["cases.number"], name=op.f("fk_field_conflicts_case_number")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_field_conflicts")),
    )
    with op.batch_alter_table("field_conflicts", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_field_conflicts_case_number"), ["case_number"], unique=False)
        batch_op.create_index(
            "ix_field_conflicts_open",
            ["ref"],
            unique=False,
            sqlite_where=sa.text("settled_at IS NULL"),
            postgresql_where=sa.text("settled_at IS NULL"),
        )

    with op.batch_alter_table("tickets", schema=None) as batch_op:
        batch_op.add_column(sa.Column("name", sa.Text(), nullable=True))
        batch_op.create_index(
            "ix_tickets_customer_id",
            ["customer_id"],
            unique=False,
            sqlite_where=sa.text("topic IS NOT NULL"),
            postgresql_where=sa.text("topic IS NOT NULL"),
        )
        batch_op.create_index(
            "ix_tickets_name",
            ["name"],
            unique=False,
            sqlite_where=sa.text("name IS NOT NULL"),
            postgresql_where=sa.text("name IS NOT NULL"),
        )
