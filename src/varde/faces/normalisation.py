"""Score normalisation: how far a score stands out from those that probe and face have against a cohort.

Some faces look like many others. The same cosine then says less; in units of what a cohort of other people gives, it
says the same for everybody.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from varde.core.errors import WrongUse
from varde.measures.estimate import Floats, Scores

TOP: Final = 200
"""Most similar cohort faces that count; with fewer, their deviation is mostly chance (evaluations/face_search.md)."""

LEAST_COHORT: Final = 50
"""Cohort faces below which there is no normalisation."""

_LEAST_DEVIATION: Final = 1e-3
_BLOCK: Final = 4096


@dataclass(frozen=True, slots=True)
class CohortFigures:
    """What some faces score against a cohort: mean and deviation over the most similar ones, (N,) each."""

    mean: Floats
    deviation: Floats


def measure_cohort(vectors: Scores, cohort: Scores, top: int = TOP) -> CohortFigures:
    """Returns mean and deviation of the highest cohort scores of each face.

    Convention: (N, D) and (C, D) float32 unit rows; nobody of the faces may be in the cohort.

    Args:
        vectors: faces.
        cohort: faces of other people, of one age cohort where that is known.
        top: how many of the highest scores count; all where the cohort is smaller.

    Raises:
        WrongUse: if the cohort has fewer than `LEAST_COHORT` faces.
    """
    if len(cohort) < LEAST_COHORT:
        raise WrongUse(
            f"a cohort of {len(cohort)} faces says too little",
            advice=f"It needs {LEAST_COHORT} faces; `varde faces cohort add` adds some.",
        )
    kept = min(top, len(cohort))
    means, deviations = [np.empty(0)], [np.empty(0)]
    for start in range(0, len(vectors), _BLOCK):
        scores = (vectors[start : start + _BLOCK] @ cohort.T).astype(np.float64)
        best = np.partition(scores, len(cohort) - kept, axis=1)[:, len(cohort) - kept :]
        means.append(best.mean(axis=1))
        deviations.append(np.maximum(best.std(axis=1), _LEAST_DEVIATION))
    return CohortFigures(np.concatenate(means), np.concatenate(deviations))


def normalise_by(scores: Floats | Scores, probe: CohortFigures, faces: CohortFigures) -> Floats:
    """Returns normalised scores: larger is closer, 0 looks like the cohort's most similar faces do.

    Convention: (P, N) scores of P probes against N faces, whose figures are given.

    Source: adaptive symmetric normalisation, Matejka et al., "Analysis of score normalization in multilingual speaker
    recognition" (Interspeech 2017), equation 5, with the most similar cohort faces of each side.
    """
    by_probe = (scores - probe.mean[:, None]) / probe.deviation[:, None]
    by_face = (scores - faces.mean[None, :]) / faces.deviation[None, :]
    return np.asarray((by_probe + by_face) / 2, np.float64)


def normalise(scores: Floats | Scores, probe: Scores, gallery: Scores, cohort: Scores, top: int = TOP) -> Floats:
    """Returns the normalised scores of one probe against some faces of a gallery.

    Args:
        scores: (N,) cosine scores, larger is closer.
        probe: (D,) the probe.
        gallery: (N, D) the faces these scores are of.
        cohort: (C, D) faces of other people.
        top: how many of the highest cohort scores count.
    """
    figures = measure_cohort(probe[None, :], cohort, top), measure_cohort(gallery, cohort, top)
    return np.asarray(normalise_by(np.asarray(scores, np.float64)[None, :], *figures)[0], np.float64)
