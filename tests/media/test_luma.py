from __future__ import annotations

import av
import make_media
import numpy as np
import pytest
from PIL import Image

from varde.media.luma import compute_frame_grey, make_small_frame

# A width that is no multiple of the decoder's line length.
SCENE = make_media.make_scene(90, 102)
LUMA = np.asarray(Image.fromarray(SCENE).convert("L")).astype(int)


@pytest.mark.parametrize(
    "pixels",
    [
        "yuv420p",
        "yuvj420p",
        "yuv422p",
        "yuv444p",
        "nv12",
        "yuv420p10le",
        "yuv444p12le",
        "gray",
        "gray10le",
        "rgb24",
        "gbrp",
    ],
)
def test_every_pixel_format_gives_the_same_grey(pixels: str) -> None:
    frame = av.VideoFrame.from_ndarray(SCENE, format="rgb24").reformat(format=pixels, dst_colorspace="ITU601")
    grey = compute_frame_grey(frame)
    assert grey.shape == (90, 102)
    assert grey.dtype == np.uint8
    assert np.abs(grey - LUMA).mean() < 3


@pytest.mark.parametrize(
    ("color_range", "expected"), [(0, [0, 0, 255, 255]), (1, [0, 0, 255, 255]), (2, [0, 16, 235, 255])]
)
def test_limited_range_is_stretched_and_full_range_kept(color_range: int, expected: list[int]) -> None:
    planes = np.full((24, 16), 128, np.uint8)
    planes[0, :4] = 0, 16, 235, 255
    frame = av.VideoFrame.from_ndarray(planes, format="yuv420p")
    frame.color_range = color_range
    assert compute_frame_grey(frame)[0, :4].tolist() == expected


def test_grey_outlives_the_frame() -> None:
    frame = av.VideoFrame.from_ndarray(SCENE, format="rgb24").reformat(format="yuvj420p")
    grey = compute_frame_grey(frame)
    before = grey.copy()
    del frame
    np.testing.assert_array_equal(grey, before)


@pytest.mark.parametrize(
    ("height", "width", "expected"), [(90, 102, (56, 64, 3)), (2000, 4, (64, 2, 3)), (20, 30, (20, 30, 3))]
)
def test_small_frames_keep_their_shape(height: int, width: int, expected: tuple[int, int, int]) -> None:
    frame = av.VideoFrame.from_ndarray(make_media.make_scene(height, width), format="rgb24")
    assert make_small_frame(frame, 64).shape == expected
