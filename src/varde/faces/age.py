"""An estimated age as a bracket: for ordering what is looked at first, never for leaving anything out."""

from __future__ import annotations

import numpy as np

from varde.core.face import AgeBracket
from varde.faces.crops import cut_chip
from varde.faces.network import Network, PictureInput
from varde.faces.raw import Pixels

_READ = (0.0, 4.0, 9.0, 19.0, 31.0, 45.0, 60.0, 100.0)
_BELOW = (0.0, 2.5, 5.0, 9.0, 17.0, 12.0, 11.0, 9.0)
_ABOVE = (3.0, 4.5, 8.0, 8.0, 9.0, 12.0, 14.0, 20.0)


class AgeReader:
    """Estimates age with one network.

    Limits: measured on adults only (FACES, section 5: mean error 6.0 years on 1,001 photographs of 59 adults; 18 to 30
        years are read 7.7 years too old). For children there are only its author's errors: 1.5 years (0 to 3), 3.1
        (4 to 8), 4.8 (9 to 18). A teenager may be read as an adult and a young adult as a teenager.
    """

    def __init__(self, network: Network, given: PictureInput, output: str) -> None:
        self._network = network
        self._given = given
        self._position = network.outputs.index(output)

    def estimate(self, crop: Pixels) -> AgeBracket:
        """Returns the bracket for one crop's pixels (9k, 8k, 3) uint8 RGB."""
        chip = cut_chip(crop, self._given.alignment, self._given.size_px)
        blob = self._given.make_blob([chip])
        value = float(self._network.run({self._network.inputs[0]: blob})[self._position].reshape(-1)[0])
        return make_bracket(value)


def make_bracket(years: float) -> AgeBracket:
    """Returns an estimate with the interval in which about nine of ten true ages are expected.

    Args:
        years: as the network reads them; brought to 0-100.

    Source: ours, from the errors in `AgeReader`'s limits, about twice the mean error and shifted against the bias;
        for children from its author's errors, so not measured here.
    """
    estimate = float(np.clip(years if np.isfinite(years) else 50.0, 0.0, 100.0))
    low = max(0.0, estimate - float(np.interp(estimate, _READ, _BELOW)))
    high = min(110.0, estimate + float(np.interp(estimate, _READ, _ABOVE)))
    return AgeBracket(round(low, 1), round(estimate, 1), round(high, 1))
