from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from varde.core.media import MediaKind
from varde.media.isobmff import Box, read_boxes, sniff_boxes


def box(kind: bytes, content: bytes = b"") -> bytes:
    return struct.pack(">I4s", 8 + len(content), kind) + content


def test_boxes_are_listed_with_the_place_of_their_content() -> None:
    assert list(read_boxes(box(b"ftyp", b"isom") + box(b"mdat"))) == [Box(b"ftyp", 8, 12), Box(b"mdat", 20, 20)]


def test_a_long_box_may_end_beyond_the_data() -> None:
    assert list(read_boxes(struct.pack(">I4sQ", 1, b"mdat", 1 << 40))) == [Box(b"mdat", 16, 1 << 40)]


def test_a_box_of_no_size_reaches_to_the_end() -> None:
    assert list(read_boxes(struct.pack(">I4s", 0, b"mdat") + bytes(9))) == [Box(b"mdat", 8, 17)]


@pytest.mark.parametrize("size", [2, 7])
def test_a_size_smaller_than_the_header_ends_the_list(size: int) -> None:
    assert list(read_boxes(struct.pack(">I4s", size, b"moov") + bytes(99))) == []


@pytest.mark.parametrize("data", [b"", bytes(50), box(b"free", bytes(20)), box(b"abcd"), box(b"moov") + box(b"text")])
def test_what_is_no_box_file_is_not_guessed(data: bytes) -> None:
    assert sniff_boxes(data) is None


@given(st.binary(max_size=400))
def test_any_bytes_give_boxes_inside_or_beyond_but_never_backwards(data: bytes) -> None:
    starts = [found.start for found in read_boxes(data)]
    assert starts == sorted(starts)
    found = sniff_boxes(box(b"ftyp", data))
    assert found is None or found.kind in MediaKind
