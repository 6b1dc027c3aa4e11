"""How well the faces of a folder of people are grouped, against connected components, DBSCAN and Chinese whispers.

`python evaluations/face_clustering.py PEOPLE MODELS`: PEOPLE has a folder per person, MODELS the files of the reference
pack. Peers in the same run, where they are installed: scikit-learn, dlib. Results: face_clustering.md.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from varde.core.face import Face
from varde.faces.clustering import ClusterPoint, Rules, cluster, cluster_all, find_broken
from varde.faces.engine import open_engine
from varde.faces.neighbours import make_empty, update_neighbours
from varde.models.registry import find_pack

POINT = ClusterPoint(strict=0.480, loose=0.338, least_quality=20)
DRAWS = 200

Labels = NDArray[np.int64]


def load_faces(folder: Path, models: str) -> tuple[NDArray[np.float32], Labels, int]:
    """Returns embedding and person of the face in the middle of each picture, and in how many none could be used."""
    engine = open_engine(find_pack(None, models))
    vectors, people, without = [], [], 0
    for number, person in enumerate(sorted(one for one in folder.iterdir() if one.is_dir())):
        for path in sorted(person.iterdir()):
            rgb = np.asarray(Image.open(path).convert("RGB"))
            faces = [one for one in engine.find(rgb, full_width=rgb.shape[1]).faces if isinstance(one.embedding, bytes)]
            if not faces:
                without += 1
                continue
            face = min(faces, key=_measure_off_centre)
            vectors.append(np.frombuffer(bytes(face.embedding), "<f4"))  # type: ignore[arg-type]
            people.append(number)
    return np.stack(vectors).astype(np.float32), np.array(people), without


def _measure_off_centre(face: Face) -> float:
    box = face.box
    return abs(box.left + box.width / 2 - 0.5) + abs(box.top + box.height / 2 - 0.5)


def measure(labels: Labels, people: Labels, draws: int = DRAWS) -> list[tuple[float, float, float]]:
    """Returns B-cubed precision, recall, F and pairwise precision, recall, F1, each with its 95 % interval.

    Intervals: people drawn with replacement, the clusters left as they are.
    """
    rng = np.random.default_rng(1)
    _, number = np.unique(people, return_inverse=True)
    _, of = np.unique(labels, return_inverse=True)
    table = np.zeros((number.max() + 1, of.max() + 1))
    np.add.at(table, (number, of), 1)
    figures = [_score(table, np.ones(len(table)))]
    count = len(table)
    figures += [_score(table, np.bincount(rng.integers(0, count, count), minlength=count)) for _ in range(draws)]
    drawn = np.array(figures[1:])
    low, high = np.percentile(drawn, 2.5, 0), np.percentile(drawn, 97.5, 0)
    return [(figures[0][at], low[at], high[at]) for at in range(6)]


def _score(table: NDArray[np.float64], weights: NDArray[np.float64]) -> tuple[float, ...]:
    sizes, faces = table.sum(0), table.sum(1)
    total = (weights * faces).sum()
    precision = (weights[:, None] * table * table / sizes).sum() / total
    recall = (weights[:, None] * table * table / faces[:, None]).sum() / total
    both = (weights[:, None] * table * (table - 1) / 2).sum()
    joined = (weights[:, None] * table * (sizes - 1) / 2).sum()
    same = (weights * faces * (faces - 1) / 2).sum()
    pair_precision, pair_recall = both / max(joined, 1e-9), both / same
    return (
        *(precision, recall, 2 * precision * recall / (precision + recall)),
        *(pair_precision, pair_recall, 2 * pair_precision * pair_recall / max(pair_precision + pair_recall, 1e-9)),
    )


def list_methods(vectors: NDArray[np.float32]) -> dict[str, Callable[[], Labels]]:
    """Returns ways to group, by name."""
    free = Rules(np.full(len(vectors), -1, np.int64))
    similar = vectors @ vectors.T
    methods: dict[str, Callable[[], Labels]] = {"Varde": lambda: cluster_all(vectors, free, POINT)}
    for least in (0.48, 0.50, 0.55):
        methods[f"connected components, {least:.2f}"] = lambda least=least: _connect(similar >= least)
        methods[f"Chinese whispers (ours), {least:.2f}"] = lambda least=least: _whisper(similar, least)
    try:
        from sklearn.cluster import DBSCAN

        for apart, few in ((0.5, 2), (0.5, 3), (0.55, 3)):
            model = DBSCAN(eps=apart, min_samples=few, metric="precomputed")
            distances = np.clip(1 - similar, 0, 2)
            methods[f"DBSCAN, {apart}, {few}"] = lambda model=model, distances=distances: _alone(
                model.fit_predict(distances)
            )
    except ImportError:
        print("scikit-learn is not installed: no DBSCAN", file=sys.stderr)
    try:
        import dlib

        for most in (0.9, 1.0):
            points = [dlib.vector(row.tolist()) for row in vectors]
            methods[f"dlib.chinese_whispers, L2 {most} (cosine {1 - most * most / 2:.3f})"] = (
                lambda most=most, points=points: np.array(dlib.chinese_whispers_clustering(points, most))
            )
    except ImportError:
        print("dlib is not installed: no dlib.chinese_whispers", file=sys.stderr)
    return methods


def _connect(linked: NDArray[np.bool_]) -> Labels:
    labels = np.arange(len(linked))
    while True:
        lowest = np.where(linked, labels[None, :], len(labels)).min(1)
        if (lowest == labels).all():
            return labels
        labels = np.minimum(labels, lowest)


def _whisper(similar: NDArray[np.float32], least: float) -> Labels:
    rng, labels = np.random.default_rng(1), np.arange(len(similar))
    near = [np.flatnonzero((row >= least) & (np.arange(len(row)) != at)) for at, row in enumerate(similar)]
    for _ in range(20):
        for at in rng.permutation(len(labels)):
            if len(near[at]):
                found, place = np.unique(labels[near[at]], return_inverse=True)
                labels[at] = found[np.argmax(np.bincount(place, weights=similar[at, near[at]]))]
    return labels


def _alone(labels: Labels) -> Labels:
    """Returns labels in which noise is everybody for himself."""
    return np.where(labels < 0, len(labels) + np.arange(len(labels)), labels)


def check_rules(vectors: NDArray[np.float32], people: Labels) -> tuple[int, int]:
    """Returns how many rules were given and broken where faces of each person are said to be in one picture."""
    groups = np.where(np.arange(len(people)) % 2 == 0, people, -1)
    rules = Rules(groups)
    labels = cluster_all(vectors, rules, POINT)
    return int((np.bincount(groups[groups >= 0]) * (np.bincount(groups[groups >= 0]) - 1) // 2).sum()), len(
        find_broken(labels, rules)
    )


def check_arrival(vectors: NDArray[np.float32], batches: int = 10) -> int:
    """Returns how many faces are grouped otherwise when they come in batches than at once."""
    rng = np.random.default_rng(2)
    order, lists = rng.permutation(len(vectors)), make_empty(POINT.floor)
    for part in range(1, batches + 1):
        here = np.sort(order[: len(order) * part // batches])
        lists = update_neighbours(lists, here, vectors[here])
    rules = Rules(np.full(len(vectors), -1, np.int64))
    return int((cluster(vectors, lists, rules, POINT) != cluster_all(vectors, rules, POINT)).sum())


def main() -> None:
    """Prints the table."""
    vectors, people, without = load_faces(Path(sys.argv[1]), sys.argv[2])
    cluster_all(vectors[:64], Rules(np.full(64, -1, np.int64)), POINT)  # compiled
    print(f"{len(vectors):,} faces of {len(set(people.tolist())):,} people; {without} pictures without a usable face\n")
    print("| method | clusters | BCubed P | R | F (95 %) | pairs P | R | F1 (95 %) | CPU s |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    for name, method in list_methods(vectors).items():
        begin = time.process_time()
        labels = method()
        spent = time.process_time() - begin
        figures = measure(np.asarray(labels), people)
        words = [f"{value:.3f}" for value, _, _ in figures]
        for at in (2, 5):
            words[at] += f" ({figures[at][1]:.3f}-{figures[at][2]:.3f})"
        print(f"| {name} | {len(set(np.asarray(labels).tolist())):,} | {' | '.join(words)} | {spent:.2f} |")
    print("\nrules given and broken:", check_rules(vectors, people))
    print("grouped otherwise when they come in ten batches:", check_arrival(vectors))


if __name__ == "__main__":
    main()
