"""Residuals of references on disk while a fingerprint is made, so that each file is decoded and denoised only once.

One file without a name: it is gone when this process ends, however it ends. Five bytes a pixel: values and weights in
half precision, luma as it is. What does not fit is not kept, and its owner reads the reference again.
"""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from varde.camera.residual import Residual
from varde.core.signal import Method

PIXEL_BYTES: Final = 5
_LARGEST: Final = float(np.finfo(np.float16).max)


@dataclass(frozen=True, slots=True)
class _Entry:
    offset: int
    shape: tuple[int, int]
    usable: float
    method: Method


class ReferenceSpool:
    """Keeps residuals by number. Use as a context manager; not thread-safe."""

    def __init__(self, folder: Path, most_bytes: int) -> None:
        """Opens the file.

        Args:
            folder: where there is room.
            most_bytes: how much it may hold.
        """
        self._file = tempfile.TemporaryFile(dir=folder, prefix="references-")  # noqa: SIM115 - closed by __exit__
        self._left = most_bytes
        self._end = 0
        self._entries: dict[int, _Entry] = {}
        self._buffers: dict[str, NDArray[Any]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def put(self, number: int, residual: Residual) -> bool:
        """Keeps a residual and returns whether there was room for it; a full disk counts as no room.

        So do numbers too large for half precision: they would come back as infinite.
        """
        height, width = residual.values.shape
        size = PIXEL_BYTES * height * width
        sides = (-residual.values.min(), residual.values.max(), residual.weights.max())
        if size > self._left or not max(sides) <= _LARGEST:
            return False
        try:
            for plane in (residual.values, residual.weights):
                half = self._get_buffer("half", np.dtype(np.float16), plane.shape)
                np.copyto(half, plane, casting="same_kind")
                self._write(half)
            self._write(residual.luma)
        except OSError:
            self._left = 0
            return False
        self._entries[number] = _Entry(self._end, (height, width), residual.usable, residual.method)
        self._end += size
        self._left -= size
        self._file.seek(self._end)
        return True

    def find(self, number: int) -> Residual | None:
        """Returns a residual as it was kept, in half precision; None where it is not here.

        It lies in buffers of the spool: the next call writes over it.
        """
        entry = self._entries.get(number)
        if entry is None:
            return None
        pixels = entry.shape[0] * entry.shape[1]
        planes = []
        for at, name in enumerate(("values", "weights")):
            half = self._get_buffer("half", np.dtype(np.float16), entry.shape)
            self._read(half, entry.offset + 2 * at * pixels)
            plane = self._get_buffer(name, np.dtype(np.float32), entry.shape)
            np.copyto(plane, half)
            planes.append(plane)
        luma = self._get_buffer("luma", np.dtype(np.uint8), entry.shape)
        self._read(luma, entry.offset + 4 * pixels)
        return Residual(planes[0], planes[1], luma, entry.usable, entry.method)

    def _get_buffer(self, name: str, dtype: np.dtype[Any], shape: tuple[int, ...]) -> NDArray[Any]:
        """Returns a plane that is reused: touching new memory takes longer than what is done in it."""
        found = self._buffers.get(name)
        if found is None or found.shape != shape:
            found = self._buffers[name] = np.empty(shape, dtype)
        return found

    def _write(self, plane: NDArray[Any]) -> None:
        self._file.write(np.ascontiguousarray(plane).reshape(-1).view(np.uint8).data)
        self._file.flush()

    def _read(self, plane: NDArray[Any], at: int) -> None:
        left = plane.reshape(-1).view(np.uint8).data
        while left:
            read = os.preadv(self._file.fileno(), [left], at)
            if not read:
                raise OSError(f"the spool ends at byte {at}")
            left, at = left[read:], at + read
