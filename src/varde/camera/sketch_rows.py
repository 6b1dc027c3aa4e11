"""The sketches of one family, taken from a mapped file as they are needed, all lying in one layout."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from varde.camera.middle import Middle, find_middle
from varde.camera.sketch import turn_signs
from varde.core.errors import WrongUse

Words = NDArray[np.uint64]
Places = NDArray[np.int64]

_QUARTER: Final = 1


class SketchRows:
    """Sketches of pictures of H x W pixels, and of W x H ones turned by 90 degrees to lie as the others do."""

    def __init__(
        self, words: Words, places: Places, upright: Words, is_upright: NDArray[np.bool_], size: Middle
    ) -> None:
        """Names where the rows lie.

        Args:
            words: (N, W) uint64, mapped: sketches of wide pictures.
            places: (M,) int64, of each row of the family in its own file.
            upright: as words, of those that are higher than wide.
            is_upright: (M,) bool, which rows are.
            size: the middle of the wide ones.

        Raises:
            WrongUse: if the arrays do not fit one another.
        """
        if len(places) != len(is_upright) or words.shape[1] != size.words:
            raise WrongUse("the sketches of a family do not fit one another")
        self._words, self._upright = words, upright
        self._places, self._is_upright = places, is_upright
        self._turned_from = find_middle(size.width_px, size.height_px)

    @classmethod
    def of(cls, words: Words, size: Middle) -> SketchRows:
        """Returns the rows of an array that holds one family and nothing else."""
        return cls(words, np.arange(len(words)), words[:0], np.zeros(len(words), np.bool_), size)

    def __len__(self) -> int:
        """Returns how many sketches there are."""
        return len(self._places)

    def take(self, rows: Places | list[int]) -> Words:
        """Returns some rows, (K, W) uint64, copied."""
        taken = np.empty((len(rows), self._words.shape[1]), np.uint64)
        for number, row in enumerate(rows):
            taken[number] = self.take_one(int(row))
        return taken

    def take_one(self, row: int) -> Words:
        """Returns one row, (W,) uint64."""
        place = int(self._places[row])
        if self._is_upright[row]:
            return turn_signs(np.ascontiguousarray(self._upright[place]), self._turned_from, _QUARTER)
        return np.ascontiguousarray(self._words[place])
