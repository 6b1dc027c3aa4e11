"""Rows of made-up contents and known entries, for tests of comparing them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy import Connection, insert, select

from varde.core.known import KnownEntry, SetRole
from varde.store import known_sets, tables
from varde.store.database import Database
from varde.store.known_sets import NewSet

AT = datetime(2026, 10, 1, tzinfo=UTC)


def make_hash(text: str) -> bytes:
    """Returns a hash with 128 of 256 bits set, as a picture's has."""
    half = hashlib.sha256(text.encode()).digest()[:16]
    return half + bytes(255 - byte for byte in half)


def flip(value: bytes, *bits: int) -> bytes:
    """Returns a hash that differs in these bits."""
    number = int.from_bytes(value, "big")
    for bit in bits:
        number ^= 1 << bit
    return number.to_bytes(32, "big")


def add_content(
    connection: Connection,
    number: int,
    hashes: Sequence[bytes],
    *,
    variants: bytes = b"",
    quality: int = 100,
    offsets: bool = True,
) -> None:
    """Adds a content with a row number and one hash for each frame."""
    digest = hashlib.sha256(b"content %d" % number).digest()
    fixed = {"size_bytes": 1, "kind": "video", "mime": "video/mp4", "metadata": []}
    row = {"id": number, "sha256": digest, "sha1": digest[:20], "md5": digest[:16]}
    connection.execute(insert(tables.contents).values(**row, **fixed))
    for position, value in enumerate(hashes):
        signal = {"content_id": number, "method": "pdq", "version": "1", "position": position, "quality": quality}
        offset_s = float(position) if offsets else None
        connection.execute(
            insert(tables.signals).values(**signal, value=value, offset_s=offset_s, variants=variants or None)
        )


def md5_of(number: int) -> bytes:
    """Returns the MD5 of the content with a row number."""
    return hashlib.sha256(b"content %d" % number).digest()[:16]


def add_set(
    connection: Connection, entries: Sequence[KnownEntry], *, name: str = "list", role: SetRole = SetRole.ALERT
) -> int:
    """Adds a known set with these entries and returns its row number."""
    new = NewSet(name, "1", "", role, "", "", "csv", "list.csv", None, "")
    set_id = known_sets.add_set(connection, new, person="A", at=AT)
    known_sets.add_entries(connection, set_id, iter(entries), lambda count: None)
    return set_id


def list_findings(database: Database) -> list[tuple[object, ...]]:
    """Returns every finding without its row number, by content, entry and family."""
    table = tables.findings.c
    columns = (table.content_id, table.entry_id, table.family, table.method, table.distance, table.offset_s)
    query = select(*columns, table.details, table.suppressed_by)
    with database.read() as connection:
        rows = connection.execute(query.order_by(table.content_id, table.entry_id, table.family))
        return [tuple(row) for row in rows]


def list_floods(database: Database) -> list[tuple[int, int]]:
    """Returns (entry, counted matches) of every flood."""
    table = tables.floods.c
    with database.read() as connection:
        return [tuple(row) for row in connection.execute(select(table.entry_id, table.counted).order_by("entry_id"))]
