"""Clusters of faces: who appears how often. A machine proposes them; people split, merge, name and undo."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class ClusterAct(StrEnum):
    """What was done with the clusters of a case."""

    MADE = "made"
    """The machine put faces in clusters."""

    SPLIT = "split"
    """Faces were taken out of their cluster."""

    MERGED = "merged"
    """Clusters were put together."""

    UNKNOWN = "unknown"
    """Faces were put apart as unknown."""

    DIFFERENT = "different"
    """Clusters were said to be different people."""

    NAMED = "named"
    """A cluster got, or lost, an alias."""

    UNDONE = "undone"
    """An act was taken back; taking this one back does the act again."""


@dataclass(frozen=True, slots=True)
class FaceCluster:
    """Faces that a machine, or a person, holds to be of one person: a lead until a person says so.

    Attributes:
        cluster_id: its row number.
        faces: how many there are in it.
        version: changes with every change; an edit that was made on an older one is refused.
        is_kept: a person edited or named it: no machine takes faces out of it, or joins it with another such cluster.
        alias: what a person called it in its case; None for none. The machine adds nothing to a named one.
        victim_id: the victim of the case it was linked with.
        best_face_id: the face to show for it.
    """

    cluster_id: int
    case_id: int
    faces: int
    version: int
    is_kept: bool
    alias: str | None
    victim_id: int | None
    best_face_id: int | None


@dataclass(frozen=True, slots=True)
class Appearance:
    """Where and when the faces of a cluster are seen.

    Attributes:
        items, videos: of the case; an item at several places counts as several.
        first_at, last_at: earliest and latest time of the files, as they say themselves: times can be false.
    """

    items: int
    videos: int
    first_at: datetime | None
    last_at: datetime | None


@dataclass(frozen=True, slots=True)
class RecordedAct:
    """An act on the clusters of a case.

    Attributes:
        faces: how many it moved.
        undone_by: the act that took it back; None while it stands.
        of: for an undoing, the act that it took back.
    """

    act_id: int
    kind: ClusterAct
    at: datetime
    person: str
    faces: int
    undone_by: int | None
    of: int | None


class Unknown(StrEnum):
    """Why a face is in no cluster, beyond the reasons for which there is no embedding."""

    BY_PERSON = "by_person"
    """A person put it apart."""

    NO_EMBEDDING = "no_embedding"
    """The model in use has not embedded it."""
