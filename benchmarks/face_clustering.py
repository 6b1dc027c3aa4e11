"""How long grouping many faces takes: synthetic faces around made-up people, at once and when some come later.

`python benchmarks/face_clustering.py [--faces N]`. CPU time. Results: benchmarks/results/face_clustering.md.
"""

from __future__ import annotations

import argparse
import os
import resource
import time

import numpy as np

from varde.faces.clustering import ClusterPoint, Rules, cluster
from varde.faces.neighbours import make_empty, update_neighbours

POINT = ClusterPoint(strict=0.564, loose=0.338, least_quality=20)
DIMENSIONS = 128
NOISE = 0.75
LATER = 1_000


def make_faces(count: int) -> tuple[np.ndarray, np.ndarray]:
    """Returns unit vectors and people, who have 1 to 3,000 faces each; about .64 alike within a person."""
    rng, sizes = np.random.default_rng(1), list[int]()
    while sum(sizes) < count:
        sizes.append(min(count - sum(sizes), int(min(3_000, 1 + 2 * rng.pareto(1.0)))))
    people = np.repeat(np.arange(len(sizes)), sizes)
    centres = rng.standard_normal((len(sizes), DIMENSIONS)) / np.sqrt(DIMENSIONS)
    vectors = centres[people] + NOISE * rng.standard_normal((count, DIMENSIONS)) / np.sqrt(DIMENSIONS)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    order = rng.permutation(count)
    return vectors[order].astype(np.float32), people[order]


def main() -> None:
    """Prints the figures."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--faces", type=int, default=100_000)
    count = parser.parse_args().faces
    warm = np.eye(8, DIMENSIONS, dtype=np.float32)
    cluster(warm, update_neighbours(make_empty(0.3), np.arange(8), warm), Rules(np.full(8, -1, np.int64)), POINT)
    vectors, people = make_faces(count)
    rules, ids = Rules(np.full(count, -1, np.int64)), np.arange(count)
    begin = time.process_time()
    lists = update_neighbours(make_empty(POINT.floor), ids[:-LATER], vectors[:-LATER])
    first = time.process_time()
    lists = update_neighbours(lists, ids, vectors)
    later = time.process_time()
    labels = cluster(vectors, lists, rules, POINT)
    end = time.process_time()
    _, joined = np.unique(np.stack([labels, people], 1), axis=0, return_counts=True)
    precision = (joined * joined).sum() / (np.bincount(np.unique(labels, return_inverse=True)[1]) ** 2).sum()
    recall = (joined * joined).sum() / (np.bincount(people) ** 2).sum()
    print(f"{count:,} faces of {people.max() + 1:,} people, {len(np.unique(labels)):,} clusters")
    print(f"neighbours of all but {LATER:,}: {first - begin:.1f} s CPU; of {LATER:,} that come: {later - first:.1f} s")
    print(f"clusters: {end - later:.1f} s; pairs precision {precision:.4f}, recall {recall:.4f}")
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10} MiB; load {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
