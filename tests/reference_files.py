"""Files of synthetic cameras to enrol from, made once for all tests that need them."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np

from varde.testing.cameras import SyntheticSensor, make_scene, save_jpeg

SIZE = 320


@lru_cache(maxsize=64)
def make_photo(seed: int, number: int, *, scene: bool = False, orientation: int = 1) -> bytes:
    """Returns a photograph of a camera as a JPEG: of an even surface, or of a scene."""
    rng = np.random.default_rng((seed, number, scene))
    sensor = SyntheticSensor(seed, SIZE, SIZE + 64, strength=0.012)
    taken = sensor.take(make_scene(rng, SIZE, SIZE + 64), rng) if scene else sensor.flat(rng)
    return save_jpeg(taken, 95, make="Maker", model=f"Model {seed}", orientation=orientation)


def write_photos(folder: Path, seed: int, number: int) -> list[Path]:
    """Returns so many photographs of a camera, written into a folder, with orientation tags of all kinds."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"camera-{seed}-{each:02}.jpg" for each in range(number)]
    for each, path in enumerate(paths):
        path.write_bytes(make_photo(seed, each, orientation=1 + each % 8))
    return paths
