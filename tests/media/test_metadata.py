from __future__ import annotations

import io
import zlib
from pathlib import Path

import make_media
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin
from PIL.TiffImagePlugin import IFDRational as Ratio

from varde.core.issue import IssueCode
from varde.media.metadata import read_metadata

SAMPLES = Path(__file__).parents[3] / "shared" / "data" / "metadata"

XMP = b"""<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:Description xmp:CreatorTool="Example 1.0"
 xmp:CreateDate='2024-01-02T03:04:05'><tiff:Make> Example </tiff:Make></rdf:Description></x:xmpmeta>"""


def make_exif(*, north: str = "S", zero: bool = False) -> Image.Exif:
    exif = Image.Exif()
    exif[0x010F], exif[0x0110], exif[0x0112] = "Example", "X1", 6
    exif[0x0132] = "2024:01:02 03:04:05"
    exif.get_ifd(0x8769).update(
        {0x9003: "2024:01:02 03:04:05", 0x9011: "+02:00", 0xA431: "SN 1", 0x829A: Ratio(1, 250), 0x8827: 400}
    )
    bottom = 0 if zero else 1
    exif.get_ifd(0x8825).update(
        {
            1: north,
            2: (Ratio(33, bottom), Ratio(30, bottom), Ratio(36, bottom)),
            3: "E",
            4: (Ratio(151), Ratio(15), Ratio(0)),
            5: b"\1",
            6: Ratio(25, 2),
            7: (Ratio(3), Ratio(4), Ratio(55, 10)),
            29: "2024:01:02",
        }
    )
    return exif


EXPECTED = {
    "Make": "Example",
    "Model": "X1",
    "Orientation": "6",
    "DateTime": "2024:01:02 03:04:05",
    "DateTimeOriginal": "2024:01:02 03:04:05",
    "OffsetTimeOriginal": "+02:00",
    "BodySerialNumber": "SN 1",
    "ExposureTime": "0.004",
    "ISO": "400",
    "GPSLatitude": "-33.5100000",
    "GPSLongitude": "151.2500000",
    "GPSAltitude": "-12.5",
    "GPSTimeStamp": "03:04:05.500",
    "GPSDateStamp": "2024:01:02",
}


@pytest.mark.parametrize("name", ["JPEG", "PNG", "WEBP", "TIFF", "HEIF", "AVIF"])
def test_capture_metadata_is_read_from_every_container(name: str) -> None:
    exif = make_exif()
    # An EXIF block is itself a TIFF file without a picture.
    is_tiff = name == "TIFF"
    data = exif.tobytes()[6:] if is_tiff else make_media.encode(make_media.make_scene(), name, exif=exif)
    reading = read_metadata(data)
    tags = dict(reading.tags)
    expected = dict(EXPECTED)
    if name in ("HEIF", "AVIF"):
        # Their writers turn the orientation tag into a box of the container.
        del expected["Orientation"]
        tags.pop("Orientation", None)
    assert {key: tags.get(key) for key in expected} == expected
    assert reading.issues == ()


@pytest.mark.parametrize("name", ["JPEG", "PNG", "WEBP", "HEIF"])
def test_a_fixed_set_of_xmp_properties_is_read(name: str) -> None:
    data = make_media.encode(make_media.make_scene(), name, **_make_xmp_options(name))
    tags = dict(read_metadata(data).tags)
    assert tags["xmp:CreatorTool"] == "Example 1.0"
    assert tags["xmp:CreateDate"] == "2024-01-02T03:04:05"
    assert tags["tiff:Make"] == "Example"


def _make_xmp_options(name: str) -> dict[str, object]:
    if name != "PNG":
        return {"xmp": XMP}
    info = PngImagePlugin.PngInfo()
    info.add_itxt("XML:com.adobe.xmp", XMP.decode())
    return {"pnginfo": info}


def test_png_texts_are_read_and_cleaned() -> None:
    info = PngImagePlugin.PngInfo()
    info.add_text("Software", "Example\n2")
    info.add_text("Comment", "x" * 5000, zip=True)
    info.add_itxt("Title", "Grüße", zip=True)
    tags = dict(read_metadata(make_media.encode(make_media.make_scene(), "PNG", pnginfo=info)).tags)
    assert tags["PNG:Software"] == "Example 2"
    assert len(tags["PNG:Comment"]) == 500
    assert tags["PNG:Title"] == "Grüße"


def test_a_text_bomb_is_unpacked_no_further_than_the_limit() -> None:
    packed = zlib.compress(bytes(50_000_000), 9)
    chunk = b"zTXt" + b"Comment\0\0" + packed
    data = b"\x89PNG\r\n\x1a\n" + (len(chunk) - 4).to_bytes(4) + chunk + zlib.crc32(chunk).to_bytes(4)
    assert read_metadata(data).issues == ()


def test_a_broken_text_is_an_issue() -> None:
    chunk = b"zTXtComment\0\0not packed"
    data = b"\x89PNG\r\n\x1a\n" + (len(chunk) - 4).to_bytes(4) + chunk + bytes(4)
    (issue,) = read_metadata(data).issues
    assert issue.code is IssueCode.METADATA_DAMAGED


def test_a_position_without_a_hemisphere_is_not_guessed() -> None:
    reading = read_metadata(make_media.encode(make_media.make_scene(), "JPEG", exif=make_exif(north="?")))
    assert "GPSLatitude" not in dict(reading.tags)
    assert reading.issues[0].cause == "GPSLatitude of 33.510000 with reference '?' is no position"


def test_a_position_of_zero_denominators_is_absent_without_an_issue() -> None:
    reading = read_metadata(make_media.encode(make_media.make_scene(), "JPEG", exif=make_exif(zero=True)))
    assert "GPSLatitude" not in dict(reading.tags)
    assert reading.issues == ()


def test_metadata_survives_the_loss_of_the_pixels() -> None:
    data = make_media.encode(make_media.make_scene(), "JPEG", exif=make_exif())
    assert dict(read_metadata(data[:800]).tags)["Make"] == "Example"


def test_an_empty_or_foreign_file_has_no_metadata() -> None:
    for data in (b"", b"hello", b"\xff\xd8", b"RIFF\0\0\0\0WEBP", bytes(4) + b"ftyp"):
        assert read_metadata(data).tags == ()


@given(st.sampled_from(["JPEG", "PNG", "WEBP", "TIFF", "HEIF"]), st.data())
@settings(max_examples=100, deadline=None)
def test_mutated_files_give_a_reading(name: str, data: st.DataObject) -> None:
    changed = bytearray(make_media.encode(make_media.make_scene(24, 32), name, exif=make_exif()))
    for _ in range(data.draw(st.integers(1, 8))):
        changed[data.draw(st.integers(0, len(changed) - 1))] = data.draw(st.integers(0, 255))
    reading = read_metadata(bytes(changed[: data.draw(st.integers(0, len(changed)))]))
    assert all(value and value.isprintable() for _, value in reading.tags)


@pytest.mark.shared_data
@pytest.mark.skipif(not SAMPLES.is_dir(), reason="no ../shared/data/metadata beside the repository")
def test_cameras_are_named_as_exifread_names_them(caplog: pytest.LogCaptureFixture) -> None:
    import exifread

    names = {
        "Image Make": "Make",
        "Image Model": "Model",
        "Image Software": "Software",
        "Image DateTime": "DateTime",
        "EXIF DateTimeOriginal": "DateTimeOriginal",
        "EXIF BodySerialNumber": "BodySerialNumber",
        "EXIF LensModel": "LensModel",
        "EXIF ImageUniqueID": "ImageUniqueID",
    }
    files = [path for path in sorted(SAMPLES.iterdir()) if path.is_file()]
    assert len(files) > 40
    for path in files:
        data = path.read_bytes()
        theirs = exifread.process_file(io.BytesIO(data), details=False, extract_thumbnail=False)
        expected = {ours: " ".join(str(theirs[key]).split()) for key, ours in names.items() if key in theirs}
        reading = read_metadata(data)
        found = {key: value for key, value in reading.tags if key in names.values()}
        assert found == {key: value for key, value in expected.items() if value}, path.name
        assert reading.issues == (), path.name
