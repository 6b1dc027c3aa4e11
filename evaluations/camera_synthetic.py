"""Makes cameras that do not exist, several devices of each model, and scores their pictures: synthetic, and said to be.

`python evaluations/camera_synthetic.py OUT.npz [--wide] [--models N] [--devices N] [--photos N] [--seed N]`: photos at
their known place, whole and in blocks; with `--wide` photos of small sensors that were edited, searched as far as the
edit calls for, since a search of a large one takes minutes.
"""

from __future__ import annotations

import argparse
import io
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from camera_edits import Edit, shrink, turn
from camera_scores import EXTENTS, Scores
from PIL import Image

from varde.camera.blocks import compare_block, cut_residual, list_blocks
from varde.camera.compare import compare
from varde.camera.correlation import prepare
from varde.camera.fingerprint import Fingerprint, ReferenceSource, build_fingerprint
from varde.camera.residual import Residual, extract_residual
from varde.core.camera import FingerprintKind, SearchExtent
from varde.core.outcome import NotComparable
from varde.testing.cameras import SyntheticSensor, make_scene, save_jpeg

Pixels = npt.NDArray[np.uint8]

SIZES = ((1200, 1920), (1224, 1632))
SMALL = (512, 640)

STRENGTHS = (0.0018, 0.007)
"""Weakest and strongest sensor, drawn by logarithm: blocks of 512 pixels then score from about half of what those of
the real single-lens reflex cameras do to about what those of the real phones do."""

SMALL_STRENGTHS = (0.003, 0.016)
"""Of small sensors: so strong that some edits leave enough of the pattern in so few pixels, and some do not."""

WIDE_EDITS = (
    Edit("turned 90 degrees", lambda pixels: np.ascontiguousarray(np.rot90(pixels)), SearchExtent.TURNED),
    Edit("crop", lambda pixels: np.ascontiguousarray(pixels[53:437, 101:549]), SearchExtent.SHIFTED),
    Edit("half size", shrink(0.5), SearchExtent.SCALED),
    Edit("x0.7, Q80", shrink(0.7, quality=80), SearchExtent.SCALED),
    Edit("turned 1.5 degrees", turn(1.5), SearchExtent.ROTATED),
    Edit("turned -2.6 degrees", turn(-2.6), SearchExtent.ROTATED),
)

SIDES = {256: 6, 512: 5, 1024: 2, 0: 1}
"""Blocks taken of each picture, by side."""

FIRST_NUMBER = 1000
"""Numbers of synthetic devices and pictures begin here."""


@dataclass
class Made:
    """A device: its fingerprint and its photos as files."""

    number: int
    sensor: SyntheticSensor
    fingerprint: Fingerprint
    photos: list[Pixels]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("out", type=Path)
    parser.add_argument("--models", type=int, default=3)
    parser.add_argument("--devices", type=int, default=4)
    parser.add_argument("--photos", type=int, default=5)
    parser.add_argument("--wide", action="store_true", help="edits of photos of small sensors, searched")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--flats", type=int, default=8, help="flat pictures of each fingerprint")
    parser.add_argument("--whole", action="store_true", help="whole photos and large blocks only, nothing searched")
    parser.add_argument("--strengths", type=float, nargs=2, default=STRENGTHS)
    order = parser.parse_args()
    rng = np.random.default_rng((7, order.seed))
    scores = Scores()
    for model in range(order.models):
        size = SMALL if order.wide else SIZES[model % len(SIZES)]
        first = FIRST_NUMBER * order.seed + model * 100
        strengths = SMALL_STRENGTHS if order.wide else tuple(order.strengths)
        devices = [make_device(rng, first + n, size, first, order, strengths) for n in range(order.devices)]
        for made in devices:
            steps = (score_edits,) if order.wide else (score_photos, score_crops)
            for step in (score_whole,) if order.whole else steps:
                step(scores, rng, made, devices)
            scores.save(order.out)
        print(f"model {model}: {len(scores.labels):,} scores, {time.process_time():.0f} CPU s", flush=True)


def make_device(
    rng: np.random.Generator,
    number: int,
    size: tuple[int, int],
    model: int,
    order: argparse.Namespace,
    strengths: tuple[float, float],
) -> Made:
    """Returns a device with the fingerprint of flat pictures, and its photos of scenes."""
    strength = float(np.exp(rng.uniform(*np.log(strengths))))
    sensor = SyntheticSensor(number, *size, strength=strength, model_seed=model)
    flats = [extract(save_and_open(sensor.flat(rng, float(rng.uniform(110, 190))), 95)) for _ in range(order.flats)]

    def give() -> Iterator[tuple[ReferenceSource, Residual | NotComparable]]:
        for place, residual in enumerate(flats):
            yield ReferenceSource(str(place), bytes([place]) * 32), residual

    fingerprint = build_fingerprint(give, FingerprintKind.PHOTO)
    if isinstance(fingerprint, NotComparable):
        raise SystemExit(f"device {number}: {fingerprint.detail}")
    scenes = (make_scene(rng, *size) * np.float32(rng.uniform(0.45, 1.0)) for _ in range(order.photos))
    taken = [save_and_open(sensor.take(scene, rng), int(rng.integers(84, 97))) for scene in scenes]
    return Made(number, sensor, fingerprint, taken)


def save_and_open(pixels: Pixels, quality: int) -> Pixels:
    """Returns a picture as it comes out of the JPEG file that the camera writes."""
    with Image.open(io.BytesIO(save_jpeg(pixels, quality))) as picture:
        return np.asarray(picture.convert("RGB"))


def extract(rgb: Pixels) -> Residual | NotComparable:
    """Returns the residual of a picture's luma."""
    return extract_residual(np.asarray(Image.fromarray(rgb).convert("L")))


def score_whole(scores: Scores, rng: np.random.Generator, made: Made, devices: list[Made]) -> None:
    """Compares whole photos, and two large blocks, with all devices of the model; for fingerprints of few flats."""
    score_photos(scores, rng, made, devices, {1024: 2, 0: 1})


def score_photos(
    scores: Scores, rng: np.random.Generator, made: Made, devices: list[Made], sides: dict[int, int] = SIDES
) -> None:
    """Compares a device's photos, whole and in some blocks, with all devices of the model at the known place."""
    for place, photo in enumerate(made.photos):
        residual = extract(photo)
        if isinstance(residual, NotComparable):
            continue
        for side, most in sides.items():
            blocks = list(list_blocks(residual.values.shape, side))
            chosen = [blocks[at] for at in rng.permutation(len(blocks))[:most]]
            for other in devices:
                for block in chosen:
                    score = compare_block(residual, other.fingerprint, block)
                    scores.add(_label(SearchExtent.ALIGNED, side, made, place, other), score, "as taken")


def score_crops(scores: Scores, rng: np.random.Generator, made: Made, devices: list[Made]) -> None:
    """Searches parts of a device's photos, and all of each, at every shift of its own sensor and of another's."""
    ready = [(other, prepare(other.fingerprint)) for other in (made, devices[devices.index(made) - 1])]
    for place, photo in enumerate(made.photos):
        residual = extract(photo)
        if isinstance(residual, NotComparable):
            continue
        for side in (256, 512, 1000):
            top, left = (int(rng.integers(0, length - side)) for length in residual.values.shape)
            part = cut_residual(residual, (slice(top, top + side), slice(left, left + side)))
            for other, prepared in ready:
                score = compare(part, other.fingerprint, SearchExtent.SHIFTED, prepared=prepared)
                scores.add(_label(SearchExtent.SHIFTED, 0, made, place, other), score, f"crop {side}")


def score_edits(scores: Scores, rng: np.random.Generator, made: Made, devices: list[Made]) -> None:
    """Edits a device's photos and searches its own sensor, and that of one other device of the model."""
    at = devices.index(made)
    ready = [(other, prepare(other.fingerprint)) for other in (made, devices[at - 1])]
    for place, photo in enumerate(made.photos):
        for edit in WIDE_EDITS:
            residual = extract(edit.change(photo))
            if isinstance(residual, NotComparable):
                continue
            for other, prepared in ready:
                score = compare(residual, other.fingerprint, edit.extent, prepared=prepared)
                scores.add(_label(edit.extent, 0, made, place, other), score, edit.name)


def _label(extent: SearchExtent, side: int, made: Made, place: int, other: Made) -> tuple[int, ...]:
    picture = made.number * 50 + place
    return (EXTENTS.index(extent), side, int(made is other), picture, made.number, other.number, 1, 0)


if __name__ == "__main__":
    main()
