"""Searching all cameras with a file: what is asked, what was and was not searched, and the candidates it gave."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from varde.core.camera import FingerprintKind, SearchExtent
from varde.core.camera_comparison import CameraComparison, FileToCompare, ItemToCompare
from varde.core.outcome import Reason


@dataclass(frozen=True, slots=True)
class CameraSearchOrder:
    """What somebody wants all cameras to be searched with.

    Attributes:
        probe: the file.
        extent: how far it is looked for on each sensor. Up to `SearchExtent.TURNED` the index answers; wider ones
            compare every camera by itself.
        case: name of the case that it is done for; None for none, or for the item's own.
        case_ids: cases that the person has access to; None for whoever works on the machine itself.
        most: most candidates listed.
        most_cost_s: most CPU seconds that a search may take which compares every camera by itself; None for any.
    """

    probe: FileToCompare | ItemToCompare
    extent: SearchExtent = SearchExtent.TURNED
    case: str | None = None
    case_ids: frozenset[int] | None = None
    most: int = 10
    most_cost_s: float | None = None


@dataclass(frozen=True, slots=True)
class FamilySearched:
    """Cameras of one kind and sensor size, every one of which was compared.

    Attributes:
        turns: in how many turns and mirrors the file has their size; 0 where it was searched without the index.
    """

    kind: FingerprintKind
    height_px: int
    width_px: int
    cameras: int
    turns: int = 0


class NotSearchedReason(StrEnum):
    """Why cameras were left out of a search."""

    OTHER_SIZE = "other_size"
    """The file does not have their size, turned or not: a crop or a resized copy needs a wider search."""

    OTHER_KIND = "other_kind"
    """They have a fingerprint from videos and the file is a picture, or the other way round."""

    TOO_SMALL = "too_small"
    """Their sensor is smaller than the file, so that it cannot be a crop of theirs."""

    IS_A_REFERENCE = "is_a_reference"
    """Their fingerprint was made from this very file."""

    NO_FINGERPRINT = "no_fingerprint"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class NotSearched:
    """Cameras that were left out of a search, and why."""

    reason: NotSearchedReason
    cameras: int
    detail: str


@dataclass(frozen=True, slots=True)
class WiderSearch:
    """A search that would go further, and what it would cost.

    Attributes:
        cameras: how many it would compare more than this one did.
        cost_s: CPU seconds, roughly.
    """

    extent: SearchExtent
    cameras: int
    cost_s: float


@dataclass(frozen=True, slots=True)
class CameraCandidate:
    """A camera that may have taken the file; it is not said that it did.

    Attributes:
        rank: 1 is the closest.
        z: by how many standard deviations the signs of the noise agree more than by chance, as the index found it;
            None where the camera was compared without the index.
        comparison: exact, of this file with this camera; kept as any other.
        case: of the camera; "" where it belongs to none.
        make, model: as whoever enrolled the camera stated them.
        is_lead: whether a lead was made of it, or had been before.
    """

    rank: int
    z: float | None
    comparison: CameraComparison
    case: str
    make: str
    model: str
    is_lead: bool


@dataclass(frozen=True, slots=True)
class CamerasElsewhere:
    """Candidates of a case that the person has no access to: whom to ask, and nothing of what is there.

    Attributes:
        contacts: account names of who leads that case, or has access to it, or else administers access.
        cameras: how many of its cameras are among the candidates.
    """

    contacts: tuple[str, ...]
    cameras: int


class EmptySearchReason(StrEnum):
    """Why a search of all cameras lists none."""

    NO_CAMERAS = "no_cameras"
    NOT_ASSESSABLE = "not_assessable"
    OTHER_SIZES = "other_sizes"
    OTHER_KIND = "other_kind"
    ONLY_REFERENCES = "only_references"
    ONLY_ELSEWHERE = "only_elsewhere"


@dataclass(frozen=True, slots=True)
class EmptySearch:
    """Why a search lists no camera, and what to do about it.

    Attributes:
        refused: why the file cannot be compared with any camera; None where it can.
    """

    reason: EmptySearchReason
    detail: str
    advice: str
    refused: Reason | None = None


@dataclass(frozen=True, slots=True)
class CameraSearch:
    """A search of all cameras with one file. Its candidates are findings of the machine: none of them is "the" camera.

    Attributes:
        name: of the file, as the person called it, or the item's locator.
        sha256: of its bytes; None where they could not be read.
        size_px: (rows, columns) of its noise; None where it has none.
        kind: photo or video; None where it is neither.
        extent: how far was searched.
        searched: the families, every camera of which was compared.
        not_searched: what was left out, and why.
        wider: searches that would go further.
        candidates: closest first.
        elsewhere: candidates of cases that the person has no access to.
        empty: why there is no candidate; None where there is one.
        notes: what to know before judging, a sentence each.
        stated: what the file states of its camera and of itself; anybody can have written it.
        is_readable: False where the file could not be opened at all.
    """

    name: str
    sha256: bytes | None
    size_px: tuple[int, int] | None
    kind: FingerprintKind | None
    extent: SearchExtent
    searched_at: datetime
    person: str
    searched: tuple[FamilySearched, ...]
    not_searched: tuple[NotSearched, ...]
    wider: tuple[WiderSearch, ...]
    candidates: tuple[CameraCandidate, ...]
    elsewhere: tuple[CamerasElsewhere, ...]
    empty: EmptySearch | None
    notes: tuple[str, ...] = ()
    stated: Mapping[str, object] = field(default_factory=dict)
    is_readable: bool = True

    @property
    def cameras(self) -> int:
        """How many cameras were compared."""
        return sum(family.cameras for family in self.searched)
