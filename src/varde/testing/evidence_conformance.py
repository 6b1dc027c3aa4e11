"""The conformance suite of archive readers: a new reader's test file subclasses it and is tested for free.

class TestMyReader(ArchiveReaderConformance):
    reader = READER
    mime = "application/x-mine"

    def make(self, members):
        return my_archive(members)
"""

# ruff: noqa: D102, S101, S311 - these are tests: named by what they check, and repeatable

from __future__ import annotations

import io
import random
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence

from varde.core.issue import Issue, IssueCode, Step
from varde.core.item import FoundMember
from varde.core.limits import ArchiveLimits
from varde.evidence.archive import CHUNK_BYTES, ArchiveMember, ArchiveReader, MemberKind
from varde.evidence.expand import Expansion, expand
from varde.testing.archives import Content

_MUTANTS = 120


class ArchiveReaderConformance(ABC):
    """What every archive reader owes its callers. Subclasses set `reader` and `mime` and write `make`.

    Attributes:
        reader: under test.
        mime: media type that chooses it.
        max_members: most members the format can hold.
        keeps_names: whether the format stores the names given to `make`.
        others: whole files of other formats, for which `detect` must say no.
    """

    reader: ArchiveReader
    mime: str
    max_members = 1_000
    keeps_names = True
    others: Sequence[bytes] = (b"", b"\0", b"plain text\n" * 100, bytes(4096), b"\xff\xd8\xff\xe0" + bytes(2000))

    @abstractmethod
    def make(self, members: Sequence[Content]) -> bytes:
        """Returns a sound archive of these members in this order."""

    def test_names_itself_and_its_media_type(self) -> None:
        assert self.reader.name
        assert self.mime in self.reader.mimes

    def test_detects_its_own_and_nothing_else(self) -> None:
        assert self.reader.detect(io.BytesIO(self.make(self._contents())))
        for data in self.others:
            assert not self.reader.detect(io.BytesIO(data)), data[:20]

    def test_gives_every_member_in_order_with_its_exact_bytes(self) -> None:
        contents = self._contents()
        members = self._read(self.make(contents))
        assert [member.ordinal for member, _ in members] == list(range(len(contents)))
        assert [data for _, data in members] == [data for _, data in contents]
        if self.keeps_names:
            names = [name.encode("utf-8", "surrogateescape") for name, _ in contents]
            assert [member.name for member, _ in members] == names

    def test_gives_no_chunk_beyond_the_bound(self) -> None:
        data = self.make([("zeros", bytes(3 * CHUNK_BYTES + 17))])
        sizes = [len(chunk) for member in _entries(self.reader, data) for chunk in member.chunks()]
        assert sum(sizes) == 3 * CHUNK_BYTES + 17
        assert max(sizes) <= CHUNK_BYTES

    def test_members_can_be_passed_over(self) -> None:
        contents = self._contents()
        data = self.make(contents)
        for wanted in range(len(contents)):
            for member in _entries(self.reader, data):
                if member.ordinal == wanted:
                    assert b"".join(member.chunks()) == contents[wanted][1]

    def test_reading_again_gives_the_same(self) -> None:
        data = self.make(self._contents())
        assert self._expand(data) == self._expand(data)

    def test_windows_cut_the_archive_without_changing_it(self) -> None:
        data = self.make(self._contents())
        whole, whole_bytes = self._expand(data)
        for window_bytes in (1, 50, 5_000):
            places, contents, start, before = [], [], 0, 0
            issues: list[tuple[FoundMember | None, Issue]] = []
            while True:
                spool = io.BytesIO()
                part = self._expand_into(data, spool, start, before, window_bytes)
                places += [(each.name, each.occurrence, each.ordinal, each.size_bytes) for each in part.members]
                contents += [_cut_out(spool, each.offset, each.size_bytes or 0) for each in part.members]
                issues += part.issues
                if part.next_start is None:
                    break
                start, before = part.next_start, part.unpacked_bytes
            assert places == [(each.name, each.occurrence, each.ordinal, each.size_bytes) for each in whole.members]
            assert b"".join(contents) == whole_bytes
            assert issues == list(whole.issues)

    def test_an_empty_member_is_empty_and_no_issue(self) -> None:
        result, _ = self._expand(self.make([("empty", b"")]))
        assert [member.size_bytes for member in result.members] == [0]
        assert not result.issues

    def test_a_cut_off_archive_is_never_passed_as_whole(self) -> None:
        contents = self._contents()
        data = self.make(contents)
        whole, _ = self._expand(data)
        for length in sorted({1, 5, 20, *range(len(data) // 12, len(data), max(1, len(data) // 12))}):
            if self.reader.detect(io.BytesIO(data[:length])):
                result, _ = self._expand(data[:length])
                assert result.issues or [m.size_bytes for m in result.members] == [m.size_bytes for m in whole.members]

    def test_hostile_bytes_give_issues_and_never_another_error(self) -> None:
        data = self.make(self._contents())
        chance = random.Random(7)
        for _ in range(_MUTANTS):
            result, spool = self._expand(_mutate(data, chance))
            for member in result.members:
                assert member.size_bytes is None or member.offset + member.size_bytes <= len(spool)
            missing = {member for member in result.members if member.size_bytes is None}
            assert missing <= {member for member, _ in result.issues}
            for _, issue in result.issues:
                assert issue.step is Step.EXPAND
                assert issue.cause.endswith((".", ")")), issue.cause

    def test_a_bomb_is_stopped_early(self) -> None:
        limits = ArchiveLimits(max_member_bytes=1 << 20)
        spool = io.BytesIO()
        data = self.make([("zeros", bytes(3 << 20))])
        result = expand(io.BytesIO(data), self.mime, spool, limits, readers=[self.reader])
        assert spool.getvalue() == b""
        assert {issue.code for _, issue in result.issues} <= {IssueCode.TOO_LARGE, IssueCode.ARCHIVE_BOMB}
        assert [member.size_bytes for member in result.members] == [None]

    def test_more_members_than_allowed_are_an_issue_on_the_archive(self) -> None:
        if self.max_members < 5:
            return
        data = self.make([(f"{index}", b"x") for index in range(5)])
        limits = ArchiveLimits(max_members=3)
        result = expand(io.BytesIO(data), self.mime, io.BytesIO(), limits, readers=[self.reader])
        assert len(result.members) == 3
        assert [(place, issue.code) for place, issue in result.issues] == [(None, IssueCode.ARCHIVE_TOO_MANY)]
        assert result.next_start is None

    def _contents(self) -> list[Content]:
        chance = random.Random(3)
        contents = [
            ("a/first.txt", b"hello\n"),
            ("noise.bin", chance.randbytes(10_000)),
            ("empty", b""),
            ("ordner/größe.txt", b"text " * 2_000),
            ("last", chance.randbytes(300)),
        ]
        return contents[: self.max_members]

    def _read(self, data: bytes) -> list[tuple[ArchiveMember, bytes]]:
        return [
            (member, b"".join(member.chunks()))
            for member in _entries(self.reader, data)
            if member.kind is not MemberKind.FOLDER
        ]

    def _expand(self, data: bytes) -> tuple[Expansion, bytes]:
        spool = io.BytesIO()
        return self._expand_into(data, spool, 0, 0, 1 << 30), spool.getvalue()

    def _expand_into(self, data: bytes, spool: io.BytesIO, start: int, before: int, window_bytes: int) -> Expansion:
        return expand(
            io.BytesIO(data),
            self.mime,
            spool,
            ArchiveLimits(),
            start=start,
            unpacked_before=before,
            window_bytes=window_bytes,
            readers=[self.reader],
        )


def _entries(reader: ArchiveReader, data: bytes) -> Iterator[ArchiveMember]:
    """Gives the members of a sound archive."""
    for entry in reader.members(io.BytesIO(data)):
        assert not isinstance(entry, Issue), entry
        yield entry


def _cut_out(spool: io.BytesIO, offset: int, size: int) -> bytes:
    return spool.getvalue()[offset : offset + size]


def _mutate(data: bytes, chance: random.Random) -> bytes:
    """Returns the data with some bytes changed, a piece taken out, doubled or cut off."""
    mutant = bytearray(data)
    for _ in range(chance.choice((1, 1, 3, 20))):
        mutant[chance.randrange(len(mutant))] = chance.choice((0, 1, 0x7F, 0x80, 0xFF, chance.randrange(256)))
    kind, at = chance.randrange(6), chance.randrange(len(mutant))
    length = chance.randrange(1, 600)
    if kind == 0:
        del mutant[at:]
    elif kind == 1:
        del mutant[at : at + length]
    elif kind == 2:
        mutant[at:at] = mutant[at : at + length]
    return bytes(mutant)
