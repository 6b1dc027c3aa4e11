"""A known folder of videos and items of an exhibit, through the sandboxed processes."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from varde.core.outcome import NotComparable
from varde.core.signal import PerceptualHash
from varde.known.video_frames import VideoFrames, compare_frames
from varde.known.video_match import match_video
from varde.known.video_stretch import VideoMatch
from varde.pipeline.examine_files import FileExaminer
from varde.pipeline.hashing_folder import hash_folder
from varde.store.site import Site
from varde.testing.video_edits import VideoEdit, add_bars, edit_video, make_moving_scene, write_frames

RATE = 12


def test_a_clip_without_the_bars_of_a_known_video_is_found_with_its_place(site: Site, tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    frames = [frame for _ in range(3) for frame in make_moving_scene(rng, 5 * RATE, 160, 120)]
    (tmp_path / "known").mkdir()
    barred = [add_bars(0.15, sides=True)(frame) for frame in frames]
    (tmp_path / "known" / "a.mp4").write_bytes(write_frames(barred, RATE))
    (tmp_path / "item.mp4").write_bytes(edit_video(frames, RATE, VideoEdit("clip", part=(0.4, 0.8)), rng))
    notes: list[str] = []
    (entry,) = hash_folder(site, tmp_path / "known", notes)
    assert (notes, entry.sampling) == ([], "all")
    assert len(entry.pdq) > 50
    with FileExaminer(site.settings, workers=1) as examiner:
        content = examiner.examine(tmp_path / "item.mp4").content
    assert content
    assert content.sampling == "1/s"
    outcome = content.signals[0].outcome
    assert not isinstance(outcome, NotComparable)
    assert 5 <= len(outcome) <= 12
    known = VideoFrames.of([PerceptualHash(*found) for found in entry.pdq])
    found = match_video(VideoFrames.of(outcome, 6.0), known, compare_frames(outcome, known))
    assert isinstance(found, VideoMatch)
    assert found.stretches[0].known_offset_s - found.offset_s < 7
    assert abs(found.stretches[0].known_offset_s - found.offset_s - 6) < 1
