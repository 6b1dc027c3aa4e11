"""The views a query is looked at in: as it is, mirrored, as a negative, and both."""

from __future__ import annotations

from enum import StrEnum

from varde.hashing.local_points import Points


class View(StrEnum):
    """As what the query was looked at."""

    PLAIN = "as it is"
    MIRRORED = "mirrored"
    NEGATIVE = "as a negative"
    MIRRORED_NEGATIVE = "mirrored, as a negative"


def see(points: Points) -> dict[View, Points]:
    """Returns the query in every view."""
    mirrored = points.mirror()
    return {
        View.PLAIN: points,
        View.MIRRORED: mirrored,
        View.NEGATIVE: points.invert(),
        View.MIRRORED_NEGATIVE: mirrored.invert(),
    }
