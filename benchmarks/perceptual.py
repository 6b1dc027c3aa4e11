"""Exact search of perceptual hashes within 31 bits, beside faiss in the same run: time a query, recall, size, building.

Usage: python benchmarks/perceptual.py [--peer PYTHON] [--hashes N ...] [--real FILE.npy] [--folder FOLDER]

PYTHON is an interpreter with `faiss-cpu` and `numpy`; without it only Varde is measured. All single-threaded; the
rounds alternate between the programs and medians of CPU time are told. FILE holds (N, 32) uint8 hashes of pictures.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median

import numpy as np
from numpy.typing import NDArray

from varde.known.perceptual import PerceptualIndex

ROUNDS = 5
LARGE = 20_000_000
"""More hashes than this are not compared with faiss, and are appended in portions."""
PORTION = 1 << 24
PEER = """
import sys, time, json, numpy as np, faiss
faiss.omp_set_num_threads(1)
kind, hashes, probes = sys.argv[1], np.load(sys.argv[2]), np.load(sys.argv[3])
start = time.process_time()
if kind == "flat":
    index = faiss.IndexBinaryFlat(256)
else:
    index = faiss.IndexBinaryMultiHash(256, 16, 16)
    index.nflip = 1
index.add(hashes)
print(json.dumps({"build_s": time.process_time() - start}), flush=True)
for line in sys.stdin:
    some = probes[: int(line)]
    start = time.process_time()
    limits, _, found = index.range_search(some, 32)
    spent = time.process_time() - start
    rows = np.repeat(np.arange(len(some)), np.diff(limits.astype(np.int64)))
    pairs = sorted(zip(rows.tolist(), found.tolist()))
    print(json.dumps({"us": spent / len(some) * 1e6, "pairs": pairs}), flush=True)
"""


class Peer:
    """A faiss index in a process of its own."""

    def __init__(self, python: str, kind: str, folder: Path) -> None:
        command = [python, "-c", PEER, kind, str(folder / "hashes.npy"), str(folder / "probes.npy")]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.build_s = self._read()["build_s"]

    def search(self, probes: int) -> tuple[float, set[tuple[int, int]]]:
        """Returns microseconds a probe, and the pairs found."""
        assert self._process.stdin
        self._process.stdin.write(f"{probes}\n")
        self._process.stdin.flush()
        answer = self._read()
        return answer["us"], {(row, found) for row, found in answer["pairs"]}

    def close(self) -> None:
        self._process.communicate()

    def _read(self) -> dict:
        assert self._process.stdout
        return json.loads(self._process.stdout.readline())


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--peer")
    parser.add_argument("--hashes", type=float, nargs="+", default=[1e6])
    parser.add_argument("--real", type=Path)
    parser.add_argument("--kinds", nargs="+", default=["random", "pictures", "skewed"])
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()))
    arguments = parser.parse_args()
    for count in (int(each) for each in arguments.hashes):
        if count > LARGE:
            with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
                measure_large(Path(folder), count)
            continue
        for name, make in list_kinds(arguments.real):
            if name not in arguments.kinds:
                continue
            with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
                measure(f"{count:,} {name}", make, count, arguments.peer, Path(folder))


def list_kinds(real: Path | None) -> Iterator[tuple[str, Callable[[int, np.random.Generator], NDArray[np.uint8]]]]:
    yield "random", make_random
    if real:
        base = np.load(real)
        yield "pictures", lambda count, generator: make_like(base, count, generator)
    yield "skewed", make_skewed


def measure(name: str, make: Callable, count: int, python: str | None, folder: Path) -> None:
    generator = np.random.default_rng(1)
    hashes = make(count, generator)
    probes = make(2_000, generator)
    planted = generator.integers(count // 5, count, 1_000)
    probes[:1_000] = flip(hashes[planted], np.arange(1_000) % 34, generator)
    index = PerceptualIndex(folder / "index")
    start = time.process_time()
    index.append(hashes, np.arange(1, count + 1))
    build_s = time.process_time() - start
    size = sum(path.stat().st_size for path in (folder / "index").iterdir())
    print(f"{name}: built in {build_s:.1f} s CPU, {size / count:.1f} bytes a hash", flush=True)
    peers: dict[str, Peer] = {}
    if python:
        np.save(folder / "hashes.npy", hashes)
        np.save(folder / "probes.npy", probes)
        peers = {
            kind: Peer(python, kind, folder)
            for kind in ("flat", "multihash")
            if kind == "flat" or (count < 10_000_000 and not name.endswith("skewed"))  # else minutes a round
        }
    compare(index, hashes, probes, peers)
    shutil.rmtree(folder / "index")


def measure_large(folder: Path, count: int) -> None:
    generator, index = np.random.default_rng(1), PerceptualIndex(folder)
    probes, built_s = make_random(2_000, generator), 0.0
    for low in range(0, count, PORTION):
        hashes = make_random(min(PORTION, count - low), generator)
        probes[low // PORTION * 50 : low // PORTION * 50 + 32] = flip(hashes[:32], np.arange(32), generator)
        start = time.process_time()
        index.append(hashes, np.arange(low + 1, low + len(hashes) + 1))
        built_s += time.process_time() - start
        del hashes
    size = sum(path.stat().st_size for path in folder.iterdir())
    print(f"{count:,} random: built in {built_s:.0f} s CPU, {size / count:.1f} bytes a hash, {peak_mb():,.0f} MB peak")
    start = time.perf_counter()
    fresh = PerceptualIndex(folder)
    fresh.search(probes[:0])
    print(f"  opened in {(time.perf_counter() - start) * 1e3:.1f} ms")
    start = time.perf_counter()
    fresh.search(probes[-1:])
    print(f"  first query (pages not yet mapped): {(time.perf_counter() - start) * 1e3:.1f} ms")
    found = len(fresh.search(probes)[0])
    single = median(time_us(lambda: [fresh.search(each[None]) for each in probes[:500]], 500) for _ in range(ROUNDS))
    batch = median(time_us(lambda: list(fresh.search_batches(probes)), 2_000) for _ in range(ROUNDS))
    planted = -(-count // PORTION) * 32
    print(f"  one at a time {single:.0f} us/query, all at once {batch:.0f} us/query; {found} found, {planted} planted")


def peak_mb() -> float:
    """Returns the most anonymous and mapped memory the process has held."""
    return int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0]) / 1024


def compare(
    index: PerceptualIndex, hashes: NDArray[np.uint8], probes: NDArray[np.uint8], peers: dict[str, Peer]
) -> None:
    count = len(hashes)
    asked = max(20, min(500, 40_000_000 // count))
    times: dict[str, list[float]] = {}
    index.search(probes)
    for _ in range(ROUNDS):
        for kind, peer in peers.items():
            us, pairs = peer.search(asked)
            times.setdefault(kind, []).append(us)
            check(kind, index, probes[:asked], pairs)
        times.setdefault("one at a time", []).append(
            time_us(lambda: [index.search(each[None]) for each in probes], 2_000)
        )
        times.setdefault("all at once", []).append(time_us(lambda: list(index.search_batches(probes)), 2_000))
    ours = median(times["all at once"])
    for kind, each in times.items():
        print(f"  {kind}: {median(each):.1f} us/query, {median(each) / ours:.0f}x", flush=True)
    for kind, peer in peers.items():
        print(f"  {kind} built in {peer.build_s:.1f} s")
        peer.close()
    found = sum(len(rows) for rows, _, _ in index.search_batches(probes))
    hot = hashes[: count // 9 : count // 20]
    agreed = agrees(hashes, np.concatenate([hot, probes[:40:2]]), index)
    print(f"  found {found:,} pairs; brute force of 23 probes agrees: {agreed}")


def check(kind: str, index: PerceptualIndex, probes: NDArray[np.uint8], pairs: set[tuple[int, int]]) -> None:
    rows, ids, _ = index.search(probes)
    ours = set(zip(rows.tolist(), (ids - 1).tolist(), strict=True))
    if ours != pairs:
        print(f"  DIFFERENT from {kind}: {len(ours - pairs)} more, {len(pairs - ours)} fewer")


def agrees(hashes: NDArray[np.uint8], probes: NDArray[np.uint8], index: PerceptualIndex) -> bool:
    words = hashes.view(np.uint64)
    for probe in probes:
        distance = np.bitwise_count(words ^ probe.view(np.uint64)).sum(axis=1, dtype=np.int64)
        _, ids, found = index.search(probe[None])
        wanted = np.flatnonzero(distance <= 31)
        if sorted(ids - 1) != wanted.tolist() or sorted(found) != sorted(distance[wanted]):
            return False
    return True


def time_us(search: Callable[[], object], probes: int) -> float:
    start = time.process_time()
    search()
    return (time.process_time() - start) / probes * 1e6


def make_random(count: int, generator: np.random.Generator) -> NDArray[np.uint8]:
    return generator.integers(0, 256, (count, 32), dtype=np.uint8)


def make_like(base: NDArray[np.uint8], count: int, generator: np.random.Generator) -> NDArray[np.uint8]:
    """Returns the hashes of pictures, filled up with random ones whose bits are correlated as theirs are.

    The bits of normal vectors with the correlation that gives signs the measured correlation, sin(pi / 2 * r).
    """
    if count <= len(base):
        return base[generator.choice(len(base), count, replace=False)]
    bits = np.unpackbits(base, axis=1)
    strengths, directions = np.linalg.eigh(np.sin(np.pi / 2 * np.corrcoef(bits.T)))
    factor = (directions * np.sqrt(strengths.clip(0))).T.astype(np.float32)
    hashes = np.empty((count, 32), np.uint8)
    hashes[-len(base) :] = base
    for low in range(0, count - len(base), 50_000):
        part = generator.standard_normal((min(50_000, count - len(base) - low), 256), np.float32) @ factor
        hashes[low : low + len(part)] = np.packbits(part > np.median(part, axis=1, keepdims=True), axis=1)
    return hashes


def make_skewed(count: int, generator: np.random.Generator) -> NDArray[np.uint8]:
    """Returns a tenth equal hashes, a tenth near one value, the rest with half of their bytes constant."""
    hashes = make_random(count, generator)
    hashes[:, ::4] = 0x55
    hashes[:, 1::4] = 0x0F
    if count > 100_000:  # probes meet these too, in `agrees`, but each of them finds a tenth of all
        tenth = count // 10
        hashes[:tenth] = 0
        hashes[tenth : 2 * tenth] = 0xAA
        for _ in range(2):
            hashes[np.arange(tenth, 2 * tenth), generator.integers(0, 32, tenth)] ^= generator.integers(
                0, 256, tenth
            ).astype(np.uint8)
    return hashes


def flip(hashes: NDArray[np.uint8], counts: NDArray[np.int64], generator: np.random.Generator) -> NDArray[np.uint8]:
    order = generator.random((len(hashes), 256)).argsort(axis=1)
    return np.packbits(np.unpackbits(hashes, axis=1) ^ (order < counts[:, None]), axis=1)


if __name__ == "__main__":
    main()
