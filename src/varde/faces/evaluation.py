"""The whole evaluation of a model on people with several pictures: verification, identification, open set."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from varde.faces.identification import Identification, identify, search_gallery
from varde.faces.pair_scores import PairScores, compare_all
from varde.faces.verification import Verification, verify
from varde.measures.estimate import DRAWS, Ints, Scores


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What a model is worth on a set of people.

    Attributes:
        images, people: that were compared.
        single: people with one picture only.
    """

    images: int
    people: int
    single: int
    verification: Verification
    identification: Identification


def evaluate(vectors: Scores, people: Ints, *, seed: int = 1, draws: int = DRAWS) -> Evaluation:
    """Returns the figures of a model on embeddings of people: every picture with every other, and one gallery.

    Args:
        vectors: (N, D) float32 unit rows.
        people: (N,) who each is; the first picture of each makes the gallery.
        seed: of everything that is drawn: the same input gives the same figures.
        draws: how often people are drawn again for the intervals.

    Raises:
        WrongUse: if there are not two people.
    """
    rng = np.random.default_rng(seed)
    pairs = compare_all(vectors, people, rng)
    return Evaluation(
        len(vectors),
        len(pairs.images),
        int((pairs.images == 1).sum()),
        verify(pairs, rng, draws),
        identify(search_gallery(vectors, people), rng, draws),
    )


__all__ = ["Evaluation", "PairScores", "evaluate"]
