from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from varde.known.time_lines import TimeLine, find_time_line


@given(st.floats(0.5, 2.0), st.floats(-500, 500), st.integers(0, 2**32), st.integers(10, 200))
@settings(max_examples=60, deadline=None)
def test_a_line_is_found_among_stray_pairs(speed: float, shift_s: float, seed: int, count: int) -> None:
    rng = np.random.default_rng(seed)
    query_s = np.sort(rng.uniform(0, 120, count))
    known_s = speed * query_s + shift_s + rng.uniform(-0.1, 0.1, count)
    stray_q, stray_k = rng.uniform(0, 120, count // 2), rng.uniform(-500, 700, count // 2)
    q, k = np.concatenate([query_s, stray_q]), np.concatenate([known_s, stray_k])
    line = find_time_line(q, k, np.ones(len(q)))
    assert np.abs(line.speed * query_s + line.shift_s - known_s).max() < 0.8


def test_a_single_pair_gives_the_ordinary_speed() -> None:
    line = find_time_line(np.array([3.0]), np.array([10.0]), np.ones(1))
    assert line.speed == 1
    assert line.shift_s == pytest.approx(7, abs=0.2)


def test_times_go_there_and_back() -> None:
    line = TimeLine(1.5, -3.0)
    assert line.to_known(4) == 3
    assert line.to_query(line.to_known(4)) == 4


def test_hours_are_aligned_to_a_fraction_of_a_second() -> None:
    query_s = np.arange(0, 7200, 3.6)
    line = find_time_line(query_s, 0.96 * query_s + 11, np.ones(len(query_s)))
    assert line.speed == pytest.approx(0.96, abs=1e-4)
    assert line.shift_s == pytest.approx(11, abs=0.3)


def test_times_without_end_cost_no_memory() -> None:
    query_s = np.arange(0, 60.0)
    known_s = np.append(query_s[:-2] + 7e8, [0.0, 9e15])
    line = find_time_line(query_s, known_s, np.ones(60))
    assert line.speed == 1
    assert line.shift_s == pytest.approx(7e8, abs=1)
