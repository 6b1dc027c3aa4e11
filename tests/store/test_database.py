"""Behaviour of `varde.store.database`: one writer, one state to read, and failures a person can act on."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import func, insert, select, text
from stored import AT, make_case

from varde.core.errors import IntegrityFailure, SettingsError, SiteBusy, VardeError
from varde.store import tables
from varde.store.database import Database
from varde.store.site import Site

_HOLD = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN IMMEDIATE")
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def impatient(site: Site) -> Iterator[Database]:
    """The site's database through a second door that waits for a tenth of a second only."""
    database = Database(site.database.engine.url, busy_limit_s=0.1)
    yield database
    database.close()


def test_a_second_writer_is_told_to_wait(site: Site, impatient: Database) -> None:
    with (
        site.database.write() as connection,
        pytest.raises(SiteBusy, match="another process is writing") as caught,
        impatient.write(),
    ):
        make_case(connection)
    assert caught.value.advice == "Try again when it is done."
    with impatient.write() as connection:
        make_case(connection)


def test_a_writer_in_another_process_is_waited_for_and_then_named(sqlite_site: Site) -> None:
    impatient = Database(sqlite_site.database.engine.url, busy_limit_s=0.1)
    command = [sys.executable, "-c", _HOLD, str(sqlite_site.database_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(SiteBusy), impatient.write():
            pass
        with impatient.read() as connection:
            assert connection.execute(select(func.count()).select_from(tables.site)).scalar() == 1
        holder.communicate(b"")
    with impatient.write():
        pass
    impatient.close()


def test_a_patient_writer_outlasts_another(site: Site, impatient: Database) -> None:
    with ThreadPoolExecutor(1) as pool:
        held, free = threading.Event(), threading.Event()

        def hold() -> None:
            with site.database.write():
                held.set()
                free.wait(30)

        holder = pool.submit(hold)
        assert held.wait(30)
        with pytest.raises(SiteBusy), impatient.write(patience_s=0.3):
            pass
        threading.Timer(0.5, free.set).start()
        with impatient.write(patience_s=30) as connection:
            make_case(connection)
        holder.result()


def test_who_waits_to_write_can_be_interrupted(site: Site) -> None:
    waiting = Database(site.database.engine.url, busy_limit_s=20)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a run in the background may ignore it
    try:
        with site.database.write():
            threading.Timer(0.3, signal.raise_signal, [signal.SIGINT]).start()
            began = time.monotonic()
            with pytest.raises(KeyboardInterrupt), waiting.write(patience_s=20):
                pass
            assert time.monotonic() - began < 10
    finally:
        signal.signal(signal.SIGINT, before)
        waiting.close()


def test_a_reader_sees_one_state_while_another_writes(site: Site, impatient: Database) -> None:
    count = select(func.count()).select_from(tables.cases)
    with impatient.read() as reader:
        assert reader.execute(count).scalar() == 0
        with site.database.write() as connection:
            make_case(connection)
        assert reader.execute(count).scalar() == 0
    with impatient.read() as reader:
        assert reader.execute(count).scalar() == 1


def test_an_error_leaves_nothing(database: Database) -> None:
    with pytest.raises(KeyError), database.write() as connection:
        make_case(connection)
        raise KeyError
    with database.read() as connection:
        assert connection.execute(select(func.count()).select_from(tables.cases)).scalar() == 0


def test_our_own_mistakes_are_not_explained_away(database: Database) -> None:
    with pytest.raises(Exception, match="no_such_table"), database.read() as connection:
        connection.execute(text("SELECT * FROM no_such_table"))


def test_a_full_disk_is_said_and_leaves_nothing(sqlite_site: Site) -> None:
    database = sqlite_site.database
    values = {"sha1": b"", "md5": b"", "size_bytes": 0, "kind": "k", "mime": "m", "metadata": "x" * 4096}
    with pytest.raises(VardeError, match="database is full") as caught, database.write() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages + 3}")
        make_case(connection)
        for number in range(1000):
            connection.execute(insert(tables.contents).values(sha256=b"%d" % number, **values))
    assert "Make room" in caught.value.advice
    with database.read() as connection:
        assert connection.execute(select(func.count()).select_from(tables.cases)).scalar() == 0


def test_a_read_only_database_is_said(sqlite_site: Site) -> None:
    with (
        pytest.raises(VardeError, match="cannot be written to") as caught,
        sqlite_site.database.read() as connection,
    ):
        connection.exec_driver_sql("PRAGMA query_only = ON")
        connection.exec_driver_sql("DELETE FROM issues")
    assert "read-only" in caught.value.advice


@pytest.mark.parametrize("damage", [b"not a database at all" * 400, b""])
def test_a_damaged_file_is_an_integrity_failure(tmp_path: Path, sqlite_site: Site, damage: bytes) -> None:
    path = tmp_path / "damaged.db"
    data = sqlite_site.database_path.read_bytes()
    path.write_bytes(damage or data[:8192] + b"\xff" * (len(data) - 8192))
    database = Database(f"sqlite:///{path}")
    with pytest.raises(IntegrityFailure, match="database is damaged"):
        database.check_integrity()
    database.close()


def test_a_sound_database_says_nothing(database: Database) -> None:
    database.check_integrity()
    database.check_version()


def test_a_folder_out_of_reach_is_said(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'no' / 'such' / 'varde.db'}")
    with pytest.raises(VardeError, match="cannot be opened"), database.read():
        pass


def test_a_server_that_does_not_run_is_said(tmp_path: Path) -> None:
    database = Database(f"postgresql://nobody@/none?host={tmp_path}")
    with pytest.raises(VardeError, match="database server cannot be used") as caught, database.read():
        pass
    assert "database.url" in caught.value.advice


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("no address", "database.url: Could not parse"),
        ("mysql://host/name", "mysql is neither sqlite nor postgresql"),
        ("postgresql+nodriver://host/name", r"database\.url: "),
    ],
)
def test_an_address_that_cannot_be_used_names_the_setting(url: str, message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        Database(url)


def set_version(database: Database, statement: str) -> None:
    with database.write() as connection:
        connection.exec_driver_sql(statement)


def test_a_newer_schema_is_not_touched(database: Database) -> None:
    set_version(database, "UPDATE alembic_version SET version_num = '9999'")
    for act in (database.check_version, database.migrate):
        with pytest.raises(VardeError, match=r"schema 9999, .* it is newer") as caught:
            act()
        assert "a later one" in caught.value.advice


def test_an_empty_database_is_said(database: Database) -> None:
    set_version(database, "DELETE FROM alembic_version")
    with pytest.raises(VardeError, match="database is empty") as caught:
        database.check_version()
    assert "varde init" in caught.value.advice


def test_an_older_schema_is_told_how_to_go_on(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    from alembic.script import ScriptDirectory

    monkeypatch.setattr(ScriptDirectory, "get_current_head", lambda self: "0099")
    with pytest.raises(VardeError, match=r"has schema [0-9]{4}, this version of Varde needs 0099") as caught:
        database.check_version()
    assert "make a copy" in caught.value.advice.lower()


def test_migrating_again_changes_nothing(database: Database) -> None:
    with database.write() as connection:
        make_case(connection)
    database.migrate()
    with database.read() as connection:
        assert connection.execute(select(tables.cases.c.created_at)).scalar_one() == AT


def test_tables_are_strict_on_sqlite(sqlite_site: Site) -> None:
    with sqlite3.connect(sqlite_site.database_path) as connection:
        rows = connection.execute("SELECT name, strict FROM pragma_table_list WHERE type = 'table' AND schema = 'main'")
        strict = {name for name, is_strict in rows if is_strict}
    connection.close()
    assert strict == set(tables.metadata.tables)


def test_sqlite_keeps_what_it_was_told(sqlite_site: Site) -> None:
    with sqlite_site.database.read() as connection:
        wanted = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 60_000}
        assert {name: connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in wanted} == wanted
