"""Synthetic people for tests of measuring: unit vectors around one centre per person."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def make_people(
    sizes: list[int], *, spread: float = 0.1, dimensions: int = 32, seed: int = 1
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Returns vectors and labels of people with so many pictures each."""
    rng = np.random.default_rng(seed)
    people = np.repeat(np.arange(len(sizes)), sizes)
    vectors = rng.normal(size=(len(sizes), dimensions))[people] + spread * rng.normal(size=(len(people), dimensions))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32), people
