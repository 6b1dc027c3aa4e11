from __future__ import annotations

import io

import numpy as np
import pytest

from varde.core.errors import Unreadable
from varde.core.limits import DecodeLimits
from varde.media.sampling import DEFAULT_SAMPLING
from varde.media.video_views import FRAME_PX, MOST_SHOWN, read_video_view
from varde.testing.videos import HEIGHT_PX, WIDTH_PX, write_video


def write_colours(seconds: int, rate: int = 6) -> bytes:
    """A second of each brightness."""
    scenes = [[np.full((HEIGHT_PX, WIDTH_PX, 3), 40 + 10 * (at % 20), np.uint8)] * rate for at in range(seconds)]
    return write_video(scenes, rate)


@pytest.mark.parametrize(("seconds", "least"), [(2, 6), (14, 40), (40, 38), (90, 44)])
def test_frames_cover_the_length_and_are_what_is_seen_then(seconds: int, least: int) -> None:
    view = read_video_view(io.BytesIO(write_colours(seconds)), DecodeLimits(), DEFAULT_SAMPLING)
    times = [frame.offset_s for frame in view.frames]
    assert view.duration_s == pytest.approx(seconds, abs=0.3)
    assert least <= len(times) <= MOST_SHOWN
    assert times == sorted(set(times))
    assert times[0] < 0.2
    assert times[-1] > seconds * 0.9 - 2
    assert max(np.diff(times)) <= max(1.1, 3 * seconds / MOST_SHOWN)
    for frame in view.frames:
        assert frame.picture.is_sound(FRAME_PX)
        seen = np.frombuffer(frame.picture.data, np.uint8).mean()
        assert seen == pytest.approx(40 + 10 * (int(frame.offset_s + 1e-3) % 20), abs=8)


def test_a_video_that_is_cut_shows_what_there_is_and_says_so() -> None:
    data = write_colours(30)
    with pytest.raises(Unreadable):
        read_video_view(io.BytesIO(data[:2000]), DecodeLimits(), DEFAULT_SAMPLING)


@pytest.mark.parametrize("data", [b"", b"not a video", b"\x00\x00\x00\x18ftypmp42" + bytes(100)])
def test_what_is_no_video_is_refused(data: bytes) -> None:
    with pytest.raises(Unreadable):
        read_video_view(io.BytesIO(data), DecodeLimits(), DEFAULT_SAMPLING)
