"""Digests of contents and of known entries as columns of bytes, many rows at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import compress

from sqlalchemy import Connection, select

from varde.core.digest import DigestAlgorithm
from varde.store import tables
from varde.store.types import AnyRow, AnySelect

ALGORITHMS = (DigestAlgorithm.SHA256, DigestAlgorithm.SHA1, DigestAlgorithm.MD5)
_ROWS = 500_000
_FETCHED = 5_000


@dataclass(frozen=True, slots=True)
class DigestColumns:
    """Rows with those digests they have.

    Attributes:
        ids: algorithm to the rows that have its digest, ascending.
        values: algorithm to the digests of these rows, one after another.
        last: number of the last row, with or without digests.
    """

    ids: dict[DigestAlgorithm, list[int]]
    values: dict[DigestAlgorithm, bytes]
    last: int


def list_entry_digests(connection: Connection, after_entry: int) -> Iterator[DigestColumns]:
    """Yields the digests of known entries after a row, by row number, up to 500,000 rows at a time."""
    entries = tables.known_entries.c
    columns = [entries.id, *(entries[algorithm.value] for algorithm in ALGORITHMS)]
    yield from _read(connection, select(*columns).where(entries.id > after_entry).order_by(entries.id))


def list_content_digests(connection: Connection, contents_in: range) -> Iterator[DigestColumns]:
    """Yields the digests of contents by row number; empty files, which match nothing, are left out."""
    contents = tables.contents.c
    columns = [contents.id, *(contents[algorithm.value] for algorithm in ALGORITHMS)]
    wanted = (contents.id >= contents_in.start, contents.id < contents_in.stop, contents.size_bytes > 0)
    yield from _read(connection, select(*columns).where(*wanted).order_by(contents.id))


def _read(connection: Connection, query: AnySelect) -> Iterator[DigestColumns]:
    parts: list[Sequence[AnyRow]] = []
    with connection.execute(query, execution_options={"yield_per": _FETCHED}) as result:
        for part in result.partitions():
            parts.append(part)
            if len(parts) * _FETCHED >= _ROWS:
                yield _gather(parts)
                parts = []
    if parts:
        yield _gather(parts)


def _gather(parts: Sequence[Sequence[AnyRow]]) -> DigestColumns:
    ids: dict[DigestAlgorithm, list[int]] = {algorithm: [] for algorithm in ALGORITHMS}
    values = {algorithm: bytearray() for algorithm in ALGORITHMS}
    for part in parts:
        rows, *columns = zip(*part, strict=True)
        for algorithm, column in zip(ALGORITHMS, columns, strict=True):
            there = [value is not None for value in column]
            ids[algorithm] += compress(rows, there)
            values[algorithm] += b"".join(compress(column, there))
    return DigestColumns(ids, {algorithm: bytes(value) for algorithm, value in values.items()}, parts[-1][-1][0])
