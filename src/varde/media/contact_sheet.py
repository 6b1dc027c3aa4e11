"""Contact sheets: one small picture of up to nine frames spread over a video."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import av
import numpy as np
from PIL import Image

from varde.core.limits import DecodeLimits
from varde.core.media import Thumbnail
from varde.media.luma import Pixels, make_small_frame
from varde.media.thumbnails import write_thumbnail

SHEET_FRAMES = 9


@dataclass(slots=True)
class ContactSheet:
    """Keeps 9 to 17 small frames spread evenly over those seen, without knowing how many will come.

    Attributes:
        limits: longest side of the finished sheet and, at most, of each kept frame.
    """

    limits: DecodeLimits
    _kept: list[Pixels] = field(default_factory=list)
    _seen: int = 0
    _step: int = 1

    def add(self, frame: av.VideoFrame) -> None:
        """Takes the next frame in; most are not even scaled.

        Raises:
            ValueError: if FFmpeg cannot convert the frame's format.
        """
        if self._seen % self._step == 0:
            self._kept.append(make_small_frame(frame, self.limits.thumbnail_px))
        if len(self._kept) == 2 * SHEET_FRAMES:
            del self._kept[1::2]
            self._step *= 2
        self._seen += 1

    def make(self) -> Thumbnail:
        """Returns the finished sheet; at least one frame must have been added."""
        count = min(SHEET_FRAMES, len(self._kept))
        chosen = np.linspace(0, len(self._kept) - 1, count).round().astype(int)
        return make_contact_sheet([self._kept[number] for number in chosen], self.limits)


def make_contact_sheet(frames: Sequence[Pixels], limits: DecodeLimits) -> Thumbnail:
    """Returns up to nine frames in one picture, in reading order.

    Args:
        frames: (H, W, 3) uint8 RGB, at least one; all are brought to the first one's shape.
        limits: longest side of the sheet.
    """
    side = next(side for side in (1, 2, 3) if len(frames) <= side**2 or side == 3)
    height, width = frames[0].shape[:2]
    scale = min(1.0, limits.thumbnail_px / (side * max(height, width)))
    cell = (max(1, int(width * scale)), max(1, int(height * scale)))
    rows = -(-min(len(frames), side**2) // side)
    sheet = Image.new("RGB", (cell[0] * side, cell[1] * rows))
    for number, frame in enumerate(frames[: side**2]):
        picture = Image.fromarray(frame).resize(cell, Image.Resampling.BOX)
        sheet.paste(picture, (cell[0] * (number % side), cell[1] * (number // side)))
    return write_thumbnail(sheet)
