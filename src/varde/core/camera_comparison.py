"""Comparing files with cameras: what is asked, what it gave, and what people decided. Leads only: a person links."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from varde.core.camera import FingerprintKind, LikelihoodRatio, LinkVerdict, SearchExtent, SourceScore
from varde.core.outcome import NotComparable, Reason

MOST_FILE_PLACES = 20
"""Places of one file that are listed; how many more there are is said."""


@dataclass(frozen=True, slots=True)
class FileToCompare:
    """A file from outside that is compared with a camera.

    Attributes:
        name: how the person calls it.
    """

    path: Path
    name: str


@dataclass(frozen=True, slots=True)
class ItemToCompare:
    """An item that is compared with a camera, by its row number."""

    item_id: int


@dataclass(frozen=True, slots=True)
class CompareOrder:
    """What somebody wants to be compared with a camera.

    Attributes:
        camera: name of the camera.
        probes: at least one.
        extent: how far a file is looked for on the sensor at most; None takes what is sensible for each file.
        case: name of the case that it is done for; None for none, or for the case of each item.
        case_ids: cases that the person has access to; None for whoever works on the machine itself.
    """

    camera: str
    probes: tuple[FileToCompare | ItemToCompare, ...]
    extent: SearchExtent | None = None
    case: str | None = None
    case_ids: frozenset[int] | None = None


@dataclass(frozen=True, slots=True)
class NamedFingerprint:
    """A fingerprint as a comparison names it: enough to find the very same bytes again.

    Attributes:
        version: 1, 2, 3 ... of this camera and kind.
        used: how many references it was made from.
        sha256: of its file, 32 bytes.
        method: that made it, as ``name/version``.
    """

    fingerprint_id: int
    camera_id: int
    camera: str
    kind: FingerprintKind
    version: int
    height_px: int
    width_px: int
    used: int
    sha256: bytes
    method: str


@dataclass(frozen=True, slots=True)
class FilePlace:
    """An item that has a file's content."""

    case_id: int
    case: str
    exhibit: int
    item_id: int
    locator: str


@dataclass(frozen=True, slots=True)
class CameraComparison:
    """What comparing one file with one fingerprint gave. A finding of the machine: it links nothing.

    Attributes:
        comparison_id: None where it was not kept, since the file could not be read at all.
        fingerprint: None where the camera has none.
        name: of the file, as the person called it, or the item's locator.
        sha256: of its bytes; None where they could not be read.
        content_id: of the items that have it; None for a file from outside.
        case_id, case: that it was done for; None and "" for none.
        outcome: the score, or why there is none.
        likelihood: what the score is worth, or why that is not known.
        same, other: the two propositions in words; "" where nothing was weighed.
        stated: what the file states of its camera and of itself; anybody can have written it.
        notes: what to know before relying on it, a sentence each.
        advice: what to do where it is not assessable; "" where there is nothing to say.
        is_readable: False where the file could not be opened at all.
        surface: correlation around the place that was found, rows from the top, in units of its root mean square
            elsewhere; () where nothing spoke for the camera.
    """

    comparison_id: int | None
    camera_id: int
    camera: str
    fingerprint: NamedFingerprint | None
    name: str
    sha256: bytes | None
    content_id: int | None
    case_id: int | None
    case: str
    outcome: SourceScore | NotComparable
    likelihood: LikelihoodRatio | NotComparable
    compared_at: datetime
    person: str
    same: str = ""
    other: str = ""
    stated: Mapping[str, object] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    advice: str = ""
    is_readable: bool = True
    surface: tuple[tuple[float, ...], ...] = ()

    @property
    def is_assessable(self) -> bool:
        """Whether there is a likelihood ratio."""
        return isinstance(self.likelihood, LikelihoodRatio)

    @property
    def refused(self) -> NotComparable | None:
        """Why it is not assessable; None where it is."""
        for found in (self.outcome, self.likelihood):
            if isinstance(found, NotComparable):
                return found
        return None

    @property
    def reason(self) -> Reason | None:
        """The reason why it is not assessable; None where it is."""
        return self.refused.reason if self.refused else None


@dataclass(frozen=True, slots=True)
class CameraLink:
    """A person's decision whether a file was taken with a camera; a later one about the same two stands instead of it.

    Attributes:
        comparison_id: the comparison that the person had before them.
        case_id, case: in which it was decided.
    """

    link_id: int
    camera_id: int
    camera: str
    content_id: int
    comparison_id: int
    case_id: int
    case: str
    verdict: LinkVerdict
    note: str
    at: datetime
    person: str


@dataclass(frozen=True, slots=True)
class CameraLead:
    """A file of a case whose sensor noise speaks for an enrolled camera: for a person to look at, nothing decided.

    Attributes:
        camera: name of the camera; None where the reader has no access to the camera's case.
        comparison: that gave the lead; None for whoever does not see both sides.
        places: items that have the file, in cases that the reader has access to, at most `MOST_FILE_PLACES`.
        more_places: how many more of those there are.
        contacts: whom to ask about a side that the reader does not see.
        decided: what a person decided last; None while nobody did, and for whoever does not see both sides.
    """

    lead_id: int
    camera_id: int
    camera: str | None
    content_id: int
    comparison: CameraComparison | None
    places: tuple[FilePlace, ...]
    more_places: int
    contacts: tuple[str, ...]
    found_at: datetime
    decided: CameraLink | None


def describe_search(outcome: SourceScore | NotComparable) -> dict[str, object] | None:
    """Returns what was searched and where the peak is as plain facts; None where nothing was compared."""
    if isinstance(outcome, NotComparable):
        return None
    search, place = outcome.search, outcome.search.geometry
    return {
        "extent": search.extent.value,
        "places": search.places,
        "turn": place.turn,
        "mirrored": place.mirrored,
        "scale": place.scale,
        "angle_deg": place.angle_deg,
        "shift": list(place.shift),
    }
