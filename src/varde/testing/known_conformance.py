"""The conformance suite of known-set formats: a new format's test file subclasses it and is tested for free.

class TestMyFormat(KnownFormatConformance):
    known_format = MyFormat()
"""

# ruff: noqa: D102, S101, S311 - these are tests: named by what they check, and repeatable

from __future__ import annotations

import dataclasses
import random
import re
from collections.abc import Sequence
from pathlib import Path

import pytest

from varde.core.errors import FormatError
from varde.core.known import KnownEntry
from varde.known.format import InvalidExample, KnownFormat, OpenedSet, ReadOptions, ValidExample

_MUTANTS_PER_EXAMPLE = 150


class KnownFormatConformance:
    """What every known-set format owes its callers. Subclasses set `known_format`."""

    known_format: KnownFormat

    def test_has_a_name_a_person_can_type_and_a_title(self) -> None:
        assert re.fullmatch(r"[a-z][a-z0-9-]{1,30}", self.known_format.name)
        assert 10 <= len(self.known_format.title) <= 100

    def test_carries_valid_and_invalid_examples(self) -> None:
        examples = self.known_format.examples()
        assert examples.valid
        assert examples.invalid
        names = [example.name for example in examples.valid] + [example.name for example in examples.invalid]
        assert len(names) == len(set(names))

    def test_valid_examples_read_to_their_entries(self, tmp_path: Path) -> None:
        for example in self.known_format.examples().valid:
            path, options = write_example(tmp_path, example)
            with self.known_format.open(path, options) as opened:
                entries = tuple(opened.entries)
                header = opened.header
            assert entries == example.entries, example.name
            scheme = f"{header.scheme}@{header.scheme_version}" if header.scheme else ""
            assert scheme == example.scheme, example.name

    def test_entries_hold_whole_hashes_and_storable_text(self, tmp_path: Path) -> None:
        for example in self.known_format.examples().valid:
            path, options = write_example(tmp_path, example)
            with self.known_format.open(path, options) as opened:
                for entry in opened.entries:
                    check_entry(entry)

    def test_valid_examples_are_detected_whatever_their_name(self, tmp_path: Path) -> None:
        for example in self.known_format.examples().valid:
            path = tmp_path / "nameless"
            path.write_bytes(example.content)
            assert self.known_format.detect(path) == example.is_detected, example.name

    def test_invalid_examples_are_refused_with_the_line_of_the_defect(self, tmp_path: Path) -> None:
        for example in self.known_format.examples().invalid:
            path, options = write_example(tmp_path, example)
            with pytest.raises(FormatError) as caught, self.known_format.open(path, options) as opened:
                for _ in opened.entries:
                    pass
            assert caught.value.line == example.line, (example.name, str(caught.value))
            assert example.says in str(caught.value), (example.name, str(caught.value))

    def test_reading_twice_gives_the_same(self, tmp_path: Path) -> None:
        for example in self.known_format.examples().valid:
            path, options = write_example(tmp_path, example)
            assert _read(self.known_format, path, options) == _read(self.known_format, path, options)

    def test_the_file_is_left_as_it_was(self, tmp_path: Path) -> None:
        for example in self.known_format.examples().valid:
            path, options = write_example(tmp_path, example)
            _read(self.known_format, path, options)
            assert path.read_bytes() == example.content
            assert not [other for other in path.parent.iterdir() if other not in (path, *options.delta)]

    def test_closing_early_and_twice_does_no_harm(self, tmp_path: Path) -> None:
        for example in self.known_format.examples().valid:
            path, options = write_example(tmp_path, example)
            opened = self.known_format.open(path, options)
            next(opened.entries, None)
            opened.close()
            opened.close()

    def test_detect_never_raises(self, tmp_path: Path) -> None:
        randomness = random.Random(1)
        path = tmp_path / "any"
        for size in (0, 1, 2, 3, 4, 15, 100, 5_000):
            path.write_bytes(randomness.randbytes(size))
            assert self.known_format.detect(path) is False
        assert self.known_format.detect(tmp_path) is False
        assert self.known_format.detect(tmp_path / "absent") is False

    def test_mutated_examples_read_or_raise_format_error(self, tmp_path: Path) -> None:
        randomness = random.Random(2)
        for example in self.known_format.examples().valid:
            for _ in range(_MUTANTS_PER_EXAMPLE):
                mutant = dataclasses.replace(example, content=mutate(example.content, randomness))
                path, options = write_example(tmp_path, mutant)
                try:
                    with self.known_format.open(path, options) as opened:
                        for entry in opened.entries:
                            check_entry(entry)
                except FormatError as error:
                    assert str(error)
                self.known_format.detect(path)


def write_example(folder: Path, example: ValidExample | InvalidExample) -> tuple[Path, ReadOptions]:
    """Returns the path an example was written to, in a folder of its own, and the options to read it with."""
    own = folder / example.name.replace(".", "-")
    own.mkdir(exist_ok=True)
    path = own / example.name
    path.write_bytes(example.content)
    deltas = []
    for number, content in enumerate(example.delta):
        deltas.append(own / f"{number}_delta.sql")
        deltas[-1].write_bytes(content)
    return path, dataclasses.replace(example.options, delta=tuple(deltas)) if deltas else example.options


def check_entry(entry: KnownEntry) -> None:
    """Asserts what holds for every known entry, whatever its format."""
    assert entry.line >= 1
    for digest, length in ((entry.md5, 16), (entry.sha1, 20), (entry.sha256, 32)):
        assert digest is None or len(digest) == length
    for value, quality, offset_s in entry.pdq:
        assert len(value) == 32
        assert 0 <= quality <= 100
        assert offset_s is None or offset_s >= 0
    assert entry.code is None or entry.code.strip()
    assert entry.size_bytes is None or 0 <= entry.size_bytes < 1 << 63
    flags = [flag for flag, _ in entry.flags]
    assert len(flags) == len(set(flags))
    texts = [entry.code or "", entry.series, entry.source_id, entry.mime]
    texts += [text for pair in entry.extra for text in pair]
    texts += [text for carried in entry.carried for text in (carried.kind, carried.value)]
    for text in texts:
        assert "\0" not in text
        text.encode("utf-8")


def mutate(content: bytes, randomness: random.Random) -> bytes:
    """Returns a copy with one to four random edits: bytes flipped, removed, doubled, replaced, or the end cut off."""
    mutant = bytearray(content)
    for _ in range(randomness.randint(1, 4)):
        at = randomness.randrange(len(mutant) + 1)
        run = randomness.randint(1, 40)
        edit = randomness.randrange(6)
        if edit == 0 and at < len(mutant):
            mutant[at] ^= 1 << randomness.randrange(8)
        elif edit == 1:
            del mutant[at : at + run]
        elif edit == 2:
            mutant[at:at] = mutant[at : at + run]
        elif edit == 3:
            mutant[at : at + run] = randomness.randbytes(run)
        elif edit == 4:
            mutant[at:at] = randomness.choice(_NASTY)
        elif randomness.random() < 0.3:
            del mutant[at:]
    return bytes(mutant)


_NASTY: Sequence[bytes] = (
    b"\0",
    b'"',
    b"'",
    b"\n",
    b"\r\n",
    b";",
    b",",
    b"\\ud800",
    b"\\u0000",
    b"\xff\xfe",
    b"1e999",
    b"NaN",
    b"-0",
    b"null",
    b"[[[[",
    b"{}",
    b"9" * 400,
    b"\xe2\x80\xa8",
    b"true",
)


def _read(known_format: KnownFormat, path: Path, options: ReadOptions) -> tuple[object, ...]:
    opened: OpenedSet
    with known_format.open(path, options) as opened:
        entries = tuple(opened.entries)
        return opened.header, entries, tuple(opened.notes)
