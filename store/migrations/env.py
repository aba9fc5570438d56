"""Run by Alembic: applies the migrations over the connection that store.migrating hands in."""

from alembic import context

from store import policy_tables

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=policy_tables.policy_versions.metadata,
    render_as_batch=True,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
