"""The whole `varde camera enrol` beside prnu-python in the same run: CPU time of all processes, peak of memory.

Usage: python benchmarks/camera_enrolment.py --peer PYTHON --peer-source FOLDER PHOTO... [--rounds N]

PYTHON and FOLDER as in camera_residual.py. All PHOTOS (five or more, of one camera and size) are enrolled in a new
site, and the first four: the difference takes starting off. The peer sums the first four, less its start. The programs
take turns, on one thread each; medians of CPU milliseconds a megapixel and reference (lowest and highest) are told.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

from PIL import Image

FEW = 4
PEER = """
import sys, warnings
warnings.simplefilter("ignore")
sys.path.insert(0, sys.argv[1])
import numpy as np, prnu
from PIL import Image
pictures = [np.asarray(Image.open(path).convert("RGB")) for path in sys.argv[2:]]
if pictures:
    prnu.extract_multiple_aligned(pictures, processes=1)
"""
ONE_THREAD = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photos", nargs="+", type=Path)
    parser.add_argument("--peer", required=True)
    parser.add_argument("--peer-source", required=True)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    photos: list[Path] = options.photos
    if len(photos) <= FEW:
        parser.error(f"name more than {FEW} photos")
    with Image.open(photos[0]) as first:
        megapixels = first.width * first.height / 1e6
    peer = [options.peer, "-c", PEER, options.peer_source]
    summed, enrolled = [], []
    for _ in range(options.rounds):
        theirs, ours = measure(photos, megapixels, peer)
        summed.append(theirs)
        enrolled.append(ours)
    print(f"prnu-python, sum of {FEW}: {tell(summed)} CPU ms a megapixel and reference")
    print(f"varde camera enrol of {len(photos)}: {tell(enrolled)} CPU ms a megapixel and reference")
    ratios = [theirs / ours for theirs, ours in zip(summed, enrolled, strict=True)]
    print(f"ratios, round by round: {', '.join(f'{ratio:.1f}' for ratio in ratios)}; median {median(ratios):.1f}")
    print(f"peak of memory of a process, enrolling {FEW} and {len(photos)}: {measure_peak(photos)} MiB")


def measure(photos: list[Path], megapixels: float, peer: list[str]) -> tuple[float, float]:
    """Returns what a reference costs the peer and the command, in CPU ms a megapixel."""
    few, many = enrol(photos[:FEW]), enrol(photos)
    ours = (many - few) / (len(photos) - FEW)
    summed, started = measure_cpu([*peer, *map(str, photos[:FEW])]), measure_cpu(peer)
    return 1000 * (summed - started) / FEW / megapixels, 1000 * ours / megapixels


def enrol(photos: list[Path]) -> float:
    """Returns the CPU seconds of enrolling photos in a new site, which is not counted."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "varde.cli.main", "--site", f"{folder}/site"]
        measure_cpu([*command[:-2], "init", f"{folder}/site"])
        return measure_cpu([*command, "camera", "enrol", "camera", *map(str, photos)])


def measure_cpu(command: list[str]) -> float:
    """Returns the CPU seconds of a command and all that it started."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, env={**os.environ, **ONE_THREAD}, check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def measure_peak(photos: list[Path]) -> str:
    """Returns the largest peaks of any process, in fresh ones, for few and for all photos."""
    program = "import resource, sys; from pathlib import Path; from camera_enrolment import enrol\n"
    program += "enrol([Path(name) for name in sys.argv[1:]])\n"
    program += "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024)"
    peaks = []
    for some in (photos[:FEW], photos):
        command = [sys.executable, "-c", program, *map(str, some)]
        done = subprocess.run(command, cwd=Path(__file__).parent, check=True, capture_output=True, text=True)
        peaks.append(done.stdout.strip())
    return " and ".join(peaks)


def tell(values: list[float]) -> str:
    return f"{median(values):.1f} ({min(values):.1f}-{max(values):.1f})"


if __name__ == "__main__":
    main()
