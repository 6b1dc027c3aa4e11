"""Sketches of sensor noise as files beside the database: appended while processing, mapped where they lie to compare.

Convention: ``<site>/sketches/<version>/<rows>x<columns>.bits`` holds one sketch after the other, all of one length;
``.keys`` beside it names each: SHA-256 of the content, height and width of the whole picture, CRC-32 of the sketch,
4 bytes of 0, little-endian. The bits are on disk before the key is, and the key before the database knows of it: a key
without a row in the database counts for nothing, and half a record at the end is cut off by the next writer.

Why not segments: those are replaced when they are merged, and a sketch takes 288 KiB. Why not the database: it would
grow by tens of gigabytes that every backup of it carries.
"""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from varde.store.durable import make_folder, sync_folder

_KEY: Final = struct.Struct("<32sIII4x")
_KEY_TYPE: Final = np.dtype([("sha256", "S32"), ("height", "<u4"), ("width", "<u4"), ("crc", "<u4"), ("pad", "<u4")])
_WORD_BYTES: Final = 8


@dataclass(frozen=True, slots=True)
class NewSketch:
    """A sketch to be kept.

    Attributes:
        sha256: of the content.
        height_px, width_px: of the whole picture as it is stored.
        shape: rows and columns of the part that the sketch covers.
        bits: a multiple of 8 bytes, as long as every other of that shape.
    """

    sha256: bytes
    height_px: int
    width_px: int
    shape: tuple[int, int]
    bits: bytes


@dataclass(frozen=True, slots=True, eq=False)
class MappedSketches:
    """The sketches of one shape.

    Attributes:
        words: (N, W) uint64, mapped.
        places: row by content's SHA-256.
        checks: (N,) uint32, CRC-32 of each row.
    """

    words: NDArray[np.uint64]
    places: Mapping[bytes, int]
    checks: NDArray[np.uint32]

    def is_whole(self, place: int) -> bool:
        """Returns whether a row still is what was written."""
        return zlib.crc32(self.words[place].tobytes()) == int(self.checks[place])


class SketchFiles:
    """The sketches of one version of the method at one site. One process writes at a time: hold the processing lock."""

    def __init__(self, folder: Path, version: str) -> None:
        """Names the folder of the site's sketches, which need not exist."""
        self.folder = folder / version
        self._known: dict[tuple[int, int], set[bytes]] = {}

    def append(self, sketches: Iterable[NewSketch]) -> None:
        """Keeps sketches; when it returns, they are on disk. Those that are there already are left out."""
        by_shape: dict[tuple[int, int], dict[bytes, NewSketch]] = {}
        for sketch in sketches:
            if sketch.sha256 not in self._load_known(sketch.shape):
                by_shape.setdefault(sketch.shape, {})[sketch.sha256] = sketch
        for shape, fresh in by_shape.items():
            self._append(shape, list(fresh.values()))
            self._known[shape].update(fresh)

    def open(self, shape: tuple[int, int], sketch_bytes: int) -> MappedSketches:
        """Returns the sketches of one shape, mapped; none where there is no file.

        Args:
            shape: rows and columns of the part that they cover.
            sketch_bytes: of each.
        """
        keys, bits = self._name(shape)
        found = _read_keys(keys)
        stored = bits.stat().st_size // sketch_bytes if bits.exists() else 0
        count = min(len(found), stored)
        width = sketch_bytes // _WORD_BYTES
        if not count:
            return MappedSketches(np.empty((0, width), np.uint64), {}, np.empty(0, np.uint32))
        words = np.memmap(bits, "<u8", "r", shape=(count, width))
        places = {_pad(sha256): place for place, sha256 in enumerate(found["sha256"][:count].tolist())}
        return MappedSketches(np.asarray(words), places, found["crc"][:count])

    def list_shapes(self) -> list[tuple[int, int]]:
        """Returns the shapes of which there are sketches."""
        names = (path.stem.split("x") for path in self.folder.glob("*.keys"))
        return sorted((int(name[0]), int(name[1])) for name in names if len(name) == 2)

    def count_bytes(self) -> int:
        """Returns how much disk space the sketches take."""
        return sum(path.stat().st_size for path in self.folder.glob("*.*"))

    def find_faults(self, newest: int = 3) -> list[str]:
        """Returns what is wrong with the files, a sentence each; of each, only the newest sketches are read."""
        faults = []
        for shape in self.list_shapes():
            keys, bits = self._name(shape)
            count, stored = len(_read_keys(keys)), bits.stat().st_size if bits.exists() else 0
            width = _count_bytes(shape)
            if stored < count * width:
                faults.append(f"{bits.name} holds {stored // width:,} of {count:,} sketches")
            mapped = self.open(shape, width)
            last = range(max(0, len(mapped.words) - newest), len(mapped.words))
            faults += [f"{bits.name}: sketch {place} has changed" for place in last if not mapped.is_whole(place)]
        return faults

    def _append(self, shape: tuple[int, int], fresh: list[NewSketch]) -> None:
        keys, bits = self._name(shape)
        make_folder(self.folder)
        is_new = not keys.exists()
        size = len(fresh[0].bits)
        stored = bits.stat().st_size // size if bits.exists() else 0
        count = min(len(_read_keys(keys)), stored)
        _write_from(bits, count * size, b"".join(one.bits for one in fresh))
        named = (_KEY.pack(one.sha256, one.height_px, one.width_px, zlib.crc32(one.bits)) for one in fresh)
        _write_from(keys, count * _KEY.size, b"".join(named))
        if is_new:
            sync_folder(self.folder)

    def _load_known(self, shape: tuple[int, int]) -> set[bytes]:
        if shape not in self._known:
            self._known[shape] = set(self.open(shape, _count_bytes(shape)).places)
        return self._known[shape]

    def _name(self, shape: tuple[int, int]) -> tuple[Path, Path]:
        name = f"{shape[0]}x{shape[1]}"
        return self.folder / f"{name}.keys", self.folder / f"{name}.bits"


def _count_bytes(shape: tuple[int, int]) -> int:
    """Returns how long a sketch of a shape is: a bit a pixel, in whole runs of 64 bytes."""
    return -(-shape[0] * shape[1] // 512) * 64


def _read_keys(path: Path) -> NDArray[np.void]:
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        data = b""
    keys: NDArray[np.void] = np.frombuffer(data[: len(data) // _KEY.size * _KEY.size], _KEY_TYPE)
    return keys


def _pad(sha256: bytes) -> bytes:
    """Returns all 32 bytes of a digest: numpy leaves zeros at the end out."""
    return sha256.ljust(32, b"\0")


def _write_from(path: Path, start: int, data: bytes) -> None:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        os.ftruncate(descriptor, start)
        left = memoryview(data)
        while left:
            written = os.pwrite(descriptor, left, start)
            left, start = left[written:], start + written
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
