from __future__ import annotations

import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from varde.core.errors import FormatError
from varde.models.dlib_stream import DlibStream


def write_int(value: int) -> bytes:
    length = max(1, (abs(value).bit_length() + 7) // 8)
    return bytes((length | (0x80 if value < 0 else 0),)) + abs(value).to_bytes(length, "little")


@given(st.integers(-(2**63), 2**63))
def test_whole_numbers_are_read_as_they_were_written(value: int) -> None:
    assert DlibStream(write_int(value)).read_int() == value


def test_fraction_is_mantissa_times_power_of_two() -> None:
    assert DlibStream(write_int(-3) + write_int(-2)).read_float() == -0.75


def test_tensor_is_read_with_its_shape() -> None:
    values = np.arange(6, dtype="<f4")
    stored = b"".join(write_int(side) for side in (2, 1, 2, 3, 1)) + values.tobytes()
    assert np.array_equal(DlibStream(stored).read_tensor(), values.reshape(1, 2, 3, 1))


@pytest.mark.parametrize("stored", [b"", b"\x00", b"\x09" + bytes(9), b"\x04\x01", b"\x71\x01"])
def test_number_that_is_none_is_refused(stored: bytes) -> None:
    with pytest.raises(FormatError):
        DlibStream(stored).read_int()


@pytest.mark.parametrize(
    "sides", [(2, 1 << 25, 1 << 25, 1, 1), (2, 2, 1, 1, 1), (3, 1, 1, 1, 1), (2, -1, 1, 1, 1), (2, 1 << 60, 0, 0, 0)]
)
def test_forged_tensor_takes_no_memory(sides: tuple[int, ...]) -> None:
    with pytest.raises(FormatError):
        DlibStream(b"".join(map(write_int, sides)) + bytes(4)).read_tensor()


def test_weights_that_are_not_finite_are_refused() -> None:
    stored = b"".join(map(write_int, (2, 1, 1, 1, 1))) + struct.pack("<f", float("nan"))
    with pytest.raises(FormatError, match="finite"):
        DlibStream(stored).read_tensor()
    with pytest.raises(FormatError, match="finite"):
        DlibStream(write_int(1) + write_int(32000)).read_float()


@given(st.binary(max_size=200))
def test_noise_never_raises_anything_else(noise: bytes) -> None:
    for read in ("read_int", "read_float", "read_tensor"):
        try:
            getattr(DlibStream(noise), read)()
        except FormatError:
            continue
