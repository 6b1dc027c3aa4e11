from __future__ import annotations

import numpy as np
import pytest
from reference_sets import SIZE, take

from varde.camera.packing import (
    BAND_PX,
    PIXEL_BYTES,
    BandBuffers,
    PackedResidual,
    count_rows,
    cut_window,
    find_greatest,
    give_bands,
    list_bands,
    pack,
    pack_band,
    place_band,
)
from varde.camera.residual import METHOD, Residual


def _pack(residual: Residual) -> PackedResidual:
    written = bytearray()
    scales = pack(residual, lambda band, at: written.extend(band.tobytes()) if at == len(written) else None)
    assert scales is not None
    packed, shape = np.frombuffer(written, np.uint8), residual.shape
    return PackedResidual(shape, 1.0, METHOD, scales, lambda n: packed[place_band(shape, n)], BandBuffers())


def _unpack(packed: PackedResidual) -> Residual:
    planes = [(part.values.copy(), part.weights.copy(), part.luma.copy()) for _, part in packed.bands(1)]
    return Residual(*(np.concatenate(each) for each in zip(*planes, strict=True)), 1.0)


def _fill(values: float, weights: float, rows: int = BAND_PX) -> Residual:
    shape = (rows, 64)
    planes = (np.full(shape, each, np.float32) for each in (values, weights))
    return Residual(*planes, np.zeros(shape, np.uint8), 1.0)


def test_a_residual_comes_back_nearly_exact() -> None:
    residual = take(1, 0, height=SIZE + 5)
    found = _unpack(_pack(residual))
    greatest = np.abs(residual.values).max()
    np.testing.assert_allclose(found.values, residual.values, rtol=0, atol=greatest / 65_000)
    np.testing.assert_allclose(found.weights, residual.weights, rtol=1 / 4_096)
    assert (found.luma == residual.luma).all()
    assert not found.values[residual.values == 0].any() and not found.weights[residual.weights == 0].any()


@pytest.mark.parametrize("weight", [0.0, 1e-38, 1.0, 1e15, 3e38])
@pytest.mark.parametrize("value", [0.0, -1e-30, 5.0, -1e15])
def test_every_size_of_number_is_kept(value: float, weight: float) -> None:
    found = _unpack(_pack(_fill(value, weight)))
    np.testing.assert_allclose(found.values, value, rtol=1e-4)
    np.testing.assert_allclose(found.weights, weight, rtol=1 / 4_096)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_what_is_no_number_is_not_packed(bad: float) -> None:
    packed = np.empty(PIXEL_BYTES * BAND_PX * 64, np.uint8)
    assert pack_band(_fill(bad, 1.0), packed) is None
    assert pack_band(_fill(1.0, bad), packed) is None


def test_weights_below_zero_are_not_packed() -> None:
    assert pack_band(_fill(1.0, -1.0), np.empty(PIXEL_BYTES * BAND_PX * 64, np.uint8)) is None


@pytest.mark.parametrize(("height", "each", "rows"), [(32, 1, 32), (37, 1, 37), (37, 2, 21), (160, 4, 48), (5, 9, 5)])
def test_bands_keep_their_phase_and_cover_what_they_should(height: int, each: int, rows: int) -> None:
    bands = [rows for _, rows in list_bands(height, each)]
    assert count_rows(height, each) == rows == len({row for band in bands for row in range(height)[band]})
    assert all(band.start % 16 == 0 for band in bands)


def test_a_window_is_cut_from_packed_bands_too() -> None:
    residual = take(1, 0)
    for rows in (slice(32, 96), slice(37, 101), slice(300, 320)):
        one, other = (cut_window(each, rows, slice(5, 69)) for each in (residual, _pack(residual)))
        np.testing.assert_allclose(one, other, atol=1e-2)


def test_what_was_packed_is_written_as_it_is() -> None:
    packed = _pack(take(1, 0))
    bands = list[bytes]()
    assert pack(packed, lambda band, _: bands.append(band.tobytes())) == packed.scales
    assert bands == [packed.get_band(number).tobytes() for number in range(len(bands))]


def test_no_band_holds_more_than_its_scale_says() -> None:
    packed = _pack(take(1, 0))
    for scale, (_, part) in zip(packed.scales, packed.bands(1), strict=True):
        value, weight = find_greatest(scale)
        assert np.abs(part.values).max() <= value and part.weights.max() <= weight
    for base in (-65_536, 1 << 20, -(1 << 40)):
        assert np.isnan(find_greatest((1.0, base))).all()
    assert find_greatest((1.0, 0x7F800 - 1))[1] == np.inf


def test_some_bands_are_those_of_all() -> None:
    residual = take(1, 0)
    packed = _pack(residual)
    for (rows, one), (same, other) in zip(give_bands(residual, 3), give_bands(packed, 3), strict=True):
        assert rows == same
        np.testing.assert_allclose(one.values, other.values, atol=1e-2)
