"""The digests of all known entries as a table on disk, for new contents where very many entries are known.

The table says which entries may match; the database, with the same rule as ever, says which do. Figures:
benchmarks/results/exact_table.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection

from varde.core.digest import DigestAlgorithm
from varde.core.errors import IntegrityFailure, WrongUse
from varde.known.exact import ExactTable
from varde.pipeline.site_indexes import prepare
from varde.store import comparisons
from varde.store.database import Database
from varde.store.digest_columns import ALGORITHMS, DigestColumns, list_content_digests, list_entry_digests

LEAST_ENTRIES = 5_000_000
"""Known entries below which the database's own indexes are about as fast: at 1 million they are."""

ENTRIES_PER_CONTENT = 4
"""Entries that are put into the table in the time that it saves for one content: 4 and 17 us of CPU at 10 million."""


def pays(folder: Path, contents: int, entries: int) -> bool:
    """Returns whether comparing new contents by the table costs less, filling it included, than by the database.

    Args:
        folder: where the site's indexes lie.
        contents: to be compared.
        entries: known, to compare them with.
    """
    if entries < LEAST_ENTRIES:
        return False
    try:
        filled = _Table(ExactTable(_name_place(folder))).complete_up_to
    except (IntegrityFailure, WrongUse):
        filled = 0
    return contents * ENTRIES_PER_CONTENT >= entries - filled


def open_known_digests(database: Database, folder: Path) -> ExactTable:
    """Returns the table of the digests of all known entries, up to date with the database.

    Entries that do not count are in it, too: the database says so for every match.

    Args:
        database: the site's.
        folder: where the site's indexes lie.

    Raises:
        SiteBusy: if another process is filling it for long.
        VardeError: if the disk is full or cannot be written to.
    """
    place = _name_place(folder)
    table = ExactTable(place)
    with database.read() as connection:
        newest = comparisons.read_newest(connection).entry_id
        prepare(connection, _Table(table), place, newest)
        for columns in list_entry_digests(connection, _Table(table).complete_up_to):
            for algorithm in ALGORITHMS:
                _append(table, algorithm, columns)
    table.merge()
    return table


def find_candidates(connection: Connection, table: ExactTable, contents_in: range, newest_entry: int) -> list[int]:
    """Returns the entries, ascending, that may match some of these contents; none that does match is missing.

    Args:
        connection: the site's.
        table: of the known entries.
        contents_in: row numbers.
        newest_entry: the last entry to be compared; what came to the table since is left out.
    """
    found = [np.empty(0, np.int64)]
    for columns in list_content_digests(connection, contents_in):
        found += [table.find(algorithm, _digests_of(columns, algorithm))[1] for algorithm in ALGORITHMS]
    entries = np.unique(np.concatenate(found))
    return [int(entry) for entry in entries[entries <= newest_entry]]


@dataclass(frozen=True, slots=True)
class _Table:
    """The table as an index of the site; a kill may leave one algorithm ahead of another."""

    table: ExactTable

    @property
    def last_id(self) -> int:
        return max(self.table.last_id(algorithm) for algorithm in ALGORITHMS)

    @property
    def complete_up_to(self) -> int:
        return min(self.table.last_id(algorithm) for algorithm in ALGORITHMS)

    def check(self) -> None:
        for algorithm in ALGORITHMS:
            self.table.find(algorithm, np.empty((0, algorithm.length_bytes), np.uint8))

    def discard(self) -> None:
        self.table.discard()


def _append(table: ExactTable, algorithm: DigestAlgorithm, columns: DigestColumns) -> None:
    """Adds those rows of one algorithm that a fill which was killed has not added before."""
    last = table.last_id(algorithm)
    if last < columns.last:
        ids = np.array(columns.ids[algorithm], np.int64)
        new = int(np.searchsorted(ids, last, side="right"))
        table.append(algorithm, _digests_of(columns, algorithm)[new:], ids[new:], up_to=columns.last)


def _digests_of(columns: DigestColumns, algorithm: DigestAlgorithm) -> NDArray[np.uint8]:
    return np.frombuffer(columns.values[algorithm], np.uint8).reshape(-1, algorithm.length_bytes)


def _name_place(folder: Path) -> Path:
    return folder / "known-digests"
