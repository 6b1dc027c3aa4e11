"""The codebook of local features: turns a descriptor into two words of 256 each and a 128-bit signature.

Everything in it is closed under mirroring a picture and under inverting its greys. A mirrored picture has descriptors
with permuted entries; because the codebook's second half is the mirrored first half, and its directions come in fours
that these permutations exchange, words and signatures of the mirrored picture follow from those of the picture by
exchanging them. A mirrored or negative copy is therefore looked for without computing, or storing, anything twice.
"""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

import numpy as np
import numpy.typing as npt

from varde.core.errors import IntegrityFailure

Floats = npt.NDArray[np.float32]

DESCRIPTOR = 128
HALF = 64
BASE_WORDS = 128
DIRECTIONS = 32
"""Base directions; each comes as it is, mirrored, inverted, and both."""

_NAME = "local_codebook.npy"
_SHA256 = "36c91b8e8ad79ae1ffb5369d34eb6c4e487e362b296aee45286db67615b713e4"

_CELLS = np.arange(DESCRIPTOR).reshape(4, 4, 8)
_BACKWARDS = -np.arange(8) % 8
MIRRORED = np.ascontiguousarray(_CELLS[::-1][:, :, _BACKWARDS].ravel())
"""Where each entry of the mirrored picture's descriptor comes from: rows of cells and directions run backwards."""
INVERTED = np.ascontiguousarray(_CELLS[::-1, ::-1].ravel())
"""The same of the picture with inverted greys: its point looks the other way, so all cells run backwards."""
HALF_TURN = np.ascontiguousarray(_CELLS[:2][:, ::-1][:, :, _BACKWARDS].ravel())
"""Both together, within the first half of a descriptor."""


@dataclass(frozen=True, slots=True)
class Codebook:
    """What words and signatures are made with.

    Attributes:
        words: (256, 64) float32: centres for the first half of a descriptor; of two neighbours, 2k and 2k + 1, each is
            the other mirrored and inverted. The second half is looked up mirrored, with the same centres.
        directions: (128, 128) float32: orthonormal rows; four blocks of 32: base, mirrored, inverted, both.
        thresholds: (32,) float32: of each base direction, the same in all four blocks.
    """

    words: Floats
    directions: Floats
    thresholds: Floats

    def find_words(self, descriptors: Floats) -> npt.NDArray[np.uint8]:
        """Returns (N, 4) uint8: nearest centres of both halves of (N, 128) RootSIFT descriptors, then second ones."""
        halves = (self._find_nearest(descriptors[:, :HALF]), self._find_nearest(descriptors[:, MIRRORED[:HALF]]))
        return np.stack([half[:, rank] for rank in (0, 1) for half in halves], axis=1)

    def compute_signatures(self, descriptors: Floats) -> npt.NDArray[np.uint32]:
        """Returns (N, 4) uint32: 128 bits, one for each direction: above its threshold or not."""
        projected = (descriptors @ self.directions.T).reshape(-1, 4, DIRECTIONS)
        bits = np.packbits(projected > self.thresholds, axis=2, bitorder="little")
        return np.ascontiguousarray(bits).view("<u4")[:, :, 0]

    def _find_nearest(self, halves: Floats) -> npt.NDArray[np.uint8]:
        """Returns (N, 2) uint8: nearest and second nearest."""
        scores = halves @ self.words.T - 0.5 * np.square(self.words).sum(axis=1)
        nearest = scores.argmax(axis=1)
        scores[np.arange(len(scores)), nearest] = -np.inf
        return np.stack([nearest, scores.argmax(axis=1)], axis=1).astype(np.uint8)


def make_codebook(base_words: Floats, base_directions: Floats, thresholds: Floats) -> Codebook:
    """Returns the codebook with everything that follows from mirroring and inverting.

    Args:
        base_words: (128, 64) float32.
        base_directions: (32, 128) float32.
        thresholds: (32,) float32.
    """
    words = np.empty((2 * BASE_WORDS, HALF), np.float32)
    words[0::2], words[1::2] = base_words, base_words[:, HALF_TURN]
    both = MIRRORED[INVERTED]
    blocks = [base_directions, *(base_directions[:, order] for order in (MIRRORED, INVERTED, both))]
    return Codebook(words, np.ascontiguousarray(np.concatenate(blocks)), thresholds)


@lru_cache(maxsize=1)
def load_codebook() -> Codebook:
    """Returns the codebook that comes with Varde; its card is `hashing/data/local_codebook.md`.

    Raises:
        IntegrityFailure: if its file is not the one this version was made with.
    """
    data = files("varde.hashing").joinpath("data", _NAME).read_bytes()
    if hashlib.sha256(data).hexdigest() != _SHA256:
        raise IntegrityFailure(
            f"the codebook {_NAME} is not the one this version was made with", advice="Install varde again."
        )
    numbers: Floats = np.load(io.BytesIO(data), allow_pickle=False)
    ends = np.cumsum([BASE_WORDS * HALF, DIRECTIONS * DESCRIPTOR])
    words, directions, thresholds = np.split(numbers, ends)
    return make_codebook(words.reshape(-1, HALF), directions.reshape(-1, DESCRIPTOR), thresholds)
