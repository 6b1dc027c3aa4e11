"""Trains the codebook of local features on generated pictures and the sample pictures that come with scikit-image.

Usage: ``python evaluations/train_local_codebook.py OUTPUT.npy``. The same versions give the same file; it prints the
SHA-256 that `varde/hashing/local_codebook.py` states and the figures of the card beside it.
"""

from __future__ import annotations

import argparse
import hashlib
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import skimage
from PIL import Image

from varde.hashing import local_features
from varde.hashing.local_codebook import (
    BASE_WORDS,
    DIRECTIONS,
    HALF,
    HALF_TURN,
    INVERTED,
    MIRRORED,
    make_codebook,
)
from varde.testing.pictures import make_chart, make_photo, make_texture

Floats = npt.NDArray[np.float32]

SAMPLES = [
    "astronaut.png",
    "brick.png",
    "camera.png",
    "cell.png",
    "chelsea.png",
    "clock_motion.png",
    "coffee.png",
    "coins.png",
    "grass.png",
    "gravel.png",
    "hubble_deep_field.jpg",
    "ihc.png",
    "moon.png",
    "motorcycle_left.png",
    "page.png",
    "retina.jpg",
    "rocket.jpg",
    "text.png",
]
PER_SAMPLE = 4000
GENERATED = {make_photo: 40, make_texture: 10, make_chart: 10}
ROUNDS = 30


def describe(grey: npt.NDArray[np.uint8], rng: np.random.Generator, most: int) -> Floats:
    """Returns (N, 128) RootSIFT descriptors, N at most as asked."""
    sift = local_features._make_sift()
    _, described = sift.detectAndCompute(local_features._scale(grey, local_features.FRAME_PX, 4.0), None)
    if described is None:
        return np.empty((0, 128), np.float32)
    described = described[rng.permutation(len(described))[:most]]
    return np.sqrt(described / np.maximum(described.sum(axis=1, keepdims=True), np.float32(1e-6)))


def collect(rng: np.random.Generator) -> Floats:
    """Returns the training descriptors: sample pictures whole and in quarters, and generated ones."""
    found = []
    folder = Path(skimage.__file__).parent / "data"
    for name in SAMPLES:
        grey = np.asarray(Image.open(folder / name).convert("L"))
        height, width = grey.shape
        parts = [
            grey,
            *(grey[y : y + height // 2, x : x + width // 2] for y in (0, height // 2) for x in (0, width // 2)),
        ]
        found += [describe(np.ascontiguousarray(part), rng, PER_SAMPLE // len(parts)) for part in parts]
    for make, count in GENERATED.items():
        for _ in range(count):
            found.append(describe(np.asarray(Image.fromarray(make(rng, 640, 480)).convert("L")), rng, 150))
    return np.concatenate(found)


def train_words(halves: Floats, rng: np.random.Generator) -> Floats:
    """Returns (128, 64) centres by k-means, where every centre stands for its mirrored and inverted one too."""
    centres = halves[rng.permutation(len(halves))[:BASE_WORDS]].copy()
    for _ in range(ROUNDS):
        every = np.concatenate([centres, centres[:, HALF_TURN]])
        nearest = (halves @ every.T - 0.5 * np.square(every).sum(axis=1)).argmax(axis=1)
        turned = nearest >= BASE_WORDS
        members = np.where(turned[:, None], halves[:, HALF_TURN], halves)
        base = nearest % BASE_WORDS
        for word in range(BASE_WORDS):
            mine = members[base == word]
            centres[word] = mine.mean(axis=0) if len(mine) else halves[rng.integers(len(halves))]
    return centres


def train_directions(descriptors: Floats, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Returns (32, 128) base directions, orthonormal with their mirrored and inverted ones, and (32,) medians."""
    base = rng.normal(size=(DIRECTIONS, 128)).astype(np.float32)
    every = make_codebook(np.zeros((BASE_WORDS, HALF), np.float32), base, np.zeros(DIRECTIONS, np.float32)).directions
    # The nearest orthonormal matrix keeps the symmetry: it commutes with the permutations.
    left, _, right = np.linalg.svd(every.astype(np.float64))
    base = (left @ right)[:DIRECTIONS].astype(np.float32)
    views = np.concatenate(
        [descriptors[:, order] for order in (np.arange(128), MIRRORED, INVERTED, MIRRORED[INVERTED])]
    )
    return base, np.median(views @ base.T, axis=0).astype(np.float32)


def main() -> None:
    """Writes the codebook."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("output", type=Path)
    output = parser.parse_args().output
    cv2.setNumThreads(1)
    rng = np.random.default_rng(20261122)
    descriptors = collect(rng)
    halves = np.concatenate([descriptors[:, :HALF], descriptors[:, MIRRORED[:HALF]]])
    words = train_words(halves, rng)
    directions, thresholds = train_directions(descriptors, rng)
    np.save(output, np.concatenate([words.ravel(), directions.ravel(), thresholds]).astype("<f4"))
    codebook = make_codebook(words, directions, thresholds)
    used = codebook.find_words(descriptors)
    cells = np.bincount(used[:, 0].astype(np.int64) * 256 + used[:, 1], minlength=1 << 16)
    print(f"{len(descriptors)} descriptors; fullest word holds {np.bincount(used[:, 0]).max() / len(used):.2%},")
    print(f"fullest pair of words {cells.max() / len(used):.2%}, {np.count_nonzero(cells)} pairs in use")
    print(f"SHA-256 {hashlib.sha256(output.read_bytes()).hexdigest()}")


if __name__ == "__main__":
    main()
