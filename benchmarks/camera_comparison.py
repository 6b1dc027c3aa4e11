"""Correlating a photograph with a fingerprint beside prnu-python in the same run: CPU time, agreement, memory.

Usage: python benchmarks/camera_comparison.py --peer PYTHON --peer-source FOLDER PHOTO REFERENCE...

PYTHON is an interpreter with what prnu-python needs, FOLDER holds its functions as `prnu.py`. The fingerprint is made
of the references; both programs get the same two arrays, on one thread; rounds alternate between the programs, medians
of CPU time (lowest and highest) are told, in milliseconds a megapixel. Memory is the peak of a fresh process above what
it held with both arrays read, in megabytes a megapixel.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median

import numpy as np

from varde.camera.compare import compare
from varde.camera.correlation import compute_signal, correlate, prepare, prepare_values, read_place, transform
from varde.camera.fingerprint import Fingerprint, ReferenceSource, build_fingerprint
from varde.camera.pce import compute_pce
from varde.camera.residual import Residual, extract_residual
from varde.core.camera import FingerprintKind, SearchExtent
from varde.core.limits import DecodeLimits
from varde.core.outcome import NotComparable
from varde.media.sensor import read_sensor_picture

ROUNDS = 5
STATUS = """
import sys, time, json
import numpy as np
def status(name):
    return next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith(name)) * 1024
def begin():
    open("/proc/self/clear_refs", "w").write("5")
    return status("VmRSS")
"""
PEER = (
    STATUS
    + """
sys.path.insert(0, sys.argv[1])
import prnu
probe, pattern = np.load(sys.argv[2]), np.load(sys.argv[3])
print("ready", flush=True)
for line in sys.stdin:
    one, other = probe.copy(), pattern.copy()  # it changes what it is given
    before, start = begin(), time.process_time()
    found = prnu.pce(prnu.crosscorr_2d(one, other))
    spent = time.process_time() - start
    print(json.dumps([spent, status("VmHWM") - before, float(found["pce"])]), flush=True)
"""
)
OURS = (
    STATUS
    + """
from varde.camera.correlation import correlate, prepare_values, read_place, transform
from varde.camera.pce import compute_pce
probe, pattern = np.load(sys.argv[1]), np.load(sys.argv[2])
small = prepare_values(pattern[:64, :64])
compute_pce(correlate(transform(probe[:64, :64], (64, 64)), small))
ready = prepare_values(pattern) if sys.argv[3] == "cached" else None
before = begin()
ready = ready or prepare_values(pattern)
compute_pce(correlate(transform(probe, ready.plane_px), ready))
print(status("VmHWM") - before)
"""
)


class Peer:
    """prnu-python in a process of its own, with the two arrays."""

    def __init__(self, python: str, source: str, arrays: list[Path]) -> None:
        environment = os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        command = [python, "-W", "ignore", "-c", PEER, source, *map(str, arrays)]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
        )
        self._read()

    def correlate(self) -> tuple[float, float, float]:
        """Returns seconds of CPU, bytes of memory, its PCE."""
        assert self._process.stdin
        self._process.stdin.write("go\n")
        self._process.stdin.flush()
        spent, memory, pce = json.loads(self._read())
        return float(spent), float(memory), float(pce)

    def close(self) -> None:
        self._process.communicate()

    def _read(self) -> str:
        assert self._process.stdout
        return self._process.stdout.readline()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("photo", type=Path)
    parser.add_argument("references", type=Path, nargs="+")
    parser.add_argument("--peer", required=True)
    parser.add_argument("--peer-source", required=True)
    options = parser.parse_args()
    residual, fingerprint = read(options.photo), build(options.references)
    signal = compute_signal(residual)
    with tempfile.TemporaryDirectory() as folder:
        arrays = [Path(folder) / name for name in ("probe.npy", "pattern.npy")]
        np.save(arrays[0], signal)
        np.save(arrays[1], fingerprint.values)
        peer = Peer(options.peer, options.peer_source, arrays)
        measure(peer, residual, signal, fingerprint)
        peer.close()
        for which in ("uncached", "cached"):
            command = [sys.executable, "-c", OURS, *map(str, arrays), which]
            used = float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
            print(f"memory of all shifts, {which}: {used / signal.size:.1f} MB a megapixel")


def read(path: Path) -> Residual:
    found = extract_residual(read_sensor_picture(path.read_bytes(), DecodeLimits()).pixels)  # type: ignore[arg-type]
    if isinstance(found, NotComparable):
        raise SystemExit(f"{path.name}: {found.detail}")
    return found


def build(references: list[Path]) -> Fingerprint:
    def give() -> Iterator[tuple[ReferenceSource, Residual | NotComparable]]:
        for number, path in enumerate(references):
            yield ReferenceSource(path.name, bytes([number]) * 32), read(path)

    made = build_fingerprint(give, FingerprintKind.PHOTO)
    if isinstance(made, NotComparable):
        raise SystemExit(made.detail)
    return made


def measure(peer: Peer, residual: Residual, signal: np.ndarray, fingerprint: Fingerprint) -> None:
    values, size = fingerprint.values, signal.shape
    ready = prepare(fingerprint)
    probe = transform(signal, ready.plane_px)
    ways: dict[str, Callable[[], object]] = {
        "all shifts, both spectra computed": lambda: compute_pce(
            correlate(transform(signal, ready.plane_px), prepare_values(values))
        ),
        "all shifts, fingerprint prepared": lambda: compute_pce(correlate(transform(signal, ready.plane_px), ready)),
        "all shifts, both prepared (1:N)": lambda: compute_pce(correlate(probe, ready)),
        "known alignment, both spectra computed": lambda: read_place(
            transform(signal, ready.plane_px), prepare_values(values), (0, 0)
        ),
        "known alignment, fingerprint prepared": lambda: read_place(transform(signal, ready.plane_px), ready, (0, 0)),
        "known alignment, both prepared (1:N)": lambda: read_place(probe, ready, (0, 0)),
        "`compare`, aligned, from residual to score": lambda: compare(
            residual, fingerprint, SearchExtent.ALIGNED, prepared=ready
        ),
    }
    for way in ways.values():
        way()  # compiled, and memory touched
    times: dict[str, list[float]] = {"prnu-python, crosscorr_2d and pce": []}
    scale, memory, theirs = 1e9 / signal.size, 0.0, 0.0
    for _ in range(ROUNDS):
        spent, memory, theirs = peer.correlate()
        times["prnu-python, crosscorr_2d and pce"].append(spent * scale)
        for name, way in ways.items():
            start = time.process_time()
            way()
            times.setdefault(name, []).append((time.process_time() - start) * scale)
    one = median(times["prnu-python, crosscorr_2d and pce"])
    for name, spent_each in times.items():
        middle = median(spent_each)
        print(f"| {name} | {middle:.1f} ({min(spent_each):.1f}-{max(spent_each):.1f}) | {one / middle:.1f}x |")
    print(f"{size[1]} x {size[0]}; PCE here {compute_pce(correlate(probe, ready)).pce:.1f}, peer's {theirs:.1f}")
    print(f"memory of prnu-python: {memory / signal.size:.1f} MB a megapixel")


if __name__ == "__main__":
    main()
