"""Draws an alignment for a person: the query, the known picture, where it lies and which points say so."""

from __future__ import annotations

import io
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from varde.hashing.local_points import Points
from varde.known.alignment import Alignment, Verdict
from varde.known.local_view import see

SIDE_PX: Final = 480
MAX_LINES: Final = 48

_GAP_PX: Final = 12
_BACKGROUND: Final = (32, 32, 32)
_OUTLINES: Final = {Verdict.COPY: (255, 96, 0), Verdict.SAME_PLACE: (0, 160, 255)}
_LINES: Final = ((255, 214, 0), (0, 230, 118), (64, 196, 255), (234, 128, 252))

Places = NDArray[np.float64]


def draw_alignment(query: Points, known: Points, alignment: Alignment) -> bytes:
    """Returns a PNG: left the query in the view the alignment was found in, right the known picture.

    The outlines are each picture's edge where it lies in the other, orange for a copy and blue for a lead; lines join
    the points that agree, spread over all of them where there are many. Both pictures are the small grey ones that
    are stored with the features, enlarged: no file is opened and nothing is decoded for it.

    Args:
        query: of the picture in question, as it is.
        known: of the known picture.
        alignment: of these two.
    """
    seen = see(query)[alignment.view]
    left, right = _enlarge(seen), _enlarge(known)
    canvas = Image.new("RGB", (left.width + _GAP_PX + right.width, max(left.height, right.height)), _BACKGROUND)
    canvas.paste(left, (0, 0))
    canvas.paste(right, (left.width + _GAP_PX, 0))
    draw = ImageDraw.Draw(canvas)
    in_query = np.array([left.width / seen.width, left.height / seen.height])
    in_known = np.array([right.width / known.width, right.height / known.height])
    shift = np.array([left.width + _GAP_PX, 0])
    colour = _OUTLINES[alignment.verdict]
    turn, move = alignment.matrix[:, :2], alignment.matrix[:, 2]
    there = (_list_corners(known) @ turn.T + move) * in_query
    here = ((_list_corners(seen) - move) @ np.linalg.inv(turn).T) * in_known
    _draw_outline(draw, there, (0, 0), left.size, colour)
    _draw_outline(draw, here, (left.width + _GAP_PX, 0), right.size, colour)
    chosen = np.unique(np.linspace(0, len(alignment.inliers) - 1, MAX_LINES).round().astype(np.int64))
    for number, row in enumerate(alignment.inliers[chosen]):
        _draw_pair(draw, row[2:] * in_query, row[:2] * in_known + shift, _LINES[number % len(_LINES)])
    with io.BytesIO() as file:
        canvas.save(file, "PNG")
        return file.getvalue()


def _enlarge(points: Points) -> Image.Image:
    factor = SIDE_PX / max(points.thumbnail.shape)
    height, width = (max(1, round(side * factor)) for side in points.thumbnail.shape)
    return Image.fromarray(points.thumbnail).resize((width, height), Image.Resampling.BICUBIC).convert("RGB")


def _list_corners(points: Points) -> Places:
    return np.array([(0, 0), (points.width, 0), (points.width, points.height), (0, points.height)], np.float64)


def _draw_outline(
    draw: ImageDraw.ImageDraw, corners: Places, place: tuple[int, int], size: tuple[int, int], colour: tuple[int, ...]
) -> None:
    """Draws a closed line; corners beyond the picture are brought to its edge, so that the outline stays visible."""
    inside = np.clip(corners, 1, np.array(size) - 2) + place
    path = [tuple(corner) for corner in inside.tolist()]
    draw.line([*path, path[0]], fill=colour, width=3, joint="curve")


def _draw_pair(draw: ImageDraw.ImageDraw, there: Places, here: Places, colour: tuple[int, ...]) -> None:
    draw.line([tuple(there.tolist()), tuple(here.tolist())], fill=colour, width=1)
    for x, y in (there.tolist(), here.tolist()):
        draw.ellipse((x - 3, y - 3, x + 3, y + 3), outline=colour, width=2)
