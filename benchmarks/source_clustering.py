"""Measures clustering of many sketches: CPU seconds, memory, and what is found again.

    python benchmarks/source_clustering.py 10000 --edge 1536
    python benchmarks/source_clustering.py 100000 --edge 384

The sketches are synthetic: signs of a source's pattern, each bit of which agrees with chance 1/2 + strength / 2.
Strengths are such that two files of a source agree by 2 to 30 standard deviations at 1,536 pixels a side, as photos of
phones do. With a smaller edge they are raised to the same z, so that only the number of words differs: time and memory
go with it.
"""

from __future__ import annotations

import argparse
import resource
import time

import numpy as np
from numpy.typing import NDArray

from varde.camera.clustering_batches import group_sketches
from varde.camera.middle import find_middle
from varde.camera.sketch_rows import SketchRows
from varde.camera.source_pairs import score_signs

_DEPTH = 10
_PER_SOURCE = 200
_ALONE = 0.2


def draw_bits(rng: np.random.Generator, words: int, chance: float) -> NDArray[np.uint64]:
    """Returns random words whose bits are 1 with a chance, to 1/1024."""
    bits = np.zeros(words, np.uint64)
    level = round(chance * 2**_DEPTH)
    for place in range(_DEPTH):
        random = rng.integers(0, 2**64, words, np.uint64)
        bits = (bits | random) if level >> place & 1 else (bits & random)
    return bits


def make_rows(files: int, edge: int) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """Returns sketches and the source of each; a fifth have one of their own."""
    rng = np.random.default_rng(1)
    middle = find_middle(edge, edge)
    sources = max(2, files // _PER_SOURCE)
    patterns = rng.integers(0, 2**64, (sources, middle.words), np.uint64)
    source = np.where(rng.random(files) < _ALONE, -1, rng.integers(0, sources, files))
    rows = np.empty((files, middle.words), np.uint64)
    for row, one in enumerate(source.tolist()):
        if one < 0:
            rows[row] = rng.integers(0, 2**64, middle.words, np.uint64)
            continue
        strength = (rng.uniform(2, 30) / edge) ** 0.5
        rows[row] = patterns[one] ^ draw_bits(rng, middle.words, 0.5 - strength / 2)
    return rows, np.where(source < 0, sources + np.arange(files), source)


def measure(labels: NDArray[np.int64], truth: NDArray[np.int64]) -> tuple[float, float]:
    """Returns pairwise precision and recall."""

    def pairs(*columns: NDArray[np.int64]) -> float:
        counts = np.unique(np.stack(columns), axis=1, return_counts=True)[1].astype(np.float64)
        return float((counts * (counts - 1) / 2).sum())

    both = pairs(labels, truth)
    return both / max(pairs(labels), 1), both / max(pairs(truth), 1)


def main() -> None:
    """Measures one size and prints its row."""
    asked = argparse.ArgumentParser()
    asked.add_argument("files", type=int)
    asked.add_argument("--edge", type=int, default=1536)
    given = asked.parse_args()
    rows, truth = make_rows(given.files, given.edge)
    middle = find_middle(given.edge, given.edge)
    score_signs(rows[:8], rows[:8], middle.pixels)  # compiles
    start = time.process_time()
    score_signs(rows[:256], rows[:256], middle.pixels)
    pair_us = (time.process_time() - start) / 256**2 * 1e6
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.process_time()
    found = group_sketches(SketchRows.of(rows, middle), middle)
    spent = time.process_time() - start
    more = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    precision, recall = measure(found.grouping.heads, truth)
    f1 = 2 * precision * recall / (precision + recall)
    several = int((np.unique(truth, return_counts=True)[1] > 1).sum())
    alone = int(np.isnan(found.grouping.fits).sum())
    true_alone = int((np.unique(truth, return_counts=True)[1] == 1).sum())
    print(
        f"| {given.files:,} | {given.edge} | {rows.nbytes / 1e9:.1f} GB | {pair_us:.2f} us | {spent:.0f} s | "
        f"{more / 1e6:.1f} GB | {found.compared / 1e6:,.0f} M | {found.not_compared / 1e6:,.0f} M | "
        f"{len(found.grouping.list_clusters())} of {several} | {precision:.4f} | {recall:.4f} | {f1:.4f} | "
        f"{alone:,} of {true_alone:,} |",
        flush=True,
    )


if __name__ == "__main__":
    main()
