from __future__ import annotations

import itertools
import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from varde.core.errors import WrongUse
from varde.core.signal import PerceptualHash
from varde.hashing.pdq import distance
from varde.hashing.variants import WITHOUT_BORDER
from varde.hashing.video_hash import (
    SAME_FRAME_BITS,
    FrameThinner,
    list_references,
    read_vpdq_line,
    read_vpdq_signal,
    write_vpdq_lines,
    write_vpdq_signal,
)

HEX = "0c" * 32
CLIPS = Path(__file__).parents[3] / "shared" / "data" / "video"

frames = st.builds(
    PerceptualHash,
    st.binary(min_size=32, max_size=32),
    st.integers(0, 100),
    st.integers(0, 10**7).map(lambda thousandths: thousandths / 1000),
)


def make_frame(bits: int, offset_s: float, *, quality: int = 100, variants: bytes = b"") -> PerceptualHash:
    return PerceptualHash(((1 << bits) - 1).to_bytes(32), quality, offset_s, variants)


def thin(found: list[PerceptualHash], most: int = 100) -> tuple[PerceptualHash, ...]:
    thinner = FrameThinner(most)
    for frame in found:
        thinner.add(frame)
    return thinner.list_kept()


@pytest.mark.parametrize(
    ("text", "offset_s"),
    [
        (f"{HEX},87,1.5", 1.5),
        (f" {HEX.upper()} , 87 , 12\n", 12.0),
        (f"{HEX},87,1.23e+02", 123.0),
        (f"4,87,{HEX},0.133", 0.133),
    ],
)
def test_both_forms_of_a_line_are_read(text: str, offset_s: float) -> None:
    assert read_vpdq_line(text) == PerceptualHash(b"\x0c" * 32, 87, offset_s)


@pytest.mark.parametrize(
    "text",
    [
        "",
        HEX,
        f"{HEX},50",
        f"{HEX},101,1",
        f"{HEX},50,-1",
        f"{HEX},50,nan",
        f"{HEX[1:]},50,1",
        f"1,2,{HEX},3,4",
        "," * 9,
        f"{HEX},50,1e99",
    ],
)
def test_what_is_no_frame_is_refused(text: str) -> None:
    with pytest.raises(WrongUse, match=r"vPDQ frame|quality|time"):
        read_vpdq_line(text)


def test_a_signal_is_read_in_both_of_its_forms() -> None:
    expected = (PerceptualHash(b"\x0c" * 32, 87, 0.5),)
    assert read_vpdq_signal(f'["{HEX},87,0.5"]') == expected
    assert read_vpdq_signal(json.dumps({"15": {"quality": 87, "hash": HEX, "timestamp": 0.5}})) == expected
    assert read_vpdq_signal("[]") == ()


@pytest.mark.parametrize(
    "text",
    ["", "{", "3", '"a"', "[1]", f'["{HEX}"]', '{"0": 1}', '{"0": {"quality": 1}}', "[" * 5000]
    + [json.dumps({"0": {"quality": quality, "hash": HEX, "timestamp": 0}}) for quality in (-1, 101, "5", 1.5, True)]
    + [json.dumps({"0": {"quality": 5, "hash": HEX, "timestamp": at}}) for at in (-1, "1", None, 1e300)],
)
def test_what_is_no_signal_is_refused(text: str) -> None:
    with pytest.raises(WrongUse):
        read_vpdq_signal(text)


@given(st.lists(frames, max_size=20))
def test_what_is_written_is_read_again(found: list[PerceptualHash]) -> None:
    assert list(read_vpdq_signal(write_vpdq_signal(found))) == found
    assert [read_vpdq_line(line) for line in write_vpdq_lines(found).splitlines()] == found


def test_near_equal_neighbours_are_kept_once() -> None:
    kept = thin([make_frame(0, 0.0), make_frame(SAME_FRAME_BITS, 0.1), make_frame(SAME_FRAME_BITS + 1, 0.2)])
    assert [frame.offset_s for frame in kept] == [0.0, 0.2]


def test_a_slow_change_is_followed() -> None:
    kept = thin([make_frame(bits, bits / 10) for bits in range(100)])
    assert len(kept) == 20
    assert all(distance(a.value, b.value) == SAME_FRAME_BITS + 1 for a, b in itertools.pairwise(kept))


def test_a_kept_frame_inherits_the_variants_of_a_dropped_one() -> None:
    record = b"\1" + bytes(32)
    plain, varied = make_frame(0, 0.0), make_frame(0, 0.1, variants=record)
    assert thin([plain, varied]) == (replace(plain, variants=record),)


def test_a_better_frame_is_not_dropped_for_a_worse_one() -> None:
    assert len(thin([make_frame(0, 0.0, quality=90), make_frame(1, 0.1, quality=40)])) == 2


def test_a_known_video_is_also_found_without_its_bars() -> None:
    inside, mirrored = bytes([7]) * 32, bytes([9]) * 32
    barred = make_frame(5, 1.0, variants=b"\1" + mirrored + bytes([WITHOUT_BORDER]) + inside)
    plain = make_frame(9, 2.0)
    found = list(list_references([barred, plain]))
    assert found == [make_frame(5, 1.0), PerceptualHash(inside, 100, 1.0), plain]


@given(st.lists(st.integers(0, 255), min_size=1, max_size=300), st.integers(2, 40))
def test_the_limit_is_kept_and_the_length_covered(bits: list[int], most: int) -> None:
    found = [make_frame(each, number / 10) for number, each in enumerate(bits)]
    kept = thin(found, most)
    assert len(kept) <= most
    assert kept[0] == found[0]
    offsets = [frame.offset_s or 0 for frame in kept]
    assert offsets == sorted(offsets)


def test_thinned_frames_are_spread_evenly() -> None:
    kept = thin([make_frame(number * 7 % 250, float(number)) for number in range(1000)], 50)
    offsets = [frame.offset_s or 0 for frame in kept]
    assert 20 <= len(offsets) <= 50
    assert offsets[-1] > 950
    assert max(b - a for a, b in itertools.pairwise(offsets)) <= 50


@pytest.mark.shared_data
@pytest.mark.skipif(not CLIPS.is_dir(), reason="no ../shared/data/video beside the repository")
def test_published_files_are_read_and_written_to_the_same_bytes() -> None:
    for path in sorted(CLIPS.glob("*.vpdq.txt")):
        text = path.read_text()
        assert write_vpdq_lines([read_vpdq_line(line) for line in text.splitlines()]) == text
