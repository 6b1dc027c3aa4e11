"""Embeddings from crops, with a network that is a plain sum."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from varde.core.errors import FormatError, VardeError
from varde.faces.crops import encode_crop
from varde.faces.embed import Embedder, average, scale_to_unit
from varde.faces.network import PictureInput, read_picture_input

GIVEN = PictureInput("arcface112", 112, False, (0, 0, 0), (255, 255, 255))
CARD = {"size": [112, 112], "colour": "rgb", "mean": [0, 0, 0], "deviation": [1, 1, 1], "alignment": "arcface112"}


class Halves:
    """Gives the mean brightness of the left and of the right half."""

    inputs = ("input",)
    outputs = ("output",)

    def run(self, arrays: Mapping[str, Any]) -> list[Any]:
        blob = arrays["input"]
        return [np.array([[blob[..., :56].mean() + 0.01, blob[..., 56:].mean() + 0.01]], np.float32)]


def make_crop(left: int, right: int) -> bytes:
    pixels = np.zeros((144, 128, 3), np.uint8)
    pixels[:, :64], pixels[:, 64:] = left, right
    return encode_crop(pixels)


def test_rows_have_unit_length_and_mirrored_faces_the_same_embedding() -> None:
    rows = Embedder(Halves(), GIVEN, 2).embed([make_crop(200, 50), make_crop(50, 200)])
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-6)
    np.testing.assert_allclose(rows[0], rows[1], atol=1e-3)


def test_a_face_has_the_same_embedding_alone_and_among_others() -> None:
    embedder = Embedder(Halves(), GIVEN, 2)
    many = embedder.embed([make_crop(10, 20), make_crop(200, 50)])
    assert many[1].tobytes() == embedder.embed([make_crop(200, 50)])[0].tobytes()


def test_no_crops_give_no_rows() -> None:
    assert Embedder(Halves(), GIVEN, 2).embed([]).shape == (0, 2)


def test_a_network_that_breaks_its_cards_promise_is_told() -> None:
    with pytest.raises(VardeError, match="promises"):
        Embedder(Halves(), GIVEN, 128).embed([make_crop(1, 2)])


def test_average_counts_by_weight_and_by_number_where_all_are_zero() -> None:
    rows = np.eye(2, dtype=np.float32)
    np.testing.assert_allclose(average(rows, np.array([3, 0], np.float32)), [1, 0])
    np.testing.assert_allclose(average(rows, np.zeros(2, np.float32)), [0.70710677] * 2)
    assert not scale_to_unit(np.zeros(2, np.float32)).any()


@pytest.mark.parametrize(
    "wrong", [{"size": None}, {"size": [112, 96]}, {"colour": "hsv"}, {"mean": [0]}, {"deviation": [1, 0, 1]}]
)
def test_a_card_without_usable_input_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(FormatError):
        read_picture_input(CARD | wrong)


def test_blobs_are_in_the_order_and_scale_of_the_card() -> None:
    given = read_picture_input(CARD | {"colour": "bgr", "mean": [10, 0, 0], "deviation": [2, 1, 1]})
    picture = np.zeros((112, 112, 3), np.uint8)
    picture[..., 2] = 50
    blob = given.make_blob([picture])
    assert blob.shape == (1, 3, 112, 112)
    assert blob[0, :, 0, 0].tolist() == [20, 0, 0]
