"""Findings: what a machine concluded, before a person has seen it. Kept apart from decisions, always."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from varde.core.signal import Method


@dataclass(frozen=True, slots=True)
class OperatingPoint:
    """Where a comparison was cut off: without it a match means nothing.

    Attributes:
        method: what was compared and how.
        max_distance: largest accepted distance (smaller is closer); 0 for exact digests.
        min_quality: least quality on both sides; 0 where the method has none.
    """

    method: Method
    max_distance: int
    min_quality: int

    def __str__(self) -> str:
        """Returns one line for a report."""
        if not self.max_distance:
            return f"{self.method}, exact"
        return f"{self.method}, distance <= {self.max_distance}, quality >= {self.min_quality}"


@dataclass(frozen=True, slots=True)
class Match:
    """A content and a known entry within a stated operating point.

    Attributes:
        content_id: row of the content in this site.
        entry_id: row of the known entry in this site.
        point: operating point that accepted it.
        distance: smaller is closer; 0 for exact digests.
        offset_s: time of the matching video frame, None for pictures and digests.
        details: how it matched, in plain words and numbers: ``variant``, ``known_offset_s``, ``inliers`` ...
    """

    content_id: int
    entry_id: int
    point: OperatingPoint
    distance: int
    offset_s: float | None = None
    details: dict[str, object] = field(default_factory=dict)


def describe_how(details: Mapping[str, Any]) -> str:
    """Returns how something matched, in plain words; "" where the content as it is matched the entry.

    Args:
        details: of a `Match`.
    """
    words = [str(details[name]) for name in ("kind", "variant") if name in details]
    if "known_offset_s" in details:
        words.append(f"at {details['known_offset_s']:.1f} s of the known video")
    if "duration_s" in details:
        words.append(f"for {details['duration_s']:.1f} s")
    if "inliers" in details:
        words.append(f"{details['inliers']} points agree")
    return ", ".join(words)
