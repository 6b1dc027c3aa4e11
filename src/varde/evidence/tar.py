"""Tar archives, plain or packed by gzip, bzip2 or xz: old, ustar, pax and GNU, with sparse files and links.

Not the standard library's ``tarfile``: that takes a damaged header for the end of the archive, reads extended headers
of any size into memory, and needs a seekable file for sparse members. Tests compare the two on sound archives.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import BinaryIO

from varde.core.errors import Unreadable
from varde.core.issue import Issue, IssueCode
from varde.evidence.archive import ArchiveMember, MemberKind, archive_issue, damaged, read_unix_time
from varde.evidence.single import MIMES, find_packing, read_head
from varde.evidence.tar_header import (
    BLOCK_BYTES,
    ZERO_BLOCK,
    TarHeader,
    is_header,
    read_decimal,
    read_header,
    read_records,
)
from varde.evidence.tar_sparse import (
    SparseMap,
    read_data,
    read_inline_map,
    read_old_map,
    read_pax_map,
    read_sparse,
)
from varde.evidence.tar_stream import ForwardStream, PackedStream, PlainStream

_KINDS = {
    b"1": MemberKind.HARD_LINK,
    b"2": MemberKind.SYMLINK,
    b"3": MemberKind.SPECIAL,
    b"4": MemberKind.SPECIAL,
    b"5": MemberKind.FOLDER,
    b"6": MemberKind.SPECIAL,
    b"D": MemberKind.FOLDER,
    b"V": MemberKind.SPECIAL,
}
_WITHOUT_DATA = frozenset({b"1", b"2", b"3", b"4", b"5", b"6", b"V"})
_GNU_LONG = {b"L": b"path", b"K": b"linkpath"}
_EXTENSIONS = frozenset({b"x", b"X", b"g", *_GNU_LONG})
_MAX_EXTENSION_BYTES = 256 << 10
_MAX_GAP_BYTES = 64 << 20


class TarReader:
    """Reads tar archives."""

    name = "tar"
    mimes = MIMES | {"application/x-tar"}
    is_indexed = False

    def detect(self, file: BinaryIO) -> bool:
        """Returns whether the file, unpacked where it is packed, starts with a tar header."""
        return is_header(read_head(file, find_packing(file), BLOCK_BYTES))

    def members(self, file: BinaryIO) -> Iterator[ArchiveMember | Issue]:
        """Returns the members in stored order, also those after an end mark or behind damage."""
        packing = find_packing(file)
        stream: ForwardStream = PackedStream(packing.chunks(file)) if packing else PlainStream(file)
        return _Scan(stream, is_packed=packing is not None).run()


@dataclass(slots=True)
class _Extension:
    """What extended headers say of the member that follows them."""

    records: dict[bytes, bytes] = field(default_factory=dict)
    sparse_offsets: list[bytes] = field(default_factory=list)
    sparse_lengths: list[bytes] = field(default_factory=list)

    def add(self, type_flag: bytes, data: bytes) -> None:
        if type_flag in _GNU_LONG:
            self.records[_GNU_LONG[type_flag]] = data.partition(b"\0")[0]
            return
        for key, value in read_records(data):
            if key == b"GNU.sparse.offset":
                self.sparse_offsets.append(value)
            elif key == b"GNU.sparse.numbytes":
                self.sparse_lengths.append(value)
            else:
                self.records[key] = value


@dataclass(slots=True)
class _Scan:
    """One pass over an archive."""

    stream: ForwardStream
    is_packed: bool
    ordinal: int = 0
    extension: _Extension = field(default_factory=_Extension)
    defaults: dict[bytes, bytes] = field(default_factory=dict)

    def run(self) -> Iterator[ArchiveMember | Issue]:
        try:
            yield from self._run()
        except Unreadable as error:
            cause = f"From member number {self.ordinal + 1} on nothing was read; others may hold wrong bytes. {error}"
            raise Unreadable(error.issue_code, cause) from error

    def _run(self) -> Iterator[ArchiveMember | Issue]:
        has_ended = False
        block = self.stream.read(BLOCK_BYTES)
        while len(block) == BLOCK_BYTES:
            if is_header(block):
                has_ended = False
                yield from self._take(block)
                block = self.stream.read(BLOCK_BYTES)
            else:
                has_ended = has_ended or block == ZERO_BLOCK
                block, garbage_bytes = self._cross_gap(block)
                if garbage_bytes:
                    cause = f"{garbage_bytes} bytes before offset {self.stream.position} belong to no member."
                    yield archive_issue(IssueCode.ARCHIVE_DAMAGED, cause)
        self.stream.read(1)  # raises what ended the stream, if it was not its end
        if block or not has_ended:
            yield archive_issue(IssueCode.TRUNCATED, "It ends without its end mark: later members may be missing.")

    def _cross_gap(self, block: bytes) -> tuple[bytes, int]:
        """Returns the next header, or what is left at the end, and how many bytes before it are neither it nor zero."""
        garbage_bytes = 0
        for _ in range(_MAX_GAP_BYTES // BLOCK_BYTES):
            if len(block) < BLOCK_BYTES or is_header(block):
                return block, garbage_bytes
            garbage_bytes += 0 if block == ZERO_BLOCK else BLOCK_BYTES
            block = self.stream.read(BLOCK_BYTES)
        raise damaged(f"No member was found in the {_MAX_GAP_BYTES} bytes before offset {self.stream.position}.")

    def _take(self, block: bytes) -> Iterator[ArchiveMember | Issue]:
        header = read_header(block)
        if header.type_flag in _EXTENSIONS:
            yield from self._extend(header)
            return
        extension, self.extension = self.extension, _Extension()
        extension.records = {**self.defaults, **extension.records}
        size = 0 if header.type_flag in _WITHOUT_DATA else _read_size(extension.records, header)
        data_start = self.stream.position
        places = self._find_holes(block, extension)
        if header.type_flag == b"S":
            data_start = self.stream.position  # the map stood before the data, not in them
        yield self._member(header, extension.records, size - (self.stream.position - data_start), places)
        self.ordinal += 1
        self._skip_to(data_start + size)

    def _extend(self, header: TarHeader) -> Iterator[Issue]:
        """Reads an extended header."""
        start = self.stream.position
        if header.size_bytes > _MAX_EXTENSION_BYTES:
            cause = f"An extended header of {header.size_bytes} bytes was passed over: a name may be cut short."
            yield archive_issue(IssueCode.ARCHIVE_DAMAGED, cause)
        else:
            data = self.stream.read(header.size_bytes)
            if header.type_flag == b"g":
                self.defaults.update(read_records(data))
            else:
                self.extension.add(header.type_flag, data)
        self._skip_to(start + header.size_bytes)

    def _skip_to(self, end: int) -> None:
        """Goes on to the block after data that end at this offset."""
        padded = -(-end // BLOCK_BYTES) * BLOCK_BYTES
        self.stream.skip(max(0, padded - self.stream.position))

    def _find_holes(self, block: bytes, extension: _Extension) -> SparseMap | None:
        """Returns the map of a sparse member, None for any other; reads as much of the stream as the map takes."""
        records = extension.records
        if block[156:157] == b"S":
            return read_old_map(self.stream, block)
        if records.get(b"GNU.sparse.major") == b"1":
            return read_inline_map(self.stream, records.get(b"GNU.sparse.realsize", b""))
        if b"GNU.sparse.size" in records:
            return read_pax_map(records, extension.sparse_offsets, extension.sparse_lengths)
        return None

    def _member(
        self, header: TarHeader, records: Mapping[bytes, bytes], size: int, places: SparseMap | None
    ) -> ArchiveMember:
        name = records.get(b"GNU.sparse.name") or records.get(b"path") or header.name
        kind = _KINDS.get(header.type_flag, MemberKind.FILE)
        if kind is MemberKind.FILE and name.endswith(b"/") and not size:
            kind = MemberKind.FOLDER
        return ArchiveMember(
            self.ordinal,
            name,
            kind,
            partial(read_sparse, self.stream, places) if places else partial(read_data, self.stream, size),
            modified_at=_read_time(records, header),
            declared_bytes=places.size_bytes if places else size,
            packed_bytes=None if self.is_packed else size,
            link_name=records.get(b"linkpath") or header.link_name,
        )


def _read_size(records: Mapping[bytes, bytes], header: TarHeader) -> int:
    size = read_decimal(records.get(b"size", b""))
    return header.size_bytes if size is None else size


def _read_time(records: Mapping[bytes, bytes], header: TarHeader) -> datetime | None:
    try:
        return read_unix_time(float(records[b"mtime"]))
    except (KeyError, ValueError):
        return None if header.modified_s is None else read_unix_time(header.modified_s)


READER = TarReader()
