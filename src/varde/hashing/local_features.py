"""Local features: what is left of a picture that was cropped, turned a little, covered in part or put into another."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from varde.core.errors import WrongUse
from varde.core.outcome import NotComparable, Reason
from varde.core.signal import LocalFeatures
from varde.hashing.local_codebook import Floats, load_codebook
from varde.hashing.local_points import MAX_POINTS, MAX_THUMBNAIL_PX, METHOD, Points, pack_points

__all__ = ["METHOD", "compute_local_features", "compute_points", "warm_up"]

FRAME_PX = 512
MIN_SIDE_PX = 24
MIN_POINTS = 8

Grey = npt.NDArray[np.uint8]

_LEAST_CONTRAST = 0.015
_CELLS = 6
_MOST_ENLARGED = 4.0
_MOST_DETECTED = 4000


def compute_local_features(grey: Grey) -> LocalFeatures | NotComparable:
    """Returns a picture's local features in their packed form, about 8 kB, or why it has none.

    Convention: (H, W) uint8 luma, 0-255, row 0 on top, orientation tag not applied.

    Raises:
        WrongUse: if the array is not two-dimensional uint8 with at least one pixel.

    Source: SIFT (Lowe 2004) by OpenCV, RootSIFT (Arandjelovic and Zisserman 2012), product-quantised words (Jegou,
        Douze, Schmid 2011) and binary signatures (Hamming embedding, the same 2008), with a codebook of ours that is
        closed under mirroring and inverting; evaluations/picture_robustness.md.

    Limits: smooth, blurred and very small pictures have few points or none; so have plain drawings. Words in pictures
        have points too: equal words give equal points, wherever they stand.
    """
    try:
        outcome = compute_points(grey)
    except cv2.error as error:  # most likely too little memory: the picture keeps the hashes it has
        return NotComparable(Reason.NOT_DECODED, f"OpenCV could not compute local features ({error.code}: {error.err})")
    if isinstance(outcome, NotComparable):
        return outcome
    return LocalFeatures(pack_points(outcome), len(outcome))


def compute_points(grey: Grey) -> Points | NotComparable:
    """Returns a picture's local features before they are packed; see `compute_local_features`."""
    if grey.ndim != 2 or grey.dtype != np.uint8 or grey.size == 0:
        raise WrongUse(f"local features need a grey picture (H, W) of uint8 with pixels, not {grey.shape} {grey.dtype}")
    if min(grey.shape) < MIN_SIDE_PX:
        height, width = grey.shape
        return NotComparable(Reason.TOO_SMALL, f"{width} x {height} pixels; local features need {MIN_SIDE_PX} each way")
    # 1. One size for all, so that points of a picture and of its small copy are the same ones.
    frame = _scale(grey, FRAME_PX, _MOST_ENLARGED)
    # 2. Points, spread over the picture, so that every part of it keeps some.
    sift = _make_sift()
    chosen = _choose(sift.detect(frame, None), frame.shape)
    # 3. RootSIFT: the square root of the descriptor's shares, so that no single strong edge decides.
    if len(chosen) < MIN_POINTS:
        return NotComparable(Reason.QUALITY_TOO_LOW, f"{len(chosen)} points; local features need {MIN_POINTS}")
    chosen, described = sift.compute(frame, chosen)
    shares = described / np.maximum(described.sum(axis=1, keepdims=True), np.float32(1e-6))
    return _quantise(frame, chosen, np.sqrt(shares))


def warm_up() -> None:
    """Loads and uses everything once, so that nothing is imported or opened later inside a sandbox."""
    cv2.setNumThreads(1)
    noise = np.random.default_rng(0).integers(0, 256, (64, 64), np.uint8)
    compute_local_features(noise)
    compute_local_features(np.full((64, 64), 7, np.uint8))


def _make_sift() -> Any:
    return cv2.SIFT_create(  # type: ignore[attr-defined]
        nfeatures=_MOST_DETECTED, contrastThreshold=_LEAST_CONTRAST
    )


def _scale(grey: Grey, longest_px: int, most: float) -> Grey:
    """Returns the picture with a longer side of so many pixels, enlarged at most so many times."""
    factor = min(longest_px / max(grey.shape), most)
    if factor == 1:
        return np.ascontiguousarray(grey)
    size = [max(1, round(side * factor)) for side in grey.shape]
    method = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(np.ascontiguousarray(grey), (size[1], size[0]), interpolation=method), np.uint8)


def _choose(found: Any, shape: tuple[int, ...]) -> list[Any]:
    """Returns the strongest points of every cell of a grid, best of the cells first, `MAX_POINTS` altogether."""
    if not found:
        return []
    places = np.array([point.pt for point in found])
    strength = np.array([point.response for point in found])
    cells = np.minimum(places * (_CELLS / np.array([shape[1], shape[0]])), _CELLS - 1).astype(np.int64)
    order = np.lexsort((-strength, cells[:, 0] * _CELLS + cells[:, 1]))
    cell = (cells[:, 0] * _CELLS + cells[:, 1])[order]
    starts = np.flatnonzero(np.r_[True, cell[1:] != cell[:-1]])
    rank = np.arange(len(order)) - np.repeat(starts, np.diff(np.r_[starts, len(order)]))
    best = order[np.lexsort((-strength[order], rank))]
    return [found[index] for index in best[:MAX_POINTS]]


def _quantise(frame: Grey, chosen: Any, descriptors: Floats) -> Points:
    codebook = load_codebook()
    height, width = frame.shape
    places = np.array([point.pt for point in chosen], np.float32)
    return Points(
        width,
        height,
        places[:, 0],
        places[:, 1],
        np.array([point.size for point in chosen], np.float32),
        np.deg2rad(np.array([point.angle for point in chosen], np.float32)),
        codebook.find_words(descriptors),
        codebook.compute_signatures(descriptors),
        _scale(frame, MAX_THUMBNAIL_PX, 1.0),
    )
