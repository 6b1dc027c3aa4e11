"""Score normalisation: a slow reference, faces that resemble everybody, cohorts that are too small."""

from __future__ import annotations

import numpy as np
import pytest
from synthetic_people import make_people

from varde.core.errors import WrongUse
from varde.faces.normalisation import LEAST_COHORT, TOP, measure_cohort, normalise


def test_normalising_is_what_its_formula_says() -> None:
    gallery, _ = make_people([1] * 20, seed=1)
    cohort, _ = make_people([1] * 300, seed=2)
    probe = gallery[0]
    found = normalise(gallery @ probe, probe, gallery, cohort)
    for place, face in enumerate(gallery):
        best = [np.sort(cohort.astype(np.float64) @ side)[-TOP:] for side in (probe, face)]
        slow = np.mean([(face @ probe - part.mean()) / part.std() for part in best])
        assert found[place] == pytest.approx(slow, abs=1e-4)


def test_a_face_like_everybody_s_falls_behind_one_that_stands_out() -> None:
    rng = np.random.default_rng(4)
    common = np.zeros(16)
    common[0] = 1
    cohort = common + 0.4 * rng.normal(size=(200, 16))
    cohort = (cohort / np.linalg.norm(cohort, axis=1, keepdims=True)).astype(np.float32)
    rare = np.zeros(16, np.float32)
    rare[1] = 1
    probe = ((common + rare) / np.sqrt(2)).astype(np.float32)
    gallery = np.stack([common.astype(np.float32), rare])
    scores = gallery @ probe
    assert scores[0] == pytest.approx(scores[1])
    normalised = normalise(scores, probe, gallery, cohort)
    assert normalised[1] > normalised[0]


def test_a_small_cohort_is_refused_with_advice() -> None:
    cohort, _ = make_people([1] * (LEAST_COHORT - 1))
    with pytest.raises(WrongUse, match="says too little") as refused:
        measure_cohort(cohort[:2], cohort)
    assert "varde faces cohort add" in refused.value.advice


def test_equal_cohort_scores_divide_by_no_zero() -> None:
    cohort = np.tile(np.eye(4, dtype=np.float32)[0], (60, 1))
    figures = measure_cohort(np.eye(4, dtype=np.float32), cohort)
    assert np.isfinite(1 / figures.deviation).all()
