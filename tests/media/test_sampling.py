from __future__ import annotations

import pytest

from varde.media.sampling import (
    FEATURED_FRAMES,
    PIXELS_PER_LIMIT_S,
    VARIED_FRAMES,
    FrameMarker,
    FrameUse,
    Sampling,
    SamplingMode,
    describe_sampling,
)


@pytest.mark.parametrize(
    ("mode", "gap_s", "share", "text"),
    [
        (SamplingMode.SECONDS, 1.0, 1.0, "1/s"),
        (SamplingMode.SECONDS, 3.6, 1.0, "1/3.6s"),
        (SamplingMode.SECONDS, 1.0, 0.4, "1/s 40%"),
        (SamplingMode.KEY_FRAMES, 1.0, 1.0, "key"),
        (SamplingMode.ALL, 1.0, 1.0, "all"),
    ],
)
def test_what_was_done_is_written_in_a_few_characters(
    mode: SamplingMode, gap_s: float, share: float, text: str
) -> None:
    assert describe_sampling(mode, gap_s, share) == text


def test_a_time_limit_bounds_the_pixels() -> None:
    assert Sampling.within(SamplingMode.ALL, 600) == Sampling(SamplingMode.ALL, 600 * PIXELS_PER_LIMIT_S)


@pytest.mark.parametrize("duration_s", [0.0, 10.0, 100.0, 7200.0])
def test_costly_uses_stay_few_and_cover_the_length(duration_s: float) -> None:
    marker = FrameMarker(duration_s)
    length_s = duration_s or 2000.0
    uses = [(number / 5, marker.mark(number / 5)) for number in range(int(length_s * 5))]
    varied = [at_s for at_s, use in uses if use >= FrameUse.VARIANTS]
    featured = [at_s for at_s, use in uses if use is FrameUse.FEATURES]
    assert len(varied) <= VARIED_FRAMES
    assert len(featured) <= FEATURED_FRAMES
    assert varied[0] == featured[0] == 0
    assert set(featured) <= set(varied)
    assert max(featured) >= 0.8 * length_s or not duration_s


def test_of_a_short_video_every_second_is_featured() -> None:
    marker = FrameMarker(10)
    assert [marker.mark(float(number)) for number in range(10)] == [FrameUse.FEATURES] * 10
