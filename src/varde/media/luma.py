"""Grey pixels and small colour pictures out of decoded video frames."""

from __future__ import annotations

import av
import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[np.uint8]

# Formats whose first plane is 8-bit luma, one byte a pixel.
_LUMA_FIRST = ("yuv4", "yuvj4", "yuva4", "nv12", "nv21", "nv16", "nv24", "gray")
_FULL_RANGE = 2

# Video luma runs from 16 to 235; what lies outside is cut off, as every conversion to RGB does.
_STRETCH = np.clip(np.rint((np.arange(256) - 16) * (255 / 219)), 0, 255).astype(np.uint8)


def compute_frame_grey(frame: av.VideoFrame) -> Pixels:
    """Returns a frame's luma as a grey picture.

    Convention: (H, W) uint8, 0-255 full range, rotation tag not applied. Where the frame stores 8-bit luma it is taken
    as it is, stretched from 16-235 unless the frame says it has full range; any other format is converted.
    """
    name = frame.format.name
    is_luma = name.startswith(_LUMA_FIRST) and not name.endswith(("le", "be"))
    if not is_luma:
        return _to_array(frame.reformat(format="gray8", dst_color_range="JPEG", threads=1), 1)[..., 0]
    luma = _to_array(frame, 1)[..., 0]
    if name.startswith(("yuvj", "gray")) or frame.color_range == _FULL_RANGE:
        return luma.copy()
    return np.take(_STRETCH, luma)


def make_small_frame(frame: av.VideoFrame, longest_px: int) -> Pixels:
    """Returns (H, W, 3) uint8 RGB of at most so many pixels a side, turned upright as the frame's tag says."""
    scale = min(1.0, longest_px / max(frame.width, frame.height))
    width, height = max(2, round(frame.width * scale)), max(2, round(frame.height * scale))
    small = _to_array(frame.reformat(width=width, height=height, format="rgb24", threads=1), 3)
    return np.ascontiguousarray(np.rot90(small, round(frame.rotation / 90)))


def _to_array(frame: av.VideoFrame, channels: int) -> Pixels:
    """Returns (H, W, channels) uint8: the first plane without the padding at the end of its lines."""
    plane = frame.planes[0]
    lines = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
    pixels: Pixels = lines[: frame.height, : frame.width * channels].reshape(frame.height, frame.width, channels)
    return pixels
