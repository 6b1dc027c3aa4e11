"""Two faces laid over one another: for looking at them side by side, overlaid, and by turns."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from varde.faces.align import Similarity, fit_similarity
from varde.faces.raw import Floats


@dataclass(frozen=True, slots=True)
class Overlay:
    """How one face's picture is brought over another's, and how well that fits.

    Attributes:
        transform: from the second picture's pixels to the first's.
        residual: mean distance between landmarks that were brought together, as a share of the distance between the
            first face's eyes; above about .15 the heads are turned differently, and shapes must not be compared.
    """

    transform: Similarity
    residual: float

    @property
    def css(self) -> tuple[float, float, float, float, float, float]:
        """The six numbers of CSS's ``matrix(...)``, for an element whose origin is its top left corner."""
        one = self.transform
        return (one.a, one.b, -one.b, one.a, one.c, one.d)


def overlay(
    first: Floats,
    first_px: tuple[float, float],
    second: Floats,
    second_px: tuple[float, float],
    *,
    eyes_only: bool = False,
) -> Overlay:
    """Returns how to lay the second face over the first.

    Args:
        first: (5, 2) (x, y) landmarks as shares of the first picture (see `varde.faces.crops.place_landmarks`).
        first_px: width and height at which the first is shown.
        second: landmarks of the second.
        second_px: width and height at which the second is shown.
        eyes_only: bring the eyes together and let the rest show how it differs.

    Raises:
        WrongUse: if the landmarks of a face are all in one place.
    """
    there: npt.NDArray[np.float64] = np.asarray(first, np.float64) * first_px
    here: npt.NDArray[np.float64] = np.asarray(second, np.float64) * second_px
    used = slice(0, 2) if eyes_only else slice(None)
    transform = fit_similarity(here[used], there[used])
    apart = np.linalg.norm(transform.apply(here) - there, axis=1).mean()
    eyes = max(float(np.linalg.norm(there[1] - there[0])), 1e-9)
    return Overlay(transform, float(apart) / eyes)
