"""Looking for faces while a file is examined, with an engine that finds red squares: nothing is loaded for it."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
import pytest
from PIL import Image

from varde.core.errors import VardeError
from varde.core.face import AgeBracket, Face, FaceBox, FaceFrame, FacesFound
from varde.core.issue import IssueCode, Step
from varde.core.limits import DecodeLimits
from varde.core.outcome import NotComparable
from varde.faces.raw import Pixels, RawFace
from varde.pipeline.checking_faces import list_faults
from varde.pipeline.examine import Examination, ExamineRequest, examine, prepare
from varde.pipeline.look_for_faces import FRAME_PX, FaceLooker
from varde.testing.model_packs import make_pack_folder
from varde.testing.videos import write_video

UNIT = np.eye(1, 16, dtype="<f4").tobytes()
SHAPE = np.array([[0.3, 0.35], [0.7, 0.35], [0.5, 0.6], [0.35, 0.8], [0.65, 0.8]], np.float32)
FAR = {"1e-3": 0.3, "1e-5": 0.5}


class RedSquares:
    """Takes every picture with enough red for one with one face, where the red is; all are one person's."""

    cost_s_per_mpx = 0.1

    def __init__(self, *, fails: bool = False) -> None:
        self.fails = fails
        self.looked: list[tuple[int, int]] = []
        self.turned: list[bool] = []

    def find(self, rgb: Pixels, *, full_width: int) -> FacesFound:
        height, width = rgb.shape[:2]
        faces = [self._make_face(rgb, raw, full_width / width) for raw in self.look(rgb)]
        return FacesFound(tuple(faces), 0, f"{max(width, height)} px")

    def look(self, rgb: Pixels, *, turned: bool = True) -> list[RawFace]:
        self.turned.append(turned)
        if self.fails:
            raise VardeError("a model does not take what it was given")
        self.looked.append((rgb.shape[1], rgb.shape[0]))
        rows, columns = np.nonzero((rgb[..., 0] > 200) & (rgb[..., 1] < 90))
        if len(rows) < 20:
            return []
        left, top, side = float(columns.min()), float(rows.min()), float(np.ptp(columns)) + 1
        return [RawFace(left, top, side, side, SHAPE * side + np.float32([left, top]), 0.9)]

    def cut(self, rgb: Pixels, raw: RawFace, *, offset_s: float | None) -> FaceFrame:
        with io.BytesIO() as file:
            Image.fromarray(rgb).resize((64, 72)).save(file, "JPEG")
            return FaceFrame(offset_s, file.getvalue(), 60)

    def embed_frames(self, frames: Sequence[FaceFrame], *, width_px: float) -> bytes | NotComparable:
        return UNIT

    def estimate_age(self, frames: Sequence[FaceFrame]) -> AgeBracket | None:
        return None

    def _make_face(self, rgb: Pixels, raw: RawFace, growth: float) -> Face:
        height, width = rgb.shape[:2]
        box = FaceBox(raw.left / width, raw.top / height, raw.width / width, raw.height / height)
        landmarks = tuple((float(x) / width, float(y) / height) for x, y in raw.landmarks)
        return Face(box, landmarks, 0, raw.width * growth, 0.9, (self.cut(rgb, raw, offset_s=None),), UNIT)


def paint(width: int, height: int, left: int, top: int, side: int) -> Pixels:
    pixels = np.full((height, width, 3), 128, np.uint8)
    pixels[:, ::7] = 160
    pixels[top : top + side, left : left + side] = (250, 10, 10)
    return pixels


def write(pixels: Pixels, kind: str = "PNG", **options: object) -> bytes:
    with io.BytesIO() as file:
        Image.fromarray(pixels).save(file, kind, **options)
        return file.getvalue()


def look(data: bytes, tmp_path: Path, engine: RedSquares | None = None, *, faces: bool = True) -> Examination:
    path = tmp_path / "file"
    path.write_bytes(data)
    descriptor = os.open(path, os.O_RDONLY)
    try:
        request = ExamineRequest(0, len(data), DecodeLimits(), faces=faces)
        return examine(request, descriptor, FaceLooker(engine or RedSquares(), FAR))
    finally:
        os.close(descriptor)


def get_faces(examined: Examination) -> FacesFound:
    assert examined.content is not None
    assert examined.content.faces is not None
    assert list_faults(examined.content.faces, 16) == []
    return examined.content.faces


def test_a_pictures_faces_are_told_in_shares_and_in_its_own_pixels(tmp_path: Path) -> None:
    examined = look(write(paint(400, 300, 100, 60, 80)), tmp_path)
    (face,) = get_faces(examined).faces
    assert face.box == FaceBox(0.25, 0.2, 0.2, pytest.approx(80 / 300))
    assert face.size_px == 80
    assert examined.cpu_s["faces"] >= 0
    assert not examined.issues


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_large_picture_is_looked_at_at_reduced_scale(tmp_path: Path, kind: str) -> None:
    engine = RedSquares()
    (face,) = get_faces(look(write(paint(4_000, 3_000, 1_000, 600, 800), kind), tmp_path, engine)).faces
    ((width, height),) = engine.looked
    assert 1_600 <= max(width, height) < 3_200
    assert face.size_px == pytest.approx(800, rel=0.02)
    assert (face.box.left, face.box.top) == (pytest.approx(0.25, abs=0.01), pytest.approx(0.2, abs=0.01))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF", "TIFF"])
def test_faces_are_looked_for_in_the_upright_picture(tmp_path: Path, kind: str) -> None:
    pixels = paint(1_000, 700, 700, 100, 200)
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned clockwise: what was on the right is at the bottom
    (face,) = get_faces(look(write(pixels, kind, exif=exif), tmp_path)).faces
    middle = (face.box.left + face.box.width / 2, face.box.top + face.box.height / 2)
    assert middle == (pytest.approx(1 - 200 / 700, abs=0.02), pytest.approx(0.8, abs=0.02))
    assert face.size_px == pytest.approx(200, rel=0.03)


def test_hashes_do_not_depend_on_whether_faces_are_looked_for(tmp_path: Path) -> None:
    for data in (write(paint(1_200, 900, 100, 60, 300), "JPEG"), write(paint(300, 200, 10, 6, 30), "GIF")):
        with_faces, without = look(data, tmp_path), look(data, tmp_path, faces=False)
        assert with_faces.content
        assert without.content
        assert with_faces.content.signals == without.content.signals
        assert with_faces.content.facts == without.content.facts
        assert without.content.faces is None
        assert with_faces.content.thumbnail
        assert without.content.thumbnail
        thumbnail = with_faces.content.thumbnail
        sizes = (thumbnail.width_px, thumbnail.height_px)
        assert sizes == (without.content.thumbnail.width_px, without.content.thumbnail.height_px)


def test_a_picture_without_a_face_says_what_was_looked_at(tmp_path: Path) -> None:
    found = get_faces(look(write(paint(400, 300, 0, 0, 0)), tmp_path))
    assert found.faces == ()
    assert found.looked_at == "400 px"


def test_a_face_in_a_later_frame_of_an_animated_picture_is_found(tmp_path: Path) -> None:
    frames = [Image.fromarray(paint(200, 150, 20 + 3 * number, 30, 60 if number > 3 else 0)) for number in range(10)]
    with io.BytesIO() as file:
        frames[0].save(file, "GIF", save_all=True, append_images=frames[1:], duration=500)
        (face,) = get_faces(look(file.getvalue(), tmp_path)).faces
    assert (face.first_s, face.last_s, face.seen_frames) == (2.0, 4.5, 6)


def test_a_face_in_a_video_becomes_one_track(tmp_path: Path) -> None:
    engine = RedSquares()
    scene = [paint(320, 240, 40 + 2 * number, 50, 90) for number in range(36)]
    (face,) = get_faces(look(write_video([scene], 12), tmp_path, engine)).faces
    assert face.first_s == 0
    assert face.last_s is not None
    assert 1.5 < face.last_s <= 3
    assert face.size_px == pytest.approx(90, rel=0.1)
    assert all(frame.offset_s is not None for frame in face.frames)
    assert max(engine.looked[0]) <= FRAME_PX


def test_a_video_is_looked_at_within_its_time(tmp_path: Path) -> None:
    looker = FaceLooker(RedSquares(), FAR)
    assert looker.count_pixels(60) == 240_000_000
    assert looker.count_pixels(120) == 2 * looker.count_pixels(60)
    slow = RedSquares()
    slow.cost_s_per_mpx = 300.0  # type: ignore[misc]
    scene = [paint(320, 240, 40 + 2 * number, 50, 90) for number in range(60)]
    look(write_video([scene, scene], 12), tmp_path, slow)
    assert 1 <= len(slow.looked) <= 2


def test_of_a_videos_frames_without_a_face_only_some_are_turned() -> None:
    engine = RedSquares()
    video = FaceLooker(engine, FAR).start_video()
    for number in range(20):
        video.add(float(number), paint(320, 240, 0, 0, 0), 320)
    assert [number for number, turned in enumerate(engine.turned) if turned] == [0, 8, 16]


def test_a_video_that_lies_on_its_side_is_turned_in_every_frame() -> None:
    class Lying(RedSquares):
        def look(self, rgb: Pixels, *, turned: bool = True) -> list[RawFace]:
            return [replace(face, angle=90) for face in super().look(rgb, turned=turned)] if turned else []

    video = FaceLooker(Lying(), FAR).start_video()
    for number in range(20):
        video.add(float(number), paint(320, 240, 40, 50, 90), 320)
    (face,) = video.finish().faces
    assert (face.seen_frames, face.angle) == (20, 90)


def test_where_looking_for_faces_fails_the_rest_is_kept(tmp_path: Path) -> None:
    for data in (write(paint(400, 300, 100, 60, 80)), write_video([[paint(320, 240, 40, 50, 90)] * 12], 12)):
        examined = look(data, tmp_path, RedSquares(fails=True))
        assert examined.content
        assert examined.content.signals
        assert examined.content.faces is None
        assert [(issue.code, issue.step) for issue in examined.issues] == [(IssueCode.INTERNAL, Step.FACES)]


def test_files_without_pixels_are_not_looked_at(tmp_path: Path) -> None:
    for data in (b"plain text\n", write(paint(400, 300, 1, 1, 9), "JPEG")[:200]):
        examined = look(data, tmp_path)
        assert examined.content
        assert examined.content.faces is None


def test_the_looker_itself_loads_no_model_library() -> None:
    import subprocess

    code = "import sys, varde.pipeline.schedule; print([x for x in ('onnxruntime', 'onnx', 'cv2') if x in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "onnx" not in done.stdout


def test_the_same_frames_give_the_same_answer(tmp_path: Path) -> None:
    data = write_video([[paint(320, 240, 40 + 2 * number, 50, 90) for number in range(24)]], 12)
    one, other = (get_faces(look(data, tmp_path)) for _ in range(2))
    assert one == replace(other)


def test_graphs_are_parsed_when_faces_are_wanted_first_not_before_the_process_is_locked_down(tmp_path: Path) -> None:
    folder = make_pack_folder(tmp_path / "pack", embed=b"no graph, but the bytes that its card names")
    handle = prepare(str(folder))
    for path in folder.iterdir():
        path.unlink()  # as for a process that was locked down: nothing can be opened any more
    picture = tmp_path / "picture.png"
    picture.write_bytes(write(paint(64, 64, 1, 1, 9), "PNG"))
    answers = []
    for faces in (False, True):
        with picture.open("rb") as file:
            wanted = ExamineRequest(0, picture.stat().st_size, DecodeLimits(), faces=faces)
            answers.append(
                msgspec.msgpack.decode(handle(msgspec.msgpack.encode(wanted), [file.fileno()]), type=Examination)
            )
    assert all(one.content and one.content.signals for one in answers)
    assert [[(issue.code, issue.step) for issue in one.issues] for one in answers] == [
        [],
        [(IssueCode.INTERNAL, Step.FACES)],
    ]
    assert "no graph that can be run" in answers[1].issues[0].cause
