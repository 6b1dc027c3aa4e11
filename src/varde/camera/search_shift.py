"""Searching a picture at the sensor's own scale: as it lies, in its eight turns and mirrors, at every shift inside."""

from __future__ import annotations

from varde.camera.correlation import PreparedFingerprint, read_place
from varde.camera.geometry import ORIENTATIONS, Orientation, geometry_of, place_of
from varde.camera.search_plane import search_plane
from varde.camera.search_probe import Found, Probe


def search_aligned(probe: Probe, prepared: PreparedFingerprint) -> list[Found]:
    """Returns the score of the picture as it lies; nothing where its size is not the sensor's."""
    return _read_aligned(probe, prepared, ORIENTATIONS[:1])


def search_turned(probe: Probe, prepared: PreparedFingerprint) -> list[Found]:
    """Returns the scores of the other turns and mirrors that have the sensor's size."""
    return _read_aligned(probe, prepared, ORIENTATIONS[1:])


def search_shifted(probe: Probe, prepared: PreparedFingerprint) -> list[Found]:
    """Returns the best shift of each turn and mirror in which the picture is nowhere larger than the sensor.

    The picture lies on the sensor, or sticks out by at most `varde.camera.search_plane.MARGIN_PX`: fingerprints are
    least sure at their borders, and most of what chance gives is found there when pictures may stick out further.
    """
    return [_search_shifts(probe, prepared, each) for each in ORIENTATIONS if fits(probe, prepared, each)]


def fits(probe: Probe, prepared: PreparedFingerprint, orientation: Orientation) -> bool:
    """Returns whether the picture, turned, is nowhere larger than the sensor."""
    size, sensor = probe.size_px(orientation.turn), prepared.size_px
    return size[0] <= sensor[0] and size[1] <= sensor[1]


def _read_aligned(probe: Probe, prepared: PreparedFingerprint, orientations: tuple[Orientation, ...]) -> list[Found]:
    found = []
    for each in orientations:
        size = probe.size_px(each.turn)
        if size == prepared.size_px:
            place = place_of((0, 0), each, size, prepared.plane_px)
            spectrum = probe.spectrum(each.base, prepared.plane_px)
            peak = read_place(spectrum, prepared, place, turned=each.turned, flipped=each.flipped)
            found.append(Found(peak.pce, geometry_of(each, (0, 0)), 1))
    return found


def _search_shifts(probe: Probe, prepared: PreparedFingerprint, orientation: Orientation) -> Found:
    spectrum, size = probe.spectrum(orientation.base, prepared.plane_px), probe.size_px(orientation.turn)
    best = search_plane(spectrum, prepared.spectrum, prepared.plane_px, size, orientation)
    place = place_of(best.shift, orientation, size, prepared.plane_px)
    peak = read_place(spectrum, prepared, place, turned=orientation.turned, flipped=orientation.flipped)
    return Found(peak.pce, geometry_of(orientation, best.shift), best.count)
