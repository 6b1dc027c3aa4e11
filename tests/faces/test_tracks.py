from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from varde.core.face import MOST_FRAMES, FaceFrame
from varde.faces import tracks
from varde.faces.raw import Floats, Pixels, RawFace
from varde.faces.stretch_joining import TrackRules
from varde.faces.tracks import FaceTracker, Seen, Track, compute_overlap, make_rules

RULES = TrackRules(in_place=0.4, over_gaps=0.6)
SHAPE = np.array([[0.3, 0.35], [0.7, 0.35], [0.5, 0.6], [0.35, 0.8], [0.65, 0.8]])
PLAIN, DARK = np.full((90, 160, 3), 200, np.uint8), np.full((90, 160, 3), 20, np.uint8)


def face(left: float, person: int, *, top: float = 20, width: float = 40, confidence: float = 0.9) -> RawFace:
    """A face whose angle says who it is: it travels through the tracker unchanged."""
    landmarks = (SHAPE * width + (left, top)).astype(np.float32)
    return RawFace(left, top, width, width, landmarks, confidence, person)


def unit(person: int) -> Floats:
    rng = np.random.default_rng(person)
    row = rng.normal(size=64)
    return np.asarray(row / np.linalg.norm(row), np.float32)


class Gallery:
    """Cuts faces out without a picture and knows everybody's embedding; counts how often it is asked."""

    def __init__(self, qualities: dict[float, int] | None = None) -> None:
        self.qualities = qualities or {}
        self.cut_out = self.embedded = 0

    def cut(self, rgb: Pixels, raw: RawFace, offset_s: float) -> FaceFrame:
        self.cut_out += 1
        return FaceFrame(offset_s, bytes([raw.angle]), self.qualities.get(offset_s, 50))

    def embed(self, seen: Sequence[Seen]) -> Floats | None:
        self.embedded += len(seen)
        return None if seen[0].frame.quality < 20 else unit(seen[0].raw.angle)


def track(frames: Sequence[tuple[float, Pixels, list[RawFace]]], gallery: Gallery | None = None) -> list[Track]:
    gallery = gallery or Gallery()
    tracker = FaceTracker(RULES, gallery.cut, gallery.embed)
    for offset_s, rgb, found in frames:
        tracker.add(offset_s, rgb, found)
    return tracker.finish()


def test_a_face_that_moves_a_little_is_one_track() -> None:
    (found,) = track([(number, PLAIN, [face(10 + 5 * number, 1)]) for number in range(8)])
    assert (found.seen_frames, found.first_s, found.last_s) == (8, 0, 7)
    assert len(found.frames) == MOST_FRAMES


def test_best_frames_come_first_and_are_those_of_best_quality() -> None:
    gallery = Gallery({float(number): 30 + number * 5 for number in range(8)})
    frames = [(float(number), PLAIN, [face(10, 1, confidence=0.5 + number / 20)]) for number in range(8)]
    (found,) = track(frames, gallery)
    assert [one.frame.quality for one in found.frames] == [65, 60, 55, 50, 45]


def test_two_faces_of_one_frame_are_never_one_track_however_alike() -> None:
    frames = [(float(number), PLAIN, [face(10, 1), face(90, 1)]) for number in range(4)]
    assert [one.seen_frames for one in track(frames)] == [4, 4]


def test_a_person_is_one_track_over_a_gap_and_a_shot_change() -> None:
    frames = [(0.0, PLAIN, [face(10, 1)]), (1.0, PLAIN, [face(10, 1)])]
    frames += [(2.0, DARK, []), (9.0, DARK, [face(100, 1, width=30)])]
    (found,) = track(frames)
    assert (found.seen_frames, found.first_s, found.last_s) == (3, 0.0, 9.0)


def test_another_person_in_the_same_place_after_a_shot_change_is_another_track() -> None:
    frames = [(0.0, PLAIN, [face(10, 1)]), (1.0, DARK, [face(10, 2)]), (2.0, PLAIN, [face(10, 1)])]
    found = track(frames)
    assert sorted((one.seen_frames, one.frames[0].raw.angle) for one in found) == [(1, 2), (2, 1)]


def test_faces_too_poor_for_an_embedding_stay_in_pieces() -> None:
    gallery = Gallery({0.0: 5, 9.0: 5})
    assert len(track([(0.0, PLAIN, [face(10, 1)]), (9.0, PLAIN, [face(10, 1)])], gallery)) == 2


def test_only_the_best_frames_of_a_stretch_are_embedded() -> None:
    gallery = Gallery()
    track([(float(number), PLAIN, [face(10, 1)]) for number in range(50)], gallery)
    assert gallery.cut_out <= 10
    assert gallery.embedded <= 2


def test_a_face_that_jumps_in_size_is_not_followed_by_place() -> None:
    frames = [(0.0, PLAIN, [face(10, 1, width=40)]), (1.0, PLAIN, [face(5, 2, top=15, width=64)])]
    assert len(track(frames)) == 2


def test_when_there_are_too_many_stretches_the_shortest_are_let_go_and_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tracks, "MOST_STRETCHES", 20)
    gallery = Gallery()
    tracker = FaceTracker(RULES, gallery.cut, gallery.embed)
    for number in range(60):
        tracker.add(number * 10.0, PLAIN, [face(10, number % 250), face(90, 251)])
    found = tracker.finish()
    assert len(found) + tracker.dropped == 61
    assert found[0].seen_frames == 60


def test_nothing_seen_gives_no_tracks() -> None:
    assert track([]) == []
    assert track([(0.0, PLAIN, [])]) == []


def test_overlap_is_one_for_equal_boxes_and_zero_for_apart() -> None:
    assert compute_overlap(face(10, 1), face(10, 2)) == pytest.approx(1)
    assert compute_overlap(face(10, 1), face(60, 2)) == 0
    assert compute_overlap(face(0, 1), face(20, 2)) == pytest.approx(1 / 3)


def test_rules_follow_the_thresholds_of_the_card() -> None:
    measured = {"1e-3": 0.338, "1e-4": 0.41, "1e-5": 0.48, "1e-6": 0.564}
    assert make_rules(measured) == TrackRules(in_place=0.338, over_gaps=0.48)
    assert make_rules({"1e-4": 0.4}) == TrackRules(in_place=0.4, over_gaps=0.4)


def test_with_a_model_that_was_never_measured_nothing_is_joined() -> None:
    rules = make_rules({})
    gallery = Gallery()
    tracker = FaceTracker(rules, gallery.cut, gallery.embed)
    tracker.add(0.0, PLAIN, [face(10, 1)])
    tracker.add(10.0, PLAIN, [face(10, 1)])
    assert len(tracker.finish()) == 2
