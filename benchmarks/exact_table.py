"""Digests to entry ids: look-ups a second, bytes a row, building, merging and opening.

Usage: python benchmarks/exact_table.py [--rows N] [--folder FOLDER]
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path
from statistics import median

import numpy as np

from varde.core.digest import DigestAlgorithm
from varde.known.exact import ExactTable

PORTION = 10_000_000
ASKED = 1_000_000
ROUNDS = 5
SHA1 = DigestAlgorithm.SHA1


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=float, default=1e6)
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()))
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
        measure(Path(folder), int(arguments.rows))


def measure(folder: Path, rows: int) -> None:
    generator, table, present = np.random.default_rng(1), ExactTable(folder), []
    building = 0.0
    for low in range(0, rows, PORTION):
        digests = generator.integers(0, 256, (min(PORTION, rows - low), 20), dtype=np.uint8)
        present.append(digests[: ASKED * len(digests) // rows].copy())
        start = time.process_time()
        table.append(SHA1, digests, np.arange(low + 1, low + len(digests) + 1))
        building += time.process_time() - start
    start = time.process_time()
    fewer = table.merge()
    merging = time.process_time() - start
    size = sum(path.stat().st_size for path in folder.iterdir())
    print(
        f"{rows:,} rows: {size / rows:.1f} bytes a row; appended in {building:.0f} s, {fewer} merged in {merging:.0f} s"
    )
    start = time.perf_counter()
    fresh = ExactTable(folder)
    fresh.find(SHA1, digests[:1])
    print(f"opened and first look-up: {(time.perf_counter() - start) * 1e3:.1f} ms")
    absent = generator.integers(0, 256, (ASKED, 20), dtype=np.uint8)
    tell("misses, a million together", fresh, absent, len(absent))
    tell("hits, a million together", fresh, np.concatenate(present), 1_000_000)
    tell("misses, one at a time", fresh, absent[:2_000], 1)


def tell(what: str, table: ExactTable, digests: np.ndarray, together: int) -> None:
    rates = []
    for _ in range(ROUNDS):
        start = time.process_time()
        found = sum(len(table.find(SHA1, digests[at : at + together])[0]) for at in range(0, len(digests), together))
        rates.append(len(digests) / (time.process_time() - start))
    print(f"{what}: {median(rates):,.0f} a second of CPU ({found:,} of {len(digests):,} found)")


if __name__ == "__main__":
    main()
