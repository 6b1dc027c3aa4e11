"""Behaviour of `varde known`, with the examples that every format carries."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from pathlib import Path

import pytest
from terminal import Terminal

from varde.core.known import SetRole
from varde.known.format import InvalidExample, KnownFormat, ReadOptions, ValidExample
from varde.known.registry import load_formats

CONTEXT = "http://github.com/VICSDATAMODEL/ProjectVic/DataModels/2.0.xml/US/$metadata#Media"


def _examples(kind: str) -> list[object]:
    return [
        pytest.param(known_format, example, id=f"{known_format.name}-{example.name}")
        for known_format in load_formats()
        for example in getattr(known_format.examples(), kind)
        if kind == "invalid" or example.entries
    ]


def write(tmp_path: Path, example: ValidExample | InvalidExample) -> list[str]:
    """Writes an example and returns the words that import it."""
    path = tmp_path / example.name
    path.write_bytes(example.content)
    words = [str(path)]
    for number, delta in enumerate(example.delta):
        (tmp_path / f"delta-{number}.sql").write_bytes(delta)
        words += ["--delta", str(tmp_path / f"delta-{number}.sql")]
    if isinstance(example, ValidExample) and needs_scheme(example):
        words += ["--scheme", "agency@1"]
    return words + describe_options(example.options)


def needs_scheme(example: ValidExample) -> bool:
    """Whether its entries carry codes and only a person can say on which scheme."""
    return not example.scheme and any(entry.code is not None for entry in example.entries)


def describe_options(options: ReadOptions) -> list[str]:
    words = [word for rule in options.mapping for word in ("--map", rule)]
    given = {
        "--region": options.region,
        "--hash": options.hash_kind.value if options.hash_kind else None,
        "--encoding": options.encoding,
        "--delimiter": options.delimiter,
    }
    return words + [word for name, value in given.items() if value is not None for word in (name, value)]


@pytest.mark.parametrize(("known_format", "example"), _examples("valid"))
def test_every_format_is_imported(
    terminal: Terminal, tmp_path: Path, known_format: KnownFormat, example: ValidExample
) -> None:
    words = write(tmp_path, example)
    if not example.is_detected:
        words += ["--format", known_format.name]
    said = terminal("known", "import", *words, "--name", "list", "--version", "1", "--role", "known", "--json")
    assert said.code == 0, said.err
    assert said.data["entries"] == len(example.entries)
    assert (said.data["scheme"] or "") == ("agency@1" if needs_scheme(example) else example.scheme)
    if example.is_detected:
        assert said.data["format"] == known_format.name
    last = terminal.json("audit", "list")[-1]
    assert (last["act"], last["subject"]["entries"]) == ("known_set_imported", len(example.entries))


@pytest.mark.parametrize(("known_format", "example"), _examples("invalid"))
def test_a_defect_names_its_line_and_leaves_nothing(
    terminal: Terminal, tmp_path: Path, known_format: KnownFormat, example: InvalidExample
) -> None:
    words = [*write(tmp_path, example), "--format", known_format.name, "--role", "known"]
    said = terminal("known", "import", *words)
    assert (said.code, said.out) == (2, "")
    assert example.says in said.err
    if example.line is not None:
        assert f"line {example.line}: " in said.err
    assert terminal.json("known", "list") == []
    assert [event["act"] for event in terminal.json("audit", "list")] == ["site_created"]


@pytest.mark.parametrize(("known_format", "example"), _examples("valid"))
def test_what_means_harmless_files_is_never_an_alert_list(
    terminal: Terminal, tmp_path: Path, known_format: KnownFormat, example: ValidExample
) -> None:
    words = [*write(tmp_path, example), "--format", known_format.name]
    path = tmp_path / example.name
    options = ReadOptions(
        **{name: getattr(example.options, name) for name in ReadOptions.__slots__ if name != "delta"},
        delta=tuple(sorted(tmp_path.glob("delta-*.sql"))),
    )
    with known_format.open(path, options) as opened:
        harmless = opened.header.suggested_role is SetRole.KNOWN
    said = terminal("known", "import", *words, "--name", "x", "--role", "alert", "--confirm")
    assert said.code == (2 if harmless else 0), said.err
    if harmless:
        assert "must not be loaded as an alert list" in said.err
        assert terminal.json("known", "list") == []


def test_a_set_without_entries_is_refused(terminal: Terminal, tmp_path: Path) -> None:
    said = terminal("known", "import", write_vics(tmp_path / "list.json"))
    assert said.code == 2
    assert "the set has no entries" in said.err
    assert terminal.json("known", "list") == []


def write_vics(path: Path, *media: dict[str, object]) -> Path:
    path.write_text(json.dumps({"@odata.context": CONTEXT, "value": list(media)}))
    return path


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (f"hash\n{'ab' * 16}\n", ["--map", "md5=hash"]),
        (f"MD5,SHA1,Category\n{'ab' * 16},{'cd' * 20},1\n", ["--map", "md5=MD5", "--map", "sha1=SHA1"]),
        (f"pdq,{'ab' * 32}\n", ["--map", "pdq=#2"]),
    ],
)
def test_a_mapping_makes_it_a_csv(terminal: Terminal, tmp_path: Path, content: str, words: list[str]) -> None:
    path = tmp_path / "list.csv"
    path.write_text(content)
    made = terminal.json("known", "import", path, *words)
    assert (made["format"], made["entries"]) == ("csv", 1)


@pytest.mark.parametrize("option", ["--name", "--version", "--owner", "--scheme"])
@pytest.mark.parametrize("word", ["x\ny", "x\x1b[31m", " ", "x" * 201, "a\u202eb"])
def test_words_that_cannot_be_shown_are_refused(terminal: Terminal, tmp_path: Path, option: str, word: str) -> None:
    path = write_vics(tmp_path / "list.json", {"MediaID": 1, "MD5": "ab" * 16, "Category": 1})
    said = terminal("known", "import", path, option, word)
    assert said.code == 2
    assert f"{option} needs 1 to 200 printable characters" in said.err
    assert terminal.json("known", "list") == []


def test_repeated_hashes_are_kept_and_said(terminal: Terminal, tmp_path: Path) -> None:
    path = tmp_path / "MD5SUMS"
    path.write_text(f"{'ab' * 16}  a\n{'cd' * 16}  b\n{'ab' * 16} *c\n")
    made = terminal.json("known", "import", path)
    assert (made["format"], made["entries"]) == ("hash-list", 3)
    assert made["notes"] == [
        "1 entry repeats the hash of an earlier one; all are kept, and each gives a match of its own"
    ]


def test_an_empty_file_is_called_empty(terminal: Terminal, tmp_path: Path) -> None:
    path = tmp_path / "list.txt"
    path.write_bytes(b"")
    said = terminal("known", "import", path)
    assert (said.code, said.err.strip()) == (2, "varde: the file is empty")


def test_a_set_of_which_everything_was_left_out_says_why(terminal: Terminal, tmp_path: Path) -> None:
    path = tmp_path / "rds.db"
    with contextlib.closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE FILE(sha256, sha1, md5, crc32, file_name, file_size INTEGER, package_id)")
        values = ("0a" * 32, "0b" * 20, "0c" * 16)
        database.execute("INSERT INTO FILE VALUES(?, ?, ?, '', 'a', 3, 1)", values)
        database.commit()
    said = terminal("known", "import", path, "--role", "known")
    assert said.code == 2
    assert (
        "different files under 16 bytes were left out, as files that small are alike by chance: 1"
        in said.err.replace("\n       ", " ")
    )
    assert "--format" in said.err


@pytest.mark.parametrize(
    ("name", "content", "words", "option"),
    [
        ("a.txt", f"{'0c' * 32}\n", [], "--hash sha256 or --hash pdq"),
        ("a.txt", "words\n", [], "--format NAME"),
        ("a.csv", f"MD5,b\n{'0a' * 16},1\n", [], "--map md5=NAME"),
        ("a.csv", f"MD5,b\n{'0a' * 16},1\n", ["--map", "md5=MD5", "--delimiter", "a"], "--delimiter"),
        ("a.csv", f"MD5^b\n{'0a' * 16}^1\n", ["--map", "md5=MD5"], "--delimiter"),
        ("a.csv", f"MD5,b\n{'0a' * 16},1\n", ["--map", "md5"], "--map"),
        ("a.csv", f"MD5,b\n{'0a' * 16},1\n", ["--map", "md5=MD5,code=b,map:code:2=1"], "--map 'map:code:1=CODE'"),
        ("a.txt", f"{'0a' * 16}\n\xe5\n", ["--encoding", "ascii"], "--encoding"),
        ("a.txt", f"{'0a' * 16}\n", ["--encoding", "utf-99"], "--encoding cp1252"),
        ("whitelist.txt", f"{'0a' * 16}\n", [], "--confirm"),
        ("a.txt", f"{'0a' * 16}\n", ["--scheme", "x"], "--scheme"),
    ],
)
def test_advice_names_the_option(
    terminal: Terminal, tmp_path: Path, name: str, content: str, words: list[str], option: str
) -> None:
    (tmp_path / name).write_text(content)
    said = terminal("known", "import", tmp_path / name, *words)
    assert said.code == 2
    assert option in said.err.replace("\n       ", " ")


def test_codes_without_a_scheme_are_refused(terminal: Terminal, tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text(f"Hash;Class\n{'ab' * 16};red\n")
    words = ["known", "import", path, "--map", "md5=Hash", "--map", "code=Class"]
    said = terminal(*words)
    assert said.code == 2
    assert "nothing says on which grade scheme" in said.err
    assert terminal(*words, "--scheme", "agency").code == 2
    assert terminal.json("known", "list") == []
    assert terminal.json(*words, "--scheme", "agency@1")["scheme"] == "agency@1"


def test_the_files_own_scheme_cannot_be_replaced(terminal: Terminal, tmp_path: Path) -> None:
    path = write_vics(tmp_path / "list.json", {"MediaID": 1, "MD5": "ab" * 16, "Category": 1})
    said = terminal("known", "import", path, "--scheme", "agency@1")
    assert said.code == 2
    assert "the file says its codes are on vics-us@2.0, not on agency@1" in said.err


def test_a_suspicious_name_needs_a_confirmation(terminal: Terminal, tmp_path: Path) -> None:
    path = write_vics(tmp_path / "whitelist.json", {"MediaID": 1, "MD5": "ab" * 16, "Category": 1})
    said = terminal("known", "import", path)
    assert said.code == 2
    assert "may be a list of harmless files" in said.err
    assert terminal("known", "import", path, "--confirm").code == 0


def test_only_non_pertinent_codes_need_a_confirmation(terminal: Terminal, tmp_path: Path) -> None:
    media = [{"MediaID": n, "MD5": f"{n:032x}", "Category": 5} for n in range(1, 4)]
    path = write_vics(tmp_path / "list.json", *media)
    assert "its only code is 5" in terminal("known", "import", path).err
    assert terminal.json("known", "list") == []
    assert terminal("known", "import", path, "--role", "known").code == 0


def test_the_same_version_twice_is_refused(terminal: Terminal, tmp_path: Path) -> None:
    path = write_vics(tmp_path / "list.json", {"MediaID": 1, "MD5": "ab" * 16, "Category": 1})
    assert terminal("known", "import", path, "--version", "1").code == 0
    said = terminal("known", "import", path, "--version", "1")
    assert said.code == 2
    assert "list version 1 was imported already" in said.err
    assert terminal("known", "import", path, "--version", "2").code == 0
    lines = terminal("known", "list").out.splitlines()
    assert [line.split("\t")[:4] for line in lines[1:]] == [["list", "1", "alert", "1"], ["list", "2", "alert", "1"]]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["/no/such/file"], "/no/such/file does not exist"),
        (["{}/unknown.bin"], "in no known-set format"),
        (["{}/unknown.bin", "--format", "none"], "none"),
        (["{}/empty"], "no entries"),
    ],
)
def test_what_cannot_be_imported_is_said(terminal: Terminal, tmp_path: Path, words: list[str], message: str) -> None:
    (tmp_path / "unknown.bin").write_bytes(bytes(range(256)) * 10)
    (tmp_path / "empty").mkdir()
    said = terminal("known", "import", *(word.format(tmp_path) for word in words))
    assert (said.code, said.out) == (2, "")
    assert message in said.err


def test_a_known_picture_is_matched_whichever_came_first(
    processed: Terminal, tmp_path: Path, processed_folder: Path
) -> None:
    """The set came after the exhibit; then the same exhibit comes after the set."""
    items = {item["locator"]: item for item in processed.json("item", "list", "harbour")}
    path = write_vics(
        tmp_path / "list.json",
        {"MediaID": 77, "MD5": items["1.jpg"]["md5"], "Category": 2, "Series": "Harbour"},
        {"MediaID": 78, "MD5": items["2.jpg"]["md5"], "SHA1": "00" * 20, "Category": 2},
    )
    processed("known", "import", path, "--owner", "Agency")
    assert processed.json("item", "list", "harbour", "--matched") == []
    assert processed.json("process", "harbour")["run"]["matches_by_digest"] == 1
    matched = processed.json("item", "list", "harbour", "--matched")
    assert {item["locator"] for item in matched} == {"1.jpg", "album/copy of 1.jpg"}
    (match,) = matched[0]["matches"]
    wanted = {"set": "list", "entry": "77", "code": "2", "scheme": "vics-us@2.0", "series": "Harbour"}
    assert wanted.items() <= match.items()
    processed("case", "new", "again")
    processed("exhibit", "add", "again", processed_folder / "exhibit", "--process")
    assert len(processed.json("item", "list", "again", "--matched")) == 2


def test_a_folder_of_pictures_is_the_sites_own_set(processed: Terminal, processed_folder: Path) -> None:
    made = processed.json("known", "import", processed_folder / "exhibit", "--name", "own")
    assert (made["role"], made["format"], made["entries"]) == ("own", "folder", 4)
    assert any("größe.txt" in note for note in made["notes"])
    run = processed.json("process", "harbour")["run"]
    assert (run["matches_by_digest"], run["matches_perceptual"] >= 3) == (4, True)
