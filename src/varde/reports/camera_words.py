"""The sentences a report on camera attribution speaks to people in: what it is and is not, methods and limits."""

from __future__ import annotations

from typing import Final

from varde.core.camera import (
    FingerprintKind,
    LikelihoodRatio,
    LinkVerdict,
    ReferenceState,
    SearchExtent,
    SourceScore,
)
from varde.core.camera_comparison import CameraComparison
from varde.core.outcome import Reason
from varde.reports.wording import REASON_SENTENCES

_SAME_SCALE: Final = 1e-4
_SAME_PLACE_PX: Final = 0.5

STATEMENTS: Final = (
    "Results in this report are findings of a machine: how well the sensor noise of a file agrees with a camera's "
    "fingerprint, and what that is worth. They identify no camera and no person. Decisions are the acts of the persons "
    "named beside them.",
    "A likelihood ratio is no probability that the camera took the file. It says how much more probable the result is "
    "if the first proposition is true than if the second is; how probable either is depends on everything else that is "
    "known of the case, which this report does not weigh.",
    "Not assessable is no evidence in either direction.",
    "What files state of their camera, their time and themselves can have been written by anybody. It is told and "
    "never counted.",
    "This report shows nothing of what any file shows. All times are in UTC.",
)

QUESTION: Final = "Were the files in question taken by the camera in question?"

SAME: Final = "The file was taken by the camera in question."
OTHER: Final = "The file was taken by another camera of the same model."

EXTENT_NAMES: Final[dict[SearchExtent, str]] = {
    SearchExtent.ALIGNED: "at the sensor's own place only",
    SearchExtent.TURNED: "turned by 90 degrees and mirrored too",
    SearchExtent.SHIFTED: "every shift too (crops)",
    SearchExtent.SCALED: "resized copies too",
    SearchExtent.ROTATED: "turned by a few degrees too",
}

STATE_NAMES: Final[dict[ReferenceState, str]] = {
    ReferenceState.USED: "used",
    ReferenceState.FIT: "fit, but no fingerprint was made",
    ReferenceState.OUTLIER: "outlier, not used",
    ReferenceState.REFUSED: "refused",
}

KIND_NAMES: Final[dict[FingerprintKind, str]] = {
    FingerprintKind.PHOTO: "photos",
    FingerprintKind.VIDEO: "videos",
}

VERDICT_NAMES: Final[dict[LinkVerdict, str]] = {
    LinkVerdict.LINKED: "taken with the camera",
    LinkVerdict.NOT_LINKED: "not taken with the camera",
    LinkVerdict.UNDECIDED: "undecided",
}

FACT_NAMES: Final[dict[str, str]] = {
    "make": "Make",
    "model": "Model",
    "serial": "Serial number",
    "software": "Software",
    "orientation": "Orientation tag (not applied)",
    "taken_at": "Taken at",
    "mean": "Mean brightness",
    "saturated": "Saturated share",
    "dark": "Dark share",
    "usable": "Usable share",
    "bits": "Bits a channel",
    "format": "Format",
    "mode": "Colours",
    "layout": "Layout",
    "quality": "JPEG quality, estimated",
    "encoder": "JPEG header and sampling",
    "width_px": "Width in pixels",
    "height_px": "Height in pixels",
    "stated_width": "Stated width",
    "stated_height": "Stated height",
    "source_type": "Stated kind of source",
    "frames": "Frames",
    "key_frames": "Key frames",
    "bit_rate": "Bit rate",
    "duration_s": "Seconds",
    "codec": "Codec",
    "steadiness": "Steadiness",
    "truncated": "Cut off",
    "aligned_frames": "Frames aligned",
    "pce_least": "Least PCE of a reference",
    "pce_median": "Median PCE of a reference",
    "correlation_median": "Median correlation of a reference",
    "stated": "As stated by the references",
    "cllr": "Cllr",
    "cllr_min": "Cllr min",
    "auc": "AUC",
    "eer": "Equal error rate",
    "misleading": "Other cameras' files for which it spoke",
    "misleading_low": "from",
    "misleading_high": "to, at 95 %",
    "misleading_against": "The camera's own files against which it spoke",
    "expected_correlation": "Correlation expected of another photo",
}

TOLD_FACTS: Final = (
    "make",
    "model",
    "serial",
    "software",
    "taken_at",
    "orientation",
    "source_type",
    "quality",
    "truncated",
    "usable",
    "mean",
    "codec",
    "frames",
    "duration_s",
    "bit_rate",
    "steadiness",
    "aligned_frames",
)
"""Facts of a file that the page tells, in this order."""

METHODS: Final = (
    (
        "Noise residual",
        "The file is decoded as the sensor lies, its orientation tag not applied. A wavelet filter with an adaptive "
        "Wiener gain takes the scene away; saturated and dark pixels are left out; patterns that cameras share (colour "
        "filter grid, compression blocks, spectral peaks) are removed; what is left is weighted by its inverse local "
        "variance.",
    ),
    (
        "Fingerprint",
        "The maximum-likelihood estimate of the sensor's multiplicative pattern from the residuals of all references. "
        "Each reference is compared with the fingerprint of all the others; one that does not agree is an outlier and "
        "is not used.",
    ),
    (
        "Comparison",
        "Peak-to-correlation energy (PCE): the square of the correlation's peak over the mean square of the "
        "correlation outside of 11 x 11 places around it, with the sign of the peak. Larger is closer. The expected "
        "pattern of the file is the fingerprint times its own brightness.",
    ),
    (
        "Search",
        "The comparison begins at the one place at which the camera itself would have put the picture and goes on only "
        "while that does not suffice. The maximum over more places is higher by chance alone; the calibration is that "
        "of the widest search that was tried.",
    ),
    (
        "Likelihood ratio",
        "Scores of files of the same camera and of other cameras, of the same model where there are some, were "
        "measured for each extent of search and number of pixels; the ratio is a logistic function of the score that "
        "never exceeds what the number of comparisons bears. Where other cameras of the size are enrolled here, the "
        "file was compared with these too, and the ratio allows for what they gave.",
    ),
)

LIMITS: Final = (
    "Cameras of one model, and models of one maker's processing, share faint patterns (non-unique artefacts). Those "
    "that are known are removed; a pattern that none of the calibrated cameras has can still raise a score. "
    "Comparisons with other cameras of the model are the remedy, and their number is told with each result.",
    "Computational photography (several exposures put together, blurred backgrounds, noise removal, lens correction) "
    "changes or suppresses the pattern. Wrong attributions of pictures from recent phones are published. The "
    "calibration holds for kinds of cameras like those it was measured on.",
    "Digital zoom, panoramas, another lens and video are different fingerprints of one device, or none.",
    "Copies that were resized and strongly recompressed lose the pattern. A low result of such a copy says little "
    "against the camera.",
    "The pattern can be removed from a picture, and a fingerprint estimated from published pictures of a camera can be "
    "put into others. Nothing here measures whether that was done.",
    "Pictures that no camera took (drawn, generated) are not a proposition of this report.",
    "No error in N comparisons leaves a rate of misleading results of up to 3/N, at 95 % confidence. N is told with "
    "the calibration; parts of one picture do not count as independent.",
    "A result says nothing of who held the camera, when a file was taken, or how it came to be where it was found.",
)


REASONS: Final[dict[Reason, str]] = REASON_SENTENCES | {
    Reason.NOT_A_PICTURE: "Neither picture nor video.",
    Reason.NOT_CALIBRATED: "There is a score; what it is worth was not measured for such a comparison.",
    Reason.QUALITY_TOO_LOW: "Too strongly compressed, or too flat, for its sensor noise to be compared.",
    Reason.TOO_SMALL: "Too few pixels for its sensor noise to be compared.",
}
"""Why something is not assessable, where the sentences of other reports speak of hashes or faces."""


def name_fact(name: str) -> str:
    """Returns what a fact is called for people; one without a name of its own as it is written."""
    return FACT_NAMES.get(name, name.replace("_", " ").capitalize())


def write_ratio(weighed: LikelihoodRatio) -> str:
    """Returns a ratio's logarithm, with a sign before it where the true one lies further out."""
    sign = ("> " if weighed.log10_lr > 0 else "< ") if weighed.is_bounded else ""
    return f"{sign}{weighed.log10_lr:+.2f}"


def write_found(one: CameraComparison) -> str:
    """Returns where on the sensor a file was found; the best place of one that speaks for another camera is chance."""
    if not isinstance(one.outcome, SourceScore) or not isinstance(one.likelihood, LikelihoodRatio):
        return ""
    return write_place(one.outcome) if one.likelihood.log10_lr > 0 else "no place stands out"


def write_place(score: SourceScore) -> str:
    """Returns where on the sensor a picture was found."""
    at = score.search.geometry
    parts = ["mirrored"] if at.mirrored else []
    parts += [f"turned by {at.turn} degrees"] if at.turn else []
    parts += [f"resized to {at.scale:.4g}"] if abs(at.scale - 1) > _SAME_SCALE else []
    parts += [f"turned by {at.angle_deg:+.2f} degrees"] if at.angle_deg else []
    is_moved = any(abs(pixels) >= _SAME_PLACE_PX for pixels in at.shift)
    parts += [f"from row {at.shift[0]:.0f}, column {at.shift[1]:.0f}"] if is_moved else []
    return ", ".join(parts) or "as it is"
