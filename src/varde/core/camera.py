"""Cameras: fingerprints of sensors, and what comparing a picture or a video with one gave. Never an identification."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from varde.core.outcome import NotComparable
from varde.core.signal import Method


class FingerprintKind(StrEnum):
    """What a fingerprint was made from; one device has one of each, and they are never mixed."""

    PHOTO = "photo"
    VIDEO = "video"


class ReferenceState(StrEnum):
    """What became of a file that a fingerprint was to be made from."""

    USED = "used"
    FIT = "fit"
    """Nothing was found against it, but no fingerprint was made."""

    OUTLIER = "outlier"
    """Its noise does not agree with that of the others: it may be another camera's, or edited."""

    REFUSED = "refused"
    """It cannot be used at all: too dark, saturated, another size, not decoded."""


@dataclass(frozen=True, slots=True)
class Reference:
    """A file that a fingerprint was to be made from.

    Attributes:
        name: the file's name as it was given.
        sha256: of its bytes, 32 bytes.
        state: what became of it.
        refused: why it was not used; None where it was.
        pce: signed, against the fingerprint of all the others; None where it was refused before that.
        facts: plain facts, such as ``usable``, ``mean`` and what the file states of its camera.
    """

    name: str
    sha256: bytes
    state: ReferenceState
    refused: NotComparable | None
    pce: float | None
    facts: dict[str, object]


class SearchExtent(StrEnum):
    """How far a comparison looked for the picture on the sensor; each includes those before it.

    A maximum over more places is larger by chance alone, so each extent has a calibration of its own.
    """

    ALIGNED = "aligned"
    """At one place only: the picture has the sensor's own size and layout."""

    TURNED = "turned"
    """Also the four turns by 90 degrees, each mirrored too."""

    SHIFTED = "shifted"
    """Also every shift: a crop, or a border cut off."""

    SCALED = "scaled"
    """Also resized copies, from a quarter of the size on."""

    ROTATED = "rotated"
    """Also turned by a few degrees."""


@dataclass(frozen=True, slots=True)
class Geometry:
    """Where the picture lies on the sensor at the place that was found.

    Attributes:
        turn: degrees counter-clockwise by which the picture as stored is turned to lie as the sensor does: 0 to 270.
        mirrored: whether it is mirrored left to right before it is turned.
        scale: pixels of the picture per pixel of the sensor.
        angle_deg: small rotation in degrees, counter-clockwise.
        shift: (rows, columns) from the sensor's top left corner to the picture's, in the sensor's pixels.
    """

    turn: int = 0
    mirrored: bool = False
    scale: float = 1.0
    angle_deg: float = 0.0
    shift: tuple[float, float] = (0.0, 0.0)


@dataclass(frozen=True, slots=True)
class SourceSearch:
    """What was searched, and where the peak is.

    Attributes:
        extent: the widest that was tried.
        places: how many places were compared in all; the maximum over them is larger by chance.
        geometry: of the peak.
    """

    extent: SearchExtent
    places: int
    geometry: Geometry


@dataclass(frozen=True, slots=True)
class SourceScore:
    """How well a picture's or video's noise residual agrees with a fingerprint.

    Attributes:
        pce: signed peak-to-correlation energy: the squared peak over the mean square of the correlation outside
            11 x 11 places around it, with the sign of the peak. Larger is closer.
        correlation: normalised correlation at the peak, -1 to 1.
        search: what was searched.
        pixels: how many pixels were compared.
        usable: share of the picture's pixels that are neither saturated nor dark.
        method: of residual and comparison.
    """

    pce: float
    correlation: float
    search: SourceSearch
    pixels: int
    usable: float
    method: Method


@dataclass(frozen=True, slots=True)
class LikelihoodRatio:
    """How much more probable a score is if this camera took the file than if another of the same model did.

    Attributes:
        log10_lr: decimal logarithm; 0 says nothing either way, less than 0 speaks against this camera.
        is_bounded: whether the score lies beyond what the reference data bear, so that the true ratio is further out.
        words: on the verbal scale in force.
        calibration: which calibration made it, with its size.
    """

    log10_lr: float
    is_bounded: bool
    words: str
    calibration: str


class LinkVerdict(StrEnum):
    """What a person decides about a file and a camera."""

    LINKED = "linked"
    NOT_LINKED = "not_linked"
    UNDECIDED = "undecided"
