"""Faces: where one was found, what it looks like to a model, and what a search for it gave."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from varde.core.outcome import NotComparable


@dataclass(frozen=True, slots=True)
class FaceBox:
    """Where a face is in the upright picture, as shares of its width and height (0 to 1, or a little outside)."""

    left: float
    top: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class FaceFrame:
    """One look at a face.

    Attributes:
        offset_s: time of the frame from the start of a video in seconds; None in a picture.
        crop: the aligned face as an encoded picture (see `varde.faces.crops`); everything is computed from it.
        quality: 0-100, larger is better (see `varde.faces.quality`).
    """

    offset_s: float | None
    crop: bytes
    quality: int


@dataclass(frozen=True, slots=True)
class Face:
    """A face in a picture, or one person's track through a video.

    Attributes:
        box: in the picture, or in the best frame.
        landmarks: five (x, y) as shares of width and height: the eye on the picture's left, the other eye, nose tip,
            the mouth's corner on the left, the other corner.
        angle: by how many degrees counter-clockwise (0, 90, 180, 270) the upright picture was turned when it was found.
        size_px: width of the face in the original's pixels.
        confidence: of the detector, 0 to 1.
        frames: best first; one for a picture, up to `MOST_FRAMES` of a track.
        seen_frames: frames in which a track was seen; 1 for a picture.
        first_s, last_s: when a track was first and last seen; None in a picture.
        embedding: unit vector, float32 little-endian bytes, over all frames; or why there is none.
        age: estimated bracket, or None where no age model is in use.
    """

    box: FaceBox
    landmarks: tuple[tuple[float, float], ...]
    angle: int
    size_px: float
    confidence: float
    frames: tuple[FaceFrame, ...]
    embedding: bytes | NotComparable
    seen_frames: int = 1
    first_s: float | None = None
    last_s: float | None = None
    age: AgeBracket | None = None

    @property
    def quality(self) -> int:
        """Quality of its best frame."""
        return self.frames[0].quality


@dataclass(frozen=True, slots=True)
class AgeBracket:
    """An estimated age in years with its interval; never a verdict."""

    low: float
    estimate: float
    high: float


MOST_FRAMES = 5
"""Frames of one track that are kept."""

MOST_FACES = 500
"""Faces of one content that are kept; more are said to be there and not kept."""


@dataclass(frozen=True, slots=True)
class FacesFound:
    """What looking for faces in one content gave.

    Attributes:
        faces: at most `MOST_FACES`, most confident first.
        dropped: how many more there were.
        looked_at: what was looked at, such as ``1600 px, 0/90/180/270`` or ``1/s, 12 frames``; for the record.
        refused: why nothing could be looked for; then there are no faces. None where it was looked.
    """

    faces: tuple[Face, ...]
    dropped: int
    looked_at: str
    refused: NotComparable | None = None


class SearchScope(StrEnum):
    """How far a face search reaches."""

    CASE = "case"
    EVERYWHERE = "everywhere"


class ProbeRule(StrEnum):
    """How several probes are joined."""

    ANY = "any"
    """The best of a candidate's scores counts."""

    ALL = "all"
    """The worst of a candidate's scores counts."""

    AVERAGE = "average"
    """The probes are averaged before searching: they must show one person."""


class Verdict(StrEnum):
    """What a person says of a candidate."""

    SAME = "same"
    DIFFERENT = "different"
    UNDECIDED = "undecided"
    NONE_OF_THESE = "none_of_these"


@dataclass(frozen=True, slots=True)
class Candidate:
    """One line of a candidate list: a lead, never an identification.

    Attributes:
        rank: 1 is the closest.
        face_id: row number of the face.
        score: cosine similarity, -1 to 1, larger is closer.
        log10_lr: of same person against different persons, by the calibration in force; None where it has none.
        probability: that it is the same person, under the prior that the search states; None where not calibrated.
        rival: score of the nearest other person in the gallery against the same probe; None where there is none.
    """

    rank: int
    face_id: int
    score: float
    log10_lr: float | None
    probability: float | None
    rival: float | None
