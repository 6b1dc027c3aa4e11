"""Extraction of noise residuals and fingerprints beside prnu-python in the same run: CPU time, equality, memory.

Usage: python benchmarks/camera_residual.py --peer PYTHON --peer-source FOLDER PHOTO... [--references PHOTO...]

PYTHON is an interpreter with what prnu-python needs (NumPy 1.23, SciPy, PyWavelets, scikit-learn, tqdm, Pillow), FOLDER
holds its functions as `prnu.py`; `--rounds N` takes other than three rounds. All on one thread; the programs take
turns, medians of CPU time (lowest and highest) are told, in milliseconds a megapixel. Memory is the peak of a fresh
process above what it held with the decoded picture, in megabytes a megapixel.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from PIL import Image

from varde.camera import residual
from varde.camera.fingerprint import ReferenceSource, build_fingerprint
from varde.camera.fingerprint_sums import FingerprintSums
from varde.camera.residual import Residual, Workspace, extract_published, extract_residual
from varde.core.camera import FingerprintKind
from varde.core.limits import DecodeLimits
from varde.core.outcome import NotComparable
from varde.media.sensor import read_sensor_picture

PEER = """
import sys, time, json, warnings
warnings.simplefilter("ignore")
import numpy as np
from PIL import Image
sys.path.insert(0, sys.argv[1])
import prnu
def read(path):
    return np.array(Image.open(path).convert("RGB"))
def status(name):
    return next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith(name)) * 1024
print("ready", flush=True)
for line in sys.stdin:
    order = json.loads(line)
    picture = read(order["paths"][0])
    start = time.process_time()
    if order["what"] == "extract":
        found = prnu.extract_single(picture)
        spent = time.process_time() - start
        np.save(order["out"], found)
        answer = spent
    elif order["what"] == "memory":
        open("/proc/self/clear_refs", "w").write("5")
        before = status("VmRSS")
        prnu.extract_single(picture)
        answer = status("VmHWM") - before
    else:
        prnu.extract_multiple_aligned([read(path) for path in order["paths"]], processes=1, tqdm_str=None)
        answer = time.process_time() - start
    print(json.dumps(answer), flush=True)
"""
MEMORY = """
import sys
import numpy as np
from PIL import Image
from varde.camera.residual import Workspace, extract_published, extract_residual, warm_up
def status(name):
    return next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith(name)) * 1024
picture = np.array(Image.open(sys.argv[1]).convert(sys.argv[2]))
warm_up()
open("/proc/self/clear_refs", "w").write("5")
before = status("VmRSS")
(extract_published if sys.argv[2] == "RGB" else extract_residual)(picture)
print(status("VmHWM") - before)
"""


class Peer:
    """prnu-python in a process of its own."""

    def __init__(self, python: str, source: str) -> None:
        environment = os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        command = [python, "-c", PEER, source]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
        )
        self._read()

    def ask(self, what: str, paths: list[Path], out: Path | None = None) -> float:
        """Returns seconds of CPU, or bytes."""
        assert self._process.stdin
        order = {"what": what, "paths": [str(path) for path in paths], "out": str(out)}
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        return float(json.loads(self._read()))

    def close(self) -> None:
        self._process.communicate()

    def _read(self) -> str:
        assert self._process.stdout
        return self._process.stdout.readline()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("photos", type=Path, nargs="+")
    parser.add_argument("--references", type=Path, nargs="*", default=[])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--peer", required=True)
    parser.add_argument("--peer-source", required=True)
    options = parser.parse_args()
    residual.warm_up()
    peer = Peer(options.peer, options.peer_source)
    with tempfile.TemporaryDirectory() as folder:
        measure_extraction(peer, options.photos * options.rounds, Path(folder))
    if options.references:
        measure_fingerprint(peer, options.references, options.rounds)
    peer.close()
    measure_memory(options)


def measure_extraction(peer: Peer, photos: list[Path], folder: Path) -> None:
    times: dict[str, list[float]] = {}
    worst, faults = 0.0, []
    for path in photos:
        difference, fault = measure_photo(peer, path, folder / "peer.npy", times)
        worst = max(worst, difference)
        faults.append(fault)
    show(times, "prnu-python, extract_single")
    print(f"largest difference of the exact mode: {worst:.1e} of the residual's standard deviation")
    print(f"page faults of the default with a workspace: {median(faults):.1f} a megapixel")


def measure_photo(peer: Peer, path: Path, out: Path, times: dict[str, list[float]]) -> tuple[float, float]:
    """Adds one photo's times; returns the exact mode's largest difference and the default's page faults."""
    rgb = np.array(Image.open(path).convert("RGB"))
    luma = np.array(Image.open(path).convert("L"))
    data, space, scale = path.read_bytes(), Workspace(*luma.shape), 1e9 / luma.size
    extract_published(rgb, workspace=space), extract_residual(luma, workspace=space)
    add(times, "prnu-python, extract_single", scale * peer.ask("extract", [path], out))
    add(times, "exact, three channels", scale * take(lambda: extract_published(rgb, workspace=space)))
    wanted = np.load(out)
    difference = float(np.abs(extract_published(rgb, workspace=space) - wanted).max() / wanted.std())
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    add(times, "default, luma", scale * take(lambda: extract_residual(luma, workspace=space)))
    faults = (resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before) * scale / 1e3
    add(times, "default, luma, own memory each time", scale * take(lambda: extract_residual(luma)))
    add(times, "bare noise of a luma", scale * take(lambda: residual.extract_noise(luma, space)))
    add(times, "decode RGB (Pillow)", scale * take(lambda: np.array(Image.open(path).convert("RGB"))))
    add(times, "decode luma (varde)", scale * take(lambda: read_sensor_picture(data, DecodeLimits())))
    return difference, faults


def measure_fingerprint(peer: Peer, references: list[Path], rounds: int) -> None:
    times: dict[str, list[float]] = {}
    scale = 1e3 / len(references) / (np.prod(Image.open(references[0]).size) / 1e6)
    for _ in range(rounds):
        add(times, "prnu-python, extract_multiple_aligned", scale * peer.ask("fingerprint", references))
        add(times, "sums of one pass", scale * take(lambda: sum_once(references)))
        add(times, "whole, with outlier test", scale * take(lambda: build(references)))
    print("\nA reference of a fingerprint, decoded from JPEG, and its share of the end:")
    show(times, "prnu-python, extract_multiple_aligned")


def read_residuals(references: list[Path]) -> Iterator[tuple[ReferenceSource, Residual | NotComparable]]:
    space: Workspace | None = None
    for number, path in enumerate(references):
        pixels: Any = read_sensor_picture(path.read_bytes(), DecodeLimits()).pixels
        space = space or Workspace(*pixels.shape)
        yield ReferenceSource(path.name, bytes([number]) * 32), extract_residual(pixels, workspace=space)


def sum_once(references: list[Path]) -> None:
    sums: FingerprintSums | None = None
    for _, found in read_residuals(references):
        assert isinstance(found, Residual)
        sums = sums or FingerprintSums(*found.values.shape)
        sums.add(found)
    assert sums
    sums.clean()


def build(references: list[Path]) -> None:
    made = build_fingerprint(lambda: read_residuals(references), FingerprintKind.PHOTO)
    assert not isinstance(made, NotComparable), made


def measure_memory(options: argparse.Namespace) -> None:
    path = options.photos[0]
    pixels = np.prod(Image.open(path).size)
    peer = Peer(options.peer, options.peer_source)
    rows = {"prnu-python, extract_single": peer.ask("memory", [path])}
    peer.close()
    for name, mode in (("exact, three channels", "RGB"), ("default, luma", "L")):
        command = [sys.executable, "-c", MEMORY, str(path), mode]
        rows[name] = float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    print("\nPeak of memory, MB a megapixel:")
    for name, used in rows.items():
        print(f"| {name} | {used / pixels:.1f} |")


def take(what: Callable[[], object]) -> float:
    start = time.process_time()
    what()
    return time.process_time() - start


def add(times: dict[str, list[float]], name: str, value: float) -> None:
    times.setdefault(name, []).append(value)


def show(times: dict[str, list[float]], against: str) -> None:
    one = median(times[against])
    for name, values in times.items():
        middle = median(values)
        print(f"| {name} | {middle:.1f} ({min(values):.1f}-{max(values):.1f}) | {one / middle:.1f}x |")


if __name__ == "__main__":
    main()
