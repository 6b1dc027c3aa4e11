"""Hunting: looking for enrolled cameras in the pictures of all cases, and what that found."""

from __future__ import annotations

from dataclasses import dataclass

from varde.core.camera import FingerprintKind
from varde.core.camera_comparison import CameraComparison


@dataclass(frozen=True, slots=True)
class CameraHuntOrder:
    """What somebody wants to be looked for.

    Attributes:
        cameras: names; empty for every camera that is not withdrawn.
        case: only in the pictures of this case; None for all cases.
        again: whether what was looked at before is looked at again.
        case_ids: cases that the person has access to; None for whoever works on the machine itself.
    """

    cameras: tuple[str, ...] = ()
    case: str | None = None
    again: bool = False
    case_ids: frozenset[int] | None = None


@dataclass(frozen=True, slots=True)
class CameraHunted:
    """What looking for one camera gave.

    Attributes:
        kind, version: of the fingerprint.
        sketches: pictures of its size whose sketch was compared.
        missing: pictures whose sketch is recorded and not in the files any more.
        read: pictures that were close by their sketch and read again.
        known: pictures that were close and compared with this very fingerprint before, or are references of it.
        unreadable: pictures that were close and could not be read: they are tried again by the next hunt.
        comparisons: exact, of those that were read, in cases that the person has access to; closest first.
        leads: how many new leads there are.
    """

    camera: str
    kind: FingerprintKind
    version: int
    sketches: int
    missing: int
    read: int
    known: int
    unreadable: int
    comparisons: tuple[CameraComparison, ...]
    leads: int


@dataclass(frozen=True, slots=True)
class CameraHunt:
    """A hunt that was made: its leads are pointers for a person, nothing is decided.

    Attributes:
        hunted: one for each camera.
        videos_only: names of cameras that have a fingerprint from videos only: videos have no sketches.
        unsketched: pictures that nobody sketched yet, of the case or of all.
        refused: pictures that were too small, dark or bright for a sketch.
        videos: videos, which have no sketches.
    """

    hunted: tuple[CameraHunted, ...]
    videos_only: tuple[str, ...]
    unsketched: int
    refused: int
    videos: int

    @property
    def leads(self) -> int:
        """How many new leads there are."""
        return sum(one.leads for one in self.hunted)
