"""A slow, obvious PDQ to test the fast one against: filters the whole picture, loop by loop, in double precision."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

Doubles = npt.NDArray[np.float64]


def box_line(line: Doubles, window: int) -> Doubles:
    """Mean over `window` neighbours, one more to the right if even; at the ends over those that exist."""
    right = window // 2
    left = window - 1 - right
    return np.array([line[max(0, i - left) : i + right + 1].mean() for i in range(len(line))])


def smooth(picture: Doubles) -> Doubles:
    height, width = picture.shape
    row_window, column_window = math.ceil(width / 128), math.ceil(height / 128)
    for _ in range(2):
        picture = np.stack([box_line(row, row_window) for row in picture])
        picture = np.stack([box_line(column, column_window) for column in picture.T], axis=1)
    return picture


def sample(picture: Doubles) -> Doubles:
    height, width = picture.shape
    rows = [int((i + 0.5) * height / 64) for i in range(64)]
    columns = [int((j + 0.5) * width / 64) for j in range(64)]
    return smooth(picture)[np.ix_(rows, columns)]


def quality(samples: Doubles) -> int:
    total = 0
    for i in range(64):
        for j in range(64):
            if i < 63:
                total += abs(int((samples[i, j] - samples[i + 1, j]) * 100 / 255))
            if j < 63:
                total += abs(int((samples[i, j] - samples[i, j + 1]) * 100 / 255))
    return min(100, total // 90)


def spectrum(samples: Doubles) -> Doubles:
    wave = [[math.sqrt(2 / 64) * math.cos(math.pi / 128 * (k + 1) * (2 * n + 1)) for n in range(64)] for k in range(16)]
    return np.array([[np.sum(np.outer(wave[u], wave[v]) * samples) for v in range(16)] for u in range(16)])


def pdq(grey: npt.NDArray[np.uint8]) -> tuple[bytes, int]:
    samples = sample(grey.astype(np.float64))
    amplitudes = spectrum(samples).ravel()
    median = sorted(amplitudes)[127]
    number = sum(1 << k for k in range(256) if amplitudes[k] > median)
    return number.to_bytes(32), quality(samples)
