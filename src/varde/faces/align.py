"""Where the landmarks of a face lie in the pictures that networks want, and the transform that takes them there."""

from __future__ import annotations

import math
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from varde.core.errors import WrongUse
from varde.faces.raw import Floats

Doubles = npt.NDArray[np.float64]

ARCFACE112 = np.array(
    [[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655], [70.7299, 92.2041]]
)
"""Landmarks in a 112 x 112 picture, as ArcFace and most later networks were trained."""

DLIB150 = np.array([[47.5, 46.5], [101.9, 46.5], [74.5, 78.5], [50.8, 104.0], [98.3, 104.0]])
"""Landmarks in dlib's own 150 x 150 chips: the mean over 481 LFW pictures (decision 0021)."""

_DLIB_POINTS = np.array(
    [
        [110.956746, 46.349815],
        [89.606048, 47.896744],
        [37.057506, 46.372745],
        [58.408506, 47.906424],
        [74.011231, 87.779753],
    ]
)
"""dlib's own five points (outer and inner corner of each eye, base of the nose) in the same chips."""


@dataclass(frozen=True, slots=True)
class Template:
    """What a network wants: a square of so many pixels with the landmarks at these (x, y)."""

    size_px: int
    points: Doubles


TEMPLATES = MappingProxyType({"arcface112": Template(112, ARCFACE112), "dlib150": Template(150, DLIB150)})


@dataclass(frozen=True, slots=True)
class Similarity:
    """A turn, one scale and a shift: (x, y) goes to ``a x - b y + c, b x + a y + d``."""

    a: float
    b: float
    c: float
    d: float

    @property
    def scale(self) -> float:
        """By how much lengths grow."""
        return math.hypot(self.a, self.b)

    @property
    def degrees(self) -> float:
        """By how much it turns, clockwise as a picture is seen, -180 to 180."""
        return math.degrees(math.atan2(self.b, self.a))

    @property
    def matrix(self) -> Doubles:
        """(2, 3), as OpenCV wants it."""
        return np.array([[self.a, -self.b, self.c], [self.b, self.a, self.d]])

    def apply(self, points: npt.NDArray[np.floating]) -> Doubles:
        """Returns the (N, 2) points where the transform puts them."""
        matrix = self.matrix
        return np.asarray(points, np.float64) @ matrix[:, :2].T + matrix[:, 2]

    def invert(self) -> Similarity:
        """Returns the transform back."""
        square = self.a**2 + self.b**2
        a, b = self.a / square, -self.b / square
        return Similarity(a, b, -(a * self.c - b * self.d), -(b * self.c + a * self.d))

    def follow(self, then: Similarity) -> Similarity:
        """Returns the one transform that does this one and then the other."""
        a, b = then.a * self.a - then.b * self.b, then.b * self.a + then.a * self.b
        c, d = then.apply(np.array([[self.c, self.d]]))[0]
        return Similarity(a, b, float(c), float(d))


def fit_similarity(points: npt.NDArray[np.floating], target: npt.NDArray[np.floating]) -> Similarity:
    """Returns the similarity that takes points closest to their targets, in the sense of least squares.

    Convention: (N, 2) (x, y), N at least 2; never mirrors.

    Raises:
        WrongUse: if the points are fewer than two, not as many as targets, not finite, or all in one place.

    Source: Umeyama 1991, equations 40-42; in the plane, without mirroring, it is one complex division.
    """
    here, there = np.asarray(points, np.float64), np.asarray(target, np.float64)
    if here.shape != there.shape or here.ndim != 2 or here.shape[1] != 2 or len(here) < 2:
        raise WrongUse(f"a similarity needs two or more pairs of points, not {here.shape} and {there.shape}")
    # 1. Both sets about their means, as complex numbers.
    z, w = here[:, 0] + 1j * here[:, 1], there[:, 0] + 1j * there[:, 1]
    z_mean, w_mean = z.mean(), w.mean()
    spread = float((np.abs(z - z_mean) ** 2).sum())
    if not np.isfinite(spread + np.abs(w_mean)) or spread <= 0:
        raise WrongUse("a similarity needs finite points that are not all in one place")
    # 2. Turn and scale are their covariance over the spread; the shift brings mean to mean.
    turn = (np.conj(z - z_mean) * (w - w_mean)).sum() / spread
    shift = w_mean - turn * z_mean
    return Similarity(float(turn.real), float(turn.imag), float(shift.real), float(shift.imag))


def complete_dlib_points(points: npt.NDArray[np.floating]) -> Floats:
    """Returns the five standard landmarks of a face of which dlib's five-point model found its own.

    Eyes are the middles between their corners. dlib's points say nothing of the mouth: it, and the nose's tip, are
    where they are in the mean face, which loses nothing for aligning, as dlib's chips are aligned without them.

    Args:
        points: (5, 2) (x, y): outer and inner corner of the eye on the right, of the one on the left, base of the nose.

    Raises:
        WrongUse: if all points are in one place.
    """
    to_picture = fit_similarity(points, _DLIB_POINTS).invert()
    placed = to_picture.apply(DLIB150)
    placed[0] = np.mean(points[2:4], axis=0)
    placed[1] = np.mean(points[0:2], axis=0)
    return placed.astype(np.float32)


def compute_tilt(landmarks: npt.NDArray[np.floating]) -> float:
    """Returns by how many degrees a face is turned clockwise from upright, -180 to 180."""
    return -fit_similarity(landmarks, ARCFACE112).degrees
