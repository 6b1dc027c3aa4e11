"""Undoes turns that decoders apply on loading, so that pixels lie again as the file stores them.

A sensor's pattern lies in the file as the sensor does. What is turned for eyes has to be turned back.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from enum import StrEnum
from typing import Final

import numpy as np
import numpy.typing as npt

from varde.media.isobmff import Box, read_boxes

Pixels = npt.NDArray[np.generic]

_MOST_PROPERTIES: Final = 4096


class Layout(StrEnum):
    """How the pixels that were read lie."""

    STORED = "stored"
    """As in the file; nothing was turned."""

    TURNED_BACK = "turned_back"
    """The decoder turned them, and they were turned back: exactly as in the file."""

    CUT = "cut"
    """As in the file, but the decoder cut away what the file says is not to be shown."""

    UNKNOWN = "unknown"
    """The decoder may have turned them, and the file does not let itself be read on this."""


def undo_orientation(pixels: Pixels, orientation: int) -> Pixels:
    """Returns pixels as they were before an EXIF orientation (1-8) was applied to them.

    Convention: (H, W) or (H, W, 3); a view of what was given.
    """
    if orientation in (5, 7):  # swapped over a diagonal, which undoes itself
        swapped = np.swapaxes(pixels, 0, 1)
        return swapped if orientation == 5 else swapped[::-1, ::-1]
    undone = {2: (1, -1), 3: (-1, -1), 4: (-1, 1)}.get(orientation)
    if undone:
        return pixels[:: undone[0], :: undone[1]]
    turns = {6: 1, 8: -1}.get(orientation, 0)  # shown turned clockwise, counter-clockwise
    return np.rot90(pixels, turns)


def undo_heif_turns(pixels: Pixels, data: bytes) -> tuple[Pixels, Layout]:
    """Returns a HEIF picture's pixels as they were before its own turns were applied, and how they lie now.

    Args:
        pixels: (H, W) or (H, W, 3), as libheif gives them: turns, mirrors and cuts of the main picture applied.
        data: the whole file.
    """
    try:
        steps = list(_read_steps(data))
    except (ValueError, struct.error, IndexError):
        return pixels, Layout.UNKNOWN
    for kind, value in reversed(steps):
        if kind == b"irot":
            pixels = np.rot90(pixels, -(value & 3))
        elif kind == b"imir":  # 0: top and bottom change places; 1: left and right
            pixels = pixels[:, ::-1] if value & 1 else pixels[::-1]
    if any(kind == b"clap" for kind, _ in steps):
        return pixels, Layout.CUT
    return pixels, Layout.TURNED_BACK if steps else Layout.STORED


def _read_steps(data: bytes) -> Iterator[tuple[bytes, int]]:
    """Yields kind and first byte of the main picture's turns, mirrors and cuts, in the order they are applied."""
    meta = next(box for box in _require(read_boxes(data)) if box.kind == b"meta")
    boxes = {box.kind: box for box in read_boxes(data, meta.start + 4, meta.stop)}
    if b"pitm" not in boxes or b"iprp" not in boxes:
        raise ValueError("no main picture is named")
    within = {box.kind: box for box in read_boxes(data, boxes[b"iprp"].start, boxes[b"iprp"].stop)}
    if b"ipco" not in within or b"ipma" not in within:
        raise ValueError("no properties are listed")
    listed = list(read_boxes(data, within[b"ipco"].start, within[b"ipco"].stop))
    main = _read_main(data, boxes[b"pitm"])
    for number in _read_numbers(data, within[b"ipma"], main):
        box = listed[number - 1]
        if box.kind in (b"irot", b"imir", b"clap"):
            yield box.kind, data[box.start]


def _require(boxes: Iterator[Box]) -> list[Box]:
    found = list(boxes)
    if all(box.kind != b"meta" for box in found):
        raise ValueError("no box describes the pictures")
    return found


def _read_main(data: bytes, box: Box) -> int:
    form = ">I" if data[box.start] else ">H"
    return int(struct.unpack_from(form, data, box.start + 4)[0])


def _read_numbers(data: bytes, box: Box, main: int) -> list[int]:
    """Returns the properties of a picture, numbered from 1; 0 stands for none and is left out."""
    version, is_wide = data[box.start], bool(data[box.start + 3] & 1)
    at = box.start + 8
    for _ in range(min(struct.unpack_from(">I", data, box.start + 4)[0], _MOST_PROPERTIES)):
        picture, count = struct.unpack_from(">IB" if version else ">HB", data, at)
        at += 5 if version else 3
        form, width, mask = (">H", 2, 0x7FFF) if is_wide else (">B", 1, 0x7F)
        numbers = [struct.unpack_from(form, data, at + width * each)[0] & mask for each in range(count)]
        if picture == main:
            return [number for number in numbers if number]
        at += width * count
    return []
