import sys
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path

import pytest

from varde.core.errors import FormatError, NotFound, PluginError, WrongUse
from varde.known.format import KnownFormat, ReadOptions
from varde.known.registry import GROUP, choose_format, detect_format, get_format, load_formats
from varde.testing.known_conformance import write_example

OURS = {"vics", "caid-non-rds", "icse-csv", "csv", "hash-list", "nsrl", "threatexchange", "vpdq"}


def foreign(name: str, value: str) -> EntryPoint:
    return EntryPoint(name, value, GROUP)


def own_points() -> list[EntryPoint]:
    return list(entry_points(group=GROUP))


def test_our_own_formats_are_there_without_being_listed() -> None:
    assert {known_format.name for known_format in load_formats()} == OURS


@pytest.mark.parametrize("name", sorted(OURS))
def test_examples_are_detected_as_their_own_format_only(name: str, tmp_path: Path) -> None:
    known_format: KnownFormat = get_format(name)
    for example in known_format.examples().valid:
        path, _ = write_example(tmp_path, example)
        if example.is_detected:
            assert detect_format(path).name == name


def test_an_unknown_file_is_refused_with_the_names_of_the_formats(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"\x89PNG\r\n")
    with pytest.raises(FormatError) as caught:
        detect_format(path)
    assert all(name in caught.value.advice for name in OURS)


@pytest.mark.parametrize("content", ["hash\n", f"{'0a' * 16}\n", "MD5,SHA1,Category\n", f"pdq {'0c' * 32}\n"])
def test_a_mapping_makes_it_a_csv_unless_a_format_is_named(tmp_path: Path, content: str) -> None:
    path = tmp_path / "a"
    path.write_text(content)
    mapped = ReadOptions(mapping=("md5=hash",))
    assert choose_format(path, "", mapped).name == "csv"
    assert choose_format(path, "hash-list", mapped).name == "hash-list"


def test_columns_that_begin_with_a_hash_are_a_csv_only(tmp_path: Path) -> None:
    path = tmp_path / "cat.csv"
    path.write_text(f"MD5,SHA1,Category\n{'0a' * 16},{'0b' * 20},1\n")
    assert detect_format(path).name == "csv"


@pytest.mark.parametrize("content", [b"", b"\n \r\n", b"\xef\xbb\xbf", "\r\n".encode("utf-16")])
@pytest.mark.parametrize("name", ["", "csv", "vics"])
def test_an_empty_file_is_called_empty(tmp_path: Path, content: bytes, name: str) -> None:
    path = tmp_path / "a"
    path.write_bytes(content)
    with pytest.raises(FormatError, match=r"^the file is empty$"):
        choose_format(path, name, ReadOptions())


def test_what_is_no_regular_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WrongUse, match="no regular file"):
        choose_format(tmp_path, "", ReadOptions())


def test_a_file_of_two_formats_is_refused_with_the_option_that_decides(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_text("url,hash\n")
    with pytest.raises(FormatError, match="more than one") as caught:
        detect_format(path)
    assert caught.value.advice == "Name one with --format: csv, threatexchange."


def test_an_unknown_name_is_refused_with_the_names_there_are() -> None:
    with pytest.raises(NotFound) as caught:
        get_format("floppy")
    assert all(name in caught.value.advice for name in OURS)


def test_a_plugin_that_is_installed_but_not_listed_is_left_alone() -> None:
    loaded = load_formats(found=[*own_points(), foreign("theirs", "no.such.module:Format")])
    assert {known_format.name for known_format in loaded} == OURS


def test_a_listed_plugin_is_loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "their_format.py").write_text(
        "from varde.known.formats.hash_list import HashListFormat\nclass Theirs(HashListFormat):\n    name = 'theirs'\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    loaded = load_formats(["theirs"], found=[*own_points(), foreign("theirs", "their_format:Theirs")])
    assert {known_format.name for known_format in loaded} == {*OURS, "theirs"}
    del sys.modules["their_format"]


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ("no.such.module:Format", "cannot be loaded"),
        ("varde.known.formats.vics:NoSuchClass", "cannot be loaded"),
        ("varde.known.notes:Notes", "lacks name"),
        ("varde.known.formats.vics:VicsFormat", "under another name"),
    ],
)
def test_a_listed_plugin_that_does_not_load_stops_the_run(value: str, says: str) -> None:
    with pytest.raises(PluginError, match=says):
        load_formats(["theirs"], found=[*own_points(), foreign("theirs", value)])


def test_a_listed_plugin_that_is_missing_stops_the_run() -> None:
    with pytest.raises(PluginError, match="not installed"):
        load_formats(["theirs"], found=own_points())


def test_a_format_offered_twice_stops_the_run() -> None:
    twice = [*own_points(), foreign("theirs", "a:A"), foreign("theirs", "b:B")]
    with pytest.raises(PluginError, match="more than one"):
        load_formats(["theirs"], found=twice)
