"""Writes a realistic benign exhibit and says what a correct run must find in it."""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from varde.core.issue import IssueCode
from varde.core.locator import Locator, path_locator
from varde.testing.archives import Content, make_7z, make_tar, make_zip
from varde.testing.encrypted_zip import make_encrypted_zip
from varde.testing.picture_files import PictureFormat, encode_picture, make_exif, make_variants
from varde.testing.pictures import make_chart, make_gradient, make_photo, make_small
from varde.testing.videos import make_video

ODD_NAMES = (
    b"caf\xe9 latin-1.jpg",
    b"with  two spaces .jpg",
    "grüße-海-🏔.jpg".encode(),
    b"wow!.jpg",
    b"back\\slash.jpg",
    b"new\nline.jpg",
    b"-rf.jpg",
    b"%00.jpg",
    b"looks!/like.jpg",
)
_PHOTO_PX = (480, 360)


@dataclass(frozen=True, slots=True)
class ExpectedExhibit:
    """What a correct run must find: nothing more, nothing less.

    Attributes:
        files: locators of the regular files.
        members: locators of the archive members that are no folders, at every depth.
        issues: every place that must have an issue, with its code.
        contents: number of different contents that can be read.
    """

    files: frozenset[str]
    members: frozenset[str]
    issues: frozenset[tuple[str, IssueCode]]
    contents: int

    @property
    def items(self) -> frozenset[str]:
        """Locators of all items."""
        return self.files | self.members

    @property
    def places(self) -> frozenset[str]:
        """Locators of everything that must be accounted for: items, and what is none, such as links."""
        return self.items | {place for place, _ in self.issues}

    @property
    def issues_by_code(self) -> Counter[IssueCode]:
        """How many places must have an issue of each code."""
        return Counter(code for _, code in self.issues)


def write_exhibit(
    folder: Path, rng: np.random.Generator, *, photos: int = 8, with_pipe: bool = True
) -> ExpectedExhibit:
    """Writes the tree of a small computer: photographs and variants, a video, documents, archives, odd and bad things.

    Args:
        folder: made if needed, empty. Needs a file system that takes any byte in a name, and links.
        rng: decides the material; the same one gives the same bytes.
        photos: how many, 4 at least.
        with_pipe: also makes a named pipe, which ordinary copying tools wait at for ever.
    """
    writer = ExhibitWriter(folder)
    shots = [make_photo(rng, *_PHOTO_PX) for _ in range(max(photos, 4))]
    files = [
        encode_picture(shot, PictureFormat.JPEG, exif=make_exif(rng) if number % 2 else b"")
        for number, shot in enumerate(shots)
    ]
    _write_pictures(writer, rng, shots, files)
    _write_documents(writer, rng)
    _write_odd(writer, rng, with_pipe=with_pipe)
    _write_bad(writer, files)
    _write_archives(writer, rng, files)
    return writer.expected()


class ExhibitWriter:
    """Writes files below a folder and keeps account of what a run must find."""

    def __init__(self, folder: Path) -> None:
        self._root = os.fsencode(folder)
        self._files: set[str] = set()
        self._members: set[str] = set()
        self._issues: set[tuple[str, IssueCode]] = set()
        self._contents: set[bytes] = set()
        os.makedirs(self._root, exist_ok=True)  # noqa: PTH103 - a path of bytes

    def write(self, name: bytes | str, data: bytes, issue: IssueCode | None = None) -> Locator:
        """Returns the place of a new file, which must have that issue."""
        path = name.encode() if isinstance(name, str) else name
        locator = path_locator(path)
        full = os.path.join(self._root, path)  # noqa: PTH118 - a path of bytes
        os.makedirs(os.path.dirname(full), exist_ok=True)  # noqa: PTH103, PTH120 - a path of bytes
        with open(full, "xb") as file:  # noqa: PTH123 - a path of bytes
            file.write(data)
        self._files.add(str(locator))
        self._contents.add(hashlib.sha256(data).digest())
        if issue:
            self.expect_issue(locator, issue)
        return locator

    def add_link(self, name: str, target: str) -> None:
        """Makes a symbolic link, which is a place with an issue but no item."""
        os.symlink(target, os.path.join(self._root, name.encode()))  # noqa: PTH118, PTH211 - a path of bytes
        self.expect_issue(path_locator(name.encode()), IssueCode.SYMLINK)

    def add_pipe(self, name: str) -> None:
        """Makes a named pipe, which is a place with an issue but no item."""
        os.mkfifo(os.path.join(self._root, name.encode()))  # noqa: PTH118 - a path of bytes
        self.expect_issue(path_locator(name.encode()), IssueCode.SPECIAL_FILE)

    def expect_members(self, archive: Locator, members: Sequence[Content]) -> list[Locator]:
        """Returns the places of the members a run must find in an archive, in order; folders are none."""
        places = []
        for name, data in members:
            if not name.endswith("/"):
                places.append(archive.member(os.fsencode(name)))
                self._members.add(str(places[-1]))
                self._contents.add(hashlib.sha256(data).digest())
        return places

    def expect_locked(self, archive: Locator, names: Sequence[str]) -> None:
        """Notes members that cannot be read without a password."""
        for name in names:
            place = archive.member(name.encode())
            self._members.add(str(place))
            self.expect_issue(place, IssueCode.ARCHIVE_ENCRYPTED)

    def expect_issue(self, place: Locator, code: IssueCode) -> None:
        """Notes an issue that a run must record at a place."""
        self._issues.add((str(place), code))

    def expected(self) -> ExpectedExhibit:
        """Returns the account."""
        return ExpectedExhibit(
            frozenset(self._files), frozenset(self._members), frozenset(self._issues), len(self._contents)
        )


def _write_pictures(
    writer: ExhibitWriter, rng: np.random.Generator, shots: Sequence[np.ndarray], files: Sequence[bytes]
) -> None:
    for number, data in enumerate(files, 1):
        writer.write(f"DCIM/100VARDE/IMG_{number:04}.JPG", data)
    writer.write("Pictures/copy of the first.jpg", files[0])
    for form in PictureFormat:
        writer.write(f"Pictures/formats/view.{form.value}", encode_picture(shots[1], form))
    for variant in make_variants(shots[2]):
        writer.write(f"Pictures/variants/{variant.name}.jpg", variant.data)
    writer.write("Pictures/thumb.png", encode_picture(make_small(rng), PictureFormat.PNG))
    writer.write("Pictures/plain.png", encode_picture(make_gradient(rng), PictureFormat.PNG))
    writer.write("Videos/walk.mp4", make_video(rng))


def _write_documents(writer: ExhibitWriter, rng: np.random.Generator) -> None:
    writer.write("Documents/packing list.txt", "Boots, map, thermos, rain jacket.\nFæringsås 12°.\n".encode())
    writer.write("Documents/tides.csv", b"day;high;low\n1;06:12;12:30\n2;07:01;13:22\n")
    writer.write("Documents/route.html", b"<!DOCTYPE html><html><body><h1>Along the coast</h1></body></html>")
    writer.write("Documents/rain.png", encode_picture(make_chart(rng), PictureFormat.PNG))
    writer.write("Documents/unknown.dat", rng.bytes(5_000).replace(b"\xff", b"\1"))


def _write_odd(writer: ExhibitWriter, rng: np.random.Generator, *, with_pipe: bool) -> None:
    for name in ODD_NAMES:
        writer.write(b"odd/" + name, encode_picture(make_small(rng), PictureFormat.JPEG))
    writer.write("odd/a picture.txt", encode_picture(make_small(rng), PictureFormat.PNG))
    writer.add_link("odd/link.jpg", "../DCIM/100VARDE/IMG_0001.JPG")
    writer.add_link("odd/loop", "..")
    if with_pipe:
        writer.add_pipe("odd/pipe")


def _write_bad(writer: ExhibitWriter, files: Sequence[bytes]) -> None:
    writer.write("bad/empty.jpg", b"", IssueCode.EMPTY)
    writer.write("bad/half.jpg", files[3][: len(files[3]) // 2], IssueCode.TRUNCATED)
    writer.write("bad/header only.png", b"\x89PNG\r\n\x1a\n" + bytes(range(200)), IssueCode.DAMAGED)


def _write_archives(writer: ExhibitWriter, rng: np.random.Generator, files: Sequence[bytes]) -> None:
    fresh = [encode_picture(make_small(rng), PictureFormat.JPEG) for _ in range(9)]
    inner = [("deep/1.jpg", fresh[0]), ("deep/2.jpg", fresh[1])]
    outer = [("album/", b""), ("album/a.jpg", files[0]), ("album/b.jpg", fresh[2]), ("inner.zip", make_zip(inner))]
    place = writer.write("Archives/album.zip", make_zip(outer))
    writer.expect_members(writer.expect_members(place, outer)[-1], inner)

    packed = [("./notes.txt", b"Sunrise at six.\n"), ("c.jpg", fresh[3]), ("caf\udce9.jpg", fresh[4])]
    writer.expect_members(writer.write("Archives/backup.tar.gz", make_tar(packed, "gz")), packed)
    solid = [("d.jpg", fresh[5]), ("e.jpg", fresh[6])]
    writer.expect_members(writer.write("Archives/solid.7z", make_7z(solid)), solid)

    locked = make_encrypted_zip([("locked.jpg", fresh[7])], b"seagull")
    writer.expect_locked(writer.write("Archives/locked.zip", locked), ["locked.jpg"])
    hostile = [("../../outside.jpg", fresh[8]), ("/absolute.txt", b"Nowhere.\n"), ("fine.txt", b"Here.\n")]
    for place in writer.expect_members(writer.write("Archives/hostile.zip", make_zip(hostile)), hostile)[:2]:
        writer.expect_issue(place, IssueCode.SUSPICIOUS_NAME)
