import io

import av
import numpy as np
import numpy.typing as npt

from varde.testing.camera_videos import Stabilisation, get_video_pattern, make_places, take_video
from varde.testing.cameras import SyntheticSensor

_SIZE = (128, 192)


def _read_frames(data: bytes) -> list[npt.NDArray[np.float32]]:
    with av.open(io.BytesIO(data)) as container:
        return [frame.to_ndarray(format="gray").astype(np.float32) for frame in container.decode(video=0)]


def _sum_noise(frames: list[npt.NDArray[np.float32]]) -> npt.NDArray[np.float32]:
    """Returns the mean of frames without what their neighbours share."""
    noise = [frame - (np.roll(frame, 1, 1) + np.roll(frame, -1, 1)) / 2 for frame in frames]
    return np.asarray(np.mean(noise, axis=0), np.float32)


def _correlate(one: npt.NDArray[np.float32], other: npt.NDArray[np.float32]) -> float:
    return float(np.corrcoef(one.ravel(), other.ravel())[0, 1])


def test_video_carries_the_pattern_of_its_own_sensor_only() -> None:
    sensor, other = (SyntheticSensor(seed, *_SIZE, strength=0.03) for seed in (1, 2))
    data = take_video(sensor, np.random.default_rng(1), size=_SIZE, frames=12, bit_rate=2_000_000, gop=6)
    noise = _sum_noise(_read_frames(data))
    assert _correlate(noise, _sum_noise([sensor.luma_pattern])) > 0.2
    assert abs(_correlate(noise, _sum_noise([other.luma_pattern]))) < 0.05


def test_video_has_the_frames_size_and_key_frames_asked_for() -> None:
    sensor = SyntheticSensor(1, *_SIZE)
    data = take_video(sensor, np.random.default_rng(1), size=(96, 128), frames=9, bit_rate=500_000, gop=4, rate=15)
    with av.open(io.BytesIO(data)) as container:
        stream = container.streams.video[0]
        packets = [packet for packet in container.demux(stream) if packet.size]
        assert (stream.width, stream.height, stream.average_rate) == (128, 96, 15)
        assert len(packets) == 9
        assert sum(packet.is_keyframe for packet in packets) == 3


def test_lower_bit_rate_makes_a_smaller_file() -> None:
    sensor = SyntheticSensor(1, *_SIZE)
    good, poor = (
        take_video(sensor, np.random.default_rng(1), size=_SIZE, frames=10, bit_rate=rate)
        for rate in (3_000_000, 150_000)
    )
    assert len(poor) < len(good) / 2


def test_same_generator_gives_the_same_video() -> None:
    sensor = SyntheticSensor(1, *_SIZE)
    one, again = (take_video(sensor, np.random.default_rng(4), size=_SIZE, frames=3) for _ in range(2))
    assert one == again


def test_stabilisation_spreads_the_pattern_over_places() -> None:
    sensor = SyntheticSensor(1, 160, 240, strength=0.03)
    strong = Stabilisation(shift_px=4, angle_deg=0.5, scale=0.003)
    data = take_video(sensor, np.random.default_rng(2), size=_SIZE, frames=12, bit_rate=4_000_000, stabilised=strong)
    pattern = get_video_pattern(sensor, _SIZE, 0.1)
    top, left = (pattern.shape[0] - _SIZE[0]) // 2, (pattern.shape[1] - _SIZE[1]) // 2
    here = pattern[top : top + _SIZE[0], left : left + _SIZE[1]]
    assert abs(_correlate(_sum_noise(_read_frames(data)), _sum_noise([here]))) < 0.1


def test_places_without_stabilisation_are_all_the_same() -> None:
    assert len(set(make_places(np.random.default_rng(1), 5, None))) == 1


def test_places_with_stabilisation_walk_in_small_steps() -> None:
    places = make_places(np.random.default_rng(1), 400, Stabilisation(shift_px=3))
    rows = np.array([place.shift[0] for place in places])
    assert 1.5 < rows.std() < 4.5
    assert np.diff(rows).std() < rows.std()
