"""NSRL RDSv3 (SQLite), whole or minimal, with its quarterly deltas: files of published software.

*Known* does not mean *good*: the set holds hacking tools too. Nothing in it may ever raise or lower the suspicion of
a file by itself; it says that the file was not made by the person whose disk it is on.
"""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from pathlib import Path

from varde.core.errors import FormatError
from varde.core.known import KnownEntry, SetHeader, SetRole
from varde.known.format import Examples, InvalidExample, OpenedSet, ReadOptions, ValidExample
from varde.known.nsrl_delta import apply_delta

WARNING = "an NSRL list: known, not good. It holds files of published software, hacking tools among them"
MIN_SIZE_BYTES = 16
"""Smaller files are left out: two phones hold the same ten bytes by chance, and every empty file is the same."""

_MAGIC = b"SQLite format 3\0"
_MOST_VALUE_BYTES = 1 << 20
_CACHE_KIB = 32 * 1024
_LENGTHS = {"md5": 16, "sha1": 20, "sha256": 32}
_ADVICE = "An RDSv3 database holds a table METADATA, or FILE in the minimal sets, with md5, sha1 and sha256."


class NsrlFormat:
    """NSRL Reference Data Set, version 3."""

    name = "nsrl"
    title = "NSRL RDSv3 database (SQLite), with its deltas"

    def detect(self, path: Path) -> bool:
        """Returns whether it is an SQLite database with the tables of the RDS."""
        try:
            with path.open("rb") as file:
                if file.read(len(_MAGIC)) != _MAGIC:
                    return False
            with contextlib.closing(_connect(path)) as database:
                _find_source(database)
        except (OSError, FormatError):
            return False
        return True

    def open(self, path: Path, options: ReadOptions) -> OpenedSet:
        """Returns the set; see `KnownFormat.open`.

        Deltas are applied to a copy in a private temporary folder (as large as the database), removed on closing.

        Raises:
            FormatError: if it is no RDSv3 database, a delta does not fit, or there is no room for the copy.
        """
        closing = contextlib.ExitStack()
        try:
            with path.open("rb"):
                pass
            if options.delta:
                path = _patch(path, options, closing)
            database = closing.enter_context(contextlib.closing(_connect(path)))
            source, size = _find_source(database)
        except (OSError, FormatError):
            closing.close()
            raise
        notes: list[str] = []
        header = SetHeader(
            suggested_role=SetRole.KNOWN, warning=WARNING, extra=(("table", source), *_read_version(database))
        )
        return OpenedSet(header, _read_entries(database, source, size, notes), notes, closing.close)

    def examples(self) -> Examples:
        """Returns a whole and a minimal set, one with a delta, and databases and deltas that must be refused."""
        return _build_examples()


def _connect(path: Path) -> sqlite3.Connection:
    """Returns a connection that can only read, and trusts nothing the database says about itself."""
    journal = path.with_name(f"{path.name}-wal")
    if journal.exists() and journal.stat().st_size:
        raise FormatError(
            f"the database has an unfinished journal beside it, {journal.name}",
            advice="Open and close it once with sqlite3, so that the journal is written into it.",
        )
    try:
        database = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True, check_same_thread=False)
        database.text_factory = bytes
        database.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _MOST_VALUE_BYTES)
        for setting in ("query_only=ON", "trusted_schema=OFF", "cell_size_check=ON", f"cache_size=-{_CACHE_KIB}"):
            database.execute(f"PRAGMA {setting}")
        database.execute("PRAGMA temp_store=FILE")
    except (sqlite3.Error, ValueError) as error:
        raise FormatError(f"no SQLite database: {error}", advice=_ADVICE) from error
    return database


def _find_source(database: sqlite3.Connection) -> tuple[str, str]:
    """Returns the table that holds the files, and its column of sizes.

    The whole sets keep files in METADATA and show them through a view FILE; the minimal ones have a table FILE. Views
    are not read: they are programs of the database.
    """
    try:
        tables = {}
        for name, sql in database.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table'"):
            if bytes(sql or b"").lstrip().upper().startswith(b"CREATE TABLE"):
                tables[bytes(name).decode("utf-8", "replace").upper()] = True
        for source in ("METADATA", "FILE"):
            if source not in tables:
                continue
            rows = database.execute(f"PRAGMA table_xinfo({source})")
            columns = {bytes(row[1]).decode("utf-8", "replace").lower() for row in rows if row[6] == 0}
            size = next((name for name in ("bytes", "file_size") if name in columns), "")
            if columns >= _LENGTHS.keys() and size:
                return source, size
    except (sqlite3.Error, TypeError) as error:
        raise FormatError(f"no RDSv3 database: {error}", advice=_ADVICE) from error
    raise FormatError("no RDSv3 database", advice=_ADVICE)


def _read_version(database: sqlite3.Connection) -> tuple[tuple[str, str], ...]:
    """Returns the rows of the table VERSION as text, () where it cannot be read."""
    try:
        cursor = database.execute("SELECT * FROM VERSION LIMIT 1")
        row = cursor.fetchone() or ()
    except sqlite3.Error:
        return ()
    texts = (bytes(value).decode("utf-8", "replace") if isinstance(value, bytes) else str(value) for value in row)
    return tuple(
        (column[0], text[:200].replace("\0", "")) for column, text in zip(cursor.description, texts, strict=True)
    )


def _read_entries(database: sqlite3.Connection, source: str, size: str, notes: list[str]) -> Iterator[KnownEntry]:
    """Yields each distinct file once; SQLite sorts on disk, so memory stays bounded."""
    query = f"SELECT md5, sha1, sha256, min({size}), min(rowid) FROM {source} GROUP BY sha256, sha1, md5"  # noqa: S608
    tiny = 0
    try:
        for md5, sha1, sha256, size_bytes, row in database.execute(query):
            if not isinstance(size_bytes, int) or size_bytes < 0:
                raise FormatError(f"row {row} of {source}: the size is no number of bytes", line=row)
            if size_bytes < MIN_SIZE_BYTES:
                tiny += 1
                continue
            yield KnownEntry(
                line=row,
                md5=_read_digest(md5, "md5", source, row),
                sha1=_read_digest(sha1, "sha1", source, row),
                sha256=_read_digest(sha256, "sha256", source, row),
                size_bytes=size_bytes,
            )
    except (sqlite3.Error, OverflowError) as error:
        raise FormatError(f"the database cannot be read: {error}") from error
    if tiny:
        small = f"different files under {MIN_SIZE_BYTES} bytes"
        notes.append(f"{small} were left out, as files that small are alike by chance: {tiny:,}")


def _read_digest(value: object, name: str, source: str, row: int) -> bytes | None:
    if value is None or value == b"":
        return None
    try:
        raw = bytes.fromhex(value.decode("ascii")) if isinstance(value, bytes) else b""
    except ValueError:
        raw = b""
    if len(raw) != _LENGTHS[name]:
        raise FormatError(f"row {row} of {source}: not a hexadecimal {name.upper()}", line=row)
    return raw


def _patch(path: Path, options: ReadOptions, closing: contextlib.ExitStack) -> Path:
    """Returns a private copy with the deltas applied; it goes when `closing` closes."""
    folder = closing.enter_context(tempfile.TemporaryDirectory(prefix="varde-nsrl-", dir=options.temporary))
    needed = path.stat().st_size * 5 // 4
    if shutil.disk_usage(folder).free < needed:
        raise FormatError(
            f"applying a delta needs {needed >> 20:,} MiB for a copy in {folder}, and there is less",
            advice="Make room there, or apply the delta with sqlite3 beforehand and leave --delta out.",
        )
    copy = Path(folder) / "rds.db"
    shutil.copyfile(path, copy)
    _find_in(copy)
    try:
        with contextlib.closing(sqlite3.connect(copy, isolation_level=None)) as database:
            database.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _MOST_VALUE_BYTES)
            for setting in ("journal_mode=OFF", "synchronous=OFF", "trusted_schema=OFF", f"cache_size=-{_CACHE_KIB}"):
                database.execute(f"PRAGMA {setting}")
            for delta in options.delta:
                apply_delta(database, delta)
    except sqlite3.Error as error:
        raise FormatError(f"the delta cannot be applied: {error}") from error
    return copy


def _find_in(path: Path) -> None:
    """Raises FormatError unless the database is an RDSv3, before anything is written to it."""
    with contextlib.closing(_connect(path)) as database:
        _find_source(database)


_BIG, _ZERO = ("0A" * 16, "0B" * 20, "0C" * 32), ("D4" * 16, "DA" * 20, "E3" * 32)
_READ = KnownEntry(line=1, md5=b"\x0a" * 16, sha1=b"\x0b" * 20, sha256=b"\x0c" * 32, size_bytes=20)
_WHOLE = f"""
CREATE TABLE METADATA(metadata_id INTEGER PRIMARY KEY, object_id, path, file_name, bytes, md5, sha1, sha256);
CREATE TABLE PACKAGE_OBJECT(package_id, object_id);
CREATE TABLE VERSION(version TEXT, build_set TEXT);
CREATE VIEW FILE AS SELECT sha256, sha1, md5, file_name, bytes AS file_size, 1 AS package_id FROM METADATA;
INSERT INTO VERSION VALUES('2026.09.1', 'modern');
INSERT INTO METADATA VALUES(1, 1, '/', 'a.dll', 20, '{_BIG[0]}', '{_BIG[1]}', '{_BIG[2]}');
INSERT INTO METADATA VALUES(2, 2, '/x', 'b.dll', 20, '{_BIG[0]}', '{_BIG[1]}', '{_BIG[2]}');
INSERT INTO METADATA VALUES(3, 3, '/', 'empty', 0, '{_ZERO[0]}', '{_ZERO[1]}', '{_ZERO[2]}');
"""  # noqa: S608
_MINIMAL = f"""
CREATE TABLE FILE(sha256, sha1, md5, crc32, file_name, file_size INTEGER, package_id INTEGER);
INSERT INTO FILE VALUES('{_BIG[2]}', '{_BIG[1]}', '{_BIG[0]}', '', 'a.dll', 20, 1);
"""
_DELTA = f"""BEGIN TRANSACTION;
INSERT INTO METADATA VALUES(4,4,'/','c; d''e.dll',30,'{"0E" * 16}','{"0F" * 20}','{"10" * 32}'); -- new
UPDATE "METADATA" SET bytes=21 WHERE metadata_id IN (1, 2); DELETE FROM METADATA WHERE metadata_id=3;
COMMIT;
""".encode()  # noqa: S608


def _dump(script: str) -> bytes:
    with contextlib.closing(sqlite3.connect(":memory:")) as database:
        database.executescript(script)
        return bytes(database.serialize())


def _build_examples() -> Examples:
    whole = _dump(_WHOLE)
    patched = (
        KnownEntry(line=1, md5=_READ.md5, sha1=_READ.sha1, sha256=_READ.sha256, size_bytes=21),
        KnownEntry(line=4, md5=b"\x0e" * 16, sha1=b"\x0f" * 20, sha256=b"\x10" * 32, size_bytes=30),
    )
    return Examples(
        valid=(
            ValidExample("whole.db", whole, (_READ,)),
            ValidExample("minimal.db", _dump(_MINIMAL), (_READ,)),
            ValidExample("patched.db", whole, patched, delta=(_DELTA,)),
        ),
        invalid=(
            InvalidExample("other.db", _dump("CREATE TABLE t(a)"), None, "RDSv3"),
            InvalidExample("text.db", b"no database at all", None, "database"),
            InvalidExample("digest.db", _dump(_WHOLE.replace("0A0A", "GG")), 1, "MD5"),
            InvalidExample("attach.db", whole, 2, "ATTACH", delta=(b"BEGIN;\nATTACH 'x' AS y;\n",)),
            InvalidExample("table.db", whole, 1, "sqlite_master", delta=(b"DELETE FROM sqlite_master;\n",)),
            InvalidExample("cut.db", whole, 2, "middle", delta=(b"BEGIN;\nDELETE FROM METADATA WHERE a='",)),
        ),
    )
