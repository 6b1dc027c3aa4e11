"""Opens the site's database and hands out transactions: one kind to read, one kind to write."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, Insert, Table, create_engine, event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError

from varde.core.errors import IntegrityFailure, SiteBusy, VardeError
from varde.store.types import AnyRow, AnySelect

_WRITES = "varde_writes"


class Database:
    """A site's database. All writing goes through `write`, which takes the write lock at its start.

    Taking SQLite's lock at BEGIN instead of at the first write removes the dead-lock and the long tail of waits that
    upgrading a read transaction has (figures in the stack notes).
    """

    def __init__(self, url: str) -> None:
        self.engine: Engine = create_engine(url, pool_pre_ping=url.startswith("postgresql"))
        if self.engine.dialect.name == "sqlite":
            event.listen(self.engine, "connect", _prepare_sqlite)
            event.listen(self.engine, "begin", _begin_sqlite)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Yields a connection in a read transaction that sees one state of the database."""
        with self.engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Yields a connection in a write transaction; all of it is kept, or nothing.

        Raises:
            SiteBusy: if another process kept the write lock for longer than 60 seconds.
        """
        with self.engine.connect().execution_options(**{_WRITES: True}) as connection, _begin(connection):
            yield connection

    def migrate(self) -> None:
        """Brings the schema to this version of Varde."""
        with self.write() as connection:
            command.upgrade(_alembic(connection), "head")

    def check_version(self) -> None:
        """Does nothing if the schema is this version's.

        Raises:
            VardeError: if it is older (with advice) or newer.
        """
        with self.read() as connection:
            current = MigrationContext.configure(connection).get_current_revision()
            head = ScriptDirectory.from_config(_alembic(connection)).get_current_head()
        if current != head:
            raise VardeError(
                f"this site's database has schema {current}, this version of Varde needs {head}",
                advice="Run `varde init` on the same folder again to bring it up to date; make a copy first.",
            )

    def check_integrity(self) -> None:
        """Does nothing if the database finds itself sound.

        Raises:
            IntegrityFailure: with the first defects it names.
        """
        if self.engine.dialect.name != "sqlite":
            return
        with self.read() as connection:
            rows = [row[0] for row in connection.exec_driver_sql("PRAGMA quick_check(5)")]
        if rows != ["ok"]:
            raise IntegrityFailure(f"the database is damaged: {'; '.join(rows)}", advice="Restore it from a backup.")

    def close(self) -> None:
        """Closes every connection."""
        self.engine.dispose()


def stream(connection: Connection, query: AnySelect) -> Iterator[AnyRow]:
    """Yields the rows of a query a few thousand at a time instead of holding all of them."""
    yield from connection.execute(query, execution_options={"yield_per": 5000})


def insert_new(connection: Connection, table: Table) -> Insert:
    """Returns an INSERT into the table that leaves rows alone which would break a unique rule."""
    if connection.dialect.name == "postgresql":
        return postgresql.insert(table).on_conflict_do_nothing()
    return sqlite.insert(table).on_conflict_do_nothing()


def insert_or_replace_if(
    connection: Connection, table: Table, *, unique: tuple[str, ...], replaced: tuple[str, ...], closer: str
) -> Insert:
    """Returns an INSERT that, where the unique columns are taken, replaces columns if `closer` gets smaller."""
    make = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    insert = make(table)
    return insert.on_conflict_do_update(
        index_elements=unique,
        set_={name: insert.excluded[name] for name in replaced},
        where=insert.excluded[closer] < table.c[closer],
    )


@contextmanager
def _begin(connection: Connection) -> Iterator[None]:
    try:
        transaction = connection.begin()
    except DBAPIError as error:
        if "locked" in str(error.orig):
            raise SiteBusy("another process is writing to this site", advice="Try again when it is done.") from error
        raise
    with transaction:
        yield


def _alembic(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    return config


def _prepare_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "busy_timeout=60000",
        "cache_size=-65536",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get(_WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
