"""Clusters of files that one sensor took, as far as their noise tells: leads for a person, made without any camera."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Unclustered(StrEnum):
    """Why a file that has a sketch is in no cluster; others have the reason why they have none."""

    ALONE = "alone"
    """It was compared, and agrees with no other."""

    ONLY_OF_ITS_SIZE = "only_of_its_size"
    """There was nothing to compare it with."""


@dataclass(frozen=True, slots=True)
class SourceCluster:
    """Files whose noise agrees, so that one sensor may have taken them.

    Attributes:
        number: 1 for the largest of its clustering.
        files: contents in it.
        facts: ``width_px`` and ``height_px`` of the family, ``strength`` and ``least`` (median and least z of a file
            with the rest), ``models`` (what the files state, with how many), ``cameras`` (enrolled ones that it agrees
            with), ``is_exact`` (whole pictures were compared, not sketches).
    """

    number: int
    files: int
    facts: dict[str, object]


@dataclass(frozen=True, slots=True)
class SourceClustering:
    """One clustering of a case.

    Attributes:
        clustering_id: its number.
        method: by which it was made.
        facts: figures of the whole: files, comparisons, families, limits, what was not compared.
        made_at, made_by: when and by whom.
    """

    clustering_id: int
    method: str
    facts: dict[str, object]
    made_at: datetime
    made_by: str


@dataclass(frozen=True, slots=True)
class SourceMember:
    """A file in a clustering.

    Attributes:
        number: of its cluster; None where it is in none.
        reason: why it is in none.
        fit: z of its noise with the rest of its cluster; None where it is in none.
    """

    content_id: int
    number: int | None
    reason: str | None
    fit: float | None
