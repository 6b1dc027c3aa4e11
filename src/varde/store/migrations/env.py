"""Alembic's hook: runs the migrations on the connection that `Database.migrate` hands over."""

from alembic import context

from varde.store import camera_tables, face_tables, people_tables, review_tables, search_tables  # noqa: F401 - metadata
from varde.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    transactional_ddl=False,
)
with context.begin_transaction():
    context.run_migrations()
