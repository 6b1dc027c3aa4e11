"""The further pictures of a file that holds several: animated GIF, WebP and PNG, pages of a TIFF."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from PIL import Image

from varde.core.issue import Issue, IssueCode, Step
from varde.core.limits import DecodeLimits
from varde.media.codecs import FORMATS, open_limits
from varde.media.grey import compute_grey
from varde.media.picture import DECODER_ERRORS
from varde.media.sampling import ColourFrames
from varde.media.thumbnails import scale_picture

MOST_FRAMES = 64
"""Frames of one file that are handed over, spread over all of it."""

MOST_COLOUR_FRAMES = 16
"""Frames of them that are handed over in colour where that is wanted."""

OnFrame = Callable[[float, npt.NDArray[np.uint8]], None]


def read_further_frames(
    data: bytes, frames: int, limits: DecodeLimits, on_frame: OnFrame, colour: ColourFrames | None = None
) -> tuple[Issue, ...]:
    """Hands frames after the first one to `on_frame`; returns an issue if not all of the file could be looked at.

    Frames build on one another, so all up to the last chosen one are decoded, until together they have as many pixels
    as one picture may have.

    Args:
        data: the whole file.
        frames: how many it says it holds.
        limits: pixels of one frame, and of all of them together.
        on_frame: called with the time from the start in seconds (by the durations stated) and (H, W) uint8 luma.
        colour: who wants some of them in colour; no orientation tag is applied, since hardly any has one.

    Raises:
        MemoryError: if the process may not have the memory.
    """
    chosen = _choose(frames, MOST_FRAMES)
    in_colour = _choose(frames, MOST_COLOUR_FRAMES) if colour else frozenset[int]()
    number, decoded, offset_s = 0, 0, 0.0
    with open_limits(limits, truncated=False):
        try:
            with Image.open(io.BytesIO(data), formats=FORMATS) as image:
                while number < frames - 1 and decoded <= limits.max_pixels:
                    image.load()  # some formats tell a frame's duration only then
                    offset_s += _get_duration_s(image)
                    image.seek(number + 1)
                    number += 1
                    decoded += image.width * image.height
                    if number in chosen | in_colour and decoded <= limits.max_pixels:
                        image.load()
                        grey = compute_grey(image)
                        if number in chosen:
                            on_frame(offset_s, grey)
                        if colour and number in in_colour:
                            view = scale_picture(image.copy(), grey, 1, colour.longest_px, loosely=True)
                            colour.on_frame(offset_s, np.asarray(view.convert("RGB")), image.width)
        except DECODER_ERRORS as error:
            cause = f"Of its {frames} pictures only the first {number} can be decoded (the decoder says: {error})."
            return (Issue(IssueCode.TRUNCATED, Step.DECODE, cause[:500]),)
    if decoded > limits.max_pixels:
        cause = (
            f"Of its {frames} pictures only the first {number} were looked at: the rest is beyond the limit of pixels."
        )
        return (Issue(IssueCode.TOO_LARGE, Step.DECODE, cause),)
    return ()


def _choose(frames: int, most: int) -> frozenset[int]:
    """Returns the numbers of at most so many frames after the first, evenly spread."""
    return frozenset(np.linspace(1, frames - 1, min(most, frames - 1)).round().astype(int).tolist())


def _get_duration_s(image: Image.Image) -> float:
    stated = image.info.get("duration", 0)
    return max(0.0, float(stated)) / 1000 if isinstance(stated, int | float) else 0.0
