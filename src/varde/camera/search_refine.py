"""Refining what a first pass found: the exact scale, angle and shift, and the signed PCE there."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from varde.camera.correlation import PreparedFingerprint, Spectrum, choose_length, interpolate, multiply, transform
from varde.camera.geometry import orient
from varde.camera.geometry_mapping import map_fingerprint, render_base
from varde.camera.pce import REACH, compute_peak
from varde.camera.search_plan import STEP_PX
from varde.camera.search_probe import Found, Probe
from varde.camera.whitening import flatten
from varde.core.camera import Geometry

KEEP: Final = 3
"""How many candidates of a first pass are looked at again."""

_FINEST_PX: Final = 0.1
_REACH_PX: Final = 3.0
_BETWEEN: Final = 4

Adjust = Callable[[Geometry, float, tuple[int, int]], Geometry]
"""Geometry, by how much its picture's ends move, picture's size -> the geometry with another scale or angle."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A place that a first pass found.

    Attributes:
        height: for ranking, near to the PCE there.
        geometry: of the place.
        band: share of the frequencies that the pass was confined to.
        count: how many places the pass compared to find it.
    """

    height: float
    geometry: Geometry
    band: float
    count: int


@dataclass(frozen=True, slots=True)
class _Reading:
    """A geometry as it was read on the picture's own pixels: its height, and the correlation's spectrum."""

    height: float
    geometry: Geometry
    place: tuple[float, float]
    energy: float
    product: Spectrum


class Reader:
    """Reads geometries near one another against a fingerprint, on the picture's own pixels.

    Args:
        probe: the picture.
        prepared: the fingerprint.
        geometry: the first of them.
    """

    def __init__(self, probe: Probe, prepared: PreparedFingerprint, geometry: Geometry) -> None:
        signal = np.ascontiguousarray(orient(probe.signal, geometry.turn, mirrored=geometry.mirrored))
        self._prepared = prepared
        self.size_px = signal.shape[0], signal.shape[1]
        self._plane_px = choose_length(signal.shape[0]), choose_length(signal.shape[1])
        self._probe = flatten(transform(signal, self._plane_px))
        self._base = render_base(prepared, geometry.scale)

    def read(self, geometry: Geometry) -> _Reading:
        """Returns the best shift at most 3 pixels from a geometry, to a quarter of a pixel."""
        pattern = map_fingerprint(self._prepared, geometry, self.size_px, self._base)
        spectrum = transform(pattern, self._plane_px)
        product = np.empty_like(spectrum)
        energy = multiply(self._probe, spectrum, self._plane_px[1] % 2 == 0, False, False, product)
        energy /= self._plane_px[0] * self._plane_px[1]
        steps = np.arange(-_REACH_PX * _BETWEEN, _REACH_PX * _BETWEEN + 1, dtype=np.float64) / _BETWEEN
        near = interpolate(product, self._plane_px, steps, steps)
        row, column = divmod(int(np.argmax(near)), len(steps))
        place, value = (float(steps[row]), float(steps[column])), float(near[row, column])
        height = value * abs(value) * self.size_px[0] * self.size_px[1] / energy if energy else 0.0
        return _Reading(height, _moved(geometry, place), place, energy, product)

    def score(self, reading: _Reading) -> float:
        """Returns the signed PCE of a reading."""
        around = np.arange(-REACH, REACH + 1, dtype=np.float64)
        near = interpolate(reading.product, self._plane_px, reading.place[0] + around, reading.place[1] + around)
        return compute_peak(0, 0, near, reading.energy, self.size_px[0] * self.size_px[1]).pce


def refine(probe: Probe, prepared: PreparedFingerprint, candidates: Sequence[Candidate], adjust: Adjust) -> list[Found]:
    """Returns the best of the candidates, refined; its places are those of all the candidates.

    The first few are read again with their neighbours, on all frequencies; the best of them is followed to its top.
    """
    tried: list[tuple[_Reading, Reader, Candidate]] = []
    for each in pick_apart(candidates, probe.size_px()):
        reader = Reader(probe, prepared, each.geometry)
        tried.append((_climb(reader, reader.read(each.geometry), adjust, _first_step(each), rounds=1), reader, each))
    if not tried:
        return []
    reading, reader, best = max(tried, key=lambda each: each[0].height)
    rounds = max(1, math.ceil(math.log2(_first_step(best) / _FINEST_PX)))
    reading = _climb(reader, reading, adjust, _first_step(best) / 2, rounds=rounds)
    places = sum(each.count for each in candidates)
    return [Found(reader.score(reading), reading.geometry, places)]


def pick_apart(candidates: Sequence[Candidate], size_px: tuple[int, int]) -> list[Candidate]:
    """Returns the first few candidates, the best first, leaving out the close neighbours of better ones."""
    picked: list[Candidate] = []
    for each in sorted(candidates, key=lambda each: -each.height):
        if len(picked) < KEEP and not any(_is_near(each, other, max(size_px)) for other in picked):
            picked.append(each)
    return picked


def adjust_scale(geometry: Geometry, move_px: float, size_px: tuple[int, int]) -> Geometry:
    """Returns a geometry with another scale about the picture's middle, by which each end moves so many pixels."""
    scale = geometry.scale * (1 + 2 * move_px / max(size_px))
    drift = 0.5 / geometry.scale - 0.5 / scale
    shift = geometry.shift[0] + size_px[0] * drift, geometry.shift[1] + size_px[1] * drift
    return replace(geometry, scale=scale, shift=shift)


def adjust_angle(geometry: Geometry, move_px: float, size_px: tuple[int, int]) -> Geometry:
    """Returns a geometry with another small angle, by which each end of the picture moves so many pixels."""
    return replace(geometry, angle_deg=geometry.angle_deg + math.degrees(2 * move_px / max(size_px)))


def _climb(reader: Reader, best: _Reading, adjust: Adjust, step_px: float, *, rounds: int) -> _Reading:
    for _ in range(rounds):
        start = best.geometry
        for move in (-step_px, step_px):
            reading = reader.read(adjust(start, move, reader.size_px))
            best = max(best, reading, key=lambda each: each.height)
        step_px /= 2
    return best


def _first_step(candidate: Candidate) -> float:
    """Returns half of how far, in pixels, the true place's ends may lie from the candidate's."""
    return STEP_PX / 8 / candidate.band


def _moved(geometry: Geometry, place: tuple[float, float]) -> Geometry:
    angle, scale = math.radians(geometry.angle_deg), geometry.scale
    down = place[0] * math.cos(angle) - place[1] * math.sin(angle)
    right = place[1] * math.cos(angle) + place[0] * math.sin(angle)
    return replace(geometry, shift=(geometry.shift[0] + down / scale, geometry.shift[1] + right / scale))


def _is_near(one: Candidate, other: Candidate, long_px: int) -> bool:
    here, there = one.geometry, other.geometry
    if (here.turn, here.mirrored) != (there.turn, there.mirrored):
        return False
    apart = abs(here.scale / there.scale - 1) + math.radians(abs(here.angle_deg - there.angle_deg))
    return apart * long_px * min(one.band, other.band) < 4 * STEP_PX
