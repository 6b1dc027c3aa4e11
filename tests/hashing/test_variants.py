from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from varde.core.errors import WrongUse
from varde.core.outcome import NotComparable
from varde.core.signal import PerceptualHash
from varde.hashing.pdq import MAX_DISTANCE, compute_pdq, distance
from varde.hashing.variants import ORIENTATIONS, VARIANTS, compute_pdq_variants, read_variants
from varde.testing.pictures import make_photo

TURNS = {
    "mirrored": lambda grey: grey[:, ::-1],
    "upside down and mirrored": lambda grey: grey[::-1],
    "turned upside down": lambda grey: np.rot90(grey, 2),
    "mirrored and turned 90 degrees anticlockwise": lambda grey: np.rot90(grey[:, ::-1]),
    "turned 90 degrees clockwise": lambda grey: np.rot90(grey, -1),
    "turned 90 degrees anticlockwise": np.rot90,
    "mirrored and turned 90 degrees clockwise": lambda grey: np.rot90(grey[:, ::-1], -1),
}


def make_grey(seed: int = 0, width: int = 320, height: int = 240) -> npt.NDArray[np.uint8]:
    return np.asarray(Image.fromarray(make_photo(np.random.default_rng(seed), width, height)).convert("L"))


def get_hash(grey: npt.NDArray[np.uint8], *, windows: bool = True) -> PerceptualHash:
    outcome = compute_pdq_variants(np.ascontiguousarray(grey), windows=windows)
    assert isinstance(outcome, PerceptualHash)
    return outcome


def find_variant(known: npt.NDArray[np.uint8], probe: npt.NDArray[np.uint8]) -> tuple[int, str]:
    """Returns distance and name of the closest variant."""
    value = get_hash(known).value
    codes, hashes = read_variants(get_hash(probe).variants)
    apart = [distance(value, each.tobytes()) for each in hashes]
    return min(apart), VARIANTS[int(codes[int(np.argmin(apart))])]


def test_the_hash_itself_is_that_of_pdq() -> None:
    grey = make_grey()
    assert get_hash(grey).value == compute_pdq(grey).value  # type: ignore[union-attr]
    assert get_hash(grey).quality == compute_pdq(grey).quality  # type: ignore[union-attr]


@pytest.mark.parametrize("code", range(1, 8))
@pytest.mark.parametrize("size", [(640, 448), (333, 271)])
def test_an_orientation_is_the_hash_of_the_turned_picture(code: int, size: tuple[int, int]) -> None:
    grey = make_grey(code, *size)
    turned = TURNS[ORIENTATIONS[code]](grey)
    codes, hashes = read_variants(get_hash(grey).variants)
    variant = hashes[list(codes).index(code)].tobytes()
    # Even windows of PDQ reach one pixel further to the right and down, so turning is not quite symmetric there.
    assert distance(variant, get_hash(turned).value) <= 20


@pytest.mark.parametrize("name", TURNS)
def test_a_turned_copy_is_found_and_the_turn_is_named(name: str) -> None:
    grey = make_grey(3)
    inverse = {
        "turned 90 degrees clockwise": "turned 90 degrees anticlockwise",
        "turned 90 degrees anticlockwise": "turned 90 degrees clockwise",
    }
    apart, found = find_variant(grey, TURNS[name](grey))
    assert apart <= MAX_DISTANCE
    assert found == inverse.get(name, name)


@pytest.mark.parametrize("pad", [((30, 30), (0, 0)), ((0, 0), (50, 50)), ((12, 40), (25, 3))])
@pytest.mark.parametrize("turn", ["", "mirrored"])
def test_a_bordered_copy_is_found(pad: tuple[tuple[int, int], tuple[int, int]], turn: str) -> None:
    grey = make_grey(4)
    edited = np.pad(TURNS[turn](grey) if turn else grey, pad, constant_values=255)
    apart, found = find_variant(grey, edited)
    assert apart <= MAX_DISTANCE
    assert found == ", ".join(filter(None, ("without its border", turn)))


@pytest.mark.parametrize("gutter", [0, 8])
@pytest.mark.parametrize(
    ("place", "name"),
    [(0, "upper left quarter"), (1, "upper right quarter"), (2, "lower left quarter"), (3, "lower right quarter")],
)
def test_each_picture_of_a_collage_is_found(place: int, name: str, gutter: int) -> None:
    pictures = [np.pad(make_grey(seed), gutter, constant_values=255) for seed in range(5, 9)]
    collage = np.block([pictures[:2], pictures[2:]])
    apart, found = find_variant(make_grey(5 + place), collage)
    assert apart <= MAX_DISTANCE
    assert found == (f"{name}, without its border" if gutter else name)


@pytest.mark.parametrize(("axis", "names"), [(1, ("left half", "right half")), (0, ("upper half", "lower half"))])
def test_both_pictures_side_by_side_are_found(axis: int, names: tuple[str, str]) -> None:
    both = np.concatenate([make_grey(9), make_grey(10)], axis=axis)
    assert find_variant(make_grey(9), both)[1] == names[0]
    assert find_variant(make_grey(10), both)[1] == names[1]


def test_frames_of_videos_have_no_windows() -> None:
    codes, _ = read_variants(get_hash(make_grey(), windows=False).variants)
    assert sorted(codes) == list(range(1, 8))


def test_a_picture_without_border_has_turns_and_windows_only() -> None:
    codes, hashes = read_variants(get_hash(make_grey()).variants)
    assert sorted(codes) == [*range(1, 8), *range(16, 24)]
    assert len(np.unique(hashes, axis=0)) == len(hashes)


def test_variants_of_too_low_quality_are_left_out() -> None:
    faint = (make_grey() // 64 + 100).astype(np.uint8)
    assert get_hash(faint).quality < 50
    assert get_hash(faint).variants == b""


def test_a_picture_that_has_no_hash_has_no_variants() -> None:
    assert isinstance(compute_pdq_variants(np.full((300, 300), 7, np.uint8)), NotComparable)


@pytest.mark.parametrize("size", [(5, 5), (5, 300), (11, 9)])
def test_small_pictures_are_no_trouble(size: tuple[int, int]) -> None:
    outcome = compute_pdq_variants(np.random.default_rng(0).integers(0, 256, size, np.uint8))
    assert isinstance(outcome, PerceptualHash | NotComparable)


@pytest.mark.parametrize("records", [b"x", bytes(33), bytes([99]) + bytes(32), (b"\1" + bytes(32)) * 2])
def test_what_are_no_records_is_refused(records: bytes) -> None:
    with pytest.raises(WrongUse):
        read_variants(records)


def test_no_records_are_read_as_none() -> None:
    codes, hashes = read_variants(b"")
    assert codes.shape == (0,)
    assert hashes.shape == (0, 32)
