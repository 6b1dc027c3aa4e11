import io
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from varde.camera.compare import compare, prepare
from varde.camera.fingerprint import METHOD, Fingerprint
from varde.camera.geometry_mapping import map_fingerprint
from varde.camera.residual import Residual, Workspace, clean_noise
from varde.camera.video import extract_video_residual, warm_up
from varde.core.camera import FingerprintKind, Geometry, SearchExtent, SourceScore
from varde.core.errors import Unreadable
from varde.core.outcome import NotComparable, Reason
from varde.testing.camera_videos import Stabilisation, get_video_pattern, take_video
from varde.testing.cameras import SyntheticSensor
from varde.testing.pictures import make_photo
from varde.testing.video_edits import write_frames

_SIZE = (288, 384)
_SENSOR = (576, 768)
_CLIPS = Path(__file__).parents[3] / "shared" / "data" / "video"


@cache
def _make_sensor(seed: int) -> SyntheticSensor:
    return SyntheticSensor(seed, *_SENSOR, strength=0.03)


@cache
def _film(seed: int, *, stabilised: bool = False, frames: int = 30, clip: int = 0) -> bytes:
    moving = Stabilisation(shift_px=4, angle_deg=0.2, scale=0.001) if stabilised else None
    rng = np.random.default_rng((seed, clip))
    sensor = _make_sensor(seed)
    return take_video(sensor, rng, size=_SIZE, frames=frames, bit_rate=6_000_000, gop=10, rate=15, stabilised=moving)


def _read(data: bytes, fingerprint: Fingerprint | None = None) -> tuple[Residual | NotComparable, dict[str, object]]:
    return extract_video_residual(io.BytesIO(data), limit_s=100, fingerprint=fingerprint)


def _wrap(values: npt.NDArray[np.float32]) -> Fingerprint:
    cleaned = clean_noise(values - values.mean(), None, Workspace(*values.shape)).copy()
    return Fingerprint(cleaned, FingerprintKind.PHOTO, (), METHOD, {})


def _compare(outcome: Residual | NotComparable, fingerprint: Fingerprint, extent: SearchExtent) -> float:
    assert isinstance(outcome, Residual)
    score = compare(outcome, fingerprint, extent)
    assert isinstance(score, SourceScore)
    return score.pce


def test_steady_video_agrees_with_its_own_camera_only() -> None:
    outcome, facts = _read(_film(1))
    own, other = (_wrap(get_video_pattern(_make_sensor(seed), _SIZE)) for seed in (1, 2))
    assert _compare(outcome, own, SearchExtent.ALIGNED) > 1000
    assert abs(_compare(outcome, other, SearchExtent.ALIGNED)) < 20
    assert facts["steadiness"] == "steady"
    assert float(str(facts["steady_z"])) > 6


def test_facts_say_what_was_read() -> None:
    outcome, facts = _read(_film(1))
    assert isinstance(outcome, Residual)
    assert outcome.values.shape == outcome.weights.shape == outcome.luma.shape == _SIZE
    assert (facts["frames"], facts["key_frames"], facts["codec"], facts["frame_rate"]) == (30, 3, "h264", 15.0)
    assert facts["duration_s"] == pytest.approx(2.0)
    assert facts["bit_rate"] == pytest.approx(len(_film(1)) * 8 / 2, rel=0.05)
    assert facts["issues"] == []
    assert 60 < float(str(facts["mean"])) < 200


def test_two_videos_of_one_camera_agree_and_of_two_cameras_do_not() -> None:
    one, again, other = (_read(_film(seed, clip=clip))[0] for seed, clip in ((1, 0), (1, 1), (2, 0)))
    assert isinstance(again, Residual)
    assert isinstance(other, Residual)
    assert _compare(one, _wrap(again.values / 128), SearchExtent.ALIGNED) > 100
    assert abs(_compare(one, _wrap(other.values / 128), SearchExtent.ALIGNED)) < 20


def test_stabilised_video_is_not_called_steady() -> None:
    _, facts = _read(_film(3, stabilised=True))
    assert facts["steadiness"] == "unclear"


def test_frames_of_a_stabilised_video_are_aligned_to_a_photo_fingerprint() -> None:
    fingerprint = _wrap(_make_sensor(3).luma_pattern)
    outcome, facts = _read(_film(3, stabilised=True), fingerprint)
    plain, _ = _read(_film(3, stabilised=True))
    assert int(str(facts["aligned_frames"])) > 15
    scale = float(str(facts["template_scale"]))
    assert scale == pytest.approx(0.55, abs=0.01)  # the frame shows 1 / 1.1 of the sensor at half size
    geometry = Geometry(scale=scale, shift=tuple(facts["template_shift"]))  # type: ignore[arg-type]
    mapped = _wrap(map_fingerprint(prepare(fingerprint), geometry, _SIZE))
    aligned, as_it_lies = (_compare(each, mapped, SearchExtent.SHIFTED) for each in (outcome, plain))
    assert aligned > 200
    assert aligned > 4 * as_it_lies


def test_stabilised_video_is_laid_on_a_fingerprint_of_its_own_size() -> None:
    """Stabilisation shows a crop, enlarged: no comparison would find that on a fingerprint of steady videos."""
    fingerprint = _wrap(get_video_pattern(_make_sensor(3), _SIZE))
    outcome, facts = _read(_film(3, stabilised=True), fingerprint)
    assert facts["layout"] == "fingerprint"
    assert float(str(facts["template_scale"])) == pytest.approx(1.1, abs=0.01)
    assert _compare(outcome, fingerprint, SearchExtent.ALIGNED) > 150


def test_frames_of_another_camera_are_not_aligned() -> None:
    outcome, facts = _read(_film(3, stabilised=True), _wrap(_make_sensor(4).luma_pattern))
    assert facts["aligned_frames"] == 0
    assert float(str(facts["template_z"])) < 6
    assert isinstance(outcome, Residual)


def test_little_time_reads_fewer_frames() -> None:
    _, facts = extract_video_residual(io.BytesIO(_film(1)), limit_s=0.2)
    assert 8 <= int(str(facts["frames"])) < 30


def test_reading_ends_when_the_time_is_over_and_says_so() -> None:
    ticks = iter(range(10_000))
    outcome, facts = extract_video_residual(io.BytesIO(_film(1)), limit_s=12, clock=lambda: float(next(ticks)))
    assert isinstance(outcome, Residual)
    assert 8 <= int(str(facts["frames"])) < 30
    assert "for lack of time" in str(facts["issues"])


def test_too_few_and_too_small_frames_are_refused_with_figures() -> None:
    few, _ = _read(_film(1, frames=4))
    assert isinstance(few, NotComparable)
    assert few.reason is Reason.NO_FRAMES
    assert "4 frames" in few.detail
    small, _ = _read(write_frames([make_photo(np.random.default_rng(1), 320, 200)] * 10, 10))
    assert isinstance(small, NotComparable)
    assert small.reason is Reason.TOO_SMALL
    assert "320 x 200" in small.detail


@pytest.mark.parametrize(("grey", "reason"), [(3, Reason.TOO_DARK), (254, Reason.OVEREXPOSED), (128, Reason.BLANK)])
def test_frames_without_noise_are_refused(grey: int, reason: Reason) -> None:
    outcome, _ = _read(write_frames([np.full((256, 256, 3), grey, np.uint8)] * 10, 10))
    assert isinstance(outcome, NotComparable)
    assert outcome.reason is reason


def test_still_picture_as_a_video_is_not_called_steady() -> None:
    _, facts = _read(write_frames([make_photo(np.random.default_rng(1), 384, 288)] * 30, 10, crf=20))
    assert facts["steadiness"] != "steady"


def test_what_is_no_video_is_unreadable() -> None:
    with pytest.raises(Unreadable):
        _read(b"no video" * 100)


def test_warming_up_can_be_repeated() -> None:
    warm_up()
    warm_up()


@pytest.mark.shared_data
@pytest.mark.skipif(not _CLIPS.is_dir(), reason="no ../shared/data/video beside the repository")
def test_real_clip_of_an_unknown_camera_agrees_with_no_synthetic_one() -> None:
    data = (_CLIPS / "test-padded-dimensions.mp4").read_bytes()
    outcome, facts = extract_video_residual(io.BytesIO(data), limit_s=0.5)
    if isinstance(outcome, Residual):
        pattern = SyntheticSensor(5, *outcome.values.shape, strength=0.01).luma_pattern
        assert _compare(outcome, _wrap(pattern), SearchExtent.SHIFTED) < 30
    assert int(str(facts["frames"])) > 0
