"""What Alembic runs for every migration; the connection, in its transaction, comes from the caller."""

from alembic import context

from store.models import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,  # SQLite alters a table by copying it
    transactional_ddl=True,  # both databases take DDL back with the transaction
)
context.run_migrations()
