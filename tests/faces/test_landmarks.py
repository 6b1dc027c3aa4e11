"""Against dlib 20.0.1, whose answer to one freely usable photograph is written down here."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import skimage.data

from varde.core.errors import IntegrityFailure
from varde.core.model import ModelTask
from varde.faces.landmarks import KIND, VERSION, LandmarkPredictor
from varde.models.pack import Pack
from varde.segments.container import write_segment

PHOTO = np.ascontiguousarray(skimage.data.astronaut()[:300, 100:400])
BOX = (72, 65, 167, 159)
POINTS = [(155, 104), (137, 104), (95, 101), (112, 103), (124, 134)]


def make_arrays(**changed: np.ndarray) -> dict[str, np.ndarray]:
    """Returns the smallest predictor: one cascade, one tree, one split, which moves the points right or left."""
    arrays = {
        "shape": np.array([[0.25, 0.5], [0.75, 0.5]], np.float32),
        "pixels": np.array([[[[0, 1]]]], np.uint16),
        "thresholds": np.array([[[10]]], np.float32),
        "leaves": np.array([[[[[0.25, 0.0], [0.25, 0.0]], [[-0.25, 0.0], [-0.25, 0.0]]]]], np.float32),
        "anchors": np.array([[0, 1]], np.uint16),
        "offsets": np.zeros((1, 2, 2), np.float32),
    }
    return arrays | changed


@pytest.fixture
def smallest(tmp_path: Path) -> LandmarkPredictor:
    write_segment(tmp_path / "trees", KIND, VERSION, {}, make_arrays())
    return LandmarkPredictor(tmp_path / "trees")


def test_points_round_to_those_of_dlib(builtin_pack: Pack) -> None:
    predictor = LandmarkPredictor(builtin_pack.folder / builtin_pack.get(ModelTask.FACE_LANDMARKS).file)
    points = predictor.predict(PHOTO, [BOX, (0, 0, 40, 40)])
    assert points.shape == (2, 5, 2)
    assert points.dtype == np.float32
    assert [tuple(np.floor(point + 0.5).astype(int)) for point in points[0]] == POINTS


def test_brighter_first_pixel_goes_to_the_left_child(smallest: LandmarkPredictor) -> None:
    picture = np.zeros((100, 100, 3), np.uint8)
    picture[50, 25] = 200
    assert smallest.predict(picture, [(0, 0, 100, 100)]).tolist() == [[[50.0, 50.0], [100.0, 50.0]]]
    assert smallest.predict(255 - picture, [(0, 0, 100, 100)]).tolist() == [[[0.0, 50.0], [50.0, 50.0]]]


def test_pixels_outside_of_the_picture_are_black(smallest: LandmarkPredictor) -> None:
    picture = np.full((10, 10, 3), 255, np.uint8)
    assert np.isfinite(smallest.predict(picture, [(-500, -500, -400, -400), (5, 5, 5, 5)])).all()


def test_no_box_gives_no_points(smallest: LandmarkPredictor) -> None:
    assert smallest.predict(np.zeros((5, 5, 3), np.uint8), []).shape == (0, 2, 2)


@pytest.mark.parametrize(
    "changed",
    [
        {"pixels": np.array([[[[0, 9]]]], np.uint16)},
        {"anchors": np.array([[0, 7]], np.uint16)},
        {"leaves": np.zeros((1, 1, 1, 2, 2), np.float32)},
        {"offsets": np.zeros((1, 3, 2), np.float32)},
        {"thresholds": np.zeros((1, 1), np.float32)},
    ],
)
def test_forged_trees_are_an_integrity_failure(tmp_path: Path, changed: dict[str, np.ndarray]) -> None:
    write_segment(tmp_path / "trees", KIND, VERSION, {}, make_arrays(**changed))
    with pytest.raises(IntegrityFailure, match="damaged"):
        LandmarkPredictor(tmp_path / "trees")


def test_truncated_trees_are_an_integrity_failure(tmp_path: Path) -> None:
    write_segment(tmp_path / "trees", KIND, VERSION, {}, make_arrays())
    (tmp_path / "cut").write_bytes((tmp_path / "trees").read_bytes()[:-20])
    with pytest.raises(IntegrityFailure):
        LandmarkPredictor(tmp_path / "cut")
