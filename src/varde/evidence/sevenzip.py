"""7z archives, through py7zr's parsing and codecs, without its extraction.

PPMd blocks are not unpacked: pyppmd 1.3.1 crashed the process within 3,000 damaged archives, where no other codec did.

py7zr's own extraction refuses names that lead out of a folder, renames repeated names, stops at the first damaged block
and miscounts packed streams after a BCJ2 block. Here each block is unpacked on its own, from front to back.
"""

from __future__ import annotations

import lzma
import stat
import struct
import zlib
from collections.abc import Iterator
from functools import partial
from typing import Any, BinaryIO

from py7zr import SevenZipFile, compressor
from py7zr.exceptions import ArchiveError, PasswordRequired, UnsupportedCompressionMethodError

from varde.core.errors import Unreadable
from varde.core.issue import Issue, IssueCode
from varde.evidence.archive import (
    CHUNK_BYTES,
    ArchiveMember,
    MemberKind,
    damaged,
    no_chunks,
    read_unix_time,
    tell_kind,
    truncated,
    unsupported,
)
from varde.evidence.unpacking import MAX_DICTIONARY_BYTES

codecs: Any = compressor  # it hands on the zstd and brotli modules it found, without saying so in its types

_MAGIC = b"7z\xbc\xaf\x27\x1c"
_START_BYTES = 32
_LZMA, _LZMA2, _PPMD, _AES = b"\x03\x01\x01", b"\x21", b"\x03\x04\x01", b"\x06\xf1\x07\x01"
_NTFS_EPOCH_S = -11644473600
_PIECE_BYTES = 1 << 14  # some codecs of py7zr unpack all of a piece at once, whatever it holds
_BYTES_ERRORS = (
    ArchiveError,
    PasswordRequired,
    lzma.LZMAError,
    zlib.error,
    codecs.zstd.ZstdError,
    codecs.brotli.error,
    struct.error,
    ArithmeticError,
    AssertionError,
    AttributeError,
    EOFError,
    LookupError,
    OSError,
    RuntimeError,
    SystemError,
    TypeError,
    ValueError,
)
"""What py7zr and its codecs raise on hostile bytes: it checks little before it uses a value."""


class SevenZipReader:
    """Reads 7z archives."""

    name = "7z"
    mimes = frozenset({"application/x-7z-compressed"})
    is_indexed = True

    def detect(self, file: BinaryIO) -> bool:
        """Returns whether the file starts as a 7z archive."""
        file.seek(0)
        return file.read(len(_MAGIC)) == _MAGIC

    def members(self, file: BinaryIO) -> Iterator[ArchiveMember | Issue]:
        """Returns the members in stored order; names are the UTF-8 form of the stored UTF-16."""
        archive = _open(file)
        try:
            members = list(_describe(file, archive))
        except _BYTES_ERRORS as error:
            raise damaged(f"Its table of contents makes no sense ({_text(error)}).") from error
        return iter(members)


def _open(file: BinaryIO) -> Any:
    file.seek(0)
    try:
        return SevenZipFile(file, "r")
    except PasswordRequired as error:
        raise Unreadable(
            IssueCode.ARCHIVE_ENCRYPTED, "Its table of contents is encrypted; a password would be needed."
        ) from error
    except UnsupportedCompressionMethodError as error:
        raise unsupported(f"Its table of contents is packed in a way not read here ({_text(error)}).") from error
    except _BYTES_ERRORS as error:
        raise damaged(f"Its table of contents cannot be read ({_text(error)}).") from error


class _Block:
    """One packed block (a "folder" in 7z), unpacked once from front to back and again from the front when needed."""

    def __init__(self, file: BinaryIO, folder: Any, start: int, packed_bytes: int, *, is_solid: bool) -> None:
        self._file = file
        self._folder = folder
        self._start = start
        self.packed_bytes = packed_bytes
        self.is_solid = is_solid
        self.size_bytes = 0
        self.is_encrypted = any(coder["method"] == _AES for coder in folder.coders)
        self._error: Unreadable | None = None
        self._unpacked = 0
        self._decoder: Any = None
        self._source: _Source | None = None

    def add(self, size_bytes: int) -> int:
        """Returns where a further member begins in the unpacked block."""
        offset = self.size_bytes
        self.size_bytes += size_bytes
        return offset

    def chunks(self, offset: int, size_bytes: int, crc: int | None) -> Iterator[bytes]:
        """Returns the data of a member and checks its checksum at the end."""
        if self._decoder is None or self._unpacked > offset:
            self._restart()
        for _ in self._read(offset - self._unpacked):
            pass
        actual = 0
        for piece in self._read(size_bytes):
            actual = zlib.crc32(piece, actual)
            yield piece
        if crc is not None and actual != crc:
            raise damaged(f"Its checksum is {actual:08x}, but {crc:08x} is stated.")

    def _restart(self) -> None:
        _check_coders(self._folder.coders)
        self._source = _Source(self._file, self._start, self.packed_bytes)
        self._unpacked = 0
        self._error = None
        try:
            self._decoder = codecs.SevenZipDecompressor(
                self._folder.coders,
                self.packed_bytes,
                self._folder.unpacksizes,
                self._folder.crc,
                None,
                _PIECE_BYTES,
            )
        except UnsupportedCompressionMethodError as error:
            raise unsupported(f"It is packed in a way not read here ({_text(error)}).") from error
        except _BYTES_ERRORS as error:
            raise damaged(f"How it is packed makes no sense ({_text(error)}).") from error

    def _read(self, count: int) -> Iterator[bytes]:
        while count > 0:
            if self._error is not None:
                raise self._error
            piece = self._unpack(min(count, CHUNK_BYTES))
            self._unpacked += len(piece)
            count -= len(piece)
            if piece:
                yield piece

    def _unpack(self, count: int) -> bytes:
        """Returns some bytes, none where the codec only took input; an error is kept for the block's later members."""
        if self._source is None:
            raise damaged("Its block was not begun.")
        before = self._source.position
        try:
            piece = bytes(self._decoder.decompress(self._source, count))
        except UnsupportedCompressionMethodError as error:
            self._error = unsupported(f"It is packed in a way not read here ({_text(error)}).")
        except _BYTES_ERRORS as error:
            self._error = damaged(f"Its packed block is damaged from byte {self._unpacked} on ({_text(error)}).")
        else:
            if piece or self._source.position != before:
                return piece
            self._error = truncated(f"Its packed block ends after {self._unpacked} of {self.size_bytes} bytes.")
        raise self._error


class _Source:
    """The packed bytes of one block, with a place of their own in the shared file."""

    def __init__(self, file: BinaryIO, start: int, size_bytes: int) -> None:
        self._file = file
        self.position = start
        self._end = start + size_bytes

    def read(self, count: int) -> bytes:
        self._file.seek(self.position)
        data = self._file.read(max(0, min(count, self._end - self.position)))
        self.position += len(data)
        return data


def _describe(file: BinaryIO, archive: Any) -> Iterator[ArchiveMember]:
    header = archive.header
    blocks = _find_blocks(file, header.main_streams) if getattr(header, "main_streams", None) else {}
    empty_files = iter(header.files_info.emptyfiles if getattr(header, "files_info", None) else ())
    for ordinal, stored in enumerate(getattr(archive, "files", ())):
        block = blocks.get(id(stored.folder)) if stored.folder is not None else None
        is_folder = bool(stored.emptystream) and not next(empty_files, False)
        yield _member(ordinal, stored, block, is_folder=is_folder)


def _find_blocks(file: BinaryIO, streams: Any) -> dict[int, _Block]:
    """Returns the blocks by the identity of py7zr's object for them."""
    blocks = {}
    sizes, index = streams.packinfo.packsizes, 0
    position = _START_BYTES + streams.packinfo.packpos
    members = streams.substreamsinfo.num_unpackstreams_folders
    for folder, count_in_block in zip(streams.unpackinfo.folders, members, strict=True):
        count = max(1, len(folder.packed_indices))
        packed = sum(sizes[index : index + count])
        blocks[id(folder)] = _Block(file, folder, position, packed, is_solid=count_in_block > 1)
        position += packed
        index += count
    return blocks


def _member(ordinal: int, stored: Any, block: _Block | None, *, is_folder: bool) -> ArchiveMember:
    size = int(stored.uncompressed or 0) if block is not None else 0
    mode = stored.st_fmt or (stat.S_IFLNK if stored.is_symlink or stored.is_junction else 0)
    kind, issues = tell_kind(mode, size)
    if kind is MemberKind.FILE and (stored.is_directory or is_folder) and not size:
        kind = MemberKind.FOLDER
    chunks = no_chunks
    if block is not None:
        chunks = partial(block.chunks, block.add(size), size, stored.crc32)
    return ArchiveMember(
        ordinal,
        stored.filename.encode("utf-8", "surrogatepass"),
        kind,
        chunks,
        modified_at=_read_time(stored.lastwritetime),
        declared_bytes=size,
        packed_bytes=None if block is None or block.is_solid else block.packed_bytes,
        encrypted=block is not None and block.is_encrypted,
        issues=issues,
    )


def _read_time(ticks: int | None) -> Any:
    return None if ticks is None else read_unix_time(_NTFS_EPOCH_S + int(ticks) // 10 / 1e6)


def _check_coders(coders: list[dict[str, Any]]) -> None:
    """Raises `Unreadable` for codecs that are not safe on hostile bytes or would need too much memory."""
    for coder in coders:
        properties = coder.get("properties") or b""
        needed = 0
        if coder["method"] == _PPMD:
            raise unsupported("It is packed with PPMd, whose library is not safe on damaged data.")
        if coder["method"] == _LZMA:
            needed = int.from_bytes(properties[1:5], "little")
        elif coder["method"] == _LZMA2 and properties:
            needed = (2 | properties[0] & 1) << (properties[0] // 2 + 11)
        if needed > MAX_DICTIONARY_BYTES:
            raise unsupported(f"Unpacking it needs {needed} bytes of memory; {MAX_DICTIONARY_BYTES} are allowed.")


def _text(error: Exception) -> str:
    return f"{type(error).__name__}: {str(error)[:120]}"


READER = SevenZipReader()
