from __future__ import annotations

import io
import struct
import warnings
import zlib
from pathlib import Path

import make_media
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageFile

from varde.core.errors import Unreadable
from varde.core.issue import IssueCode, Step
from varde.core.limits import DecodeLimits
from varde.media.picture import read_picture, warm_up

LIMITS = DecodeLimits()
SCENE = make_media.make_scene()
PDQ_DATA = Path(__file__).parents[3] / "shared" / "data" / "pdq"


@pytest.fixture(scope="module", autouse=True)
def _codecs() -> None:
    warm_up()


@pytest.mark.parametrize("name", make_media.PICTURE_FORMATS)
def test_every_format_gives_grey_facts_and_thumbnail(name: str) -> None:
    reading = read_picture(make_media.encode(SCENE, name), LIMITS)
    luma = np.asarray(Image.fromarray(SCENE).convert("L")).astype(int)
    if name == "ICO":
        assert reading.grey.size
    else:
        assert reading.grey.shape == (120, 160)
        assert (reading.facts.width_px, reading.facts.height_px) == (160, 120)
        assert np.abs(reading.grey - luma).mean() < 6
    assert reading.grey.dtype == np.uint8
    assert reading.facts.frames == 1
    assert reading.issues == ()
    with Image.open(io.BytesIO(reading.thumbnail.data)) as thumbnail:
        assert thumbnail.format == "JPEG"
        assert thumbnail.size == (reading.thumbnail.width_px, reading.thumbnail.height_px)


def test_jpeg_grey_is_the_stored_luma() -> None:
    data = make_media.encode(SCENE, "JPEG", quality=95, subsampling=0)
    with Image.open(io.BytesIO(data)) as image:
        luma = np.asarray(image.convert("L")).astype(int)
    assert np.abs(read_picture(data, LIMITS).grey - luma).max() <= 4


@pytest.mark.parametrize("options", [{"progressive": True}, {"quality": 5}, {"subsampling": 2}, {"keep_rgb": True}])
def test_jpeg_variants_are_decoded(options: dict[str, int]) -> None:
    reading = read_picture(make_media.encode(SCENE, "JPEG", **options), LIMITS)
    luma = np.asarray(Image.fromarray(SCENE).convert("L")).astype(int)
    assert np.abs(reading.grey - luma).mean() < 12


def test_cmyk_jpeg_is_not_inverted() -> None:
    reading = read_picture(make_media.encode(Image.fromarray(SCENE).convert("CMYK"), "JPEG"), LIMITS)
    luma = np.asarray(Image.fromarray(SCENE).convert("L")).astype(int)
    assert np.abs(reading.grey - luma).mean() < 6


@pytest.mark.parametrize("name", ["GIF", "PNG", "WEBP", "TIFF", "AVIF", "HEIF"])
def test_of_an_animation_the_first_frame_is_read_and_all_are_counted(name: str) -> None:
    frames = [Image.fromarray(make_media.make_scene(seed=seed)) for seed in range(3)]
    data = make_media.encode(frames[0], name, save_all=True, append_images=frames[1:])
    reading = read_picture(data, LIMITS)
    luma = np.asarray(frames[0].convert("L")).astype(int)
    assert reading.facts.frames == 3
    assert np.abs(reading.grey - luma).mean() < 9


@pytest.mark.parametrize("orientation", range(1, 9))
def test_thumbnail_is_upright_and_grey_is_as_stored(orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    # What a person should see: bright at the top, dark at the bottom; landscape.
    upright = np.repeat(np.linspace(250, 5, 120).astype(np.uint8)[:, None], 160, 1)
    undo = {1: 1, 2: 2, 3: 3, 4: 4, 5: 5, 6: 8, 7: 7, 8: 6}[orientation]
    stored = Image.fromarray(_apply_orientation(upright, undo)).convert("RGB")
    reading = read_picture(make_media.encode(stored, "JPEG", exif=exif), LIMITS)
    assert reading.grey.shape == (stored.height, stored.width)
    with Image.open(io.BytesIO(reading.thumbnail.data)) as thumbnail:
        seen = np.asarray(thumbnail.convert("L"))
        assert not thumbnail.getexif()
    assert seen.shape == (120, 160)
    assert seen[5].mean() > 220
    assert seen[-5].mean() < 30


def _apply_orientation(pixels: np.ndarray, orientation: int) -> np.ndarray:  # type: ignore[type-arg]
    mirrored = pixels[:, ::-1] if orientation in (2, 4, 5, 7) else pixels
    return np.ascontiguousarray(np.rot90(mirrored, {3: 2, 4: 2, 6: 3, 7: 3, 8: 1, 5: 1}.get(orientation, 0)))


def test_thumbnail_carries_no_metadata() -> None:
    exif = Image.Exif()
    exif[0x010F] = "Example"
    data = make_media.encode(SCENE, "JPEG", exif=exif, comment=b"a comment", icc_profile=b"profile" * 20)
    thumbnail = read_picture(data, DecodeLimits(thumbnail_px=64)).thumbnail
    assert max(thumbnail.width_px, thumbnail.height_px) == 64
    for secret in (b"Example", b"comment", b"profile", b"Exif"):
        assert secret not in thumbnail.data


def test_a_cut_jpeg_gives_its_upper_part_and_an_issue() -> None:
    data = make_media.encode(make_media.make_scene(600, 800), "JPEG", quality=90)
    whole = read_picture(data, LIMITS)
    cut = read_picture(data[: len(data) * 2 // 3], LIMITS)
    (issue,) = cut.issues
    assert (issue.code, issue.step) == (IssueCode.TRUNCATED, Step.DECODE)
    assert "truncated" in issue.cause
    np.testing.assert_array_equal(cut.grey[:300], whole.grey[:300])


@pytest.mark.parametrize("name", ["JPEG", "PNG", "GIF", "WEBP", "TIFF", "BMP", "HEIF", "AVIF"])
@pytest.mark.parametrize("share", [0.05, 0.5, 0.9])
def test_a_cut_picture_is_never_silently_whole(name: str, share: float) -> None:
    data = make_media.encode(SCENE, name)
    try:
        reading = read_picture(data[: int(len(data) * share)], LIMITS)
    except Unreadable as error:
        assert error.issue_code in (IssueCode.DAMAGED, IssueCode.UNSUPPORTED)
    else:
        assert reading.issues[0].code is IssueCode.TRUNCATED


def test_more_pixels_than_allowed_are_refused_from_the_header() -> None:
    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(b"")), (b"IEND", b"")]
    data = b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
        for kind, content in chunks
    )
    with pytest.raises(Unreadable, match="more than twice the limit of 250000000 pixels") as caught:
        read_picture(data, LIMITS)
    assert caught.value.issue_code is IssueCode.TOO_LARGE


@pytest.mark.parametrize("name", ["JPEG", "PNG", "WEBP", "GIF", "TIFF", "HEIF", "AVIF", "JPEG2000"])
def test_the_pixel_limit_counts_in_every_format(name: str) -> None:
    data = make_media.encode(SCENE, name)
    with pytest.raises(Unreadable) as caught:
        read_picture(data, DecodeLimits(max_pixels=160 * 120 - 1))
    assert caught.value.issue_code is IssueCode.TOO_LARGE
    assert read_picture(data, DecodeLimits(max_pixels=160 * 120)).grey.size


def test_a_webp_canvas_is_checked_before_its_decoder_takes_memory() -> None:
    data = b"RIFF\x00\x01\x00\x00WEBPVP8X\x0a\0\0\0\x02\0\0\0\xfe\x3f\0\xfe\x3f\0" + bytes(100)
    with pytest.raises(Unreadable, match="16383 x 16383"):
        read_picture(data, LIMITS)


def test_a_large_but_allowed_picture_gives_no_warning_and_leaves_the_settings_alone() -> None:
    before = (Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES)
    Image.MAX_IMAGE_PIXELS = 100
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            read_picture(make_media.encode(SCENE, "PNG"), LIMITS)
        assert (Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES) == (100, False)
    finally:
        Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES = before


@pytest.mark.parametrize("data", [b"", b"hello", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", b"FOVb" * 20])
def test_what_no_decoder_reads_is_unsupported(data: bytes) -> None:
    with pytest.raises(Unreadable) as caught:
        read_picture(data, LIMITS)
    assert caught.value.issue_code is IssueCode.UNSUPPORTED


@pytest.mark.parametrize("data", [b"\xff\xd8\xff\xe0", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"II*\0\x08\0\0\0"])
def test_a_mark_without_a_picture_is_damaged(data: bytes) -> None:
    with pytest.raises(Unreadable) as caught:
        read_picture(data, LIMITS)
    assert caught.value.issue_code is IssueCode.DAMAGED


@pytest.mark.parametrize(("height", "width"), [(1, 1), (1, 5000), (5000, 1), (3, 7)])
def test_odd_sizes_are_read(height: int, width: int) -> None:
    for name in ("JPEG", "PNG"):
        reading = read_picture(make_media.encode(make_media.make_scene(height, width), name), LIMITS)
        assert reading.grey.shape == (height, width)
        assert min(reading.thumbnail.width_px, reading.thumbnail.height_px) >= 1


def test_transparent_pictures_lie_on_grey_ground_in_the_thumbnail() -> None:
    reading = read_picture(make_media.encode(Image.new("RGBA", (50, 50), (255, 0, 0, 0)), "PNG"), LIMITS)
    with Image.open(io.BytesIO(reading.thumbnail.data)) as thumbnail:
        assert np.abs(np.asarray(thumbnail.convert("L")).astype(int) - 128).max() <= 3


SEEDS = {name: make_media.encode(make_media.make_scene(40, 56), name) for name in make_media.PICTURE_FORMATS}


@given(st.sampled_from(sorted(SEEDS)), st.data())
@settings(max_examples=250, deadline=None)
def test_mutated_pictures_give_a_reading_or_a_reason(name: str, data: st.DataObject) -> None:
    changed = bytearray(SEEDS[name])
    for _ in range(data.draw(st.integers(0, 6))):
        changed[data.draw(st.integers(0, len(changed) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, 2 * len(changed)))
    try:
        reading = read_picture(bytes(changed[:cut]), DecodeLimits(max_pixels=4_000_000))
    except Unreadable as error:
        assert error.issue_code in (IssueCode.DAMAGED, IssueCode.TOO_LARGE, IssueCode.UNSUPPORTED)
        assert str(error).isprintable()
    else:
        assert reading.grey.ndim == 2
        assert reading.grey.size == reading.facts.width_px * reading.facts.height_px or name == "ICO"


@pytest.mark.shared_data
@pytest.mark.skipif(not PDQ_DATA.is_dir(), reason="no ../shared/data/pdq beside the repository")
def test_one_scene_in_every_colour_mode_gives_one_grey_picture() -> None:
    files = sorted((PDQ_DATA / "misc-images" / "modes").iterdir())
    original = read_picture((PDQ_DATA / "misc-images/modes/original.jpg").read_bytes(), LIMITS).grey.astype(int)
    assert len(files) > 10
    for path in files:
        # One is black and white: its means must agree, its pixels cannot.
        most = 128 if path.name == "1.png" else 16
        grey = read_picture(path.read_bytes(), LIMITS).grey
        assert np.abs(grey - original).mean() < most, path.name
        assert abs(grey.mean() - original.mean()) < 16, path.name
