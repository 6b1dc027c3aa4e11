"""Scores of all pairs, against slow obvious ones."""

from __future__ import annotations

import numpy as np
import pytest

from varde.camera.middle import find_middle
from varde.camera.residual import Residual
from varde.camera.source_pairs import MIRRORED, TURNED, count_all, make_row, score_rows, score_signs, score_sketches


@pytest.mark.parametrize(("rows", "others"), [(1, 1), (3, 7), (4, 4), (37, 5)])
def test_counts_of_differing_bits_are_those_of_python(rows: int, others: int) -> None:
    rng = np.random.default_rng(rows)
    one = rng.integers(0, 2**64, (rows, 1032), np.uint64)  # more words than one step, and not a multiple of it
    other = rng.integers(0, 2**64, (others, 1032), np.uint64)
    slow = [[sum(int(a ^ b).bit_count() for a, b in zip(x, y, strict=True)) for y in other] for x in one]
    assert np.array_equal(count_all(one, other), np.array(slow))


def test_equal_signs_score_the_root_of_their_number() -> None:
    rows = np.random.default_rng(1).integers(0, 2**64, (2, 64), np.uint64)
    scores = score_signs(rows, rows, 64 * 64)
    assert scores[0, 0] == 64.0
    assert abs(scores[0, 1]) < 6


def test_a_turned_sketch_scores_in_the_turned_variant_only() -> None:
    middle = find_middle(256, 320)
    bits = np.random.default_rng(2).integers(0, 2, (256, 320)).astype(np.uint8)
    rows = np.zeros((2, middle.words), np.uint64)
    for row, plane in zip(rows, (bits, np.rot90(bits, 2)), strict=True):
        row.view(np.uint8)[: 256 * 320 // 8] = np.packbits(plane.reshape(-1), bitorder="little")
    scores = score_sketches(rows, middle)
    assert scores.shape == (TURNED, 2, 2)
    assert scores[1, 0, 1] == scores[1, 1, 0] == pytest.approx(middle.pixels**0.5)
    assert abs(scores[0, 0, 1]) < 6


@pytest.mark.parametrize(("up", "across", "variant"), [(0, 0, 0), (0, 1, 1), (1, 0, 2), (1, 1, 3)])
def test_whole_rows_score_in_the_variant_in_which_they_lie(up: int, across: int, variant: int) -> None:
    pattern = np.random.default_rng(3).normal(0, 40, (300, 257)).clip(-127, 127).astype(np.int8)
    turned = pattern[:: -1 if up else 1, :: -1 if across else 1]
    scores = score_rows(np.stack([pattern, turned]))[:, 0, 1]
    assert len(scores) == MIRRORED
    assert int(np.argmax(scores)) == variant
    assert scores[variant] == pytest.approx((300 * 257) ** 0.5)


def test_scores_of_whole_rows_do_not_depend_on_how_they_are_cut() -> None:
    rows = np.random.default_rng(4).integers(-127, 127, (5, 300, 256), np.int8)
    flat = rows.reshape(5, -1).astype(np.float64)
    slow = (flat / np.linalg.norm(flat, axis=1)[:, None]) @ (flat / np.linalg.norm(flat, axis=1)[:, None]).T
    assert score_rows(rows, variants=TURNED)[0] == pytest.approx(slow * (300 * 256) ** 0.5, abs=1e-3)


def test_a_row_holds_neither_lines_nor_blocks_that_a_model_shares() -> None:
    rng = np.random.default_rng(5)
    noise = rng.normal(0, 1, (256, 320)).astype(np.float32)
    shared = np.zeros((256, 320), np.float32)
    shared += rng.normal(0, 3, (256, 1)) + rng.normal(0, 3, (1, 320))
    shared += np.tile(rng.normal(0, 3, (8, 8)), (32, 40))
    ones, luma = np.ones_like(noise), np.full(noise.shape, 120, np.uint8)
    clean, dirty = (make_row(Residual(v, ones, luma, 1.0)).astype(float) for v in (noise.copy(), noise + shared))
    assert np.corrcoef(clean.ravel(), dirty.ravel())[0, 1] > 0.97


def test_a_blank_residual_gives_a_row_of_zeros() -> None:
    blank = np.zeros((256, 256), np.float32)
    assert not make_row(Residual(blank, blank, np.zeros(blank.shape, np.uint8), 0.0)).any()
