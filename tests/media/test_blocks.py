from __future__ import annotations

import struct

from hypothesis import given
from hypothesis import strategies as st

from varde.media.blocks import Blocks, find_blocks


def segment(marker: int, content: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(content) + 2) + content


def test_jpeg_segments_are_found_behind_others_and_fill_bytes() -> None:
    data = b"\xff\xd8" + segment(0xE0, b"JFIF\0") + b"\xff\xff" + segment(0xE1, b"Exif\0\0II*\0") + b"\xff\xda\0\4"
    assert find_blocks(data).exif == b"II*\0"


def test_of_two_exif_segments_the_first_counts() -> None:
    data = b"\xff\xd8" + segment(0xE1, b"Exif\0\0first") + segment(0xE1, b"Exif\0\0second")
    assert find_blocks(data).exif == b"first"


def test_segments_behind_the_pixels_are_not_looked_at() -> None:
    data = b"\xff\xd8" + segment(0xDA, b"\0") + segment(0xE1, b"Exif\0\0late")
    assert find_blocks(data) == Blocks()


def test_webp_chunks_of_odd_length_are_padded() -> None:
    data = b"RIFF\0\0\0\0WEBP" + b"ICCP\3\0\0\0abc\0" + b"EXIF\4\0\0\0II*\0" + b"XMP \2\0\0\0<x"
    assert find_blocks(data) == Blocks(exif=b"II*\0", xmp=b"<x")


def test_a_tiff_file_is_its_own_block() -> None:
    assert find_blocks(b"MM\0*rest").exif == b"MM\0*rest"


@given(
    st.sampled_from([b"\xff\xd8", b"\x89PNG\r\n\x1a\n", b"RIFF\0\0\0\0WEBP", b"\0\0\0\x18ftypheic"]),
    st.binary(max_size=400),
)
def test_any_bytes_behind_a_mark_give_blocks(mark: bytes, rest: bytes) -> None:
    blocks = find_blocks(mark + rest)
    assert len(blocks.damage) <= 4
    assert len(blocks.texts) <= 64
