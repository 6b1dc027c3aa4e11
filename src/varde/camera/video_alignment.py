"""Aligning the frames of a stabilised video to a fingerprint, one by one, and summing what lies at one place."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from varde.camera.video_place import Place, PlaceFinder, add_moved
from varde.camera.video_sums import Plane, VideoSums
from varde.core.camera import Geometry

_NEAR_Z: Final = 5.0
_WIDE_Z: Final = 6.0
_SURE_Z: Final = 7.0
_SAME_PX: Final = 2.0
_LONGEST_GAP: Final = 15
"""Frames that may fail in a row before the last place is no longer looked near."""


class FrameAligner:
    """Aligns frames to a fingerprint. Each half of the tiles is moved as the other half says, so that the sum has not
    been chosen by its own agreement.

    Attributes:
        sums: of what was aligned, in the layout of the template.
        aligned: how many frames were, at least by half.
        seen: how many were looked at.

    Source: ours, evaluations/camera_video.md; that alignment frame by frame is what attribution of stabilised video
        needs is of Taspinar et al. 2016 and Altinisik & Sencar 2019 (arXiv 1912.05018).
    Limits: a frame is moved as a whole (shift, turn, growth); warping within it, as of rolling shutters, is not
        followed.
    """

    def __init__(self, template: Plane) -> None:
        """Starts a video.

        Args:
            template: (H, W) float32, the fingerprint as it lies under a frame that is not moved.
        """
        self.sums = VideoSums(*template.shape)
        self.aligned, self.seen = 0, 0
        self._finder = PlaceFinder(template)
        self._near: Place | None = None
        self._failed = 0

    def add(self, frame: VideoSums, *, is_key: bool) -> None:
        """Adds one frame where it agrees with the fingerprint, and else leaves it out.

        Args:
            frame: sums of this frame alone.
            is_key: whether it is coded by itself: then it is worth a wide search.
        """
        self.seen += 1
        places, least_z = self._find(frame.signal, is_key=is_key)
        found = [place for place in places if place.z >= least_z]
        for kind, place in enumerate(places):
            if place.z >= least_z:
                self._move(frame, place, 1 - kind)
        self.sums.frames += bool(found)
        self.aligned += bool(found)
        self._failed = 0 if found else self._failed + 1
        if found and (_agree(places) or max(place.z for place in found) >= _SURE_Z):
            self._near = max(found, key=lambda place: place.z)
        elif self._failed > _LONGEST_GAP:
            self._near = None

    def measure(self, signal: Plane) -> float:
        """Returns how well a signal agrees with the fingerprint near its own place, in standard deviations."""
        one, other = self._finder.find(signal, Place())
        return (one.z + other.z) / 2**0.5

    def _find(self, signal: Plane, *, is_key: bool) -> tuple[tuple[Place, ...], float]:
        places: tuple[Place, ...] = ()
        if self._near is not None:
            places = self._finder.find(signal, self._near)
        if is_key and not any(place.z >= _NEAR_Z for place in places):
            return self._finder.find(signal, None), _WIDE_Z
        return places, _NEAR_Z

    def _move(self, frame: VideoSums, place: Place, kind: int) -> None:
        add_moved(self.sums.planes, frame.planes, self._finder.tiles, place, kind)
        self.sums.count_usable(frame, share=0.5)


def lay_on_sensor(sums: VideoSums, geometry: Geometry) -> VideoSums:
    """Returns sums of frames as they lie on a fingerprint of the frames' own size: no search is needed any more.

    Args:
        sums: aligned to a template.
        geometry: of the template; its turn is not looked at.
    """
    height, width = sums.signal.shape
    down, right = ((0.5 - start) * geometry.scale - 0.5 for start in geometry.shift)
    matrix = np.array([[geometry.scale, 0.0, right], [0.0, geometry.scale, down]])
    laid = VideoSums(height, width)
    for into, plane in zip(laid.planes, sums.planes, strict=True):
        into[:] = cv2.warpAffine(plane, matrix, (width, height), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
    laid.frames = sums.frames
    laid.count_usable(sums, share=1.0)
    return laid


def _agree(places: tuple[Place, ...]) -> bool:
    one, other = places
    return abs(one.down - other.down) <= _SAME_PX and abs(one.right - other.right) <= _SAME_PX
