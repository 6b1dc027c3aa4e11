"""Outcomes that are values: a comparison that cannot be made is a result with a reason, not an error and not None."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Reason(StrEnum):
    """Why a signal could not be computed or compared."""

    NOT_DECODED = "not_decoded"
    QUALITY_TOO_LOW = "quality_too_low"
    TOO_SMALL = "too_small"
    NO_FRAMES = "no_frames"
    NOT_A_PICTURE = "not_a_picture"


@dataclass(frozen=True, slots=True)
class NotComparable:
    """No signal could be computed, or its quality is too low: a result with its reason.

    Attributes:
        reason: the closed-set reason.
        detail: one plain sentence with the figures behind it.
    """

    reason: Reason
    detail: str
