from __future__ import annotations

import numpy as np
import pytest

from varde.core.limits import DecodeLimits
from varde.core.signal import PerceptualHash
from varde.hashing.pdq import MAX_DISTANCE, compute_pdq, distance
from varde.hashing.variants import compute_pdq_variants, read_variants
from varde.media.picture import read_picture
from varde.media.sniff import sniff
from varde.testing.picture_files import PictureFormat, encode_picture, make_exif, make_small_jpeg, make_variants
from varde.testing.pictures import make_photo

MIMES = {
    PictureFormat.JPEG: "image/jpeg",
    PictureFormat.PNG: "image/png",
    PictureFormat.GIF: "image/gif",
    PictureFormat.WEBP: "image/webp",
    PictureFormat.BMP: "image/bmp",
    PictureFormat.TIFF: "image/tiff",
    PictureFormat.HEIC: "image/heic",
    PictureFormat.AVIF: "image/avif",
}


def hash_file(data: bytes) -> PerceptualHash:
    outcome = compute_pdq(read_picture(data, DecodeLimits()).grey)
    assert isinstance(outcome, PerceptualHash)
    return outcome


@pytest.mark.parametrize("form", PictureFormat)
def test_every_format_is_what_it_says_and_decodes(form: PictureFormat) -> None:
    data = encode_picture(make_photo(np.random.default_rng(1), 200, 150), form)
    assert sniff(data).mime == MIMES[form]
    reading = read_picture(data, DecodeLimits())
    assert (reading.facts.width_px, reading.facts.height_px) == (200, 150)
    assert not reading.issues


@pytest.mark.parametrize("form", PictureFormat)
def test_capture_metadata_is_read_back_where_the_format_carries_it(form: PictureFormat) -> None:
    exif = make_exif(np.random.default_rng(1))
    data = encode_picture(make_photo(np.random.default_rng(1), 96, 96), form, exif=exif)
    metadata = dict(read_picture(data, DecodeLimits()).facts.metadata)
    carries = form not in (PictureFormat.GIF, PictureFormat.BMP)
    assert {"Make", "Model", "DateTimeOriginal"} <= set(metadata) if carries else "Make" not in metadata


def test_variants_are_found_exactly_where_they_say_so() -> None:
    for seed in range(10):
        pixels = make_photo(np.random.default_rng(seed), 320, 240)
        original = hash_file(encode_picture(pixels, PictureFormat.JPEG))
        for variant in make_variants(pixels):
            found = compute_pdq_variants(read_picture(variant.data, DecodeLimits()).grey)
            assert isinstance(found, PerceptualHash)
            values = [found.value, *(row.tobytes() for row in read_variants(found.variants)[1])]
            apart = min(distance(original.value, value) for value in values)
            assert (apart <= MAX_DISTANCE) == variant.is_found, variant.name


def test_variants_differ_from_one_another() -> None:
    variants = make_variants(make_photo(np.random.default_rng(1), 160, 120))
    assert len({variant.data for variant in variants}) == len(variants) == len({variant.name for variant in variants})


def test_small_files_are_small_and_all_different() -> None:
    rng = np.random.default_rng(1)
    files = [make_small_jpeg(rng) for _ in range(300)]
    assert len(set(files)) == 300
    assert max(map(len, files)) < 8_000
    assert read_picture(files[0], DecodeLimits()).grey.shape == (96, 96)
