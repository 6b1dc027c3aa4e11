"""Behaviour of finding stored contents that look like one in hand."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import Connection

from varde.core.content import Content
from varde.core.digest import Digests
from varde.core.finding import OperatingPoint
from varde.core.media import MediaKind, MediaType
from varde.core.outcome import NotComparable, Reason
from varde.core.signal import Method, PerceptualHash, Signal
from varde.pipeline.match_stored import StoredMatch, match_stored
from varde.store import comparisons
from varde.store.comparisons import Mark
from varde.store.contents import record_contents
from varde.store.database import Database

POINT = OperatingPoint(Method("pdq", "1"), 31, 50)


def make_content(data: bytes, *, quality: int = 80) -> Content:
    """Returns a picture whose perceptual hash is its SHA-256."""
    sha256 = hashlib.sha256(data).digest()
    digests = Digests(hashlib.md5(data).digest(), hashlib.sha1(data).digest(), sha256, len(data))
    signal = Signal(POINT.method, (PerceptualHash(sha256, quality),))
    return Content(digests, MediaType(MediaKind.PICTURE, "image/jpeg"), signals=(signal,))


def flip(value: bytes, bits: int) -> bytes:
    unpacked = np.unpackbits(np.frombuffer(value, np.uint8))
    unpacked[np.linspace(0, 255, bits, dtype=int)] ^= 1
    return np.packbits(unpacked).tobytes()


def with_hashes(content: Content, *hashes: PerceptualHash) -> Content:
    return replace(content, signals=(Signal(POINT.method, hashes),))


def add(connection: Connection, *contents: Content) -> list[int]:
    """Adds contents and returns their row numbers."""
    ids = record_contents(connection, contents)
    return [ids[content.digests.sha256] for content in contents]


@pytest.mark.parametrize("marked", [0, 2, 4])
def test_what_is_near_is_found_closest_first_however_far_was_compared(
    database: Database, tmp_path: Path, marked: int
) -> None:
    asked = make_content(b"asked")
    value = asked.digests.sha256
    stored = [
        with_hashes(make_content(name), PerceptualHash(flip(value, bits), 80))
        for name, bits in ((b"a", 20), (b"b", 0), (b"c", 31), (b"d", 32))
    ]
    with database.write() as connection:
        a, b, c, _ = add(connection, *stored)
        if marked:
            comparisons.record_mark(connection, POINT, Mark(marked, 0))
    for _ in range(2):  # the second time from the column that the first has made
        found = match_stored(database, tmp_path, asked, POINT, 10)
        assert found == [StoredMatch(b, 0, ""), StoredMatch(a, 20, ""), StoredMatch(c, 31, "")]
    assert match_stored(database, tmp_path, asked, POINT, 1) == [StoredMatch(b, 0, "")]


def test_variants_of_either_are_compared_and_named(database: Database, tmp_path: Path) -> None:
    asked, other = make_content(b"asked"), make_content(b"other").digests.sha256
    turned = bytes([5]) + asked.digests.sha256
    stored = [
        with_hashes(make_content(b"a"), PerceptualHash(make_content(b"x").digests.sha256, 80, None, turned)),
        with_hashes(make_content(b"b"), PerceptualHash(other, 80)),
    ]
    with database.write() as connection:
        a, b = add(connection, *stored)
    probe = with_hashes(asked, PerceptualHash(asked.digests.sha256, 80, None, bytes([1]) + other))
    found = match_stored(database, tmp_path, probe, POINT, 10)
    assert found == [
        StoredMatch(a, 0, "stored one turned 90 degrees anticlockwise"),
        StoredMatch(b, 0, "this one mirrored"),
    ]


def test_what_cannot_be_compared_says_why(database: Database, tmp_path: Path) -> None:
    content = make_content(b"asked")
    reasons = {
        "it is no picture or video": replace(content, signals=()),
        "It is flat.": replace(
            content, signals=(Signal(POINT.method, NotComparable(Reason.QUALITY_TOO_LOW, "It is flat.")),)
        ),
        "its quality is below 50: it shows too little": make_content(b"asked", quality=49),
        "it is flat or blank: its hash would be near to that of every blank page": with_hashes(
            content, PerceptualHash(bytes(32), 80)
        ),
    }
    for reason, asked in reasons.items():
        assert match_stored(database, tmp_path, asked, POINT, 10) == reason


def test_any_frame_of_a_video_may_be_near(database: Database, tmp_path: Path) -> None:
    values = [make_content(f"frame {number}".encode()).digests.sha256 for number in range(3)]
    with database.write() as connection:
        (a,) = add(
            connection, with_hashes(make_content(b"a"), *(PerceptualHash(v, 80, i) for i, v in enumerate(values)))
        )
    asked = with_hashes(make_content(b"asked"), PerceptualHash(flip(values[2], 3), 80))
    assert match_stored(database, tmp_path, asked, POINT, 10) == [StoredMatch(a, 3, "")]
