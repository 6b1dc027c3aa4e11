from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image

from varde.core.errors import Unreadable
from varde.core.issue import IssueCode
from varde.core.limits import DecodeLimits
from varde.media.sensor import read_sensor_picture

_LIMITS = DecodeLimits()


def _scene() -> Image.Image:
    cells = np.random.default_rng(1).integers(20, 235, (3, 4, 3), dtype=np.uint8)
    return Image.fromarray(np.kron(cells, np.ones((64, 64, 1), np.uint8)))


def _save(image: Image.Image, form: str, orientation: int | None = None, **options: Any) -> bytes:
    exif = Image.Exif()
    exif[0x010F] = "Maker"
    if orientation:
        exif[0x0112] = orientation
    with io.BytesIO() as file:
        image.save(file, form, exif=exif, **options)
        return file.getvalue()


@pytest.fixture(scope="module", autouse=True)
def _codecs() -> None:
    from varde.media.codecs import register_codecs

    register_codecs()


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("form", ["JPEG", "TIFF", "PNG", "AVIF", "HEIF"])
def test_orientation_is_never_applied(form: str, orientation: int) -> None:
    scene = _scene()
    found = read_sensor_picture(_save(scene, form, orientation, **({"quality": 95} if form != "PNG" else {})), _LIMITS)
    wanted = np.asarray(scene.convert("L")).astype(int)
    assert found.pixels.shape == wanted.shape and found.pixels.dtype == np.uint8
    assert np.abs(found.pixels.astype(int) - wanted).mean() < 4


def test_facts_tell_what_the_file_states() -> None:
    facts = read_sensor_picture(_save(_scene(), "JPEG", 6, quality=80), _LIMITS).facts
    assert facts["make"] == "Maker" and facts["orientation"] == "6"
    assert facts["quality"] == 80 and facts["layout"] == "stored" and facts["is_lossless"] is False
    assert "truncated" not in facts


def test_colour_comes_in_three_channels() -> None:
    scene = _scene()
    found = read_sensor_picture(_save(scene, "PNG", 6), _LIMITS, colour=True)
    assert (found.pixels == np.asarray(scene)).all()


def test_sixteen_bits_stay() -> None:
    wide = np.random.default_rng(1).integers(0, 65535, (40, 50), dtype=np.uint16)
    found = read_sensor_picture(_save(Image.fromarray(wide), "PNG"), _LIMITS)
    assert found.facts["bits"] == 16 and (found.pixels == wide).all()


@pytest.mark.parametrize("mode", ["L", "LA", "RGBA", "P", "1", "CMYK"])
def test_every_mode_gives_luma(mode: str) -> None:
    found = read_sensor_picture(_save(_scene().convert(mode), "TIFF" if mode == "CMYK" else "PNG"), _LIMITS)
    assert found.pixels.shape == (192, 256) and found.pixels.dtype == np.uint8
    assert found.facts["mode"] == mode


def test_what_is_missing_of_a_cut_file_is_black() -> None:
    noise = Image.fromarray(np.random.default_rng(1).integers(60, 200, (256, 256, 3), dtype=np.uint8))
    data = _save(noise, "JPEG", quality=95)
    found = read_sensor_picture(data[: len(data) // 2], _LIMITS)
    assert found.facts["truncated"] is True
    assert found.pixels[:100].std() > 5 and not found.pixels[-50:].any()


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", IssueCode.UNSUPPORTED),
        (b"\xff\xd8\xff", IssueCode.DAMAGED),
        (b"no picture", IssueCode.UNSUPPORTED),
        (b"\x89PNG\r\n\x1a\n" + bytes(50), IssueCode.DAMAGED),
    ],
)
def test_what_is_no_picture_is_unreadable(data: bytes, code: IssueCode) -> None:
    with pytest.raises(Unreadable) as caught:
        read_sensor_picture(data, _LIMITS)
    assert caught.value.issue_code == code


def test_more_pixels_than_allowed_are_refused_before_decoding() -> None:
    with pytest.raises(Unreadable) as caught:
        read_sensor_picture(_save(_scene(), "PNG"), DecodeLimits(max_pixels=1000))
    assert caught.value.issue_code == IssueCode.TOO_LARGE
