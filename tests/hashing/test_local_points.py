from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from varde.core.errors import WrongUse
from varde.hashing.local_points import MAX_POINTS, Points, pack_points, read_points


def make_points(seed: int, count: int = 50, thumbnail: tuple[int, int] = (53, 79)) -> Points:
    rng = np.random.default_rng(seed)
    return Points(
        512,
        341,
        rng.uniform(0, 512, count).astype(np.float32),
        rng.uniform(0, 341, count).astype(np.float32),
        rng.uniform(1.5, 200, count).astype(np.float32),
        rng.uniform(0, 2 * np.pi, count).astype(np.float32),
        rng.integers(0, 256, (count, 4), np.uint8),
        rng.integers(0, 1 << 32, (count, 4), np.uint32),
        rng.integers(0, 256, thumbnail, np.uint8),
    )


@given(st.integers(0, 1000), st.integers(0, MAX_POINTS), st.integers(1, 80), st.integers(1, 80))
@settings(max_examples=50, deadline=None)
def test_what_is_packed_is_read_within_the_rounding(seed: int, count: int, height: int, width: int) -> None:
    points = make_points(seed, count, (height, width))
    again = read_points(pack_points(points))
    assert np.abs(again.x - points.x).max(initial=0) <= 0.51
    assert np.abs(again.y - points.y).max(initial=0) <= 0.51
    assert np.abs(np.log2(again.size / points.size)).max(initial=0) <= 0.07
    assert np.cos(again.angle - points.angle).min(initial=1) >= np.cos(np.pi / 64) - 1e-4
    assert np.array_equal(again.words, points.words)
    assert np.array_equal(again.signatures, points.signatures)
    assert np.abs(again.thumbnail.astype(int) - points.thumbnail).max() <= 9


def test_a_flat_thumbnail_is_read_as_it_was() -> None:
    points = replace(make_points(0), thumbnail=np.full((5, 7), 200, np.uint8))
    assert np.array_equal(read_points(pack_points(points)).thumbnail, points.thumbnail)


def test_too_many_points_are_refused() -> None:
    with pytest.raises(WrongUse):
        pack_points(make_points(0, MAX_POINTS + 1))


@pytest.mark.parametrize("cut", [0, 5, 12, 100, -1])
def test_a_cut_form_is_refused(cut: int) -> None:
    with pytest.raises(WrongUse):
        read_points(pack_points(make_points(0))[:cut])


@given(st.binary(max_size=400))
@settings(max_examples=200, deadline=None)
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    try:
        points = read_points(data)
    except WrongUse:
        return
    assert len(points) <= MAX_POINTS


@given(st.integers(0, 11), st.integers(0, 255))
@settings(max_examples=200, deadline=None)
def test_a_head_that_lies_is_refused_or_harmless(at: int, value: int) -> None:
    data = bytearray(pack_points(make_points(0)))
    data[at] = value
    try:
        points = read_points(bytes(data))
    except WrongUse:
        return
    assert max(points.thumbnail.shape) <= 80
    assert np.isfinite(points.x).all()
