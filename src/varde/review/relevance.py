"""Relevance: what is looked at first, as a number with its reasons in words. It says nothing of a category.

The order is ours and fixed: it is about what is probably worth a look, is the same for everybody, and hides nothing:
what ranks lowest is still there, at the end.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache
from typing import Final

from varde.core.media import MediaKind
from varde.core.signal import Method

METHOD: Final = Method("relevance", "1")
HIGHEST: Final = 1000

FOLDER_MATCHES: Final = 3
"""Matches a folder needs at least to make the rest of it worth a look ..."""

FOLDER_SHARE: Final = 0.05
"""... and the share of its items they have to be."""

TINY_PX: Final = 64
"""A picture with a shorter side than this is an icon or a thumbnail more often than anything else."""

_FARTHEST: Final = 31


class Level(IntEnum):
    """What speaks for a look, the strongest first; a near match is less by its distance."""

    SAME_AS_ALERT = 900
    NEAR_ALERT = 840
    SAME_AS_OWN = 790
    NEAR_OWN = 770
    IN_MATCHED_FOLDER = 600
    FROM_CAMERA = 500
    ORDINARY = 400
    TINY_OR_PLAIN = 200
    OTHER = 100
    HARMLESS = 50


@dataclass(frozen=True, slots=True)
class Clues:
    """What is known of a content that bears on when it is looked at.

    Attributes:
        alert_distance: to the nearest entry of an alert set, 0 where equal bytes; None where there is no such match.
        alert_is_exact: whether that match is by digest.
        own_distance, own_is_exact: the same of the site's own reference pictures.
        is_harmless: in a set of role known or negative.
        in_matched_folder: whether one of its folders has many matches.
        has_capture_metadata: camera and time of capture.
        shortest_px: None where unknown.
        is_plain: a picture that has no hash good enough to be compared.
    """

    kind: MediaKind
    alert_distance: int | None = None
    alert_is_exact: bool = False
    own_distance: int | None = None
    own_is_exact: bool = False
    is_harmless: bool = False
    in_matched_folder: bool = False
    has_capture_metadata: bool = False
    shortest_px: int | None = None
    is_plain: bool = False

    @property
    def is_matched(self) -> bool:
        """Whether it has a match that a person has to look at."""
        return self.alert_distance is not None or self.own_distance is not None


@dataclass(frozen=True, slots=True)
class Relevance:
    """How early something is looked at.

    Attributes:
        score: 0 to 1000, larger is earlier.
        reasons: in words, the strongest first.
    """

    score: int
    reasons: tuple[str, ...]

    @property
    def rank(self) -> int:
        """The same as a rank: smaller is earlier; `LAST_MATCHED_RANK` at most where there is a match."""
        return HIGHEST - self.score


@lru_cache(maxsize=4096)
def judge(clues: Clues) -> Relevance:
    """Returns how early a content is looked at, and why: the strongest reason gives the number.

    Source: ours; docs/reference/methods.md has the order with its grounds.
    Limits: measured nowhere yet against what people found relevant; the order within a level is that of the items.
    """
    found = [*_judge_matches(clues), *_judge_picture(clues)] or [(Level.ORDINARY.value, f"ordinary {clues.kind.value}")]
    if clues.is_harmless and not clues.is_matched:
        found.insert(0, (Level.HARMLESS.value, "matches a set of harmless or published files"))
    return Relevance(found[0][0], tuple(words for _, words in found))


def is_matched_folder(items: int, matched: int) -> bool:
    """Returns whether a folder has so many matches that the rest of it is worth an early look."""
    return matched >= FOLDER_MATCHES and matched >= FOLDER_SHARE * items


def _judge_matches(clues: Clues) -> list[tuple[int, str]]:
    found = []
    if clues.alert_distance is not None:
        found.append(_judge_match(clues.alert_distance, Level.SAME_AS_ALERT, Level.NEAR_ALERT, clues.alert_is_exact))
    if clues.own_distance is not None:
        found.append(_judge_match(clues.own_distance, Level.SAME_AS_OWN, Level.NEAR_OWN, clues.own_is_exact))
    return found


def _judge_match(distance: int, same: Level, near: Level, is_exact: bool) -> tuple[int, str]:
    whose = "an alert set" if same is Level.SAME_AS_ALERT else "the site's own references"
    if is_exact:
        return same.value, f"same bytes as an entry of {whose}"
    return near.value - min(distance, _FARTHEST), f"close to an entry of {whose}, distance {distance}"


def _judge_picture(clues: Clues) -> list[tuple[int, str]]:
    if clues.kind not in (MediaKind.PICTURE, MediaKind.VIDEO):
        return [(Level.OTHER.value, "no picture or video")]
    found = []
    is_tiny = clues.shortest_px is not None and clues.shortest_px < TINY_PX
    if clues.in_matched_folder:
        found.append((Level.IN_MATCHED_FOLDER.value, "its folder has many matches"))
    if clues.has_capture_metadata and not is_tiny:
        found.append((Level.FROM_CAMERA.value, "camera original, with capture metadata"))
    if is_tiny:
        found.append((Level.TINY_OR_PLAIN.value, f"smaller than {TINY_PX} px"))
    elif clues.is_plain:
        found.append((Level.TINY_OR_PLAIN.value, "too plain to compare"))
    return found
