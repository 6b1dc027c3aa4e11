"""Sketches of the middle of pictures."""

from __future__ import annotations

import numpy as np
import pytest

from varde.camera.middle import find_middle
from varde.camera.sketch import Sketcher, turn_signs
from varde.camera.source_pairs import score_signs
from varde.core.errors import WrongUse
from varde.core.outcome import NotComparable, Reason
from varde.core.source_sketch import SourceSketch
from varde.testing.cameras import SyntheticSensor, make_scene


def take(sensor: SyntheticSensor, seed: int) -> np.ndarray:  # type: ignore[type-arg]
    rng = np.random.default_rng(seed)
    scene = make_scene(rng, sensor.height_px, sensor.width_px)
    return sensor.take(scene @ np.float32([0.299, 0.587, 0.114]), rng)


def read_bits(sketch: SourceSketch) -> np.ndarray:  # type: ignore[type-arg]
    assert isinstance(sketch.outcome, bytes)
    return np.frombuffer(sketch.outcome, np.uint64)[None]


@pytest.mark.parametrize(
    ("size", "middle"),
    [
        ((3024, 4032), (744, 1248, 1536, 1536)),
        ((4032, 3024), (1248, 744, 1536, 1536)),
        ((400, 600), (8, 12, 384, 576)),
        ((321, 481), (0, 16, 320, 448)),
    ],
)
def test_the_middle_is_where_it_is_of_every_picture_of_that_size(
    size: tuple[int, int], middle: tuple[int, int, int, int]
) -> None:
    found = find_middle(*size)
    assert (found.top, found.left, found.height_px, found.width_px) == middle
    assert found.words * 64 >= found.pixels
    assert found.words % 8 == 0


def test_a_picture_without_a_middle_is_refused() -> None:
    with pytest.raises(WrongUse):
        find_middle(63, 1000)


def test_two_pictures_of_one_sensor_agree_and_those_of_two_do_not() -> None:
    one, other = (SyntheticSensor(seed, 512, 640, strength=0.03) for seed in (1, 2))
    sketcher = Sketcher()
    first, second, third = (
        read_bits(sketcher.sketch(picture, {})) for picture in (take(one, 1), take(one, 2), take(other, 3))
    )
    pixels = find_middle(512, 640).pixels
    assert score_signs(first, second, pixels)[0, 0] > 10
    assert abs(score_signs(first, third, pixels)[0, 0]) < 5


def test_what_cannot_be_sketched_says_why() -> None:
    sketcher = Sketcher()
    small = sketcher.sketch(np.zeros((255, 900), np.uint8), {"make": "M"})
    dark = sketcher.sketch(np.full((300, 300), 3, np.uint8), {})
    assert isinstance(small.outcome, NotComparable)
    assert small.outcome.reason is Reason.TOO_SMALL
    assert (small.height_px, small.width_px, small.facts) == (255, 900, {"make": "M"})
    assert isinstance(dark.outcome, NotComparable)
    assert dark.outcome.reason in {Reason.TOO_DARK, Reason.BLANK}


@pytest.mark.parametrize("quarters", [0, 1, 2, 3])
def test_signs_turn_as_pictures_do(quarters: int) -> None:
    middle = find_middle(256, 384)
    plane = np.random.default_rng(3).integers(0, 2, (256, 384)).astype(np.uint8)
    words = np.packbits(plane.reshape(-1), bitorder="little").view(np.uint64)
    turned = turn_signs(words, middle, quarters)
    assert np.array_equal(
        np.unpackbits(turned.view(np.uint8), bitorder="little"), np.rot90(plane, quarters).reshape(-1)
    )
