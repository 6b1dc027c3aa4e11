"""Exact search of perceptual hashes within 31 bits: 100,000 probes in 100,000 hashes, beside a linear scan.

Usage: python benchmarks/perceptual.py [HASHES] [PROBES]
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from varde.known.perceptual import HashIndex

SCANNED = 200


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("hashes", type=int, nargs="?", default=100_000)
    parser.add_argument("probes", type=int, nargs="?", default=100_000)
    arguments = parser.parse_args()
    kinds: dict[str, Callable[[int, np.random.Generator], NDArray[np.uint8]]] = {
        "random": make_random,
        "balanced, correlated": make_correlated,
    }
    for name, make in kinds.items():
        generator = np.random.default_rng(1)
        measure(name, make(arguments.hashes, generator), make(arguments.probes, generator), generator)


def measure(name: str, hashes: NDArray[np.uint8], probes: NDArray[np.uint8], generator: np.random.Generator) -> None:
    planted = min(len(hashes), len(probes)) // 2
    probes[:planted] = flip(hashes[:planted], np.arange(planted) % 32, generator)
    Path("/proc/self/clear_refs").write_text("5")  # Linux: forget the peak of making the hashes
    before = peak_mb()
    start = time.process_time()
    index = HashIndex(hashes, np.arange(len(hashes)))
    built = time.process_time()
    probe, found, _ = index.search(probes, 31)
    searched = time.process_time()
    recalled = int(((probe == found) & (probe < planted)).sum())
    scanned_s = scan(hashes, probes[:SCANNED])
    per_probe_s = (searched - built) / len(probes)
    print(
        f"{name}: {len(probes):,} probes in {len(hashes):,} hashes: build {built - start:.2f} s, "
        f"search {searched - built:.1f} s CPU ({per_probe_s * 1e6:.0f} us/probe, "
        f"{scanned_s / SCANNED / per_probe_s:.0f}x over a linear scan), {len(probe):,} found, "
        f"{recalled:,} of {planted:,} planted, peak memory +{peak_mb() - before:.0f} MB",
        flush=True,
    )


def make_random(count: int, generator: np.random.Generator) -> NDArray[np.uint8]:
    return generator.integers(0, 256, (count, 32), dtype=np.uint8)


def make_correlated(count: int, generator: np.random.Generator) -> NDArray[np.uint8]:
    """Returns hashes worse than PDQ's: half the bits set, neighbours correlated, one in fifty of 20 common values."""
    smooth = generator.standard_normal((count, 256 + 3)).astype(np.float32)
    smooth = sum(smooth[:, shift : shift + 256] for shift in range(4))
    bits = smooth > np.median(smooth, axis=1, keepdims=True)
    common = generator.integers(0, 20, count // 50)
    bits[: len(common)] = bits[-20:][common]
    hashes = np.packbits(bits, axis=1)
    generator.shuffle(hashes)
    return hashes


def flip(hashes: NDArray[np.uint8], counts: NDArray[np.int64], generator: np.random.Generator) -> NDArray[np.uint8]:
    order = generator.random((len(hashes), 256)).argsort(axis=1)
    return np.packbits(np.unpackbits(hashes, axis=1) ^ (order < counts[:, None]), axis=1)


def scan(hashes: NDArray[np.uint8], probes: NDArray[np.uint8]) -> float:
    """Returns the CPU seconds of comparing every probe with every hash."""
    words, start = hashes.view(np.uint64), time.process_time()
    for probe in probes.view(np.uint64):
        np.flatnonzero(np.bitwise_count(words ^ probe).sum(axis=1, dtype=np.int64) <= 31)
    return time.process_time() - start


def peak_mb() -> float:
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


if __name__ == "__main__":
    main()
