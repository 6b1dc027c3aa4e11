"""What a reader keeps, the writer of its format gives back; and no writer leaves anything out in silence."""

from __future__ import annotations

import string
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from outgoing import WRITERS, outgoing, read, read_back, without_lines, write

from varde.core.known import CarriedHash, EntryState, Flag, KnownEntry, SetRole
from varde.known.format import HashKind, KnownFormat, ReadOptions, ValidExample
from varde.known.registry import load_formats
from varde.known.writer import KnownWriter
from varde.testing.known_conformance import write_example
from varde.testing.known_files import write_vics

SAME_FORMAT = [
    pytest.param(writer, known_format, example, id=f"{writer.name}-{example.name}")
    for writer in WRITERS.values()
    for known_format in load_formats()
    for example in known_format.examples().valid
    if writer.reads == known_format.name and example.entries
]
EVERY_FORMAT = [
    pytest.param(writer, known_format, example, id=f"{known_format.name}-{example.name}-as-{writer.name}")
    for writer in WRITERS.values()
    for known_format in load_formats()
    for example in known_format.examples().valid
    if writer.name != "caid-non-rds" and example.entries
]
TEXTS = st.text(min_size=1, max_size=20).filter(lambda text: text == text.strip() and "\0" not in text)
LOOSE_TEXTS = st.one_of(
    TEXTS,
    st.sampled_from(["5", '"5"', "true", "null", "[1,2]", "[1, 2]", '{"a":"b"}', " x ", "-0", "1e400", "NaN", "=1+1"]),
    st.sampled_from(["a\nb", "a\r\nb", 'say "x"', "a;b,c\td", "#", "x 3", "x, 3", "\ufeffx", "POSITIVE_CLASS", "\\"]),
).filter(lambda text: text.isascii() or text.encode("utf-8", "replace").decode() == text)
NAMES = st.one_of(
    TEXTS,
    st.sampled_from(["Comments", "comments", "Category", "MD5", "Series", "MediaFiles", "IsWithdrawn", "IsDisputed"]),
    st.sampled_from(["FileName", "Media Type", "signal_type", "baseline", "a#2", "AlternativeHashes", "@odata.x"]),
)
PDQ = st.tuples(
    st.binary(min_size=32, max_size=32),
    st.integers(0, 100),
    st.none()
    | st.floats(0, 9_999_999, allow_subnormal=False).filter(lambda offset_s: offset_s == 0 or offset_s > 1e-9),
)
KINDS = st.sampled_from(["photodna", "tmkpdqf", "raw_text", "url", "netclean", "md5", "x-y"])
ENTRIES = st.builds(
    KnownEntry,
    line=st.just(1),
    md5=st.none() | st.binary(min_size=16, max_size=16),
    sha1=st.none() | st.binary(min_size=20, max_size=20),
    sha256=st.none() | st.binary(min_size=32, max_size=32),
    pdq=st.lists(PDQ, max_size=3).map(tuple),
    carried=st.lists(st.builds(CarriedHash, KINDS, TEXTS), max_size=3, unique=True).map(tuple),
    code=st.none() | st.text(string.ascii_letters + string.digits + "+.-_", min_size=1, max_size=4),
    series=st.just("") | TEXTS,
    flags=st.dictionaries(st.sampled_from(Flag), st.booleans(), max_size=4).map(lambda flags: tuple(flags.items())),
    source_id=st.just("") | TEXTS | st.integers(0, 1 << 70).map(str) | st.just("007"),
    size_bytes=st.none() | st.integers(0, 10**18 - 1),
    mime=st.sampled_from(["", "image/jpeg", "video/mp4"]),
    extra=st.lists(st.tuples(NAMES, LOOSE_TEXTS), max_size=4).map(tuple),
    sampling=st.sampled_from(["", "key frames"]),
)
SCHEMES = st.sampled_from(
    ["", "vics-us@2.0", "vics-us@1.3", "vics-unstated@1.3", "agency@1", "threatexchange-opinion@1"]
)


@pytest.mark.parametrize(("writer", "known_format", "example"), SAME_FORMAT)
def test_a_written_set_reads_as_the_one_it_was_read_from(
    tmp_path: Path, writer: KnownWriter, known_format: KnownFormat, example: ValidExample
) -> None:
    path, options = write_example(tmp_path, example)
    header, entries, _ = read(known_format, path, options)
    scheme = f"{header.scheme}@{header.scheme_version}" if header.scheme else "agency@1"
    if writer.name == "vics" and header.scheme == "vics-unstated":
        pytest.skip("2.0 has to name a region")
    role = header.suggested_role or SetRole.ALERT
    written = write(writer, outgoing(entries, scheme=scheme, role=role))
    assert written.losses == {}
    own = ReadOptions() if writer.name == "csv" else options
    again, found, _ = read_back(writer, written, tmp_path, replace(own, region=None))
    assert without_lines(found) == without_lines(entries)
    assert (again.scheme, again.scheme_version) == (
        ("agency", "1") if writer.name == "csv" else (header.scheme, header.scheme_version)
    )
    assert write(writer, outgoing(found, scheme=scheme, role=role)) == written


@pytest.mark.parametrize(("writer", "known_format", "example"), EVERY_FORMAT)
def test_what_another_format_cannot_hold_is_counted(
    tmp_path: Path, writer: KnownWriter, known_format: KnownFormat, example: ValidExample
) -> None:
    path, options = write_example(tmp_path, example)
    header, entries, _ = read(known_format, path, options)
    if writer.name == "vics" and header.scheme == "vics-unstated":
        pytest.skip("2.0 has to name a region")
    scheme = f"{header.scheme}@{header.scheme_version}" if header.scheme else ""
    kind = _choose_kind(entries) if writer.name == "hash-list" else None
    written = write(writer, outgoing(entries, scheme=scheme, hash_kind=kind))
    if not written.losses:
        found = read_back(writer, written, tmp_path, ReadOptions(hash_kind=kind))[1]
        assert without_lines(found) == without_lines(entries)


@pytest.mark.parametrize("writer", WRITERS.values(), ids=WRITERS)
@settings(max_examples=60, deadline=None)
@given(entries=st.lists(ENTRIES, min_size=1, max_size=4), scheme=SCHEMES)
@example(entries=[KnownEntry(1, md5=b"\x0a" * 16, extra=(("Category", "3"),))], scheme="vics-us@2.0")
@example(entries=[KnownEntry(1, md5=b"\x0a" * 16, extra=(("md5", "x"), ("Md5", "y")))], scheme="")
@example(entries=[KnownEntry(1, md5=b"\x0a" * 16, extra=(("AlternativeHashes", "[1]"),))], scheme="")
@example(entries=[KnownEntry(1, carried=(CarriedHash("raw_text", "level 3"),))], scheme="")
@example(entries=[KnownEntry(1, carried=(CarriedHash("raw_text", "a, 3"),))], scheme="threatexchange-opinion@1")
@example(entries=[KnownEntry(1, md5=b"\x0a" * 16, extra=(("Note", "null"),))], scheme="")
@example(entries=[KnownEntry(1, md5=b"\x0a" * 16, extra=(("FileName", "a\\\nb"),))], scheme="")
def test_nothing_is_left_out_in_silence(writer: KnownWriter, entries: list[KnownEntry], scheme: str) -> None:
    """Where a writer counts no loss, the file reads as what it was made of, whatever that was."""
    assume(not (writer.name == "vics" and scheme.startswith("vics-unstated")))
    if writer.name == "caid-non-rds":
        entries = [replace(entry, code=None, series="", flags=()) for entry in entries]
    entries = [entry if scheme else replace(entry, code=None) for entry in entries]
    kind = HashKind.MD5 if writer.name == "hash-list" else None
    written = write(writer, outgoing(entries, scheme=scheme, role=SetRole.KNOWN, hash_kind=kind))
    with tempfile.TemporaryDirectory() as folder:
        header, found, _ = read_back(writer, written, Path(folder), ReadOptions(hash_kind=kind))
    if written.losses:
        return
    assert _canonical(found) == _canonical(entries)
    if any(entry.code is not None for entry in entries):
        assert f"{header.scheme}@{header.scheme_version}" == scheme


@pytest.mark.parametrize("writer", WRITERS.values(), ids=WRITERS)
def test_a_set_without_entries_is_a_file_without_entries(tmp_path: Path, writer: KnownWriter) -> None:
    written = write(writer, outgoing([], role=SetRole.KNOWN))
    assert written.losses == {}
    assert read_back(writer, written, tmp_path)[1] == []


@pytest.mark.parametrize("name", ["vics", "vics-1.3", "csv"])
@pytest.mark.parametrize("wrapping", ["set", "case", "wrapped"])
def test_a_set_of_many_entries_comes_back_whole(tmp_path: Path, name: str, wrapping: str) -> None:
    write_vics(tmp_path / "a.json", 500, wrapping=wrapping, pdq_share=0.5)
    known_format = next(one for one in load_formats() if one.name == "vics")
    _, entries, _ = read(known_format, tmp_path / "a.json")
    written = write(WRITERS[name], outgoing(entries, scheme="vics-us@2.0"))
    assert written.losses == {}
    header, found, _ = read_back(WRITERS[name], written, tmp_path)
    assert (header.scheme, header.scheme_version) == ("vics-us", "2.0")
    assert without_lines(found) == without_lines(entries)


@pytest.mark.parametrize("name", [name for name, writer in WRITERS.items() if writer.marks_withdrawn])
def test_a_withdrawn_entry_is_marked_and_left_out_when_read(tmp_path: Path, name: str) -> None:
    entry = KnownEntry(1, md5=b"\x0a" * 16, code="1", source_id="7")
    made = outgoing([entry], scheme="vics-us@2.0", state=EntryState.WITHDRAWN)
    _, found, notes = read_back(WRITERS[name], write(WRITERS[name], made), tmp_path)
    assert found == []
    assert any("marks as withdrawn; left out" in note for note in notes)


@pytest.mark.parametrize("name", ["vics", "vics-1.3", "csv", "threatexchange"])
def test_a_disputed_entry_says_so(tmp_path: Path, name: str) -> None:
    made = outgoing([KnownEntry(1, md5=b"\x0a" * 16)], state=EntryState.DISPUTED)
    _, found, _ = read_back(WRITERS[name], write(WRITERS[name], made), tmp_path)
    assert found[0].flags == ((Flag.DISPUTED, True),)


@pytest.mark.parametrize("name", ["icse-csv", "hash-list"])
def test_a_disputed_entry_is_counted_where_the_format_has_no_mark(name: str) -> None:
    made = outgoing([KnownEntry(1, md5=b"\x0a" * 16)], state=EntryState.DISPUTED)
    assert write(WRITERS[name], made).losses == {"marks of disputed entries left out": 1}


def _choose_kind(entries: list[KnownEntry]) -> HashKind:
    return next(kind for kind in HashKind if any(getattr(entry, kind.value) for entry in entries))


def _canonical(entries: list[KnownEntry]) -> list[KnownEntry]:
    """Returns the entries without lines, and without the order of what has none of its own."""
    return [
        replace(
            entry,
            line=1,
            flags=tuple(sorted(entry.flags)),
            carried=tuple(sorted(entry.carried, key=lambda carried: (carried.kind, carried.value))),
            extra=tuple(sorted(entry.extra)),
        )
        for entry in entries
    ]
