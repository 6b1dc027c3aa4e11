"""Signs of noise patterns: one bit a pixel instead of 32, compared by XOR and popcount.

Convention: words are little-endian uint64; bit ``i % 64`` of word ``i // 64`` is pixel i, rows from the top, each from
the left, and is 1 where the value is above 0. There are a multiple of 8 words (64 bytes); the bits after the last pixel
are 0.

A pixel that says nothing (masked, or exactly 0) gets a bit that depends on the other bits of the same pattern only, so
that two patterns agree there by chance and not because both left it out. Where that is known of one side, comparing
only within its mask is stronger: see `count_agreement` and `pack_mask`.

Source: Bayram, Sencar, Memon, "Efficient sensor fingerprint matching through fingerprint binarization" (2012), for the
idea; figures in benchmarks/results/camera_search.md. For two jointly normal patterns of correlation r, signs agree
with probability 1/2 + asin(r) / pi, so that z is about 2/pi = 0.64 of what the values themselves give.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from varde.camera.bits_kernels import count_differing, count_differing_within, fill_words, scan_rows
from varde.core.errors import WrongUse

Words = NDArray[np.uint64]

_BITS: Final = 64
_STEP: Final = 8


def count_words(pixels: int) -> int:
    """Returns how many words hold the bits of so many pixels."""
    return -(-pixels // (_BITS * _STEP)) * _STEP


def pack_signs(values: NDArray[np.float32], mask: NDArray[np.bool_] | None = None) -> Words:
    """Returns the signs of a pattern, (W,) uint64; see this module for which bit is which.

    Args:
        values: (H, W) float32.
        mask: (H, W) bool, false for pixels that say nothing; None where only values of 0 say nothing.

    Raises:
        WrongUse: if the shapes do not fit, or there is no pixel.
    """
    within = pack_mask(_find_spoken(values, mask))
    words = _pack(values > 0) & within
    salt = np.bitwise_xor.reduce(words * np.arange(1, 2 * len(words), 2, dtype=np.uint64))
    fill_words(words, within, salt)
    words &= _pack(np.ones(values.size, np.bool_))  # the bits after the last pixel stay 0
    return words


def pack_mask(mask: NDArray[np.bool_]) -> Words:
    """Returns a mask, (H, W) bool, as the bits that `count_agreement` takes for `within`."""
    return _pack(mask)


def choose_within(values: NDArray[np.float32], mask: NDArray[np.bool_] | None = None) -> Words:
    """Returns the bits of the pixels of a pattern that say something, for `within`; arguments as of `pack_signs`."""
    return pack_mask(_find_spoken(values, mask))


def count_agreement(one: Words, other: Words, pixels: int) -> int:
    """Returns how many of so many pixels have the same sign in both patterns.

    Args:
        one, other: (W,) uint64 from `pack_signs`, of patterns of one size.
        pixels: how many pixels each has.

    Raises:
        WrongUse: if they are of different sizes, or of another number of pixels.
    """
    _check_words(one, other, pixels=pixels)
    return pixels - int(count_differing(one, other))


def count_agreement_within(one: Words, other: Words, within: Words) -> tuple[int, int]:
    """Returns how many pixels of a mask have the same sign in both patterns, and how many the mask has.

    Raises:
        WrongUse: if they are of different sizes.
    """
    _check_words(one, other, within)
    pixels = count_set(within)
    return pixels - int(count_differing_within(one, other, within)), pixels


def count_set(within: Words) -> int:
    """Returns how many pixels a mask from `pack_mask` has."""
    return int(count_differing(within, np.zeros_like(within)))


def compute_z(agreement: int, pixels: int) -> float:
    """Returns by how many standard deviations an agreement is above chance; 0 where there is no pixel.

    Signs of two patterns that have nothing in common agree in half of the pixels, with a variance of a quarter of
    their number. Limits: neighbouring pixels of real patterns are not independent, and shared artefacts remain, so
    that the z of different cameras spreads by more than 1.
    """
    return (2 * agreement - pixels) / pixels**0.5 if pixels else 0.0


def scan_signs(rows: Words, queries: Words, within: Words) -> NDArray[np.float32]:
    """Returns the z-score of every row with every query, (N, Q) float32.

    Args:
        rows: (N, W) uint64, patterns of one size; they may lie in a mapped file.
        queries: (Q, W) uint64, patterns of the same size.
        within: (Q, W) uint64, which pixels of each query count.

    Raises:
        WrongUse: if the shapes do not fit.
    """
    if queries.shape != within.shape or rows.ndim != 2 or rows.shape[1:] != queries.shape[1:]:
        raise WrongUse(f"rows are {rows.shape}, queries {queries.shape} and masks {within.shape}: of different sizes")
    differing = np.empty((len(rows), len(queries)), np.int64)
    rows = rows.view()
    rows.flags.writeable = False  # as a mapped file is, so that the loop is compiled once for both
    scan_rows(rows, queries, within, differing)
    pixels = np.array([count_set(each) for each in within], np.float64)
    return ((pixels - 2 * differing) / np.sqrt(np.maximum(pixels, 1))).astype(np.float32)


def _find_spoken(values: NDArray[np.float32], mask: NDArray[np.bool_] | None) -> NDArray[np.bool_]:
    if values.ndim != 2 or not values.size or (mask is not None and mask.shape != values.shape):
        shape = None if mask is None else mask.shape
        raise WrongUse(f"a pattern is (H, W) and its mask the same, not {values.shape} and {shape}")
    spoken: NDArray[np.bool_] = values != 0
    return spoken if mask is None else spoken & mask


def _pack(bits: NDArray[np.bool_]) -> Words:
    words = np.zeros(count_words(bits.size), "<u8")
    packed = np.packbits(bits, bitorder="little")
    words.view(np.uint8)[: len(packed)] = packed
    return words


def _check_words(one: Words, *others: Words, pixels: int | None = None) -> None:
    for each in (one, *others):
        if each.ndim != 1 or each.dtype != np.uint64 or len(each) != len(one):
            raise WrongUse(f"words are (W,) uint64 of one length, not {each.shape} {each.dtype}")
    if pixels is not None and count_words(pixels) != len(one):
        raise WrongUse(f"{len(one)} words do not hold the bits of {pixels} pixels")
