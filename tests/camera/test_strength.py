"""The scale of strengths: sign, root, and what the best of many places takes off."""

from __future__ import annotations

import numpy as np
import pytest
from test_source_calibration import score

from varde.camera.strength import compute_strength, expect_highest


def test_strength_is_the_signed_root_at_one_place() -> None:
    assert compute_strength(score(49)) == 7
    assert compute_strength(score(-9)) == -3


@pytest.mark.parametrize("places", [8, 1_000, 100_000])
def test_highest_of_noise_is_about_what_is_expected(places: int) -> None:
    rng = np.random.default_rng(5)
    drawn = [rng.standard_normal(places).max() for _ in range(300)]
    assert expect_highest(places) == pytest.approx(np.mean(drawn), abs=0.15)


def test_more_places_expect_a_higher_best() -> None:
    values = [expect_highest(places) for places in (1, 2, 4, 8, 100, 10**6, 10**9)]
    assert values[0] == 0
    assert values == sorted(values)
