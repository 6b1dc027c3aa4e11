"""Exporting a set of many entries: rate and peak memory of each format, beside the import of the same set.

Usage: python benchmarks/known_export.py [COUNT]
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from varde.testing.known_files import write_vics

FORMATS = ("vics", "vics-1.3", "csv", "icse-csv", "threatexchange", "hash-list")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("count", type=int, nargs="?", default=200_000)
    count = parser.parse_args().count
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = folder / "made-up.json"
        write_vics(path, count, pdq_share=0.3)
        os.environ["VARDE_SITE"] = str(folder / "site")
        run("init", str(folder / "site"))
        _, _, base_mb = run("known", "list")
        print(f"`varde known list`, which loads the same modules: {base_mb:.0f} MB")
        _, import_s, memory_mb = run("known", "import", str(path), "--name", "made-up", "--version", "1")
        print(f"import: {count:,} entries, {path.stat().st_size / 1e6:.0f} MB", flush=True)
        print(f"| import | {import_s:.1f} s CPU, {count / import_s:,.0f} entries/s | 1.0 | {memory_mb:.0f} MB |")
        for format_name in FORMATS:
            out = folder / f"out-{format_name}"
            words = ["--hash", "md5"] if format_name == "hash-list" else []
            wall_s, cpu_s, memory_mb = run("known", "export", "made-up", str(out), "--format", format_name, *words)
            print(
                f"| {format_name} | {cpu_s:.1f} s CPU ({wall_s:.1f} s wall), {count / cpu_s:,.0f} entries/s | "
                f"{import_s / cpu_s:.2f} | {memory_mb:.0f} MB | {out.stat().st_size / 1e6:.0f} MB |",
                flush=True,
            )
            out.unlink()


def run(*words: str) -> tuple[float, float, float]:
    """Returns wall time and CPU time in seconds and the peak memory in MB of a command in a process of its own."""
    code = (
        "import resource, sys; from varde.cli.main import main; code = main(sys.argv[1:]); "
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, file=sys.stderr); sys.exit(code > 1)"
    )
    began, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run([sys.executable, "-c", code, *words], check=True, capture_output=True, text=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return time.perf_counter() - began, cpu_s, int(done.stderr.split()[-1]) / 1024


if __name__ == "__main__":
    main()
