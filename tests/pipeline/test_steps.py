from __future__ import annotations

import numpy as np
from PIL import Image

from varde.core.outcome import NotComparable, Reason
from varde.hashing.variants import WINDOWS, read_variants
from varde.media.sampling import FEATURED_FRAMES, FrameUse
from varde.pipeline.steps import FeatureCollector, FrameHasher, hash_picture
from varde.testing.pictures import make_photo

GREY = np.asarray(Image.fromarray(make_photo(np.random.default_rng(0), 320, 240)).convert("L"))
FLAT = np.full((240, 320), 90, np.uint8)


def test_a_picture_has_variants_with_windows_and_a_frame_without() -> None:
    (signal,) = hash_picture(GREY)
    assert not isinstance(signal.outcome, NotComparable)
    codes, _ = read_variants(signal.outcome[0].variants)
    assert codes.max() >= WINDOWS
    hasher = FrameHasher(10)
    hasher.add(0.0, GREY)
    (signal,) = hasher.signals()
    assert not isinstance(signal.outcome, NotComparable)
    codes, _ = read_variants(signal.outcome[0].variants)
    assert len(codes)
    assert codes.max() < WINDOWS


def test_nobody_asked_for_features() -> None:
    collector = FeatureCollector(wanted=False)
    collector.add(None, GREY)
    assert collector.outcome() is None


def test_features_of_frames_marked_for_them_only() -> None:
    collector = FeatureCollector(wanted=True)
    collector.add(0.0, GREY, FrameUse.FEATURES)
    collector.add(1.0, GREY, FrameUse.VARIANTS)
    collector.add(2.0, FLAT, FrameUse.FEATURES)
    outcome = collector.outcome()
    assert isinstance(outcome, tuple)
    assert [found.offset_s for found in outcome] == [0.0]


def test_frames_with_features_are_limited() -> None:
    collector = FeatureCollector(wanted=True)
    small = np.ascontiguousarray(GREY[:60, :80])
    for second in range(FEATURED_FRAMES + 3):
        collector.add(float(second), small)
    outcome = collector.outcome()
    assert isinstance(outcome, tuple)
    assert len(outcome) == FEATURED_FRAMES


def test_why_there_are_no_features_is_said() -> None:
    collector = FeatureCollector(wanted=True)
    nothing = collector.outcome()
    assert isinstance(nothing, NotComparable)
    assert nothing.reason is Reason.NO_FRAMES
    collector.add(None, FLAT)
    flat = collector.outcome()
    assert isinstance(flat, NotComparable)
    assert flat.reason is Reason.QUALITY_TOO_LOW
