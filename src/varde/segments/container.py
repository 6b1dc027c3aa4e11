"""Segments: immutable files of named arrays that are used where they lie, by memory mapping.

Convention: little-endian throughout. A segment is

1. 64 bytes: the magic and the container's format version;
2. the arrays, each from an offset that is a multiple of 64;
3. the footer: JSON with kind, version, facts, and name, type, shape and offset of every array;
4. 80 bytes: length and SHA-256 of the footer, the magic, and the SHA-256 of every byte before.

The last 32 bytes are therefore the digest of the whole file: one flipped bit anywhere is seen by `verify_segment`.
Opening reads only the footer, so it takes as long for a terabyte as for a kilobyte; `SegmentFolder` knows when a full
verification is due. A segment is data only and reading one runs no code from it.
"""

from __future__ import annotations

import hashlib
import json
import mmap
import os
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from varde.core.errors import IntegrityFailure, WrongUse

FORMAT: Final = 1
"""Version of the container; the version of what is in it is the owner's."""

Facts = dict[str, int | str]
Array = NDArray[np.generic]

_MAGIC: Final = b"VardeSeg"
_HEAD: Final = struct.Struct("<8sI52x")
_TAIL: Final = struct.Struct("<Q32s8s32s")
_ALIGNMENT: Final = 64
_PIECE: Final = 1 << 22
_MOST_FOOTER: Final = 1 << 24
_TYPES: Final = frozenset({"|u1", "<u2", "<u4", "<u8", "<i4", "<i8", "<f4"})


@dataclass(frozen=True, slots=True)
class Pieces:
    """An array that is made piece by piece, so that it never lies in memory whole.

    Attributes:
        dtype: of every piece.
        row_shape: shape of one row; pieces are (rows, *row_shape) and follow one another.
    """

    dtype: np.dtype[np.generic]
    row_shape: tuple[int, ...]
    pieces: Iterator[Array]


@dataclass(frozen=True, slots=True)
class Segment:
    """An open segment.

    Attributes:
        path: where it was opened.
        facts: what its writer said of it.
        arrays: read-only views of the mapped file; they stay valid after the file is removed.
        sha256: of the whole file, as its last bytes state it.
        offsets: where in the file each array begins, in bytes, for those who rather read than map.
    """

    path: Path
    facts: Facts
    arrays: Mapping[str, Array]
    sha256: bytes
    offsets: Mapping[str, int]


class Sink(Protocol):
    """What a segment is written to."""

    def write(self, data: bytes | memoryview, /) -> int:
        """Takes all the bytes."""
        ...


def write_segment(path: Path, kind: str, version: int, facts: Facts, arrays: Mapping[str, Array | Pieces]) -> bytes:
    """Writes a segment durably and returns its SHA-256; the name appears only when everything is on disk.

    Args:
        path: must not exist.
        kind: what the arrays are, such as ``perceptual``.
        version: of the layout of this kind.
        facts: numbers and words about it.
        arrays: by name, each whole or in pieces; written in this order.

    Raises:
        WrongUse: if an array's type cannot be stored, or the path exists.
    """
    if path.exists():
        raise WrongUse(f"the segment {path} exists already; segments are never changed")
    temporary = path.with_name(f"{path.name}.{os.urandom(6).hex()}.partial")
    try:
        with temporary.open("xb") as file:
            digest = write_arrays(file, kind, version, facts, arrays)
            file.flush()
            os.fsync(file.fileno())
        temporary.rename(path)
        sync_folder(path.parent)
    finally:
        temporary.unlink(missing_ok=True)
    return digest


def write_arrays(sink: Sink, kind: str, version: int, facts: Facts, arrays: Mapping[str, Array | Pieces]) -> bytes:
    """Writes the bytes of a segment and returns its SHA-256; see `write_segment`."""
    out = _Digesting(sink)
    out.write(_HEAD.pack(_MAGIC, FORMAT))
    listed = []
    for name, array in arrays.items():
        out.pad()
        offset = out.size
        dtype, shape = _write_pieces(out, array if isinstance(array, Pieces) else _cut(array))
        listed.append({"name": name, "type": dtype, "shape": shape, "offset": offset})
    footer = {"kind": kind, "version": version, "facts": facts, "arrays": listed}
    encoded = json.dumps(footer, sort_keys=True, separators=(",", ":")).encode()
    out.write(encoded)
    tail = _TAIL.pack(len(encoded), hashlib.sha256(encoded).digest(), _MAGIC, bytes(32))
    out.write(tail[:-32])
    digest = out.digest()
    sink.write(digest)
    return digest


def open_segment(path: Path, kind: str, version: int) -> Segment:
    """Returns the segment, mapped; its footer is verified, its arrays are not (see `verify_segment`).

    Raises:
        FileNotFoundError: if there is none.
        IntegrityFailure: if it is truncated, or its head, footer or layout is damaged.
        WrongUse: if it is of another kind or version.
    """
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        if size < _HEAD.size + _TAIL.size:
            raise _damaged(path, "it is too short")
        data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    footer, digest, end = _read_footer(path, data)
    if footer.get("kind") != kind or footer.get("version") != version:
        raise WrongUse(
            f"the segment {path} is {footer.get('kind')} version {footer.get('version')}, not {kind} version {version}",
            advice="It is a copy of what the database holds: remove its folder and it is built again.",
        )
    try:
        arrays = {entry["name"]: _map_array(data, end, entry) for entry in footer["arrays"]}
        offsets = {entry["name"]: int(entry["offset"]) for entry in footer["arrays"]}
        return Segment(path, dict(footer["facts"]), arrays, digest, offsets)
    except (KeyError, TypeError, ValueError) as error:
        raise _damaged(path, f"its footer makes no sense ({error})") from error


def check_array(segment: Segment, name: str, dtype: type[np.generic], *shape: int | None) -> Array:
    """Returns an array of a segment.

    Args:
        segment: open.
        name: of the array.
        dtype: what it must hold.
        shape: what it must have; None where any length will do.

    Raises:
        ValueError: if it is not there, or is something else.
    """
    array = segment.arrays.get(name)
    if array is None or array.dtype != dtype or array.ndim != len(shape):
        raise ValueError(f"{name} is not there or holds something else")
    if any(side not in (None, found) for side, found in zip(shape, array.shape, strict=True)):
        raise ValueError(f"{name} is {array.shape}, not {shape}")
    return array


def check_starts(starts: NDArray[Any], end: int) -> None:
    """Does nothing if each row of starts ascends from 0 to the end.

    Raises:
        ValueError: if not.
    """
    if (starts[..., 0] != 0).any() or (starts[..., -1] != end).any() or (starts[..., 1:] < starts[..., :-1]).any():
        raise ValueError(f"places that do not ascend from 0 to {end}")


def verify_segment(path: Path) -> bytes:
    """Returns the SHA-256 of a segment after reading every byte of it.

    Raises:
        FileNotFoundError: if there is none.
        IntegrityFailure: if a bit is not what was written.
    """
    digest = hashlib.sha256()
    with path.open("rb") as file:
        left = os.fstat(file.fileno()).st_size - 32
        while left > 0 and (piece := file.read(min(left, _PIECE))):
            digest.update(piece)
            left -= len(piece)
        stated = file.read(33)
    if digest.digest() != stated:
        raise _damaged(path, "its bytes do not give the SHA-256 it was written with")
    return stated


def sync_folder(folder: Path) -> None:
    """Makes the names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class _Digesting:
    """Passes bytes on, counts them and computes their digest."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._digest = hashlib.sha256()
        self.size = 0

    def write(self, data: bytes | memoryview) -> None:
        self._digest.update(data)
        self._sink.write(data)
        self.size += len(data)

    def pad(self) -> None:
        self.write(bytes(-self.size % _ALIGNMENT))

    def digest(self) -> bytes:
        return self._digest.digest()


def _write_pieces(out: _Digesting, array: Pieces) -> tuple[str, list[int]]:
    dtype = array.dtype.newbyteorder("<").str
    if dtype not in _TYPES:
        raise WrongUse(f"arrays of {array.dtype} cannot be stored in a segment")
    rows = 0
    for piece in array.pieces:
        if piece.dtype != array.dtype or piece.shape[1:] != array.row_shape:
            raise WrongUse(f"a piece is {piece.shape} {piece.dtype}, not (rows, *{array.row_shape}) {array.dtype}")
        if piece.size:
            out.write(np.ascontiguousarray(piece, dtype).reshape(-1).view(np.uint8).data)
        rows += len(piece)
    return dtype, [rows, *array.row_shape]


def _cut(array: Array) -> Pieces:
    if not array.ndim:
        raise WrongUse("a bare number cannot be stored in a segment; put it into the facts")
    step = max(1, _PIECE // max(1, prod(array.shape[1:]) * array.itemsize))
    return Pieces(array.dtype, array.shape[1:], (array[at : at + step] for at in range(0, len(array), step)))


def _read_footer(path: Path, data: mmap.mmap) -> tuple[dict[str, Any], bytes, int]:
    magic, version = _HEAD.unpack(data[: _HEAD.size])
    length, digest, again, whole = _TAIL.unpack(data[-_TAIL.size :])
    if magic != _MAGIC or again != _MAGIC:
        raise _damaged(path, "it does not begin and end as a segment does")
    if version != FORMAT:
        raise WrongUse(f"the segment {path} is of format {version}; this version of Varde reads format {FORMAT}")
    end = len(data) - _TAIL.size - length
    if length > _MOST_FOOTER or end < _HEAD.size:
        raise _damaged(path, "the length of its footer is impossible")
    encoded = data[end : end + length]
    if hashlib.sha256(encoded).digest() != digest:
        raise _damaged(path, "its footer does not have its SHA-256")
    return json.loads(encoded), whole, end


def _map_array(data: mmap.mmap, end: int, entry: Mapping[str, Any]) -> Array:
    dtype, shape, offset = entry["type"], entry["shape"], entry["offset"]
    if dtype not in _TYPES or not isinstance(shape, list) or not isinstance(offset, int):
        raise ValueError("unknown type")
    if not all(isinstance(side, int) and side >= 0 for side in shape) or offset % _ALIGNMENT:
        raise ValueError("impossible shape")
    count = prod(shape)
    if offset < _HEAD.size or offset + count * np.dtype(dtype).itemsize > end:
        raise ValueError("an array outside the file")
    return np.frombuffer(data, dtype, count, offset).reshape(shape)


def _damaged(path: Path, what: str) -> IntegrityFailure:
    return IntegrityFailure(
        f"the segment {path} is damaged: {what}",
        advice="It is a copy of what the database holds: remove its folder and it is built again.",
    )
