import numpy as np
import numpy.typing as npt
import pytest

from varde.camera.correlation import compute_signal
from varde.camera.fingerprint_sums import FingerprintSums
from varde.camera.video_sums import EVEN_LUMA, METHOD, VideoSums

_SIZE = (40, 56)
_RNG = np.random.default_rng(3)
_NOISE = _RNG.normal(0, 2, _SIZE).astype(np.float32)
_LUMA = _RNG.integers(30, 240, _SIZE, dtype=np.uint8)
_GAINS = _RNG.uniform(0.1, 1, (3, 4)).astype(np.float32)


def _fold_slowly(
    noise: npt.NDArray[np.float32], luma: npt.NDArray[np.uint8], gains: npt.NDArray[np.float32]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    signal, information = np.zeros(_SIZE), np.zeros(_SIZE)
    for top in range(0, _SIZE[0], 16):
        for left in range(0, _SIZE[1], 16):
            block = np.s_[top : top + 16, left : left + 16]
            gain, light = float(gains[top // 16, left // 16]), luma[block].astype(float)
            used = (luma[block] >= 20) & (luma[block] <= 250)
            share = gain / (float(noise[block].var()) + 3) * used
            signal[block] = share * light * noise[block]
            information[block] = share * gain * light * light
    return signal, information


def _sum(noise: npt.NDArray[np.float32] = _NOISE, luma: npt.NDArray[np.uint8] = _LUMA, times: int = 1) -> VideoSums:
    sums = VideoSums(*_SIZE)
    for _ in range(times):
        sums.add(noise, luma, _GAINS)
    return sums


def test_sums_equal_the_slow_way() -> None:
    luma = _LUMA.copy()
    luma[3:9, 4:20], luma[30:, 40:] = 255, 5
    sums = _sum(luma=luma)
    signal, information = _fold_slowly(_NOISE, luma, _GAINS)
    assert sums.signal == pytest.approx(signal, rel=1e-4, abs=1e-3)
    assert sums.information == pytest.approx(information, rel=1e-4, abs=1e-3)
    assert sums.usable == pytest.approx(1 - (6 * 16 + 10 * 16) / luma.size)


def test_residual_gives_back_the_weighted_sum() -> None:
    sums = _sum(times=3)
    residual = sums.make_residual(sums.compute_even_noise())
    assert residual.method == METHOD
    assert (residual.luma == EVEN_LUMA).all()
    signal = compute_signal(residual)
    assert np.corrcoef(signal.ravel(), sums.signal.ravel())[0, 1] > 0.9999


def test_residual_of_one_clip_gives_back_its_estimate_as_a_fingerprint() -> None:
    sums = _sum(times=3)
    fingerprint = FingerprintSums(*_SIZE)
    fingerprint.add(sums.make_residual(sums.compute_even_noise()))
    estimate, known = fingerprint.estimate(), fingerprint.estimate() != 0
    assert known.mean() > 0.9
    assert estimate[known] == pytest.approx((sums.signal / sums.information)[known], rel=1e-3)


def test_even_noise_has_equal_variance_where_blocks_differ() -> None:
    noise = _NOISE.copy()
    noise[:16] *= 8
    even = _sum(noise).compute_even_noise()
    assert even.dtype == np.float32
    assert 0.5 < even[:16].std() / even[16:].std() < 2


def test_joined_halves_are_the_whole() -> None:
    one, other = _sum(times=2), _sum(times=1)
    one.join(other)
    whole = _sum(times=3)
    assert one.signal == pytest.approx(whole.signal, rel=1e-5)
    assert (one.frames, one.usable) == (3, pytest.approx(whole.usable))


def test_saturated_frames_tell_nothing() -> None:
    sums = _sum(luma=np.full(_SIZE, 255, np.uint8))
    assert sums.usable == 0
    assert not sums.signal.any()
    assert not sums.compute_even_noise().any()


def test_cleared_sums_are_as_new() -> None:
    sums = _sum(times=2)
    sums.clear()
    assert (sums.frames, sums.usable) == (0, 0)
    assert not (sums.signal.any() or sums.information.any() or sums.light.any())
