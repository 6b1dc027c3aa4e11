"""Exact search of a gallery of faces, beside faiss flat in the same run: CPU a query, who is found, memory, opening.

Usage: python benchmarks/face_gallery.py [--peer PYTHON] [--lfw FOLDER --pack FOLDER] [--faces N ...] [--dimensions D]

PYTHON is an interpreter with `faiss-cpu` and `numpy`; without it only Varde is measured. LFW is a folder for each
person, PACK the folder of a pack of models: the pictures are embedded, identities are drawn with the means, directions
and spread that their embeddings have, and the people themselves are enrolled among them, one picture each, and searched
by their others. Without it identities are drawn evenly from all directions. Ten vectors an identity, mean cosine within
it .66. All on one thread; rounds alternate between the programs, medians of CPU time are told.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import numpy as np
from numpy.typing import NDArray

from varde.faces.gallery import Gallery

ROUNDS = 3
SINGLE = 40
BATCH = 200
NEAREST = 10
WITHIN = 0.66
PORTION = 200_000
MODEL = bytes(32)
PEER = """
import sys, time, json, numpy as np, faiss
faiss.omp_set_num_threads(1)
vectors, probes = np.load(sys.argv[1], mmap_mode="r"), np.load(sys.argv[2])
index = faiss.IndexFlatIP(vectors.shape[1])
for low in range(0, len(vectors), 200000):
    index.add(np.ascontiguousarray(vectors[low : low + 200000]))
print("ready", flush=True)
for line in sys.stdin:
    count, one = json.loads(line)
    some = probes[:count]
    start = time.process_time()
    found = [index.search(each[None], 10)[1][0] for each in some] if one else index.search(some, 10)[1]
    spent = time.process_time() - start
    print(json.dumps({"ms": spent / count * 1e3, "found": np.array(found).tolist()}), flush=True)
"""
READER = """
import sys, time, json, numpy as np
from pathlib import Path
from varde.faces.gallery import Gallery
def read(name):
    return sum(int(line.split()[1]) for line in open("/proc/self/smaps_rollup") if line.startswith(name)) / 1e3 * 1.024
probes = np.load(sys.argv[2])
warm = Gallery(Path(sys.argv[1] + "-warm"), probes.shape[1], bytes(32))
few = np.arange(64, dtype=np.uint64)
warm.append(few, probes[:64])
warm.search(probes[:1], 1), warm.search(probes[:9], 1)
before = read("Rss:"), read("Pss:")
start = time.perf_counter()
gallery = Gallery(Path(sys.argv[1]), probes.shape[1], bytes(32))
size = gallery.size
opened = time.perf_counter() - start
start = time.perf_counter()
gallery.search(probes[:1], 10)
first = time.perf_counter() - start
for each in probes[:50]:
    gallery.search(each[None], 10)
gallery.search(probes[:100], 50)
print(json.dumps([opened, first, read("Rss:") - before[0], read("Pss:") - before[1], size]))
"""


@dataclass(frozen=True, slots=True)
class Spread:
    """How embeddings lie: mean and factor of the people's means, factor of what one person's differ by."""

    mean: NDArray[np.float32]
    between: NDArray[np.float32]
    within: NDArray[np.float32]


class Peer:
    """faiss in a process of its own."""

    def __init__(self, python: str, vectors: Path, probes: Path) -> None:
        command = [python, "-c", PEER, str(vectors), str(probes)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._read()

    def search(self, count: int, *, one: bool) -> tuple[float, NDArray[np.int64]]:
        """Returns milliseconds a probe, and the rows found for each."""
        assert self._process.stdin
        self._process.stdin.write(json.dumps([count, one]) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._read())
        return answer["ms"], np.array(answer["found"])

    def close(self) -> None:
        self._process.communicate()

    def _read(self) -> str:
        assert self._process.stdout
        return self._process.stdout.readline()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--peer")
    parser.add_argument("--lfw", type=Path)
    parser.add_argument("--pack", type=Path)
    parser.add_argument("--faces", type=float, nargs="+", default=[1e6])
    parser.add_argument("--dimensions", type=int, default=128)
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()))
    options = parser.parse_args()
    real = embed_people(options.lfw, options.pack) if options.lfw else {}
    for count in (int(each) for each in options.faces):
        with tempfile.TemporaryDirectory(dir=options.folder) as folder:
            measure(count, options.dimensions, real, options.peer, Path(folder))


def embed_people(lfw: Path, pack: Path) -> dict[str, NDArray[np.float32]]:
    """Returns the embeddings of each person's pictures, of the most confident face of each."""
    import cv2

    from varde.faces.engine import open_engine
    from varde.models.registry import find_pack

    engine, people = open_engine(find_pack(None, str(pack))), {}
    for person in sorted(path for path in lfw.iterdir() if path.is_dir()):
        vectors = []
        for path in sorted(person.iterdir()):
            rgb = np.ascontiguousarray(cv2.imread(str(path))[:, :, ::-1])
            found = engine.find(rgb, full_width=rgb.shape[1]).faces
            if found and isinstance(found[0].embedding, bytes):
                vectors.append(np.frombuffer(found[0].embedding, "<f4"))
        if vectors:
            people[person.name] = np.array(vectors)
    return people


def measure(count: int, dimensions: int, real: dict[str, NDArray[np.float32]], python: str | None, at: Path) -> None:
    generator = np.random.default_rng(5)
    known = np.array([vectors[0] for vectors in real.values()]) if dimensions == 128 and real else None
    spread = find_spread(real) if known is not None else None
    probes, truth = draw(at / "vectors.npy", count, dimensions, generator, spread)
    if known is not None:
        probes, truth = put_people(at / "vectors.npy", real, known, probes, truth, generator)
    np.save(at / "probes.npy", probes)
    vectors = np.load(at / "vectors.npy", mmap_mode="r")
    gallery, start = Gallery(at / "gallery", dimensions, MODEL), time.process_time()
    for low in range(0, count, PORTION):
        some = np.array(vectors[low : low + PORTION])
        gallery.append(np.arange(low, low + len(some), dtype=np.uint64), some)
    gallery.compact()
    built, size = time.process_time() - start, sum(path.stat().st_size for path in (at / "gallery").iterdir())
    kind = "around real" if spread else "even"
    people = f", {len(real)} real people" if known is not None else ""
    print(f"{count:,} x {dimensions} ({kind}{people}): built in {built:.0f} s CPU, {size / count:.0f} bytes a face")
    tell_memory(at, count)
    compare(gallery, probes, truth, Peer(python, at / "vectors.npy", at / "probes.npy") if python else None)


def tell_memory(at: Path, count: int) -> None:
    """Says what a fresh process that searches holds, beyond what it held before it opened the gallery."""
    command = [sys.executable, "-c", READER, str(at / "gallery"), str(at / "probes.npy")]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    opened, first, rss, pss, size = json.loads(told)
    each = f"{rss / count * 1e6:.0f} MB RSS, {pss / count * 1e6:.0f} MB PSS a million"
    print(f"  opened {size:,} in {opened * 1e3:.0f} ms, first query {first * 1e3:.0f} ms; {each}", flush=True)


def compare(gallery: Gallery, probes: NDArray[np.float32], truth: list[set[int]], peer: Peer | None) -> None:
    gallery.search(probes[:1], NEAREST), gallery.search(probes[:9], NEAREST)
    ways: dict[str, Callable[[], tuple[float, NDArray[np.int64]]]] = {
        "Varde, one at a time": lambda: time_ms(gallery, [probes[row : row + 1] for row in range(SINGLE)]),
        f"Varde, {BATCH} at once": lambda: time_ms(gallery, [probes[:BATCH]]),
        "Varde, one, 50 nearest": lambda: time_ms(gallery, [probes[row : row + 1] for row in range(SINGLE)], 50),
    }
    if peer:
        ways["faiss flat, one at a time"] = lambda: peer.search(SINGLE, one=True)
        ways[f"faiss flat, {BATCH} at once"] = lambda: peer.search(BATCH, one=False)
    times: dict[str, list[float]] = {name: [] for name in ways}
    found = {}
    for _ in range(ROUNDS):
        for name, search in ways.items():
            ms, found[name] = search()
            times[name].append(ms)
    for name, each in times.items():
        hits = [bool(truth[row] & set(rows[:1].tolist())) for row, rows in enumerate(found[name])]
        spread = f"{min(each):.2f}-{max(each):.2f}"
        print(f"  {name}: {median(each):.2f} ms ({spread}), right identity first {np.mean(hits):.4f} of {len(hits)}")
    if peer:
        ours, theirs = found[f"Varde, {BATCH} at once"], found[f"faiss flat, {BATCH} at once"]
        equal = np.mean([set(a.tolist()) == set(b.tolist()) for a, b in zip(ours, theirs, strict=True)])
        print(f"  the {NEAREST} nearest are the same for {equal:.1%} of the probes", flush=True)
        peer.close()


def time_ms(
    gallery: Gallery, parts: list[NDArray[np.float32]], nearest: int = NEAREST
) -> tuple[float, NDArray[np.int64]]:
    start = time.process_time()
    found = [each for part in parts for each in gallery.search(part, nearest)]
    spent = time.process_time() - start
    return spent / len(found) * 1e3, np.array([ids.astype(np.int64) for ids, _ in found])


def find_spread(real: dict[str, NDArray[np.float32]]) -> Spread:
    means = np.array([vectors.mean(axis=0) for vectors in real.values()])
    inner = np.concatenate([vectors - vectors.mean(axis=0) for vectors in real.values() if len(vectors) > 1])
    return Spread(means.mean(axis=0), factor(np.cov(means.T)), factor(np.cov(inner.T)))


def factor(covariance: NDArray[np.float64]) -> NDArray[np.float32]:
    strengths, directions = np.linalg.eigh(covariance)
    root: NDArray[np.float32] = (directions * np.sqrt(strengths.clip(0))).T.astype(np.float32)
    return root


def draw(
    path: Path, count: int, dimensions: int, generator: np.random.Generator, spread: Spread | None
) -> tuple[NDArray[np.float32], list[set[int]]]:
    """Writes the vectors, ten an identity, and returns probes of some identities with the rows that are theirs."""
    file = np.lib.format.open_memmap(path, "w+", np.float32, (count, dimensions))
    probes, truth = [], []
    for low in range(0, count, PORTION):
        people = min(PORTION, count - low) // 10
        centres = draw_units(people, dimensions, generator, spread, "between")
        noise = draw_units(people * 11, dimensions, generator, spread, "within").reshape(people, 11, dimensions)
        noise -= (noise @ centres[:, :, None]) * centres[:, None]
        noise /= np.linalg.norm(noise, axis=2, keepdims=True)
        drawn = np.sqrt(WITHIN) * centres[:, None] + np.sqrt(1 - WITHIN) * noise
        drawn /= np.linalg.norm(drawn, axis=2, keepdims=True)
        file[low : low + people * 10] = drawn[:, :10].reshape(-1, dimensions)
        asked = generator.choice(people, max(1, min(people, BATCH * PORTION // count + 1)), replace=False)
        probes.append(drawn[asked, 10])
        truth += [set(range(low + person * 10, low + person * 10 + 10)) for person in asked]
    file.flush()
    order = generator.permutation(len(truth))[:BATCH]
    return np.concatenate(probes)[order].astype(np.float32), [truth[row] for row in order]


def draw_units(
    count: int, dimensions: int, generator: np.random.Generator, spread: Spread | None, name: str
) -> NDArray[np.float32]:
    drawn = generator.standard_normal((count, dimensions), np.float32)
    if spread:
        drawn = drawn @ getattr(spread, name) + (spread.mean if name == "between" else 0)
    units: NDArray[np.float32] = drawn / np.linalg.norm(drawn, axis=1, keepdims=True)
    return units


def put_people(
    path: Path,
    real: dict[str, NDArray[np.float32]],
    known: NDArray[np.float32],
    probes: NDArray[np.float32],
    truth: list[set[int]],
    generator: np.random.Generator,
) -> tuple[NDArray[np.float32], list[set[int]]]:
    """Enrols each person's first picture in the place of a drawn vector; half of the probes become other pictures."""
    file = np.lib.format.open_memmap(path, "r+")
    taken = set().union(*truth)
    free = [row for row in generator.permutation(len(file))[: 4 * len(known)].tolist() if row not in taken]
    rows = free[: len(known)]
    file[sorted(rows)] = known[np.argsort(rows)]
    file.flush()
    others = [(vector, row) for vectors, row in zip(real.values(), rows, strict=True) for vector in vectors[1:]]
    chosen = generator.permutation(len(others))[: BATCH // 2]
    probes[1::2][: len(chosen)] = [others[each][0] for each in chosen]
    for place, each in enumerate(chosen):
        truth[2 * place + 1] = {others[each][1]}
    return probes, truth


if __name__ == "__main__":
    main()
