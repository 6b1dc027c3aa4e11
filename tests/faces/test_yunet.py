"""Decoding what a YuNet network says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from varde.core.errors import WrongUse
from varde.faces.detectors.yunet import STRIDES, YuNet, make_blob, suppress


class FakeYuNet:
    """Answers with faces in chosen cells: (stride, row, column) to confidence."""

    inputs = ("input",)
    outputs = tuple(f"{kind}_{stride}" for kind in ("cls", "obj", "bbox", "kps") for stride in STRIDES)

    def __init__(self, cells: Mapping[tuple[int, int, int], float]) -> None:
        self.cells = cells
        self.given: tuple[int, ...] = ()

    def run(self, arrays: Mapping[str, Any]) -> list[Any]:
        self.given = arrays["input"].shape
        height, width = self.given[2:]
        answers = {name: self._make(name, height, width) for name in self.outputs}
        for (stride, row, column), confidence in self.cells.items():
            at = row * (width // stride) + column
            answers[f"cls_{stride}"][0, at, 0] = answers[f"obj_{stride}"][0, at, 0] = confidence
            answers[f"bbox_{stride}"][0, at] = (0.5, 0.5, np.log(4), np.log(5))
            answers[f"kps_{stride}"][0, at] = np.arange(10)
        return [answers[name] for name in self.outputs]

    def _make(self, name: str, height: int, width: int) -> Any:
        kind, stride = name.split("_")
        count = (height // int(stride)) * (width // int(stride))
        return np.zeros((1, count, {"cls": 1, "obj": 1, "bbox": 4, "kps": 10}[kind]), np.float32)


def test_a_cell_becomes_box_and_landmarks_in_pixels() -> None:
    network = FakeYuNet({(16, 3, 5): 0.8})
    (face,) = YuNet(network).detect(np.zeros((100, 150, 3), np.uint8))
    assert network.given == (1, 3, 128, 160)
    assert face.confidence == pytest.approx(0.8)
    # Middle (5.5, 3.5) cells of 16 pixels, 4 x 5 cells large.
    assert (face.left, face.top) == pytest.approx((56, 16))
    assert (face.width, face.height) == pytest.approx((64, 80))
    np.testing.assert_allclose(face.landmarks[0], (5 * 16, 4 * 16))
    np.testing.assert_allclose(face.landmarks[4], (13 * 16, 12 * 16))


def test_weak_guesses_are_left_out_and_overlapping_ones_joined() -> None:
    found = YuNet(FakeYuNet({(16, 3, 5): 0.7, (16, 3, 6): 0.9, (8, 0, 0): 0.5, (32, 3, 1): 0.65})).detect(
        np.zeros((160, 160, 3), np.uint8)
    )
    assert [round(face.confidence, 2) for face in found] == [0.9, 0.65]


def test_a_network_of_fixed_size_is_given_a_smaller_picture() -> None:
    network = FakeYuNet({(16, 0, 0): 0.9})
    (face,) = YuNet(network, fixed_size=(64, 64)).detect(np.zeros((128, 256, 3), np.uint8))
    assert network.given == (1, 3, 64, 64)
    assert face.width == pytest.approx(256)


def test_nonsense_from_a_network_is_no_face() -> None:
    rows = np.array([[0.9, np.nan, 0, 5, 5], [0.8, 0, 0, np.inf, 5]], np.float32)
    assert suppress(rows).shape == (0, 5)


def test_the_blob_is_blue_first_and_black_beyond_the_picture() -> None:
    picture = np.zeros((10, 20, 3), np.uint8)
    picture[..., 2] = 7
    blob = make_blob(picture)
    assert blob.shape == (1, 3, 32, 32)
    assert blob[0, 0, :10, :20].min() == 7
    assert blob.sum() == 7 * 200


@pytest.mark.parametrize("shape", [(0, 10, 3), (10, 10), (10, 10, 4)])
def test_what_is_no_colour_picture_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(WrongUse):
        YuNet(FakeYuNet({})).detect(np.zeros(shape, np.uint8))
