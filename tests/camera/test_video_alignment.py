import cv2
import numpy as np
import numpy.typing as npt

from varde.camera.video_alignment import FrameAligner
from varde.camera.video_sums import VideoSums
from varde.testing.camera_videos import Stabilisation, make_places

_SIZE = (320, 448)
_FRAMES = 10


def _make_pattern(seed: int) -> npt.NDArray[np.float32]:
    noise = np.random.default_rng(seed).standard_normal((_SIZE[0] + 80, _SIZE[1] + 80), np.float32)
    return np.asarray(cv2.GaussianBlur(noise, (0, 0), 0.7), np.float32)


def _make_frames(strength: float) -> list[VideoSums]:
    """Returns the sums of single frames of noise, in which a pattern lies somewhere else each time."""
    rng, frames = np.random.default_rng(4), []
    for place in make_places(rng, _FRAMES, Stabilisation(shift_px=4, angle_deg=0.2, scale=0.001)):
        matrix = cv2.getRotationMatrix2D((_SIZE[1] / 2 + 40, _SIZE[0] / 2 + 40), place.angle_deg, place.scale)
        matrix[:, 2] += (place.shift[1] - 40, place.shift[0] - 40)
        moved = np.asarray(cv2.warpAffine(_make_pattern(1), matrix, (_SIZE[1], _SIZE[0])), np.float32)
        frame = VideoSums(*_SIZE)
        noise = rng.standard_normal(_SIZE, np.float32) + strength * moved
        frame.add(noise, np.full(_SIZE, 128, np.uint8), np.ones((20, 28), np.float32))
        frames.append(frame)
    return frames


def _align(frames: list[VideoSums], seed: int) -> FrameAligner:
    aligner = FrameAligner(_make_pattern(seed)[40:-40, 40:-40].copy())
    for number, frame in enumerate(frames):
        aligner.add(frame, is_key=number % 5 == 0)
    return aligner


def test_frames_are_aligned_and_their_sum_agrees_better_than_as_they_lie() -> None:
    frames = _make_frames(0.5)
    aligner = _align(frames, 1)
    assert (aligner.seen, aligner.sums.frames) == (_FRAMES, aligner.aligned)
    assert aligner.aligned >= _FRAMES - 1
    plain = np.asarray(np.sum([frame.signal for frame in frames], axis=0), np.float32)
    assert aligner.measure(aligner.sums.signal) > 2 * aligner.measure(plain)
    assert 0.5 < aligner.sums.usable <= 1


def test_frames_of_another_camera_are_left_out() -> None:
    aligner = _align(_make_frames(0.5), 2)
    assert (aligner.seen, aligner.aligned) == (_FRAMES, 0)
    assert not aligner.sums.signal.any()


def test_nothing_is_aligned_before_a_key_frame_was() -> None:
    aligner = FrameAligner(_make_pattern(1)[40:-40, 40:-40].copy())
    aligner.add(_make_frames(0.5)[0], is_key=False)
    assert aligner.aligned == 0
