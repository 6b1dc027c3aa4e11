"""Local features come out of the sandboxed pool as they come out of the function."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from varde.core.outcome import NotComparable
from varde.hashing.local_features import compute_local_features
from varde.hashing.local_points import read_points
from varde.known.alignment import Verdict, align
from varde.pipeline.examine import ExamineRequest
from varde.pipeline.examine_files import FileExaminer
from varde.store.settings import Settings
from varde.testing.pictures import make_photo
from varde.testing.videos import make_video


@pytest.fixture
def examiner() -> Iterator[FileExaminer]:
    settings = Settings()
    request = ExamineRequest(0, 0, settings.decode.limits(), local_features=True)
    with FileExaminer(settings, request, workers=1) as made:
        yield made


def test_a_pictures_features_are_computed_in_the_sandbox(examiner: FileExaminer, tmp_path: Path) -> None:
    pixels = make_photo(np.random.default_rng(1))
    Image.fromarray(pixels).save(tmp_path / "whole.png")
    Image.fromarray(pixels[60:400, 100:560]).save(tmp_path / "part.jpg")
    Image.new("RGB", (300, 300), "red").save(tmp_path / "flat.png")
    whole, part, flat = examiner.examine_all([tmp_path / name for name in ("whole.png", "part.jpg", "flat.png")])
    assert whole.content and part.content and flat.content
    assert not (*whole.issues, *part.issues, *flat.issues)
    expected = compute_local_features(np.asarray(Image.fromarray(pixels).convert("L")))
    assert whole.content.local_features == (expected,)
    assert isinstance(flat.content.local_features, NotComparable)
    assert isinstance(part.content.local_features, tuple)
    (found,) = part.content.local_features
    alignment = align(read_points(found.data), read_points(whole.content.local_features[0].data))
    assert alignment is not None
    assert alignment.verdict is Verdict.COPY


def test_features_are_computed_only_when_asked_for(tmp_path: Path) -> None:
    Image.fromarray(make_photo(np.random.default_rng(1))).save(tmp_path / "a.png")
    with FileExaminer(Settings(), workers=1) as examiner:
        content = examiner.examine(tmp_path / "a.png").content
    assert content is not None
    assert content.local_features is None


def test_frames_of_a_video_have_features_with_their_times(examiner: FileExaminer, tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_bytes(make_video(np.random.default_rng(2)))
    content = examiner.examine(tmp_path / "a.mp4").content
    assert content is not None
    assert isinstance(content.local_features, tuple)
    offsets = [found.offset_s for found in content.local_features]
    assert offsets[0] == 0.0
    assert offsets == sorted(set(offsets))
    assert 2 <= len(offsets) <= 32
