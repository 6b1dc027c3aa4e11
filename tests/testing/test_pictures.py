from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from varde.core.outcome import NotComparable
from varde.core.signal import PerceptualHash
from varde.hashing.pdq import MAX_DISTANCE, MIN_QUALITY, compute_pdq
from varde.testing import pictures
from varde.testing.pictures import MAKERS, Pixels

MARGIN = 20


def hash_pixels(pixels: Pixels) -> PerceptualHash | NotComparable:
    return compute_pdq(np.asarray(Image.fromarray(pixels).convert("L")))


def find_closest(hashes: list[PerceptualHash]) -> int:
    """Smallest distance of any pair."""
    bits = np.unpackbits([np.frombuffer(one.value, np.uint8) for one in hashes], axis=1).astype(np.float32)
    ones = bits.sum(1)
    distances = ones[:, None] + ones[None, :] - 2 * bits @ bits.T
    np.fill_diagonal(distances, 256)
    return int(distances.min())


@pytest.mark.parametrize("kind", MAKERS)
def test_pictures_have_the_size_asked_for(kind: str) -> None:
    pixels = MAKERS[kind](np.random.default_rng(1), 200, 120)
    assert pixels.shape == (120, 200, 3)
    assert pixels.dtype == np.uint8


@pytest.mark.parametrize("kind", MAKERS)
def test_the_same_seed_makes_the_same_picture(kind: str) -> None:
    first, again, other = (MAKERS[kind](np.random.default_rng(seed), 160, 120) for seed in (7, 7, 8))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize("make", [pictures.make_photo, pictures.make_texture])
def test_a_thousand_pictures_are_comparable_and_far_apart(make: pictures.Maker) -> None:
    hashes = [hash_pixels(make(np.random.default_rng(seed), 96, 72)) for seed in range(1_000)]
    found = [one for one in hashes if isinstance(one, PerceptualHash)]
    assert len(found) == 1_000
    assert min(one.quality for one in found) >= 80
    assert find_closest(found) > MAX_DISTANCE + MARGIN


def test_small_pictures_are_comparable_and_far_apart() -> None:
    rng = np.random.default_rng(3)
    hashes = [hash_pixels(pictures.make_small(rng)) for _ in range(1_000)]
    found = [one for one in hashes if isinstance(one, PerceptualHash)]
    assert min(one.quality for one in found) >= 80
    assert find_closest(found) > MAX_DISTANCE + MARGIN


def test_gradients_are_too_plain_to_compare() -> None:
    for seed in range(20):
        outcome = hash_pixels(pictures.make_gradient(np.random.default_rng(seed)))
        assert isinstance(outcome, NotComparable) or outcome.quality < MIN_QUALITY
