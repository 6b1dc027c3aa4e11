"""Outcomes that are values: a comparison that cannot be made is a result with a reason, not an error and not None."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Reason(StrEnum):
    """Why a signal, a fingerprint or the agreement of people could not be computed or compared."""

    NOT_DECODED = "not_decoded"
    QUALITY_TOO_LOW = "quality_too_low"
    TOO_SMALL = "too_small"
    NO_FRAMES = "no_frames"
    NOT_A_PICTURE = "not_a_picture"
    TOO_FEW_RATINGS = "too_few_ratings"
    ONE_CATEGORY = "one_category"
    TOO_FEW_PAIRS = "too_few_pairs"
    NOT_CALIBRATED = "not_calibrated"
    AGE_NOT_COVERED = "age_not_covered"
    NO_FACE = "no_face"
    TOO_LARGE = "too_large"
    NOT_EXAMINED = "not_examined"
    TOO_DARK = "too_dark"
    OVEREXPOSED = "overexposed"
    BLANK = "blank"
    MIXED_SIZES = "mixed_sizes"
    TOO_FEW_REFERENCES = "too_few_references"
    OTHER_SENSOR_SIZE = "other_sensor_size"
    NOT_A_PHOTOGRAPH = "not_a_photograph"
    IS_A_REFERENCE = "is_a_reference"
    ALREADY_USED = "already_used"
    DOES_NOT_AGREE = "does_not_agree"
    STABILISED = "stabilised"
    NO_FINGERPRINT = "no_fingerprint"


@dataclass(frozen=True, slots=True)
class NotComparable:
    """Nothing could be computed, or what there is would not bear it: a result with its reason.

    Attributes:
        reason: the closed-set reason.
        detail: one plain sentence with the figures behind it.
    """

    reason: Reason
    detail: str
