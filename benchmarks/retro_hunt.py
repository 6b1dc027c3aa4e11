"""New known entries over every stored probe: the kernel's part of a retro-hunt, beside faiss in the same run.

Usage: python benchmarks/retro_hunt.py [--entries N] [--probes M] [--peer PYTHON] [--folder FOLDER]

PYTHON is an interpreter with `faiss-cpu` and `numpy`: its MultiHash index of the entries meets a sample of the probes.
"""

from __future__ import annotations

import argparse
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np

from varde.known.perceptual import HashIndex
from varde.known.probe_column import ProbeColumn, Probes

PORTION = 500_000
SAMPLE = 100_000
PEER = """
import sys, time, numpy as np, faiss
faiss.omp_set_num_threads(1)
index = faiss.IndexBinaryMultiHash(256, 16, 16)
index.nflip = 1
index.add(np.load(sys.argv[1]))
probes = np.load(sys.argv[2])
start = time.process_time()
index.range_search(probes, 32)
print((time.process_time() - start) / len(probes) * 1e6)
"""


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--entries", type=int, default=10_000)
    parser.add_argument("--probes", type=float, default=1e6)
    parser.add_argument("--peer")
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()))
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
        measure(Path(folder), arguments.entries, int(arguments.probes), arguments.peer)


def measure(folder: Path, entries: int, count: int, python: str | None) -> None:
    generator, column = np.random.default_rng(1), ProbeColumn(folder / "column")
    planted = []
    for low in range(0, count, PORTION):
        rows = min(PORTION, count - low)
        hashes = generator.integers(0, 256, (rows, 32), dtype=np.uint8)
        planted.append(hashes[: max(1, entries * rows // count // 2)].copy())
        places = np.zeros(rows, np.int32), np.zeros(rows, np.uint8)
        column.append(Probes(np.arange(low + 1, low + rows + 1), *places, hashes))
    new = np.concatenate([*planted, generator.integers(0, 256, (entries, 32), dtype=np.uint8)])[:entries]
    wanted = sum(len(part) for part in planted)
    new[:wanted, 9] ^= 0x55  # four bits away from a stored probe
    start = time.process_time()
    index = HashIndex(new, np.arange(entries))
    building = time.process_time() - start
    start, wall = time.process_time(), time.perf_counter()
    found = sum(len(matches.ids) for matches in column.scan(index, 31))
    spent, passed = time.process_time() - start, time.perf_counter() - wall
    print(
        f"{entries:,} entries over {count:,} probes: index {building:.2f} s, scan {spent:.1f} s CPU in {passed:.1f} s,"
    )
    print(f"  {spent / count * 1e6:.2f} us a probe; {found:,} found, {wanted:,} planted")
    if python:
        np.save(folder / "entries.npy", new)
        np.save(folder / "probes.npy", hashes[:SAMPLE])
        command = [python, "-c", PEER, str(folder / "entries.npy"), str(folder / "probes.npy")]
        peer = float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
        print(f"  faiss MultiHash {peer:.1f} us a probe: {peer / (spent / count * 1e6):.0f}x")


if __name__ == "__main__":
    main()
