from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import reference_pdq
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from varde.core.errors import WrongUse
from varde.core.outcome import NotComparable, Reason
from varde.core.signal import PerceptualHash
from varde.hashing.pdq import MAX_DISTANCE, METHOD, MIN_QUALITY, compute_pdq, compute_quality, distance

PDQ_DATA = Path(__file__).parents[3] / "shared" / "data" / "pdq"


def make_scene(height: int, width: int, seed: int = 0) -> npt.NDArray[np.uint8]:
    """Smooth random shapes with fine texture: structure at every scale, as a photograph has."""
    rng = np.random.default_rng(seed)
    rows, columns = np.linspace(0, 1, height)[:, None], np.linspace(0, 1, width)[None, :]
    scene = rng.normal(0, 4, (height, width))
    for _ in range(40):
        fy, fx, phase = rng.uniform(0, 14), rng.uniform(0, 14), rng.uniform(0, 6.28)
        scene += rng.uniform(4, 30) * np.cos(6.28 * (fy * rows + fx * columns) + phase)
    return np.clip(scene + 128, 0, 255).astype(np.uint8)


def get_hash(grey: npt.NDArray[np.uint8]) -> PerceptualHash:
    outcome = compute_pdq(grey)
    assert isinstance(outcome, PerceptualHash)
    return outcome


@pytest.mark.parametrize(
    ("height", "width"), [(5, 5), (5, 700), (64, 64), (127, 129), (200, 150), (260, 390), (1, 1), (300, 6)]
)
def test_hash_and_quality_equal_the_slow_transcription(height: int, width: int) -> None:
    grey = make_scene(height, width, seed=height * width)
    outcome = compute_pdq(grey)
    if min(height, width) < 5:
        assert outcome == NotComparable(Reason.TOO_SMALL, f"{width} x {height} pixels; PDQ needs at least 5 each way")
        return
    value, quality = reference_pdq.pdq(grey)
    assert isinstance(outcome, PerceptualHash)
    assert distance(outcome.value, value) <= 2
    assert outcome.quality == quality


def test_hash_has_256_bits_of_which_half_are_set() -> None:
    value = get_hash(make_scene(300, 400)).value
    assert len(value) == 32
    assert int.from_bytes(value).bit_count() == 128


def test_first_frequency_is_the_last_bit_of_the_text() -> None:
    across = np.cos(np.pi / 128 * (2 * np.arange(64) + 1))
    grey = np.round(128 + 100 * np.outer(across, across)).astype(np.uint8)
    assert get_hash(grey).value[-1] & 1 == 1


@pytest.mark.parametrize("scale", [2, 3])
def test_hash_survives_enlarging(scale: int) -> None:
    grey = make_scene(300, 400)
    enlarged = np.kron(grey, np.ones((scale, scale), np.uint8))
    assert distance(get_hash(grey).value, get_hash(enlarged).value) <= 10


def test_hashes_of_different_scenes_are_far_apart() -> None:
    values = [get_hash(make_scene(200, 260, seed)).value for seed in range(12)]
    assert min(distance(a, b) for i, a in enumerate(values) for b in values[:i]) > 2 * MAX_DISTANCE


def test_inverting_a_picture_inverts_its_hash() -> None:
    grey = make_scene(256, 256)
    assert distance(get_hash(grey).value, get_hash(255 - grey).value) >= 250


def test_transposing_a_picture_transposes_its_hash() -> None:
    grey = make_scene(256, 256)
    bits = np.unpackbits(np.frombuffer(get_hash(grey).value, np.uint8))
    turned = np.unpackbits(np.frombuffer(get_hash(np.ascontiguousarray(grey.T)).value, np.uint8))
    assert np.count_nonzero(bits.reshape(16, 16).T.ravel() != turned) <= 2


@pytest.mark.parametrize("stripes", ["flat", "across", "down"])
def test_a_picture_without_structure_is_not_comparable(stripes: str) -> None:
    line = np.random.default_rng(0).integers(0, 256, 300, np.uint8)
    grey = np.full((300, 300), 77, np.uint8)
    if stripes == "across":
        grey = np.tile(line[:, None], (1, 300))
    if stripes == "down":
        grey = np.tile(line, (300, 1))
    outcome = compute_pdq(grey)
    assert isinstance(outcome, NotComparable)
    assert outcome.reason is Reason.QUALITY_TOO_LOW


def test_a_faint_picture_has_a_hash_of_low_quality() -> None:
    assert get_hash((make_scene(300, 300) // 32 + 100).astype(np.uint8)).quality < 50


def test_quality_of_a_chess_board_is_full_and_of_a_flat_picture_nothing() -> None:
    board = (255 * (np.indices((64, 64)).sum(0) % 2)).astype(np.float32)
    assert compute_quality(board) == 100
    assert compute_quality(np.full((64, 64), 9, np.float32)) == 0


@given(hnp.arrays(np.uint8, hnp.array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=300), fill=st.just(0)))
@settings(max_examples=60, deadline=None)
def test_any_grey_picture_gives_a_hash_or_a_reason(grey: npt.NDArray[np.uint8]) -> None:
    outcome = compute_pdq(grey)
    if isinstance(outcome, PerceptualHash):
        assert len(outcome.value) == 32
        assert 0 <= outcome.quality <= 100
    else:
        assert outcome.detail


@pytest.mark.parametrize("bad", [np.zeros((4, 4, 3), np.uint8), np.zeros((9, 9)), np.zeros((0, 9), np.uint8)])
def test_anything_but_a_grey_picture_is_refused(bad: npt.NDArray[np.uint8]) -> None:
    with pytest.raises(WrongUse, match="grey picture"):
        compute_pdq(bad)


@given(st.binary(min_size=32, max_size=32), st.binary(min_size=32, max_size=32))
def test_distance_counts_differing_bits(a: bytes, b: bytes) -> None:
    assert distance(a, b) == sum(f"{x ^ y:b}".count("1") for x, y in zip(a, b, strict=True))
    assert distance(a, a) == 0
    assert distance(a, b) == distance(b, a)


def test_distance_refuses_what_is_no_pdq_hash() -> None:
    with pytest.raises(WrongUse, match="32 bytes"):
        distance(bytes(32), bytes(31))


def test_method_names_itself() -> None:
    assert str(METHOD) == "pdq/1"


@pytest.mark.shared_data
@pytest.mark.skipif(not PDQ_DATA.is_dir(), reason="no ../shared/data/pdq beside the repository")
def test_published_hashes_are_met_within_their_own_disagreement() -> None:
    from PIL import Image

    with (PDQ_DATA / "published_hashes.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) > 40
    for row in rows:
        with Image.open(PDQ_DATA / row["file"]) as picture:
            found = get_hash(np.asarray(picture.convert("L")))
        if found.quality >= MIN_QUALITY:
            assert distance(found.value, bytes.fromhex(row["pdq_hex"])) <= 12, row
