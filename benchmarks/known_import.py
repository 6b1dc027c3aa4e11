"""Reading a VICS file of a million entries: rate and memory of the reader, beside an event parser (ijson).

Usage: python benchmarks/known_import.py [COUNT] [--case] [--minified]
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from varde.known.format import ReadOptions
from varde.known.formats.vics import VicsFormat
from varde.testing.known_files import write_vics


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("count", type=int, nargs="?", default=1_000_000)
    parser.add_argument("--case", action="store_true")
    parser.add_argument("--minified", action="store_true")
    parser.add_argument("--read", metavar="FILE", help=argparse.SUPPRESS)
    parser.add_argument("--peer", metavar="FILE", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.read or arguments.peer:
        measure(Path(arguments.read or arguments.peer), peer=bool(arguments.peer), case=arguments.case)
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "made-up.json"
        write_vics(
            path,
            arguments.count,
            wrapping="case" if arguments.case else "set",
            minified=arguments.minified,
            pdq_share=0.3,
        )
        print(f"{arguments.count:,} entries, {path.stat().st_size / 1e6:.0f} MB", flush=True)
        flags = ["--case"] if arguments.case else []
        for how in ("--read", "--peer"):
            subprocess.run([sys.executable, __file__, how, str(path), *flags], check=True)


def measure(path: Path, *, peer: bool, case: bool) -> None:
    before = _peak_mb()
    cpu_s, wall_s = time.process_time(), time.perf_counter()
    count = count_with_peer(path, case=case) if peer else count_entries(path)
    cpu_s, wall_s = time.process_time() - cpu_s, time.perf_counter() - wall_s
    name = "ijson yajl2_c, plain objects" if peer else "varde.known, whole entries"
    growth = _peak_mb() - before
    print(
        f"{name}: {count:,} entries, {cpu_s:.1f} s CPU ({wall_s:.1f} s wall), {count / cpu_s:,.0f} entries/s, "
        f"{path.stat().st_size / 1e6 / cpu_s:.0f} MB/s, peak memory +{growth:.0f} MB over {before:.0f} MB",
        flush=True,
    )


def count_entries(path: Path) -> int:
    with VicsFormat().open(path, ReadOptions()) as opened:
        return sum(1 for _ in opened.entries)


def count_with_peer(path: Path, *, case: bool) -> int:
    import ijson

    backend = ijson.get_backend("yajl2_c")
    with path.open("rb") as file:
        return sum(1 for _ in backend.items(file, "value.item.Media.item" if case else "value.item"))


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
