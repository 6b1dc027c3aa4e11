"""Makes damaged files from sound benign ones: cut off, bit-flipped, zeroed, misnamed, lying about their size."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from varde.testing.archives import make_7z, make_tar, make_zip
from varde.testing.picture_files import PictureFormat, encode_picture
from varde.testing.pictures import make_photo
from varde.testing.videos import make_video

HUGE_PX = 60_000

_SOUND_PX = (160, 120)
_ARCHIVES = ("zip", "tar.gz", "7z")
_MAGIC = {
    "jpg": b"\xff\xd8\xff\xe0\x00\x10JFIF\0",
    "png": b"\x89PNG\r\n\x1a\n",
    "gif": b"GIF89a",
    "webp": b"RIFF\xff\xff\0\0WEBPVP8 ",
    "bmp": b"BM\xff\xff\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0\x40\0\0\0\x40\0\0\0\x01\0\x18\0",
    "tif": b"II*\0\x08\0\0\0",
    "mp4": b"\0\0\0\x18ftypisom\0\0\2\0isomiso2",
    "zip": b"PK\3\4\x14\0\0\0\x08\0",
    "tar.gz": b"\x1f\x8b\x08\0\0\0\0\0\0\x03",
    "7z": b"7z\xbc\xaf\x27\x1c\0\4",
}
_JPEG_FRAME_MARKERS = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}

Rng = np.random.Generator


def write_damaged(folder: Path, count: int, rng: Rng) -> list[Path]:
    """Returns the new files, all with different names, in a folder that is made if needed."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, data in make_damaged(count, rng):
        paths.append(folder / name)
        paths[-1].write_bytes(data)
    return paths


def make_damaged(count: int, rng: Rng) -> Iterator[tuple[str, bytes]]:
    """Yields name and bytes of damaged files, every kind of damage in turn; the same generator gives the same ones."""
    sound = make_sound(rng)
    kinds = list(DAMAGES)
    for number in range(count):
        kind = kinds[number % len(kinds)]
        extension, data = DAMAGES[kind](sound, rng)
        yield f"{number:05}-{kind}.{extension}", data


def make_sound(rng: Rng) -> dict[str, bytes]:
    """Returns one sound file of each format by extension: pictures, a video, archives."""
    pixels = make_photo(rng, *_SOUND_PX)
    sound = {form.value: encode_picture(pixels, form) for form in PictureFormat}
    members = [(f"member-{number}.jpg", sound["jpg"] + bytes([number])) for number in range(3)]
    sound["mp4"] = make_video(rng, scenes=2, frames_per_scene=6)
    sound["zip"] = make_zip(members)
    sound["tar.gz"] = make_tar(members, "gz")
    sound["7z"] = make_7z(members)
    return sound


def cut_off(sound: dict[str, bytes], rng: Rng) -> tuple[str, bytes]:
    """Returns a file that ends early."""
    extension, data = _pick(sound, rng)
    return extension, data[: int(rng.integers(1, len(data)))]


def flip_bits(sound: dict[str, bytes], rng: Rng) -> tuple[str, bytes]:
    """Returns a file in which up to 20 bits are turned."""
    extension, data = _pick(sound, rng)
    return extension, _flip(data, int(rng.integers(1, 21)), rng)


def put_zeros(sound: dict[str, bytes], rng: Rng) -> tuple[str, bytes]:
    """Returns a file with a run of zeros, as a bad sector leaves it."""
    extension, data = _pick(sound, rng)
    start = int(rng.integers(len(data)))
    run = min(int(rng.integers(1, 4097)), len(data) - start)
    return extension, data[:start] + bytes(run) + data[start + run :]


def leave_empty(sound: dict[str, bytes], rng: Rng) -> tuple[str, bytes]:
    """Returns a file without bytes, or with nothing but zeros."""
    extension, data = _pick(sound, rng)
    return extension, bytes(len(data)) if rng.random() < 0.5 else b""


def misname(sound: dict[str, bytes], rng: Rng) -> tuple[str, bytes]:
    """Returns a sound file with another format's extension."""
    extension, data = _pick(sound, rng)
    others = [other for other in (*sound, "txt", "exe") if other != extension]
    return others[int(rng.integers(len(others)))], data


def fake_magic(sound: dict[str, bytes], rng: Rng) -> tuple[str, bytes]:
    """Returns random bytes behind a format's first bytes."""
    extension = list(_MAGIC)[int(rng.integers(len(_MAGIC)))]
    return extension, _MAGIC[extension] + rng.bytes(int(rng.integers(1, 20_000)))


def flip_archive(sound: dict[str, bytes], rng: Rng) -> tuple[str, bytes]:
    """Returns an archive in which a few bits are turned."""
    extension, data = _pick({name: sound[name] for name in _ARCHIVES}, rng)
    return extension, _flip(data, int(rng.integers(1, 6)), rng)


def claim_huge(sound: dict[str, bytes], rng: Rng) -> tuple[str, bytes]:
    """Returns a small picture whose header states 60,000 pixels and more on each side."""
    extension = list(_ENLARGERS)[int(rng.integers(len(_ENLARGERS)))]
    side_px = int(rng.integers(HUGE_PX, 65_500))
    return extension, _ENLARGERS[extension](sound[extension], side_px)


DAMAGES: dict[str, Callable[[dict[str, bytes], Rng], tuple[str, bytes]]] = {
    "cut-off": cut_off,
    "flipped": flip_bits,
    "zeroed": put_zeros,
    "empty": leave_empty,
    "misnamed": misname,
    "magic": fake_magic,
    "archive": flip_archive,
    "huge": claim_huge,
}
"""Every kind of damage by name: gives an extension and bytes."""


def _pick(sound: dict[str, bytes], rng: Rng) -> tuple[str, bytes]:
    extension = list(sound)[int(rng.integers(len(sound)))]
    return extension, sound[extension]


def _flip(data: bytes, count: int, rng: Rng) -> bytes:
    flipped = bytearray(data)
    for place in rng.integers(len(data), size=count):
        flipped[place] ^= 1 << int(rng.integers(8))
    return bytes(flipped)


def _enlarge_png(data: bytes, side_px: int) -> bytes:
    header = b"IHDR" + struct.pack(">II", side_px, side_px) + data[24:29]
    return data[:12] + header + struct.pack(">I", zlib.crc32(header)) + data[33:]


def _enlarge_jpeg(data: bytes, side_px: int) -> bytes:
    """Walks the segments to the frame header and states other sides there."""
    place = 2
    while data[place + 1] not in _JPEG_FRAME_MARKERS:
        place += 2 + struct.unpack_from(">H", data, place + 2)[0]
    return data[: place + 5] + struct.pack(">HH", side_px, side_px) + data[place + 9 :]


def _enlarge_gif(data: bytes, side_px: int) -> bytes:
    return data[:6] + struct.pack("<HH", side_px, side_px) + data[10:]


def _enlarge_bmp(data: bytes, side_px: int) -> bytes:
    return data[:18] + struct.pack("<ii", side_px, side_px) + data[26:]


def _enlarge_tiff(data: bytes, side_px: int) -> bytes:
    """Replaces width (256) and length (257) in the first directory of a little-endian file."""
    enlarged = bytearray(data)
    directory = struct.unpack_from("<I", data, 4)[0]
    for number in range(struct.unpack_from("<H", data, directory)[0]):
        entry = directory + 2 + 12 * number
        if struct.unpack_from("<H", data, entry)[0] in (256, 257):
            struct.pack_into("<HII", enlarged, entry + 2, 4, 1, side_px)
    return bytes(enlarged)


_ENLARGERS = {
    "png": _enlarge_png,
    "jpg": _enlarge_jpeg,
    "gif": _enlarge_gif,
    "bmp": _enlarge_bmp,
    "tif": _enlarge_tiff,
}
