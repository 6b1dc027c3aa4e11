"""Contents: the bytes themselves and everything computed from them. Items with equal SHA-256 share one content."""

from __future__ import annotations

from dataclasses import dataclass

from varde.core.digest import Digests
from varde.core.face import FacesFound
from varde.core.media import Facts, MediaType, Thumbnail
from varde.core.outcome import NotComparable
from varde.core.signal import LocalFeatures, Signal
from varde.core.source_sketch import SourceSketch


@dataclass(frozen=True, slots=True)
class Content:
    """Everything that was computed from a content.

    Attributes:
        digests: in one read.
        media_type: by its bytes.
        facts, thumbnail: None where it is no picture or video, or could not be decoded.
        signals: one for each method that applies; a method that failed says why.
        local_features: one for each frame they were computed of; None where nobody asked for them.
        sampling: how a video's frames were chosen, such as ``1/s``; "" for pictures.
        faces: what looking for faces gave; None where nobody asked for it.
        sketch: of the noise of its sensor, or why there is none; None where nobody asked for it.
    """

    digests: Digests
    media_type: MediaType
    facts: Facts | None = None
    thumbnail: Thumbnail | None = None
    signals: tuple[Signal, ...] = ()
    local_features: tuple[LocalFeatures, ...] | NotComparable | None = None
    sampling: str = ""
    faces: FacesFound | None = None
    sketch: SourceSketch | None = None
