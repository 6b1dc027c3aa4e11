from __future__ import annotations

import warnings

import pytest
from PIL import Image, ImageFile

from varde.core.limits import DecodeLimits
from varde.media.codecs import FORMATS, get_webp_canvas, open_limits, register_codecs


def test_every_listed_format_has_a_codec() -> None:
    register_codecs()
    register_codecs()
    assert set(FORMATS) <= set(Image.OPEN)


def test_formats_that_start_programs_are_not_listed() -> None:
    assert not {"EPS", "WMF", "MPEG"} & set(FORMATS)


def test_settings_are_put_back_even_after_an_error() -> None:
    before = (Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES)
    with pytest.raises(ZeroDivisionError), open_limits(DecodeLimits(max_pixels=7), truncated=True):
        assert (Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES) == (7, True)
        warnings.warn("silenced", stacklevel=1)
        raise ZeroDivisionError
    assert before == (Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES)


def test_the_canvas_of_an_extended_webp_is_read_from_its_header() -> None:
    header = b"RIFF\0\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0\x1f\1\0\x0f\0\0"
    assert get_webp_canvas(header) == (288, 16)
    assert get_webp_canvas(header[:25]) is None
    assert get_webp_canvas(b"RIFF\0\0\0\0WEBPVP8 " + bytes(30)) is None
