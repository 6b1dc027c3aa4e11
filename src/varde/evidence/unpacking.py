"""Unpacks deflate, bzip2, LZMA and XZ data piece by piece, in bounded memory, whatever the data claim."""

from __future__ import annotations

import bz2
import lzma
import zlib
from collections.abc import Callable, Iterator
from typing import BinaryIO, Protocol

from varde.core.errors import Unreadable
from varde.core.issue import IssueCode
from varde.evidence.archive import CHUNK_BYTES, damaged, truncated, unsupported

PIECE_BYTES = 1 << 16
"""Packed data are read in pieces of this size."""

MAX_DICTIONARY_BYTES = 512 << 20
"""An LZMA stream that needs more memory than this is not unpacked."""

DECODER_ERRORS = (zlib.error, lzma.LZMAError, OSError, EOFError, ValueError)
"""What the decoders below raise on hostile bytes (bz2 raises OSError)."""


class Decoder(Protocol):
    """The shape that ``bz2.BZ2Decompressor`` and ``lzma.LZMADecompressor`` share."""

    @property
    def eof(self) -> bool:
        """Whether the end of the stream was reached."""
        ...

    @property
    def needs_input(self) -> bool:
        """Whether more packed data are needed before more can be unpacked."""
        ...

    @property
    def unused_data(self) -> bytes:
        """What follows the end of the stream in the data given."""
        ...

    def decompress(self, data: bytes, max_length: int) -> bytes:
        """Returns at most so many unpacked bytes."""
        ...


class ZlibDecoder:
    """Gives zlib's decompressor the shape of the others.

    Args:
        wbits: -15 for raw deflate, 31 for gzip.
    """

    def __init__(self, wbits: int) -> None:
        self._decoder = zlib.decompressobj(wbits)

    @property
    def eof(self) -> bool:
        """Whether the end of the stream was reached."""
        return self._decoder.eof

    @property
    def needs_input(self) -> bool:
        """Whether all data given so far were taken."""
        return not self._decoder.unconsumed_tail

    @property
    def unused_data(self) -> bytes:
        """What follows the end of the stream in the data given."""
        return self._decoder.unused_data

    def decompress(self, data: bytes, max_length: int) -> bytes:
        """Returns at most so many unpacked bytes."""
        return self._decoder.decompress(self._decoder.unconsumed_tail + data, max_length)


def gzip_decoder() -> Decoder:
    """Returns a decoder of one gzip stream."""
    return ZlibDecoder(31)


def bzip2_decoder() -> Decoder:
    """Returns a decoder of one bzip2 stream."""
    return bz2.BZ2Decompressor()


def xz_decoder() -> Decoder:
    """Returns a decoder of one XZ (or old .lzma) stream."""
    return lzma.LZMADecompressor(memlimit=MAX_DICTIONARY_BYTES)


def raw_lzma_decoder(properties: bytes) -> Decoder:
    """Returns a decoder of raw LZMA data.

    Args:
        properties: five bytes, literal and position bits and the dictionary size.

    Raises:
        Unreadable: if they make no sense or ask for too much memory.
    """
    dictionary = int.from_bytes(properties[1:5], "little")
    if len(properties) != 5 or properties[0] >= 9 * 5 * 5:
        raise damaged("Its LZMA properties make no sense.")
    if dictionary > MAX_DICTIONARY_BYTES:
        raise unsupported(f"Unpacking it needs {dictionary} bytes of memory; {MAX_DICTIONARY_BYTES} are allowed.")
    rest, lc = divmod(properties[0], 9)
    pb, lp = divmod(rest, 5)
    options = {"id": lzma.FILTER_LZMA1, "dict_size": max(dictionary, 4096), "lc": lc, "lp": lp, "pb": pb}
    try:
        return lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=[options])
    except (lzma.LZMAError, ValueError) as error:
        raise damaged("Its LZMA properties make no sense.") from error


def read_pieces(file: BinaryIO, offset: int, size_bytes: int) -> Iterator[bytes]:
    """Returns a part of the file in pieces; ends early, without an error, where the file does."""
    position, end = offset, offset + size_bytes
    while position < end:
        file.seek(position)
        piece = file.read(min(PIECE_BYTES, end - position))
        if not piece:
            return
        position += len(piece)
        yield piece


def decode(packed: Iterator[bytes], decoder: Decoder) -> Iterator[bytes]:
    """Returns the unpacked data of one stream in pieces of at most `CHUNK_BYTES`.

    Raises:
        Unreadable: ARCHIVE_DAMAGED if the data contradict the format, TRUNCATED if they end before the stream does,
            ARCHIVE_UNSUPPORTED if they ask for too much memory. Everything before it was given.
    """
    while not decoder.eof:
        data = next(packed, b"") if decoder.needs_input else b""
        is_last = decoder.needs_input and not data
        try:
            piece = decoder.decompress(data, CHUNK_BYTES)
        except DECODER_ERRORS as error:
            raise _explain(error) from error
        if piece:
            yield piece
        elif is_last and not decoder.eof:
            raise truncated("Its packed data end before they should.")


def decode_streams(file: BinaryIO, start: int, make_decoder: Callable[[], Decoder], magic: bytes) -> Iterator[bytes]:
    """Returns the unpacked data of all streams that follow each other up to the file's end.

    Args:
        file: seekable.
        start: offset of the first stream.
        make_decoder: gives a fresh decoder for each stream.
        magic: first bytes of every further stream; zero bytes between and after streams are allowed.

    Raises:
        Unreadable: as `decode`; ARCHIVE_DAMAGED too if other bytes follow the last stream.
    """
    size = file.seek(0, 2)
    position: int | None = start
    while position is not None:
        source = _Counted(read_pieces(file, position, size - position))
        decoder = make_decoder()
        yield from decode(source, decoder)
        position = _find_next_stream(file, position + source.count - len(decoder.unused_data), magic)


class _Counted:
    """Counts the bytes that an iterator gave."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self.count = 0

    def __iter__(self) -> _Counted:
        return self

    def __next__(self) -> bytes:
        piece = next(self._pieces)
        self.count += len(piece)
        return piece


def _find_next_stream(file: BinaryIO, position: int, magic: bytes) -> int | None:
    """Returns the offset of the next stream, None at the end of the file."""
    while True:
        file.seek(position)
        piece = file.read(PIECE_BYTES)
        if not piece:
            return None
        rest = piece.lstrip(b"\0")
        position += len(piece) - len(rest)
        if rest:
            break
    file.seek(position)
    if file.read(len(magic)) != magic:
        raise damaged(f"Bytes that belong to no stream follow at offset {position}; they were not examined.")
    return position


def _explain(error: Exception) -> Unreadable:
    if isinstance(error, lzma.LZMAError) and "emory" in str(error):
        return Unreadable(IssueCode.ARCHIVE_UNSUPPORTED, "Unpacking it needs more memory than is allowed.")
    return damaged(f"Its packed data are damaged ({error}).")
