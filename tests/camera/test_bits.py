"""Sign bits: packed as described, compared as a slow count does, and unbiased where pixels say nothing."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from varde.camera.bits import (
    choose_within,
    compute_z,
    count_agreement,
    count_agreement_within,
    count_set,
    count_words,
    pack_mask,
    pack_signs,
    scan_signs,
)
from varde.core.errors import WrongUse


def _make(seed: int, height: int = 37, width: int = 53) -> NDArray[np.float32]:
    return np.random.default_rng(seed).standard_normal((height, width), np.float32)


def _unpack(words: NDArray[np.uint64], pixels: int) -> NDArray[np.uint8]:
    return np.unpackbits(words.view(np.uint8), bitorder="little")[:pixels]


def test_bits_are_the_signs_row_by_row() -> None:
    values = _make(1)
    words = pack_signs(values)
    assert words.dtype == np.uint64 and len(words) == count_words(values.size) and len(words) % 8 == 0
    np.testing.assert_array_equal(_unpack(words, values.size), (values > 0).reshape(-1))


def test_bits_after_the_last_pixel_are_0_masked_or_not() -> None:
    values = _make(2)
    for mask in (None, np.zeros(values.shape, bool)):
        rest = np.unpackbits(pack_signs(values, mask).view(np.uint8), bitorder="little")[values.size :]
        assert not rest.any()


def test_agreement_is_what_a_slow_count_gives() -> None:
    one, other = _make(3), _make(4)
    expected = int(((one > 0) == (other > 0)).sum())
    assert count_agreement(pack_signs(one), pack_signs(other), one.size) == expected
    assert count_agreement(pack_signs(one), pack_signs(one), one.size) == one.size


def test_agreement_within_a_mask_is_what_a_slow_count_gives() -> None:
    one, other = _make(5), _make(6)
    mask = np.random.default_rng(7).random(one.shape) < 0.3
    agreement, pixels = count_agreement_within(pack_signs(one), pack_signs(other), pack_mask(mask))
    assert pixels == mask.sum() == count_set(pack_mask(mask))
    assert agreement == ((one > 0) == (other > 0))[mask].sum()


def test_pixels_that_both_leave_out_agree_by_chance_only() -> None:
    one, other = _make(8, 400, 500), _make(9, 400, 500)
    one[:200], other[:200] = 0, 0
    z = compute_z(count_agreement(pack_signs(one), pack_signs(other), one.size), one.size)
    assert abs(z) < 4


def test_masked_and_zero_pixels_are_filled_alike() -> None:
    values = _make(10)
    mask = values > -0.5
    zeroed = np.where(mask, values, np.float32(0))
    np.testing.assert_array_equal(pack_signs(values, mask), pack_signs(zeroed))
    np.testing.assert_array_equal(choose_within(values, mask), pack_mask(mask))


def test_scan_gives_the_z_of_every_row_and_query() -> None:
    rows = np.stack([pack_signs(_make(seed, 70, 1_000)) for seed in range(5)])
    queries = np.stack([rows[3], rows[1]])
    mask = np.random.default_rng(1).random((70, 1_000)) < 0.5
    within = np.stack([pack_mask(mask), pack_mask(np.ones_like(mask))])
    scanned = scan_signs(rows, queries, within)
    for row in range(5):
        for query in range(2):
            expected = compute_z(*count_agreement_within(rows[row], queries[query], within[query]))
            assert scanned[row, query] == pytest.approx(expected, abs=1e-3)
    assert scanned[3, 0] == pytest.approx(mask.sum() ** 0.5, rel=1e-6)


def test_a_weak_pattern_keeps_about_two_thirds_of_its_z() -> None:
    pattern, noise = _make(11, 600, 800), _make(12, 600, 800)
    noisy = np.float32(0.05) * pattern + noise
    exact = float((pattern * noisy).mean() / (pattern.std() * noisy.std())) * pattern.size**0.5
    z = compute_z(count_agreement(pack_signs(pattern), pack_signs(noisy), pattern.size), pattern.size)
    assert 0.55 < z / exact < 0.73


def test_no_pixel_is_no_agreement_above_chance() -> None:
    assert compute_z(0, 0) == 0.0


@pytest.mark.parametrize("values", [np.zeros((0, 5), np.float32), np.zeros(7, np.float32)])
def test_what_is_no_pattern_is_refused(values: NDArray[np.float32]) -> None:
    with pytest.raises(WrongUse, match="a pattern is"):
        pack_signs(values)


def test_patterns_of_different_sizes_are_refused() -> None:
    one, other = pack_signs(_make(1)), pack_signs(_make(1, 400, 400))
    with pytest.raises(WrongUse, match="of one length"):
        count_agreement(one, other, 37 * 53)
    with pytest.raises(WrongUse, match="do not hold"):
        count_agreement(one, one, 400 * 400)
    with pytest.raises(WrongUse, match="different sizes"):
        scan_signs(one[None], other[None], other[None])
    with pytest.raises(WrongUse, match="its mask the same"):
        pack_signs(_make(1), np.ones((2, 2), bool))
