import numpy as np
import numpy.typing as npt

from varde.camera.video_steadiness import Steadiness, Verdict, measure_steadiness
from varde.camera.video_sums import VideoSums

_SIZE = (256, 320)
_PATTERN = np.random.default_rng(1).standard_normal(_SIZE, np.float32)


def _make_half(seed: int, pattern: npt.NDArray[np.float32] | None, luma: int) -> VideoSums:
    """Returns one frame of noise, in which a tenth of a pattern lies."""
    noise = np.random.default_rng((2, seed)).standard_normal(_SIZE, np.float32) * 2
    if pattern is not None:
        noise += pattern / 2
    sums = VideoSums(*_SIZE)
    sums.add(noise, np.full(_SIZE, luma, np.uint8), np.ones((16, 20), np.float32))
    return sums


def _measure(
    one: npt.NDArray[np.float32] | None, other: npt.NDArray[np.float32] | None, lumas: tuple[int, int] = (120, 140)
) -> Steadiness:
    halves = _make_half(1, one, lumas[0]), _make_half(2, other, lumas[1])
    return measure_steadiness(*halves, *(half.compute_even_noise() for half in halves))


def test_halves_that_agree_where_they_lie_are_steady() -> None:
    found = _measure(_PATTERN, _PATTERN)
    assert found.verdict is Verdict.STEADY
    assert found.z_here > 10 > found.z_elsewhere
    assert found.motion == 20


def test_halves_that_agree_elsewhere_are_unclear() -> None:
    found = _measure(_PATTERN, np.roll(_PATTERN, (5, -7), (0, 1)))
    assert found.verdict is Verdict.UNCLEAR
    assert found.z_here < 5 < 10 < found.z_elsewhere


def test_halves_that_agree_nowhere_are_unclear() -> None:
    found = _measure(None, None)
    assert found.verdict is Verdict.UNCLEAR
    assert max(abs(found.z_here), found.z_elsewhere) < 6


def test_agreement_of_a_still_scene_proves_nothing() -> None:
    assert _measure(_PATTERN, _PATTERN, (120, 120)).verdict is Verdict.STILL


def test_a_video_of_one_second_is_unclear() -> None:
    one, none = _make_half(1, _PATTERN, 120), VideoSums(*_SIZE)
    noise = one.compute_even_noise()
    assert measure_steadiness(one, none, noise, noise).verdict is Verdict.UNCLEAR
