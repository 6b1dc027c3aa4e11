"""Tracks: which faces in the frames of one video are one person, told without ever putting two of one frame together.

First stretches: a face is followed from frame to frame by place, size and landmarks alone, as long as nothing speaks
against it. Then tracks: stretches are joined over gaps and shot changes where their embeddings agree. Only the best
frames of a stretch are cut out, and only they are embedded.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt

from varde.core.face import MOST_FRAMES, FaceFrame
from varde.faces.raw import Floats, Pixels, RawFace
from varde.faces.stretch_joining import Joined, TrackRules, join_stretches

Cut = Callable[[Pixels, RawFace, float], FaceFrame]
"""Cuts a face out of a frame at a time in seconds."""

Embed = Callable[["Sequence[Seen]"], Floats | None]
"""Returns the unit embedding of one face, seen several times; None where it was never seen well enough."""

MOST_FACES_IN_FRAME: Final = 100
"""Faces of one frame that are followed, the largest."""

MOST_STRETCHES: Final = 1_000
"""Stretches in memory; when there are more, the shortest are let go and counted."""

_FOLLOW_S: Final = 2.5
_LEAST_OVERLAP: Final = 0.35
_MOST_SIZE_CHANGE: Final = 1.5
_MOST_LANDMARK_CHANGE: Final = 0.25
_CUT_DIFFERENCE: Final = 24.0
_GRID: Final = (18, 32)
_NEVER: Final = 2.0
_EMBEDDED: Final = 2


@dataclass(slots=True, eq=False)
class Stretch:
    """One face followed from frame to frame.

    Attributes:
        seen: numbers of the frames in which it was seen.
        first_s, last_s: times of the first and last one in seconds.
        first, last: as it was seen then.
        first_sides, last_sides: width and height of the frame then.
        frames: best first, at most `MOST_FRAMES`; each with what was seen in it.
        vector: unit embedding of its best frames, None where they are too poor for one.
    """

    seen: list[int]
    first_s: float
    last_s: float
    first: RawFace
    last: RawFace
    sides: tuple[int, int]
    frames: list[Seen] = field(default_factory=list)
    vector: Floats | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """A face in a frame, cut out.

    Attributes:
        sides: width and height of the frame it was found in.
        promise: how good it was expected to be before it was cut out; larger is better.
    """

    raw: RawFace
    sides: tuple[int, int]
    frame: FaceFrame
    promise: float


@dataclass(frozen=True, slots=True, eq=False)
class Track:
    """One person in one video, as far as can be told.

    Attributes:
        frames: best first, at most `MOST_FRAMES`.
        seen_frames: frames in which it was seen.
        first_s, last_s: when, in seconds.
    """

    frames: tuple[Seen, ...]
    seen_frames: int
    first_s: float
    last_s: float


class FaceTracker:
    """Takes the faces of a video's frames in the order of time and gives tracks.

    Source: ours; evaluations/face_tracks.md has purity and fragmentation.
    Limits: stretches are followed by place alone, so two people who change places between two frames of an unchanged
        scene are taken for one. People whose faces are never good enough for an embedding stay in pieces.
    """

    def __init__(self, rules: TrackRules, cut: Cut, embed: Embed) -> None:
        """Starts a video.

        Args:
            rules: from which agreement of embeddings on stretches are joined.
            cut, embed: of the engine that finds the faces.
        """
        self._rules, self._cut, self._embed = rules, cut, embed
        self._open: list[Stretch] = []
        self._closed: list[Stretch] = []
        self._before: npt.NDArray[np.float32] | None = None
        self._number = 0
        self.dropped = 0
        """Stretches that were let go."""

    @property
    def frames(self) -> int:
        """How many frames were looked at."""
        return self._number

    def add(self, offset_s: float, rgb: Pixels, found: Sequence[RawFace]) -> None:
        """Takes the faces found in the next frame.

        Args:
            offset_s: time from the start in seconds; not before the one of the frame before.
            rgb: (H, W, 3) uint8, upright.
            found: its faces.
        """
        now = _sample(rgb)
        is_cut = self._before is None or float(np.abs(now - self._before).mean()) >= _CUT_DIFFERENCE
        self._before = now
        self._close(offset_s, everything=is_cut)
        faces = sorted(found, key=lambda face: face.width, reverse=True)[:MOST_FACES_IN_FRAME]
        followed = _follow(self._open, faces)
        for number, face in enumerate(faces):
            stretch = followed.get(number)
            if stretch is None:
                stretch = Stretch([], offset_s, offset_s, face, face, (rgb.shape[1], rgb.shape[0]))
                self._open.append(stretch)
            self._extend(stretch, offset_s, rgb, face)
        self._number += 1

    def finish(self) -> list[Track]:
        """Returns the tracks, those seen longest first."""
        self._close(0.0, everything=True)
        joined = self._join()
        tracks = [_make_track(one.stretches) for one in joined]
        return sorted(tracks, key=lambda track: (-track.seen_frames, track.first_s, track.frames[0].raw.left))

    def _extend(self, stretch: Stretch, offset_s: float, rgb: Pixels, face: RawFace) -> None:
        stretch.seen.append(self._number)
        stretch.last_s, stretch.last = offset_s, face
        promise = face.confidence * face.width
        kept = stretch.frames
        if len(kept) >= MOST_FRAMES and promise <= min(one.promise for one in kept):
            return
        kept.append(Seen(face, (rgb.shape[1], rgb.shape[0]), self._cut(rgb, face, offset_s), promise))
        kept.sort(key=lambda one: -one.frame.quality)
        del kept[MOST_FRAMES:]

    def _close(self, offset_s: float, *, everything: bool) -> None:
        ended = [one for one in self._open if everything or offset_s - one.last_s > _FOLLOW_S]
        self._open = [one for one in self._open if one not in ended]
        self._closed += ended
        if len(self._closed) > MOST_STRETCHES:
            self._closed = [_fuse(one.stretches) for one in self._join()]
            self._closed.sort(key=lambda one: (-len(one.seen), -one.frames[0].frame.quality))
            self.dropped += len(self._closed[MOST_STRETCHES * 3 // 4 :])
            del self._closed[MOST_STRETCHES * 3 // 4 :]

    def _join(self) -> list[Joined[Stretch]]:
        for stretch in self._closed:
            if stretch.vector is None:
                stretch.vector = self._embed(stretch.frames[:_EMBEDDED])
        return join_stretches(self._closed, self._rules)


def make_rules(thresholds: Mapping[str, float]) -> TrackRules:
    """Returns the rules for an embedder by its card's thresholds: FAR 1e-5 over gaps, 1e-3 where place agrees too.

    A model that was never measured gets rules under which nothing is joined.
    """
    if not thresholds:
        return TrackRules(in_place=_NEVER, over_gaps=_NEVER)
    return TrackRules(in_place=_find_closest(thresholds, 1e-3), over_gaps=_find_closest(thresholds, 1e-5))


def _find_closest(thresholds: Mapping[str, float], wanted: float) -> float:
    rate = min(thresholds, key=lambda text: abs(math.log10(float(text)) - math.log10(wanted)))
    return thresholds[rate]


def _sample(rgb: Pixels) -> npt.NDArray[np.float32]:
    """Returns a few rows and columns of a frame, to tell whether the scene changed."""
    height, width = rgb.shape[:2]
    rows = np.linspace(0, height - 1, _GRID[0]).astype(int)
    columns = np.linspace(0, width - 1, _GRID[1]).astype(int)
    return np.asarray(rgb[np.ix_(rows, columns)].mean(axis=2), np.float32)


def _follow(stretches: Sequence[Stretch], faces: Sequence[RawFace]) -> dict[int, Stretch]:
    """Returns which stretch each face goes on, by its number; best overlap first, each at most once."""
    pairs = [
        (compute_overlap(stretch.last, face), number, stretch)
        for stretch in stretches
        for number, face in enumerate(faces)
    ]
    followed: dict[int, Stretch] = {}
    taken: set[int] = set()
    for overlap, number, stretch in sorted(pairs, key=lambda pair: -pair[0]):
        if overlap < _LEAST_OVERLAP:
            break
        if number not in followed and id(stretch) not in taken and _moves_little(stretch.last, faces[number]):
            followed[number] = stretch
            taken.add(id(stretch))
    return followed


def compute_overlap(one: RawFace, other: RawFace) -> float:
    """Returns what two boxes share of what they cover together: 0 to 1."""
    width = min(one.left + one.width, other.left + other.width) - max(one.left, other.left)
    height = min(one.top + one.height, other.top + other.height) - max(one.top, other.top)
    if width <= 0 or height <= 0:
        return 0.0
    shared = width * height
    return shared / (one.width * one.height + other.width * other.height - shared)


def _moves_little(before: RawFace, now: RawFace) -> bool:
    """Returns whether size and the places of the landmarks in the box changed as little as within one head's turn."""
    change = max(before.width, now.width) / max(min(before.width, now.width), 1e-6)
    if change > _MOST_SIZE_CHANGE:
        return False
    moved = np.abs(_place_landmarks(before) - _place_landmarks(now)).mean()
    return bool(moved <= _MOST_LANDMARK_CHANGE)


def _place_landmarks(face: RawFace) -> npt.NDArray[np.float64]:
    corner = np.array([face.left, face.top])
    return np.asarray((face.landmarks - corner) / max(face.width, face.height, 1e-6), np.float64)


def _fuse(stretches: Sequence[Stretch]) -> Stretch:
    """Returns several stretches of one person as one."""
    if len(stretches) == 1:
        return stretches[0]
    first = min(stretches, key=lambda one: one.first_s)
    last = max(stretches, key=lambda one: one.last_s)
    vectors = [one.vector for one in stretches if one.vector is not None]
    mean = np.sum(vectors, axis=0) if vectors else None
    return Stretch(
        seen=sorted({number for one in stretches for number in one.seen}),
        first_s=first.first_s,
        last_s=last.last_s,
        first=first.first,
        last=last.last,
        sides=first.sides,
        frames=_choose_best(stretches),
        vector=None if mean is None else mean / np.linalg.norm(mean),
    )


def _choose_best(stretches: Sequence[Stretch]) -> list[Seen]:
    frames = [one for stretch in stretches for one in stretch.frames]
    return sorted(frames, key=lambda one: (-one.frame.quality, one.frame.offset_s or 0.0))[:MOST_FRAMES]


def _make_track(stretches: Sequence[Stretch]) -> Track:
    fused = _fuse(stretches)
    return Track(tuple(_choose_best(stretches)), len(fused.seen), fused.first_s, fused.last_s)
