import contextlib
import shutil
import sqlite3
from pathlib import Path

import pytest

from varde.core.errors import FormatError
from varde.core.known import KnownEntry, SetRole
from varde.known import nsrl_delta
from varde.known.format import ReadOptions
from varde.known.formats import nsrl
from varde.known.formats.nsrl import NsrlFormat
from varde.known.nsrl_delta import read_statements

MD5, SHA1, SHA256 = "0A" * 16, "0B" * 20, "0C" * 32
METADATA = "CREATE TABLE METADATA(metadata_id INTEGER PRIMARY KEY, bytes, md5, sha1, sha256);"


def make(path: Path, script: str) -> Path:
    with contextlib.closing(sqlite3.connect(path)) as database:
        database.executescript(script)
    return path


def rows(*sizes: int) -> str:
    values = (f"({n}, {size}, '{n:032X}', '{n:040X}', '{n:064X}')" for n, size in enumerate(sizes, 1))
    return f"{METADATA} INSERT INTO METADATA VALUES {','.join(values)};"


def read(path: Path, *delta: str, temporary: Path | None = None) -> tuple[list[KnownEntry], list[str]]:
    paths = []
    for number, text in enumerate(delta):
        paths.append(path.with_name(f"{number}_delta.sql"))
        paths[-1].write_text(text)
    with NsrlFormat().open(path, ReadOptions(delta=tuple(paths), temporary=temporary)) as opened:
        assert opened.header.suggested_role is SetRole.KNOWN
        assert "not good" in opened.header.warning
        return list(opened.entries), opened.notes


def test_the_same_file_in_many_packages_is_one_entry(tmp_path: Path) -> None:
    values = ",".join(f"({n}, 20, '{MD5}', '{SHA1}', '{SHA256}')" for n in range(1, 50))
    entries, _ = read(make(tmp_path / "a", f"{METADATA} INSERT INTO METADATA VALUES {values};"))
    assert len(entries) == 1


def test_tiny_and_empty_files_are_passed_over_and_counted(tmp_path: Path) -> None:
    entries, notes = read(make(tmp_path / "a", rows(0, 15, 16, 17)))
    assert [entry.size_bytes for entry in entries] == [16, 17]
    assert notes == ["different files under 16 bytes were left out, as files that small are alike by chance: 2"]


def test_the_table_is_read_where_a_view_has_the_name_of_the_minimal_table(tmp_path: Path) -> None:
    view = "CREATE VIEW FILE AS SELECT md5, sha1, sha256, bytes AS file_size FROM METADATA;"
    with NsrlFormat().open(make(tmp_path / "a", rows(20) + view), ReadOptions()) as opened:
        assert dict(opened.header.extra)["table"] == "METADATA"
        assert len(list(opened.entries)) == 1


def test_a_view_alone_is_never_run(tmp_path: Path) -> None:
    endless = (
        "CREATE VIEW FILE AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) "
        "SELECT '' AS md5, '' AS sha1, '' AS sha256, i AS file_size FROM n;"
    )
    path = make(tmp_path / "a", endless)
    assert not NsrlFormat().detect(path)
    with pytest.raises(FormatError, match="RDSv3"):
        read(path)


@pytest.mark.parametrize("size", ["'x'", "NULL", "-1"])
def test_a_size_that_is_none_is_refused_with_its_row(tmp_path: Path, size: str) -> None:
    script = f"{rows(20)} INSERT INTO METADATA VALUES (7, {size}, '{MD5}', '{SHA1}', '{SHA256}');"
    with pytest.raises(FormatError, match="row 7 of METADATA"):
        read(make(tmp_path / "a", script))


def test_the_original_is_never_changed_and_the_copy_goes(tmp_path: Path) -> None:
    path = make(tmp_path / "a", rows(20, 30))
    before = path.read_bytes()
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    entries, _ = read(path, "DELETE FROM METADATA WHERE metadata_id = 1;", temporary=temporary)
    assert [entry.line for entry in entries] == [2]
    assert path.read_bytes() == before
    assert list(temporary.iterdir()) == []


def test_the_copy_goes_when_a_delta_is_refused(tmp_path: Path) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    with pytest.raises(FormatError):
        read(make(tmp_path / "a", rows(20)), "DROP TABLE METADATA;", temporary=temporary)
    assert list(temporary.iterdir()) == []


def test_deltas_are_applied_in_the_given_order(tmp_path: Path) -> None:
    path = make(tmp_path / "a", rows(20))
    entries, _ = read(path, "UPDATE METADATA SET bytes = 40;", "UPDATE METADATA SET bytes = bytes + 2;")
    assert entries[0].size_bytes == 42


@pytest.mark.parametrize(
    "statement",
    [
        "DROP TABLE METADATA;",
        "CREATE TABLE x(a);",
        "CREATE TRIGGER t AFTER INSERT ON METADATA BEGIN DELETE FROM METADATA; END;",
        "ATTACH DATABASE '/tmp/x' AS x;",
        "PRAGMA writable_schema = ON;",
        "VACUUM INTO '/tmp/x';",
        "SELECT load_extension('x');",
        "DELETE FROM sqlite_master;",
        "DELETE FROM other;",
        "INSERT INTO METADATA(bytes) SELECT a FROM other;",
        "UPDATE METADATA SET bytes = (SELECT max(a) FROM other);",
        "UPDATE METADATA SET md5 = load_extension('x');",
        "UPDATE METADATA SET md5 = zeroblob(1000000000);",
        "INSERT INTO METADATA(bytes) WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n;",
        "WITH x AS (SELECT 1) DELETE FROM METADATA;",
        "REPLACE INTO other VALUES (1);",
        "this is no SQL;",
        "INSERT INTO METADATA VALUES (1);",
    ],
)
def test_everything_but_plain_writes_to_the_own_tables_is_refused_with_its_line(tmp_path: Path, statement: str) -> None:
    path = make(tmp_path / "a", rows(20) + "CREATE TABLE other(a);")
    with pytest.raises(FormatError) as caught:
        read(path, f"-- a delta\nBEGIN;\nUPDATE METADATA SET bytes = 30;\n\n{statement}\nCOMMIT;\n")
    assert caught.value.line == 5, caught.value


def test_a_trigger_in_the_database_does_not_run(tmp_path: Path) -> None:
    trigger = "CREATE TRIGGER t AFTER UPDATE ON METADATA BEGIN DELETE FROM METADATA; END;"
    with pytest.raises(FormatError):
        read(make(tmp_path / "a", rows(20) + trigger), "UPDATE METADATA SET bytes = 30;")


def test_a_statement_that_never_ends_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nsrl_delta, "_MOST_LOOKS", 1)
    monkeypatch.setattr(nsrl_delta, "_STEPS_BETWEEN_LOOKS", 1_000)
    with pytest.raises(FormatError, match="interrupted"):
        read(make(tmp_path / "a", rows(*range(20, 20_000))), "UPDATE METADATA SET bytes = bytes + 1;")


def test_values_cannot_grow_beyond_reason(tmp_path: Path) -> None:
    doubling = "UPDATE METADATA SET md5 = md5 || md5;" * 30
    with pytest.raises(FormatError, match="too big"):
        read(make(tmp_path / "a", rows(20)), doubling)


def statements(tmp_path: Path, text: str) -> list[tuple[int, str]]:
    path = tmp_path / "delta.sql"
    path.write_text(text)
    return [(line, " ".join(statement.split())) for line, statement in read_statements(path)]


def test_statements_are_cut_at_their_ends_only(tmp_path: Path) -> None:
    text = "INSERT INTO a VALUES ('x;\ny''; --');DELETE\nFROM a;\n/* UPDATE;\n */ UPDATE a SET b = \";\"; -- ;\n;\nEND;"
    assert statements(tmp_path, text) == [
        (1, "INSERT INTO a VALUES ('x; y''; --');"),
        (2, "DELETE FROM a;"),
        (5, '/* UPDATE; */ UPDATE a SET b = ";";'),
    ]


@pytest.mark.parametrize(
    "text", ["DELETE FROM a\n", "INSERT INTO a VALUES ('" + ";\n" * 20_000, "/* never closed\n;\n"]
)
def test_statements_without_an_end_are_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(FormatError):
        statements(tmp_path, text)


def test_a_set_with_an_unfinished_journal_is_refused(tmp_path: Path) -> None:
    path = make(tmp_path / "a", rows(20))
    path.with_name("a-wal").write_bytes(b"x")
    with pytest.raises(FormatError, match="journal"):
        read(path)


def test_a_copy_that_does_not_fit_is_refused_before_it_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage(tmp_path)._replace(free=10)
    monkeypatch.setattr(nsrl.shutil, "disk_usage", lambda _: usage)
    with pytest.raises(FormatError, match="MiB") as caught:
        read(make(tmp_path / "a", rows(20)), "DELETE FROM METADATA;")
    assert "--delta" in caught.value.advice


def test_names_with_signs_of_a_uri_are_opened(tmp_path: Path) -> None:
    assert len(read(make(tmp_path / "a?mode=rw#%41 b.db", rows(20)))[0]) == 1
