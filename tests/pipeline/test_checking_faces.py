from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from varde.core.face import MOST_FACES, MOST_FRAMES, AgeBracket, Face, FaceBox, FaceFrame, FacesFound
from varde.core.outcome import NotComparable, Reason
from varde.pipeline.checking_faces import MOST_CROP_BYTES, find_jpeg_size, list_faults

DIMENSIONS = 16
NAN = float("nan")


def make_crop(width: int = 64, height: int = 72, kind: str = "JPEG") -> bytes:
    with io.BytesIO() as file:
        Image.new("RGB", (width, height), (90, 60, 30)).save(file, kind)
        return file.getvalue()


UNIT = np.eye(1, DIMENSIONS, dtype="<f4").tobytes()
FRAME = FaceFrame(None, make_crop(), 70)
FACE = Face(FaceBox(0.1, 0.2, 0.3, 0.4), ((0.2, 0.3),) * 5, 0, 120.0, 0.9, (FRAME,), UNIT)
TRACK = replace(FACE, frames=(replace(FRAME, offset_s=1.0),) * 3, seen_frames=9, first_s=0.5, last_s=4.0)
TOO_POOR = replace(FACE, embedding=NotComparable(Reason.QUALITY_TOO_LOW, "blurred"))


def found(*faces: Face) -> FacesFound:
    return FacesFound(faces, 0, "1600 px, 0")


def test_honest_answers_pass() -> None:
    assert list_faults(found(FACE, TRACK, TOO_POOR), DIMENSIONS) == []
    assert list_faults(found(replace(FACE, age=AgeBracket(20, 25, 33))), DIMENSIONS) == []
    assert list_faults(found(), DIMENSIONS) == []
    assert list_faults(FacesFound((), 0, "", NotComparable(Reason.NO_FRAMES, "none")), DIMENSIONS) == []
    assert list_faults(None, None) == []


def test_faces_that_nobody_asked_for_are_refused() -> None:
    assert list_faults(found(), None)


@pytest.mark.parametrize(
    "lie",
    [
        replace(FACE, box=FaceBox(NAN, 0, 0.1, 0.1)),
        replace(FACE, box=FaceBox(9, 0, 0.1, 0.1)),
        replace(FACE, box=FaceBox(0, 0, 0, 0.1)),
        replace(FACE, box=FaceBox(0, 0, 0.1, float("inf"))),
        replace(FACE, landmarks=((0.2, 0.3),) * 4),
        replace(FACE, landmarks=((0.2, NAN),) * 5),
        replace(FACE, angle=45),
        replace(FACE, size_px=NAN),
        replace(FACE, size_px=-1.0),
        replace(FACE, confidence=1.1),
        replace(FACE, confidence=NAN),
        replace(FACE, frames=()),
        replace(TRACK, frames=(FRAME,) * (MOST_FRAMES + 1)),
        replace(TRACK, seen_frames=2),
        replace(TRACK, seen_frames=1_000_000),
        replace(TRACK, last_s=None),
        replace(TRACK, first_s=5.0),
        replace(TRACK, first_s=-1.0),
        replace(TRACK, last_s=float("inf")),
        replace(FACE, age=AgeBracket(30, 20, 40)),
        replace(FACE, age=AgeBracket(NAN, 20, 40)),
        replace(FACE, age=AgeBracket(0, 20, 400)),
        replace(FACE, frames=(replace(FRAME, quality=101),)),
        replace(FACE, frames=(replace(FRAME, offset_s=NAN),)),
        replace(FACE, frames=(replace(FRAME, crop=b""),)),
        replace(FACE, frames=(replace(FRAME, crop=make_crop(64, 64)),)),
        replace(FACE, frames=(replace(FRAME, crop=make_crop(56, 63)),)),
        replace(FACE, frames=(replace(FRAME, crop=make_crop(kind="PNG")),)),
        replace(FACE, frames=(replace(FRAME, crop=make_crop() + bytes(MOST_CROP_BYTES)),)),
        replace(FACE, embedding=UNIT[:-4]),
        replace(FACE, embedding=bytes(4 * DIMENSIONS)),
        replace(FACE, embedding=np.full(DIMENSIONS, np.nan, "<f4").tobytes()),
        replace(FACE, embedding=np.full(DIMENSIONS, 3e38, "<f4").tobytes()),
        replace(FACE, embedding=NotComparable(Reason.QUALITY_TOO_LOW, "x" * 5_000)),
    ],
)
def test_a_face_that_cannot_be_true_is_refused(lie: Face) -> None:
    assert list_faults(found(FACE, lie), DIMENSIONS)


@pytest.mark.parametrize(
    "lie",
    [
        found(*(FACE,) * (MOST_FACES + 1)),
        replace(found(FACE), dropped=-1),
        replace(found(FACE), looked_at="x" * 500),
        replace(found(FACE), looked_at="1600\0px"),
        replace(found(FACE), refused=NotComparable(Reason.NO_FRAMES, "none")),
        replace(found(), refused=NotComparable(Reason.NO_FRAMES, "x" * 5_000)),
        replace(found(), refused=NotComparable(Reason.NO_FRAMES, "clears the screen \x1b[2J")),
    ],
)
def test_an_answer_that_cannot_be_true_is_refused(lie: FacesFound) -> None:
    assert list_faults(lie, DIMENSIONS)


def test_the_size_of_a_jpeg_is_read_from_its_header_alone() -> None:
    whole = make_crop(128, 144)
    assert find_jpeg_size(whole) == (128, 144)
    assert find_jpeg_size(whole[:200]) in {(128, 144), None}
    for broken in (
        b"",
        b"\xff\xd8",
        b"\xff\xd8\xff",
        b"\xff\xd8" + b"\xff" * 50,
        b"\xff\xd8\xff\xe0\0\0" * 9,
        b"GIF89a",
    ):
        assert find_jpeg_size(broken) is None
