"""Lines as the checksum programs of Unix write them."""

from pathlib import Path

import pytest

from varde.core.errors import FormatError
from varde.core.known import KnownEntry
from varde.known.checksum_lines import ChecksumLine, read_checksum_line
from varde.known.format import HashKind, ReadOptions
from varde.known.formats.hash_list import HashListFormat
from varde.known.registry import detect_format

MD5, LONG = "0a" * 16, "0C" * 32


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (MD5, ChecksumLine(MD5)),
        (f"{MD5}  a.jpg", ChecksumLine(MD5, name="a.jpg")),
        (f"{MD5} *a.jpg", ChecksumLine(MD5, name="a.jpg")),
        (f"{MD5} a.jpg", ChecksumLine(MD5, name="a.jpg")),
        (f"{MD5}  *a b.jpg", ChecksumLine(MD5, name="*a b.jpg")),
        (f"{MD5}   a", ChecksumLine(MD5, name=" a")),
        (f"{MD5}  -", ChecksumLine(MD5, name="-")),
        (f"{MD5}  a\\nb", ChecksumLine(MD5, name="a\\nb")),
        (f"\\{MD5}  a\\nb\\\\n", ChecksumLine(MD5, name="a\nb\\n")),
        (f"MD5 (a (1).jpg) = {MD5}", ChecksumLine(MD5, "md5", "a (1).jpg")),
        (f"\\SHA256 (a\\\\b) = {LONG}", ChecksumLine(LONG, "sha256", "a\\b")),
        (f"SHA2-256(a)= {LONG}", ChecksumLine(LONG, "sha256", "a")),
        (f"SHA-256 (a) = {LONG}", ChecksumLine(LONG, "sha256", "a")),
    ],
)
def test_lines_are_read_as_they_are_written(text: str, wanted: ChecksumLine) -> None:
    assert read_checksum_line(text) == wanted


@pytest.mark.parametrize("text", ["", MD5[1:], f"{MD5},a", f"{MD5}\ta", f"MD5 = {MD5}", f"() = {MD5}", f"a  {MD5}"])
def test_other_lines_are_not_read(text: str) -> None:
    assert read_checksum_line(text) is None


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (f"{MD5}  a\n{MD5[1:]}  b\n{MD5}  c\n", 2),
        (f"hash\n{MD5}\n", 1),
        (f"{MD5}  a\n" * 30 + "md5sum: b: Permission denied\n", 31),
        (f"{LONG}{LONG}  a.jpg\n", 1),
        (f"{MD5}  md5,b.jpg\nx\n", 2),
        (f"MD5 (a,b) = {MD5}\nx\n", 2),
    ],
)
def test_a_bad_line_is_named_and_does_not_hide_the_format(tmp_path: Path, content: str, line: int) -> None:
    path = tmp_path / "a"
    path.write_text(content)
    found = detect_format(path)
    assert found.name == "hash-list"
    with pytest.raises(FormatError) as caught, found.open(path, ReadOptions()) as opened:
        list(opened.entries)
    assert caught.value.line == line
    assert "--map" in caught.value.advice


@pytest.mark.parametrize("content", [f"a\nb\n{MD5}\n", "no hash\n", f"MD5\tName\n{MD5}\ta\n", f"Hash;b\n{MD5};c\n"])
def test_what_is_mostly_no_hashes_is_no_hash_list(tmp_path: Path, content: str) -> None:
    path = tmp_path / "a"
    path.write_text(content)
    assert not HashListFormat().detect(path)


def test_64_digits_with_a_name_need_a_word_and_those_of_bsd_do_not(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_text(f"{LONG}  a.jpg\n")
    with HashListFormat().open(path, ReadOptions(hash_kind=HashKind.SHA256)) as opened:
        wanted = KnownEntry(line=1, sha256=b"\x0c" * 32, extra=(("FileName", "a.jpg"),))
        assert list(opened.entries) == [wanted]
    path.write_text(f"SHA256 (a.jpg) = {LONG}\n")
    with HashListFormat().open(path, ReadOptions()) as opened:
        assert list(opened.entries) == [wanted]


def test_a_line_that_contradicts_the_person_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_text(f"SHA256 (a.jpg) = {LONG}\n")
    with (
        pytest.raises(FormatError, match="line 1: the line says sha256, --hash says pdq"),
        HashListFormat().open(path, ReadOptions(hash_kind=HashKind.PDQ)) as opened,
    ):
        list(opened.entries)
