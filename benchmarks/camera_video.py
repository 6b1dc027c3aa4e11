"""Reading a video's noise beside prnu-python's extraction of single frames in the same run: CPU time and memory.

Usage: python benchmarks/camera_video.py [--peer PYTHON --peer-source FOLDER] [--frames N] [--rounds N] [--output FILE]

PYTHON is an interpreter with what prnu-python needs, FOLDER holds its functions as `prnu.py`. It has no video, so it is
given single frames decoded beforehand: the least that summing a video with it would cost. Synthetic clips, H.264 by
x264 at 4 and 12 Mb/s, one thread each, rounds alternate; medians (lowest and highest).
"""

from __future__ import annotations

import argparse
import io
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

import numpy as np

from varde.camera import video
from varde.camera.fingerprint import METHOD, Fingerprint
from varde.camera.residual import Residual
from varde.camera.video_noise import FrameNoise
from varde.camera.video_sums import VideoSums
from varde.camera.video_weights import compute_gains
from varde.core.camera import FingerprintKind
from varde.core.limits import DecodeLimits
from varde.media.frame_luma import LumaFrame, open_luma_frames
from varde.testing.camera_videos import Stabilisation, take_video
from varde.testing.cameras import SyntheticSensor

PEER = """
import sys, time, json
import numpy as np
sys.path.insert(0, sys.argv[1])
import prnu
frame = np.load(sys.argv[2])
print("ready", flush=True)
for line in sys.stdin:
    start = time.process_time()
    prnu.extract_single(frame.copy())
    print(json.dumps(time.process_time() - start), flush=True)
"""
MEMORY = """
import io, sys
def status(name):
    return next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith(name)) / 1024
from varde.camera import video
video.warm_up()
data = open(sys.argv[1], "rb").read()
open("/proc/self/clear_refs", "w").write("5")
before = status("VmRSS")
video.extract_video_residual(io.BytesIO(data), limit_s=1000)
print(status("VmHWM") - before)
"""
CASES = (("720p", (720, 1280), 4_000_000), ("720p", (720, 1280), 12_000_000), ("1080p", (1080, 1920), 12_000_000))


class Peer:
    """prnu-python in a process of its own, with one frame."""

    def __init__(self, python: str, source: str, frame: Path) -> None:
        """Starts it."""
        command = [python, "-W", "ignore", "-c", PEER, source, str(frame)]
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, env={"OMP_NUM_THREADS": "1"})
        self._read()

    def _read(self) -> str:
        assert self._process.stdout
        return self._process.stdout.readline()

    def extract(self) -> float:
        """Returns its CPU seconds for one frame."""
        assert self._process.stdin
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return float(json.loads(self._read()))

    def close(self) -> None:
        """Ends it."""
        self._process.communicate("")


def measure(work: Callable[[], object]) -> float:
    """Returns CPU seconds."""
    start = time.process_time()
    work()
    return time.process_time() - start


def read_frames(data: bytes) -> list[LumaFrame]:
    """Returns all frames."""
    with open_luma_frames(io.BytesIO(data), DecodeLimits()) as frames:
        return list(frames)


def describe(values: list[float], frames: int = 1) -> str:
    """Returns milliseconds a frame: median (lowest and highest)."""
    each = sorted(value / frames * 1000 for value in values)
    return f"{median(each):.1f} ({each[0]:.1f}-{each[-1]:.1f})"


def run_case(name: str, size: tuple[int, int], rate: int, options: argparse.Namespace) -> Iterator[str]:
    """Yields the lines of one kind of clip."""
    sensor = SyntheticSensor(1, *size)
    data = take_video(sensor, np.random.default_rng(1), size=size, frames=options.frames, bit_rate=rate)
    frames = read_frames(data)
    noise, sums = FrameNoise(*size), VideoSums(*size)
    for frame in frames:
        sums.add(noise.extract(frame.luma), frame.luma, compute_gains(frame))
    times: dict[str, list[float]] = {key: [] for key in ("decoding", "noise", "summing", "whole", "peer")}
    with tempfile.TemporaryDirectory() as folder:
        kept = Path(folder) / "frame.npy"
        np.save(kept, np.repeat(frames[0].luma[:, :, None], 3, axis=2))
        peer = Peer(options.peer, options.peer_source, kept) if options.peer else None
        clip = Path(folder) / "clip.mp4"
        clip.write_bytes(data)
        for _ in range(options.rounds):
            times["decoding"].append(measure(lambda: read_frames(data)))
            times["noise"].append(measure(lambda: [noise.extract(frame.luma) for frame in frames]))
            ready = noise.extract(frames[0].luma).copy()
            times["summing"].append(
                measure(lambda ready=ready: [sums.add(ready, frame.luma, compute_gains(frame)) for frame in frames])  # type: ignore[misc]
            )
            times["whole"].append(measure(lambda: video.extract_video_residual(io.BytesIO(data), limit_s=1000)))
            if peer:
                times["peer"].append(peer.extract())
        if peer:
            peer.close()
        memory = float(
            subprocess.run([sys.executable, "-c", MEMORY, str(clip)], capture_output=True, check=True).stdout
        )
    count = len(frames)
    whole = median(times["whole"]) / count
    told = [describe(times[key], count) for key in ("decoding", "noise", "summing", "whole")]
    ratio = f"{median(times['peer']) / whole:.0f} times ({describe(times['peer'])})" if times["peer"] else "-"
    yield f"| {name}, {rate / 1e6:g} Mb/s | {' | '.join(told)} | {1 / whole:.0f} | {ratio} | {memory:.0f} |"


def run_alignment(options: argparse.Namespace) -> str:
    """Returns a line on frames that are aligned one by one to a fingerprint of photographs."""
    sensor = SyntheticSensor(1, 1080, 1920, strength=0.01)
    rng, moved = np.random.default_rng(2), Stabilisation()
    data = take_video(sensor, rng, frames=options.frames, bit_rate=12_000_000, stabilised=moved)
    fingerprint = Fingerprint(sensor.luma_pattern, FingerprintKind.PHOTO, (), METHOD, {})
    plain = measure(lambda: video.extract_video_residual(io.BytesIO(data), limit_s=1000))
    start = time.process_time()
    outcome, facts = video.extract_video_residual(io.BytesIO(data), limit_s=1000, fingerprint=fingerprint)
    spent = time.process_time() - start
    aligned = facts.get("aligned_frames") if isinstance(outcome, Residual) else 0
    return (
        f"Stabilised, 720p, 12 Mb/s, {aligned} of {options.frames} frames aligned to a fingerprint of 2 MP: "
        f"{(spent - plain) / options.frames * 1000:.0f} ms a frame beside the {plain / options.frames * 1000:.0f} ms "
        f"of summing them as they lie (search for the place once included)."
    )


def main() -> None:
    """Measures and writes the report."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--peer", default="")
    parser.add_argument("--peer-source", default="")
    parser.add_argument("--frames", type=int, default=60)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--output", type=Path, default=Path("benchmarks/results/camera_video.md"))
    options = parser.parse_args()
    video.warm_up()
    lines = [
        "# Reading the noise of videos",
        "",
        f"Made {datetime.now(UTC):%Y-%m-%d} by `benchmarks/camera_video.py` on two noisy cores: CPU time, one thread, "
        f"{options.rounds} alternating rounds, {options.frames} frames of a synthetic clip; median (lowest-highest) in "
        "milliseconds a frame. The peer is prnu-python's `extract_single` on one decoded frame: it has no video. "
        "Memory is the peak of a fresh process above what it held with everything loaded.",
        "",
        "| clip | decoding | noise | summing | whole | frames a second | peer, as many times as whole | MB |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for name, size, rate in CASES:
        lines += run_case(name, size, rate, options)
    lines += ["", run_alignment(options)]
    options.output.write_text("\n".join(lines) + "\n")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
