"""Residuals of references on disk while a fingerprint is made, so that each file is decoded and denoised only once.

One file without a name: it is gone when this process ends, however it ends. What does not fit is not kept, and its
owner reads the reference again.
"""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

from varde.camera.packing import PIXEL_BYTES, BandBuffers, Noise, Packed, PackedResidual, Scale, pack, place_band
from varde.core.signal import Method


@dataclass(frozen=True, slots=True)
class _Entry:
    offset: int
    shape: tuple[int, int]
    usable: float
    method: Method
    scales: tuple[Scale, ...]


class ReferenceSpool:
    """Keeps residuals by number. Use as a context manager; not thread-safe."""

    def __init__(self, folder: Path, most_bytes: int) -> None:
        """Opens the file.

        Args:
            folder: where there is room.
            most_bytes: how much it may hold.
        """
        self._file = tempfile.TemporaryFile(dir=folder, prefix="references-", buffering=0)  # noqa: SIM115 - closed by __exit__
        self._left = most_bytes
        self._end = 0
        self._entries: dict[int, _Entry] = {}
        self._buffers = BandBuffers()
        self._packed: Packed = np.empty(0, np.uint8)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def put(self, number: int, noise: Noise) -> bool:
        """Keeps a residual and returns whether there was room for it; a full disk counts as no room.

        What is no number is not kept either: it cannot be packed.
        """
        size = PIXEL_BYTES * noise.shape[0] * noise.shape[1]
        if size > self._left:
            return False
        try:
            scales = pack(noise, self._write)
        except OSError:
            self._left = 0
            return False
        if scales is None:
            return False
        self._entries[number] = _Entry(self._end, noise.shape, noise.usable, noise.method, scales)
        self._end += size
        self._left -= size
        return True

    def find(self, number: int) -> PackedResidual | None:
        """Returns a residual as it was kept, to be used up before the next is asked for; None where it is not here."""
        entry = self._entries.get(number)
        if entry is None:
            return None

        def get_band(band: int) -> Packed:
            place = place_band(entry.shape, band)
            return self._read(entry.offset + place.start, place.stop - place.start)

        return PackedResidual(entry.shape, entry.usable, entry.method, entry.scales, get_band, self._buffers)

    def _write(self, band: Packed, at: int) -> None:
        left, at = band.data, self._end + at
        while left:
            written = os.pwrite(self._file.fileno(), left, at)
            left, at = left[written:], at + written

    def _read(self, at: int, size: int) -> Packed:
        if len(self._packed) < size:
            self._packed = np.empty(size, np.uint8)
        left = self._packed[:size].data
        while left:
            read = os.preadv(self._file.fileno(), [left], at)
            if not read:
                raise OSError(f"the spool ends at byte {at}")
            left, at = left[read:], at + read
        return self._packed[:size]
