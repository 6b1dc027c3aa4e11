"""Writes the exhibit of the demo's second case: photographs by two synthetic sensors, flat fields by one of them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from varde.testing.cameras import SyntheticSensor, make_scene, save_jpeg
from varde.testing.picture_files import PictureFormat, encode_picture
from varde.testing.pictures import Pixels, make_chart

CAMERA: Final = "synthetic-A"
"""The sensor that the flat fields are of."""

_OTHER: Final = "synthetic-B"
_MAKE, _MODEL = "varde demo", "synthetic sensor"
_SEEDS: Final = {CAMERA: 1, _OTHER: 2}
_MODEL_SEED, _SEED = 3, 2026
_HEIGHT_PX, _WIDTH_PX = 512, 640
_FLAT_FIELDS, _PHOTOS = 10, 3
_QUALITY = 95


@dataclass(frozen=True, slots=True)
class CameraMaterial:
    """What was made, and what a comparison must find.

    Attributes:
        evidence: folder of the exhibit.
        flat_fields: folder of the references: pictures of an evenly lit surface, by the sensor `CAMERA`.
        by_camera: locators of the photographs that `CAMERA` took.
        by_other: locators of those that another sensor of its model took.
        by_none: locators of pictures that no camera took.
    """

    evidence: Path
    flat_fields: Path
    by_camera: frozenset[str]
    by_other: frozenset[str]
    by_none: frozenset[str]


def write_cameras(folder: Path) -> CameraMaterial:
    """Returns the material, always the same: in one drawn anew, chance could speak for the wrong camera now and then.

    Args:
        folder: of the demo; ``cameras`` and ``flat-fields`` are written into it.
    """
    rng = np.random.default_rng(_SEED)
    sensors = {
        name: SyntheticSensor(seed, _HEIGHT_PX, _WIDTH_PX, model_seed=_MODEL_SEED) for name, seed in _SEEDS.items()
    }
    evidence, flat_fields = folder / "cameras", folder / "flat-fields"
    evidence.mkdir()
    flat_fields.mkdir()
    for number in range(_FLAT_FIELDS):
        _write(flat_fields / f"flat-{number + 1:02}.jpg", sensors[CAMERA].flat(rng))
    taken = {name: _write_photos(evidence, name, sensor, rng) for name, sensor in sensors.items()}
    chart = evidence / "chart.png"
    chart.write_bytes(encode_picture(make_chart(rng, _WIDTH_PX, _HEIGHT_PX), PictureFormat.PNG))
    return CameraMaterial(evidence, flat_fields, taken[CAMERA], taken[_OTHER], frozenset({chart.name}))


def _write_photos(folder: Path, name: str, sensor: SyntheticSensor, rng: np.random.Generator) -> frozenset[str]:
    paths = [folder / f"{name}-{number + 1}.jpg" for number in range(_PHOTOS)]
    for path in paths:
        _write(path, sensor.take(make_scene(rng, _HEIGHT_PX, _WIDTH_PX), rng))
    return frozenset(path.name for path in paths)


def _write(path: Path, pixels: Pixels) -> None:
    path.write_bytes(save_jpeg(pixels, _QUALITY, make=_MAKE, model=_MODEL))
