"""Opens the site's database and hands out transactions: one kind to read, one kind to write."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import URL, Connection, Engine, Insert, Table, create_engine, event, make_url
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import ArgumentError, OperationalError

from varde.core.errors import IntegrityFailure, SettingsError, SiteBusy, VardeError
from varde.store.failures import explain, explain_failures
from varde.store.types import AnyRow, AnySelect

_WRITES = "varde_writes"
_BUSY_LIMIT_S = 60.0
_CACHE_KIB = 64 << 10
_SLICE_MS = 500
PATIENCE_S = 1800.0
"""How long a run waits for another process that writes, such as the import of a large known set."""

_WRITE_LOCK = 0x7661726465
"""PostgreSQL's advisory lock that whoever writes to a site holds."""

_PROCESSING_LOCK = 0x7661726466


class Database:
    """A site's database. All writing goes through `write`, which takes the write lock at its start.

    Taking SQLite's lock at BEGIN instead of at the first write removes the dead-lock and the long tail of waits that
    upgrading a read transaction has (figures in the stack notes). On PostgreSQL an advisory lock does the same, so that
    row numbers and the audit chain can be counted up by one writer at a time.
    """

    def __init__(self, url: str | URL, *, busy_limit_s: float = _BUSY_LIMIT_S) -> None:
        """Prepares a database; nothing is opened yet.

        Args:
            url: SQLAlchemy address of an SQLite file or a PostgreSQL database.
            busy_limit_s: how long to wait for another process that writes.

        Raises:
            SettingsError: if it is no such address, or its driver is not installed.
        """
        self.engine: Engine = _make_engine(url)
        self._busy_limit_ms = int(busy_limit_s * 1000)
        self._turn = threading.Lock()
        self._cache_kib = _CACHE_KIB
        if self.engine.dialect.name == "sqlite":
            event.listen(self.engine, "connect", self._prepare_sqlite)
            event.listen(self.engine, "begin", self._begin_sqlite)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Yields a connection in a read transaction that sees one state of the database.

        Raises:
            VardeError: if the database cannot be used, with advice.
        """
        with explain_failures(), self.engine.connect() as connection:
            if connection.dialect.name == "postgresql":
                connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            with connection.begin():
                yield connection

    @contextmanager
    def write(self, *, patience_s: float = 0.0) -> Iterator[Connection]:
        """Yields a connection in a write transaction; all of it is kept, or nothing.

        Args:
            patience_s: how long to go on trying where the write lock was not free within the usual 60 seconds.

        Raises:
            SiteBusy: if another process kept the write lock for longer.
            VardeError: if the database cannot be used or its disk is full, with advice.
        """
        end = time.monotonic() + patience_s
        with ExitStack() as stack:
            while True:
                try:
                    connection = stack.enter_context(self._write())
                    break
                except SiteBusy:
                    if time.monotonic() >= end:
                        raise
            yield connection

    @contextmanager
    def _write(self) -> Iterator[Connection]:
        with self._wait_for_turn(), explain_failures(), self.engine.connect() as connection:
            connection.execution_options(**{_WRITES: True})
            with connection.begin():
                if connection.dialect.name == "postgresql":
                    self._lock_postgresql(connection)
                yield connection

    @contextmanager
    def _wait_for_turn(self) -> Iterator[None]:
        """Holds this process's turn to write: threads wait for each other here.

        SQLite itself makes those who wait sleep longer and longer, so that some wait for seconds while others pass.
        """
        if not self._turn.acquire(timeout=self._busy_limit_ms / 1000):
            raise SiteBusy("this process has been writing to the site for long", advice="Try again in a while.")
        try:
            yield
        finally:
            self._turn.release()

    @contextmanager
    def processing_lock(self) -> Iterator[None]:
        """Holds the right to process on a database that several folders may share; freed if the connection ends.

        SQLite's databases are in their site's folder, whose lock is enough.

        Raises:
            SiteBusy: if another process holds it.
        """
        if self.engine.dialect.name != "postgresql":
            yield
            return
        with explain_failures():
            connection = self.engine.connect()
        with connection, ExitStack() as stack:
            stack.callback(connection.invalidate)  # closing it frees the lock, whatever state it is in
            connection.execution_options(isolation_level="AUTOCOMMIT")
            with explain_failures():
                is_free = connection.exec_driver_sql(f"SELECT pg_try_advisory_lock({_PROCESSING_LOCK})").scalar_one()
            if not is_free:
                raise SiteBusy(
                    "another `varde process` is running on this site's database, from another folder",
                    advice="Wait until it is done, or stop it: it can be resumed at any time.",
                )
            yield
            with suppress(OperationalError):  # at once: the server may take a while to notice that a connection is gone
                connection.exec_driver_sql(f"SELECT pg_advisory_unlock({_PROCESSING_LOCK})")

    def migrate(self) -> None:
        """Brings the schema to this version of Varde.

        Raises:
            VardeError: if it is of a newer version.
        """
        with self.write() as connection:
            config = _alembic(connection)
            _check_not_newer(connection, config)
            command.upgrade(config, "head")

    def check_version(self) -> None:
        """Does nothing if the schema is this version's.

        Raises:
            VardeError: if it is older (with advice) or newer.
        """
        with self.read() as connection:
            config = _alembic(connection)
            current = _check_not_newer(connection, config)
            head = ScriptDirectory.from_config(config).get_current_head()
        if current is None:
            raise VardeError(
                "this site's database is empty",
                advice="If the site was just being made, run `varde init` on its folder again; "
                "otherwise restore the database from a backup.",
            )
        if current != head:
            raise VardeError(
                f"this site's database has schema {current}, this version of Varde needs {head}",
                advice="Make a copy of the site, then run `varde init` on its folder to bring it up to date.",
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

    def share_memory(self, cache_kib: int) -> None:
        """Gives every connection made from now on so much of a cache: for a program with many of them.

        Args:
            cache_kib: of each connection; what it does not hold is in the operating system's cache, once for all.
        """
        self._cache_kib = cache_kib
        self.engine.dispose()

    def close(self) -> None:
        """Closes every connection."""
        self.engine.dispose()

    def _lock_postgresql(self, connection: Connection) -> None:
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = {self._busy_limit_ms}")
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_WRITE_LOCK})")

    def _prepare_sqlite(self, connection: Any, _record: object) -> None:
        connection.isolation_level = None
        for pragma in (
            f"busy_timeout={self._busy_limit_ms}",
            "page_size=16384",  # of a new file: thumbnails waste less, a quarter of the size and some time
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            f"cache_size=-{self._cache_kib}",
        ):
            connection.execute(f"PRAGMA {pragma}")

    def _begin_sqlite(self, connection: Connection) -> None:
        if not connection.get_execution_options().get(_WRITES, False):
            connection.exec_driver_sql("BEGIN")
            return
        # In slices, since nobody can interrupt SQLite while it waits.
        end = time.monotonic() + self._busy_limit_ms / 1000
        _limit_waiting(connection, min(_SLICE_MS, self._busy_limit_ms))
        try:
            while not _try_immediate(connection, last=time.monotonic() >= end):
                pass
        finally:
            _limit_waiting(connection, self._busy_limit_ms)


def stream(connection: Connection, query: AnySelect) -> Iterator[AnyRow]:
    """Yields the rows of a query a few thousand at a time instead of holding all of them."""
    with connection.execute(query, execution_options={"yield_per": 5000}) as result:
        yield from result


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


def _make_engine(url: str | URL) -> Engine:
    try:
        address = make_url(url)
        if address.drivername == "postgresql":
            address = address.set(drivername="postgresql+psycopg")
        if address.get_backend_name() not in {"sqlite", "postgresql"}:
            raise SettingsError(f"database.url: {address.get_backend_name()} is neither sqlite nor postgresql")
        pings = address.get_backend_name() == "postgresql"
        return create_engine(address, pool_pre_ping=pings, hide_parameters=True)
    except ArgumentError as error:
        raise SettingsError(f"database.url: {error}") from error
    except ImportError as error:
        raise SettingsError(
            f"database.url: its driver is not installed: {error}", advice="For PostgreSQL install varde[postgres]."
        ) from error


def _check_not_newer(connection: Connection, config: Config) -> str | None:
    current = MigrationContext.configure(connection).get_current_revision()
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if current is not None and current not in known:
        raise VardeError(
            f"this site's database has schema {current}, which this version of Varde does not know: it is newer",
            advice="Use the version of Varde that the site was last used with, or a later one.",
        )
    return current


def _alembic(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def _limit_waiting(connection: Connection, limit_ms: int) -> None:
    """Tells SQLite itself, past SQLAlchemy: it is done twice for whatever is written."""
    driver: Any = connection.connection.driver_connection
    driver.execute(f"PRAGMA busy_timeout={limit_ms}").close()


def _try_immediate(connection: Connection, *, last: bool) -> bool:
    """Returns whether SQLite's write lock was taken; where it is the last try, being busy is an error."""
    try:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    except OperationalError as error:
        if last or not isinstance(explain(error), SiteBusy):
            raise
        return False
    return True
