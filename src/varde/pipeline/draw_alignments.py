"""Draws where a known picture lies in a content, from the features that are stored of both: no file is opened."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np
from PIL import Image, ImageFilter
from sqlalchemy import Connection

from varde.core.signal import LocalFeatures
from varde.hashing.local_points import Points, read_points
from varde.known.alignment import Alignment, Verdict, align
from varde.known.alignment_picture import draw_alignment
from varde.store.local_features import list_entry_features

_SOFT_PX: Final = 2.5
"""Of the small pictures, whose longer side has 80 pixels."""


def draw_best(
    connection: Connection, features: Sequence[LocalFeatures], entry_id: int, *, soft: bool = False
) -> bytes | None:
    """Returns a PNG of the best alignment of a content with a known entry; None where they do not align at all.

    Args:
        connection: the site's.
        features: of a picture, or of some frames of a video.
        entry_id: row number of the entry.
        soft: whether to blur both pictures, but not the lines: what lies where can be told, and little else.
    """
    return draw_pair(features, list_entry_features(connection, entry_id), soft=soft)


def draw_pair(
    features: Sequence[LocalFeatures], others: Sequence[LocalFeatures], *, soft: bool = False
) -> bytes | None:
    """Returns a PNG of the best alignment of two contents; None where they do not align at all.

    Args:
        features: of the one on the left: of a picture, or of some frames of a video.
        others: of the one on the right.
        soft: as of `draw_best`.
    """
    right = [read_points(one.data) for one in others]
    found = [
        (alignment, query, there)
        for query in (read_points(one.data) for one in features)
        for there in right
        if (alignment := align(query, there))
    ]
    if not found:
        return None
    alignment, query, there = max(found, key=_rank)
    if soft:
        query, there = _blur(query), _blur(there)
    return draw_alignment(query, there, alignment)


def _blur(points: Points) -> Points:
    small = Image.fromarray(points.thumbnail).filter(ImageFilter.GaussianBlur(_SOFT_PX))
    return replace(points, thumbnail=np.asarray(small))


def _rank(found: tuple[Alignment, Points, Points]) -> tuple[bool, int]:
    return found[0].verdict is Verdict.COPY, len(found[0].inliers)
