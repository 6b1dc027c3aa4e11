"""Finds how the time of one video runs along the time of another: known time = speed x query time + shift."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

SLOWEST, FASTEST = 0.5, 2.0

_SPEED_STEP = 1.015
_BIN_S = 0.25
_MOST_BINS = 1 << 20
_KERNEL = np.array([0.25, 0.5, 1.0, 0.5, 0.25])
_OTHER_SPEED_GAIN = 1.25
"""Another speed must gather this many times the votes of the ordinary one."""

_LEAST_TIMES = 4
_LEAST_SPREAD_S = 1.5
_SAME_AT_ENDS_S = 0.3
_TOLERANCES_S = (0.5, 0.5, 0.5, 0.5, 0.35, 0.35)


@dataclass(frozen=True, slots=True)
class TimeLine:
    """A line through pairs of times.

    Attributes:
        speed: seconds of the known video in a second of the query; below 1 where the query was slowed down.
        shift_s: time in the known video where the query's time is 0; may be negative.
    """

    speed: float
    shift_s: float

    def to_known(self, query_s: float) -> float:
        """Returns the known video's time at a time of the query."""
        return self.speed * query_s + self.shift_s

    def to_query(self, known_s: float) -> float:
        """Returns the query's time at a time of the known video."""
        return (known_s - self.shift_s) / self.speed


def find_time_line(query_s: Floats, known_s: Floats, weight: Floats) -> TimeLine:
    """Returns the line that gathers most of the weight.

    Args:
        query_s, known_s: (K,) times of the pairs in seconds, at least one.
        weight: (K,) above 0; give less to frames that are in many pairs.

    Source: ours: a Hough transform over speeds 1.5 % apart and shifts of a quarter of a second, then least squares over
        what lies close. The ordinary speed is kept unless another one gathers a quarter more.

    Limits: speeds from 0.5 to 2. Where nothing moves for long, any shift within that time fits.
    """
    line = TimeLine(1.0, 0.0)
    votes, shift_s = _find_shift(query_s, known_s, weight, 1.0)
    line = TimeLine(1.0, shift_s)
    if len(np.unique(query_s)) >= _LEAST_TIMES and len(np.unique(known_s)) >= _LEAST_TIMES:
        best = votes * _OTHER_SPEED_GAIN
        for speed in _SPEEDS:
            votes, shift_s = _find_shift(query_s, known_s, weight, speed)
            if votes > best:
                best, line = votes, TimeLine(speed, shift_s)
    return _refine(line, query_s, known_s, weight)


def _list_speeds() -> list[float]:
    count = int(np.log(FASTEST) / np.log(_SPEED_STEP))
    return [float(_SPEED_STEP**number) for number in range(-count, count + 1) if number]


_SPEEDS = _list_speeds()


def _find_shift(query_s: Floats, known_s: Floats, weight: Floats, speed: float) -> tuple[float, float]:
    """Returns votes and shift in seconds of the best shift at a speed."""
    shift_s = known_s - speed * query_s
    lowest = float(shift_s.min())
    bins = ((shift_s - lowest) / _BIN_S).astype(np.int64)
    # Times may be anything a file states: beyond three days the bins are used again, so that memory stays bounded.
    folded = bins % _MOST_BINS
    votes = np.convolve(np.bincount(folded, weight, len(_KERNEL)), _KERNEL, "same")
    best = int(votes.argmax())
    near = np.abs(folded - best) <= len(_KERNEL) // 2
    rounds = np.bincount(np.unique(bins[near] // _MOST_BINS, return_inverse=True)[1], weight[near])
    turn = int(np.unique(bins[near] // _MOST_BINS)[rounds.argmax()])
    return float(votes[best]), lowest + (turn * _MOST_BINS + best + 0.5) * _BIN_S


def _refine(line: TimeLine, query_s: Floats, known_s: Floats, weight: Floats) -> TimeLine:
    for tolerance_s in _TOLERANCES_S:
        near = np.abs(known_s - line.speed * query_s - line.shift_s) <= tolerance_s
        if not near.any():
            return line
        q, k, w = query_s[near], known_s[near], weight[near]
        speed = line.speed
        mean_q, mean_k = np.average(q, weights=w), np.average(k, weights=w)
        spread = np.average((q - mean_q) ** 2, weights=w)
        if len(np.unique(q)) >= _LEAST_TIMES and spread >= _LEAST_SPREAD_S**2:
            speed = float(np.average((q - mean_q) * (k - mean_k), weights=w) / spread)
            speed = min(max(speed, SLOWEST), FASTEST)
            if abs(speed - 1) * float(np.ptp(q)) < _SAME_AT_ENDS_S:
                speed = 1.0
        line = TimeLine(speed, float(mean_k - speed * mean_q))
    return line
