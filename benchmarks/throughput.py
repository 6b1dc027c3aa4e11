"""CPU time per photograph for digests, decoding and PDQ, against threatexchange's own hashing in the same run.

Needs the dependency group ``peers``. Usage: ``python benchmarks/throughput.py [--output FILE] FOLDER ...``; reads every
JPEG of 2 to 12.5 megapixels below the folders.
"""

from __future__ import annotations

import argparse
import io
import multiprocessing
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from PIL import Image

from varde.core.limits import DecodeLimits
from varde.core.signal import PerceptualHash
from varde.hashing.digests import compute_digests
from varde.hashing.pdq import MIN_QUALITY, compute_pdq, distance
from varde.hashing.variants import compute_pdq_variants
from varde.media.grey import decode_luma
from varde.media.metadata import read_metadata
from varde.media.picture import read_picture, warm_up
from varde.media.thumbnails import make_jpeg_thumbnail

LIMITS = DecodeLimits()
STAGES = ("digests", "decode", "PDQ", "variants", "metadata", "thumbnail")


@dataclass
class Times:
    """CPU milliseconds of one photograph, the best of all rounds."""

    megapixels: float
    megabytes: float
    progressive: bool
    best: dict[str, float] = field(default_factory=dict)

    def take(self, name: str, work: Callable[[], object]) -> object:
        start = time.process_time()
        result = work()
        spent = (time.process_time() - start) * 1e3
        self.best[name] = min(spent, self.best.get(name, spent))
        return result

    @property
    def hashing(self) -> float:
        return sum(self.best[stage] for stage in STAGES[:3])


def decode(data: bytes) -> np.ndarray:
    image = Image.open(io.BytesIO(data))
    image.draft("L", image.size)
    return decode_luma(image, clear=False)


def find_photographs(folders: list[Path]) -> list[Path]:
    found = []
    for path in sorted(path for folder in folders for path in folder.rglob("*") if path.is_file()):
        with path.open("rb") as file:
            if file.read(3) != b"\xff\xd8\xff":
                continue
        with Image.open(path) as image:
            if 2e6 <= image.width * image.height <= 12.5e6:
                found.append(path)
    return found


def measure(path: Path, rounds: int, drifts: list[int]) -> Times:
    from threatexchange.signal_type.pdq.pdq_hasher import pdq_from_bytes
    from threatexchange.signal_type.pdq.signal import PdqSignal

    data = path.read_bytes()
    with Image.open(io.BytesIO(data)) as image:
        times = Times(image.width * image.height / 1e6, len(data) / 1e6, "progressive" in image.info)
    for _ in range(rounds):
        times.take("threatexchange", lambda: PdqSignal.hash_from_bytes(data))
        times.take("digests", lambda: compute_digests([data]))
        grey = times.take("decode", lambda: decode(data))
        outcome = times.take("PDQ", lambda: compute_pdq(grey))  # noqa: B023
        times.take("PDQ and variants", lambda: compute_pdq_variants(grey))  # noqa: B023
        times.best["variants"] = max(0.0, times.best["PDQ and variants"] - times.best["PDQ"])
        times.take("metadata", lambda: read_metadata(data))
        times.take("thumbnail", lambda: make_jpeg_thumbnail(data, 1, LIMITS))
    their_hash, their_quality = pdq_from_bytes(data)
    if isinstance(outcome, PerceptualHash) and their_quality >= MIN_QUALITY:
        drifts.append(distance(outcome.value, bytes.fromhex(their_hash)))
    return times


def process(path: Path) -> int:
    data = path.read_bytes()
    compute_digests([data])
    compute_pdq_variants(read_picture(data, LIMITS).grey)
    return len(data)


def measure_workers(paths: list[Path], workers: int, repeats: int) -> tuple[float, float]:
    """Pictures per second and megabytes per second with everything Varde does to a picture, reading files."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=context, initializer=warm_up) as pool:
        list(pool.map(process, paths[: 2 * workers]))
        start = time.perf_counter()
        sizes = list(pool.map(process, paths * repeats, chunksize=4))
        wall = time.perf_counter() - start
    return len(sizes) / wall, sum(sizes) / 1e6 / wall


def write_report(all_times: list[Times], drifts: list[int], workers: tuple[float, float], load: float) -> str:
    def row(title: str, values: list[float]) -> str:
        return f"| {title} | {statistics.median(values):.1f} | {statistics.mean(values):.1f} |"

    def ratio(chosen: list[Times]) -> float:
        return sum(times.best["threatexchange"] for times in chosen) / sum(times.hashing for times in chosen)

    ratios = [times.best["threatexchange"] / times.hashing for times in all_times]
    total = {stage: sum(times.best[stage] for times in all_times) for stage in STAGES}
    theirs = sum(times.best["threatexchange"] for times in all_times)
    ours = sum(total[stage] for stage in STAGES[:3])
    everything = sum(total.values())
    progressive = [times for times in all_times if times.progressive]
    baseline = [times for times in all_times if not times.progressive]
    megapixels = [times.megapixels for times in all_times]
    megabytes = [times.megabytes for times in all_times]
    limit = total["decode"] + total["digests"]
    p90, p99 = (np.percentile(drifts, share, method="higher") for share in (90, 99))
    lines = [
        "# Throughput of digests, decoding and PDQ",
        "",
        f"Date: {datetime.now(UTC):%Y-%m-%d}. Machine: {os.cpu_count()} cores, {platform.machine()}, shared and noisy,",
        f"load {load:.1f} at the end; Python {platform.python_version()}, numpy {np.__version__},",
        f"Pillow {Image.__version__}; BLAS on one thread. Made by `benchmarks/throughput.py`. Trust the ratios.",
        "",
        f"{len(all_times)} JPEG photographs of {min(megapixels):.1f}-{max(megapixels):.1f} megapixels,",
        f"{len(progressive)} of them progressive, on average {statistics.mean(megapixels):.1f} MP and",
        f"{statistics.mean(megabytes):.2f} MB, from memory. CPU time; both sides alternate on each photograph;",
        "the best of the rounds counts on both sides.",
        "",
        "| CPU ms per photograph | median | mean |",
        "| --- | --- | --- |",
        row("`threatexchange` PdqSignal.hash_from_bytes: decode + PDQ", [t.best["threatexchange"] for t in all_times]),
        row("Varde: digests + decode + PDQ", [t.hashing for t in all_times]),
        *(row(f"- of this {stage}", [t.best[stage] for t in all_times]) for stage in STAGES[:3]),
        *(row(f"Varde besides: {stage}", [t.best[stage] for t in all_times]) for stage in STAGES[3:]),
        "",
        f"**Ratio per core, digests + decode + PDQ against the peer's decode + PDQ: by sums {theirs / ours:.1f}x,",
        f"median {statistics.median(ratios):.1f}x, smallest {min(ratios):.1f}x** (goal: >= 10x).",
        f"Without the digests, which the peer does not compute: {theirs / (ours - total['digests']):.1f}x.",
        f"With variants, metadata and thumbnail on top: {theirs / everything:.1f}x.",
        *([f"Baseline files {ratio(baseline):.1f}x, progressive {ratio(progressive):.1f}x."] if progressive else []),
        "",
        f"Decoding and digesting, the limit, are {100 * limit / ours:.0f} % of hashing. Share of all that is done to a",
        "photograph: " + ", ".join(f"{stage} {100 * total[stage] / everything:.0f} %" for stage in STAGES) + ".",
        f"PDQ alone takes {total['PDQ'] / sum(megapixels):.2f} ms per megapixel.",
        "",
        f"Two worker processes, reading files, all of it: **{workers[0]:.1f} pictures/s, {workers[1]:.1f} MB/s**",
        "(wall time, so it depends on what else runs).",
        "",
        f"Distance of Varde's hash to threatexchange's, {len(drifts)} of the files with quality >= {MIN_QUALITY}:",
        f"median {np.median(drifts):.0f}, p90 {p90:.0f}, p99 {p99:.0f}, largest {max(drifts)} of 256 bits",
        "(goal: p99 <= 2). The others are flat fields (test shots of an empty wall).",
        "",
    ]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--output", type=Path)
    arguments = parser.parse_args()
    if os.environ.get("OPENBLAS_NUM_THREADS") != "1":
        os.execve(sys.executable, [sys.executable, *sys.argv], {**os.environ, "OPENBLAS_NUM_THREADS": "1"})
    warm_up()
    paths = find_photographs(arguments.folders)
    drifts: list[int] = []
    all_times = []
    for number, path in enumerate(paths, 1):
        all_times.append(measure(path, arguments.rounds, drifts))
        print(f"\r{number}/{len(paths)}", end="", file=sys.stderr)
    workers = measure_workers(paths, workers=2, repeats=3)
    report = write_report(all_times, drifts, workers, os.getloadavg()[0])
    print(report)
    if arguments.output:
        arguments.output.write_text(report, encoding="utf-8")


if __name__ == "__main__":
    main()
