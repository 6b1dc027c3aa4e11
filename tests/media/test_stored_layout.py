from __future__ import annotations

import io
import struct

import numpy as np
import pytest
from PIL import Image, ImageOps

from varde.media.stored_layout import Layout, undo_heif_turns, undo_orientation

_PIXELS = np.arange(12, dtype=np.uint8).reshape(3, 4)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_undoing_an_orientation_gives_back_what_was_stored(orientation: int) -> None:
    image = Image.fromarray(_PIXELS)
    image.getexif()[0x0112] = orientation
    shown = np.asarray(ImageOps.exif_transpose(image))
    assert (undo_orientation(shown, orientation) == _PIXELS).all()


def _box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(content), kind) + content


def _make_heif(*properties: bytes, main: int = 1) -> bytes:
    listed = b"".join(properties)
    numbers = bytes(range(1, len(properties) + 1))
    association = bytes(4) + struct.pack(">IHB", 1, main, len(numbers)) + numbers
    inner = _box(b"pitm", bytes(4) + struct.pack(">H", 1))
    inner += _box(b"iprp", _box(b"ipco", listed) + _box(b"ipma", association))
    return _box(b"ftyp", b"heic\0\0\0\0") + _box(b"meta", bytes(4) + inner)


@pytest.mark.parametrize("turns", range(4))
def test_turns_of_a_heif_file_are_undone(turns: int) -> None:
    shown = np.rot90(_PIXELS, turns)  # anti-clockwise, as the standard has it
    pixels, layout = undo_heif_turns(shown, _make_heif(_box(b"ispe", bytes(12)), _box(b"irot", bytes([turns]))))
    assert layout is Layout.TURNED_BACK and (pixels == _PIXELS).all()


def test_a_mirror_after_a_turn_is_undone_first() -> None:
    shown = np.rot90(_PIXELS, 1)[:, ::-1]
    pixels, _ = undo_heif_turns(shown, _make_heif(_box(b"irot", b"\1"), _box(b"imir", b"\1")))
    assert (pixels == _PIXELS).all()


def test_a_cut_is_told_and_properties_of_other_pictures_do_not_count() -> None:
    assert undo_heif_turns(_PIXELS, _make_heif(_box(b"clap", bytes(32))))[1] is Layout.CUT
    assert undo_heif_turns(_PIXELS, _make_heif(_box(b"irot", b"\1"), main=2))[1] is Layout.STORED


@pytest.mark.parametrize("data", [b"", _make_heif(_box(b"irot", b"\1"))[:70], _box(b"meta", bytes(4))])
def test_what_cannot_be_read_is_unknown(data: bytes) -> None:
    pixels, layout = undo_heif_turns(_PIXELS, data)
    assert layout is Layout.UNKNOWN and pixels is _PIXELS


def test_libheif_turns_as_is_undone_here() -> None:
    from varde.media.codecs import register_codecs

    register_codecs()
    cells = np.kron(np.random.default_rng(1).integers(20, 235, (3, 4, 3), dtype=np.uint8), np.ones((32, 32, 1), "u1"))
    exif = Image.Exif()
    exif[0x0112] = 6
    with io.BytesIO() as file:
        Image.fromarray(cells).save(file, "HEIF", quality=95, exif=exif)
        data = file.getvalue()
    shown = np.asarray(Image.open(io.BytesIO(data)))
    pixels, _ = undo_heif_turns(shown, data)
    assert pixels.shape == cells.shape
