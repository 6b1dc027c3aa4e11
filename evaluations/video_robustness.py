"""How well videos are found again: between the clips of a folder, and after edits made at run time.

Usage: ``python evaluations/video_robustness.py [--output FILE] [--part PART] [--quick] DATA``, where DATA is the folder
that holds ``video/*.mp4`` and ``video/*.vpdq.txt``. Writes a Markdown report. Nothing is kept of the edited videos.
"""

from __future__ import annotations

import argparse
import io
import itertools
import statistics
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import av
import numpy as np

from varde.core.limits import DecodeLimits
from varde.core.outcome import NotComparable
from varde.core.signal import LocalFeatures, PerceptualHash
from varde.hashing.local_points import Points, read_points
from varde.hashing.pdq import compute_pdq, distance
from varde.hashing.video_hash import list_references, read_vpdq_line
from varde.known.alignment import Verdict, align
from varde.known.local_index import LocalIndex
from varde.known.video_frames import VideoFrames, compare_frames, pair_by_time
from varde.known.video_match import FEATURE_TOLERANCE_S, match_video
from varde.known.video_stretch import NoVideoMatch, VideoMatch
from varde.media.luma import compute_frame_grey
from varde.media.sampling import Sampling, SamplingMode
from varde.media.video import read_video
from varde.pipeline.steps import FeatureCollector, FrameHasher
from varde.testing.video_edits import VideoEdit, edit_video, list_edits, make_moving_scene, read_frames, write_frames

STAGES = ("frames", "+ variants", "+ local features")
_CANDIDATES = 8
_SECONDS = 12


@dataclass(frozen=True)
class Hashed:
    """A video as Varde keeps it."""

    hashes: tuple[PerceptualHash, ...]
    features: tuple[LocalFeatures, ...]
    duration_s: float
    sampling: str
    cpu_s: float

    @property
    def frames(self) -> VideoFrames:
        """Its frames as arrays."""
        return VideoFrames.of(self.hashes, self.duration_s)


@dataclass
class Score:
    """What became of one edit, over all videos."""

    tried: int = 0
    found: dict[str, int] = field(default_factory=lambda: dict.fromkeys(STAGES, 0))
    errors_s: list[float] = field(default_factory=list)
    false: int = 0
    pairs: int = 0


def hash_video(data: bytes, mode: SamplingMode, *, features: bool = True) -> Hashed:
    """Returns what is stored of a video, and what it cost in CPU seconds."""
    hasher, collector = FrameHasher(DecodeLimits().max_frames), FeatureCollector(wanted=features)

    def on_frame(offset_s: float, grey: np.ndarray, use: object) -> None:
        hasher.add(offset_s, grey, use)  # type: ignore[arg-type]
        collector.add(offset_s, grey, use)  # type: ignore[arg-type]

    start = time.process_time()
    reading = read_video(io.BytesIO(data), DecodeLimits(), on_frame, Sampling.within(mode, 600))
    cpu_s = time.process_time() - start
    outcome, found = hasher.signals()[0].outcome, collector.outcome()
    return Hashed(
        () if isinstance(outcome, NotComparable) else keep_as_stored(outcome, mode),
        found if isinstance(found, tuple) else (),
        reading.facts.duration_s or 0.0,
        reading.sampling,
        cpu_s,
    )


def keep_as_stored(hashes: tuple[PerceptualHash, ...], mode: SamplingMode) -> tuple[PerceptualHash, ...]:
    """Returns the hashes as a known video of the site's own keeps them, or an item."""
    return tuple(list_references(hashes)) if mode is SamplingMode.ALL else hashes


class Gallery:
    """Known videos, with an index of the local features of their frames."""

    def __init__(self, folder: Path, known: dict[str, Hashed]) -> None:
        self.known = known
        self._index = LocalIndex(folder)
        self._frames: dict[int, tuple[str, float, Points]] = {}
        for entry, (name, hashed) in enumerate(known.items()):
            for position, found in enumerate(hashed.features):
                points = read_points(found.data)
                self._frames[entry << 20 | position] = (name, found.offset_s or 0.0, points)
        self._index.append((known_id, points) for known_id, (_, _, points) in self._frames.items())

    def match_features(self, query: Hashed) -> dict[str, VideoMatch | NoVideoMatch]:
        """Returns what local features find of each known video."""
        found: dict[str, list[tuple[float, float]]] = {}
        for frame in query.features:
            points = read_points(frame.data)
            for candidate in self._index.search(points, _CANDIDATES):
                name, known_s, known_points = self._frames[candidate.known_id]
                alignment = align(points, known_points, candidate.view)
                if alignment and alignment.verdict is Verdict.COPY:
                    found.setdefault(name, []).append((frame.offset_s or 0.0, known_s))
        matches = {}
        for name, times in found.items():
            query_s, known_s_all = np.array(times, np.float64).T
            known = self.known[name].frames
            pairs = pair_by_time(query.frames, known, query_s, known_s_all)
            matches[name] = match_video(query.frames, known, pairs, FEATURE_TOLERANCE_S)
        return matches

    def match(self, query: Hashed, wanted: str) -> dict[str, tuple[str, VideoMatch]]:
        """Returns, for each known video that matches, the first stage that finds it and the match.

        Local features are tried only where the other stages did not find the one that is wanted.
        """
        plain = [replace(found, variants=b"") for found in query.hashes]
        matches: dict[str, tuple[str, VideoMatch]] = {}
        for stage, hashes in zip(STAGES, (plain, query.hashes), strict=False):
            for name in self.known.keys() - matches.keys():
                known = self.known[name].frames
                outcome = match_video(query.frames, known, compare_frames(hashes, known))
                if isinstance(outcome, VideoMatch):
                    matches[name] = (stage, outcome)
        if wanted not in matches:
            for name, outcome in self.match_features(query).items():
                if name not in matches and isinstance(outcome, VideoMatch):
                    matches[name] = (STAGES[2], outcome)
        return matches


def get_scene(name: str) -> str:
    """Returns which scene a clip of the folder shows, by its name."""
    return name.partition("-")[0]


def measure_clips(folder: Path, temporary: Path) -> Iterator[str]:
    """Yields the report's part on the clips of the folder, every one against every one."""
    clips = {path.stem: path.read_bytes() for path in sorted(folder.glob("*.mp4"))}
    known = {name: hash_video(data, SamplingMode.ALL) for name, data in clips.items()}
    items = {name: hash_video(data, SamplingMode.SECONDS) for name, data in clips.items()}
    gallery = Gallery(temporary / "clips", known)
    same: dict[str, int] = {}
    total = cross = 0
    errors_s: list[float] = []
    missed = []
    starts = {name: {"chair-19": 3.7, "chair-20": 2.0}.get(name[:8], 0.0) for name in clips}
    for name, item in items.items():
        matches = gallery.match(item, name)
        for other in clips:
            if get_scene(name) != get_scene(other):
                cross += other in matches
                continue
            total += 1
            if other in matches:
                stage, outcome = matches[other]
                same[stage] = same.get(stage, 0) + 1
                first = outcome.stretches[0]
                shift_s = first.known_offset_s - first.offset_s * first.speed
                errors_s.append(abs(shift_s - (starts[name] - starts[other])))
            else:
                missed.append(f"{name} as item, {other} as known")
    pairs = len(clips) ** 2 - total
    yield "## The clips of the folder, each as an item against each as a known video\n"
    yield f"{len(clips)} clips of {len({get_scene(name) for name in clips})} scenes. Pairs of one scene: {total}, found"
    yield f"{sum(same.values())} ({', '.join(f'{count} by {stage}' for stage, count in same.items())})."
    yield f"Missed: {'; '.join(missed) or 'none'}. Pairs of different scenes: {pairs}, matched {cross}."
    yield f"Offsets, against those of the clips' own frames: error median {statistics.median(errors_s):.2f} s,"
    yield f"largest {max(errors_s):.2f} s.\n"
    yield from measure_density(folder, clips, items)
    yield from measure_published(folder)


def measure_density(folder: Path, clips: dict[str, bytes], items: dict[str, Hashed]) -> Iterator[str]:
    """Yields how many pairs of one scene are found where the known side has fewer frames, as exchanges give them."""
    published = {
        name: [read_vpdq_line(line) for line in (folder / f"{name}.vpdq.txt").read_text().splitlines()]
        for name in clips
    }
    sides = {
        "key frames": {name: hash_video(data, SamplingMode.KEY_FRAMES, features=False) for name, data in clips.items()},
        "1/s": items,
        "every frame": {name: hash_video(data, SamplingMode.ALL, features=False) for name, data in clips.items()},
    }
    yield "Pairs of one scene found by frame hashes with variants, where the known side is the published vPDQ hashes,"
    yield "all or every n-th (30 frames a second; these references have no hashes without bars):\n"
    yield "| item \\ known | all 30 a second | 5 a second | 2 a second | 1 a second | other scenes |"
    yield "| --- | --- | --- | --- | --- | --- |"
    for side, sampled in sides.items():
        cells, cross = [], 0
        for step in (1, 6, 15, 30):
            found = {
                (name, other)
                for name, item in sampled.items()
                for other, frames in published.items()
                if isinstance(match_hashes(item, VideoFrames.of(frames[::step])), VideoMatch)
            }
            same = {pair for pair in itertools.product(clips, clips) if get_scene(pair[0]) == get_scene(pair[1])}
            cells.append(f"{len(found & same)}/{len(same)}")
            cross += len(found - same)
        yield f"| {side} | {' | '.join(cells)} | {cross} |"
    yield ""


def match_hashes(item: Hashed, known: VideoFrames) -> VideoMatch | NoVideoMatch:
    """Returns what an item and a known video share by their frame hashes."""
    return match_video(item.frames, known, compare_frames(item.hashes, known))


def measure_published(folder: Path) -> Iterator[str]:
    """Yields the agreement with the published hashes, frame by frame."""
    bits: list[int] = []
    times_s: list[float] = []
    counts = []
    for path in sorted(folder.glob("*.mp4")):
        published = [read_vpdq_line(line) for line in path.with_suffix(".vpdq.txt").read_text().splitlines()]
        found: list[tuple[float, bytes]] = []

        def keep(offset_s: float, grey: np.ndarray, _: object, found: list[tuple[float, bytes]] = found) -> None:
            outcome = compute_pdq(grey)
            found.append((offset_s, b"" if isinstance(outcome, NotComparable) else outcome.value))

        read_video(path, DecodeLimits(), keep, Sampling.within(SamplingMode.ALL, 600))
        counts.append((len(found), len(published)))
        for (offset_s, value), other in zip(found, published, strict=False):
            bits.append(distance(value, other.value))
            times_s.append(abs(offset_s - (other.offset_s or 0.0)))
    quantiles = [int(np.percentile(bits, share)) for share in (50, 90, 99, 100)]
    yield "## Every frame against the published vPDQ hashes\n"
    yield f"{len(bits)} frames, as many as published in {sum(a == b for a, b in counts)} of {len(counts)} clips."
    yield f"Bits of difference, median / 90 % / 99 % / largest: {' / '.join(map(str, quantiles))}; within 10 bits"
    yield f"{sum(each <= 10 for each in bits) / len(bits):.2%}."
    yield f"Times differ by {max(times_s):.4f} s at most.\n"


def measure_edits(folder: Path, temporary: Path, *, quick: bool) -> Iterator[str]:
    """Yields the report's part on edited copies."""
    originals = dict(list_originals(folder, quick=quick))
    known = {name: hash_video(data, SamplingMode.ALL) for name, (data, _, _) in originals.items()}
    gallery = Gallery(temporary / "edits", known)
    scores: dict[str, Score] = {}
    pictures = Score()
    cpu_s = seconds = 0.0
    for name, (_, frames, rate) in originals.items():
        duration_s = len(frames) / rate
        for edit in list_edits(np.random.default_rng(5)):
            item = hash_video(edit_video(frames, rate, edit, np.random.default_rng(6)), SamplingMode.SECONDS)
            start = time.process_time()
            matches = gallery.match(item, name)
            cpu_s += time.process_time() - start
            seconds += item.duration_s
            count_match(scores.setdefault(edit.name, Score()), matches, name, edit, duration_s, len(known))
        count_pictures(pictures, gallery, name, frames, rate)
        print({edit: score.found for edit, score in scores.items()}, file=sys.stderr, flush=True)
    yield "## Edited copies\n"
    yield f"{len(originals)} videos ({', '.join(originals)}), each edit of each against all of them. Found by stages:"
    yield "frame hashes alone, also with the variants of up to 256 frames, also with the local features of up to 32"
    yield "(tried only where the others miss)."
    yield "Offset error: of the place the copy's longest stretch is said to have in the original.\n"
    yield "| edit | frames | + variants | + local features | offset error: median / largest | false matches / pairs |"
    yield "| --- | --- | --- | --- | --- | --- |"
    for name, score in scores.items():
        cells = " | ".join(
            f"{sum(score.found[each] for each in STAGES[: place + 1])}/{score.tried}" for place, _ in enumerate(STAGES)
        )
        errors = f"{statistics.median(score.errors_s):.2f} / {max(score.errors_s):.2f} s" if score.errors_s else "-"
        yield f"| {name} | {cells} | {errors} | {score.false}/{score.pairs} |"
    errors = f"{statistics.median(pictures.errors_s):.2f} / {max(pictures.errors_s):.2f} s"
    cells = f"{pictures.found[STAGES[0]]}/{pictures.tried} | | | {errors} | {pictures.false}/{pictures.pairs}"
    yield f"| still picture of it | {cells} |"
    yield f"\nMatching, all stages, brute force over {len(known)} known videos: {cpu_s / seconds * 60:.1f} CPU s per"
    yield "minute of video (against large sets an index takes its place).\n"


def count_match(
    score: Score, matches: dict[str, tuple[str, VideoMatch]], name: str, edit: VideoEdit, duration_s: float, known: int
) -> None:
    """Adds one edited copy to the score."""
    score.tried += 1
    score.pairs += known - 1
    score.false += sum(other != name for other in matches)
    if name in matches:
        stage, outcome = matches[name]
        score.found[stage] += 1
        first = outcome.stretches[0]
        score.errors_s.append(abs(first.known_offset_s - edit.to_original(first.offset_s, duration_s)))


def count_pictures(score: Score, gallery: Gallery, name: str, frames: list[np.ndarray], rate: float) -> None:
    """Adds stills of a video to the score."""
    for share in (0.2, 0.5, 0.8):
        number = int(share * len(frames))
        picture = frames[number].astype(np.float32) @ np.array([0.299, 0.587, 0.114], np.float32)
        outcome = compute_pdq(np.ascontiguousarray(picture.round().astype(np.uint8)))
        if isinstance(outcome, NotComparable):
            continue
        score.tried += 1
        score.pairs += len(gallery.known) - 1
        for other, hashed in gallery.known.items():
            query = VideoFrames.of([outcome])
            found = match_video(query, hashed.frames, compare_frames([outcome], hashed.frames))
            if isinstance(found, VideoMatch) and other != name:
                score.false += 1
            elif isinstance(found, VideoMatch):
                score.found[STAGES[0]] += 1
                score.errors_s.append(abs(found.stretches[0].known_offset_s - number / rate))


def list_originals(folder: Path, *, quick: bool) -> Iterator[tuple[str, tuple[bytes, list[np.ndarray], float]]]:
    """Yields name, file, frames and rate of what is edited: one clip of each scene, and made-up scenes."""
    clips = sorted(folder.glob("*.mp4"))
    for _, same in itertools.groupby(clips, lambda path: get_scene(path.stem)):
        path = max(same, key=lambda each: ("orig" in each.stem, "hd" in each.stem))
        frames, rate = read_frames(path.read_bytes())
        step = max(1, round(rate / 15))
        half = [np.ascontiguousarray(frame[::2, ::2]) for frame in frames[: int(_SECONDS * rate) : step]]
        yield f"{path.stem} at half size", (write_frames(half, rate / step, crf=18), half, rate / step)
    for seed in range(2 if quick else 6):
        rng = np.random.default_rng(100 + seed)
        frames = list(itertools.chain(*(make_moving_scene(rng, 45) for _ in range(4))))
        yield f"made up {seed + 1}", (write_frames(frames, 15, crf=18), frames, 15.0)


def measure_cost(folder: Path) -> Iterator[str]:
    """Yields what each sampling costs, on the clips of the folder and on made-up 1080p video."""
    yield "## CPU seconds per minute of video\n"
    yield "Decoding, grey pixels, contact sheet, PDQ with variants, one thread. Frames: hashes kept.\n"
    yield "| video | key frames (before) | 1/s | every frame | 1/s + local features |"
    yield "| --- | --- | --- | --- | --- |"
    for name, data in list_costly(folder):
        cells = []
        for mode, features in (
            (SamplingMode.KEY_FRAMES, False),
            (SamplingMode.SECONDS, False),
            (SamplingMode.ALL, False),
            (SamplingMode.SECONDS, True),
        ):
            runs = [hash_video(data, mode, features=features) for _ in range(3)]
            cost = statistics.median(run.cpu_s for run in runs) / runs[0].duration_s * 60
            cells.append(f"{cost:.2f} ({len(runs[0].hashes)})")
        yield f"| {name} | {' | '.join(cells)} |"
    yield ""
    yield from measure_shortcuts(folder)


def list_costly(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Yields videos to measure the cost of."""
    for stem in ("chair-orig-22-sd-bar", "pattern-hd-no-bar"):
        yield f"{stem}, key frame every 2 s", (folder / f"{stem}.mp4").read_bytes()
    yield "made up, 1920 x 1080, key frame every second", make_costly(30, 8)
    yield "made up, 1920 x 1080, key frame every 8 s", make_costly(240, 16)


def make_costly(gop: int, seconds: int) -> bytes:
    """Returns a 1080p video of 30 frames a second with grain, as cameras write it."""
    rng = np.random.default_rng(8)
    grain = [rng.normal(0, 3, (1080, 1920, 1)).astype(np.int16) for _ in range(4)]
    scene = make_moving_scene(rng, seconds * 30, 1920, 1080)
    grained = (
        np.clip(frame.astype(np.int16) + grain[number * 3 % 4], 0, 255).astype(np.uint8)
        for number, frame in enumerate(scene)
    )
    return write_frames(grained, 30, crf=22, gop=gop)


def measure_shortcuts(folder: Path) -> Iterator[str]:
    """Yields what decoding less faithfully would save, and what it does to the hashes."""
    yield "## Shortcuts in decoding: time saved and drift of the hashes\n"
    yield "All frames of the stream decoded, then with frames left out that nothing builds on (NONREF), then with the"
    yield "loop filter left out for those (noref) or for all (all). Drift in bits of 256, of the frames both decode:"
    yield "median / 90 % / 99 % / largest.\n"
    yield "| video | NONREF: frames, time, drift | loop filter noref: time, drift | loop filter all: time, drift |"
    yield "| --- | --- | --- | --- |"
    for name, data in list_costly(folder):
        full, full_s = decode(data)
        cells = []
        for skip_frame, loop_filter in (("NONREF", ""), ("", "noref"), ("", "all")):
            found, cpu_s = decode(data, skip_frame, loop_filter)
            bits = [distance(value, full[at]) for at, value in found.items() if value and full.get(at)]
            quantiles = " / ".join(str(int(np.percentile(bits, share))) for share in (50, 90, 99, 100))
            kept = f"{len(found) / len(full):.0%}, " if skip_frame else ""
            cells.append(f"{kept}{cpu_s / full_s:.2f}, {quantiles}")
        yield f"| {name} | {' | '.join(cells)} |"
    yield ""


def decode(data: bytes, skip_frame: str = "", loop_filter: str = "") -> tuple[dict[int, bytes], float]:
    """Returns the PDQ hash of each decoded frame by its time, and the CPU seconds of decoding alone."""
    hashes: dict[int, bytes] = {}
    cpu_s = 0.0
    with av.open(io.BytesIO(data), mode="r") as container:
        context = container.streams.video[0].codec_context
        context.thread_type, context.thread_count = "NONE", 1
        if skip_frame:
            context.skip_frame = skip_frame
        if loop_filter:
            context.options = {"skip_loop_filter": loop_filter}
        frames = container.decode(video=0)
        while True:
            start = time.process_time()
            frame = next(frames, None)
            cpu_s += time.process_time() - start
            if frame is None:
                return hashes, cpu_s
            outcome = compute_pdq(compute_frame_grey(frame))
            hashes[frame.pts or 0] = b"" if isinstance(outcome, NotComparable) else outcome.value


def write_report(folder: Path, part: str, *, quick: bool) -> Iterable[str]:
    """Yields the report line by line."""
    yield "# Videos found again\n"
    yield f"Made {datetime.now(UTC):%Y-%m-%d} by `evaluations/video_robustness.py` on two noisy cores; CPU time of one"
    yield "thread.\n"
    with tempfile.TemporaryDirectory() as name:
        if part in ("all", "clips"):
            yield from measure_clips(folder, Path(name))
        if part in ("all", "edits"):
            yield from measure_edits(folder, Path(name), quick=quick)
    if part in ("all", "cost"):
        yield from measure_cost(folder)


def main() -> None:
    """Runs the evaluation."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--output", type=Path, default=Path(__file__).with_suffix(".md"))
    parser.add_argument("--part", choices=("all", "clips", "edits", "cost"), default="all")
    parser.add_argument("--quick", action="store_true", help="shorter clips, fewer made-up scenes")
    arguments = parser.parse_args()
    lines = []
    for line in write_report(arguments.data / "video", arguments.part, quick=arguments.quick):
        print(line, flush=True)
        lines.append(line)
    arguments.output.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
