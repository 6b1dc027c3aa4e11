"""Reads the numbers and tensors of dlib's files: data only, every length checked before anything is taken.

Convention: a whole number is one byte (low four bits: how many bytes follow; high bit: negative) and those bytes,
little-endian. A text is its length and its bytes. A fraction is two whole numbers, mantissa and exponent of 2. A tensor
is its version, four sides and raw float32, little-endian.
"""

from __future__ import annotations

import math
from collections.abc import Collection
from typing import Final

import numpy as np
from numpy.typing import NDArray

from varde.core.errors import FormatError

Floats = NDArray[np.float32]

_TENSOR_VERSION: Final = 2
_MOST_VALUES: Final = 1 << 26
_LARGEST_EXPONENT: Final = 1024


class DlibStream:
    """A position in the bytes of a file.

    Source: the format itself; the files are those named in packs/builtin.toml.
    """

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.position = 0

    def read_int(self) -> int:
        """Returns the next whole number.

        Raises:
            FormatError: if there is none.
        """
        position = self.position
        if position >= len(self.data):
            raise _end()
        control = self.data[position]
        length = control & 0x0F
        end = position + 1 + length
        if not 1 <= length <= 8 or control & 0x70 or end > len(self.data):
            raise FormatError("a dlib file holds no number where one has to be", advice="Is the file complete?")
        self.position = end
        value = int.from_bytes(self.data[position + 1 : end], "little")
        return -value if control & 0x80 else value

    def read_count(self, most: int) -> int:
        """Returns the next whole number, which says how many of something follow.

        Raises:
            FormatError: if it is negative or more than ``most``.
        """
        value = self.read_int()
        if not 0 <= value <= most:
            raise FormatError(f"a dlib file names {value} parts where at most {most} are possible")
        return value

    def read_float(self) -> float:
        """Returns the next fraction.

        Raises:
            FormatError: if there is none, or it is not finite.
        """
        mantissa, exponent = self.read_int(), self.read_int()
        if abs(exponent) > _LARGEST_EXPONENT:
            raise FormatError("a dlib file holds a number that is not finite")
        return math.ldexp(mantissa, exponent)

    def read_floats(self, count: int) -> list[float]:
        """Returns the next fractions.

        Raises:
            FormatError: if there are not so many, or one is not finite.
        """
        return [self.read_float() for _ in range(count)]

    def read_tensor(self) -> Floats:
        """Returns the next tensor as (samples, channels, rows, columns).

        Raises:
            FormatError: if there is none, or its values are not all there and finite.
        """
        if self.read_int() != _TENSOR_VERSION:
            raise FormatError("a dlib file holds a tensor of a version that is not known")
        sides = tuple(self.read_count(_MOST_VALUES) for _ in range(4))
        count = math.prod(sides)
        end = self.position + 4 * count
        if count > _MOST_VALUES or end > len(self.data):
            raise _end()
        values = np.frombuffer(self.data, "<f4", count, self.position)
        self.position = end
        if not np.isfinite(values).all():
            raise FormatError("a dlib file holds weights that are not finite")
        return values.reshape(sides)

    def read_column(self, most: int) -> Floats:
        """Returns the next column of fractions, as a matrix of one column is stored.

        Raises:
            FormatError: if there is none.
        """
        rows, columns = -self.read_int(), -self.read_int()
        if columns != 1 or not 0 < rows <= most:
            raise FormatError("a dlib file holds a matrix of another shape than expected")
        return np.array(self.read_floats(rows), np.float32)

    def find_tag(self, tags: Collection[bytes], most_skipped: int) -> bytes | None:
        """Returns the next of some tags and moves behind it; None if none comes within so many bytes."""
        found = [(self._find(tag, most_skipped), tag) for tag in tags]
        position, tag = min(((at, tag) for at, tag in found if at >= 0), default=(-1, b""))
        if position < 0:
            return None
        self.position = position + 2 + len(tag)
        return tag

    def _find(self, tag: bytes, most_skipped: int) -> int:
        stored = bytes((1, len(tag))) + tag
        return self.data.find(stored, self.position, self.position + most_skipped + len(stored))


def _end() -> FormatError:
    return FormatError("a dlib file ends too early", advice="Is the file complete?")
