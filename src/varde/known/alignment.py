"""Decides whether a known picture is in a query, and where: geometry of shared points, then the pixels themselves."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray

from varde.hashing.local_points import Points
from varde.known.alignment_kernels import count_support, find_pairs
from varde.known.local_view import View, see
from varde.known.pixel_check import BLOCKS, PixelAgreement, compare_pixels

Floats = NDArray[np.float64]

MIN_INLIERS: Final = 5
MIN_LEAD_INLIERS: Final = 12
MIN_OVERLAP: Final = 0.45
MIN_CHECKED: Final = 4
MIN_PARTS: Final = 0.8
MIN_PARTS_IF_SPREAD: Final = 0.5
MIN_SPREAD: Final = 11
MIN_MIDDLE: Final = 0.4

_MAX_BITS: Final = 36
_HYPOTHESES: Final = 6
_ROUGH_PX: Final = 24.0
_STEPS_PX: Final = (20.0, 12.0, 8.0)
_LEAST_FOR_AFFINE: Final = 7
_PLACE_PX: Final = 3.0
_MOST_STRETCH: Final = 1.8
_SCALES: Final = (1 / 12, 12.0)


class Verdict(StrEnum):
    """What an alignment says."""

    COPY = "copy"
    """The known picture, or a part of it, is in the query."""

    SAME_PLACE = "same-place lead"
    """Points agree, pixels do not: the same place, object, logo or words. A lead for a person, never a match."""


@dataclass(frozen=True, slots=True)
class Alignment:
    """A known picture laid over a query.

    Attributes:
        verdict: whether it is a copy.
        view: as what the query was looked at; places in the query are of that view.
        matrix: (2, 3) float64: from the known picture's frame to the query's, both in pixels (x, y).
        inliers: (N, 4) float64: known x, y, query x, y of the points that agree with it.
        pixels: how far the pixels agree where the two overlap.
    """

    verdict: Verdict
    view: View
    matrix: Floats
    inliers: Floats
    pixels: PixelAgreement


def align(query: Points, known: Points, view: View | None = None) -> Alignment | None:
    """Returns how the known picture lies in the query, None where too few points agree for a copy or a lead.

    Args:
        query: of the picture in question, as it is.
        known: of a known picture.
        view: as what the query is looked at; None tries every view and takes the one with most agreeing points.

    Source: ours, evaluations/picture_robustness.md; single-pair hypotheses as in Lowe 2004, section 7.

    Limits: perspective is approximated by an affine map. Two pictures that share a logo or words align on these; the
        pixels then disagree and it is a lead.
    """
    best: Alignment | None = None
    for name, points in see(query).items():
        if view in (None, name):
            found = _align(points, known, name)
            if found and (best is None or _rank(found) > _rank(best)):
                best = found
    return best


def _rank(alignment: Alignment) -> tuple[bool, int]:
    return alignment.verdict is Verdict.COPY, len(alignment.inliers)


def _align(query: Points, known: Points, view: View) -> Alignment | None:
    pairs = _pair(query, known)
    best: tuple[Floats, Floats] | None = None
    for seed in _choose_seeds(pairs):
        fitted = _refine(pairs, seed)
        if fitted and (best is None or len(fitted[1]) > len(best[1])):
            best = fitted
    if best is None:
        return None
    matrix, inliers = best
    pixels = compare_pixels(query, known, matrix)
    verdict = Verdict.COPY if is_copy(len(inliers), count_spread(inliers, known), pixels) else Verdict.SAME_PLACE
    if verdict is Verdict.SAME_PLACE and len(inliers) < MIN_LEAD_INLIERS:
        return None
    return Alignment(verdict, view, matrix, inliers, pixels)


def is_copy(inliers: int, spread: int, pixels: PixelAgreement) -> bool:
    """Returns whether so many agreeing points and pixels make a copy: the operating point of `local-features/1`.

    Either nearly all parts of the overlap agree, or more than half of them and the points are spread so widely that
    they cannot all lie on one logo or one line of words. The middle must agree in either case: where it does not, the
    surroundings are the same and what is in them is not.

    Args:
        inliers: points that agree, in different places.
        spread: in how many of the known picture's 25 parts they lie.
        pixels: see `PixelAgreement`.
    """
    if inliers < MIN_INLIERS or pixels.overlap < MIN_OVERLAP or pixels.checked < MIN_CHECKED:
        return False
    if pixels.middle < MIN_MIDDLE:
        return False
    return pixels.parts >= MIN_PARTS or (pixels.parts >= MIN_PARTS_IF_SPREAD and spread >= MIN_SPREAD)


def count_spread(inliers: Floats, known: Points) -> int:
    """Returns in how many of the known picture's 25 parts the inliers lie."""
    places = np.floor(inliers[:, :2] * BLOCKS / (known.width, known.height)).astype(np.int64)
    return len(np.unique(places, axis=0))


def _pair(query: Points, known: Points) -> Floats:
    """Returns (P, 6) float64 of nearest points: known x, y, query x, y, log2 of size ratio, difference of angles."""
    found = np.empty((len(query), 2), np.int32)
    count = find_pairs(_get_bits(query), _get_bits(known), _MAX_BITS, found)
    q, k = found[:count].T
    columns = (known.x[k], known.y[k], query.x[q], query.y[q], np.log2(query.size[q] / known.size[k]))
    return np.stack([*columns, query.angle[q] - known.angle[k]], axis=1).astype(np.float64)


def _get_bits(points: Points) -> NDArray[np.uint64]:
    return np.ascontiguousarray(points.signatures).view(np.uint64)


def _choose_seeds(pairs: Floats) -> list[NDArray[np.bool_]]:
    """Returns the best supported hypotheses as masks of the pairs that support them."""
    counts = np.zeros(len(pairs), np.int32)
    count_support(pairs, _ROUGH_PX, counts)
    seeds = []
    for index in np.argsort(-counts, kind="stable")[:_HYPOTHESES]:
        if counts[index] < 3:
            break
        seeds.append(_measure_errors(_make_similarity(pairs[index]), pairs) <= _ROUGH_PX)
    return seeds


def _refine(pairs: Floats, chosen: NDArray[np.bool_]) -> tuple[Floats, Floats] | None:
    """Returns the map and its distinct inliers, None where they fall apart."""
    matrix: Floats | None = None
    for tolerance_px in _STEPS_PX:
        if chosen.sum() < 3:
            return None
        matrix = _fit(pairs[chosen])
        if matrix is None:
            return None
        chosen = _measure_errors(matrix, pairs) <= tolerance_px
    inliers = _drop_repeats(pairs[chosen])
    return (matrix, inliers[:, :4]) if matrix is not None and len(inliers) >= MIN_INLIERS else None


def _fit(pairs: Floats) -> Floats | None:
    """Returns the least-squares map of the pairs: affine where there are enough, else a similarity."""
    if len(pairs) >= _LEAST_FOR_AFFINE:
        matrix = _fit_affine(pairs)
        if matrix is not None:
            return matrix
    return _fit_similarity(pairs)


def _fit_affine(pairs: Floats) -> Floats | None:
    design = np.column_stack([pairs[:, :2], np.ones(len(pairs))])
    solution, _, rank, _ = np.linalg.lstsq(design, pairs[:, 2:4], rcond=1e-6)
    if rank < 3:
        return None
    matrix = np.asarray(solution.T, np.float64)
    return matrix if _is_plausible(matrix) else None


def _fit_similarity(pairs: Floats) -> Floats | None:
    known, query = pairs[:, :2] @ (1, 1j), pairs[:, 2:4] @ (1, 1j)
    centred = known - known.mean()
    spread = float(np.square(np.abs(centred)).sum())
    if spread < 1:
        return None
    turn = complex(np.vdot(centred, query - query.mean()) / spread)
    shift = complex(query.mean() - turn * known.mean())
    matrix = np.array([[turn.real, -turn.imag, shift.real], [turn.imag, turn.real, shift.imag]])
    return matrix if _is_plausible(matrix) else None


def _is_plausible(matrix: Floats) -> bool:
    """Returns whether a map neither mirrors nor stretches more than a person would."""
    large, small = np.linalg.svd(matrix[:, :2], compute_uv=False)
    mirrors = np.linalg.det(matrix[:, :2]) <= 0
    return bool(not mirrors and large <= _MOST_STRETCH * small and _SCALES[0] <= small and large <= _SCALES[1])


def _make_similarity(pair: Floats) -> Floats:
    scale = 2.0 ** pair[4]
    cosine, sine = scale * np.cos(pair[5]), scale * np.sin(pair[5])
    x, y = pair[2] - cosine * pair[0] + sine * pair[1], pair[3] - sine * pair[0] - cosine * pair[1]
    return np.array([[cosine, -sine, x], [sine, cosine, y]])


def _measure_errors(matrix: Floats, pairs: Floats) -> Floats:
    """Returns (P,) distances in pixels of whichever of the two frames shows the known picture smaller.

    Pairs whose sizes or angles contradict the map are infinitely far.
    """
    scale = float(np.sqrt(np.linalg.det(matrix[:, :2])))
    angle = float(np.arctan2(matrix[1, 0] - matrix[0, 1], matrix[0, 0] + matrix[1, 1]))
    apart = np.linalg.norm(pairs[:, :2] @ matrix[:, :2].T + matrix[:, 2] - pairs[:, 2:4], axis=1) / min(1.0, scale)
    turned = np.abs((pairs[:, 5] - angle + np.pi) % (2 * np.pi) - np.pi)
    contradicts = (np.abs(pairs[:, 4] - np.log2(scale)) > 0.9) | (turned > 0.6)
    return np.where(contradicts, np.inf, apart)


def _drop_repeats(inliers: Floats) -> Floats:
    """Returns the inliers with one for each place in either frame: several points in one place are one observation."""
    for columns in (slice(0, 2), slice(2, 4)):
        _, first = np.unique(np.floor(inliers[:, columns] / _PLACE_PX), axis=0, return_index=True)
        inliers = inliers[np.sort(first)]
    return inliers
