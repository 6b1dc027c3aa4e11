"""Behaviour of the migrations: what they leave is exactly what `varde.store.tables` describes."""

from __future__ import annotations

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import inspect

from varde.store import tables
from varde.store.database import Database


def test_migrated_schema_equals_the_tables(database: Database) -> None:
    with database.read() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, tables.metadata) == []


def test_check_constraints_are_in_the_database(database: Database) -> None:
    """Alembic does not compare them."""
    with database.read() as connection:
        inspector = inspect(connection)
        for table in tables.metadata.sorted_tables:
            described = {c.name for c in table.constraints if type(c).__name__ == "CheckConstraint"}
            found = {check["name"] for check in inspector.get_check_constraints(table.name)}
            assert found == {f"{name}" for name in described}, table.name
