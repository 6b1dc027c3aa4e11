"""How well videos are attributed to a camera: synthetic sensors of one model, bit rates, stabilised or not.

Usage: ``python evaluations/camera_video.py [--output FILE] [--clips N] [--frames N] [--strength S] [--only KIND]
[DATA]``

DATA is the folder that holds ``video/*.mp4``: real clips of unknown cameras, which must agree with no synthetic one.
Writes a Markdown report. All sensors are synthetic (`varde.testing.cameras`), fixed seeds; nothing is kept.
"""

from __future__ import annotations

import argparse
import io
import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from varde.camera.compare import compare
from varde.camera.correlation import prepare_values
from varde.camera.fingerprint import METHOD, Fingerprint
from varde.camera.fingerprint_sums import FingerprintSums
from varde.camera.geometry_mapping import map_fingerprint
from varde.camera.residual import Residual, Workspace, clean_noise, extract_residual
from varde.camera.video import extract_video_residual
from varde.core.camera import FingerprintKind, Geometry, SearchExtent, SourceScore
from varde.measures.estimate import estimate_share
from varde.testing.camera_videos import Stabilisation, get_video_pattern, take_video
from varde.testing.cameras import SyntheticSensor, save_jpeg

SENSOR = (1080, 1920)
FRAME = (720, 1280)
CAMERAS = (1, 2, 3)
OTHERS = tuple(range(101, 109))
MODEL = 9
RATES = (1_500_000, 4_000_000, 12_000_000)
FLATS = 20
ALIGNED_PCE, SEARCHED_PCE = 30.0, 60.0


@dataclass
class Row:
    """Scores of one condition."""

    mated: list[float] = field(default_factory=list)
    others: list[float] = field(default_factory=list)
    not_assessable: int = 0
    others_not_assessable: int = 0
    aligned: list[float] = field(default_factory=list)
    cpu_s: list[float] = field(default_factory=list)


def make_sensor(seed: int, strength: float) -> SyntheticSensor:
    """Returns a camera of the one model."""
    return SyntheticSensor(seed, *SENSOR, strength=strength, model_seed=MODEL)


def enrol_photos(sensor: SyntheticSensor) -> Fingerprint:
    """Returns the fingerprint of flat fields in JPEG quality 95."""
    rng, space = np.random.default_rng((5, sensor.seed)), Workspace(*SENSOR)
    sums = FingerprintSums(*SENSOR)
    for _ in range(FLATS):
        with Image.open(io.BytesIO(save_jpeg(sensor.flat(rng), 95))) as image:
            outcome = extract_residual(np.ascontiguousarray(np.asarray(image.convert("L"))), workspace=space)
        if isinstance(outcome, Residual):
            sums.add(outcome)
    return _wrap(clean_noise(sums.estimate(), None, space).copy(), FingerprintKind.PHOTO)


def enrol_videos(sensor: SyntheticSensor, frames: int) -> Fingerprint:
    """Returns the fingerprint of two steady clips at the highest rate."""
    sums = FingerprintSums(*FRAME)
    for number in range(2):
        rng = np.random.default_rng((6, sensor.seed, number))
        outcome, _ = read(take_video(sensor, rng, size=FRAME, frames=frames, bit_rate=RATES[-1]))
        if isinstance(outcome, Residual):
            sums.add(outcome)
    return _wrap(clean_noise(sums.estimate(), None, Workspace(*FRAME)).copy(), FingerprintKind.VIDEO)


def make_other(seed: int, strength: float) -> Fingerprint:
    """Returns the true pattern under a video of another camera of the model, cleaned as a fingerprint is."""
    pattern = get_video_pattern(make_sensor(seed, strength), FRAME)
    return _wrap(clean_noise(pattern - pattern.mean(), None, Workspace(*FRAME)).copy(), FingerprintKind.VIDEO)


def _wrap(values: NDArray[np.float32], kind: FingerprintKind) -> Fingerprint:
    return Fingerprint(values, kind, (), METHOD, {})


def read(data: bytes, fingerprint: Fingerprint | None = None) -> tuple[object, dict[str, object]]:
    """Returns what the product reads of a video, without a limit of time."""
    return extract_video_residual(io.BytesIO(data), limit_s=10_000, fingerprint=fingerprint)


def map_to_video(fingerprint: Fingerprint, scale: float, shift: tuple[float, float]) -> Fingerprint:
    """Returns a fingerprint of photographs as it lies under the frames of a video."""
    prepared = prepare_values(fingerprint.values)
    return _wrap(map_fingerprint(prepared, Geometry(scale=scale, shift=shift), FRAME), FingerprintKind.PHOTO)


def score(residual: object, fingerprint: Fingerprint, extent: SearchExtent) -> SourceScore | None:
    """Returns the score, None where there is none."""
    outcome = compare(residual, fingerprint, extent) if isinstance(residual, Residual) else None
    return outcome if isinstance(outcome, SourceScore) else None


class Evaluation:
    """Takes, reads and compares the clips of all cameras."""

    def __init__(self, clips: int, frames: int, strength: float, only: str) -> None:
        """Enrols the cameras; what is filmed may be `only` "steady" or "stabilised"."""
        self.only = only
        self.clips, self.frames, self.strength = clips, frames, strength
        self.sensors = {seed: make_sensor(seed, strength) for seed in CAMERAS}
        self.photos = {seed: enrol_photos(sensor) for seed, sensor in self.sensors.items()}
        self.rows: dict[tuple[str, str, int], Row] = {}
        if only != "stabilised":
            self.videos = {seed: enrol_videos(sensor, frames) for seed, sensor in self.sensors.items()}
            self.others = [make_other(seed, strength) for seed in OTHERS]
            self.geometry = self._find_geometry()
            self.mapped = {seed: map_to_video(each, *self.geometry[:2]) for seed, each in self.photos.items()}

    def _find_geometry(self) -> tuple[float, tuple[float, float], float, float]:
        """Returns scale and shift of the model's videos on its sensor, with PCE and seconds: searched once."""
        data = self._take(CAMERAS[0], 99, RATES[-1], None)
        start = time.process_time()
        found = score(read(data)[0], self.photos[CAMERAS[0]], SearchExtent.SCALED)
        if found is None:
            raise SystemExit("the clip that shows the geometry cannot be compared")
        geometry = found.search.geometry
        return geometry.scale, geometry.shift, found.pce, time.process_time() - start

    def _take(self, seed: int, clip: int, rate: int, stabilised: Stabilisation | None) -> bytes:
        rng = np.random.default_rng((7, seed, clip))
        sensor = self.sensors[seed]
        return take_video(sensor, rng, size=FRAME, frames=self.frames, bit_rate=rate, stabilised=stabilised)

    def run(self) -> Iterator[None]:
        """Fills the rows; yields after each camera at each rate."""
        for seed in CAMERAS:
            for rate in RATES:
                for clip in range(self.clips):
                    if self.only != "stabilised":
                        self._compare_steady(seed, self._take(seed, clip, rate, None), rate)
                    if self.only != "steady":
                        self._compare_moved(seed, self._take(seed, clip, rate, Stabilisation()), rate)
                yield

    def _row(self, filmed: str, reference: str, rate: int) -> Row:
        return self.rows.setdefault((filmed, reference, rate), Row())

    def _compare_steady(self, seed: int, data: bytes, rate: int) -> None:
        start = time.process_time()
        residual, _ = read(data)
        spent = time.process_time() - start
        for reference, enrolled in (("video", self.videos), ("photo, mapped", self.mapped)):
            row = self._row("steady", reference, rate)
            row.cpu_s.append(spent)
            for other, fingerprint in enrolled.items():
                self._note(row, residual, fingerprint, is_mated=other == seed, extent=SearchExtent.ALIGNED)
        for fingerprint in self.others:
            row = self._row("steady", "video", rate)
            self._note(row, residual, fingerprint, is_mated=False, extent=SearchExtent.ALIGNED)

    def _compare_moved(self, seed: int, data: bytes, rate: int) -> None:
        plain, _ = read(data)
        row = self._row("stabilised", "photo, frames aligned", rate)
        for other in (seed, CAMERAS[CAMERAS.index(seed) - 1]):
            start = time.process_time()
            residual, facts = read(data, self.photos[other])
            row.cpu_s.append(time.process_time() - start)
            scale, shift = facts["template_scale"], facts["template_shift"]
            fingerprint = map_to_video(self.photos[other], scale, tuple(shift))  # type: ignore[arg-type]
            unaligned = self._row("stabilised", "photo, frames as they lie", rate)
            self._note(unaligned, plain, fingerprint, is_mated=other == seed, extent=SearchExtent.SHIFTED)
            if not facts.get("aligned_frames"):
                row.not_assessable += other == seed
                row.others_not_assessable += other != seed
                continue
            self._note(row, residual, fingerprint, is_mated=other == seed, extent=SearchExtent.SHIFTED)
            if other == seed:
                row.aligned.append(float(facts["aligned_frames"]) / float(facts["frames"]))  # type: ignore[arg-type]

    def _note(
        self, row: Row, residual: object, fingerprint: Fingerprint, *, is_mated: bool, extent: SearchExtent
    ) -> None:
        found = score(residual, fingerprint, extent)
        if found is not None:
            (row.mated if is_mated else row.others).append(found.pce)


def describe(evaluation: Evaluation) -> Iterator[str]:
    """Yields the lines of the main table."""
    yield "| filmed | fingerprint | Mb/s | PCE of its own camera: min / median / max | found | of others: max | false |"
    yield "| --- | --- | --- | --- | --- | --- | --- |"
    for (filmed, reference, rate), row in sorted(
        evaluation.rows.items(), key=lambda each: (each[0][0], each[0][1], each[0][2])
    ):
        least = ALIGNED_PCE if filmed == "steady" else SEARCHED_PCE
        trials = len(row.mated) + row.not_assessable
        hits = estimate_share(sum(each >= least for each in row.mated), trials)
        spread = "-"
        if row.mated:
            spread = f"{min(row.mated):.0f} / {statistics.median(row.mated):.0f} / {max(row.mated):.0f}"
        found = f"{round(hits.value * trials)}/{trials} ({hits.low:.0%}-{hits.high:.0%})"
        if row.not_assessable:
            found += f", {row.not_assessable} not assessable"
        yield f"| {filmed} | {reference} | {rate / 1e6:g} | {spread} | {found} | {_describe_others(row, least)} |"


def _describe_others(row: Row, least: float) -> str:
    trials = len(row.others) + row.others_not_assessable
    if not trials:
        return "- | -"
    false = estimate_share(sum(each >= least for each in row.others), trials)
    most = f"{max(row.others):.1f}" if row.others else "-"
    note = f", {row.others_not_assessable} not assessable" if row.others_not_assessable else ""
    return f"{most} | {round(false.value * trials)}/{trials} (at most {false.high:.1%}){note}"


def compare_real(evaluation: Evaluation, folder: Path) -> Iterator[str]:
    """Yields lines on real clips of unknown cameras against the synthetic cameras' fingerprints."""
    yield "| clip | size | frames | its halves agree | largest PCE over the synthetic cameras, every shift |"
    yield "| --- | --- | --- | --- | --- |"
    for path in sorted(folder.glob("*.mp4")):
        outcome, facts = read(path.read_bytes())
        if not isinstance(outcome, Residual):
            yield f"| {path.stem} | - | {facts.get('frames')} | - | not assessable: {getattr(outcome, 'detail', '')} |"
            continue
        scores = [score(outcome, fingerprint, SearchExtent.SHIFTED) for fingerprint in evaluation.videos.values()]
        most = max((each.pce for each in scores if each), default=float("nan"))
        height, width = outcome.values.shape
        agree = f"{facts['steadiness']} (z {facts['steady_z']})"
        yield f"| {path.stem} | {width} x {height} | {facts['frames']} | {agree} | {most:.1f} |"


def search_geometry(evaluation: Evaluation) -> Iterator[str]:
    """Yields lines on photo fingerprints against videos without knowing the geometry."""
    yield "| clip | fingerprint | PCE | scale | shift (rows, columns) | CPU s |"
    yield "| --- | --- | --- | --- | --- | --- |"
    scale, shift, pce, spent = evaluation.geometry
    yield f"| camera 1, 12 Mb/s | camera 1 | {pce:.0f} | {scale:.4f} | {shift[0]:.1f}, {shift[1]:.1f} | {spent:.0f} |"
    for seed, rate in ((2, RATES[-1]),):
        residual, _ = read(evaluation._take(1, 0, rate, None))
        start = time.process_time()
        found = score(residual, evaluation.photos[seed], SearchExtent.SCALED)
        if found:
            place = found.search.geometry
            where = (
                f"{place.scale:.4f} | {place.shift[0]:.1f}, {place.shift[1]:.1f} | {time.process_time() - start:.0f}"
            )
            yield f"| camera 1, {rate / 1e6:g} Mb/s | camera {seed} | {found.pce:.0f} | {where} |"


def main() -> None:
    """Runs the evaluation and writes the report."""
    parser = argparse.ArgumentParser()
    parser.add_argument("data", type=Path, nargs="?")
    parser.add_argument("--output", type=Path, default=Path("evaluations/camera_video.md"))
    parser.add_argument("--clips", type=int, default=2)
    parser.add_argument("--frames", type=int, default=90)
    parser.add_argument("--only", choices=("steady", "stabilised"), default="")
    parser.add_argument("--strength", type=float, default=0.0035)
    options = parser.parse_args()
    evaluation = Evaluation(options.clips, options.frames, options.strength, options.only)
    for _ in evaluation.run():
        options.output.write_text("\n".join(report(evaluation, options)) + "\n")
    lines = [*report(evaluation, options)]
    if options.only != "stabilised":
        lines += ["", *search_geometry(evaluation)]
    if options.data and options.only != "stabilised":
        lines += ["", *compare_real(evaluation, options.data / "video")]
    options.output.write_text("\n".join(lines) + "\n")


def report(evaluation: Evaluation, options: argparse.Namespace) -> Iterator[str]:
    """Yields the tables as far as they are filled."""
    yield f"Made {datetime.now(UTC):%Y-%m-%d} with {options}"
    yield ""
    yield from describe(evaluation)
    yield ""
    for (filmed, reference, rate), row in evaluation.rows.items():
        if row.cpu_s:
            per_frame = statistics.median(row.cpu_s) / options.frames * 1000
            aligned = f"; aligned {statistics.mean(row.aligned):.0%} of the frames" if row.aligned else ""
            yield f"- {filmed}, {reference}, {rate / 1e6:g} Mb/s: reading {per_frame:.0f} ms a frame{aligned}"


if __name__ == "__main__":
    main()
