import io

import numpy as np
import pytest
from PIL import Image

from varde.core.issue import IssueCode
from varde.core.limits import DecodeLimits
from varde.hashing.pdq import compute_pdq, distance
from varde.media.animation import MOST_FRAMES, read_further_frames
from varde.media.grey import Grey
from varde.media.picture import read_picture
from varde.testing.pictures import make_photo

LIMITS = DecodeLimits()


def animate(kind: str, frames: int, side: int = 128) -> tuple[bytes, list[Image.Image]]:
    rng = np.random.default_rng(5)
    pictures = [Image.fromarray(make_photo(rng, side, side)) for _ in range(frames)]
    out = io.BytesIO()
    options = {"lossless": True} if kind == "WEBP" else {}
    pictures[0].save(out, kind, save_all=True, append_images=pictures[1:], duration=500, **options)
    return out.getvalue(), pictures


def collect(data: bytes, frames: int, limits: DecodeLimits = LIMITS) -> tuple[dict[float, Grey], list[IssueCode]]:
    seen: dict[float, Grey] = {}
    issues = read_further_frames(data, frames, limits, lambda offset_s, grey: seen.update({offset_s: grey.copy()}))
    return seen, [issue.code for issue in issues]


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
def test_every_frame_is_handed_over_with_its_time(kind: str) -> None:
    data, pictures = animate(kind, 5)
    assert read_picture(data, LIMITS).facts.frames == 5
    seen, issues = collect(data, 5)
    assert issues == []
    assert list(seen) == [0.5, 1.0, 1.5, 2.0]
    for grey, picture in zip(seen.values(), pictures[1:], strict=True):
        found, wanted = compute_pdq(grey), compute_pdq(np.asarray(picture.convert("L")))
        assert distance(found.value, wanted.value) <= 16  # type: ignore[union-attr]


def test_pages_of_a_tiff_are_frames() -> None:
    data, _ = animate("TIFF", 3)
    seen, issues = collect(data, 3)
    assert len(seen) == 1, "pages have no time of their own"
    assert issues == []


def test_a_long_animation_is_sampled_over_its_whole_length() -> None:
    data, _ = animate("GIF", 150, side=32)
    seen, issues = collect(data, 150)
    assert issues == []
    assert len(seen) == MOST_FRAMES
    assert max(seen) == pytest.approx(149 * 0.5)


def test_pixels_of_all_frames_together_are_limited_and_it_is_said() -> None:
    data, _ = animate("GIF", 20, side=64)
    seen, issues = collect(data, 20, DecodeLimits(max_pixels=64 * 64 * 5))
    assert len(seen) == 5
    assert issues == [IssueCode.TOO_LARGE]


def test_a_cut_animation_gives_what_is_there_and_an_issue() -> None:
    data, _ = animate("GIF", 10)
    seen, issues = collect(data[: len(data) // 2], 10)
    assert 0 < len(seen) < 9
    assert issues == [IssueCode.TRUNCATED]
