"""The main job at scale: many small pictures against many known entries, with the memory of all processes together.

Usage: python benchmarks/scale.py FOLDER [--pictures 100000] [--entries 100000] [--only-import 1000000]

Everything runs through the command line in processes of its own, as a person would run it. FOLDER is made and kept, so
that a second start measures again without generating.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import psutil

from varde.testing.known_files import write_vics
from varde.testing.picture_files import make_small_jpeg

PER_FOLDER = 1000


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--pictures", type=int, default=100_000)
    parser.add_argument("--entries", type=int, default=100_000)
    arguments = parser.parse_args()
    evidence = make_pictures(arguments.folder / f"pictures-{arguments.pictures}", arguments.pictures)
    known = make_known(arguments.folder / f"known-{arguments.entries}.json", arguments.entries)
    site = arguments.folder / f"site-{int(time.time())}"
    run(site, "init", str(site))
    run(site, "case", "new", "scale")
    report("import of known entries", arguments.entries, run(site, "known", "import", str(known)))
    if arguments.pictures:
        run(site, "exhibit", "add", "scale", str(evidence))
        report("first run", arguments.pictures, run(site, "process", "scale"))
        report("second run", 0, run(site, "process", "scale"))
        report("report", arguments.pictures, run(site, "report", "scale", "--output", str(site) + "-report"))
        shown = subprocess.run(command(site, "case", "show", "scale", "--json"), capture_output=True, check=True)
        counts = json.loads(shown.stdout)
        print({name: counts[name] for name in ("items", "issues", "waiting", "places", "hashed", "matched")})
    size = sum(path.stat().st_size for path in site.rglob("*") if path.is_file())
    print(f"site on disk: {size / 1e6:,.0f} MB")


def make_pictures(folder: Path, count: int) -> Path:
    if folder.exists():
        return folder
    rng = np.random.default_rng(1)
    staging = folder.with_suffix(".making")
    for number in range(count):
        parent = staging / f"{number // PER_FOLDER:04d}"
        if number % PER_FOLDER == 0:
            parent.mkdir(parents=True, exist_ok=True)
        (parent / f"{number}.jpg").write_bytes(make_small_jpeg(rng))
    staging.mkdir(parents=True, exist_ok=True)
    staging.rename(folder)
    return folder


def make_known(path: Path, count: int) -> Path:
    if not path.exists():
        write_vics(path, count, pdq_share=1.0)
    return path


def command(site: Path, *words: str) -> list[str]:
    return [sys.executable, "-m", "varde.cli.main", "--site", str(site), *words]


def run(site: Path, *words: str) -> tuple[float, float]:
    """Returns wall seconds and the peak memory of all processes together in MB (PSS where the system has it)."""
    start, peak = time.perf_counter(), 0.0
    with subprocess.Popen(command(site, *words), stdout=subprocess.DEVNULL) as running:
        while running.poll() is None:
            peak = max(peak, measure_memory(running.pid))
            time.sleep(0.25)
    if running.returncode not in {0, 1}:
        sys.exit(f"{words} ended with {running.returncode}")
    return time.perf_counter() - start, peak


def measure_memory(pid: int) -> float:
    total = 0
    try:
        parent = psutil.Process(pid)
        for process in [parent, *parent.children(recursive=True)]:
            try:
                total += process.memory_full_info().pss if os.name == "posix" else process.memory_info().rss
            except psutil.Error:
                continue
    except psutil.Error:
        return 0.0
    return total / 1e6


def report(name: str, count: int, measured: tuple[float, float]) -> None:
    seconds, peak = measured
    rate = f", {count / seconds:,.0f}/s" if count else ""
    print(f"{name}: {seconds:.1f} s{rate}, peak memory of all processes {peak:,.0f} MB", flush=True)


if __name__ == "__main__":
    main()
