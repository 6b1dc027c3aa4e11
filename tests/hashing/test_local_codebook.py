from __future__ import annotations

import hashlib
from importlib.resources import files

import numpy as np

from varde.hashing import local_codebook
from varde.hashing.local_codebook import HALF, HALF_TURN, INVERTED, MIRRORED, load_codebook


def make_descriptors(seed: int = 0, count: int = 300) -> np.ndarray:
    shares = np.random.default_rng(seed).dirichlet(np.full(128, 0.3), count)
    return np.sqrt(shares).astype(np.float32)


def test_the_file_is_the_one_on_its_card() -> None:
    folder = files("varde.hashing").joinpath("data")
    digest = hashlib.sha256(folder.joinpath("local_codebook.npy").read_bytes()).hexdigest()
    assert digest == local_codebook._SHA256
    assert digest in folder.joinpath("local_codebook.md").read_text("utf-8")


def test_permutations_undo_themselves_and_commute() -> None:
    identity = np.arange(128)
    assert np.array_equal(MIRRORED[MIRRORED], identity)
    assert np.array_equal(INVERTED[INVERTED], identity)
    assert np.array_equal(MIRRORED[INVERTED], INVERTED[MIRRORED])
    assert np.array_equal(MIRRORED[INVERTED][:HALF], HALF_TURN)


def test_directions_are_orthonormal() -> None:
    directions = load_codebook().directions
    assert np.allclose(directions @ directions.T, np.eye(128), atol=1e-5)


def test_words_of_mirrored_and_inverted_descriptors_change_places() -> None:
    codebook, descriptors = load_codebook(), make_descriptors()
    words = codebook.find_words(descriptors)
    assert np.array_equal(codebook.find_words(descriptors[:, MIRRORED]), words[:, [1, 0, 3, 2]])
    assert np.array_equal(codebook.find_words(descriptors[:, INVERTED]), words[:, [1, 0, 3, 2]] ^ 1)


def test_signatures_of_mirrored_and_inverted_descriptors_change_places() -> None:
    codebook, descriptors = load_codebook(), make_descriptors(1)
    signatures = codebook.compute_signatures(descriptors)
    assert np.array_equal(codebook.compute_signatures(descriptors[:, MIRRORED]), signatures[:, [1, 0, 3, 2]])
    assert np.array_equal(codebook.compute_signatures(descriptors[:, INVERTED]), signatures[:, [2, 3, 0, 1]])


def test_the_two_nearest_centres_are_found() -> None:
    codebook, descriptors = load_codebook(), make_descriptors(2, 20)
    apart = np.linalg.norm(descriptors[:, None, :HALF] - codebook.words[None], axis=2)
    assert np.array_equal(codebook.find_words(descriptors)[:, [0, 2]], apart.argsort(axis=1)[:, :2])
