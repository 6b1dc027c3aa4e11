"""Looking for a camera's pattern in sketches: the fingerprint is turned as a picture of the camera might lie.

A sketch holds the signs of the middle of a picture as it is stored. For each way in which a picture of that size may
lie on the sensor, the fingerprint is turned the other way round and its middle compared with the sketch, within the
pixels at which the fingerprint is strong.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from varde.camera.bits import Words, pack_mask, pack_signs, scan_signs
from varde.camera.geometry import ORIENTATIONS, Orientation, turned_size
from varde.camera.middle import find_middle
from varde.camera.turned_signs import choose_strong

LEAST_Z: Final = 3.5
"""From how many standard deviations on a sketch is worth reading the picture again (results/camera_search.md)."""

Floats = NDArray[np.float32]


class SketchHunter:
    """A fingerprint, ready to be looked for in the sketches of pictures of any size."""

    def __init__(self, values: Floats) -> None:
        """Takes the values of a fingerprint, (H, W) float32; they are not changed."""
        self._values = values
        self._queries: dict[tuple[int, int], tuple[Words, Words]] = {}

    def list_sizes(self) -> list[tuple[int, int]]:
        """Returns (rows, columns) of the pictures that the camera makes, as they are stored: as is, and turned."""
        size = (self._values.shape[0], self._values.shape[1])
        return list(dict.fromkeys(turned_size(size, turn) for turn in (0, 90)))

    def scan(self, words: Words, size_px: tuple[int, int]) -> NDArray[np.float32]:
        """Returns the z-score of each sketch at the best turn, (N,) float32.

        Args:
            words: (N, W) uint64, sketches of pictures of one size; they may lie in a mapped file.
            size_px: (rows, columns) of those pictures, one of `list_sizes`.

        Raises:
            WrongUse: if the words are not those of sketches of that size.
        """
        if size_px not in self._queries:
            self._queries[size_px] = self._turn(size_px)
        best: NDArray[np.float32] = scan_signs(words, *self._queries[size_px]).max(axis=1)
        return best

    def _turn(self, size_px: tuple[int, int]) -> tuple[Words, Words]:
        middle = find_middle(*size_px)
        rows = slice(middle.top, middle.top + middle.height_px)
        columns = slice(middle.left, middle.left + middle.width_px)
        signs, within = [], []
        for each in ORIENTATIONS:
            if turned_size(size_px, each.turn) == self._values.shape:
                pattern = np.ascontiguousarray(lay_as_stored(self._values, each)[rows, columns])
                strong = choose_strong(pattern)
                signs.append(pack_signs(pattern, strong))
                within.append(pack_mask(strong))
        return np.stack(signs), np.stack(within)


def lay_as_stored(values: Floats, orientation: Orientation) -> Floats:
    """Returns a sensor's values as they lie in a picture that this orientation turns to lie as the sensor does."""
    turned = np.rot90(values, -(orientation.turn // 90))
    return np.fliplr(turned) if orientation.mirrored else turned
