from __future__ import annotations

import struct

import make_media
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from varde.media.heif_items import find_item

EXIF = Image.Exif()
EXIF[0x010F] = "Example"
SEED = make_media.encode(make_media.make_scene(24, 32), "HEIF", exif=EXIF)


def test_the_exif_item_starts_with_its_offset() -> None:
    item = find_item(SEED, b"Exif")
    assert item is not None
    assert b"Example" in item
    assert item[4 + int.from_bytes(item[:4]) :][:2] in (b"II", b"MM")


def test_an_absent_item_is_none() -> None:
    assert find_item(SEED, b"none") is None
    assert find_item(b"", b"Exif") is None


def test_a_table_that_ends_too_early_is_an_error() -> None:
    header = b"\0\0\0\x24infe\2\0\0\0\0\1\0\0Exif" + bytes(16)
    infos = b"\0\0\0\x32iinf\0\0\0\0\0\1" + header
    locations = b"\0\0\0\x30iloc\0\0\0\0\x44\0\xff\xff"
    content = bytes(4) + infos + locations
    with pytest.raises(ValueError, match="an item table ends too early"):
        find_item(struct.pack(">I4s", 8 + len(content), b"meta") + content, b"Exif")


@given(st.data())
@settings(max_examples=200, deadline=None)
def test_mutated_tables_give_an_item_or_one_of_the_stated_errors(data: st.DataObject) -> None:
    changed = bytearray(SEED)
    for _ in range(data.draw(st.integers(1, 6))):
        changed[data.draw(st.integers(0, min(600, len(changed)) - 1))] = data.draw(st.integers(0, 255))
    try:
        item = find_item(bytes(changed), b"Exif")
    except (ValueError, IndexError, struct.error):
        return
    assert item is None or len(item) <= 16 * len(changed)
