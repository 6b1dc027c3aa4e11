"""Against dlib 20.0.1, whose answers to one freely usable photograph are written down here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest
import skimage.data

from varde.core.errors import WrongUse
from varde.core.model import ModelTask
from varde.faces.detectors.mmod import Mmod
from varde.faces.landmarks import LandmarkPredictor
from varde.models.pack import Pack
from varde.models.session import open_session

PHOTO = np.ascontiguousarray(skimage.data.astronaut()[:300, 100:400])
BOX = (72, 65, 167, 159)
SCORE = 1.0589884519577026


@pytest.fixture(scope="module")
def predictor(builtin_pack: Pack) -> LandmarkPredictor:
    return LandmarkPredictor(builtin_pack.folder / builtin_pack.get(ModelTask.FACE_LANDMARKS).file)


@pytest.fixture(scope="module")
def detector(builtin_pack: Pack, predictor: LandmarkPredictor) -> Mmod:
    return Mmod(open_session(builtin_pack, ModelTask.FACE_DETECT), predictor)


def test_box_and_score_are_those_of_dlib(detector: Mmod) -> None:
    boxes, scores = detector.find_boxes(PHOTO)
    assert boxes == [BOX]
    assert scores == [pytest.approx(SCORE, abs=1e-5)]


def test_face_has_the_five_standard_landmarks_in_order(detector: Mmod) -> None:
    (face,) = detector.detect(PHOTO)
    left_eye, right_eye, nose, left_mouth, right_mouth = face.landmarks
    assert left_eye[0] < nose[0] < right_eye[0]
    assert left_mouth[0] < right_mouth[0]
    assert left_eye[1] < nose[1] < left_mouth[1] < face.top + face.height
    assert (face.width, face.height) == (96.0, 95.0)
    assert 0.9 < face.confidence < 1.0


def test_landmarks_scatter_least_where_the_face_is_upright(detector: Mmod) -> None:
    (face,) = detector.detect(PHOTO)
    upright = detector.measure_scatter(PHOTO, face)
    turned = np.ascontiguousarray(np.rot90(PHOTO))
    lying = replace(face, left=face.top, top=PHOTO.shape[1] - face.left - face.width)
    assert detector.measure_scatter(turned, lying) > upright


class _Scores:
    """Stands for the network: the score is set by the test, everything else is computed."""

    inputs = ("tiles",)
    outputs = ("scores",)

    def __init__(self, cells: Mapping[tuple[int, int], float]) -> None:
        self._cells = cells

    def run(self, arrays: Mapping[str, npt.NDArray[np.float32]]) -> list[npt.NDArray[np.float32]]:
        rows, columns = (side // 8 for side in arrays["tiles"].shape[2:])
        scores = np.full((1, 1, rows, columns), -1, np.float32)
        for cell, score in self._cells.items():
            scores[0, 0][cell] = score
        return [scores]


def test_neighbouring_cells_of_one_face_give_one_box(predictor: LandmarkPredictor) -> None:
    detector = Mmod(_Scores({(10, 10): 0.5, (10, 11): 0.9, (11, 10): 0.7}), predictor)
    boxes, scores = detector.find_boxes(np.zeros((300, 300, 3), np.uint8))
    assert scores == [pytest.approx(0.9)]
    # The middle of cell (row 10, column 11) is at (102, 94) of the layout, whose picture begins at (11, 11).
    assert boxes == [(52, 44, 131, 123)]


def test_least_score_decides_what_is_told(predictor: LandmarkPredictor) -> None:
    network = _Scores({(10, 10): -0.1, (25, 25): 0.2})
    picture = np.zeros((400, 400, 3), np.uint8)
    assert len(Mmod(network, predictor).detect(picture)) == 1
    faces = Mmod(network, predictor, least_score=-0.2).detect(picture)
    assert [face.confidence > 0.5 for face in faces] == [True, False]


def test_tiny_picture_has_no_face(detector: Mmod) -> None:
    assert detector.detect(np.zeros((15, 400, 3), np.uint8)) == []


@pytest.mark.parametrize("shape", [(20, 20), (20, 20, 4), (0, 20, 3)])
def test_array_that_is_no_picture_is_refused(detector: Mmod, shape: tuple[int, ...]) -> None:
    with pytest.raises(WrongUse):
        detector.detect(np.zeros(shape, np.uint8))
