from pathlib import Path

import pytest

from varde.core.errors import FormatError
from varde.known import text
from varde.known.text import clean_text, drop_comments, find_encoding, read_head, read_lines

WORDS = "Malmö\nÅbo\n"


def write(folder: Path, content: bytes) -> Path:
    path = folder / "a"
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        (WORDS.encode(), "utf-8"),
        (WORDS.encode("utf-8-sig"), "utf-8-sig"),
        (WORDS.encode("utf-16"), "utf-16"),
        (b"\xfe\xff" + WORDS.encode("utf-16-be"), "utf-16"),
        (WORDS.encode("utf-16-le"), "utf-16-le"),
        (WORDS.encode("utf-16-be"), "utf-16-be"),
        (WORDS.encode("cp1252"), "cp1252"),
        (b"", "utf-8"),
        (b"plain", "utf-8"),
        ("€".encode()[:2], "cp1252"),
    ],
)
def test_the_encoding_is_found_from_the_bytes(tmp_path: Path, content: bytes, encoding: str) -> None:
    assert find_encoding(write(tmp_path, content)) == encoding


def test_a_single_odd_byte_far_into_the_file_decides(tmp_path: Path) -> None:
    path = write(tmp_path, b"a\n" * 2_000_000 + b"\xe5\n")
    assert find_encoding(path) == "cp1252"
    assert [line for _, line in read_lines(path)][-1] == "å\n"


def test_lines_are_numbered_from_one_and_keep_their_ends(tmp_path: Path) -> None:
    assert list(read_lines(write(tmp_path, b"a\r\n\nb"))) == [(1, "a\r\n"), (2, "\n"), (3, "b")]


def test_bytes_that_do_not_fit_are_named_with_their_line(tmp_path: Path) -> None:
    with pytest.raises(FormatError) as caught:
        list(read_lines(write(tmp_path, b"a\n" * 300_000 + b"\xff\n"), "utf-8"))
    assert caught.value.line == 300_001
    with pytest.raises(FormatError, match="not cp1252") as caught:
        list(read_lines(write(tmp_path, b"a\n\xe5\x81\n")))
    assert caught.value.line == 2


def test_a_line_without_an_end_does_not_fill_the_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text, "MAX_LINE_CHARS", 100)
    with pytest.raises(FormatError, match="100 characters") as caught:
        list(read_lines(write(tmp_path, b"a\n" + b"b" * 1_000)))
    assert caught.value.line == 2


def test_an_encoding_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="no encoding"):
        list(read_lines(write(tmp_path, b"a"), "utf-99"))


def test_comments_and_blank_lines_are_dropped() -> None:
    assert list(drop_comments([(1, "\ufeff# a\n"), (2, " \n"), (3, " b \n")])) == [(3, "b")]


def test_the_head_of_what_is_no_file_is_empty(tmp_path: Path) -> None:
    assert read_head(tmp_path) == ""
    assert read_head(tmp_path / "absent") == ""


@pytest.mark.parametrize(
    ("given", "clean"),
    [("åb", "åb"), ("a\0b", "a\ufffdb"), ("ä\0", "ä\ufffd"), ("\ud83d\ude00", "😀"), ("\ud83d", "\ufffd")],
)
def test_text_is_cleaned_of_what_no_database_stores(given: str, clean: str) -> None:
    assert clean_text(given) == clean
