from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numba import njit

from varde.faces.gallery_machine import AVX2, PLAIN, PROBES, VNNI, choose_instructions, make_scorer, mark_scores


def has(way: str) -> bool:
    from numba.core.registry import cpu_target

    features = cpu_target.target_context.codegen().magic_tuple()[2]
    return way == PLAIN or f"+{ {VNNI: 'avx512vnni', AVX2: 'avx2'}[way] }" in features


def compile_scorer(way: str, probes: int) -> Callable[..., None]:
    scorer = make_scorer(probes, way)

    def run(
        codes: Any, at: Any, steps: Any, words: Any, scales: Any, row: Any, factors: Any, biases: Any, scores: Any
    ) -> None:
        scorer(codes, at, steps, words, scales, row, factors, biases, scores)

    compiled: Callable[..., None] = njit(run)
    return compiled


@pytest.mark.parametrize("probes", [1, PROBES])
@pytest.mark.parametrize("way", [VNNI, AVX2, PLAIN])
def test_every_way_gives_the_same_whole_numbers(way: str, probes: int) -> None:
    if not has(way):
        pytest.skip(f"this processor has no {way}")
    generator, steps = np.random.default_rng(3), 3
    codes = generator.integers(0, 256, 2 * steps * 192, dtype=np.uint8)
    codes[steps * 192 :: 2] = 255  # with the largest probes: the sums must not overflow
    words = generator.integers(-127, 128, (probes, steps * 16)).astype(np.int8)
    words[0, : 16 * steps] = 127
    scores, ones = np.zeros(probes * 16, np.float32), np.ones(32, np.float32)
    biases = np.arange(probes, dtype=np.int32)
    run = compile_scorer(way, probes)
    run(codes, steps * 192, steps, words.view(np.int32).ravel(), ones, 16, ones[:probes], biases, scores)
    assert scores.reshape(probes, 16).tolist() == slow(codes[steps * 192 :], words, biases).tolist()


def slow(codes: Any, words: Any, biases: Any) -> Any:
    parts = codes.reshape(-1, 3, 16, 4).astype(np.int64)
    fourth = (parts[:, 0] >> 6) | (parts[:, 1] >> 6) << 2 | (parts[:, 2] >> 6) << 4
    levels = np.concatenate([parts & 63, fourth[:, None]], axis=1).transpose(2, 0, 1, 3).reshape(16, -1)
    return 2 * words.astype(np.int64) @ levels.T - biases[:, None]


def test_scores_that_are_large_enough_are_marked() -> None:
    @njit
    def mark(scores: Any, place: Any, least: Any) -> Any:
        return mark_scores(scores, place, np.float32(least))

    scores = np.array([0.5, -1.0, 0.25, np.nan] * 5, np.float32)
    assert mark(scores, 0, 0.25) == 0b0101010101010101
    assert mark(scores, 2, 0.5) == 0b0100010001000100


@pytest.mark.parametrize(
    ("features", "way"), [("+avx512bw,+avx512vnni", VNNI), ("+avx2,-avx512vnni", AVX2), ("+neon", PLAIN)]
)
def test_the_way_is_chosen_by_what_the_processor_has(features: str, way: str) -> None:
    assert choose_instructions(features) == way
