"""References of synthetic sensors, made once for all tests that need them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache

import numpy as np

from varde.camera.fingerprint import References, ReferencesExamined, ReferenceSource, examine_references
from varde.camera.residual import Residual, extract_residual
from varde.core.camera import FingerprintKind, Reference, ReferenceState
from varde.core.outcome import NotComparable
from varde.testing.cameras import SyntheticSensor, make_scene

SIZE = 320
STRENGTH = 0.01

Item = tuple[ReferenceSource, Residual | NotComparable]


@lru_cache(maxsize=4)
def get_sensor(seed: int, height: int = SIZE, width: int = SIZE) -> SyntheticSensor:
    """Returns a sensor with a pattern strong enough for so few pixels."""
    return SyntheticSensor(seed, height, width, strength=STRENGTH)


@lru_cache(maxsize=64)
def take(seed: int, number: int, *, scene: bool = False, height: int = SIZE, width: int = SIZE) -> Residual:
    """Returns the residual of a picture: an even surface, or a scene."""
    rng = np.random.default_rng((seed, number, scene))
    sensor = get_sensor(seed, height, width)
    picture = sensor.take(make_scene(rng, height, width), rng) if scene else sensor.flat(rng)
    found = extract_residual(np.ascontiguousarray(picture[..., 1]))
    assert isinstance(found, Residual)
    return found


def list_items(seed: int, numbers: Sequence[int], *, scene: bool = False, height: int = SIZE) -> list[Item]:
    """Returns files of one sensor with names such as ``1-3``."""
    return [
        (ReferenceSource(f"{seed}-{n}", bytes([seed, n, scene]) + bytes(29)), take(seed, n, scene=scene, height=height))
        for n in numbers
    ]


def give(items: Sequence[Item]) -> References:
    """Returns what gives the files again and again."""

    def references() -> Iterator[Item]:
        return iter(items)

    return references


def examine(items: Sequence[Item], kind: FingerprintKind = FingerprintKind.PHOTO) -> ReferencesExamined:
    """Returns what becomes of files."""
    return examine_references(give(items), kind)


def name_by_state(references: Sequence[Reference], state: ReferenceState) -> list[str]:
    """Returns the names of files in a state."""
    return [each.name for each in references if each.state is state]
