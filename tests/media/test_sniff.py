from __future__ import annotations

import bz2
import gzip
import io
import lzma
import sqlite3
import struct
import tarfile
import zipfile
from pathlib import Path

import make_media
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from varde.core.media import EMPTY, UNKNOWN, MediaKind
from varde.media.sniff import sniff

PICTURE_MIMES = {
    "JPEG": "image/jpeg",
    "MPO": "image/jpeg",
    "PNG": "image/png",
    "GIF": "image/gif",
    "WEBP": "image/webp",
    "BMP": "image/bmp",
    "TIFF": "image/tiff",
    "HEIF": "image/heic",
    "AVIF": "image/avif",
    "JPEG2000": "image/jp2",
    "ICO": "image/vnd.microsoft.icon",
    "PPM": "image/x-portable-pixmap",
    "PCX": "image/vnd.zbrush.pcx",
    "QOI": "image/qoi",
    "SGI": "image/x-sgi",
    "DDS": "image/vnd-ms.dds",
}


@pytest.mark.parametrize("name", sorted(PICTURE_MIMES))
def test_pictures_are_known_by_their_first_bytes(name: str) -> None:
    media_type = sniff(make_media.encode(make_media.make_scene(), name)[:4096])
    assert media_type.kind is MediaKind.PICTURE
    assert media_type.mime == PICTURE_MIMES[name]


def test_a_tga_picture_is_known_by_its_last_bytes() -> None:
    data = make_media.encode(make_media.make_scene(), "TGA")
    assert sniff(data[:4096], data[-64:]).mime == "image/x-tga"


@pytest.mark.parametrize(
    ("container", "codec", "mime"),
    [
        ("mp4", "mpeg4", "video/mp4"),
        ("mov", "mpeg4", "video/quicktime"),
        ("3gp", "mpeg4", "video/3gpp"),
        ("matroska", "mpeg4", "video/x-matroska"),
        ("webm", "libvpx", "video/webm"),
        ("avi", "mpeg4", "video/x-msvideo"),
        ("asf", "wmv2", "video/x-ms-wmv"),
        ("flv", "flv", "video/x-flv"),
        ("mpegts", "mpeg2video", "video/mp2t"),
        ("vob", "mpeg2video", "video/mpeg"),
        ("mpeg2video", "mpeg2video", "video/mpeg"),
        ("h264", "libx264", "video/h264"),
    ],
)
def test_videos_are_known_by_their_first_bytes(container: str, codec: str, mime: str) -> None:
    media_type = sniff(make_media.make_video(container, codec, seconds=1, rate=25)[:4096])
    assert media_type.kind is MediaKind.VIDEO
    assert media_type.mime == mime


def box(kind: bytes, content: bytes = b"") -> bytes:
    return struct.pack(">I4s", 8 + len(content), kind) + content


@pytest.mark.parametrize(
    ("head", "mime"),
    [
        (box(b"ftyp", b"qt  \0\0\0\0qt  "), "video/quicktime"),
        (box(b"ftyp", b"M4V \0\0\0\0"), "video/x-m4v"),
        (box(b"ftyp", b"3g2a\0\0\0\0"), "video/3gpp2"),
        (box(b"ftyp", b"isom\0\0\0\0avc1"), "video/mp4"),
        (box(b"ftyp", b"mif1\0\0\0\0mif1avif"), "image/avif"),
        (box(b"ftyp", b"mif1\0\0\0\0heic"), "image/heic"),
        (box(b"ftyp", b"crx \0\0\0\0"), "image/x-canon-cr3"),
        (box(b"ftyp", b"M4A \0\0\0\0"), "audio/mp4"),
        (box(b"wide") + box(b"mdat", b"x" * 5000), "video/quicktime"),
        (box(b"moov", box(b"mvhd", bytes(100))), "video/quicktime"),
        (box(b"free", bytes(20)) + box(b"mdat", bytes(9)), "video/quicktime"),
        (struct.pack(">I4sQ", 1, b"mdat", 1 << 33) + bytes(100), "video/quicktime"),
        (b"II*\0\x10\0\0\0CR\x02\0" + bytes(50), "image/x-canon-cr2"),
        (b"\0\0\0\x0cJXL \r\n\x87\n" + bytes(20), "image/jxl"),
        (b"OggS\0\x02" + bytes(22) + b"\x80theora", "video/ogg"),
        (b"OggS\0\x02" + bytes(22) + b"\x01vorbis", "audio/ogg"),
        (b"RIFF\0\0\0\0WAVEfmt ", "audio/wav"),
        (b"7z\xbc\xaf\x27\x1c\0\4", "application/x-7z-compressed"),
        (b"Rar!\x1a\x07\x01\0", "application/vnd.rar"),
        (b"Rar!\x1a\x07\0", "application/vnd.rar"),
        (b"%PDF-1.7\n", "application/pdf"),
        (b"\xff\xfb\x90\x00" + bytes(400), "audio/mpeg"),
        (b"<?xml version='1.0'?>\n<!-- x -->\n<svg xmlns='http://www.w3.org/2000/svg'/>", "image/svg+xml"),
        (b"<!DOCTYPE html>\n<html></html>", "text/html"),
        ("grüße\n".encode(), "text/plain"),
        ("grüße".encode()[:-2], "text/plain"),
        ("\ufeffhello".encode("utf-16-le"), "text/plain"),
    ],
)
def test_handmade_heads(head: bytes, mime: str) -> None:
    assert sniff(head).mime == mime


def make_zip(*names: str, stored: bytes = b"x") -> bytes:
    with io.BytesIO() as file:
        with zipfile.ZipFile(file, "w") as archive:
            for name in names:
                archive.writestr(name, stored)
        return file.getvalue()


@pytest.mark.parametrize(
    ("data", "mime"),
    [
        (make_zip("a.jpg"), "application/zip"),
        (make_zip(), "application/zip"),
        (
            make_zip("[Content_Types].xml", "word/document.xml"),
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        ),
        (make_zip("META-INF/MANIFEST.MF"), "application/java-archive"),
        (make_zip("AndroidManifest.xml"), "application/vnd.android.package-archive"),
        (make_zip("mimetype", stored=b"application/epub+zip"), "application/epub+zip"),
        (gzip.compress(b"x", mtime=0), "application/gzip"),
        (bz2.compress(b"x"), "application/x-bzip2"),
        (bz2.compress(b""), "application/x-bzip2"),
        (lzma.compress(b"x"), "application/x-xz"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",  # the bytes hold the time they were made
)
def test_archives_are_known_by_their_first_bytes(data: bytes, mime: str) -> None:
    media_type = sniff(data[:4096])
    assert media_type.kind is MediaKind.ARCHIVE
    assert media_type.mime == mime


@pytest.mark.parametrize("form", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_tar_files_of_every_kind_are_archives(form: int) -> None:
    with io.BytesIO() as file:
        with tarfile.open(fileobj=file, mode="w", format=form) as archive:
            archive.addfile(tarfile.TarInfo("naïve.txt"), io.BytesIO())
        head = file.getvalue()
    assert sniff(head).mime == "application/x-tar"
    assert sniff(_without_mark(head)).mime == "application/x-tar"


def _without_mark(head: bytes) -> bytes:
    """The same header as tar wrote it before 1988: no mark, another checksum."""
    plain = bytearray(head[:512])
    plain[257:265] = bytes(8)
    plain[148:156] = b" " * 8
    plain[148:156] = f"{sum(plain):06o}\0 ".encode()
    return bytes(plain)


def test_a_header_with_a_wrong_checksum_is_no_tar() -> None:
    assert sniff(b"name" + bytes(144) + b"000123\0 " + bytes(356)) == UNKNOWN


def test_a_database_is_other(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "a.db") as database:
        database.execute("create table t (a)")
    database.close()
    assert sniff((tmp_path / "a.db").read_bytes()).mime == "application/vnd.sqlite3"


@pytest.mark.parametrize(
    "head",
    [
        b"BM this is a letter about bitmaps and planes",
        b"MZ",
        b"\0\0\x01\0\0\0",
        b"GIF90a",
        b"PK",
        b"RIFF",
        b"P6 no size",
    ],
)
def test_a_weak_mark_alone_makes_no_picture(head: bytes) -> None:
    assert sniff(head).kind is MediaKind.OTHER


def test_nothing_is_empty() -> None:
    assert sniff(b"") == EMPTY


@given(st.binary(min_size=1, max_size=700), st.binary(max_size=64))
def test_any_bytes_have_a_type(head: bytes, tail: bytes) -> None:
    media_type = sniff(head, tail)
    assert "/" in media_type.mime
    assert media_type != EMPTY


@given(st.sampled_from(sorted(PICTURE_MIMES)), st.integers(1, 64))
def test_any_cut_head_has_a_type(name: str, length: int) -> None:
    picture = Image.new("RGB", (8, 8))
    assert "/" in sniff(make_media.encode(picture, name)[:length]).mime
